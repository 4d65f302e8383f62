/* SPDX-License-Identifier: Apache-2.0 */
/* Giving privilege away, in the order of steps.c, and the program itself. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/steps.h"

#define LAST_CAP_TRIED 63

enum { CAPS_BOUNDING, CAPS_PERMITTED, CAPS_EFFECTIVE, CAPS_INHERITABLE, CAPS_AMBIENT };

/* Should:	run last before any untrusted byte is executed; everything but stdio and what was asked for ends at exec. */
int child_close_fds(struct init *c, struct pf_error *e)
{
	int ret = sys_close_range(3 + c->plan->preserve_fds, ~0u, PF_CLOSE_RANGE_CLOEXEC);

	if (ret < 0)
		return pf_fail_sys(e, ret, "mark fds close-on-exec");
	return 0;
}

/* A filter of our own making reaches the kernel by the same call, with or without no_new_privs. */
static int load_oci_filter(const struct plan *plan, struct pf_error *e)
{
	struct sock_fprog prog = { .len = (unsigned short)plan->bpf.n,
				   .filter = (struct sock_filter *)(uintptr_t)plan_items(
					   plan, plan->bpf) };
	int ret;

	if (plan->bpf.n == 0)
		return 0;
	ret = sys_seccomp(SECCOMP_SET_MODE_FILTER, plan->seccomp_flags, &prog);
	if (ret < 0)
		return pf_fail_sys(e, ret, "load the seccomp profile");
	return 0;
}

static bool nnp_wanted(const struct plan *plan)
{
	return plan->flags & (PLAN_NO_NEW_PRIVS | PLAN_CONFINED);
}

/* Without no_new_privs a filter needs CAP_SYS_ADMIN, which the next steps take: so it goes first, as in runc. */
int child_early_seccomp(struct init *c, struct pf_error *e)
{
	return nnp_wanted(c->plan) ? 0 : load_oci_filter(c->plan, e);
}

/* Should:	be the last seal: the profile may forbid seccomp(2) and the calls that Landlock needs. */
int child_late_seccomp(struct init *c, struct pf_error *e)
{
	return nnp_wanted(c->plan) ? load_oci_filter(c->plan, e) : 0;
}

int child_set_no_new_privs(struct init *c, struct pf_error *e)
{
	if (nnp_wanted(c->plan) && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "set no_new_privs");
	return 0;
}

/* The program's user must be able to reopen its stdio by /proc/self/fd. By fd only: never by a path inside. */
static void give_stdio(uid_t uid)
{
	struct stat st;

	for (int fd = 0; fd < 3; fd++) {
		if (fstat(fd, &st) < 0 || st.st_uid == uid)
			continue;
		if (S_ISCHR(st.st_mode) && st.st_rdev == makedev(1, 3))
			continue; /* the host's /dev/null is nobody's */
		/* What cannot be given (a read-only mount, an id without a mapping) stays as the caller made it. */
		if (fchown(fd, uid, st.st_gid) < 0)
			continue;
	}
}

static int drop_bounding(uint64_t keep, struct pf_error *e)
{
	for (int cap = 0; cap <= LAST_CAP_TRIED; cap++) {
		if (keep & (1ull << cap))
			continue;
		if (prctl(PR_CAPBSET_DROP, cap, 0, 0, 0) < 0) {
			if (errno == EINVAL)
				break; /* past the kernel's last */
			return pf_fail_sys(e, errno, "drop capability %d from the bounding set",
					   cap);
		}
	}
	return 0;
}

static int set_caps(const uint64_t *caps, struct pf_error *e)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2];
	int ret;

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(caps[CAPS_EFFECTIVE] >> (32 * i));
		data[i].permitted = (uint32_t)(caps[CAPS_PERMITTED] >> (32 * i));
		data[i].inheritable = (uint32_t)(caps[CAPS_INHERITABLE] >> (32 * i));
	}
	ret = sys_capset(&head, data);
	if (ret < 0)
		return pf_fail_sys(e, ret, "set capabilities");
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "clear ambient capabilities");
	for (int cap = 0; cap <= LAST_CAP_TRIED; cap++)
		if ((caps[CAPS_AMBIENT] & (1ull << cap)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, cap, 0, 0) < 0)
			return pf_fail_sys(e, errno, "raise ambient capability %d", cap);
	return 0;
}

