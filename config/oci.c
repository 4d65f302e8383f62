/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json as a whole: the outermost table, what one object cannot say about another, and the entry points. The
 * objects within have their own files: oci_process, oci_mount, oci_linux, oci_resources, oci_seccomp, oci_sysctl.
 */
#include <config.h>

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>

#include "config/oci_internal.h"

#define MINOR_MAX           3 /* of OCI_VERSION */
#define HOST_NAME_MAX_LINUX 64

/* "MAJOR.MINOR.PATCH", then what semver allows after it. A newer minor may hold a field we would not see. */
static int read_version(struct parse *p, const struct json *v, void *dst)
{
	const char *s = v->text;
	unsigned int minor = 0;

	STEP(fields_want(p, v, JSON_STRING));
	if (strncmp(s, "1.", 2) != 0 || !isdigit((unsigned char)s[2]))
		return parse_fail(p, v, "`%s' is no version this runtime reads: 1.0.0 to 1.%d.x is",
				  s, MINOR_MAX);
	for (s += 2; isdigit((unsigned char)*s) && minor <= MINOR_MAX; s++)
		minor = minor * 10 + (unsigned int)(*s - '0');
	if (minor > MINOR_MAX)
		return parse_fail(p, v,
				  "`%s' is newer than 1.%d, the last version this runtime reads",
				  v->text, MINOR_MAX);
	if (*s != '.' || !isdigit((unsigned char)s[1]))
		return parse_fail(p, v, "`%s' is no version such as `1.0.2'", v->text);
	s += 1 + strspn(s + 1, "0123456789");
	if (*s && *s != '-' && *s != '+')
		return parse_fail(p, v, "`%s' is no version such as `1.0.2'", v->text);
	memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static const struct field hook_rows[] = {
	{ "path", FIELD_STRING, FIELD_REQUIRED | FIELD_ABSOLUTE, AT(struct oci_hook, path) },
	{ "args", FIELD_STRINGS, AT(struct oci_hook, args) },
	{ "env", FIELD_STRINGS, AT(struct oci_hook, env) },
	{ "timeout", FIELD_INT, AT(struct oci_hook, timeout_s), RANGE(1, INT_MAX) },
};

static const struct fields hook_fields = { TABLE(hook_rows), .size = sizeof(struct oci_hook) };

#define HOOKS(key, m)                                                                        \
	{                                                                                    \
		key, FIELD_ARRAY, AT(struct oci_config, m.v), COUNT(struct oci_config, m.n), \
			.sub = &hook_fields                                                  \
	}

static const struct field hooks_rows[] = {
	HOOKS("prestart", prestart),
	HOOKS("createRuntime", create_runtime),
	HOOKS("createContainer", create_container),
	HOOKS("startContainer", start_container),
	HOOKS("poststart", poststart),
	HOOKS("poststop", poststop),
};

static const struct fields hooks_fields = { TABLE(hooks_rows) };

static const struct field root_rows[] = {
	{ "path", FIELD_STRING, FIELD_REQUIRED | FIELD_NOT_EMPTY,
	  AT(struct oci_config, root_path) },
	{ "readonly", FIELD_BOOL, AT(struct oci_config, root_readonly) },
};

static const struct fields root_fields = { TABLE(root_rows) };

#define CONFIG(m) AT(struct oci_config, m)
#define WHOLE     .offset = 0 /* the fields lie in struct oci_config itself */

static const struct field config_rows[] = {
	{ "ociVersion", FIELD_CUSTOM, FIELD_REQUIRED, CONFIG(oci_version), .read = read_version,
	  .note = "1.0.0 to 1.3.x, with or without a pre-release" },
	{ "root", FIELD_OBJECT, FIELD_REQUIRED, WHOLE, .sub = &root_fields },
	{ "process", FIELD_OBJECT, CONFIG(process), HAS(struct oci_config, process.present),
	  .sub = &oci_process_fields },
	{ "hostname", FIELD_STRING, CONFIG(hostname), .note = "with a uts namespace" },
	{ "domainname", FIELD_STRING, CONFIG(domainname), .note = "with a uts namespace" },
	{ "mounts", FIELD_ARRAY, CONFIG(mounts), COUNT(struct oci_config, n_mounts),
	  .sub = &oci_mount_fields },
	{ "hooks", FIELD_OBJECT, WHOLE, .sub = &hooks_fields },
	{ "annotations", FIELD_PAIRS, CONFIG(annotations) },
	{ "linux", FIELD_OBJECT, CONFIG(linux_), .sub = &oci_linux_fields },
	{ "vm", FIELD_REFUSED, .note = "a container here is no virtual machine" },
	{ "windows", FIELD_IGNORED, .note = "another platform" },
	{ "solaris", FIELD_IGNORED, .note = "another platform" },
	{ "zos", FIELD_IGNORED, .note = "another platform" },
	{ "freebsd", FIELD_IGNORED, .note = "another platform" },
};

/* Without a namespace of its own the container would rename the host. */
static int check_name(struct parse *p, const struct json *v, const char **name)
{
	if (*name && (*name)[0] == '\0')
		*name = NULL;
	if (!*name)
		return 0;
	if (!p->config->linux_.ns[OCI_NS_UTS].present)
		return parse_fail(p, v, "needs a namespace of type `uts'");
	if (strlen(*name) > HOST_NAME_MAX_LINUX)
		return parse_fail(p, v, "is longer than %d bytes", HOST_NAME_MAX_LINUX);
	return 0;
}

static int check_mounts(struct parse *p, const struct json *mounts)
{
	const struct oci_config *config = p->config;
	const struct json *at;

	for (at = mounts ? mounts->child : NULL; at; at = at->next) {
		const struct oci_mount *m = &config->mounts[at->index];

		if (m->idmap && m->uid_maps.n == 0 && !config->linux_.ns[OCI_NS_USER].present)
			return parse_fail(p, at,
					  "`idmap' without mappings takes those of the "
					  "container's user namespace, and there is none");
	}
	return 0;
}

static int check_config(struct parse *p, const struct json *v, void *dst)
{
	const struct json *sysctl = json_get(json_get(v, "linux"), "sysctl");
	struct oci_config *config = dst;

	STEP(check_name(p, json_get(v, "hostname"), &config->hostname));
	STEP(check_name(p, json_get(v, "domainname"), &config->domainname));
	STEP(check_mounts(p, json_get(v, "mounts")));
	return sysctl ? oci_check_sysctl(p, sysctl, config) : 0;
}

const struct fields oci_config_fields = { TABLE(config_rows), .check = check_config };

/* Lists that nobody gave: readers may walk .v without looking at .n. */
static void fill_strings(struct oci_strings *s)
{
	static char *none[1];

	if (!s->v)
		s->v = none;
}

static void fill_hooks(struct oci_hooks *hooks)
{
	size_t i;

	for (i = 0; i < hooks->n; i++) {
		fill_strings(&hooks->v[i].args);
		fill_strings(&hooks->v[i].env);
	}
}

static void fill_absent(struct oci_config *c)
{
	size_t i;

	fill_strings(&c->process.args);
	fill_strings(&c->process.env);
	fill_strings(&c->process.unknown_caps);
	fill_strings(&c->linux_.masked_paths);
	fill_strings(&c->linux_.readonly_paths);
	fill_strings(&c->linux_.seccomp.architectures);
	fill_strings(&c->linux_.seccomp.flags);
	for (i = 0; i < c->n_mounts; i++)
		fill_strings(&c->mounts[i].options);
	fill_hooks(&c->prestart);
	fill_hooks(&c->create_runtime);
	fill_hooks(&c->create_container);
	fill_hooks(&c->start_container);
	fill_hooks(&c->poststart);
	fill_hooks(&c->poststop);
}

struct entry { /* one kind of text that is read */
	const struct fields *table;
	size_t offset;
};

static int parse_text(const char *text, size_t len, const struct entry *entry,
		      struct oci_config *ret, struct pf_error *e)
{
	struct oci_config config = { 0 };
	struct parse p = { .config = &config, .e = e };
	int err;

	STEP(json_parse(text, len, NULL, &config.doc, e));
	p.doc = config.doc;
	err = fields_read(&p, json_root(config.doc), entry->table, (char *)&config + entry->offset);
	if (err < 0) {
		json_free(config.doc);
		return err;
	}
	fill_absent(&config);
	*ret = config;
	return 0;
}

int oci_config_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e)
{
	static const struct entry entry = { &oci_config_fields, 0 };

	return parse_text(text, len, &entry, ret, e);
}

int oci_process_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e)
{
	static const struct entry entry = { &oci_process_fields,
					    offsetof(struct oci_config, process) };

	STEP(parse_text(text, len, &entry, ret, e));
	ret->process.present = true;
	return 0;
}

int oci_resources_parse(const char *text, size_t len, struct oci_config *ret, struct pf_error *e)
{
	static const struct entry entry = { &oci_resources_fields,
					    offsetof(struct oci_config, linux_.resources) };

	STEP(parse_text(text, len, &entry, ret, e));
	ret->linux_.resources.present = true;
	return 0;
}

void oci_config_free(struct oci_config *config)
{
	json_free(config->doc);
	*config = (struct oci_config){ 0 };
}

const char *oci_annotation(const struct oci_pairs *annotations, const char *key)
{
	size_t i;

	for (i = 0; i < annotations->n; i++)
		if (strcmp(annotations->v[i].key, key) == 0)
			return annotations->v[i].value;
	return NULL;
}
