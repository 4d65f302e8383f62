/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confinement in the container's final mount tree. The parent judges the tree through an fd of our root and sends back
 * part 2 of the plan; here it is carried out, each path opened again without a symlink and compared with what was
 * judged. Nothing of the container has run by now, but its volumes may be shared with others who run: hence the compare.
 */
#include "runtime/init/confine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"
#include "runtime/init/steps.h"
#include "runtime/init/sync.h"

#ifndef SO_NETNS_COOKIE /* compat: musl of Debian 12 */
#define SO_NETNS_COOKIE 71
#endif
#define NEEDED_SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

int confine_map_seal(struct init *c, int fd, struct pf_error *e)
{
	int seals = fcntl(fd, F_GET_SEALS);
	struct stat st;
	void *p;

	if (seals < 0 || (seals & NEEDED_SEALS) != NEEDED_SEALS || fstat(fd, &st) < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "part 2 of the plan is not in a sealed memfd");
	if (st.st_size < (off_t)sizeof(struct seal) || st.st_size > (off_t)PLAN_MAX_BYTES)
		return pf_fail(e, PF_ERR_BUG, 0, "part 2 of the plan has a bad size");
	p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return pf_fail_sys(e, errno, "map part 2 of the plan");
	if (seal_check(p, (size_t)st.st_size) < 0) {
		(void)munmap(p, (size_t)st.st_size);
		return pf_fail(e, PF_ERR_BUG, 0, "part 2 of the plan does not check");
	}
	c->seal = p;
	return 0;
}

int confine_open_target(const struct init *c, plan_str s, const struct seal_id *id,
			struct pf_error *e)
{
	const char *path = confine_text(c, s);
	int fd = confine_open_judged(c, path, id);

	if (fd == -ESTALE)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' was replaced while the container was made", path);
	return fd < 0 ? pf_fail_sys(e, fd, "open `%s' in the container", path) : fd;
}

/* One attribute for the mounts of @list, with all below them or each alone. */
static int set_attr(const struct init *c, struct plan_list list, uint64_t attr, bool recursive,
		    struct pf_error *e)
{
	const struct seal_readonly *r = plan_items(c->seal, list);

	for (uint32_t i = 0; i < list.n; i++) {
		auto_fd fd = confine_open_target(c, r[i].path, &r[i].id, e);
		int ret;

		if (fd < 0)
			return fd;
		ret = fs_set_attrs(fd, attr, 0, recursive);
		if (ret < 0)
			return pf_fail_sys(e, ret, "make `%s' %s", confine_text(c, r[i].path),
					   attr == PF_MOUNT_ATTR_RDONLY ? "read-only" : "noexec");
	}
	return 0;
}

/* Covers and read-only binds change the namespace: without one of our own they would change the caller's. */
static int check_namespace(const struct init *c, struct pf_error *e)
{
	if ((c->plan->flags & PLAN_NEW_MNTNS) ||
	    (c->seal->covers.n == 0 && c->seal->readonly.n == 0 && c->seal->noexec.n == 0 &&
	     c->seal->protects.n == 0))
		return 0;
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"what is not allowed cannot be covered or protected without a mount namespace of the container's own: "
		"add `mount' to /linux/namespaces");
}

/* What the kernel calls the network namespace by; 0: it does not (before Linux 5.14), and the parent says what follows. */
static int64_t netns_cookie(void)
{
	auto_fd sock = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (sock < 0 || getsockopt(sock, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &len) < 0)
		return 0;
	return (int64_t)cookie;
}

/*
 * Should:	run after the pivot and the last mount: the parent judges what it sees through our root.
 * Mustn't:	seal this process: it still has to give its privilege away and to wait for start.
 */
int child_confine(struct init *c, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	int64_t cookie = 0;
	int ret;

	if (!(c->plan->flags & (PLAN_CONFINED | PLAN_SHOWS_TREE)))
		return 0;
	if (c->plan->flags & PLAN_TELLS_NETNS)
		cookie = netns_cookie();
	ret = sync_send(c->plan->sync_fd, SYNC_TREE, cookie, c->root_fd);
	if (ret < 0)
		return pf_fail_sys(e, ret, "send the root to the parent");
	if (!(c->plan->flags & PLAN_CONFINED))
		return sync_expect(c->plan->sync_fd, SYNC_SEAL, NULL, NULL, e);
	STEP(sync_expect(c->plan->sync_fd, SYNC_SEAL, NULL, &fd, e));
	STEP(confine_map_seal(c, fd, e));
	STEP(check_namespace(c, e));
	STEP(set_attr(c, c->seal->readonly, PF_MOUNT_ATTR_RDONLY, true, e));
	STEP(set_attr(c, c->seal->noexec, PF_MOUNT_ATTR_NOEXEC, false, e));
	STEP(confine_put_covers(c, e));
	STEP(confine_put_protects(c, e));
	STEP(confine_build_ruleset(c, false, e));
	return confine_probe(c, e);
}

/*
 * The same seal for an exec, from the bytes that create recorded. Covers and read-only binds stand since then: only the
 * ruleset is this process's own.
 */
int child_confine_again(struct init *c, struct pf_error *e)
{
	if (!(c->plan->flags & PLAN_CONFINED))
		return 0;
	if (!c->seal) {
		STEP(confine_map_seal(c, c->plan->seal_fd, e));
		pf_close(c->plan->seal_fd);
	}
	return confine_build_ruleset(c, true, e);
}
