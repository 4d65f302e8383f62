/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_CONFINE_BOX_H
#define PF_TESTS_UNIT_CONFINE_BOX_H

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/guard/confine.h"
#include "tests/unit/tap.h"

/*
 * A small container for the tests of confinement: a root on a tmpfs of its own in a private mount namespace, the
 * mounts that config.json names really mounted in it, and a policy written by hand.
 */

enum { BOX_MOUNTS = 24, BOX_ENTRIES = 12 };

struct box {
	char root[64], outside[64];
	int root_fd;
	struct oci_config config;
	struct oci_mount mounts[BOX_MOUNTS];
	char *env[4];
	struct policy policy;
	char *entries[POLICY_KEY_COUNT_][BOX_ENTRIES];
	char *bound[BOX_ENTRIES], *permit[BOX_ENTRIES];
	struct host host;
	bool unmounted;
	struct confinement c;
	struct pf_error e;
	char words[4096]; /* what entries and env point into */
	size_t n_words;
};

static inline void box_must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: %s\n", what, strerror(errno));
	exit(1);
}

static inline const char *box_path(const struct box *b, const char *path)
{
	static char buf[4][256];
	static unsigned int turn;
	char *p = buf[turn++ % 4];

	snprintf(p, sizeof(buf[0]), "%s%s", b->root, path);
	return p;
}

static inline void box_dir(const struct box *b, const char *path)
{
	char part[256];

	for (size_t i = 1; i <= strlen(path); i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		snprintf(part, sizeof(part), "%s%.*s", b->root, (int)i, path);
		box_must(mkdir(part, 0755) == 0 || errno == EEXIST, part);
	}
}

static inline void box_file(const struct box *b, const char *path, const char *text)
{
	int fd = open(box_path(b, path), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	box_must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text), path);
	close(fd);
}

static inline void box_link(const struct box *b, const char *target, const char *path)
{
	box_must(symlink(target, box_path(b, path)) == 0, path);
}

static inline struct oci_mount *box_add_mount(struct box *b, enum oci_fs_kind kind,
					      const char *dest, const char *source)
{
	struct oci_mount *m = &b->mounts[b->config.n_mounts++];

	box_must(b->config.n_mounts <= BOX_MOUNTS, "too many mounts");
	*m = (struct oci_mount){ .kind = kind, .destination = dest, .source = source };
	return m;
}

static inline void box_tmpfs(struct box *b, const char *dest)
{
	box_dir(b, dest);
	box_must(mount("tmpfs", box_path(b, dest), "tmpfs", 0, "size=1m") == 0, dest);
	box_add_mount(b, OCI_FS_TMPFS, dest, "tmpfs");
}

/* A directory of the host, mounted at @where and said by config.json to be at @dest. */
static inline void box_bind_at(struct box *b, const char *dest, const char *where)
{
	static unsigned int count;
	char source[128];

	snprintf(source, sizeof(source), "%s/dir%u", b->outside, count++);
	box_must(mkdir(source, 0755) == 0, source);
	box_dir(b, where);
	box_must(mount(source, box_path(b, where), NULL, MS_BIND, NULL) == 0, where);
	box_add_mount(b, OCI_FS_BIND, dest, "/srv/host-directory");
}

static inline void box_bind(struct box *b, const char *dest)
{
	box_bind_at(b, dest, dest);
}

static inline void box_bind_file(struct box *b, const char *dest, const char *where)
{
	static unsigned int count;
	char source[128];
	int fd;

	snprintf(source, sizeof(source), "%s/file%u", b->outside, count++);
	fd = open(source, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	box_must(fd >= 0, source);
	close(fd);
	if (access(box_path(b, where), F_OK) < 0)
		box_file(b, where, "");
	box_must(mount(source, box_path(b, where), NULL, MS_BIND, NULL) == 0, where);
	box_add_mount(b, OCI_FS_BIND, dest, "/srv/host-file");
}

static inline char *box_keep(struct box *b, const char *text)
{
	char *kept = b->words + b->n_words;

	b->n_words += strlen(text) + 1;
	box_must(b->n_words <= sizeof(b->words), "too many words");
	memcpy(kept, text, strlen(text) + 1);
	return kept;
}

static inline void box_split(struct box *b, const char *words, char **v, size_t *n)
{
	char *text = box_keep(b, words), *save = NULL;

	*n = 0;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		v[(*n)++] = w;
		box_must(*n < BOX_ENTRIES, "too many entries");
	}
	v[*n] = NULL;
}

static inline void box_key(struct box *b, enum policy_key key, const char *words)
{
	struct policy_value *value = &b->policy.keys[key];

	value->present = true;
	value->origin = POLICY_FROM_ANNOTATION;
	value->list.v = b->entries[key];
	box_split(b, words, b->entries[key], &value->list.n);
	switch ((int)key) {
	case POLICY_READ:
		value->origin_name = "io.pinfold.read";
		break;
	case POLICY_WRITE:
		value->origin_name = "io.pinfold.write";
		break;
	default:
		value->origin_name = "io.pinfold.other";
		break;
	}
	b->policy.any = b->policy.confined = true;
}

static inline void box_bound(struct box *b, enum policy_key key, const char *words)
{
	struct policy_bound *bound = &b->policy.keys[key].bounds[b->policy.keys[key].n_bounds++];

	bound->entries.v = b->bound;
	box_split(b, words, b->bound, &bound->entries.n);
	bound->name = "limits of `/etc/pinfold/policy.json'";
	bound->file = "/etc/pinfold/policy.json";
	bound->limit = bound->undecided = true;
}

