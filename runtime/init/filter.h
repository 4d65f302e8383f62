/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_FILTER_H
#define PF_INIT_FILTER_H

#include <linux/filter.h>

/*
 * Our own seccomp filter for confined containers, as constant instructions: nothing is generated at run time, and a unit
 * test can ask the very table that is loaded. A length of 0: we have none for this architecture, and whoever asks for
 * confinement is refused.
 */

extern const struct sock_filter own_filter[];
extern const unsigned int own_filter_len;

/* In addition where `exec' is in force: a memfd must be sealed against execution, else it is a way around the list. */
extern const struct sock_filter exec_filter[];
extern const unsigned int exec_filter_len;

#endif
