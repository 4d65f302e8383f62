/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Golden files of the merge: tests/golden/policy/NAME.json is an array of cases, each with a sentence of what it shows,
 * the inputs (node, narrowing, profiles, annotations) and what must come of them: `expect', or the text of `error'.
 * A file given as a string is taken as it is, so that broken JSON can be a case too.
 *
 * With PF_GOLDEN_SHOW=1 each case's outcome is printed as a diagnostic, in the form the golden files have.
 */
#include <config.h>

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "config/policy.h"
#include "tests/unit/tap.h"

/* ---- inputs */

static void put_json(struct pf_buf *b, const struct json *n)
{
	const struct json *c;

	switch (n->type) {
	case JSON_NULL:
		pf_buf_puts(b, "null");
		break;
	case JSON_BOOL:
		pf_buf_puts(b, n->boolean ? "true" : "false");
		break;
	case JSON_INT:
		pf_buf_printf(b, "%lld", (long long)n->i);
		break;
	case JSON_UINT:
	case JSON_DOUBLE:
	case JSON_TYPE_COUNT_:
		pf_buf_puts(b, "0.5");
		break;
	case JSON_STRING:
		pf_buf_json(b, n->text);
		break;
	case JSON_ARRAY:
	case JSON_OBJECT:
		pf_buf_puts(b, n->type == JSON_ARRAY ? "[" : "{");
		for (c = n->child; c; c = c->next) {
			if (n->type == JSON_OBJECT) {
				pf_buf_json(b, c->key);
				pf_buf_puts(b, ":");
			}
			put_json(b, c);
			if (c->next)
				pf_buf_puts(b, ",");
		}
		pf_buf_puts(b, n->type == JSON_ARRAY ? "]" : "}");
		break;
	}
}

static void put_file(struct pf_buf *b, const struct json *n)
{
	if (n->type == JSON_STRING)
		pf_buf_puts(b, n->text);
	else
		put_json(b, n);
}

/* A profile's file, made when it is asked for; all are kept until the case ends. */
struct store {
	const struct json *profiles;
	struct pf_buf texts[32];
	char paths[32][128];
	size_t n;
};

static int find_profile(void *arg, const char *name, struct policy_file *ret, struct pf_error *e)
{
	struct store *s = arg;
	const struct json *n = json_get(s->profiles, name);

	(void)e;
	if (!n || s->n == ARRAY_SIZE(s->texts))
		return -ENOENT;
	put_file(&s->texts[s->n], n);
	snprintf(s->paths[s->n], sizeof(s->paths[s->n]), "/etc/pinfold/profiles/%s.json", name);
	*ret = (struct policy_file){
		.path = s->paths[s->n],
		.text = s->texts[s->n].data,
		.len = s->texts[s->n].len,
	};
	s->n++;
	return 0;
}

/* ---- outcome, as canonical JSON */

static void put_list(struct pf_buf *b, const struct oci_strings *list)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < list->n; i++) {
		pf_buf_puts(b, i > 0 ? "," : "");
		pf_buf_json(b, list->v[i]);
	}
	pf_buf_puts(b, "]");
}

static const char *origin_word(enum policy_origin origin)
{
	static const char *const names[] = { "nowhere", "builtin", "node", "profile",
					     "annotation" };

	return names[origin];
}

static void put_value(struct pf_buf *b, const struct policy_value *v)
{
	auto_buf from = { 0 };

	pf_buf_puts(b, "{\"list\":");
	put_list(b, &v->list);
	pf_buf_printf(&from, "%s %s", origin_word(v->origin), v->origin_name);
	pf_buf_puts(b, ",\"from\":");
	pf_buf_json(b, from.data);
	if (v->from.n > 0) {
		pf_buf_puts(b, ",\"each\":");
		put_list(b, &v->from);
	}
	for (size_t i = 0; i < v->n_bounds; i++) {
		pf_buf_puts(b, i > 0 ? "," : ",\"bounds\":[");
		pf_buf_printf(b, "{\"name\":");
		pf_buf_json(b, v->bounds[i].name);
		pf_buf_puts(b, ",\"entries\":");
		put_list(b, &v->bounds[i].entries);
		pf_buf_printf(b, ",\"undecided\":%s}", v->bounds[i].undecided ? "true" : "false");
	}
	pf_buf_puts(b, v->n_bounds > 0 ? "]}" : "}");
}

