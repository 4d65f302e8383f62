/* SPDX-License-Identifier: Apache-2.0 */
/* spec, features, doctor: of this program and this host, not of a container. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "runtime/cli.h"
#include "runtime/doctor.h"
#include "runtime/features.h"
#include "runtime/runtime.h"
#include "runtime/spec.h"

int cmd_spec(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *bundle = ".", *file = "config.json";
	bool rootless = false;
	const struct cli_option options[] = {
		{ "bundle", 'b', CLI_TEXT, &bundle, "DIR", "where to write (default: here)" },
		{ "file", 'f', CLI_TEXT, &file, "FILE", "another name than config.json" },
		{ "rootless", 0, CLI_FLAG, &rootless, NULL, "for a caller that is not root" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_fd dir = -EBADF, fd = -EBADF;
	auto_buf b = { 0 };
	int ret = cli_parse(cli, options, e);

	(void)rt;
	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	dir = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return pf_fail_sys(e, errno, "open the bundle `%s'", bundle);
	spec_write(rootless, &b);
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "spec");
	fd = openat(dir, file, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return pf_fail(e, PF_ERR_CONFIG, 0, "file %s exists. Remove it first", file);
	if (fd < 0)
		return pf_fail_sys(e, errno, "create `%s'", file);
	ret = pf_write_all(fd, b.data, b.len);
	return ret < 0 ? pf_fail_sys(e, ret, "write `%s'", file) : 0;
}

int cmd_features(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const struct cli_option none[] = { { NULL, 0, CLI_FLAG, NULL, NULL, NULL } };
	auto_buf b = { 0 };
	int ret = cli_parse(cli, none, e);

	(void)rt;
	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	features_write(&b);
	return print_buf(&b, e);
}

int cmd_doctor(struct runtime *rt, struct cli *cli, struct pf_error *e)
{
	const char *format = "table";
	const struct cli_option options[] = {
		{ "format", 'f', CLI_TEXT, &format, "table|json", "form of the report" },
		{ NULL, 0, CLI_FLAG, NULL, NULL, NULL },
	};
	auto_buf b = { 0 };
	int ret = cli_parse(cli, options, e);

	(void)rt;
	if (ret != CLI_GO)
		return ret < 0 ? ret : 0;
	STEP(doctor_report(strcmp(format, "json") == 0, &b, e));
	return print_buf(&b, e);
}
