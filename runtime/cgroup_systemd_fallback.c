/* SPDX-License-Identifier: Apache-2.0 */
/* A build without systemd: asking for its cgroup manager is an error, and nothing else changes. */
#include <config.h>

#include "runtime/cgroup_internal.h"

static int fail_absent(struct pf_error *e)
{
	return pf_fail(
		e, PF_ERR_HOST, 0,
		"this build has no systemd cgroup manager: leave --systemd-cgroup out, or configure with --enable-systemd");
}

int cgroup_systemd_start(
	const struct cgroup *cg, const struct oci_config *config, pid_t pid,
	/* NOLINTNEXTLINE(readability-non-const-parameter): the manager writes there */
	char *ret_path, size_t size, struct pf_error *e)
{
	(void)cg, (void)config, (void)pid, (void)ret_path, (void)size;
	return fail_absent(e);
}

int cgroup_systemd_update(const struct cgroup *cg, const struct oci_resources *r,
			  struct pf_error *e)
{
	(void)cg, (void)r;
	return fail_absent(e);
}

int cgroup_systemd_stop(const struct cgroup *cg, struct pf_error *e)
{
	(void)cg;
	return fail_absent(e);
}
