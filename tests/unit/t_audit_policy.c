/* SPDX-License-Identifier: Apache-2.0 */
/* The policy's word about a finding: as create would decide it, and as it was recorded, where that still holds. */
#include <config.h>

#include <sys/stat.h>
#include <unistd.h>

#include "runtime/guard/audit_collect.h"
#include "tests/unit/audit_world.h"

/* ---- planned */

static char *mode[] = { NULL, NULL };
static char *allow[4];

static void set_word(struct policy *p, enum policy_key key, char **list, size_t n)
{
	p->keys[key] = (struct policy_value){ .present = true, .list = { list, n } };
}

static enum finding_verdict planned(const char *kind, const struct place *place, const char *word,
				    const char *entry)
{
	struct policy p = { .any = true };
	struct audit_container *c;
	enum finding_verdict v;
	struct audit a;

	world_audit(&a);
	c = world_box(&a, "a", 100);
	mode[0] = (char *)(uintptr_t)word;
	allow[0] = (char *)(uintptr_t)entry;
	if (word)
		set_word(&p, POLICY_CREDENTIALS, mode, 1);
	set_word(&p, POLICY_CREDENTIALS_ALLOW, allow, entry ? 1 : 0);
	world_find(c, kind, place);
	audit_verdicts_planned(&a, c, &p);
	v = c->inventory.v[0].verdict;
	audit_free(&a);
	return v;
}

static void what_create_would_decide_is_told(void)
{
	const struct place variable = { .type = PLACE_VARIABLE, .name = "T", .of = "process" };
	const struct place argument = { .type = PLACE_ARGUMENT, .name = "args[1]" };
	const struct place file = { .type = PLACE_FILE, .name = "/root/.netrc" };

	CHECK_INT(planned("netrc", &file, NULL, NULL), ==, VERDICT_REPORTED);
	CHECK_INT(planned("netrc", &file, "audit", NULL), ==, VERDICT_REPORTED);
	CHECK_INT(planned("netrc", &file, "hide", NULL), ==, VERDICT_COVERED);
	CHECK_INT(planned("netrc", &file, "decoy", NULL), ==, VERDICT_DECOYED);
	CHECK_INT(planned("netrc", &file, "deny", NULL), ==, VERDICT_REFUSED);
	CHECK_INT(planned("npmrc", &file, "hide", NULL), ==, VERDICT_REFUSED);
	CHECK_INT(planned("github-token", &variable, "hide", NULL), ==, VERDICT_DROPPED);
	CHECK_INT(planned("github-token", &variable, "decoy", NULL), ==, VERDICT_DECOYED);
	CHECK_INT(planned("github-token", &argument, "hide", NULL), ==, VERDICT_REFUSED);
	CHECK_INT(planned("netrc", &file, "hide", "netrc"), ==, VERDICT_ALLOWED);
	CHECK_INT(planned("netrc", &file, "deny", "/root"), ==, VERDICT_ALLOWED);
	CHECK_INT(planned("netrc", &file, "hide", "/home"), ==, VERDICT_COVERED);
	CHECK_INT(planned("github-token", &variable, "hide", "class:forge"), ==, VERDICT_ALLOWED);
	CHECK_INT(planned("github-token", &variable, "hide", "env:T"), ==, VERDICT_ALLOWED);
	CHECK_INT(planned("github-token", &variable, "hide", "env:U"), ==, VERDICT_DROPPED);
}

/* ---- recorded */

static struct audit audit;
static struct audit_container *box;

static void record(const char *text)
{
	char dir[] = "/tmp/t_audit_policy.XXXXXX";
	struct pf_error e = PF_ERROR_INIT;
	auto_fd fd = -EBADF;

	if (!mkdtemp(dir))
		abort();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (text)
		CHECK_INT(pf_create_file_at(fd, "inventory.json", text, strlen(text), 0600, &e), ==,
			  0);
	audit_verdicts_recorded(&audit, box, fd);
	(void)unlinkat(fd, "inventory.json", 0);
	(void)rmdir(dir);
}

static void begin(void)
{
	world_audit(&audit);
	box = world_box(&audit, "a", 100);
}

#define FINDING(kind, verdict, more, type, name)                                  \
	"{\"findings\":[{\"kind\":\"" kind "\",\"verdict\":\"" verdict "\"," more \
	"\"places\":[{\"type\":\"" type "\",\"name\":\"" name "\"}]}],\"incomplete\":null}"

static void an_allowed_one_says_by_what(void)
{
	begin();
	world_variable(box, "github-token", "GITHUB_TOKEN");
	record(FINDING("github-token", "allowed", "\"allowed_by\":\"class:forge\",", "variable",
		       "GITHUB_TOKEN"));
	CHECK_INT(box->inventory.v[0].verdict, ==, VERDICT_ALLOWED);
	CHECK_STR(box->inventory.v[0].allowed_by, "class:forge");
	audit_free(&audit);
}

