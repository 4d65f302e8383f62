/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_SCAN_TREE_H
#define PF_TESTS_UNIT_SCAN_TREE_H

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "runtime/guard/scan.h"
#include "tests/unit/tap.h"

/* A tree made for one test, in which a mount is a directory that the view says is one. */

enum { MOUNTS_MAX = 8, ENV_MAX = 8 };

static struct catalogue catalogue;
static struct inventory inv;
static struct pf_error error;
static char top[64];
static struct view_mount mounts[MOUNTS_MAX];
static struct view view;
static const char *env_v[ENV_MAX];
static struct oci_strings env;
static struct oci_mount binds[MOUNTS_MAX];
static struct oci_config config;

static inline const char *at(const char *path)
{
	static char buf[4][640];
	static unsigned int turn;
	char *p = buf[turn++ % 4];

	snprintf(p, sizeof(buf[0]), "%s%s", top, path);
	return p;
}

static inline void must(bool ok, const char *what)
{
	if (ok)
		return;
	printf("Bail out! %s: errno %d\n", what, errno);
	exit(1);
}

static inline void make_parents(const char *path)
{
	char part[640];

	for (size_t i = 1; path[i]; i++) {
		if (path[i] != '/')
			continue;
		snprintf(part, sizeof(part), "%s%.*s", top, (int)i, path);
		must(mkdir(part, 0755) == 0 || errno == EEXIST, part);
	}
}

static inline void file(const char *path)
{
	int fd;

	make_parents(path);
	fd = open(at(path), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	must(fd >= 0 && write(fd, "x", 1) == 1, path);
	close(fd);
}

static inline void dir(const char *path)
{
	make_parents(path);
	must(mkdir(at(path), 0755) == 0 || errno == EEXIST, path);
}

static inline void link_to(const char *target, const char *path)
{
	make_parents(path);
	must(symlink(target, at(path)) == 0, path);
}

static inline void listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	make_parents(path);
	snprintf(addr.sun_path, sizeof(addr.sun_path), "%s", at(path));
	must(fd >= 0 && bind(fd, (struct sockaddr *)&addr, sizeof(addr)) == 0, path);
	close(fd);
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static inline void begin(void)
{
	inventory_free(&inv);
	if (top[0])
		nftw(top, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	snprintf(top, sizeof(top), "/tmp/pinfold-scan.XXXXXX");
	must(mkdtemp(top) != NULL, "mkdtemp");
	if (view.n_mounts > 0)
		close(view.root_fd);
	mounts[0] = (struct view_mount){ .path = (char *)(uintptr_t) "/", .fd = -EBADF };
	view = (struct view){ .root_fd = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC),
			      .mounts = mounts,
			      .n_mounts = 1 };
	env = (struct oci_strings){ (char **)(uintptr_t)env_v, 0 };
	config = (struct oci_config){ .mounts = binds };
	error = (struct pf_error)PF_ERROR_INIT;
}

/* In the order of their paths. */
static inline void bind_from(const char *source, const char *path)
{
	make_parents(path);
	(void)mkdir(at(path), 0755);
	mounts[view.n_mounts++] = (struct view_mount){
		.path = (char *)(uintptr_t)path, .outside = true, .writable = true, .fd = -EBADF
	};
	binds[config.n_mounts++] =
		(struct oci_mount){ .kind = OCI_FS_BIND, .source = source, .destination = path };
}

static inline void run(const char *home, const char *cwd)
{
	const struct scan_names in = { .catalogue = &catalogue,
				       .view = &view,
				       .env = &env,
				       .home = home,
				       .cwd = cwd,
				       .config = &config };

	CHECK_INT(scan_names(&in, &inv, &error), ==, 0);
	CHECK_INT(inv.counts.lookups, <=, SCAN_LOOKUPS_MAX);
	inventory_sort(&inv);
}

static inline const struct place *find(const char *kind, const char *path)
{
	for (size_t i = 0; i < inv.n; i++)
		for (size_t p = 0; p < inv.v[i].n_places; p++)
			if (strcmp(inv.v[i].kind->id, kind) == 0 &&
			    strcmp(inv.v[i].places[p].name, path) == 0)
				return &inv.v[i].places[p];
	return NULL;
}

static inline bool is_anything(const char *path)
{
	for (size_t i = 0; i < catalogue.n_kinds; i++)
		if (find(catalogue.kinds[i]->id, path))
			return true;
	return false;
}

static inline void show(void)
{
	for (size_t i = 0; i < inv.n; i++)
		for (size_t p = 0; p < inv.v[i].n_places; p++)
			printf("# %s %s\n", inv.v[i].kind->id, inv.v[i].places[p].name);
	if (inv.incomplete)
		printf("# incomplete: %s\n", inv.incomplete);
}

static inline int begin_all(void)
{
	if (catalogue_load(NULL, 0, &catalogue, &error) == 0)
		return 0;
	printf("Bail out! %s\n", error.msg);
	return -1;
}

static inline int end_all(void)
{
	begin();
	rmdir(top);
	inventory_free(&inv);
	catalogue_free(&catalogue);
	return tap_done();
}

#endif
