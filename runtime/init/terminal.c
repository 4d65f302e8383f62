/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The terminal: a pty of the container's own devpts. The slave comes by TIOCGPTPEER, from the master's fd, and is bound
 * over /dev/console by fd: no path that the image or a volume could replace leads to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <termios.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/fdpass.h"
#include "base/sys.h"
#include "runtime/init/steps.h"

#ifndef TIOCGPTPEER
#define TIOCGPTPEER 0x5441
#endif
#ifndef DEVPTS_SUPER_MAGIC
#define DEVPTS_SUPER_MAGIC 0x1cd1
#endif
#define UNIX98_PTY_MAJOR 136

static int open_pair(struct init *c, int *ret_master, int *ret_slave, struct pf_error *e)
{
	auto_fd master = root_open(c, "/dev/pts/ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC);
	auto_fd slave = -EBADF;
	struct statfs fs;
	struct stat st;
	int unlock = 0;

	if (master < 0)
		return pf_fail_sys(
			e, master,
			"open `/dev/pts/ptmx' (a terminal needs a devpts mount at /dev/pts)");
	if (fstatfs(master, &fs) < 0 || fs.f_type != DEVPTS_SUPER_MAGIC)
		return pf_fail(e, PF_ERR_CONFIG, 0, "`/dev/pts/ptmx' is not on a devpts");
	if (ioctl(master, TIOCSPTLCK, &unlock) < 0)
		return pf_fail_sys(e, errno, "unlock the pty");
	slave = ioctl(master, TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return pf_fail_sys(e, errno, "open the pty's slave");
	if (fstat(slave, &st) < 0 || !S_ISCHR(st.st_mode) || major(st.st_rdev) != UNIX98_PTY_MAJOR)
		return pf_fail(e, PF_ERR_SYS, ENOTTY, "the pty's slave is no pty");
	*ret_master = pf_take_fd(&master);
	*ret_slave = pf_take_fd(&slave);
	return 0;
}

static int bind_console(struct init *c, int slave, struct pf_error *e)
{
	auto_fd tree = -EBADF, target = -EBADF;
	int ret;

	STEP(root_make_target(c, "/dev/console", false, true, &target, e));
	tree = sys_open_tree(slave, "", PF_OPEN_TREE_CLONE | AT_EMPTY_PATH);
	if (tree < 0)
		return pf_fail_sys(e, tree, "clone the pty for `/dev/console'");
	ret = sys_move_mount(tree, "", target, "",
			     PF_MOVE_MOUNT_F_EMPTY_PATH | PF_MOVE_MOUNT_T_EMPTY_PATH);
	if (ret < 0)
		return pf_fail_sys(e, ret, "mount `/dev/console'");
	return 0;
}

/*
 * Two terminals in a row must not both turn "\n" into "\r\n". In the foreground the outer one does it, and output that
 * goes to a pipe or a file has the program's own lines. Set before the program can write.
 */
static void end_lines_once(int slave)
{
	struct termios t;

	if (tcgetattr(slave, &t) < 0)
		return;
	t.c_oflag &= ~(tcflag_t)ONLCR;
	(void)tcsetattr(slave, TCSANOW, &t);
}

int child_open_terminal(struct init *c, struct pf_error *e)
{
	const struct plan_process *p = &c->plan->process;
	struct winsize size = { .ws_row = (unsigned short)p->console_height,
				.ws_col = (unsigned short)p->console_width };
	auto_fd master = -EBADF, slave = -EBADF;
	int ret;

	if (!(c->plan->flags & PLAN_TERMINAL))
		return 0;
	STEP(open_pair(c, &master, &slave, e));
	if (!(c->plan->flags & PLAN_DETACHED))
		end_lines_once(slave);
	if (size.ws_row && size.ws_col && ioctl(master, TIOCSWINSZ, &size) < 0)
		return pf_fail_sys(e, errno, "set the terminal's size");
	if (c->plan->flags & PLAN_CREATE)
		STEP(bind_console(c, slave, e));
	/* A name comes with it, as programs that receive terminals expect. */
	ret = pf_send_fd(c->plan->console_fd, "/dev/pts/ptmx", master);
	if (ret < 0)
		return pf_fail_sys(e, ret, "send the terminal to the console socket");
	pf_close(c->plan->console_fd);
	if (ioctl(slave, TIOCSCTTY, 0) < 0)
		return pf_fail_sys(e, errno, "make the pty the controlling terminal");
	for (int fd = 0; fd < 3; fd++)
		if (dup2(slave, fd) < 0)
			return pf_fail_sys(e, errno, "use the pty as fd %d", fd);
	return 0;
}
