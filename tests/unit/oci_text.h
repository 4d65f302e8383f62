/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_OCI_TEXT_H
#define PF_TESTS_UNIT_OCI_TEXT_H

#include <errno.h>

#include "base/cleanup.h"
#include "config/oci.h"
#include "tests/unit/tap.h"

/*
 * Configs for the tests of the OCI reader. A test names only the part it is about; the rest is filled in here. Single
 * quotes stand for double ones, so that the texts stay readable.
 */

static struct oci_config oci_config;
static struct pf_error oci_error;

static inline size_t oci_unquote(char *text)
{
	size_t i;

	for (i = 0; text[i]; i++)
		if (text[i] == '\'')
			text[i] = '"';
	return i;
}

/* Parse a whole config with @linux_ and @more members; true when it was accepted. The result is in oci_config. */
static inline bool oci_accepts(const char *linux_, const char *more)
{
	static char text[1 << 18];

	oci_config_free(&oci_config);
	oci_error = (struct pf_error)PF_ERROR_INIT;
	snprintf(text, sizeof(text),
		 "{'ociVersion':'1.0.2','root':{'path':'rootfs'},'linux':{%s}%s%s}", linux_,
		 more[0] ? "," : "", more);
	return oci_config_parse(text, oci_unquote(text), &oci_config, &oci_error) == 0;
}

/* The error of a config; "" when it was accepted. */
static inline const char *oci_refusal(const char *linux_, const char *more)
{
	if (oci_accepts(linux_, more))
		return "";
	return oci_error.kind == PF_ERR_CONFIG ? oci_error.msg : "not a config error";
}

/* The same for the members of process that a test is about. */
static inline const char *oci_process_refusal(const char *members)
{
	char more[8192];

	snprintf(more, sizeof(more), "'process':{'cwd':'/','args':['sh']%s%s}",
		 members[0] ? "," : "", members);
	return oci_refusal("", more);
}

static inline const char *oci_mount_refusal(const char *members)
{
	char more[8192];

	snprintf(more, sizeof(more), "'mounts':[{'destination':'/d'%s%s}]", members[0] ? "," : "",
		 members);
	return oci_refusal("", more);
}

static inline const char *oci_resources_refusal(const char *members)
{
	char linux_[8192];

	snprintf(linux_, sizeof(linux_), "'resources':{%s}", members);
	return oci_refusal(linux_, "");
}

#endif
