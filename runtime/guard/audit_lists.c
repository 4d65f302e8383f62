/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lists of `egress' and `listen' as ways out: of a container as they were recorded when they came into force, of a
 * bundle as its policy has them. What cannot be read is no list, so the network counts as open.
 */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "config/endpoint.h"
#include "runtime/guard/audit_collect.h"

enum { POSTURE_MAX_BYTES = 16 << 20, ENTRIES_MAX = 16 }; /* a container has other ways to tell */

static void add(struct audit *a, struct audit_list *l, const char *entry)
{
	const char **more = reallocarray(l->v, l->n + 1, sizeof(*more));

	if (!more) {
		a->failed = true;
		return;
	}
	l->v = more;
	l->v[l->n++] = audit_printf(a, "%s", entry);
}

static void plan_list(struct audit *a, const struct policy_value *value, struct audit_list *ret)
{
	ret->present = value->present;
	for (size_t i = 0; value->present && i < value->list.n; i++)
		add(a, ret, value->list.v[i]);
}

void audit_lists_planned(struct audit *a, const struct policy *policy, struct audit_lists *ret)
{
	plan_list(a, &policy->keys[POLICY_EGRESS], &ret->egress);
	plan_list(a, &policy->keys[POLICY_LISTEN], &ret->listen);
}

static void recorded_list(struct audit *a, const struct json *network, const char *key,
			  struct audit_list *ret)
{
	const struct json *entries = json_get(json_get(network, key), "entries");

	if (!entries || entries->type != JSON_ARRAY)
		return;
	ret->present = true;
	for (const struct json *j = entries->child; j; j = j->next)
		if (j->type == JSON_STRING)
			add(a, ret, j->text);
}

void audit_lists_recorded(struct audit *a, struct audit_container *c, int dir_fd,
			  struct audit_lists *ret)
{
	auto_free char *text = NULL;
	auto_json doc = NULL;
	struct pf_error e = PF_ERROR_INIT;
	const struct json *network;
	size_t len;
	int err = pf_read_file_at(dir_fd, "posture.json", POSTURE_MAX_BYTES, &text, &len, &e);

	if (err == -ENOENT)
		return;
	if (err < 0 || json_parse(text, len, NULL, &doc, &e) < 0) {
		audit_note(c,
			   audit_printf(a, "its lists of connections cannot be read: %s", e.msg));
		return;
	}
	network = json_get(json_root(doc), "network");
	if (strcmp(json_text(network, "mechanism", "none"), "none") == 0)
		return;
	recorded_list(a, network, "egress", &ret->egress);
	recorded_list(a, network, "listen", &ret->listen);
}

void audit_lists_free(struct audit_lists *l)
{
	free(l->egress.v);
	free(l->listen.v);
	*l = (struct audit_lists){ .egress = { .present = false } };
}

static bool has(const struct audit_list *l, const char *entry)
{
	for (size_t i = 0; i < l->n; i++)
		if (strcmp(l->v[i], entry) == 0)
			return true;
	return false;
}

static bool stays_inside(const struct audit_container *c, const struct endpoint *ep)
{
	return (ep->kind == ENDPOINT_LOOPBACK || ep->kind == ENDPOINT_POD) &&
	       !c->ns[AUDIT_NS_NET].host;
}

static void add_more(struct audit *a, struct audit_container *c, enum audit_way_kind kind, size_t n)
{
	const struct audit_way way = {
		.kind = kind,
		.open = true,
		.what = audit_printf(a, "%zu more entries", n),
		.why = "explain has them all",
	};

	audit_way_add(a, c, &way);
}

static void add_entry(struct audit *a, struct audit_container *c, const char *entry)
{
	struct audit_way way = { .kind = AUDIT_WAY_EGRESS, .open = true, .what = entry };
	struct pf_error e = PF_ERROR_INIT;
	struct endpoint ep;

	way.why = "an entry of `egress'";
	/* an entry that a later version wrote counts as open */
	if (endpoint_parse(entry, strlen(entry), &ep, &e) == 0) {
		if (ep.kind == ENDPOINT_NOWHERE)
			return;
		if (stays_inside(c, &ep)) {
			way.open = false;
			way.why = "servers in its own network namespace";
		}
	}
	audit_way_add(a, c, &way);
}

void audit_ways_egress(struct audit *a, struct audit_container *c, const struct audit_list *l,
		       const char *where)
{
	struct audit_way way = { .kind = AUDIT_WAY_EGRESS, .open = true, .what = "open" };
	size_t before = c->n_ways, shown = l->n < ENTRIES_MAX ? l->n : ENTRIES_MAX;

	if (has(l, "@any")) {
		way.why = audit_printf(
			a, "%s; `egress' closes metadata and link-local addresses alone", where);
		audit_way_add(a, c, &way);
		return;
	}
	for (size_t i = 0; i < shown; i++)
		add_entry(a, c, l->v[i]);
	if (l->n > shown)
		add_more(a, c, AUDIT_WAY_EGRESS, l->n - shown);
	if (c->n_ways > before)
		return;
	way = (struct audit_way){ .kind = AUDIT_WAY_EGRESS,
				  .what = "none",
				  .why = audit_printf(a, "%s; `egress' opens nothing", where) };
	audit_way_add(a, c, &way);
}

bool audit_lists_bound_listen(const struct audit_lists *l)
{
	/* beside `egress' it is in force without being written */
	return l->listen.present ? !has(&l->listen, "@any") : l->egress.present;
}

void audit_ways_listen(struct audit *a, struct audit_container *c, const struct audit_list *l)
{
	struct audit_way way = { .kind = AUDIT_WAY_INBOUND, .open = true };
	size_t shown = 0;

	for (size_t i = 0; i < l->n; i++) {
		/* neighbours are ways of their own */
		if (l->v[i][0] == '@')
			continue;
		if (++shown > ENTRIES_MAX) {
			add_more(a, c, AUDIT_WAY_INBOUND, l->n - i);
			return;
		}
		way.what = audit_printf(a, "port %s", l->v[i]);
		way.why = "an entry of `listen'";
		audit_way_add(a, c, &way);
	}
}
