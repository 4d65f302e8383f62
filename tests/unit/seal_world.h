/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_SEAL_WORLD_H
#define PF_TESTS_UNIT_SEAL_WORLD_H

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/flat.h"
#include "runtime/init/confine.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"
#include "tests/unit/tap.h"

/*
 * A small tree to be confined in, a seal made by hand, and the init's own steps to carry it out. For one test program:
 * it also stands in for the steps that need a whole plan.
 */

#define READ          (PF_LL_FS_READ_FILE | PF_LL_FS_READ_DIR)
#define WRITE         (PF_LL_FS_WRITE_FILE | PF_LL_FS_MAKE_REG | PF_LL_FS_REMOVE_FILE)
#define DENIED(probe) ((int64_t)SEAL_DENIED << (2 * (probe)))
#define ALL_FLAGS     (SEAL_LANDLOCK | SEAL_FILTER | SEAL_READ | SEAL_WRITE)

/* ---- in the place of privs.c, whose other steps need a whole plan */

static const struct sock_filter *oci_code;
static unsigned short oci_len;

int child_set_no_new_privs(struct init *c, struct pf_error *e)
{
	(void)c;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? pf_fail_sys(e, errno, "no_new_privs")
							  : 0;
}

int child_late_seccomp(struct init *c, struct pf_error *e)
{
	struct sock_fprog prog = { oci_len, (struct sock_filter *)(uintptr_t)oci_code };
	int ret = oci_len ? sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &prog) : 0;

	(void)c;
	return ret < 0 ? pf_fail_sys(e, ret, "seccomp") : 0;
}

/* ---- the tree; built anew for every test, so that no test sees what another has changed */

static void make_file(const char *path, const char *text)
{
	auto_fd fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		printf("# make %s: %s\n", path, strerror(errno));
}

static void must(int ret, const char *what)
{
	if (ret < 0)
		printf("# %s: %s\n", what, strerror(errno));
}

static void make_tree(void)
{
	static const char *const dirs[] = { "allowed", "secret", "work", "proc", "vol" };

	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		must(mkdir(dirs[i], 0755), dirs[i]);
	make_file("allowed/file", "ok");
	make_file("secret/key", "secret");
	must(symlink("/secret/key", "allowed/link"), "symlink");
	must(mount("t", "work", "tmpfs", 0, "size=1m"), "mount work");
	must(mkdir("work/in", 0755), "mkdir work/in");
	must(mount("t", "work/in", "tmpfs", 0, "size=1m"), "mount work/in");
	must(mount("secret", "vol", NULL, MS_BIND, NULL), "bind vol");
	must(mount("proc", "proc", "proc", 0, NULL), "mount proc");
}

/* ---- a seal */

struct builder {
	struct seal_rule rules[8];
	struct seal_cover covers[8];
	struct seal_readonly readonly[8];
	struct seal_protect protects[8];
	const char *rule_paths[8], *cover_paths[8], *readonly_paths[8], *fakes[8];
	const char *protect_paths[8];
	uint32_t n_rules, n_covers, n_readonly, n_protects;
	uint32_t flags;
	uint64_t handled;
};

static struct seal_id identify(const char *path)
{
	auto_fd fd = open(path, O_PATH | O_CLOEXEC | O_NOFOLLOW);
	struct pf_file_id id = { 0 };

	must(sys_file_id(fd, &id), path);
	return (struct seal_id){ id.dev, id.ino, id.mnt_id };
}

static void rule(struct builder *b, const char *path, uint64_t access)
{
	b->rule_paths[b->n_rules] = path;
	b->rules[b->n_rules++] =
		(struct seal_rule){ .is_dir = 1, .access = access, .id = identify(path) };
}

static void cover(struct builder *b, const char *path, bool is_dir)
{
	b->cover_paths[b->n_covers] = path;
	b->covers[b->n_covers++] = (struct seal_cover){ .is_dir = is_dir, .id = identify(path) };
}

static void fake(struct builder *b, const char *path, const char *content)
{
	b->fakes[b->n_covers] = content;
	cover(b, path, false);
}

static void readonly(struct builder *b, const char *path)
{
	b->readonly_paths[b->n_readonly] = path;
	b->readonly[b->n_readonly++] = (struct seal_readonly){ .id = identify(path) };
}

static void protect(struct builder *b, const char *path, bool is_dir, bool anchor)
{
	struct seal_id id = identify(path);

	/* what lies in an anchor has another mount by then */
	for (uint32_t i = 0; i < b->n_protects; i++)
		if (strncmp(path, b->protect_paths[i], strlen(b->protect_paths[i])) == 0)
			id.mnt_id = SEAL_ANY_MOUNT;
	b->protect_paths[b->n_protects] = path;
	b->protects[b->n_protects++] =
		(struct seal_protect){ .is_dir = is_dir, .anchor = anchor, .id = id };
}

