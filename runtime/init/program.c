/* SPDX-License-Identifier: Apache-2.0 */
/* Finding the program before the container is ready, so that a wrong name fails `create' (with the texts that engines
 * match on to choose between 126 and 127) and not `start'. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

static char found[4096];

/* 0 when @path is a file that may be executed; as the container's root, who may not be the program's user. */
static int judge(const struct init *c, const char *path)
{
	auto_fd fd = root_open(c, path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return fd == -ENOTDIR ? -ENOENT : fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode) || !(st.st_mode & 0111))
		return -EACCES;
	return 0;
}

static const char *path_of(const struct plan *plan)
{
	const plan_str *env = plan_items(plan, plan->process.env);

	for (uint32_t i = 0; i < plan->process.env.n; i++) {
		const char *s = plan_text(plan, env[i]);

		if (strncmp(s, "PATH=", 5) == 0)
			return s + 5;
	}
	return "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
}

/* @dir may be relative or empty (the working directory), as the shell has it. */
static int compose(const struct plan *plan, const char *dir, size_t n, const char *name)
{
	const char *cwd = plan_text(plan, plan->process.cwd);
	int len;

	if (n > 0 && dir[0] == '/')
		len = snprintf(found, sizeof(found), "%.*s/%s", (int)n, dir, name);
	else
		len = snprintf(found, sizeof(found), "%s/%.*s/%s", cwd, (int)n, dir, name);
	return len < 0 || (size_t)len >= sizeof(found) ? -ENAMETOOLONG : 0;
}

static int search(struct init *c, const char *name)
{
	int worst = -ENOENT;

	for (const char *p = path_of(c->plan);; p++) {
		size_t n = strcspn(p, ":");
		int ret = compose(c->plan, p, n, name);

		if (ret == 0)
			ret = judge(c, found);
		if (ret == 0)
			return 0;
		if (ret == -EACCES)
			worst = ret;
		p += n;
		if (!*p)
			return worst;
	}
}

int child_find_program(struct init *c, struct pf_error *e)
{
	const plan_str *args = plan_items(c->plan, c->plan->process.args);
	const char *name = plan_text(c->plan, args[0]);
	int ret;

	if (strchr(name, '/')) {
		ret = name[0] == '/' ? compose(c->plan, "/", 1, name + 1)
				     : compose(c->plan, "", 0, name);
		if (ret == 0)
			ret = judge(c, found);
		if (ret == -ENOENT)
			return pf_fail(e, PF_ERR_SYS, ENOENT, "exec: \"%s\": stat %s", name, name);
	} else {
		ret = search(c, name);
		if (ret == -ENOENT) {
			(void)pf_fail(e, PF_ERR_SYS, 0,
				      "exec: \"%s\": executable file not found in $PATH", name);
			e->err = ENOENT;
			return -ENOENT;
		}
	}
	if (ret < 0)
		return pf_fail_sys(e, ret, "exec: \"%s\"", name);
	c->exec_path = name[0] == '/' ? name : found;
	return 0;
}

int program_announce(struct init *c, struct pf_error *e)
{
	int ret = sync_send(c->start_conn, SYNC_EXEC, 0, -1);

	/* Whoever started us and did not wait for the answer (a killed `start') does not stop the program. */
	if (ret < 0 && ret != -EPIPE && ret != -ECONNRESET)
		return pf_fail_sys(e, ret, "announce exec");
	return 0;
}
