/* SPDX-License-Identifier: Apache-2.0 */
/* Which variables lead elsewhere, and that of a value only scheme, host and port are ever told. */
#include <config.h>

#include "config/redirects.h"
#include "tests/unit/tap.h"

static const char *what(const char *name, const char *value)
{
	const struct redirect_rule *r = redirect_find(name, value);

	return r ? redirect_name(r->what) : "none";
}

static const char *to(const char *value)
{
	static char ret[REDIRECT_TARGET_SIZE];

	return redirect_target(value, ret) ? ret : NULL;
}

static void addresses_proxies_and_trust_are_told_apart(void)
{
	static const char *const sent[] = { "ANTHROPIC_BASE_URL", "OPENAI_BASE_URL",
					    "AWS_ENDPOINT_URL_S3", "VAULT_ADDR" };
	static const char *const proxies[] = { "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY",
					       "http_proxy", "https_proxy", "all_proxy" };
	static const char *const trust[] = { "SSL_CERT_FILE",       "SSL_CERT_DIR",
					     "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
					     "CURL_CA_BUNDLE",      "GIT_SSL_CAINFO" };

	for (size_t i = 0; i < sizeof(sent) / sizeof(sent[0]); i++)
		CHECK_STR(what(sent[i], "https://x.example"), "credentials");
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
		CHECK_STR(what(proxies[i], "http://x.example"), "traffic");
	for (size_t i = 0; i < sizeof(trust) / sizeof(trust[0]); i++)
		CHECK_STR(what(trust[i], "/work/ca.pem"), "trust");
}

static void what_leads_nowhere_is_none(void)
{
	CHECK_STR(what("NO_PROXY", "localhost"), "none");
	CHECK_STR(what("HTTP_PROXY", ""), "none");
	CHECK_STR(what("HTTP_PROXY_X", "http://x.example"), "none");
	CHECK_STR(what("MY_HTTP_PROXY", "http://x.example"), "none");
	CHECK_STR(what("AWS_ENDPOINT_URL_", "http://x.example"), "none");
	CHECK_STR(what("AWS_ENDPOINT_URL_a\x1b[2J", "http://x.example"), "none");
	CHECK_STR(what("NODE_TLS_REJECT_UNAUTHORIZED", "0"), "trust");
	CHECK_STR(what("NODE_TLS_REJECT_UNAUTHORIZED", "1"), "none");
}

static void of_a_url_scheme_host_and_port_are_told(void)
{
	CHECK_STR(to("https://api.example"), "https://api.example");
	CHECK_STR(to("http://10.0.0.1:3128/"), "http://10.0.0.1:3128");
	CHECK_STR(to("socks5h://[::1]:1080"), "socks5h://[::1]:1080");
	CHECK_STR(to("https://api.example/v1/SECRET?key=SECRET#SECRET"), "https://api.example");
	CHECK_STR(to("http://user:SECRET@proxy.example:3128"), "http://proxy.example:3128");
	CHECK_STR(to("http://user:SEC@RET@proxy.example"), "http://proxy.example");
	CHECK_STR(to("http://SECRET@proxy.example/a"), "http://proxy.example");
	CHECK_STR(to("https://one.example,https://two.example"), "https://one.example");
}

/* A password may have any byte in it, also those that end a host. */
static void what_is_not_plainly_a_url_is_not_told(void)
{
	static const char *const values[] = { "SECRET",
					      "",
					      "://x",
					      "proxy.example:3128",
					      "user:SECRET@proxy.example:3128",
					      "http://",
					      "http:///SECRET",
					      "http://user:12/34@proxy.example",
					      "http://user:12?4@proxy.example",
					      "http://user:12#4@proxy.example",
					      "http://user:1\\2@proxy.example",
					      "http://user:1 2@proxy.example",
					      "http://user:SECRET",
					      "http://host:123456",
					      "http://host:",
					      "http://ho%73t",
					      "http://h\x1b[2J",
					      "http://[::1",
					      "http://[SECRET]",
					      "http://a]b",
					      "aVeryLongSchemeThatIsNone://x" };
	char text[800] = "http://";

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		CHECK_STR(to(values[i]), NULL);
	memset(text + 7, 'a', sizeof(text) - 8);
	text[sizeof(text) - 1] = '\0';
	CHECK_STR(to(text), NULL);
}

int main(void)
{
	RUN(addresses_proxies_and_trust_are_told_apart);
	RUN(what_leads_nowhere_is_none);
	RUN(of_a_url_scheme_host_and_port_are_told);
	RUN(what_is_not_plainly_a_url_is_not_told);
	return tap_done();
}
