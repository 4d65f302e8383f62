/* SPDX-License-Identifier: Apache-2.0 */
/* The state directory: claiming, writing, loading, releasing. Who lists the state of a container asks the kernel for
 * everything that can change by itself. */
#include <config.h>

#include "runtime/state.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"

#define STATE_MAX_BYTES (4u << 20)

const char *status_name(enum status s)
{
	switch (s) {
	case STATUS_CREATING:
		return "creating";
	case STATUS_CREATED:
		return "created";
	case STATUS_RUNNING:
		return "running";
	case STATUS_PAUSED:
		return "paused";
	case STATUS_STOPPED:
		break;
	}
	return "stopped";
}

static void default_root(bool rootless, char *buf, size_t size)
{
	const char *xdg = getenv("XDG_RUNTIME_DIR");

	if (rootless && xdg && xdg[0] == '/')
		snprintf(buf, size, "%s/pinfold", xdg);
	else if (rootless)
		snprintf(buf, size, "/tmp/pinfold-%u", (unsigned int)geteuid());
	else
		snprintf(buf, size, "/run/pinfold");
}

/* mkdir -p; the last component is ours alone. */
static int make_root(char *path, struct pf_error *e)
{
	for (char *p = path + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(path, 0755) < 0 && errno != EEXIST)
			return pf_fail_sys(e, errno, "make directory `%s'", path);
		*p = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return pf_fail_sys(e, errno, "make the state directory `%s'", path);
	return 0;
}

int state_root_open(const char *option, bool rootless, bool make, int *ret_fd, char *ret_path,
		    size_t size, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	struct stat st;

	if (option)
		snprintf(ret_path, size, "%s", option);
	else
		default_root(rootless, ret_path, size);
	fd = open(ret_path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT && make) {
		STEP(make_root(ret_path, e));
		fd = open(ret_path, O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	}
	if (fd < 0)
		return pf_fail_sys(e, errno, "open the state directory `%s'", ret_path);
	/* Whoever can write here decides which process a container's id means, and what its filter is: also by a new name,
	 * so the sticky bit helps nothing. */
	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat the state directory `%s'", ret_path);
	if (st.st_uid != geteuid() || (st.st_mode & 0022))
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"the state directory `%s' (uid %u, mode %04o) must be this user's own and not writable by others",
			ret_path, st.st_uid, st.st_mode & 07777);
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

int state_check_id(const char *id, struct pf_error *e)
{
	size_t n = strlen(id);

	if (n == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "container id cannot be empty");
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)id[i]) && !strchr("_+-.", id[i]))
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "invalid container id `%s': letters, digits and `_+-.' only",
				       id);
	if (id[0] == '.' || n > 255)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"invalid container id `%s': it starts with `.' or is longer than 255", id);
	return 0;
}

int state_claim(int root_fd, const char *id, int *ret_dir_fd, struct pf_error *e)
{
	int fd;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "container with given ID already exists: `%s'", id);
		return pf_fail_sys(e, errno, "make the state directory of `%s'", id);
	}
	fd = openat(root_fd, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0) {
		int err = errno;

		unlinkat(root_fd, id, AT_REMOVEDIR);
		return pf_fail_sys(e, err, "open the state directory of `%s'", id);
	}
	*ret_dir_fd = fd;
	return 0;
}

