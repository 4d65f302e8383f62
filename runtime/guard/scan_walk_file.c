/* SPDX-License-Identifier: Apache-2.0 */
/* One file of a walk: what its name tells, whether it was seen under another, and on to the child that reads. */
#include <config.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runtime/guard/scan_walk.h"

/* What comes after the place where the walk ends: mounts, and the trees that are left for the end. */
static void list_unreached(const struct walk *w, char *buf, size_t size)
{
	const struct view *v = w->s->view;
	size_t len = 0;

	buf[0] = '\0';
	for (size_t i = w->last ? v->n_mounts : w->mount + 1; i < v->n_mounts && len < size; i++)
		if (!v->mounts[i].kernel && !v->mounts[i].cover && !v->mounts[i].empty)
			len += (size_t)snprintf(buf + len, size - len, "%s `%s'",
						len ? "," : "; not reached:", v->mounts[i].path);
	for (size_t i = w->late.first; i < w->late.n && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s `%s'",
					len ? "," : "; not reached:", w->late.v[i].path);
}

void walk_stop(struct walk *w, const char *what, uint64_t limit, const char *path)
{
	char unreached[512];

	if (w->stopped)
		return;
	w->stopped = true;
	list_unreached(w, unreached, sizeof(unreached));
	inventory_incomplete(w->s->inv, "it ends at `%s': %llu %s%s", path,
			     (unsigned long long)limit, what, unreached);
}

/* What its name tells is found whether or not it can be read. */
static int add_named(struct walk *w, const struct credential_kind *kind, const char *path,
		     const struct view_file *file, struct pf_error *e)
{
	struct place place;

	if (kind->cover == CREDENTIAL_COVER_NONE)
		return 0;
	view_place(w->s->view, path, file, &place);
	return inventory_add(w->s->inv, kind, FOUND_BY_NAME, &place, NULL, e);
}

static int tell_by_name(struct walk *w, const char *path, const struct view_file *file,
			struct scan_file *f, struct pf_error *e)
{
	const struct credential_kind *kinds[SCAN_KINDS];
	const struct catalogue *c = w->s->catalogue;
	size_t n = S_ISSOCK(file->mode)
			   ? catalogue_find_socket(c, CREDENTIAL_AT_ROOT, path, kinds, SCAN_KINDS)
			   : catalogue_find_path(c, CREDENTIAL_AT_ROOT, path, kinds, SCAN_KINDS);

	for (size_t i = 0; i < n && i < SCAN_KINDS; i++) {
		f->kinds[f->n_kinds++] = scan_kind_index(c, kinds[i]);
		if (kinds[i]->cover == CREDENTIAL_COVER_DIR &&
		    scan_find_directory(w->s->inv, kinds[i], path))
			continue;
		STEP(add_named(w, kinds[i], path, file, e));
	}
	return 0;
}

/* What led to it before: a variable's value, a name that only the other scan can tell. */
static void tell_by_inventory(const struct walk *w, struct scan_file *f)
{
	const struct walk_known *k = walk_find_known(w, f->file.id.dev, f->file.id.ino);
	const struct walk_known *end = w->known + w->n_known;

	for (; k && k < end && k->dev == f->file.id.dev && k->ino == f->file.id.ino; k++) {
		bool told = k->kind == SCAN_NO_KIND;

		for (uint32_t i = 0; i < f->n_kinds; i++)
			told |= f->kinds[i] == k->kind;
		if (!told && f->n_kinds < SCAN_KINDS)
			f->kinds[f->n_kinds++] = k->kind;
	}
}

/* Another name of a file that is known: what was found in it is found here. */
static int add_alias(struct walk *w, const char *path, const struct view_file *file,
		     const struct walk_seen *seen, struct pf_error *e)
{
	struct inventory *inv = w->s->inv;
	struct place place;

	if (scan_reader_ended(w->reader) <= seen->number)
		STEP(scan_reader_flush(w->reader, e));
	view_place(w->s->view, path, file, &place);
	for (size_t i = 0; i < inv->n; i++) {
		const struct finding *f = &inv->v[i];
		bool same = false;

		for (size_t p = 0; p < f->n_places && !same; p++) {
			same = f->places[p].id.ino == file->id.ino &&
			       f->places[p].id.dev == file->id.dev;
			place.line = f->places[p].line;
		}
		/* it is there already, so nothing moves */
		if (same)
			STEP(inventory_add(inv, f->kind, f->by, &place, NULL, e));
	}
	return 0;
}

static int hand_over(struct walk *w, int at, const char *path, struct scan_file *f,
		     struct pf_error *e)
{
	struct inventory_counts *counts = &w->s->inv->counts;
	int ret = scan_open_regular(w->proc_fd, at, &f->fd);

	if (ret == -EACCES || ret == -EPERM || ret == -EIO || ret == -ESTALE)
		inventory_incomplete(w->s->inv, "`%s' could not be opened: %s", path,
				     pf_errno_text(-ret));
	if (ret < 0)
		return 0; /* gone, or something else by now */
	f->path = strdup(path);
	if (!f->path) {
		pf_close(f->fd);
		return pf_fail_sys(e, ENOMEM, "look into `%s'", path);
	}
	counts->files++;
	w->promised += f->bytes;
	return scan_reader_add(w->reader, f, e);
}

/* What is with the child counts as if it were read whole, until that would be the end. */
static int check_limits(struct walk *w, const char *path, struct pf_error *e)
{
	const struct inventory_counts *counts = &w->s->inv->counts;

	if (counts->bytes + w->promised >= w->limits->bytes)
		STEP(scan_reader_flush(w->reader, e));
	if (counts->files >= w->limits->files)
		walk_stop(w, "files were read", w->limits->files, path);
	else if (counts->bytes + w->promised >= w->limits->bytes)
		walk_stop(w, "bytes were read", w->limits->bytes, path);
	return 0;
}

int walk_file(struct walk *w, int at, const char *path, struct pf_error *e)
{
	struct scan_file f = { .fd = -EBADF, .beside = SCAN_NO_KIND };
	struct walk_seen *seen;

	if (view_stat(w->s->view, at, path, &f.file) < 0)
		return 0;
	if (!S_ISREG(f.file.mode) && !S_ISSOCK(f.file.mode))
		return 0;
	STEP(tell_by_name(w, path, &f.file, &f, e));
	if (S_ISSOCK(f.file.mode) || f.file.size == 0)
		return 0;
	if (!view_readable(w->s->view, &f.file))
		return 0;
	tell_by_inventory(w, &f);
	seen = walk_find_seen(w, f.file.id.dev, f.file.id.ino);
	if (!seen)
		return pf_fail_sys(e, ENOMEM, "look into `%s'", path);
	if (seen->used)
		return add_alias(w, path, &f.file, seen, e);
	STEP(check_limits(w, path, e));
	if (w->stopped)
		return 0;
	*seen = (struct walk_seen){ .dev = f.file.id.dev,
				    .ino = f.file.id.ino,
				    .number = scan_reader_added(w->reader),
				    .used = true };
	w->n_seen++;
	f.bytes = f.file.size < w->limits->file_bytes ? f.file.size : w->limits->file_bytes;
	return hand_over(w, at, path, &f, e);
}
