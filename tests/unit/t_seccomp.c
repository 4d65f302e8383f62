/* SPDX-License-Identifier: Apache-2.0 */
/*
 * linux.seccomp: what a profile means, call by call, asked of the compiled program itself; and the cache, whose worst
 * fault would be to give one profile's program to another.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <seccomp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/seccomp.h"
#include "runtime/seccomp_parts.h"
#include "tests/unit/bpf_eval.h"
#include "tests/unit/tap.h"

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define X32      0x40000000

/* The parser's lists are not const; these live as long as the program. */
static struct oci_strings list(const char *text) /* "read write" */
{
	static char bytes[65536], *words[4096];
	static size_t used, n_words;
	struct oci_strings ret = { .v = &words[n_words] };

	memcpy(bytes + used, text, strlen(text) + 1);
	for (char *w = strtok(bytes + used, " "); w; w = strtok(NULL, " "))
		words[n_words++] = w;
	ret.n = (size_t)(&words[n_words++] - ret.v);
	used += strlen(text) + 1;
	return ret;
}

static uint32_t ask(const struct seccomp_program *p, uint32_t arch, int nr, const uint64_t args[3])
{
	struct seccomp_data data = { .nr = nr, .arch = arch };

	if (args)
		memcpy(data.args, args, 3 * sizeof(*args));
	return bpf_run(p->code, p->n, &data);
}

#define number seccomp_syscall_resolve_name_arch

/* A small profile with every shape of rule that engines write. */
static struct oci_seccomp sample(void)
{
	static struct oci_seccomp_arg clone_mask[] = {
		{ .index = 0, .value = 0x7e020000, .value_two = 0, .op = SCMP_CMP_MASKED_EQ }
	};
	static struct oci_seccomp_arg personality[] = {
		{ .index = 0, .value = 0, .op = SCMP_CMP_EQ },
		{ .index = 0, .value = 8, .op = SCMP_CMP_EQ }
	};
	static struct oci_seccomp_arg socket_args[] = {
		{ .index = 0, .value = AF_NETLINK, .op = SCMP_CMP_EQ },
		{ .index = 2, .value = 9, .op = SCMP_CMP_EQ }
	};
	static struct oci_seccomp_syscall rules[8];

	rules[0] =
		(struct oci_seccomp_syscall){ .names = list("read write faccessat2 no_such_call"),
					      .action = "SCMP_ACT_ALLOW" };
	rules[1] = (struct oci_seccomp_syscall){
		.names = list("clone"), .action = "SCMP_ACT_ALLOW", .args = clone_mask, .n_args = 1
	};
	rules[2] = (struct oci_seccomp_syscall){ .names = list("personality"),
						 .action = "SCMP_ACT_ALLOW",
						 .args = personality,
						 .n_args = 2 };
	rules[3] = (struct oci_seccomp_syscall){ .names = list("socket"),
						 .action = "SCMP_ACT_ERRNO",
						 .has_errno = true,
						 .errno_ret = EINVAL,
						 .args = socket_args,
						 .n_args = 2 };
	rules[4] = (struct oci_seccomp_syscall){ .names = list("kexec_load"),
						 .action = "SCMP_ACT_KILL_PROCESS" };
	/* equal to the default: no rule at all, libseccomp would refuse it */
	rules[5] =
		(struct oci_seccomp_syscall){ .names = list("ptrace"), .action = "SCMP_ACT_ERRNO" };
	rules[6] =
		(struct oci_seccomp_syscall){ .names = list("setns"), .action = "SCMP_ACT_ALLOW" };
	/* said a second time with another action: the first stands */
	rules[7] = (struct oci_seccomp_syscall){ .names = list("setns"),
						 .action = "SCMP_ACT_ERRNO",
						 .has_errno = true,
						 .errno_ret = ENOSYS };
	return (struct oci_seccomp){ .present = true,
				     .default_action = "SCMP_ACT_ERRNO",
				     .architectures =
					     list("SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32"),
				     .syscalls = rules,
				     .n_syscalls = ARRAY_SIZE(rules) };
}

