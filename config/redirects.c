/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables lead a credential, a connection or trust elsewhere, and what of their values can be told. */
#include <config.h>

#include "config/redirects.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define SENT  REDIRECT_CREDENTIALS
#define PROXY REDIRECT_TRAFFIC
#define TRUST REDIRECT_TRUST

#define THROUGH  "connections go through it"
#define BELIEVES "its certificates are believed"
#define BLIND    "certificates are not checked"

/* clang-format off */
static const struct redirect_rule rules[] = {
	/* APIs of models */
	{ "ANTHROPIC_BASE_URL",		SENT, NULL, "keys of the Anthropic API are sent there" },
	{ "ANTHROPIC_BEDROCK_BASE_URL",	SENT, NULL, "requests signed for AWS Bedrock are sent there" },
	{ "ANTHROPIC_VERTEX_BASE_URL",	SENT, NULL, "tokens of Google Cloud are sent there" },
	{ "OPENAI_BASE_URL",		SENT, NULL, "keys of the OpenAI API are sent there" },
	{ "OPENAI_API_BASE",		SENT, NULL, "keys of the OpenAI API are sent there" },
	{ "AZURE_OPENAI_ENDPOINT",	SENT, NULL, "keys of Azure OpenAI are sent there" },
	{ "GOOGLE_GEMINI_BASE_URL",	SENT, NULL, "keys of the Gemini API are sent there" },
	{ "HF_ENDPOINT",		SENT, NULL, "tokens of Hugging Face are sent there" },
	/* clouds, vaults, forges */
	{ "AWS_ENDPOINT_URL",		SENT, NULL, "requests signed for AWS are sent there" },
	{ "AWS_ENDPOINT_URL_*",		SENT, NULL, "requests signed for AWS are sent there" },
	{ "VAULT_ADDR",			SENT, NULL, "tokens of Vault are sent there" },
	{ "BAO_ADDR",			SENT, NULL, "tokens of OpenBao are sent there" },
	{ "GH_HOST",			SENT, NULL, "tokens of GitHub are sent there" },
	/* registries of packages */
	{ "npm_config_registry",	SENT, NULL, "tokens of npm are sent there" },
	{ "NPM_CONFIG_REGISTRY",	SENT, NULL, "tokens of npm are sent there" },
	{ "YARN_NPM_REGISTRY_SERVER",	SENT, NULL, "tokens of npm are sent there" },
	{ "PIP_INDEX_URL",		SENT, NULL, "packages and logins of pip go there" },
	{ "PIP_EXTRA_INDEX_URL",	SENT, NULL, "packages and logins of pip go there" },
	{ "UV_DEFAULT_INDEX",		SENT, NULL, "packages and logins of uv go there" },
	{ "UV_INDEX_URL",		SENT, NULL, "packages and logins of uv go there" },
	{ "TWINE_REPOSITORY_URL",	SENT, NULL, "tokens of PyPI are sent there" },
	/* proxies: of plain HTTP they see everything, of TLS what TRUST lets them */
	{ "HTTP_PROXY", PROXY, NULL, THROUGH }, { "http_proxy", PROXY, NULL, THROUGH },
	{ "HTTPS_PROXY", PROXY, NULL, THROUGH }, { "https_proxy", PROXY, NULL, THROUGH },
	{ "ALL_PROXY", PROXY, NULL, THROUGH }, { "all_proxy", PROXY, NULL, THROUGH },
	{ "FTP_PROXY", PROXY, NULL, THROUGH }, { "ftp_proxy", PROXY, NULL, THROUGH },
	{ "npm_config_proxy", PROXY, NULL, THROUGH }, { "npm_config_https_proxy", PROXY, NULL, THROUGH },
	{ "VAULT_PROXY_ADDR", PROXY, NULL, THROUGH },
	/* whose certificates are believed */
	{ "SSL_CERT_FILE", TRUST, NULL, BELIEVES }, { "SSL_CERT_DIR", TRUST, NULL, BELIEVES },
	{ "NIX_SSL_CERT_FILE", TRUST, NULL, BELIEVES }, { "NODE_EXTRA_CA_CERTS", TRUST, NULL, BELIEVES },
	{ "REQUESTS_CA_BUNDLE", TRUST, NULL, BELIEVES }, { "CURL_CA_BUNDLE", TRUST, NULL, BELIEVES },
	{ "AWS_CA_BUNDLE", TRUST, NULL, BELIEVES }, { "PIP_CERT", TRUST, NULL, BELIEVES },
	{ "GIT_SSL_CAINFO", TRUST, NULL, BELIEVES }, { "GIT_SSL_CAPATH", TRUST, NULL, BELIEVES },
	{ "CARGO_HTTP_CAINFO", TRUST, NULL, BELIEVES }, { "DENO_CERT", TRUST, NULL, BELIEVES },
	{ "npm_config_cafile", TRUST, NULL, BELIEVES }, { "NPM_CONFIG_CAFILE", TRUST, NULL, BELIEVES },
	{ "VAULT_CACERT", TRUST, NULL, BELIEVES }, { "VAULT_CAPATH", TRUST, NULL, BELIEVES },
	{ "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", TRUST, NULL, BELIEVES },
	{ "NODE_TLS_REJECT_UNAUTHORIZED", TRUST, "0", BLIND }, { "PYTHONHTTPSVERIFY", TRUST, "0", BLIND },
	{ "npm_config_strict_ssl", TRUST, "false", BLIND }, { "GIT_SSL_NO_VERIFY", TRUST, NULL, BLIND },
	{ "VAULT_SKIP_VERIFY", TRUST, NULL, BLIND },
};
/* clang-format on */

