/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a container's process runs as, in the host's ids, and whether that user could read a file by its mode. */
#include <config.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"
#include "base/sys.h"
#include "runtime/guard/view_parts.h"

#define READS_ALL (1ull << CAP_DAC_OVERRIDE | 1ull << CAP_DAC_READ_SEARCH)

enum { PROC_TEXT_MAX_BYTES = 1 << 16 };

static int read_proc(int proc_fd, pid_t pid, const char *file, char **ret, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	char name[48];
	size_t len;

	snprintf(name, sizeof(name), "%d/%s", (int)pid, file);
	fd = openat(proc_fd, name, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return pf_fail_sys(e, errno, "open %s of process %d", file, (int)pid);
	return pf_read_all(fd, PROC_TEXT_MAX_BYTES, ret, &len, e);
}

/* The owners over whom a capability of that user namespace counts: those it maps. All of them map themselves. */
static void read_map(char *text, struct view_user *ret)
{
	char *save = NULL;
	unsigned int in, out, n;

	for (char *line = strtok_r(text, "\n", &save); line && ret->n_uids < ARRAY_SIZE(ret->uids);
	     line = strtok_r(NULL, "\n", &save))
		if (sscanf(line, "%u %u %u", &in, &out, &n) == 3)
			ret->uids[ret->n_uids++] = (struct view_range){ out, n };
}

static void read_groups(const char *p, struct view_user *ret)
{
	char *end;

	while (ret->n_groups < ARRAY_SIZE(ret->groups)) {
		unsigned long gid = strtoul(p, &end, 10);

		if (end == p)
			return;
		ret->groups[ret->n_groups++] = (gid_t)gid;
		p = end;
	}
}

/* The second of four numbers is the effective one. */
static unsigned int effective(const char *p)
{
	char *end;

	(void)strtoul(p, &end, 10);
	return (unsigned int)strtoul(end, NULL, 10);
}

int view_user_of_process(int proc_fd, pid_t pid, struct view_user *ret, struct pf_error *e)
{
	auto_free char *status = NULL, *map = NULL;
	char *save = NULL;

	*ret = (struct view_user){ .uid = 0 };
	STEP(read_proc(proc_fd, pid, "status", &status, e));
	STEP(read_proc(proc_fd, pid, "uid_map", &map, e));
	for (char *line = strtok_r(status, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (strncmp(line, "Uid:", 4) == 0)
			ret->uid = effective(line + 4);
		else if (strncmp(line, "Gid:", 4) == 0)
			ret->gid = effective(line + 4);
		else if (strncmp(line, "Groups:", 7) == 0)
			read_groups(line + 7, ret);
		else if (strncmp(line, "CapEff:", 7) == 0)
			ret->reads_all = strtoull(line + 7, NULL, 16) & READS_ALL;
	}
	read_map(map, ret);
	return 0;
}

static uint32_t map_id(const struct oci_config *config, const struct oci_id_maps *maps, uint32_t id)
{
	if (!config->linux_.ns[OCI_NS_USER].present)
		return id;
	for (size_t i = 0; i < maps->n; i++) {
		const struct oci_id_map *m = &maps->v[i];

		if (id >= m->container_id && id - m->container_id < m->size)
			return m->host_id + (id - m->container_id);
	}
	return (uint32_t)-1; /* nobody that owns a file */
}

void view_set_user(struct view *v, const struct oci_config *config)
{
	const struct oci_process *p = &config->process;
	const struct oci_id_maps *uids = &config->linux_.uid_maps, *gids = &config->linux_.gid_maps;
	struct view_user u = { .uid = map_id(config, uids, p->user.uid),
			       .gid = map_id(config, gids, p->user.gid) };

	for (size_t i = 0; i < p->user.n_additional_gids && u.n_groups < ARRAY_SIZE(u.groups); i++)
		u.groups[u.n_groups++] = map_id(config, gids, p->user.additional_gids[i]);
	u.reads_all = p->has_capabilities && (p->caps[OCI_CAP_EFFECTIVE] & READS_ALL);
	for (size_t i = 0;
	     config->linux_.ns[OCI_NS_USER].present && i < uids->n && i < ARRAY_SIZE(u.uids); i++)
		u.uids[u.n_uids++] = (struct view_range){ uids->v[i].host_id, uids->v[i].size };
	v->user = u;
}

static bool in_group(const struct view_user *u, gid_t gid)
{
	if (gid == u->gid)
		return true;
	for (size_t i = 0; i < u->n_groups; i++)
		if (u->groups[i] == gid)
			return true;
	return false;
}

bool view_readable(const struct view *v, const struct view_file *f)
{
	const struct view_user *u = &v->user;

	for (size_t i = 0; u->reads_all && i < u->n_uids; i++)
		if (f->uid >= u->uids[i].first && f->uid - u->uids[i].first < u->uids[i].n)
			return true;
	if (u->reads_all && u->n_uids == 0)
		return true;
	if (f->uid == u->uid)
		return f->mode & S_IRUSR;
	return in_group(u, f->gid) ? f->mode & S_IRGRP : f->mode & S_IROTH;
}

int view_open_itself(int fd, int flags)
{
	char name[32];
	int ret;

	if (flags & O_PATH)
		ret = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	else {
		/* the link of procfs is to be followed */
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		ret = open(name, (flags & ~O_NOFOLLOW) | O_CLOEXEC);
	}
	return ret < 0 ? -errno : ret;
}
