/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CGROUP_INTERNAL_H
#define PF_RUNTIME_CGROUP_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "runtime/cgroup.h"

/*
 * What the files cgroup*.c share. Nobody else includes this, except their unit tests.
 *
 *   cgroup_mounts.c   text of mountinfo and /proc/self/cgroup -> hierarchies   (pure)
 *   cgroup_plan.c     config.json + hierarchies -> the container's paths
 *   cgroup_dir.c      a group as a directory: open, make, walk, remove
 *   cgroup.c          create, joins, attach, destroy: the story over all hierarchies
 *   cgroup_control.c  freeze, list, kill
 *   cgroup_limits.c   which controller is asked for, where it is; then cgroup_v1.c or cgroup_v2.c writes
 *   cgroup_convert.c  the numbers of v1 in the words of v2                     (pure)
 *   cgroup_devices.c  the device rules: defaults, and what v1 can express      (pure, but for the v1 writes)
 *   devices_bpf.c     the same rules as a program for v2
 *   cgroup_systemd.c  the scope; cgroup_systemd_*.c its properties and annotations, or the fallback without systemd
 */

#define CGROUP_PATH_SIZE  512
#define CGROUP_MAX_MOUNTS 64

/* ---- mounts ---- */

struct cgroup_mount {
	dev_t dev; /* one per hierarchy, however often it is mounted */
	bool v2, read_only;
	char root[256], mount[128], controllers[128];
};

/** cgroup_parse_mounts() - the cgroup lines of a mountinfo text, in its order; longer names than fit are left out */
size_t cgroup_parse_mounts(const char *mountinfo, struct cgroup_mount *ret, size_t max);
/** cgroup_select_mounts() - one mount per hierarchy into @cg->h: below /sys/fs/cgroup, whole and writable first */
int cgroup_select_mounts(const struct cgroup_mount *m, size_t n, struct cgroup *cg,
			 struct pf_error *e);
/** cgroup_own_path() - the caller's group relative to the mount ("" is the mount itself), from /proc/self/cgroup's text */
int cgroup_own_path(const char *self_cgroup, const struct cgroup_hierarchy *h, char *buf,
		    size_t size);
/** cgroup_relative_to_mount() - a path of the hierarchy, seen from a mount whose root is @h->root */
void cgroup_relative_to_mount(const struct cgroup_hierarchy *h, const char *path, char *buf,
			      size_t size);
/** cgroup_list_has() - @name is in the comma- or space-separated @list */
bool cgroup_list_has(const char *list, const char *name);
/** cgroup_copy() - strcpy() into a buffer; -ENAMETOOLONG instead of cutting */
int cgroup_copy(char *buf, size_t size, const char *text);

/* ---- plan ---- */

/** cgroup_place() - fill the paths of every hierarchy; pure but for the access checks of rootless */
int cgroup_place(const struct oci_config *config, const char *id, const char *self_cgroup,
		 struct cgroup *cg, struct pf_error *e);
/** cgroup_parse_scope() - "slice:prefix:name" -> unit and slice names */
int cgroup_parse_scope(const char *spec, const char *id, struct cgroup *cg, struct pf_error *e);
/** cgroup_expand_slice() - "a-b.slice" -> "/a.slice/a-b.slice"; "-.slice" -> "" */
int cgroup_expand_slice(const char *slice, char *buf, size_t size);

/* ---- hierarchies and directories ---- */

/** cgroup_find() - the v1 hierarchy that has @controller, else NULL */
const struct cgroup_hierarchy *cgroup_find_v1(const struct cgroup *cg, const char *controller);
const struct cgroup_hierarchy *cgroup_find_v2(const struct cgroup *cg);
/** cgroup_is_unified() - there is no v1 hierarchy */
bool cgroup_is_unified(const struct cgroup *cg);
/** cgroup_drop() - forget a hierarchy */
void cgroup_drop(struct cgroup *cg, size_t i);

/** cgroup_dir_open() - the container's group; -ENOENT when it is not there */
int cgroup_dir_open(const struct cgroup_hierarchy *h, int *ret_fd, struct pf_error *e);
/** cgroup_dir_make() - mkdir -p; sets created and made_parents; cpuset groups get their parent's cpus and nodes */
int cgroup_dir_make(struct cgroup_hierarchy *h, struct pf_error *e);
/** cgroup_dir_enable() - v2: put controllers in cgroup.subtree_control of every group above; NULL: all, as far as it goes */
int cgroup_dir_enable(const struct cgroup_hierarchy *h, const char *controller);
/** cgroup_dir_remove() - one attempt at the group and all below it. Return: 0 when gone, -EBUSY, or another -errno */
int cgroup_dir_remove(const struct cgroup_hierarchy *h);
/** cgroup_dir_remove_empty() - the group itself, if nothing and nobody is in it; -EBUSY otherwise */
int cgroup_dir_remove_empty(const struct cgroup_hierarchy *h);
/** cgroup_dir_remove_parents() - the groups that cgroup_dir_make() had to make above it, while nobody uses them */
void cgroup_dir_remove_parents(const struct cgroup_hierarchy *h);

/* Every group below @dir, itself first. @visit gets a directory fd that is closed after it; non-zero ends the walk. */
typedef int cgroup_visit(int dir, void *arg);
int cgroup_walk(int dir, cgroup_visit *visit, void *arg);

/** cgroup_pids_in() - cgroup_pids() of one hierarchy */
int cgroup_pids_in(const struct cgroup_hierarchy *h, pid_t **ret, size_t *n, struct pf_error *e);

