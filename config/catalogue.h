/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_CATALOGUE_H
#define PF_CONFIG_CATALOGUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/policy.h"

/*
 * The credentials that are known by sight. A kind says how a credential is found (where its file lies, which variable
 * carries it, which variable points to it, how its text begins, on which socket it is offered), whose it is, how long
 * it lives and what can be covered. The kinds are data: config/credentials.json is embedded, and an operator's files add
 * kinds or replace one by its id. docs/credentials.md describes the form.
 *
 * Everything here is a pure function over a loaded catalogue: nothing is opened, nothing is allocated by a query, and no
 * query returns a byte of a credential's value.
 */

#define CATALOGUE_DROPIN_DIR "/etc/pinfold/credentials.d"

enum {
	CATALOGUE_FILES_MAX = 64,
	CATALOGUE_FILE_BYTES = 1 << 20,
	CATALOGUE_KINDS_MAX = 1024,
	CATALOGUE_LIST_MAX = 64,       /* entries of one member */
	CATALOGUE_TEXT_MAX = 255,      /* bytes of a string */
	CATALOGUE_VALUE_MAX = 1 << 14, /* bytes of a value that a signature spans */
	CATALOGUE_LIVE_MAX = 128,      /* patterns of directories that may fit one path */
	CATALOGUE_HOMES_MAX = 2,       /* places of one walk by names that may be a home */
	CATALOGUE_STARS_MAX = 4, /* directories, one in another, in which it looks for a `**' */
};

enum credential_class {
	CREDENTIAL_MODEL,
	CREDENTIAL_CLOUD,
	CREDENTIAL_FORGE,
	CREDENTIAL_REGISTRY,
	CREDENTIAL_DATABASE,
	CREDENTIAL_HOST_CONTROL,
	CREDENTIAL_SSH,
	CREDENTIAL_TLS,
	CREDENTIAL_VAULT,
	CREDENTIAL_BROWSER,
	CREDENTIAL_SHELL,
	CREDENTIAL_CI,
	CREDENTIAL_OTHER,
	CREDENTIAL_CLASS_COUNT_,
};

/* What hiding may put something over. NONE: the file holds more than the secret, or there is no file. */
enum credential_cover {
	CREDENTIAL_COVER_NONE,
	CREDENTIAL_COVER_FILE,
	CREDENTIAL_COVER_DIR, /* what the patterns name is covered whole; all that lies below is found with it */
	CREDENTIAL_COVER_COUNT_,
};

enum credential_lifetime {
	CREDENTIAL_LONG,        /* nothing says that it ends */
	CREDENTIAL_SHORT,       /* its issuer lets it live for hours */
	CREDENTIAL_JWT,         /* until the claim `exp' */
	CREDENTIAL_CERTIFICATE, /* until notAfter of the certificate that belongs to it */
	CREDENTIAL_STATED,      /* until a date that stands beside it in the file */
	CREDENTIAL_LIVE,        /* as long as the process behind the socket serves it */
	CREDENTIAL_LIFETIME_COUNT_,
};

/* Where the identity can be read. */
enum credential_from {
	CREDENTIAL_FROM_UNKNOWN,     /* only the issuer can tell */
	CREDENTIAL_FROM_FIELD,       /* a member or key of the file; .field names it */
	CREDENTIAL_FROM_VARIABLE,    /* another variable; .field names it */
	CREDENTIAL_FROM_JWT,         /* a claim; .field names it */
	CREDENTIAL_FROM_CERTIFICATE, /* the subject */
	CREDENTIAL_FROM_USERINFO,    /* the name before the colon of a URL or of a line */
	CREDENTIAL_FROM_PUBLIC_KEY,  /* the public half, or its comment, beside it */
	CREDENTIAL_FROM_PREFIX,      /* the value's own public part, such as a key id */
	CREDENTIAL_FROM_PEER,        /* who listens on the socket */
	CREDENTIAL_FROM_COUNT_,
};

/* What a path is relative to; of a pattern, or of a question. */
enum credential_place {
	CREDENTIAL_AT_HOME, /* `@home/': the home of any user */
	CREDENTIAL_AT_ROOT, /* `/' */
	CREDENTIAL_AT_ANY, /* a pattern that starts with two stars: in any directory; a question: a tree whose place is unknown */
};

struct credential_path {
	enum credential_place place;
	const char *
		pattern; /* relative to the place; `*' within a component, a component of two stars any number of them */
};

enum credential_role {
	CREDENTIAL_VALUE,   /* the variable holds the credential */
	CREDENTIAL_INSPECT, /* it does if one of the kind's signatures is found in its value */
	CREDENTIAL_POINTER, /* its value leads to the credential */
};

