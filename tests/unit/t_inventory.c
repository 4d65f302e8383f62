/* SPDX-License-Identifier: Apache-2.0 */
/* What is one credential, in which order they stand, and what of them is written down. */
#include <config.h>

#include <stdlib.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/guard/inventory.h"
#include "tests/unit/tap.h"

static struct catalogue catalogue;

static struct finding *add(struct inventory *inv, const char *kind, enum place_type type,
			   const char *name, uint64_t ino)
{
	const struct place place = { .type = type, .name = name, .id = { .dev = 8, .ino = ino } };
	struct pf_error e = PF_ERROR_INIT;
	struct finding *f = NULL;

	CHECK_INT(
		inventory_add(inv, catalogue_find(&catalogue, kind), FOUND_BY_NAME, &place, &f, &e),
		==, 0);
	return f;
}

static void two_names_of_one_file_are_one_finding(void)
{
	struct inventory inv = { .n = 0 };
	struct finding *f;

	add(&inv, "npmrc", PLACE_FILE, "/root/.npmrc", 7);
	f = add(&inv, "npmrc", PLACE_FILE, "/mnt/.npmrc", 7);
	CHECK_INT(inv.n, ==, 1);
	CHECK_INT(f->n_places, ==, 2);
	add(&inv, "npmrc", PLACE_FILE, "/mnt/.npmrc", 7);
	CHECK_INT(inv.n_places, ==, 2);
	add(&inv, "npmrc", PLACE_FILE, "/srv/.npmrc", 8);
	add(&inv, "netrc", PLACE_FILE, "/root/.npmrc", 7);
	CHECK_INT(inv.n, ==, 3);
	inventory_free(&inv);
}

static void files_of_unknown_identity_are_told_by_their_names(void)
{
	struct inventory inv = { .n = 0 };

	add(&inv, "npmrc", PLACE_FILE, "/root/.npmrc", 0);
	add(&inv, "npmrc", PLACE_FILE, "/home/a/.npmrc", 0);
	add(&inv, "npmrc", PLACE_FILE, "/root/.npmrc", 0);
	CHECK_INT(inv.n, ==, 2);
	inventory_free(&inv);
}

static void a_variable_is_one_in_each_process(void)
{
	struct inventory inv = { .n = 0 };
	struct place p = { .type = PLACE_VARIABLE, .name = "GITHUB_TOKEN", .of = "process" };
	const struct credential_kind *kind = catalogue_find(&catalogue, "github-token");
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(inventory_add(&inv, kind, FOUND_BY_NAME, &p, NULL, &e), ==, 0);
	CHECK_INT(inventory_add(&inv, kind, FOUND_BY_NAME, &p, NULL, &e), ==, 0);
	CHECK_INT(inv.n, ==, 1);
	p.of = "exec";
	CHECK_INT(inventory_add(&inv, kind, FOUND_BY_NAME, &p, NULL, &e), ==, 0);
	CHECK_INT(inv.n, ==, 2);
	inventory_free(&inv);
}

static void what_is_empty_in_the_image_is_none(void)
{
	struct inventory inv = { .n = 0 };
	struct place p = {
		.type = PLACE_DIRECTORY, .name = "/etc/ssl/private", .mount = "/", .empty = true
	};
	const struct credential_kind *kind = catalogue_find(&catalogue, "tls-key-store");
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(inventory_add(&inv, kind, FOUND_BY_NAME, &p, NULL, &e), ==, 0);
	CHECK_INT(inv.n, ==, 0);
	p.mount = p.name; /* what the host may put there any time */
	CHECK_INT(inventory_add(&inv, kind, FOUND_BY_NAME, &p, NULL, &e), ==, 0);
	CHECK_INT(inv.n, ==, 1);
	inv.v[0].places[0].covered = true;
	inventory_drop_empty(&inv);
	CHECK_INT(inv.n, ==, 1);
	inv.v[0].places[0].covered = false;
	inventory_drop_empty(&inv);
	CHECK_INT(inv.n, ==, 0);
	CHECK_INT(inv.n_places, ==, 0);
	inventory_free(&inv);
}

static void the_bounds_make_it_incomplete(void)
{
	struct inventory inv = { .n = 0 };
	char name[32];

	inv.n_places = INVENTORY_PLACES_MAX - 1;
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "/root/%d", i);
		add(&inv, "npmrc", PLACE_FILE, name, 100 + (uint64_t)i);
	}
	CHECK_INT(inv.n, ==, 1);
	CHECK_HAS(inv.incomplete, "more than 4096 credentials at 16384 places");
	inventory_incomplete(&inv, "later");
	CHECK_HAS(inv.incomplete, "more than");
	inventory_free(&inv);
}

static void the_order_is_that_of_class_kind_and_place(void)
{
	struct inventory inv = { .n = 0 };

	add(&inv, "npmrc", PLACE_FILE, "/root/.npmrc", 7);
	add(&inv, "anthropic-api-key", PLACE_VARIABLE, "B", 0);
	add(&inv, "npmrc", PLACE_FILE, "/a/.npmrc", 7);
	add(&inv, "anthropic-api-key", PLACE_VARIABLE, "A", 0);
	inventory_sort(&inv);
	CHECK_STR(inv.v[0].places[0].name, "A");
	CHECK_STR(inv.v[1].places[0].name, "B");
	CHECK_STR(inv.v[2].places[0].name, "/a/.npmrc");
	inventory_remove(&inv, 1);
	CHECK_INT(inv.n, ==, 2);
	CHECK_INT(inv.n_places, ==, 3);
	CHECK_STR(inv.v[1].kind->id, "npmrc");
	inventory_free(&inv);
}

static void the_json_is_well_formed_whatever_the_names(void)
{
	struct inventory inv = { .n = 0 };
	struct json_doc *doc = NULL;
	struct pf_error e = PF_ERROR_INIT;
	auto_buf b = { 0 };
	struct finding *f;

	f = add(&inv, "npmrc", PLACE_FILE, "/root/\"\n\xff\x1b[2J.npmrc", 7);
	CHECK_INT(inventory_set_principal(f, "a\x1b[31mb", 7, &e), ==, 0);
	CHECK_STR(f->principal, "a\\x1b[31mb");
	inventory_json(&inv, &b);
	CHECK(!b.failed);
	CHECK_INT(json_parse(b.data, b.len, NULL, &doc, &e), ==, 0);
	CHECK(json_get(json_root(doc), "findings") != NULL);
	json_free(doc);
	inventory_free(&inv);
}

int main(void)
{
	struct pf_error e = PF_ERROR_INIT;

	if (catalogue_load(NULL, 0, &catalogue, &e) < 0) {
		printf("Bail out! %s\n", e.msg);
		return 1;
	}
	RUN(two_names_of_one_file_are_one_finding);
	RUN(files_of_unknown_identity_are_told_by_their_names);
	RUN(a_variable_is_one_in_each_process);
	RUN(what_is_empty_in_the_image_is_none);
	RUN(the_bounds_make_it_incomplete);
	RUN(the_order_is_that_of_class_kind_and_place);
	RUN(the_json_is_well_formed_whatever_the_names);
	catalogue_free(&catalogue);
	return tap_done();
}
