/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_FDPASS_H
#define PF_BASE_FDPASS_H

/* One fd over a unix socket, with a name as the data beside it. Compiled into both programs. */

/** pf_send_fd() - 0 or -errno */
int pf_send_fd(int sock, const char *name, int fd);

/** pf_receive_fd() - what has arrived, without waiting: the fd (close-on-exec), or -EBADF when none came */
int pf_receive_fd(int sock);

#endif
