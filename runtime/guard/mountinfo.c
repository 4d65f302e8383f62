/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "runtime/guard/mountinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

/* Blanks, line ends and backslashes stand as three octal digits. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		bool octal = s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' &&
			     s[2] <= '7' && s[3] >= '0' && s[3] <= '7';

		if (!octal) {
			*out++ = *s;
			continue;
		}
		*out++ = (char)((s[1] - '0') << 6 | (s[2] - '0') << 3 | (s[3] - '0'));
		s += 3;
	}
	*out = '\0';
}

static bool has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = list; p; p = strchr(p, ','), p = p ? p + 1 : NULL)
		if (strncmp(p, word, n) == 0 && (p[n] == ',' || p[n] == '\0'))
			return true;
	return false;
}

/* Behind the dash: type, source, options. The source may be empty, and then two blanks follow one another. */
static bool parse_super(char *rest, struct mountinfo *ret, const char **ret_options)
{
	char *source = rest ? strchr(rest, ' ') : NULL;
	char *options = source ? strchr(source + 1, ' ') : NULL;

	if (!options || source == rest)
		return false;
	*source++ = '\0';
	*options++ = '\0';
	unescape(source);
	ret->fs = rest;
	ret->source = source;
	*ret_options = options;
	return *options != '\0';
}

/* id parent major:minor root path options [shared:N] [master:N] ... - type source options */
bool mountinfo_parse(char *line, struct mountinfo *ret)
{
	char *save = NULL, *word[6], *p;
	unsigned int major, minor;
	const char *super;

	*ret = (struct mountinfo){ .id = 0 };
	for (size_t i = 0; i < ARRAY_SIZE(word); i++)
		if (!(word[i] = strtok_r(i ? NULL : line, " ", &save)))
			return false;
	while ((p = strtok_r(NULL, " ", &save)) && strcmp(p, "-") != 0)
		ret->propagates |= strncmp(p, "shared:", 7) == 0 || strncmp(p, "master:", 7) == 0;
	if (!p || !parse_super(save, ret, &super) || sscanf(word[2], "%u:%u", &major, &minor) != 2)
		return false;
	ret->id = strtoull(word[0], NULL, 10);
	ret->parent = strtoull(word[1], NULL, 10);
	ret->dev = makedev(major, minor);
	unescape(word[3]);
	unescape(word[4]);
	ret->root = word[3];
	ret->path = word[4];
	ret->readonly = has_word(word[5], "ro") || has_word(super, "ro");
	ret->noexec = has_word(word[5], "noexec");
	ret->barren = strcmp(ret->fs, "tmpfs") == 0 && has_word(super, "nr_inodes=1");
	return ret->path[0] == '/';
}

bool mountinfo_is_kernels(const char *fs)
{
	static const char *const kinds[] = {
		"autofs",     "binfmt_misc", "bpf",    "cgroup",   "cgroup2",
		"configfs",   "debugfs",     "devpts", "efivarfs", "fusectl",
		"mqueue",     "nsfs",        "proc",   "pstore",   "rpc_pipefs",
		"securityfs", "selinuxfs",   "sysfs",  "tracefs",
	};

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i], fs) == 0)
			return true;
	return false;
}
