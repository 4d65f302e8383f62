/* SPDX-License-Identifier: Apache-2.0 */
/* The words of the catalogue, in the order of their enums, and which byte belongs to which alphabet. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/catalogue_parts.h"

const char *const credential_classes[CREDENTIAL_CLASS_COUNT_] = {
	[CREDENTIAL_MODEL] = "model",       [CREDENTIAL_CLOUD] = "cloud",
	[CREDENTIAL_FORGE] = "forge",       [CREDENTIAL_REGISTRY] = "registry",
	[CREDENTIAL_DATABASE] = "database", [CREDENTIAL_HOST_CONTROL] = "host-control",
	[CREDENTIAL_SSH] = "ssh",           [CREDENTIAL_TLS] = "tls",
	[CREDENTIAL_VAULT] = "vault",       [CREDENTIAL_BROWSER] = "browser",
	[CREDENTIAL_SHELL] = "shell",       [CREDENTIAL_CI] = "ci",
	[CREDENTIAL_OTHER] = "other",
};

const char *const credential_covers[CREDENTIAL_COVER_COUNT_] = {
	[CREDENTIAL_COVER_NONE] = "none",
	[CREDENTIAL_COVER_FILE] = "file",
	[CREDENTIAL_COVER_DIR] = "dir",
};

const char *const credential_lifetimes[CREDENTIAL_LIFETIME_COUNT_] = {
	[CREDENTIAL_LONG] = "long",     [CREDENTIAL_SHORT] = "short",
	[CREDENTIAL_JWT] = "jwt",       [CREDENTIAL_CERTIFICATE] = "certificate",
	[CREDENTIAL_STATED] = "stated", [CREDENTIAL_LIVE] = "live",
};

const char *const credential_froms[CREDENTIAL_FROM_COUNT_] = {
	[CREDENTIAL_FROM_UNKNOWN] = "unknown",
	[CREDENTIAL_FROM_FIELD] = "field",
	[CREDENTIAL_FROM_VARIABLE] = "variable",
	[CREDENTIAL_FROM_JWT] = "jwt",
	[CREDENTIAL_FROM_CERTIFICATE] = "certificate",
	[CREDENTIAL_FROM_USERINFO] = "userinfo",
	[CREDENTIAL_FROM_PUBLIC_KEY] = "public-key",
	[CREDENTIAL_FROM_PREFIX] = "prefix",
	[CREDENTIAL_FROM_PEER] = "peer",
};

const char *const credential_alphabets[CREDENTIAL_ALPHABET_COUNT_] = {
	[CREDENTIAL_ALPHABET_NONE] = "none",
	[CREDENTIAL_DIGITS] = "digits",
	[CREDENTIAL_HEX] = "hex",
	[CREDENTIAL_UPPER] = "upper",
	[CREDENTIAL_ALNUM] = "alnum",
	[CREDENTIAL_BASE64] = "base64",
	[CREDENTIAL_BASE64URL] = "base64url",
	[CREDENTIAL_DOTTED] = "dotted",
	[CREDENTIAL_USERINFO] = "userinfo",
	[CREDENTIAL_TEXT] = "text",
};

const char *const credential_targets[CREDENTIAL_TO_ADDRESS + 1] = {
	[CREDENTIAL_TO_FILE] = "file",           [CREDENTIAL_TO_LIST] = "list",
	[CREDENTIAL_TO_DIRECTORY] = "directory", [CREDENTIAL_TO_SOCKET] = "socket",
	[CREDENTIAL_TO_ADDRESS] = "address",
};

uint16_t credential_letters(unsigned char c)
{
	bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z';
	bool lower = c >= 'a' && c <= 'z', alnum = digit || upper || lower;
	bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
	bool url = alnum || c == '-' || c == '_';
	bool text = c > 0x20 && c != 0x7f && !strchr("\"'`<>", c);
	bool userinfo = text && !strchr("/@{}", c); /* braces: a variable's name, not a value */
	const bool in[CREDENTIAL_ALPHABET_COUNT_] = {
		[CREDENTIAL_DIGITS] = digit,
		[CREDENTIAL_HEX] = hex,
		[CREDENTIAL_UPPER] = digit || upper,
		[CREDENTIAL_ALNUM] = alnum,
		[CREDENTIAL_BASE64] = alnum || c == '+' || c == '/' || c == '=',
		[CREDENTIAL_BASE64URL] = url,
		[CREDENTIAL_DOTTED] = url || c == '.' || c == '~' || c == '=',
		[CREDENTIAL_USERINFO] = userinfo,
		[CREDENTIAL_TEXT] = text,
	};
	uint16_t bits = 0;

	for (unsigned int i = 0; i < CREDENTIAL_ALPHABET_COUNT_; i++)
		bits |= (uint16_t)(in[i] ? 1u << i : 0);
	return bits;
}

const char *credential_class_name(enum credential_class class)
{
	return credential_classes[class];
}

int credential_class_find(const char *name)
{
	for (int i = 0; i < CREDENTIAL_CLASS_COUNT_; i++)
		if (strcmp(credential_classes[i], name) == 0)
			return i;
	return -1;
}

const char *credential_cover_name(enum credential_cover cover)
{
	return credential_covers[cover];
}

const char *credential_lifetime_name(enum credential_lifetime lifetime)
{
	return credential_lifetimes[lifetime];
}

const char *credential_from_name(enum credential_from from)
{
	return credential_froms[from];
}
