/* SPDX-License-Identifier: Apache-2.0 */
/* The kernel's programs and maps, from outside. */
#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "probe.h"

static int next_id(int cmd, __u32 *id)
{
	union bpf_attr attr = { .start_id = *id };

	if (syscall(SYS_bpf, cmd, &attr, sizeof(attr)) < 0)
		return 0;
	*id = attr.next_id;
	return 1;
}

static void say_name(int is_map, __u32 id)
{
	union bpf_attr attr = { .prog_id = id }; /* .map_id is the same field */
	struct bpf_prog_info prog = { 0 };
	struct bpf_map_info map = { 0 };
	int fd = (int)syscall(SYS_bpf, is_map ? BPF_MAP_GET_FD_BY_ID : BPF_PROG_GET_FD_BY_ID, &attr,
			      sizeof(attr));

	if (fd < 0)
		return;
	memset(&attr, 0, sizeof(attr));
	attr.info.bpf_fd = (__u32)fd;
	attr.info.info_len = is_map ? sizeof(map) : sizeof(prog);
	attr.info.info = (__u64)(size_t)(is_map ? (void *)&map : &prog);
	if (syscall(SYS_bpf, BPF_OBJ_GET_INFO_BY_FD, &attr, sizeof(attr)) == 0)
		say_more("%s%u %s\n", is_map ? "map " : "program ", id,
			 is_map ? map.name : prog.name);
	close(fd);
}

/* bpf-list: a line for each program and map that the kernel has: kind, number, name */
static int do_bpf_list(char **a)
{
	(void)a;
	say("%s", "");
	for (int is_map = 0; is_map < 2; is_map++)
		for (__u32 id = 0;
		     next_id(is_map ? BPF_MAP_GET_NEXT_ID : BPF_PROG_GET_NEXT_ID, &id);)
			say_name(is_map, id);
	return 0;
}

/* bpf-rows ID KEY-SIZE: how many rows a map has */
static int do_bpf_rows(char **a)
{
	union bpf_attr attr = { .map_id = (__u32)number(a[0]) };
	char key[256] = { 0 }, next[256];
	long size = number(a[1]), n = 0;
	int fd = (int)syscall(SYS_bpf, BPF_MAP_GET_FD_BY_ID, &attr, sizeof(attr));

	if (fd < 0)
		return -errno;
	for (;; n++) {
		memset(&attr, 0, sizeof(attr));
		attr.map_fd = (__u32)fd;
		attr.key = n ? (__u64)(size_t)key : 0;
		attr.next_key = (__u64)(size_t)next;
		if (syscall(SYS_bpf, BPF_MAP_GET_NEXT_KEY, &attr, sizeof(attr)) < 0)
			break;
		memcpy(key, next, (size_t)size);
	}
	say("%ld", n);
	return finish(fd, errno == ENOENT ? 0 : -errno);
}

const struct probe_command bpf_commands[] = {
	{ "bpf-list", "", 0, 0, FACT, do_bpf_list },
	{ "bpf-rows", "ID KEY-SIZE", 2, 2, FACT, do_bpf_rows },
	{ 0 },
};
