/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_OCI_H
#define PF_CONFIG_OCI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/*
 * config.json of the OCI runtime specification 1.3 for Linux, as typed structs. Pure: reading it touches nothing of the
 * system. Every string and array is owned by the struct oci_config (one arena, oci_config_free()).
 *
 * Absent values: NULL, n = 0, has_* false, or the value named in the comment.
 */

#define OCI_VERSION "1.3.0"

struct oci_strings {
	char **v; /* NULL-terminated, v is never NULL after a parse */
	size_t n;
};

struct oci_pair {
	const char *key, *value;
};

struct oci_pairs {
	struct oci_pair *v;
	size_t n;
};

struct oci_id_map { /* all in ids; size > 0 */
	uint32_t container_id, host_id, size;
};

struct oci_id_maps {
	struct oci_id_map *v;
	size_t n;
};

struct oci_user {
	uint32_t uid, gid;
	bool has_umask;
	uint32_t umask; /* <= 07777 */
	uint32_t *additional_gids;
	size_t n_additional_gids;
};

enum oci_cap_set {
	OCI_CAP_BOUNDING,
	OCI_CAP_PERMITTED,
	OCI_CAP_EFFECTIVE,
	OCI_CAP_INHERITABLE,
	OCI_CAP_AMBIENT,
	OCI_CAP_SET_COUNT_
};

struct oci_rlimit {
	int resource; /* RLIMIT_* */
	const char *name;
	uint64_t soft, hard;
};

struct oci_scheduler { /* process.scheduler, sched_setattr(2) */
	bool present;
	int policy; /* SCHED_* */
	int32_t nice, priority;
	uint64_t flags;                     /* SCHED_FLAG_* */
	uint64_t runtime, deadline, period; /* ns */
};

struct oci_process {
	bool present, terminal;
	uint16_t console_height, console_width; /* characters; 0: not given */
	struct oci_user user;
	struct oci_strings args, env;
	const char *cwd;
	bool has_capabilities;
	uint64_t caps
		[OCI_CAP_SET_COUNT_]; /* bit n: capability n; unknown names are in unknown_caps */
	struct oci_strings unknown_caps;
	struct oci_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privileges;
	bool has_oom_score_adj;
	int32_t oom_score_adj;
	const char *apparmor_profile, *selinux_label;
	struct oci_scheduler scheduler;
	bool has_io_priority;
	int32_t io_class, io_priority; /* ioprio_set(2): class 1..3, priority 0..7 */
	const char *cpu_affinity_initial,
		*cpu_affinity_final; /* process.execCPUAffinity, cpu lists */
};

enum oci_fs_kind {
	OCI_FS_BIND,
	OCI_FS_TMPFS,
	OCI_FS_PROC,
	OCI_FS_SYSFS,
	OCI_FS_DEVPTS,
	OCI_FS_MQUEUE,
	OCI_FS_CGROUP,
	OCI_FS_OTHER
};

struct oci_mount {
	enum oci_fs_kind kind;
	const char *
		destination; /* made absolute ("/" put in front) where the spec allowed a relative one */
	const char *type;                    /* as given; "bind" when only an option said so */
	const char *source;                  /* as given */
	bool recursive;                      /* rbind */
	uint64_t attr_set, attr_clr;         /* PF_MOUNT_ATTR_* for the mount itself */
	uint64_t rec_attr_set, rec_attr_clr; /* the recursive options: rro, rnosuid, ... */
	uint64_t propagation; /* MS_PRIVATE, MS_SHARED, MS_SLAVE, MS_UNBINDABLE; 0: not given */
	bool propagation_recursive;
	bool tmpcopyup;
	bool copy_symlink; /* copy-symlink: make the source symlink's target at the destination */
	bool dest_nofollow, src_nofollow;
	bool idmap, idmap_recursive;           /* idmap, ridmap, or mappings given */
	struct oci_id_maps uid_maps, gid_maps; /* empty with idmap: the container's own */
	const char *data; /* the other options, comma-joined, for the filesystem; NULL: none */
	struct oci_strings options; /* as given */
};

struct oci_hook {
	const char *path;
	struct oci_strings args, env; /* args empty: argv[0] is path */
	int timeout_s;                /* 0: none */
};

struct oci_hooks {
	struct oci_hook *v;
	size_t n;
};

enum oci_ns {
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_COUNT_
};

struct oci_namespace {
	bool present;
	const char *path; /* NULL: a new one */
};

struct oci_device {
	mode_t type; /* S_IFCHR, S_IFBLK, S_IFIFO */
	const char *path;
	uint32_t major, minor;
	mode_t mode; /* 0666 if not given */
	uint32_t uid, gid;
};

struct oci_device_rule {
	bool allow;
	char type;            /* 'a', 'b', 'c' */
	int64_t major, minor; /* -1: any */
	bool read, write, mknod;
};

struct oci_throttle {
	uint32_t major, minor;
	uint64_t rate; /* weight devices: weight */
	uint64_t leaf_weight;
};

struct oci_throttles {
	struct oci_throttle *v;
	size_t n;
};

/* A number that may be absent. -1 means "unlimited" where the spec says so. */
struct oci_num {
	bool present;
	int64_t v;
};

struct oci_hugepage {
	const char *page_size; /* "2MB": checked to be digits and KB, MB, GB */
	uint64_t limit;
};

struct oci_rdma {
	const char *device;
	struct oci_num handles, objects;
};

