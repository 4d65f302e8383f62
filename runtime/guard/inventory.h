/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_INVENTORY_H
#define PF_GUARD_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/io.h"
#include "config/catalogue.h"
#include "runtime/init/seal.h"

/*
 * Which credentials a container holds, as data. The scans add findings, the policy gives each a verdict, reports print
 * them. One credential is one finding, at however many places it is seen: two names of one file (a second mount, a
 * hardlink) are two places of it. No byte of a value is ever in here.
 */

enum place_type {
	PLACE_VARIABLE,  /* name: the variable's */
	PLACE_ARGUMENT,  /* name: "args[2]" */
	PLACE_FILE,      /* name: path in the container, resolved */
	PLACE_DIRECTORY, /* everything below counts */
	PLACE_SOCKET,
	PLACE_TYPE_COUNT_,
};

struct place {
	enum place_type type;
	const char *name; /* in an inventory: owned by it; inventory_add() copies */
	const char *
		shown; /* owned: what is told where the name itself looks like a credential; NULL: the name */
	const char *of; /* VARIABLE, ARGUMENT: whose: "process", "exec", "startContainer hook 0" */
	/* files, directories, sockets */
	struct seal_id id;
	mode_t mode;
	uid_t uid; /* as the host sees them */
	gid_t gid;
	unsigned int nlink;
	uint32_t line; /* of the content that told; 0: its name told, or there are no lines */
	const char *
		mount; /* where the mount it lies in is attached; "/" the root file system. Of the view's */
	const char *
		source; /* what of the host that mount shows, as far as it is known. Of the view's; NULL: unknown */
	bool writable; /* the mount is not read-only */
	bool readable; /* by the user that the process runs as */
	bool empty;    /* nothing is in it yet: a directory, or a file of no bytes */
	bool covered;  /* a cover lies over it: the container sees that instead */
};

enum finding_by { FOUND_BY_NAME, FOUND_BY_POINTER, FOUND_BY_CONTENT, FOUND_BY_COUNT_ };

enum finding_verdict {
	VERDICT_REPORTED, /* `audit': it is there and stays */
	VERDICT_ALLOWED,  /* credentials.allow has it: allowed_by */
	VERDICT_COVERED,
	VERDICT_DECOYED,
	VERDICT_DROPPED, /* a variable */
	VERDICT_REFUSED, /* the container does not start with it */
	VERDICT_COUNT_,
};

struct finding {
	const struct credential_kind *kind;
	enum finding_by by; /* the first that told */
	enum finding_verdict verdict;
	const char *allowed_by; /* the entry, borrowed from the policy; NULL */
	char *principal; /* owned; whose it is, printable, at most PRINCIPAL_MAX bytes; NULL: unknown */
	enum credential_lifetime lifetime; /* the kind's, or what the content said */
	int64_t expires;                   /* seconds since 1970; 0: unknown or never */
	struct place *places;              /* owned */
	size_t n_places;
};

enum { PRINCIPAL_MAX = 160, INVENTORY_FINDINGS_MAX = 4096, INVENTORY_PLACES_MAX = 16384 };

struct inventory {
	struct finding *v; /* owned */
	size_t n, n_places;
	struct inventory_counts {
		uint64_t lookups, entries, files, bytes;
	} counts;
	char *incomplete; /* owned; why something was not looked at; NULL: all was */
};

/**
 * inventory_add() - something was found
 * @ret:	the finding it belongs to, valid until the next call; may be NULL
 *
 * The same file (device and inode) of the same kind, and the same variable of the same process, are one finding; a place
 * that is known already is not added again (a line, where none was known, is). Beyond the bounds the inventory becomes
 * incomplete, and that is no error.
 */
int inventory_add(struct inventory *inv, const struct credential_kind *kind, enum finding_by by,
		  const struct place *place, struct finding **ret, struct pf_error *e);
/** inventory_set_principal() - printable, cut to PRINCIPAL_MAX; a known one is kept */
int inventory_set_principal(struct finding *f, const char *text, size_t len, struct pf_error *e);
/** inventory_remove() - one that was none after all */
void inventory_remove(struct inventory *inv, size_t i);
/** inventory_drop_empty() - what is in no place yet; what a cover lies over stays */
void inventory_drop_empty(struct inventory *inv);
/** inventory_incomplete() - say why; the first reason stays */
void inventory_incomplete(struct inventory *inv, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/** inventory_mask() - from here on nothing that is told of a place, or why something is incomplete, is a credential */
int inventory_mask(struct inventory *inv, const struct catalogue *c, struct pf_error *e);
/** place_shown() - the name of a place for whoever reads */
const char *place_shown(const struct place *p);
/** inventory_sort() - by class, kind, first place; places by type and name: the same container, the same order */
void inventory_sort(struct inventory *inv);
void inventory_free(struct inventory *inv);

const char *place_type_name(enum place_type t);
const char *finding_by_name(enum finding_by by);
const char *finding_verdict_name(enum finding_verdict v);

/** inventory_json() - {"findings": [...], "incomplete": null|"why", "counts": {...}}; docs/credentials.md has the form */
void inventory_json(const struct inventory *inv, struct pf_buf *b);

#endif
