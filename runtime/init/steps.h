/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_STEPS_H
#define PF_INIT_STEPS_H

#include "runtime/init/init.h"

/*
 * Theory of operation of the init.
 *
 * The init is a program of its own, static and small, embedded in pinfold and executed from a sealed memfd, so nothing a
 * container can reach is ever a writable file of the host. It does system calls and nothing else: every decision is in
 * the plan. Its argv, environment and files mean nothing to it.
 *
 *   stage one      (PLAN_TWO_STAGE) joins namespaces, clones itself with CLONE_PARENT, ends
 *   before_ready   in the new namespaces: builds the root, the mounts, the devices; pivots; masks
 *   (wait)         READY was sent, the parent is gone; waits for `start`
 *   after_start    gives privilege away, seals itself, executes the program
 *
 * Each step function says what it Should do, what it Mustn't, and why it stands where it stands.
 */

extern const struct step before_ready[], after_start[], exec_steps[];

/* session.c - who we are: session, parent death, ids, names */
int child_enter_session(struct init *c, struct pf_error *e);
int child_become_root(struct init *c, struct pf_error *e);
int child_join_cgroup(struct init *c,
		      struct pf_error *e); /* idempotent: the cgroup mount needs it early */
int child_set_names(struct init *c, struct pf_error *e);
int child_raise_loopback(struct init *c, struct pf_error *e);

/* rootfs.c - the root and what is mounted in it */
int child_build_rootfs(struct init *c,
		       struct pf_error *e); /* propagation, the root attached; c->root_fd set */
int child_mount_all(struct init *c, struct pf_error *e);    /* mount.c: plan->mounts in order */
int child_make_devices(struct init *c, struct pf_error *e); /* dev.c: nodes, links, /dev/ptmx */
int child_pivot(struct init *c, struct pf_error *e);
int child_make_cwd(struct init *c,
		   struct pf_error *e); /* a missing working directory is made, in the root */
int child_enter_root(
	struct init *c,
	struct pf_error *e); /* exec: root_fd and proc_fd of the joined mount namespace */
int child_mask_paths(
	struct init *c,
	struct pf_error *e); /* masks.c: masked, readonly, root read-only, rootfsPropagation */
int child_write_sysctls(struct init *c, struct pf_error *e);

/* hooks.c */
int child_sync_mounted(struct init *c,
		       struct pf_error *e); /* MOUNTED, HOOKS, createContainer hooks */
int child_start_hooks(struct init *c, struct pf_error *e);

/* terminal.c */
int child_open_terminal(struct init *c, struct pf_error *e);

/* confine.c, landlock.c, probe.c */
int child_confine(struct init *c,
		  struct pf_error *e); /* TREE, SEAL, covers, read-only binds, ruleset, probes */
int child_confine_again(struct init *c,
			struct pf_error *e); /* exec: maps the recorded seal, builds the ruleset */
int child_seal_landlock(struct init *c, struct pf_error *e);
int child_load_own_filter(struct init *c, struct pf_error *e);

/* privs.c */
int child_find_program(struct init *c, struct pf_error *e); /* program.c */
int child_find_home(struct init *c, struct pf_error *e);    /* home.c: c->home */
/** program_env() - the program's environment with HOME; NULL: out of memory */
char **program_env(const struct init *c);
int program_announce(struct init *c, struct pf_error *e); /* SYNC_EXEC: execve is next */
int child_close_fds(struct init *c, struct pf_error *e);
int child_set_limits(struct init *c,
		     struct pf_error *e); /* rlimits, scheduler, ioprio, personality, umask */
int child_set_label(struct init *c, struct pf_error *e);
int child_enter_cwd(struct init *c, struct pf_error *e);
int child_early_seccomp(struct init *c,
			struct pf_error *e); /* without no_new_privs the OCI filter comes first */
int child_drop_privileges(struct init *c, struct pf_error *e); /* ids, groups, capabilities */
int child_limit_caps(struct init *c, struct pf_error *e); /* groups and capabilities, for hooks */
int child_set_no_new_privs(struct init *c, struct pf_error *e);
int child_late_seccomp(struct init *c, struct pf_error *e);
int child_execute(struct init *c, struct pf_error *e);

/* shed.c */
int child_shed_caps(struct init *c, struct pf_error *e);

/* root.c - paths in the container's root, by fd */
/** root_open() - openat2 below c->root_fd with IN_ROOT|NO_MAGICLINKS; the fd or -errno */
int root_open(const struct init *c, const char *path, int flags);
/** root_make_parent() - make and open every directory above @path's last component; *ret_name is that component */
int root_make_parent(const struct init *c, const char *path, const char **ret_name,
		     struct pf_error *e);
/**
 * root_make_target() - open @path as a mount point, making what is missing: directories, its end a file when !is_dir
 *
 * Returns 0 when it was there, 1 when it was made.
 */
int root_make_target(const struct init *c, const char *path, bool is_dir, bool nofollow,
		     int *ret_fd, struct pf_error *e);
/** proc_open() - open below a verified procfs: BENEATH|NO_MAGICLINKS|NO_XDEV; the fd or -errno */
int proc_open(const struct init *c, const char *path, int flags);

#endif
