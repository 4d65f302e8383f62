/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pinfold-bus: one request to systemd over D-Bus, then the end. It runs on the host's side, never in a container, as the
 * runtime's child and with its rights, and dies with it.
 */
#include <config.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/bus/bus.h"

#define SYSTEMD        "org.freedesktop.systemd1"
#define SYSTEMD_PATH   "/org/freedesktop/systemd1"
#define MANAGER        SYSTEMD ".Manager"
#define JOB_TIMEOUT_US (30 * 1000000ull)

struct bus {        /* one connection */
	sd_bus *sd; /* owned */
	const struct bus_request *request;
	struct unit_properties properties; /* .v owned, the data in the request */
	/* the job we wait for: its JobRemoved may come before the answer that names it */
	char jobs[8][64], results[8][32];
	size_t n_removed;
};

static int bus_open(struct bus *b, struct pf_error *e)
{
	int ret = b->request->user ? sd_bus_open_user(&b->sd) : sd_bus_open_system(&b->sd);

	if (ret >= 0)
		return 0;
	if (b->request->user)
		return pf_fail(
			e, PF_ERR_HOST, -ret,
			"connect to the user's systemd: set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS (a session, or `loginctl enable-linger'), or leave --systemd-cgroup out");
	return pf_fail(
		e, PF_ERR_HOST, -ret,
		"connect to systemd by D-Bus: is it the init of this host? else leave --systemd-cgroup out");
}

/* systemd's own words are better than an errno's. */
static int bus_fail(int ret, sd_bus_error *error, const char *what, struct pf_error *e)
{
	int err = ret < 0 ? -ret : EIO;

	if (error->message)
		pf_fail(e, PF_ERR_SYS, 0, "systemd: %s: %.300s", what, error->message);
	else
		pf_fail_sys(e, err, "systemd: %s", what);
	e->err = err;
	sd_bus_error_free(error);
	return -err;
}

/* ---- properties ---- */

static int append_texts(sd_bus_message *m, const struct unit_property *p)
{
	bool pairs = strcmp(p->type, "a(ss)") == 0;
	int ret = sd_bus_message_open_container(m, 'a', pairs ? "(ss)" : "s");

	for (const char *s = p->data; ret >= 0 && s < p->data + p->len; s += strlen(s) + 1) {
		const char *first = s;

		if (pairs)
			s += strlen(s) + 1;
		ret = pairs ? sd_bus_message_append(m, "(ss)", first, s)
			    : sd_bus_message_append(m, "s", first);
	}
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

static int append_value(sd_bus_message *m, const struct unit_property *p)
{
	switch (p->type[0]) {
	case 's':
		return sd_bus_message_append(m, "s", p->data);
	case 'a':
		if (p->type[1] == 'y' || p->type[1] == 'u')
			return sd_bus_message_append_array(m, p->type[1], p->data, p->len);
		return append_texts(m, p);
	case 'd':
		return sd_bus_message_append(m, "d", p->d);
	case 't':
		return sd_bus_message_append(m, "t", p->u);
	case 'x':
		return sd_bus_message_append(m, "x", p->i);
	case 'n':
	case 'i':
		return sd_bus_message_append(m, p->type, (int)p->i);
	default: /* b y q u: all travel as int through varargs */
		return sd_bus_message_append(m, p->type, (unsigned int)p->u);
	}
}

static int append_properties(sd_bus_message *m, const struct unit_properties *p)
{
	int ret = sd_bus_message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; ret >= 0 && i < p->n; i++) {
		const struct unit_property *v = &p->v[i];

		if ((ret = sd_bus_message_open_container(m, 'r', "sv")) < 0 ||
		    (ret = sd_bus_message_append(m, "s", v->name)) < 0 ||
		    (ret = sd_bus_message_open_container(m, 'v', v->type)) < 0 ||
		    (ret = append_value(m, v)) < 0 || (ret = sd_bus_message_close_container(m)) < 0)
			break;
		ret = sd_bus_message_close_container(m);
	}
	return ret < 0 ? ret : sd_bus_message_close_container(m);
}

/* ---- jobs ---- */

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *b = arg;
	const char *path, *unit, *result;
	size_t slot = b->n_removed % ARRAY_SIZE(b->jobs);
	uint32_t id;

	(void)error;
	if (sd_bus_message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	/* the host's other jobs come too; the last few are enough, since ours is looked for after each */
	snprintf(b->jobs[slot], sizeof(b->jobs[slot]), "%s", path);
	snprintf(b->results[slot], sizeof(b->results[slot]), "%s", result);
	b->n_removed++;
	return 0;
}

