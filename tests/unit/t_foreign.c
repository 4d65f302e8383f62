/* SPDX-License-Identifier: Apache-2.0 */
/* Records of other runtimes, as they write them and as somebody might. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "config/foreign.h"
#include "tests/unit/tap.h"

static struct foreign_state state;
static struct pf_error error;

static int parse(const char *text, bool status_file)
{
	error = (struct pf_error)PF_ERROR_INIT;
	return foreign_state_parse(text, strlen(text), status_file, &state, &error);
}

static void refused(const char *text, bool status_file, const char *why)
{
	int err = parse(text, status_file);

	CHECK_INT(err, <, 0);
	CHECK_INT(error.kind, ==, PF_ERR_CONFIG);
	CHECK_HAS(error.msg, why);
	if (err == 0)
		foreign_state_free(&state);
}

static void runc_is_known_by_its_first_process(void)
{
	CHECK_INT(
		parse("{\"id\":\"c\",\"init_process_pid\":3340,\"init_process_start\":2551386,"
		      "\"config\":{\"rootfs\":\"/b/rootfs\",\"mounts\":[{\"source\":\"proc\"}],"
		      "\"labels\":[\"io.kubernetes.cri.container-name=x\",\"bundle=/b\",\"odd\",7]},"
		      "\"unknown\":{\"a\":[1,2]}}",
		      false),
		==, 0);
	CHECK_INT(state.runtime, ==, FOREIGN_RUNC);
	CHECK_STR(state.id, "c");
	CHECK_INT(state.pid, ==, 3340);
	CHECK_INT(state.start_time, ==, 2551386);
	CHECK_STR(state.bundle, "/b");
	CHECK_STR(state.rootfs, "/b/rootfs");
	CHECK_STR(oci_annotation(&state.annotations, "io.kubernetes.cri.container-name"), "x");
	CHECK_INT(state.annotations.n, ==, 2);
	foreign_state_free(&state);
}

static void crun_is_known_by_its_file(void)
{
	CHECK_INT(parse("{\"pid\":77,\"process-start-time\":123,\"cgroup-path\":\"/x\",\"rootfs\":"
			"\"rootfs\",\"bundle\":\"/b\",\"created\":\"now\",\"owner\":\"root\"}",
			true),
		  ==, 0);
	CHECK_INT(state.runtime, ==, FOREIGN_CRUN);
	CHECK_INT(state.pid, ==, 77);
	CHECK_INT(state.start_time, ==, 123);
	CHECK_STR(state.bundle, "/b");
	CHECK_STR(state.rootfs, NULL);
	foreign_state_free(&state);
}

static void youki_and_ours_are_told_apart(void)
{
	CHECK_INT(parse("{\"ociVersion\":\"1.0\",\"id\":\"y\",\"status\":\"running\",\"pid\":null,"
			"\"bundle\":\"/b\",\"annotations\":{\"a\":\"b\",\"c\":1}}",
			false),
		  ==, 0);
	CHECK_INT(state.runtime, ==, FOREIGN_YOUKI);
	CHECK_INT(state.pid, ==, 0);
	CHECK_STR(oci_annotation(&state.annotations, "a"), "b");
	foreign_state_free(&state);
	CHECK_INT(parse("{\"version\":1,\"id\":\"c\",\"pid\":5,\"start_time\":9}", false), ==, 0);
	CHECK_INT(state.runtime, ==, FOREIGN_PINFOLD);
	foreign_state_free(&state);
}

static void a_record_that_is_none_says_where(void)
{
	refused("[]", false, "expected object, found array");
	refused("{}", false, "no record of runc, crun, youki or pinfold");
	refused("{}", true, "no `pid'");
	refused("{\"init_process_pid\":\"1\"}", false, "/init_process_pid: ");
	refused("{\"init_process_pid\":1}", false, "not the id of a container's process");
	refused("{\"init_process_pid\":-5}", false, "/init_process_pid: ");
	refused("{\"init_process_pid\":4294967297}", false, "/init_process_pid: ");
	refused("{\"init_process_pid\":5.5}", false, "/init_process_pid: ");
	refused("{\"init_process_pid\":5,\"init_process_start\":-1}", false, "not a start time");
	refused("{\"init_process_pid\":5,\"config\":{\"rootfs\":\"x\"}}", false,
		"/config/rootfs: not an absolute path");
	refused("{\"pid\":5,\"bundle\":[]}", true, "/bundle: expected string, found array");
	refused("{\"pid\":5,\"bundle\":\"../x\"}", true, "/bundle: not an absolute path");
	refused("{\"pid\":5,\"pid\":6}", true, "appears twice");
	refused("{\"pid\":5", true, "");
	refused("", true, "");
}

static void a_record_is_bounded(void)
{
	auto_buf b = { 0 };

	pf_buf_puts(&b, "{\"pid\":5,\"bundle\":\"/");
	for (int i = 0; i < 5000; i++)
		pf_buf_puts(&b, "x");
	pf_buf_puts(&b, "\"}");
	refused(b.data, true, "longer than");
	pf_buf_free(&b);
	pf_buf_puts(&b, "{\"init_process_pid\":5,\"config\":{\"labels\":[\"a=b\"");
	for (int i = 0; i < 5000; i++)
		pf_buf_puts(&b, ",\"a=b\"");
	pf_buf_puts(&b, "]}}");
	refused(b.data, false, "more than 4096 entries");
}

int main(void)
{
	RUN(runc_is_known_by_its_first_process);
	RUN(crun_is_known_by_its_file);
	RUN(youki_and_ours_are_told_apart);
	RUN(a_record_that_is_none_says_where);
	RUN(a_record_is_bounded);
	return tap_done();
}
