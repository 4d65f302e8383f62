/* SPDX-License-Identifier: Apache-2.0 */
/* The foreground: one poll loop over the process, the signals, and (with a terminal) two directions of bytes. */
#include <config.h>

#include "runtime/console.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/io.h"
#include "base/sys.h"

int console_connect(const char *path, int *ret, struct pf_error *e)
{
	auto_fd sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	auto_fd dir = -EBADF;

	if (sock < 0)
		return pf_fail_sys(e, errno, "socket");
	if (strlen(path) < sizeof(addr.sun_path)) {
		snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", path);
	} else {
		dir = open(path, O_PATH | O_CLOEXEC);
		if (dir < 0)
			return pf_fail_sys(e, errno, "open the socket `%s'", path);
		snprintf(addr.sun_path, sizeof(addr.sun_path), "/proc/self/fd/%d", dir);
	}
	if (connect(sock, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return pf_fail_sys(e, errno, "connect to the socket `%s'", path);
	*ret = pf_take_fd(&sock);
	return 0;
}

int console_send_pidfd(const char *path, int pidfd, struct pf_error *e)
{
	auto_fd sock = -EBADF;
	int ret;

	if (!path)
		return 0;
	STEP(console_connect(path, &sock, e));
	ret = pf_send_fd(sock, "pidfd", pidfd);
	return ret < 0 ? pf_fail_sys(e, ret, "send the pidfd to `%s'", path) : 0;
}

int foreground_pair(int *ret_ours, int *ret_init, struct pf_error *e)
{
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return pf_fail_sys(e, errno, "socketpair");
	*ret_ours = pair[0];
	*ret_init = pair[1];
	return 0;
}

static void passed_signals(sigset_t *set)
{
	sigfillset(set);
	/* What the kernel raises for a fault of our own, and what job control needs, stays ours. */
	static const int ours[] = { SIGSEGV, SIGBUS, SIGFPE,  SIGILL,  SIGABRT, SIGTRAP, SIGSYS,
				    SIGCHLD, SIGURG, SIGTSTP, SIGTTIN, SIGTTOU, SIGPIPE };

	for (size_t i = 0; i < ARRAY_SIZE(ours); i++)
		sigdelset(set, ours[i]);
}

void foreground_block_signals(void)
{
	sigset_t set;

	passed_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

void foreground_size(uint16_t *height, uint16_t *width)
{
	struct winsize size;

	if ((*height && *width) || ioctl(STDIN_FILENO, TIOCGWINSZ, &size) < 0)
		return;
	*height = size.ws_row;
	*width = size.ws_col;
}

static void copy_size(int master)
{
	struct winsize size;

	if (ioctl(STDIN_FILENO, TIOCGWINSZ, &size) == 0)
		(void)ioctl(master, TIOCSWINSZ, &size);
}

static void pass_signal(int signal_fd, int pidfd, int master)
{
	struct signalfd_siginfo info;

	if (read(signal_fd, &info, sizeof(info)) != (ssize_t)sizeof(info))
		return;
	if (info.ssi_signo == SIGWINCH && master >= 0)
		copy_size(master);
	else
		(void)sys_pidfd_send_signal(pidfd, (int)info.ssi_signo);
}

/* Copies what is there; false at the end of @from. */
static bool copy_some(int from, int to)
{
	char buf[8192];
	ssize_t n = read(from, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return true;
	return n > 0 && pf_write_all(to, buf, (size_t)n) == 0;
}

static void make_raw(struct termios *saved, bool *is_raw)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, saved) < 0)
		return;
	raw = *saved;
	cfmakeraw(&raw);
	raw.c_oflag = saved->c_oflag; /* it ends the lines: the inner terminal does not */
	*is_raw = tcsetattr(STDIN_FILENO, TCSANOW, &raw) == 0;
}

enum { POLL_END, POLL_SIGNAL, POLL_MASTER, POLL_STDIN, POLL_COUNT };

/* One round; false when the process has ended and all its output was copied. */
static bool relay_round(struct pollfd *p, int pidfd)
{
	if (poll(p, POLL_COUNT, -1) < 0)
		return errno == EINTR;
	if (p[POLL_SIGNAL].revents & POLLIN)
		pass_signal(p[POLL_SIGNAL].fd, pidfd, p[POLL_MASTER].fd);
	if ((p[POLL_STDIN].revents & (POLLIN | POLLHUP)) &&
	    !copy_some(STDIN_FILENO, p[POLL_MASTER].fd))
		p[POLL_STDIN].fd = -1;
	if ((p[POLL_MASTER].revents & (POLLIN | POLLHUP)) &&
	    !copy_some(p[POLL_MASTER].fd, STDOUT_FILENO))
		p[POLL_MASTER].fd = -1;
	if (!(p[POLL_END].revents & POLLIN))
		return true;
	/* Ended: what is left in the pty, without waiting for processes that still hold it. */
	while (p[POLL_MASTER].fd >= 0 && poll(&p[POLL_MASTER], 1, 0) > 0 &&
	       (p[POLL_MASTER].revents & POLLIN) && copy_some(p[POLL_MASTER].fd, STDOUT_FILENO))
		;
	return false;
}

int foreground_wait(pid_t pid, int pidfd, int pair_fd, struct pf_error *e)
{
	auto_fd master = pair_fd >= 0 ? pf_receive_fd(pair_fd) : -EBADF, signals = -EBADF;
	struct termios saved;
	bool is_raw = false;
	struct pollfd p[POLL_COUNT] = { { .fd = pidfd, .events = POLLIN } };
	sigset_t set;
	int status;

	passed_signals(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC);
	if (signals < 0)
		return pf_fail_sys(e, errno, "signalfd");
	p[POLL_SIGNAL] = (struct pollfd){ .fd = signals, .events = POLLIN };
	p[POLL_MASTER] = (struct pollfd){ .fd = master >= 0 ? master : -1, .events = POLLIN };
	p[POLL_STDIN] = (struct pollfd){ .fd = master >= 0 ? STDIN_FILENO : -1, .events = POLLIN };
	if (master >= 0) {
		copy_size(master);
		make_raw(&saved, &is_raw);
	}
	while (relay_round(p, pidfd))
		;
	if (is_raw)
		(void)tcsetattr(STDIN_FILENO, TCSANOW, &saved);
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return pf_fail_sys(e, errno, "wait for process %d", (int)pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
