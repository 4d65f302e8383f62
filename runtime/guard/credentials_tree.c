/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files, directories and sockets of a container: found by name through its final tree, judged, and covered at every
 * place where they show. What another cover hides already, and what no rule lets the container read, is nothing to act
 * upon.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/credentials.h"
#include "runtime/guard/mask.h"
#include "runtime/guard/names_parts.h"
#include "runtime/guard/scan.h"

static int open_view(struct credentials *c, const struct credentials_tree *t, struct pf_error *e)
{
	if (t->bundle)
		STEP(view_of_bundle(t->config, t->bundle, &c->view, e));
	else
		STEP(view_of_root(t->root_fd, t->mountinfo, &c->view, e));
	view_set_user(&c->view, t->config);
	return 0;
}

/* ---- entries of credentials.allow that are paths */

static bool is_bounded(const struct credentials *c, const char *path)
{
	for (size_t b = 0; c->value && b < c->value->n_bounds; b++) {
		const struct oci_strings *bound = &c->value->bounds[b].entries;
		bool inside = false;

		for (size_t i = 0; i < bound->n; i++)
			inside |= bound->v[i][0] == '/' && pf_path_inside(path, bound->v[i]);
		if (!inside)
			return false;
	}
	return true;
}

/* Findings go by what is behind symlinks; a user may not know that there are any. Never out of the entry's bound. */
static int resolve_allow(struct credentials *c, struct pf_error *e)
{
	for (size_t i = 0; i < c->rules.allow.n; i++) {
		char real[PATH_MAX];

		if (c->allow[i].type != CREDENTIAL_ALLOW_PATH || c->resolved[i] ||
		    names_resolve_path(&c->view, c->allow[i].text, real) < 0 ||
		    strcmp(real, c->allow[i].text) == 0 || !is_bounded(c, real))
			continue;
		c->resolved[i] = strdup(real);
		if (!c->resolved[i])
			return pf_fail_sys(e, ENOMEM, "judge the credentials of a container");
	}
	return 0;
}

/* ---- covers */

/* A Landlock rule opens it, or none is needed. */
static bool is_opened(const struct confine_run *run, const struct place *p)
{
	const struct confinement *c = run->out;

	if (!c->abi || !(c->keys & CONFINE_BIT(CONFINE_READ)))
		return true;
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *o = &c->paths[i];

		if (o->key == CONFINE_EXEC)
			continue;
		if (o->is_image ? p->mount && strcmp(p->mount, "/") == 0
				: pf_path_inside(p->name, o->path))
			return true;
	}
	return false;
}

static void mark_covered(struct credentials *c, const struct confine_run *run)
{
	for (size_t i = 0; i < c->inv.n; i++) {
		struct finding *f = &c->inv.v[i];

		for (size_t p = 0; finding_is_file(f) && p < f->n_places; p++)
			if (confine_is_covered(run->out, f->places[p].name) ||
			    !is_opened(run, &f->places[p]))
				f->places[p].covered = true;
	}
}

/* Whoever named it among what may be read, and not in credentials.allow, should hear why it is empty. */
static int note_entries(struct confine_run *run, const struct finding *f, const char *path,
			struct pf_error *e)
{
	for (size_t i = 0; i < run->out->n_paths; i++) {
		const struct confine_path *o = &run->out->paths[i];

		if (o->entry[0] != '/' || o->is_image || !pf_path_inside(o->path, path))
			continue;
		STEP(confine_note(run, e,
				  "%s: `%.160s' is a credential (%s) and is covered: name it in "
				  "credentials.allow too if the container is meant to have it",
				  confine_key_name(o->key), o->path, f->kind->id));
	}
	return 0;
}

struct job {
	struct credentials *c;
	const struct finding *f;
};

