/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `hide': what nothing in the container sees, whatever another key opens. Each path gets a cover, and one at every other
 * place where a mount shows the same. It is strict for what exists now: what cannot be found or covered refuses.
 *
 * A symlink is never what is hidden: it holds a name and no content. What it leads to is, if the link can be trusted: one
 * of the root file system where nobody of the container writes may lead anywhere, one that others can plant only to a
 * place in its own mount. Who plants one can so cover what lies there, and open nothing.
 */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "config/policy_globs.h"
#include "runtime/guard/confine_impl.h"

static const struct policy_value *value_of(const struct confine_run *run)
{
	return &run->in->policy->keys[POLICY_HIDE];
}

static int refuse(const struct confine_run *run, const char *entry, const char *text,
		  const char *path, const char *cure, struct pf_error *e)
{
	char where[160];

	confine_entry_where(value_of(run), "hide", entry, where, sizeof(where));
	return pf_fail(e, PF_ERR_POLICY, 0, "%s: `%.120s' %s `%.120s'%s", where, entry, text, path,
		       cure);
}

/* Without these no program runs, or every one fails in a way that nobody understands. */
static bool is_essential(const char *path)
{
	static const char *const places[] = { "/", "/dev", "/proc", "/sys" };

	for (size_t i = 0; i < ARRAY_SIZE(places); i++)
		if (strcmp(path, places[i]) == 0)
			return true;
	return false;
}

static int cover_place(struct confine_run *run, const void *arg, const struct confine_found *place,
		       struct pf_error *e)
{
	const struct confine_cover cover = {
		.path = (char *)(uintptr_t)place->path,
		.is_dir = S_ISDIR(place->mode) || !(place->mode & S_IFMT),
		.why = "hide",
		.entry = (char *)(uintptr_t)arg,
		.id = place->id,
	};

	if (is_essential(place->path))
		return refuse(run, arg, "would cover", place->path,
			      ", which no container can do without", e);
	return confine_add_cover(run, &cover, e);
}

/* Said of the first one: a store of packages may have thousands. */
static int note_links(struct confine_run *run, const struct confine_found *found,
		      struct pf_error *e)
{
	if (!S_ISREG(found->mode) || found->nlink < 2 || run->linked)
		return 0;
	run->linked = true;
	return confine_note(
		run, e,
		"hide: `%.200s' has %u names; other names of it (hard links) are not looked "
		"for, nor those of other hidden files",
		found->path, found->nlink);
}

static int hide(struct confine_run *run, const char *entry, const struct confine_found *found,
		struct pf_error *e)
{
	STEP(cover_place(run, entry, found, e));
	STEP(note_links(run, found, e));
	return confine_each_alias(run, found, cover_place, entry, e);
}

/* A symlink that a pattern matches, and that others could have planted: @link is where it lies. */
static int hide_planted(struct confine_run *run, const char *entry, const char *path,
			const struct confine_found *link, struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk(run, path, LINKS_ANY, &found, e);

	if (answer < 0 && e->err != ELOOP)
		return answer;
	if (answer == CONFINE_ABSENT)
		return 0;
	if (answer == CONFINE_FOUND && found.id.mnt_id == link->id.mnt_id &&
	    !pf_path_inside(path, found.path))
		return hide(run, entry, &found, e);
	*e = (struct pf_error)PF_ERROR_INIT;
	return confine_note(
		run, e,
		"hide: the symlink `%.200s' matches `%.100s' and leads out of its mount; what "
		"it leads to is not covered: name it",
		path, entry);
}

static int hide_match(struct confine_run *run, const char *entry, const char *path,
		      struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk(run, path, LINKS_TRUSTED, &found, e);

	if (answer < 0)
		return e->err == ELOOP ? hide_planted(run, entry, path, &found, e) : answer;
	if (answer == CONFINE_LINK)
		return hide_planted(run, entry, path, &found, e);
	if (answer == CONFINE_ABSENT)
		return 0; /* it went away, or a symlink leads nowhere */
	if (pf_path_inside(path, found.path) && strcmp(path, found.path) != 0)
		return hide_planted(run, entry, path, &found, e);
	return hide(run, entry, &found, e);
}

