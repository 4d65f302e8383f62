/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stdout and stderr: a way out that no network policy closes. Where they lead is told by the links of procfs, and of a
 * pipe by who holds its other end, which for an engine's container is its parent: conmon, or a shim of containerd.
 */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/guard/audit_collect.h"

enum { LINK_MAX_BYTES = 4096, CMDLINE_MAX_BYTES = 1 << 18, FDS_MAX = 4096 };

static bool read_fd_link(int proc_fd, pid_t pid, const char *fd, char ret[LINK_MAX_BYTES])
{
	char name[64];
	ssize_t n;

	snprintf(name, sizeof(name), "%d/fd/%.16s", (int)pid, fd);
	n = readlinkat(proc_fd, name, ret, LINK_MAX_BYTES - 1);
	if (n < 0)
		return false;
	ret[n] = '\0';
	return true;
}

/* -l and --log-path: "k8s-file:/path", its driver in front; -n and --name. */
const char *audit_conmon_option(const char *cmdline, size_t len, const char *letter,
				const char *name)
{
	size_t n = strlen(name);
	bool next = false;

	for (size_t at = 0; at < len; at += strlen(cmdline + at) + 1) {
		const char *word = cmdline + at;

		if (next)
			return word;
		if (strncmp(word, name, n) == 0 && word[n] == '=')
			return word + n + 1;
		next = strcmp(word, letter) == 0 || strcmp(word, name) == 0;
	}
	return NULL;
}

static pid_t parent_of(int proc_fd, pid_t pid)
{
	auto_free char *text = NULL;
	int parent = 0;
	char *p;

	if (audit_read_proc(proc_fd, pid, "stat", 4096, &text, NULL) < 0)
		return 0;
	p = strrchr(text, ')'); /* the name before it may hold anything */
	return p && sscanf(p + 1, " %*c %d", &parent) == 1 ? parent : 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text), m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* Does @pid hold the same pipe? On the way: a fifo or a log of a shim, which says where the text goes on to. */
static bool holds_pipe(int proc_fd, pid_t pid, const char *pipe, char ret_log[LINK_MAX_BYTES])
{
	char name[32], link[LINK_MAX_BYTES];
	struct dirent *d;
	bool held = false;
	size_t n = 0;
	DIR *dir;
	int fd;

	snprintf(name, sizeof(name), "%d/fd", (int)pid);
	fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		pf_close(fd);
		return false;
	}
	while (n++ < FDS_MAX && (d = readdir(dir))) {
		if (!read_fd_link(proc_fd, pid, d->d_name, link))
			continue;
		held = held || strcmp(link, pipe) == 0;
		if (!ret_log[0] && (ends_with(link, "-stdout") || ends_with(link, "-json.log")))
			memcpy(ret_log, link, strlen(link) + 1);
	}
	closedir(dir);
	return held;
}

static const char *kept_by(struct audit *a, struct audit_container *c, int proc_fd,
			   const char *pipe)
{
	pid_t parent = parent_of(proc_fd, c->pid);
	auto_free char *comm = NULL, *cmdline = NULL;
	char log[LINK_MAX_BYTES] = "";
	const char *path = NULL;
	size_t len;

	if (parent <= 0 || !holds_pipe(proc_fd, parent, pipe, log) ||
	    audit_read_proc(proc_fd, parent, "comm", 4096, &comm, NULL) < 0)
		return "a pipe; who reads it is not known";
	comm[strcspn(comm, "\n")] = '\0';
	if (strcmp(comm, "conmon") == 0 &&
	    audit_read_proc(proc_fd, parent, "cmdline", CMDLINE_MAX_BYTES, &cmdline, &len) == 0) {
		const char *name = audit_conmon_option(cmdline, len, "-n", "--name");

		path = audit_conmon_option(cmdline, len, "-l", "--log-path");
		if (!c->name && name)
			c->name = audit_printf(a, "%s", name);
	} else if (log[0]) {
		path = log;
	}
	if (path)
		return audit_printf(a, "`%s' keeps it: %s", comm, path);
	return audit_printf(a, "a pipe that `%s' reads", comm);
}

static void add_output(struct audit *a, struct audit_container *c, const struct audit_host *h,
		       const char *what, const char *link)
{
	struct audit_way way = { .kind = AUDIT_WAY_OUTPUT, .open = true, .what = what };

	if (strcmp(link, "/dev/null") == 0) {
		way.open = false;
		way.why = "goes nowhere";
	} else if (strncmp(link, "pipe:", 5) == 0) {
		way.why = kept_by(a, c, h->proc_fd, link);
	} else if (strncmp(link, "socket:", 7) == 0) {
		way.why = "a socket; who reads it is not known";
	} else if (strncmp(link, "/dev/pts/", 9) == 0 || strcmp(link, "/dev/console") == 0 ||
		   strncmp(link, "/dev/tty", 8) == 0) {
		c->terminal = true;
		way.why = "a terminal";
	} else {
		way.why = audit_printf(a, "the file %s", link);
	}
	audit_way_add(a, c, &way);
}

void audit_output(struct audit *a, struct audit_container *c, const struct audit_host *h)
{
	const struct audit_way unknown = { .kind = AUDIT_WAY_OUTPUT,
					   .open = true,
					   .what = "stdout and stderr",
					   .why = "whoever starts it keeps them" };
	char out[LINK_MAX_BYTES], err[LINK_MAX_BYTES];
	bool has_out, has_err;

	if (c->pid == 0) {
		audit_way_add(a, c, &unknown);
		return;
	}
	has_out = read_fd_link(h->proc_fd, c->pid, "1", out);
	has_err = read_fd_link(h->proc_fd, c->pid, "2", err);
	if (has_out && has_err && strcmp(out, err) == 0) {
		add_output(a, c, h, "stdout and stderr", out);
		return;
	}
	if (has_out)
		add_output(a, c, h, "stdout", out);
	if (has_err)
		add_output(a, c, h, "stderr", err);
}
