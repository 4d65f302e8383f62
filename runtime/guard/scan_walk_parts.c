/* SPDX-License-Identifier: Apache-2.0 */
/* What a walk remembers: the names of a directory, the directories still to come, the files that were seen. */
#include <config.h>

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/guard/scan_walk.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Pointers, once the text has stopped to move. */
static int index_names(struct walk_names *n)
{
	char *p = n->text;

	n->v = reallocarray(NULL, n->n ? n->n : 1, sizeof(*n->v));
	if (!n->v)
		return -ENOMEM;
	for (size_t i = 0; p && i < n->n; i++) {
		n->v[i] = ++p;
		p += strlen(p) + 1;
	}
	if (n->n > 1)
		qsort(n->v, n->n, sizeof(*n->v), compare_names);
	return 0;
}

static bool is_self_or_parent(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* Takes the descriptor. */
static int read_entries(DIR *dir, uint64_t max, struct walk_names *ret)
{
	auto_buf b = { 0 };
	const struct dirent *d;
	int more = 0;

	while (errno = 0, (d = readdir(dir)) != NULL) {
		if (is_self_or_parent(d->d_name))
			continue;
		if (ret->n == max) {
			more = 1;
			break;
		}
		pf_buf_add(&b, &d->d_type, 1);
		pf_buf_add(&b, d->d_name, strlen(d->d_name) + 1);
		ret->n++;
	}
	if (errno || b.failed)
		return errno ? -errno : -ENOMEM;
	ret->text = pf_take_ptr(&b.data);
	return more;
}

int walk_read_names(int dir_fd, uint64_t max, struct walk_names *ret)
{
	DIR *dir = fdopendir(dir_fd);
	int more, err;

	*ret = (struct walk_names){ .n = 0 };
	if (!dir) {
		err = -errno;
		pf_close(dir_fd);
		return err;
	}
	more = read_entries(dir, max, ret);
	closedir(dir);
	if (more < 0)
		return more;
	err = index_names(ret);
	return err < 0 ? err : more;
}

void walk_names_free(struct walk_names *n)
{
	free(n->text);
	free(n->v);
	*n = (struct walk_names){ .n = 0 };
}

int walk_push(struct walk_queue *q, const struct walk_directory *d)
{
	if (q->n == q->cap) {
		size_t cap = q->cap ? 2 * q->cap : 64;
		struct walk_directory *more = reallocarray(q->v, cap, sizeof(*more));

		if (!more)
			return -ENOMEM;
		q->v = more;
		q->cap = cap;
	}
	q->v[q->n++] = *d;
	return 0;
}

bool walk_pop(struct walk_queue *q, struct walk_directory *ret)
{
	if (q->first == q->n)
		return false;
	*ret = q->v[q->first++];
	return true;
}

void walk_queue_free(struct walk_queue *q)
{
	for (size_t i = q->first; i < q->n; i++)
		free(q->v[i].path);
	free(q->v);
	*q = (struct walk_queue){ .n = 0 };
}

/* ---- files that were seen */

static size_t hash(uint64_t dev, uint64_t ino)
{
	uint64_t h = (ino ^ (dev << 32 | dev >> 32)) * 0x9e3779b97f4a7c15ull;

	return (size_t)(h >> 20);
}

static struct walk_seen *probe(struct walk_seen *v, size_t cap, uint64_t dev, uint64_t ino)
{
	size_t i = hash(dev, ino) & (cap - 1);

	while (v[i].used && (v[i].dev != dev || v[i].ino != ino))
		i = (i + 1) & (cap - 1);
	return &v[i];
}

static int grow(struct walk *w)
{
	size_t cap = w->cap_seen ? 2 * w->cap_seen : 1024;
	struct walk_seen *more = calloc(cap, sizeof(*more));

	if (!more)
		return -ENOMEM;
	for (size_t i = 0; i < w->cap_seen; i++)
		if (w->seen[i].used)
			*probe(more, cap, w->seen[i].dev, w->seen[i].ino) = w->seen[i];
	free(w->seen);
	w->seen = more;
	w->cap_seen = cap;
	return 0;
}

struct walk_seen *walk_find_seen(struct walk *w, uint64_t dev, uint64_t ino)
{
	if (2 * w->n_seen >= w->cap_seen && grow(w) < 0)
		return NULL;
	return probe(w->seen, w->cap_seen, dev, ino);
}

/* ---- files that were known */

static int compare_known(const void *a, const void *b)
{
	const struct walk_known *x = a, *y = b;

	if (x->dev != y->dev)
		return x->dev < y->dev ? -1 : 1;
	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return (x->kind > y->kind) - (x->kind < y->kind);
}

static void list_places(struct walk *w, const struct finding *f)
{
	for (size_t p = 0; p < f->n_places; p++) {
		const struct place *place = &f->places[p];

		if (place->type == PLACE_FILE)
			w->known[w->n_known++] = (struct walk_known){
				.dev = place->id.dev,
				.ino = place->id.ino,
				.kind = scan_kind_index(w->s->catalogue, f->kind),
				.path = place->name,
			};
	}
}

int walk_list_known(struct walk *w)
{
	const struct inventory *inv = w->s->inv;

	w->known = reallocarray(NULL, inv->n_places + 1, sizeof(*w->known));
	if (!w->known)
		return -ENOMEM;
	for (size_t i = 0; i < inv->n; i++)
		list_places(w, &inv->v[i]);
	qsort(w->known, w->n_known, sizeof(*w->known), compare_known);
	return 0;
}

const struct walk_known *walk_find_known(const struct walk *w, uint64_t dev, uint64_t ino)
{
	const struct walk_known key = { .dev = dev, .ino = ino };
	size_t low = 0, high = w->n_known;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (compare_known(&w->known[mid], &key) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low < w->n_known && w->known[low].dev == dev && w->known[low].ino == ino
		       ? &w->known[low]
		       : NULL;
}
