/* SPDX-License-Identifier: Apache-2.0 */
/* Which rights each key handles and grants, by ABI; what a host lacks; and the same text for the same decision. */
#include <config.h>

#include <sys/wait.h>

#include "runtime/guard/posture.h"
#include "tests/unit/confine_box.h"

#define READ_ALL (PF_LL_FS_READ_FILE | PF_LL_FS_READ_DIR | PF_LL_FS_EXECUTE)

static const struct seal_rule *rule_of(const struct flat *f, const char *path)
{
	const struct seal *seal = (const void *)f->bytes.data;
	const struct seal_rule *rules = (const void *)(f->bytes.data + seal->rules.off);

	for (uint32_t i = 0; i < seal->rules.n; i++)
		if (strcmp(f->bytes.data + rules[i].path, path) == 0)
			return &rules[i];
	return NULL;
}

static uint64_t access_of(const struct box *b, const char *path)
{
	const struct seal_rule *rule;
	struct flat f = { { 0 } };
	struct pf_error e = PF_ERROR_INIT;
	uint64_t access;

	CHECK_INT(confine_write_seal(&b->c, &f, &e), ==, 0);
	rule = rule_of(&f, path);
	access = rule ? rule->access : 0;
	flat_free(&f);
	return access;
}

static void read_grants_execution_where_exec_is_absent(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.handled_fs, ==, READ_ALL | PF_LL_FS_REFER);
	CHECK_INT(access_of(b, "/usr"), ==, READ_ALL);
	box_key(b, POLICY_EXEC, "/usr/bin");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(access_of(b, "/usr"), ==, PF_LL_FS_READ_FILE | PF_LL_FS_READ_DIR);
	CHECK_INT(access_of(b, "/usr/bin"), ==, PF_LL_FS_EXECUTE);
	box_close(b);
}

static void renaming_stays_free_where_writing_is(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(access_of(b, "/"), ==, PF_LL_FS_REFER);
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(access_of(b, "/"), ==, 0);
	CHECK(access_of(b, "/work") & PF_LL_FS_REFER);
	box_close(b);
}

static void write_implies_read(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.handled_fs & READ_ALL, ==, 0);
	CHECK_INT(access_of(b, "/work") & READ_ALL, ==, 0);
	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(access_of(b, "/work") & READ_ALL, ==, READ_ALL);
	CHECK_INT(access_of(b, "/work") & PF_LL_FS_IOCTL_DEV, ==, 0);
	box_close(b);
}

static void a_file_has_only_a_files_rights(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "/etc/passwd");
	box_key(b, POLICY_WRITE, "/usr/bin/tool");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(access_of(b, "/etc/passwd"), ==, PF_LL_FS_READ_FILE | PF_LL_FS_EXECUTE);
	CHECK_INT(access_of(b, "/usr/bin/tool"), ==,
		  PF_LL_FS_READ_FILE | PF_LL_FS_EXECUTE | PF_LL_FS_WRITE_FILE | PF_LL_FS_TRUNCATE);
	box_close(b);
}

static void duplicates_are_one_rule(void)
{
	struct box *b = box_open();
	struct flat f = { { 0 } };
	const struct seal *seal;
	const struct seal_rule *rules;

	box_dir(b, "/usr-local");
	box_key(b, POLICY_READ, "/usr /usr/bin /usr /usr-local");
	box_key(b, POLICY_EXEC, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	rules = (const void *)(f.bytes.data + seal->rules.off);
	CHECK_INT(seal->magic, ==, SEAL_MAGIC);
	CHECK_INT(seal->size, ==, f.bytes.len);
	CHECK_INT(seal->flags, ==, SEAL_LANDLOCK | SEAL_FILTER | SEAL_READ | SEAL_EXEC);
	for (uint32_t i = 1; i < seal->rules.n; i++)
		CHECK_INT(strcmp(f.bytes.data + rules[i - 1].path, f.bytes.data + rules[i].path),
			  !=, 0);
	CHECK_INT(rule_of(&f, "/usr")->access, ==, READ_ALL);
	CHECK(rule_of(&f, "/usr")->id.mnt_id && rule_of(&f, "/usr")->id.ino);
	flat_free(&f);
	box_close(b);
}

static void scopes_where_a_namespace_is_shared(void)
{
	struct box *b = box_open();

	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.scoped, ==, 0);
	b->config.linux_.ns[OCI_NS_NETWORK].path = "/run/netns/pod";
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.scoped, ==, PF_LL_SCOPE_ABSTRACT_UNIX);
	b->config.linux_.ns[OCI_NS_PID].present = false;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.scoped, ==, PF_LL_SCOPE_ABSTRACT_UNIX | PF_LL_SCOPE_SIGNAL);
	box_close(b);
}