static void what_is_kept_from_the_workload_is_told_though_it_cannot_be_seen(void)
{
	begin();
	record(FINDING("github-token", "dropped", "", "variable", "GITHUB_TOKEN"));
	CHECK_INT(box->inventory.n, ==, 1);
	CHECK_INT(box->inventory.v[0].verdict, ==, VERDICT_DROPPED);
	CHECK(box->inventory.v[0].places[0].covered);
	world_judge(&audit);
	CHECK_INT(audit.entries[0].n_readers, ==, 0);
	CHECK_INT(audit.entries[0].severity, ==, AUDIT_LOW);
	CHECK_HAS(audit.entries[0].advice, "keeps it from the workload");
	audit_free(&audit);
}

static void a_cover_that_is_gone_is_no_cover(void)
{
	begin();
	world_file(box, "netrc", "/root/.netrc", 9);
	record(FINDING("netrc", "covered", "", "file", "/root/.netrc"));
	CHECK_INT(box->inventory.v[0].verdict, ==, VERDICT_REPORTED);
	CHECK_INT(box->n_notes, ==, 1);
	CHECK_HAS(box->notes[0], "netrc was covered when it was created, and is seen now");
	audit_free(&audit);
	begin();
	world_file(box, "netrc", "/root/.netrc", 9)->places[0].covered = true;
	record(FINDING("netrc", "covered", "", "file", "/root/.netrc"));
	CHECK_INT(box->inventory.v[0].verdict, ==, VERDICT_COVERED);
	audit_free(&audit);
}

static void a_damaged_record_is_told_and_decides_nothing(void)
{
	static const char *const bad[] = {
		"{",
		"[]",
		"{\"findings\":3}",
		FINDING("no-such-kind", "allowed", "", "variable", "GITHUB_TOKEN"),
		FINDING("github-token", "forgiven", "", "variable", "GITHUB_TOKEN"),
		FINDING("github-token", "allowed", "", "thing", "GITHUB_TOKEN"),
		"{\"findings\":[7,{\"kind\":\"github-token\",\"verdict\":\"allowed\",\"places\":1}]}",
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		begin();
		world_variable(box, "github-token", "GITHUB_TOKEN");
		record(bad[i]);
		CHECK_INT(box->inventory.v[0].verdict, ==, VERDICT_REPORTED);
		CHECK_INT(box->n_notes, ==, i == 0 ? 1 : 0);
		audit_free(&audit);
	}
	begin();
	record(NULL);
	CHECK_INT(box->n_notes, ==, 0);
	audit_free(&audit);
}

/* ---- lists of connections */

static struct audit_lists lists;

static void recorded_lists(const char *posture)
{
	char dir[] = "/tmp/pf-lists-XXXXXX";
	struct pf_error e = PF_ERROR_INIT;
	auto_fd fd = -EBADF;

	begin();
	if (!mkdtemp(dir))
		abort();
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (posture)
		CHECK_INT(pf_create_file_at(fd, "posture.json", posture, strlen(posture), 0600, &e),
			  ==, 0);
	lists = (struct audit_lists){ .egress = { .present = false } };
	audit_lists_recorded(&audit, box, fd, &lists);
	(void)unlinkat(fd, "posture.json", 0);
	(void)rmdir(dir);
}

static void end_lists(void)
{
	audit_lists_free(&lists);
	audit_free(&audit);
}

#define NETWORK(mechanism, egress, listen)                                                       \
	"{\"network\":{\"mechanism\":\"" mechanism "\",\"egress\":" egress ",\"listen\":" listen \
	"}}"
#define ENTRIES(list) "{\"entries\":[" list "],\"from\":\"x\"}"

static void each_entry_of_a_recorded_list_is_a_way(void)
{
	recorded_lists(NETWORK("bpf", ENTRIES("\"203.0.113.7:443\",\"@pod\""),
			       ENTRIES("\"8080\",\"@loopback\"")));
	CHECK(lists.egress.present && lists.listen.present);
	audit_ways_egress(&audit, box, &lists.egress, "eth0");
	CHECK_INT(box->n_ways, ==, 2);
	CHECK_STR(box->ways[0].what, "203.0.113.7:443");
	CHECK(box->ways[0].open && box->ways[0].kind == AUDIT_WAY_EGRESS);
	CHECK_STR(box->ways[1].what, "@pod");
	CHECK(!box->ways[1].open);
	CHECK(audit_lists_bound_listen(&lists));
	audit_ways_listen(&audit, box, &lists.listen);
	CHECK_INT(box->n_ways, ==, 3);
	CHECK_STR(box->ways[2].what, "port 8080");
	CHECK(box->ways[2].open && box->ways[2].kind == AUDIT_WAY_INBOUND);
	end_lists();
}

