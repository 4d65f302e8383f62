/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The audit's reports: golden files of a node with a bit of everything, names that try to be markup or terminal codes in
 * every format, and names that are secrets. PF_GOLDEN_WRITE=1 writes the golden files anew.
 */
#include <config.h>

#include <errno.h>

#include "base/json.h"
#include "runtime/guard/audit_print.h"
#include "runtime/guard/mask.h"
#include "tests/unit/audit_world.h"

#define HOSTILE "a|b<img src=x>`c`\n# d\033[31m\xc2\x9b\xe2\x80\xae*e*[f](g)\xff"

static void render(const struct audit *a, enum audit_format format, struct pf_buf *b)
{
	const struct audit_style style = { .columns = 80 };

	switch (format) {
	case AUDIT_TABLE:
		audit_table(a, &style, b);
		return;
	case AUDIT_JSON:
		audit_json(a, b);
		return;
	case AUDIT_MARKDOWN:
		audit_markdown(a, b);
		return;
	case AUDIT_SARIF:
		audit_sarif(a, b);
		return;
	case AUDIT_FORMAT_COUNT_:
		break;
	}
	abort();
}

static void a_pod(struct audit *a)
{
	struct audit_container *web = world_box(a, "0123abcd", 100), *db = world_box(a, "db", 200);
	struct finding *f;

	web->name = "default/shop/web";
	web->runtime = "runc";
	db->ns[AUDIT_NS_NET] = web->ns[AUDIT_NS_NET];
	f = world_variable(web, "aws-access-key", "AWS_SECRET_ACCESS_KEY");
	CHECK_INT(inventory_set_principal(f, "AKIA (an example)", 17, &(struct pf_error){ 0 }), ==,
		  0);
	f = world_file(db, "kubernetes-service-account",
		       "/run/secrets/kubernetes.io/serviceaccount/token", 30);
	f->expires = 1800003600;
	f->lifetime = CREDENTIAL_JWT;
	f = world_file(db, "netrc", "/root/.netrc", 31);
	f->places[0].line = 3;
	f->verdict = VERDICT_ALLOWED;
	f->allowed_by = "netrc";
	world_way(a, web, AUDIT_WAY_EGRESS, "open", true);
	world_way(a, web, AUDIT_WAY_INBOUND, "tcp 0.0.0.0:8080", true);
	world_way(a, db, AUDIT_WAY_OUTPUT, "stdout and stderr", true);
	world_volume(a, web, "/data", 42, true);
	world_volume(a, db, "/data", 42, true);
}

static void golden_node(struct audit *a)
{
	const struct place sock = { .type = PLACE_SOCKET,
				    .name = "/run/docker.sock",
				    .id = { .dev = 8, .ino = 3 },
				    .mode = 0140660,
				    .mount = "/run/docker.sock",
				    .source = "/run/docker.sock",
				    .readable = true };
	struct audit_container *c;

	world_audit(a);
	a_pod(a);
	c = world_box(a, "ci", 300);
	c->inventory.incomplete = strdup("more than 3 files");
	world_find(c, "docker-socket", &sock);
	world_file(c, "npmrc", "/root/.npmrc", 33)->places[0].writable = true;
	world_way(a, c, AUDIT_WAY_EGRESS, "none", false);
	world_redirect(a, c, "SSL_CERT_FILE=/work/ca.pem", "process");
	world_redirect(a, c, "HTTPS_PROXY=http://me:hidden@10.0.0.1:3128/", "process");
	world_redirect(a, c, "ANTHROPIC_BASE_URL=https://models.example/hidden", "process `sh'");
	world_redirect(a, c, "OPENAI_BASE_URL=hidden", "process");
	c = world_box(a, "lost", 400);
	c->looked_at = false;
	c->problem = "its record cannot be opened: permission denied";
	world_judge(a);
}

static void the_reports_of_a_node_are_as_they_were(void)
{
	static const char *const names[AUDIT_FORMAT_COUNT_] = {
		[AUDIT_TABLE] = "node.txt",
		[AUDIT_JSON] = "node.json",
		[AUDIT_MARKDOWN] = "node.md",
		[AUDIT_SARIF] = "node.sarif",
	};
	struct audit a;

	golden_node(&a);
	for (int i = 0; i < AUDIT_FORMAT_COUNT_; i++) {
		auto_buf b = { 0 };

		render(&a, (enum audit_format)i, &b);
		CHECK(!b.failed);
		world_golden(names[i], &b);
	}
	audit_free(&a);
}

static void the_json_reports_are_json(void)
{
	static const enum audit_format formats[] = { AUDIT_JSON, AUDIT_SARIF };

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		struct pf_error e = PF_ERROR_INIT;
		auto_json doc = NULL;
		auto_buf b = { 0 };
		struct audit a;

		golden_node(&a);
		render(&a, formats[i], &b);
		CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
		CHECK(b.data && !strstr(b.data, "hidden"));
		audit_free(&a);
	}
}