static void what_the_abi_lacks_refuses_unless_degraded(void)
{
	static const struct {
		int abi;
		const char *name, *kernel;
	} rows[] = {
		{ 1, "landlock.refer", "5.19" },
		{ 2, "landlock.truncate", "6.2" },
		{ 4, "landlock.ioctl", "6.10" },
		{ 5, "landlock.scope", "6.12" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct box *b = box_open();

		b->host.landlock_abi = rows[i].abi;
		b->config.linux_.ns[OCI_NS_NETWORK].path = "/run/netns/pod";
		box_key(b, POLICY_READ, "/usr");
		box_key(b, POLICY_WRITE, "/work");
		CHECK_INT(box_resolve(b), ==, -EINVAL);
		CHECK_INT(b->e.kind, ==, PF_ERR_HOST);
		CHECK_HAS(b->e.msg, rows[i].name);
		CHECK_HAS(b->e.msg, rows[i].kernel);
		box_key(b, POLICY_DEGRADE,
			"landlock.refer landlock.truncate landlock.ioctl landlock.scope");
		CHECK_INT(box_resolve(b), ==, 0);
		CHECK_INT(b->c.n_degraded, ==, ARRAY_SIZE(rows) - i);
		CHECK_STR(b->c.degraded[0], rows[i].name);
		box_close(b);
	}
}

static void a_host_that_lacks_nothing_asked_for_is_fine(void)
{
	struct box *b = box_open();

	b->host.landlock_abi = 2;
	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.n_degraded, ==, 0);
	CHECK_INT(b->c.handled_fs >> 14, ==, 0);
	b->host.landlock_abi = 9;
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(b->c.handled_fs, ==, READ_ALL | PF_LL_FS_REFER | PF_LL_FS_RESOLVE_UNIX);
	box_close(b);
}

static void without_landlock_only_degrade_lets_it_start(void)
{
	struct box *b = box_open();
	struct flat f = { { 0 } };
	const struct seal *seal;

	box_bind(b, "/data");
	b->host.landlock_abi = 0;
	b->host.landlock_errno = EOPNOTSUPP;
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, -EOPNOTSUPP);
	CHECK_INT(b->e.kind, ==, PF_ERR_HOST);
	CHECK_HAS(b->e.msg, "add `landlock' to lsm=");
	b->host.landlock_errno = ENOSYS;
	CHECK_INT(box_resolve(b), ==, -ENOSYS);
	CHECK_HAS(b->e.msg, "5.13");
	box_key(b, POLICY_DEGRADE, "landlock");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_STR(b->c.degraded[0], "landlock");
	CHECK(box_mount(b, "/data") && box_mount(b, "/data")->covered);
	CHECK_INT(confine_write_seal(&b->c, &f, &b->e), ==, 0);
	seal = (const void *)f.bytes.data;
	CHECK_INT(seal->flags, ==, SEAL_FILTER);
	CHECK_INT(seal->rules.n, ==, 0);
	CHECK_INT(seal->covers.n, ==, 1);
	flat_free(&f);
	box_close(b);
}

/* ---- the rules in force */