static void loopback_of_the_host_is_a_way_out(void)
{
	recorded_lists(NETWORK("bpf", ENTRIES("\"@loopback\""), "null"));
	box->ns[AUDIT_NS_NET].host = true;
	audit_ways_egress(&audit, box, &lists.egress, "the host's own network");
	CHECK_INT(box->n_ways, ==, 1);
	CHECK(box->ways[0].open);
	end_lists();
}

static void a_list_that_opens_nothing_is_told_closed(void)
{
	static const char *const none[] = { NETWORK("bpf", ENTRIES(""), "null"),
					    NETWORK("bpf", ENTRIES("\"@none\""), "null") };

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		recorded_lists(none[i]);
		audit_ways_egress(&audit, box, &lists.egress, "eth0");
		CHECK_INT(box->n_ways, ==, 1);
		CHECK_STR(box->ways[0].what, "none");
		CHECK(!box->ways[0].open);
		CHECK_HAS(box->ways[0].why, "eth0; `egress' opens nothing");
		CHECK(audit_lists_bound_listen(&lists)); /* loopback alone, unwritten */
		end_lists();
	}
}

static void any_is_open_and_says_what_it_closes(void)
{
	recorded_lists(NETWORK("bpf", ENTRIES("\"@any\",\"10.0.0.1\""), ENTRIES("\"@any\"")));
	audit_ways_egress(&audit, box, &lists.egress, "eth0");
	CHECK_INT(box->n_ways, ==, 1);
	CHECK_STR(box->ways[0].what, "open");
	CHECK(box->ways[0].open);
	CHECK(!audit_lists_bound_listen(&lists));
	end_lists();
}

static void a_long_list_leaves_room_for_other_ways(void)
{
	static char text[4096];
	size_t n = 0;

	n += (size_t)snprintf(text, sizeof(text),
			      "{\"network\":{\"mechanism\":\"bpf\",\"egress\":{\"entries\":[");
	for (int i = 0; i < 100; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s\"10.0.0.%d\"", i ? "," : "",
				      i);
	snprintf(text + n, sizeof(text) - n, "]}}}");
	recorded_lists(text);
	audit_ways_egress(&audit, box, &lists.egress, "eth0");
	CHECK_INT(box->n_ways, ==, 17);
	CHECK_STR(box->ways[16].what, "84 more entries");
	CHECK(box->ways[16].open);
	end_lists();
}

static void a_list_that_is_not_in_force_is_none(void)
{
	static const char *const none[] = {
		NULL,
		"{}",
		"[]",
		"{\"network\":null}",
		NETWORK("none", ENTRIES("\"10.0.0.1\""), ENTRIES("\"80\"")),
		NETWORK("bpf", "null", "null"),
		NETWORK("bpf", "{\"entries\":7}", "3"),
		"{",
	};

	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		recorded_lists(none[i]);
		CHECK(!lists.egress.present && !lists.listen.present);
		CHECK(!audit_lists_bound_listen(&lists));
		CHECK_INT(box->n_notes, ==, i + 1 == ARRAY_SIZE(none) ? 1 : 0);
		end_lists();
	}
}

static void the_lists_of_a_policy_are_those_that_create_would_use(void)
{
	static char *egress[] = { (char *)(uintptr_t) "10.0.0.1:80", NULL };
	struct policy p = { .any = true };

	begin();
	set_word(&p, POLICY_EGRESS, egress, 1);
	lists = (struct audit_lists){ .egress = { .present = false } };
	audit_lists_planned(&audit, &p, &lists);
	CHECK(lists.egress.present && !lists.listen.present);
	CHECK_STR(lists.egress.v[0], "10.0.0.1:80");
	end_lists();
}

int main(void)
{
	world_open();
	RUN(what_create_would_decide_is_told);
	RUN(an_allowed_one_says_by_what);
	RUN(what_is_kept_from_the_workload_is_told_though_it_cannot_be_seen);
	RUN(a_cover_that_is_gone_is_no_cover);
	RUN(a_damaged_record_is_told_and_decides_nothing);
	RUN(each_entry_of_a_recorded_list_is_a_way);
	RUN(loopback_of_the_host_is_a_way_out);
	RUN(a_list_that_opens_nothing_is_told_closed);
	RUN(any_is_open_and_says_what_it_closes);
	RUN(a_long_list_leaves_room_for_other_ways);
	RUN(a_list_that_is_not_in_force_is_none);
	RUN(the_lists_of_a_policy_are_those_that_create_would_use);
	catalogue_free(&world_catalogue);
	return tap_done();
}
