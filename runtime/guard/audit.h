/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_AUDIT_H
#define PF_GUARD_AUDIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "config/catalogue.h"
#include "config/redirects.h"
#include "runtime/guard/inventory.h"
#include "runtime/guard/view.h"

/*
 * What `pinfold audit' says, as data: containers, the credentials in each, the ways out of each, which containers reach
 * each other, and what that makes of every credential. docs/audit.md is for who reads it.
 *
 * Theory of operation. Three stages that share nothing but this struct:
 *	collect	(audit_collect.h)	looks at the system, fills .containers; runs and writes nothing
 *	judge	(audit_judge())		pure: reach sets, readers, severity, mapping; masks; fills .sets and .entries
 *	report	(audit_*())		pure: struct in, text out
 *
 * No byte of a value is ever in here, and after audit_judge() no text either that looks like one: a file may be called
 * as its token.
 */

enum { AUDIT_CONTAINERS_MAX = 1024, AUDIT_WAYS_MAX = 64, AUDIT_REDIRECTS_MAX = 128 };

enum audit_ns {
	AUDIT_NS_NET,
	AUDIT_NS_PID,
	AUDIT_NS_IPC,
	AUDIT_NS_MNT,
	AUDIT_NS_USER,
	AUDIT_NS_COUNT_,
};

struct audit_namespace {
	uint64_t ino; /* 0: unknown, or not made yet */
	bool host;    /* it is the host's own */
};

/* What a container sees of the host's files, and so may share with another. */
struct audit_volume {
	const char *path;   /* where, in the container */
	const char *source; /* on the host; NULL: unknown */
	const char *root;   /* in its file system; NULL: unknown */
	uint64_t dev, ino;  /* of what is mounted; ino 0: unknown */
	bool writable;
	bool host; /* a mount from outside, not the container's own root */
};

enum audit_way_kind {
	AUDIT_WAY_EGRESS,
	AUDIT_WAY_INBOUND,
	AUDIT_WAY_OUTPUT, /* stdout and stderr, and who keeps them */
	AUDIT_WAY_MOUNT,
	AUDIT_WAY_SOCKET,
	AUDIT_WAY_DEVICE,
	AUDIT_WAY_NAMESPACE,
	AUDIT_WAY_CAPABILITY,
	AUDIT_WAY_NEIGHBOUR,
	AUDIT_WAY_COUNT_,
};

/* A closed one is told too, where a reader would ask for it: no network. */
struct audit_way {
	enum audit_way_kind kind;
	bool open;
	bool host;        /* it leads to all of the host */
	const char *what; /* "tcp 0.0.0.0:8080", "/srv/work", "CAP_SYS_ADMIN" */
	const char *why;  /* what that means; NULL */
};

/* A variable that leads a credential, a connection or trust elsewhere. */
struct audit_redirect {
	const struct redirect_rule *rule;
	const char *name; /* of the variable */
	const char *of;   /* whose it is, as of a place */
	const char *
		to; /* scheme://host:port, never more; NULL: the value says nothing that can be told */
	char fingerprint[17]; /* by audit_entries() */
};

struct audit_container {
	const char *id;
	const char *name; /* what an engine calls it; NULL */
	const char *
		label; /* by audit_judge(): the name, else the id, with more where that is not one alone */
	const char *runtime; /* "pinfold", "runc", "crun", "youki"; "bundle": not created */
	const char *record;  /* the file or directory that told of it */
	const char *status;
	const char *bundle;
	const char *problem; /* it could not be looked at, or not all of it; NULL */
	const char *notes[8];
	size_t n_notes;
	pid_t pid; /* 0: no process */
	bool terminal;
	bool confined;
	struct audit_namespace ns[AUDIT_NS_COUNT_];
	struct audit_volume *volumes; /* owned */
	size_t n_volumes;
	struct audit_way *ways; /* owned */
	size_t n_ways;
	struct audit_redirect *redirects; /* owned */
	size_t n_redirects;
	struct inventory inventory; /* owned */
	struct view view;           /* owned: places borrow from it */
	uint64_t caps;              /* effective */
	size_t processes;           /* whose environment was looked at */
	bool looked_at;             /* there is an inventory, even if it is empty */
	size_t set;                 /* by audit_judge(): index in .sets */
};

enum audit_link_by { /* why two containers are in one set */
		     AUDIT_LINK_NET,
		     AUDIT_LINK_PID,
		     AUDIT_LINK_IPC,
		     AUDIT_LINK_MNT,
		     AUDIT_LINK_USER,
		     AUDIT_LINK_VOLUME,
		     AUDIT_LINK_COUNT_,
};

struct audit_link {
	enum audit_link_by by;
	size_t a, b;      /* containers, a < b */
	const char *what; /* of a volume: its path in a; else NULL, or "the host's" */
};

struct audit_set {
	size_t *members; /* owned; ascending */
	size_t n;
	unsigned int open; /* 1 << enum audit_way_kind: ways out of any member */
	bool host;         /* one of its ways leads to all of the host */
};

enum audit_severity {
	AUDIT_LOW,
	AUDIT_MEDIUM,
	AUDIT_HIGH,
	AUDIT_CRITICAL,
	AUDIT_SEVERITY_COUNT_,
};

enum audit_how { AUDIT_READS_ITSELF, AUDIT_READS_SAME_FILE, AUDIT_READS_PROC, AUDIT_HOW_COUNT_ };

struct audit_reader {
	size_t container;
	enum audit_how how;
};

