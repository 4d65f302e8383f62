/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The container's scope, asked of systemd over D-Bus. What is asked is composed here; pinfold-bus, an embedded program
 * of its own (runtime/bus/), carries it there and brings the answer.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "runtime/blob.h"
#include "runtime/bus/bus.h"

extern const char bus_blob[], bus_blob_end[];

/* ---- the program that speaks D-Bus ---- */

static int write_request(const struct cgroup *cg, enum bus_verb verb,
			 const struct unit_properties *p, struct pf_error *e)
{
	auto_fd fd = sys_memfd_create("pinfold-bus-request", PF_MFD_CLOEXEC);
	struct bus_request request = {
		.magic = BUS_MAGIC,
		.verb = verb,
		.user = cg->systemd_user,
		.n = (uint32_t)p->n,
	};
	auto_buf b = { 0 };
	int ret;

	if (fd < 0)
		return pf_fail_sys(e, fd, "memfd_create for a request to systemd");
	STEP(cgroup_copy(request.unit, sizeof(request.unit), cg->unit));
	pf_buf_add(&b, &request, sizeof(request));
	for (size_t i = 0; i < p->n; i++) {
		pf_buf_add(&b, &p->v[i], sizeof(p->v[i]));
		pf_buf_add(&b, p->v[i].data, p->v[i].len);
		pf_buf_add(&b, "", 1);
	}
	ret = b.failed ? -ENOMEM : pf_write_all(fd, b.data, b.len);
	if (ret < 0)
		return pf_fail_sys(e, ret, "write a request to systemd");
	(void)lseek(fd, 0, SEEK_SET);
	return pf_take_fd(&fd);
}

/* Its stdin is @in, its stdout @out, its stderr ours. */
static int spawn_bus(int in, int out, pid_t *ret_pid, struct pf_error *e)
{
	char path[] = "/proc/self/fd/2147483647";
	char name[] = "pinfold-bus", *argv[] = { name, NULL };
	posix_spawn_file_actions_t actions;
	auto_fd program = -EBADF;
	int err;

	program = blob_memfd(name, bus_blob, bus_blob_end, e);
	if (program < 0)
		return program;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", program);
	err = posix_spawn_file_actions_init(&actions);
	if (err == 0) {
		err = posix_spawn_file_actions_adddup2(&actions, in, STDIN_FILENO);
		if (err == 0)
			err = posix_spawn_file_actions_adddup2(&actions, out, STDOUT_FILENO);
		if (err == 0)
			err = posix_spawn(ret_pid, path, &actions, NULL, argv, environ);
		(void)posix_spawn_file_actions_destroy(&actions);
	}
	return err ? pf_fail_sys(e, err, "start the program that speaks to systemd") : 0;
}

/* One request, one answer, and the program has ended. */
static int ask(const struct cgroup *cg, enum bus_verb verb, const struct unit_properties *p,
	       struct bus_answer *ret_answer, struct pf_error *e)
{
	auto_fd request = write_request(cg, verb, p, e), in = -EBADF, out = -EBADF;
	auto_free char *text = NULL;
	int ends[2], status = 0, ret;
	size_t len = 0;
	pid_t pid = -1;

	if (request < 0)
		return request;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return pf_fail_sys(e, errno, "make a pipe for systemd's answer");
	in = ends[0];
	out = ends[1];
	STEP(spawn_bus(request, out, &pid, e));
	pf_close(pf_take_fd(&out));
	ret = pf_read_all(in, sizeof(*ret_answer), &text, &len, e);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ret < 0)
		return pf_wrap(e, "read systemd's answer");
	if (len != sizeof(*ret_answer))
		return pf_fail(
			e, PF_ERR_HOST, 0,
			"the systemd cgroup manager ended without an answer (status %d): it needs libsystemd.so.0; install it, or leave --systemd-cgroup out",
			WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	memcpy(ret_answer, text, sizeof(*ret_answer));
	if (ret_answer->error.kind == PF_ERR_NONE)
		return 0;
	*e = ret_answer->error;
	return e->err ? -e->err : -EINVAL;
}

/* ---- what is asked ---- */

/* The order matters: a later value wins, so config.json's limits come after what an annotation says. */
static int compose(const struct cgroup *cg, const struct oci_config *config, pid_t pid,
		   struct unit_properties *p, struct pf_error *e)
{
	const struct oci_resources *r = &config->linux_.resources;

	properties_of_scope(cg, pid, p);
	STEP(properties_of_annotations(config, p, e));
	STEP(properties_of_resources(r, cgroup_is_unified(cg), p, e));
	if (!cgroup_is_unified(cg) && !cg->rootless) {
		auto_devices rules = { 0 };

		STEP(devices_compose(r, &rules, e));
		STEP(properties_of_devices(&rules, p, e));
	}
	return p->failed ? pf_fail_sys(e, ENOMEM, "properties of scope `%s'", cg->unit) : 0;
}

int cgroup_systemd_start(const struct cgroup *cg, const struct oci_config *config, pid_t pid,
			 char *ret_path, size_t size, struct pf_error *e)
{
	auto_properties properties = { 0 };
	struct bus_answer answer;

	STEP(compose(cg, config, pid, &properties, e));
	STEP(ask(cg, BUS_START, &properties, &answer, e));
	if (cgroup_copy(ret_path, size, answer.group) < 0)
		return pf_fail_sys(e, ENAMETOOLONG, "the group of scope `%s'", cg->unit);
	return 0;
}

int cgroup_systemd_update(const struct cgroup *cg, const struct oci_resources *r,
			  struct pf_error *e)
{
	auto_properties properties = { 0 };
	struct bus_answer answer;

	STEP(properties_of_resources(r, cgroup_is_unified(cg), &properties, e));
	if (properties.failed)
		return pf_fail_sys(e, ENOMEM, "properties of scope `%s'", cg->unit);
	return properties.n ? ask(cg, BUS_SET, &properties, &answer, e) : 0;
}

int cgroup_systemd_stop(const struct cgroup *cg, struct pf_error *e)
{
	const struct unit_properties none = { 0 };
	struct bus_answer answer;

	return ask(cg, BUS_STOP, &none, &answer, e);
}