static struct seccomp_program compiled(const struct oci_seccomp *profile, int cache_fd)
{
	struct seccomp_program p = { 0 };
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(seccomp_compile(profile, cache_fd, &p, &e), ==, 0);
	if (e.kind != PF_ERR_NONE)
		printf("# %s\n", e.msg);
	return p;
}

static void rules_mean_what_they_say_on_x86_64(void)
{
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, -EBADF);
	uint32_t arch = AUDIT_ARCH_X86_64;
	static const struct {
		const char *name;
		uint64_t args[3];
		uint32_t want;
	} t[] = {
		{ "read", { 0 }, SECCOMP_RET_ALLOW },
		{ "faccessat2", { 0 }, SECCOMP_RET_ALLOW },
		{ "ptrace", { 0 }, ERRNO(EPERM) },
		{ "mount", { 0 }, ERRNO(EPERM) },
		{ "clone", { CLONE_VM | CLONE_THREAD }, SECCOMP_RET_ALLOW },
		{ "clone", { CLONE_NEWUSER }, ERRNO(EPERM) },
		{ "personality", { 0 }, SECCOMP_RET_ALLOW },
		{ "personality", { 8 }, SECCOMP_RET_ALLOW },
		{ "personality", { 9 }, ERRNO(EPERM) },
		{ "personality", { 1ull << 32 }, ERRNO(EPERM) },
		{ "socket", { AF_NETLINK, SOCK_RAW, 9 }, ERRNO(EINVAL) },
		{ "socket", { AF_NETLINK, SOCK_RAW, 0 }, ERRNO(EPERM) },
		{ "kexec_load", { 0 }, SECCOMP_RET_KILL_PROCESS },
		{ "setns", { 0 }, SECCOMP_RET_ALLOW },
	};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		int nr = number(arch, t[i].name);

		printf("# %s\n", t[i].name);
		CHECK_INT(ask(&p, arch, nr, t[i].args), ==, t[i].want);
	}
	CHECK_INT(ask(&p, AUDIT_ARCH_AARCH64, 0, NULL), ==, SECCOMP_RET_KILL_THREAD);
	seccomp_program_free(&p);
}

static void rules_mean_what_they_say_on_i386(void)
{
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, -EBADF);
	static const uint64_t netlink[3] = { AF_NETLINK, SOCK_RAW, 9 }, high[3] = { 1ull << 32 };

	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 3, NULL), ==, SECCOMP_RET_ALLOW);  /* read */
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 26, NULL), ==, ERRNO(EPERM));      /* ptrace */
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 359, netlink), ==, ERRNO(EINVAL)); /* socket */
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 136, high), ==,
		  SECCOMP_RET_ALLOW); /* personality: 32 bits */
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 346, NULL), ==, SECCOMP_RET_ALLOW); /* setns */
	seccomp_program_free(&p);
}

/* The largest call that the sample names is faccessat2, 439. */
static void calls_newer_than_the_profile_are_enosys(void)
{
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, -EBADF);

	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 438, NULL), ==, ERRNO(EPERM));
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 440, NULL), ==, ERRNO(ENOSYS));
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 9999, NULL), ==, ERRNO(ENOSYS));
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 440, NULL), ==, ERRNO(ENOSYS));
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, X32 | 0, NULL), ==, SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, X32 | 438, NULL), ==, ERRNO(EPERM));
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, X32 | 9999, NULL), ==, ERRNO(ENOSYS));
	seccomp_program_free(&p);

	profile.architectures.n = 1; /* x86_64 alone */
	p = compiled(&profile, -EBADF);
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, X32 | 0, NULL), !=, SECCOMP_RET_ALLOW);
	CHECK_INT(ask(&p, AUDIT_ARCH_I386, 3, NULL), ==, SECCOMP_RET_KILL_THREAD);
	seccomp_program_free(&p);
}

