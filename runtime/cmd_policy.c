/* SPDX-License-Identifier: Apache-2.0 */
/* explain, posture, policy check: what a container may do, by whose word, and what stands around it. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/cli.h"
#include "runtime/container.h"
#include "runtime/guard/catalogue_load.h"
#include "runtime/guard/policy_load.h"
#include "runtime/guard/posture.h"

/* A record that create left beside the state. */
static int read_record(struct runtime *rt, const char *id, const char *name, char **ret,
		       size_t *len, struct pf_error *e)
{
	struct state s;
	int r;

	STEP(runtime_open_root(rt, false, e));
	STEP(state_load(rt->root_fd, id, &s, e));
	if (faccessat(s.dir_fd, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = pf_fail(
			e, PF_ERR_POLICY, 0,
			"container `%s' runs without a policy: no annotation of ours, no node policy",
			id);
	else
		r = pf_read_file_at(s.dir_fd, name, JSON_MAX_BYTES, ret, len, e);
	state_free(&s);
	return r;
}

/* Only the lines of one key: a heading line is not indented, what belongs to it is. */
static void cut_to_key(const char *text, const char *key, struct pf_buf *b)
{
	bool in = false;

	while (*text) {
		size_t n = strcspn(text, "\n"), k = strlen(key);

		if (text[0] != ' ' && text[0] != '\t')
			in = strncmp(text, key, k) == 0 &&
			     (text[k] == '\0' || strchr(" :\t\n", text[k]));
		if (in) {
			pf_buf_add(b, text, n);
			pf_buf_puts(b, "\n");
		}
		text += n + (text[n] == '\n');
	}
}

static int explain_bundle(struct runtime *rt, const char *bundle, bool json, struct pf_buf *b,
			  struct pf_error *e)
{
	const struct create_options o = { .id = "explain", .bundle = bundle, .console_fd = -EBADF };
	struct container *c = calloc(1, sizeof(*c));
	struct confine_input in = { .unmounted = true };
	auto_fd root = -EBADF;
	int ret;

	if (!c)
		return pf_fail_sys(e, ENOMEM, "explain");
	container_init(c, rt, &o);
	c->credentials.tells = true;
	ret = create_read_config(c, e);
	if (ret == 0)
		ret = create_decide_policy(c, e);
	if (ret == 0)
		ret = create_open_sources(c, e);
	if (ret == 0 && c->policy.confined) {
		root = open(c->sources.root_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
		in.policy = &c->policy;
		in.config = &c->config;
		in.host = &rt->host;
		in.root_fd = root;
		in.credentials = &c->credentials;
		in.bundle = c->bundle;
		ret = confine_resolve(&in, &c->confinement, e);
	} else if (ret == 0 && credentials_looks(&c->credentials)) {
		ret = credentials_look(
			&c->credentials,
			&(struct credentials_tree){ .config = &c->config, .bundle = c->bundle }, e);
	}
	c->confinement.env = &c->env_report;
	c->confinement.credentials = &c->credentials;
	if (ret == 0)
		confine_explain(&c->policy, &c->confinement, json, b);
	container_release(c);
	free(c);
	return ret;
}

int cmd_explain(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *bundle = NULL, *format = "table", *key;
	const struct cli_option options[] = {
		{ "bundle", 'b', CLI_TEXT, &bundle, "DIR", "of a bundle that was not created yet" },
		{ "format", 'f', CLI_TEXT, &format, "table|json", "form of the answer" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_buf b = { 0 }, cut = { 0 };
	auto_free char *text = NULL;
	bool json;
	size_t len;
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	json = strcmp(format, "json") == 0;
	if (!bundle && cli->argc == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "explain: of what? Give an ID, or --bundle DIR");
	if (bundle) {
		STEP(explain_bundle(rt, bundle, json, &b, e));
		key = cli->argc > 0 ? cli->argv[0] : NULL;
	} else {
		STEP(read_record(rt, cli->argv[0], json ? "explain.json" : "explain.txt", &text,
				 &len, e));
		pf_buf_add(&b, text, len);
		key = cli->argc > 1 ? cli->argv[1] : NULL;
	}
	if (!key || json || b.failed)
		return print_buf(&b, e);
	cut_to_key(b.data, key, &cut);
	if (cut.len == 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "explain: no key `%s' is in force", key);
	return print_buf(&cut, e);
}

int cmd_posture(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *format = "table";
	const struct cli_option options[] = {
		{ "format", 'f', CLI_TEXT, &format, "table|json", "form of the answer" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_free char *text = NULL;
	auto_buf b = { 0 };
	size_t len;
	int ret = cli_parse(cli, options, e);

	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(read_record(rt, cli->argv[0], "posture.json", &text, &len, e));
	if (strcmp(format, "json") == 0)
		pf_buf_add(&b, text, len);
	else
		STEP(posture_print(text, len, &b, e));
	return print_buf(&b, e);
}

/* Which kinds there are depends on this host's files, so a file is checked where it will be used. */
static int check_kinds(const char *text, size_t len, const char *path, struct pf_error *e)
{
	struct catalogue c;
	int ret;

	if (!memmem(text, len, "credentials.allow", 17))
		return 0;
	STEP(catalogue_load_host(&c, e));
	ret = policy_check_kinds(text, len, path, &c, e);
	catalogue_free(&c);
	return ret;
}

int cmd_policy(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const struct cli_option none[] = { { NULL, 0, CLI_FLAG, NULL, NULL, NULL } };
	auto_free char *text = NULL;
	auto_buf b = { 0 };
	size_t len;
	int ret = cli_parse(cli, none, e);

	(void)rt;
	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	if (strcmp(cli->argv[0], "check") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "policy: unknown action `%s' (there is: check)",
			       cli->argv[0]);
	STEP(pf_read_file_at(AT_FDCWD, cli->argv[1], 16u << 20, &text, &len, e));
	STEP(policy_check_file(text, len, cli->argv[1], e));
	STEP(check_kinds(text, len, cli->argv[1], e));
	pf_buf_printf(&b, "%s: ok\n", cli->argv[1]);
	return print_buf(&b, e);
}
