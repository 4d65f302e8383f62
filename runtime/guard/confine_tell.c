/* SPDX-License-Identifier: Apache-2.0 */
/* What explain and posture say of the keys whose entries are patterns: each entry, whose word it is, what it came to. */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/confine_impl.h"

/* What is said, and what it is for a program: policy.md knows the word for both. */
#define LATER_NONE "none"

static void put_entry(const struct policy_value *value, size_t i, struct pf_buf *b)
{
	pf_buf_puts(b, "  ");
	pf_buf_printable(b, value->list.v[i]);
	if (i < value->from.n) {
		pf_buf_puts(b, " (");
		pf_buf_printable(b, value->from.v[i]);
		pf_buf_puts(b, ")");
	}
	pf_buf_puts(b, "\n");
}

/* Covers have the key and the entry that asked first; of two entries for one path the later has nothing of its own. */
static void put_covered(const struct confinement *c, const char *entry, struct pf_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_covers; i++) {
		const struct confine_cover *cover = &c->covers[i];

		if (strcmp(cover->why, "hide") != 0 || strcmp(cover->entry, entry) != 0)
			continue;
		pf_buf_puts(b, "    ");
		pf_buf_printable(b, cover->path);
		pf_buf_puts(b, cover->is_dir ? "/\n" : "\n");
		n++;
	}
	if (n == 0)
		pf_buf_puts(b, "    nothing that is not covered otherwise\n");
}

void confine_tell_hide(const struct policy *policy, const struct confinement *c, struct pf_buf *b)
{
	const struct policy_value *value = &policy->keys[POLICY_HIDE];

	if (value->list.n == 0) {
		pf_buf_puts(b, "hide: nothing\n");
		return;
	}
	pf_buf_puts(b, "hide:\n");
	for (size_t i = 0; i < value->list.n; i++) {
		put_entry(value, i, b);
		put_covered(c, value->list.v[i], b);
	}
	pf_buf_puts(b,
		    "  later: " LATER_NONE ": what a pattern matches only later is not covered\n");
}

static void put_lists(const struct policy_value *value, struct pf_buf *b)
{
	pf_buf_puts(b, "{\"entries\":");
	confine_json_strings(b, value->list.v, value->list.n);
	pf_buf_puts(b, ",\"from\":");
	confine_json_strings(b, value->from.v, value->from.n);
}

void confine_json_hide(const struct policy *policy, struct pf_buf *b)
{
	const struct policy_value *value = &policy->keys[POLICY_HIDE];

	if (value->list.n == 0) {
		pf_buf_puts(b, "null");
		return;
	}
	put_lists(value, b);
	pf_buf_puts(b, ",\"later\":\"" LATER_NONE "\"}");
}

static void put_protected(const struct confinement *c, const char *entry, struct pf_buf *b)
{
	size_t n = 0;

	for (size_t i = 0; i < c->n_protects; i++) {
		const struct confine_protect *p = &c->protects[i];

		if (p->anchor || strcmp(p->entry, entry) != 0)
			continue;
		pf_buf_puts(b, "    ");
		pf_buf_printable(b, p->path);
		pf_buf_puts(b, p->is_dir ? "/\n" : "\n");
		n++;
	}
	if (n == 0)
		pf_buf_puts(b, "    nothing that is there\n");
}

void confine_tell_protect(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b)
{
	const struct policy_value *value = &policy->keys[POLICY_PROTECT];
	const char *head = "  held in place:";

	if (value->list.n == 0) {
		pf_buf_puts(b, "protect: nothing\n");
		return;
	}
	pf_buf_puts(b, "protect:\n");
	for (size_t i = 0; i < value->list.n; i++) {
		put_entry(value, i, b);
		put_protected(c, value->list.v[i], b);
	}
	for (size_t i = 0; i < c->n_protects; i++) {
		if (!c->protects[i].anchor)
			continue;
		pf_buf_printf(b, "%s ", head);
		pf_buf_printable(b, c->protects[i].path);
		head = "";
	}
	pf_buf_puts(b, *head ? "" : "\n");
	pf_buf_puts(b, "  later: " LATER_NONE ": what is made later is not protected\n");
}

static void put_places(const struct confinement *c, bool anchor, struct pf_buf *b)
{
	const char *comma = "";

	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_protects; i++) {
		if (c->protects[i].anchor != anchor)
			continue;
		pf_buf_puts(b, comma);
		pf_buf_json(b, c->protects[i].path);
		comma = ",";
	}
	pf_buf_puts(b, "]");
}

void confine_json_protect(const struct policy *policy, const struct confinement *c,
			  struct pf_buf *b)
{
	const struct policy_value *value = &policy->keys[POLICY_PROTECT];

	if (value->list.n == 0) {
		pf_buf_puts(b, "null");
		return;
	}
	put_lists(value, b);
	pf_buf_puts(b, ",\"paths\":");
	put_places(c, false, b);
	pf_buf_puts(b, ",\"held\":");
	put_places(c, true, b);
	pf_buf_puts(b, ",\"later\":\"" LATER_NONE "\"}");
}
