/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy surface as tables: keys, words, and the names that some keys hold. --help, the man page, explain and
 * features are made from policy_keys[]; what is not marked built refuses the container, so that no protection is ever
 * accepted and then missing.
 */
#include <config.h>

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/policy.h"
#include "config/policy_parts.h"

#define WORD    POLICY_TYPE_WORD
#define LIST    POLICY_TYPE_LIST
#define REPLACE POLICY_MERGE_REPLACE
#define ORDERED POLICY_MERGE_ORDERED
#define UNITE   POLICY_MERGE_UNITE

/* clang-format off */
const struct policy_key_info policy_keys[POLICY_KEY_COUNT_] = {
	[POLICY_PROFILE]	   = { "profile", WORD, REPLACE, true, "name",
				       "the profile that the container starts from" },
	[POLICY_MODE]		   = { "mode", WORD, ORDERED, true, "enforce",
				       "what happens at a line: the call fails" },
	[POLICY_READ]		   = { "read", LIST, REPLACE, true, "paths, tokens",
				       "nothing else can be opened for reading" },
	[POLICY_WRITE]		   = { "write", LIST, REPLACE, true, "paths, tokens",
				       "nothing else can be written, created, removed or renamed; implies read" },
	[POLICY_EXEC]		   = { "exec", LIST, REPLACE, true, "paths, tokens",
				       "what may be executed; absent: whatever may be read" },
	[POLICY_HIDE]		   = { "hide", LIST, UNITE, true, "paths, globs",
				       "covered even inside an allowed tree" },
	[POLICY_HIDE_LATER]	   = { "hide.later", WORD, REPLACE, true, "watched",
				       "what happens to a file that a `hide' pattern matches later" },
	[POLICY_PROTECT]	   = { "protect", LIST, UNITE, true, "paths, globs, @agent-control",
				       "readable but not writable inside a writable tree" },
	[POLICY_CREDENTIALS]	   = { "credentials", WORD, ORDERED, true, "audit, decoy, hide, deny",
				       "what happens to a credential that is not allowed" },
	[POLICY_CREDENTIALS_ALLOW] = { "credentials.allow", LIST, REPLACE, true, "ids, classes, paths, env:NAME",
				       "the credentials that this workload is meant to have" },
	[POLICY_CREDENTIALS_SCAN]  = { "credentials.scan", WORD, ORDERED, true, "names, deep",
				       "how credentials are looked for" },
	[POLICY_EGRESS]		   = { "egress", LIST, REPLACE, true, "endpoints, sets, tokens",
				       "where connections may go" },
	[POLICY_LISTEN]		   = { "listen", LIST, REPLACE, true, "ports, tokens",
				       "which servers inside can be reached" },
	[POLICY_ENV]		   = { "env", WORD, ORDERED, true, "keep, scrub, strict",
				       "what is dropped from the environment" },
	[POLICY_ENV_KEEP]	   = { "env.keep", LIST, REPLACE, true, "names",
				       "variables that stay" },
	[POLICY_DEGRADE]	   = { "degrade", LIST, REPLACE, true, "names",
				       "protections that this host may lack; all else is required" },
	[POLICY_BRIEF]		   = { "brief", WORD, REPLACE, false, "on, off",
				       "tell the workload its policy in /run/pinfold/policy.json" },
};

/* Laxest first. Words that are known but not built are here too: a value is judged by its place. */
static const char *const words[POLICY_KEY_COUNT_][5] = {
	[POLICY_MODE]		  = { "observe", "enforce" },
	[POLICY_HIDE_LATER]	  = { "watched", "require" },
	[POLICY_CREDENTIALS]	  = { "audit", "decoy", "hide", "deny" },
	[POLICY_CREDENTIALS_SCAN] = { "names", "deep" },
	[POLICY_ENV]		  = { "keep", "scrub", "strict" },
	[POLICY_BRIEF]		  = { "on", "off" },
};
/* clang-format on */

static_assert(ARRAY_SIZE(policy_keys) == POLICY_KEY_COUNT_, "one row for each key");

/* The lines that confinement draws around a container as a whole, each of which a node may lift by name. */
static const char *const permits[] = {
	"host-pid",  "host-ipc", "host-net",     "privileged",         "block-devices",
	"rw-cgroup", "mount-ns", "user-ns-path", "shared-propagation", "preserved-sockets",
};