/* ---- hostile names */

static void hostile_node(struct audit *a)
{
	struct audit_container *c;

	world_audit(a);
	c = world_box(a, HOSTILE, 100);
	c->name = HOSTILE;
	c->record = c->bundle = c->problem = HOSTILE;
	audit_note(c, HOSTILE);
	world_way(a, c, AUDIT_WAY_MOUNT, HOSTILE, true);
	world_redirect(a, c, "HTTP_PROXY=" HOSTILE, HOSTILE);
	world_volume(a, c, HOSTILE, 4, true);
	world_file(c, "netrc", "/" HOSTILE, 31);
	world_variable(c, "github-token", HOSTILE);
	c = world_box(a, HOSTILE "2", 200);
	world_volume(a, c, HOSTILE, 4, true);
	c->inventory.incomplete = strdup(HOSTILE);
	world_judge(a);
}

static size_t count(const char *text, char byte)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == byte;
	return n;
}

static void no_name_reaches_a_terminal_as_it_is(void)
{
	for (int i = 0; i < AUDIT_FORMAT_COUNT_; i++) {
		auto_buf b = { 0 };
		struct audit a;

		hostile_node(&a);
		render(&a, (enum audit_format)i, &b);
		CHECK(!strchr(b.data, '\033'));
		CHECK(!strchr(b.data, '\xff'));
		if (i == AUDIT_TABLE || i == AUDIT_MARKDOWN) {
			CHECK(!strstr(b.data, "\xc2\x9b"));
			CHECK(!strstr(b.data, "\xe2\x80\xae"));
			CHECK(!strstr(b.data, "\n# d"));
			CHECK_HAS(b.data, i == AUDIT_TABLE ? "\\xe2\\x80\\xae" : "&#92;xe2");
			CHECK_HAS(b.data, i == AUDIT_TABLE ? "\\x1b" : "&#92;x1b");
		}
		audit_free(&a);
	}
}

static void no_name_is_markup(void)
{
	auto_buf b = { 0 };
	struct audit a;
	char *save = NULL;

	hostile_node(&a);
	render(&a, AUDIT_MARKDOWN, &b);
	CHECK(!strstr(b.data, "<img"));
	CHECK(!strstr(b.data, "`c`"));
	CHECK(!strstr(b.data, "[f]"));
	CHECK(!strstr(b.data, "*e*"));
	for (char *line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save))
		if (line[0] == '|')
			CHECK(count(line, '|') == 9 || count(line, '|') == 5);
	audit_free(&a);
}

static void a_text_is_wrapped_between_words_only(void)
{
	auto_buf b = { 0 };

	audit_put_wrapped(&b, "one two  three verylongwordthatdoesnotfit x", 2, 12);
	CHECK_STR(b.data, "one two\n  three\n  verylongwordthatdoesnotfit\n  x");
}

/* ---- names that are long */

static const char *long_name(struct audit *a, char c)
{
	char text[201];

	memset(text, c, 200);
	text[200] = '\0';
	return audit_printf(a, "%s", text);
}

static void long_node(struct audit *a)
{
	struct audit_container *c;
	struct finding *f;

	world_audit(a);
	for (char i = 0; i < 2; i++) {
		c = world_box(a, long_name(a, (char)('a' + i)), 100);
		c->name = long_name(a, (char)('A' + i));
		c->record = c->bundle = long_name(a, 'r');
		audit_note(c, audit_printf(a, "policy: `%s'", long_name(a, 'n')));
		c->inventory.incomplete = strdup(audit_printf(a, "open `%s': no", c->id));
		world_way(a, c, AUDIT_WAY_MOUNT, audit_printf(a, "/%s", long_name(a, 'w')), true);
		world_volume(a, c, audit_printf(a, "/%s", long_name(a, 'v')), 4, true);
		f = world_file(c, "netrc", audit_printf(a, "/%s/.netrc", long_name(a, 'f')), 31);
		CHECK_INT(inventory_set_principal(f, c->id, 150, &(struct pf_error){ 0 }), ==, 0);
		world_file(c, "netrc", audit_printf(a, "/%s/.netrc", long_name(a, 'g')), 31);
		world_variable(c, "github-token", long_name(a, 'E'));
	}
	world_box(a, long_name(a, 'p'), 300)->problem = long_name(a, 'q');
	world_judge(a);
}

