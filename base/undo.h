/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_UNDO_H
#define PF_BASE_UNDO_H

#include <stddef.h>

/* What was done, so that it can be taken back: last first. A step pushes its undoing right after it succeeded. */

#define UNDO_MAX 16

struct undo {
	struct {
		const char *name;
		void (*back)(void *arg);
		void *arg;
	} items[UNDO_MAX];
	size_t n;
};

/** undo_push() - the table is large enough for every step there is; more is a bug and aborts */
void undo_push(struct undo *u, const char *name, void (*back)(void *arg), void *arg);
/** undo_all() - take everything back, last first; errno is kept */
void undo_all(struct undo *u);
/** undo_keep() - it stays: the operation as a whole succeeded */
void undo_keep(struct undo *u);

#endif
