/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_DOCTOR_PARTS_H
#define PF_RUNTIME_DOCTOR_PARTS_H

#include "base/io.h"
#include "runtime/host.h"

/* What doctor.c and doctor_checks.c share. Not for others. */

enum doctor_state { DOCTOR_OK, DOCTOR_NOTE, DOCTOR_LIMITED, DOCTOR_MISSING, DOCTOR_STATE_COUNT_ };

struct doctor {
	bool json, any;
	struct pf_buf *out;
	struct host host;
	unsigned int counts[DOCTOR_STATE_COUNT_];
};

/** doctor_add() - one line: what was looked at, how it stands, what that means; @cure may be NULL */
void doctor_add(struct doctor *d, const char *name, enum doctor_state state, const char *cure,
		const char *fmt, ...) __attribute__((format(printf, 5, 6)));

void doctor_check_kernel(struct doctor *d);
void doctor_check_landlock(struct doctor *d);
void doctor_check_seccomp(struct doctor *d);
void doctor_check_userns(struct doctor *d);
void doctor_check_memfd(struct doctor *d);
void doctor_check_cgroups(struct doctor *d);
void doctor_check_bpf(struct doctor *d);
void doctor_check_egress(struct doctor *d);
void doctor_check_policy(struct doctor *d);

#endif
