/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @system: what every container has and every program expects. One table tells what may be read, written and executed
 * there, and which mounts are the engine's own, so that neither @mounts nor a cover means them.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"
#include "runtime/guard/confine_impl.h"

enum part_flag {
	PART_READ = CONFINE_BIT(CONFINE_READ),
	PART_WRITE = CONFINE_BIT(CONFINE_WRITE),
	PART_EXEC = CONFINE_BIT(CONFINE_EXEC),
	PART_ENGINE = 1 << 8, /* a mount there is the engine's */
	PART_SAME_SOURCE =
		1 << 9,        /* ... if it is a bind of the host's own directory of that name */
	PART_TTY = 1 << 10,    /* a device or a terminal: IOCTL_DEV with write */
	PART_ALWAYS = 1 << 11, /* the specification gives it to every container */
};

struct part {
	const char *path;
	mode_t type; /* 0: a file of any kind, but no directory and no symlink */
	unsigned int flags;
};

#define DEVICE (PART_READ | PART_WRITE | PART_ENGINE | PART_TTY)

/* clang-format off */
static const struct part parts[] = {
	{ "/proc",		   S_IFDIR, PART_READ | PART_WRITE | PART_ENGINE | PART_SAME_SOURCE },
	{ "/sys",		   S_IFDIR, PART_READ | PART_ENGINE | PART_SAME_SOURCE },
	{ "/dev/null",		   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/zero",		   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/full",		   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/random",	   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/urandom",	   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/tty",		   S_IFCHR, DEVICE | PART_ALWAYS },
	{ "/dev/ptmx",		   S_IFCHR, DEVICE },
	{ "/dev/console",	   S_IFCHR, DEVICE },
	{ "/dev/pts",		   S_IFDIR, DEVICE },
	{ "/dev/shm",		   S_IFDIR, PART_READ | PART_WRITE | PART_ENGINE },
	{ "/dev/mqueue",	   S_IFDIR, PART_READ | PART_WRITE | PART_ENGINE },
	{ "/dev/termination-log",  0,	    PART_READ | PART_WRITE | PART_ENGINE },
	{ "/dev/init",		   S_IFREG, PART_READ | PART_EXEC | PART_ENGINE },
	{ "/run/podman-init",	   S_IFREG, PART_READ | PART_EXEC | PART_ENGINE },
	{ "/sbin/docker-init",	   S_IFREG, PART_READ | PART_EXEC | PART_ENGINE },
	{ "/etc/resolv.conf",	   S_IFREG, PART_READ | PART_ENGINE },
	{ "/etc/hosts",		   S_IFREG, PART_READ | PART_ENGINE },
	{ "/etc/hostname",	   S_IFREG, PART_READ | PART_ENGINE },
	{ "/etc/passwd",	   S_IFREG, PART_READ | PART_ENGINE },
	{ "/etc/group",		   S_IFREG, PART_READ | PART_ENGINE },
	{ "/etc/localtime",	   S_IFREG, PART_READ | PART_ENGINE },
	{ "/run/.containerenv",	   S_IFREG, PART_READ | PART_ENGINE },
	{ "/.dockerenv",	   S_IFREG, PART_READ | PART_ENGINE },
};
/* clang-format on */

static bool has_type(const struct part *part, mode_t mode)
{
	if (part->type)
		return (mode & S_IFMT) == part->type;
	return !S_ISDIR(mode) && !S_ISLNK(mode);
}

bool confine_is_engine_mount(const struct oci_mount *mount, mode_t mode)
{
	char dest[PATH_MAX];

	if (pf_path_normalise(mount->destination, dest, sizeof(dest)) < 0)
		return false;
	/* A user namespace cannot make device nodes: engines bind the host's, also those of --device. */
	if (S_ISCHR(mode) && pf_path_inside(dest, "/dev"))
		return true;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const struct part *part = &parts[i];

		if (!(part->flags & PART_ENGINE) || strcmp(part->path, dest) != 0 ||
		    !has_type(part, mode))
			continue;
		return !(part->flags & PART_SAME_SOURCE) ||
		       (mount->source && strcmp(mount->source, part->path) == 0);
	}
	return false;
}

bool confine_is_own_device(const struct oci_config *config, const char *path, mode_t mode)
{
	const struct oci_linux *l = &config->linux_;
	char place[PATH_MAX];

	if (!S_ISCHR(mode))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].type == S_IFCHR && strcmp(parts[i].path, path) == 0)
			return true;
	for (size_t i = 0; i < l->n_devices; i++)
		if (pf_path_normalise(l->devices[i].path, place, sizeof(place)) == 0 &&
		    strcmp(place, path) == 0)
			return true;
	return false;
}

/* Engines list the basic devices in config.json too. */
static bool is_added(const struct confine_run *run, enum confine_key key, const char *path)
{
	for (size_t i = 0; i < run->out->n_paths; i++) {
		const struct confine_path *p = &run->out->paths[i];

		if (p->system && p->key == key && strcmp(p->path, path) == 0)
			return true;
	}
	return false;
}

/* Nobody chose these places for this container, so a symlink, another kind of file or a mount of the user that stands
 * there instead is not what @system means, and is left out. */
static int add_part(struct confine_run *run, enum confine_key key, const struct part *part,
		    struct pf_error *e)
{
	struct confine_path path = { .key = key, .entry = "@system", .system = true };
	struct confine_paths list = { run->out->paths, run->out->n_paths };
	const struct confine_site *site;
	struct confine_found found;
	int ret = confine_walk(run, part->path, LINKS_NONE, &found, e);

	if (ret != CONFINE_FOUND)
		return ret < 0 ? ret : 0;
	if (run->in->unmounted && !found.id.ino)
		found.mode = part->type;
	if (!has_type(part, found.mode))
		return 0;
	site = confine_site_of(run, part->path);
	if (site && site->outside && !site->engine)
		return 0;
	if (run->in->unmounted && !found.id.ino && !(part->flags & PART_ALWAYS) &&
	    !(site && strcmp(site->path, part->path) == 0))
		return 0; /* it may come with the mount, or not */
	if (is_added(run, key, found.path))
		return 0;
	path.is_dir = S_ISDIR(found.mode);
	path.id = found.id;
	if (key == CONFINE_WRITE && (part->flags & PART_TTY))
		path.rights = PF_LL_FS_IOCTL_DEV;
	ret = confine_add_path(&list, &path, found.path, e);
	run->out->paths = list.v;
	run->out->n_paths = list.n;
	return ret;
}

static int add_devices(struct confine_run *run, enum confine_key key, struct pf_error *e)
{
	const struct oci_linux *l = &run->in->config->linux_;
	char path[PATH_MAX];

	for (size_t i = 0; i < l->n_devices; i++) {
		struct part part = { path, l->devices[i].type, DEVICE | PART_ALWAYS };

		if (pf_path_normalise(l->devices[i].path, path, sizeof(path)) == 0)
			STEP(add_part(run, key, &part, e));
	}
	for (size_t i = 0; i < run->n_sites; i++) {
		const struct confine_site *site = &run->sites[i];
		struct part part = { site->path, S_IFCHR, DEVICE };

		if (site->engine && S_ISCHR(site->mode))
			STEP(add_part(run, key, &part, e));
	}
	return 0;
}

int confine_add_system(struct confine_run *run, enum confine_key key, struct pf_error *e)
{
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		if (parts[i].flags & CONFINE_BIT(key))
			STEP(add_part(run, key, &parts[i], e));
	return key == CONFINE_EXEC ? 0 : add_devices(run, key, e);
}
