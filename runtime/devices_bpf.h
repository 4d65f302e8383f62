/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_DEVICES_BPF_H
#define PF_RUNTIME_DEVICES_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"
#include "runtime/cgroup_internal.h"

/*
 * Device rules for cgroup v2, which has no files for them: a program that the kernel asks at every open and mknod of a
 * device. Raw bpf(2), no library.
 */

struct devices_program {
	struct bpf_insn *v; /* owned */
	size_t n, cap;
};

/** devices_bpf_generate() - @rules as a program; each access bit is decided by the last rule that names it. Pure. */
int devices_bpf_generate(const struct device_rules *rules, struct devices_program *ret,
			 struct pf_error *e);
void devices_bpf_free(struct devices_program *p);
#define auto_program __attribute__((cleanup(devices_bpf_free))) struct devices_program

/**
 * devices_bpf_attach() - load the program and attach it to the group @dir
 * @p:	NULL: no program, everything is allowed. One of ours that is attached already goes when the new one is in force.
 *
 * Attached so that others may attach theirs too; a device then needs the consent of all. It lives as long as the group.
 *
 * Return: 0 or -errno; -EPERM without the privilege for it (rootless).
 */
int devices_bpf_attach(int dir, const struct devices_program *p, struct pf_error *e);

#endif
