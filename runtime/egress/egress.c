/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one container in the maps that all share, and the storage of its cgroup that makes them its own. */
#include <config.h>

#include "runtime/egress/egress.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "runtime/egress/bpf.h"

static void name_rows(const struct egress_numbers *numbers, struct egress_table *t)
{
	for (size_t i = 0; i < t->n_places; i++)
		t->places[i].key.policy = numbers->policy;
	for (size_t i = 0; i < t->n_ports; i++)
		t->ports[i].key.policy = numbers->policy;
}

static int write_rows(const struct egress_programs *g, const struct egress_table *t)
{
	for (size_t i = 0; i < t->n_places; i++)
		STEP(bpf_map_set(g->maps[EGRESS_PLACES], &t->places[i].key, &t->places[i].group));
	for (size_t i = 0; i < t->n_ports; i++)
		STEP(bpf_map_set(g->maps[EGRESS_PORTS], &t->ports[i].key, &t->ports[i].entry));
	return 0;
}

int egress_open(const struct egress_programs *g, const struct egress_numbers *numbers,
		struct egress_table *t, int cgroup_fd, __u64 netns_cookie, struct pf_error *e)
{
	const struct egress_settings s = { .netns_cookie = netns_cookie,
					   .policy = numbers->policy,
					   .flags = t->flags };
	struct stat st;
	uint64_t cgroup;
	int err;

	name_rows(numbers, t);
	err = write_rows(g, t);
	if (err < 0)
		return pf_fail_sys(e, err, "egress: write the list into its maps");
	if (fstat(cgroup_fd, &st) < 0)
		return pf_fail_sys(e, errno, "egress: number of the cgroup");
	cgroup = st.st_ino;
	err = bpf_map_set(g->maps[EGRESS_SETTINGS], &cgroup, &s);
	return err < 0 ? pf_fail_sys(e, err, "egress: write the storage of the cgroup") : 0;
}

int egress_forget(const struct egress_numbers *numbers, struct egress_table *t, struct pf_error *e)
{
	auto_fd places = bpf_map_by_id(numbers->maps[EGRESS_PLACES]),
		ports = bpf_map_by_id(numbers->maps[EGRESS_PORTS]);
	uint32_t id;

	if (places == -ENOENT || ports == -ENOENT)
		return 0; /* with the last container that used them */
	if (places < 0 || ports < 0)
		return pf_fail_sys(e, places < 0 ? places : ports, "egress: open the maps");
	if (bpf_map_id(places, egress_map_names[EGRESS_PLACES], &id) < 0 ||
	    bpf_map_id(ports, egress_map_names[EGRESS_PORTS], &id) < 0)
		return 0; /* the numbers are somebody else's by now */
	name_rows(numbers, t);
	for (size_t i = 0; i < t->n_places; i++)
		(void)bpf_map_remove(places, &t->places[i].key);
	for (size_t i = 0; i < t->n_ports; i++)
		(void)bpf_map_remove(ports, &t->ports[i].key);
	return 0;
}

void egress_table_free(struct egress_table *t)
{
	free(t->places);
	free(t->ports);
	*t = (struct egress_table){ 0 };
}
