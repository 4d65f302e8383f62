/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_SCAN_TEST_H
#define PF_GUARD_SCAN_TEST_H

#include <stdint.h>

/*
 * Test hooks of the child that reads: what it does when a job says so, so that tests see what becomes of it. A build
 * without hooks has none of this.
 */

enum scan_test {
	SCAN_TEST_NONE,
	SCAN_TEST_OPEN,
	SCAN_TEST_SOCKET,
	SCAN_TEST_CONNECT,
	SCAN_TEST_EXECVE,
	SCAN_TEST_PTRACE,
	SCAN_TEST_FORK,
	SCAN_TEST_KILL,
	SCAN_TEST_EXECUTABLE, /* memory */
	SCAN_TEST_WRITE,      /* to the file */
	SCAN_TEST_SEND_FD,
	SCAN_TEST_ELSEWHERE, /* send(2) on another descriptor */
	SCAN_TEST_SETUID,
	SCAN_TEST_CRASH,
	SCAN_TEST_MEMORY, /* more than it may have: answers, or is killed */
	SCAN_TEST_HANG,
	SCAN_TEST_LIE_FILE, /* answers of another file */
	SCAN_TEST_LIE_KIND,
	SCAN_TEST_LIE_TEXT, /* a principal with control characters */
	SCAN_TEST_LEAK,     /* a principal that is a credential */
	SCAN_TEST_SHORT,    /* half a record */
	SCAN_TEST_COUNT_,
};

#ifdef ENABLE_TEST_HOOKS
void scan_test_try(uint32_t what, uint32_t seq);
#else
static inline void scan_test_try(uint32_t what, uint32_t seq)
{
	(void)what;
	(void)seq;
}
#endif

#endif
