/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_BUS_BUS_H
#define PF_RUNTIME_BUS_BUS_H

#include <limits.h>
#include <stdint.h>

#include "base/error.h"
#include "runtime/cgroup_systemd.h"

/*
 * What the runtime says to pinfold-bus, its program that speaks D-Bus. libsystemd is a shared library with a dozen more
 * behind it; a program that had any part of it could not be linked statically, and every start would pay for that.
 *
 * One build makes both, and one embeds the other, so the talk is plain data: a request in a file at the program's stdin,
 * one answer from its stdout. The properties follow the request, each with its data and a NUL behind it.
 */

#define BUS_MAGIC       0x31737562u /* "bus1" */
#define BUS_REQUEST_MAX (16u << 20)

enum bus_verb {
	BUS_START, /* start the scope with these properties, and tell its control group */
	BUS_SET,   /* set them on a scope that runs */
	BUS_STOP,  /* stop the scope and wait for it; one that is gone is no error */
	BUS_VERB_COUNT_,
};

struct bus_request {
	uint32_t magic, verb; /* enum bus_verb */
	uint32_t user;        /* 1: the user's manager, not the system's */
	uint32_t
		n; /* properties that follow: a struct unit_property, its .len bytes of data, a NUL */
	char unit[256];
};

struct bus_answer {
	struct pf_error error; /* PF_ERR_NONE: it was done */
	char group[PATH_MAX];  /* BUS_START: "/pinfold.slice/x.scope" */
};

#endif
