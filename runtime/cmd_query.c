/* SPDX-License-Identifier: Apache-2.0 */
/* state, list, ps: what is there. They change nothing and ask the kernel for all that can change by itself. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/log.h"
#include "runtime/cli.h"
#include "runtime/container.h"

int cmd_state(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const struct cli_option none[] = { { NULL, 0, CLI_FLAG, NULL, NULL, NULL } };
	auto_buf b = { 0 };
	struct state s;
	int ret = cli_parse(cli, none, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(state_check_id(cli->argv[0], e));
	STEP(runtime_open_root(rt, false, e));
	STEP(state_load(rt->root_fd, cli->argv[0], &s, e));
	state_oci_json(&s, state_status(&s), true, &b);
	state_free(&s);
	return print_buf(&b, e);
}

enum list_form { LIST_TABLE, LIST_JSON, LIST_QUIET };

static void list_one(const struct state *s, enum list_form form, bool first, struct pf_buf *b)
{
	enum status status = state_status(s);
	int pid = status == STATUS_STOPPED ? 0 : (int)s->pid;

	switch (form) {
	case LIST_QUIET:
		pf_buf_printf(b, "%s\n", s->id);
		return;
	case LIST_JSON:
		pf_buf_puts(b, first ? "" : ",");
		pf_buf_printf(
			b,
			"{\"ociVersion\":\"%s\",\"id\":\"%s\",\"pid\":%d,\"status\":\"%s\",\"bundle\":",
			OCI_VERSION, s->id, pid, status_name(status));
		pf_buf_json(b, s->bundle);
		pf_buf_puts(b, ",\"rootfs\":");
		pf_buf_json(b, s->rootfs);
		pf_buf_printf(b, ",\"created\":\"%s\",\"owner\":", s->created);
		pf_buf_json(b, s->owner);
		pf_buf_puts(b, "}");
		return;
	case LIST_TABLE:
		break;
	}
	pf_buf_printf(b, "%-15s %-11d %-11s %-30s %-30s %s\n", s->id, pid, status_name(status),
		      s->bundle, s->created, s->owner);
}

static int list_all(struct runtime *rt, enum list_form form, struct pf_buf *b, struct pf_error *e)
{
	bool first = true;
	char **ids;
	size_t n;

	STEP(state_list(rt->root_fd, &ids, &n, e));
	for (size_t i = 0; i < n; i++) {
		struct pf_error skip = PF_ERROR_INIT;
		struct state s;

		if (state_load(rt->root_fd, ids[i], &s, &skip) == 0) {
			list_one(&s, form, first, b);
			first = false;
			state_free(&s);
		} else {
			pf_log(PF_LOG_WARNING, "%s, ignoring", skip.msg);
		}
		free(ids[i]);
	}
	free(ids);
	return 0;
}

int cmd_list(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *format = "table";
	bool quiet = false;
	const struct cli_option options[] = {
		{ "format", 'f', CLI_TEXT, &format, "table|json", "form of the list" },
		{ "quiet", 'q', CLI_FLAG, &quiet, NULL, "ids only" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_buf b = { 0 };
	enum list_form form;
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "list: --format `%s' is neither table nor json",
			       format);
	form = quiet ? LIST_QUIET : format[0] == 'j' ? LIST_JSON : LIST_TABLE;
	if (form == LIST_TABLE)
		pf_buf_printf(&b, "%-15s %-11s %-11s %-30s %-30s %s\n", "ID", "PID", "STATUS",
			      "BUNDLE", "CREATED", "OWNER");
	pf_buf_puts(&b, form == LIST_JSON ? "[" : "");
	ret = runtime_open_root(rt, false, e);
	if (ret == 0)
		STEP(list_all(rt, form, &b, e));
	else if (ret != -ENOENT || rt->root_option) /* the usual root is made by the first create */
		return ret;
	pf_buf_puts(&b, form == LIST_JSON ? "]\n" : "");
	return print_buf(&b, e);
}

static int print_pids(const pid_t *pids, size_t n, struct pf_error *e)
{
	auto_buf b = { 0 };

	pf_buf_puts(&b, "[");
	for (size_t i = 0; i < n; i++)
		pf_buf_printf(&b, "%s%d", i ? "," : "", (int)pids[i]);
	pf_buf_puts(&b, "]\n");
	return print_buf(&b, e);
}

static bool wanted(long pid, const pid_t *pids, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (pids[i] == pid)
			return true;
	return false;
}

/* Column of "PID" in the header line of ps, -1 if there is none. */
static int pid_column(char *header)
{
	char *save = NULL;
	int i = 0;

	for (char *w = strtok_r(header, " \t\n", &save); w; w = strtok_r(NULL, " \t\n", &save), i++)
		if (strcmp(w, "PID") == 0)
			return i;
	return -1;
}

static long field(const char *line, int column)
{
	for (; column > 0; column--) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t");
	}
	return strtol(line, NULL, 10);
}

static int filter_ps(FILE *ps, const pid_t *pids, size_t n, struct pf_error *e)
{
	auto_free char *line = NULL, *header = NULL;
	auto_buf b = { 0 };
	size_t cap = 0;
	int column;

	if (getline(&line, &cap, ps) < 0)
		return pf_fail(e, PF_ERR_HOST, 0, "ps printed nothing");
	pf_buf_puts(&b, line);
	header = strdup(line);
	column = header ? pid_column(header) : -1;
	if (column < 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "ps: the options leave no PID column");
	while (getline(&line, &cap, ps) >= 0)
		if (wanted(field(line, column), pids, n))
			pf_buf_puts(&b, line);
	return print_buf(&b, e);
}

/* The host's ps knows how to print a process; we know which are the container's. */
static int print_ps(struct cli *cli, const pid_t *pids, size_t n, struct pf_error *e)
{
	char *fallback[] = { (char *)(uintptr_t) "ps", (char *)(uintptr_t) "-ef", NULL };
	int pipe_fds[2], status, ret;
	FILE *out;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return pf_fail_sys(e, errno, "pipe");
	pid = fork();
	if (pid < 0)
		return pf_fail_sys(e, errno, "fork ps");
	if (pid == 0) {
		if (dup2(pipe_fds[1], STDOUT_FILENO) < 0)
			_exit(126);
		cli->argv[0] = fallback[0];
		execvp("ps", cli->argc > 1 ? cli->argv : fallback);
		_exit(127);
	}
	pf_close(pipe_fds[1]);
	out = fdopen(pipe_fds[0], "r");
	ret = out ? filter_ps(out, pids, n, e) : pf_fail_sys(e, errno, "read from ps");
	if (out)
		(void)fclose(out);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret < 0 && WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return pf_fail(e, PF_ERR_HOST, 0,
			       "ps is not installed (package procps); --format json needs none");
	return ret;
}

int cmd_ps(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *format = "table";
	const struct cli_option options[] = {
		{ "format", 'f', CLI_TEXT, &format, "table|json",
		  "a table of ps, or the pids as JSON" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	pid_t *pids = NULL;
	struct state s;
	size_t n = 0;
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	if (strcmp(format, "table") != 0 && strcmp(format, "json") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "ps: invalid format option");
	STEP(runtime_open_root(rt, false, e));
	STEP(state_load(rt->root_fd, cli->argv[0], &s, e));
	ret = cgroup_pids(&s.cgroup, &pids, &n, e);
	if (ret == 0)
		ret = format[0] == 'j' ? print_pids(pids, n, e) : print_ps(cli, pids, n, e);
	free(pids);
	state_free(&s);
	return ret;
}
