/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of variables that are a command line for a tool. For each tool there is a list of what may stand there; what is
 * not on it fails, so a new option of a tool that runs code needs no change here. Only of Java's properties, which
 * programs invent as they like, the dangerous ones are listed.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "config/envrules_parts.h"

#define DIGITS  "0123456789"
#define LETTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define WORD    LETTERS DIGITS "_-.,+:="
#define NUMBER  DIGITS "."

bool env_is_allowed(struct env_word w, const struct env_allowed *list, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!list[i].rest && env_word_is(w, list[i].start))
			return true;
		if (list[i].rest && env_word_starts(w, list[i].start) &&
		    env_word_of(w, strlen(list[i].start), list[i].rest))
			return true;
	}
	return false;
}

bool env_all_allowed(const char *value, const struct env_allowed *list, size_t n)
{
	struct env_word w;

	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len))
		if (!env_is_allowed(w, list, n))
			return false;
	return true;
}

/* ---- Node.js; it reads `_' as `-' */

/* clang-format off */
static const struct env_allowed node_options[] = {
	{ "--max-old-space-size=", NUMBER }, { "--max-semi-space-size=", NUMBER }, { "--min-semi-space-size=", NUMBER },
	{ "--max-old-space-size-percentage=", NUMBER }, { "--max-heap-size=", NUMBER }, { "--stack-size=", NUMBER },
	{ "--initial-heap-size=", NUMBER }, { "--v8-pool-size=", NUMBER }, { "--stack-trace-limit=", NUMBER },
	{ "--max-http-header-size=", NUMBER }, { "--huge-max-old-generation-size", NULL }, { "--secure-heap=", NUMBER },
	{ "--enable-source-maps", NULL }, { "--no-warnings", NULL }, { "--disable-warning=", WORD },
	{ "--no-deprecation", NULL }, { "--throw-deprecation", NULL }, { "--pending-deprecation", NULL },
	{ "--trace-warnings", NULL }, { "--trace-deprecation", NULL }, { "--trace-uncaught", NULL },
	{ "--trace-exit", NULL }, { "--trace-sync-io", NULL }, { "--abort-on-uncaught-exception", NULL },
	{ "--unhandled-rejections=", WORD }, { "--dns-result-order=", WORD }, { "--title=", WORD },
	{ "--network-family-autoselection", NULL }, { "--no-network-family-autoselection", NULL },
	{ "--network-family-autoselection-attempt-timeout=", NUMBER }, { "--insecure-http-parser", NULL },
	{ "--use-openssl-ca", NULL }, { "--use-bundled-ca", NULL }, { "--use-system-ca", NULL },
	{ "--openssl-legacy-provider", NULL }, { "--openssl-shared-config", NULL }, { "--force-fips", NULL },
	{ "--enable-fips", NULL }, { "--tls-min-v", NUMBER }, { "--tls-max-v", NUMBER }, { "--tls-cipher-list=", WORD },
	{ "--experimental-vm-modules", NULL }, { "--experimental-json-modules", NULL },
	{ "--experimental-wasm-modules", NULL }, { "--experimental-specifier-resolution=", WORD },
	{ "--experimental-fetch", NULL }, { "--no-experimental-fetch", NULL }, { "--experimental-global-webcrypto", NULL },
	{ "--experimental-strip-types", NULL }, { "--no-experimental-strip-types", NULL },
	{ "--experimental-transform-types", NULL }, { "--experimental-require-module", NULL },
	{ "--no-experimental-require-module", NULL }, { "--experimental-sqlite", NULL }, { "--experimental-websocket", NULL },
	{ "--preserve-symlinks", NULL }, { "--preserve-symlinks-main", NULL }, { "--conditions=", WORD },
	{ "--frozen-intrinsics", NULL }, { "--disable-proto=", WORD }, { "--no-addons", NULL },
	{ "--no-global-search-paths", NULL }, { "--disallow-code-generation-from-strings", NULL }, { "--jitless", NULL },
	{ "--interpreted-frames-native-stack", NULL }, { "--zero-fill-buffers", NULL }, { "--permission", NULL },
	{ "--verify-base-objects", NULL }, { "--input-type=", WORD }, { "--no-node-snapshot", NULL },
};
/* clang-format on */

/* An option whose number may be the word behind it. */
static bool awaits_number(struct env_word w)
{
	for (size_t i = 0; i < ARRAY_SIZE(node_options); i++) {
		const struct env_allowed *o = &node_options[i];

		if (o->rest && strcmp(o->rest, NUMBER) == 0 && strlen(o->start) == w.len + 1 &&
		    memcmp(o->start, w.at, w.len) == 0)
			return true;
	}
	return false;
}

