/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the embedded object to programs in the kernel. By bpf(2) itself: what a library would add is the reading of
 * types, which nothing here has.
 */
#include <config.h>

#include <errno.h>
#include <linux/btf.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "runtime/bpf.h"
#include "runtime/egress/egress.h"
#include "runtime/egress/object.h"

extern const char egress_blob[], egress_blob_end[];

enum { MAX_CODE = 2048, MAX_ROWS = 1 << 24, MAX_PEERS = 16384, LOG_BYTES = 1 << 20 };

const char *const egress_map_names[EGRESS_MAP_COUNT_] = EGRESS_MAP_NAMES;
const char *const egress_program_names[EGRESS_PROGRAM_COUNT_] = {
	"connect4", "connect6", "sock_create", "packet_out", "packet_in",
};

/* clang-format off */
static const struct bpf_map_shape shapes[EGRESS_MAP_COUNT_] = {
	[EGRESS_SETTINGS] = { BPF_MAP_TYPE_CGROUP_STORAGE, sizeof(uint64_t), sizeof(struct egress_settings), 0, 0, -1 },
	[EGRESS_PLACES]	  = { BPF_MAP_TYPE_LPM_TRIE, sizeof(struct egress_place), sizeof(uint32_t), MAX_ROWS,
			      BPF_F_NO_PREALLOC, -1 },
	[EGRESS_PORTS]	  = { BPF_MAP_TYPE_LPM_TRIE, sizeof(struct egress_port), sizeof(uint32_t), MAX_ROWS,
			      BPF_F_NO_PREALLOC, -1 },
	[EGRESS_SOCKETS]  = { BPF_MAP_TYPE_SK_STORAGE, sizeof(uint32_t), sizeof(struct egress_socket), 0,
			      BPF_F_NO_PREALLOC | BPF_F_CLONE, -1 },
	[EGRESS_PEERS]	  = { BPF_MAP_TYPE_LRU_HASH, sizeof(struct egress_peer), sizeof(uint8_t), MAX_PEERS, 0, -1 },
};

static const struct {
	uint32_t type, attach;
} kinds[EGRESS_PROGRAM_COUNT_] = {
	[EGRESS_CONNECT4]    = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET4_CONNECT },
	[EGRESS_CONNECT6]    = { BPF_PROG_TYPE_CGROUP_SOCK_ADDR, BPF_CGROUP_INET6_CONNECT },
	[EGRESS_SOCK_CREATE] = { BPF_PROG_TYPE_CGROUP_SOCK, BPF_CGROUP_INET_SOCK_CREATE },
	[EGRESS_PACKET_OUT]  = { BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_EGRESS },
	[EGRESS_PACKET_IN]   = { BPF_PROG_TYPE_CGROUP_SKB, BPF_CGROUP_INET_INGRESS },
};

/* The storage of sockets is made only for a type that is told: an integer as the key, a struct of its size as value. */
static const struct types {
	struct btf_header head;
	struct btf_type key;
	uint32_t key_form;
	struct btf_type value;
	char names[4];
} types = {
	.head = {
		.magic = 0xeb9f,
		.version = 1,
		.hdr_len = sizeof(struct btf_header),
		.type_len = 2 * sizeof(struct btf_type) + sizeof(uint32_t),
		.str_off = 2 * sizeof(struct btf_type) + sizeof(uint32_t),
		.str_len = sizeof(types.names),
	},
	.key = { .name_off = 1, .info = BTF_KIND_INT << 24, .size = sizeof(uint32_t) },
	.key_form = 32,
	.value = { .name_off = 1, .info = BTF_KIND_STRUCT << 24, .size = sizeof(struct egress_socket) },
	.names = "\0t",
};
/* clang-format on */

static int fail_host(int err, const char *what, const char *name, struct pf_error *e)
{
	if (err == -EPERM)
		return pf_fail(
			e, PF_ERR_HOST, -err,
			"egress: %s `%s': it takes root of the host, or CAP_BPF and CAP_NET_ADMIN",
			what, name);
	return pf_fail(e, PF_ERR_HOST, -err,
		       "egress: %s `%s': this kernel cannot; Linux 5.14 or newer with "
		       "CONFIG_CGROUP_BPF can",
		       what, name);
}

