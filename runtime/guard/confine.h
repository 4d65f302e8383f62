/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_CONFINE_H
#define PF_GUARD_CONFINE_H

#include <stdbool.h>

#include "base/error.h"
#include "base/io.h"
#include "config/envrules.h"
#include "config/oci.h"
#include "config/policy.h"
#include "runtime/flat.h"
#include "runtime/host.h"
#include "runtime/init/seal.h"

/*
 * From policy to rules: entries and tokens become resolved paths with identity, covers, read-only binds and Landlock
 * rights, judged on the container's final mount tree through an fd of its root. Used by create (the init's fd), by
 * `explain --bundle' (the bundle's root without its mounts) and by `explain ID' (what was recorded).
 */

enum confine_key { CONFINE_READ, CONFINE_WRITE, CONFINE_EXEC, CONFINE_KEY_COUNT_ };

struct confine_path { /* one path that an entry or a token opened */
	enum confine_key key;
	const char *entry; /* "@home", "/data" */
	char *path;        /* resolved; owned */
	bool is_dir, is_image,
		system;  /* is_image: "@image": the rule on "/"; system: part of @system */
	uint64_t rights; /* extra: IOCTL_DEV for devices and ttys */
	struct seal_id id;
};

struct confine_mount { /* a mount that brings data from outside, and what was decided for it */
	const char *
		destination; /* as config.json says, NULL: it is not there: a hook's, or the bundle's own */
	char *path;          /* where it is, symlinks of the root resolved; owned */
	bool is_dir, engine; /* engine: mounted by the engine for itself (@system) */
	bool covered, made_readonly;
	const char *opened_by; /* the entry that opens it, NULL when covered */
	struct seal_id id;
};

struct confine_noexec { /* a writable mount outside of `exec': nothing on it can be executed */
	char *path;     /* owned */
	struct seal_id id;
};

/* Something that no process of the container sees, whatever entry opens what it lies in. */
struct confine_cover {
	char *path; /* resolved, no symlink in it */
	char *shown; /* what explain and posture say where the path itself is a secret; NULL: the path */
	bool is_dir;     /* else a file, a socket, a FIFO, a device: an empty file lies over it */
	const char *why; /* the key that asked for it: "hide"; static */
	char *entry;     /* what of the policy it stands for: "/work/.env", a kind of credential */
	char *content;   /* text of a fake file, up to SEAL_CONTENT_MAX bytes; NULL: empty */
	struct seal_id id;
};

struct confine_protect { /* a path that cannot be changed, or a directory around one that cannot be moved */
	char *path;          /* owned */
	const char *entry;   /* of `protect' */
	bool is_dir, anchor; /* anchor: writable as it was, but held in place */
	struct seal_id id;
};

struct confine_note { /* what explain and posture say: a token that is empty, a part that does not exist */
	char *text;
};

struct credentials;

struct confinement {
	struct confine_path *paths;
	size_t n_paths;
	struct confine_mount *mounts;
	size_t n_mounts;
	struct confine_noexec *noexec;
	size_t n_noexec;
	struct confine_cover *covers; /* sorted, none within another; its strings are owned */
	size_t n_covers;
	struct confine_protect *protects; /* sorted; none within another but in an anchor */
	size_t n_protects;
	struct confine_note *notes;
	size_t n_notes;
	unsigned int keys; /* 1 << enum confine_key: which are in force */
	struct seal_id root;
	bool no_network; /* nothing here judges connections, and `degrade' allows that */
	uint32_t unreachable
		[2]; /* IPv4 addresses, network order, that `egress' keeps closed: what is probed; 0: none */
	uint64_t handled_fs, scoped;
	int abi; /* 0: no Landlock here, and `degrade' allows that */
	const struct env_report
		*env; /* borrowed: what was dropped from the environment; NULL: not told */
	const struct credentials *credentials; /* borrowed; NULL: not told */
	uint64_t caps_taken;      /* bits that config.json asked for and confinement takes */
	const char *degraded[16]; /* names of `degrade' that were needed on this host */
	size_t n_degraded;
};

struct confine_input {
	const struct policy *policy;
	const struct oci_config *config;
	const struct host *host;
	int root_fd; /* O_PATH of the container's root, mounts in place */
	/* /proc/PID/mountinfo of the init, seen from its root: every mount there is judged, also those that no
	 * config.json knows. NULL: only the mounts of config.json are there to be judged */
	const char *mountinfo;
	uint32_t unreachable[2]; /* as in the result */
	bool no_network;         /* nothing here judges connections, and `degrade' allows that */
	struct credentials *credentials; /* what is found gets covers; NULL: nobody looks */
	const char *bundle;              /* unmounted: where it is */
	bool unmounted; /* explain --bundle: the mounts are not in place, config.json alone tells where they will be */
};

/**
 * confine_check_config() - policy.md 4: what a confined container must not have, before anything is made
 * Refuses: capabilities that void a protection, host pid/ipc/net namespaces, writable cgroup mounts, no mount namespace,
 * shared propagation, block devices, a user namespace by path ... each unless policy->permit names it.
 * @caps: in: the five sets of config.json; out: without what is taken (NET_RAW where it is not permitted)
 */
int confine_check_config(const struct policy *policy, const struct oci_config *config,
			 uint64_t caps[OCI_CAP_SET_COUNT_], uint64_t *ret_taken,
			 struct pf_error *e);

/** confine_void_mask() - the capabilities that would void a protection and that the node does not permit, as bits */
uint64_t confine_void_mask(const struct policy *policy, const struct oci_config *config);

/** confine_resolve() - expand and judge; PF_ERR_POLICY names key, entry, bound and cure; PF_ERR_HOST when Landlock lacks */
int confine_resolve(const struct confine_input *in, struct confinement *ret, struct pf_error *e);
void confinement_free(struct confinement *c);

/** confine_write_seal() - the flat part 2 */
int confine_write_seal(const struct confinement *c, struct flat *ret, struct pf_error *e);

/** confine_explain() - human text or JSON of the effective policy: each entry's origin, expansion, covers */
void confine_explain(const struct policy *policy, const struct confinement *c, bool json,
		     struct pf_buf *b);

/** confine_posture() - the JSON object kept as posture.json in the state directory; @probes as SYNC_READY packs them */
void confine_posture(const struct policy *policy, const struct confinement *c, int64_t probes,
		     struct pf_buf *b);

#endif