/* What /proc/PID/mountinfo would show to a process whose root this is. */
static inline char *box_mountinfo(const struct box *b)
{
	FILE *f = fopen("/proc/self/mountinfo", "re");
	size_t n = strlen(b->root), len = 0;
	char *text = calloc(1, 1 << 16), line[4096];

	box_must(f && text, "mountinfo");
	while (fgets(line, sizeof(line), f)) {
		char *at = line;

		for (int i = 0; i < 4 && at; i++)
			at = strchr(at, ' ') ? strchr(at, ' ') + 1 : NULL;
		if (!at || strncmp(at, b->root, n) != 0 || (at[n] != '/' && at[n] != ' '))
			continue;
		len += (size_t)snprintf(text + len, (1 << 16) - len, "%.*s%s%s", (int)(at - line),
					line, at[n] == '/' ? "" : "/", at + n);
		box_must(len < 1 << 16, "mountinfo");
	}
	fclose(f);
	return text;
}

static inline int box_resolve(struct box *b)
{
	auto_free char *mountinfo = b->unmounted ? NULL : box_mountinfo(b);
	struct confine_input in = {
		.policy = &b->policy,
		.config = &b->config,
		.host = &b->host,
		.mountinfo = mountinfo,
		.unmounted = b->unmounted,
	};
	int ret;

	confinement_free(&b->c);
	b->e = (struct pf_error)PF_ERROR_INIT;
	b->root_fd = open(b->root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	box_must(b->root_fd >= 0, b->root);
	in.root_fd = b->root_fd;
	ret = confine_resolve(&in, &b->c, &b->e);
	close(b->root_fd);
	if (ret < 0)
		printf("# %s\n", b->e.msg);
	return ret;
}

/* What a key opened without @system's part. */
static inline const char *box_opened(const struct box *b, enum confine_key key)
{
	static char buf[1024];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < b->c.n_paths; i++) {
		const struct confine_path *p = &b->c.paths[i];

		if (p->key == key && !p->system)
			len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s%s",
						len ? " " : "", p->is_image ? "@image" : p->path);
	}
	return buf;
}

static inline const struct confine_path *box_find(const struct box *b, enum confine_key key,
						  const char *path)
{
	for (size_t i = 0; i < b->c.n_paths; i++)
		if (b->c.paths[i].key == key && strcmp(b->c.paths[i].path, path) == 0)
			return &b->c.paths[i];
	return NULL;
}

static inline const struct confine_mount *box_mount(const struct box *b, const char *path)
{
	for (size_t i = 0; i < b->c.n_mounts; i++)
		if (strcmp(b->c.mounts[i].path, path) == 0)
			return &b->c.mounts[i];
	return NULL;
}

static inline const char *box_notes(const struct box *b)
{
	static char buf[4096];
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < b->c.n_notes && len < sizeof(buf); i++)
		len += (size_t)snprintf(buf + len, sizeof(buf) - len, "%s\n", b->c.notes[i].text);
	return buf;
}

/* An image with what every container has. The namespace of mounts is the process's own, so all goes with it. */
static inline struct box *box_open(void)
{
	static unsigned int count;
	static const char *const dirs[] = { "/etc",  "/usr/bin", "/root", "/home/dev",
					    "/work", "/var/tmp", "/tmp",  "/proc",
					    "/sys",  "/dev",     "/run",  "/var/lib" };
	struct box *b = calloc(1, sizeof(*b));

	box_must(b != NULL, "calloc");
	snprintf(b->root, sizeof(b->root), "/tmp/box%u/root", count);
	snprintf(b->outside, sizeof(b->outside), "/tmp/box%u/outside", count++);
	for (const char *p = b->root; p; p = p == b->root ? b->outside : NULL) {
		char parent[64];

		snprintf(parent, sizeof(parent), "%.*s", (int)(strrchr(p, '/') - p), p);
		box_must((mkdir(parent, 0755) == 0 || errno == EEXIST) && mkdir(p, 0755) == 0, p);
	}
	box_must(mount("tmpfs", b->root, "tmpfs", 0, "size=4m") == 0, "tmpfs");
	for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
		box_dir(b, dirs[i]);
	box_file(b, "/etc/passwd",
		 "root:x:0:0::/root:/bin/sh\ndev:x:1000:1000::/home/dev:/bin/sh\n");
	box_file(b, "/etc/hosts", "");
	box_file(b, "/usr/bin/tool", "");
	b->config.mounts = b->mounts;
	b->config.process.present = true;
	b->config.process.cwd = "/work";
	b->config.process.env.v = b->env;
	b->config.linux_.ns[OCI_NS_PID].present = true;
	b->config.linux_.ns[OCI_NS_NETWORK].present = true;
	b->config.linux_.ns[OCI_NS_MOUNT].present = true;
	b->config.linux_.ns[OCI_NS_IPC].present = true;
	b->policy.permit.v = b->permit;
	b->host.landlock_abi = 7;
	return b;
}

static inline void box_close(struct box *b)
{
	confinement_free(&b->c);
	umount2(b->root, MNT_DETACH);
	free(b);
}

static inline void box_env(struct box *b, const char *var)
{
	box_must(b->config.process.env.n + 1 < ARRAY_SIZE(b->env), "env");
	b->env[b->config.process.env.n++] = box_keep(b, var);
}

/* 0, or why the tests cannot run here */
static inline const char *box_prepare(void)
{
	if (geteuid() != 0)
		return "needs root: a mount namespace and mounts";
	if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, "size=64m") < 0)
		return "needs a mount namespace of its own";
	return NULL;
}

#endif
