/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fakes: text that looks like a credential and is none, for what is put in its place. A kind's `decoy' is a template in
 * the form that the kind's clients read; without one the fake is what the first signature describes. Its bytes come from
 * a seed that the caller drew, as nothing here touches the system; a fake must differ from others, not be a secret, so
 * any mixing of that seed will do.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/catalogue_parts.h"

#define DIGITS "0123456789"
#define UPPER  "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define ALNUM  DIGITS UPPER "abcdefghijklmnopqrstuvwxyz"

enum {
	VALUE_BYTES = 40,    /* of a value that nothing is known of */
	VALUE_ENOUGH = 24,   /* what a signature allows beyond its least is used up to here */
	LENGTH_MAX = 4096,   /* of a placeholder */
	WORD_MAX = 10,       /* bytes of a placeholder's word */
	KEY_COLUMNS = 70,    /* of a key as ssh-keygen writes it */
	KEY_BYTES = 32,      /* of an Ed25519 key */
	PASSWORD_BYTES = 24, /* behind a user's name */
};

struct fake {
	const struct credential_kind *kind;
	struct catalogue_seed *seed;
	const char *user; /* the same all through */
	struct pf_buf *out;
};

/* ---- random bytes */

static uint64_t draw(struct catalogue_seed *s)
{
	uint64_t x = s->v[0] + ++s->v[3] * UINT64_C(0xd1342543de82ef95);

	x = (x ^ (x >> 31)) * (s->v[1] | 1);
	x = (x ^ (x >> 29)) * (s->v[2] | 1);
	return x ^ (x >> 32);
}

static char draw_of(struct catalogue_seed *s, const char *letters)
{
	return letters[(draw(s) >> 16) % strlen(letters)];
}

/* Those of an alphabet that every client takes at every place. */
static const char *letters_of(enum credential_alphabet alphabet)
{
	static const char *const letters[CREDENTIAL_ALPHABET_COUNT_] = {
		[CREDENTIAL_DIGITS] = DIGITS,        [CREDENTIAL_HEX] = DIGITS "abcdef",
		[CREDENTIAL_UPPER] = UPPER "234567", [CREDENTIAL_BASE64] = ALNUM "+/",
		[CREDENTIAL_BASE64URL] = ALNUM "-_", [CREDENTIAL_DOTTED] = ALNUM "-_",
	};

	return letters[alphabet] ? letters[alphabet] : ALNUM;
}

static void put_letters(const struct fake *f, enum credential_alphabet alphabet, size_t n)
{
	const char *letters = letters_of(alphabet);

	for (; n > 0; n--) {
		const char c = draw_of(f->seed, letters);

		pf_buf_add(f->out, &c, 1);
	}
}

static const char *draw_user(struct catalogue_seed *s)
{
	static const char *const users[] = { "deploy", "build", "release", "svc-data",
					     "ops",    "admin", "ci",      "backup" };

	return users[(draw(s) >> 16) % ARRAY_SIZE(users)];
}

/* ---- base64, and what is made of bytes */

/* @columns: of a line; 0: all is one */
static void put_base64(struct pf_buf *out, const struct pf_buf *in, size_t columns)
{
	static const char letters[] = UPPER "abcdefghijklmnopqrstuvwxyz" DIGITS "+/";
	size_t column = 0;

	for (size_t at = 0; at < in->len; at += 3) {
		uint32_t bits = 0;

		for (size_t i = 0; i < 3; i++)
			bits = bits << 8 |
			       (at + i < in->len ? (unsigned char)in->data[at + i] : 0u);
		for (size_t i = 0; i < 4; i++) {
			bool pad = at + i > in->len;

			if (columns > 0 && column++ == columns) {
				pf_buf_puts(out, "\n");
				column = 1;
			}
			pf_buf_add(out, pad ? "=" : &letters[bits >> (18 - 6 * i) & 63], 1);
		}
	}
}

static void put_basic(const struct fake *f)
{
	auto_buf pair = { 0 };
	const struct fake inner = { f->kind, f->seed, f->user, &pair };

	pf_buf_printf(&pair, "%s:", f->user);
	put_letters(&inner, CREDENTIAL_ALNUM, PASSWORD_BYTES);
	f->out->failed |= pair.failed;
	put_base64(f->out, &pair, 0);
}

