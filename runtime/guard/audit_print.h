/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_AUDIT_PRINT_H
#define PF_GUARD_AUDIT_PRINT_H

#include "base/io.h"
#include "runtime/guard/audit.h"

/* What the reports share. Names come from images and workloads: each report passes them through its own escape. */

/** audit_put_markdown() - @s for a cell of a table: nothing of it is markup, or reaches a terminal as a control */
void audit_put_markdown(struct pf_buf *b, const char *s);
/** audit_put_uri() - a path as a relative reference (RFC 3986) */
void audit_put_uri(struct pf_buf *b, const char *path);
/** audit_put_wrapped() - words, broken at @columns; lines but the first begin with @indent blanks */
void audit_put_wrapped(struct pf_buf *b, const char *text, unsigned int indent,
		       unsigned int columns);

/** audit_put_place() - "$NAME of process `sh'", "/root/.netrc line 3" */
void audit_put_place(struct pf_buf *b, const struct place *p);
/** audit_put_ways() - "egress, output", "host" among them; "nothing" */
void audit_put_ways(struct pf_buf *b, const struct audit_entry *entry);
/** audit_put_readers() - "web, db (same file)"; "nobody in it" */
void audit_put_readers(struct pf_buf *b, const struct audit *a, const struct audit_entry *entry);
/** audit_put_terms() - the ids of @bits */
void audit_put_terms(struct pf_buf *b, unsigned int bits, const struct audit_term *terms, size_t n,
		     const char *between);
/** audit_put_life() - "long-lived", "until 2026-11-24", "expired 2026-11-24" */
void audit_put_life(struct pf_buf *b, const struct audit *a, const struct finding *f);
/** audit_label() - what a container is called */
const char *audit_label(const struct audit_container *c);
/** audit_put_redirect() - "$HTTP_PROXY: connections go through it: http://host:3128" */
void audit_put_redirect(struct pf_buf *b, const struct audit_redirect *r);
/** audit_put_headline() - one sentence: how many there are, how many can leave */
void audit_put_headline(struct pf_buf *b, const struct audit_summary *s);

#endif
