/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the container's groups will be. Nothing is made here; every refusal that config.json's cgroupsPath can earn
 * happens here.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/cgroup_internal.h"

#define POINTER       "/linux/cgroupsPath"
#define MOUNTINFO_MAX (32u << 20) /* bytes; a line is some 150 */

/* ---- systemd's names ---- */

static bool is_unit_name(const char *s)
{
	const char *const allowed =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789:_.\\@-";

	return *s && s[strspn(s, allowed)] == '\0';
}

int cgroup_expand_slice(const char *slice, char *buf, size_t size)
{
	size_t len = strlen(slice), used = 0;

	if (size > 0)
		buf[0] = '\0';
	if (strcmp(slice, "-.slice") == 0)
		return 0;
	if (len <= strlen(".slice") || strcmp(slice + len - strlen(".slice"), ".slice") != 0 ||
	    !is_unit_name(slice) || slice[0] == '-')
		return -EINVAL;
	len -= strlen(".slice");
	if (slice[len - 1] == '-')
		return -EINVAL;
	for (size_t i = 1; i <= len; i++) { /* each dash ends the name of a slice further up */
		int n;

		if (i < len && slice[i] != '-')
			continue;
		if (slice[i - 1] == '-')
			return -EINVAL;
		n = snprintf(buf + used, size - used, "/%.*s.slice", (int)i, slice);
		if (n < 0 || (size_t)n >= size - used)
			return -ENAMETOOLONG;
		used += (size_t)n;
	}
	return 0;
}

int cgroup_parse_scope(const char *spec, const char *id, struct cgroup *cg, struct pf_error *e)
{
	char copy[CGROUP_PATH_SIZE], path[CGROUP_PATH_SIZE], *rest = copy, *slice, *prefix, *name;
	const char *fallback = cg->systemd_user ? "user.slice" : "system.slice";
	int n;

	n = spec ? snprintf(copy, sizeof(copy), "%s", spec)
		 : snprintf(copy, sizeof(copy), ":pinfold:%s", id);
	if (n < 0 || (size_t)n >= sizeof(copy))
		return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, POINTER);
	slice = strsep(&rest, ":");
	prefix = strsep(&rest, ":");
	name = rest;
	if (!prefix || !name || strchr(name, ':'))
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			POINTER
			": `%.200s' is not \"slice:prefix:name\", which the systemd cgroup manager takes",
			spec);
	if (cgroup_copy(cg->slice, sizeof(cg->slice), *slice ? slice : fallback) < 0 ||
	    cgroup_expand_slice(cg->slice, path, sizeof(path)) < 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, POINTER ": `%.200s' is not the name of a slice",
			       slice);
	n = snprintf(cg->unit, sizeof(cg->unit), "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	if (n < 0 || (size_t)n >= sizeof(cg->unit) || !*name || !is_unit_name(cg->unit))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       POINTER ": `%.100s-%.100s' cannot be the name of a systemd scope",
			       prefix, name);
	return 0;
}

/* Until the scope stands this is where it is expected; its ControlGroup property is the truth. */
static int place_scope(const struct oci_config *config, const char *id, struct cgroup *cg,
		       struct pf_error *e)
{
	const char *given = config->linux_.cgroups_path;
	char path[CGROUP_PATH_SIZE];

	STEP(cgroup_parse_scope(given && *given ? given : NULL, id, cg, e));
	if (cgroup_expand_slice(cg->slice, path, sizeof(path)) < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "slice `%s' was good and is bad now", cg->slice);
	for (size_t i = 0; i < cg->n; i++) {
		int n = snprintf(cg->h[i].path, sizeof(cg->h[i].path), "%s/%s", path, cg->unit);

		if (n < 0 || (size_t)n >= sizeof(cg->h[i].path))
			return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, POINTER);
	}
	return 0;
}

/* ---- cgroupfs ---- */

static bool can_write(const struct cgroup_hierarchy *h, const char *path)
{
	char full[sizeof(h->mount) + CGROUP_PATH_SIZE];

	snprintf(full, sizeof(full), "%s%s", h->mount, path);
	for (;;) {
		char *slash;

		if (faccessat(AT_FDCWD, full, W_OK, AT_EACCESS) == 0)
			return true;
		slash = strrchr(full, '/');
		/* what is not there yet can be made where the group above it can be written */
		if (errno != ENOENT || !slash || (size_t)(slash - full) < strlen(h->mount))
			return false;
		*slash = '\0';
	}
}

/*
 * The group that an own or relative path starts from. On pure v2 a group that holds processes, as the caller's own does,
 * cannot give controllers to groups below it: so the container goes beside the caller, where the caller may write there.
 */
