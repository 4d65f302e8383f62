/* SPDX-License-Identifier: Apache-2.0 */
/* User namespace maps: of a container, and of the throw-away namespaces that idmapped mounts take theirs from. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "runtime/sources.h"

static void map_text(const struct oci_id_maps *maps, const char *between, struct pf_buf *b)
{
	for (size_t i = 0; i < maps->n; i++)
		pf_buf_printf(b, "%s%u %u %u", i == 0 ? "" : between, maps->v[i].container_id,
			      maps->v[i].host_id, maps->v[i].size);
}

static int write_proc(pid_t pid, const char *file, const char *text)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	return pf_write_file_at(AT_FDCWD, path, text);
}

/* Child of run_helper: `newuidmap PID A B N ...'. */
static void exec_helper(const char *tool, pid_t pid, const struct oci_id_maps *maps)
{
	size_t n = 0, size = 3 + maps->n * 3;
	char **argv = calloc(size, sizeof(*argv)), (*text)[12] = calloc(size, sizeof(*text));

	if (!argv || !text)
		_exit(126);
	argv[n++] = (char *)(uintptr_t)tool;
	snprintf(text[n], sizeof(text[n]), "%d", (int)pid);
	argv[n] = text[n];
	n++;
	for (size_t i = 0; i < maps->n; i++) {
		const uint32_t v[3] = { maps->v[i].container_id, maps->v[i].host_id,
					maps->v[i].size };

		for (int k = 0; k < 3; k++, n++) {
			snprintf(text[n], sizeof(text[n]), "%u", v[k]);
			argv[n] = text[n];
		}
	}
	argv[n] = NULL;
	execvp(tool, argv);
	_exit(127);
}

/* What newuidmap, newgidmap or the kernel refused, and who could give those ids. */
static int fail_map(const char *tool, const struct oci_id_maps *maps, struct pf_error *e)
{
	const char *kind = tool && strcmp(tool, "newuidmap") == 0 ? "uid" : "gid";
	auto_buf b = { 0 };

	map_text(maps, ", ", &b);
	if (!tool)
		return pf_fail(
			e, PF_ERR_HOST, EPERM,
			"map the ids `%s' (inside, outside, count) of the user namespace: the caller is in a user namespace itself, and each outside id must be one of those in its /proc/self/uid_map and gid_map",
			b.data ? b.data : "");
	return pf_fail(
		e, PF_ERR_HOST, 0,
		"%s refused the map `%s' (inside, outside, count): each outside id but the caller's own must lie in a range that /etc/sub%s gives to this user; as root: usermod --add-sub%ss FIRST-LAST USER",
		tool, b.data ? b.data : "", kind, kind);
}

static int run_helper(const char *tool, pid_t pid, const struct oci_id_maps *maps,
		      struct pf_error *e)
{
	pid_t child = fork();
	int status;

	if (child < 0)
		return pf_fail_sys(e, errno, "run %s", tool);
	if (child == 0)
		exec_helper(tool, pid, maps);
	while (waitpid(child, &status, 0) < 0)
		if (errno != EINTR)
			return pf_fail_sys(e, errno, "wait for %s", tool);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return pf_fail(e, PF_ERR_HOST, 0, "%s is not installed: the package uidmap has it",
			       tool);
	return status == 0 ? 0 : fail_map(tool, maps, e);
}

static int write_map(pid_t pid, const char *file, const char *tool, const struct oci_id_maps *maps,
		     struct pf_error *e)
{
	auto_buf b = { 0 };
	int ret;

	map_text(maps, "\n", &b);
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "write `%s'", file);
	ret = write_proc(pid, file, b.data ? b.data : "");
	if (ret == -EPERM && geteuid() != 0)
		return run_helper(tool, pid, maps, e);
	if (ret == -EPERM)
		return fail_map(NULL, maps, e);
	if (ret < 0)
		return pf_fail_sys(e, ret, "write the %s of the user namespace", file);
	return 0;
}

int idmap_write(pid_t pid, const struct oci_id_maps *uids, const struct oci_id_maps *gids,
		bool deny_setgroups, struct pf_error *e)
{
	/* The kernel lets an unprivileged user map its gid only after setgroups was given up (CVE-2014-8989). */
	if (deny_setgroups) {
		int ret = write_proc(pid, "setgroups", "deny");

		if (ret < 0 && ret != -ENOENT)
			return pf_fail_sys(e, ret, "deny setgroups in the user namespace");
	}
	STEP(write_map(pid, "gid_map", "newgidmap", gids, e));
	return write_map(pid, "uid_map", "newuidmap", uids, e);
}

/* The kernel forgets a death signal when credentials change, as they do with the namespace: it is set after that. */
static int idle_child(pid_t parent)
{
	if (unshare(CLONE_NEWUSER) < 0)
		_exit(1);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0 || getppid() != parent)
		_exit(1);
	(void)raise(SIGSTOP);
	_exit(0);
}

int idmap_userns(const struct oci_id_maps *uids, const struct oci_id_maps *gids, int *ret_fd,
		 struct pf_error *e)
{
	pid_t parent = getpid(), pid = fork();
	char path[64];
	int status, ret;

	if (pid < 0)
		return pf_fail_sys(e, errno, "make a user namespace for an idmapped mount");
	if (pid == 0)
		idle_child(parent);
	if (waitpid(pid, &status, WUNTRACED) < 0 || !WIFSTOPPED(status))
		return pf_fail(e, PF_ERR_HOST, 0,
			       "make a user namespace for an idmapped mount: refused");
	ret = idmap_write(pid, uids, gids, false, e);
	if (ret == 0) {
		snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
		*ret_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (*ret_fd < 0)
			ret = pf_fail_sys(e, errno, "open `%s'", path);
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return ret;
}
