/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The confinement as flat bytes. Rules of one path are merged and sorted by path, so the same decision always gives
 * the same bytes.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

struct rule { /* a seal_rule whose path is not yet in the block */
	const char *path;
	bool is_dir;
	uint64_t access;
	struct seal_id id;
};

static int compare_rules(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	return confine_compare_paths(x->path, y->path);
}

static size_t merge_rules(struct rule *rules, size_t n)
{
	size_t out = 0;

	qsort(rules, n, sizeof(*rules), compare_rules);
	for (size_t i = 0; i < n; i++) {
		if (out && strcmp(rules[out - 1].path, rules[i].path) == 0)
			rules[out - 1].access |= rules[i].access;
		else
			rules[out++] = rules[i];
	}
	return out;
}

static size_t collect_rules(const struct confinement *c, struct rule *rules)
{
	uint64_t root = confine_root_access(c);
	size_t n = 0;

	if (root)
		rules[n++] = (struct rule){ "/", true, root, c->root };
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];
		uint64_t access = confine_access(c, p);

		if (access && !confine_is_covered(c, p->path))
			rules[n++] = (struct rule){ p->path, p->is_dir, access, p->id };
	}
	return merge_rules(rules, n);
}

/* What the runtime itself mounts over after the judging lies on another mount then: only the file can be compared. */
static struct seal_id id_under_protects(const struct confinement *c, const char *path,
					struct seal_id id, const struct confine_protect *self)
{
	for (size_t i = 0; i < c->n_protects; i++)
		if (&c->protects[i] != self && pf_path_inside(path, c->protects[i].path))
			id.mnt_id = SEAL_ANY_MOUNT;
	return id;
}

static int write_protects(const struct confinement *c, struct flat *f, struct plan_list *ret,
			  struct pf_error *e)
{
	auto_free struct seal_protect *out = calloc(c->n_protects + 1, sizeof(*out));

	if (!out)
		return pf_fail_sys(e, ENOMEM, "write the seal");
	for (size_t i = 0; i < c->n_protects; i++) {
		const struct confine_protect *p = &c->protects[i];

		out[i] = (struct seal_protect){
			.path = flat_str(f, p->path),
			.is_dir = p->is_dir,
			.anchor = p->anchor,
			.id = id_under_protects(c, p->path, p->id, p),
		};
	}
	*ret = flat_items(f, out, sizeof(*out), c->n_protects);
	return 0;
}

static int write_rules(const struct confinement *c, struct flat *f, struct plan_list *ret,
		       struct pf_error *e)
{
	auto_free struct rule *rules = calloc(c->n_paths + 1, sizeof(*rules));
	auto_free struct seal_rule *out = calloc(c->n_paths + 1, sizeof(*out));
	size_t n;

	if (!rules || !out)
		return pf_fail_sys(e, ENOMEM, "write the seal");
	n = collect_rules(c, rules);
	for (size_t i = 0; i < n; i++)
		out[i] = (struct seal_rule){
			.path = flat_str(f, rules[i].path),
			.is_dir = rules[i].is_dir,
			.access = rules[i].access,
			.id = id_under_protects(c, rules[i].path, rules[i].id, NULL),
		};
	*ret = flat_items(f, out, sizeof(*out), n);
	return 0;
}

static int compare_covers(const void *a, const void *b)
{
	const struct confine_cover *x = a, *y = b;

	return confine_compare_paths(x->path, y->path);
}

/* Covered mounts and the other covers in one order, as borrowed covers. */
static size_t collect_covers(const struct confinement *c, struct confine_cover *all)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct confine_mount *m = &c->mounts[i];

		if (m->covered && !confine_cover_of(c, m->path))
			all[n++] = (struct confine_cover){
				.path = m->path,
				.is_dir = m->is_dir,
				.id = m->id,
			};
	}
	for (size_t i = 0; i < c->n_covers; i++)
		all[n++] = c->covers[i];
	if (n > 0)
		qsort(all, n, sizeof(*all), compare_covers);
	return n;
}

