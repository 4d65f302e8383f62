/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy's files. /etc/pinfold/policy.json and the profiles are the node's word: they and every directory above must
 * be such that only the host's root can have written them. A file of --policy, or of the user's own configuration in a
 * rootless run, is the word of whoever runs us; where the node has a policy it only narrows that one.
 *
 * "Not there" is ENOENT on the whole path and nothing else: a file that exists and cannot be opened, by permission or by
 * a broken link of ours, refuses the container.
 */
#include <config.h>

#include "runtime/guard/policy_load.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/json.h"
#include "base/path.h"

#define PROFILE_DIR    "/etc/pinfold/profiles"
#define FILE_MAX_BYTES (16 << 20)
#define OVERFLOW_UID   65534

/* A file's bytes in memory of ours. */
struct loaded {
	struct policy_file file;
	char *text; /* owned */
	char *path; /* owned */
};

enum { PROFILES_MAX = 64 };

struct profiles {
	const struct policy_file *node; /* names more directories; NULL: no node policy */
	bool own; /* which are the user's own, as the file that names them is */
	bool rootless;
	struct loaded found[PROFILES_MAX];
	size_t n;
};

static void loaded_free(struct loaded *l)
{
	free(l->text);
	free(l->path);
	memset(l, 0, sizeof(*l));
}

static void profiles_free(struct profiles *p)
{
	for (size_t i = 0; i < p->n; i++)
		loaded_free(&p->found[i]);
	p->n = 0;
}

static int read_regular(int fd, const char *path, struct loaded *ret, struct pf_error *e)
{
	struct stat st;
	size_t len;

	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", path);
	if (!S_ISREG(st.st_mode))
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is not a regular file", path);
	ret->path = strdup(path);
	if (!ret->path)
		return pf_fail(e, PF_ERR_SYS, ENOMEM, "read `%s'", path);
	if (st.st_size > FILE_MAX_BYTES)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is larger than %d MiB", path,
			       FILE_MAX_BYTES >> 20);
	if (pf_read_all(fd, FILE_MAX_BYTES, &ret->text, &len, e) < 0)
		return pf_wrap(e, "read `%s'", path);
	ret->file = (struct policy_file){ .path = ret->path, .text = ret->text, .len = len };
	return 0;
}

/* One call for the common case that there is no such file: pf_open_trusted() opens every directory on the way. */
static bool is_absent(const char *path)
{
	struct stat st;

	return fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT;
}

/* Return: 0 and ret->text NULL when there is no such file. */
static int load_trusted(const char *path, struct loaded *ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	int err;

	if (is_absent(path))
		return 0;
	err = pf_open_trusted(path, &fd, e);
	if (err == -ELOOP || err == -ENOTDIR)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s': neither it nor a directory above it may be a symlink", path);
	if (err < 0)
		return err;
	return read_regular(fd, path, ret, e);
}

/* The user's own file: theirs or root's, and nobody else may write it. */
static int check_own(int fd, const char *path, bool rootless, struct pf_error *e)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", path);
	/* in a user namespace the host's root, as every id it does not map, shows as the overflow id */
	if (st.st_uid != 0 && st.st_uid != geteuid() && !(rootless && st.st_uid == OVERFLOW_UID))
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is owned by uid %u, not by you: chown it",
			       path, st.st_uid);
	if (st.st_mode & 0022)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "`%s' (mode %04o) can be written by others: chmod go-w it", path,
			       st.st_mode & 07777);
	return 0;
}

static int load_own(const char *path, bool rootless, struct loaded *ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	int err = pf_open_host(path, O_RDONLY | O_NONBLOCK | O_NOCTTY, &fd, e);

	if (err == -EACCES) /* skipped, it would confine nothing: its owner has to decide */
		return pf_wrap(e, "a policy that cannot be read (chmod u+r it, or move it away)");
	if (err < 0)
		return err;
	STEP(check_own(fd, path, rootless, e));
	return read_regular(fd, path, ret, e);
}

static int load_user_config(struct loaded *ret, struct pf_error *e)
{
	const char *xdg = getenv("XDG_CONFIG_HOME"), *home = getenv("HOME");
	char path[PATH_MAX];
	int n = -1;

	if (xdg && xdg[0] == '/')
		n = snprintf(path, sizeof(path), "%s/pinfold/policy.json", xdg);
	else if (home && home[0] == '/')
		n = snprintf(path, sizeof(path), "%s/.config/pinfold/policy.json", home);
	if (n < 0)
		return 0;
	if ((size_t)n >= sizeof(path))
		return pf_fail(e, PF_ERR_SYS, ENAMETOOLONG, "open `%.80s...'", path);
	if (is_absent(path))
		return 0;
	return load_own(path, true, ret, e);
}