static bool can(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC, 0600);

	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int seal_self(const struct flat *f)
{
	const struct seal *seal = (const void *)f->bytes.data;
	const struct seal_rule *rules = (const void *)(f->bytes.data + seal->rules.off);
	struct pf_landlock_ruleset_attr attr = { .handled_access_fs = seal->handled_fs };
	int fd = sys_landlock_create_ruleset(&attr, sizeof(attr));

	for (uint32_t i = 0; fd >= 0 && i < seal->rules.n; i++) {
		auto_fd path = open(f->bytes.data + rules[i].path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

		if (path < 0 || sys_landlock_add_path(fd, rules[i].access, path) < 0)
			return -1;
	}
	return fd < 0 ? -1 : sys_landlock_restrict_self(fd, 0);
}

/* Bits of what a sealed child could do. */
static int try_inside(const struct box *b)
{
	struct flat f = { { 0 } };
	struct pf_error e = PF_ERROR_INIT;
	pid_t pid;
	int status = 0;

	CHECK_INT(confine_write_seal(&b->c, &f, &e), ==, 0);
	pid = fork();
	if (pid == 0) {
		int found = 0;

		if (chroot(b->root) < 0 || chdir("/") < 0 || seal_self(&f) < 0)
			_exit(0x80);
		found |= can("/usr/bin/tool", O_RDONLY) ? 1 : 0;
		found |= can("/var/lib/secret", O_RDONLY) ? 2 : 0;
		found |= can("/work/new", O_RDWR | O_CREAT) ? 4 : 0;
		found |= can("/usr/new", O_RDWR | O_CREAT) ? 8 : 0;
		found |= rename("/work/new", "/work/sub/new") == 0 ? 16 : 0;
		found |= rename("/var/lib/secret", "/usr/bin/secret") == 0 ? 32 : 0;
		_exit(found);
	}
	flat_free(&f);
	CHECK_INT(waitpid(pid, &status, 0), ==, pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void the_kernel_takes_the_rules_and_keeps_them(void)
{
	struct box *b = box_open();
	int abi = sys_landlock_abi();

	if (abi < 3) {
		SKIP("needs Landlock ABI 3");
		box_close(b);
		return;
	}
	b->host.landlock_abi = abi;
	box_file(b, "/var/lib/secret", "x");
	box_dir(b, "/work/sub");
	box_key(b, POLICY_DEGRADE, "landlock.ioctl landlock.scope");
	box_key(b, POLICY_READ, "/usr");
	CHECK_INT(box_resolve(b), ==, 0);
	/* writing and renaming are free, but no file may move to where it could be read */
	box_file(b, "/work/new", "");
	CHECK_INT(try_inside(b), ==, 1 | 8 | 16);
	box_key(b, POLICY_WRITE, "/work");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(try_inside(b), ==, 1 | 4 | 16);
	box_key(b, POLICY_READ, "@image");
	CHECK_INT(box_resolve(b), ==, 0);
	CHECK_INT(try_inside(b), ==, 1 | 2 | 4 | 16);
	box_close(b);
}

/* ---- golden files */

/* Opened before the box hides /tmp, below which this checkout may lie. */
static int golden_fd = -EBADF;

static void open_golden(void)
{
	const char *top = getenv("abs_srcdir");
	char path[512];

	snprintf(path, sizeof(path), "%s/tests/golden/explain", top ? top : ".");
	golden_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void compare_golden(const char *name, const struct pf_buf *got)
{
	auto_free char *want = NULL;
	struct pf_error e = PF_ERROR_INIT;

	if (getenv("PF_UPDATE_GOLDEN"))
		CHECK_INT(pf_replace_file_at(golden_fd, name, got->data, got->len, 0644, &e), ==,
			  0);
	CHECK_INT(pf_read_file_at(golden_fd, name, 1 << 20, &want, NULL, &e), ==, 0);
	CHECK_STR(got->data, want);
}

static struct box *example(void)
{
	struct box *b = box_open();

	box_link(b, "usr/bin", "/bin");
	box_dir(b, "/root/.config");
	box_bind(b, "/work");
	box_bind(b, "/secrets");
	box_bind(b, "/secrets/deep");
	box_bind(b, "/reference");
	box_bind_file(b, "/etc/hosts", "/etc/hosts");
	box_env(b, "HOME=/etc/\033[31m");
	box_must(mknod(box_path(b, "/dev/null"), S_IFCHR | 0666, makedev(1, 3)) == 0, "mknod");
	box_key(b, POLICY_READ, "@image @cwd /reference /bin/tool");
	box_key(b, POLICY_WRITE, "@cwd @home @tmp");
	box_key(b, POLICY_DEGRADE, "landlock.truncate landlock.ioctl landlock.scope landlock.unix");
	box_bound(b, POLICY_READ, "@image @mounts");
	b->policy.profile = "agent";
	b->c.caps_taken = 0;
	return b;
}

/* With @report: as if `env' had dropped two variables. */
static void scrub(struct box *b, struct env_report *report)
{
	static struct env_drop second = { .name = "RUBYLIB",
					  .why = "modules are loaded by it",
					  .detail = "a path" };
	static struct env_drop first = { &second, "LD_AUDIT", "it loads a library", NULL,
					 "startContainer hook" };
	static char word[] = "scrub", name[] = "GIT_*", *words[] = { word, NULL },
		    *names[] = { name, NULL };
	struct policy_value *env = &b->policy.keys[POLICY_ENV];

	if (!report)
		return;
	*report = (struct env_report){ &first, &second, 2, ENV_SCRUB };
	b->c.env = report;
	*env = (struct policy_value){ .present = true,
				      .list = { words, 1 },
				      .origin = POLICY_FROM_BUILTIN,
				      .origin_name = "agent" };
	b->policy.keys[POLICY_ENV_KEEP] =
		(struct policy_value){ .present = true,
				       .list = { names, 1 },
				       .origin = POLICY_FROM_ANNOTATION,
				       .origin_name = "io.pinfold.env.keep" };
}

static void explain_and_posture_are_stable(void)
{
	static const struct {
		int abi;
		const char *text, *json, *posture, *table;
	} rows[] = {
		{ 2, "abi2.txt", "abi2.json", "abi2.posture.json", "abi2.posture.txt" },
		{ 7, "abi7.txt", "abi7.json", "abi7.posture.json", "abi7.posture.txt" },
	};
	char permit[] = "cap:NET_ADMIN";

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_buf text = { 0 }, json = { 0 }, posture = { 0 }, table = { 0 };
		struct env_report report = { 0 };
		struct box *b = example();

		b->host.landlock_abi = rows[i].abi;
		b->permit[0] = permit;
		b->policy.permit.n = 1;
		CHECK_INT(box_resolve(b), ==, 0);
		b->c.caps_taken = 1 << 13;
		scrub(b, rows[i].abi == 7 ? &report : NULL);
		confine_explain(&b->policy, &b->c, false, &text);
		confine_explain(&b->policy, &b->c, true, &json);
		confine_posture(&b->policy, &b->c,
				SEAL_DENIED | SEAL_DENIED << 2 | SEAL_DENIED << 4, &posture);
		CHECK_INT(posture_print(posture.data, posture.len, &table, &b->e), ==, 0);
		compare_golden(rows[i].text, &text);
		compare_golden(rows[i].json, &json);
		compare_golden(rows[i].posture, &posture);
		compare_golden(rows[i].table, &table);
		box_close(b);
	}
}

static void a_broken_posture_is_printed_as_far_as_it_goes(void)
{
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"\"x\"",
		"{\"keys\":[1],\"mounts\":{\"a\":1},\"probes\":{\"x\":[]}}",
		"{\"mounts\":[1,null,{\"path\":7}],\"notes\":[1],\"permitted\":[[]],\"degraded\":\"x\"}",
	};
	struct pf_error e = PF_ERROR_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
		auto_buf out = { 0 };

		CHECK_INT(posture_print(texts[i], strlen(texts[i]), &out, &e), ==, 0);
	}
	for (size_t i = 0; i < 2; i++) {
		auto_buf out = { 0 };

		CHECK_INT(posture_print("{\"a\":", i ? 5 : 0, &out, &e), <, 0);
	}
}

int main(void)
{
	const char *why;

	open_golden();
	why = box_prepare();
	if (why)
		return tap_skip_all(why);
	RUN(read_grants_execution_where_exec_is_absent);
	RUN(renaming_stays_free_where_writing_is);
	RUN(write_implies_read);
	RUN(a_file_has_only_a_files_rights);
	RUN(duplicates_are_one_rule);
	RUN(scopes_where_a_namespace_is_shared);
	RUN(what_the_abi_lacks_refuses_unless_degraded);
	RUN(a_host_that_lacks_nothing_asked_for_is_fine);
	RUN(without_landlock_only_degrade_lets_it_start);
	RUN(the_kernel_takes_the_rules_and_keeps_them);
	RUN(explain_and_posture_are_stable);
	RUN(a_broken_posture_is_printed_as_far_as_it_goes);
	return tap_done();
}
