/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_PLAN_H
#define PF_INIT_PLAN_H

#include <stdint.h>

/*
 * The flat plan: what the init shall make true, as one block of bytes in a sealed memfd. The parent (planfile.c) writes
 * it, the init (plan.c) maps it and trusts nothing in it: magic, size, every offset and every string end are checked
 * before the first step.
 *
 * A string is a uint32_t offset from the start of the block to NUL-terminated bytes; 0 is "no string". A list is an
 * offset and a count. All structs have fixed layout, 8-byte aligned, no padding that matters.
 *
 * Part 1 (struct plan) follows from config.json alone. Part 2 (struct seal, runtime/init/seal.h) is the confinement,
 * decided by the parent after it has seen the container's final mount tree.
 */

#define PLAN_MAGIC     0x314e4c50444c4650ull /* "PFLDPLN1" */
#define PLAN_MAX_BYTES (16u << 20)

typedef uint32_t plan_str; /* the one typedef: it marks what must be checked */

struct plan_list {
	uint32_t off, n;
};

enum plan_flag {
	PLAN_CREATE = 1 << 0, /* a new container: before_ready, wait for start, after_start */
	PLAN_EXEC = 1 << 1,   /* a process in a running container */
	PLAN_TWO_STAGE =
		1 << 2, /* the init first joins or unshares, then clones itself with CLONE_PARENT */
	PLAN_TERMINAL = 1 << 3,
	PLAN_NO_NEW_PRIVS = 1 << 4,
	PLAN_NO_PIVOT = 1 << 5,
	PLAN_ROOT_READONLY = 1 << 6,
	PLAN_HAS_CAPS = 1 << 7,
	PLAN_HAS_UMASK = 1 << 8,
	PLAN_CONFINED = 1 << 10,   /* part 2 follows at SYNC_SEAL; no_new_privs is forced */
	PLAN_NEW_USERNS = 1 << 11, /* wait for SYNC_IDMAP, then become root in it */
	PLAN_JOINED_USERNS = 1 << 12,
	PLAN_NEW_MNTNS = 1 << 13,   /* there is a private mount namespace: the root is built */
	PLAN_KEEP_GROUPS = 1 << 14, /* run.oci.keep_original_groups: no setgroups */
	PLAN_DENY_SETGROUPS =
		1 << 15, /* rootless without newgidmap: setgroups is denied, only an empty list */
	PLAN_NEW_CGROUPNS = 1 << 16, /* unshare it after the join */
	PLAN_HAS_IOPRIO = 1 << 17,
	PLAN_HAS_SCHEDULER = 1 << 18,
	PLAN_HAS_PERSONALITY = 1 << 19,
	PLAN_DETACHED = 1 << 20,
	PLAN_ROOTLESS = 1 << 21,   /* the caller is not root of the initial user namespace */
	PLAN_IN_USERNS = 1 << 22,  /* mknod is not possible: devices are bind mounts */
	PLAN_HAS_TIMENS = 1 << 23, /* unshare a time namespace and write the offsets */
	PLAN_HAS_PIDNS = 1 << 24,  /* the process is, or will be, pid 1 of a new pid namespace */
	PLAN_SUBREAPER = 1 << 25,
	PLAN_HAS_AFFINITY_FINAL = 1 << 26,
	PLAN_PRIVATE_TREE =
		1 << 27, /* at the end no mount is a peer or a slave: nothing appears later */
	PLAN_SHOWS_TREE =
		1 << 28, /* the parent looks at the final tree, though it may not confine */
	PLAN_TELLS_NETNS =
		1
		<< 29, /* the parent judges connections: the cookie of the network namespace goes with the tree */
};

/* A mount, in config.json's order. Destinations are resolved by the init in the container's root. */
enum plan_mount_kind {
	PLAN_MOUNT_TREE = 1, /* .fd is a detached tree, attributes already set by the parent */
	PLAN_MOUNT_PATH, /* bind .source by path: a caller without privilege over its own mount namespace */
	PLAN_MOUNT_FS,           /* fsopen(.fstype) with .data */
	PLAN_MOUNT_CGROUP,       /* the container's own cgroups, see plan->cgroup_mounts */
	PLAN_MOUNT_COPY_SYMLINK, /* make the symlink .source at the destination */
};

enum plan_mount_flag {
	PLAN_MOUNT_RECURSIVE = 1 << 0,
	PLAN_MOUNT_TMPCOPYUP = 1 << 1,
	PLAN_MOUNT_DEST_NOFOLLOW = 1 << 2,
	PLAN_MOUNT_IS_DIR =
		1 << 3, /* TREE and PATH: the source is a directory, so the mount point is one */
	PLAN_MOUNT_STRICT_TARGET = 1
				   << 4, /* /proc, /sys: the mount point must be a real directory */
};

