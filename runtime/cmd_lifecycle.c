/* SPDX-License-Identifier: Apache-2.0 */
/* create, start, run, delete. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "base/sys.h"
#include "runtime/cli.h"
#include "runtime/console.h"
#include "runtime/container.h"
#include "runtime/guard/events_tell.h"

/* What the caller has open and did not ask us to pass on must reach neither the init nor a hook (CVE-2024-21626). Our
 * own fds come after this, so they cannot fall among those that are passed on: each of these must be open. */
int fds_settle(unsigned int preserve, struct pf_error *e)
{
	int ret;

	for (unsigned int fd = 3; fd < 3 + preserve; fd++)
		if (fcntl((int)fd, F_GETFD) < 0)
			return pf_fail(e, PF_ERR_CONFIG, EBADF, "--preserve-fds %u: fd %u",
				       preserve, fd);
	for (int fd = 0; fd < 3; fd++)
		/* NOLINTNEXTLINE(android-cloexec-open): stdio is the program's too */
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) != fd)
			return pf_fail_sys(e, errno, "open `/dev/null' as fd %d", fd);
	ret = sys_close_range(3 + preserve, ~0u, PF_CLOSE_RANGE_CLOEXEC);
	return ret < 0 ? pf_fail_sys(e, ret, "close_range (Linux 5.11 or later is needed)") : 0;
}

/* Sockets that systemd passes on to services come with their number in the environment. */
static unsigned int listen_fds(void)
{
	const char *n = getenv("LISTEN_FDS"), *pid = getenv("LISTEN_PID");

	if (!n || !pid || atoi(pid) != (int)getpid() || atoi(n) < 0 || atoi(n) > 1024)
		return 0;
	return (unsigned int)atoi(n);
}

static int parse_create(struct cli *cli, struct create_options *o, struct pf_error *e)
{
	const struct cli_option options[] = {
		{ "bundle", 'b', CLI_TEXT, &o->bundle, "DIR",
		  "where config.json is (default: here)" },
		{ "config", 'f', CLI_TEXT, &o->config_file, "FILE", "instead of config.json" },
		{ "console-socket", 0, CLI_TEXT, &o->console_socket, "PATH",
		  "unix socket that gets the terminal" },
		{ "pidfd-socket", 0, CLI_TEXT, &o->pidfd_socket, "PATH",
		  "unix socket that gets a pidfd of the init" },
		{ "pid-file", 0, CLI_TEXT, &o->pid_file, "FILE", "write the init's pid here" },
		{ "no-pivot", 0, CLI_FLAG, &o->no_pivot, NULL,
		  "move the root instead of pivot_root (ramdisks)" },
		{ "no-new-keyring", 0, CLI_FLAG, &o->no_new_keyring, NULL,
		  "keep the caller's session keyring" },
		{ "preserve-fds", 0, CLI_UINT, &o->preserve_fds, "N", "pass fds 3 .. 2+N on" },
		{ "no-subreaper", 0, CLI_FLAG, &o->no_subreaper, NULL, "accepted, no effect" },
		{ "detach", 'd', CLI_FLAG, &o->detach, NULL, "run: do not wait for the end" },
		{ "keep", 0, CLI_FLAG, &o->keep, NULL, "run: keep the state when it ends" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	int ret;

	o->bundle = ".";
	o->console_fd = -EBADF;
	ret = cli_parse(cli, options, e);
	if (ret != CLI_GO)
		return ret;
	o->id = cli->argv[0];
	o->listen_fds = listen_fds();
	o->preserve_fds += o->listen_fds;
	return fds_settle(o->preserve_fds, e);
}

int cmd_create(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct create_options o = { 0 };
	struct container *c;
	int ret = parse_create(cli, &o, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	o.detach = true;
	STEP(runtime_open_root(rt, true, e));
	c = malloc(sizeof(*c));
	if (!c)
		return pf_fail_sys(e, ENOMEM, "create");
	ret = container_create(rt, &o, c, e);
	container_release(c);
	free(c);
	return ret;
}

int cmd_start(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const struct cli_option none[] = { { NULL, 0, CLI_FLAG, NULL, NULL, NULL } };
	int ret = cli_parse(cli, none, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(runtime_open_root(rt, false, e));
	return container_start(rt, cli->argv[0], e);
}

/* A failure to delete must not hide what the container itself said. */
static void delete_quietly(struct runtime *rt, const char *id)
{
	struct pf_error e = PF_ERROR_INIT;

	if (container_delete(rt, id, true, &e) < 0)
		pf_log(PF_LOG_WARNING, "%s, continuing", e.msg);
}

static int run_created(struct runtime *rt, struct container *c, int pair_fd, struct pf_error *e)
{
	const struct create_options *o = c->opt;
	int ret = container_start(rt, o->id, e);

	if (ret == 0 && o->detach)
		return 0;
	if (ret == 0)
		ret = foreground_wait(c->pid, c->pidfd, pair_fd, e);
	if (ret >= 0)
		events_tell_exit(&c->state, ret, NULL);
	if (!o->keep || ret < 0)
		delete_quietly(rt, o->id);
	return ret;
}

static int run_with(struct runtime *rt, struct create_options *o, struct container *c,
		    struct pf_error *e)
{
	auto_fd ours = -EBADF, init = -EBADF;
	int ret;

	if (!o->detach) {
		foreground_block_signals();
		/* Orphans of the container without a pid namespace come to us, not to the host's init. */
		(void)prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	}
	if (!o->detach && !o->console_socket) {
		STEP(foreground_pair(&ours, &init, e));
		o->console_fd = init;
	}
	ret = container_create(rt, o, c, e);
	pf_close_ptr(&init);
	if (ret == 0)
		ret = run_created(rt, c, ours, e);
	container_release(c);
	return ret;
}

int cmd_run(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct create_options o = { 0 };
	struct container *c;
	int ret = parse_create(cli, &o, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(runtime_open_root(rt, true, e));
	c = calloc(1, sizeof(*c));
	if (!c)
		return pf_fail_sys(e, ENOMEM, "run");
	ret = run_with(rt, &o, c, e);
	free(c);
	return ret;
}

int cmd_delete(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	bool force = false;
	const struct cli_option options[] = {
		{ "force", 'f', CLI_FLAG, &force, NULL,
		  "kill it first if it still runs; no error if there is none" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(state_check_id(cli->argv[0], e));
	ret = runtime_open_root(rt, false, e);
	if (ret == -ENOENT && force) {
		*e = (struct pf_error)PF_ERROR_INIT;
		return 0;
	}
	STEP(ret);
	return container_delete(rt, cli->argv[0], force, e);
}
