/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credential x reader x way out. Of each finding: which containers read it, and where what they read can go. Pure: what
 * was collected is all that is asked.
 */
#include <config.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/guard/audit.h"

#define NETWORK (1u << AUDIT_WAY_EGRESS | 1u << AUDIT_WAY_INBOUND)

static bool in_tree(const struct place *p)
{
	return p->type != PLACE_VARIABLE && p->type != PLACE_ARGUMENT;
}

static bool is_exposed(enum finding_verdict v)
{
	return v == VERDICT_REPORTED || v == VERDICT_ALLOWED;
}

/* A place that the workload can read. Of a variable the workload is the owner. */
static bool is_read(const struct place *p)
{
	return !p->covered && (!in_tree(p) || p->readable);
}

static bool is_readable(const struct finding *f)
{
	for (size_t i = 0; i < f->n_places; i++)
		if (is_read(&f->places[i]))
			return true;
	return false;
}

bool audit_same_file(const struct finding *x, const struct finding *y)
{
	for (size_t i = 0; i < x->n_places; i++)
		for (size_t j = 0; j < y->n_places; j++) {
			const struct place *p = &x->places[i], *q = &y->places[j];

			if (in_tree(p) && in_tree(q) && p->id.ino && p->id.ino == q->id.ino &&
			    p->id.dev == q->id.dev)
				return true;
		}
	return false;
}

/* By whose it is, where that is known: a copy in another file is the same credential too. */
static bool same_identity(const struct finding *x, const struct finding *y)
{
	return x->principal && y->principal && strcmp(x->principal, y->principal) == 0;
}

static const struct finding *twin(const struct audit_container *c, const struct finding *f,
				  bool *ret_file)
{
	const struct finding *alike = NULL;

	*ret_file = false;
	for (size_t i = 0; i < c->inventory.n; i++) {
		const struct finding *g = &c->inventory.v[i];

		if (g->kind != f->kind)
			continue;
		if (audit_same_file(f, g)) {
			*ret_file = true;
			return g;
		}
		if (same_identity(f, g))
			alike = g;
	}
	return alike;
}

static bool shares_pids(const struct audit_container *x, const struct audit_container *y)
{
	const struct audit_namespace *p = &x->ns[AUDIT_NS_PID], *q = &y->ns[AUDIT_NS_PID];

	/* who is in the host's sees the processes of all */
	return q->host || (p->ino && p->ino == q->ino);
}

static void add_reader(struct audit *a, struct audit_entry *entry, size_t container,
		       enum audit_how how)
{
	struct audit_reader *more =
		reallocarray(entry->readers, entry->n_readers + 1, sizeof(*more));

	if (!more) {
		a->failed = true;
		return;
	}
	entry->readers = more;
	entry->readers[entry->n_readers++] = (struct audit_reader){ container, how };
	entry->leaves |= a->sets[a->containers[container]->set].open;
	if (a->sets[a->containers[container]->set].host)
		entry->facts.reaches_host = true;
}

static void find_reader(struct audit *a, struct audit_entry *entry, size_t other)
{
	const struct audit_container *home = a->containers[entry->container];
	const struct audit_container *c = a->containers[other];
	const struct finding *g;
	bool file;

	g = twin(c, entry->finding, &file);
	entry->facts.reused = entry->facts.reused || g;
	if (g && file && is_exposed(g->verdict) && is_readable(g))
		add_reader(a, entry, other, AUDIT_READS_SAME_FILE);
	else if (entry->facts.environment && entry->facts.exposed && home->pid && c->pid &&
		 shares_pids(home, c))
		add_reader(a, entry, other, AUDIT_READS_PROC);
}

static void find_readers(struct audit *a, struct audit_entry *entry)
{
	for (size_t i = 0; i < a->n_containers; i++) {
		if (i != entry->container)
			find_reader(a, entry, i);
		else if (entry->facts.exposed && entry->facts.readable)
			add_reader(a, entry, i, AUDIT_READS_ITSELF);
	}
}