static void no_stub_where_newer_calls_may_pass(void)
{
	static const char *const passing[] = { "SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE" };
	static const uint32_t want[] = { SECCOMP_RET_ALLOW, SECCOMP_RET_LOG,
					 SECCOMP_RET_TRACE | EPERM };
	struct oci_seccomp profile = sample();
	struct seccomp_program p;

	for (size_t i = 0; i < ARRAY_SIZE(passing); i++) {
		profile.default_action = passing[i];
		p = compiled(&profile, -EBADF);
		CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 9999, NULL), ==, want[i]);
		seccomp_program_free(&p);
	}
	profile = sample();
	profile.has_default_errno = true;
	profile.default_errno = EACCES;
	p = compiled(&profile, -EBADF);
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, number(AUDIT_ARCH_X86_64, "mount"), NULL), ==,
		  ERRNO(EACCES));
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 9999, NULL), ==, ERRNO(ENOSYS));
	seccomp_program_free(&p);

	profile.default_action = "SCMP_ACT_KILL";
	profile.has_default_errno = false;
	profile.n_syscalls = 0; /* names nothing: no limit is known */
	p = compiled(&profile, -EBADF);
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 9999, NULL), ==, SECCOMP_RET_KILL_THREAD);
	seccomp_program_free(&p);
}

static void flags_are_those_of_the_system_call(void)
{
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, -EBADF);

	CHECK_INT(p.flags, ==, SECCOMP_FILTER_FLAG_SPEC_ALLOW);
	seccomp_program_free(&p);
	profile.has_flags = true;
	p = compiled(&profile, -EBADF);
	CHECK_INT(p.flags, ==, 0);
	seccomp_program_free(&p);
	profile.flags = list(
		"SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_LOG SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV");
	p = compiled(&profile, -EBADF);
	CHECK_INT(p.flags, ==, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG);
	seccomp_program_free(&p);
}

static void refused(const struct oci_seccomp *profile, const char *part)
{
	struct seccomp_program p = { 0 };
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(seccomp_compile(profile, -EBADF, &p, &e), <, 0);
	CHECK_INT(e.kind, ==, PF_ERR_CONFIG);
	CHECK_HAS(e.msg, part);
	CHECK(p.code == NULL);
}

static void bad_profiles_are_refused_by_pointer(void)
{
	struct oci_seccomp profile = sample();

	profile.default_action = "SCMP_ACT_NOTIFY";
	refused(&profile,
		"/linux/seccomp/defaultAction: action `SCMP_ACT_NOTIFY' is not supported");
	profile.default_action = "SCMP_ACT_WHATEVER";
	refused(&profile, "/linux/seccomp/defaultAction: unknown action `SCMP_ACT_WHATEVER'");
	profile = sample();
	profile.syscalls[4].has_errno = true;
	refused(&profile,
		"/linux/seccomp/syscalls/4: action `SCMP_ACT_KILL_PROCESS' takes no errno");
	profile = sample();
	profile.syscalls[3].errno_ret = 65536;
	refused(&profile, "/linux/seccomp/syscalls/3: errno `65536' is above 4095");
	profile = sample();
	profile.syscalls[1].args[0].index = 6;
	refused(&profile, "/linux/seccomp/syscalls/1/args/0/index: `6' is above 5");
	profile.syscalls[1].args[0].index = 0;
	profile = sample();
	profile.architectures = list("SCMP_ARCH_Z80");
	refused(&profile, "/linux/seccomp/architectures/0: unknown architecture `SCMP_ARCH_Z80'");
	profile.architectures = list("SCMP_ARCH_S390X");
	refused(&profile, "/linux/seccomp/architectures/0: add `SCMP_ARCH_S390X'");
	profile = sample();
	profile.flags = list("SECCOMP_FILTER_FLAG_NEW_LISTENER");
	refused(&profile, "/linux/seccomp/flags/0: unknown flag");
}

static void too_many_rules_are_refused_at_once(void)
{
	static struct oci_seccomp_arg args[20000];
	struct oci_seccomp profile = sample();

	for (size_t i = 0; i < ARRAY_SIZE(args); i++)
		args[i] = (struct oci_seccomp_arg){ .index = 0, .value = i, .op = SCMP_CMP_EQ };
	profile.syscalls[0].args = args;
	profile.syscalls[0].n_args = ARRAY_SIZE(args);
	refused(&profile, "/linux/seccomp/syscalls/0: more than 16384 rules");
}