static int set_groups(const struct plan *plan, struct pf_error *e)
{
	struct plan_list groups = plan->process.groups;

	if (!(plan->flags & (PLAN_KEEP_GROUPS | PLAN_DENY_SETGROUPS)) &&
	    setgroups(groups.n, plan_items(plan, groups)) < 0)
		return pf_fail_sys(
			e, errno, "set the supplementary groups%s",
			errno == EPERM
				? " (setgroups is denied in this user namespace: join one whose gid_map newgidmap or root wrote)"
				: "");
	return 0;
}

/* The groups too: until now they are the engine's, and would open to a hook what the program cannot have. */
int child_limit_caps(struct init *c, struct pf_error *e)
{
	STEP(set_groups(c->plan, e));
	STEP(drop_bounding(c->plan->process.caps[CAPS_BOUNDING], e));
	return set_caps(c->plan->process.caps, e);
}

static int set_ids(const struct plan *plan, struct pf_error *e)
{
	const struct plan_process *p = &plan->process;

	STEP(set_groups(plan, e));
	if (setresgid(p->gid, p->gid, p->gid) < 0)
		return pf_fail_sys(e, errno, "set gid %u", p->gid);
	if (setresuid(p->uid, p->uid, p->uid) < 0)
		return pf_fail_sys(e, errno, "set uid %u", p->uid);
	return 0;
}

/* The directory by fd, without magic links: /proc/self/fd/N of a leaked fd is no working directory (CVE-2024-21626). */
static int enter_cwd(struct init *c, struct pf_error *e)
{
	const char *cwd = plan_text(c->plan, c->plan->process.cwd);
	auto_fd fd = root_open(c, cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
	char seen[4096];

	if (fd < 0)
		return pf_fail_sys(e, fd, "chdir to cwd (\"%s\") set in config.json failed", cwd);
	if (fchdir(fd) < 0)
		return pf_fail_sys(e, errno, "chdir to cwd (\"%s\") set in config.json failed",
				   cwd);
	if (!getcwd(seen, sizeof(seen)) || seen[0] != '/')
		return pf_fail(e, PF_ERR_CONFIG, ENOENT,
			       "/process/cwd: `%s' lies outside of the container", cwd);
	return 0;
}

/*
 * Should:	run before any filter of the engine's: profiles older than openat2(2) refuse it, and must still start
 *		what they could start before. The working directory stays over all that follows.
 */
int child_enter_cwd(struct init *c, struct pf_error *e)
{
	int ret = enter_cwd(c, e);

	if (ret != -EACCES)
		return ret;
	/* A directory only the user may enter (a root that root squash or a user namespace keeps out): tried again. */
	*e = (struct pf_error)PF_ERROR_INIT;
	c->cwd_later = true;
	return 0;
}

/* Should:	run before Landlock and no_new_privs, which need nothing of what is lost here.
 * Mustn't:	leave a window as the new user with the old capabilities and a dumpable process. */
int child_drop_privileges(struct init *c, struct pf_error *e)
{
	const struct plan *plan = c->plan;

	give_stdio(plan->process.uid);
	STEP(drop_bounding(plan->process.caps[CAPS_BOUNDING], e));
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "keep capabilities over the change of uid");
	STEP(set_ids(plan, e));
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0 || prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return pf_fail_sys(e, errno, "stay undumpable");
	if (c->cwd_later)
		STEP(enter_cwd(c, e));
	return set_caps(plan->process.caps, e);
}

int child_execute(struct init *c, struct pf_error *e)
{
	const struct plan_process *p = &c->plan->process;
	char **argv = plan_argv(c->plan, p->args), **env = program_env(c);

	if (!argv || !env)
		return pf_fail_sys(e, ENOMEM, "execute `%s'", c->exec_path);
	STEP(program_announce(c, e));
	execve(c->exec_path, argv, env);
	return pf_fail_sys(e, errno, "exec %s", c->exec_path);
}
