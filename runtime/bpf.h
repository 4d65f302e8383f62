/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_BPF_H
#define PF_RUNTIME_BPF_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>

/*
 * bpf(2), one function a command; no library. Each returns an fd or 0, else -errno; names are cut to the kernel's 15 bytes.
 * RLIMIT_MEMLOCK stays as it is: compat: kernels < 5.11 count programs and maps against it, and then say EPERM.
 */

struct bpf_map_shape {
	uint32_t type, key, value, entries, flags;
	int types_fd; /* BTF; only for storage of sockets */
};

int bpf_map_create(const char *name, const struct bpf_map_shape *shape);
int bpf_map_set(int map, const void *key, const void *value);
int bpf_map_remove(int map, const void *key);
int bpf_types_load(const void *types, uint32_t size);

struct bpf_code {
	const char *name;
	const struct bpf_insn *v;
	uint32_t n;
	uint32_t type, attach;
	char *log; /* NULL: no words wanted */
	uint32_t log_size;
};
int bpf_program_load(const struct bpf_code *code);
/** bpf_program_attach() - beside others (BPF_F_ALLOW_MULTI), so that nobody takes it off without having it in hand */
int bpf_program_attach(int program, int cgroup_fd, uint32_t attach);
int bpf_program_detach(int program, int cgroup_fd, uint32_t attach);
/** bpf_programs_attached() - their numbers; *@n: room for them, then how many there are */
int bpf_programs_attached(int cgroup_fd, uint32_t attach, uint32_t *ret_ids, uint32_t *n);

/* By the number that the kernel gives each, as long as anything holds it. Needs CAP_SYS_ADMIN. */
int bpf_map_by_id(uint32_t id);
int bpf_program_by_id(uint32_t id);
int bpf_map_id(int map, const char *name, uint32_t *ret_id);
/** bpf_program_id() - -ESTALE: it has another name; @ret_tag may be NULL */
int bpf_program_id(int program, const char *name, uint32_t *ret_id, uint64_t *ret_tag);

#endif
