/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every container of this node: by the records that runtimes keep, in the places where they keep them. A record decides
 * nothing: its process is asked itself, and what does not fit is told instead of believed. No record is left out in
 * silence, for a report that misses one reads like a clean one.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "config/foreign.h"
#include "runtime/guard/audit_targets.h"
#include "runtime/state.h"

enum { ROOTS_MAX = 512 };

/* One star a component at most. What is no directory there is passed over. */
static const char *const known[] = {
	"/run/pinfold",
	"/run/runc",
	"/run/crun",
	"/run/youki",
	"/run/containerd/runc/*",
	"/run/docker/runtime-*/*",
	"/run/user/*/pinfold",
	"/run/user/*/runc",
	"/run/user/*/crun",
	"/run/user/*/youki",
};

static const char *const in_xdg[] = { "pinfold", "runc", "crun", "youki" };

struct root {
	char path[PATH_MAX];
	uint64_t dev, ino;
};

struct roots {
	struct root *v; /* owned */
	size_t n;
};

/* A second way to the same directory is no second set of containers. */
static bool is_known(const struct roots *roots, const struct stat *st)
{
	for (size_t i = 0; i < roots->n; i++)
		if (roots->v[i].dev == st->st_dev && roots->v[i].ino == st->st_ino)
			return true;
	return false;
}

static int add_root(struct audit *a, struct roots *roots, const char *path, bool must)
{
	struct root *more;
	struct stat st;

	if (stat(path, &st) < 0) {
		if (must || (errno != ENOENT && errno != ENOTDIR))
			a->problem = audit_printf(a, "`%s' cannot be looked into: %s", path,
						  pf_errno_text(errno));
		return 0;
	}
	if (!S_ISDIR(st.st_mode) || is_known(roots, &st))
		return 0;
	if (roots->n == ROOTS_MAX) {
		a->problem = audit_printf(a, "more than %d directories with records", ROOTS_MAX);
		return 0;
	}
	more = reallocarray(roots->v, roots->n + 1, sizeof(*more));
	if (!more)
		return -ENOMEM;
	roots->v = more;
	more += roots->n++;
	snprintf(more->path, sizeof(more->path), "%s", path);
	more->dev = st.st_dev;
	more->ino = st.st_ino;
	return 0;
}

/* What a glob finds is there; what it cannot list is the business of another user. */
static int add_pattern(struct audit *a, struct roots *roots, const char *pattern)
{
	glob_t found;
	int err = 0;

	if (!strchr(pattern, '*'))
		return add_root(a, roots, pattern, false);
	if (glob(pattern, GLOB_NOSORT, NULL, &found) != 0)
		return 0;
	for (size_t i = 0; err == 0 && i < found.gl_pathc; i++)
		err = add_root(a, roots, found.gl_pathv[i], false);
	globfree(&found);
	return err;
}

static int find_roots(struct audit *a, const struct audit_targets *t, struct roots *roots)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	int err = t->rt->root_option ? add_root(a, roots, t->rt->root_option, true) : 0;

	for (size_t i = 0; err == 0 && i < ARRAY_SIZE(known); i++)
		err = add_pattern(a, roots, known[i]);
	for (size_t i = 0; err == 0 && xdg && xdg[0] == '/' && i < ARRAY_SIZE(in_xdg); i++)
		err = add_pattern(a, roots, audit_printf(a, "%s/%s", xdg, in_xdg[i]));
	for (size_t i = 0; err == 0 && i < t->n_look_in; i++)
		err = add_root(a, roots, t->look_in[i], true);
	return err;
}

/* ---- one record */

struct entry { /* DIR/ID of a root */
	const struct root *root;
	const char *id;
	int root_fd, dir_fd; /* borrowed */
};

static void read_foreign_config(struct audit *a, struct audit_container *c, int dir_fd,
				struct oci_config *ret, const struct oci_config **ret_config)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_fd dir = -EBADF;

	/* crun keeps a copy beside its record: what was created, whatever the bundle says by now */
	if (audit_read_config(dir_fd, ret, &e) == 0) {
		*ret_config = ret;
		return;
	}
	if (!c->bundle) {
		audit_note(c, "its record names no bundle");
		return;
	}
	if (pf_open_host(c->bundle, O_PATH | O_DIRECTORY, &dir, &e) == 0 &&
	    audit_read_config(dir, ret, &e) == 0)
		*ret_config = ret;
	else
		audit_note(c, audit_printf(a, "its config.json cannot be read: %s", e.msg));
}

static int look_at_foreign(struct audit *a, const struct audit_targets *t, const struct entry *at,
			   const struct foreign_state *s, struct audit_container *c,
			   struct pf_error *e)
{
	struct audit_task task = { .host = &t->host,
				   .limits = t->limits,
				   .start_time = s->start_time };
	struct oci_config config;
	int ret;

