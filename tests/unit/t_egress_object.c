/* SPDX-License-Identifier: Apache-2.0 */
/* The embedded programs are found by name, each with the maps that it uses, and a damaged object is refused. */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/egress/egress.h"
#include "runtime/egress/object.h"
#include "tests/unit/tap.h"

extern const char egress_blob[], egress_blob_end[];

static struct object object;
static struct pf_error e;

static bool is_map(const char *name)
{
	for (int m = 0; m < EGRESS_MAP_COUNT_; m++)
		if (strcmp(egress_map_names[m], name) == 0)
			return true;
	return false;
}

/* Every use is of a map that the loader makes, and stands at a load of 64 bits. */
static size_t uses(const struct object_program *p)
{
	struct object_use use;
	size_t from = 0, n = 0;
	int more;

	while ((more = object_use(&object, p, &from, &use)) > 0) {
		if (!is_map(use.map) || use.at + 1 >= p->n ||
		    p->code[use.at].code != (BPF_LD | BPF_IMM | BPF_DW))
			return 0;
		n++;
	}
	return more < 0 ? 0 : n;
}

static void every_program_is_found_whole(void)
{
	CHECK_INT(object_open(egress_blob, (size_t)(egress_blob_end - egress_blob), &object, &e),
		  ==, 0);
	for (int i = 0; i < EGRESS_PROGRAM_COUNT_; i++) {
		struct object_program p = { 0 };

		CHECK_INT(object_find(&object, egress_program_names[i], &p, &e), ==, 0);
		CHECK(p.n > 8);
		CHECK(uses(&p) > 0);
	}
}

static void what_is_no_program_is_not_found(void)
{
	struct object_program p;

	CHECK(object_find(&object, "connect5", &p, &e) < 0);
	CHECK_HAS(e.msg, "`connect5'");
	CHECK(object_find(&object, "settings", &p, &e) < 0);
}

static void an_object_that_is_cut_is_refused(void)
{
	size_t len = (size_t)(egress_blob_end - egress_blob), opened = 0;

	for (size_t cut = 0; cut < len; cut += 97) {
		auto_free char *copy =
			malloc(cut + 1); /* of that size: a sanitizer sees what lies behind */
		struct object o;

		memcpy(copy, egress_blob, cut);
		opened += object_open(copy, cut, &o, &e) == 0;
	}
	CHECK_INT(opened, ==, 0);
}

/* Whatever is wrong in its head: it is read within its bounds, or refused. */
static void a_damaged_head_is_harmless(void)
{
	size_t len = (size_t)(egress_blob_end - egress_blob), refused = 0;

	for (size_t at = 0; at < 64; at++) {
		auto_free char *copy = malloc(len);
		struct object_program p;
		struct object o;

		memcpy(copy, egress_blob, len);
		copy[at] = (char)(copy[at] ^ 0x81);
		if (object_open(copy, len, &o, &e) < 0 || object_find(&o, "connect4", &p, &e) < 0)
			refused++;
	}
	CHECK(refused > 0);
}

int main(void)
{
	RUN(every_program_is_found_whole);
	RUN(what_is_no_program_is_not_found);
	RUN(an_object_that_is_cut_is_refused);
	RUN(a_damaged_head_is_harmless);
	return tap_done();
}