static int write_covers(const struct confinement *c, struct flat *f, struct plan_list *ret,
			struct pf_error *e)
{
	size_t max = c->n_mounts + c->n_covers + 1, n = 0, n_all;
	auto_free struct confine_cover *all = calloc(max, sizeof(*all));
	auto_free struct seal_cover *out = calloc(max, sizeof(*out));
	const char *last = NULL; /* sorted: what lies below a covered one follows it */

	if (!all || !out)
		return pf_fail_sys(e, ENOMEM, "write the seal");
	n_all = collect_covers(c, all);
	for (size_t i = 0; i < n_all; i++) {
		if (last && pf_path_inside(all[i].path, last))
			continue;
		last = all[i].path;
		out[n++] = (struct seal_cover){
			.path = flat_str(f, all[i].path),
			.is_dir = all[i].is_dir,
			.content = flat_str(f, all[i].content),
			.id = all[i].id,
		};
	}
	*ret = flat_items(f, out, sizeof(*out), n);
	return 0;
}

static int write_readonly(const struct confinement *c, struct flat *f, struct plan_list *ret,
			  struct pf_error *e)
{
	auto_free struct seal_readonly *out = calloc(c->n_mounts + 1, sizeof(*out));
	const char *last = NULL;
	size_t n = 0;

	if (!out)
		return pf_fail_sys(e, ENOMEM, "write the seal");
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct confine_mount *m = &c->mounts[i];

		if (!m->made_readonly || (last && pf_path_inside(m->path, last)))
			continue;
		last = m->path;
		out[n++] = (struct seal_readonly){ .path = flat_str(f, m->path), .id = m->id };
	}
	*ret = flat_items(f, out, sizeof(*out), n);
	return 0;
}

static int write_noexec(const struct confinement *c, struct flat *f, struct plan_list *ret,
			struct pf_error *e)
{
	auto_free struct seal_readonly *out = calloc(c->n_noexec + 1, sizeof(*out));

	if (!out)
		return pf_fail_sys(e, ENOMEM, "write the seal");
	for (size_t i = 0; i < c->n_noexec; i++)
		out[i] = (struct seal_readonly){ .path = flat_str(f, c->noexec[i].path),
						 .id = c->noexec[i].id };
	*ret = flat_items(f, out, sizeof(*out), c->n_noexec);
	return 0;
}

int confine_write_seal(const struct confinement *c, struct flat *ret, struct pf_error *e)
{
	struct seal seal = {
		.magic = SEAL_MAGIC,
		.flags = SEAL_FILTER,
		.abi = (uint32_t)c->abi,
		.handled_fs = c->handled_fs,
		.scoped = c->scoped,
		.unreachable = { c->unreachable[0], c->unreachable[1] },
	};

	if (c->abi)
		seal.flags |= SEAL_LANDLOCK;
	if (c->abi && (c->keys & CONFINE_BIT(CONFINE_READ)))
		seal.flags |= SEAL_READ;
	if (c->abi && (c->keys & CONFINE_BIT(CONFINE_WRITE)))
		seal.flags |= SEAL_WRITE;
	if (c->keys & CONFINE_BIT(CONFINE_EXEC)) /* the filter's part of it needs no Landlock */
		seal.flags |= SEAL_EXEC;
	flat_begin(ret, sizeof(seal));
	STEP(write_rules(c, ret, &seal.rules, e));
	STEP(write_covers(c, ret, &seal.covers, e));
	STEP(write_protects(c, ret, &seal.protects, e));
	STEP(write_readonly(c, ret, &seal.readonly, e));
	STEP(write_noexec(c, ret, &seal.noexec, e));
	seal.size = (uint32_t)flat_size(ret);
	return flat_end(ret, &seal, sizeof(seal), e);
}