/* A name that passed policy_name_check() cannot lead out of @dir. */
static int load_profile_of(struct profiles *p, const char *dir, const char *name, bool own,
			   struct pf_error *e)
{
	struct loaded *l = &p->found[p->n];
	char path[PATH_MAX];
	int err;

	if (snprintf(path, sizeof(path), "%s/%s.json", dir, name) >= (int)sizeof(path))
		return pf_fail(e, PF_ERR_POLICY, ENAMETOOLONG, "profile directory `%.80s...'", dir);
	if (is_absent(path))
		return -ENOENT;
	if (p->n == PROFILES_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0,
			       "profile `%s': more than %d profile files are named", name,
			       PROFILES_MAX);
	p->n++; /* also when reading fails half way: profiles_free() takes it back */
	err = own ? load_own(path, p->rootless, l, e) : load_trusted(path, l, e);
	if (err < 0)
		return -EINVAL; /* never -ENOENT: that would let a built-in profile of the name step in */
	if (!l->text)
		return pf_fail(e, PF_ERR_SYS, 0, "`%s' has gone while it was read", path);
	return 0;
}

static int find_profile(void *arg, const char *name, struct policy_file *ret, struct pf_error *e)
{
	struct profiles *p = arg;
	auto_json doc = NULL;
	struct oci_strings dirs = { 0 };
	int err = load_profile_of(p, PROFILE_DIR, name, false, e);

	if (err == -ENOENT && p->node)
		STEP(policy_profile_dirs(p->node, &doc, &dirs, e));
	for (size_t i = 0; i < dirs.n && err == -ENOENT; i++)
		err = load_profile_of(p, dirs.v[i], name, p->own, e);
	if (err == 0)
		*ret = p->found[p->n - 1].file;
	return err;
}

struct files {
	struct loaded node, own;
	struct profiles profiles;
};

static int load_files(const char *policy_option, bool rootless, struct files *files,
		      struct pf_error *e)
{
	STEP(load_trusted(POLICY_NODE_FILE, &files->node, e));
	if (policy_option)
		return load_own(policy_option, rootless, &files->own, e);
	return rootless ? load_user_config(&files->own, e) : 0;
}

/* A user cannot write to a directory of root's: what their containers record stays beside their state. */
static bool events_dir_counts(const struct files *files, bool rootless)
{
	return !(rootless && files->node.text);
}

static int load_and_merge(const struct oci_config *config, const char *policy_option, bool rootless,
			  struct files *files, struct policy *ret, struct pf_error *e)
{
	struct policy_input in = { .find_profile = find_profile,
				   .arg = &files->profiles,
				   .config = config };

	STEP(load_files(policy_option, rootless, files, e));
	if (files->node.text)
		in.node = &files->node.file;
	if (files->own.text)
		*(files->node.text ? &in.narrowing : &in.node) = &files->own.file;
	files->profiles.node = in.node;
	files->profiles.own = in.node == &files->own.file;
	files->profiles.rootless = rootless;
	STEP(policy_merge(&in, ret, e));
	if (!events_dir_counts(files, rootless))
		ret->events_dir = NULL;
	return 0;
}

static void files_free(struct files *files)
{
	loaded_free(&files->node);
	loaded_free(&files->own);
	profiles_free(&files->profiles);
}

/* The first file there is decides; one beside it only narrows, and has no `events'. */
static int find_events_dir(const struct files *files, bool rootless, char *buf, size_t size,
			   struct pf_error *e)
{
	const struct policy_file *file = files->node.text  ? &files->node.file
					 : files->own.text ? &files->own.file
							   : NULL;
	auto_json doc = NULL;
	const char *dir = NULL;

	buf[0] = '\0';
	if (!file || !events_dir_counts(files, rootless))
		return 0;
	STEP(policy_events_dir(file, &doc, &dir, e));
	snprintf(buf, size, "%s", dir ? dir : "");
	return 0;
}

int policy_load_events_dir(const char *policy_option, bool rootless, char *buf, size_t size,
			   struct pf_error *e)
{
	struct files files = { 0 };
	int err = load_files(policy_option, rootless, &files, e);

	if (err == 0)
		err = find_events_dir(&files, rootless, buf, size, e);
	files_free(&files);
	return err;
}

int policy_load(const struct oci_config *config, const char *policy_option, bool rootless,
		struct policy *ret, struct pf_error *e)
{
	struct files files = { 0 };
	int err = load_and_merge(config, policy_option, rootless, &files, ret, e);

	files_free(&files);
	return err;
}
