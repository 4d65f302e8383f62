/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what a command knows to events. Each command writes once: create when all is done but the answer, exec when its
 * process waits to become the program, delete when nothing runs any more.
 */
#include <config.h>

#include "runtime/guard/events_tell.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/credentials.h"
#include "runtime/guard/policy_load.h"

enum { DROPS_MAX = ENV_TOLD_MAX, FROM_MAX = 100 };

static bool is_told(const struct oci_strings *told, const char *name)
{
	for (size_t i = 0; told && i < told->n; i++)
		if (strcmp(told->v[i], name) == 0)
			return true;
	return false;
}

/* The same name in the first program's own environment: create has met it there. */
static bool is_of_process(const struct env_report *r, const char *name)
{
	for (const struct env_drop *d = r->first; d && !d->whose; d = d->next)
		if (strcmp(d->name, name) == 0)
			return true;
	return false;
}

static void add_drop(struct events *ev, struct event *event, const struct env_drop *d,
		     const struct env_report *r)
{
	auto_buf why = { 0 };

	pf_buf_puts(&why, d->why);
	if (d->detail)
		pf_buf_printf(&why, ": %s", d->detail);
	if (d->whose)
		pf_buf_printf(&why, " (%s)", d->whose);
	event->object = d->name;
	event->key = "env";
	event->entry = env_mode_name(r->mode);
	event->why = why.failed ? d->why : why.data;
	events_add(ev, event);
}

/* @told: of an exec, what its container's create has told; NULL: this is create */
static void add_drops(struct events *ev, const struct env_report *r, const struct event *frame,
		      const struct oci_strings *told)
{
	size_t n = 0, more[2] = { 0 };

	for (const struct env_drop *d = r->first; d; d = d->next) {
		struct event event = *frame;
		bool poisoned = told || (d->whose && !is_of_process(r, d->name));

		if (is_told(told, d->name))
			continue;
		event.type = poisoned ? EVENT_ENV_POISONED : EVENT_ENV_DROPPED;
		if (n++ < DROPS_MAX)
			add_drop(ev, &event, d, r);
		else
			more[poisoned]++;
	}
	for (int i = 0; i < 2; i++) {
		struct event event = *frame;

		event.type = i ? EVENT_ENV_POISONED : EVENT_ENV_DROPPED;
		event.key = "env";
		event.entry = env_mode_name(r->mode);
		event.why = "more variables than are told one by one";
		event.count = more[i];
		if (more[i])
			events_add(ev, &event);
	}
}

static void put_keys(const struct policy *p, struct pf_buf *b)
{
	const char *comma = "";

	if (p->profile) {
		pf_buf_puts(b, ",\"profile\":");
		event_text(b, p->profile, FROM_MAX);
	}
	pf_buf_puts(b, ",\"keys\":[");
	for (int k = 0; k < POLICY_KEY_COUNT_; k++) {
		const struct policy_value *v = &p->keys[k];

		if (!v->present || k == POLICY_PROFILE)
			continue;
		pf_buf_printf(b, "%s{\"key\":\"%s\",\"from\":", comma, policy_keys[k].name);
		event_text(b, v->origin_name ? v->origin_name : "", FROM_MAX);
		pf_buf_puts(b, "}");
		comma = ",";
	}
	pf_buf_puts(b, "]");
}

/* Only lines that were tried: without Landlock (by leave of `degrade') nobody expected an answer of it. */
static void add_probes(struct events *ev, const struct events_created *c, const struct event *frame)
{
	const struct confinement *f = c->confinement;
	const struct probe {
		const char *name;
		bool tried;
	} probes[SEAL_PROBE_COUNT_] = {
		[SEAL_PROBE_READ] = { "read", f->abi && f->keys & CONFINE_BIT(CONFINE_READ) },
		[SEAL_PROBE_WRITE] = { "write", f->abi && f->keys & CONFINE_BIT(CONFINE_WRITE) },
		[SEAL_PROBE_USERNS] = { "user namespace", true },
		[SEAL_PROBE_PACKET] = { "packet socket", true },
	};

	for (size_t i = 0; c->policy->confined && i < ARRAY_SIZE(probes); i++) {
		struct event event = *frame;

		event.type = EVENT_PROBE;
		event.object = probes[i].name;
		event.why = "its answer was neither a denial nor a success: see posture";
		if (probes[i].tried && ((uint64_t)c->probes >> (2 * i) & 3) == SEAL_NOT_PROBED)
			events_add(ev, &event);
	}
}

