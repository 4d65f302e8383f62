/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's scope, asked of systemd over D-Bus. libsystemd costs half a millisecond to load, so it is opened only
 * here, when a container comes with --systemd-cgroup; nothing else of the program links to it.
 */
#include <config.h>

#include "runtime/cgroup_systemd.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"

#define LIBRARY        "libsystemd.so.0"
#define SYSTEMD        "org.freedesktop.systemd1"
#define SYSTEMD_PATH   "/org/freedesktop/systemd1"
#define MANAGER        SYSTEMD ".Manager"
#define JOB_TIMEOUT_US (30 * 1000000ull)

/* clang-format off */
#define BUS_FUNCTIONS(F) \
	F(open_system) \
	F(open_user) \
	F(flush_close_unref) \
	F(error_free) \
	F(call_method) \
	F(call) \
	F(message_new_method_call) \
	F(message_unref) \
	F(message_append) \
	F(message_append_array) \
	F(message_open_container) \
	F(message_close_container) \
	F(message_read) \
	F(match_signal) \
	F(process) \
	F(wait) \
	F(get_property_string) \
	F(path_encode)
/* clang-format on */

struct bus_functions {
#define F(name) __typeof__(sd_bus_##name) *name;
	BUS_FUNCTIONS(F)
#undef F
};

struct bus { /* one connection */
	struct bus_functions f;
	sd_bus *sd; /* owned */
	/* the job we wait for: its JobRemoved may come before the answer that names it */
	char jobs[8][64], results[8][32];
	size_t n_removed;
};

static void bus_close(struct bus *b)
{
	if (b->sd)
		b->f.flush_close_unref(b->sd);
	b->sd = NULL; /* the library stays: others may hold it, and the process ends soon */
}

#define auto_bus __attribute__((cleanup(bus_close))) struct bus

static int load_library(struct bus_functions *f, struct pf_error *e)
{
	void *library = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);

	if (!library)
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"the systemd cgroup manager needs `" LIBRARY
			"', which cannot be loaded: install libsystemd, or leave --systemd-cgroup out");
