/* SPDX-License-Identifier: Apache-2.0 */
/* credentials: the kinds of credentials that are known here, this host's own among them. */
#include <config.h>

#include <string.h>

#include "base/io.h"
#include "runtime/cli.h"
#include "runtime/guard/catalogue_load.h"

static int read_class(const char *name, int *ret, struct pf_error *e)
{
	auto_buf known = { 0 };

	*ret = -1;
	if (!name)
		return 0;
	*ret = credential_class_find(name);
	if (*ret >= 0)
		return 0;
	for (int i = 0; i < CREDENTIAL_CLASS_COUNT_; i++)
		pf_buf_printf(&known, "%s%s", i > 0 ? ", " : "",
			      credential_class_name((enum credential_class)i));
	return pf_fail(e, PF_ERR_CONFIG, 0, "--class: `%s' is none of %s", name,
		       known.failed ? "the classes" : known.data);
}

static int read_format(const char *name, bool *ret_json, struct pf_error *e)
{
	*ret_json = strcmp(name, "json") == 0;
	if (*ret_json || strcmp(name, "table") == 0)
		return 0;
	return pf_fail(e, PF_ERR_CONFIG, 0, "--format: `%s' is neither table nor json", name);
}

int cmd_credentials(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *class_name = NULL, *format = "table";
	const struct cli_option options[] = {
		{ "class", 'c', CLI_TEXT, &class_name, "CLASS", "only the kinds of one class" },
		{ "format", 'f', CLI_TEXT, &format, "table|json", "form of the list" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_buf b = { 0 };
	struct catalogue catalogue;
	bool json;
	int class, ret = cli_parse(cli, options, e);

	(void)rt;
	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(read_class(class_name, &class, e));
	STEP(read_format(format, &json, e));
	STEP(catalogue_load_host(&catalogue, e));
	if (json)
		catalogue_json(&catalogue, class, &b);
	else
		catalogue_table(&catalogue, class, &b);
	catalogue_free(&catalogue);
	return print_buf(&b, e);
}