static int seal_memfd(struct builder *b)
{
	struct seal head = { .magic = SEAL_MAGIC, .flags = b->flags, .handled_fs = b->handled };
	struct pf_error e = PF_ERROR_INIT;
	struct flat f = { 0 };
	int fd = -EBADF;

	head.abi = (uint32_t)sys_landlock_abi();
	flat_begin(&f, sizeof(head));
	for (uint32_t i = 0; i < b->n_rules; i++)
		b->rules[i].path = flat_str(&f, b->rule_paths[i]);
	for (uint32_t i = 0; i < b->n_covers; i++) {
		b->covers[i].path = flat_str(&f, b->cover_paths[i]);
		b->covers[i].content = flat_str(&f, b->fakes[i]);
	}
	for (uint32_t i = 0; i < b->n_readonly; i++)
		b->readonly[i].path = flat_str(&f, b->readonly_paths[i]);
	for (uint32_t i = 0; i < b->n_protects; i++)
		b->protects[i].path = flat_str(&f, b->protect_paths[i]);
	head.protects = flat_items(&f, b->protects, sizeof(b->protects[0]), b->n_protects);
	head.rules = flat_items(&f, b->rules, sizeof(b->rules[0]), b->n_rules);
	head.covers = flat_items(&f, b->covers, sizeof(b->covers[0]), b->n_covers);
	head.readonly = flat_items(&f, b->readonly, sizeof(b->readonly[0]), b->n_readonly);
	head.size = (uint32_t)flat_size(&f);
	if (flat_end(&f, &head, sizeof(head), &e) < 0 || flat_memfd(&f, "seal", &fd, &e) < 0)
		printf("# %s\n", e.msg);
	flat_free(&f);
	return fd;
}

/* What a test starts from: reading is confined to /allowed and /proc, writing to /work. */
static struct builder usual(void)
{
	struct builder b = { .flags = ALL_FLAGS, .handled = READ | WRITE };

	rule(&b, "/allowed", READ);
	rule(&b, "/proc", READ | PF_LL_FS_WRITE_FILE);
	rule(&b, "/work", READ | WRITE);
	return b;
}

/* ---- carrying it out */

static struct plan plan = { .flags = PLAN_CONFINED | PLAN_NEW_MNTNS,
			    .sync_fd = -EBADF,
			    .seal_fd = -EBADF };

static struct init fresh(void)
{
	return (struct init){ .plan = &plan,
			      .root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC),
			      .proc_fd = -EBADF,
			      .start_conn = -EBADF,
			      .ruleset_fd = -EBADF,
			      .exec_fd = -EBADF };
}

/* child_confine() with ourselves as the parent: both messages fit into the socket. */
static int confine(struct init *c, struct builder *b, struct pf_error *e)
{
	auto_fd ours = -EBADF, theirs = -EBADF, memfd = seal_memfd(b), tree = -EBADF;
	int pair[2], ret;

	must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), "socketpair");
	ours = pair[0];
	theirs = pair[1];
	plan.sync_fd = theirs;
	must(sync_send(ours, SYNC_SEAL, 0, memfd), "send the seal");
	ret = child_confine(c, e);
	if (ret == 0) {
		CHECK_INT(sync_expect(ours, SYNC_TREE, NULL, &tree, e), ==, 0);
		CHECK_INT(tree, >=, 0);
	}
	return ret;
}

static struct init confined(struct builder *b)
{
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	CHECK_INT(confine(&c, b, &e), ==, 0);
	if (e.kind != PF_ERR_NONE)
		printf("# %s\n", e.msg);
	return c;
}

static struct init executed(struct builder *b)
{
	struct pf_error e = PF_ERROR_INIT;
	struct init c = fresh();

	plan.seal_fd = seal_memfd(b);
	CHECK_INT(child_confine_again(&c, &e), ==, 0);
	if (e.kind != PF_ERR_NONE)
		printf("# %s\n", e.msg);
	return c;
}

/* What @fn answers in a sealed child: 0 or an errno. */
static int inside(struct init *c, int (*fn)(const char *), const char *arg)
{
	struct pf_error e = PF_ERROR_INIT;
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		if (child_set_no_new_privs(c, &e) < 0 || child_seal_landlock(c, &e) < 0 ||
		    child_load_own_filter(c, &e) < 0)
			_exit(254);
		_exit(fn(arg));
	}
	if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return 255;
	return WEXITSTATUS(status);
}

/* Each test in a tree of its own, with its root there. */
static char world[] = "/tmp/t_landlock.XXXXXX";

static void in_world(const char *name, void (*fn)(void))
{
	auto_fd home = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	tap_test = name;
	must(mount("t", world, "tmpfs", 0, "size=1m"), "mount the world");
	must(chdir(world), "enter the world");
	make_tree();
	must(chroot("."), "chroot");
	fn();
	must(fchdir(home), "leave the world");
	must(chroot("."), "chroot back");
	must(umount2(world, MNT_DETACH), "umount the world");
}

#define IN_WORLD(fn) in_world(#fn, fn)

#endif