static int cover_one(struct confine_run *run, const void *arg, const struct confine_found *at,
		     struct pf_error *e)
{
	const struct job *job = arg;
	auto_buf content = { 0 }, shown = { 0 };
	struct confine_cover cover = {
		.path = (char *)(uintptr_t)at->path, /* all strings are copied */
		.is_dir = S_ISDIR(at->mode),
		.why = "credentials",
		.entry = (char *)(uintptr_t)job->f->kind->id,
		.id = at->id,
	};

	if (job->f->verdict == VERDICT_DECOYED && S_ISREG(at->mode)) {
		catalogue_fake(job->f->kind, &job->c->seed, &content);
		if (content.failed)
			return pf_fail_sys(e, ENOMEM, "make a fake for `%.200s'", at->path);
		cover.content =
			content.len && content.len <= SEAL_CONTENT_MAX ? content.data : NULL;
	}
	if (mask_text(&job->c->catalogue, job->f->kind, at->path, &shown))
		cover.shown = shown.data;
	if (shown.failed)
		return pf_fail_sys(e, ENOMEM, "cover a credential");
	STEP(note_entries(run, job->f, at->path, e));
	return confine_add_cover(run, &cover, e);
}

/* There, and wherever another mount shows the same directory: the scan may not have come by. */
static int cover_place(struct confine_run *run, const struct job *job, const struct place *p,
		       struct pf_error *e)
{
	struct confine_found at = { .id = p->id, .mode = p->mode };

	if (strlen(p->name) >= sizeof(at.path))
		return pf_fail(e, PF_ERR_POLICY, ENAMETOOLONG, "cover `%.200s'", p->name);
	memcpy(at.path, p->name, strlen(p->name) + 1);
	STEP(cover_one(run, job, &at, e));
	return confine_each_alias(run, &at, cover_one, job, e);
}

static int cover_all(struct credentials *c, struct confine_run *run, struct pf_error *e)
{
	for (size_t i = 0; i < c->inv.n; i++) {
		const struct finding *f = &c->inv.v[i];
		const struct job job = { c, f };

		if (!finding_is_file(f) ||
		    (f->verdict != VERDICT_COVERED && f->verdict != VERDICT_DECOYED))
			continue;
		for (size_t p = 0; p < f->n_places; p++)
			if (!f->places[p].covered)
				STEP(cover_place(run, &job, &f->places[p], e));
	}
	return 0;
}

/* ---- the whole */

static int scan(struct credentials *c, const struct credentials_tree *t, struct pf_error *e)
{
	const struct scan_names in = {
		.catalogue = &c->catalogue,
		.view = &c->view,
		.env = &t->config->process.env,
		.home = t->home,
		.cwd = t->config->process.cwd,
		.config = t->config,
	};

	STEP(scan_names(&in, &c->inv, e));
	if (c->rules.mode == CREDENTIALS_AUDIT || c->rules.mode == CREDENTIALS_DENY)
		inventory_drop_empty(&c->inv); /* to cover a place in time is for hide */
	STEP(scan_lines(&c->catalogue, &c->view, &c->inv, e));
	if (c->deep)
		STEP(scan_deep(&c->catalogue, &c->view, &scan_limits_create, &c->inv, e));
	if (!c->deep || !c->inv.incomplete || c->tells)
		return 0;
	return pf_fail(
		e, PF_ERR_POLICY, 0,
		"credentials.scan: `deep' asks for everything to be looked at, and it was not: %.200s: "
		"mount less, or use `names'",
		c->inv.incomplete);
}

int credentials_look(struct credentials *c, const struct credentials_tree *t, struct pf_error *e)
{
	STEP(open_view(c, t, e));
	STEP(scan(c, t, e));
	STEP(resolve_allow(c, e));
	if (t->run)
		mark_covered(c, t->run);
	credentials_decide(c);
	STEP(inventory_mask(&c->inv, &c->catalogue, e));
	inventory_sort(&c->inv);
	if (!c->tells)
		STEP(credentials_refuse(c, e));
	return t->run ? cover_all(c, t->run, e) : 0;
}