static void put_number(struct pf_buf *b, size_t n)
{
	const char bytes[4] = { (char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n };

	pf_buf_add(b, bytes, sizeof(bytes));
}

static void put_string(struct pf_buf *b, const void *data, size_t len)
{
	put_number(b, len);
	pf_buf_add(b, data, len);
}

/* The body of an OpenSSH private key (PROTOCOL.key there): a client loads it, and no server knows its public half. */
static void put_openssh(const struct fake *f)
{
	static const char type[] = "ssh-ed25519", none[] = "none", pad[] = "\1\2\3\4\5\6\7";
	auto_buf public = { 0 }, private = { 0 }, all = { 0 };
	char keys[2 * KEY_BYTES];
	uint32_t check = (uint32_t)draw(f->seed);

	for (size_t i = 0; i < sizeof(keys); i++)
		keys[i] = (char)(draw(f->seed) >> 24);
	put_string(&public, type, strlen(type));
	put_string(&public, keys + KEY_BYTES, KEY_BYTES);
	put_number(&private, check);
	put_number(&private, check);
	pf_buf_add(&private, public.data, public.len);
	put_string(&private, keys, sizeof(keys));
	put_string(&private, f->user, strlen(f->user));
	pf_buf_add(&private, pad, -private.len % 8);
	pf_buf_add(&all, "openssh-key-v1", sizeof("openssh-key-v1"));
	put_string(&all, none, strlen(none));
	put_string(&all, none, strlen(none));
	put_string(&all, "", 0);
	put_number(&all, 1);
	put_string(&all, public.data, public.len);
	put_string(&all, private.data, private.len);
	f->out->failed |= public.failed || private.failed || all.failed;
	put_base64(f->out, &all, KEY_COLUMNS);
}

/* ---- what a signature describes */

/* A key as PKCS #8 has it, of whatever type its first line says. */
static void put_body(const struct fake *f, const char *begin)
{
	const char *label = strstr(begin, "BEGIN ");

	pf_buf_printf(f->out, "%s\nMC4CAQAwBQYDK2VwBCIEIA", begin);
	put_letters(f, CREDENTIAL_BASE64, 42);
	if (label)
		pf_buf_printf(f->out, "\n-----END %s", label + strlen("BEGIN "));
}

static size_t value_length(const struct credential_signature *s)
{
	size_t n = s->min, least = s->contains ? strlen(s->contains) + 2 : 0;

	if (n < VALUE_ENOUGH)
		n = s->max < VALUE_ENOUGH ? s->max : VALUE_ENOUGH;
	return n < least ? least : n;
}

static void put_token(const struct fake *f, const struct credential_signature *s)
{
	size_t n = value_length(s), contained = s->contains ? strlen(s->contains) : 0;

	if (s->body) {
		put_body(f, s->prefix);
		return;
	}
	pf_buf_puts(f->out, s->prefix);
	if (s->alphabet == CREDENTIAL_ALPHABET_NONE)
		return;
	put_letters(f, s->alphabet, (n - contained) / 2);
	pf_buf_puts(f->out, s->contains ? s->contains : "");
	put_letters(f, s->alphabet, n - contained - (n - contained) / 2);
	pf_buf_puts(f->out, s->then ? s->then : "");
	if (s->then && strcmp(s->then, "@") == 0) /* of a URL, which goes on with a host */
		pf_buf_puts(f->out, "localhost");
}

/* ---- templates */

enum hole_type { HOLE_TOKEN, HOLE_USER, HOLE_BASIC, HOLE_OPENSSH, HOLE_LETTERS };

struct hole {
	enum hole_type type;
	enum credential_alphabet alphabet; /* LETTERS */
	size_t n;   /* LETTERS: how many; TOKEN: of which signature, from 1 */
	size_t len; /* of the placeholder */
};

static bool read_word(const char *word, size_t len, struct hole *ret)
{
	static const char *const words[] = { "token", "user", "basic", "openssh" };

	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && strncmp(words[i], word, len) == 0) {
			ret->type = (enum hole_type)i;
			return true;
		}
	for (size_t i = CREDENTIAL_DIGITS; i <= CREDENTIAL_BASE64URL; i++)
		if (strlen(credential_alphabets[i]) == len &&
		    strncmp(credential_alphabets[i], word, len) == 0) {
			ret->type = HOLE_LETTERS;
			ret->alphabet = (enum credential_alphabet)i;
			return true;
		}
	return false;
}

