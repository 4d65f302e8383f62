/* SPDX-License-Identifier: Apache-2.0 */
/* The records of other runtimes: told apart by the members that only one of them has, and read by a few names. */
#include <config.h>

#include "config/foreign.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"

enum { NAME_BYTES = 1024, PAIRS_MAX = 4096 };

static const char *const names[FOREIGN_RUNTIME_COUNT_] = {
	[FOREIGN_PINFOLD] = "pinfold",
	[FOREIGN_RUNC] = "runc",
	[FOREIGN_CRUN] = "crun",
	[FOREIGN_YOUKI] = "youki",
};

const char *foreign_runtime_name(enum foreign_runtime runtime)
{
	return names[runtime];
}

static int read_text(const struct json *object, const char *key, size_t max, const char **ret,
		     struct pf_error *e)
{
	const struct json *j = json_get(object, key);

	if (!j || j->type == JSON_NULL)
		return 0;
	if (j->type != JSON_STRING)
		return json_fail(e, PF_ERR_CONFIG, j, "expected string, found %s",
				 json_type_name(j->type));
	if (j->count >= max)
		return json_fail(e, PF_ERR_CONFIG, j, "longer than %zu bytes", max - 1);
	*ret = j->text[0] ? j->text : NULL;
	return 0;
}

static int read_path(const struct json *object, const char *key, const char **ret,
		     struct pf_error *e)
{
	STEP(read_text(object, key, PATH_MAX, ret, e));
	if (*ret && (*ret)[0] != '/')
		return json_fail(e, PF_ERR_CONFIG, json_get(object, key), "not an absolute path");
	return 0;
}

static int read_pid(const struct json *object, const char *key, int32_t *ret, struct pf_error *e)
{
	const struct json *j = json_get(object, key);

	*ret = 0;
	if (!j || j->type == JSON_NULL)
		return 0;
	/* 1 is the host's own first process, and no container */
	if (j->type != JSON_INT || j->i < 0 || j->i > INT32_MAX || j->i == 1)
		return json_fail(e, PF_ERR_CONFIG, j, "not the id of a container's process");
	*ret = (int32_t)j->i;
	return 0;
}

static int read_time(const struct json *object, const char *key, uint64_t *ret, struct pf_error *e)
{
	const struct json *j = json_get(object, key);

	*ret = 0;
	if (!j || j->type == JSON_NULL)
		return 0;
	if (j->type == JSON_UINT) {
		*ret = j->u;
		return 0;
	}
	if (j->type != JSON_INT || j->i < 0)
		return json_fail(e, PF_ERR_CONFIG, j, "not a start time");
	*ret = (uint64_t)j->i;
	return 0;
}

static int new_pairs(struct foreign_state *s, const struct json *list, struct pf_error *e)
{
	if (list->count > PAIRS_MAX)
		return json_fail(e, PF_ERR_CONFIG, list, "more than %d entries", PAIRS_MAX);
	s->annotations.v = json_alloc(s->doc, (list->count + 1) * sizeof(*s->annotations.v));
	return s->annotations.v ? 0 : pf_fail_sys(e, ENOMEM, "read a record");
}

/* runc keeps annotations as labels "KEY=VALUE", and the bundle among them. */
static int read_labels(struct foreign_state *s, const struct json *labels, struct pf_error *e)
{
	if (!labels || labels->type != JSON_ARRAY)
		return 0;
	STEP(new_pairs(s, labels, e));
	for (const struct json *j = labels->child; j; j = j->next) {
		const char *equal = j->type == JSON_STRING ? strchr(j->text, '=') : NULL;
		struct oci_pair *p = &s->annotations.v[s->annotations.n];
		char *key;

		if (!equal)
			continue;
		key = json_alloc(s->doc, (size_t)(equal - j->text) + 1);
		if (!key)
			return pf_fail_sys(e, ENOMEM, "read a record");
		memcpy(key, j->text, (size_t)(equal - j->text));
		p->key = key;
		p->value = equal + 1;
		s->annotations.n++;
		if (strcmp(key, "bundle") == 0 && p->value[0] == '/' && strlen(p->value) < PATH_MAX)
			s->bundle = p->value;
	}
	return 0;
}

