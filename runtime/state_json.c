/* SPDX-License-Identifier: Apache-2.0 */
/* state.json and the OCI state object: the struct as text and back. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/state.h"

#define STATE_MAX_BYTES (4u << 20)

static void put_text(struct pf_buf *b, const char *key, const char *value)
{
	pf_buf_printf(b, ",\"%s\":", key);
	pf_buf_json(b, value ? value : "");
}

static void put_annotations(struct pf_buf *b, const struct oci_pairs *a, const char *indent)
{
	pf_buf_puts(b, "{");
	for (size_t i = 0; i < a->n; i++) {
		pf_buf_puts(b, i ? "," : "");
		if (indent)
			pf_buf_printf(b, "\n%s", indent);
		pf_buf_json(b, a->v[i].key);
		pf_buf_puts(b, indent ? ": " : ":");
		pf_buf_json(b, a->v[i].value);
	}
	pf_buf_puts(b, indent && a->n ? "\n  }" : "}");
}

static void put_strings(struct pf_buf *b, const char *key, const struct oci_strings *list)
{
	pf_buf_printf(b, ",\"%s\":[", key);
	for (size_t i = 0; i < list->n; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, list->v[i]);
	}
	pf_buf_puts(b, "]");
}

static void put_env(struct pf_buf *b, const struct env_policy *env)
{
	if (env->mode == ENV_KEEP)
		return;
	pf_buf_printf(b, ",\"env\":{\"mode\":\"%s\"", env_mode_name(env->mode));
	put_strings(b, "keep", &env->keep);
	put_strings(b, "places", &env->places);
	put_strings(b, "told", &env->told);
	pf_buf_puts(b, "}");
}

static void put_credentials(struct pf_buf *b, const struct credentials_rules *c)
{
	if (c->mode == CREDENTIALS_UNASKED)
		return;
	pf_buf_printf(b, ",\"credentials\":{\"mode\":\"%s\"", credentials_mode_name(c->mode));
	put_strings(b, "allow", &c->allow);
	put_strings(b, "told", &c->told);
	pf_buf_puts(b, "}");
}

int state_write(const struct state *s, struct pf_error *e)
{
	auto_buf b = { 0 };

	pf_buf_printf(&b, "{\"version\":1,\"id\":\"%s\",\"pid\":%d,\"start_time\":%llu", s->id,
		      (int)s->pid, (unsigned long long)s->start_time);
	put_text(&b, "bundle", s->bundle);
	put_text(&b, "rootfs", s->rootfs);
	put_text(&b, "created", s->created);
	put_text(&b, "owner", s->owner);
	if (s->events)
		put_text(&b, "events", s->events);
	pf_buf_printf(
		&b,
		",\"ns_flags\":%llu,\"seccomp_flags\":%u,\"caps_taken\":%llu,\"caps_void\":%llu",
		(unsigned long long)s->ns_flags, s->seccomp_flags,
		(unsigned long long)s->caps_taken, (unsigned long long)s->caps_void);
	pf_buf_printf(
		&b,
		",\"confined\":%d,\"sockets\":%d,\"seccomp\":%d,\"rootless\":%d,\"start_hooks\":%d,\"stop_hooks\":%d,\"no_setgroups\":%d,\"new_userns\":%d",
		s->confined, s->permits_sockets, s->has_seccomp, s->rootless, s->has_hooks_start,
		s->has_hooks_stop, s->no_setgroups, s->new_userns);
	put_env(&b, &s->env);
	put_credentials(&b, &s->credentials);
	pf_buf_puts(&b, ",\"cgroup\":");
	cgroup_to_json(&s->cgroup, &b);
	pf_buf_puts(&b, ",\"annotations\":");
	put_annotations(&b, &s->annotations, NULL);
	pf_buf_puts(&b, "}\n");
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "compose the state of `%s'", s->id);
	return pf_replace_file_at(s->dir_fd, "state.json", b.data, b.len, 0600, e);
}

static int read_annotations(const struct json *object, struct state *s, struct pf_error *e)
{
	size_t i = 0;

	if (!object || object->count == 0)
		return 0;
	s->annotations.v = json_alloc(s->doc, object->count * sizeof(*s->annotations.v));
	if (!s->annotations.v)
		return pf_fail_sys(e, ENOMEM, "read the state of `%s'", s->id);
	for (const struct json *j = object->child; j; j = j->next)
		if (j->type == JSON_STRING)
			s->annotations.v[i++] = (struct oci_pair){ j->key, j->text };
	s->annotations.n = i;
	return 0;
}

static int read_strings(const struct json *array, struct state *s, struct oci_strings *ret,
			struct pf_error *e)
{
	if (!array || array->type != JSON_ARRAY)
		return pf_fail(e, PF_ERR_BUG, 0,
			       "the state of `%s' is damaged: its env or credentials", s->id);
	ret->v = json_alloc(s->doc, (array->count + 1) * sizeof(*ret->v));
	if (!ret->v)
		return pf_fail_sys(e, ENOMEM, "read the state of `%s'", s->id);
	/* Whatever is no string is damage: a list with less in it would let more variables pass. */
	for (const struct json *j = array->child; j; j = j->next) {
		if (j->type != JSON_STRING)
			return pf_fail(e, PF_ERR_BUG, 0, "the state of `%s' is damaged: its env",
				       s->id);
		ret->v[ret->n++] = (char *)(uintptr_t)j->text;
	}
	return 0;
}

