/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operator's own kinds of credentials: every NAME.json of /etc/pinfold/credentials.d. The directory and the files are
 * the node's word, as the node policy is, so the same rule of ownership holds. One that cannot be read or understood is
 * an error, not a catalogue with less in it.
 */
#include <config.h>

#include "runtime/guard/catalogue_load.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/path.h"

struct dropins {
	struct policy_file v[CATALOGUE_FILES_MAX]; /* paths and texts are owned */
	char *paths[CATALOGUE_FILES_MAX], *texts[CATALOGUE_FILES_MAX];
	size_t n;
};

static void dropins_free(struct dropins *d)
{
	for (size_t i = 0; i < d->n; i++) {
		free(d->paths[i]);
		free(d->texts[i]);
	}
	d->n = 0;
}

/* NAME.json; a name that starts with a dot is an editor's. */
static bool is_dropin(const char *name)
{
	size_t n = strlen(name);

	return name[0] != '.' && n > 5 && strcmp(name + n - 5, ".json") == 0;
}

static int read_text(const char *path, char **ret, size_t *len, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	struct stat st;

	STEP(pf_open_trusted(path, &fd, e));
	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", path);
	if (!S_ISREG(st.st_mode))
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is not a regular file", path);
	if (st.st_size > CATALOGUE_FILE_BYTES)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is larger than %d KiB", path,
			       CATALOGUE_FILE_BYTES >> 10);
	if (pf_read_all(fd, CATALOGUE_FILE_BYTES, ret, len, e) < 0)
		return pf_wrap(e, "read `%s'", path);
	return 0;
}

static int add_dropin(struct dropins *d, const char *name, struct pf_error *e)
{
	char path[PATH_MAX];
	size_t i = d->n, len;
	int err;

	(void)snprintf(path, sizeof(path), "%s/%s", CATALOGUE_DROPIN_DIR, name);
	if (i == CATALOGUE_FILES_MAX)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s': more than %d files: join some of them",
			       CATALOGUE_DROPIN_DIR, CATALOGUE_FILES_MAX);
	d->paths[i] = strdup(path);
	d->texts[i] = NULL;
	d->n++; /* also when reading fails: dropins_free() takes it back */
	if (!d->paths[i])
		return pf_fail_sys(e, ENOMEM, "read `%s'", path);
	err = read_text(path, &d->texts[i], &len, e);
	if (err == -ELOOP)
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is a symlink: put the file itself there",
			       path);
	if (err < 0)
		return err;
	d->v[i] = (struct policy_file){ d->paths[i], d->texts[i], len };
	return 0;
}

/* In the order of the names, so that the same files give the same error. */
static int read_dropins(int fd, struct dropins *d, struct pf_error *e)
{
	struct dirent **names;
	int n = scandirat(fd, ".", &names, NULL, alphasort), err = 0;

	if (n < 0)
		return pf_fail_sys(e, errno, "list `%s'", CATALOGUE_DROPIN_DIR);
	for (int i = 0; i < n; i++) {
		if (err == 0 && is_dropin(names[i]->d_name))
			err = add_dropin(d, names[i]->d_name, e);
		free(names[i]);
	}
	free(names);
	return err;
}

static int open_and_load(struct dropins *d, struct catalogue *ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	struct stat st;

	if (lstat(CATALOGUE_DROPIN_DIR, &st) < 0 && errno == ENOENT)
		return catalogue_load(NULL, 0, ret, e);
	STEP(pf_open_trusted(CATALOGUE_DROPIN_DIR, &fd, e));
	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", CATALOGUE_DROPIN_DIR);
	if (!S_ISDIR(st.st_mode))
		return pf_fail(e, PF_ERR_POLICY, 0, "`%s' is not a directory",
			       CATALOGUE_DROPIN_DIR);
	STEP(read_dropins(fd, d, e));
	return catalogue_load(d->v, d->n, ret, e);
}

int catalogue_load_host(struct catalogue *ret, struct pf_error *e)
{
	struct dropins d = { .n = 0 };
	int err = open_and_load(&d, ret, e);

	dropins_free(&d);
	return err;
}