static int read_runc(struct foreign_state *s, const struct json *root, struct pf_error *e)
{
	const struct json *config = json_get(root, "config");

	s->runtime = FOREIGN_RUNC;
	STEP(read_text(root, "id", NAME_BYTES, &s->id, e));
	STEP(read_pid(root, "init_process_pid", &s->pid, e));
	STEP(read_time(root, "init_process_start", &s->start_time, e));
	STEP(read_path(config, "rootfs", &s->rootfs, e));
	return read_labels(s, json_get(config, "labels"), e);
}

static int read_crun(struct foreign_state *s, const struct json *root, struct pf_error *e)
{
	s->runtime = FOREIGN_CRUN;
	STEP(read_pid(root, "pid", &s->pid, e));
	STEP(read_time(root, "process-start-time", &s->start_time, e));
	STEP(read_path(root, "bundle", &s->bundle, e));
	/* relative to the bundle in some versions; nothing here needs it then */
	STEP(read_text(root, "rootfs", PATH_MAX, &s->rootfs, e));
	if (s->rootfs && s->rootfs[0] != '/')
		s->rootfs = NULL;
	return 0;
}

static int read_pairs(struct foreign_state *s, const struct json *object, struct pf_error *e)
{
	if (!object || object->type != JSON_OBJECT)
		return 0;
	STEP(new_pairs(s, object, e));
	for (const struct json *j = object->child; j; j = j->next)
		if (j->type == JSON_STRING)
			s->annotations.v[s->annotations.n++] = (struct oci_pair){ j->key, j->text };
	return 0;
}

static int read_youki(struct foreign_state *s, const struct json *root, struct pf_error *e)
{
	s->runtime = FOREIGN_YOUKI;
	STEP(read_text(root, "id", NAME_BYTES, &s->id, e));
	STEP(read_text(root, "status", NAME_BYTES, &s->status, e));
	STEP(read_pid(root, "pid", &s->pid, e));
	STEP(read_path(root, "bundle", &s->bundle, e));
	return read_pairs(s, json_get(root, "annotations"), e);
}

static int read_any(struct foreign_state *s, bool status_file, struct pf_error *e)
{
	const struct json *root = json_root(s->doc);

	if (root->type != JSON_OBJECT)
		return json_fail(e, PF_ERR_CONFIG, root, "expected object, found %s",
				 json_type_name(root->type));
	if (status_file)
		return json_get(root, "pid") ? read_crun(s, root, e)
					     : json_fail(e, PF_ERR_CONFIG, root, "no `pid'");
	if (json_get(root, "init_process_pid"))
		return read_runc(s, root, e);
	if (json_get(root, "ociVersion"))
		return read_youki(s, root, e);
	if (json_get(root, "version") && json_get(root, "start_time")) {
		s->runtime = FOREIGN_PINFOLD;
		return 0;
	}
	return json_fail(e, PF_ERR_CONFIG, root, "no record of runc, crun, youki or pinfold");
}

int foreign_state_parse(const char *text, size_t len, bool status_file, struct foreign_state *ret,
			struct pf_error *e)
{
	const struct json_limits limits = { .bytes = FOREIGN_MAX_BYTES };
	struct foreign_state s = { .runtime = FOREIGN_RUNC };
	int err;

	STEP(json_parse(text, len, &limits, &s.doc, e));
	err = read_any(&s, status_file, e);
	if (err < 0) {
		foreign_state_free(&s);
		return err;
	}
	*ret = s;
	return 0;
}

void foreign_state_free(struct foreign_state *s)
{
	json_free(s->doc);
	*s = (struct foreign_state){ .doc = NULL };
}
