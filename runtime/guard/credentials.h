/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_CREDENTIALS_H
#define PF_GUARD_CREDENTIALS_H

#include <stdbool.h>

#include "base/error.h"
#include "base/io.h"
#include "config/catalogue.h"
#include "config/oci.h"
#include "config/policy.h"
#include "runtime/guard/inventory.h"
#include "runtime/guard/view.h"

/*
 * The key `credentials' at work, for one create, one exec or one `explain': the scans fill an inventory, each finding
 * gets its verdict, and the verdicts are carried out: a variable is dropped or faked, a place is covered, the container
 * is refused. Without the key nothing here is called and no catalogue is loaded.
 *
 *	credentials.c		rules, and a process: its environment and its arguments
 *	credentials_tree.c	the container's files: scan, covers
 *	credentials_verdict.c	what becomes of a finding, and how a refusal reads
 *	credentials_report.c	what explain, posture and the log say
 */

/* What is recorded at create and holds for every exec. */
struct credentials_rules {
	enum credentials_mode mode;
	struct oci_strings allow;
	struct oci_strings told; /* variables that create took: of an exec they are no news */
};

struct credentials {
	struct credentials_rules rules;
	const struct policy_value *value; /* of credentials.allow, with its bounds; NULL: an exec */
	bool deep;
	bool tells; /* explain: what would refuse is told */
	bool loaded;
	bool refused; /* credentials_refuse() has */
	struct catalogue catalogue;
	struct credential_allow *allow; /* owned; in the order of rules.allow */
	char **resolved;                /* owned; of allowed paths where a symlink leads; NULL */
	struct inventory inv;
	struct view view; /* of the tree; root_fd -EBADF: none was looked at */
	struct catalogue_seed seed;
};

struct confine_run;

/** credentials_begin() - load what the policy's key needs; nothing where it is absent. credentials_free() in any case */
int credentials_begin(struct credentials *c, const struct policy *policy, struct pf_error *e);
/** credentials_resume() - by the rules that create recorded; `audit' asks for nothing then */
int credentials_resume(struct credentials *c, const struct credentials_rules *rules,
		       struct pf_error *e);
void credentials_free(struct credentials *c);

/** credentials_looks() - the key is in force, so there is something to look for */
bool credentials_looks(const struct credentials *c);

/**
 * credentials_take_env() - look for credentials in an environment and in arguments, and take out what is not allowed
 * @of:		whose they are, for people; kept
 * Should:	be followed by credentials_refuse() once all of the container's processes were looked at.
 */
int credentials_take_env(struct credentials *c, struct json_doc *arena, struct oci_strings *env,
			 const struct oci_strings *args, const char *of, struct pf_error *e);
/** credentials_take_config() - the process and the hooks that run inside */
int credentials_take_config(struct credentials *c, struct oci_config *config,
			    struct json_doc *arena, struct pf_error *e);
/** credentials_tell() - note in @rules which variables were taken; the arena's */
int credentials_tell(const struct credentials *c, struct json_doc *arena,
		     struct credentials_rules *rules, struct pf_error *e);
/** credentials_refuse() - fail with all findings that the container must not start with; 0: there are none */
int credentials_refuse(struct credentials *c, struct pf_error *e);

struct credentials_tree {
	const struct oci_config *config;
	const char *home; /* NULL: that of the environment */
	int root_fd;      /* of a container */
	const char *mountinfo;
	const char *bundle;      /* else: what a bundle would have */
	struct confine_run *run; /* NULL: the container is not confined */
};

/** credentials_look() - scan the tree, judge what is there, and cover it where the container is confined */
int credentials_look(struct credentials *c, const struct credentials_tree *tree,
		     struct pf_error *e);

/* ---- credentials_verdict.c */

/** credentials_decide() - a verdict for every finding that has none yet */
void credentials_decide(struct credentials *c);
/** finding_is_file() - its places are files, directories or sockets */
bool finding_is_file(const struct finding *f);

/* ---- credentials_report.c */

/** credentials_log() - one warning with what was found and is not allowed; never a value */
void credentials_log(const struct credentials *c, const char *what);
/** credentials_summary() - "hide: 3 covered, 2 dropped, 1 allowed (class:model)" */
void credentials_summary(const struct credentials *c, struct pf_buf *b);
/** credentials_scan_name() - "names" or "deep": how far was looked */
const char *credentials_scan_name(const struct credentials *c);
/** credentials_later() - what holds of a file that comes, or takes a covered one's place, after create */
const char *credentials_later(enum credentials_mode mode);
/** credentials_json() - "mode":"hide","scan":"names","complete":true,"later":"none","inventory":{...}: members */
void credentials_json(const struct credentials *c, struct pf_buf *b);
/** credentials_lines() - how far was looked, and each finding with its places and what becomes of it, indented by two blanks */
void credentials_lines(const struct credentials *c, struct pf_buf *b);
/** credentials_place_text() - "variable AWS_SECRET_ACCESS_KEY", "/root/.npmrc, line 3" */
void credentials_place_text(const struct place *p, struct pf_buf *b);

#endif
