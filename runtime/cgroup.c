/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's groups over all hierarchies: made, joined, removed. Runs in the parent; the init only ever sees the
 * fds of cgroup_open_joins().
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/path.h"
#include "runtime/cgroup_internal.h"

#define DESTROY_TIMEOUT_MS 5000
#define PROC_CGROUP_MAX    65536 /* bytes; some 15 lines */

/* ---- create ---- */

static int check_empty(const struct cgroup_hierarchy *h, struct pf_error *e)
{
	auto_free pid_t *pids = NULL;
	size_t n = 0;

	STEP(cgroup_pids_in(h, &pids, &n, e));
	if (n > 0)
		return pf_fail_sys(
			e, EBUSY,
			"container's cgroup is not empty: %zu process(es) found in `%s%s' (the first is %d)",
			n, h->mount, h->path, (int)pids[0]);
	return 0;
}

/* A process put into a frozen group never runs again, and neither would we who wait for it. */
static int check_thawed(const struct cgroup *cg, struct pf_error *e)
{
	bool frozen = false;

	STEP(cgroup_is_frozen(cg, &frozen, e));
	if (frozen)
		return pf_fail_sys(
			e, EBUSY,
			"container's cgroup unexpectedly frozen: thaw it or choose another cgroupsPath");
	return 0;
}

static int create_all(struct cgroup *cg, struct pf_error *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		struct cgroup_hierarchy *h = &cg->h[i];

		STEP(cgroup_dir_make(h, e));
		if (!h->created)
			STEP(check_empty(h, e));
		/* without a name it is v2 alone; beside v1 only what a limit asks for is enabled, see cgroup_limits.c */
		if (h->v2 && !h->name[0])
			(void)cgroup_dir_enable(h, NULL);
	}
	STEP(check_thawed(cg, e));
	for (size_t i = 0; i < cg->n; i++)
		cg->h[i].owned = true;
	return 0;
}

static void undo_create(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++) {
		if (cg->h[i].created)
			(void)cgroup_dir_remove(&cg->h[i]);
		cgroup_dir_remove_parents(&cg->h[i]);
	}
}

int cgroup_create(struct cgroup *cg, struct pf_error *e)
{
	int ret;

	/* systemd: the scope makes them, once there is a process for it. Its name is refused by systemd when it is taken. */
	if (cg->manager != CGROUP_MANAGER_CGROUPFS)
		return 0;
	ret = create_all(cg, e);
	if (ret < 0)
		undo_create(cg);
	return ret;
}

/* ---- limits ---- */

int cgroup_apply(struct cgroup *cg, const struct oci_config *config, const struct oci_resources *r,
		 struct pf_error *e)
{
	if (cg->manager == CGROUP_MANAGER_DISABLED) {
		if (r->present)
			pf_debug("/linux/resources: the cgroup manager is disabled, ignoring");
		return 0;
	}
	/* Resources alone, which an update is, say nothing about devices; a whole config.json has a version. */
	if (config && config->oci_version) {
		STEP(devices_apply(cg, r, e));
	} else if (cg->manager == CGROUP_MANAGER_SYSTEMD) {
		/* before the scope is changed: an update that is refused changes nothing */
		STEP(cgroup_limits_check(cg, r, e));
		STEP(cgroup_systemd_update(cg, r, e));
	}
	return cgroup_limits_apply(cg, r, e);
}

/* ---- joins ---- */

static int open_file(const struct cgroup_hierarchy *h, const char *file, int *ret_fd,
		     struct pf_error *e)
{
	auto_fd dir = -EBADF;
	int fd;

	STEP(cgroup_dir_open(h, &dir, e));
	fd = openat(dir, file, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return pf_fail_sys(e, errno, "open `%s%s/%s'", h->mount, h->path, file);
	*ret_fd = fd;
	return 0;
}

int cgroup_open_joins(const struct cgroup *cg, bool skip_v2, int *fds, size_t *n,
		      struct pf_error *e)
{
	size_t count = 0;
	int ret = 0;

