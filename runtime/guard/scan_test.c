/* SPDX-License-Identifier: Apache-2.0 */
/* What a reader that a hostile file took over might try. Compiled with test hooks alone. */
#include <config.h>

#include "runtime/guard/scan_test.h"

#ifdef ENABLE_TEST_HOOKS

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "runtime/guard/scan_parts.h"

enum { FILE_FD = SCAN_SOCKET + 1 };

static void try_process(enum scan_test what)
{
	char *const none[] = { NULL };

	if (what == SCAN_TEST_EXECVE)
		(void)execve("/bin/true", none, none);
	else if (what == SCAN_TEST_PTRACE)
		(void)ptrace(PTRACE_TRACEME, 0, NULL, NULL);
	else if (what == SCAN_TEST_FORK)
		(void)fork();
	else if (what == SCAN_TEST_KILL)
		(void)kill(getppid(), 0);
	else if (what == SCAN_TEST_SETUID)
		(void)!setuid(0);
}

static void try_descriptor(enum scan_test what)
{
	const struct sockaddr_un name = { .sun_family = AF_UNIX, .sun_path = "/dev/log" };
	struct msghdr msg = { .msg_iov = NULL };

	if (what == SCAN_TEST_OPEN)
		(void)open("/etc/passwd", O_RDONLY | O_CLOEXEC);
	else if (what == SCAN_TEST_SOCKET)
		(void)socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	else if (what == SCAN_TEST_CONNECT)
		(void)connect(SCAN_SOCKET, (const struct sockaddr *)&name, sizeof(name));
	else if (what == SCAN_TEST_WRITE)
		(void)!pwrite(FILE_FD, "x", 1, 0);
	else if (what == SCAN_TEST_SEND_FD)
		(void)sendmsg(SCAN_SOCKET, &msg, 0);
	else if (what == SCAN_TEST_ELSEWHERE)
		(void)send(FILE_FD, "x", 1, 0);
}

static void try_memory(enum scan_test what)
{
	enum { MUCH = 64 << 20 };

	if (what == SCAN_TEST_EXECUTABLE) {
		(void)mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	} else if (what == SCAN_TEST_MEMORY) {
		char *volatile much =
			malloc(MUCH); /* clang would leave out one that it sees unused */

		if (!much)
			abort();
		memset(much, 1, MUCH);
		free(much);
	} else if (what == SCAN_TEST_CRASH) {
		abort();
	}
	while (what == SCAN_TEST_HANG)
		__asm__ volatile("");
}

static void try_answer(enum scan_test what, uint32_t seq)
{
	static const char leak[] = "ghp_"
				   "0123456789abcdefghijABCDEFGHIJ012345";
	struct scan_record r = { .type = SCAN_FOUND, .seq = seq, .flags = SCAN_BY_CONTENT };

	if (what == SCAN_TEST_LIE_FILE)
		r.seq = seq + 1;
	else if (what == SCAN_TEST_LIE_KIND)
		r.kind = SCAN_NO_KIND - 1;
	else if (what == SCAN_TEST_LIE_TEXT)
		memcpy(r.text, "a\033[2Jb\n", r.text_len = 7);
	else if (what == SCAN_TEST_LEAK)
		memcpy(r.text, leak, r.text_len = sizeof(leak) - 1);
	if (what == SCAN_TEST_SHORT)
		(void)send(SCAN_SOCKET, &r, sizeof(r) / 2, MSG_NOSIGNAL);
	else
		scan_child_answer(&r);
}

void scan_test_try(uint32_t what, uint32_t seq)
{
	if (what == SCAN_TEST_NONE)
		return;
	try_process((enum scan_test)what);
	try_descriptor((enum scan_test)what);
	try_memory((enum scan_test)what);
	if (what >= SCAN_TEST_LIE_FILE)
		try_answer((enum scan_test)what, seq);
}

#endif
