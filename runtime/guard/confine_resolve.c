/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in which a policy becomes a confinement. What the mounts are comes first, since it says what a path leads
 * to; what may be written comes next, since no symlink there is believed; reading and executing follow.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/confine_impl.h"
#include "runtime/guard/credentials.h"

static void run_done(struct confine_run *run)
{
	for (size_t i = 0; i < run->n_sites; i++)
		free(run->sites[i].path);
	free(run->sites);
	free(run->tree);
	free(run->tree_text);
	confine_paths_free(&run->writable);
	for (size_t k = 0; k < CONFINE_KEY_COUNT_; k++)
		for (size_t b = 0; b < POLICY_BOUNDS_MAX; b++)
			confine_paths_free(&run->bounds[k][b]);
}

/* Where do the write entries lead if every symlink of the root filesystem is believed? The second pass refuses those
 * that lead through one another. */
static int find_writable(struct confine_run *run, struct pf_error *e)
{
	const struct oci_strings *list = &confine_value(run->in->policy, CONFINE_WRITE)->list;

	if (!(run->keys & CONFINE_BIT(CONFINE_WRITE)))
		return 0;
	for (size_t i = 0; i < list->n; i++) {
		struct confine_wish wish = {
			.key = CONFINE_WRITE,
			.entry = list->v[i],
			.links = LINKS_OF_ROOT,
			.lenient = true,
			.out = &run->writable,
		};

		STEP(confine_expand(run, &wish, e));
	}
	return 0;
}

static int expand_entry(struct confine_run *run, enum confine_key key, const char *entry,
			struct pf_error *e)
{
	struct confinement *c = run->out;
	struct confine_paths list = { c->paths, c->n_paths };
	struct confine_wish wish = {
		.key = key,
		.entry = entry,
		.links = LINKS_TRUSTED,
		.out = &list,
	};
	size_t first = c->n_paths;
	int ret = confine_expand(run, &wish, e);

	c->paths = list.v;
	c->n_paths = list.n;
	if (ret < 0)
		return ret;
	for (size_t i = first; i < c->n_paths; i++)
		STEP(confine_check_bounds(run, &c->paths[i], e));
	return 0;
}

static int resolve_key(struct confine_run *run, enum confine_key key, struct pf_error *e)
{
	const struct oci_strings *list = &confine_value(run->in->policy, key)->list;

	if (!(run->keys & CONFINE_BIT(key)))
		return 0;
	STEP(confine_expand_bounds(run, key, e));
	for (size_t i = 0; i < list->n; i++)
		STEP(expand_entry(run, key, list->v[i], e));
	/* Last, so that what the policy says itself is named as the opener of a mount. */
	return confine_add_system(run, key, e);
}

/* A dynamic program is started by its loader, which execve opens as a program too. */
static int note_loaders(struct confine_run *run, struct pf_error *e)
{
	static const char *const loaders[] = {
		"/lib64/ld-linux-x86-64.so.2",
		"/lib/ld-linux-aarch64.so.1",
		"/lib/ld-musl-x86_64.so.1",
		"/lib/ld-musl-aarch64.so.1",
	};
	const struct confinement *c = run->out;

	if (!(run->keys & CONFINE_BIT(CONFINE_EXEC)))
		return 0;
	for (size_t l = 0; l < ARRAY_SIZE(loaders); l++) {
		struct confine_found found;
		bool opened = false;
		int answer = confine_walk(run, loaders[l], LINKS_ANY, &found, e);

		if (answer < 0)
			return answer;
		if (answer != CONFINE_FOUND)
			continue;
		for (size_t i = 0; i < c->n_paths; i++)
			if (c->paths[i].key == CONFINE_EXEC &&
			    pf_path_inside(found.path, c->paths[i].path))
				opened = true;
		if (!opened)
			STEP(confine_note(
				run, e,
				"exec: the loader `%.200s' is not in the list, so dynamic "
				"programs cannot start",
				found.path));
	}
	return 0;
}

static int cover_credentials(struct confine_run *run, struct pf_error *e)
{
	const struct confine_input *in = run->in;
	struct credentials_tree tree = { .config = in->config,
					 .root_fd = in->root_fd,
					 .mountinfo = in->mountinfo,
					 .bundle = in->bundle,
					 .run = run };
	auto_free char *home = NULL;
	const char *why;

	if (!in->credentials || !credentials_looks(in->credentials))
		return 0;
	STEP(confine_home(run, &home, &why, e));
	tree.home = home;
	return credentials_look(in->credentials, &tree, e);
}

/* `env' takes the variables that load code into a program. A file does the same, and is not its business: it is told. */
static int note_preload(struct confine_run *run, struct pf_error *e)
{
	struct confine_found found;
	int answer = confine_walk(run, "/etc/ld.so.preload", LINKS_ANY, &found, e);

	if (answer < 0 || answer != CONFINE_FOUND)
		return answer < 0 ? answer : 0;
	return confine_note(
		run, e,
		"`/etc/ld.so.preload' is there: glibc loads what it names into every program, as "
		"LD_PRELOAD would, and `env' does not cover a file");
}

static int resolve(struct confine_run *run, struct pf_error *e)
{
	static const enum confine_key order[] = { CONFINE_WRITE, CONFINE_READ, CONFINE_EXEC };
	struct confine_found root;

	for (size_t k = 0; k < CONFINE_KEY_COUNT_; k++)
		if (confine_value(run->in->policy, (enum confine_key)k)->present)
			run->keys |= CONFINE_BIT(k);
	STEP(confine_decide_rights(run, e));
	STEP(confine_walk(run, "/", LINKS_NONE, &root, e));
	run->root = run->out->root = root.id;
	STEP(confine_find_mounts(run, e));
	STEP(confine_judge_tree(run, e));
	STEP(find_writable(run, e));
	for (size_t i = 0; i < ARRAY_SIZE(order); i++)
		STEP(resolve_key(run, order[i], e));
	STEP(confine_decide_mounts(run, e));
	STEP(confine_decide_hide(run, e));
	STEP(confine_decide_protect(run, e));
	STEP(confine_decide_noexec(run, e));
	STEP(confine_take_network(run, e));
	STEP(cover_credentials(run, e)); /* last: what is covered already is not looked at */
	STEP(note_preload(run, e));
	return note_loaders(run, e);
}

int confine_resolve(const struct confine_input *in, struct confinement *ret, struct pf_error *e)
{
	struct confinement out = { .n_paths = 0 };
	struct confine_run run = { .in = in, .out = &out };
	int err = resolve(&run, e);

	run_done(&run);
	if (err < 0) {
		confinement_free(&out);
		return err;
	}
	*ret = out;
	return 0;
}
