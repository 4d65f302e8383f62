/* SPDX-License-Identifier: Apache-2.0 */
/* Built without BPF: what would judge connections is not there, and who asks for it is told so. */
#include <config.h>

#include <errno.h>

#include "base/cleanup.h"
#include "runtime/egress/egress.h"

static int fail(struct pf_error *e)
{
	return pf_fail(
		e, PF_ERR_HOST, 0,
		"egress: this pinfold was built without BPF (--disable-bpf), which judges connections");
}

int egress_table_make(const struct policy *policy, struct egress_table *ret, struct pf_error *e)
{
	(void)policy;
	(void)e;
	*ret = (struct egress_table){ 0 };
	return 0;
}

bool egress_table_opens(const struct egress_table *t, const __u8 addr[16])
{
	(void)t;
	(void)addr;
	return true;
}

int egress_share(int root_fd, struct egress_programs *ret, struct egress_numbers *ret_numbers,
		 struct pf_error *e)
{
	(void)root_fd;
	(void)ret;
	(void)ret_numbers;
	return fail(e);
}

int egress_load(struct egress_programs *ret, struct pf_error *e)
{
	(void)ret;
	return fail(e);
}

void egress_close(struct egress_programs *g)
{
	(void)g;
}

int egress_attach(const struct egress_programs *g, int cgroup_fd, struct pf_error *e)
{
	(void)g;
	(void)cgroup_fd;
	return fail(e);
}

int egress_open(const struct egress_programs *g, const struct egress_numbers *numbers,
		struct egress_table *t, int cgroup_fd, __u64 netns_cookie, struct pf_error *e)
{
	(void)g;
	(void)numbers;
	(void)t;
	(void)cgroup_fd;
	(void)netns_cookie;
	return fail(e);
}

int egress_record(int dir_fd, const struct egress_numbers *numbers, const struct egress_table *t,
		  struct pf_error *e)
{
	(void)dir_fd;
	(void)numbers;
	(void)t;
	return fail(e);
}

int egress_forget(int dir_fd, struct pf_error *e)
{
	(void)dir_fd;
	(void)e;
	return 0;
}

bool egress_recorded(int dir_fd)
{
	(void)dir_fd;
	return false;
}

void egress_release(struct egress *g)
{
	(void)g;
}