/* What pf_replace_file_at() had begun when it was killed: ".NAME.PID". */
static int remove_unfinished(int dir_fd, const char *id, struct pf_error *e)
{
	int fd = openat(dir_fd, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	int ret = 0;

	if (!dir) {
		pf_close(fd);
		return pf_fail_sys(e, errno, "list the state directory of `%s'", id);
	}
	while (ret == 0 && (d = readdir(dir)))
		if (d->d_name[0] == '.' && strcmp(d->d_name, ".") != 0 &&
		    strcmp(d->d_name, "..") != 0 && unlinkat(dir_fd, d->d_name, 0) < 0)
			ret = pf_fail_sys(e, errno, "remove `%s' of `%s'", d->d_name, id);
	closedir(dir);
	return ret;
}

int state_release(int root_fd, const char *id, struct pf_error *e)
{
	static const char *const files[] = { "state.json",    "config.json",  "seccomp.bpf",
					     "seal.plan",     "egress",       "posture.json",
					     "start.sock",    "explain.json", "explain.txt",
					     "inventory.json" };
	auto_fd dir = openat(root_fd, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (dir < 0)
		return errno == ENOENT
			       ? 0
			       : pf_fail_sys(e, errno, "open the state directory of `%s'", id);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (unlinkat(dir, files[i], 0) < 0 && errno != ENOENT)
			return pf_fail_sys(e, errno, "remove `%s' of `%s'", files[i], id);
	if (unlinkat(root_fd, id, AT_REMOVEDIR) == 0)
		return 0;
	if (errno == ENOTEMPTY) {
		/* not among the files above: most containers have no policy, and shall not pay for it */
		if (unlinkat(dir, "events.jsonl", 0) < 0 && errno != ENOENT)
			return pf_fail_sys(e, errno, "remove `events.jsonl' of `%s'", id);
		STEP(remove_unfinished(dir, id, e));
		if (unlinkat(root_fd, id, AT_REMOVEDIR) == 0)
			return 0;
	}
	if (errno != ENOENT)
		return pf_fail_sys(e, errno, "remove the state directory of `%s'", id);
	return 0;
}

uint64_t process_start_time(pid_t pid)
{
	char path[64], text[1024], *p;
	unsigned long long start;
	char state;
	ssize_t n;
	auto_fd fd = -EBADF;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	p = strrchr(text, ')'); /* the command's name may hold anything, also a `)' */
	if (!p ||
	    sscanf(p + 1,
		   " %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu",
		   &state, &start) != 2)
		return 0;
	return state == 'Z' || state == 'X' ? 0 : start;
}

enum status state_status(const struct state *s)
{
	struct pf_error ignored = PF_ERROR_INIT;
	uint64_t start = process_start_time(s->pid);
	bool frozen = false;

	if (start == 0 || start != s->start_time)
		return STATUS_STOPPED;
	if (cgroup_is_frozen(&s->cgroup, &frozen, &ignored) == 0 && frozen)
		return STATUS_PAUSED;
	return faccessat(s->dir_fd, "start.sock", F_OK, AT_SYMLINK_NOFOLLOW) == 0 ? STATUS_CREATED
										  : STATUS_RUNNING;
}

int state_pidfd(const struct state *s, int *ret_fd, struct pf_error *e)
{
	auto_fd fd = sys_pidfd_open(s->pid);

	if (fd < 0)
		return pf_fail_sys(e, fd, "container not running");
	/* Opened first, compared then: if the start time is right now, the fd names that process. */
	if (process_start_time(s->pid) != s->start_time)
		return pf_fail(e, PF_ERR_SYS, ESRCH, "container not running");
	*ret_fd = pf_take_fd(&fd);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int state_list(int root_fd, char ***ret, size_t *n, struct pf_error *e)
{
	int fd = openat(root_fd, ".", O_DIRECTORY | O_RDONLY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;
	char **names = NULL;
	size_t count = 0;

	if (!dir) {
		pf_close(fd);
		return pf_fail_sys(e, errno, "list containers");
	}
	while ((d = readdir(dir))) {
		char **more;

		if (d->d_name[0] == '.')
			continue;
		more = realloc(names, (count + 1) * sizeof(*names));
		if (!more)
			break;
		names = more;
		names[count] = strdup(d->d_name);
		if (!names[count])
			break;
		count++;
	}
	closedir(dir);
	if (count)
		qsort(names, count, sizeof(*names), compare_names);
	*ret = names;
	*n = count;
	return 0;
}
