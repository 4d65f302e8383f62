/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One entry becomes the paths it opens. What @cwd, @home and XDG_RUNTIME_DIR stand for is the image's choice, so they
 * count only where they cannot name the system's places or lead elsewhere by a symlink; else the token is empty, and
 * a note says why.
 */
#include <config.h>

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"

/* The system's places: never a home or a work tree themselves. Below the marked ones nothing is either. */
static const struct {
	const char *path;
	bool below;
} not_a_place[] = {
	{ "/", false },   { "/usr", false },    { "/var", false }, { "/boot", false },
	{ "/etc", true }, { "/proc", true },    { "/sys", true },  { "/dev", true },
	{ "/run", true }, { "/var/run", true },
};

static bool is_system_place(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(not_a_place); i++)
		if (not_a_place[i].below ? pf_path_inside(path, not_a_place[i].path)
					 : strcmp(path, not_a_place[i].path) == 0)
			return true;
	return false;
}

static int leave_out(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e,
		     const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int leave_out(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e,
		     const char *fmt, ...)
{
	char text[400];
	va_list ap;

	if (wish->lenient)
		return 0;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return confine_note(run, e, "%s", text);
}

static int add(const struct confine_wish *wish, const struct confine_found *found,
	       struct pf_error *e)
{
	struct confine_path path = {
		.key = wish->key,
		.entry = wish->entry,
		.is_dir = S_ISDIR(found->mode) || !(found->mode & S_IFMT),
		.id = found->id,
	};

	return confine_add_path(wish->out, &path, found->path, e);
}

static int add_place(struct confine_run *run, const struct confine_wish *wish, const char *what,
		     const char *path, struct pf_error *e)
{
	struct confine_found found;
	char place[PATH_MAX];
	int answer;

	if (pf_path_normalise(path, place, sizeof(place)) < 0)
		return leave_out(run, wish, e,
				 "%s: %s `%.100s' is not an absolute path without `..'; left out",
				 wish->entry, what, path);
	answer = confine_walk(run, place, LINKS_NONE, &found, e);
	if (answer < 0)
		return answer;
	if (answer == CONFINE_ABSENT)
		return leave_out(run, wish, e, "%s: %s `%.100s' does not exist; left out",
				 wish->entry, what, place);
	if (answer == CONFINE_LINK)
		return leave_out(run, wish, e,
				 "%s: %s `%.100s' leads through the symlink `%.100s'; left out",
				 wish->entry, what, place, found.path);
	if ((found.mode & S_IFMT) && !S_ISDIR(found.mode))
		return leave_out(run, wish, e, "%s: %s `%.100s' is not a directory; left out",
				 wish->entry, what, place);
	return add(wish, &found, e);
}

static int add_chosen(struct confine_run *run, const struct confine_wish *wish, const char *what,
		      const char *path, struct pf_error *e)
{
	char place[PATH_MAX];

	if (pf_path_normalise(path, place, sizeof(place)) == 0 && is_system_place(place))
		return leave_out(run, wish, e, "%s: %s `%.100s' is a place of the system; left out",
				 wish->entry, what, place);
	return add_place(run, wish, what, path, e);
}

static int expand_image(struct confine_run *run, const struct confine_wish *wish,
			struct pf_error *e)
{
	struct confine_path path = {
		.key = wish->key,
		.entry = wish->entry,
		.is_dir = true,
		.is_image = true,
		.id = run->root,
	};

	return confine_add_path(wish->out, &path, "/", e);
}

static int expand_cwd(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e)
{
	const char *cwd = run->in->config->process.cwd;

	if (!cwd || !*cwd)
		return leave_out(run, wish, e, "@cwd: config.json has no process.cwd; left out");
	return add_chosen(run, wish, "process.cwd", cwd, e);
}

static int expand_home(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e)
{
	auto_free char *home = NULL;
	const char *why = NULL;

	STEP(confine_home(run, &home, &why, e));
	if (!home)
		return leave_out(run, wish, e, "@home: %s; left out", why);
	return add_chosen(run, wish, "the home", home, e);
}

static int expand_mounts(struct confine_run *run, const struct confine_wish *wish,
			 struct pf_error *e)
{
	for (size_t i = 0; i < run->n_sites; i++) {
		const struct confine_site *site = &run->sites[i];
		struct confine_path path = {
			.key = wish->key,
			.entry = wish->entry,
			.is_dir = S_ISDIR(site->mode),
			.id = site->id,
		};

		/* Nobody wrote a hook's mount down, so nobody can mean it by "the mounts". */
		if (site->mount && site->outside && !site->engine)
			STEP(confine_add_path(wish->out, &path, site->path, e));
	}
	return 0;
}

/* Engines share the host's runtime directory with some containers: its sockets are not temporary files. */
static bool is_own_runtime_dir(const struct confine_run *run, const char *path)
{
	char own[32];

	snprintf(own, sizeof(own), "/run/user/%u", run->in->config->process.user.uid);
	if (strcmp(path, own) != 0)
		return false;
	for (size_t i = 0; i < run->n_sites; i++)
		if (run->sites[i].outside && (pf_path_inside(run->sites[i].path, own) ||
					      pf_path_inside(own, run->sites[i].path)))
			return false;
	return true;
}

static int expand_tmp(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e)
{
	const char *xdg = confine_env(run->in->config, "XDG_RUNTIME_DIR");
	char place[PATH_MAX];

	STEP(add_place(run, wish, "the directory", "/tmp", e));
	STEP(add_place(run, wish, "the directory", "/var/tmp", e));
	if (!xdg || !*xdg)
		return 0;
	if (pf_path_normalise(xdg, place, sizeof(place)) == 0 && is_own_runtime_dir(run, place))
		return add_place(run, wish, "XDG_RUNTIME_DIR", xdg, e);
	return add_chosen(run, wish, "XDG_RUNTIME_DIR", xdg, e);
}

static int expand_nothing(struct confine_run *run, const struct confine_wish *wish,
			  struct pf_error *e)
{
	(void)run;
	(void)wish;
	(void)e;
	return 0; /* @none; and @system is added to every key anyway */
}

static const struct {
	const char *name;
	int (*expand)(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e);
} tokens[] = {
	{ "@image", expand_image },    { "@cwd", expand_cwd }, { "@home", expand_home },
	{ "@mounts", expand_mounts },  { "@tmp", expand_tmp }, { "@none", expand_nothing },
	{ "@system", expand_nothing },
};

static int fail_entry(const struct confine_run *run, const struct confine_wish *wish,
		      const char *text, const char *cure, struct pf_error *e)
{
	char where[160];

	confine_where(confine_value(run->in->policy, wish->key), wish->key, where, sizeof(where));
	return pf_fail(e, PF_ERR_POLICY, 0, "%s: `%.120s' %s%s", where, wish->entry, text, cure);
}

static int expand_literal(struct confine_run *run, const struct confine_wish *wish,
			  struct pf_error *e)
{
	struct confine_found found;
	char path[PATH_MAX], cure[300];
	int answer;

	if (pf_path_normalise(wish->entry, path, sizeof(path)) < 0)
		return wish->lenient
			       ? 0
			       : fail_entry(run, wish, "is not a normalised absolute path", "", e);
	answer = confine_walk(run, path, wish->links, &found, e);
	if (answer < 0) {
		confine_where(confine_value(run->in->policy, wish->key), wish->key, cure,
			      sizeof(cure));
		return pf_wrap(e, "%.150s", cure);
	}
	if (answer == CONFINE_FOUND)
		return add(wish, &found, e);
	if (wish->lenient)
		return 0;
	if (answer == CONFINE_ABSENT)
		return fail_entry(run, wish, "does not exist in the container", "", e);
	snprintf(
		cure, sizeof(cure),
		" `%.100s', which lies in a mount or where the container may write: name the place "
		"it leads to",
		found.path);
	return fail_entry(run, wish, "leads through the symlink", cure, e);
}

int confine_expand(struct confine_run *run, const struct confine_wish *wish, struct pf_error *e)
{
	if (wish->entry[0] != '@')
		return expand_literal(run, wish, e);
	for (size_t i = 0; i < ARRAY_SIZE(tokens); i++)
		if (strcmp(tokens[i].name, wish->entry) == 0)
			return tokens[i].expand(run, wish, e);
	if (wish->lenient)
		return 0;
	return fail_entry(run, wish, "is not a token of this key", "", e);
}
