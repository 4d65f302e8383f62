/* SPDX-License-Identifier: Apache-2.0 */
/* Trees that are made to break who looks at them: loops, things that are no files, names, sizes, numbers, races. */
#include <config.h>

#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "tests/unit/scan_box.h"

static struct scan_box s;

/* A writer beside the scan, ended with it. */
static pid_t beside(void (*work)(void))
{
	pid_t parent = getpid(), pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (getppid() == parent)
		work();
	_exit(0);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

static void loops_of_mounts_and_links_end(void)
{
	scan_box_open(&s);
	box_dir(s.b, "/work/a/b/c");
	box_file(s.b, "/work/a/token", scan_github_token(&s));
	box_link(s.b, "..", "/work/a/up");
	box_link(s.b, "/work/a/token", "/work/link");
	box_must(mount(box_path(s.b, "/work"), box_path(s.b, "/work/a/b/c"), NULL, MS_BIND, NULL) ==
			 0,
		 "bind");
	box_must(mount(box_path(s.b, "/"), box_path(s.b, "/var/lib"), NULL, MS_BIND | MS_REC,
		       NULL) == 0,
		 "bind");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.n, ==, 1);
	CHECK(scan_box_find(&s, "github-token", "/work/a/b/c/a/token") != NULL);
	CHECK(!scan_box_find(&s, "github-token", "/work/link"));
	scan_box_close(&s);
}

