/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The embedded catalogue.
 */
#include <config.h>

#include <string.h>

#include "config/catalogue_parts.h"

extern const char catalogue_blob[], catalogue_blob_end[];

void catalogue_builtin(struct policy_file *ret)
{
	*ret = (struct policy_file){
		.path = "built-in",
		.text = catalogue_blob,
		.len = (size_t)(catalogue_blob_end - catalogue_blob),
	};
}

int catalogue_load(const struct policy_file *dropins, size_t n, struct catalogue *ret,
		   struct pf_error *e)
{
	struct policy_file files[CATALOGUE_FILES_MAX + 1];

	memset(ret, 0, sizeof(*ret));
	if (n > CATALOGUE_FILES_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "credentials: %zu files are more than %d", n,
			       CATALOGUE_FILES_MAX);
	catalogue_builtin(&files[0]);
	if (n > 0)
		memcpy(&files[1], dropins, n * sizeof(*dropins));
	return catalogue_build(files, n + 1, ret, e);
}
