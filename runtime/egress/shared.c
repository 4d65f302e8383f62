/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ROOT/.egress: by which numbers the kernel knows the programs and maps that the containers of this state root share.
 * It is a cache: where what it says is not found, or is not what this build would load, they are loaded anew; those
 * that older containers use stay with them. Only root writes below a state root, and a number is believed only
 * together with the name and the tag of what it leads to.
 */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/bpf.h"
#include "runtime/egress/egress.h"

extern const char egress_blob[], egress_blob_end[];

#define FILE_NAME ".egress"

struct record {
	__u64 object;                  /* which was loaded: object_sum() */
	struct egress_numbers numbers; /* .policy: the last that was given */
	__u32 programs[EGRESS_PROGRAM_COUNT_];
	__u64 tags[EGRESS_PROGRAM_COUNT_];
	__u64 dev, ino; /* of the state root: a copy of it would give the next number twice */
};

static int find_maps(const struct record *r, struct egress_programs *g)
{
	for (int m = 0; m < EGRESS_MAP_COUNT_; m++) {
		uint32_t id;

		g->maps[m] = bpf_map_by_id(r->numbers.maps[m]);
		if (g->maps[m] < 0)
			return g->maps[m];
		STEP(bpf_map_id(g->maps[m], egress_map_names[m], &id));
	}
	return 0;
}

static int find_programs(const struct record *r, struct egress_programs *g)
{
	for (int p = 0; p < EGRESS_PROGRAM_COUNT_; p++) {
		uint32_t id;
		uint64_t tag;

		g->programs[p] = bpf_program_by_id(r->programs[p]);
		if (g->programs[p] < 0)
			return g->programs[p];
		STEP(bpf_program_id(g->programs[p], egress_program_names[p], &id, &tag));
		if (tag != r->tags[p])
			return -ESTALE;
	}
	return 0;
}

/* FNV-1a: it tells one build's programs from another's, and need not withstand anyone. */
static __u64 object_sum(void)
{
	__u64 sum = 0xcbf29ce484222325;

	for (const char *p = egress_blob; p < egress_blob_end; p++)
		sum = (sum ^ (unsigned char)*p) * 0x100000001b3;
	return sum;
}

static bool find(int fd, const struct stat *root, struct record *r, struct egress_programs *g)
{
	if (pread(fd, r, sizeof(*r), 0) != (ssize_t)sizeof(*r) || r->object != object_sum() ||
	    r->dev != root->st_dev || r->ino != root->st_ino)
		return false;
	if (find_maps(r, g) == 0 && find_programs(r, g) == 0)
		return true;
	egress_close(g);
	return false;
}

static int describe(const struct egress_programs *g, const struct stat *root, struct record *ret)
{
	struct record r = { .object = object_sum(), .dev = root->st_dev, .ino = root->st_ino };

	for (int m = 0; m < EGRESS_MAP_COUNT_; m++)
		STEP(bpf_map_id(g->maps[m], egress_map_names[m], &r.numbers.maps[m]));
	for (int p = 0; p < EGRESS_PROGRAM_COUNT_; p++)
		STEP(bpf_program_id(g->programs[p], egress_program_names[p], &r.programs[p],
				    (uint64_t *)&r.tags[p]));
	*ret = r;
	return 0;
}

static int find_or_load(int root_fd, int fd, struct record *r, struct egress_programs *g,
			struct pf_error *e)
{
	struct stat root;
	int err;

	if (fstat(root_fd, &root) < 0)
		return pf_fail_sys(e, errno, "look at the state root");
	if (find(fd, &root, r, g))
		return 0;
	STEP(egress_load(g, e));
	err = describe(g, &root, r);
	return err < 0 ? pf_fail_sys(e, err, "egress: number of what was loaded") : 0;
}

static int share(int root_fd, int fd, struct egress_programs *g, struct egress_numbers *ret,
		 struct pf_error *e)
{
	struct record r;

	if (flock(fd, LOCK_EX) < 0)
		return pf_fail_sys(e, errno, "lock `" FILE_NAME "' of the state root");
	STEP(find_or_load(root_fd, fd, &r, g, e));
	if (++r.numbers.policy == 0)
		return pf_fail(e, PF_ERR_SYS, EOVERFLOW, "egress: a number for the container");
	if (pwrite(fd, &r, sizeof(r), 0) != (ssize_t)sizeof(r))
		return pf_fail_sys(e, errno, "write `" FILE_NAME "' of the state root");
	*ret = r.numbers;
	return 0;
}

int egress_share(int root_fd, struct egress_programs *ret, struct egress_numbers *ret_numbers,
		 struct pf_error *e)
{
	struct egress_programs g = EGRESS_PROGRAMS_NULL;
	auto_fd fd = openat(root_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	int err;

	if (fd < 0)
		return pf_fail_sys(e, errno, "open `" FILE_NAME "' of the state root");
	err = share(root_fd, fd, &g, ret_numbers, e);
	if (err < 0) {
		egress_close(&g);
		return err;
	}
	*ret = g;
	return 0;
}
