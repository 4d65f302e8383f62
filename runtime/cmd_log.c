/* SPDX-License-Identifier: Apache-2.0 */
/* log: the events of a container, of one that is gone, and of those that never were. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/cli.h"
#include "runtime/guard/events_read.h"
#include "runtime/guard/events_tell.h"
#include "runtime/guard/policy_load.h"
#include "runtime/runtime.h"

enum { CHUNK = 65536 };

struct reading {
	const char *id;
	int fd;   /* of the record; owned */
	int type; /* the only one to print, -1: all */
	bool json, refused;
	off_t at;           /* all before it has been read */
	struct pf_buf rest; /* of a line whose end has not come */
	int last;           /* type of the last line */
};

static int open_record(const struct events_home *home, int *ret, struct pf_error *e)
{
	*ret = openat(home->place.dir_fd, home->place.name,
		      O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (*ret < 0)
		return pf_fail_sys(e, errno, "open the record of events `%s/%s'", home->place.dir,
				   home->place.name);
	return 0;
}

/* Of a container that is gone, or (NULL) of creates that were refused. */
static int open_kept(struct runtime *rt, const char *id, int *ret, struct pf_error *e)
{
	struct events_home home;
	char dir[PATH_MAX] = "";
	int err;

	STEP(policy_load_events_dir(rt->policy_option, rt->rootless, dir, sizeof(dir), e));
	if (!dir[0])
		return id ? pf_fail(e, PF_ERR_SYS, ENOENT,
				    "container `%s' (no `events' of a node policy keeps the records of deleted ones)",
				    id)
			  : pf_fail(e, PF_ERR_POLICY, 0,
				    "--refused: no `events' of a node policy keeps a record of refusals");
	err = events_home_node(dir, rt->rootless, id, &home, e);
	if (err == 0)
		err = open_record(&home, ret, e);
	events_home_close(&home);
	return err;
}

static int open_of_state(const struct state *s, int *ret, struct pf_error *e)
{
	struct events_home home;
	int err;

	if (!s->events)
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"container `%s' runs without a policy, so it has no record: no annotation of ours, no node policy",
			s->id);
	err = events_home_state(s, &home, e);
	if (err == 0)
		err = open_record(&home, ret, e);
	events_home_close(&home);
	return err;
}

static int open_reading(struct runtime *rt, struct reading *r, struct pf_error *e)
{
	struct pf_error why = PF_ERROR_INIT;
	struct state s;
	int err;

	if (r->refused)
		return open_kept(rt, NULL, &r->fd, e);
	STEP(state_check_id(r->id, e));
	err = runtime_open_root(rt, false, &why);
	if (err == 0)
		err = state_load(rt->root_fd, r->id, &s, &why);
	if (err == -ENOENT)
		return open_kept(rt, r->id, &r->fd, e);
	if (err < 0) {
		*e = why;
		return err;
	}
	err = open_of_state(&s, &r->fd, e);
	state_free(&s);
	return err;
}

static void put_line(struct reading *r, const char *text, size_t len, struct pf_buf *b)
{
	struct event_line line;

	event_line_read(text, len, &line);
	r->last = line.type;
	if (r->type >= 0 && line.type != r->type)
		return;
	if (!r->json) {
		events_table_line(text, len, b);
		return;
	}
	pf_buf_add(b, text, len);
	pf_buf_puts(b, "\n");
}

/* The whole lines of r->rest; what is left of it waits for its end. */
static void put_lines(struct reading *r, struct pf_buf *b)
{
	size_t at = 0;
	const char *nl;

	while (at < r->rest.len && (nl = memchr(r->rest.data + at, '\n', r->rest.len - at))) {
		put_line(r, r->rest.data + at, (size_t)(nl - r->rest.data) - at, b);
		at = (size_t)(nl - r->rest.data) + 1;
	}
	if (at > 0)
		memmove(r->rest.data, r->rest.data + at, r->rest.len - at);
	r->rest.len -= at;
}

/* What has come since the last time. */
static int print_new(struct reading *r, struct pf_error *e)
{
	auto_free char *chunk = malloc(CHUNK);
	ssize_t n;

	if (!chunk)
		return pf_fail_sys(e, ENOMEM, "read the record");
	while ((n = pread(r->fd, chunk, CHUNK, r->at)) != 0) {
		auto_buf b = { 0 };

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pf_fail_sys(e, errno, "read the record");
		r->at += n;
		pf_buf_add(&r->rest, chunk, (size_t)n);
		if (r->rest.failed)
			return pf_fail_sys(e, ENOMEM, "read the record");
		put_lines(r, &b);
		STEP(print_buf(&b, e));
	}
	return 0;
}

static int print_all(struct reading *r, struct pf_error *e)
{
	auto_buf b = { 0 };

	STEP(print_new(r, e));
	if (r->rest.len > 0)
		put_line(r, r->rest.data, r->rest.len, &b);
	return print_buf(&b, e);
}

/* Its last line is `exit', or its container has been deleted without one. */
static bool has_ended(const struct reading *r)
{
	struct stat st;

	return r->last == EVENT_EXIT || (fstat(r->fd, &st) == 0 && st.st_nlink == 0);
}

