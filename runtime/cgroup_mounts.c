/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which cgroup hierarchies there are, from the text of /proc/self/mountinfo, and where the caller is in them, from the
 * text of /proc/self/cgroup. Pure: texts in, structs out.
 *
 * Mounts decide. /proc/self/cgroup also lists v1 hierarchies that nobody has mounted here, and the first field of a
 * mount of v1 says less than its options: "cpu,cpuacct" may be mounted as /sys/fs/cgroup/cpu.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"
#include "runtime/cgroup_internal.h"

#define USUAL_TOP "/sys/fs/cgroup"

static const char *const v1_controllers[] = {
	"cpuset",  "cpu",        "cpuacct",  "blkio",   "memory", "devices", "freezer",
	"net_cls", "perf_event", "net_prio", "hugetlb", "pids",   "rdma",    "misc",
};

int cgroup_copy(char *buf, size_t size, const char *text)
{
	size_t len = strlen(text);

	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(buf, text, len + 1);
	return 0;
}

bool cgroup_list_has(const char *list, const char *name)
{
	size_t len = strlen(name);

	while (*list) {
		size_t n = strcspn(list, ", \n");

		if (n == len && memcmp(list, name, n) == 0)
			return true;
		list += n;
		list += strspn(list, ", \n");
	}
	return false;
}

/* mountinfo writes a space, a tab, a newline and a backslash as \ooo. */
static void unescape(char *s)
{
	char *out = s;

	while (*s) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 4;
		} else {
			*out++ = *s++;
		}
	}
	*out = '\0';
}

/* The super block's options hold the controllers among others ("rw,xattr,cpu,cpuacct,clone_children"). */
static int take_controllers(char *options, char *buf, size_t size)
{
	size_t len = 0;
	char *word;

	buf[0] = '\0';
	while ((word = strsep(&options, ","))) {
		bool known = strncmp(word, "name=", 5) == 0;
		int n;

		for (size_t i = 0; !known && i < ARRAY_SIZE(v1_controllers); i++)
			known = strcmp(word, v1_controllers[i]) == 0;
		if (!known)
			continue;
		n = snprintf(buf + len, size - len, "%s%s", len ? "," : "", word);
		if (n < 0 || (size_t)n >= size - len)
			return -ENAMETOOLONG;
		len += (size_t)n;
	}
	return len ? 0 : -ENOENT;
}

/* "31 30 0:28 / /sys/fs/cgroup/cpu rw,relatime shared:9 - cgroup cgroup rw,cpu"; false: not for us */
static bool parse_line(char *line, struct cgroup_mount *m)
{
	char *tail = strstr(line, " - "), *fields[6], *type, *options;
	unsigned int maj, min;

	if (!tail)
		return false;
	*tail = '\0';
	tail += 3;
	for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
		if (!(fields[i] = strsep(&line, " ")))
			return false;
	type = strsep(&tail, " ");
	(void)strsep(&tail, " "); /* the source, any word */
	options = strsep(&tail, " ");
	if (!options || sscanf(fields[2], "%u:%u", &maj, &min) != 2)
		return false;
	*m = (struct cgroup_mount){ .dev = makedev(maj, min), .v2 = strcmp(type, "cgroup2") == 0 };
	if (!m->v2 && strcmp(type, "cgroup") != 0)
		return false;
	m->read_only = cgroup_list_has(fields[5], "ro") || cgroup_list_has(options, "ro");
	unescape(fields[3]);
	unescape(fields[4]);
	if (!m->v2 && take_controllers(options, m->controllers, sizeof(m->controllers)) < 0)
		return false;
	return cgroup_copy(m->root, sizeof(m->root), fields[3]) == 0 &&
	       cgroup_copy(m->mount, sizeof(m->mount), fields[4]) == 0;
}

size_t cgroup_parse_mounts(const char *mountinfo, struct cgroup_mount *ret, size_t max)
{
	size_t n = 0;
	char line[2048];

	while (*mountinfo && n < max) {
		size_t len = strcspn(mountinfo, "\n");

		/* A host may have thousands of mounts: only lines that can be ours are taken apart. */
		if (len < sizeof(line) &&
		    memmem(mountinfo, len, " - cgroup", strlen(" - cgroup"))) {
			memcpy(line, mountinfo, len);
			line[len] = '\0';
			if (parse_line(line, &ret[n]))
				n++;
		}
		mountinfo += len;
		mountinfo += *mountinfo == '\n';
	}
	return n;
}

static bool is_usual(const char *mount)
{
	return strncmp(mount, USUAL_TOP, strlen(USUAL_TOP)) == 0;
}