int policy_key_find(const char *name, size_t len)
{
	for (int i = 0; i < POLICY_KEY_COUNT_; i++)
		if (strlen(policy_keys[i].name) == len &&
		    memcmp(policy_keys[i].name, name, len) == 0)
			return i;
	return -1;
}

static unsigned int min3(unsigned int a, unsigned int b, unsigned int c)
{
	unsigned int m = a < b ? a : b;

	return m < c ? m : c;
}

enum { SUGGEST_MAX = 24 };

/* Edits to make @b of the first @len bytes of @a, two letters in the wrong order counting as one. */
static unsigned int edits(const char *a, size_t len, const char *b)
{
	unsigned int d[SUGGEST_MAX + 1][SUGGEST_MAX + 1];
	size_t n = strlen(b);

	for (unsigned int i = 0; i <= len; i++)
		d[i][0] = i;
	for (unsigned int j = 0; j <= n; j++)
		d[0][j] = j;
	for (size_t i = 1; i <= len; i++) {
		for (size_t j = 1; j <= n; j++) {
			unsigned int same = a[i - 1] == b[j - 1] ? 0 : 1;

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + same);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
			    d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[len][n];
}

const char *policy_key_suggest(const char *name, size_t len)
{
	unsigned int least = 3;
	const char *ret = NULL;

	if (len == 0 || len > SUGGEST_MAX)
		return NULL;
	for (int i = 0; i < POLICY_KEY_COUNT_; i++) {
		unsigned int n = edits(name, len, policy_keys[i].name);

		/* a word of three letters is two edits from anything: no suggestion is better than a wild one */
		if (n < least && n < len) {
			least = n;
			ret = policy_keys[i].name;
		}
	}
	return ret;
}

bool policy_key_is_path(enum policy_key key)
{
	return key == POLICY_READ || key == POLICY_WRITE || key == POLICY_EXEC;
}

bool policy_key_has_patterns(enum policy_key key)
{
	return key == POLICY_HIDE || key == POLICY_PROTECT;
}

bool policy_key_is_network(enum policy_key key)
{
	return key == POLICY_EGRESS || key == POLICY_LISTEN;
}

bool policy_key_absent_is_lax(enum policy_key key)
{
	return policy_key_is_path(key) || policy_key_is_network(key) || key == POLICY_ENV ||
	       key == POLICY_CREDENTIALS || key == POLICY_CREDENTIALS_SCAN;
}

int policy_word_rank(enum policy_key key, const char *word)
{
	for (int i = 0; words[key][i]; i++)
		if (strcmp(words[key][i], word) == 0)
			return i;
	return -1;
}

static bool is_lower_or_digit(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool policy_name_check(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > 63 || !is_lower_or_digit(name[0]))
		return false;
	for (size_t i = 1; i < n; i++)
		if (!is_lower_or_digit(name[i]) && name[i] != '-')
			return false;
	return true;
}

static bool is_capability(const char *name)
{
	char full[64];

	if (snprintf(full, sizeof(full), "CAP_%s", name) >= (int)sizeof(full))
		return false;
	return oci_cap_number(full) >= 0;
}

bool policy_permit_check(const char *word)
{
	if (strncmp(word, "cap:", 4) == 0)
		return is_capability(word + 4);
	for (size_t i = 0; i < ARRAY_SIZE(permits); i++)
		if (strcmp(permits[i], word) == 0)
			return true;
	return false;
}

bool policy_list_holds(const struct oci_strings *list, const char *word)
{
	for (size_t i = 0; i < list->n; i++)
		if (strcmp(list->v[i], word) == 0)
			return true;
	return false;
}

void policy_list_print(const struct oci_strings *list, char *buf, size_t size)
{
	size_t at = 0;

	buf[0] = '\0';
	for (size_t i = 0; i < list->n; i++) {
		const char *comma = i > 0 ? ", " : "";
		size_t need = strlen(comma) + strlen(list->v[i]) + 2;

		/* room for this entry and for the dots that a later one may need */
		if (at + need + sizeof(", ...") > size) {
			(void)snprintf(buf + at, size - at, "%s...", comma);
			return;
		}
		at += (size_t)snprintf(buf + at, size - at, "%s\"%s\"", comma, list->v[i]);
	}
}