static void read_places(const struct finding *f, struct audit_facts *ret)
{
	for (size_t i = 0; i < f->n_places; i++) {
		const struct place *p = &f->places[i];

		if (!in_tree(p)) {
			ret->environment = true;
			continue;
		}
		ret->writable = ret->writable || (p->writable && !p->covered);
		ret->in_image =
			ret->in_image || (p->mount && strcmp(p->mount, "/") == 0 && !p->covered);
	}
}

static void set_facts(const struct audit *a, const struct audit_container *c,
		      const struct finding *f, struct audit_facts *ret)
{
	*ret = (struct audit_facts){
		.class = f->kind->class,
		.lifetime = f->lifetime,
		.from = f->kind->principal.from,
		.verdict = f->verdict,
		.expires = f->expires != 0,
		.expired = f->expires != 0 && f->expires <= a->now,
		.exposed = is_exposed(f->verdict),
		.by_content = f->by == FOUND_BY_CONTENT,
		.terminal = c->terminal,
		.readable = is_readable(f),
		.crowd = a->sets[c->set].n > 1 || a->sets[c->set].host,
	};
	read_places(f, ret);
}

/* Stable over runs and hosts: what it is and where it lies in the container, never what is in it. FNV-1a. */
static void add_hash(uint64_t *h, const char *text)
{
	for (const char *p = text ? text : ""; *p; p++)
		*h = (*h ^ (unsigned char)*p) * 0x100000001b3ull;
	*h = (*h ^ 0xff) * 0x100000001b3ull; /* a byte that no UTF-8 has: between two texts */
}

static void set_fingerprint(const struct audit_container *c, struct audit_entry *entry)
{
	const struct finding *f = entry->finding;
	uint64_t h = 0xcbf29ce484222325ull;

	add_hash(&h, c->label);
	add_hash(&h, f->kind->id);
	for (size_t i = 0; i < f->n_places; i++) {
		add_hash(&h, place_type_name(f->places[i].type));
		add_hash(&h, f->places[i].name);
		add_hash(&h, in_tree(&f->places[i]) ? NULL : f->places[i].of);
	}
	snprintf(entry->fingerprint, sizeof(entry->fingerprint), "%016llx", (unsigned long long)h);
}

static void set_redirect_fingerprint(const struct audit_container *c, struct audit_redirect *r)
{
	uint64_t h = 0xcbf29ce484222325ull;

	add_hash(&h, c->label);
	add_hash(&h, "redirect");
	add_hash(&h, r->name);
	add_hash(&h, r->of);
	snprintf(r->fingerprint, sizeof(r->fingerprint), "%016llx", (unsigned long long)h);
}

static void add_entry(struct audit *a, size_t container, const struct finding *f)
{
	const struct audit_container *c = a->containers[container];
	struct audit_entry *entry = &a->entries[a->n_entries++];

	entry->container = container;
	entry->set = c->set;
	entry->finding = f;
	set_facts(a, c, f, &entry->facts);
	find_readers(a, entry);
	entry->facts.shared = entry->n_readers > 1;
	entry->facts.network = entry->leaves & NETWORK;
	entry->facts.output = entry->leaves & (1u << AUDIT_WAY_OUTPUT);
	entry->facts.elsewhere = entry->leaves & ~(NETWORK | 1u << AUDIT_WAY_OUTPUT);
	audit_map(&entry->facts, &entry->nhi, &entry->controls);
	set_fingerprint(c, entry);
}

void audit_entries(struct audit *a)
{
	size_t n = 0;

	for (size_t i = 0; i < a->n_containers; i++)
		n += a->containers[i]->inventory.n;
	a->entries = calloc(n + 1, sizeof(*a->entries));
	if (!a->entries) {
		a->failed = true;
		return;
	}
	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t j = 0; j < a->containers[i]->inventory.n; j++)
			add_entry(a, i, &a->containers[i]->inventory.v[j]);
	for (size_t i = 0; i < a->n_containers; i++)
		for (size_t k = 0; k < a->containers[i]->n_redirects; k++)
			set_redirect_fingerprint(a->containers[i], &a->containers[i]->redirects[k]);
}