/* How good a mount is as the way into its hierarchy. */
static int merit(const struct cgroup_mount *m)
{
	return (m->read_only ? 0 : 4) + (is_usual(m->mount) ? 2 : 0) +
	       (strcmp(m->root, "/") == 0 ? 1 : 0);
}

static bool is_wanted(const struct cgroup_mount *m)
{
	/* Named hierarchies have no controllers; systemd's is the one that others look processes up in. */
	return m->v2 || strncmp(m->controllers, "name=", 5) != 0 ||
	       strcmp(m->controllers, "name=systemd") == 0;
}

static int add_hierarchy(const struct cgroup_mount *m, struct cgroup *cg, struct pf_error *e)
{
	struct cgroup_hierarchy *h = &cg->h[cg->n];
	const char *slash = strrchr(m->mount, '/');

	if (cg->n == CGROUP_MAX_HIERARCHIES)
		return pf_fail(e, PF_ERR_HOST, 0, "more than %d cgroup hierarchies are mounted",
			       CGROUP_MAX_HIERARCHIES);
	*h = (struct cgroup_hierarchy){ .v2 = m->v2 };
	memcpy(h->mount, m->mount, sizeof(h->mount));
	memcpy(h->controllers, m->controllers, sizeof(h->controllers));
	memcpy(h->root, m->root, sizeof(h->root));
	if (cgroup_copy(h->name, sizeof(h->name), slash ? slash + 1 : m->mount) < 0)
		return pf_fail(e, PF_ERR_HOST, ENAMETOOLONG, "cgroup mount `%s'", m->mount);
	cg->n++;
	return 0;
}

int cgroup_select_mounts(const struct cgroup_mount *m, size_t n, struct cgroup *cg,
			 struct pf_error *e)
{
	bool has_v1 = false;

	cg->n = 0;
	for (size_t i = 0; i < n; i++) {
		bool best = is_wanted(&m[i]) && !m[i].read_only;

		/* equal merit: the first one, which is the one that was there before anybody's copies */
		for (size_t k = 0; best && k < n; k++)
			if (k != i && m[k].dev == m[i].dev &&
			    (merit(&m[k]) > merit(&m[i]) ||
			     (merit(&m[k]) == merit(&m[i]) && k < i)))
				best = false;
		if (best)
			STEP(add_hierarchy(&m[i], cg, e));
		has_v1 |= best && !m[i].v2;
	}
	for (size_t i = 0; !has_v1 && i < cg->n; i++)
		cg->h[i].name[0] = '\0'; /* pure v2: the mount is the top itself */
	return 0;
}

/* The line of /proc/self/cgroup for @h: "4:memory:/a/b" or "0::/a/b". */
static const char *find_line(const char *text, const struct cgroup_hierarchy *h, size_t *len)
{
	while (*text) {
		size_t n = strcspn(text, "\n");
		const char *list = memchr(text, ':', n), *path = NULL;
		char names[128];

		if (list)
			path = memchr(list + 1, ':', n - (size_t)(list + 1 - text));
		if (path && (size_t)(path - list) <= sizeof(names)) {
			memcpy(names, list + 1, (size_t)(path - list - 1));
			names[path - list - 1] = '\0';
			if (strcmp(names, h->controllers) == 0 ||
			    (h->controllers[0] && names[0] &&
			     cgroup_list_has(h->controllers, names)) ||
			    (h->controllers[0] && cgroup_list_has(names, h->controllers))) {
				*len = n - (size_t)(path + 1 - text);
				return path + 1;
			}
		}
		text += n;
		text += *text == '\n';
	}
	return NULL;
}

void cgroup_relative_to_mount(const struct cgroup_hierarchy *h, const char *path, char *buf,
			      size_t size)
{
	size_t len = strcmp(h->root, "/") == 0 ? 0 : strlen(h->root);

	/* A mount made in another cgroup namespace may not contain the caller: then the top of the mount is all there is. */
	if (strncmp(path, "/..", 3) == 0 || strncmp(path, h->root, len) != 0 ||
	    (path[len] != '/' && path[len] != '\0') || strcmp(path + len, "/") == 0 ||
	    strlen(path + len) >= size)
		buf[0] = '\0';
	else
		memcpy(buf, path + len, strlen(path + len) + 1);
}

int cgroup_own_path(const char *self_cgroup, const struct cgroup_hierarchy *h, char *buf,
		    size_t size)
{
	char path[CGROUP_PATH_SIZE];
	size_t len = 0;
	const char *found = find_line(self_cgroup, h, &len);

	if (!found)
		return -ENOENT;
	if (len >= sizeof(path))
		return -ENAMETOOLONG;
	memcpy(path, found, len);
	path[len] = '\0';
	cgroup_relative_to_mount(h, path, buf, size);
	return 0;
}
