/* SPDX-License-Identifier: Apache-2.0 */
/* The report of `pinfold doctor': one line a check, as a table or as JSON. The checks are in doctor_checks.c. */
#include <config.h>

#include "runtime/doctor.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "runtime/doctor_parts.h"
#include "runtime/pretty.h"

#define MARGIN     26 /* columns for the name and the state */
#define TEXT_WIDTH 74u

static const char tier[] =
	"shared kernel: containers of pinfold are processes of this host, and a bug of its kernel reaches past "
	"every line that is drawn here";
static const char stronger[] =
	"take Kata Containers (a virtual machine each) for tenants who attack the kernel itself, gVisor (a kernel "
	"in user space) where there is no virtualisation; what pinfold confines is what a workload can read, write, "
	"run and reach, and that question stays inside of either";
static const char nested[] =
	"in a confined container bubblewrap and the sandbox of Chrome fail with EPERM, because they need a user "
	"namespace: start them without it (chrome --no-sandbox); programs that confine themselves by Landlock work";

static const char *const state_names[DOCTOR_STATE_COUNT_] = {
	[DOCTOR_OK] = "ok",
	[DOCTOR_NOTE] = "note",
	[DOCTOR_LIMITED] = "limited",
	[DOCTOR_MISSING] = "missing",
};

static void add_json(struct doctor *d, const char *name, enum doctor_state state, const char *cure,
		     const char *text)
{
	pf_buf_puts(d->out, d->any ? ",{\"name\":" : "{\"name\":");
	pf_buf_json(d->out, name);
	pf_buf_printf(d->out, ",\"state\":\"%s\",\"detail\":", state_names[state]);
	pf_buf_json(d->out, text);
	if (cure) {
		pf_buf_puts(d->out, ",\"cure\":");
		pf_buf_json(d->out, cure);
	}
	pf_buf_puts(d->out, "}");
}

/* A cell of the table: lines broken at spaces, each but the first behind an empty margin. */
static void add_wrapped(struct pf_buf *b, const char *text)
{
	while (strlen(text) > TEXT_WIDTH) {
		size_t n = TEXT_WIDTH;

		while (n > 0 && text[n] != ' ')
			n--;
		if (n == 0)
			break;
		pf_buf_add(b, text, n);
		pf_buf_printf(b, "\n%*s", MARGIN, "");
		text += n + 1;
	}
	pf_buf_printf(b, "%s\n", text);
}

static void add_row(struct doctor *d, const char *name, enum doctor_state state, const char *cure,
		    const char *text)
{
	char line[1100];

	pf_buf_printf(d->out, "%-16s %-8s ", name, state_names[state]);
	add_wrapped(d->out, text);
	if (!cure)
		return;
	snprintf(line, sizeof(line), "cure: %s", cure);
	pf_buf_printf(d->out, "%*s", MARGIN, "");
	add_wrapped(d->out, line);
}

void doctor_add(struct doctor *d, const char *name, enum doctor_state state, const char *cure,
		const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (d->json)
		add_json(d, name, state, cure, text);
	else
		add_row(d, name, state, cure, text);
	d->counts[state]++;
	d->any = true;
}

static void run_checks(struct doctor *d)
{
	doctor_check_kernel(d);
	doctor_check_landlock(d);
	doctor_check_seccomp(d);
	doctor_check_userns(d);
	doctor_check_memfd(d);
	doctor_check_cgroups(d);
	doctor_check_bpf(d);
	doctor_check_egress(d);
	doctor_check_policy(d);
	doctor_add(d, "nested sandboxes", DOCTOR_NOTE, NULL, "%s", nested);
	doctor_add(d, "isolation tier", DOCTOR_NOTE, NULL, "%s; %s", tier, stronger);
}

int doctor_report(bool json, struct pf_buf *ret, struct pf_error *e)
{
	auto_buf compact = { 0 };
	struct doctor d = { .json = json, .out = json ? &compact : ret };

	STEP(host_probe(&d.host, e));
	if (!json) {
		run_checks(&d);
		pf_buf_printf(ret, "\n%u missing, %u limited\n", d.counts[DOCTOR_MISSING],
			      d.counts[DOCTOR_LIMITED]);
		return 0;
	}
	pf_buf_puts(&compact, "{\"version\":\"" PACKAGE_VERSION "\",\"checks\":[");
	run_checks(&d);
	pf_buf_printf(&compact, "],\"missing\":%u,\"limited\":%u,\"tier\":\"shared-kernel\"}",
		      d.counts[DOCTOR_MISSING], d.counts[DOCTOR_LIMITED]);
	if (compact.failed)
		ret->failed = true;
	else
		pretty_json(ret, compact.data, "  ");
	return 0;
}