/** cgroup_read_file() - a short file into @buf without its last newline. Return: its length or -errno */
ssize_t cgroup_read_file(int dir, const char *file, char *buf, size_t size);
/** cgroup_read_number() - a file that holds one number; "max" is INT64_MAX */
int cgroup_read_number(int dir, const char *file, int64_t *ret);
/** cgroup_read_flag() - the value of "KEY N" in cgroup.events; -ENODATA when absent */
int cgroup_read_flag(int dir, const char *key);

/* A bounded wait: sleeps that grow from 100 us to 50 ms until the deadline. */
struct cgroup_wait {
	int64_t deadline_ms;
	long sleep_us;
};

void cgroup_wait_start(struct cgroup_wait *w, int timeout_ms);
bool cgroup_wait_next(struct cgroup_wait *w); /* false: the time is over */

/* ---- limits ---- */

struct cgroup_target { /* one controller's files of one container */
	const struct cgroup_hierarchy *h;
	int dir; /* borrowed */
	const struct oci_resources *r;
};

typedef int cgroup_limit_fn(const struct cgroup_target *t, struct pf_error *e);
cgroup_limit_fn cgroup_v1_cpu, cgroup_v1_cpuset, cgroup_v1_memory, cgroup_v1_pids, cgroup_v1_blkio,
	cgroup_v1_hugetlb, cgroup_v1_net_cls, cgroup_v1_net_prio;
cgroup_limit_fn cgroup_v2_cpu, cgroup_v2_cpuset, cgroup_v2_memory, cgroup_v2_pids, cgroup_v2_io,
	cgroup_v2_hugetlb, cgroup_v2_unified;
cgroup_limit_fn cgroup_v1_memory_check, cgroup_v2_memory_check, cgroup_any_rdma;
/** cgroup_hugetlb() - hugetlb.SIZE.@file and hugetlb.SIZE.rsvd.@file */
int cgroup_hugetlb(const struct cgroup_target *t, const char *file, struct pf_error *e);

/** cgroup_limits_check() - whether the controllers that @r needs are there, or systemd can turn them on; writes no limit */
int cgroup_limits_check(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e);
/** cgroup_limits_apply() - all of @r but the devices */
int cgroup_limits_apply(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e);

/** cgroup_limit_write() - one value; the error names @what ("memory/limit"), the file and the value */
int cgroup_limit_write(const struct cgroup_target *t, const char *what, const char *file,
		       const char *value, struct pf_error *e);
int cgroup_limit_number(const struct cgroup_target *t, const char *what, const char *file,
			int64_t value, struct pf_error *e);
/** cgroup_limit_fail() - the error of a write that was tried otherwise */
int cgroup_limit_fail(const struct cgroup_target *t, const char *what, const char *file, int err,
		      struct pf_error *e);
/** cgroup_num_set() - present and not 0, which means "not set" for most numbers of the spec */
bool cgroup_num_set(const struct oci_num *n);
/** cgroup_pids_limit() - pids.limit as the kernel and systemd can both have it: at least 1, or -1 for no limit */
int64_t cgroup_pids_limit(const struct oci_resources *r);

/* ---- conversions ---- */

uint64_t cgroup_shares_to_weight(uint64_t shares);   /* 2..262144 -> 1..10000, 1024 -> 100 */
uint64_t cgroup_blkio_to_io_weight(uint64_t weight); /* 10..1000 -> 1..10000 */
/** cgroup_swap_to_v2() - memory+swap in the words of v2; *ret -1: max. -EINVAL: swap below memory or memory not known */
int cgroup_swap_to_v2(int64_t swap, int64_t memory, int64_t *ret);
/** cgroup_cpuset_to_mask() - "0-3,5" as the little-endian bit mask that systemd takes */
int cgroup_cpuset_to_mask(const char *list, uint8_t *mask, size_t size, size_t *len);
/** cgroup_quota_to_systemd() - us per second of CPU time, in steps of 10 ms; UINT64_MAX: no limit */
uint64_t cgroup_quota_to_systemd(int64_t quota_us, uint64_t period_us);

/* ---- devices ---- */

#define DEVICE_MKNOD 1u /* the bits of BPF_DEVCG_ACC_* */
#define DEVICE_READ  2u
#define DEVICE_WRITE 4u
#define DEVICE_RWM   7u

struct device_entry {
	char type; /* 'b', 'c'; in a rule list also 'a': both */
	bool allow;
	int64_t major, minor; /* -1: any */
	unsigned int access;  /* DEVICE_* */
};

struct device_rules {
	struct device_entry *v; /* owned */
	size_t n, cap;
};

/** devices_compose() - config.json's rules in order, then what every container may use; the last match wins */
int devices_compose(const struct oci_resources *r, struct device_rules *ret, struct pf_error *e);
/** devices_reduce() - the same as v1 says it: one default and a set of exceptions to it */
int devices_reduce(const struct device_rules *rules, bool *ret_default_allow,
		   struct device_rules *ret_exceptions, struct pf_error *e);
void devices_free(struct device_rules *rules);
#define auto_devices __attribute__((cleanup(devices_free))) struct device_rules

/** devices_apply() - make the rules true where the container is: v1's devices controller, else a program on v2 */
int devices_apply(const struct cgroup *cg, const struct oci_resources *r, struct pf_error *e);

/* ---- systemd: cgroup_systemd.c or cgroup_systemd_fallback.c ---- */

/** cgroup_systemd_start() - the scope with its properties and @pid in it; *ret_path: its group, as the hierarchy names it */
int cgroup_systemd_start(const struct cgroup *cg, const struct oci_config *config, pid_t pid,
			 char *ret_path, size_t size, struct pf_error *e);
int cgroup_systemd_update(const struct cgroup *cg, const struct oci_resources *r,
			  struct pf_error *e);
/** cgroup_systemd_stop() - end the scope; one that is gone is no error */
int cgroup_systemd_stop(const struct cgroup *cg, struct pf_error *e);

#endif