#define F(name)                                                         \
	f->name = (__typeof__(f->name))dlsym(library, "sd_bus_" #name); \
	if (!f->name)                                                   \
		return pf_fail(e, PF_ERR_HOST, 0,                       \
			       "`" LIBRARY "' has no sd_bus_" #name ": it is too old");
	BUS_FUNCTIONS(F)
#undef F
	return 0;
}

static int bus_open(const struct cgroup *cg, struct bus *b, struct pf_error *e)
{
	int ret;

	STEP(load_library(&b->f, e));
	ret = cg->systemd_user ? b->f.open_user(&b->sd) : b->f.open_system(&b->sd);
	if (ret >= 0)
		return 0;
	if (cg->systemd_user)
		return pf_fail(
			e, PF_ERR_HOST, -ret,
			"connect to the user's systemd: set XDG_RUNTIME_DIR or DBUS_SESSION_BUS_ADDRESS (a session, or `loginctl enable-linger'), or leave --systemd-cgroup out");
	return pf_fail(
		e, PF_ERR_HOST, -ret,
		"connect to systemd by D-Bus: is it the init of this host? else leave --systemd-cgroup out");
}

/* systemd's own words are better than an errno's. */
static int bus_fail(struct bus *b, int ret, sd_bus_error *error, const char *what,
		    struct pf_error *e)
{
	int err = ret < 0 ? -ret : EIO;

	if (error->message)
		pf_fail(e, PF_ERR_SYS, 0, "systemd: %s: %.300s", what, error->message);
	else
		pf_fail_sys(e, err, "systemd: %s", what);
	e->err = err;
	b->f.error_free(error);
	return -err;
}

/* ---- properties ---- */

static int append_texts(struct bus *b, sd_bus_message *m, const struct unit_property *p)
{
	bool pairs = strcmp(p->type, "a(ss)") == 0;
	int ret = b->f.message_open_container(m, 'a', pairs ? "(ss)" : "s");

	for (const char *s = p->data; ret >= 0 && s < p->data + p->len; s += strlen(s) + 1) {
		const char *first = s;

		if (pairs)
			s += strlen(s) + 1;
		ret = pairs ? b->f.message_append(m, "(ss)", first, s)
			    : b->f.message_append(m, "s", first);
	}
	return ret < 0 ? ret : b->f.message_close_container(m);
}

static int append_value(struct bus *b, sd_bus_message *m, const struct unit_property *p)
{
	switch (p->type[0]) {
	case 's':
		return b->f.message_append(m, "s", p->data);
	case 'a':
		if (p->type[1] == 'y' || p->type[1] == 'u')
			return b->f.message_append_array(m, p->type[1], p->data, p->len);
		return append_texts(b, m, p);
	case 'd':
		return b->f.message_append(m, "d", p->d);
	case 't':
		return b->f.message_append(m, "t", p->u);
	case 'x':
		return b->f.message_append(m, "x", p->i);
	case 'n':
	case 'i':
		return b->f.message_append(m, p->type, (int)p->i);
	default: /* b y q u: all travel as int through varargs */
		return b->f.message_append(m, p->type, (unsigned int)p->u);
	}
}

static int append_properties(struct bus *b, sd_bus_message *m, const struct unit_properties *p)
{
	int ret = b->f.message_open_container(m, 'a', "(sv)");

	for (size_t i = 0; ret >= 0 && i < p->n; i++) {
		const struct unit_property *v = &p->v[i];

		if ((ret = b->f.message_open_container(m, 'r', "sv")) < 0 ||
		    (ret = b->f.message_append(m, "s", v->name)) < 0 ||
		    (ret = b->f.message_open_container(m, 'v', v->type)) < 0 ||
		    (ret = append_value(b, m, v)) < 0 ||
		    (ret = b->f.message_close_container(m)) < 0)
			break;
		ret = b->f.message_close_container(m);
	}
	return ret < 0 ? ret : b->f.message_close_container(m);
}

/* ---- jobs ---- */

static int on_job_removed(sd_bus_message *m, void *arg, sd_bus_error *error)
{
	struct bus *b = arg;
	const char *path, *unit, *result;
	size_t slot = b->n_removed % ARRAY_SIZE(b->jobs);
	uint32_t id;

	(void)error;
	if (b->f.message_read(m, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	/* the host's other jobs come too; the last few are enough, since ours is looked for after each */
	snprintf(b->jobs[slot], sizeof(b->jobs[slot]), "%s", path);
	snprintf(b->results[slot], sizeof(b->results[slot]), "%s", result);
	b->n_removed++;
	return 0;
}

static int watch_jobs(struct bus *b, struct pf_error *e)
{
	int ret = b->f.match_signal(b->sd, NULL, SYSTEMD, SYSTEMD_PATH, MANAGER, "JobRemoved",
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
		int ret = b->f.process(b->sd, NULL);

		if (ret == 0 && now_us() >= deadline)
			return pf_fail_sys(e, ETIMEDOUT,
					   "systemd: %s: the job did not end within 30 seconds",
					   what);
		if (ret == 0)
			ret = b->f.wait(b->sd, deadline - now_us());
		if (ret < 0 && ret != -EINTR)
			return pf_fail_sys(e, ret, "systemd: %s", what);
	}
	if (strcmp(result, "done") != 0 && strcmp(result, "skipped") != 0)
		return pf_fail(e, PF_ERR_SYS, EIO, "systemd: %s: the job ended as `%s'", what,
			       result);
	return 0;
}

/* ---- start ---- */

static int call_start(struct bus *b, const struct cgroup *cg, const struct unit_properties *p,
		      sd_bus_error *error, char job[static 64])
{
	sd_bus_message *m = NULL, *reply = NULL;
	const char *path;
	int ret;

	ret = b->f.message_new_method_call(b->sd, &m, SYSTEMD, SYSTEMD_PATH, MANAGER,
					   "StartTransientUnit");
	if (ret >= 0)
		ret = b->f.message_append(m, "ss", cg->unit, "replace");
	if (ret >= 0)
		ret = append_properties(b, m, p);
	if (ret >= 0)
		ret = b->f.message_append(m, "a(sa(sv))", 0);
	if (ret >= 0)
		ret = b->f.call(b->sd, m, 0, error, &reply);
	if (ret >= 0)
		ret = b->f.message_read(reply, "o", &path);
	if (ret >= 0)
		snprintf(job, 64, "%s", path);
	b->f.message_unref(reply);
	b->f.message_unref(m);
	return ret;
}

static void reset_failed(struct bus *b, const char *unit)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;

	(void)b->f.call_method(b->sd, SYSTEMD, SYSTEMD_PATH, MANAGER, "ResetFailedUnit", &error,
			       NULL, "s", unit);
	b->f.error_free(&error);
}

static int start_scope(struct bus *b, const struct cgroup *cg, const struct unit_properties *p,
		       struct pf_error *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char job[64], what[300];
	int ret;

	snprintf(what, sizeof(what), "start scope `%s'", cg->unit);
	ret = call_start(b, cg, p, &error, job);
	/* a scope of that name that failed long ago is still in the way until somebody resets it */
	if (ret < 0 && error.name && strcmp(error.name, SYSTEMD ".UnitExists") == 0) {
		b->f.error_free(&error);
		reset_failed(b, cg->unit);
		ret = call_start(b, cg, p, &error, job);
	}
	if (ret < 0)
		return bus_fail(b, ret, &error, what, e);
	return wait_job(b, job, what, e);
}

static int read_group(struct bus *b, const struct cgroup *cg, char *ret_path, size_t size,
		      struct pf_error *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	char *object = NULL, *path = NULL;
	int ret = b->f.path_encode(SYSTEMD_PATH "/unit", cg->unit, &object);

	if (ret >= 0)
		ret = b->f.get_property_string(b->sd, SYSTEMD, object, SYSTEMD ".Scope",
					       "ControlGroup", &error, &path);
	if (ret >= 0)
		ret = path[0] == '/' ? cgroup_copy(ret_path, size, path) : -ENOENT;
	free(object);
	free(path);
	if (ret < 0)
		return bus_fail(b, ret, &error, "the group of the scope (did its process end?)", e);
	return 0;
}

/* The order matters: a later value wins, so config.json's limits come after what an annotation says. */
static int compose(const struct cgroup *cg, const struct oci_config *config, pid_t pid,
		   struct unit_properties *p, struct pf_error *e)
{
	const struct oci_resources *r = &config->linux_.resources;

	properties_of_scope(cg, pid, p);
	STEP(properties_of_annotations(config, p, e));
	STEP(properties_of_resources(r, cgroup_is_unified(cg), p, e));
	if (!cgroup_is_unified(cg) && !cg->rootless) {
		auto_devices rules = { 0 };

		STEP(devices_compose(r, &rules, e));
		STEP(properties_of_devices(&rules, p, e));
	}
	return p->failed ? pf_fail_sys(e, ENOMEM, "properties of scope `%s'", cg->unit) : 0;
}

int cgroup_systemd_start(const struct cgroup *cg, const struct oci_config *config, pid_t pid,
			 char *ret_path, size_t size, struct pf_error *e)
{
	auto_properties properties = { 0 };
	auto_bus bus = { .sd = NULL };

	STEP(compose(cg, config, pid, &properties, e));
	STEP(bus_open(cg, &bus, e));
	STEP(watch_jobs(&bus, e));
	STEP(start_scope(&bus, cg, &properties, e));
	return read_group(&bus, cg, ret_path, size, e);
}

/* ---- update and stop ---- */

int cgroup_systemd_update(const struct cgroup *cg, const struct oci_resources *r,
			  struct pf_error *e)
{
	auto_properties properties = { 0 };
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *m = NULL;
	auto_bus bus = { .sd = NULL };
	int ret;

	STEP(properties_of_resources(r, cgroup_is_unified(cg), &properties, e));
	if (properties.failed)
		return pf_fail_sys(e, ENOMEM, "properties of scope `%s'", cg->unit);
	if (properties.n == 0)
		return 0;
	STEP(bus_open(cg, &bus, e));
	ret = bus.f.message_new_method_call(bus.sd, &m, SYSTEMD, SYSTEMD_PATH, MANAGER,
					    "SetUnitProperties");
	if (ret >= 0)
		ret = bus.f.message_append(m, "sb", cg->unit, 1);
	if (ret >= 0)
		ret = append_properties(&bus, m, &properties);
	if (ret >= 0)
		ret = bus.f.call(bus.sd, m, 0, &error, NULL);
	bus.f.message_unref(m);
	return ret < 0 ? bus_fail(&bus, ret, &error, "change the scope's properties", e) : 0;
}

int cgroup_systemd_stop(const struct cgroup *cg, struct pf_error *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	auto_bus bus = { .sd = NULL };
	char job[64] = "", what[300];
	const char *path;
	int ret;

	snprintf(what, sizeof(what), "stop scope `%s'", cg->unit);
	STEP(bus_open(cg, &bus, e));
	STEP(watch_jobs(&bus, e));
	ret = bus.f.call_method(bus.sd, SYSTEMD, SYSTEMD_PATH, MANAGER, "StopUnit", &error, &reply,
				"ss", cg->unit, "replace");
	if (ret >= 0 && (ret = bus.f.message_read(reply, "o", &path)) >= 0)
		snprintf(job, sizeof(job), "%s", path);
	bus.f.message_unref(reply);
	if (ret < 0 && error.name && strcmp(error.name, SYSTEMD ".NoSuchUnit") == 0) {
		bus.f.error_free(&error); /* it went with its last process */
		return 0;
	}
	if (ret < 0)
		return bus_fail(&bus, ret, &error, what, e);
	ret = wait_job(&bus, job, what, e);
	reset_failed(&bus, cg->unit);
	return ret;
}
