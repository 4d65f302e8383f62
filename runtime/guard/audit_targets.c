/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bundle, and a container of ours. Its policy is told as far as it was recorded, or as create would decide it; a policy
 * that refuses the container is a line of the report and no reason to look away.
 */
#include <config.h>

#include "runtime/guard/audit_targets.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "runtime/guard/policy_load.h"
#include "runtime/state.h"

int audit_read_config(int dir_fd, struct oci_config *ret, struct pf_error *e)
{
	auto_free char *text = NULL;
	size_t len;

	STEP(pf_read_file_at(dir_fd, "config.json", JSON_MAX_BYTES, &text, &len, e));
	return oci_config_parse(text, len, ret, e);
}

static void note_policy(struct audit *a, struct audit_container *c, const struct policy *policy)
{
	if (!policy->any)
		audit_note(c, "policy: none; nothing is kept from the workload");
	else
		audit_note(c, audit_printf(a, "policy: %s%s%s",
					   policy->profile ? "profile " : "in force",
					   policy->profile ? policy->profile : "",
					   policy->confined ? ", confined" : ""));
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* What create would say to it. */
static int look_with_policy(struct audit *a, struct audit_container *c, struct audit_task *task,
			    const struct policy *policy, struct pf_error *e)
{
	struct audit_lists lists = { .egress = { .present = false } };
	int ret;

	audit_lists_planned(a, policy, &lists);
	task->lists = &lists;
	ret = audit_look(a, c, task, e);
	task->lists = NULL;
	audit_lists_free(&lists);
	STEP(ret);
	c->confined = policy->confined;
	note_policy(a, c, policy);
	audit_verdicts_planned(a, c, policy);
	return 0;
}

static int look_at_bundle(struct audit *a, const struct audit_targets *t, const char *path,
			  const struct oci_config *config, struct pf_error *e)
{
	struct audit_task task = { .host = &t->host, .limits = t->limits, .config = config };
	struct audit_container *c = audit_container_new(a);
	struct policy policy = { .any = false };
	struct pf_error why = PF_ERROR_INIT;
	int ret;

	if (!c)
		return pf_fail_sys(e, ENOMEM, "audit");
	c->runtime = "bundle";
	c->status = "not created";
	c->bundle = audit_printf(a, "%s", path);
	c->id = audit_printf(a, "%s", base_name(path));
	if (policy_load(config, t->rt->policy_option, t->rt->rootless, &policy, &why) < 0) {
		STEP(audit_look(a, c, &task, e));
		audit_note(c,
			   audit_printf(a, "policy: create refuses this container: %s", why.msg));
		return 0;
	}
	ret = look_with_policy(a, c, &task, &policy, e);
	policy_free(&policy);
	return ret;
}

int audit_target_bundle(struct audit *a, const struct audit_targets *t, const char *bundle,
			struct pf_error *e)
{
	auto_fd dir = -EBADF;
	struct oci_config config;
	char path[PATH_MAX];
	int ret;

	STEP(pf_open_host(bundle, O_PATH | O_DIRECTORY, &dir, e));
	if (!realpath(bundle, path))
		return pf_fail_sys(e, errno, "resolve the bundle `%s'", bundle);
	ret = audit_read_config(dir, &config, e);
	if (ret < 0)
		return pf_wrap(e, "bundle `%s'", path);
	ret = look_at_bundle(a, t, path, &config, e);
	oci_config_free(&config);
	return ret < 0 ? pf_wrap(e, "bundle `%s'", path) : 0;
}

/* ---- ours */

static int look_at_state(struct audit *a, const struct audit_targets *t, const struct state *s,
			 struct audit_container *c, struct pf_error *e)
{
	struct audit_task task = { .host = &t->host,
				   .limits = t->limits,
				   .start_time = s->start_time };
	enum status status = state_status(s);
	struct audit_lists lists = { .egress = { .present = false } };
	struct oci_config config;
	struct pf_error why = PF_ERROR_INIT;
	int ret;

	c->bundle = audit_printf(a, "%s", s->bundle);
	c->status = status_name(status);
	c->confined = s->confined;
	c->name = audit_engine_name(a, &s->annotations);
	if (status != STATUS_STOPPED)
		c->pid = s->pid;
	task.created = status == STATUS_CREATED;
	if (audit_read_config(s->dir_fd, &config, &why) == 0)
		task.config = &config;
	else
		audit_note(c, audit_printf(a, "its config.json cannot be read: %s", why.msg));
	if (!s->confined)
		audit_note(c, "not confined");
	audit_lists_recorded(a, c, s->dir_fd, &lists);
	task.lists = &lists;
	ret = audit_look(a, c, &task, e);
	audit_lists_free(&lists);
	if (ret == 0)
		audit_verdicts_recorded(a, c, s->dir_fd);
	if (task.config)
		oci_config_free(&config);
	return ret;
}

int audit_target_state(struct audit *a, const struct audit_targets *t,
		       const struct audit_record *where, struct audit_container *c,
		       struct pf_error *e)
{
	struct state s;
	int ret;

	STEP(state_load(where->root_fd, where->id, &s, e));
	ret = look_at_state(a, t, &s, c, e);
	state_free(&s);
	return ret;
}

int audit_target_id(struct audit *a, const struct audit_targets *t, const char *id,
		    struct pf_error *e)
{
	struct audit_record where = { .id = id };
	struct audit_container *c;
	int ret;

	STEP(runtime_open_root(t->rt, false, e));
	where.root_fd = t->rt->root_fd;
	c = audit_container_new(a);
	if (!c)
		return pf_fail_sys(e, ENOMEM, "audit");
	c->id = audit_printf(a, "%s", id);
	c->runtime = "pinfold";
	c->record = audit_printf(a, "%s/%s", t->rt->root_path, id);
	ret = audit_target_state(a, t, &where, c, e);
	return ret < 0 ? pf_wrap(e, "audit of `%s'", id) : 0;
}
