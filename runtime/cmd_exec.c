/* SPDX-License-Identifier: Apache-2.0 */
/* exec: the process from a file (engines), or from flags over the container's own process (people). */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/cli.h"
#include "runtime/container.h"
#include "runtime/exec.h"

struct exec_flags {
	struct exec_options o;
	const char *process, *cwd, *user, *apparmor, *label;
	bool tty, no_new_privs;
	struct cli_list env, caps, gids;
};

static int parse(struct cli *cli, struct exec_flags *f, struct pf_error *e)
{
	const struct cli_option options[] = {
		{ "process", 'p', CLI_TEXT, &f->process, "FILE", "the process as JSON" },
		{ "console-socket", 0, CLI_TEXT, &f->o.console_socket, "PATH",
		  "unix socket that gets the terminal" },
		{ "pidfd-socket", 0, CLI_TEXT, &f->o.pidfd_socket, "PATH",
		  "unix socket that gets a pidfd" },
		{ "pid-file", 0, CLI_TEXT, &f->o.pid_file, "FILE", "write the pid here" },
		{ "cwd", 0, CLI_TEXT, &f->cwd, "DIR", "working directory" },
		{ "env", 'e', CLI_LIST, &f->env, "NAME=VALUE", "add to the environment" },
		{ "tty", 't', CLI_FLAG, &f->tty, NULL, "with a terminal" },
		{ "user", 'u', CLI_TEXT, &f->user, "UID[:GID]", "as this user, by number" },
		{ "additional-gids", 'g', CLI_LIST, &f->gids, "GID", "supplementary group" },
		{ "detach", 'd', CLI_FLAG, &f->o.detach, NULL, "do not wait for the end" },
		{ "process-label", 0, CLI_TEXT, &f->label, "LABEL", "SELinux label" },
		{ "apparmor", 0, CLI_TEXT, &f->apparmor, "PROFILE", "AppArmor profile" },
		{ "no-new-privs", 0, CLI_FLAG, &f->no_new_privs, NULL, "set no_new_privs" },
		{ "cap", 'c', CLI_LIST, &f->caps, "CAP", "add a capability" },
		{ "preserve-fds", 0, CLI_UINT, &f->o.preserve_fds, "N", "pass fds 3 .. 2+N on" },
		{ "cgroup", 0, CLI_TEXT, &f->o.cgroup, "[CTRL:]PATH",
		  "join a sub-group of the container's" },
		{ "ignore-paused", 0, CLI_FLAG, &f->o.ignore_paused, NULL,
		  "also in a paused container" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};

	return cli_parse(cli, options, e);
}

/* Digits only, whole, in range: a name is never looked up in the container's passwd (CVE-2016-3697), and no prefix of
 * the text counts as the number (CVE-2026-30892). */
static int parse_id(const char *text, size_t len, uint32_t *ret)
{
	uint64_t v = 0;

	if (len == 0 || len > 10)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return -EINVAL;
		v = v * 10 + (uint64_t)(text[i] - '0');
	}
	if (v > UINT32_MAX - 1)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

static int set_user(struct oci_process *p, const char *user, struct pf_error *e)
{
	const char *colon = strchr(user, ':');
	size_t n = colon ? (size_t)(colon - user) : strlen(user);

	p->user.gid = 0;
	if (parse_id(user, n, &p->user.uid) < 0 ||
	    (colon && parse_id(colon + 1, strlen(colon + 1), &p->user.gid) < 0))
		return pf_fail(e, PF_ERR_CONFIG, 0, "--user: `%s' is not UID or UID:GID in numbers",
			       user);
	/* Another user does not inherit the groups of the container's. */
	p->user.n_additional_gids = 0;
	return 0;
}

static int set_gids(struct oci_config *c, const struct cli_list *gids, struct pf_error *e)
{
	struct oci_user *u = &c->process.user;
	uint32_t *v = json_alloc(c->doc, (u->n_additional_gids + gids->n + 1) * sizeof(*v));

	if (!v)
		return pf_fail_sys(e, ENOMEM, "--additional-gids");
	for (size_t i = 0; i < u->n_additional_gids; i++)
		v[i] = u->additional_gids[i];
	u->additional_gids = v;
	for (size_t i = 0; i < gids->n; i++)
		if (parse_id(gids->v[i], strlen(gids->v[i]), &v[u->n_additional_gids++]) < 0)
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "--additional-gids: `%s' is not a number", gids->v[i]);
	return 0;
}

