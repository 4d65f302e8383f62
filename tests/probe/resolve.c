/* SPDX-License-Identifier: Apache-2.0 */
/* resolve NAME: what getaddrinfo(3) of the libc that this is linked with says: an address a line, or the error's name. */
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list = NULL;
	char host[64];
	int err;

	if (argc != 2)
		return 2;
	err = getaddrinfo(argv[1], NULL, &hints, &list);
	if (err != 0)
		puts(err == EAI_NONAME ? "EAI_NONAME" : err == EAI_AGAIN ? "EAI_AGAIN" : "other");
	for (struct addrinfo *a = list; a; a = a->ai_next)
		if (getnameinfo(a->ai_addr, a->ai_addrlen, host, sizeof(host), NULL, 0,
				NI_NUMERICHOST) == 0)
			puts(host);
	if (list)
		freeaddrinfo(list);
	return err != 0;
}
