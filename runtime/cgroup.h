/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CGROUP_H
#define PF_RUNTIME_CGROUP_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/io.h"
#include "base/json.h"
#include "config/oci.h"

/*
 * The container's cgroups, from outside: made, limited, joined, frozen, emptied, removed. Three managers: cgroupfs (v1, v2
 * and hybrid: v1 controllers beside a cgroup2 mount, where the container gets a group of its own too), systemd (a
 * transient scope by sd-bus), disabled.
 *
 * The mode is decided by what is mounted (/proc/self/mountinfo), never by /proc/self/cgroup alone.
 */

enum cgroup_manager { CGROUP_MANAGER_CGROUPFS, CGROUP_MANAGER_SYSTEMD, CGROUP_MANAGER_DISABLED };

#define CGROUP_MAX_HIERARCHIES 16

struct cgroup_hierarchy {
	char name[64];   /* directory name of the mount: "cpu,cpuacct", "unified", "" on pure v2 */
	char mount[128]; /* where it is mounted: "/sys/fs/cgroup/cpu,cpuacct" */
	char controllers[128]; /* v1: "cpu,cpuacct" or "name=systemd"; v2: "" */
	char root[256]; /* what of the hierarchy is mounted (mountinfo field 4): "/" normally */
	bool v2;
	bool created; /* the container's group was made by us */
	bool owned; /* made, or found empty, by create: only then destroy may empty and remove it */
	unsigned int
		made_parents; /* groups above made by this very process; for the undo, not kept */
	char path[512]; /* the container's group below the mount: "/libpod_parent/libpod-ID" */
};

struct cgroup {
	enum cgroup_manager manager;
	bool rootless;   /* failing to make a group is no error when no limit was asked for */
	bool path_given; /* config.json names the group: then it is an error for rootless too */
	size_t n;
	struct cgroup_hierarchy h[CGROUP_MAX_HIERARCHIES];
	char unit[256]; /* systemd: "libpod-ID.scope" */
	char slice[256];
	bool systemd_user;  /* the user's own manager */
	bool scope_started; /* by us: only then destroy may stop it */
};

/**
 * cgroup_plan() - find the hierarchies and the container's place in them; makes nothing
 *
 * Without cgroupsPath: "/ID" for cgroupfs below the caller's own group (as runc), "system.slice:pinfold:ID" for systemd.
 * A relative cgroupsPath lies below the caller's own group, "/.." parts refused. Rootless: what cannot be written is
 * left out unless resources ask for it.
 */
int cgroup_plan(const struct oci_config *config, const char *id, enum cgroup_manager manager,
		bool rootless, struct cgroup *ret, struct pf_error *e);

/** cgroup_create() - make the groups (mkdir -p), refuse a group that is frozen or holds processes; undone by cgroup_destroy() */
int cgroup_create(struct cgroup *cg, struct pf_error *e);

/**
 * cgroup_apply() - write the limits that @r has; device rules default to deny: v1 devices.deny a, v2 BPF
 * @config:	NULL, or resources parsed alone, for an update: device rules stay as they are, the scope's properties
 *		change with the files
 */
int cgroup_apply(struct cgroup *cg, const struct oci_config *config, const struct oci_resources *r,
		 struct pf_error *e);

/**
 * cgroup_open_joins() - fds that the init writes "0" to: v1 `tasks' (a write to cgroup.procs by another waits for RCU),
 * v2 `cgroup.procs' unless @skip_v2 (then clone3 puts it there by cgroup_open_v2())
 */
int cgroup_open_joins(const struct cgroup *cg, bool skip_v2, int *fds, size_t *n,
		      struct pf_error *e);

/** cgroup_open_v2() - the v2 group as a directory fd for CLONE_INTO_CGROUP; -ENOENT without e when there is none */
int cgroup_open_v2(const struct cgroup *cg, int *ret_fd, struct pf_error *e);

/** cgroup_start_scope() - systemd manager: StartTransientUnit with @pid and the properties; fills the paths */
int cgroup_start_scope(struct cgroup *cg, const struct oci_config *config, pid_t pid,
		       struct pf_error *e);

/** cgroup_attach() - move @pid in by cgroup.procs (exec of engines that ask for it; restore) */
int cgroup_attach(const struct cgroup *cg, pid_t pid, struct pf_error *e);

/**
 * cgroup_follow() - where another process can join a running container whose init is @pid
 *
 * On v2 a group that gave controllers to groups below it takes no process any more (a container that runs systemd does
 * so): then @ret is @cg with the v2 group the init is in now, if that lies below ours. Else @ret is @cg. May be the same.
 */
int cgroup_follow(const struct cgroup *cg, pid_t pid, struct cgroup *ret, struct pf_error *e);

/** cgroup_subgroup() - exec --cgroup [CONTROLLER:]PATH: @ret is @cg with the paths of a sub-group; ".." refused */
int cgroup_subgroup(const struct cgroup *cg, const char *spec, struct cgroup *ret,
		    struct pf_error *e);

int cgroup_freeze(const struct cgroup *cg, bool freeze,
		  struct pf_error *e); /* waits until it is so, bounded */
int cgroup_is_frozen(const struct cgroup *cg, bool *ret, struct pf_error *e);
/** cgroup_pids() - every pid in the group and below; *ret owned by the caller */
int cgroup_pids(const struct cgroup *cg, pid_t **ret, size_t *n, struct pf_error *e);
/** cgroup_kill() - @sig to every process; SIGKILL by cgroup.kill where it is (v2, 5.14), else a loop that ends */
int cgroup_kill(const struct cgroup *cg, int sig, struct pf_error *e);
/** cgroup_destroy() - kill what is left in the groups that create made, and remove them with their sub-groups (stop the scope); missing ones are no error; waits, bounded */
int cgroup_destroy(const struct cgroup *cg, struct pf_error *e);

/** cgroup_remove_empty() - what a create that was killed began: nobody recorded it, so only what is empty goes */
int cgroup_remove_empty(const struct cgroup *cg, struct pf_error *e);

/** cgroup_to_json(), cgroup_from_json() - an object for the state file */
void cgroup_to_json(const struct cgroup *cg, struct pf_buf *b);
int cgroup_from_json(const struct json *object, struct cgroup *ret, struct pf_error *e);

#endif