static int find_base(const char *self_cgroup, const struct cgroup *cg,
		     const struct cgroup_hierarchy *h, char *buf, size_t size)
{
	char *slash;
	int ret = cgroup_own_path(self_cgroup, h, buf, size);

	if (ret < 0)
		return ret == -ENOENT ? cgroup_copy(buf, size, "") : ret;
	slash = strrchr(buf, '/');
	if (!slash || !cgroup_is_unified(cg))
		return 0;
	*slash = '\0';
	if (cg->rootless && !can_write(h, buf))
		*slash = '/';
	return 0;
}

static int place_one(const char *inner, const char *self_cgroup, struct cgroup *cg, size_t i,
		     struct pf_error *e)
{
	char base[CGROUP_PATH_SIZE] = "", joined[2 * CGROUP_PATH_SIZE];
	struct cgroup_hierarchy *h = &cg->h[i];
	int n, ret = 0;

	if (inner[0] != '/') /* NOLINT(clang-analyzer-core.NullDereference): it has a default */
		ret = find_base(self_cgroup, cg, h, base, sizeof(base));
	if (ret < 0)
		return pf_fail_sys(e, ret, "the caller's own group in `%s'", h->mount);
	n = snprintf(joined, sizeof(joined), "%s/%s", base, inner);
	if (n < 0 || (size_t)n >= sizeof(joined))
		return pf_fail(e, PF_ERR_CONFIG, ENAMETOOLONG, POINTER);
	ret = pf_path_normalise(joined, h->path, sizeof(h->path));
	if (ret < 0)
		return pf_fail(e, PF_ERR_CONFIG, -ret,
			       POINTER ": `%.300s' (no \"..\", below 512 bytes)", inner);
	if (strcmp(h->path, base) == 0 || strcmp(h->path, "/") == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       POINTER ": `%.300s' is a group that others are in", inner);
	return 0;
}

int cgroup_place(const struct oci_config *config, const char *id, const char *self_cgroup,
		 struct cgroup *cg, struct pf_error *e)
{
	const char *given = config->linux_.cgroups_path;
	bool scope = cg->manager == CGROUP_MANAGER_SYSTEMD;

	cg->path_given = given && *given;
	if (scope)
		STEP(place_scope(config, id, cg, e));
	for (size_t i = 0; i < cg->n && !scope; i++)
		STEP(place_one(cg->path_given ? given : id, self_cgroup, cg, i, e));

	/* From the end, since dropping moves what follows. The user's systemd makes its own place on v2. */
	for (size_t i = cg->n; cg->rootless && i-- > 0;) {
		if ((scope && cg->h[i].v2) || (!scope && cg->path_given) ||
		    can_write(&cg->h[i], cg->h[i].path))
			continue;
		cgroup_drop(cg, i);
	}
	return 0;
}

/* ---- the host's side ---- */

/* A mount that another was put on top of is still listed, but the path leads to the other. */
static size_t drop_hidden(struct cgroup_mount *m, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		struct stat st;

		if (stat(m[i].mount, &st) == 0 && st.st_dev == m[i].dev)
			m[kept++] = m[i];
	}
	return kept;
}

static int read_proc(int proc, const char *name, char **ret, struct pf_error *e)
{
	int r = pf_read_file_at(proc, name, MOUNTINFO_MAX, ret, NULL, e);

	return r < 0 ? pf_wrap(e, "procfs") : 0;
}

static int find_hierarchies(int proc, struct cgroup *cg, struct pf_error *e)
{
	auto_free struct cgroup_mount *mounts = calloc(CGROUP_MAX_MOUNTS, sizeof(*mounts));
	auto_free char *text = NULL;
	size_t n;

	if (!mounts)
		return pf_fail_sys(e, ENOMEM, "list cgroup mounts");
	STEP(read_proc(proc, "self/mountinfo", &text, e));
	n = cgroup_parse_mounts(text, mounts, CGROUP_MAX_MOUNTS);
	n = drop_hidden(mounts, n);
	STEP(cgroup_select_mounts(mounts, n, cg, e));
	if (cg->n == 0 && !cg->rootless)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"no cgroup filesystem is mounted that can be written: mount cgroup2 at `/sys/fs/cgroup'");
	return 0;
}

int cgroup_plan(const struct oci_config *config, const char *id, enum cgroup_manager manager,
		bool rootless, struct cgroup *ret, struct pf_error *e)
{
	auto_free char *self_cgroup = NULL;
	auto_fd proc = -EBADF;

	memset(ret, 0, sizeof(*ret));
	ret->manager = manager;
	ret->rootless = rootless;
	ret->systemd_user = rootless && manager == CGROUP_MANAGER_SYSTEMD;
	if (manager == CGROUP_MANAGER_DISABLED)
		return 0;
	STEP(pf_open_proc(&proc, e));
	STEP(find_hierarchies(proc, ret, e));
	STEP(read_proc(proc, "self/cgroup", &self_cgroup, e));
	return cgroup_place(config, id, self_cgroup, ret, e);
}
