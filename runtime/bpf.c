/* SPDX-License-Identifier: Apache-2.0 */
/* bpf(2), one function a command: attributes in, an fd or -errno out. */
#include <config.h>

#include "runtime/bpf.h"

#include <errno.h>
#include <string.h>

#include "base/sys.h"

static uint64_t pointer(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void set_name(char to[BPF_OBJ_NAME_LEN], const char *name)
{
	size_t n = strlen(name);

	memcpy(to, name, n < BPF_OBJ_NAME_LEN ? n : BPF_OBJ_NAME_LEN - 1);
}

int bpf_map_create(const char *name, const struct bpf_map_shape *shape)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = shape->type;
	attr.key_size = shape->key;
	attr.value_size = shape->value;
	attr.max_entries = shape->entries;
	attr.map_flags = shape->flags;
	set_name(attr.map_name, name);
	if (shape->type == BPF_MAP_TYPE_SK_STORAGE) {
		attr.btf_fd = (uint32_t)shape->types_fd;
		attr.btf_key_type_id = 1;
		attr.btf_value_type_id = 2;
	}
	return sys_bpf(BPF_MAP_CREATE, &attr, sizeof(attr));
}

int bpf_map_set(int map, const void *key, const void *value)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = pointer(key);
	attr.value = pointer(value);
	return sys_bpf(BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr));
}

int bpf_map_remove(int map, const void *key)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_fd = (uint32_t)map;
	attr.key = pointer(key);
	return sys_bpf(BPF_MAP_DELETE_ELEM, &attr, sizeof(attr));
}

int bpf_types_load(const void *types, uint32_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.btf = pointer(types);
	attr.btf_size = size;
	return sys_bpf(BPF_BTF_LOAD, &attr, sizeof(attr));
}

int bpf_program_load(const struct bpf_code *code)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = code->type;
	attr.expected_attach_type = code->attach;
	attr.insns = pointer(code->v);
	attr.insn_cnt = code->n;
	attr.license = pointer("Apache-2.0");
	set_name(attr.prog_name, code->name);
	if (code->log) {
		attr.log_level = 1;
		attr.log_buf = pointer(code->log);
		attr.log_size = code->log_size;
	}
	return sys_bpf(BPF_PROG_LOAD, &attr, sizeof(attr));
}

int bpf_program_attach(int program, int cgroup_fd, uint32_t attach)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = attach;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	return sys_bpf(BPF_PROG_ATTACH, &attr, sizeof(attr));
}

int bpf_program_detach(int program, int cgroup_fd, uint32_t attach)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup_fd;
	attr.attach_bpf_fd = (uint32_t)program;
	attr.attach_type = attach;
	return sys_bpf(BPF_PROG_DETACH, &attr, sizeof(attr));
}

/* NOLINTNEXTLINE(readability-non-const-parameter): the kernel writes there */
int bpf_programs_attached(int cgroup_fd, uint32_t attach, uint32_t *ret_ids, uint32_t *n)
{
	union bpf_attr attr;
	int ret;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = attach;
	attr.query.prog_ids = pointer(ret_ids);
	attr.query.prog_cnt = *n;
	ret = sys_bpf(BPF_PROG_QUERY, &attr, sizeof(attr));
	*n = attr.query.prog_cnt;
	return ret;
}

int bpf_map_by_id(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_id = id;
	return sys_bpf(BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));
}

int bpf_program_by_id(uint32_t id)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	return sys_bpf(BPF_PROG_GET_FD_BY_ID, &attr, sizeof(attr));
}

static int get_info(int fd, void *info, uint32_t size)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info = pointer(info);
	attr.info.info_len = size;
	return sys_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr));
}

static int same_name(const char kernels[BPF_OBJ_NAME_LEN], const char *name)
{
	return strncmp(kernels, name, BPF_OBJ_NAME_LEN - 1) == 0 ? 0 : -ESTALE;
}

int bpf_map_id(int map, const char *name, uint32_t *ret_id)
{
	struct bpf_map_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = get_info(map, &info, sizeof(info));
	if (err < 0)
		return err;
	*ret_id = info.id;
	return same_name(info.name, name);
}

int bpf_program_id(int program, const char *name, uint32_t *ret_id, uint64_t *ret_tag)
{
	struct bpf_prog_info info;
	int err;

	memset(&info, 0, sizeof(info));
	err = get_info(program, &info, sizeof(info));
	if (err < 0)
		return err;
	*ret_id = info.id;
	if (ret_tag)
		memcpy(ret_tag, info.tag, sizeof(*ret_tag));
	return same_name(info.name, name);
}