static void put_policy(struct pf_buf *b, const struct policy *p)
{
	bool first = true;

	pf_buf_printf(b, "{\"any\":%s,\"confined\":%s", p->any ? "true" : "false",
		      p->confined ? "true" : "false");
	if (p->profile) {
		pf_buf_puts(b, ",\"profile\":");
		pf_buf_json(b, p->profile);
	}
	if (p->permit.n > 0) {
		pf_buf_puts(b, ",\"permit\":");
		put_list(b, &p->permit);
	}
	if (p->events_dir) {
		pf_buf_puts(b, ",\"events\":");
		pf_buf_json(b, p->events_dir);
	}
	pf_buf_puts(b, ",\"keys\":{");
	for (int k = POLICY_PROFILE + 1; k < POLICY_KEY_COUNT_; k++) {
		if (!p->keys[k].present)
			continue;
		pf_buf_printf(b, "%s\"%s\":", first ? "" : ",", policy_keys[k].name);
		put_value(b, &p->keys[k]);
		first = false;
	}
	pf_buf_puts(b, "}}");
}

/* ---- one case */

static void read_annotations(const struct json *c, struct oci_pairs *ret)
{
	const struct json *all = json_get(c, "annotations");

	ret->v = calloc(all ? all->count + 1 : 1, sizeof(*ret->v));
	ret->n = 0;
	if (!ret->v)
		abort();
	for (const struct json *n = all ? all->child : NULL; n; n = n->next)
		ret->v[ret->n++] = (struct oci_pair){ .key = n->key, .value = n->text };
}

static void judge(const struct json *c, int err, const struct pf_error *e, const struct policy *p)
{
	const char *name = json_text(c, "case", "a case without a name");
	const struct json *expect = json_get(c, "expect");
	auto_buf want = { 0 }, got = { 0 };

	if (err < 0)
		pf_buf_printf(&got, "error: %s", e->msg);
	else
		put_policy(&got, p);
	if (expect)
		put_json(&want, expect);
	else
		pf_buf_printf(&want, "error: %s", json_text(c, "error", "(none given)"));
	if (getenv("PF_GOLDEN_SHOW"))
		printf("# %s\t%s\n", name, got.data);
	tap_check_str(name, got.data, want.data, __FILE__, __LINE__);
	if (err < 0)
		CHECK(e->kind == PF_ERR_POLICY);
}

static void run_case(const struct json *c)
{
	const struct json *node = json_get(c, "node"), *narrowing = json_get(c, "narrowing");
	struct store store = { .profiles = json_get(c, "profiles") };
	auto_buf node_text = { 0 }, narrowing_text = { 0 };
	struct policy_file node_file = { .path = "/etc/pinfold/policy.json" };
	struct policy_file narrowing_file = { .path = "/home/u/policy.json" };
	struct oci_config config = { 0 };
	struct policy_input in = { .find_profile = find_profile, .arg = &store, .config = &config };
	struct policy policy = { 0 };
	struct pf_error e = PF_ERROR_INIT;

	read_annotations(c, &config.annotations);
	if (node) {
		put_file(&node_text, node);
		node_file.text = node_text.data;
		node_file.len = node_text.len;
		in.node = &node_file;
	}
	if (narrowing) {
		put_file(&narrowing_text, narrowing);
		narrowing_file.text = narrowing_text.data;
		narrowing_file.len = narrowing_text.len;
		in.narrowing = &narrowing_file;
	}
	judge(c, policy_merge(&in, &policy, &e), &e, &policy);
	policy_free(&policy);
	for (size_t i = 0; i < store.n; i++)
		pf_buf_free(&store.texts[i]);
	free(config.annotations.v);
}

/* ---- the files */

static void run_file(int dir, const char *name)
{
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *text = NULL;
	auto_json doc = NULL;
	size_t len;

	tap_test = name;
	if (pf_read_file_at(dir, name, 1u << 20, &text, &len, &e) < 0 ||
	    json_parse(text, len, NULL, &doc, &e) < 0) {
		CHECK_STR(e.msg, "");
		return;
	}
	for (const struct json *c = json_root(doc)->child; c; c = c->next)
		run_case(c);
}

static int is_golden(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && strcmp(dot, ".json") == 0;
}

int main(void)
{
	const char *src = getenv("abs_srcdir");
	char path[PATH_MAX];
	struct dirent **names;
	auto_fd dir = -EBADF;
	int n;

	snprintf(path, sizeof(path), "%s/tests/golden/policy", src ? src : ".");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n = scandir(path, &names, is_golden, alphasort);
	CHECK(dir >= 0);
	CHECK(n > 0);
	for (int i = 0; i < n; i++) {
		run_file(dir, names[i]->d_name);
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	tap_test = "golden files";
	CHECK_INT(tap_count, >=, 100);
	return tap_done();
}
