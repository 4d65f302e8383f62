/* SPDX-License-Identifier: Apache-2.0 */
/*
 * warden-run [OPTION]... ENTRY...: does for a test what create does, and becomes the warden, run from sealed memory.
 *
 *	-a ADDRESS	listen there, port 53, UDP and TCP (default 127.0.0.53)
 *	-r FILE		the resolv.conf		-p PORT		of the resolvers in it (default 53)
 *	-i SUFFIX	internal		-t MS -n N	time of an attempt, attempts
 *	-e FILE -l FILE	events, learned addresses; appended
 *
 * The warden ends when stdin does.
 */
#include <config.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/blob.h"
#include "runtime/flat.h"
#include "runtime/warden/nametab_make.h"
#include "runtime/warden/plan.h"

extern const char warden_blob[], warden_blob_end[];

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

static int above(int fd)
{
	int moved = fcntl(fd, F_DUPFD, 16);

	if (fd < 0 || moved < 0)
		die("descriptor");
	return moved;
}

static int listen_at(const char *address, int type)
{
	struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(53) };
	int fd = socket(AF_INET, type, 0), yes = 1;

	if (fd < 0 || inet_pton(AF_INET, address, &a.sin_addr) != 1 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) < 0 ||
	    bind(fd, (struct sockaddr *)&a, sizeof(a)) < 0 ||
	    (type == SOCK_STREAM && listen(fd, 16) < 0))
		die(address);
	return above(fd);
}

static int table_fd(char **entries, size_t n, char **internal, size_t n_internal)
{
	const struct oci_strings a = { entries, n }, b = { internal, n_internal };
	struct pf_error e = PF_ERROR_INIT;
	struct flat f = { 0 };
	int fd = -EBADF;

	if (nametab_make(&a, &b, &f.bytes, &e) < 0 || flat_memfd(&f, "names", &fd, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		exit(1);
	}
	return above(fd);
}

static void become(struct warden_plan *p)
{
	char *argv[] = { (char[]){ "pinfold-warden" }, NULL };
	struct pf_error e = PF_ERROR_INIT;
	int program, fd = -EBADF;
	struct flat f;

	flat_begin(&f, sizeof(*p));
	p->size = (uint32_t)flat_size(&f);
	if (flat_end(&f, p, sizeof(*p), &e) < 0 || flat_memfd(&f, "plan", &fd, &e) < 0)
		die("plan");
	program = above(blob_memfd("warden", warden_blob, warden_blob_end, &e));
	fd = above(fd);
	if (dup2(fd, WARDEN_PLAN_FD) < 0 || fcntl(program, F_SETFD, FD_CLOEXEC) < 0)
		die("plan");
	sys_execveat(program, "", argv, argv + 1, 0x1000 /* AT_EMPTY_PATH */);
	die("execute");
}

int main(int argc, char **argv)
{
	struct warden_plan p = { .magic = WARDEN_PLAN_MAGIC,
				 .resolv_fd = -1,
				 .event_fd = -1,
				 .learn_fd = -1,
				 .udp = { -1, -1 },
				 .tcp = { -1, -1 },
				 .attempt_ms = 1500,
				 .attempts = 3,
				 .upstream_port = 53 };
	const char *address = "127.0.0.53";
	char *internal[16];
	size_t n_internal = 0;
	int opt;

	while ((opt = getopt(argc, argv, "a:r:p:i:t:n:e:l:")) != -1) {
		if (opt == 'a')
			address = optarg;
		else if (opt == 'r')
			p.resolv_fd = above(open(optarg, O_RDONLY | O_CLOEXEC));
		else if (opt == 'e')
			p.event_fd = above(open(optarg, O_WRONLY | O_APPEND | O_CREAT, 0600));
		else if (opt == 'l')
			p.learn_fd = above(open(optarg, O_WRONLY | O_APPEND | O_CREAT, 0600));
		else if (opt == 'p')
			p.upstream_port = (uint16_t)atoi(optarg);
		else if (opt == 't')
			p.attempt_ms = (uint32_t)atoi(optarg);
		else if (opt == 'n')
			p.attempts = (uint32_t)atoi(optarg);
		else if (opt == 'i' && n_internal < ARRAY_SIZE(internal))
			internal[n_internal++] = optarg;
		else
			return 2;
	}
	p.names_fd = table_fd(argv + optind, (size_t)(argc - optind), internal, n_internal);
	p.udp[0] = listen_at(address, SOCK_DGRAM);
	p.tcp[0] = listen_at(address, SOCK_STREAM);
	p.life_fd = above(0);
	become(&p);
}
