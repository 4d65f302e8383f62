/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which sysctls a container may set: those that its own namespaces hold, since every other one is the host's. The keys
 * leave here as paths below /proc/sys, so that what was checked and what will be written cannot be two files.
 */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "config/oci_internal.h"

#define PATH_LONGEST 255u /* the longest there is has about 70 */

struct rule {
	const char *path; /* ends with '/': everything below */
	enum oci_ns ns;
};

static const struct rule rules[] = {
	{ "net/", OCI_NS_NETWORK },
	{ "fs/mqueue/", OCI_NS_IPC },
	{ "kernel/msgmax", OCI_NS_IPC },
	{ "kernel/msgmnb", OCI_NS_IPC },
	{ "kernel/msgmni", OCI_NS_IPC },
	{ "kernel/sem", OCI_NS_IPC },
	{ "kernel/shmall", OCI_NS_IPC },
	{ "kernel/shmmax", OCI_NS_IPC },
	{ "kernel/shmmni", OCI_NS_IPC },
	{ "kernel/shm_rmid_forced", OCI_NS_IPC },
	{ "kernel/domainname", OCI_NS_UTS },
	{ "kernel/hostname", OCI_NS_UTS },
	{ "user/", OCI_NS_USER },
};

static const struct rule *find_rule(const char *path)
{
	size_t i, len;

	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		len = strlen(rules[i].path);
		if (rules[i].path[len - 1] == '/' ? strncmp(rules[i].path, path, len) == 0
						  : strcmp(rules[i].path, path) == 0)
			return &rules[i];
	}
	return NULL;
}

/*
 * sysctl(8)'s rule: the first separator is the separator. With "." a "/" stands for a dot in a name, as in
 * "net.ipv4.conf.eth0/1.rp_filter"; with "/" a dot is a dot.
 */
static char *path_of(struct parse *p, const char *key)
{
	size_t len = strlen(key), i;
	char *path = parse_alloc(p, len + 1, 1);
	bool dots = key[strcspn(key, "./")] == '.';

	for (i = 0; path && i < len; i++) {
		path[i] = key[i];
		if (dots && key[i] == '.')
			path[i] = '/';
		else if (dots && key[i] == '/')
			path[i] = '.';
	}
	return path;
}

static bool is_plain_path(const char *path)
{
	size_t len;

	if (strlen(path) > PATH_LONGEST)
		return false;
	for (;; path += len + 1) {
		len = strcspn(path, "/");
		if (len == 0 || (len == 1 && path[0] == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (!path[len])
			return true;
	}
}

/* A newline would be a second write, and "+" joins assignments in the tool some engines set sysctls with. */
static int check_value(struct parse *p, const struct json *v)
{
	const char *c;

	for (c = v->text; *c; c++) {
		if (((unsigned char)*c < ' ' && *c != '\t') || *c == 0x7f)
			return parse_fail(p, v, "the value holds a control character");
		if (*c == '+')
			return parse_fail(p, v, "the value holds `+'");
	}
	return 0;
}

static int check_names(struct parse *p, const struct json *v, const char *path,
		       const struct oci_config *config)
{
	if (strcmp(path, "kernel/hostname") == 0)
		return parse_fail(p, v, "set the field `hostname' instead");
	if (strcmp(path, "kernel/domainname") == 0 && config->domainname)
		return parse_fail(p, v, "conflicts with the field `domainname'");
	return 0;
}

int oci_check_sysctl(struct parse *p, const struct json *sysctl, struct oci_config *config)
{
	struct oci_linux *l = &config->linux_;
	const struct rule *rule;
	const struct json *v;
	char *path;

	for (v = sysctl->child; v; v = v->next) {
		path = path_of(p, v->key);
		if (!path)
			return -ENOMEM;
		if (!is_plain_path(path))
			return parse_fail(p, v, "is no name of a sysctl");
		rule = find_rule(path);
		if (!rule)
			return parse_fail(p, v, "belongs to the whole host, no namespace holds it");
		STEP(check_names(p, v, path, config));
		if (!l->ns[rule->ns].present)
			return parse_fail(p, v,
					  "needs a namespace of its own: add type `%s' to "
					  "/linux/namespaces",
					  oci_namespace_name(rule->ns));
		STEP(check_value(p, v));
		l->sysctl.v[v->index].key = path;
	}
	return 0;
}
