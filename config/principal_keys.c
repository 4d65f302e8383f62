/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: which kind, whose by the comment, and whether a passphrase is needed too. Of an unencrypted key the comment
 * stands behind the secret numbers, which are stepped over by their lengths.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/principal_parts.h"

enum { KEY_MAX = 8 << 10, TYPE_MAX = 48 };

struct blob {
	const unsigned char *v;
	size_t len;
};

/* A length in four bytes, and as many bytes. */
static bool string(struct blob *b, struct blob *ret)
{
	size_t len;

	if (b->len < 4)
		return false;
	len = (size_t)b->v[0] << 24 | (size_t)b->v[1] << 16 | (size_t)b->v[2] << 8 | b->v[3];
	if (len > b->len - 4)
		return false;
	*ret = (struct blob){ b->v + 4, len };
	b->v += 4 + len;
	b->len -= 4 + len;
	return true;
}

static bool skip(struct blob *b, size_t n)
{
	if (b->len < n)
		return false;
	b->v += n;
	b->len -= n;
	return true;
}

static bool is(struct blob b, const char *text)
{
	return b.len == strlen(text) && memcmp(b.v, text, b.len) == 0;
}

/* How many strings stand between the type and the comment; 0: unknown. */
static size_t fields_of(struct blob type)
{
	if (is(type, "ssh-ed25519"))
		return 2;
	if (is(type, "ssh-rsa"))
		return 6;
	if (is(type, "ssh-dss"))
		return 5;
	return type.len > 11 && memcmp(type.v, "ecdsa-sha2-", 11) == 0 && type.len < 24 ? 3 : 0;
}

static bool find_comment(struct blob private_part, struct blob *ret)
{
	struct blob type, skipped;
	size_t n;

	if (!skip(&private_part, 8) || !string(&private_part, &type))
		return false;
	n = fields_of(type);
	for (size_t i = 0; i < n; i++)
		if (!string(&private_part, &skipped))
			return false;
	return n > 0 && string(&private_part, ret) && ret->len > 0;
}

static void from_openssh(const struct principal_text *t, struct credential_details *d,
			 struct blob b)
{
	struct blob cipher, kdf, options, public_key, private_part, type, comment = { NULL, 0 };
	char text[CREDENTIAL_PRINCIPAL_MAX + 1];
	bool encrypted;
	int n;

	if (b.len < 15 || memcmp(b.v, "openssh-key-v1", 15) != 0 || !skip(&b, 15) ||
	    !string(&b, &cipher) || !string(&b, &kdf) || !string(&b, &options) || !skip(&b, 4) ||
	    !string(&b, &public_key) || !string(&public_key, &type) || type.len > TYPE_MAX)
		return;
	encrypted = !is(cipher, "none");
	if (!encrypted && string(&b, &private_part))
		(void)find_comment(private_part, &comment);
	if (comment.len > sizeof(text) / 2)
		comment.len = 0;
	n = snprintf(text, sizeof(text), "%.*s%s%.*s%s", (int)type.len, (const char *)type.v,
		     comment.len ? " " : "", (int)comment.len,
		     comment.len ? (const char *)comment.v : "", encrypted ? ", encrypted" : "");
	if (n > 0 && n < (int)sizeof(text))
		principal_set(t, d, (struct span){ text, (size_t)n });
}

/* `# public key: age1...', which age-keygen writes above the key; `Comment: ' of PuTTY's format */
static void from_label(const struct principal_text *t, struct credential_details *d,
		       const char *label)
{
	size_t at = span_find(t->text, 0, label);

	if (at < t->text.len)
		principal_set(t, d, span_trim(span_line(t->text, at + strlen(label))));
}

void principal_from_private_key(const struct principal_text *t, struct credential_details *d)
{
	static const char begin[] = "-----BEGIN OPENSSH PRIVATE KEY-----";
	size_t at = span_find(t->text, 0, begin);
	unsigned char key[KEY_MAX];

	if (at < t->text.len) {
		size_t n =
			principal_base64(span_from(t->text, at + strlen(begin)), key, sizeof(key));

		from_openssh(t, d, (struct blob){ key, n });
	}
	from_label(t, d, "# public key: ");
	if (span_find(t->text, 0, "PuTTY-User-Key-File-") < t->text.len)
		from_label(t, d, "\nComment: ");
}

/* `ssh-ed25519 AAAA... comment': all but the key itself */
void principal_from_public_key(const struct principal_text *t, struct credential_details *d)
{
	struct span line = span_trim(span_line(t->text, 0));
	size_t type = span_find(line, 0, " "), key = span_find(line, type + 1, " ");
	char text[CREDENTIAL_PRINCIPAL_MAX + 1];
	struct span comment;
	int n;

	if (type >= line.len || type > TYPE_MAX ||
	    !(span_begins(line, "ssh-") || span_begins(line, "ecdsa-") || span_begins(line, "sk-")))
		return;
	comment = key < line.len ? span_trim(span_from(line, key)) : (struct span){ "", 0 };
	if (comment.len > sizeof(text) / 2)
		comment.len = 0;
	n = snprintf(text, sizeof(text), "%.*s%s%.*s", (int)type, line.v, comment.len ? " " : "",
		     (int)comment.len, comment.v);
	if (n > 0 && n < (int)sizeof(text))
		principal_set(t, d, (struct span){ text, (size_t)n });
}
