/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The report of what was dropped from an environment. It is bounded, since an environment may hold as many names as
 * config.json has room for; how many there were is always said.
 */
#include <config.h>

#include "runtime/guard/env_report.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/log.h"

enum { SHOWN_IN_RECORDS = ENV_TOLD_MAX, SHOWN_IN_LOG = 16 };

static void put_why(const struct env_drop *d, struct pf_buf *b)
{
	pf_buf_puts(b, d->why);
	if (d->detail)
		pf_buf_printf(b, ": %s", d->detail);
	if (d->whose)
		pf_buf_printf(b, " (%s)", d->whose);
}

static bool is_told(const struct oci_strings *told, const char *name)
{
	for (size_t i = 0; told && i < told->n; i++)
		if (strcmp(told->v[i], name) == 0)
			return true;
	return false;
}

void env_report_log(const struct env_report *r, const char *what, const struct oci_strings *told)
{
	auto_buf names = { 0 };
	size_t n = 0;

	for (const struct env_drop *d = r->first; d; d = d->next) {
		if (is_told(told, d->name))
			continue;
		if (n++ < SHOWN_IN_LOG)
			pf_buf_printf(&names, "%s%.64s", n > 1 ? ", " : "", d->name);
	}
	if (n == 0 || names.failed)
		return;
	pf_log(PF_LOG_WARNING,
	       "%s: %zu variable%s dropped from the environment (io.pinfold.env is `%s', explain says why, env.keep names what stays): %s%s",
	       what, n, n == 1 ? "" : "s", env_mode_name(r->mode), names.data,
	       n > SHOWN_IN_LOG ? ", ..." : "");
}

void env_report_lines(const struct env_report *r, struct pf_buf *b)
{
	const struct env_drop *d = r->first;

	for (size_t i = 0; d && i < SHOWN_IN_RECORDS; i++, d = d->next) {
		pf_buf_printf(b, "  dropped %s: ", d->name);
		put_why(d, b);
		pf_buf_puts(b, "\n");
	}
	if (d)
		pf_buf_printf(b, "  dropped %zu more\n", r->n - SHOWN_IN_RECORDS);
}

void env_report_json(const struct env_report *r, struct pf_buf *b)
{
	const struct env_drop *d = r->first;

	pf_buf_puts(b, "[");
	for (size_t i = 0; d && i < SHOWN_IN_RECORDS; i++, d = d->next) {
		auto_buf why = { 0 };

		put_why(d, &why);
		pf_buf_puts(b, i ? ",{\"name\":" : "{\"name\":");
		pf_buf_json(b, d->name);
		pf_buf_puts(b, ",\"why\":");
		pf_buf_json(b, why.failed ? "" : why.data);
		pf_buf_puts(b, "}");
	}
	pf_buf_puts(b, "]");
}