static int make_maps(struct egress_programs *g, struct pf_error *e)
{
	auto_fd types_fd = bpf_types_load(&types, sizeof(types));

	if (types_fd < 0)
		return fail_host(types_fd, "load the types of", "sockets", e);
	for (int m = 0; m < EGRESS_MAP_COUNT_; m++) {
		struct bpf_map_shape shape = shapes[m];

		shape.types_fd = types_fd;
		g->maps[m] = bpf_map_create(egress_map_names[m], &shape);
		if (g->maps[m] < 0)
			return fail_host(g->maps[m], "make the map", egress_map_names[m], e);
	}
	return 0;
}

static int map_called(const struct egress_programs *g, const char *name)
{
	for (int m = 0; m < EGRESS_MAP_COUNT_; m++)
		if (strcmp(egress_map_names[m], name) == 0)
			return g->maps[m];
	return -ENOENT;
}

/* The addresses of maps go in where the compiler left room for them. */
static int link_maps(const struct object *o, const struct object_program *program,
		     const struct egress_programs *g, struct bpf_insn *code, struct pf_error *e)
{
	struct object_use use;
	size_t from = 0;
	int more;

	while ((more = object_use(o, program, &from, &use)) > 0) {
		int map = map_called(g, use.map);

		if (map < 0)
			return pf_fail(e, PF_ERR_BUG, 0, "an egress program uses `%s'", use.map);
		code[use.at].src_reg = BPF_PSEUDO_MAP_FD;
		code[use.at].imm = map;
	}
	return more < 0 ? pf_fail(e, PF_ERR_BUG, 0, "an egress program uses what is no map") : 0;
}

/* Asks once more, for the verifier's words: the line before the last says what it does not like. */
static int fail_verifier(struct bpf_code *code, int err, struct pf_error *e)
{
	auto_free char *log = calloc(1, LOG_BYTES);
	char *end;

	if (!log)
		return pf_fail(e, PF_ERR_SYS, ENOMEM, "egress");
	code->log = log;
	code->log_size = LOG_BYTES;
	(void)bpf_program_load(code);
	end = strstr(log, "\nprocessed ");
	if (end)
		*end = '\0';
	end = strrchr(log, '\n');
	return pf_fail(e, PF_ERR_HOST, -err,
		       "egress: load the program `%s': the kernel's verifier says `%.200s'",
		       code->name, end ? end + 1 : log);
}

static int load_program(const struct object *o, enum egress_program p, struct egress_programs *g,
			struct pf_error *e)
{
	struct bpf_insn copy[MAX_CODE];
	struct object_program program;
	struct bpf_code code = { .name = egress_program_names[p],
				 .v = copy,
				 .type = kinds[p].type,
				 .attach = kinds[p].attach };
	int fd;

	STEP(object_find(o, code.name, &program, e));
	if (program.n > MAX_CODE)
		return pf_fail(e, PF_ERR_BUG, 0, "egress program `%s' is too long", code.name);
	memcpy(copy, program.code, program.n * sizeof(*copy));
	code.n = (uint32_t)program.n;
	STEP(link_maps(o, &program, g, copy, e));
	fd = bpf_program_load(&code);
	if (fd == -EACCES || fd == -EINVAL)
		return fail_verifier(&code, fd, e);
	if (fd < 0)
		return fail_host(fd, "load the program", code.name, e);
	g->programs[p] = fd;
	return 0;
}

static int load_all(struct egress_programs *g, struct pf_error *e)
{
	struct object o;

	STEP(object_open(egress_blob, (size_t)(egress_blob_end - egress_blob), &o, e));
	STEP(make_maps(g, e));
	for (int p = 0; p < EGRESS_PROGRAM_COUNT_; p++)
		STEP(load_program(&o, (enum egress_program)p, g, e));
	return 0;
}

int egress_load(struct egress_programs *ret, struct pf_error *e)
{
	struct egress_programs g = EGRESS_PROGRAMS_NULL;
	int err = load_all(&g, e);

	if (err < 0) {
		egress_close(&g);
		return err;
	}
	*ret = g;
	return 0;
}

int egress_attach(const struct egress_programs *g, int cgroup_fd, struct pf_error *e)
{
	for (int p = 0; p < EGRESS_PROGRAM_COUNT_; p++) {
		int err = bpf_program_attach(g->programs[p], cgroup_fd, kinds[p].attach);

		if (err < 0)
			return pf_fail_sys(e, err, "egress: attach `%s' to the cgroup",
					   egress_program_names[p]);
	}
	return 0;
}

void egress_close(struct egress_programs *g)
{
	for (int i = 0; i < EGRESS_MAP_COUNT_; i++)
		pf_close_ptr(&g->maps[i]);
	for (int i = 0; i < EGRESS_PROGRAM_COUNT_; i++)
		pf_close_ptr(&g->programs[i]);
}
