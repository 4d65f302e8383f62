/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of one container in the maps that all share, and the storage of its cgroup that makes them its own. */
#include <config.h>

#include "runtime/egress/egress.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"
#include "runtime/bpf.h"

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

/* ---- what is left to do when it has gone */

#define RECORD       "egress"
#define RECORD_MAGIC 0x31524745464c4650ull /* "PFLFEGR1" */
enum { RECORD_MAX = 64 << 20 };

struct record {
	__u64 magic;
	struct egress_numbers numbers;
	__u32 n_places, n_ports;
};

int egress_record(int dir_fd, const struct egress_numbers *numbers, const struct egress_table *t,
		  struct pf_error *e)
{
	const struct record r = { .magic = RECORD_MAGIC,
				  .numbers = *numbers,
				  .n_places = (__u32)t->n_places,
				  .n_ports = (__u32)t->n_ports };
	auto_buf b = { 0 };

	pf_buf_add(&b, (const char *)&r, sizeof(r));
	pf_buf_add(&b, (const char *)t->places, t->n_places * sizeof(*t->places));
	pf_buf_add(&b, (const char *)t->ports, t->n_ports * sizeof(*t->ports));
	if (b.failed)
		return pf_fail_sys(e, ENOMEM, "compose the record of egress");
	return pf_create_file_at(dir_fd, RECORD, b.data, b.len, 0600, e);
}

bool egress_recorded(int dir_fd)
{
	return faccessat(dir_fd, RECORD, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* The numbers may be somebody else's by now: then the name is not ours. */
static int open_rows(const struct egress_numbers *n, enum egress_map m)
{
	auto_fd map = bpf_map_by_id(n->maps[m]);
	uint32_t id;

	if (map < 0)
		return map;
	return bpf_map_id(map, egress_map_names[m], &id) == 0 ? pf_take_fd(&map) : -ENOENT;
}

static int forget_rows(const struct record *r, struct egress_table *t, struct pf_error *e)
{
	auto_fd places = open_rows(&r->numbers, EGRESS_PLACES);
	auto_fd ports = open_rows(&r->numbers, EGRESS_PORTS);

	if (places == -ENOENT || ports == -ENOENT)
		return 0;
	if (places < 0 || ports < 0)
		return pf_fail_sys(e, places < 0 ? places : ports, "egress: open the maps");
	name_rows(&r->numbers, t);
	for (size_t i = 0; i < t->n_places; i++)
		(void)bpf_map_remove(places, &t->places[i].key);
	for (size_t i = 0; i < t->n_ports; i++)
		(void)bpf_map_remove(ports, &t->ports[i].key);
	return 0;
}

int egress_forget(int dir_fd, struct pf_error *e)
{
	struct egress_table t = { 0 };
	auto_free char *text = NULL;
	struct record r;
	size_t len;

	if (!egress_recorded(dir_fd))
		return 0;
	STEP(pf_read_file_at(dir_fd, RECORD, RECORD_MAX, &text, &len, e));
	if (len < sizeof(r))
		return pf_fail(e, PF_ERR_SYS, EBADMSG, "read the record of egress");
	memcpy(&r, text, sizeof(r));
	if (r.magic != RECORD_MAGIC ||
	    len != sizeof(r) + r.n_places * sizeof(*t.places) + r.n_ports * sizeof(*t.ports))
		return pf_fail(e, PF_ERR_SYS, EBADMSG, "read the record of egress");
	t.n_places = r.n_places;
	t.n_ports = r.n_ports;
	t.places = (void *)(text + sizeof(r)); /* borrowed */
	t.ports = (void *)(text + sizeof(r) + r.n_places * sizeof(*t.places));
	return forget_rows(&r, &t, e);
}

void egress_release(struct egress *g)
{
	egress_table_free(&g->table);
	egress_close(&g->programs);
}

void egress_table_free(struct egress_table *t)
{
	free(t->places);
	free(t->ports);
	*t = (struct egress_table){ 0 };
}
