/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: which credentials are in a container, who reads them, where they can go, what to remove first. It runs nothing
 * of the container and writes nothing; what it cannot look at it says.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/cli.h"
#include "runtime/guard/audit_targets.h"
#include "runtime/guard/catalogue_load.h"
#include "runtime/runtime.h"

enum { COLUMNS_DEFAULT = 80, COLUMNS_MAX = 120, COLUMNS_MIN = 60 };

struct words {
	const char *bundle, *format, *fail_on;
	bool all, names, deep;
	unsigned int limit_time, limit_files, limit_entries, limit_bytes;
	struct cli_list look_in;
};

static int read_format(const char *name, enum audit_format *ret, struct pf_error *e)
{
	static const char *const names[AUDIT_FORMAT_COUNT_] = {
		[AUDIT_TABLE] = "table",
		[AUDIT_JSON] = "json",
		[AUDIT_MARKDOWN] = "markdown",
		[AUDIT_SARIF] = "sarif",
	};

	for (int i = 0; i < AUDIT_FORMAT_COUNT_; i++) {
		if (strcmp(names[i], name) != 0)
			continue;
		*ret = (enum audit_format)i;
		return 0;
	}
	return pf_fail(e, PF_ERR_CONFIG, 0,
		       "--format: `%s' is none of table, json, markdown, sarif", name);
}

static int check_target(const struct words *w, const struct cli *cli, struct pf_error *e)
{
	int n = (w->bundle != NULL) + w->all + (cli->argc > 0);

	if (n == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "audit: of what? Give an ID, --bundle DIR, or --all");
	if (n > 1)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "audit: an ID, --bundle and --all exclude each other");
	if (w->names && w->deep)
		return pf_fail(e, PF_ERR_CONFIG, 0, "audit: --names and --deep exclude each other");
	if (w->look_in.n > 0 && !w->all)
		return pf_fail(e, PF_ERR_CONFIG, 0, "audit: --look-in is for --all");
	return 0;
}

static void set_limits(const struct words *w, struct scan_limits *ret)
{
	*ret = scan_limits_audit;
	if (w->limit_time)
		ret->ms = w->limit_time > UINT_MAX / 1000 ? UINT_MAX : w->limit_time * 1000;
	if (w->limit_files)
		ret->files = w->limit_files;
	if (w->limit_entries)
		ret->entries = w->limit_entries;
	if (w->limit_bytes)
		ret->bytes = (uint64_t)w->limit_bytes << 20;
}

static void set_style(struct audit_style *ret)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	struct winsize size;

	*ret = (struct audit_style){ .columns = COLUMNS_DEFAULT };
	if (!isatty(STDOUT_FILENO))
		return;
	ret->colour = !(no_color && no_color[0]) && term && strcmp(term, "dumb") != 0;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= COLUMNS_MIN)
		ret->columns = size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static int print_report(const struct audit *a, enum audit_format format, struct pf_error *e)
{
	struct audit_style style;
	auto_buf b = { 0 };

	set_style(&style);
	switch (format) {
	case AUDIT_JSON:
		audit_json(a, &b);
		break;
	case AUDIT_MARKDOWN:
		audit_markdown(a, &b);
		break;
	case AUDIT_SARIF:
		audit_sarif(a, &b);
		break;
	case AUDIT_TABLE:
	case AUDIT_FORMAT_COUNT_:
		audit_table(a, &style, &b);
		break;
	}
	return print_buf(&b, e);
}

static int collect(struct runtime *rt, const struct words *w, const struct cli *cli,
		   struct audit *a, struct pf_error *e)
{
	struct scan_limits limits;
	struct audit_targets t = { .rt = rt, .look_in = w->look_in.v, .n_look_in = w->look_in.n };
	int ret;

	set_limits(w, &limits);
	t.limits = w->names ? NULL : &limits;
	STEP(audit_host_open(&t.host, e));
	if (w->bundle)
		ret = audit_target_bundle(a, &t, w->bundle, e);
	else if (w->all)
		ret = audit_target_all(a, &t, e);
	else
		ret = audit_target_id(a, &t, cli->argv[0], e);
	audit_host_close(&t.host);
	return ret;
}

static int report(struct runtime *rt, const struct words *w, const struct cli *cli, struct audit *a,
		  struct pf_error *e)
{
	struct audit_fail_on fail_on = { .n_kinds = 0 };
	enum audit_format format;
	size_t n;
	int ret;

	STEP(read_format(w->format, &format, e));
	ret = w->fail_on ? audit_fail_on_read(a->catalogue, w->fail_on, &fail_on, e) : 0;
	if (ret == 0)
		ret = collect(rt, w, cli, a, e);
	if (ret == 0)
		ret = audit_judge(a, e);
	if (ret == 0)
		ret = print_report(a, format, e);
	n = ret == 0 ? audit_fails(a, &fail_on) : 0;
	audit_fail_on_free(&fail_on);
	if (n > 0)
		return pf_fail(e, PF_ERR_POLICY, 0, "audit: %zu credential%s what --fail-on names",
			       n, n == 1 ? " is" : "s are");
	return ret;
}

static int run(struct runtime *rt, const struct words *w, const struct cli *cli, struct pf_error *e)
{
	struct audit a = { .now = time(NULL) };
	struct catalogue catalogue;
	int ret;

	STEP(check_target(w, cli, e));
	STEP(catalogue_load_host(&catalogue, e));
	a.catalogue = &catalogue;
	ret = report(rt, w, cli, &a, e);
	audit_free(&a);
	catalogue_free(&catalogue);
	return ret;
}

int cmd_audit(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	struct words w = { .format = "table" };
	const struct cli_option options[] = {
		{ "bundle", 'b', CLI_TEXT, &w.bundle, "DIR",
		  "of a bundle that was not created yet" },
		{ "all", 'a', CLI_FLAG, &w.all, NULL,
		  "of every container on this node, other runtimes' too" },
		{ "format", 'f', CLI_TEXT, &w.format, "table|json|markdown|sarif",
		  "form of the report" },
		{ "fail-on", 0, CLI_TEXT, &w.fail_on, "LIST",
		  "exit with 3 if there is one: kinds, class:NAME, long-lived, rw, unallowed, any" },
		{ "names", 0, CLI_FLAG, &w.names, NULL, "quick: by names and variables alone" },
		{ "deep", 0, CLI_FLAG, &w.deep, NULL, "names and content; the default" },
		{ "limit-time", 0, CLI_UINT, &w.limit_time, "SECONDS",
		  "of reading content, in each container" },
		{ "limit-files", 0, CLI_UINT, &w.limit_files, "N", "files read in each container" },
		{ "limit-entries", 0, CLI_UINT, &w.limit_entries, "N",
		  "names seen in each container" },
		{ "limit-bytes", 0, CLI_UINT, &w.limit_bytes, "MIB", "read in each container" },
		{ "look-in", 0, CLI_LIST, &w.look_in, "DIR",
		  "with --all: one more directory of a runtime's records" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	int ret = cli_parse(cli, options, e);

	if (ret == CLI_GO)
		ret = run(rt, &w, cli, e);
	else if (ret == CLI_DONE)
		ret = 0;
	free(w.look_in.v);
	return ret;
}