/* They come after those of config.json, so they win. */
static int add_env(struct oci_config *c, const struct cli_list *env, struct pf_error *e)
{
	struct oci_strings *s = &c->process.env;
	char **v = json_alloc(c->doc, (s->n + env->n + 1) * sizeof(*v));

	if (!v)
		return pf_fail_sys(e, ENOMEM, "--env");
	memcpy(v, s->v, s->n * sizeof(*v));
	for (size_t i = 0; i < env->n; i++)
		v[s->n++] = (char *)(uintptr_t)env->v[i];
	v[s->n] = NULL;
	s->v = v;
	return oci_env_settle(s) < 0 ? pf_fail_sys(e, ENOMEM, "--env") : 0;
}

/* Never the inheritable set: what lies in it comes back at every execve of a file that allows it (CVE-2022-29162). */
static void add_caps(struct oci_process *p, const struct cli_list *caps)
{
	for (size_t i = 0; i < caps->n; i++) {
		char name[64];
		int cap;

		snprintf(name, sizeof(name), "%s%s", strncmp(caps->v[i], "CAP_", 4) ? "CAP_" : "",
			 caps->v[i]);
		cap = oci_cap_number(name);
		p->has_capabilities = true;
		if (cap < 0) {
			pf_log(PF_LOG_WARNING, "--cap: unknown capability %s, ignoring",
			       caps->v[i]);
			continue;
		}
		p->caps[OCI_CAP_BOUNDING] |= 1ull << cap;
		p->caps[OCI_CAP_PERMITTED] |= 1ull << cap;
		p->caps[OCI_CAP_EFFECTIVE] |= 1ull << cap;
		/* without this no other user than 0 would keep it over execve(2) */
		p->caps[OCI_CAP_AMBIENT] |= (1ull << cap) & p->caps[OCI_CAP_INHERITABLE];
	}
}

static int apply_flags(struct exec_flags *f, struct cli *cli, struct oci_config *c,
		       struct pf_error *e)
{
	struct oci_process *p = &c->process;

	if (cli->argc < 2)
		return pf_fail(e, PF_ERR_CONFIG, 0, "exec: process args cannot be empty");
	p->args = (struct oci_strings){ cli->argv + 1, (size_t)cli->argc - 1 };
	p->terminal = f->tty;
	p->console_height = p->console_width = 0;
	if (f->cwd)
		p->cwd = f->cwd;
	if (p->cwd[0] != '/')
		return pf_fail(e, PF_ERR_CONFIG, 0, "--cwd: `%s' is not absolute", p->cwd);
	if (f->apparmor)
		p->apparmor_profile = f->apparmor;
	if (f->label)
		p->selinux_label = f->label;
	p->no_new_privileges |= f->no_new_privs;
	if (f->user)
		STEP(set_user(p, f->user, e));
	if (f->gids.n)
		STEP(set_gids(c, &f->gids, e));
	add_caps(p, &f->caps);
	return f->env.n ? add_env(c, &f->env, e) : 0;
}

/* @text outlives its own document in that of the exec; NULL stays NULL. */
static int keep_text(struct json_doc *doc, const char *text, const char **ret, struct pf_error *e)
{
	size_t n = text ? strlen(text) + 1 : 0;
	char *copy = text ? json_alloc(doc, n) : NULL;

	if (text && !copy)
		return pf_fail_sys(e, ENOMEM, "read the CPU affinity of the container");
	*ret = copy ? memcpy(copy, text, n) : NULL;
	return 0;
}

