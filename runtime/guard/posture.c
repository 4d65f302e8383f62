/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `posture ID' for people: the recorded JSON as short lines, what is missing said as plainly as what is there.
 */
#include <config.h>

#include "runtime/guard/posture.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json.h"
#include "runtime/guard/credentials.h"

#define COLUMN 14

static void put_name(struct pf_buf *b, const char *name)
{
	size_t len = strlen(name);

	pf_buf_puts(b, name);
	for (size_t i = len; i < COLUMN || i == len; i++)
		pf_buf_puts(b, " ");
}

static const struct json *first(const struct json *node, enum json_type type)
{
	return node && node->type == type ? node->child : NULL;
}

static bool is_true(const struct json *object, const char *key)
{
	const struct json *node = json_get(object, key);

	return node && node->type == JSON_BOOL && node->boolean;
}

static void put_strings(struct pf_buf *b, const struct json *array, const char *none)
{
	const struct json *item = first(array, JSON_ARRAY);

	if (!item)
		pf_buf_puts(b, none);
	for (; item; item = item->next) {
		if (item->type == JSON_STRING)
			pf_buf_printable(b, item->text);
		pf_buf_puts(b, item->next ? " " : "");
	}
}

static void put_line(struct pf_buf *b, const char *name, const struct json *array, const char *none)
{
	put_name(b, name);
	put_strings(b, array, none);
	pf_buf_puts(b, "\n");
}

static void put_mechanisms(struct pf_buf *b, const struct json *root)
{
	const struct json *m = json_get(root, "mechanisms");

	put_name(b, "landlock");
	if (is_true(m, "landlock"))
		pf_buf_printf(b, "on, ABI %lld\n", (long long)json_integer(root, "abi", 0));
	else
		pf_buf_puts(b, is_true(m, "no_new_privs") ? "off: this host has none\n"
							  : "off: no key confines it\n");
	put_line(b, "  rights", json_get(json_get(root, "landlock"), "rights"), "none");
	put_line(b, "  scopes", json_get(json_get(root, "landlock"), "scopes"), "none needed");
	put_name(b, "seccomp");
	pf_buf_puts(b, is_true(m, "seccomp") ? "on\n" : "off\n");
	put_name(b, "no_new_privs");
	pf_buf_puts(b, is_true(m, "no_new_privs") ? "on: sudo and setuid programs give nothing\n"
						  : "off\n");
}

static void put_keys(struct pf_buf *b, const struct json *keys)
{
	for (const struct json *key = first(keys, JSON_OBJECT); key; key = key->next) {
		size_t rules = 0;

		put_name(b, key->key);
		if (key->type != JSON_OBJECT) {
			pf_buf_puts(b, strcmp(key->key, "exec") == 0 && json_get(keys, "read") &&
						       json_get(keys, "read")->type == JSON_OBJECT
					       ? "whatever may be read\n"
					       : "not confined\n");
			continue;
		}
		put_strings(b, json_get(key, "entries"), "nothing");
		for (const struct json *r = first(json_get(key, "rules"), JSON_ARRAY); r;
		     r = r->next)
			rules++;
		pf_buf_printf(b, " (%zu paths with @system)\n", rules);
	}
}

static void put_hide(struct pf_buf *b, const struct json *hide)
{
	put_line(b, "hide", json_get(hide, "entries"), "nothing");
	if (!hide || hide->type != JSON_OBJECT)
		return;
	put_name(b, "  hide.later");
	pf_buf_printable(b, json_text(hide, "later", "none"));
	pf_buf_puts(b, ": what a pattern matches only later is not covered\n");
}

static void put_protect(struct pf_buf *b, const struct json *protect)
{
	put_line(b, "protect", json_get(protect, "entries"), "nothing");
	if (!protect || protect->type != JSON_OBJECT)
		return;
	put_line(b, "  read-only", json_get(protect, "paths"), "nothing that is there");
	put_line(b, "  in place", json_get(protect, "held"), "nothing needed");
	put_name(b, "  later");
	pf_buf_printable(b, json_text(protect, "later", "none"));
	pf_buf_puts(b, ": what is made later is not protected\n");
}

static void put_finding(struct pf_buf *b, const struct json *f)
{
	pf_buf_printf(b, "  %s ", json_text(f, "verdict", "?"));
	pf_buf_printable(b, json_text(f, "kind", "?"));
	for (const struct json *p = first(json_get(f, "places"), JSON_ARRAY); p; p = p->next) {
		pf_buf_printf(b, " %s ", json_text(p, "type", "?"));
		pf_buf_printable(b, json_text(p, "name", "?"));
	}
	pf_buf_puts(b, "\n");
}

static void put_credentials(struct pf_buf *b, const struct json *c)
{
	const struct json *inventory = json_get(c, "inventory");
	int mode = credentials_mode_find(json_text(c, "mode", ""));
	const char *later =
		credentials_later(mode < 0 ? CREDENTIALS_UNASKED : (enum credentials_mode)mode);

	put_name(b, "credentials");
	if (!c || c->type != JSON_OBJECT) {
		pf_buf_puts(b, "not looked for\n");
		return;
	}
	pf_buf_printable(b, json_text(c, "summary", "?"));
	pf_buf_puts(b, "\n");
	put_name(b, "  scan");
	pf_buf_printable(b, json_text(c, "scan", "?"));
	pf_buf_puts(b, is_true(c, "complete") ? ", complete\n" : ", incomplete\n");
	put_name(b, "  later");
	pf_buf_printable(b, json_text(c, "later", "none"));
	pf_buf_puts(b, ": ");
	pf_buf_printable(b, later);
	pf_buf_puts(b, "\n");
	for (const struct json *f = first(json_get(inventory, "findings"), JSON_ARRAY); f;
	     f = f->next)
		put_finding(b, f);
	if (*json_text(inventory, "incomplete", "")) {
		pf_buf_puts(b, "  incomplete: ");
		pf_buf_printable(b, json_text(inventory, "incomplete", ""));
		pf_buf_puts(b, "\n");
	}
}

static void put_environment(struct pf_buf *b, const struct json *env)
{
	put_name(b, "env");
	if (!env || env->type != JSON_OBJECT) {
		pf_buf_puts(b, "kept as it is\n");
		return;
	}
	pf_buf_printable(b, json_text(env, "mode", "?"));
	pf_buf_printf(b, ", %lld dropped when it was created\n",
		      (long long)json_integer(env, "count", 0));
	for (const struct json *d = first(json_get(env, "dropped"), JSON_ARRAY); d; d = d->next) {
		put_name(b, "  dropped");
		pf_buf_printable(b, json_text(d, "name", "?"));
		pf_buf_puts(b, ": ");
		pf_buf_printable(b, json_text(d, "why", "?"));
		pf_buf_puts(b, "\n");
	}
}

static void put_mounts(struct pf_buf *b, const struct json *mounts)
{
	for (const struct json *m = first(mounts, JSON_ARRAY); m; m = m->next) {
		const char *opener = json_text(m, "opened_by", NULL);

		put_name(b, "mount");
		pf_buf_printable(b, json_text(m, "path", "?"));
		if (is_true(m, "covered")) {
			pf_buf_puts(b, ": covered\n");
			continue;
		}
		pf_buf_puts(b, is_true(m, "readonly") ? ": read-only" : ":");
		pf_buf_puts(b, opener ? " opened by " : " not opened by an entry");
		pf_buf_printable(b, opener ? opener : "");
		pf_buf_puts(b, "\n");
	}
}

static void put_covers(struct pf_buf *b, const struct json *covers)
{
	for (const struct json *c = first(covers, JSON_ARRAY); c; c = c->next) {
		put_name(b, "cover");
		pf_buf_printable(b, json_text(c, "path", "?"));
		pf_buf_puts(b, is_true(c, "fake") ? ": a fake, by `" : ": by `");
		pf_buf_printable(b, json_text(c, "entry", "?"));
		pf_buf_puts(b, "' of ");
		pf_buf_printable(b, json_text(c, "key", "?"));
		pf_buf_puts(b, "\n");
	}
}

static void put_members(struct pf_buf *b, const char *name, const struct json *object)
{
	for (const struct json *m = first(object, JSON_OBJECT); m; m = m->next) {
		put_name(b, name);
		pf_buf_printf(b, "%s: ", m->key);
		pf_buf_printable(b, m->type == JSON_STRING ? m->text : "?");
		pf_buf_puts(b, "\n");
	}
}

static void put_permitted(struct pf_buf *b, const struct json *list)
{
	for (const struct json *p = first(list, JSON_ARRAY); p; p = p->next) {
		const char *voids = json_text(p, "voids", NULL);

		put_name(b, "permitted");
		pf_buf_printable(b, json_text(p, "name", "?"));
		pf_buf_puts(b, voids ? ", which voids " : "");
		pf_buf_printable(b, voids ? voids : "");
		pf_buf_puts(b, "\n");
	}
}

static void put_network(struct pf_buf *b, const struct json *network)
{
	const char *by = json_text(network, "mechanism", "?");

	for (const struct json *m = first(network, JSON_OBJECT); m; m = m->next) {
		const struct json *entries = json_get(m, "entries");

		if (m->type != JSON_OBJECT)
			continue;
		put_line(b, m->key, entries, "nothing");
		put_name(b, m->key);
		pf_buf_puts(b, "by ");
		pf_buf_printable(b, by);
		pf_buf_puts(b, "\n");
	}
}

int posture_print(const char *text, size_t len, struct pf_buf *b, struct pf_error *e)
{
	auto_json doc = NULL;
	const struct json *root;
	int err = json_parse(text, len, NULL, &doc, e);

	if (err < 0)
		return pf_wrap(e, "posture");
	root = json_root(doc);
	put_name(b, "profile");
	pf_buf_printable(b, json_text(root, "profile", "none"));
	pf_buf_puts(b, "\n");
	put_mechanisms(b, root);
	put_keys(b, json_get(root, "keys"));
	put_hide(b, json_get(root, "hide"));
	put_protect(b, json_get(root, "protect"));
	put_environment(b, json_get(root, "environment"));
	put_credentials(b, json_get(root, "credentials"));
	put_network(b, json_get(root, "network"));
	put_mounts(b, json_get(root, "mounts"));
	put_covers(b, json_get(root, "covers"));
	put_line(b, "noexec", json_get(root, "noexec"), "no mount");
	put_members(b, "probe", json_get(root, "probes"));
	put_line(b, "taken", json_get(root, "capabilities_taken"), "no capability");
	put_permitted(b, json_get(root, "permitted"));
	put_line(b, "degraded", json_get(root, "degraded"), "nothing");
	put_members(b, "events", json_get(root, "events"));
	if (!json_get(json_get(root, "events"), "record"))
		pf_buf_puts(
			b,
			"events        record: beside the state, until the container is deleted\n");
	for (const struct json *n = first(json_get(root, "notes"), JSON_ARRAY); n; n = n->next) {
		put_name(b, "note");
		pf_buf_printable(b, n->type == JSON_STRING ? n->text : "?");
		pf_buf_puts(b, "\n");
	}
	return b->failed ? pf_fail_sys(e, ENOMEM, "print the posture") : 0;
}