static int watch_jobs(struct bus *b, struct pf_error *e)
{
	int ret = sd_bus_match_signal(b->sd, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "JobRemoved",
				      on_job_removed, b);

	return ret < 0 ? pf_fail_sys(e, ret, "systemd: listen for the end of jobs") : 0;
}

static const char *find_result(const struct bus *b, const char *job)
{
	for (size_t i = 0; i < ARRAY_SIZE(b->jobs); i++)
		if (strcmp(b->jobs[i], job) == 0)
			return b->results[i];
	return NULL;
}

static uint64_t now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000 + (uint64_t)ts.tv_nsec / 1000;
}

static int wait_job(struct bus *b, const char *job, const char *what, struct pf_error *e)
{
	uint64_t deadline = now_us() + JOB_TIMEOUT_US;
	const char *result;

	while (!(result = find_result(b, job))) {
		int ret = sd_bus_process(b->sd, NULL);

		if (ret == 0 && now_us() >= deadline)
			return pf_fail_sys(e, ETIMEDOUT,
					   "systemd: %s: the job did not end within 30 seconds",
					   what);
		if (ret == 0)
			ret = sd_bus_wait(b->sd, deadline - now_us());
		if (ret < 0 && ret != -EINTR)
			return pf_fail_sys(e, ret, "systemd: %s", what);
	}
	if (strcmp(result, "done") != 0 && strcmp(result, "skipped") != 0)
		return pf_fail(e, PF_ERR_SYS, EIO, "systemd: %s: the job ended as `%s'", what,
			       result);
	return 0;
}

/* ---- start ---- */

static int call_start(struct bus *b, sd_bus_error *error, char job[static 64])
{
	sd_bus_message *m = NULL, *reply = NULL;
	const char *path;
	int ret;

	ret = sd_bus_message_new_method_call(b->sd, &m, SYSTEMD, SYSTEMD_PATH, MANAGER,
					     "StartTransientUnit");
	if (ret >= 0)
		ret = sd_bus_message_append(m, "ss", b->request->unit, "replace");
	if (ret >= 0)
		ret = append_properties(m, &b->properties);
	if (ret >= 0)
		ret = sd_bus_message_append(m, "a(sa(sv))", 0);
	if (ret >= 0)
		ret = sd_bus_call(b->sd, m, 0, error, &reply);
	if (ret >= 0)
		ret = sd_bus_message_read(reply, "o", &path);
	if (ret >= 0)
		snprintf(job, 64, "%s", path);
	sd_bus_message_unref(reply);
	sd_bus_message_unref(m);
	return ret;
}

static void reset_failed(struct bus *b)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	(void)sd_bus_call_method(b->sd, SYSTEMD, SYSTEMD_PATH, MANAGER, "ResetFailedUnit", &error,
				 NULL, "s", b->request->unit);
	sd_bus_error_free(&error);
}

static int read_group(struct bus *b, struct bus_answer *a)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *object = NULL, *path = NULL;
	int ret = sd_bus_path_encode(SYSTEMD_PATH "/unit", b->request->unit, &object);

	if (ret >= 0)
		ret = sd_bus_get_property_string(b->sd, SYSTEMD, object, SYSTEMD ".Scope",
						 "ControlGroup", &error, &path);
	if (ret >= 0 && (path[0] != '/' || strlen(path) >= sizeof(a->group)))
		ret = -ENOENT;
	if (ret >= 0)
		snprintf(a->group, sizeof(a->group), "%s", path);
	free(object);
	free(path);
	return ret < 0 ? bus_fail(ret, &error, "the group of the scope (did its process end?)",
				  &a->error)
		       : 0;
}

static int start_scope(struct bus *b, struct bus_answer *a)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char job[64], what[300];
	int ret;

	snprintf(what, sizeof(what), "start scope `%s'", b->request->unit);
	STEP(watch_jobs(b, &a->error));
	ret = call_start(b, &error, job);
	/* a scope of that name that failed long ago is still in the way until somebody resets it */
	if (ret < 0 && error.name && strcmp(error.name, SYSTEMD ".UnitExists") == 0) {
		sd_bus_error_free(&error);
		reset_failed(b);
		ret = call_start(b, &error, job);
	}
	if (ret < 0)
		return bus_fail(ret, &error, what, &a->error);
	STEP(wait_job(b, job, what, &a->error));
	return read_group(b, a);
}

