/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection costs its caller.
 *
 * usage: connect serve ADDRESS PORT		accept and close, for ever; datagrams are dropped
 *        connect measure ADDRESS PORT COUNT	medians in nanoseconds, by tabs: connect(2), sendto(2), connect(2) to
 *						ADDRESS at PORT + 1, where nobody listens or a list says no
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
	perror(what);
	exit(1);
}

static struct sockaddr_in end(const char *address, int port)
{
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };

	if (inet_pton(AF_INET, address, &to.sin_addr) != 1)
		die(address);
	return to;
}

static void serve(const struct sockaddr_in *at)
{
	int one = 1, udp = socket(AF_INET, SOCK_DGRAM, 0), tcp = socket(AF_INET, SOCK_STREAM, 0);

	if (setsockopt(tcp, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) < 0 ||
	    bind(udp, (const struct sockaddr *)at, sizeof(*at)) < 0 ||
	    bind(tcp, (const struct sockaddr *)at, sizeof(*at)) < 0 || listen(tcp, 128) < 0)
		die("serve");
	for (;;)
		close(accept(tcp, NULL, NULL));
}

static double now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *v, int n)
{
	qsort(v, (size_t)n, sizeof(*v), compare);
	return v[n / 2];
}

/* The socket is made before the clock starts, and ended by a reset, so that no port waits for its time. */
static double connects(const struct sockaddr_in *to, int n, double *took)
{
	const struct linger reset = { .l_onoff = 1 };

	for (int i = 0; i < n; i++) {
		int fd = socket(AF_INET, SOCK_STREAM, 0);
		double start = now_ns();

		(void)connect(fd, (const struct sockaddr *)to, sizeof(*to));
		took[i] = now_ns() - start;
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
		close(fd);
	}
	return median(took, n);
}

static double sends(const struct sockaddr_in *to, int n, double *took)
{
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	char datagram[64] = "";

	for (int i = 0; i < n; i++) {
		double start = now_ns();

		(void)sendto(fd, datagram, sizeof(datagram), 0, (const struct sockaddr *)to,
			     sizeof(*to));
		took[i] = now_ns() - start;
	}
	close(fd);
	return median(took, n);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to, closed;
	double *took;
	int n;

	if (argc < 4)
		return 1;
	to = end(argv[2], atoi(argv[3]));
	if (strcmp(argv[1], "serve") == 0)
		serve(&to);
	closed = end(argv[2], atoi(argv[3]) + 1);
	n = argc > 4 ? atoi(argv[4]) : 10000;
	took = calloc((size_t)n, sizeof(*took));
	if (!took)
		die("connect");
	printf("%.0f\t%.0f\t", connects(&to, n, took), sends(&to, n, took));
	printf("%.0f\n", connects(&closed, n, took));
	return 0;
}
