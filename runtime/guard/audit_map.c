/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a finding is in the words of others: the OWASP Non-Human Identities Top 10 of 2025, and the controls of NIST SP
 * 800-53 revision 5. One table of rules, each with its reason; the table of docs/audit.md is made from it. One entry
 * of the first list has no rule: whose code runs in a container (NHI3) cannot be seen from outside, and is not guessed.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/guard/audit.h"

const struct audit_term audit_nhi[AUDIT_NHI_COUNT] = {
	{ "NHI1", "Improper Offboarding" },
	{ "NHI2", "Secret Leakage" },
	{ "NHI3", "Vulnerable Third-Party NHI" },
	{ "NHI4", "Insecure Authentication" },
	{ "NHI5", "Overprivileged NHI" },
	{ "NHI6", "Insecure Cloud Deployment Configurations" },
	{ "NHI7", "Long-Lived Secrets" },
	{ "NHI8", "Environment Isolation" },
	{ "NHI9", "NHI Reuse" },
	{ "NHI10", "Human Use of NHI" },
};

const struct audit_term audit_controls[AUDIT_CONTROL_COUNT] = {
	{ "AC-3", "Access Enforcement" },
	{ "AC-4", "Information Flow Enforcement" },
	{ "AC-6", "Least Privilege" },
	{ "IA-2", "Identification and Authentication (Organizational Users)" },
	{ "IA-5", "Authenticator Management" },
	{ "IA-5(6)", "Protection of Authenticators" },
	{ "IA-5(7)", "No Embedded Unencrypted Static Authenticators" },
	{ "SC-4", "Information in Shared System Resources" },
	{ "SC-7", "Boundary Protection" },
	{ "SC-28", "Protection of Information at Rest" },
	{ "SC-39", "Process Isolation" },
};

static bool is_leaked(const struct audit_facts *f)
{
	return f->exposed && f->readable;
}

static bool is_embedded(const struct audit_facts *f)
{
	return f->exposed && f->lifetime == CREDENTIAL_LONG && (f->environment || f->in_image);
}

static bool is_at_rest(const struct audit_facts *f)
{
	return f->exposed && f->readable && f->lifetime != CREDENTIAL_LIVE && !f->environment;
}

static bool is_long(const struct audit_facts *f)
{
	return f->exposed && f->lifetime == CREDENTIAL_LONG;
}

static bool is_over(const struct audit_facts *f)
{
	return f->exposed && f->expired;
}

static bool is_password(const struct audit_facts *f)
{
	return f->exposed && f->from == CREDENTIAL_FROM_USERINFO;
}

static bool controls_host(const struct audit_facts *f)
{
	return f->exposed && f->readable && f->class == CREDENTIAL_HOST_CONTROL;
}

static bool is_static_cloud(const struct audit_facts *f)
{
	return f->exposed && f->class == CREDENTIAL_CLOUD && f->lifetime == CREDENTIAL_LONG;
}

static bool is_not_isolated(const struct audit_facts *f)
{
	return f->exposed && (f->crowd || f->reaches_host);
}

static bool is_reused(const struct audit_facts *f)
{
	return f->exposed && f->reused;
}

static bool is_at_a_person(const struct audit_facts *f)
{
	return f->exposed && f->readable && f->terminal;
}

static bool leaves_by_network(const struct audit_facts *f)
{
	return f->exposed && f->readable && f->network;
}

static bool can_be_replaced(const struct audit_facts *f)
{
	return f->exposed && f->writable;
}

static const struct rule {
	bool (*holds)(const struct audit_facts *f);
	const char *when;
	const char *nhi;         /* an id of audit_nhi, or NULL */
	const char *controls[3]; /* ids of audit_controls */
	const char *reason;
} rules[] = {
	{ is_leaked,
	  "the workload can read it",
	  "NHI2",
	  { "AC-3", "IA-5(6)" },
	  "what a workload reads, its dependencies and whoever steers it can read too" },
	{ is_embedded,
	  "long-lived, in a variable, an argument or the image",
	  "NHI2",
	  { "IA-5(7)" },
	  "it travels with a configuration or an image, in the clear, to all who get that" },
	{ is_at_rest,
	  "a file that the workload can read",
	  NULL,
	  { "SC-28" },
	  "it lies on a disk as it is used, so every copy of the disk holds it" },
	{ is_long,
	  "nothing says that it ends",
	  "NHI7",
	  { "IA-5" },
	  "a theft stays useful until somebody notices it" },
	{ is_over,
	  "its end has passed",
	  "NHI1",
	  { "IA-5" },
	  "nobody took it away when its use was over" },
	{ is_password,
	  "a password beside a name, in a URL or a line",
	  "NHI4",
	  { "IA-5" },
	  "it is sent as it is, and cannot be bound to who sends it" },
	{ controls_host,
	  "a socket or key that rules the host",
	  "NHI5",
	  { "AC-6" },
	  "it allows everything, and no workload needs that" },
	{ is_static_cloud,
	  "a static key of a cloud",
	  "NHI6",
	  { "IA-5" },
	  "the platform could lend an identity that ends by itself" },
	{ is_not_isolated,
	  "its container shares a reach set, or reaches the host",
	  "NHI8",
	  { "SC-4", "SC-39" },
	  "a neighbour of another purpose can come by it" },
	{ is_reused,
	  "the same in more than one container",
	  "NHI9",
	  { "AC-6" },
	  "one leak opens the doors of all, and no log tells who it was" },
	{ is_at_a_person,
	  "a terminal is attached",
	  "NHI10",
	  { "IA-2" },
	  "a person who works there acts as the workload" },
	{ leaves_by_network,
	  "the network is open to its reader",
	  NULL,
	  { "AC-4", "SC-7" },
	  "nothing stands between who reads it and who wants it" },
	{ can_be_replaced,
	  "the container can write it",
	  NULL,
	  { "AC-3", "AC-6" },
	  "it can be exchanged for one of somebody else's" },
};

static unsigned int bit_of(const struct audit_term *terms, size_t n, const char *id)
{
	for (size_t i = 0; id && i < n; i++)
		if (strcmp(terms[i].id, id) == 0)
			return 1u << i;
	return 0;
}

void audit_map(const struct audit_facts *f, unsigned int *ret_nhi, unsigned int *ret_controls)
{
	*ret_nhi = *ret_controls = 0;
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];

		if (!r->holds(f))
			continue;
		*ret_nhi |= bit_of(audit_nhi, AUDIT_NHI_COUNT, r->nhi);
		for (size_t c = 0; c < ARRAY_SIZE(r->controls); c++)
			*ret_controls |=
				bit_of(audit_controls, AUDIT_CONTROL_COUNT, r->controls[c]);
	}
}

void audit_mapping_markdown(struct pf_buf *b)
{
	pf_buf_puts(b, "| where | OWASP NHI | NIST SP 800-53 | because |\n|---|---|---|---|\n");
	for (size_t i = 0; i < ARRAY_SIZE(rules); i++) {
		const struct rule *r = &rules[i];

		pf_buf_printf(b, "| %s | %s | ", r->when, r->nhi ? r->nhi : "");
		for (size_t c = 0; c < ARRAY_SIZE(r->controls) && r->controls[c]; c++)
			pf_buf_printf(b, "%s%s", c ? ", " : "", r->controls[c]);
		pf_buf_printf(b, " | %s |\n", r->reason);
	}
}