static void what_is_no_file_is_not_opened(void)
{
	scan_box_open(&s);
	box_must(mkfifo(box_path(s.b, "/work/fifo"), 0666) == 0, "fifo");
	box_must(mknod(box_path(s.b, "/work/zero"), S_IFCHR | 0666, makedev(1, 5)) == 0, "zero");
	box_must(mknod(box_path(s.b, "/work/tty"), S_IFCHR | 0666, makedev(5, 0)) == 0, "tty");
	box_must(mknod(box_path(s.b, "/work/loop"), S_IFBLK | 0666, makedev(7, 0)) == 0, "loop");
	box_must(mknod(box_path(s.b, "/work/socket"), S_IFSOCK | 0666, 0) == 0, "socket");
	box_file(s.b, "/work/device", "");
	box_must(mount("/dev/zero", box_path(s.b, "/work/device"), NULL, MS_BIND, NULL) == 0,
		 "/dev/zero");
	box_file(s.b, "/work/last", scan_github_token(&s));
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

/* A FIFO and a file take turns under one name. */
static void swap(void)
{
	syscall(SYS_renameat2, AT_FDCWD, box_path(s.b, "/work/file"), AT_FDCWD,
		box_path(s.b, "/work/swapped"), 2);
}

static void a_fifo_that_is_swapped_in_does_not_stop_the_scan(void)
{
	pid_t pid;

	scan_box_open(&s);
	box_file(s.b, "/work/file", scan_github_token(&s));
	box_must(mkfifo(box_path(s.b, "/work/swapped"), 0666) == 0, "fifo");
	pid = beside(swap);
	for (int i = 0; i < 60; i++) {
		if (scan_box_deep(&s) < 0 || s.inv.n > 1)
			break;
		if (s.inv.incomplete && !strstr(s.inv.incomplete, "another mount"))
			break;
	}
	end(pid);
	CHECK_STR(s.e.msg, "");
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

static void holes_are_not_read(void)
{
	const struct finding *f;
	const char *token;
	int fd;

	scan_box_open(&s);
	token = scan_github_token(&s);
	fd = open(box_path(s.b, "/work/sparse"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	box_must(fd >= 0 && ftruncate(fd, 1ll << 40) == 0, "sparse");
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.n, ==, 0);
	box_must(pwrite(fd, token, strlen(token), 1ll << 39) == (ssize_t)strlen(token), "sparse");
	close(fd);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	f = scan_box_find(&s, "github-token", "/work/sparse");
	CHECK(f != NULL);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.counts.bytes, <, 1 << 20);
	scan_box_close(&s);
}

static void append(void)
{
	static const char text[4096] = "more and more";
	int fd = open(box_path(s.b, "/work/grows"), O_WRONLY | O_APPEND | O_CLOEXEC);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size > 2 << 20)
		(void)!ftruncate(fd, 100);
	(void)!write(fd, text, sizeof(text));
	close(fd);
}

static void a_file_that_grows_ends_where_it_ended_when_it_was_opened(void)
{
	pid_t pid;

	scan_box_open(&s);
	box_file(s.b, "/work/grows", "begins");
	box_file(s.b, "/work/later", scan_github_token(&s));
	pid = beside(append);
	for (int i = 0; i < 20; i++)
		if (scan_box_deep(&s) < 0 || s.inv.n != 1 || s.inv.counts.bytes > 3 << 20)
			break;
	end(pid);
	CHECK_STR(s.e.msg, "");
	CHECK_INT(s.inv.n, ==, 1);
	CHECK_INT(s.inv.counts.bytes, <=, 3 << 20);
	scan_box_close(&s);
}

static void many_names_in_one_directory_are_bounded(void)
{
	scan_box_open(&s);
	box_dir(s.b, "/work/many");
	for (int i = 0; i < 100000; i++) {
		char name[64];

		snprintf(name, sizeof(name), "/work/many/%06d", i);
		box_must(mknod(box_path(s.b, name), S_IFREG | 0644, 0) == 0, name);
	}
	box_file(s.b, "/work/many/zz", scan_github_token(&s));
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	CHECK_INT(s.inv.counts.entries, >, 100000);
	CHECK_INT(s.inv.n, ==, 1);
	s.limits.entries = 50000;
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_HAS(s.inv.incomplete, "50000 names were met");
	scan_box_close(&s);
}

static void a_deep_tree_is_left_at_a_depth(void)
{
	int fd;

	scan_box_open(&s);
	fd = open(box_path(s.b, "/work"), O_PATH | O_DIRECTORY | O_CLOEXEC);
	for (int i = 0; i < 5000 && fd >= 0; i++) {
		int next = -1;

		if (mkdirat(fd, "d", 0755) == 0)
			next = openat(fd, "d", O_PATH | O_DIRECTORY | O_CLOEXEC);
		close(fd);
		fd = next;
	}
	box_must(fd >= 0, "a deep tree");
	close(fd);
	box_dir(s.b, "/zz");
	box_file(s.b, "/zz/token", scan_github_token(&s));
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_HAS(s.inv.incomplete, "lies deeper than 64 directories");
	CHECK_INT(s.inv.n, ==, 1);
	scan_box_close(&s);
}

static void names_may_hold_anything(void)
{
	auto_buf json = { 0 };

	scan_box_open(&s);
	box_dir(s.b, "/work/\n\033[2J\"\\");
	box_file(s.b, "/work/\n\033[2J\"\\/`x'\n", scan_github_token(&s));
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_INT(s.inv.n, ==, 1);
	inventory_json(&s.inv, &json);
	CHECK(json.data && !strchr(json.data, '\n') && !strchr(json.data, '\033'));
	scan_box_close(&s);
}

static void binary_content_and_dense_hits_are_bounded(void)
{
	enum { SIZE = 2 << 20 };
	auto_free char *text = malloc(SIZE);
	int fd;

	scan_box_open(&s);
	box_must(text != NULL, "malloc");
	for (size_t i = 0; i + 32 <= SIZE; i += 32)
		memcpy(text + i,
		       "\0AKIA"
		       "ABCDEFGHIJKLMNOP \0eyJ.eyJ\n",
		       32);
	fd = open(box_path(s.b, "/work/dense"), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	box_must(fd >= 0 && write(fd, text, SIZE) == SIZE, "dense");
	close(fd);
	CHECK_INT(scan_box_deep(&s), ==, 0);
	CHECK_INT(s.inv.n, ==, 1);
	CHECK_INT(s.inv.n ? s.inv.v[0].places[0].line : 1, ==, 0);
	CHECK_STR(s.inv.incomplete, NULL);
	scan_box_close(&s);
}

int main(void)
{
	const char *why = box_prepare();

	if (why)
		return tap_skip_all(why);
	RUN(loops_of_mounts_and_links_end);
	RUN(what_is_no_file_is_not_opened);
	RUN(a_fifo_that_is_swapped_in_does_not_stop_the_scan);
	RUN(holes_are_not_read);
	RUN(a_file_that_grows_ends_where_it_ended_when_it_was_opened);
	RUN(many_names_in_one_directory_are_bounded);
	RUN(a_deep_tree_is_left_at_a_depth);
	RUN(names_may_hold_anything);
	RUN(binary_content_and_dense_hits_are_bounded);
	return tap_done();
}
