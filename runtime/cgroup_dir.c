/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One group as a directory below one mount. The mount is opened once by its path; everything below goes by fd. cgroupfs
 * has no symlinks and no hard links, so a path below the mount can lead nowhere else.
 *
 * What is inside a group may have been made by the container: any number of sub-groups, nested as deep as it liked. So
 * walks keep a queue of paths rather than an fd per level, and give up with an error rather than run out of anything.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/cgroup_internal.h"

#define WALK_MAX_GROUPS 65536

const struct cgroup_hierarchy *cgroup_find_v1(const struct cgroup *cg, const char *controller)
{
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->h[i].v2 && cgroup_list_has(cg->h[i].controllers, controller))
			return &cg->h[i];
	return NULL;
}

const struct cgroup_hierarchy *cgroup_find_v2(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (cg->h[i].v2)
			return &cg->h[i];
	return NULL;
}

bool cgroup_is_unified(const struct cgroup *cg)
{
	for (size_t i = 0; i < cg->n; i++)
		if (!cg->h[i].v2)
			return false;
	return cg->n > 0;
}

void cgroup_drop(struct cgroup *cg, size_t i)
{
	memmove(&cg->h[i], &cg->h[i + 1], (cg->n - i - 1) * sizeof(cg->h[0]));
	cg->n--;
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void cgroup_wait_start(struct cgroup_wait *w, int timeout_ms)
{
	w->deadline_ms = now_ms() + timeout_ms;
	w->sleep_us = 100;
}

bool cgroup_wait_next(struct cgroup_wait *w)
{
	struct timespec ts = { .tv_nsec = w->sleep_us * 1000 };

	if (now_ms() >= w->deadline_ms)
		return false;
	nanosleep(&ts, NULL);
	if (w->sleep_us < 50000)
		w->sleep_us *= 2;
	return true;
}

ssize_t cgroup_read_file(int dir, const char *file, char *buf, size_t size)
{
	auto_fd fd = openat(dir, file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	if (n < 0)
		return -errno;
	if (n > 0 && buf[n - 1] == '\n')
		n--;
	buf[n] = '\0';
	return n;
}

int cgroup_read_number(int dir, const char *file, int64_t *ret)
{
	char text[64], *end;
	ssize_t n = cgroup_read_file(dir, file, text, sizeof(text));

	if (n < 0)
		return (int)n;
	if (strcmp(text, "max") == 0) {
		*ret = INT64_MAX;
		return 0;
	}
	errno = 0;
	*ret = strtoll(text, &end, 10);
	return end == text || errno ? -ERANGE : 0;
}

int cgroup_read_flag(int dir, const char *key)
{
	char text[256], *line = text, *word;
	size_t len = strlen(key);
	ssize_t n = cgroup_read_file(dir, "cgroup.events", text, sizeof(text));

	if (n < 0)
		return (int)n;
	while ((word = strsep(&line, "\n")))
		if (strncmp(word, key, len) == 0 && word[len] == ' ')
			return word[len + 1] != '0';
	return -ENODATA;
}

/* "/a/b" -> "a/b"; the mount itself is "." */
static const char *below(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

static int open_mount(const struct cgroup_hierarchy *h, int *ret_fd, struct pf_error *e)
{
	return pf_open_host(h->mount, O_PATH | O_DIRECTORY, ret_fd, e);
}

int cgroup_dir_open(const struct cgroup_hierarchy *h, int *ret_fd, struct pf_error *e)
{
	auto_fd mount = -EBADF;
	int ret;

	STEP(open_mount(h, &mount, e));
	ret = pf_open_beneath(mount, below(h->path), O_RDONLY | O_DIRECTORY, ret_fd, e);
	return ret < 0 ? pf_wrap(e, "cgroup `%s'", h->mount) : 0;
}

/* ---- make ---- */

static int make_parents(int mount, const char *path, struct cgroup_hierarchy *h)
{
	char part[CGROUP_PATH_SIZE];

	for (const char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
		memcpy(part, path, (size_t)(slash - path));
		part[slash - path] = '\0';
		if (mkdirat(mount, part, 0755) == 0)
			h->made_parents++;
		else if (errno != EEXIST)
			return -errno;
	}
	return 0;
}

static int make_path(int mount, const char *path, struct cgroup_hierarchy *h)
{
	/* Again when a parent goes between the two: another container's undo may just have found it empty. */
	for (int tries = 0; tries < 8; tries++) {
		int ret;

		if (mkdirat(mount, path, 0755) == 0) {
			h->created = true;
			return 0;
		}
		if (errno != ENOENT)
			return errno == EEXIST ? 0 : -errno;
		ret = make_parents(mount, path, h);
		if (ret < 0 && ret != -ENOENT)
			return ret;
	}
	return -ENOENT;
}

/* Cuts the last component off; false at the mount. */
static bool go_up(char *path)
{
	char *slash = strrchr(path, '/');

	if (strcmp(path, ".") == 0)
		return false;
	if (slash)
		*slash = '\0';
	else
		memcpy(path, ".", 2);
	return true;
}

static int inherit_file(int mount, const char *path, const char *file)
{
	char value[4096], above[CGROUP_PATH_SIZE], name[CGROUP_PATH_SIZE + 32];
	ssize_t n;

	snprintf(name, sizeof(name), "%s/%s", path, file);
	n = cgroup_read_file(mount, name, value, sizeof(value));
	if (n != 0)
		return n < 0 ? (int)n : 0;
	memcpy(above, path, strlen(path) + 1);
	if (!go_up(above))
		return 0;
	/* Recursion is bounded by the components of a path of less than 512 bytes. */
	STEP(inherit_file(mount, above, file));
	snprintf(name, sizeof(name), "%s/%s", above, file);
	n = cgroup_read_file(mount, name, value, sizeof(value));
	if (n <= 0)
		return (int)n;
	snprintf(name, sizeof(name), "%s/%s", path, file);
	return pf_write_file_at(mount, name, value);
}

/* v1: nothing can join a cpuset without cpus and memory nodes, and a new one has none. */
static int inherit_cpuset(int mount, const char *path)
{
	STEP(inherit_file(mount, path, "cpuset.cpus"));
	return inherit_file(mount, path, "cpuset.mems");
}

int cgroup_dir_make(struct cgroup_hierarchy *h, struct pf_error *e)
{
	auto_fd mount = -EBADF;
	const char *path = below(h->path);
	int ret;

	STEP(open_mount(h, &mount, e));
	ret = make_path(mount, path, h);
	if (ret < 0)
		return pf_fail_sys(e, ret, "make cgroup `%s%s'", h->mount, h->path);
	if (h->v2 || !cgroup_list_has(h->controllers, "cpuset"))
		return 0;
	ret = inherit_cpuset(mount, path);
	if (ret < 0)
		return pf_fail_sys(e, ret, "give cpus and memory nodes to cpuset `%s%s'", h->mount,
				   h->path);
	return 0;
}

/* One group: write what is available, wanted and not enabled yet. */
static int enable_in(int dir, const char *controller)
{
	char available[512], enabled[512], word[64], *list = available, *name;
	int ret = 0;

	STEP((int)cgroup_read_file(dir, "cgroup.controllers", available, sizeof(available)));
	STEP((int)cgroup_read_file(dir, "cgroup.subtree_control", enabled, sizeof(enabled)));
	if (controller && !cgroup_list_has(available, controller))
		return -ENODEV;
	while ((name = strsep(&list, " "))) {
		int r;

		if (!*name || (controller && strcmp(name, controller) != 0) ||
		    cgroup_list_has(enabled, name))
			continue;
		snprintf(word, sizeof(word), "+%s", name);
		r = pf_write_file_at(dir, "cgroup.subtree_control", word);
		ret = r < 0 ? r : ret;
	}
	return ret;
}

int cgroup_dir_enable(const struct cgroup_hierarchy *h, const char *controller)
{
	char part[CGROUP_PATH_SIZE];
	const char *path = below(h->path);
	struct pf_error ignored;
	auto_fd mount = -EBADF;
	int ret;

	STEP(open_mount(h, &mount, &ignored));
	for (const char *end = path; end; end = strchr(end + 1, '/')) {
		auto_fd dir = -EBADF;

		memcpy(part, path, (size_t)(end - path));
		part[end - path] = '\0';
		STEP(pf_open_beneath(mount, below(part), O_RDONLY | O_DIRECTORY, &dir, &ignored));
		ret = enable_in(dir, controller);
		/* "all, as far as it goes": a limit that needs a missing one says so when it is written */
		if (ret < 0 && controller)
			return ret;
	}
	return 0;
}

/* ---- walk and remove ---- */

struct walk_queue { /* paths relative to the start, "." first */
	char **v;   /* owned, each too */
	size_t n, cap;
};

static void queue_free(struct walk_queue *q)
{
	for (size_t i = 0; i < q->n; i++)
		free(q->v[i]);
	free(q->v);
}

#define auto_queue __attribute__((cleanup(queue_free))) struct walk_queue

static int queue_add(struct walk_queue *q, const char *above, const char *name)
{
	char *path = NULL;

	if (q->n == WALK_MAX_GROUPS)
		return -E2BIG;
	if (q->n == q->cap) {
		size_t cap = q->cap ? q->cap * 2 : 16;
		char **v = realloc(q->v, cap * sizeof(*v));

		if (!v)
			return -ENOMEM;
		q->v = v;
		q->cap = cap;
	}
	if (asprintf(&path, "%s%s%s", above ? above : "", above ? "/" : "", name) < 0)
		return -ENOMEM;
	if (strlen(path) >= PATH_MAX) {
		free(path);
		return -ENAMETOOLONG;
	}
	q->v[q->n++] = path;
	return 0;
}

static int queue_children(struct walk_queue *q, int dir, const char *path)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 3), ret = 0;
	struct dirent *d;
	struct stat st;
	DIR *list;

	if (copy < 0)
		return -errno;
	/* A group without sub-groups has two links: most have none, and a listing reads some 50 files' names. */
	if (fstat(dir, &st) == 0 && st.st_nlink == 2) {
		pf_close(copy);
		return 0;
	}
	list = fdopendir(copy);
	if (!list) {
		pf_close(copy);
		return -errno;
	}
	while (ret == 0 && (d = readdir(list)))
		if (d->d_type == DT_DIR && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0)
			ret = queue_add(q, strcmp(path, ".") == 0 ? NULL : path, d->d_name);
	closedir(list);
	return ret;
}

/* Fills @q breadth-first, so that its reverse is an order to remove in. @visit may be NULL. */
static int walk(int dir, struct walk_queue *q, cgroup_visit *visit, void *arg)
{
	struct pf_error ignored;

	STEP(queue_add(q, NULL, "."));
	for (size_t i = 0; i < q->n; i++) {
		auto_fd fd = -EBADF;
		int ret = pf_open_beneath(dir, q->v[i], O_RDONLY | O_DIRECTORY, &fd, &ignored);

		if (ret == -ENOENT || ret == -ENODEV)
			continue; /* gone meanwhile, which groups do */
		if (ret < 0)
			return ret;
		if (visit && (ret = visit(fd, arg)) != 0)
			return ret;
		STEP(queue_children(q, fd, q->v[i]));
	}
	return 0;
}

int cgroup_walk(int dir, cgroup_visit *visit, void *arg)
{
	auto_queue q = { 0 };

	return walk(dir, &q, visit, arg);
}

static int remove_below(int dir)
{
	auto_queue q = { 0 };
	int ret = walk(dir, &q, NULL, NULL), busy = 0;

	if (ret < 0 && ret != -E2BIG && ret != -ENAMETOOLONG)
		return ret;
	/* An incomplete list is still good: what is removed makes the next attempt's list shorter. */
	for (size_t i = q.n; i-- > 1;)
		if (unlinkat(dir, q.v[i], AT_REMOVEDIR) < 0 && errno != ENOENT)
			busy = -errno;
	return busy ? busy : ret;
}

int cgroup_dir_remove_empty(const struct cgroup_hierarchy *h)
{
	const char *path = below(h->path);
	auto_fd mount = -EBADF;
	struct pf_error ignored;
	int ret;

	if (strcmp(path, ".") == 0)
		return 0; /* the mount itself is never ours */
	ret = open_mount(h, &mount, &ignored);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	return unlinkat(mount, path, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

int cgroup_dir_remove(const struct cgroup_hierarchy *h)
{
	auto_fd mount = -EBADF, dir = -EBADF;
	struct pf_error ignored;
	int ret = cgroup_dir_remove_empty(h);

	if (ret != -EBUSY)
		return ret;
	ret = open_mount(h, &mount, &ignored);
	if (ret >= 0)
		ret = pf_open_beneath(mount, below(h->path), O_RDONLY | O_DIRECTORY, &dir,
				      &ignored);
	if (ret < 0)
		return ret == -ENOENT ? 0 : ret;
	STEP(remove_below(dir));
	return cgroup_dir_remove_empty(h);
}

void cgroup_dir_remove_parents(const struct cgroup_hierarchy *h)
{
	char path[CGROUP_PATH_SIZE];
	auto_fd mount = -EBADF;
	struct pf_error ignored;

	memcpy(path, below(h->path), strlen(below(h->path)) + 1);
	if (h->made_parents == 0 || open_mount(h, &mount, &ignored) < 0)
		return;
	for (unsigned int i = 0; i < h->made_parents && go_up(path) && strcmp(path, ".") != 0; i++)
		if (unlinkat(mount, path, AT_REMOVEDIR) < 0)
			return;
}
