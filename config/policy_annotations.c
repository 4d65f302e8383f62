/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The io.pinfold. annotations of a container. Under Kubernetes they are those of the whole pod, and a key may be bound to
 * one container by the name that CRI gives it. Every key and value is checked, also those for a neighbour: a typo fails
 * wherever it is seen first, which is the pause container.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "config/policy_parts.h"

#define PREFIX_LEN (sizeof(POLICY_PREFIX) - 1)

#define CRI_NAME  "io.kubernetes.cri.container-name"
#define CRIO_NAME "io.kubernetes.container.name"
#define CRI_TYPE  "io.kubernetes.cri.container-type"
#define CRIO_TYPE "io.kubernetes.cri-o.ContainerType"

/*
 * Ours, or meant to be: "io.pinfold/read" and "IO.Pinfold.read" would otherwise pass as somebody else's annotation and
 * the container would start without what its author asked for. "io.pinfolded.x" is somebody else's.
 */
static bool is_ours(const char *key)
{
	size_t n = PREFIX_LEN - 1;

	return strncasecmp(key, POLICY_PREFIX, n) == 0 &&
	       (key[n] == '\0' || strchr("./-_:", key[n]));
}

bool policy_annotations_any(const struct oci_config *config)
{
	for (size_t i = 0; i < config->annotations.n; i++)
		if (is_ours(config->annotations.v[i].key))
			return true;
	return false;
}

void policy_annotation_pointer(const char *key, char *buf, size_t size)
{
	size_t at = (size_t)snprintf(buf, size, "/annotations/");

	for (; *key && at + 3 < size; key++) {
		if (*key == '/' || *key == '~') {
			buf[at++] = '~';
			buf[at++] = *key == '/' ? '1' : '0';
		} else {
			buf[at++] = *key;
		}
	}
	buf[at] = '\0';
}

static int fail_key(const struct oci_pair *a, const char *why, struct pf_error *e)
{
	char pointer[160];

	policy_annotation_pointer(a->key, pointer, sizeof(pointer));
	return pf_fail(e, PF_ERR_POLICY, 0, "%s: %s (its value is `%.60s')", pointer, why,
		       a->value);
}

static int fail_unknown(const struct oci_pair *a, const char *name, size_t len, struct pf_error *e)
{
	const char *near = policy_key_suggest(name, len);
	char why[160];

	if (near)
		(void)snprintf(why, sizeof(why), "unknown key: is `" POLICY_PREFIX "%s' meant?",
			       near);
	else
		(void)snprintf(why, sizeof(why), "unknown key");
	return fail_key(a, why, e);
}

/* A name as Kubernetes allows it: a DNS label. */
static bool is_container_name(const char *name)
{
	return policy_name_check(name) && name[strlen(name) - 1] != '-';
}

static int read_one(struct json_doc *arena, const struct oci_pair *a, bool cri,
		    struct policy_annotation *ret, struct pf_error *e)
{
	const char *name = a->key + PREFIX_LEN;
	size_t len = strcspn(a->key, "/") - PREFIX_LEN;
	char pointer[160];
	int key;

	if (strncmp(a->key, POLICY_PREFIX, PREFIX_LEN) != 0)
		return fail_key(
			a, "keys of pinfold start with `" POLICY_PREFIX "', in small letters", e);
	key = policy_key_find(name, len);
	if (key < 0)
		return fail_unknown(a, name, len, e);
	ret->key = (enum policy_key)key;
	ret->name = policy_strdup(arena, a->key, strlen(a->key), e);
	if (!ret->name)
		return -ENOMEM;
	ret->container = NULL;
	if (name[len] == '/') {
		if (!cri)
			return fail_key(
				a,
				"a key for one container of a pod is only known under Kubernetes",
				e);
		ret->container = ret->name + (name - a->key) + len + 1;
		if (!is_container_name(ret->container))
			return fail_key(a, "what follows the `/' is no container name", e);
	}
	if (policy_value_from_text(arena, ret->key, a->value, &ret->list, e) == 0)
		return 0;
	policy_annotation_pointer(a->key, pointer, sizeof(pointer));
	return pf_wrap(e, "%s", pointer);
}

/* Two engines, two keys. A container that carries both with different values has one of them from its image. */
static int read_container_name(const struct oci_config *config, struct policy_annotations *all,
			       struct pf_error *e)
{
	const char *cri = oci_annotation(&config->annotations, CRI_NAME),
		   *crio = oci_annotation(&config->annotations, CRIO_NAME);
	const char *type = oci_annotation(&config->annotations, CRI_TYPE);
	const char *crio_type = oci_annotation(&config->annotations, CRIO_TYPE);

	all->cri = cri || crio || type || crio_type;
	all->sandbox = (type && strcmp(type, "sandbox") == 0) ||
		       (crio_type && strcmp(crio_type, "sandbox") == 0);
	if (cri && crio && strcmp(cri, crio) != 0)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "/annotations: `" CRI_NAME "' is `%.63s' and `" CRIO_NAME
			       "' is `%.63s': a container has one name",
			       cri, crio);
	all->container = all->sandbox ? NULL : cri ? cri : crio;
	return 0;
}

static int check_amount(const struct oci_config *config, size_t *ret_count, struct pf_error *e)
{
	size_t count = 0, bytes = 0;

	for (size_t i = 0; i < config->annotations.n; i++) {
		if (!is_ours(config->annotations.v[i].key))
			continue;
		count++;
		bytes += strlen(config->annotations.v[i].value);
	}
	if (count > POLICY_ANNOTATION_COUNT)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "/annotations: %zu keys of pinfold are more than %d", count,
			       POLICY_ANNOTATION_COUNT);
	if (bytes > POLICY_ANNOTATION_TOTAL)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"/annotations: the values of pinfold's keys are longer than %d bytes",
			POLICY_ANNOTATION_TOTAL);
	*ret_count = count;
	return 0;
}

int policy_annotations_read(struct json_doc *arena, const struct oci_config *config,
			    struct policy_annotations *ret, struct pf_error *e)
{
	struct policy_annotations all = { 0 };
	size_t count = 0;

	STEP(check_amount(config, &count, e));
	STEP(read_container_name(config, &all, e));
	all.v = json_alloc(arena, (count + 1) * sizeof(*all.v));
	if (!all.v)
		return pf_fail(e, PF_ERR_SYS, ENOMEM, "policy");
	for (size_t i = 0; i < config->annotations.n; i++) {
		const struct oci_pair *a = &config->annotations.v[i];

		if (!is_ours(a->key))
			continue;
		STEP(read_one(arena, a, all.cri, &all.v[all.n], e));
		all.n++;
	}
	*ret = all;
	return 0;
}

void policy_annotations_pick(const struct policy_annotations *all, const char *name,
			     struct policy_layer *ret)
{
	memset(ret, 0, sizeof(*ret));
	for (size_t i = 0; i < all->n; i++) {
		const struct policy_annotation *a = &all->v[i];
		struct policy_setting *s = &ret->keys[a->key];

		if (a->container && (!name || strcmp(a->container, name) != 0))
			continue;
		if (s->present && !a->container)
			continue; /* the one for this container stands already, and wins */
		*s = (struct policy_setting){
			.present = true,
			.list = a->list,
			.origin = POLICY_FROM_ANNOTATION,
			.name = a->name,
		};
	}
}