/* ---- set and stop ---- */

static int set_properties(struct bus *b, struct bus_answer *a)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	int ret = sd_bus_message_new_method_call(b->sd, &m, SYSTEMD, SYSTEMD_PATH, MANAGER,
						 "SetUnitProperties");

	if (ret >= 0)
		ret = sd_bus_message_append(m, "sb", b->request->unit, 1);
	if (ret >= 0)
		ret = append_properties(m, &b->properties);
	if (ret >= 0)
		ret = sd_bus_call(b->sd, m, 0, &error, NULL);
	sd_bus_message_unref(m);
	return ret < 0 ? bus_fail(ret, &error, "change the scope's properties", &a->error) : 0;
}

static int stop_scope(struct bus *b, struct bus_answer *a)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	char job[64] = "", what[300];
	const char *path;
	int ret;

	snprintf(what, sizeof(what), "stop scope `%s'", b->request->unit);
	STEP(watch_jobs(b, &a->error));
	ret = sd_bus_call_method(b->sd, SYSTEMD, SYSTEMD_PATH, MANAGER, "StopUnit", &error, &reply,
				 "ss", b->request->unit, "replace");
	if (ret >= 0 && (ret = sd_bus_message_read(reply, "o", &path)) >= 0)
		snprintf(job, sizeof(job), "%s", path);
	sd_bus_message_unref(reply);
	if (ret < 0 && error.name && strcmp(error.name, SYSTEMD ".NoSuchUnit") == 0) {
		sd_bus_error_free(&error); /* it went with its last process */
		return 0;
	}
	if (ret < 0)
		return bus_fail(ret, &error, what, &a->error);
	ret = wait_job(b, job, what, &a->error);
	reset_failed(b);
	return ret;
}

/* ---- the program ---- */

/* The properties stand one after the other behind the request, each followed by its data and a NUL. */
static int read_properties(struct bus *b, const char *text, size_t len, struct pf_error *e)
{
	struct unit_properties *p = &b->properties;
	size_t at = 0;

	p->v = calloc(b->request->n + 1, sizeof(*p->v));
	if (!p->v)
		return pf_fail_sys(e, ENOMEM, "read a request to systemd");
	for (; p->n < b->request->n; p->n++) {
		struct unit_property *v = &p->v[p->n];

		if (len - at < sizeof(*v))
			return pf_fail(e, PF_ERR_BUG, 0, "a request to systemd ends too early");
		memcpy(v, text + at, sizeof(*v));
		at += sizeof(*v);
		if (len - at <= v->len || text[at + v->len] != '\0')
			return pf_fail(e, PF_ERR_BUG, 0, "a request to systemd ends too early");
		v->data = (char *)(uintptr_t)(text + at);
		at += v->len + 1;
	}
	return 0;
}

static int serve(const char *text, size_t len, struct bus_answer *a)
{
	static int (*const verbs[BUS_VERB_COUNT_])(struct bus *, struct bus_answer *) = {
		[BUS_START] = start_scope,
		[BUS_SET] = set_properties,
		[BUS_STOP] = stop_scope,
	};
	struct bus_request request;
	struct bus b = { .request = &request };
	int ret;

	if (len < sizeof(request))
		return pf_fail(&a->error, PF_ERR_BUG, 0, "a request to systemd is too short");
	memcpy(&request, text, sizeof(request));
	if (request.magic != BUS_MAGIC || request.verb >= BUS_VERB_COUNT_)
		return pf_fail(&a->error, PF_ERR_BUG, 0, "a request to systemd is unknown");
	ret = read_properties(&b, text + sizeof(request), len - sizeof(request), &a->error);
	if (ret >= 0)
		ret = bus_open(&b, &a->error);
	if (ret >= 0)
		ret = verbs[request.verb](&b, a);
	sd_bus_flush_close_unref(b.sd);
	free(b.properties.v);
	return ret;
}

int main(void)
{
	struct bus_answer answer = { 0 };
	auto_free char *text = NULL;
	size_t len = 0;

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (pf_read_all(STDIN_FILENO, BUS_REQUEST_MAX, &text, &len, &answer.error) == 0)
		(void)serve(text, len, &answer);
	return pf_write_all(STDOUT_FILENO, &answer, sizeof(answer)) < 0 ? 1 : 0;
}
