/* SPDX-License-Identifier: Apache-2.0 */
/* The container's groups in its state file: what create found, so that later commands act on those and on no others. */
#include <config.h>

#include <errno.h>
#include <string.h>

#include "base/path.h"
#include "runtime/cgroup_internal.h"

static const char *const manager_names[] = {
	[CGROUP_MANAGER_CGROUPFS] = "cgroupfs",
	[CGROUP_MANAGER_SYSTEMD] = "systemd",
	[CGROUP_MANAGER_DISABLED] = "disabled",
};

static void add_text(struct pf_buf *b, const char *key, const char *value)
{
	pf_buf_json(b, key);
	pf_buf_puts(b, ":");
	pf_buf_json(b, value);
}

static void add_bool(struct pf_buf *b, const char *key, bool value)
{
	pf_buf_json(b, key);
	pf_buf_puts(b, value ? ":true" : ":false");
}

static void add_hierarchy(struct pf_buf *b, const struct cgroup_hierarchy *h)
{
	pf_buf_puts(b, "{");
	add_text(b, "name", h->name);
	pf_buf_puts(b, ",");
	add_text(b, "mount", h->mount);
	pf_buf_puts(b, ",");
	add_text(b, "controllers", h->controllers);
	pf_buf_puts(b, ",");
	add_text(b, "root", h->root);
	pf_buf_puts(b, ",");
	add_text(b, "path", h->path);
	pf_buf_puts(b, ",");
	add_bool(b, "v2", h->v2);
	pf_buf_puts(b, ",");
	add_bool(b, "created", h->created);
	pf_buf_puts(b, ",");
	add_bool(b, "owned", h->owned);
	pf_buf_puts(b, "}");
}

void cgroup_to_json(const struct cgroup *cg, struct pf_buf *b)
{
	pf_buf_puts(b, "{");
	add_text(b, "manager", manager_names[cg->manager]);
	pf_buf_puts(b, ",");
	add_text(b, "unit", cg->unit);
	pf_buf_puts(b, ",");
	add_text(b, "slice", cg->slice);
	pf_buf_puts(b, ",");
	add_bool(b, "rootless", cg->rootless);
	pf_buf_puts(b, ",");
	add_bool(b, "pathGiven", cg->path_given);
	pf_buf_puts(b, ",");
	add_bool(b, "systemdUser", cg->systemd_user);
	pf_buf_puts(b, ",");
	add_bool(b, "scopeStarted", cg->scope_started);
	pf_buf_puts(b, ",\"hierarchies\":[");
	for (size_t i = 0; i < cg->n; i++) {
		if (i > 0)
			pf_buf_puts(b, ",");
		add_hierarchy(b, &cg->h[i]);
	}
	pf_buf_puts(b, "]}");
}

/* ---- and back ---- */

static int get_text(const struct json *object, const char *key, char *buf, size_t size,
		    struct pf_error *e)
{
	const char *text = json_text(object, key, NULL);

	if (!text)
		return json_fail(e, PF_ERR_CONFIG, object, "`%s' is missing", key);
	if (cgroup_copy(buf, size, text) < 0)
		return json_fail(e, PF_ERR_CONFIG, object, "`%s' is too long", key);
	return 0;
}

static bool get_bool(const struct json *object, const char *key)
{
	const struct json *v = json_get(object, key);

	return v && v->type == JSON_BOOL && v->boolean;
}

/* What is removed by these paths is removed as root: a state file that somebody damaged must not lead elsewhere. */
static bool is_normal(const char *path)
{
	char buf[CGROUP_PATH_SIZE];

	return pf_path_normalise(path, buf, sizeof(buf)) == 0 && strcmp(path, buf) == 0;
}

static int get_hierarchy(const struct json *object, struct cgroup_hierarchy *h, struct pf_error *e)
{
	STEP(get_text(object, "name", h->name, sizeof(h->name), e));
	STEP(get_text(object, "mount", h->mount, sizeof(h->mount), e));
	STEP(get_text(object, "controllers", h->controllers, sizeof(h->controllers), e));
	STEP(get_text(object, "root", h->root, sizeof(h->root), e));
	STEP(get_text(object, "path", h->path, sizeof(h->path), e));
	h->v2 = get_bool(object, "v2");
	h->created = get_bool(object, "created");
	h->owned = get_bool(object, "owned");
	if (!is_normal(h->mount) || !is_normal(h->path) || strcmp(h->path, "/") == 0)
		return json_fail(e, PF_ERR_CONFIG, object,
				 "`%s' and `%s' are not a mount and a group", h->mount, h->path);
	return 0;
}

static int get_manager(const struct json *object, enum cgroup_manager *ret, struct pf_error *e)
{
	const char *name = json_text(object, "manager", "");

	for (int i = CGROUP_MANAGER_CGROUPFS; i <= CGROUP_MANAGER_DISABLED; i++)
		if (strcmp(name, manager_names[i]) == 0) {
			*ret = (enum cgroup_manager)i;
			return 0;
		}
	return json_fail(e, PF_ERR_CONFIG, object, "`manager' is `%.64s', which is none", name);
}

int cgroup_from_json(const struct json *object, struct cgroup *ret, struct pf_error *e)
{
	const struct json *list = json_get(object, "hierarchies");

	memset(ret, 0, sizeof(*ret));
	STEP(get_manager(object, &ret->manager, e));
	STEP(get_text(object, "unit", ret->unit, sizeof(ret->unit), e));
	STEP(get_text(object, "slice", ret->slice, sizeof(ret->slice), e));
	ret->rootless = get_bool(object, "rootless");
	ret->path_given = get_bool(object, "pathGiven");
	ret->systemd_user = get_bool(object, "systemdUser");
	ret->scope_started = get_bool(object, "scopeStarted");
	if (!list || list->type != JSON_ARRAY || list->count > CGROUP_MAX_HIERARCHIES)
		return json_fail(e, PF_ERR_CONFIG, object, "`hierarchies' is no list of at most %d",
				 CGROUP_MAX_HIERARCHIES);
	for (const struct json *h = list->child; h; h = h->next)
		STEP(get_hierarchy(h, &ret->h[ret->n++], e));
	return 0;
}
