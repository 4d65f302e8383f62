/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of `env': tests/golden/env/rows.txt has a verdict for each of some hundred entries, and the NAME.env beside
 * it are the environments of images in wide use, which scrub must let through whole.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/envrules_parts.h"
#include "config/policy_parts.h"
#include "tests/unit/tap.h"

/* A container whose environment is judged. */
struct world {
	struct json_doc *arena;
	struct oci_config config;
	struct oci_mount mounts[8];
	struct policy policy;
	struct env_policy env;
	char home[256], cwd[256];
	char *own[2];
};

static int golden_dir = -EBADF;

static void must(bool ok)
{
	if (!ok)
		abort();
}

static void set_key(struct world *w, enum policy_key key, const char *text)
{
	struct policy_value *value = &w->policy.keys[key];
	struct pf_error e = PF_ERROR_INIT;

	value->present = true;
	must(policy_strings_new(w->arena, strlen(text), &value->list, &e) == 0);
	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		size_t n = strcspn(text, " ");

		value->list.v[value->list.n++] = policy_strdup(w->arena, text, n, &e);
		must(value->list.v[value->list.n - 1]);
		text += n;
	}
}

static void open_world(struct world *w, const char *const *mounts)
{
	struct pf_error e = PF_ERROR_INIT;

	memset(w, 0, sizeof(*w));
	must(json_parse("{}", 2, NULL, &w->arena, &e) == 0);
	snprintf(w->cwd, sizeof(w->cwd), "/work");
	snprintf(w->home, sizeof(w->home), "HOME=/home/dev");
	w->config.process.cwd = w->cwd;
	w->own[0] = w->home;
	w->config.process.env = (struct oci_strings){ w->own, 1 };
	w->config.mounts = w->mounts;
	for (; mounts[w->config.n_mounts]; w->config.n_mounts++)
		w->mounts[w->config.n_mounts].destination = mounts[w->config.n_mounts];
	set_key(w, POLICY_WRITE, "@cwd @home @tmp");
}

static void close_world(struct world *w)
{
	json_free(w->arena);
}

static void make(struct world *w, const char *mode)
{
	struct pf_error e = PF_ERROR_INIT;

	set_key(w, POLICY_ENV, mode);
	CHECK_INT(env_policy_make(&w->policy, &w->config, w->arena, &w->env, &e), ==, 0);
}

/* What becomes of one entry: "pass", or "drop" and what was said of it. */
static void judge_one(struct world *w, const char *entry, char *ret, size_t size)
{
	struct env_report report = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	char *copy = policy_strdup(w->arena, entry, strlen(entry), &e);
	char *list[2] = { copy, NULL };
	struct oci_strings env = { list, 1 };

	must(copy && env_apply(&w->env, w->arena, NULL, &env, &report, &e) == 0);
	if (env.n == 1)
		snprintf(ret, size, "pass");
	else
		snprintf(ret, size, "drop %s: %s", report.first->name, report.first->why);
}

static void check_row(struct world *w, char *line)
{
	char *mode = strchr(line, ' ') + 1, *entry = strchr(mode, ' ') + 1;
	char got[512], what[1024];
	bool want_pass = strncmp(line, "pass", 4) == 0;

	entry[-1] = '\0';
	make(w, mode);
	judge_one(w, entry, got, sizeof(got));
	snprintf(what, sizeof(what), "%s %s %s (%s)", want_pass ? "pass" : "drop", mode, entry,
		 got);
	tap_check(want_pass == (strcmp(got, "pass") == 0), what, __FILE__, __LINE__);
}

/* The lines of a file, for @use; comments are left out. */
static void each_line(const char *name, void (*use)(struct world *, char *), struct world *w)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *text = NULL;
	char *line, *rest;
	size_t len;

	must(pf_read_file_at(golden_dir, name, 1 << 20, &text, &len, &e) == 0);
	for (rest = text; (line = strsep(&rest, "\n"));)
		if (*line && *line != '#')
			use(w, line);
}

static void use_row(struct world *w, char *line)
{
	if (strncmp(line, "%keep", 5) == 0)
		set_key(w, POLICY_ENV_KEEP, line + 5);
	else
		check_row(w, line);
}

static void each_entry_has_its_verdict(void)
{
	static const char *const mounts[] = { "/work", "/data/", "/opt/vendor/lib", "/proc", NULL };
	static struct world w;
	int before = tap_count;

	open_world(&w, mounts);
	each_line("rows.txt", use_row, &w);
	CHECK_INT(tap_count - before, >=, 150);
	close_world(&w);
}

/* ---- environments of images */

static char *image[128];
static size_t n_image;

static void use_line(struct world *w, char *line)
{
	if (strncmp(line, "%cwd ", 5) == 0)
		snprintf(w->cwd, sizeof(w->cwd), "%s", line + 5);
	else if (strncmp(line, "HOME=", 5) == 0)
		snprintf(w->home, sizeof(w->home), "%s", line);
	must(n_image < ARRAY_SIZE(image));
	if (*line != '%')
		must((image[n_image++] = strdup(line)) != NULL);
}

static void check_image(const char *name, const char *write)
{
	static const char *const mounts[] = { "/proc",      "/dev",  "/dev/shm", "/sys",
					      "/etc/hosts", "/work", NULL };
	struct env_report report = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	struct oci_strings env = { image, 0 };
	static struct world w;

	open_world(&w, mounts);
	snprintf(w.cwd, sizeof(w.cwd), "/");
	n_image = 0;
	each_line(name, use_line, &w);
	env.n = n_image;
	if (write)
		set_key(&w, POLICY_WRITE, write);
	else
		w.policy.keys[POLICY_WRITE].present = false;
	make(&w, "scrub");
	CHECK_INT(env_apply(&w.env, w.arena, NULL, &env, &report, &e), ==, 0);
	CHECK_STR(report.first ? report.first->name : NULL, NULL);
	CHECK_INT(n_image, >=, 4);
	for (size_t i = 0; i < n_image; i++)
		free(image[i]);
	close_world(&w);
}

static int is_image(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && strcmp(dot, ".env") == 0;
}

static void images_pass_whole(void)
{
	struct dirent **names;
	int n = scandirat(golden_dir, ".", &names, is_image, alphasort);

	CHECK_INT(n, >=, 8);
	for (int i = 0; i < n; i++) {
		tap_test = names[i]->d_name;
		check_image(names[i]->d_name, "@cwd @home @tmp");
		check_image(names[i]->d_name, "@mounts @home @tmp");
		check_image(names[i]->d_name, NULL);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
}

/* ---- what rows cannot show */

static const char *const no_mounts[] = { NULL };

static void check_place(struct world *w, const char *path, bool want)
{
	make(w, "scrub");
	CHECK_INT(env_is_of_image(&w->env, path, strlen(path)), ==, want);
}

static void places_follow_the_policy(void)
{
	static struct world w;

	open_world(&w, no_mounts);
	check_place(&w, "/opt/x", true);
	set_key(&w, POLICY_WRITE, "@image");
	check_place(&w, "/opt/x", false);
	set_key(&w, POLICY_WRITE, "/");
	check_place(&w, "/opt/x", false);
	set_key(&w, POLICY_WRITE, "/opt/x/y");
	check_place(&w, "/opt/x", false); /* what lies beneath is found by way of it */
	check_place(&w, "/opt/x/z", true);
	check_place(&w, "/home/dev", true);
	set_key(&w, POLICY_WRITE, "");
	check_place(&w, "/work", true); /* no mount here, and nothing may be written */
	w.policy.keys[POLICY_WRITE].present = false;
	check_place(&w, "/work", false);
	check_place(&w, "/home/dev/x", false);
	check_place(&w, "/usr/lib", true);
	close_world(&w);
}

static void a_home_that_is_not_named_is_any_usual_one(void)
{
	static struct world w;

	open_world(&w, no_mounts);
	w.config.process.env.n = 0;
	set_key(&w, POLICY_WRITE, "@home");
	check_place(&w, "/root/lib", false);
	check_place(&w, "/home/somebody/lib", false);
	check_place(&w, "/usr/lib", true);
	w.config.process.env.n = 1;
	snprintf(w.home, sizeof(w.home), "HOME=/");
	check_place(&w, "/usr/lib", true); /* @home is empty then */
	close_world(&w);
}

static void a_mount_point_that_cannot_be_followed_spoils_all(void)
{
	static const char *const mounts[] = { "/a/../usr", NULL };
	static struct world w;

	open_world(&w, mounts);
	check_place(&w, "/usr/lib", false);
	close_world(&w);
}

static void check_bytes(struct world *w, const char *entry, const char *want)
{
	char got[512];

	make(w, "scrub");
	judge_one(w, entry, got, sizeof(got));
	CHECK_STR(got, want);
}

static void bytes_that_are_no_text(void)
{
	static struct world w;

	open_world(&w, no_mounts);
	check_bytes(&w, "A\nB=1",
		    "drop entry 0: its name holds control characters or is not UTF-8");
	check_bytes(&w, "A\x7f=1",
		    "drop entry 0: its name holds control characters or is not UTF-8");
	check_bytes(&w, "A\xff=1",
		    "drop entry 0: its name holds control characters or is not UTF-8");
	check_bytes(&w, "A\xc3=1",
		    "drop entry 0: its name holds control characters or is not UTF-8");
	check_bytes(&w, "\xc3\x84=1", "pass");
	check_bytes(&w, "\xc3\x84=() { id; }", "drop entry 0: an exported function of old shells");
	check_bytes(&w, "KEY=-----BEGIN\nline\xff\n", "pass");
	check_bytes(&w, "NODE_OPTIONS=--no-warnings\n--require=x",
		    "drop NODE_OPTIONS: its options can load or run code");
	check_bytes(&w, "LD_LIBRARY_PATH=/usr/lib\xff",
		    "drop LD_LIBRARY_PATH: libraries are loaded by it");
	check_bytes(&w, "CARGO_ENCODED_RUSTFLAGS=-C\x1ftarget-cpu=native\x1f-g", "pass");
	check_bytes(&w, "CARGO_ENCODED_RUSTFLAGS=-C\x1flinker=/usr/bin/ld",
		    "drop CARGO_ENCODED_RUSTFLAGS: its options can load or run code");
	close_world(&w);
}

static void of_equal_names_the_last_counts(void)
{
	char good[] = "NODE_OPTIONS=--no-warnings", bad[] = "NODE_OPTIONS=--require=x",
	     other[] = "A=1";
	char *v[] = { good, other, bad, NULL }, *u[] = { bad, good, NULL };
	struct oci_strings first = { v, 3 }, second = { u, 2 };
	struct env_report report = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	static struct world w;

	open_world(&w, no_mounts);
	make(&w, "scrub");
	CHECK_INT(oci_env_settle(&first), ==, 0);
	CHECK_INT(env_apply(&w.env, w.arena, NULL, &first, &report, &e), ==, 0);
	CHECK_INT(first.n, ==, 1); /* the earlier one does not come back */
	CHECK_STR(first.v[0], "A=1");
	CHECK_STR(first.v[1], NULL);
	CHECK_INT(oci_env_settle(&second), ==, 0);
	CHECK_INT(env_apply(&w.env, w.arena, "hook", &second, &report, &e), ==, 0);
	CHECK_INT(second.n, ==, 1);
	CHECK_INT(report.n, ==, 1);
	close_world(&w);
}

/* As many as config.json has room for, and one very long value. */
static void a_huge_environment_is_judged_to_its_end(void)
{
	enum { MANY = 100000 };
	char **v = calloc(MANY + 1, sizeof(*v));
	char name[] = "A=1", bad[] = "LD_AUDIT=x";
	auto_free char *text = malloc(1 << 20);
	struct oci_strings env = { v, MANY };
	struct env_report report = { 0 };
	struct pf_error e = PF_ERROR_INIT;
	static struct world w;

	must(v && text);
	memset(text, 'A', (1 << 20) - 1);
	memcpy(text, "PYTHONPATH=/", 12);
	text[(1 << 20) - 1] = '\0';
	for (size_t i = 0; i < MANY; i++)
		v[i] = i % 2 ? name : bad;
	v[0] = text;
	open_world(&w, no_mounts);
	make(&w, "scrub");
	CHECK_INT(env_apply(&w.env, w.arena, NULL, &env, &report, &e), ==, 0);
	CHECK_INT(env.n, ==, MANY / 2);
	CHECK_INT(report.n, ==, MANY / 2);
	CHECK_STR(report.first->name, "PYTHONPATH"); /* longer than any path */
	CHECK_INT(env_tell(&w.env, w.arena, &report, &e), ==, 0);
	CHECK_INT(w.env.told.n, ==, ENV_TOLD_MAX);
	CHECK_STR(w.env.told.v[1], "LD_AUDIT");
	close_world(&w);
	free(v);
}

static void names_to_keep_are_checked(void)
{
	static const char *const good[] = { "A", "LD_PRELOAD", "A_*", "BASH_FUNC_x%%", "a.b-c" };
	static const char *const bad[] = { "",    "*",     "*A",  "A*B", "A**",
					   "A=1", "@none", "A B", "A,B", "\xc3\x84" };

	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(env_keep_check(good[i]));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!env_keep_check(bad[i]));
	CHECK(env_keep_covers("A_*", "A_B"));
	CHECK(env_keep_covers("A_*", "A_B*"));
	CHECK(env_keep_covers("A_*", "A_*"));
	CHECK(!env_keep_covers("A_B*", "A_*"));
	CHECK(!env_keep_covers("A", "A*"));
	CHECK(!env_keep_covers("A", "AB"));
}

static void words_and_modes_agree(void)
{
	for (int mode = ENV_KEEP; mode <= ENV_STRICT; mode++) {
		const char *word = env_mode_name((enum env_mode)mode);

		CHECK_INT(env_mode_find(word), ==, mode);
		CHECK_INT(policy_word_rank(POLICY_ENV, word), ==, mode);
	}
	CHECK_INT(env_mode_find("lax"), ==, -1);
}

int main(void)
{
	const char *src = getenv("abs_srcdir");
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/golden/env", src ? src : ".");
	golden_dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	must(golden_dir >= 0);
	RUN(each_entry_has_its_verdict);
	RUN(images_pass_whole);
	RUN(places_follow_the_policy);
	RUN(a_home_that_is_not_named_is_any_usual_one);
	RUN(a_mount_point_that_cannot_be_followed_spoils_all);
	RUN(bytes_that_are_no_text);
	RUN(of_equal_names_the_last_counts);
	RUN(a_huge_environment_is_judged_to_its_end);
	RUN(names_to_keep_are_checked);
	RUN(words_and_modes_agree);
	return tap_done();
}