/* A directory of cached programs that goes with the test. */
static char cache_dir[] = "/tmp/t_seccomp.XXXXXX";

static int entry_count(char *ret_name, size_t size)
{
	DIR *d = opendir(cache_dir);
	struct dirent *de;
	int n = 0;

	while (d && (de = readdir(d))) {
		if (de->d_name[0] == '.')
			continue;
		n++;
		if (ret_name)
			snprintf(ret_name, size, "%s", de->d_name);
	}
	if (d)
		closedir(d);
	return n;
}

static void clean_cache(void)
{
	char name[256], path[512];

	while (entry_count(name, sizeof(name)) > 0) {
		snprintf(path, sizeof(path), "%s/%s", cache_dir, name);
		if (unlink(path) < 0)
			break;
	}
}

/* Change one byte of the only entry. */
static void damage_entry(int cache_fd, off_t at)
{
	char name[256] = "", byte = 0;
	auto_fd fd = -EBADF;

	CHECK_INT(entry_count(name, sizeof(name)), ==, 1);
	fd = openat(cache_fd, name, O_RDWR | O_CLOEXEC);
	CHECK_INT(pread(fd, &byte, 1, at), ==, 1);
	byte ^= 1;
	CHECK_INT(pwrite(fd, &byte, 1, at), ==, 1);
}

static bool loads(int cache_fd, const struct oci_seccomp *profile)
{
	struct seccomp_program p = { 0 };
	auto_buf key = { 0 };
	bool ok;

	seccomp_cache_key(profile, &key);
	ok = seccomp_cache_load(cache_fd, &key, &p);
	seccomp_program_free(&p);
	return ok;
}

static void a_cached_program_is_the_compiled_one(void)
{
	auto_fd dir = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_seccomp profile = sample();
	struct seccomp_program a = compiled(&profile, dir), b = { 0 };
	struct pf_error e = PF_ERROR_INIT;

	CHECK(loads(dir, &profile));
	CHECK_INT(seccomp_compile(&profile, dir, &b, &e), ==, 0);
	CHECK_INT(a.n, ==, b.n);
	CHECK(a.n == b.n && !memcmp(a.code, b.code, a.n * sizeof(*a.code)));
	CHECK_INT(a.flags, ==, b.flags);
	seccomp_program_free(&a);
	seccomp_program_free(&b);
	clean_cache();
}

static void a_damaged_entry_is_passed_over_and_replaced(void)
{
	static const off_t places[] = { 0, 8, 16, 20, 24, 200 };
	auto_fd dir = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_seccomp profile = sample();
	struct seccomp_program p;

	for (size_t i = 0; i < ARRAY_SIZE(places); i++) {
		p = compiled(&profile, dir);
		seccomp_program_free(&p);
		damage_entry(dir, places[i]);
		CHECK(!loads(dir, &profile));
		p = compiled(&profile, dir);
		CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 9999, NULL), ==, ERRNO(ENOSYS));
		seccomp_program_free(&p);
		CHECK(loads(dir, &profile));
		clean_cache();
	}
}

static void an_entry_that_others_may_write_is_passed_over(void)
{
	auto_fd dir = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, dir);
	char name[256] = "";

	seccomp_program_free(&p);
	CHECK_INT(entry_count(name, sizeof(name)), ==, 1);
	CHECK_INT(fchmodat(dir, name, 0620, 0), ==, 0);
	CHECK(!loads(dir, &profile));
	CHECK_INT(fchmodat(dir, name, 0600, 0), ==, 0);
	CHECK(loads(dir, &profile));
	CHECK_INT(renameat(dir, name, dir, "elsewhere"), ==, 0);
	CHECK_INT(symlinkat("elsewhere", dir, name), ==, 0);
	CHECK(!loads(dir, &profile));
	clean_cache();
}