/* A process file without execCPUAffinity has that of the container. */
static int inherit_affinity(const struct state *s, struct oci_config *c, struct pf_error *e)
{
	struct oci_process *p = &c->process;
	struct oci_config of_container = { 0 };
	auto_free char *text = NULL;
	size_t len;
	int ret;

	if (p->cpu_affinity_initial || p->cpu_affinity_final)
		return 0;
	STEP(pf_read_file_at(s->dir_fd, "config.json", JSON_MAX_BYTES, &text, &len, e));
	if (!strstr(text, "execCPUAffinity"))
		return 0;
	STEP(oci_config_parse(text, len, &of_container, e));
	ret = keep_text(c->doc, of_container.process.cpu_affinity_initial, &p->cpu_affinity_initial,
			e);
	if (ret == 0)
		ret = keep_text(c->doc, of_container.process.cpu_affinity_final,
				&p->cpu_affinity_final, e);
	oci_config_free(&of_container);
	return ret;
}

/* The process is born where we run, and gets its final CPUs in the container. */
static int run_on_initial_cpus(const char *list, struct pf_error *e)
{
	uint64_t mask[OCI_CPU_MAX / 64];

	if (!list || oci_cpu_mask(list, mask) < 0) /* the parser has looked at it */
		return 0;
	if (sched_setaffinity(0, sizeof(mask), (const cpu_set_t *)(const void *)mask) < 0)
		return pf_fail_sys(
			e, errno,
			"/process/execCPUAffinity/initial: run on CPUs `%s' (are they online, and in the cpuset of this process?)",
			list);
	return 0;
}

static int read_process(const struct exec_flags *f, const struct state *s, struct oci_config *c,
			struct pf_error *e)
{
	auto_free char *text = NULL;
	auto_fd fd = -EBADF;
	size_t len;
	int ret;

	if (!f->process) {
		STEP(pf_read_file_at(s->dir_fd, "config.json", JSON_MAX_BYTES, &text, &len, e));
		return oci_config_parse(text, len, c, e);
	}
	/* The caller's own file, which may be a pipe: /dev/fd/63 of a shell. */
	fd = open(f->process, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pf_fail_sys(e, errno, "open `%s'", f->process);
	ret = pf_read_all(fd, JSON_MAX_BYTES, &text, &len, e);
	if (ret < 0)
		return pf_wrap(e, "`%s'", f->process);
	ret = oci_process_parse(text, len, c, e);
	return ret < 0 ? pf_wrap(e, "`%s'", f->process) : inherit_affinity(s, c, e);
}

static int check_status(const struct state *s, bool ignore_paused, struct pf_error *e)
{
	switch (state_status(s)) {
	case STATUS_STOPPED:
	case STATUS_CREATING:
		return pf_fail(e, PF_ERR_SYS, 0, "cannot exec in a stopped container");
	case STATUS_PAUSED:
		if (!ignore_paused)
			return pf_fail(
				e, PF_ERR_SYS, 0,
				"cannot exec in a paused container (use --ignore-paused to override)");
		return 0;
	case STATUS_CREATED:
	case STATUS_RUNNING:
		break;
	}
	return 0;
}

static int exec_loaded(struct runtime *rt, struct exec_flags *f, struct cli *cli,
		       const struct state *s, struct pf_error *e)
{
	struct oci_config config = { 0 };
	int ret;

	STEP(check_status(s, f->o.ignore_paused, e));
	ret = read_process(f, s, &config, e);
	if (ret == 0 && !f->process)
		ret = apply_flags(f, cli, &config, e);
	else if (ret == 0 && f->tty)
		config.process.terminal = true;
	if (ret == 0)
		ret = run_on_initial_cpus(config.process.cpu_affinity_initial, e);
	if (ret == 0)
		ret = exec_process(rt, s, &f->o, &config, e);
	oci_config_free(&config);
	return ret;
}

int cmd_exec(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct exec_flags f = { 0 };
	struct state s;
	int ret = parse(cli, &f, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(fds_settle(f.o.preserve_fds, e));
	STEP(runtime_open_root(rt, false, e));
	STEP(state_load(rt->root_fd, cli->argv[0], &s, e));
	ret = exec_loaded(rt, &f, cli, &s, e);
	state_free(&s);
	free(f.env.v);
	free(f.caps.v);
	free(f.gids.v);
	return ret;
}