struct plan_mount {
	uint32_t kind, flags;
	int32_t fd;
	plan_str dest, source, fstype, data;
	uint32_t pad;
	uint64_t attr_set, attr_clr, rec_attr_set, rec_attr_clr; /* PF_MOUNT_ATTR_* */
	uint64_t first_propagation; /* TREE and PATH: what the whole tree gets first; 0: nothing */
	uint64_t propagation;       /* MS_* with MS_REC: the mount's own options; 0: none */
	uint64_t dev, ino;          /* PATH: what the parent saw, compared after opening */
};

struct plan_cgroup_mount { /* cgroup v1: one hierarchy below the cgroup mount point; v2: one entry with name 0 */
	plan_str name; /* directory below the mount point: "cpu,cpuacct" */
	plan_str
		options; /* for fsopen("cgroup"): "cpu,cpuacct" or "none,name=systemd"; 0: cgroup2 */
	plan_str
		host_dir; /* the container's own cgroup on the host, bound when there is no cgroup namespace */
	uint32_t pad;
	struct plan_list links; /* plan_str: symlinks to name: "cpu", "cpuacct" */
};

struct plan_device {
	plan_str path; /* in the container, absolute */
	uint32_t mode; /* S_IFCHR etc. and permissions */
	uint32_t major, minor, uid, gid;
	plan_str source; /* host path to bind when mknod is not possible */
	uint32_t pad;
};

struct plan_link {
	plan_str target, path;
};

struct plan_pair {
	plan_str key, value;
};

struct plan_rlimit {
	uint32_t resource, pad;
	uint64_t soft, hard;
};

struct plan_hook {
	plan_str path;
	uint32_t timeout_s;         /* 0: none */
	struct plan_list args, env; /* plan_str */
};

struct plan_ns_join {
	int32_t fd;
	uint32_t flag; /* CLONE_NEW*; with .fd a pidfd several at once */
};

struct plan_process {
	struct plan_list args, env; /* plan_str */
	plan_str cwd;
	uint32_t uid, gid, umask;
	struct plan_list groups;  /* uint32_t */
	struct plan_list rlimits; /* struct plan_rlimit */
	uint64_t caps[5];         /* enum oci_cap_set's order */
	plan_str apparmor, selinux;
	uint32_t console_height, console_width;
	int32_t ioprio; /* the value of ioprio_set(2) */
	uint32_t personality;
	uint32_t sched_policy;
	int32_t sched_nice;
	uint32_t sched_priority, pad;
	uint64_t sched_flags, sched_runtime, sched_deadline, sched_period;
	struct plan_list affinity; /* uint64_t: the cpu mask of execCPUAffinity.final */
};

struct plan {
	uint64_t magic;
	uint32_t size, flags;
	/* fds of the parent that the init inherits by number; -1: none */
	int32_t sync_fd;    /* SOCK_SEQPACKET to the parent, see runtime/init/sync.h */
	int32_t start_fd;   /* listening unix socket that `start` connects to (PLAN_CREATE) */
	int32_t console_fd; /* connected unix socket that gets the pty master (PLAN_TERMINAL) */
	int32_t root_fd;    /* detached tree of the root file system, or -1: by root_path */
	int32_t proc_fd; /* the caller's /proc as O_PATH, to reopen by fd before the root is built */
	int32_t seal_fd; /* PLAN_EXEC of a confined container: the recorded part 2; -1 otherwise */
	int32_t hook_state_creating_fd,
		hook_state_created_fd; /* state JSON for hooks; -1: no such hooks */
	uint32_t preserve_fds;         /* 3 .. 3+n-1 stay open */
	uint32_t
		ppid; /* the parent's pid, to see that it still lives after PDEATHSIG is set; 0: not visible */
	uint64_t clone_flags;   /* second stage: CLONE_NEW* to clone with; first stage otherwise */
	struct plan_list joins; /* struct plan_ns_join, in order */
	struct plan_list
		tasks_fds; /* int32_t: v1 tasks files and v2 cgroup.procs, "0" is written to each */
	plan_str root_path, hostname, domainname, keyring; /* keyring 0: no new session keyring */
	plan_str keyring_label, timens_offsets;            /* text for /proc/self/timens_offsets */
	uint64_t rootfs_propagation;       /* MS_* with MS_REC; 0: as MS_SLAVE | MS_REC */
	struct plan_list mounts;           /* struct plan_mount */
	struct plan_list cgroup_mounts;    /* struct plan_cgroup_mount */
	struct plan_list devices;          /* struct plan_device */
	struct plan_list links;            /* struct plan_link: /dev/fd and friends */
	struct plan_list masked, readonly; /* plan_str */
	struct plan_list sysctl;           /* struct plan_pair: key with '/' */
	struct plan_list hooks_create_container, hooks_start_container; /* struct plan_hook */
	struct plan_list
		bpf; /* struct sock_filter of the OCI seccomp profile, n instructions; n 0: none */
	uint32_t seccomp_flags, pad;
	struct plan_process process;
};

#endif
