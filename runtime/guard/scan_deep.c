/* SPDX-License-Identifier: Apache-2.0 */
/* The deep scan: content of every file, in a child without privilege. scan_parts.h has the theory. */
#include <config.h>

#include "runtime/guard/scan_parts.h"

const struct scan_limits scan_limits_audit = {
	.entries = 200000,
	.files = 50000,
	.bytes = 1ull << 30,
	.file_bytes = 64ull << 20,
	.ms = 30000,
};

/* A create that finds no end refuses, so what ordinary images have must fit: a browser of 200 MiB, a hundred thousand files. */
const struct scan_limits scan_limits_create = {
	.entries = 1000000,
	.files = 400000,
	.bytes = 8ull << 30,
	.file_bytes = 1ull << 30,
	.ms = 120000,
};

int scan_deep(const struct catalogue *c, const struct view *view, const struct scan_limits *limits,
	      struct inventory *inv, struct pf_error *e)
{
	struct scan_results s = { .catalogue = c, .view = view, .inv = inv };

	return scan_walk(&s, limits, e);
}
