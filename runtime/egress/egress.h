/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_EGRESS_EGRESS_H
#define PF_RUNTIME_EGRESS_EGRESS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "config/policy.h"
#include "runtime/egress/abi.h"

/*
 * Which connections leave a container and which enter it: programs on its cgroup (egress.bpf.c).
 *
 * Loading them costs more than all the rest of a start, so all containers of a state root share them: the first loads,
 * the others find them by the numbers that stand in ROOT/.egress; with the last container the kernel lets them go. What
 * is one container's own are rows in their maps, under a number of its own, and the storage of its cgroup, which names
 * that number. Without the storage nothing is open; it goes with the cgroup.
 *
 *	abi.h		what programs and loader agree on
 *	egress.bpf.c	the programs
 *	object.c	the object file that a compiler made of them
 *	load.c		object -> programs and maps in the kernel
 *	shared.c	found or loaded
 *	table.c		entries of a policy -> rows
 *	egress.c	one container's
 */

enum egress_program {
	EGRESS_CONNECT4,
	EGRESS_CONNECT6,
	EGRESS_SOCK_CREATE,
	EGRESS_PACKET_OUT,
	EGRESS_PACKET_IN,
	EGRESS_PROGRAM_COUNT_,
};

/* The fds are owned; closing them ends nothing that is attached. */
struct egress_programs {
	int maps[EGRESS_MAP_COUNT_];
	int programs[EGRESS_PROGRAM_COUNT_];
};

#define EGRESS_PROGRAMS_NULL                                                      \
	{                                                                         \
		.maps = { -EBADF, -EBADF, -EBADF, -EBADF, -EBADF }, .programs = { \
			-EBADF,                                                   \
			-EBADF,                                                   \
			-EBADF,                                                   \
			-EBADF,                                                   \
			-EBADF                                                    \
		}                                                                 \
	}

extern const char *const egress_program_names[EGRESS_PROGRAM_COUNT_];
extern const char *const egress_map_names[EGRESS_MAP_COUNT_];

/* load.c */
/** egress_load() - new maps and programs; PF_ERR_HOST with the cure when this kernel or caller cannot */
int egress_load(struct egress_programs *ret, struct pf_error *e);
/** egress_attach() - onto @cgroup_fd, a directory of cgroup2: from here on nothing is open that the storage does not open */
int egress_attach(const struct egress_programs *g, int cgroup_fd, struct pf_error *e);
void egress_close(struct egress_programs *g);

/* shared.c */
struct egress_numbers {
	__u32 maps[EGRESS_MAP_COUNT_];
	__u32 policy; /* of the container that asked, never given twice while the programs live */
};
/**
 * egress_share() - the programs of this state root, found or loaded, and a number for one more container
 * @root_fd:	the state root
 *
 * Should: run while the init mounts: it needs nothing of the container.
 */
int egress_share(int root_fd, struct egress_programs *ret, struct egress_numbers *ret_numbers,
		 struct pf_error *e);

/* egress.c */
struct egress_place_row {
	struct egress_place key; /* .policy is filled in */
	__u32 group;
};

struct egress_port_row {
	struct egress_port key;
	__u32 entry; /* counted from 1 */
};

/* What the list of one container comes to. */
struct egress_table {
	struct egress_place_row *places; /* owned, as what follows; no two keys are the same */
	struct egress_port_row *ports;
	size_t n_places, n_ports;
	__u32 flags; /* EGRESS_LISTEN_* */
};

/**
 * egress_table_make() - the rows of a policy's `egress' and `listen'
 *
 * Without `egress' all is open; without `listen' servers are reached over loopback alone.
 * Errors: PF_ERR_POLICY, naming an entry that cannot be honoured.
 */
int egress_table_make(const struct policy *policy, struct egress_table *ret, struct pf_error *e);

/** egress_table_opens() - something of the address (16 bytes, as in the rows) is open */
bool egress_table_opens(const struct egress_table *t, const __u8 addr[16]);

/** egress_open() - write the rows and then the storage, which is what opens them */
int egress_open(const struct egress_programs *g, const struct egress_numbers *numbers,
		struct egress_table *t, int cgroup_fd, __u64 netns_cookie, struct pf_error *e);

/**
 * egress_record() - keep in a container's state directory which rows are its own, before they are written
 * egress_forget() - remove what is recorded there: of a container that is gone, whose cgroup took the programs along
 * egress_recorded() - connections of this container are judged
 *
 * Nothing is left to remove when the maps are gone, as they are with the last container that used them.
 */
int egress_record(int dir_fd, const struct egress_numbers *numbers, const struct egress_table *t,
		  struct pf_error *e);
int egress_forget(int dir_fd, struct pf_error *e);
bool egress_recorded(int dir_fd);

void egress_table_free(struct egress_table *t);

/* What a create holds of it. */
struct egress {
	bool wanted;
	struct egress_table table;
	struct egress_programs programs;
	struct egress_numbers numbers;
};

void egress_release(struct egress *g);

#endif
