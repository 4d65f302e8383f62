/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container's processes: their namespaces, their environments, their arguments. An environment is read, looked at and
 * wiped; only names of variables stay.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "runtime/guard/audit_collect.h"
#include "runtime/state.h"

enum { ENVIRON_MAX_BYTES = 1 << 20, STRINGS_MAX = 8192 };

static const char *const ns_files[AUDIT_NS_COUNT_] = {
	[AUDIT_NS_NET] = "net", [AUDIT_NS_PID] = "pid",   [AUDIT_NS_IPC] = "ipc",
	[AUDIT_NS_MNT] = "mnt", [AUDIT_NS_USER] = "user",
};

int audit_read_proc(int proc_fd, pid_t pid, const char *file, size_t max, char **ret, size_t *len)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_fd fd = -EBADF;
	char name[64];
	size_t n;

	snprintf(name, sizeof(name), "%d/%s", (int)pid, file);
	fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	return pf_read_all(fd, max, ret, len ? len : &n, &e);
}

bool audit_process_is(pid_t pid, uint64_t start_time)
{
	uint64_t now = pid > 0 ? process_start_time(pid) : 0;

	return now != 0 && (start_time == 0 || now == start_time);
}

/* 0: not to be known: it has gone, or it is somebody else's. */
static uint64_t ns_ino(int proc_fd, const char *pid, const char *file)
{
	char name[64];
	struct stat st;

	snprintf(name, sizeof(name), "%.16s/ns/%.16s", pid, file);
	return fstatat(proc_fd, name, &st, 0) < 0 ? 0 : st.st_ino;
}

int audit_host_open(struct audit_host *ret, struct pf_error *e)
{
	static const char *const dirs[AUDIT_HOST_DIRS] = {
		"/", "/bin", "/boot", "/etc", "/home", "/lib", "/root", "/sbin", "/usr", "/var",
	};
	struct stat st;

	*ret = (struct audit_host){ .proc_fd = -EBADF };
	STEP(pf_open_proc(&ret->proc_fd, e));
	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		ret->ns[0][ns] = ns_ino(ret->proc_fd, "1", ns_files[ns]);
		ret->ns[1][ns] = ns_ino(ret->proc_fd, "self", ns_files[ns]);
	}
	for (size_t i = 0; i < AUDIT_HOST_DIRS; i++) {
		ret->dirs[i].path = dirs[i];
		if (lstat(dirs[i], &st) == 0 && S_ISDIR(st.st_mode)) {
			ret->dirs[i].dev = st.st_dev;
			ret->dirs[i].ino = st.st_ino;
		}
	}
	return 0;
}

void audit_host_close(struct audit_host *h)
{
	pf_close_ptr(&h->proc_fd);
}

int audit_namespaces(const struct audit_host *h, struct audit_container *c, struct pf_error *e)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", (int)c->pid);
	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		uint64_t ino = ns_ino(h->proc_fd, pid, ns_files[ns]);

		if (ino == 0)
			return pf_fail(
				e, PF_ERR_SYS, errno,
				"look at the namespaces of process %d (as root, or as the user who started the container)",
				(int)c->pid);
		c->ns[ns].ino = ino;
		c->ns[ns].host = ino == h->ns[0][ns] || ino == h->ns[1][ns];
	}
	return 0;
}

/* NUL-separated text as an array that borrows from it. */
static int split(char *text, size_t len, struct oci_strings *ret)
{
	size_t n = 0;

	for (size_t at = 0; at < len && n < STRINGS_MAX; at += strlen(text + at) + 1)
		n++;
	*ret = (struct oci_strings){ .v = calloc(n + 1, sizeof(*ret->v)) };
	if (!ret->v)
		return -ENOMEM;
	for (size_t at = 0; at < len && ret->n < n; at += strlen(text + at) + 1)
		ret->v[ret->n++] = text + at;
	return 0;
}

struct strings { /* what a process has in such a file */
	char *text;
	size_t len;
	struct oci_strings list;
};

static int strings_read(int proc_fd, pid_t pid, const char *file, struct strings *ret)
{
	int err;

	*ret = (struct strings){ .text = NULL };
	err = audit_read_proc(proc_fd, pid, file, ENVIRON_MAX_BYTES, &ret->text, &ret->len);
	return err < 0 ? err : split(ret->text, ret->len, &ret->list);
}

static void strings_wipe(struct strings *s)
{
	if (s->text)
		explicit_bzero(s->text, s->len);
	free(s->text);
	free(s->list.v);
	*s = (struct strings){ .text = NULL };
}