enum credential_target {
	CREDENTIAL_TO_FILE,
	CREDENTIAL_TO_LIST,      /* files with colons between */
	CREDENTIAL_TO_DIRECTORY, /* in which .below lies */
	CREDENTIAL_TO_SOCKET,    /* up to a comma, as in TMUX */
	CREDENTIAL_TO_ADDRESS,   /* `unix://PATH', `unix:path=PATH', `FILE:PATH' */
};

struct credential_variable {
	const char *name; /* may hold one `*' */
	enum credential_role role;
	enum credential_target to; /* POINTER */
	const char *below;         /* TO_DIRECTORY: a pattern relative to it; NULL: all of it */
};

enum credential_alphabet {
	CREDENTIAL_ALPHABET_NONE, /* the prefix is all */
	CREDENTIAL_DIGITS,
	CREDENTIAL_HEX,
	CREDENTIAL_UPPER, /* A-Z 0-9 */
	CREDENTIAL_ALNUM,
	CREDENTIAL_BASE64,    /* with + / = */
	CREDENTIAL_BASE64URL, /* with - _ */
	CREDENTIAL_DOTTED,    /* base64url with . ~ = */
	CREDENTIAL_USERINFO,  /* of a URL: all but blanks, quotes, / @ < > { } */
	CREDENTIAL_TEXT,      /* all but blanks, quotes, < > */
	CREDENTIAL_ALPHABET_COUNT_,
};

struct credential_signature {
	const char *prefix; /* a blank in it stands for up to eight blanks, none included */
	enum credential_alphabet alphabet;
	unsigned int min, max; /* bytes of the alphabet behind the prefix */
	const char *contains;  /* must stand in them; NULL: nothing */
	const char *then;      /* must follow them; NULL: anything outside the alphabet */
	bool scoped;           /* only in the kind's own files and in variables that it inspects */
	bool inside;           /* may begin within a word */
	bool body; /* base64 as of a key must follow: a page that quotes the first line of one is no find */
};

struct credential_principal {
	const char *is; /* "an IAM user" */
	enum credential_from from;
	const char *field;
};

struct credential_kind {
	const char *id, *title;
	const char *source; /* the public documentation that the facts come from */
	const char *origin; /* path of the file that defines it, "built-in" for ours */
	enum credential_class class;
	enum credential_cover cover;
	enum credential_lifetime lifetime;
	struct credential_principal principal;
	const struct credential_path *paths, *except, *sockets;
	const struct credential_variable *variables; /* all roles */
	const struct credential_signature *content;
	const char *const *
		decoy; /* lines of a fake, with placeholders; none: what the first signature describes */
	size_t n_paths, n_except, n_sockets, n_variables, n_content, n_decoy;
};

/* What lies where a pattern ends. */
enum catalogue_type {
	CATALOGUE_FILE,   /* a file; a directory of that name is something else */
	CATALOGUE_TREE,   /* a directory and all below it, or a file: what is covered whole */
	CATALOGUE_SOCKET, /* a socket */
};

/* A pattern of a path, an exception or a socket. */
struct catalogue_entry {
	const struct credential_path *path;
	const struct credential_kind *kind;
	uint16_t number; /* of the kind, in catalogue.kinds */
	bool except;     /* what it matches, and all below that, is none of the kind's paths */
	enum catalogue_type type;
};

struct catalogue_name; /* an entry of the index of names */
struct catalogue_mark; /* an entry of the index of signatures */
struct catalogue_node; /* a component that patterns have in common */
struct catalogue_last; /* the last component of a pattern of any directory */

struct catalogue {
	const struct credential_kind **kinds; /* by id, ascending */
	size_t n_kinds;
	/* what follows is the index that queries use */
	const struct catalogue_name *names, *patterns;
	size_t n_names, n_patterns;
	const struct catalogue_mark *marks;
	size_t n_marks;
	uint16_t first[257];   /* of marks: where those that begin with a byte start */
	uint16_t letters[256]; /* the alphabets that a byte belongs to, as bits */
	/* by place, then by component, literal ones before those with a star: what shares a directory stands together */
	const struct catalogue_entry *entries;
	size_t n_entries;
	const struct catalogue_node *nodes; /* a tree over them; the first three are the places */
	size_t n_nodes;
	const struct catalogue_last *lasts; /* literal ones first */
	size_t n_lasts, n_literal_lasts;
	void *block; /* owned, mapped; what was not read from JSON lies there, whole */
	size_t n_block;
	struct json_doc *docs[CATALOGUE_FILES_MAX + 1]; /* owned: the arenas */
	size_t n_docs;
};

/** catalogue_builtin() - the embedded file */
void catalogue_builtin(struct policy_file *ret);

