/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_CATALOGUE_PARTS_H
#define PF_CONFIG_CATALOGUE_PARTS_H

#include "base/json.h"
#include "config/catalogue.h"

/* What the files of the catalogue share; not for others. */

/* Without pointers, as the tree below: of the embedded catalogue these stay where they are. */
struct catalogue_name {
	uint16_t kind, variable; /* of the kind */
	uint16_t letters;        /* all but the `*' */
};

static inline struct catalogue_variable catalogue_name_found(const struct catalogue *c,
							     const struct catalogue_name *name)
{
	const struct credential_kind *k = c->kinds[name->kind];

	return (struct catalogue_variable){ k, &k->variables[name->variable] };
}

struct catalogue_mark {
	size_t len; /* of the prefix */
	const struct credential_kind *kind;
	const struct credential_signature *signature;
};

/* The tree of patterns. Children stand together, sorted by name: literal ones, then `**', then those with a star. */
struct catalogue_node {
	uint16_t len;        /* of the name, which stands in the first entry's pattern */
	uint16_t at;         /* where the children's components begin in a pattern */
	uint16_t first, own; /* entries that end here */
	uint16_t end;        /* of the entries that end here or below */
	uint16_t child, n_literal, n_star;
	bool any;   /* `**' */
	bool place; /* the pattern has one: it does not begin with `**' */
};

struct catalogue_last {
	const char *name;
	uint16_t len;
	uint16_t entry;
};

/* One component of a path or of a pattern; not terminated. */
struct catalogue_part {
	const char *v;
	size_t len;
};

static inline struct catalogue_part catalogue_part(const char *s)
{
	size_t n = 0;

	while (s[n] && s[n] != '/')
		n++;
	return (struct catalogue_part){ s, n };
}

/* Behind the component and its slash; the end of the string otherwise. */
static inline const char *catalogue_next_part(struct catalogue_part part)
{
	const char *end = part.v + part.len;

	return *end == '/' ? end + 1 : end;
}

static inline struct catalogue_part catalogue_node_name(const struct catalogue *c,
							const struct catalogue_node *n)
{
	const char *pattern = c->entries[n->first].path->pattern;

	return (struct catalogue_part){ pattern + n->at - 1 - n->len, n->len };
}

/** catalogue_part_compare() - the order of literal components */
int catalogue_part_compare(struct catalogue_part a, struct catalogue_part b);
/** catalogue_part_matches() - @p holds stars that stand for any bytes */
bool catalogue_part_matches(struct catalogue_part p, struct catalogue_part s);
/** catalogue_enter_part(), catalogue_ask() - catalogue_enter() and catalogue_leaf() for catalogue_find.c */
bool catalogue_enter_part(const struct catalogue_cursor *cur, struct catalogue_part name,
			  struct catalogue_cursor *ret);

struct catalogue_answer {
	bool used; /* else the rest has no value */
	uint64_t path[CATALOGUE_KINDS_MAX / 64], except[CATALOGUE_KINDS_MAX / 64];
	uint64_t socket[CATALOGUE_KINDS_MAX / 64];
};

void catalogue_ask(const struct catalogue_cursor *cur, struct catalogue_part name,
		   struct catalogue_answer *ret);

/*
 * The embedded catalogue as the build leaves it in config/catalogue.img: after this header the block, the places in it
 * that hold pointers, and the texts. A pointer is an offset until the block was copied to where it lives: a program that
 * carried thousands of real pointers would be relocated by each of its starts, whether or not it wants a catalogue.
 */
struct catalogue_image {
	char magic[8];
	uint32_t layout;   /* of the structs; another means that the build is mixed up */
	uint32_t n_block;  /* bytes; begins with struct catalogue */
	uint32_t n_inner;  /* offsets in the block that hold an offset in the block */
	uint32_t n_outer;  /* offsets in the block that hold an offset in the texts */
	uint32_t n_texts;  /* bytes; with what has no pointers */
	uint32_t reserved; /* what follows is aligned */
};

#define CATALOGUE_IMAGE_MAGIC "pfcat 1\n"

static inline uint32_t catalogue_layout(void)
{
	const size_t sizes[] = {
		sizeof(struct catalogue),
		sizeof(struct credential_kind),
		sizeof(struct credential_path),
		sizeof(struct credential_variable),
		sizeof(struct credential_signature),
		sizeof(struct catalogue_name),
		sizeof(struct catalogue_mark),
		sizeof(struct catalogue_entry),
		sizeof(struct catalogue_node),
		sizeof(struct catalogue_last),
		offsetof(struct catalogue, block),
		offsetof(struct credential_kind, content),
	};
	uint32_t sum = 1;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		sum = sum * 31 + (uint32_t)sizes[i];
	return sum;
}

/* catalogue_index.c */
int catalogue_index_names(struct catalogue *c, struct pf_error *e);
int catalogue_index_marks(struct catalogue *c, struct pf_error *e);
/* catalogue_paths.c */
int catalogue_index_paths(struct catalogue *c, struct pf_error *e);

/* catalogue_words.c: a word and its place in an enum */
extern const char *const credential_classes[CREDENTIAL_CLASS_COUNT_];
extern const char *const credential_covers[CREDENTIAL_COVER_COUNT_];
extern const char *const credential_lifetimes[CREDENTIAL_LIFETIME_COUNT_];
extern const char *const credential_froms[CREDENTIAL_FROM_COUNT_];
extern const char *const credential_alphabets[CREDENTIAL_ALPHABET_COUNT_];
extern const char *const credential_targets[CREDENTIAL_TO_ADDRESS + 1];
/** credential_letters() - the alphabets that @c belongs to, as bits */
uint16_t credential_letters(unsigned char c);

/* catalogue_fake.c */
/**
 * catalogue_decoy_fault() - a placeholder without a meaning in a line of `decoy'
 * @tokens:	signatures that the kind has
 * @ret_len:	of the placeholder
 *
 * Return: where it is, or NULL.
 */
const char *catalogue_decoy_fault(const char *line, size_t tokens, size_t *ret_len);

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
int catalogue_read_decoy(struct json_doc *doc, const struct json *n, struct credential_kind *kind,
			 struct pf_error *e);
/** catalogue_text() - a string of 1 to CATALOGUE_TEXT_MAX bytes without control characters */
int catalogue_text(const struct json *n, const char **ret, struct pf_error *e);
int catalogue_word(const struct json *n, const char *const *words, size_t count, int *ret,
		   struct pf_error *e);
int catalogue_want(const struct json *n, enum json_type type, struct pf_error *e);

#endif
