/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_AUDIT_WORLD_H
#define PF_TESTS_AUDIT_WORLD_H

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/guard/audit_collect.h"
#include "tests/unit/tap.h"

/* Containers made by hand, for the tests of the audit: a node without a system. */

static struct catalogue world_catalogue;

static inline void world_open(void)
{
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(catalogue_load(NULL, 0, &world_catalogue, &e), ==, 0);
}

static inline void world_audit(struct audit *a)
{
	*a = (struct audit){ .catalogue = &world_catalogue, .now = 1800000000 };
}

/* A container in namespaces of its own, whose numbers begin at @ns. */
static inline struct audit_container *world_box(struct audit *a, const char *id, uint64_t ns)
{
	struct audit_container *c = audit_container_new(a);

	if (!c)
		abort();
	c->id = id;
	c->runtime = "pinfold";
	c->status = "running";
	c->pid = (pid_t)ns;
	c->looked_at = true;
	for (int i = 0; i < AUDIT_NS_COUNT_; i++)
		c->ns[i].ino = ns + (uint64_t)i;
	c->ns[AUDIT_NS_USER] = (struct audit_namespace){ 1, true };
	return c;
}

static inline struct finding *world_find(struct audit_container *c, const char *kind,
					 const struct place *place)
{
	const struct credential_kind *k = catalogue_find(&world_catalogue, kind);
	struct pf_error e = PF_ERROR_INIT;
	struct finding *f = NULL;

	if (!k || inventory_add(&c->inventory, k, FOUND_BY_NAME, place, &f, &e) < 0 || !f)
		abort();
	return f;
}

static inline struct finding *world_file(struct audit_container *c, const char *kind,
					 const char *path, uint64_t ino)
{
	const struct place place = { .type = PLACE_FILE,
				     .name = path,
				     .id = { .dev = 8, .ino = ino },
				     .mode = 0100600,
				     .nlink = 1,
				     .mount = "/root",
				     .source = "/home/user",
				     .readable = true };

	return world_find(c, kind, &place);
}

static inline struct finding *world_variable(struct audit_container *c, const char *kind,
					     const char *name)
{
	const struct place place = { .type = PLACE_VARIABLE, .name = name, .of = "process" };

	return world_find(c, kind, &place);
}

static inline void world_way(struct audit *a, struct audit_container *c, enum audit_way_kind kind,
			     const char *what, bool open)
{
	const struct audit_way way = { .kind = kind, .open = open, .what = what, .why = "test" };

	audit_way_add(a, c, &way);
}

static inline void world_volume(struct audit *a, struct audit_container *c, const char *path,
				uint64_t ino, bool writable)
{
	const struct audit_volume v = {
		.path = path, .dev = 8, .ino = ino, .writable = writable, .host = true
	};

	audit_volume_add(a, c, &v);
}

static inline void world_judge(struct audit *a)
{
	struct pf_error e = PF_ERROR_INIT;

	CHECK_INT(audit_judge(a, &e), ==, 0);
}

static inline void world_redirect(struct audit *a, struct audit_container *c, const char *variable,
				  const char *of)
{
	char *v[] = { (char *)(uintptr_t)variable };
	const struct oci_strings env = { v, 1 };

	audit_redirects(a, c, &env, of);
}

/* A token of a form that the catalogue knows, made here: no file of the source holds one. */
static inline const char *world_token(void)
{
	static char token[41];

	snprintf(token, sizeof(token), "%s%.36s",
		 "gh"
		 "p_",
		 "FAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKEFAKE");
	return token;
}

/* PF_GOLDEN_WRITE=1 writes what it would compare with. */
static inline void world_golden(const char *name, const struct pf_buf *got)
{
	const char *top = getenv("abs_srcdir");
	struct pf_error e = PF_ERROR_INIT;
	auto_free char *want = NULL;
	auto_fd dir = -EBADF;
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/tests/golden/audit", top ? top : ".");
	dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (getenv("PF_GOLDEN_WRITE"))
		CHECK_INT(pf_replace_file_at(dir, name, got->data, got->len, 0644, &e), ==, 0);
	CHECK_INT(pf_read_file_at(dir, name, 1 << 20, &want, NULL, &e), ==, 0);
	CHECK_STR(got->data, want);
}

#endif