static int hide_literal(struct confine_run *run, const struct confine_globs *globs,
			const char *entry, struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk_entry(run, globs, entry, &found, e);

	if (answer < 0)
		return answer;
	return answer == CONFINE_FOUND ? hide(run, entry, &found, e) : 0;
}

/* What does not exist cannot be covered, unless what it will lie in is. */
static int check_absent(struct confine_run *run, const char *entry, struct pf_error *e)
{
	struct confine_found found;
	int answer;

	if (confine_is_covered(run->out, entry))
		return 0;
	answer = confine_walk(run, entry, LINKS_ANY, &found, e);
	if (answer < 0)
		return answer;
	if (answer == CONFINE_FOUND)
		return 0;
	return refuse(
		run, entry, "does not exist in the container, and nothing would cover", entry,
		" when it is made: hide the directory that it will lie in, or write a pattern, "
		"which may match nothing",
		e);
}

/* An entry that opens what is hidden contradicts it, and hiding wins. A token's part may well lie there. */
static int check_entries(struct confine_run *run, struct pf_error *e)
{
	const struct confinement *c = run->out;
	char where[160];

	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];
		const struct confine_cover *cover = confine_cover_of(c, p->path);

		if (!cover || p->system)
			continue;
		if (p->entry[0] == '@') {
			STEP(confine_note(run, e, "%s: `%.200s' is hidden by `%.100s'; left out",
					  p->entry, p->path, cover->entry));
			continue;
		}
		confine_where(confine_value(run->in->policy, p->key), p->key, where, sizeof(where));
		return pf_fail(
			e, PF_ERR_POLICY, 0,
			"%s: `%.120s' (`%.120s') is what `hide' covers by `%.120s': one of the two "
			"entries has to go",
			where, p->entry, p->path, cover->entry);
	}
	return 0;
}

/* Only what can be told without the search of PATH: what comes of a wrong guess is a riddle like before. */
static int check_program(struct confine_run *run, struct pf_error *e)
{
	const struct oci_process *process = &run->in->config->process;
	const struct confine_cover *cover;
	struct confine_found found;
	int answer;

	if (process->args.n == 0 || process->args.v[0][0] != '/')
		return 0;
	answer = confine_walk(run, process->args.v[0], LINKS_ANY, &found, e);
	if (answer < 0)
		return answer;
	cover = answer == CONFINE_FOUND ? confine_cover_of(run->out, found.path) : NULL;
	if (!cover)
		return 0;
	return refuse(run, cover->entry, "covers the program that the container is to run,",
		      found.path, "", e);
}

static int note_later(struct confine_run *run, struct pf_error *e)
{
	const struct oci_strings *list = &value_of(run)->list;

	for (size_t i = 0; i < list->n; i++)
		if (glob_is(list->v[i]))
			return confine_note(
				run, e,
				"hide.later: a file that a pattern matches only after the container was "
				"created is not covered: a read can win");
	return 0;
}

int confine_decide_hide(struct confine_run *run, struct pf_error *e)
{
	const struct policy_value *value = value_of(run);
	const struct confine_globs globs = { .key = "hide", .value = value, .found = hide_match };

	if (value->list.n == 0)
		return 0;
	for (size_t i = 0; i < value->list.n; i++)
		if (!glob_is(value->list.v[i]))
			STEP(hide_literal(run, &globs, value->list.v[i], e));
	STEP(confine_find_globs(run, &globs, e));
	for (size_t i = 0; i < value->list.n; i++)
		if (!glob_is(value->list.v[i]))
			STEP(check_absent(run, value->list.v[i], e));
	STEP(check_entries(run, e));
	STEP(check_program(run, e));
	return note_later(run, e);
}
