/* SPDX-License-Identifier: Apache-2.0 */
/* What the deep scan finds in the files of a small container, and what it says when it does not look at all of them. */
#include <config.h>

#include "tests/unit/scan_box.h"

static struct scan_box s;

static void add_named(const char *kind, const char *path)
{
	struct place place;
	struct view_file file;
	auto_fd at = -EBADF;

	box_must(view_open(&s.view, path, O_PATH, &at) == 0 &&
			 view_stat(&s.view, at, path, &file) == 0,
		 path);
	view_place(&s.view, path, &file, &place);
	CHECK_INT(inventory_add(&s.inv, catalogue_find(&s.catalogue, kind), FOUND_BY_NAME, &place,
				NULL, &s.e),
		  ==, 0);
}

static void a_token_in_a_file_of_any_name_is_found_with_its_line(void)
{
	const struct finding *f;
	char text[256];

	scan_box_open(&s);
	snprintf(text, sizeof(text), "first\n\nkey = \"%s\"\n", scan_github_token(&s));
	box_file(s.b, "/work/notes", text);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "github-token", "/work/notes");
	CHECK(f != NULL);
	CHECK_INT(f ? f->by : 0, ==, FOUND_BY_CONTENT);
	CHECK_INT(f ? f->places[0].line : 0, ==, 3);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

static void two_names_of_one_file_are_two_places_of_one_credential(void)
{
	const struct finding *f;

	scan_box_open(&s);
	box_file(s.b, "/work/a", scan_github_token(&s));
	box_must(link(box_path(s.b, "/work/a"), box_path(s.b, "/work/b")) == 0, "link");
	box_dir(s.b, "/again");
	box_must(mount(box_path(s.b, "/work"), box_path(s.b, "/again"), NULL, MS_BIND, NULL) == 0,
		 "bind");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "github-token", "/work/a");
	CHECK_INT(f ? f->n_places : 0, ==, 4);
	CHECK(scan_box_place(f, "/work/b") && scan_box_place(f, "/again/a"));
	CHECK_STR(scan_box_place(f, "/again/b") ? scan_box_place(f, "/again/b")->mount : NULL,
		  "/again");
	CHECK_INT(s.inv.n, ==, 1);
	/* read once */
	CHECK_INT(s.inv.counts.bytes, <, 1024);
	scan_box_close(&s);
}

static void what_a_name_tells_is_found_without_a_line(void)
{
	const struct finding *f;

	scan_box_open(&s);
	box_dir(s.b, "/home/dev/.aws");
	box_dir(s.b, "/srv/deep/down/here");
	box_file(s.b, "/home/dev/.aws/credentials", "x");
	box_file(s.b, "/srv/deep/down/here/id_ed25519", "y");
	box_file(s.b, "/srv/.npmrc", "registry=https://registry.example/\n");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "aws-access-key", "/home/dev/.aws/credentials");
	CHECK_INT(f ? f->by : FOUND_BY_CONTENT, ==, FOUND_BY_NAME);
	CHECK_INT(f ? f->places[0].line : 1, ==, 0);
	CHECK(scan_box_find(&s, "ssh-key", "/srv/deep/down/here/id_ed25519") != NULL);
	/* more may be in such a file than a secret: only a line tells */
	CHECK(!scan_box_find(&s, "npmrc", "/srv/.npmrc"));
	scan_box_close(&s);
}

static void a_key_in_a_program_is_none_and_a_token_is(void)
{
	static const char key[] =
		"-----BEGIN PRIVATE KEY-----\n"
		"MC4CAQAwBQYDK2VwBCIEIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"
		"-----END PRIVATE KEY-----\n";
	char text[512];

	scan_box_open(&s);
	box_dir(s.b, "/srv");
	(void)snprintf(text, sizeof(text), "\177ELF\2\n%s\nghp_%036d\n", key, 7);
	box_file(s.b, "/srv/libtls.so.30", text);
	(void)snprintf(text, sizeof(text), "a\n%s", key);
	box_file(s.b, "/srv/notes", text);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK(scan_box_find(&s, "tls-private-key", "/srv/notes"));
	CHECK(!scan_box_find(&s, "tls-private-key", "/srv/libtls.so.30"));
	CHECK(scan_box_find(&s, "github-token", "/srv/libtls.so.30"));
	scan_box_close(&s);
}

static void a_directory_of_credentials_is_one(void)
{
	const struct finding *f;

	scan_box_open(&s);
	box_dir(s.b, "/home/dev/.aws/sso/cache");
	box_file(s.b, "/home/dev/.aws/sso/cache/a.json", "{}");
	box_file(s.b, "/home/dev/.aws/sso/cache/b.json", "{}");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "aws-session", "/home/dev/.aws/sso/cache");
	CHECK_INT(f ? f->n_places : 0, ==, 1);
	CHECK_INT(f ? f->places[0].type : PLACE_FILE, ==, PLACE_DIRECTORY);
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

