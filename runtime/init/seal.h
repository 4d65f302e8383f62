/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_SEAL_H
#define PF_INIT_SEAL_H

#include "runtime/init/plan.h"

/*
 * Part 2 of the plan: the confinement of one container, flat like part 1. The parent decides it once, at create, from
 * the container's final mount tree; the same bytes are kept beside the state and used again, unchanged, by every exec.
 *
 * Each rule carries the identity of what the parent judged. Whoever seals opens the path again without following a
 * symlink and leaves a rule out when device, inode or mount differ: so no path that the workload controls can widen a
 * later exec.
 */

#define SEAL_MAGIC 0x334c4145534c4650ull /* "PFLSEAL3" */

struct seal_id {
	uint64_t dev, ino, mnt_id; /* dev as makedev(); mnt_id of statx(STATX_MNT_ID) */
};

/* In place of .mnt_id: below a bind of our own, whose number nobody knew when this was judged. Mount 0 is the kernel's. */
#define SEAL_ANY_MOUNT 0

struct seal_rule {
	plan_str path; /* absolute, resolved, no symlink in it */
	uint32_t is_dir;
	uint64_t access; /* PF_LL_FS_*, already cut to seal.abi and to what a file can have */
	struct seal_id id;
};

enum { SEAL_CONTENT_MAX = 4096 };

struct seal_cover { /* over it lies an empty read-only directory, or a read-only file */
	plan_str path;
	uint32_t is_dir;
	plan_str content; /* of the file, up to SEAL_CONTENT_MAX bytes; 0: it is empty */
	uint32_t pad;
	struct seal_id id;
};

struct seal_readonly { /* a bind mount that no write entry reaches is made read-only, recursively */
	plan_str path;
	uint32_t pad;
	struct seal_id id;
};

struct seal_protect { /* a read-only bind of itself, recursively; .anchor: writable, only to hold it in place */
	plan_str path;
	uint32_t is_dir, anchor, pad;
	struct seal_id id;
};

enum seal_flag {
	SEAL_LANDLOCK =
		1
		<< 0, /* always set when confined, but where degrade names landlock and the kernel has none */
	SEAL_FILTER = 1 << 1, /* our own seccomp filter */
	SEAL_READ = 1 << 2,   /* read, write, exec are in force: what the probes try */
	SEAL_WRITE = 1 << 3,
	SEAL_EXEC = 1 << 4,
	SEAL_NO_PROBES = 1 << 5, /* exec: the container's probes have been run at create */
};

struct seal {
	uint64_t magic;
	uint32_t size, flags;
	uint32_t abi; /* the ABI the rules were made for */
	uint32_t pad;
	uint64_t handled_fs, scoped;
	struct plan_list rules, covers, readonly;
	struct plan_list protects; /* a directory before what lies in it */
	struct plan_list
		noexec; /* struct seal_readonly: each of these mounts alone becomes noexec */
	uint32_t unreachable
		[2]; /* IPv4 addresses, network order, that no entry of egress opens; 0: none */
};

/* What a probe found; sent to the parent with SYNC_READY and kept in the posture. */
enum seal_probe {
	SEAL_PROBE_READ,
	SEAL_PROBE_WRITE,
	SEAL_PROBE_USERNS,
	SEAL_PROBE_PACKET,
	SEAL_PROBE_COVER,
	SEAL_PROBE_PROTECT,
	SEAL_PROBE_CONNECT,
	SEAL_PROBE_COUNT_
};
enum seal_probe_result { SEAL_NOT_PROBED, SEAL_DENIED, SEAL_ALLOWED };

#endif