/**
 * catalogue_load() - the embedded kinds with an operator's files over them
 * @dropins:	read, and their ownership checked, by the caller; in an order of no meaning
 * @ret:	free with catalogue_free()
 *
 * An id that the embedded file has is replaced whole; one that two files define is refused, as no order between them
 * would be the obvious one.
 * Errors:	PF_ERR_POLICY naming the file, with a JSON pointer
 */
int catalogue_load(const struct policy_file *dropins, size_t n, struct catalogue *ret,
		   struct pf_error *e);
/** catalogue_build() - catalogue_load() over another base than the embedded file: @files[0] */
int catalogue_build(const struct policy_file *files, size_t n, struct catalogue *ret,
		    struct pf_error *e);
void catalogue_free(struct catalogue *c);

/** catalogue_find() - the kind of that id, or NULL */
const struct credential_kind *catalogue_find(const struct catalogue *c, const char *id);

struct catalogue_variable {
	const struct credential_kind *kind;
	const struct credential_variable *variable;
};

/**
 * catalogue_find_variable() - what a variable of that name is
 * An exact name wins over a pattern, and of patterns those with the most letters.
 *
 * Return: how many there are; the first @max are in @ret.
 */
size_t catalogue_find_variable(const struct catalogue *c, const char *name,
			       struct catalogue_variable *ret, size_t max);

/**
 * catalogue_find_path() - the kinds whose file that is
 * @place:	what @path is relative to. AT_ROOT also asks for the home that /root/ and /home/NAME/ are
 *
 * /var/run counts as /run. Return: as above.
 */
size_t catalogue_find_path(const struct catalogue *c, enum credential_place place, const char *path,
			   const struct credential_kind **ret, size_t max);
/** catalogue_find_socket() - the same for a socket */
size_t catalogue_find_socket(const struct catalogue *c, enum credential_place place,
			     const char *path, const struct credential_kind **ret, size_t max);
/** catalogue_path_matches() - one pattern alone, for who walks kinds one by one; @dir: all below it counts too */
bool catalogue_path_matches(const struct credential_path *p, bool dir, enum credential_place place,
			    const char *path);

/*
 * Where a walker of directories stands: which patterns the names so far leave possible. It is a value: kept on a stack,
 * copied, dropped. There are two kinds of walks.
 *
 * One that lists whole trees begins with catalogue_root(). A `**' within a pattern stays possible in every directory
 * below, as does every pattern of place ANY, and what catalogue_leaf() says is what catalogue_find_path() would.
 *
 * One that looks names up begins with catalogue_begin() and says by catalogue_add() where patterns may begin, in several
 * directories of its way if need be: a mount is looked at as what it is here, as what it was where it comes from and as a
 * home, all at once. It asks for the names of catalogue_next_name(), and lists where catalogue_must_list() says that a
 * pattern cannot be looked up. A `**' holds for CATALOGUE_STARS_MAX directories, patterns of place ANY for one, and what
 * any pattern excepts is excepted everywhere.
 */
struct catalogue_live {
	uint16_t node; /* its children may match */
	uint8_t left;  /* for how many directories, if it is a `**'; 0: only exceptions count */
};

struct catalogue_cursor {
	const struct catalogue *c;
	uint16_t n;
	uint8_t spot; /* what AT_ROOT knows of /root, /home and /var/run */
	bool marked;  /* one of the sets at the end is not empty */
	struct catalogue_live live[CATALOGUE_LIVE_MAX + CATALOGUE_HOMES_MAX];
	uint64_t inside[CATALOGUE_KINDS_MAX / 64];   /* kinds that cover this directory */
	uint64_t excepted[CATALOGUE_KINDS_MAX / 64]; /* kinds that except it */
};

/** catalogue_root() - before the first component; ANY: a tree whose place is unknown */
void catalogue_root(const struct catalogue *c, enum credential_place place,
		    struct catalogue_cursor *ret);
/** catalogue_begin() - a walk by names, that has no pattern to look for yet */
void catalogue_begin(const struct catalogue *c, struct catalogue_cursor *ret);
/**
 * catalogue_add() - patterns of @place may begin in the cursor's directory too
 * At most once a walk for AT_ROOT and CATALOGUE_HOMES_MAX times for AT_HOME; ANY is said of each directory anew.
 */
void catalogue_add(struct catalogue_cursor *cur, enum credential_place place);
/**
 * catalogue_enter() - into the directory @name
 * In a walk from catalogue_root() AT_ROOT, /root and /home/NAME are homes as well, and /var/run is /run.
 *
 * Return: a pattern that has a place goes on from there. Where none does, @ret only knows those of any directory, and
 * whoever does not list is done.
 */
bool catalogue_enter(const struct catalogue_cursor *cur, const char *name,
		     struct catalogue_cursor *ret);