bool env_test_node(const struct env_policy *p, const char *value)
{
	struct env_word w;

	(void)p;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len)) {
		char text[128];
		struct env_word name = { text, w.len < sizeof(text) ? w.len : 0 };

		for (size_t i = 0; i < name.len; i++)
			text[i] = w.at[i] == '_' ? '-' : w.at[i];
		if (env_word_of(w, 0, NUMBER) || awaits_number(name))
			continue;
		if (!env_is_allowed(name, node_options, ARRAY_SIZE(node_options)))
			return false;
	}
	return true;
}

/* ---- Java */

#define SIZE DIGITS "kKmMgGtT"

static const struct env_allowed java_options[] = {
	{ "-Xmx", SIZE },
	{ "-Xms", SIZE },
	{ "-Xss", SIZE },
	{ "-Xmn", SIZE },
	{ "-Xint", NULL },
	{ "-Xrs", NULL },
	{ "-Xshare:", LETTERS },
	{ "-Xnoclassgc", NULL },
	{ "-server", NULL },
	{ "-client", NULL },
	{ "-ea", NULL },
	{ "-da", NULL },
	{ "-esa", NULL },
	{ "-enableassertions", NULL },
	{ "--enable-preview", NULL },
	{ "--enable-native-access=", WORD },
	{ "--illegal-access=", LETTERS },
	{ "--sun-misc-unsafe-memory-access=", LETTERS },
	{ "--add-opens=", WORD "/" },
	{ "--add-exports=", WORD "/" },
	{ "--add-modules=", WORD },
};

/* Where classes or libraries are loaded from, which class is made by name, which file says so. */
static const char *const java_properties[] = {
	"java.class.path",
	"java.library.path",
	"java.system.class.loader",
	"java.ext.dirs",
	"java.endorsed.dirs",
	"java.home",
	"java.compiler",
	"java.security.manager",
	"java.security.policy",
	"java.security.properties",
	"java.security.auth",
	"java.util.logging.config",
	"java.util.logging.manager",
	"java.util.prefs",
	"java.util.spi",
	"java.util.concurrent.ForkJoinPool",
	"java.naming",
	"java.rmi",
	"java.protocol",
	"java.content",
	"java.nio.",
	"java.net.spi",
	"java.lang.",
	"java.locale.providers",
	"javax.",
	"jdk.module",
	"jdk.internal",
	"jdk.attach",
	"jdk.serialFilterFactory",
	"jdk.httpserver",
	"sun.boot",
	"sun.java",
	"sun.misc",
	"sun.awt",
	"awt.toolkit",
	"com.sun.management",
	"com.sun.jndi",
	"com.sun.xml",
	"com.sun.net",
	"com.sun.org",
	"org.xml",
	"org.w3c",
	"org.apache",
	"org.gradle.java.home",
	"org.gradle.jvmargs",
	"org.lwjgl",
	"org.osgi",
	"log4j",
	"logback",
	"logging.",
	"slf4j",
	"spring.config",
	"loader.",
	"groovy",
	"kotlin",
	"scala",
	"clojure",
	"sbt.",
	"jna.",
	"jnidispatch",
	"osgi",
	"felix",
	"catalina",
	"jboss",
	"gradle.user.home",
	"maven.ext.class.path",
	"maven.home",
	"maven.conf",
	"maven.multiModuleProjectDirectory",
	"exec.",
};

/* The trust store is no code, and headless images need these two. */
static const char *const java_harmless[] = {
	"javax.net.ssl.trustStore",
	"javax.net.ssl.trustStorePassword",
	"javax.net.ssl.trustStoreType",
	"java.nio.file.encoding",
	"org.apache.commons.logging.simplelog",
	"java.util.concurrent.ForkJoinPool.common.parallelism",
};

static bool is_property(struct env_word w)
{
	struct env_word name = { w.at + 2, w.len - 2 };

	if (!env_word_starts(w, "-D") || name.len == 0)
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(java_harmless); i++)
		if (env_word_starts(name, java_harmless[i]))
			return true;
	for (size_t i = 0; i < ARRAY_SIZE(java_properties); i++)
		if (env_word_starts(name, java_properties[i]))
			return false;
	return true;
}

/* Flags that are on or off, or a number. Others name files and commands; one of the first kind starts a debugger. */
static bool is_vm_flag(struct env_word w)
{
	const char *equals = memchr(w.at, '=', w.len);
	size_t behind = equals ? (size_t)(equals - w.at) + 1 : 0;

	if (!env_word_starts(w, "-XX:") || memmem(w.at, w.len, "ShowMessageBox", 14))
		return false;
	if (env_word_starts(w, "-XX:+") || env_word_starts(w, "-XX:-"))
		return env_word_of(w, 5, LETTERS DIGITS);
	return equals && behind < w.len && env_word_of(w, behind, SIZE ".");
}