/* A container made without the key has no such member. */
static int read_env(const struct json *env, struct state *s, struct pf_error *e)
{
	int mode;

	if (!env)
		return 0;
	mode = env_mode_find(json_text(env, "mode", ""));
	if (mode < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "the state of `%s' is damaged: its env", s->id);
	s->env.mode = (enum env_mode)mode;
	STEP(read_strings(json_get(env, "keep"), s, &s->env.keep, e));
	STEP(read_strings(json_get(env, "places"), s, &s->env.places, e));
	return read_strings(json_get(env, "told"), s, &s->env.told, e);
}

static int read_credentials(const struct json *n, struct state *s, struct pf_error *e)
{
	int mode;

	if (!n)
		return 0;
	mode = credentials_mode_find(json_text(n, "mode", ""));
	if (mode < 0)
		return pf_fail(e, PF_ERR_BUG, 0, "the state of `%s' is damaged: its credentials",
			       s->id);
	s->credentials.mode = (enum credentials_mode)mode;
	STEP(read_strings(json_get(n, "allow"), s, &s->credentials.allow, e));
	return read_strings(json_get(n, "told"), s, &s->credentials.told, e);
}

static int fill(struct state *s, const struct json *root, struct pf_error *e)
{
	const struct json *cgroup = json_get(root, "cgroup");

	if (json_integer(root, "version", 0) != 1 || !cgroup)
		return pf_fail(e, PF_ERR_BUG, 0,
			       "the state of `%s' is of another version of pinfold", s->id);
	s->pid = (pid_t)json_integer(root, "pid", 0);
	s->start_time = (uint64_t)json_integer(root, "start_time", 0);
	s->bundle = json_text(root, "bundle", "");
	s->rootfs = json_text(root, "rootfs", "");
	s->created = json_text(root, "created", "");
	s->owner = json_text(root, "owner", "");
	s->events = json_text(root, "events", NULL);
	s->ns_flags = (uint64_t)json_integer(root, "ns_flags", 0);
	s->seccomp_flags = (uint32_t)json_integer(root, "seccomp_flags", 0);
	s->caps_taken = (uint64_t)json_integer(root, "caps_taken", 0);
	s->caps_void = (uint64_t)json_integer(root, "caps_void", 0);
	s->confined = json_integer(root, "confined", 0);
	s->permits_sockets = json_integer(root, "sockets", 0);
	s->has_seccomp = json_integer(root, "seccomp", 0);
	s->rootless = json_integer(root, "rootless", 0);
	s->has_hooks_start = json_integer(root, "start_hooks", 0);
	s->has_hooks_stop = json_integer(root, "stop_hooks", 0);
	s->no_setgroups = json_integer(root, "no_setgroups", 0);
	s->new_userns = json_integer(root, "new_userns", 0);
	STEP(read_annotations(json_get(root, "annotations"), s, e));
	STEP(read_env(json_get(root, "env"), s, e));
	STEP(read_credentials(json_get(root, "credentials"), s, e));
	return cgroup_from_json(cgroup, &s->cgroup, e);
}

