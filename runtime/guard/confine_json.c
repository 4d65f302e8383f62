/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parts of a confinement as JSON, the same in explain and in posture, so that the two can be compared.
 */
#include <config.h>

#include "base/cleanup.h"
#include "runtime/guard/confine_impl.h"

void confine_json_strings(struct pf_buf *b, char *const *v, size_t n)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < n; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, v[i]);
	}
	pf_buf_puts(b, "]");
}

void confine_json_bits(struct pf_buf *b, const struct confine_right *names, uint64_t bits)
{
	const char *comma = "";

	pf_buf_puts(b, "[");
	for (; names->name; names++) {
		if (!(bits & names->bit))
			continue;
		pf_buf_printf(b, "%s\"%s\"", comma, names->name);
		comma = ",";
	}
	pf_buf_puts(b, "]");
}

void confine_json_paths(struct pf_buf *b, const struct confinement *c, enum confine_key key)
{
	const char *comma = "";

	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_paths; i++) {
		const struct confine_path *p = &c->paths[i];

		if (p->key != key)
			continue;
		pf_buf_printf(b, "%s{\"entry\":", comma);
		pf_buf_json(b, p->entry);
		pf_buf_puts(b, ",\"path\":");
		pf_buf_json(b, p->path);
		pf_buf_printf(b, ",\"directory\":%s,\"rights\":", p->is_dir ? "true" : "false");
		confine_json_bits(b, confine_rights, confine_access(c, p));
		pf_buf_puts(b, "}");
		comma = ",";
	}
	pf_buf_puts(b, "]");
}

void confine_json_mounts(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_mounts; i++) {
		const struct confine_mount *m = &c->mounts[i];

		pf_buf_puts(b, i ? ",{\"destination\":" : "{\"destination\":");
		pf_buf_json(b, m->destination ? m->destination : m->path);
		pf_buf_puts(b, ",\"path\":");
		pf_buf_json(b, m->path);
		pf_buf_printf(b, ",\"in_config\":%s", m->destination ? "true" : "false");
		pf_buf_printf(b, ",\"engine\":%s,\"covered\":%s,\"readonly\":%s,\"opened_by\":",
			      m->engine ? "true" : "false", m->covered ? "true" : "false",
			      m->made_readonly ? "true" : "false");
		if (m->opened_by)
			pf_buf_json(b, m->opened_by);
		else
			pf_buf_puts(b, "null");
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}

void confine_json_covers(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_covers; i++) {
		const struct confine_cover *cover = &c->covers[i];

		pf_buf_puts(b, i ? ",{\"path\":" : "{\"path\":");
		pf_buf_json(b, cover->shown ? cover->shown : cover->path);
		pf_buf_printf(b, ",\"directory\":%s,\"fake\":%s,\"key\":",
			      cover->is_dir ? "true" : "false", cover->content ? "true" : "false");
		pf_buf_json(b, cover->why);
		pf_buf_puts(b, ",\"entry\":");
		pf_buf_json(b, cover->entry);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}

void confine_json_noexec(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_noexec; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, c->noexec[i].path);
	}
	pf_buf_puts(b, "]");
}

void confine_json_landlock(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_printf(b, "{\"abi\":%d,\"rights\":", c->abi);
	confine_json_bits(b, confine_rights, c->handled_fs);
	pf_buf_puts(b, ",\"scopes\":");
	confine_json_bits(b, confine_scopes, c->scoped);
	pf_buf_puts(b, "}");
}

void confine_json_degraded(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_degraded; i++)
		pf_buf_printf(b, "%s\"%s\"", i ? "," : "", c->degraded[i]);
	pf_buf_puts(b, "]");
}

void confine_json_notes(struct pf_buf *b, const struct confinement *c)
{
	pf_buf_puts(b, "[");
	for (size_t i = 0; i < c->n_notes; i++) {
		pf_buf_puts(b, i ? "," : "");
		pf_buf_json(b, c->notes[i].text);
	}
	pf_buf_puts(b, "]");
}
