/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whose a credential is and how long it lives. tests/golden/credentials/principals.json has the rows: a kind, and one of
 * text (the head of its file), hit (a signature in any file), beside (its public half). `{N}' stands for N bytes of
 * "FAKE", `{N:q}' for N of "q", `{jwt:JSON}' for a token with those claims, `{b64:TEXT}', `{pem}' for a certificate and
 * `{pem64}' for that in base64.
 */
#include <config.h>

#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "config/principal_parts.h"
#include "tests/unit/tap.h"

/* Of CN=kubernetes-admin, O=system:masters, until 2027-12-29; its key was thrown away. */
static const char certificate[] =
	"MIIBvjCCAWOgAwIBAgIUAlNxVOVJ4rc9EAOLN85lZvTG1MswCgYIKoZIzj0EAwIwNDEXMBUG"
	"A1UECgwOc3lzdGVtOm1hc3RlcnMxGTAXBgNVBAMMEGt1YmVybmV0ZXMtYWRtaW4wHhcNMjYx"
	"MTI0MTUxNTIwWhcNMjcxMjI5MTUxNTIwWjA0MRcwFQYDVQQKDA5zeXN0ZW06bWFzdGVyczEZ"
	"MBcGA1UEAwwQa3ViZXJuZXRlcy1hZG1pbjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJ3q"
	"FsmIOsh5av1a0UIRykJw51QH/wPJCoxDrgxI4YGUVLUnv0lTnvcvCjNAMONqwgMF4Cy0bA/Q"
	"2r2DV2ismSajUzBRMB0GA1UdDgQWBBQzSAA/0TejUDccu1Aab2xwn/N58zAfBgNVHSMEGDAW"
	"gBQzSAA/0TejUDccu1Aab2xwn/N58zAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0kA"
	"MEYCIQCkRdrlGtsmFvv+3M30iD5nPFPUC5j0fvIML82P/cKAJgIhAMpB3+5pn9p/ctpoqMV3"
	"xb81KW8Oycjby2Cw0VkctyAo";

static struct catalogue catalogue;

static void put_base64(struct pf_buf *b, const void *data, size_t len, const char *tail)
{
	const unsigned char *p = data;
	char digits[65];

	snprintf(digits, sizeof(digits),
		 "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789%s", tail);
	for (size_t i = 0; i < len; i += 3) {
		unsigned int v = (unsigned int)p[i] << 16 |
				 (i + 1 < len ? (unsigned int)p[i + 1] << 8 : 0) |
				 (i + 2 < len ? p[i + 2] : 0);
		char four[4];

		for (int j = 0; j < 4; j++)
			four[j] = digits[v >> (18 - 6 * j) & 63];
		pf_buf_add(b, four, len - i >= 3 ? 4 : len - i + 1);
	}
}

static void put_pem(struct pf_buf *b)
{
	pf_buf_puts(b, "-----BEGIN CERTIFICATE-----\n");
	for (size_t i = 0; i < sizeof(certificate) - 1; i += 64)
		pf_buf_printf(b, "%.64s\n", certificate + i);
	pf_buf_puts(b, "-----END CERTIFICATE-----\n");
}

static void put_fake(struct pf_buf *b, unsigned long n, const char *pattern)
{
	for (unsigned long i = 0; i < n; i++)
		pf_buf_add(b, &pattern[i % strlen(pattern)], 1);
}

/* The end of what stands between braces. */
static const char *closing(const char *p)
{
	for (int depth = 0; *p; p++) {
		depth += *p == '{' ? 1 : *p == '}' ? -1 : 0;
		if (depth == 0)
			return p;
	}
	return NULL;
}

static void expand(struct pf_buf *b, const char *text);

/* @p: behind the brace; false: it is only a brace */
static bool put_macro(struct pf_buf *b, const char *p, size_t len)
{
	auto_free char *inner = strndup(p, len);
	auto_buf part = { 0 };

	if (inner && strncmp(inner, "jwt:", 4) == 0) {
		expand(&part, inner + 4);
		put_base64(b, "{\"alg\":\"none\"}", 14, "-_");
		pf_buf_puts(b, ".");
		put_base64(b, part.data, part.len, "-_");
		pf_buf_puts(b, ".FAKEFAKE");
	} else if (inner && strncmp(inner, "b64:", 4) == 0) {
		put_base64(b, inner + 4, len - 4, "+/");
	} else if (inner && strcmp(inner, "pem") == 0) {
		put_pem(b);
	} else if (inner && strcmp(inner, "pem64") == 0) {
		put_pem(&part);
		put_base64(b, part.data, part.len, "+/");
	} else if (inner && inner[0] >= '1' && inner[0] <= '9') {
		char *end;
		unsigned long n = strtoul(inner, &end, 10);

		put_fake(b, n, *end == ':' ? end + 1 : "FAKE");
	} else {
		return false;
	}
	return true;
}

static void expand(struct pf_buf *b, const char *text)
{
	for (const char *p = text; *p; p++) {
		const char *end = *p == '{' ? closing(p) : NULL;

		if (end && put_macro(b, p + 1, (size_t)(end - p - 1)))
			p = end;
		else
			pf_buf_add(b, p, 1);
	}
}

static void run(const struct json *row, const struct credential_kind *kind,
		struct credential_details *d)
{
	const char *hit = json_text(row, "hit", NULL), *beside = json_text(row, "beside", NULL);
	struct catalogue_hit hits[8];
	auto_buf b = { 0 };
	size_t n;

	expand(&b, hit ? hit : beside ? beside : json_text(row, "text", ""));
	credential_details_init(kind, d);
	if (beside) {
		credential_details_of_public_half(&catalogue, kind, b.data, b.len, d);
		return;
	}
	if (!hit) {
		credential_details_of_file(&catalogue, kind, b.data, b.len, d);
		return;
	}
	n = catalogue_scan(&catalogue, kind, b.data, b.len, hits, ARRAY_SIZE(hits));
	for (size_t i = 0; i < n && i < ARRAY_SIZE(hits); i++)
		if (hits[i].kind == kind)
			credential_details_of_hit(&catalogue, kind, b.data, b.len, &hits[i], d);
}

static void check_row(const struct json *row)
{
	const char *id = json_text(row, "kind", "");
	const struct credential_kind *kind = catalogue_find(&catalogue, id);
	const char *principal = json_text(row, "principal", NULL);
	struct credential_details d;
	auto_buf want = { 0 };

	printf("# %u: %s\n", row->index, id);
	CHECK(kind != NULL);
	if (!kind)
		return;
	run(row, kind, &d);
	expand(&want, principal ? principal : "");
	CHECK_STR(d.principal, want.data ? want.data : "");
	CHECK_INT(d.expires, ==, json_integer(row, "expires", 0));
	CHECK_STR(credential_lifetime_name(d.lifetime),
		  json_text(row, "lifetime", credential_lifetime_name(kind->lifetime)));
}

static void every_row_tells_what_it_says(void)
{
	const char *srcdir = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *text = NULL;
	auto_json doc = NULL;
	char path[PATH_MAX];
	size_t len = 0;

	snprintf(path, sizeof(path), "%s/tests/golden/credentials/principals.json",
		 srcdir ? srcdir : ".");
	CHECK_INT(pf_read_file_at(AT_FDCWD, path, 1u << 20, &text, &len, &e), ==, 0);
	CHECK_INT(text ? json_parse(text, len, NULL, &doc, &e) : -1, ==, 0);
	CHECK_STR(e.msg, "");
	for (const struct json *row = doc ? json_root(doc)->child : NULL; row; row = row->next)
		check_row(row);
}

/* ---- private keys, put together here so that no file of ours looks like one */

struct key {
	unsigned char v[2048];
	size_t len;
};

static void put_string(struct key *k, const void *data, size_t len)
{
	k->v[k->len++] = 0;
	k->v[k->len++] = 0;
	k->v[k->len++] = (unsigned char)(len >> 8);
	k->v[k->len++] = (unsigned char)len;
	memcpy(k->v + k->len, data, len);
	k->len += len;
}

static void put_private_part(struct key *k, const char *type, size_t fields, const char *comment)
{
	static const char secret[64] = "secret secret secret secret secret secret secret secret";
	struct key part = { .len = 8 };

	put_string(&part, type, strlen(type));
	for (size_t i = 0; i < fields; i++)
		put_string(&part, secret, sizeof(secret));
	put_string(&part, comment, strlen(comment));
	put_string(k, part.v, part.len);
}

static void make_key(struct pf_buf *b, const char *cipher, const char *type, size_t fields,
		     const char *comment)
{
	struct key k = { .len = 15 }, public_key = { .len = 0 };

	memcpy(k.v, "openssh-key-v1", 15);
	put_string(&k, cipher, strlen(cipher));
	put_string(&k, "none", 4);
	put_string(&k, "", 0);
	k.len += 3;
	k.v[k.len++] = 1;
	put_string(&public_key, type, strlen(type));
	put_string(&k, public_key.v, public_key.len);
	put_private_part(&k, type, fields, comment);
	pf_buf_puts(b, "-----BEGIN OPENSSH PRIVATE KEY"
		       "-----\n");
	put_base64(b, k.v, k.len, "+/");
	pf_buf_puts(b, "\n-----END OPENSSH PRIVATE KEY"
		       "-----\n");
}

static void a_private_key_tells_its_type_comment_and_whether_it_is_encrypted(void)
{
	static const struct {
		const char *cipher, *type;
		size_t fields;
		const char *comment, *behind; /* the fingerprint */
	} rows[] = {
		{ "none", "ssh-ed25519", 2, "ann@laptop", " ann@laptop" },
		{ "none", "ssh-rsa", 6, "ann@rsa", " ann@rsa" },
		{ "none", "ecdsa-sha2-nistp256", 3, "ann@ec", " ann@ec" },
		{ "none", "ssh-ed25519", 2, "", "" },
		{ "none", "ssh-unheard-of", 2, "ann", "" },
		{ "none", "ssh-ed25519", 1, "secret", "" },
		{ "aes256-ctr", "ssh-ed25519", 2, "ann@laptop", ", encrypted" },
	};
	const struct credential_kind *kind = catalogue_find(&catalogue, "ssh-key");

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct credential_details d;
		auto_buf b = { 0 };
		char begins[64];

		credential_details_init(kind, &d);
		make_key(&b, rows[i].cipher, rows[i].type, rows[i].fields, rows[i].comment);
		credential_details_of_file(&catalogue, kind, b.data, b.len, &d);
		snprintf(begins, sizeof(begins), "%s SHA256:", rows[i].type);
		CHECK(strncmp(d.principal, begins, strlen(begins)) == 0);
		CHECK_INT(d.principal_len, ==, strlen(begins) + 43 + strlen(rows[i].behind));
		CHECK_STR(d.principal + strlen(begins) + 43, rows[i].behind);
	}
}

/* Every cut of what is well-formed is bounded, and a cut key does not tell its secret for a comment. */
static void a_cut_key_tells_no_secret(void)
{
	const struct credential_kind *kind = catalogue_find(&catalogue, "ssh-key");
	auto_buf b = { 0 };
	bool leaks = false;

	make_key(&b, "none", "ssh-ed25519", 2, "ann@laptop");
	for (size_t len = 0; len < b.len; len++) {
		struct credential_details d;
		auto_free char *text = malloc(len + 1);

		memcpy(text, b.data, len);
		credential_details_init(kind, &d);
		credential_details_of_file(&catalogue, kind, text, len, &d);
		leaks |= strstr(d.principal, "secret") != NULL;
	}
	CHECK(!leaks);
}

static void a_cut_certificate_is_none(void)
{
	const struct span text = { certificate, sizeof(certificate) - 1 };
	unsigned char der[1024];
	size_t n = principal_base64(text, der, sizeof(der)), found = 0;
	struct certificate c;

	CHECK(principal_certificate(der, n, &c));
	CHECK_STR(c.subject, "CN=kubernetes-admin, O=system:masters");
	for (size_t len = 0; len < n; len++) {
		auto_free unsigned char *cut = malloc(len + 1);

		memcpy(cut, der, len);
		found += principal_certificate(cut, len, &c);
	}
	CHECK_INT(found, ==, 0);
}

/* ---- dates */

static void dates_are_read_in_the_forms_they_have(void)
{
	static const struct {
		const char *text;
		int64_t want;
	} rows[] = {
		{ "1970-01-01T00:00:00Z", 0 },
		{ "2000-02-29T12:30:15Z", 951827415 },
		{ "2026-11-24", 1795478400 },
		{ "2026-11-24T08:33:01.123456789Z", 1795509181 },
		{ "2026-11-24T08:33:01-0130", 1795514581 },
		{ "2026-11-24 08:33:01+02:00", 1795501981 },
		{ "2026-02-29T00:00:00Z", 0 },
		{ "2026-13-01T00:00:00Z", 0 },
		{ "2026-11-24T24:00:00Z", 0 },
		{ "2026-11-24T08:33", 0 },
		{ "1795509181", 1795509181 },
		{ "1795509181.5", 1795509181 },
		{ "1795509181123", 1795509181 },
		{ "3600", 0 },
		{ "", 0 },
		{ "-1", 0 },
		{ "179550918112345678901234567890", 0 },
		{ "1795509181x", 0 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		printf("# %s\n", rows[i].text);
		CHECK_INT(principal_date((struct span){ rows[i].text, strlen(rows[i].text) }), ==,
			  rows[i].want);
	}
}

/* ---- what may be shown */

static void only_what_is_printable_and_no_credential_is_shown(void)
{
	const struct credential_kind *aws = catalogue_find(&catalogue, "aws-access-key");
	const struct credential_kind *netrc = catalogue_find(&catalogue, "netrc");
	char token[64] = "ghp"
			 "_",
	     key[] = "AKIA"
		     "FAKEFAKEFAKEFAKE",
	     text[200];

	memset(token + 4, 'A', 36);
	memset(text, 'a', sizeof(text));
	CHECK(credential_principal_is_public(&catalogue, netrc, "ann", 3));
	CHECK(credential_principal_is_public(&catalogue, netrc, "J\xc3\xbcrgen", 7));
	CHECK(credential_principal_is_public(&catalogue, netrc, text, CREDENTIAL_PRINCIPAL_MAX));
	CHECK(!credential_principal_is_public(&catalogue, netrc, text,
					      CREDENTIAL_PRINCIPAL_MAX + 1));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "", 0));
	CHECK(!credential_principal_is_public(&catalogue, netrc, token, strlen(token)));
	CHECK(credential_principal_is_public(&catalogue, aws, key, strlen(key)));
	CHECK(!credential_principal_is_public(&catalogue, netrc, key, strlen(key)));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "a\033[2J", 5));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "a\0b", 3));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "a\x7f", 2));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "\xc2\x9b", 2));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "\xc0\xaf", 2));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "\xed\xa0\x80", 3));
	CHECK(!credential_principal_is_public(&catalogue, netrc,
					      "\xe2\x80\xae"
					      "x",
					      4));
	CHECK(!credential_principal_is_public(&catalogue, netrc, "\xc3", 1));
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	tap_test = "catalogue";
	CHECK_INT(catalogue_load(NULL, 0, &catalogue, &e), ==, 0);
	RUN(every_row_tells_what_it_says);
	RUN(a_private_key_tells_its_type_comment_and_whether_it_is_encrypted);
	RUN(a_cut_key_tells_no_secret);
	RUN(a_cut_certificate_is_none);
	RUN(dates_are_read_in_the_forms_they_have);
	RUN(only_what_is_printable_and_no_credential_is_shown);
	catalogue_free(&catalogue);
	return tap_done();
}
