/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_CREDENTIALS_BOX_H
#define PF_TESTS_UNIT_CREDENTIALS_BOX_H

#include "base/json.h"
#include "runtime/guard/credentials.h"
#include "tests/unit/scan_box.h"

/* The key `credentials' with a policy written by hand, for tests of what becomes of a finding. */

static struct scan_box s; /* lends its values and, to the tests of a tree, its container */
static struct credentials c;
static struct policy policy;
static struct json_doc *arena;
static struct pf_error e;
static char *allow_v[16], *mode_v[1];

static inline void set(enum policy_key key, char **v, size_t n)
{
	policy.keys[key] = (struct policy_value){ .present = true, .list = { v, n } };
}

/* @allow: entries with a blank between them */
static inline int begin_ret(const char *mode, const char *allow)
{
	static char text[1024], word[16];
	char *save = NULL;
	size_t n = 0;

	credentials_free(&c);
	json_free(arena);
	e = (struct pf_error)PF_ERROR_INIT;
	policy = (struct policy){ .any = true };
	box_must(json_parse("{}", 2, NULL, &arena, &e) == 0, "arena");
	snprintf(word, sizeof(word), "%s", mode);
	snprintf(text, sizeof(text), "%s", allow);
	mode_v[0] = word;
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save))
		allow_v[n++] = w;
	set(POLICY_CREDENTIALS, mode_v, 1);
	if (n > 0)
		set(POLICY_CREDENTIALS_ALLOW, allow_v, n);
	return credentials_begin(&c, &policy, &e);
}

static inline void begin(const char *mode, const char *allow)
{
	CHECK_INT(begin_ret(mode, allow), ==, 0);
}

static inline struct finding *add_by(const char *kind, enum finding_by by, enum place_type type,
				     const char *name)
{
	static uint64_t ino = 100;
	bool process = type == PLACE_VARIABLE || type == PLACE_ARGUMENT;
	struct place place = { .type = type, .name = name, .of = process ? "process" : NULL };
	struct finding *f = NULL;

	if (!process)
		place.id = (struct seal_id){ .dev = 8, .ino = ino++ };
	CHECK_INT(inventory_add(&c.inv, catalogue_find(&c.catalogue, kind), by, &place, &f, &e), ==,
		  0);
	return f;
}

static inline struct finding *add(const char *kind, enum place_type type, const char *name)
{
	return add_by(kind, FOUND_BY_NAME, type, name);
}

static inline const struct finding *found(const char *kind, const char *name)
{
	for (size_t i = 0; i < c.inv.n; i++)
		for (size_t p = 0; p < c.inv.v[i].n_places; p++)
			if (strcmp(c.inv.v[i].kind->id, kind) == 0 &&
			    strcmp(c.inv.v[i].places[p].name, name) == 0)
				return &c.inv.v[i];
	return NULL;
}

static inline const char *verdict(const char *kind, const char *name)
{
	const struct finding *f = found(kind, name);

	return f ? finding_verdict_name(f->verdict) : "not there";
}

static inline const char *by(const char *kind, const char *name)
{
	const struct finding *f = found(kind, name);

	return f ? f->allowed_by : "not there";
}

static inline struct oci_strings strings(char **v)
{
	struct oci_strings ret = { v, 0 };

	while (v[ret.n])
		ret.n++;
	return ret;
}

static inline char *joined(const char *name, const char *value)
{
	static char buf[8][160];
	static unsigned int turn;
	char *p = buf[turn++ % 8];

	snprintf(p, sizeof(buf[0]), "%s%s", name, value);
	return p;
}

static inline int credentials_done(void)
{
	credentials_free(&c);
	json_free(arena);
	return tap_done();
}

#endif
