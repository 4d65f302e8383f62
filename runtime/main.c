/* SPDX-License-Identifier: Apache-2.0 */
/* pinfold: the program. Global options, the table of commands, and the one place where an error is printed. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/log.h"
#include "config/oci.h"
#include "runtime/cli.h"
#include "runtime/container.h"
#include "runtime/runtime.h"

const struct command commands[] = {
	{ "create", "[OPTIONS] ID", "prepare a container and wait for start", 1, 1, cmd_create,
	  false },
	{ "start", "ID", "run the program of a created container", 1, 1, cmd_start, false },
	{ "run", "[OPTIONS] ID", "create and start, and wait for the end unless detached", 1, 1,
	  cmd_run, false },
	{ "exec", "[OPTIONS] ID [COMMAND ...]", "run another process in a container", 1, -1,
	  cmd_exec, false },
	{ "kill", "[OPTIONS] ID [SIGNAL]", "send a signal to a container's init (default TERM)", 1,
	  2, cmd_kill, false },
	{ "delete", "[OPTIONS] ID", "remove a stopped container and what it held", 1, 1, cmd_delete,
	  false },
	{ "state", "ID", "print the OCI state as JSON", 1, 1, cmd_state, false },
	{ "list", "[OPTIONS]", "list containers", 0, 0, cmd_list, false },
	{ "ps", "[OPTIONS] ID [PS OPTIONS ...]", "list the processes of a container", 1, -1, cmd_ps,
	  false },
	{ "pause", "ID", "freeze a container's processes", 1, 1, cmd_pause, false },
	{ "resume", "ID", "thaw them", 1, 1, cmd_resume, false },
	{ "update", "[OPTIONS] ID", "change a container's limits", 1, 1, cmd_update, false },
	{ "spec", "[OPTIONS]", "write a config.json to start from", 0, 0, cmd_spec, false },
	{ "features", "", "print what this runtime can do, as JSON", 0, 0, cmd_features, false },
	{ "explain", "[OPTIONS] [ID] [KEY]",
	  "the effective policy: entries, origin, expansion, covers", 0, 2, cmd_explain, true },
	{ "posture", "[OPTIONS] ID", "what is active around a container, and what its probes tried",
	  1, 1, cmd_posture, true },
	{ "log", "[OPTIONS] ID", "the events of a container", 0, 1, cmd_log, true },
	{ "policy", "check FILE", "check a node policy or a profile", 2, 2, cmd_policy, true },
	{ "credentials", "[OPTIONS]", "list the kinds of credentials that are known", 0, 0,
	  cmd_credentials, true },
	{ "audit", "[OPTIONS] [ID]",
	  "which credentials are in a container, who reads them, where they can go", 0, 1,
	  cmd_audit, true },
	{ "doctor", "[OPTIONS]", "what this host can enforce, with the cure for each gap", 0, 0,
	  cmd_doctor, true },
	{ NULL, NULL, NULL, 0, 0, NULL, false },
};

struct globals {
	const char *root, *log, *log_format, *log_level, *manager, *rootless, *policy,
		*landlock_abi;
	bool debug, systemd_cgroup, version, list_commands, list_steps;
};

static int print_version(struct pf_error *e)
{
	auto_buf b = { 0 };

	pf_buf_printf(&b, "pinfold version %s\nspec: %s\n", PACKAGE_VERSION, OCI_VERSION);
	return print_buf(&b, e);
}

static int print_names(bool steps, struct pf_error *e)
{
	auto_buf b = { 0 };

	for (const struct command *c = commands; !steps && c->name; c++)
		pf_buf_printf(&b, "%s\n", c->name);
	for (const struct container_step *s = create_steps; steps && s->name; s++)
		pf_buf_printf(&b, "%s\n", s->name);
	return print_buf(&b, e);
}

static int open_log(const struct globals *g, struct pf_error *e)
{
	enum pf_log_format format = PF_LOG_TEXT;
	enum pf_log_level min = g->debug ? PF_LOG_DEBUG : PF_LOG_WARNING;
	const char *path = g->log;

	if (g->log_format && strcmp(g->log_format, "json") == 0)
		format = PF_LOG_JSON;
	else if (g->log_format && strcmp(g->log_format, "text") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "--log-format: `%s' is neither text nor json",
			       g->log_format);
	if (g->log_level && strcmp(g->log_level, "error") == 0)
		min = PF_LOG_ERROR;
	else if (g->log_level && strcmp(g->log_level, "debug") == 0)
		min = PF_LOG_DEBUG;
	if (path && strncmp(path, "file:", 5) == 0)
		path += 5;
	return pf_log_open(path && path[0] ? path : NULL, format, min, e);
}

static int set_manager(const struct globals *g, struct runtime *rt, struct pf_error *e)
{
	const char *m = g->systemd_cgroup ? "systemd" : g->manager ? g->manager : "cgroupfs";

	if (strcmp(m, "cgroupfs") == 0)
		rt->cgroup_manager = CGROUP_MANAGER_CGROUPFS;
	else if (strcmp(m, "systemd") == 0)
		rt->cgroup_manager = CGROUP_MANAGER_SYSTEMD;
	else if (strcmp(m, "disabled") == 0)
		rt->cgroup_manager = CGROUP_MANAGER_DISABLED;
	else
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "--cgroup-manager: `%s' is none of cgroupfs, systemd, disabled", m);
	return 0;
}

static int set_rootless(const struct globals *g, struct runtime *rt, struct pf_error *e)
{
	const char *r = g->rootless ? g->rootless : "auto";

	if (strcmp(r, "auto") == 0)
		rt->rootless = !rt->host.privileged;
	else if (strcmp(r, "true") == 0 || strcmp(r, "false") == 0)
		rt->rootless = r[0] == 't';
	else
		return pf_fail(e, PF_ERR_CONFIG, 0, "--rootless: `%s' is none of true, false, auto",
			       r);
	return 0;
}

static int force_abi(const struct globals *g, struct pf_error *e)
{
#ifdef ENABLE_TEST_HOOKS
	if (g->landlock_abi)
		host_force_landlock_abi(atoi(g->landlock_abi));
#else
	if (g->landlock_abi)
		return pf_fail(e, PF_ERR_CONFIG, 0, "--landlock-abi exists in test builds only");
#endif
	(void)e;
	return 0;
}

int runtime_open_root(struct runtime *rt, bool make, struct pf_error *e)
{
	if (rt->root_fd >= 0)
		return 0;
	return state_root_open(rt->root_option, rt->rootless, make, &rt->root_fd, rt->root_path,
			       sizeof(rt->root_path), e);
}

static int run_command(const struct globals *g, struct runtime *rt, struct cli *cli,
		       struct pf_error *e)
{
	const char *name = cli->argv[0];

	for (const struct command *c = commands; c->name; c++) {
		if (strcmp(c->name, name) != 0)
			continue;
		cli->command = c;
		cli->argc--;
		cli->argv++;
		STEP(force_abi(g, e));
		STEP(set_manager(g, rt, e));
		STEP(host_probe(&rt->host, e));
		STEP(set_rootless(g, rt, e));
		return c->run(rt, cli, e);
	}
	return pf_fail(e, PF_ERR_CONFIG, 0, "unknown command `%s' (--help lists them)", name);
}

static int parse_and_run(struct globals *g, struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const struct cli_option options[] = {
		{ "root", 0, CLI_TEXT, &g->root, "DIR", "where the state of containers is kept" },
		{ "log", 0, CLI_TEXT, &g->log, "FILE", "append the log to FILE instead of stderr" },
		{ "log-format", 0, CLI_TEXT, &g->log_format, "text|json", "form of the log" },
		{ "log-level", 0, CLI_TEXT, &g->log_level, "LEVEL", "debug, warning or error" },
		{ "debug", 0, CLI_FLAG, &g->debug, NULL, "log every step" },
		{ "systemd-cgroup", 's', CLI_FLAG, &g->systemd_cgroup, NULL,
		  "same as --cgroup-manager systemd" },
		{ "cgroup-manager", 0, CLI_TEXT, &g->manager, "NAME",
		  "cgroupfs, systemd or disabled" },
		{ "rootless", 0, CLI_TEXT, &g->rootless, "true|false|auto",
		  "behave as for a caller that is not root" },
		{ "policy", 0, CLI_TEXT, &g->policy, "FILE",
		  "node policy; beside /etc/pinfold/policy.json it can only narrow" },
		{ "criu", 0, CLI_TEXT, NULL, "FILE", NULL },
		{ "landlock-abi", 0, CLI_TEXT, &g->landlock_abi, "N", NULL },
		{ "list-commands", 0, CLI_FLAG, &g->list_commands, NULL, NULL },
		{ "list-steps", 0, CLI_FLAG, &g->list_steps, NULL, NULL },
		{ "version", 'v', CLI_FLAG, &g->version, NULL, "print the version" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	if (g->version)
		return print_version(e);
	if (g->list_commands || g->list_steps)
		return print_names(g->list_steps, e);
	STEP(open_log(g, e));
	rt->root_option = g->root;
	rt->policy_option = g->policy;
	if (cli->argc == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "a command is missing (--help lists them)");
	return run_command(g, rt, cli, e);
}

static int failure_status(const struct command *c, const struct pf_error *e)
{
	if (c && c->own_exit_status)
		return pf_err_exit_status(e->kind);
	/* An engine must tell our failure from the process's own status. */
	return c && strcmp(c->name, "exec") == 0 ? 255 : 1;
}

int main(int argc, char **argv)
{
	struct pf_error error = PF_ERROR_INIT;
	struct globals g = { 0 };
	struct runtime rt = { .root_fd = -EBADF };
	struct cli cli = { argc - 1, argv + 1, NULL };
	int ret = parse_and_run(&g, &rt, &cli, &error);

	if (ret >= 0)
		return ret;
	pf_log_error(&error);
	return failure_status(cli.command, &error);
}
