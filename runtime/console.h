/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CONSOLE_H
#define PF_RUNTIME_CONSOLE_H

#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"

/* Terminals and the foreground: sockets that carry a pty master, and the wait for a process that a person looks at. */

/** console_connect() - a stream connection to the unix socket @path, however long its name */
int console_connect(const char *path, int *ret, struct pf_error *e);
/** console_send_pidfd() - a pidfd to whoever listens at @path; NULL: to nobody */
int console_send_pidfd(const char *path, int pidfd, struct pf_error *e);

/** foreground_pair() - for a terminal without a console socket: *ret_ours receives the master, *ret_init goes to the plan */
int foreground_pair(int *ret_ours, int *ret_init, struct pf_error *e);

/** foreground_size() - where config.json gives no size: that of our own terminal, set before the program can ask */
void foreground_size(uint16_t *height, uint16_t *width);

/**
 * foreground_wait() - wait for the process, pass signals on, relay the terminal
 * @pair_fd:	our end of foreground_pair(), or -EBADF: the process has our own stdio
 *
 * Return: the status as a shell has it (0..255; 128 + signal), or -errno.
 */
int foreground_wait(pid_t pid, int pidfd, int pair_fd, struct pf_error *e);

/** foreground_block_signals() - call before the spawn, so that no signal for the container is lost */
void foreground_block_signals(void);

#endif
