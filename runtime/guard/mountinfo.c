/* SPDX-License-Identifier: Apache-2.0 */
#include <config.h>

#include "runtime/guard/mountinfo.h"

#include <errno.h>
#include <limits.h>
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

/* ---- what a path leads to */

/* The mounts in two orders, to be looked up in. */
struct table {
	const struct mountinfo *v;
	const struct mountinfo **by_id, **by_place;
	size_t n;
};

static int compare_ids(const void *a, const void *b)
{
	const struct mountinfo *x = *(const struct mountinfo *const *)a,
			       *y = *(const struct mountinfo *const *)b;

	return (x->id > y->id) - (x->id < y->id);
}

/* On which mount, and where. */
static int compare_places(const void *a, const void *b)
{
	const struct mountinfo *x = *(const struct mountinfo *const *)a,
			       *y = *(const struct mountinfo *const *)b;

	return x->parent != y->parent ? (x->parent > y->parent) - (x->parent < y->parent)
				      : strcmp(x->path, y->path);
}

static const struct mountinfo *find(const struct mountinfo **v, size_t n,
				    const struct mountinfo *like,
				    int (*compare)(const void *, const void *))
{
	const struct mountinfo **found = bsearch(&like, v, n, sizeof(*v), compare);

	return found ? *found : NULL;
}

static bool is_mounted_on(const struct table *t, uint64_t parent, const char *path)
{
	const struct mountinfo like = { .parent = parent, .path = path };

	return find(t->by_place, t->n, &like, compare_places) != NULL;
}

/* On the mount that @m is on, something else is mounted above the place where @m is. */
static bool is_shadowed(const struct table *t, const struct mountinfo *m)
{
	char above[PATH_MAX];
	size_t len = strlen(m->path);

	if (len >= sizeof(above))
		return true;
	memcpy(above, m->path, len + 1);
	while (above[1]) {
		char *slash = strrchr(above, '/');

		slash[slash == above] = '\0';
		if (is_mounted_on(t, m->parent, above))
			return true;
	}
	return false;
}

static bool is_reached(const struct table *t, const struct mountinfo *m)
{
	for (size_t depth = 0; m && depth < t->n; depth++) {
		const struct mountinfo like = { .id = m->parent };

		if (is_shadowed(t, m))
			return false;
		m = m->parent == m->id ? NULL : find(t->by_id, t->n, &like, compare_ids);
	}
	return true;
}

static bool is_visible(const struct table *t, const struct mountinfo *m)
{
	size_t len = strlen(m->path);

	if (len > 9 && strcmp(m->path + len - 9, "//deleted") == 0)
		return false; /* the directory it is on has gone */
	return !is_mounted_on(t, m->id, m->path) && is_reached(t, m);
}

/* The visible ones into @ret, in the order of the lines. */
static int keep_visible(const struct mountinfo *v, size_t n, struct mountinfo *ret, size_t *ret_n)
{
	auto_free const struct mountinfo **by_id = calloc(n + 1, sizeof(*by_id));
	auto_free const struct mountinfo **by_place = calloc(n + 1, sizeof(*by_place));
	const struct table t = { v, by_id, by_place, n };

	if (!by_id || !by_place)
		return -ENOMEM;
	for (size_t i = 0; i < n; i++)
		by_id[i] = by_place[i] = &v[i];
	qsort(by_id, n, sizeof(*by_id), compare_ids);
	qsort(by_place, n, sizeof(*by_place), compare_places);
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (is_visible(&t, &v[i]))
			ret[(*ret_n)++] = v[i];
	return 0;
}

static size_t count_lines(const char *text)
{
	size_t n = 1;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

int mountinfo_read(char *text, struct mountinfo **ret, size_t *ret_n)
{
	size_t room = count_lines(text), n = 0;
	auto_free struct mountinfo *all = calloc(room, sizeof(*all));
	auto_free struct mountinfo *kept = calloc(room, sizeof(*kept));
	char *save = NULL;

	if (!all || !kept)
		return -ENOMEM;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (!mountinfo_parse(line, &all[n++]))
			return -EINVAL;
	if (keep_visible(all, n, kept, ret_n) < 0)
		return -ENOMEM;
	*ret = kept;
	kept = NULL;
	return 0;
}
