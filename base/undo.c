/* SPDX-License-Identifier: Apache-2.0 */
/* The undo stack: an operation that fails half-way leaves things as if it had never been tried. */
#include <config.h>

#include "base/undo.h"

#include <errno.h>
#include <stdlib.h>

#include "base/log.h"

void undo_push(struct undo *u, const char *name, void (*back)(void *arg), void *arg)
{
	if (u->n == UNDO_MAX)
		abort();
	u->items[u->n].name = name;
	u->items[u->n].back = back;
	u->items[u->n].arg = arg;
	u->n++;
}

void undo_all(struct undo *u)
{
	int saved = errno;

	while (u->n > 0) {
		u->n--;
		pf_debug("undo %s", u->items[u->n].name);
		u->items[u->n].back(u->items[u->n].arg);
	}
	errno = saved;
}

void undo_keep(struct undo *u)
{
	u->n = 0;
}
