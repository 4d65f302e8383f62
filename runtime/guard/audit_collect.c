/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One container, looked at: its tree, its variables, its ways out. A process that runs is asked itself; one that has not
 * started yet, or has ended, is known by its config.json and its bundle.
 */
#include <config.h>

#include "runtime/guard/audit_collect.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/cleanup.h"

/* What an engine mounts for itself: they are written by it, and hold nothing that a workload could want to carry. */
static bool is_engine_mount(const char *path)
{
	static const char *const paths[] = {
		"/etc/hosts",  "/etc/hostname",          "/etc/resolv.conf",
		"/dev/shm",    "/run/.containerenv",     "/dev/termination-log",
		"/dev/mqueue", "/var/run/.containerenv",
	};

	for (size_t i = 0; i < ARRAY_SIZE(paths); i++)
		if (strcmp(path, paths[i]) == 0)
			return true;
	return false;
}

static const struct oci_mount *config_mount(const struct oci_config *config, const char *path)
{
	for (size_t i = config ? config->n_mounts : 0; i-- > 0;)
		if (strcmp(config->mounts[i].destination, path) == 0)
			return &config->mounts[i];
	return NULL;
}

/* A fresh tmpfs is nobody else's. Without config.json, or of a mount that a hook made, the file system's name decides. */
static bool is_of_host(const struct view_mount *m, const struct oci_mount *asked)
{
	if (!m->outside || strncmp(m->path, "/proc/", 6) == 0 || strncmp(m->path, "/sys/", 5) == 0)
		return false;
	if (asked)
		return asked->kind == OCI_FS_BIND || asked->kind == OCI_FS_OTHER;
	return !m->fs || strcmp(m->fs, "tmpfs") != 0 || (m->source && strcmp(m->source, "/") != 0);
}

static const char *host_dir(const struct audit_host *h, const struct audit_volume *v)
{
	for (size_t i = 0; i < AUDIT_HOST_DIRS; i++)
		if (h->dirs[i].ino && h->dirs[i].ino == v->ino && h->dirs[i].dev == v->dev)
			return h->dirs[i].path;
	return NULL;
}

static void add_mount_way(struct audit *a, struct audit_container *c, const struct audit_host *h,
			  const struct audit_volume *v)
{
	struct audit_way way = { .kind = AUDIT_WAY_MOUNT, .open = true, .what = v->path };
	const char *dir = host_dir(h, v);

	way.host = dir != NULL;
	if (dir)
		way.why = audit_printf(
			a, "writable: the host's own `%s', which decides what the host runs", dir);
	else
		way.why = audit_printf(a, "writable: `%s' of the host",
				       v->source ? v->source : "a directory");
	audit_way_add(a, c, &way);
}

/*
 * A file system that a user serves (FUSE) could let every question hang. One that config.json binds is of the host, and
 * told without a question; another is the container's own.
 */
static bool is_served(struct audit *a, struct audit_container *c, const struct view_mount *m,
		      const struct oci_mount *asked)
{
	const struct audit_way way = {
		.kind = AUDIT_WAY_MOUNT,
		.open = true,
		.what = m->path,
		.why = "writable: a file system of the host that a user serves"
	};

	if (!m->fs || strncmp(m->fs, "fuse", 4) != 0)
		return false;
	if (asked && m->writable)
		audit_way_add(a, c, &way);
	return true;
}

static void add_volume(struct audit *a, struct audit_container *c, const struct audit_task *task,
		       const struct view_mount *m)
{
	const struct oci_mount *asked = config_mount(task->config, m->path);
	struct audit_volume v = { .path = m->path, .writable = m->writable };
	auto_fd fd = -EBADF;
	struct view_file file;

	if (m->kernel || m->cover || is_served(a, c, m, asked) ||
	    view_open(&c->view, m->path, O_PATH, &fd) < 0 ||
	    view_stat(&c->view, fd, m->path, &file) < 0)
		return;
	if (!S_ISDIR(file.mode) && !S_ISREG(file.mode))
		return; /* a device that a runtime mounts, a masked path; sockets are credentials */
	v.dev = file.id.dev;
	v.ino = file.id.ino;
	v.host = is_of_host(m, asked);
	v.source = asked && asked->source && asked->source[0] == '/' ? asked->source : m->source;
	v.root = c->pid ? m->source : NULL;
	v.source = v.source ? audit_printf(a, "%s", v.source) : NULL;
	if (!v.host && strcmp(m->path, "/") != 0)
		return;
	audit_volume_add(a, c, &v);
	if (v.host && v.writable && !is_engine_mount(v.path))
		add_mount_way(a, c, task->host, &v);
}

void audit_volumes(struct audit *a, struct audit_container *c, const struct audit_task *task)
{
	for (size_t i = 0; i < c->view.n_mounts; i++)
		add_volume(a, c, task, &c->view.mounts[i]);
}

/* ---- scans */

static const char *home_of(const struct oci_strings *env)
{
	for (size_t i = 0; i < env->n; i++)
		if (strncmp(env->v[i], "HOME=/", 6) == 0)
			return env->v[i] + 5;
	return NULL;
}