static int compare_strings(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* What the first process has too is its finding; a hundred children that inherit it are no news. */
static void drop_inherited(struct oci_strings *list, const struct oci_strings *sorted)
{
	size_t n = 0;

	for (size_t i = 0; i < list->n; i++)
		if (!bsearch(&list->v[i], sorted->v, sorted->n, sizeof(*sorted->v),
			     compare_strings))
			list->v[n++] = list->v[i];
	list->n = n;
	list->v[n] = NULL;
}

static bool same_text(int proc_fd, pid_t a, pid_t b, const char *file)
{
	auto_free char *x = NULL, *y = NULL;

	return audit_read_proc(proc_fd, a, file, ENVIRON_MAX_BYTES, &x, NULL) == 0 &&
	       audit_read_proc(proc_fd, b, file, ENVIRON_MAX_BYTES, &y, NULL) == 0 &&
	       strcmp(x, y) == 0;
}

/*
 * Of this container and of no neighbour in its pod: the same mount namespace, or, for who made one of its own inside, the
 * same pid namespace and the same cgroup.
 */
static bool belongs(const struct audit_host *h, const struct audit_container *c, const char *pid)
{
	pid_t p = (pid_t)atoi(pid);

	if (p == c->pid)
		return false;
	if (ns_ino(h->proc_fd, pid, "mnt") == c->ns[AUDIT_NS_MNT].ino)
		return true;
	return !c->ns[AUDIT_NS_PID].host &&
	       ns_ino(h->proc_fd, pid, "pid") == c->ns[AUDIT_NS_PID].ino &&
	       same_text(h->proc_fd, p, c->pid, "cgroup");
}

struct looker {
	struct audit *a;
	struct audit_container *c;
	const struct audit_host *host;
	struct oci_strings first_env, first_args; /* of the container's first process, sorted */
	size_t unreadable;
};

static int look_at_process(struct looker *l, pid_t pid, struct pf_error *e)
{
	auto_free char *comm = NULL;
	struct strings env, args;
	const char *of;
	int err = 0;

	if (audit_read_proc(l->host->proc_fd, pid, "comm", 4096, &comm, NULL) < 0)
		return 0; /* it has ended */
	comm[strcspn(comm, "\n")] = '\0';
	of = audit_printf(l->a, "process `%s'", comm);
	if (strings_read(l->host->proc_fd, pid, "environ", &env) < 0)
		l->unreadable++;
	if (strings_read(l->host->proc_fd, pid, "cmdline", &args) < 0)
		l->unreadable++;
	if (env.list.v) {
		drop_inherited(&env.list, &l->first_env);
		err = scan_environment(l->a->catalogue, &env.list, of, &l->c->inventory, e);
		audit_redirects(l->a, l->c, &env.list, of);
	}
	if (err == 0 && args.list.v) {
		drop_inherited(&args.list, &l->first_args);
		err = scan_arguments(l->a->catalogue, &args.list, of, &l->c->inventory, e);
	}
	l->c->processes++;
	strings_wipe(&env);
	strings_wipe(&args);
	return err;
}

static int look_at_others(struct looker *l, struct pf_error *e)
{
	int fd = openat(l->host->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), err = 0;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *d;

	if (!dir) {
		err = errno;
		pf_close(fd);
		return pf_fail_sys(e, err, "list the processes");
	}
	while (err == 0 && (d = readdir(dir))) {
		if (d->d_name[0] < '1' || d->d_name[0] > '9' || !belongs(l->host, l->c, d->d_name))
			continue;
		if (l->c->processes == AUDIT_PROCESSES_MAX) {
			inventory_incomplete(
				&l->c->inventory,
				"more than %d processes: the environment of the others was not looked at",
				AUDIT_PROCESSES_MAX);
			break;
		}
		err = look_at_process(l, (pid_t)atoi(d->d_name), e);
	}
	closedir(dir);
	return err;
}

static int look_at_first(struct looker *l, const struct strings *env, const struct strings *args,
			 struct pf_error *e)
{
	const struct catalogue *catalogue = l->a->catalogue;

	STEP(scan_environment(catalogue, &env->list, "process", &l->c->inventory, e));
	STEP(scan_arguments(catalogue, &args->list, "process", &l->c->inventory, e));
	audit_redirects(l->a, l->c, &env->list, "process");
	l->c->processes = 1;
	l->first_env = env->list;
	l->first_args = args->list;
	qsort(l->first_env.v, l->first_env.n, sizeof(*l->first_env.v), compare_strings);
	qsort(l->first_args.v, l->first_args.n, sizeof(*l->first_args.v), compare_strings);
	return look_at_others(l, e);
}

int audit_environments(struct audit *a, struct audit_container *c, const struct audit_task *task,
		       struct pf_error *e)
{
	struct looker l = { .a = a, .c = c, .host = task->host };
	struct strings env, args;
	int err = strings_read(task->host->proc_fd, c->pid, "environ", &env);
	int more = strings_read(task->host->proc_fd, c->pid, "cmdline", &args);

	if (err < 0 || more < 0)
		err = pf_fail_sys(e, err < 0 ? err : more, "read the environment of process %d",
				  (int)c->pid);
	else
		err = look_at_first(&l, &env, &args, e);
	strings_wipe(&env);
	strings_wipe(&args);
	if (err == 0 && l.unreadable > 0)
		inventory_incomplete(&c->inventory,
				     "the environment of some of its processes cannot be read");
	return err;
}
