/* SPDX-License-Identifier: Apache-2.0 */
/* The audit's judgement: who reaches whom, who reads what, what to remove first, and what others call it. */
#include <config.h>

#include <errno.h>

#include "tests/unit/audit_world.h"

/* ---- reach sets */

/* "{a,b} {c}" of ids. */
static const char *sets(const struct audit *a)
{
	static char text[512];
	size_t n = 0;

	text[0] = '\0';
	for (size_t i = 0; i < a->n_sets; i++)
		for (size_t m = 0; m < a->sets[i].n; m++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s%s%s",
					      m   ? ","
					      : i ? " {"
						  : "{",
					      a->containers[a->sets[i].members[m]]->id,
					      m + 1 == a->sets[i].n ? "}" : "");
	return text;
}

static void containers_of_their_own_reach_nobody(void)
{
	struct audit a;

	world_audit(&a);
	world_box(&a, "a", 100);
	world_box(&a, "b", 200);
	world_judge(&a);
	CHECK_STR(sets(&a), "{a} {b}");
	CHECK_INT(a.n_links, ==, 0);
	audit_free(&a);
}

static void a_shared_namespace_makes_one_set(void)
{
	for (int ns = 0; ns < AUDIT_NS_COUNT_; ns++) {
		struct audit a;
		struct audit_container *x, *y;

		world_audit(&a);
		x = world_box(&a, "a", 100);
		y = world_box(&a, "b", 200);
		world_box(&a, "c", 300);
		x->ns[ns] = y->ns[ns] = (struct audit_namespace){ 77, false };
		world_judge(&a);
		CHECK_STR(sets(&a), "{a,b} {c}");
		CHECK_INT(a.n_links, ==, 1);
		CHECK_INT(a.links[0].by, ==, ns);
		audit_free(&a);
	}
}

static void the_hosts_namespaces_join_too_but_not_its_user_namespace(void)
{
	struct audit a;
	struct audit_container *x, *y;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	y = world_box(&a, "b", 200);
	world_box(&a, "c", 300);
	x->ns[AUDIT_NS_NET] = y->ns[AUDIT_NS_NET] = (struct audit_namespace){ 5, true };
	world_judge(&a);
	CHECK_STR(sets(&a), "{a,b} {c}");
	CHECK_STR(a.links[0].what, "the host's");
	audit_free(&a);
}

