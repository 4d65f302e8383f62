/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small things that the files of confinement share: names of keys and rights, growing lists, notes. Nothing here
 * looks at the container.
 */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

const enum policy_key confine_policy_key[CONFINE_KEY_COUNT_] = {
	[CONFINE_READ] = POLICY_READ,
	[CONFINE_WRITE] = POLICY_WRITE,
	[CONFINE_EXEC] = POLICY_EXEC,
};

static const char *const key_names[CONFINE_KEY_COUNT_] = {
	[CONFINE_READ] = "read",
	[CONFINE_WRITE] = "write",
	[CONFINE_EXEC] = "exec",
};

const struct confine_right confine_rights[] = {
	{ PF_LL_FS_EXECUTE, "execute" },           { PF_LL_FS_WRITE_FILE, "write_file" },
	{ PF_LL_FS_READ_FILE, "read_file" },       { PF_LL_FS_READ_DIR, "read_dir" },
	{ PF_LL_FS_REMOVE_DIR, "remove_dir" },     { PF_LL_FS_REMOVE_FILE, "remove_file" },
	{ PF_LL_FS_MAKE_CHAR, "make_char" },       { PF_LL_FS_MAKE_DIR, "make_dir" },
	{ PF_LL_FS_MAKE_REG, "make_reg" },         { PF_LL_FS_MAKE_SOCK, "make_sock" },
	{ PF_LL_FS_MAKE_FIFO, "make_fifo" },       { PF_LL_FS_MAKE_BLOCK, "make_block" },
	{ PF_LL_FS_MAKE_SYM, "make_sym" },         { PF_LL_FS_REFER, "refer" },
	{ PF_LL_FS_TRUNCATE, "truncate" },         { PF_LL_FS_IOCTL_DEV, "ioctl_dev" },
	{ PF_LL_FS_RESOLVE_UNIX, "resolve_unix" }, { 0, NULL },
};

const struct confine_right confine_scopes[] = {
	{ PF_LL_SCOPE_ABSTRACT_UNIX, "abstract_unix_socket" },
	{ PF_LL_SCOPE_SIGNAL, "signal" },
	{ 0, NULL },
};

const struct policy_value *confine_value(const struct policy *policy, enum confine_key key)
{
	return &policy->keys[confine_policy_key[key]];
}

const char *confine_key_name(enum confine_key key)
{
	return key_names[key];
}

/* "io.pinfold.read/app" is one reference token of the pointer (RFC 6901). */
static void print_pointer(const char *key, char *buf, size_t size)
{
	const char *slash = strchr(key, '/');

	if (slash)
		snprintf(buf, size, "/annotations/%.*s~1%s", (int)(slash - key), key, slash + 1);
	else
		snprintf(buf, size, "/annotations/%s", key);
}

void confine_where(const struct policy_value *value, enum confine_key key, char *buf, size_t size)
{
	const char *name = confine_key_name(key);

	if (value->origin == POLICY_FROM_ANNOTATION && value->origin_name)
		print_pointer(value->origin_name, buf, size);
	else if (value->origin == POLICY_FROM_ANNOTATION)
		snprintf(buf, size, "/annotations/" POLICY_PREFIX "%s", name);
	else if (value->origin == POLICY_FROM_NODE && value->origin_name)
		snprintf(buf, size, "%.120s", value->origin_name);
	else if (value->origin_name)
		snprintf(buf, size, "%s of profile `%.100s'", name, value->origin_name);
	else
		snprintf(buf, size, "%s", name);
}

void confine_entry_where(const struct policy_value *value, const char *name, const char *entry,
			 char *buf, size_t size)
{
	const char *from = value->origin_name ? value->origin_name : name;
	static const char annotation[] = "annotation ";

	for (size_t i = 0; i < value->from.n; i++)
		if (strcmp(value->list.v[i], entry) == 0)
			from = value->from.v[i];
	if (strncmp(from, annotation, strlen(annotation)) == 0)
		print_pointer(from + strlen(annotation), buf, size);
	else
		snprintf(buf, size, "%s of %.120s", name, from);
}

int confine_compare_paths(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	if (*a == *b)
		return 0;
	if (*a == '/' ||
	    *b == '/') /* "/a/b" before "/a-c"; but the shorter one first, which ends */
		return *a == '/' ? (*b ? -1 : 1) : (*a ? 1 : -1);
	return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
}

int confine_add_path(struct confine_paths *list, const struct confine_path *path, const char *where,
		     struct pf_error *e)
{
	struct confine_path *more = reallocarray(list->v, list->n + 1, sizeof(*more));
	char *copy;

	if (!more)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	list->v = more;
	copy = strdup(where);
	if (!copy)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	list->v[list->n] = *path;
	list->v[list->n++].path = copy;
	return 0;
}

void confine_paths_free(struct confine_paths *list)
{
	for (size_t i = 0; i < list->n; i++)
		free(list->v[i].path);
	free(list->v);
	list->v = NULL;
	list->n = 0;
}

int confine_note(struct confine_run *run, struct pf_error *e, const char *fmt, ...)
{
	struct confinement *c = run->out;
	struct confine_note *more;
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < c->n_notes; i++)
		if (strcmp(c->notes[i].text, text) == 0)
			return 0;
	more = reallocarray(c->notes, c->n_notes + 1, sizeof(*more));
	if (!more)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	c->notes = more;
	more[c->n_notes].text = strdup(text);
	if (!more[c->n_notes].text)
		return pf_fail_sys(e, ENOMEM, "resolve the policy");
	c->n_notes++;
	return 0;
}

void confinement_free(struct confinement *c)
{
	struct confine_paths paths = { c->paths, c->n_paths };

	confine_paths_free(&paths);
	for (size_t i = 0; i < c->n_mounts; i++)
		free(c->mounts[i].path);
	free(c->mounts);
	for (size_t i = 0; i < c->n_noexec; i++)
		free(c->noexec[i].path);
	free(c->noexec);
	confine_covers_free(c);
	for (size_t i = 0; i < c->n_protects; i++)
		free(c->protects[i].path);
	free(c->protects);
	for (size_t i = 0; i < c->n_notes; i++)
		free(c->notes[i].text);
	free(c->notes);
	memset(c, 0, sizeof(*c));
}
