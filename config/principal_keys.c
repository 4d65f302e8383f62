/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys: which kind, whose by the comment, and whether a passphrase is needed too. Of an unencrypted key the comment
 * stands behind the secret numbers, which are stepped over by their lengths.
 */
#include <config.h>

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sha256.h"
#include "config/principal_parts.h"

enum { KEY_MAX = 8 << 10, TYPE_MAX = 40, COMMENT_MAX = 48, FINGERPRINT_SIZE = 44 };

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

/* As ssh-keygen -l and every forge show it: base64 of the SHA-256 of the public half, without padding. */
static void fingerprint(struct blob public_key, char ret[FINGERPRINT_SIZE])
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned char sum[SHA256_BYTES + 1] = { 0 };
	char hex[SHA256_HEX + 1];
	struct sha256 h;
	size_t n = 0;

	sha256_init(&h);
	sha256_add(&h, public_key.v, public_key.len);
	sha256_hex(&h, hex);
	for (size_t i = 0; i < SHA256_BYTES; i++) {
		unsigned int high = (unsigned char)hex[2 * i], low = (unsigned char)hex[2 * i + 1];

		sum[i] = (unsigned char)((high > '9' ? high - 'a' + 10 : high - '0') << 4 |
					 (low > '9' ? low - 'a' + 10 : low - '0'));
	}
	for (size_t i = 0; i < SHA256_BYTES; i += 3) {
		unsigned int v = (unsigned int)sum[i] << 16 | (unsigned int)sum[i + 1] << 8 |
				 (i + 2 < SHA256_BYTES ? sum[i + 2] : 0u);

		for (int shift = 18; shift >= 0 && n < FINGERPRINT_SIZE - 1; shift -= 6)
			ret[n++] = digits[v >> shift & 63];
	}
	ret[n] = '\0';
}

/* TYPE SHA256:FINGERPRINT COMMENT, each as far as it is known */
static void tell_key(const struct principal_text *t, struct credential_details *d,
		     struct blob public_key, struct span comment, bool encrypted)
{
	char text[CREDENTIAL_PRINCIPAL_MAX + 1], sum[FINGERPRINT_SIZE];
	struct blob type, rest = public_key;
	int n;

	if (!string(&rest, &type) || type.len == 0 || type.len > TYPE_MAX)
		return;
	if (comment.len > COMMENT_MAX)
		comment.len = 0;
	fingerprint(public_key, sum);
	n = snprintf(text, sizeof(text), "%.*s SHA256:%s%s%.*s%s", (int)type.len,
		     (const char *)type.v, sum, comment.len ? " " : "", (int)comment.len,
		     comment.len ? comment.v : "", encrypted ? ", encrypted" : "");
	if (n > 0 && n < (int)sizeof(text))
		principal_set(t, d, (struct span){ text, (size_t)n });
}

static void from_openssh(const struct principal_text *t, struct credential_details *d,
			 struct blob b)
{
	struct blob cipher, kdf, options, public_key, private_part, comment = { NULL, 0 };
	bool encrypted;

	if (b.len < 15 || memcmp(b.v, "openssh-key-v1", 15) != 0 || !skip(&b, 15) ||
	    !string(&b, &cipher) || !string(&b, &kdf) || !string(&b, &options) || !skip(&b, 4) ||
	    !string(&b, &public_key))
		return;
	encrypted = !is(cipher, "none");
	if (!encrypted && string(&b, &private_part))
		(void)find_comment(private_part, &comment);
	tell_key(t, d, public_key, (struct span){ (const char *)comment.v, comment.len },
		 encrypted);
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

/* `ssh-ed25519 AAAA... comment' */
void principal_from_public_key(const struct principal_text *t, struct credential_details *d)
{
	struct span line = span_trim(span_line(t->text, 0)), comment = { "", 0 };
	size_t type = span_find(line, 0, " "), key = span_find(line, type + 1, " ");
	struct blob public_key, rest, name;
	unsigned char text[KEY_MAX];

	if (type >= line.len)
		return;
	if (key < line.len)
		comment = span_trim(span_from(line, key));
	line.len = key;
	public_key = (struct blob){ text, principal_base64(span_from(line, type + 1), text,
							   sizeof(text)) };
	rest = public_key;
	/* the key says its type again; so what is no such line is not told as one */
	if (string(&rest, &name) && name.len == type && memcmp(name.v, line.v, type) == 0)
		tell_key(t, d, public_key, comment, false);
}