struct oci_resources {
	bool present;
	struct oci_device_rule *devices;
	size_t n_devices;
	/* memory, bytes */
	struct oci_num mem_limit, mem_reservation, mem_swap, mem_kernel, mem_kernel_tcp,
		mem_swappiness;
	bool mem_disable_oom_killer, has_mem_disable_oom_killer, mem_use_hierarchy,
		mem_check_before_update;
	/* cpu; times in us */
	struct oci_num cpu_shares, cpu_quota, cpu_period, cpu_burst, cpu_rt_runtime, cpu_rt_period,
		cpu_idle;
	const char *cpuset_cpus, *cpuset_mems;
	struct oci_num pids_limit;
	/* blockIO */
	struct oci_num blkio_weight, blkio_leaf_weight;
	struct oci_throttles blkio_weight_device, blkio_read_bps, blkio_write_bps, blkio_read_iops,
		blkio_write_iops;
	struct oci_hugepage *hugepages;
	size_t n_hugepages;
	struct oci_num net_class_id;
	struct oci_pairs net_priorities; /* value: decimal text */
	struct oci_rdma *rdma;
	size_t n_rdma;
	struct oci_pairs unified; /* keys checked: one file name, no "/" */
};

struct oci_seccomp_arg {
	uint32_t index;
	uint64_t value, value_two;
	int op; /* enum scmp_compare of libseccomp */
};

struct oci_seccomp_syscall {
	struct oci_strings names;
	const char *action; /* "SCMP_ACT_..." checked */
	bool has_errno;
	uint32_t errno_ret;
	struct oci_seccomp_arg *args;
	size_t n_args;
};

struct oci_seccomp {
	bool present;
	const char *default_action;
	bool has_default_errno;
	uint32_t default_errno;
	struct oci_strings architectures, flags;
	bool has_flags; /* absent is not the same as none */
	const char *listener_path, *listener_metadata;
	struct oci_seccomp_syscall *syscalls;
	size_t n_syscalls;
	bool uses_notify;
};

struct oci_time_offset {
	bool present;
	int64_t secs;
	uint32_t nanosecs;
};

struct oci_linux {
	struct oci_namespace ns[OCI_NS_COUNT_];
	struct oci_id_maps uid_maps, gid_maps;
	struct oci_time_offset boottime, monotonic;
	struct oci_device *devices;
	size_t n_devices;
	struct oci_pairs net_devices; /* key: host name, value: name inside */
	const char *cgroups_path;     /* NULL: not given */
	struct oci_resources resources;
	uint64_t rootfs_propagation; /* MS_* with MS_REC; 0: not given */
	struct oci_seccomp seccomp;
	struct oci_pairs sysctl; /* key: path below /proc/sys, "net/ipv4/ip_forward" */
	struct oci_strings masked_paths, readonly_paths;
	const char *mount_label;
	bool has_personality;
	uint32_t personality; /* PER_LINUX, PER_LINUX32 */
	bool has_intel_rdt, has_memory_policy;
};

struct oci_config {
	const char *oci_version;
	const char *root_path; /* as given */
	bool root_readonly;
	const char *hostname, *domainname;
	struct oci_process process;
	struct oci_mount *mounts;
	size_t n_mounts;
	struct oci_hooks prestart, create_runtime, create_container, start_container, poststart,
		poststop;
	struct oci_pairs annotations;
	struct oci_linux linux_;
	struct json_doc *doc; /* owned: the arena */
};

/**
 * oci_config_parse() - config.json's bytes into @ret
 *
 * Should: refuse with PF_ERR_CONFIG and a JSON pointer what the spec forbids (wrong types, out-of-range numbers, missing
 * required fields, ids above 2^31-1 ... see docs/compatibility.md), ignore unknown keys, and refuse known values that
 * pinfold cannot honour by name. Nothing is resolved against the system.
 */
int oci_config_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e);
void oci_config_free(struct oci_config *config);

/** oci_process_parse() - the process object alone (exec --process FILE); free with oci_config_free() of @ret */
int oci_process_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e);

/** oci_resources_parse() - the resources object alone (update --resources FILE) */
int oci_resources_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e);

/**
 * oci_env_settle() - of entries with the same name ("A=1", "A=2") keep the last one, in its place
 *
 * Return: 0, or -ENOMEM
 */
int oci_env_settle(struct oci_strings *env);

/** oci_cpu_mask() - "0-3,7" as bits of @mask; -EINVAL when it is no such list, or names a CPU that @mask has no bit for */
#define OCI_CPU_MAX 1024u
int oci_cpu_mask(const char *list, uint64_t mask[OCI_CPU_MAX / 64]);

/** oci_annotation() - value of an annotation, NULL if absent */
const char *oci_annotation(const struct oci_pairs *annotations, const char *key);

/** oci_namespace_name() - "pid", "network", ... the spec's word */
const char *oci_namespace_name(enum oci_ns ns);
/** oci_namespace_flag() - CLONE_NEW* */
uint64_t oci_namespace_flag(enum oci_ns ns);

/** oci_cap_number() - "CAP_CHOWN" -> 0; -1 when the name is unknown */
int oci_cap_number(const char *name);
const char *oci_cap_name(int cap); /* "CAP_CHOWN", NULL past the last known */

/** oci_signal_number() - "KILL", "SIGKILL", "9", "RTMIN+3" -> number; -1 */
int oci_signal_number(const char *name);

#endif