	c->runtime = foreign_runtime_name(s->runtime);
	c->bundle = s->bundle ? audit_printf(a, "%s", s->bundle) : NULL;
	c->name = audit_engine_name(a, &s->annotations);
	c->pid = audit_process_is(s->pid, s->start_time) ? s->pid : 0;
	/* runc and crun start a container by opening this fifo, which goes with it */
	task.created = c->pid && faccessat(at->dir_fd, "exec.fifo", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	c->status = c->pid == 0 ? "stopped" : task.created ? "created" : "running";
	read_foreign_config(a, c, at->dir_fd, &config, &task.config);
	ret = audit_look(a, c, &task, e);
	if (task.config) {
		if (!c->name)
			c->name = audit_engine_name(a, &config.annotations);
		oci_config_free(&config);
	}
	return ret;
}

static int read_record(int dir_fd, struct foreign_state *ret, struct pf_error *e)
{
	bool is_crun = faccessat(dir_fd, "status", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
	const char *file = is_crun ? "status" : "state.json";
	auto_free char *text = NULL;
	size_t len;

	if (!is_crun && faccessat(dir_fd, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return pf_fail(
			e, PF_ERR_SYS, 0,
			"neither state.json nor status is in it: it is being created, or was left over");
	STEP(pf_read_file_at(dir_fd, file, FOREIGN_MAX_BYTES, &text, &len, e));
	if (foreign_state_parse(text, len, is_crun, ret, e) < 0)
		return pf_wrap(e, "`%s'", file);
	return 0;
}

static int look_at_record(struct audit *a, const struct audit_targets *t, const struct entry *at,
			  struct audit_container *c, struct pf_error *e)
{
	const struct audit_record where = { at->root_fd, at->id };
	struct foreign_state s;
	int ret;

	STEP(read_record(at->dir_fd, &s, e));
	if (s.runtime == FOREIGN_PINFOLD) {
		c->runtime = foreign_runtime_name(s.runtime);
		ret = audit_target_state(a, t, &where, c, e);
	} else {
		ret = look_at_foreign(a, t, at, &s, c, e);
	}
	foreign_state_free(&s);
	return ret;
}

static void add_record(struct audit *a, const struct audit_targets *t, const struct entry *in)
{
	struct audit_container *c = audit_container_new(a);
	struct pf_error e = PF_ERROR_INIT;
	struct entry at = *in;
	auto_fd dir = -EBADF;

	if (!c)
		return;
	c->id = audit_printf(a, "%s", at.id);
	c->runtime = "unknown";
	c->record = audit_printf(a, "%s/%s", at.root->path, at.id);
	dir = openat(at.root_fd, at.id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	at.dir_fd = dir;
	if (dir < 0)
		c->problem =
			audit_printf(a, "its record cannot be opened: %s", pf_errno_text(errno));
	else if (look_at_record(a, t, &at, c, &e) < 0)
		c->problem = audit_printf(a, "%s", e.msg);
}

static void look_into(struct audit *a, const struct audit_targets *t, const struct root *root)
{
	auto_fd fd = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent **list = NULL;
	int n = fd < 0 ? -1 : scandirat(fd, ".", &list, NULL, alphasort);

	if (n < 0)
		a->problem = audit_printf(a, "`%s' cannot be looked into: %s", root->path,
					  pf_errno_text(errno));
	for (int i = 0; i < n; i++) {
		const struct entry at = { .root = root, .id = list[i]->d_name, .root_fd = fd };
		struct stat st;

		/* caches and locks of runtimes begin with a dot */
		if (at.id[0] != '.' && fstatat(fd, at.id, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    S_ISDIR(st.st_mode))
			add_record(a, t, &at);
		free(list[i]);
	}
	free(list);
}

int audit_target_all(struct audit *a, const struct audit_targets *t, struct pf_error *e)
{
	struct roots roots = { .n = 0 };
	int err = find_roots(a, t, &roots);

	for (size_t i = 0; err == 0 && i < roots.n; i++)
		look_into(a, t, &roots.v[i]);
	free(roots.v);
	return err < 0 ? pf_fail_sys(e, err, "audit") : 0;
}

/* ---- names of engines */

static const char *find(const struct oci_pairs *pairs, const char *a, const char *b)
{
	const char *v = oci_annotation(pairs, a);

	return v ? v : oci_annotation(pairs, b);
}

const char *audit_engine_name(struct audit *a, const struct oci_pairs *pairs)
{
	const char *pod = find(pairs, "io.kubernetes.cri.sandbox-name", "io.kubernetes.pod.name");
	const char *in =
		find(pairs, "io.kubernetes.cri.sandbox-namespace", "io.kubernetes.pod.namespace");
	const char *name =
		find(pairs, "io.kubernetes.cri.container-name", "io.kubernetes.container.name");
	const char *type = find(pairs, "io.kubernetes.cri.container-type",
				"io.kubernetes.cri-o.ContainerType");

	if (!name && type && strcmp(type, "sandbox") == 0)
		name = "(sandbox)";
	if (!name)
		name = find(pairs, "nerdctl/name", "io.kubernetes.cri-o.Name");
	if (!name)
		return NULL;
	return audit_printf(a, "%s%s%s%s%s", in ? in : "", in ? "/" : "", pod ? pod : "",
			    pod ? "/" : "", name);
}