static void a_signature_across_windows_is_found(void)
{
	enum { STEPS = 5 };
	size_t size = (300 << 10) + 200;
	auto_free char *text = malloc(size);
	const char *token;

	scan_box_open(&s);
	token = scan_github_token(&s);
	for (size_t i = 0; text && i < STEPS; i++) {
		/* around the end of the first window, and of what it leaves to the second */
		size_t at = i == 0 ? (256 << 10) - 20 : (256 << 10) + i * 4500;
		char name[32];
		int fd;

		memset(text, ' ', size);
		memcpy(text + at, token, strlen(token));
		text[at - 1] = '\n';
		snprintf(name, sizeof(name), "/work/file%zu", i);
		fd = open(box_path(s.b, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
		box_must(fd >= 0 && write(fd, text, size) == (ssize_t)size, name);
		close(fd);
	}
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_INT(s.inv.n, ==, STEPS);
	for (size_t i = 0; i < s.inv.n; i++)
		CHECK_INT(s.inv.v[i].places[0].line, ==, 2);
	scan_box_close(&s);
}

static void a_file_that_its_user_cannot_read_is_not_looked_into(void)
{
	scan_box_open(&s);
	box_file(s.b, "/work/theirs", scan_github_token(&s));
	box_file(s.b, "/work/mine", scan_github_token(&s));
	box_must(chmod(box_path(s.b, "/work/theirs"), 0600) == 0 &&
			 chown(box_path(s.b, "/work/mine"), 1000, 1000) == 0,
		 "modes");
	scan_box_look(&s);
	s.view.user = (struct view_user){ .uid = 1000, .gid = 1000 };
	CHECK_INT(scan_deep(&s.catalogue, &s.view, &s.limits, &s.inv, &s.e), ==, 0);
	CHECK(scan_box_find(&s, "github-token", "/work/mine") != NULL);
	CHECK(!scan_box_find(&s, "github-token", "/work/theirs"));
	scan_box_close(&s);
}

static void covers_and_kernel_file_systems_are_not_walked(void)
{
	scan_box_open(&s);
	box_file(s.b, "/work/under", scan_github_token(&s));
	box_must(mount("pinfold", box_path(s.b, "/work"), "tmpfs", MS_RDONLY, NULL) == 0 &&
			 mount("proc", box_path(s.b, "/proc"), "proc", 0, NULL) == 0,
		 "mounts");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_INT(s.inv.n, ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.counts.entries, <, 100);
	scan_box_close(&s);
}

static void details_come_from_the_file_and_from_what_lies_beside_it(void)
{
	const struct finding *f;
	char text[512];

	scan_box_open(&s);
	box_dir(s.b, "/home/dev/.ssh");
	box_dir(s.b, "/home/dev/.aws");
	box_file(s.b, "/home/dev/.ssh/id_ed25519", "not a key any more\n");
	box_file(
		s.b, "/home/dev/.ssh/id_ed25519.pub",
		"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIPStS5nAauyaSwnqfZH4VDZ7ynW0rhTxTII6ZmwZ/Dcg ann@laptop\n");
	snprintf(text, sizeof(text),
		 "[default]\naws_access_key_id=AKIA%s\naws_secret_access_key=%s\n",
		 "ABCDEFGHIJKLMNOP", scan_value(&s, "", 40));
	box_file(s.b, "/home/dev/.aws/credentials", text);
	snprintf(text, sizeof(text),
		 "{\"accessToken\": \"%s\", \"expiresAt\": \"2030-03-17T17:46:40Z\"}",
		 scan_value(&s, "", 60));
	box_dir(s.b, "/home/dev/.aws/sso/cache");
	box_file(s.b, "/home/dev/.aws/sso/cache/a.json", text);
	snprintf(text, sizeof(text), "https://ann:%s@git.example\n", scan_value(&s, "", 20));
	box_file(s.b, "/home/dev/.git-credentials", text);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "ssh-key", "/home/dev/.ssh/id_ed25519");
	CHECK_STR(f ? f->principal : "",
		  "ssh-ed25519 SHA256:SOXWW0ien0k0hTtpFrI5N6Xnivsz3Yve1ye8ciVgHr0 ann@laptop");
	f = scan_box_find(&s, "aws-access-key", "/home/dev/.aws/credentials");
	CHECK_STR(f ? f->principal : "", "AKIA"
					 "ABCDEFGHIJKLMNOP");
	f = scan_box_find(&s, "aws-session", "/home/dev/.aws/sso/cache");
	CHECK_INT(f ? f->expires : 0, ==, 1900000000);
	f = scan_box_find(&s, "git-credentials", "/home/dev/.git-credentials");
	CHECK_STR(f ? f->principal : "", "ann@git.example");
	scan_box_close(&s);
}

static void what_was_found_before_is_looked_into_first(void)
{
	const struct finding *f;
	char text[256];

	scan_box_open(&s);
	snprintf(text, sizeof(text), "machine git.example login ann password %s\n",
		 scan_value(&s, "", 20));
	box_file(s.b, "/work/by-a-variable", text);
	scan_box_look(&s);
	add_named("netrc", "/work/by-a-variable");
	s.limits.entries = 1;
	CHECK_INT(scan_deep(&s.catalogue, &s.view, &s.limits, &s.inv, &s.e), ==, 0);
	f = scan_box_find(&s, "netrc", "/work/by-a-variable");
	CHECK_STR(f ? f->principal : "", "ann");
	CHECK_INT(f ? f->n_places : 0, ==, 1);
	CHECK_HAS(s.inv.incomplete, "1 names were met");
	scan_box_close(&s);
}

static void of_a_socket_the_owner_is_told(void)
{
	const struct finding *f;

	scan_box_open(&s);
	box_must(mknod(box_path(s.b, "/run/docker.sock"), S_IFSOCK | 0660, 0) == 0 &&
			 chown(box_path(s.b, "/run/docker.sock"), 7, 7) == 0,
		 "socket");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "docker-socket", "/run/docker.sock");
	CHECK_STR(f ? f->principal : "", "uid 7");
	CHECK_INT(f ? f->places[0].type : 0, ==, PLACE_SOCKET);
	scan_box_close(&s);
}