/* Each wake is read to the end of the file, so it does not matter what woke us, nor how often. */
static int follow(struct reading *r, struct pf_error *e)
{
	char path[64], events[4096] __attribute__((aligned(8)));
	auto_fd watch = inotify_init1(IN_CLOEXEC);

	if (watch < 0)
		return pf_fail_sys(e, errno, "inotify (fs.inotify.max_user_instances)");
	/* by the fd: the name may be another container's by now; before reading, so that nothing falls in between */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", r->fd);
	if (inotify_add_watch(watch, path, IN_MODIFY | IN_ATTRIB | IN_MOVE_SELF) < 0)
		return pf_fail_sys(e, errno, "watch the record (fs.inotify.max_user_watches)");
	for (;;) {
		/* asked before reading: what a deleted record still had is printed */
		bool ended = has_ended(r);

		STEP(print_new(r, e));
		if (ended || has_ended(r))
			return 0;
		if (read(watch, events, sizeof(events)) < 0 && errno != EINTR)
			return pf_fail_sys(e, errno, "wait for events");
	}
}

static void put_check(const struct reading *r, const struct events_check *c, struct pf_buf *b)
{
	const char *last = c->last < 0 ? NULL : event_infos[c->last].name;

	if (r->json) {
		pf_buf_printf(b, "{\"lines\":%llu,\"seq\":%llu,\"last\":%s%s%s,\"chain\":\"%s\"}\n",
			      (unsigned long long)c->lines, (unsigned long long)c->seq,
			      last ? "\"" : "", last ? last : "null", last ? "\"" : "", c->chain);
		return;
	}
	pf_buf_printf(b, "%llu lines, the chain is whole\nseq    %llu\nchain  %s\n",
		      (unsigned long long)c->lines, (unsigned long long)c->seq, c->chain);
	if (!r->refused && c->last != EVENT_EXIT)
		pf_buf_puts(
			b,
			"the last line is no `exit': the container is still there, or lines are missing at the end (compare with a seq and chain that were noted before)\n");
}

static int verify(const struct reading *r, struct pf_error *e)
{
	auto_free char *text = NULL;
	struct events_check check;
	auto_buf b = { 0 };
	size_t len;
	int ret;

	/* else what is just being written would look like damage */
	while (flock(r->fd, LOCK_SH) < 0)
		if (errno != EINTR)
			return pf_fail_sys(e, errno, "lock the record");
	ret = pf_read_all(r->fd, 4 * EVENTS_MAX_BYTES, &text, &len, e);
	(void)flock(r->fd, LOCK_UN);
	STEP(ret);
	ret = events_verify(text, len, &check, e);
	if (ret < 0)
		return pf_wrap(e, "the record of `%s'", r->refused ? EVENTS_REFUSED : r->id);
	put_check(r, &check, &b);
	return print_buf(&b, e);
}

static int find_type(const char *name, int *ret, struct pf_error *e)
{
	auto_buf known = { 0 };

	*ret = name ? event_type_find(name) : -1;
	if (!name || *ret >= 0)
		return 0;
	for (int i = 0; i < EVENT_TYPE_COUNT_; i++)
		pf_buf_printf(&known, "%s%s", i ? ", " : "", event_infos[i].name);
	return pf_fail(e, PF_ERR_CONFIG, 0, "--type: `%s' is none of %s", name,
		       known.failed ? "the types" : known.data);
}

static int print(struct reading *r, bool following, struct pf_error *e)
{
	auto_buf head = { 0 };

	if (!r->json)
		events_table_head(&head);
	STEP(print_buf(&head, e));
	return following ? follow(r, e) : print_all(r, e);
}

int cmd_log(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct reading r = { .fd = -EBADF, .last = -1 };
	const char *format = "table", *type = NULL;
	bool following = false, verifying = false;
	const struct cli_option options[] = {
		{ "follow", 0, CLI_FLAG, &following, NULL, "go on until the container has ended" },
		{ "verify", 0, CLI_FLAG, &verifying, NULL,
		  "instead of printing it, check that the record is what was written" },
		{ "type", 't', CLI_TEXT, &type, "TYPE", "only events of this type" },
		{ "refused", 0, CLI_FLAG, &r.refused, NULL,
		  "of this node: the creates that were refused" },
		{ "format", 'f', CLI_TEXT, &format, "table|json",
		  "a table, or the lines as they are recorded" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	r.json = strcmp(format, "json") == 0;
	if (!r.json && strcmp(format, "table") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "--format: `%s' is neither table nor json",
			       format);
	STEP(find_type(type, &r.type, e));
	if (cli->argc == (r.refused ? 1 : 0))
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "log: of what? Give one ID, or --refused and none");
	if (r.refused && following)
		return pf_fail(e, PF_ERR_CONFIG, 0, "--follow: the record of refusals never ends");
	r.id = cli->argc ? cli->argv[0] : NULL;
	ret = open_reading(rt, &r, e);
	if (ret == 0)
		ret = verifying ? verify(&r, e) : print(&r, following, e);
	pf_close_ptr(&r.fd);
	pf_buf_free(&r.rest);
	return ret;
}
