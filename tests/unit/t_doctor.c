/* SPDX-License-Identifier: Apache-2.0 */
/* The doctor's answers differ from host to host; what must hold on every one is that each gap comes with its cure. */
#include <config.h>

#include "base/json.h"
#include "runtime/doctor.h"
#include "tests/unit/tap.h"

static const char *text(const struct json *check, const char *key)
{
	return json_text(check, key, "");
}

static void every_gap_has_a_cure(void)
{
	struct pf_error e = PF_ERROR_INIT;
	const struct json *check, *checks;
	auto_json doc = NULL;
	auto_buf b = { 0 };
	int gaps = 0;

	CHECK_INT(doctor_report(true, &b, &e), ==, 0);
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	if (!doc)
		return;
	checks = json_get(json_root(doc), "checks");
	CHECK(checks != NULL);
	for (check = checks ? checks->child : NULL; check; check = check->next) {
		bool gap = !strcmp(text(check, "state"), "limited") ||
			   !strcmp(text(check, "state"), "missing");

		printf("# %s: %s\n", text(check, "name"), text(check, "state"));
		CHECK(text(check, "name")[0] != '\0');
		CHECK(text(check, "detail")[0] != '\0');
		CHECK(!gap || text(check, "cure")[0] != '\0');
		gaps += gap;
	}
	CHECK_INT(json_integer(json_root(doc), "missing", -1) +
			  json_integer(json_root(doc), "limited", -1),
		  ==, gaps);
	CHECK_STR(text(json_root(doc), "tier"), "shared-kernel");
}

static void the_table_says_the_same_and_fits(void)
{
	struct pf_error e = PF_ERROR_INIT;
	size_t longest = 0, n;
	auto_buf b = { 0 };

	CHECK_INT(doctor_report(false, &b, &e), ==, 0);
	CHECK_HAS(b.data, "landlock");
	CHECK_HAS(b.data, "shared kernel");
	CHECK_HAS(b.data, "Kata");
	for (const char *s = b.data; *s; s += n + (s[n] == '\n')) {
		n = strcspn(s, "\n");
		longest = n > longest ? n : longest;
	}
	CHECK_INT(longest, <=, 100);
}

int main(void)
{
	RUN(every_gap_has_a_cure);
	RUN(the_table_says_the_same_and_fits);
	return tap_done();
}