static int scan_hooks(struct audit *a, struct audit_container *c, const struct oci_hooks *hooks,
		      struct pf_error *e)
{
	for (size_t i = 0; i < hooks->n; i++) {
		const char *of = audit_printf(a, "startContainer hook %zu", i);

		STEP(scan_environment(a->catalogue, &hooks->v[i].env, of, &c->inventory, e));
		audit_redirects(a, c, &hooks->v[i].env, of);
		STEP(scan_arguments(a->catalogue, &hooks->v[i].args, of, &c->inventory, e));
	}
	return 0;
}

/* What runs is asked itself; what waits or is stopped has its variables in config.json. */
static int scan_variables(struct audit *a, struct audit_container *c, const struct audit_task *task,
			  struct pf_error *e)
{
	const struct oci_config *config = task->config;

	if (c->pid && !task->created)
		return audit_environments(a, c, task, e);
	if (!config || !config->process.present)
		return 0;
	STEP(scan_environment(a->catalogue, &config->process.env, "process", &c->inventory, e));
	STEP(scan_arguments(a->catalogue, &config->process.args, "process", &c->inventory, e));
	audit_redirects(a, c, &config->process.env, "process");
	return scan_hooks(a, c, &config->start_container, e);
}

static int scan(struct audit *a, struct audit_container *c, const struct audit_task *task,
		struct pf_error *e)
{
	const struct oci_process *process = task->config ? &task->config->process : NULL;
	const struct scan_names names = {
		.catalogue = a->catalogue,
		.view = &c->view,
		.env = process ? &process->env : NULL,
		.home = process ? home_of(&process->env) : NULL,
		.cwd = process ? process->cwd : NULL,
		/* the kernel tells of a mount from its file system on: of /home on a disk of its own no `home' */
		.config = task->config,
	};

	STEP(scan_variables(a, c, task, e));
	STEP(scan_names(&names, &c->inventory, e));
	inventory_drop_empty(&c->inventory);
	STEP(scan_lines(a->catalogue, &c->view, &c->inventory, e));
	if (task->limits)
		STEP(scan_deep(a->catalogue, &c->view, task->limits, &c->inventory, e));
	return 0;
}

/* ---- a process, or a bundle */

static void read_caps(struct audit_container *c, const struct audit_task *task)
{
	auto_free char *status = NULL;
	const char *line;

	if (task->config && (c->pid == 0 || task->created)) {
		c->caps = task->config->process.has_capabilities
				  ? task->config->process.caps[OCI_CAP_EFFECTIVE]
				  : 0;
		return;
	}
	if (audit_read_proc(task->host->proc_fd, c->pid, "status", 1 << 16, &status, NULL) < 0)
		return;
	line = strstr(status, "\nCapEff:");
	if (line)
		c->caps = strtoull(line + 8, NULL, 16);
}

static void plan_namespaces(struct audit_container *c, const struct oci_config *config)
{
	static const enum oci_ns from[AUDIT_NS_COUNT_] = {
		[AUDIT_NS_NET] = OCI_NS_NETWORK, [AUDIT_NS_PID] = OCI_NS_PID,
		[AUDIT_NS_IPC] = OCI_NS_IPC,     [AUDIT_NS_MNT] = OCI_NS_MOUNT,
		[AUDIT_NS_USER] = OCI_NS_USER,
	};

	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		const struct oci_namespace *asked = &config->linux_.ns[from[ns]];
		struct stat st;

		c->ns[ns].host = !asked->present;
		if (asked->present && asked->path && stat(asked->path, &st) == 0)
			c->ns[ns].ino = st.st_ino;
	}
}

static int look_at_process(struct audit_container *c, const struct audit_task *task,
			   struct pf_error *e)
{
	STEP(audit_namespaces(task->host, c, e));
	if (c->ns[AUDIT_NS_MNT].host)
		return pf_fail(
			e, PF_ERR_SYS, 0,
			"process %d, which its record names, is in no container: it sees the host's files",
			(int)c->pid);
	STEP(view_of_process(c->pid, &c->view, e));
	if (task->created && task->config)
		view_set_user(&c->view, task->config);
	return 0;
}

static int look_at_bundle(struct audit_container *c, const struct audit_task *task,
			  struct pf_error *e)
{
	if (!task->config)
		return pf_fail(e, PF_ERR_SYS, 0,
			       "it has no process, and its config.json cannot be read");
	plan_namespaces(c, task->config);
	return view_of_bundle(task->config, c->bundle ? c->bundle : "/", &c->view, e);
}

int audit_look(struct audit *a, struct audit_container *c, const struct audit_task *task,
	       struct pf_error *e)
{
	if (task->config && task->config->process.terminal)
		c->terminal = true;
	STEP(c->pid ? look_at_process(c, task, e) : look_at_bundle(c, task, e));
	read_caps(c, task);
	audit_volumes(a, c, task);
	audit_network(a, c, task);
	audit_output(a, c, task->host);
	audit_privileges(a, c, task);
	STEP(scan(a, c, task, e));
	if (c->pid && !audit_process_is(c->pid, task->start_time))
		return pf_fail(e, PF_ERR_SYS, ESRCH,
			       "process %d ended while it was looked at: run the audit again",
			       (int)c->pid);
	c->looked_at = true;
	return 0;
}
