/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_INIT_H
#define PF_INIT_INIT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "runtime/init/plan.h"
#include "runtime/init/seal.h"

/* What the init knows. One of these exists, on main()'s stack. */
struct init {
	const struct plan *plan; /* mapped, checked */
	const struct seal *seal; /* NULL: not confined; mapped, checked */
	int root_fd;             /* O_PATH of the container's root, from rootfs on */
	int proc_fd;    /* O_PATH of a procfs that nothing inside can have touched, or -EBADF */
	int start_conn; /* connection from `start`, after it came; -EBADF before */
	int ruleset_fd; /* built Landlock ruleset, -EBADF */
	int exec_fd;    /* the program, opened O_PATH by lookup; -EBADF */
	const char *exec_path; /* resolved path of the program */
	const char *home;   /* "HOME=..." to add to the program's environment, NULL: it has one */
	int *late_readonly; /* trees that stay writable until all mount points are made */
	uint32_t n_late_readonly;
	bool joined_cgroup;
	bool cwd_later; /* the working directory is the user's alone */
	int64_t probes; /* packed results of enum seal_probe, 2 bits each */
};

/* Access to the flat plan. Offsets were checked once by plan_check(), so these cannot fail. */
int plan_check(const struct plan *plan, size_t size);
int seal_check(const struct seal *seal, size_t size);

static inline const char *plan_text(const void *base, plan_str s)
{
	return s ? (const char *)base + s : NULL;
}

static inline const void *plan_items(const void *base, struct plan_list list)
{
	return (const char *)base + list.off;
}

/** plan_argv() - a list of plan_str as a NULL-terminated argv, from the init's small heap; NULL: out of memory */
char **plan_argv(const void *base, struct plan_list list);

/* One step of the life of the init. The tables are in steps.c; steps.h tells the theory. */
struct step {
	const char *name;
	int (*run)(struct init *c, struct pf_error *e);
};

#endif