/* `{word}' or `{word:N}' at @s. Return: 0: it is text; 1; -1: it has that form and no meaning */
static int read_hole(const char *s, struct hole *ret)
{
	size_t word = s[0] == '{' ? strspn(s + 1, "abcdefghijklmnopqrstuvwxyz" DIGITS) : 0;
	const char *end = s + 1 + word;
	size_t digits = word > 0 && *end == ':' ? strspn(end + 1, DIGITS) : 0;
	bool number = digits > 0;

	if (number)
		end += 1 + digits;
	if (word == 0 || *end != '}')
		return 0;
	*ret = (struct hole){ .len = (size_t)(end + 1 - s) };
	if (word > WORD_MAX || digits > 4 || !read_word(s + 1, word, ret))
		return -1;
	if (number)
		ret->n = strtoul(s + 2 + word, NULL, 10);
	if (ret->type == HOLE_TOKEN && !number)
		ret->n = 1;
	if (ret->type == HOLE_TOKEN || ret->type == HOLE_LETTERS)
		return ret->n > 0 && ret->n <= LENGTH_MAX ? 1 : -1;
	return number ? -1 : 1;
}

const char *catalogue_decoy_fault(const char *line, size_t tokens, size_t *ret_len)
{
	struct hole hole = { 0 };

	for (const char *p = line; *p; p++) {
		int known = read_hole(p, &hole);

		if (known < 0 || (known > 0 && hole.type == HOLE_TOKEN && hole.n > tokens)) {
			*ret_len = hole.len;
			return p;
		}
	}
	return NULL;
}

static void put_hole(const struct fake *f, const struct hole *hole)
{
	switch (hole->type) {
	case HOLE_TOKEN:
		put_token(f, &f->kind->content[hole->n - 1]);
		break;
	case HOLE_USER:
		pf_buf_puts(f->out, f->user);
		break;
	case HOLE_BASIC:
		put_basic(f);
		break;
	case HOLE_OPENSSH:
		put_openssh(f);
		break;
	case HOLE_LETTERS:
		put_letters(f, hole->alphabet, hole->n);
		break;
	}
}

static void put_line(const struct fake *f, const char *line)
{
	struct hole hole;

	while (*line) {
		if (read_hole(line, &hole) > 0) {
			put_hole(f, &hole);
			line += hole.len;
		} else {
			pf_buf_add(f->out, line++, 1);
		}
	}
	pf_buf_puts(f->out, "\n");
}

void catalogue_fake(const struct credential_kind *k, struct catalogue_seed *seed,
		    struct pf_buf *ret)
{
	const struct fake f = { k, seed, draw_user(seed), ret };

	for (size_t i = 0; i < k->n_decoy; i++)
		put_line(&f, k->decoy[i]);
	if (k->n_decoy > 0 || k->n_content == 0)
		return;
	put_token(&f, &k->content[0]);
	pf_buf_puts(ret, "\n");
}

/* A signature of a value, rather than of a line in a file. */
static const struct credential_signature *value_signature(const struct credential_kind *k)
{
	for (size_t i = 0; i < k->n_content; i++) {
		const struct credential_signature *s = &k->content[i];

		if (s->body || (s->alphabet != CREDENTIAL_ALPHABET_NONE && !s->inside &&
				!strpbrk(s->prefix, " \"")))
			return s;
	}
	return NULL;
}

void catalogue_fake_value(const struct credential_kind *k, struct catalogue_seed *seed,
			  struct pf_buf *ret)
{
	const struct fake f = { k, seed, draw_user(seed), ret };
	const struct credential_signature *s = value_signature(k);

	if (s)
		put_token(&f, s);
	else
		put_letters(&f, CREDENTIAL_ALNUM, VALUE_BYTES);
}
