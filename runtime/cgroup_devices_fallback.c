/* SPDX-License-Identifier: Apache-2.0 */
/* A build without bpf(2): cgroup v2 has no other way to confine devices, so a container there is refused. */
#include <config.h>

#include "runtime/devices_bpf.h"

int devices_bpf_generate(const struct device_rules *rules, struct devices_program *ret,
			 struct pf_error *e)
{
	(void)rules, (void)ret;
	return pf_fail(
		e, PF_ERR_HOST, 0,
		"devices cannot be confined on cgroup v2: this build has no bpf, configure with --enable-bpf");
}

void devices_bpf_free(struct devices_program *p)
{
	*p = (struct devices_program){ 0 };
}

int devices_bpf_attach(int dir, const struct devices_program *p, struct pf_error *e)
{
	(void)dir;
	return p ? pf_fail(e, PF_ERR_BUG, 0, "a device program in a build without bpf") : 0;
}
