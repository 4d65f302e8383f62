/* SPDX-License-Identifier: Apache-2.0 */
/* The audit's struct: growing it, freeing it, and the words for what is in it. Nothing here looks at the system. */
#include <config.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit.h"

static const char *const ns_names[AUDIT_NS_COUNT_] = {
	[AUDIT_NS_NET] = "network", [AUDIT_NS_PID] = "pid",   [AUDIT_NS_IPC] = "ipc",
	[AUDIT_NS_MNT] = "mount",   [AUDIT_NS_USER] = "user",
};

static const char *const way_names[AUDIT_WAY_COUNT_] = {
	[AUDIT_WAY_EGRESS] = "egress",       [AUDIT_WAY_INBOUND] = "inbound",
	[AUDIT_WAY_OUTPUT] = "output",       [AUDIT_WAY_MOUNT] = "mount",
	[AUDIT_WAY_SOCKET] = "socket",       [AUDIT_WAY_DEVICE] = "device",
	[AUDIT_WAY_NAMESPACE] = "namespace", [AUDIT_WAY_CAPABILITY] = "capability",
	[AUDIT_WAY_NEIGHBOUR] = "neighbour",
};

static const char *const link_names[AUDIT_LINK_COUNT_] = {
	[AUDIT_LINK_NET] = "network namespace", [AUDIT_LINK_PID] = "pid namespace",
	[AUDIT_LINK_IPC] = "ipc namespace",     [AUDIT_LINK_MNT] = "mount namespace",
	[AUDIT_LINK_USER] = "user namespace",   [AUDIT_LINK_VOLUME] = "writable volume",
};

static const char *const severity_names[AUDIT_SEVERITY_COUNT_] = {
	[AUDIT_LOW] = "low",
	[AUDIT_MEDIUM] = "medium",
	[AUDIT_HIGH] = "high",
	[AUDIT_CRITICAL] = "critical",
};

static const char *const how_names[AUDIT_HOW_COUNT_] = {
	[AUDIT_READS_ITSELF] = "itself",
	[AUDIT_READS_SAME_FILE] = "same file",
	[AUDIT_READS_PROC] = "/proc of a shared pid namespace",
};

const char *audit_ns_name(enum audit_ns ns)
{
	return ns_names[ns];
}

const char *audit_way_name(enum audit_way_kind kind)
{
	return way_names[kind];
}

const char *audit_link_name(enum audit_link_by by)
{
	return link_names[by];
}

const char *audit_severity_name(enum audit_severity s)
{
	return severity_names[s];
}

const char *audit_how_name(enum audit_how how)
{
	return how_names[how];
}

const char *audit_keep(struct audit *a, char *text)
{
	if (!text) {
		a->failed = true;
		return "";
	}
	if (a->n_texts == a->texts_cap) {
		size_t cap = a->texts_cap ? a->texts_cap * 2 : 256;
		char **more = reallocarray(a->texts, cap, sizeof(*more));

		if (!more) {
			free(text);
			a->failed = true;
			return "";
		}
		a->texts = more;
		a->texts_cap = cap;
	}
	a->texts[a->n_texts++] = text;
	return text;
}

const char *audit_printf(struct audit *a, const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	return audit_keep(a, n < 0 ? NULL : text);
}

struct audit_container *audit_container_new(struct audit *a)
{
	struct audit_container **more, *c;

	if (a->n_containers == AUDIT_CONTAINERS_MAX) {
		a->problem =
			audit_printf(a, "more than %d containers: the others were not looked at",
				     AUDIT_CONTAINERS_MAX);
		return NULL;
	}
	more = reallocarray(a->containers, a->n_containers + 1, sizeof(*more));
	c = more ? calloc(1, sizeof(*c)) : NULL;
	if (more)
		a->containers = more;
	if (!c) {
		a->failed = true;
		return NULL;
	}
	c->view.root_fd = -EBADF;
	a->containers[a->n_containers++] = c;
	return c;
}

void audit_note(struct audit_container *c, const char *text)
{
	if (c->n_notes < ARRAY_SIZE(c->notes))
		c->notes[c->n_notes++] = text;
}

void audit_way_add(struct audit *a, struct audit_container *c, const struct audit_way *way)
{
	struct audit_way *more;

	if (c->n_ways == AUDIT_WAYS_MAX) {
		c->ways[AUDIT_WAYS_MAX - 1].why = "and more, which are left out here";
		return;
	}
	more = reallocarray(c->ways, c->n_ways + 1, sizeof(*more));
	if (!more) {
		a->failed = true;
		return;
	}
	c->ways = more;
	c->ways[c->n_ways++] = *way;
}

void audit_volume_add(struct audit *a, struct audit_container *c, const struct audit_volume *volume)
{
	struct audit_volume *more = reallocarray(c->volumes, c->n_volumes + 1, sizeof(*more));

	if (!more) {
		a->failed = true;
		return;
	}
	c->volumes = more;
	c->volumes[c->n_volumes++] = *volume;
}

static void container_free(struct audit_container *c)
{
	inventory_free(&c->inventory);
	view_free(&c->view);
	free(c->volumes);
	free(c->ways);
	free(c->redirects);
	free(c);
}

void audit_free(struct audit *a)
{
	for (size_t i = 0; i < a->n_containers; i++)
		container_free(a->containers[i]);
	for (size_t i = 0; i < a->n_sets; i++)
		free(a->sets[i].members);
	for (size_t i = 0; i < a->n_entries; i++)
		free(a->entries[i].readers);
	for (size_t i = 0; i < a->n_texts; i++)
		free(a->texts[i]);
	free(a->containers);
	free(a->sets);
	free(a->links);
	free(a->entries);
	free(a->texts);
	*a = (struct audit){ .n_containers = 0 };
}

void audit_summarise(const struct audit *a, struct audit_summary *ret)
{
	*ret = (struct audit_summary){ .containers = a->n_containers,
				       .credentials = a->n_entries,
				       .complete = !a->problem };
	for (size_t i = 0; i < a->n_containers; i++) {
		const struct audit_container *c = a->containers[i];

		ret->unreadable += !c->looked_at;
		ret->redirects += c->n_redirects;
		if (!c->looked_at || c->problem || c->inventory.incomplete)
			ret->complete = false;
	}
	for (size_t i = 0; i < a->n_entries; i++) {
		const struct audit_facts *f = &a->entries[i].facts;

		ret->exposed += f->exposed && f->readable;
		ret->network += f->exposed && f->readable && (f->network || f->reaches_host);
		ret->output += f->exposed && f->readable && f->output;
		ret->by[a->entries[i].severity]++;
	}
}
