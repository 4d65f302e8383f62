/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_VIEW_PARTS_H
#define PF_GUARD_VIEW_PARTS_H

#include "runtime/guard/view.h"

/* What the files view*.c share; not for others. */

/** view_new_mount() - room for one more; NULL: out of memory */
struct view_mount *view_new_mount(struct view *v, const char *path);
void view_sort(struct view *v);
/** view_open_itself() - another descriptor of what @fd, an O_PATH one, stands for; -errno */
int view_open_itself(int fd, int flags);

/* view_user.c */
int view_user_of_process(int proc_fd, pid_t pid, struct view_user *ret, struct pf_error *e);

#endif
