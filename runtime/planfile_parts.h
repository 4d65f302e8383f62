/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_PLANFILE_PARTS_H
#define PF_RUNTIME_PLANFILE_PARTS_H

#include "runtime/planfile.h"

/* The parts of the plan that create and exec share, and the mounts. Private to planfile*.c. */

/** planfile_common() - the process, its limits and privileges, the seccomp program, the inherited fds */
void planfile_common(struct flat *f, const struct plan_input *in, struct plan *p);
struct plan_list planfile_mounts(struct flat *f, const struct plan_input *in);
struct plan_list planfile_cgroup_mounts(struct flat *f, const struct cgroup *cg);

#endif
