/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --no-pivot: for a root on the initial ramfs, where pivot_root(2) is impossible. The root is moved
 * over "/" and entered by chroot(2). The old mounts stay in the namespace beneath it, so the file
 * systems that could undo masked paths, procfs and sysfs, are taken away or covered first.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"

static int open_mountinfo(const struct init *c)
{
	int fd = c->plan->proc_fd >= 0
			 ? openat(c->plan->proc_fd, "self/mountinfo", O_RDONLY | O_CLOEXEC)
			 : open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd;
}

/* Undo the \040 forms of mountinfo, in place. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (s[0] == '\\' && s[1] >= '0' && s[1] <= '3' && s[2] >= '0' && s[2] <= '7' &&
		    s[3] >= '0' && s[3] <= '7') {
			*out++ = (char)((s[1] - '0') * 64 + (s[2] - '0') * 8 + (s[3] - '0'));
			s += 3;
		} else {
			*out++ = *s;
		}
	}
	*out = '\0';
}

static bool lies_in(const char *path, const char *dir)
{
	size_t len = strlen(dir);

	return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static int drop_mount(const char *path, struct pf_error *e)
{
	if (umount2(path, MNT_DETACH) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return pf_fail_sys(e, errno, "unmount the host's `%s'", path);
	/*
	 * Locked, because the namespace is owned by a user namespace that did not make it: cover
	 * it.
	 */
	if (mount("tmpfs", path, "tmpfs", MS_RDONLY, "nr_inodes=1") < 0)
		return pf_fail_sys(e, errno, "cover the host's `%s'", path);
	return 0;
}

/* One line of mountinfo: "36 35 98:0 /root /mount/point options - type source options" */
static int drop_line(char *line, const char *root, struct pf_error *e)
{
	char *sep = line, *point = line, *end;
	int i;

	while (*sep && strncmp(sep, " - ", 3) != 0)
		sep++;
	if (!*sep || (strncmp(sep + 3, "proc ", 5) != 0 && strncmp(sep + 3, "sysfs ", 6) != 0))
		return 0;
	for (i = 0; i < 4; i++) {
		point = strchr(point, ' ');
		if (!point)
			return 0;
		point++;
	}
	end = strchr(point, ' ');
	if (!end)
		return 0;
	*end = '\0';
	unescape(point);
	return lies_in(point, root) ? 0 : drop_mount(point, e);
}

static int drop_host_mounts(const struct init *c, const char *root, struct pf_error *e)
{
	static char buf[16384]; /* longer than any line the kernel writes in practice */
	auto_fd fd = open_mountinfo(c);
	size_t len = 0;
	char *line, *end;
	ssize_t n;

	if (fd < 0)
		return pf_fail_sys(e, fd, "open mountinfo");
	while ((n = read(fd, buf + len, sizeof(buf) - 1 - len)) > 0) {
		len += (size_t)n;
		buf[len] = '\0';
		for (line = buf; (end = strchr(line, '\n')); line = end + 1) {
			*end = '\0';
			STEP(drop_line(line, root, e));
		}
		len -= (size_t)(line - buf);
		memmove(buf, line, len);
		if (len == sizeof(buf) - 1)
			return pf_fail(e, PF_ERR_HOST, E2BIG, "a line of mountinfo");
	}
	return n < 0 ? pf_fail_sys(e, errno, "read mountinfo") : 0;
}

int root_move(const struct init *c, struct pf_error *e)
{
	const char *root = plan_text(c->plan, c->plan->root_path);

	if (strcmp(root, "/") ==
	    0) /* it lies on top of the old root already, which has the host's /proc */
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "`--no-pivot' with a root of `/' is not possible");
	STEP(drop_host_mounts(c, root, e));
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return pf_fail_sys(e, errno, "move the root over `/'");
	if (chroot(".") < 0 || chdir("/") < 0)
		return pf_fail_sys(e, errno, "chroot into the root");
	return 0;
}