/* What an operator does about a full disk, and why it stopped a container. */
static int fail_unrecorded(const char *what, struct pf_error *e)
{
	return pf_wrap(e, "%s without its record of events does not happen (make room)", what);
}

/* What the container was allowed to keep, and what stays under `audit', is in its inventory. */
static int type_of(const struct finding *f)
{
	switch (f->verdict) {
	case VERDICT_COVERED:
	case VERDICT_DECOYED:
	case VERDICT_DROPPED:
		return finding_is_file(f) ? EVENT_CREDENTIAL_COVERED : EVENT_CREDENTIAL_DROPPED;
	case VERDICT_REFUSED:
		return EVENT_CREDENTIAL_REFUSED;
	case VERDICT_REPORTED:
	case VERDICT_ALLOWED:
	case VERDICT_COUNT_:
		break;
	}
	return -1;
}

static void add_place(struct events *ev, struct event event, const struct place *p)
{
	char line[24];

	snprintf(line, sizeof(line), ",\"line\":%u", p->line);
	event.object = place_shown(p);
	event.more = p->line ? line : NULL;
	events_add(ev, &event);
}

/* An event a place. @told: of an exec, as in add_drops(). Where they refused, nothing else was done with the others. */
static void add_credentials(struct events *ev, const struct credentials *c,
			    const struct event *frame, const struct oci_strings *told)
{
	size_t n = 0, more[EVENT_TYPE_COUNT_] = { 0 };
	struct event event = *frame;

	event.key = "credentials";
	event.entry = c ? credentials_mode_name(c->rules.mode) : NULL;
	for (size_t i = 0; c && i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];
		int type = type_of(f);

		if (type < 0 || c->refused != (type == EVENT_CREDENTIAL_REFUSED))
			continue;
		event.type = (enum event_type)type;
		event.why = f->kind->id;
		for (size_t p = 0; p < f->n_places; p++)
			if (is_told(told, f->places[p].name))
				continue;
			else if (n++ < DROPS_MAX)
				add_place(ev, event, &f->places[p]);
			else
				more[type]++;
	}
	event.why = "more credentials than are told one by one";
	for (int t = 0; t < EVENT_TYPE_COUNT_; t++) {
		event.type = (enum event_type)t;
		event.count = more[t];
		if (more[t])
			events_add(ev, &event);
	}
}

int events_tell_create(const struct state *s, const struct events_created *c, struct pf_error *e)
{
	struct event frame = { .pid = s->pid, .inside = s->ns_flags & CLONE_NEWPID ? 1 : 0 };
	struct event start = frame;
	struct events_home home;
	auto_buf keys = { 0 };
	struct events ev;
	int ret;

	if (!s->events)
		return 0;
	put_keys(c->policy, &keys);
	if (keys.failed)
		return pf_fail_sys(e, ENOMEM, "compose the events of `%s'", s->id);
	start.type = EVENT_START;
	start.more = keys.data;
	ret = events_home_state(s, &home, e);
	if (ret == 0)
		ret = events_open(&home.place, EVENTS_BEGIN, &ev, e);
	if (ret == 0) {
		events_add(&ev, &start);
		add_drops(&ev, c->env, &frame, NULL);
		add_credentials(&ev, c->confinement->credentials, &frame, NULL);
		add_probes(&ev, c, &frame);
		ret = events_commit(&ev, e);
	}
	events_home_close(&home);
	return ret < 0 ? fail_unrecorded("a container", e) : 0;
}