/* What stands for a `*' is the name of a service. Anything else is told nowhere: a name may be a secret too. */
static bool is_service(const char *s)
{
	size_t n = strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

	return n > 0 && n <= 40 && !s[n];
}

static bool matches(const char *pattern, const char *name)
{
	size_t n = strcspn(pattern, "*");

	return pattern[n] ? strncmp(pattern, name, n) == 0 && is_service(name + n)
			  : strcmp(pattern, name) == 0;
}

const struct redirect_rule *redirect_find(const char *name, const char *value)
{
	if (!*value)
		return NULL;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++)
		if (matches(rules[i].name, name) &&
		    (!rules[i].only || strcmp(rules[i].only, value) == 0))
			return &rules[i];
	return NULL;
}

const char *redirect_name(enum redirect_what what)
{
	static const char *const names[REDIRECT_WHAT_COUNT_] = {
		[REDIRECT_CREDENTIALS] = "credentials",
		[REDIRECT_TRAFFIC] = "traffic",
		[REDIRECT_TRUST] = "trust",
	};

	return names[what];
}

/* Rows of one sense are together in the table, and are one row of the page. */
void redirect_markdown(struct pf_buf *b)
{
	pf_buf_puts(b, "| variables | lead | because |\n|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct redirect_rule *r = &rules[i];
		bool same = i > 0 && strcmp(r->why, r[-1].why) == 0;
		bool last = i + 1 == ARRAY_SIZE(rules) || strcmp(r->why, r[1].why) != 0;

		pf_buf_printf(b, "%s`%s%s%s`", same ? ", " : "| ", r->name, r->only ? "=" : "",
			      r->only ? r->only : "");
		if (last)
			pf_buf_printf(b, " | %s | %s |\n", redirect_name(r->what), r->why);
	}
}

/* The bytes of @s that are @letters, or letters and digits. */
static size_t span(const char *s, const char *letters)
{
	size_t n = 0;

	while (s[n] && (isalnum((unsigned char)s[n]) || strchr(letters, s[n])))
		n++;
	return n;
}

/* "host", "host:443", "[::1]:443": all @len bytes of it. */
static bool is_host(const char *s, size_t len)
{
	size_t n = 0, digits;

	if (s[0] == '[') {
		n = 1 + strspn(s + 1, "0123456789abcdefABCDEF:.");
		if (s[n++] != ']')
			return false;
	} else {
		n = span(s, "-._");
	}
	if (n == 0 || n > 255)
		return false;
	if (n < len && s[n] == ':') {
		digits = strspn(s + n + 1, "0123456789");
		if (digits == 0 || digits > 5)
			return false;
		n += 1 + digits;
	}
	return n == len;
}

bool redirect_target(const char *value, char ret[REDIRECT_TARGET_SIZE])
{
	size_t scheme = span(value, "+-."), len;
	const char *at = value + scheme + 3, *end, *host;

	if (scheme == 0 || scheme > 16 || strncmp(value + scheme, "://", 3) != 0)
		return false;
	len = strcspn(at, "/?#\\,;| \t\r\n");
	end = at + len;
	if (strchr(end, '@'))
		return false;
	host = memrchr(at, '@', len);
	host = host ? host + 1 : at;
	if (!is_host(host, (size_t)(end - host)))
		return false;
	(void)snprintf(ret, REDIRECT_TARGET_SIZE, "%.*s://%.*s", (int)scheme, value,
		       (int)(end - host), host);
	return true;
}