struct catalogue_leaf {
	const struct credential_kind *kind;
	enum catalogue_type type; /* what must lie there; whether it does is the caller's to see */
};

/**
 * catalogue_leaf() - what @name in the cursor's directory would be, exceptions applied
 * Only patterns that end there count: of a kind with cover dir, the directory itself and not what lies in it.
 *
 * Return: how many there are, by id; the first @max are in @ret. A kind may be there twice: as a path and as a socket.
 */
size_t catalogue_leaf(const struct catalogue_cursor *cur, const char *name,
		      struct catalogue_leaf *ret, size_t max);

struct catalogue_names {
	uint16_t live, child; /* zero: from the start */
	char name[CATALOGUE_TEXT_MAX + 1];
};

/**
 * catalogue_next_name() - the next name worth looking up in the cursor's directory, in @it->name
 * Each once, of patterns that have a place or were added; homes are not named, as they are the caller's to know.
 */
bool catalogue_next_name(const struct catalogue_cursor *cur, struct catalogue_names *it);
/** catalogue_must_list() - a component with a star follows, in one of the same patterns */
bool catalogue_must_list(const struct catalogue_cursor *cur);

/**
 * catalogue_find_any_name() - patterns of any directory whose last component fits a file's name
 * For walks of unknown trees: catalogue_path_matches() judges the few that fit. Exceptions are not applied.
 *
 * Return: as above.
 */
size_t catalogue_find_any_name(const struct catalogue *c, const char *name,
			       const struct catalogue_entry **ret, size_t max);

struct catalogue_hit {
	const struct credential_kind *kind;
	const struct credential_signature *signature;
	size_t offset, length; /* in the buffer; the prefix included */
};

/**
 * catalogue_scan() - credentials in a text, by how they begin
 * @kind:	of the file or variable; its scoped signatures count too. NULL: unknown
 *
 * At each place the longest prefix that holds wins; hits never overlap. Bytes are compared and counted, never copied.
 * Return: how many there are; the first @max are in @ret.
 */
size_t catalogue_scan(const struct catalogue *c, const struct credential_kind *kind,
		      const char *text, size_t len, struct catalogue_hit *ret, size_t max);

/* Drawn by the caller, from getrandom(2); each fake advances it. */
struct catalogue_seed {
	uint64_t v[4];
};

struct pf_buf;
/**
 * catalogue_fake() - the text of a file that looks like one of the kind and is none
 * Empty where nothing is known of such a file. Check @ret->failed.
 */
void catalogue_fake(const struct credential_kind *k, struct catalogue_seed *seed,
		    struct pf_buf *ret);
/** catalogue_fake_value() - the same for a variable */
void catalogue_fake_value(const struct credential_kind *k, struct catalogue_seed *seed,
			  struct pf_buf *ret);

/* An entry of `credentials.allow'. */
enum credential_allow_type {
	CREDENTIAL_ALLOW_KIND,     /* an id */
	CREDENTIAL_ALLOW_CLASS,    /* class:NAME */
	CREDENTIAL_ALLOW_VARIABLE, /* env:NAME */
	CREDENTIAL_ALLOW_PATH,     /* absolute: that file, or all below that directory */
};

struct credential_allow {
	enum credential_allow_type type;
	const struct credential_kind *kind;
	enum credential_class class;
	const char *text; /* borrowed from the entry: the variable's name, or the path */
};

/* What was found, as far as it is known. */
struct credential_found {
	const struct credential_kind *kind;
	const char *variable; /* NULL: not in the environment */
	const char *path;     /* resolved, in the container; NULL: no file */
};

/**
 * catalogue_allow_read() - one entry
 * Errors:	PF_ERR_POLICY; the caller wraps with the key
 */
int catalogue_allow_read(const struct catalogue *c, const char *entry, struct credential_allow *ret,
			 struct pf_error *e);
/** catalogue_allows() - one of @n entries allows what was found */
bool catalogue_allows(const struct credential_allow *entries, size_t n,
		      const struct credential_found *found);

const char *credential_class_name(enum credential_class class);
/** credential_class_find() - -1: no such class */
int credential_class_find(const char *name);
const char *credential_cover_name(enum credential_cover cover);
const char *credential_lifetime_name(enum credential_lifetime lifetime);
const char *credential_from_name(enum credential_from from);

/** catalogue_markdown() - the table of docs/credentials.md */
void catalogue_markdown(const struct catalogue *c, struct pf_buf *b);
/** catalogue_table() - the kinds for a person; @class: -1: all */
void catalogue_table(const struct catalogue *c, int class, struct pf_buf *b);
/** catalogue_json() - the kinds for a program */
void catalogue_json(const struct catalogue *c, int class, struct pf_buf *b);

#endif
