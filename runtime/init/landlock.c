/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Landlock ruleset of a confined container: built while errors can still be reported, enforced as one of the last
 * steps. Used alike by the container's init, by every exec, by hooks and by the probes.
 */
#include <errno.h>
#include <fcntl.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/confine.h"
#include "runtime/init/steps.h"

/* restrict_self: let denials be logged after the execve too, ABI 7. Without it an audit reader sees nothing. */
#define LOG_NEW_EXEC_ON 2u

int confine_open_judged(const struct init *c, const char *path, const struct seal_id *id)
{
	auto_fd fd =
		sys_openat2(c->root_fd, path, O_PATH | O_CLOEXEC, 0,
			    PF_RESOLVE_IN_ROOT | PF_RESOLVE_NO_SYMLINKS | PF_RESOLVE_NO_MAGICLINKS);
	struct pf_file_id now;
	int ret;

	if (fd < 0)
		return fd;
	ret = sys_file_id(fd, &now);
	if (ret < 0)
		return ret;
	if (now.dev != id->dev || now.ino != id->ino ||
	    (id->mnt_id != SEAL_ANY_MOUNT && now.mnt_id != id->mnt_id))
		return -ESTALE;
	return pf_take_fd(&fd);
}

/* A kernel refuses a struct that is longer than it knows unless the rest is zero, and knows no field it was not given. */
static size_t attr_size(uint32_t abi)
{
	if (abi < 4)
		return sizeof(uint64_t);
	return abi < 6 ? 2 * sizeof(uint64_t) : 3 * sizeof(uint64_t);
}

static int create_ruleset(const struct seal *seal, struct pf_error *e)
{
	struct pf_landlock_ruleset_attr attr = {
		.handled_access_fs = seal->handled_fs,
		.scoped = seal->abi < 6 ? 0 : seal->scoped,
	};
	int fd = sys_landlock_create_ruleset(&attr, attr_size(seal->abi));

	if (fd == -ENOSYS || fd == -EOPNOTSUPP)
		return pf_fail(
			e, PF_ERR_HOST, -fd,
			"Landlock is not enabled on this kernel: add `landlock' to its lsm= list");
	if (fd < 0)
		return pf_fail_sys(e, fd, "landlock: make a ruleset for ABI %u", seal->abi);
	return fd;
}

static int add_rule(const struct init *c, int ruleset, const struct seal_rule *rule, bool at_exec,
		    struct pf_error *e)
{
	const char *path = confine_text(c, rule->path);
	uint64_t access = rule->access & c->seal->handled_fs;
	auto_fd fd = -EBADF;
	int ret;

	if (access == 0)
		return 0; /* the kernel has no rule that allows nothing */
	fd = confine_open_judged(c, path, &rule->id);
	if (fd < 0 && at_exec)
		return 0; /* the init lost it too; an exec never gets more than was judged */
	if (fd == -ESTALE)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' was replaced while the container was made", path);
	if (fd < 0)
		return pf_fail_sys(e, fd, "landlock: open `%s' in the container", path);
	ret = sys_landlock_add_path(ruleset, access, fd);
	return ret < 0 ? pf_fail_sys(e, ret, "landlock: allow `%s'", path) : 0;
}

int confine_build_ruleset(struct init *c, bool at_exec, struct pf_error *e)
{
	const struct seal *seal = c->seal;
	const struct seal_rule *rules;
	auto_fd fd = -EBADF;

	if (!seal)
		return pf_fail(e, PF_ERR_BUG, 0, "landlock: there is no seal to build from");
	if (!(seal->flags & SEAL_LANDLOCK))
		return 0;
	fd = create_ruleset(seal, e);
	if (fd < 0)
		return fd;
	rules = plan_items(seal, seal->rules);
	for (uint32_t i = 0; i < seal->rules.n; i++)
		STEP(add_rule(c, fd, &rules[i], at_exec, e));
	c->ruleset_fd = pf_take_fd(&fd);
	return 0;
}

/*
 * Confine this process and all it becomes, for ever.
 *
 * Should:	run after no_new_privs, and after the last open, mount or chdir that the policy would not allow.
 * Mustn't:	be skipped because something is missing: what was asked for is on, or nothing is started.
 */
int child_seal_landlock(struct init *c, struct pf_error *e)
{
	int ret;

	if (!c->seal && !(c->plan->flags & PLAN_CONFINED))
		return 0;
	if (!c->seal)
		return pf_fail(e, PF_ERR_BUG, 0, "landlock: confined, but without a seal");
	if (!(c->seal->flags & SEAL_LANDLOCK))
		return 0;
	if (c->ruleset_fd < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "landlock: the ruleset was not built");
	ret = sys_landlock_restrict_self(c->ruleset_fd, c->seal->abi >= 7 ? LOG_NEW_EXEC_ON : 0);
	if (ret == -E2BIG)
		return pf_fail(
			e, PF_ERR_HOST, E2BIG,
			"landlock: 16 domains are stacked already, the kernel takes no more");
	return ret < 0 ? pf_fail_sys(e, ret, "landlock: restrict this process") : 0;
}