/* What decides score and mapping, gathered in one place so that both are functions of it and nothing else. */
struct audit_facts {
	enum credential_class class;
	enum credential_lifetime lifetime;
	enum credential_from from;
	enum finding_verdict verdict;
	bool expires, expired; /* a date is known; it has passed */
	bool exposed;          /* the workload sees it: no cover, not dropped, not refused */
	bool readable, writable;
	bool environment; /* a variable or an argument */
	bool in_image;    /* a file of the root file system: whoever has the image has it */
	bool by_content;
	bool shared;   /* more than one container reads it */
	bool reused;   /* it lies in more than one container */
	bool crowd;    /* its reach set has more than one container, or the host */
	bool terminal; /* a person works in there */
	bool reaches_host;
	bool network, output, elsewhere; /* ways out: egress or inbound; stdout; all others */
};

struct audit_entry { /* a finding with what it means where it lies */
	size_t container, set;
	const struct finding *finding;
	struct audit_facts facts;
	struct audit_reader *readers; /* owned */
	size_t n_readers;
	unsigned int leaves; /* 1 << enum audit_way_kind */
	bool again;          /* an entry that is ranked before it is the same file */
	int score;
	enum audit_severity severity;
	unsigned int nhi, controls; /* bits of audit_nhi[], audit_controls[] */
	const char *advice;
	char fingerprint[17];
};

struct audit {
	const struct catalogue *catalogue;   /* borrowed */
	int64_t now;                         /* seconds since 1970 */
	struct audit_container **containers; /* owned, by runtime, record and id */
	size_t n_containers;
	struct audit_set *sets; /* owned */
	size_t n_sets;
	struct audit_link *links; /* owned */
	size_t n_links;
	struct audit_entry *entries; /* owned; what to remove first comes first */
	size_t n_entries;
	const char *problem; /* not all containers could be listed; NULL */
	char **texts;        /* owned: every const char * above */
	size_t n_texts, texts_cap;
	bool failed; /* out of memory; asked once, at the end */
};

/** audit_keep() - @text, malloc'ed, now owned by @a; never NULL */
const char *audit_keep(struct audit *a, char *text);
const char *audit_printf(struct audit *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** audit_container_new() - NULL: out of memory, or AUDIT_CONTAINERS_MAX are there (then .problem says so) */
struct audit_container *audit_container_new(struct audit *a);
void audit_note(struct audit_container *c, const char *text);
/** audit_way_add() - beyond AUDIT_WAYS_MAX of a container they are dropped and the last one says so */
void audit_way_add(struct audit *a, struct audit_container *c, const struct audit_way *way);
void audit_volume_add(struct audit *a, struct audit_container *c,
		      const struct audit_volume *volume);
void audit_free(struct audit *a);

/**
 * audit_judge() - everything that follows from what was collected
 * Should:	be deterministic: the same containers, in whichever order, give the same report
 */
int audit_judge(struct audit *a, struct pf_error *e);

/* Its parts, each pure. */
/** audit_reach() - .sets and .links */
void audit_reach(struct audit *a);
/** audit_entries() - .entries with facts and readers, in no order yet */
void audit_entries(struct audit *a);
/** audit_same_file() - a place of @x and one of @y are one file, by device and inode */
bool audit_same_file(const struct finding *x, const struct finding *y);
/** audit_rank() - score, severity and advice of each, and their order */
void audit_rank(struct audit *a);
int audit_score(const struct audit_facts *f);
enum audit_severity audit_severity_of(const struct audit_facts *f, int score);
/** audit_map() - the rules of the table that hold for @f */
void audit_map(const struct audit_facts *f, unsigned int *ret_nhi, unsigned int *ret_controls);
/** audit_mask_all() - no text of @a looks like a credential behind it */
void audit_mask_all(struct audit *a);

struct audit_term { /* an entry of a foreign list of names */
	const char *id, *title;
};
enum { AUDIT_NHI_COUNT = 10, AUDIT_CONTROL_COUNT = 11 };
extern const struct audit_term audit_nhi[AUDIT_NHI_COUNT];
extern const struct audit_term audit_controls[AUDIT_CONTROL_COUNT];
/** audit_mapping_markdown() - the table of docs/audit.md */
void audit_mapping_markdown(struct pf_buf *b);

/* --fail-on */
struct audit_fail_on {
	const struct credential_kind **kinds; /* owned */
	size_t n_kinds;
	uint32_t classes; /* 1 << enum credential_class */
	bool long_lived, rw, any, unallowed;
};
/** audit_fail_on_read() - Errors: PF_ERR_CONFIG naming the word; free with audit_fail_on_free() */
int audit_fail_on_read(const struct catalogue *c, const char *list, struct audit_fail_on *ret,
		       struct pf_error *e);
void audit_fail_on_free(struct audit_fail_on *f);
/** audit_fails() - how many entries match */
size_t audit_fails(const struct audit *a, const struct audit_fail_on *f);

struct audit_summary {
	size_t containers, unreadable, credentials, exposed, network, output, redirects,
		by[AUDIT_SEVERITY_COUNT_];
	bool complete;
};
void audit_summarise(const struct audit *a, struct audit_summary *ret);

/* The reports. */
enum audit_format {
	AUDIT_TABLE,
	AUDIT_JSON,
	AUDIT_MARKDOWN,
	AUDIT_SARIF,
	AUDIT_FORMAT_COUNT_,
};
struct audit_style {
	unsigned int columns;
	bool colour;
};
void audit_table(const struct audit *a, const struct audit_style *style, struct pf_buf *b);
void audit_json(const struct audit *a, struct pf_buf *b);
void audit_markdown(const struct audit *a, struct pf_buf *b);
void audit_sarif(const struct audit *a, struct pf_buf *b);

const char *audit_ns_name(enum audit_ns ns);
const char *audit_way_name(enum audit_way_kind kind);
const char *audit_link_name(enum audit_link_by by);
const char *audit_severity_name(enum audit_severity s);
const char *audit_how_name(enum audit_how how);

#endif