	for (size_t i = 0; i < cg->n && ret == 0; i++) {
		if (cg->h[i].v2 && skip_v2)
			continue;
		ret = open_file(&cg->h[i], cg->h[i].v2 ? "cgroup.procs" : "tasks", &fds[count], e);
		count += ret == 0;
	}
	while (ret < 0 && count > 0)
		pf_close(fds[--count]);
	if (ret == 0)
		*n = count;
	return ret;
}

int cgroup_open_v2(const struct cgroup *cg, int *ret_fd, struct pf_error *e)
{
	const struct cgroup_hierarchy *h = cgroup_find_v2(cg);

	return h ? cgroup_dir_open(h, ret_fd, e) : -ENOENT;
}

static int attach_one(const struct cgroup_hierarchy *h, pid_t pid, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	char text[32];

	snprintf(text, sizeof(text), "%d", (int)pid);
	STEP(open_file(h, "cgroup.procs", &fd, e));
	if (write(fd, text, strlen(text)) < 0)
		return pf_fail_sys(e, errno, "move process %d to `%s%s'", (int)pid, h->mount,
				   h->path);
	return 0;
}

int cgroup_attach(const struct cgroup *cg, pid_t pid, struct pf_error *e)
{
	for (size_t i = 0; i < cg->n; i++)
		STEP(attach_one(&cg->h[i], pid, e));
	return 0;
}

/* Whether the group takes processes: not when it is full of groups that have controllers. */
static bool takes_processes(const struct cgroup_hierarchy *h)
{
	struct pf_error ignored;
	auto_fd dir = -EBADF;
	char list[512];

	if (cgroup_dir_open(h, &dir, &ignored) < 0)
		return true; /* whoever joins it says what is wrong */
	return cgroup_read_file(dir, "cgroup.subtree_control", list, sizeof(list)) <= 0;
}

int cgroup_follow(const struct cgroup *cg, pid_t pid, struct cgroup *ret, struct pf_error *e)
{
	const struct cgroup_hierarchy *h = cgroup_find_v2(cg);
	char name[32], path[CGROUP_PATH_SIZE];
	auto_free char *text = NULL;
	auto_fd proc = -EBADF;

	if (ret != cg)
		*ret = *cg;
	if (!h || takes_processes(h))
		return 0;
	snprintf(name, sizeof(name), "%d/cgroup", (int)pid);
	STEP(pf_open_proc(&proc, e));
	STEP(pf_read_file_at(proc, name, PROC_CGROUP_MAX, &text, NULL, e));
	/* what the init did outside of our group, with a host's cgroup mount say, is no reason to go there */
	if (cgroup_own_path(text, h, path, sizeof(path)) == 0 && pf_path_inside(path, h->path))
		memcpy(ret->h[h - cg->h].path, path, sizeof(path));
	return 0;
}

/* ---- systemd ---- */

/* systemd makes groups on v1 only for what it was asked for; the others are ours to make and to fill. */
static int complete_v1(struct cgroup_hierarchy *h, pid_t pid, struct pf_error *e)
{
	STEP(cgroup_dir_make(h, e));
	h->owned = true;
	return h->v2 ? 0 : attach_one(h, pid, e);
}

int cgroup_start_scope(struct cgroup *cg, const struct oci_config *config, pid_t pid,
		       struct pf_error *e)
{
	char path[CGROUP_PATH_SIZE];

	if (cg->manager != CGROUP_MANAGER_SYSTEMD)
		return pf_fail(e, PF_ERR_BUG, 0, "a scope without the systemd cgroup manager");
	STEP(cgroup_systemd_start(cg, config, pid, path, sizeof(path), e));
	cg->scope_started = true;
	for (size_t i = 0; i < cg->n;) {
		struct pf_error why;
		int ret;

		cgroup_relative_to_mount(&cg->h[i], path, cg->h[i].path, sizeof(cg->h[i].path));
		ret = complete_v1(&cg->h[i], pid, &why);
		if (ret < 0 && !cg->h[i].v2 && cg->rootless) {
			cgroup_drop(cg, i);
			continue;
		}
		if (ret < 0) {
			*e = why;
			return ret;
		}
		i++;
	}
	return check_thawed(cg, e);
}

/* ---- sub-groups ---- */

static int extend(struct cgroup_hierarchy *h, const char *path, struct pf_error *e)
{
	char joined[2 * CGROUP_PATH_SIZE];
	int n = snprintf(joined, sizeof(joined), "%s/%s", h->path, path);

	if (n < 0 || (size_t)n >= sizeof(joined) ||
	    pf_path_normalise(joined, h->path, sizeof(h->path)) < 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "--cgroup: `%.200s' does not name a sub-group (no \"..\")", path);
	h->created = false;
	return 0;
}

static int check_list(const struct cgroup *cg, const char *list, struct pf_error *e)
{
	char name[64];

	for (const char *p = list; *p; p += strspn(p, ",")) {
		size_t len = strcspn(p, ",");

		snprintf(name, sizeof(name), "%.*s", (int)len, p);
		if (!cgroup_find_v1(cg, name))
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "--cgroup: the container has no group of controller `%s'",
				       name);
		p += len;
	}
	return 0;
}

