/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What can be read but not changed: a read-only bind of itself, with all that is mounted below. Around it directories are
 * held in place: a bind of themselves that stays writable, because a mount point cannot be renamed.
 */
#include <errno.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/confine.h"
#include "runtime/init/fs.h"

static int bind_on_itself(const struct init *c, const struct seal_protect *p, struct pf_error *e)
{
	auto_fd target = confine_open_target(c, p->path, &p->id, e);
	auto_fd tree = -EBADF;
	int ret = 0;

	if (target < 0)
		return target;
	tree = fs_clone(target, true);
	if (tree < 0)
		ret = tree;
	else if (!p->anchor)
		ret = fs_set_attrs(tree, PF_MOUNT_ATTR_RDONLY, 0, true);
	if (ret >= 0)
		ret = fs_attach(tree, target);
	if (ret < 0)
		return pf_fail_sys(e, ret, "%s `%s'", p->anchor ? "hold in place" : "protect",
				   confine_text(c, p->path));
	return 0;
}

/* The list is sorted, so a directory comes before what lies in it, which is then bound in the copy that paths lead to. */
int confine_put_protects(const struct init *c, struct pf_error *e)
{
	const struct seal_protect *p = plan_items(c->seal, c->seal->protects);

	for (uint32_t i = 0; i < c->seal->protects.n; i++)
		STEP(bind_on_itself(c, &p[i], e));
	return 0;
}
