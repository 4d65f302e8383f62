/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Before and behind the walk: the files that were found already, so that no limit comes before them, and the public halves
 * of keys, which tell whose those are. A public half is looked for by the names that programs give it.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/scan_walk.h"

enum { HALF_BYTES = 64 << 10 };

int walk_known_files(struct walk *w, struct pf_error *e)
{
	for (size_t i = 0; i < w->n_known && !w->stopped; i++) {
		auto_fd at = -EBADF;

		if (view_open(w->s->view, w->known[i].path, O_PATH, &at) == 0)
			STEP(walk_file(w, at, w->known[i].path, e));
	}
	return scan_reader_flush(w->reader, e);
}

/* How the name of a key ends, and how that of its certificate does, in the order in which they are tried. */
static const struct {
	const char *key, *certificate;
} halves[] = {
	{ ".key", ".crt" },
	{ ".key", ".pem" },
	{ ".key", ".cert" },
	{ "/key.pem", "/cert.pem" },
	{ "-key.pem", ".pem" },
	{ "-key.pem", "-cert.pem" },
	{ "privkey.pem", "fullchain.pem" },
	{ "privkey.pem", "cert.pem" },
};

static int look_at_half(struct walk *w, size_t finding, const char *path, struct pf_error *e)
{
	struct scan_file f = { .fd = -EBADF, .bytes = HALF_BYTES, .finding = finding };
	auto_fd at = -EBADF;

	if (view_open(w->s->view, path, O_PATH, &at) < 0 ||
	    view_stat(w->s->view, at, path, &f.file) < 0 || f.file.size == 0 ||
	    scan_open_regular(w->proc_fd, at, &f.fd) < 0)
		return 0;
	f.beside = scan_kind_index(w->s->catalogue, w->s->inv->v[finding].kind);
	f.path = strdup(path);
	if (!f.path) {
		pf_close(f.fd);
		return pf_fail_sys(e, ENOMEM, "look into `%s'", path);
	}
	w->promised += f.bytes;
	w->s->inv->counts.files++;
	return scan_reader_add(w->reader, &f, e);
}

static int look_for_half(struct walk *w, size_t finding, const char *key, const char *ending,
			 const char *instead, struct pf_error *e)
{
	size_t len = strlen(key), cut = strlen(ending);
	char path[PATH_MAX];

	if (len < cut || strcmp(key + len - cut, ending) != 0 ||
	    snprintf(path, sizeof(path), "%.*s%s", (int)(len - cut), key, instead) >=
		    (int)sizeof(path))
		return 0;
	return look_at_half(w, finding, path, e);
}

static int look_for_halves(struct walk *w, size_t finding, const char *key, struct pf_error *e)
{
	if (w->s->inv->v[finding].kind->principal.from == CREDENTIAL_FROM_PUBLIC_KEY)
		return look_for_half(w, finding, key, "", ".pub", e);
	for (size_t i = 0; i < ARRAY_SIZE(halves); i++)
		STEP(look_for_half(w, finding, key, halves[i].key, halves[i].certificate, e));
	return 0;
}

static bool wants_half(const struct finding *f)
{
	enum credential_from from = f->kind->principal.from;

	return (!f->principal && from == CREDENTIAL_FROM_PUBLIC_KEY) ||
	       (from == CREDENTIAL_FROM_CERTIFICATE && (!f->principal || !f->expires));
}

/* Nobody connects to a socket to ask who serves it: its owner tells as much. */
static int name_owner(struct finding *f, struct pf_error *e)
{
	char text[32];

	if (f->principal || f->kind->principal.from != CREDENTIAL_FROM_PEER)
		return 0;
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].type == PLACE_SOCKET) {
			snprintf(text, sizeof(text), "uid %u", (unsigned int)f->places[i].uid);
			return inventory_set_principal(f, text, strlen(text), e);
		}
	return 0;
}

int walk_beside(struct walk *w, struct pf_error *e)
{
	struct inventory *inv = w->s->inv;

	for (size_t i = 0; i < inv->n; i++) {
		STEP(name_owner(&inv->v[i], e));
		for (size_t p = 0; !w->stopped && p < inv->v[i].n_places; p++)
			if (inv->v[i].places[p].type == PLACE_FILE && wants_half(&inv->v[i]))
				STEP(look_for_halves(w, i, inv->v[i].places[p].name, e));
	}
	return scan_reader_flush(w->reader, e);
}