/* As if both profiles had one hash: the other's entry lies in this one's slot. */
static void another_profile_in_the_slot_is_never_used(void)
{
	auto_fd dir = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct oci_seccomp strict = sample(), lax = sample();
	char strict_name[256] = "", lax_name[256] = "";
	struct seccomp_program p = compiled(&strict, dir);

	seccomp_program_free(&p);
	entry_count(strict_name, sizeof(strict_name));
	clean_cache();
	lax.default_action = "SCMP_ACT_ALLOW";
	p = compiled(&lax, dir);
	seccomp_program_free(&p);
	entry_count(lax_name, sizeof(lax_name));
	CHECK(strcmp(strict_name, lax_name) != 0);
	CHECK_INT(renameat(dir, lax_name, dir, strict_name), ==, 0);
	CHECK(!loads(dir, &strict));
	p = compiled(&strict, dir);
	CHECK_INT(ask(&p, AUDIT_ARCH_X86_64, 165, NULL), ==, ERRNO(EPERM)); /* mount */
	seccomp_program_free(&p);
	clean_cache();
}

static void strings_cannot_run_together_in_the_key(void)
{
	struct oci_seccomp a = sample(), b = sample();
	struct oci_seccomp_syscall ra = { .names = list("re ad"), .action = "SCMP_ACT_ALLOW" };
	struct oci_seccomp_syscall rb = { .names = list("read"), .action = "SCMP_ACT_ALLOW" };
	auto_buf ka = { 0 }, kb = { 0 };

	a.syscalls = &ra;
	b.syscalls = &rb;
	a.n_syscalls = b.n_syscalls = 1;
	seccomp_cache_key(&a, &ka);
	seccomp_cache_key(&b, &kb);
	CHECK(ka.len != kb.len || memcmp(ka.data, kb.data, ka.len) != 0);
}

static void a_cache_that_cannot_be_written_is_no_error(void)
{
	auto_fd file = open("/dev/null", O_RDONLY | O_CLOEXEC);
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, file);

	CHECK_INT(p.n, >, 0);
	seccomp_program_free(&p);
}

static void a_stale_half_written_entry_does_not_stay(void)
{
	auto_fd dir = open(cache_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -EBADF;
	struct oci_seccomp profile = sample();
	struct seccomp_program p = compiled(&profile, dir);
	struct timespec old[2] = { { .tv_sec = 1 }, { .tv_sec = 1 } };
	char name[256] = "", tmp[300];

	seccomp_program_free(&p);
	entry_count(name, sizeof(name));
	clean_cache();
	snprintf(tmp, sizeof(tmp), "%s.new", name);
	fd = openat(dir, tmp, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	p = compiled(&profile, dir); /* somebody else is writing it: leave it to him */
	seccomp_program_free(&p);
	CHECK(!loads(dir, &profile));
	CHECK_INT(futimens(fd, old), ==, 0);
	p = compiled(&profile, dir);
	seccomp_program_free(&p);
	CHECK(loads(dir, &profile));
	CHECK_INT(entry_count(NULL, 0), ==, 1);
	clean_cache();
}

int main(void)
{
	if (seccomp_arch_native() != SCMP_ARCH_X86_64)
		return tap_skip_all("the tables are those of x86_64");
	if (!mkdtemp(cache_dir))
		return 1;
	RUN(rules_mean_what_they_say_on_x86_64);
	RUN(rules_mean_what_they_say_on_i386);
	RUN(calls_newer_than_the_profile_are_enosys);
	RUN(no_stub_where_newer_calls_may_pass);
	RUN(flags_are_those_of_the_system_call);
	RUN(bad_profiles_are_refused_by_pointer);
	RUN(too_many_rules_are_refused_at_once);
	RUN(a_cached_program_is_the_compiled_one);
	RUN(a_damaged_entry_is_passed_over_and_replaced);
	RUN(an_entry_that_others_may_write_is_passed_over);
	RUN(another_profile_in_the_slot_is_never_used);
	RUN(strings_cannot_run_together_in_the_key);
	RUN(a_cache_that_cannot_be_written_is_no_error);
	RUN(a_stale_half_written_entry_does_not_stay);
	rmdir(cache_dir);
	return tap_done();
}
