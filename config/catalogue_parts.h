/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_CATALOGUE_PARTS_H
#define PF_CONFIG_CATALOGUE_PARTS_H

#include "base/json.h"
#include "config/catalogue.h"

/* What the files of the catalogue share; not for others. */

struct catalogue_name {
	const char *name;
	size_t letters; /* all but the `*' */
	struct catalogue_variable found;
};

struct catalogue_mark {
	size_t len; /* of the prefix */
	const struct credential_kind *kind;
	const struct credential_signature *signature;
};

/* catalogue_words.c: a word and its place in an enum */
extern const char *const credential_classes[CREDENTIAL_CLASS_COUNT_];
extern const char *const credential_covers[CREDENTIAL_COVER_COUNT_];
extern const char *const credential_lifetimes[CREDENTIAL_LIFETIME_COUNT_];
extern const char *const credential_froms[CREDENTIAL_FROM_COUNT_];
extern const char *const credential_alphabets[CREDENTIAL_ALPHABET_COUNT_];
extern const char *const credential_targets[CREDENTIAL_TO_ADDRESS + 1];
/** credential_letters() - the alphabets that @c belongs to, as bits */
uint16_t credential_letters(unsigned char c);

/* catalogue_read.c */
struct catalogue_file {
	struct json_doc *doc; /* owned: strings and structs live there */
	struct credential_kind *kinds;
	size_t n;
};

/** catalogue_read() - one file; free @ret->doc with json_free() */
int catalogue_read(const struct policy_file *file, const char *origin, struct catalogue_file *ret,
		   struct pf_error *e);

/* catalogue_fields.c: the members that are lists */
int catalogue_read_paths(struct json_doc *doc, const struct json *n,
			 const struct credential_path **ret, size_t *ret_n, struct pf_error *e);
int catalogue_read_signatures(struct json_doc *doc, const struct json *n,
			      struct credential_kind *kind, struct pf_error *e);
/** catalogue_read_variables() - @role VALUE, INSPECT or POINTER; appended to what the kind has */
int catalogue_read_variables(struct json_doc *doc, const struct json *n, enum credential_role role,
			     struct credential_kind *kind, struct pf_error *e);
/** catalogue_text() - a string of 1 to CATALOGUE_TEXT_MAX bytes without control characters */
int catalogue_text(const struct json *n, const char **ret, struct pf_error *e);
int catalogue_word(const struct json *n, const char *const *words, size_t count, int *ret,
		   struct pf_error *e);
int catalogue_want(const struct json *n, enum json_type type, struct pf_error *e);

#endif