static void a_volume_joins_where_one_of_them_writes_it(void)
{
	static const struct row {
		bool first, second;
		const char *sets;
	} rows[] = {
		{ true, true, "{a,b}" },
		{ true, false, "{a,b}" },
		{ false, true, "{a,b}" },
		{ false, false, "{a} {b}" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct audit a;

		world_audit(&a);
		world_volume(&a, world_box(&a, "a", 100), "/data", 42, rows[i].first);
		world_volume(&a, world_box(&a, "b", 200), "/in", 42, rows[i].second);
		world_judge(&a);
		CHECK_STR(sets(&a), rows[i].sets);
		audit_free(&a);
	}
}

static void a_volume_within_anothers_joins_too(void)
{
	struct audit a;
	struct audit_container *x, *y, *z;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	y = world_box(&a, "b", 200);
	z = world_box(&a, "c", 300);
	world_volume(&a, x, "/data", 42, true);
	world_volume(&a, y, "/in", 43, false);
	world_volume(&a, z, "/in", 44, false);
	x->volumes[0].root = "/srv";
	y->volumes[0].root = "/srv/sub";
	z->volumes[0].root = "/srv2";
	world_judge(&a);
	CHECK_STR(sets(&a), "{a,b} {c}");
	audit_free(&a);
}

static void reach_goes_on_from_one_to_the_next(void)
{
	struct audit a;
	struct audit_container *w, *x, *y, *z;

	world_audit(&a);
	z = world_box(&a, "d", 400);
	x = world_box(&a, "b", 200);
	y = world_box(&a, "c", 300);
	w = world_box(&a, "a", 100);
	world_volume(&a, z, "/data", 42, true);
	world_volume(&a, y, "/data", 42, false);
	x->ns[AUDIT_NS_NET] = y->ns[AUDIT_NS_NET] = (struct audit_namespace){ 77, false };
	w->ns[AUDIT_NS_IPC].ino = 0; /* unknown joins nobody */
	x->ns[AUDIT_NS_IPC].ino = 0;
	world_judge(&a);
	CHECK_STR(sets(&a), "{a} {b,c,d}");
	audit_free(&a);
}

/* ---- readers and ways out */

static const struct audit_entry *entry_of(const struct audit *a, const char *id)
{
	for (size_t i = 0; i < a->n_entries; i++)
		if (strcmp(a->containers[a->entries[i].container]->id, id) == 0)
			return &a->entries[i];
	abort();
}

static void a_credential_leaves_by_every_way_of_its_readers_sets(void)
{
	struct audit a;
	struct audit_container *x, *y, *z;
	const struct audit_entry *entry;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	y = world_box(&a, "b", 200);
	z = world_box(&a, "c", 300);
	world_file(x, "aws-access-key", "/root/.aws/credentials", 9);
	world_file(y, "aws-access-key", "/aws/credentials", 9);
	world_way(&a, x, AUDIT_WAY_EGRESS, "none", false);
	world_way(&a, y, AUDIT_WAY_INBOUND, "tcp 0.0.0.0:80", true);
	world_way(&a, z, AUDIT_WAY_EGRESS, "open", true);
	world_judge(&a);
	entry = entry_of(&a, "a");
	CHECK_INT(entry->n_readers, ==, 2);
	CHECK_INT(entry->readers[0].how, ==, AUDIT_READS_ITSELF);
	CHECK_INT(entry->readers[1].how, ==, AUDIT_READS_SAME_FILE);
	CHECK_INT(entry->leaves, ==, 1u << AUDIT_WAY_INBOUND);
	CHECK(entry->facts.network && entry->facts.shared && entry->facts.reused);
	audit_free(&a);
}

static void who_shares_the_pids_reads_variables_and_no_files(void)
{
	struct audit a;
	struct audit_container *x, *y;
	const struct audit_entry *entry;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	y = world_box(&a, "b", 200);
	x->ns[AUDIT_NS_PID] = y->ns[AUDIT_NS_PID] = (struct audit_namespace){ 77, false };
	world_variable(x, "github-token", "GITHUB_TOKEN");
	world_judge(&a);
	entry = entry_of(&a, "a");
	CHECK_INT(entry->n_readers, ==, 2);
	CHECK_INT(entry->readers[1].how, ==, AUDIT_READS_PROC);
	audit_free(&a);
	world_audit(&a);
	x = world_box(&a, "a", 100);
	y = world_box(&a, "b", 200);
	/* the host's pids: it sees those of all others */
	y->ns[AUDIT_NS_PID] = (struct audit_namespace){ 3, true };
	world_file(x, "netrc", "/root/.netrc", 8);
	world_variable(x, "github-token", "GITHUB_TOKEN");
	world_judge(&a);
	for (size_t i = 0; i < a.n_entries; i++)
		CHECK_INT(a.entries[i].n_readers, ==, a.entries[i].facts.environment ? 2 : 1);
	audit_free(&a);
}

static void what_the_user_cannot_read_has_no_reader(void)
{
	struct audit a;
	struct audit_container *x;
	struct finding *f;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	world_way(&a, x, AUDIT_WAY_EGRESS, "open", true);
	f = world_file(x, "aws-access-key", "/root/.aws/credentials", 9);
	f->places[0].readable = false;
	world_judge(&a);
	CHECK_INT(a.entries[0].n_readers, ==, 0);
	CHECK_INT(a.entries[0].leaves, ==, 0);
	CHECK_INT(a.entries[0].severity, ==, AUDIT_LOW);
	CHECK_HAS(a.entries[0].advice, "cannot read it");
	audit_free(&a);
}

static void a_control_socket_makes_the_host_the_reach(void)
{
	const struct place place = { .type = PLACE_SOCKET,
				     .name = "/run/docker.sock",
				     .id = { .dev = 8, .ino = 3 },
				     .mount = "/run/docker.sock",
				     .readable = true };
	struct audit a;
	struct audit_container *x;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	world_way(&a, x, AUDIT_WAY_EGRESS, "none", false);
	world_find(x, "docker-socket", &place);
	world_file(x, "netrc", "/root/.netrc", 8);
	world_judge(&a);
	CHECK(a.sets[0].host);
	CHECK_STR(a.entries[0].finding->kind->id, "docker-socket");
	CHECK_INT(a.entries[0].severity, ==, AUDIT_CRITICAL);
	CHECK(a.entries[1].facts.reaches_host);
	CHECK_HAS(a.entries[0].advice, "do not mount it");
	audit_free(&a);
}

/* ---- ranking */

static const struct audit_facts worst = {
	.class = CREDENTIAL_CLOUD,
	.lifetime = CREDENTIAL_LONG,
	.exposed = true,
	.readable = true,
	.writable = true,
	.network = true,
};

/* The table of docs/audit.md, in its order. */
static void a_class_weighs_what_it_opens(void)
{
	static const enum credential_class order[] = {
		CREDENTIAL_HOST_CONTROL, CREDENTIAL_CLOUD, CREDENTIAL_FORGE,    CREDENTIAL_REGISTRY,
		CREDENTIAL_SSH,          CREDENTIAL_VAULT, CREDENTIAL_DATABASE, CREDENTIAL_CI,
		CREDENTIAL_MODEL,        CREDENTIAL_TLS,   CREDENTIAL_BROWSER,  CREDENTIAL_SHELL,
		CREDENTIAL_OTHER,
	};
	int last = 1000;

	_Static_assert(ARRAY_SIZE(order) == CREDENTIAL_CLASS_COUNT_, "every class has its weight");
	for (size_t i = 0; i < ARRAY_SIZE(order); i++) {
		struct audit_facts f = worst;

		f.class = order[i];
		CHECK_INT(audit_score(&f), <, last);
		last = audit_score(&f);
	}
}

static void each_fact_moves_the_score(void)
{
	struct audit_facts f = worst;

	CHECK_INT(audit_score(&worst), ==, 50 + 15 + 15 + 5 + 15);
	f.network = false;
	CHECK_INT(audit_score(&f), ==, 85);
	f.elsewhere = true;
	CHECK_INT(audit_score(&f), ==, 93);
	f.reaches_host = true;
	CHECK_INT(audit_score(&f), ==, 100);
	f = worst;
	f.writable = false;
	CHECK_INT(audit_score(&f), ==, 95);
	f = worst;
	f.lifetime = CREDENTIAL_JWT;
	CHECK_INT(audit_score(&f), ==, 93);
	f.expires = true;
	CHECK_INT(audit_score(&f), ==, 88);
	f.expired = true;
	CHECK_INT(audit_score(&f), ==, 0);
	f = worst;
	f.shared = true;
	CHECK_INT(audit_score(&f), ==, 105);
	f = worst;
	f.verdict = VERDICT_ALLOWED;
	CHECK_INT(audit_score(&f), ==, 75);
	f = worst;
	f.readable = false;
	CHECK_INT(audit_score(&f), ==, 25);
	f = worst;
	f.exposed = false;
	CHECK_INT(audit_score(&f), ==, 0);
}

static void severity_follows_the_score_but_for_control_of_the_host(void)
{
	struct audit_facts f = worst;

	CHECK_INT(audit_severity_of(&f, 90), ==, AUDIT_CRITICAL);
	CHECK_INT(audit_severity_of(&f, 89), ==, AUDIT_HIGH);
	CHECK_INT(audit_severity_of(&f, 72), ==, AUDIT_HIGH);
	CHECK_INT(audit_severity_of(&f, 71), ==, AUDIT_MEDIUM);
	CHECK_INT(audit_severity_of(&f, 45), ==, AUDIT_MEDIUM);
	CHECK_INT(audit_severity_of(&f, 44), ==, AUDIT_LOW);
	f.class = CREDENTIAL_HOST_CONTROL;
	CHECK_INT(audit_severity_of(&f, 60), ==, AUDIT_CRITICAL);
	f.exposed = false;
	CHECK_INT(audit_severity_of(&f, 0), ==, AUDIT_LOW);
}

static void the_order_does_not_depend_on_who_was_found_first(void)
{
	static const char *const ids[] = { "a", "b", "c" };
	struct audit_entry first[6];

	for (int turn = 0; turn < 3; turn++) {
		struct audit a;

		world_audit(&a);
		for (int i = 0; i < 3; i++) {
			const char *id = ids[(i + turn) % 3];
			struct audit_container *c = world_box(&a, id, 100 * (uint64_t)(id[0]));

			world_variable(c, "github-token", "GITHUB_TOKEN");
			world_variable(c, "aws-access-key", "AWS_SECRET_ACCESS_KEY");
		}
		world_judge(&a);
		CHECK_INT(a.n_entries, ==, 6);
		for (size_t i = 0; i < a.n_entries; i++) {
			if (turn == 0)
				first[i] = a.entries[i];
			CHECK_STR(a.entries[i].fingerprint, first[i].fingerprint);
		}
		audit_free(&a);
	}
}

/* ---- mapping */

static unsigned int nhi_of(const struct audit_facts *f)
{
	unsigned int nhi, controls;

	audit_map(f, &nhi, &controls);
	return nhi;
}

static void each_rule_of_the_mapping_holds_where_it_says(void)
{
	struct audit_facts f = worst;

	enum {
		NHI1 = 1,
		NHI2 = 2,
		NHI4 = 8,
		NHI5 = 16,
		NHI6 = 32,
		NHI7 = 64,
		NHI8 = 128,
		NHI9 = 256,
		NHI10 = 512
	};

	CHECK_INT(nhi_of(&f), ==, NHI2 | NHI6 | NHI7);
	f.class = CREDENTIAL_OTHER;
	CHECK_INT(nhi_of(&f), ==, NHI2 | NHI7);
	f.lifetime = CREDENTIAL_JWT;
	CHECK_INT(nhi_of(&f), ==, NHI2);
	f.expired = true;
	CHECK_INT(nhi_of(&f), ==, NHI1 | NHI2);
	f.expired = false;
	f.from = CREDENTIAL_FROM_USERINFO;
	CHECK_INT(nhi_of(&f), ==, NHI2 | NHI4);
	f.from = CREDENTIAL_FROM_UNKNOWN;
	f.class = CREDENTIAL_HOST_CONTROL;
	CHECK_INT(nhi_of(&f), ==, NHI2 | NHI5);
	f.crowd = f.reused = f.terminal = true;
	CHECK_INT(nhi_of(&f), ==, NHI2 | NHI5 | NHI8 | NHI9 | NHI10);
	f.exposed = false;
	CHECK_INT(nhi_of(&f), ==, 0);
}

static void every_control_of_the_table_has_a_rule(void)
{
	struct audit_facts f = worst;
	unsigned int all = 0, nhi, controls;

	f.crowd = f.terminal = true;
	audit_map(&f, &nhi, &controls);
	all |= controls;
	f.environment = true;
	audit_map(&f, &nhi, &controls);
	CHECK_INT(all | controls, ==, (1u << AUDIT_CONTROL_COUNT) - 1);
}

/* ---- --fail-on */

static size_t fails(const struct audit *a, const char *list)
{
	struct pf_error e = PF_ERROR_INIT;
	struct audit_fail_on f;
	size_t n = 0;

	if (audit_fail_on_read(&world_catalogue, list, &f, &e) == 0)
		n = audit_fails(a, &f);
	else
		n = 1000;
	audit_fail_on_free(&f);
	return n;
}

static void fail_on_names_what_it_means_and_nothing_else(void)
{
	struct audit a;
	struct audit_container *x;
	struct finding *f;

	world_audit(&a);
	x = world_box(&a, "a", 100);
	world_variable(x, "github-token", "GITHUB_TOKEN");
	f = world_file(x, "aws-session", "/root/.aws/sso/cache", 9);
	f->places[0].writable = true;
	f->verdict = VERDICT_ALLOWED;
	world_file(x, "netrc", "/root/.netrc", 10)->verdict = VERDICT_COVERED;
	world_judge(&a);
	CHECK_INT(fails(&a, "any"), ==, 2);
	CHECK_INT(fails(&a, "unallowed"), ==, 1);
	CHECK_INT(fails(&a, "long-lived"), ==, 1);
	CHECK_INT(fails(&a, "rw"), ==, 1);
	CHECK_INT(fails(&a, "class:forge"), ==, 1);
	CHECK_INT(fails(&a, "class:forge, class:cloud"), ==, 2);
	CHECK_INT(fails(&a, "class:ssh"), ==, 0);
	CHECK_INT(fails(&a, "netrc"), ==, 0);
	CHECK_INT(fails(&a, "github-token,npmrc"), ==, 1);
	for (size_t i = 0; i < 6; i++) {
		static const char *const bad[] = {
			"", ",", "forge", "class:", "Any", "githubtoken"
		};

		CHECK_INT(fails(&a, bad[i]), ==, 1000);
	}
	audit_free(&a);
}

int main(void)
{
	world_open();
	RUN(containers_of_their_own_reach_nobody);
	RUN(a_shared_namespace_makes_one_set);
	RUN(the_hosts_namespaces_join_too_but_not_its_user_namespace);
	RUN(a_volume_joins_where_one_of_them_writes_it);
	RUN(a_volume_within_anothers_joins_too);
	RUN(reach_goes_on_from_one_to_the_next);
	RUN(a_credential_leaves_by_every_way_of_its_readers_sets);
	RUN(who_shares_the_pids_reads_variables_and_no_files);
	RUN(what_the_user_cannot_read_has_no_reader);
	RUN(a_control_socket_makes_the_host_the_reach);
	RUN(a_class_weighs_what_it_opens);
	RUN(each_fact_moves_the_score);
	RUN(severity_follows_the_score_but_for_control_of_the_host);
	RUN(the_order_does_not_depend_on_who_was_found_first);
	RUN(each_rule_of_the_mapping_holds_where_it_says);
	RUN(every_control_of_the_table_has_a_rule);
	RUN(fail_on_names_what_it_means_and_nothing_else);
	catalogue_free(&world_catalogue);
	return tap_done();
}
