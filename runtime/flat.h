/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_FLAT_H
#define PF_RUNTIME_FLAT_H

#include "base/io.h"
#include "config/oci.h"
#include "runtime/init/plan.h"

/* Writing the flat plan (runtime/init/plan.h) and the seal: bytes at the end of a growing block, known by offset.
 * Every list starts 8-byte aligned. A failed allocation is remembered in .bytes.failed. */

struct flat {
	struct pf_buf bytes; /* owned */
};

/** flat_begin() - start with @size zero bytes for the head struct */
void flat_begin(struct flat *f, size_t size);
plan_str flat_str(struct flat *f, const char *s); /* NULL: 0 */
struct plan_list flat_items(struct flat *f, const void *items, size_t item_size, size_t n);
struct plan_list flat_strs(struct flat *f, const struct oci_strings *list); /* a list of plan_str */
struct plan_list flat_argv(struct flat *f, char *const *argv);
/** flat_end() - copy the head struct to the front; its .size must be flat_size() */
int flat_end(struct flat *f, const void *head, size_t head_size, struct pf_error *e);
size_t flat_size(const struct flat *f);
/** flat_memfd() - the block as a sealed memfd */
int flat_memfd(const struct flat *f, const char *name, int *ret_fd, struct pf_error *e);
void flat_free(struct flat *f);

#endif
