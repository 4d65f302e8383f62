/* SPDX-License-Identifier: Apache-2.0 */
/*
 * At create, of files that hold more than a secret and so cannot be covered: is there a credential in them, and in which
 * line? A few small files, read by the same child as in the deep scan. What cannot be told stays a finding.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "runtime/guard/scan_parts.h"

enum {
	LINES_FILES = 16,
	LINES_BYTES = 64 << 10,
	LINES_MS = 5000,
};

enum answer { ANSWER_NONE, ANSWER_YES, ANSWER_NO };

struct lines {
	const struct catalogue *c;
	const struct view *view;
	struct inventory *inv;
	unsigned char *answers; /* owned; of each finding */
	int proc_fd;            /* owned */
	struct scan_reader *reader;
	size_t files;
};

static bool is_asked(const struct finding *f)
{
	return f->kind->cover == CREDENTIAL_COVER_NONE && f->by != FOUND_BY_CONTENT &&
	       f->kind->n_content > 0;
}

/* All places of a finding are one file, or the same words would not be one credential. */
static void set_line(struct finding *f, uint32_t line)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (f->places[i].type == PLACE_FILE &&
		    (f->places[i].line == 0 || line < f->places[i].line))
			f->places[i].line = line;
}

static int take_record(void *ctx, const struct scan_file *f, const struct scan_record *r,
		       struct pf_error *e)
{
	struct lines *l = ctx;
	unsigned char *answer = &l->answers[f->finding];

	(void)e;
	if (r->type == SCAN_FOUND && (r->flags & SCAN_BY_CONTENT)) {
		*answer = ANSWER_YES;
		set_line(&l->inv->v[f->finding], r->line);
	} else if (r->type == SCAN_DONE && *answer == ANSWER_NONE &&
		   !(r->flags & SCAN_UNREADABLE) && f->file.size <= f->bytes) {
		*answer = ANSWER_NO;
	}
	return 0;
}

/* It stays a finding: that it could not be looked into makes it no better. */
static void take_loss(void *ctx, const struct scan_file *f, const char *why)
{
	struct lines *l = ctx;

	inventory_incomplete(l->inv, "`%s' was not looked into: %s", f->path, why);
}

static int look_at(struct lines *l, size_t finding, const char *path, struct pf_error *e)
{
	struct scan_file f = {
		.fd = -EBADF, .beside = SCAN_NO_KIND, .n_kinds = 1, .finding = finding
	};
	auto_fd at = -EBADF;

	if (view_open(l->view, path, O_PATH, &at) < 0 ||
	    view_stat(l->view, at, path, &f.file) < 0 ||
	    scan_open_regular(l->proc_fd, at, &f.fd) < 0)
		return 0;
	f.kinds[0] = scan_kind_index(l->c, l->inv->v[finding].kind);
	f.bytes = f.file.size < LINES_BYTES ? f.file.size : LINES_BYTES;
	f.path = strdup(path);
	if (!f.path) {
		pf_close(f.fd);
		return pf_fail_sys(e, ENOMEM, "look into `%s'", path);
	}
	l->files++;
	return scan_reader_add(l->reader, &f, e);
}

static int look_at_all(struct lines *l, struct pf_error *e)
{
	for (size_t i = 0; i < l->inv->n && l->files < LINES_FILES; i++) {
		const struct finding *f = &l->inv->v[i];

		for (size_t p = 0; is_asked(f) && p < f->n_places; p++)
			if (f->places[p].type == PLACE_FILE) {
				STEP(look_at(l, i, f->places[p].name, e));
				break;
			}
	}
	return scan_reader_flush(l->reader, e);
}

static void take_out(struct lines *l)
{
	for (size_t i = l->inv->n; i-- > 0;)
		if (l->answers[i] == ANSWER_NO)
			inventory_remove(l->inv, i);
}

int scan_lines(const struct catalogue *c, const struct view *view, struct inventory *inv,
	       struct pf_error *e)
{
	struct lines l = { .c = c, .view = view, .inv = inv, .proc_fd = -EBADF };
	const struct scan_events events = { take_record, take_loss, &l };
	bool any = false;
	int ret;

	for (size_t i = 0; i < inv->n; i++)
		any |= is_asked(&inv->v[i]);
	if (!any)
		return 0;
	ret = pf_open_proc(&l.proc_fd, e);
	l.answers = calloc(inv->n, 1);
	if (ret == 0 && !l.answers)
		ret = pf_fail_sys(e, ENOMEM, "look for lines with credentials");
	if (ret == 0)
		ret = scan_reader_open(c, &events, scan_now_ms() + LINES_MS, &l.reader, e);
	if (ret == 0)
		ret = look_at_all(&l, e);
	scan_reader_close(l.reader);
	if (ret == 0)
		take_out(&l);
	free(l.answers);
	pf_close(l.proc_fd);
	return ret;
}