int cgroup_subgroup(const struct cgroup *cg, const char *spec, struct cgroup *ret,
		    struct pf_error *e)
{
	const char *colon = strchr(spec, ':');
	char list[128] = "";

	if (colon && (size_t)(colon - spec) >= sizeof(list))
		return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, "--cgroup");
	if (colon) {
		memcpy(list, spec, (size_t)(colon - spec));
		STEP(check_list(cg, list, e));
	}
	if (ret != cg)
		*ret = *cg;
	for (size_t i = 0; i < ret->n; i++) {
		struct cgroup_hierarchy *h = &ret->h[i];
		bool match = !*list;

		for (const char *p = h->controllers; *list && *p && !match; p += strspn(p, ",")) {
			char name[64];
			size_t len = strcspn(p, ",");

			snprintf(name, sizeof(name), "%.*s", (int)len, p);
			match = cgroup_list_has(list, name);
			p += len;
		}
		if (match)
			STEP(extend(h, colon ? colon + 1 : spec, e));
	}
	return 0;
}

/* ---- destroy ---- */

/* One attempt at every hierarchy that is not gone yet. Return: how many remain; *err: why the last one does */
static size_t remove_each(const struct cgroup *cg, bool *gone, int *err)
{
	size_t left = 0;

	for (size_t i = 0; i < cg->n; i++) {
		int ret = gone[i] || !cg->h[i].owned ? 0 : cgroup_dir_remove(&cg->h[i]);

		gone[i] = ret == 0;
		if (ret < 0) {
			left++;
			*err = ret;
		}
	}
	return left;
}

/*
 * The scope ends with its last process, so the kill is nearly all there is to do: left to systemd it would begin with a
 * SIGTERM and 90 seconds of patience. A bus that does not answer is no reason to leave groups behind.
 */
static void stop_scope(const struct cgroup *cg)
{
	struct pf_error why;

	(void)cgroup_kill(cg, SIGKILL, &why);
	if (cgroup_systemd_stop(cg, &why) < 0)
		pf_debug("%s, continuing with the groups", why.msg);
}

int cgroup_remove_empty(const struct cgroup *cg, struct pf_error *e)
{
	for (size_t i = 0; i < cg->n; i++) {
		int ret = cgroup_dir_remove_empty(&cg->h[i]);

		if (ret < 0)
			return pf_fail_sys(e, ret, "remove cgroup `%s%s'", cg->h[i].mount,
					   cg->h[i].path);
	}
	return 0;
}

int cgroup_destroy(const struct cgroup *cg, struct pf_error *e)
{
	bool gone[CGROUP_MAX_HIERARCHIES] = { false };
	struct cgroup_wait wait;
	struct pf_error ignored;
	int err = 0;

	if (cg->scope_started)
		stop_scope(cg);
	cgroup_wait_start(&wait, DESTROY_TIMEOUT_MS);
	while (remove_each(cg, gone, &err) > 0) {
		/* Whoever is left in them came from the container: create refused a group that held others. */
		(void)cgroup_kill(cg, SIGKILL, &ignored);
		if (!cgroup_wait_next(&wait))
			break;
	}
	for (size_t i = 0; i < cg->n; i++)
		if (!gone[i])
			return pf_fail_sys(e, err, "remove cgroup `%s%s'", cg->h[i].mount,
					   cg->h[i].path);
	for (size_t i = 0; i < cg->n; i++)
		cgroup_dir_remove_parents(&cg->h[i]);
	return 0;
}