/* A name is not broken, for somebody may copy it: a line is too long for its last word alone, and that begins it. */
static void the_table_has_eighty_columns_but_for_one_word(void)
{
	size_t n = 0, too_long = 0, not_alone = 0;
	auto_buf b = { 0 };
	struct audit a;
	char *save = NULL;

	long_node(&a);
	render(&a, AUDIT_TABLE, &b);
	for (char *line = strtok_r(b.data, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		const char *last = strrchr(line, ' ');

		n++;
		too_long += strlen(line) > 80;
		not_alone += strlen(line) > 80 && last && last - line > 17;
	}
	CHECK_INT(n, >, 30);
	CHECK_INT(too_long, >, 10);
	CHECK_INT(not_alone, ==, 0);
	audit_free(&a);
}

/* ---- names that are secrets */

static void secret_node(struct audit *a)
{
	const char *token = world_token();
	struct audit_container *c;
	const struct audit_volume v = { .path = audit_printf(a, "/v/%s", token),
					.source = audit_printf(a, "/s/%s.d", token),
					.dev = 8,
					.ino = 4,
					.writable = true,
					.host = true };
	const struct place argument = { .type = PLACE_ARGUMENT,
					.name = "args[1]",
					.of = audit_printf(a, "process `%s'", token) };
	struct finding *f;

	c = world_box(a, token, 100);
	c->name = audit_printf(a, "pod/%s", token);
	c->record = c->bundle = audit_printf(a, "/run/x/%s", token);
	c->problem = audit_printf(a, "open `/x/%s': no", token);
	audit_note(c, audit_printf(a, "policy: %s", token));
	c->inventory.incomplete = strdup(c->problem);
	audit_volume_add(a, c, &v);
	world_way(a, c, AUDIT_WAY_OUTPUT, audit_printf(a, "--log %s", token), true);
	world_redirect(a, c, "AWS_ENDPOINT_URL_S3=x", argument.of);
	world_redirect(a, c, audit_printf(a, "VAULT_ADDR=https://%s", token), "process");
	f = world_file(c, "netrc", audit_printf(a, "/root/%s/.netrc", token), 31);
	f->places[0].mount = f->places[0].source = v.path;
	f->principal = strdup(token);
	world_find(c, "github-token", &argument);
	a->problem = audit_printf(a, "`%s' cannot be looked into", token);
	c = world_box(a, "other", 200);
	audit_volume_add(a, c, &v);
}

static void a_name_that_is_a_secret_is_masked_everywhere(void)
{
	for (int i = 0; i < AUDIT_FORMAT_COUNT_; i++) {
		auto_buf b = { 0 };
		struct audit a;

		world_audit(&a);
		secret_node(&a);
		world_judge(&a);
		render(&a, (enum audit_format)i, &b);
		CHECK(!strstr(b.data, "FAKEFAKE"));
		CHECK_HAS(b.data, "masked");
		audit_free(&a);
	}
}

static void mask(const char *before, const char *behind, const char *want)
{
	auto_buf text = { 0 }, got = { 0 };

	pf_buf_printf(&text, "%s%s%s", before, world_token(), behind);
	CHECK(mask_text(&world_catalogue, NULL, text.data, &got));
	CHECK_STR(got.data, want);
}

static void the_whole_component_is_masked_and_no_other(void)
{
	auto_buf b = { 0 };

	mask("", "", "<masked:github-token>");
	mask("/a/", "/b", "/a/<masked:github-token>/b");
	mask("/a/x-", ".txt/b c", "/a/<masked:github-token>/b c");
	mask("/a/k=", "&", "/a/<masked:github-token>");
	CHECK(!mask_text(&world_catalogue, NULL, "/root/.netrc", &b));
	CHECK_STR(b.data, "/root/.netrc");
}

/* The page has the table of the code, and what it says of scores is what the code says. */
static void the_page_has_the_mapping(void)
{
	const char *top = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *page = NULL;
	char path[PATH_MAX];
	auto_buf table = { 0 }, redirects = { 0 };

	snprintf(path, sizeof(path), "%s/docs/audit.md", top ? top : ".");
	CHECK_INT(pf_read_file_at(AT_FDCWD, path, 1 << 20, &page, NULL, &e), ==, 0);
	audit_mapping_markdown(&table);
	CHECK_HAS(page, table.data);
	redirect_markdown(&redirects);
	CHECK_HAS(page, redirects.data);
}

int main(void)
{
	world_open();
	RUN(the_reports_of_a_node_are_as_they_were);
	RUN(the_json_reports_are_json);
	RUN(no_name_reaches_a_terminal_as_it_is);
	RUN(no_name_is_markup);
	RUN(a_text_is_wrapped_between_words_only);
	RUN(the_table_has_eighty_columns_but_for_one_word);
	RUN(a_name_that_is_a_secret_is_masked_everywhere);
	RUN(the_whole_component_is_masked_and_no_other);
	RUN(the_page_has_the_mapping);
	catalogue_free(&world_catalogue);
	return tap_done();
}
