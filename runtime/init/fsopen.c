/* SPDX-License-Identifier: Apache-2.0 */
/*
 * New file systems and copies of trees, always detached first: fsopen(2), fsmount(2), open_tree(2),
 * move_mount(2). A detached mount cannot be seen by anyone until it is attached, and is gone when
 * its last fd is closed: so a step that fails leaves nothing behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sys.h"
#include "runtime/init/fs.h"

enum {
	FS_MAX_DATA = 4096,
	FS_MAX_VALUE = 255
}; /* mount(2) takes a page, fsconfig(2) 256 bytes a value */

/*
 * The length of the first option in @data. A comma between double quotes does not end it:
 * context="a:b:c1,c2"
 */
static size_t option_len(const char *data)
{
	bool quoted = false;
	size_t n;

	for (n = 0; data[n] != '\0' && (quoted || data[n] != ','); n++)
		quoted ^= data[n] == '"';
	return n;
}

static const char *option_next(const char *option)
{
	size_t n = option_len(option);

	return option[n] == ',' ? option + n + 1 : option + n;
}

bool fs_data_has(const char *data, const char *key)
{
	size_t len = strlen(key);

	for (; data && *data; data = option_next(data))
		if (strncmp(data, key, len) == 0 && strchr("=,", data[len]))
			return true; /* strchr() finds the NUL too: the key alone, at the end */
	return false;
}

bool fs_data_fits(const char *data)
{
	for (; data && *data; data = option_next(data))
		if (option_len(data) > FS_MAX_VALUE)
			return false;
	return true;
}

/*
 * Give one option, @len bytes, to the file system context: a flag, or a key with a value without
 * its quotes.
 */
static int set_option(int fs, const char *option, size_t len)
{
	char text[FS_MAX_VALUE + 1], *value;
	size_t n;

	if (len >= sizeof(text))
		return -E2BIG;
	memcpy(text, option, len);
	text[len] = '\0';
	value = strchr(text, '=');
	if (!value)
		return sys_fsconfig(fs, PF_FSCONFIG_SET_FLAG, text, NULL, 0);
	*value++ = '\0';
	n = strlen(value);
	if (n >= 2 && value[0] == '"' && value[n - 1] == '"') {
		value[n - 1] = '\0';
		value++;
	}
	return sys_fsconfig(fs, PF_FSCONFIG_SET_STRING, text, value, 0);
}

/* pf_fail_sys() with what the kernel itself has to say about this context, if anything. */
static int fs_fail(int fs, int err, struct pf_error *e, const char *type, const char *option)
{
	char log[160];
	ssize_t n;
	size_t len = option ? option_len(option) : 0;

	do
		n = read(fs, log, sizeof(log) - 1);
	while (n > 1 && log[0] != 'e');
	log[n > 0 ? n : 0] = '\0';
	log[strcspn(log, "\n")] = '\0';
	if (len > 0)
		pf_fail_sys(e, err, "file system `%s' with option `%.*s'%s%s", type,
			    (int)(len > 80 ? 80 : len), option, n > 2 ? ": kernel: " : "",
			    n > 2 ? log + 2 : "");
	else
		pf_fail_sys(e, err, "file system `%s'%s%s", type, n > 2 ? ": kernel: " : "",
			    n > 2 ? log + 2 : "");
	return err;
}

static char octal(int mode, int shift)
{
	return (char)('0' + ((mode >> shift) & 7));
}

static int set_options(int fs, const struct fs_make *args, struct pf_error *e)
{
	const char *o;
	const char mode[] = { octal(args->mode, 9), octal(args->mode, 6), octal(args->mode, 3),
			      octal(args->mode, 0), '\0' };
	int ret;

	if (args->source && strlen(args->source) <= FS_MAX_VALUE) {
		ret = sys_fsconfig(fs, PF_FSCONFIG_SET_STRING, "source", args->source, 0);
		if (ret < 0)
			return fs_fail(fs, ret, e, args->type, NULL);
	}
	for (o = args->data; o && *o; o = option_next(o)) {
		size_t len = option_len(o);

		ret = len ? set_option(fs, o, len) : 0;
		if (ret < 0)
			return fs_fail(fs, ret, e, args->type, o);
	}
	if (args->readonly) {
		ret = sys_fsconfig(fs, PF_FSCONFIG_SET_FLAG, "ro", NULL, 0);
		if (ret < 0)
			return fs_fail(fs, ret, e, args->type, "ro");
	}
	if (args->mode < 0)
		return 0;
	ret = sys_fsconfig(fs, PF_FSCONFIG_SET_STRING, "mode", mode, 0);
	return ret < 0 ? fs_fail(fs, ret, e, args->type, "mode") : 0;
}

int fs_make(const struct fs_make *args, struct pf_error *e)
{
	auto_fd fs = sys_fsopen(args->type);
	int ret;

	if (fs == -ENODEV)
		return pf_fail(e, PF_ERR_HOST, ENODEV,
			       "file system `%s' is not known to this kernel", args->type);
	if (fs < 0)
		return pf_fail_sys(e, fs, "file system `%s'", args->type);
	STEP(set_options(fs, args, e));
	ret = sys_fsconfig(fs, PF_FSCONFIG_CMD_CREATE, NULL, NULL, 0);
	if (ret >= 0)
		ret = sys_fsmount(fs, (unsigned int)(args->attrs & FS_ATTRS));
	return ret < 0 ? fs_fail(fs, ret, e, args->type, args->data) : ret;
}

int fs_clone(int fd, bool recursive)
{
	return sys_open_tree(
		fd, "", PF_OPEN_TREE_CLONE | AT_EMPTY_PATH | (recursive ? PF_AT_RECURSIVE : 0));
}

int fs_clone_path(const char *path, bool recursive, long magic)
{
	auto_fd fd = open(path, O_PATH | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	return fs_is(fd, magic) ? fs_clone(fd, recursive) : -ENODEV;
}

int fs_set_attrs(int tree_fd, uint64_t set, uint64_t clr, bool recursive)
{
	const struct pf_mount_attr attr = {
		.attr_set = set,
		/* The access time is one field: cleared whole before it is set. */
		.attr_clr = clr | (set & PF_MOUNT_ATTR__ATIME ? PF_MOUNT_ATTR__ATIME : 0),
	};

	return sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH | (recursive ? PF_AT_RECURSIVE : 0),
				 &attr);
}

int fs_set_propagation(int tree_fd, uint64_t propagation, bool recursive)
{
	const struct pf_mount_attr attr = {
		.propagation = propagation & (MS_SHARED | MS_SLAVE | MS_PRIVATE | MS_UNBINDABLE)
	};

	return sys_mount_setattr(tree_fd, "", AT_EMPTY_PATH | (recursive ? PF_AT_RECURSIVE : 0),
				 &attr);
}

int fs_attach(int tree_fd, int target_fd)
{
	return sys_move_mount(tree_fd, "", target_fd, "",
			      PF_MOVE_MOUNT_F_EMPTY_PATH | PF_MOVE_MOUNT_T_EMPTY_PATH);
}

bool fs_is(int fd, long magic)
{
	struct statfs sf;

	return fstatfs(fd, &sf) == 0 && (unsigned long)sf.f_type == (unsigned long)magic;
}