int state_load(int root_fd, const char *id, struct state *ret, struct pf_error *e)
{
	struct state s = { .dir_fd = -EBADF };
	auto_fd dir = -EBADF;
	auto_free char *text = NULL;
	size_t len;
	int r;

	STEP(state_check_id(id, e));
	snprintf(s.id, sizeof(s.id), "%s", id);
	dir = openat(root_fd, id, O_DIRECTORY | O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (dir < 0 && errno == ENOENT) {
		/* Engines match on the words; the errno's own text would make podman think of a missing program. */
		(void)pf_fail(e, PF_ERR_SYS, 0, "container `%s' does not exist", id);
		e->err = ENOENT;
		return -ENOENT;
	}
	if (dir < 0)
		return pf_fail_sys(e, errno, "open the state directory of `%s'", id);
	if (faccessat(dir, "state.json", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return pf_fail(
			e, PF_ERR_SYS, ENODATA,
			"container `%s' is being created, or its create was killed (delete --force clears it)",
			id);
	STEP(pf_read_file_at(dir, "state.json", STATE_MAX_BYTES, &text, &len, e));
	if (json_parse(text, len, NULL, &s.doc, e) < 0)
		return pf_wrap(e, "the state of `%s' is damaged (what it named may still run)",
			       s.id);
	r = fill(&s, json_root(s.doc), e);
	if (r < 0) {
		json_free(s.doc);
		return r;
	}
	s.dir_fd = pf_take_fd(&dir);
	*ret = s;
	return 0;
}

void state_free(struct state *s)
{
	json_free(s->doc);
	s->doc = NULL;
	pf_close_ptr(&s->dir_fd);
}

void state_oci_json(const struct state *s, enum status status, bool pretty, struct pf_buf *b)
{
	const char *sep = pretty ? ",\n  " : ",", *colon = pretty ? ": " : ":";

	pf_buf_printf(b, "{%s\"ociVersion\"%s\"%s\"", pretty ? "\n  " : "", colon, OCI_VERSION);
	pf_buf_printf(b, "%s\"id\"%s\"%s\"", sep, colon, s->id);
	pf_buf_printf(b, "%s\"status\"%s\"%s\"", sep, colon, status_name(status));
	pf_buf_printf(b, "%s\"pid\"%s%d", sep, colon, status == STATUS_STOPPED ? 0 : (int)s->pid);
	pf_buf_printf(b, "%s\"bundle\"%s", sep, colon);
	pf_buf_json(b, s->bundle);
	if (pretty) { /* beyond the specification, as the other runtimes print it */
		pf_buf_printf(b, "%s\"rootfs\"%s", sep, colon);
		pf_buf_json(b, s->rootfs);
		pf_buf_printf(b, "%s\"created\"%s", sep, colon);
		pf_buf_json(b, s->created);
		pf_buf_printf(b, "%s\"owner\"%s", sep, colon);
		pf_buf_json(b, s->owner);
	}
	pf_buf_printf(b, "%s\"annotations\"%s", sep, colon);
	put_annotations(b, &s->annotations, pretty ? "    " : NULL);
	pf_buf_puts(b, pretty ? "\n}\n" : "}");
}