int events_tell_exec(const struct state *s, const struct events_exec *x, struct pf_error *e)
{
	struct event frame = { .pid = x->pid, .has_uid = true, .uid = x->uid };
	struct event exec = frame;
	struct events_home home;
	struct events ev;
	int ret;

	if (!s->events)
		return 0;
	exec.type = EVENT_EXEC;
	exec.more = x->tty ? ",\"tty\":true" : ",\"tty\":false";
	ret = events_home_state(s, &home, e);
	if (ret == 0)
		ret = events_open(&home.place, EVENTS_APPEND, &ev, e);
	if (ret == 0) {
		events_add(&ev, &exec);
		add_drops(&ev, x->env, &frame, &s->env.told);
		add_credentials(&ev, x->credentials, &frame, &s->credentials.told);
		ret = events_commit(&ev, e);
	}
	events_home_close(&home);
	return ret < 0 ? fail_unrecorded("an exec", e) : 0;
}

static int tell_exec_refused(const struct state *s, const struct event *frame,
			     const struct credentials *c, struct pf_error *e)
{
	struct events_home home;
	struct events ev;
	int ret = events_home_state(s, &home, e);

	if (ret == 0)
		ret = events_open(&home.place, EVENTS_APPEND, &ev, e);
	if (ret == 0) {
		add_credentials(&ev, c, frame, NULL);
		ret = events_commit(&ev, e);
	}
	events_home_close(&home);
	return ret;
}

void events_tell_exec_refused(const struct state *s, uint32_t uid, const struct credentials *c)
{
	const struct event frame = { .has_uid = true, .uid = uid };
	struct pf_error e = PF_ERROR_INIT;

	if (s->events && tell_exec_refused(s, &frame, c, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing without the event `credential.refused'",
		       e.msg);
}

static int tell_exit(const struct state *s, const struct event *exit, struct pf_error *e)
{
	struct events_home home;
	struct events ev;
	int ret = events_home_state(s, &home, e);

	if (ret == 0)
		ret = events_open(&home.place, EVENTS_APPEND, &ev, e);
	if (ret == 0) {
		if (events_last(&ev) != EVENT_EXIT)
			events_add(&ev, exit);
		ret = events_commit(&ev, e);
	}
	events_home_close(&home);
	return ret;
}

void events_tell_exit(const struct state *s, int status, const char *why)
{
	struct event exit = { .type = EVENT_EXIT, .pid = s->pid, .why = why };
	struct pf_error e = PF_ERROR_INIT;
	char more[32];

	if (!s->events)
		return;
	if (status < 0)
		snprintf(more, sizeof(more), ",\"status\":null");
	else
		snprintf(more, sizeof(more), ",\"status\":%d", status);
	exit.more = more;
	if (tell_exit(s, &exit, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing without the event `exit'", e.msg);
}

static int tell_refused(const char *dir, bool rootless, const char *id,
			const struct pf_error *refusal, const struct credentials *c,
			struct pf_error *e)
{
	const struct event frame = { .pid = 0 };
	struct event event = { .type = EVENT_REFUSED, .why = refusal->msg };
	struct events_home home;
	struct events ev;
	int ret = events_home_node(dir, rootless, NULL, &home, e);

	home.place.id = id;
	event.more = refusal->kind == PF_ERR_POLICY ? ",\"kind\":\"policy\"" : ",\"kind\":\"host\"";
	if (ret == 0)
		ret = events_open(&home.place, EVENTS_BEGIN, &ev, e);
	if (ret == 0) {
		events_add(&ev, &event);
		if (c->refused)
			add_credentials(&ev, c, &frame, NULL);
		ret = events_commit(&ev, e);
	}
	events_home_close(&home);
	return ret;
}

void events_tell_refused(const char *policy_option, bool rootless, const char *id,
			 const struct pf_error *refusal, const struct credentials *c)
{
	struct pf_error e = PF_ERROR_INIT;
	char dir[PATH_MAX] = "";
	int ret;

	if (refusal->kind != PF_ERR_POLICY && refusal->kind != PF_ERR_HOST)
		return;
	/* Where the policy itself cannot be read there is no place either, and the refusal has said so. */
	if (policy_load_events_dir(policy_option, rootless, dir, sizeof(dir), &e) < 0 || !dir[0])
		return;
	ret = tell_refused(dir, rootless, id, refusal, c, &e);
	if (ret < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing without the event `refused'", e.msg);
}