/* "--add-opens java.base/x=ALL-UNNAMED" as two words */
static bool is_opening(struct env_word before, struct env_word w)
{
	return before.at &&
	       (env_word_is(before, "--add-opens") || env_word_is(before, "--add-exports")) &&
	       memchr(w.at, '/', w.len) && env_word_of(w, 0, WORD "/") && w.at[0] != '-';
}

static bool is_java_word(struct env_word before, struct env_word w)
{
	if (memchr(w.at, '"', w.len) || memchr(w.at, '\'', w.len) || memchr(w.at, '\\', w.len))
		return false; /* quotes make one word of two, and two of one */
	if (env_word_is(w, "--add-opens") || env_word_is(w, "--add-exports"))
		return true; /* the next word decides */
	return env_is_allowed(w, java_options, ARRAY_SIZE(java_options)) || is_property(w) ||
	       is_vm_flag(w) || is_opening(before, w);
}

bool env_test_java(const struct env_policy *p, const char *value)
{
	struct env_word before = { NULL, 0 }, w;

	(void)p;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len)) {
		if (!is_java_word(before, w))
			return false;
		before = w;
	}
	return true;
}

bool env_is_inert(const char *value)
{
	return !strpbrk(value, "$`;|&<>(){}*?[]!~#\"'\\");
}

bool env_test_java_shell(const struct env_policy *p, const char *value)
{
	return env_is_inert(value) && env_test_java(p, value);
}

static const struct env_allowed maven_options[] = {
	{ "-B", NULL },
	{ "--batch-mode", NULL },
	{ "-ntp", NULL },
	{ "--no-transfer-progress", NULL },
	{ "-q", NULL },
	{ "-e", NULL },
	{ "-X", NULL },
	{ "-U", NULL },
	{ "-o", NULL },
	{ "-V", NULL },
	{ "-T", DIGITS ".C" },
	{ "--color=", LETTERS },
	{ "--fail-at-end", NULL },
};

/* The official image has its directory in the variable that a wrapper takes for arguments. */
bool env_test_maven(const struct env_policy *p, const char *value)
{
	struct env_word w;

	(void)p;
	if (!env_is_inert(value))
		return false;
	if (value[0] == '/' && !strchr(value, ' '))
		return true;
	for (w = env_next_word(value, NULL); w.at; w = env_next_word(value, w.at + w.len))
		if (!env_is_allowed(w, maven_options, ARRAY_SIZE(maven_options)) && !is_property(w))
			return false;
	return true;
}

/* ---- Ruby, pytest, Erlang */

bool env_test_ruby(const struct env_policy *p, const char *value)
{
	static const struct env_allowed options[] = {
		{ "-W", LETTERS DIGITS ":-_" },
		{ "-w", NULL },
		{ "-E", WORD },
		{ "-K", LETTERS },
		{ "-U", NULL },
		{ "--yjit", LETTERS DIGITS "-=" },
		{ "--jit", NULL },
		{ "--mjit", NULL },
		{ "--zjit", NULL },
		{ "--disable=", WORD },
		{ "--enable=", WORD },
		{ "--disable-", WORD },
		{ "--enable-", WORD },
		{ "--encoding=", WORD },
		{ "--external-encoding=", WORD },
		{ "--internal-encoding=", WORD },
		{ "--parser=", LETTERS },
	};

	(void)p;
	return env_all_allowed(value, options, ARRAY_SIZE(options));
}

bool env_test_pytest(const struct env_policy *p, const char *value)
{
	static const struct env_allowed options[] = {
		{ "-q", "q" },
		{ "-v", "v" },
		{ "-x", NULL },
		{ "-s", NULL },
		{ "-l", NULL },
		{ "-r", LETTERS },
		{ "-n", DIGITS LETTERS "=" },
		{ "--color=", LETTERS },
		{ "--tb=", LETTERS },
		{ "--maxfail=", DIGITS },
		{ "--durations=", DIGITS },
		{ "--timeout=", NUMBER },
		{ "--no-header", NULL },
		{ "--no-summary", NULL },
		{ "--strict-markers", NULL },
		{ "--cov", NULL },
		{ "--cov=", WORD },
		{ "--cov-report=", WORD },
		{ "--disable-warnings", NULL },
		{ "", DIGITS },
	};

	(void)p;
	return env_all_allowed(value, options, ARRAY_SIZE(options));
}

/* Flags of the emulator begin with `+'; those with a dash load and evaluate. */
bool env_test_erlang(const struct env_policy *p, const char *value)
{
	static const struct env_allowed options[] = {
		{ "+", WORD }, { "", NUMBER }, { "true", NULL }, { "false", NULL }
	};

	(void)p;
	return env_all_allowed(value, options, ARRAY_SIZE(options));
}