/* Who serves a file system can let every call hang. */
static void what_a_user_serves_is_not_touched(void)
{
	scan_box_open(&s);
	box_bind(s.b, "/remote");
	box_file(s.b, "/remote/token", scan_github_token(&s));
	scan_box_look(&s);
	for (size_t i = 0; i < s.view.n_mounts; i++)
		if (strcmp(s.view.mounts[i].path, "/remote") == 0) {
			free(s.view.mounts[i].fs);
			s.view.mounts[i].fs = strdup("fuse.sshfs");
		}
	CHECK_INT(scan_deep(&s.catalogue, &s.view, &s.limits, &s.inv, &s.e), ==, 0);
	CHECK_STR(s.inv.incomplete,
		  "`/remote' is a file system that a user serves (fuse.sshfs): not looked into");
	CHECK_INT(s.inv.n, ==, 0);
	scan_box_close(&s);
}

static void another_mount_below_is_not_entered_unseen(void)
{
	scan_box_open(&s);
	box_file(s.b, "/work/token", scan_github_token(&s));
	scan_box_look(&s);
	box_bind(s.b, "/work/later");
	CHECK_INT(scan_deep(&s.catalogue, &s.view, &s.limits, &s.inv, &s.e), ==, 0);
	CHECK_STR(s.inv.incomplete, "`/work/later' is another mount, which is not looked into");
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

/* ---- limits */

static void each_limit_is_told(void)
{
	static const struct {
		struct scan_limits limits;
		const char *says;
	} cases[] = {
		{ { 5, 100, 1 << 20, 1 << 20, 30000 }, "5 names were met" },
		{ { 1000, 2, 1 << 20, 1 << 20, 30000 }, "2 files were read" },
		{ { 1000, 100, 100, 1 << 20, 30000 }, "100 bytes were read" },
		{ { 1000, 100, 1 << 20, 150, 30000 }, "was read up to 150 bytes" },
		{ { 1000, 100, 1 << 20, 1 << 20, 0 }, "0 ms have passed" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		char text[200];

		scan_box_open(&s);
		s.limits = cases[i].limits;
		memset(text, 'x', sizeof(text));
		text[sizeof(text) - 1] = '\0';
		box_file(s.b, "/work/a", text);
		box_file(s.b, "/work/b", text);
		CHECK_INT(scan_box_deep(&s), ==, 0);
		CHECK_HAS(s.inv.incomplete, cases[i].says);
		scan_box_close(&s);
	}
}

static void trees_of_the_system_come_last(void)
{
	scan_box_open(&s);
	box_dir(s.b, "/usr/share/many");
	for (int i = 0; i < 50; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/usr/share/many/%d", i);
		box_file(s.b, name, "nothing");
	}
	box_bind(s.b, "/var/data");
	box_file(s.b, "/var/data/found", scan_github_token(&s));
	s.limits.entries = 40;
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_HAS(s.inv.incomplete, "`/usr/share/many'");
	s.limits.entries = 10;
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_HAS(s.inv.incomplete, "not reached: `/var/data'");
	s.limits.entries = 40;
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK(scan_box_find(&s, "github-token", "/var/data/found") != NULL);
	scan_box_close(&s);
}

static void the_same_tree_gives_the_same_inventory(void)
{
	auto_buf first = { 0 }, second = { 0 };

	scan_box_open(&s);
	for (int i = 0; i < 40; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/work/%d", i * 37 % 40);
		box_file(s.b, name,
			 i % 2 ? "nothing"
			       : "AKIA"
				 "ABCDEFGHIJKLMNOP");
	}
	s.limits.files = 20;
	CHECK_INT(scan_box_deep(&s), ==, 0);
	inventory_json(&s.inv, &first);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	inventory_json(&s.inv, &second);
	CHECK_STR(second.data, first.data);
	CHECK_INT(s.inv.n, >, 0);
	scan_box_close(&s);
}

/* ---- lines of what cannot be covered */

static void a_file_whose_lines_show_no_credential_is_no_finding(void)
{
	auto_free char *large = calloc(1, 70000);
	const struct finding *f;
	char text[256];

	scan_box_open(&s);
	snprintf(text, sizeof(text), "registry=https://r.example/\n//r.example/:_authToken=%s\n",
		 scan_value(&s, "", 40));
	box_dir(s.b, "/work/clean");
	box_dir(s.b, "/work/large");
	box_file(s.b, "/work/.npmrc", text);
	box_file(s.b, "/work/clean/.npmrc", "registry=https://r.example/\n");
	memset(large, ' ', 69999);
	box_file(s.b, "/work/large/.npmrc", large);
	box_file(s.b, "/work/key", "x");
	scan_box_look(&s);
	add_named("npmrc", "/work/clean/.npmrc");
	add_named("npmrc", "/work/.npmrc");
	add_named("npmrc", "/work/large/.npmrc");
	add_named("ssh-key", "/work/key");
	CHECK_INT(scan_lines(&s.catalogue, &s.view, &s.inv, &s.e), ==, 0);
	f = scan_box_find(&s, "npmrc", "/work/.npmrc");
	CHECK_INT(f ? f->places[0].line : 0, ==, 2);
	CHECK(!scan_box_find(&s, "npmrc", "/work/clean/.npmrc"));
	/* what is too large to be told stays, and so does what can be covered */
	CHECK(scan_box_find(&s, "npmrc", "/work/large/.npmrc") != NULL);
	CHECK(scan_box_find(&s, "ssh-key", "/work/key") != NULL);
	scan_box_close(&s);
}

static void of_more_files_than_are_looked_at_the_rest_stay(void)
{
	scan_box_open(&s);
	for (int i = 0; i < 20; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/work/%d", i);
		box_dir(s.b, path);
		snprintf(path, sizeof(path), "/work/%d/.npmrc", i);
		box_file(s.b, path, "nothing");
	}
	scan_box_look(&s);
	for (int i = 0; i < 20; i++) {
		char path[64];

		snprintf(path, sizeof(path), "/work/%d/.npmrc", i);
		add_named("npmrc", path);
	}
	CHECK_INT(scan_lines(&s.catalogue, &s.view, &s.inv, &s.e), ==, 0);
	CHECK_INT(s.inv.n, ==, 4);
	scan_box_close(&s);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(a_token_in_a_file_of_any_name_is_found_with_its_line);
	RUN(two_names_of_one_file_are_two_places_of_one_credential);
	RUN(what_a_name_tells_is_found_without_a_line);
	RUN(a_key_in_a_program_is_none_and_a_token_is);
	RUN(a_directory_of_credentials_is_one);
	RUN(a_signature_across_windows_is_found);
	RUN(a_file_that_its_user_cannot_read_is_not_looked_into);
	RUN(covers_and_kernel_file_systems_are_not_walked);
	RUN(details_come_from_the_file_and_from_what_lies_beside_it);
	RUN(what_was_found_before_is_looked_into_first);
	RUN(of_a_socket_the_owner_is_told);
	RUN(what_a_user_serves_is_not_touched);
	RUN(another_mount_below_is_not_entered_unseen);
	RUN(each_limit_is_told);
	RUN(trees_of_the_system_come_last);
	RUN(the_same_tree_gives_the_same_inventory);
	RUN(a_file_whose_lines_show_no_credential_is_no_finding);
	RUN(of_more_files_than_are_looked_at_the_rest_stay);
	return tap_done();
}
