/* SPDX-License-Identifier: Apache-2.0 */
/* The host's side of a container, as fds. After this, no host path is resolved again, but for a caller without privilege
 * over its own mount namespace: then the init binds by path and compares device and inode. */
#include <config.h>

#include "runtime/sources.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/path.h"
#include "base/sys.h"

#define NS_GET_NSTYPE 0xb703u /* linux/nsfs.h, Linux 4.11 */

static int join(const char *bundle, const char *path, char *buf, size_t size, struct pf_error *e)
{
	int n = path[0] == '/' ? snprintf(buf, size, "%s", path)
			       : snprintf(buf, size, "%s/%s", bundle, path);

	if (n < 0 || (size_t)n >= size)
		return pf_fail_sys(e, ENAMETOOLONG, "path `%s'", path);
	return 0;
}

static int open_root(const struct oci_config *config, const char *bundle, const struct host *host,
		     struct sources *s, struct pf_error *e)
{
	auto_fd fd = -EBADF;
	char path[4096];
	struct stat st;

	STEP(join(bundle, config->root_path, path, sizeof(path), e));
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0)
		return pf_fail(e, PF_ERR_CONFIG, errno, "/root/path: open `%s'", path);
	/* The real path: it is where the init attaches the root, and what the state tells. */
	if (pf_fd_path(fd, s->root_path, sizeof(s->root_path)) < 0 || s->root_path[0] != '/')
		return pf_fail(e, PF_ERR_CONFIG, 0, "/root/path: `%s' has no path on this host",
			       path);
	if (!host->has_userns_root)
		return 0;
	s->root_fd = sys_open_tree(fd, "", PF_OPEN_TREE_CLONE | PF_AT_RECURSIVE | AT_EMPTY_PATH);
	if (s->root_fd < 0)
		return pf_fail_sys(e, s->root_fd, "/root/path: clone the mount of `%s'", path);
	return 0;
}

static int set_tree_attr(int fd, unsigned int flags, const struct pf_mount_attr *attr, size_t i,
			 struct pf_error *e)
{
	int ret;

	if (!attr->attr_set && !attr->attr_clr)
		return 0;
	ret = sys_mount_setattr(fd, "", flags | AT_EMPTY_PATH, attr);
	if (ret < 0)
		return pf_fail_sys(e, ret, "/mounts/%zu: set the mount's attributes", i);
	return 0;
}

static int set_idmap(int fd, const struct oci_config *config, const struct oci_mount *m, size_t i,
		     struct pf_error *e)
{
	const struct oci_id_maps *uids = m->uid_maps.n ? &m->uid_maps : &config->linux_.uid_maps;
	const struct oci_id_maps *gids = m->gid_maps.n ? &m->gid_maps : &config->linux_.gid_maps;
	auto_fd userns = -EBADF;
	struct pf_mount_attr attr = { .attr_set = PF_MOUNT_ATTR_IDMAP };
	int ret;

	if (!uids->n || !gids->n)
		return pf_fail(
			e, PF_ERR_CONFIG, 0,
			"/mounts/%zu: idmap without mappings, and the container has no user namespace",
			i);
	ret = idmap_userns(uids, gids, &userns, e);
	if (ret < 0)
		return pf_wrap(e, "/mounts/%zu", i);
	attr.userns_fd = (uint64_t)userns;
	ret = sys_mount_setattr(fd, "", AT_EMPTY_PATH | (m->idmap_recursive ? PF_AT_RECURSIVE : 0),
				&attr);
	if (ret < 0)
		return pf_fail_sys(
			e, ret,
			"/mounts/%zu: map the ids of `%s' (its file system must support idmapped mounts)",
			i, m->source);
	return 0;
}

/* The detached tree gets its attributes here; the init gives it its propagation and attaches it. */
static int prepare_tree(int fd, const struct oci_config *config, size_t i, struct pf_error *e)
{
	const struct oci_mount *m = &config->mounts[i];
	struct pf_mount_attr own = { .attr_set = m->attr_set, .attr_clr = m->attr_clr };
	struct pf_mount_attr all = { .attr_set = m->rec_attr_set, .attr_clr = m->rec_attr_clr };

	STEP(set_tree_attr(fd, 0, &own, i, e));
	STEP(set_tree_attr(fd, PF_AT_RECURSIVE, &all, i, e));
	return m->idmap ? set_idmap(fd, config, m, i, e) : 0;
}

static int open_bind(const struct oci_config *config, const char *bundle, const struct host *host,
		     size_t i, struct source_mount *s, struct pf_error *e)
{
	const struct oci_mount *m = &config->mounts[i];
	unsigned int nofollow = m->src_nofollow ? AT_SYMLINK_NOFOLLOW : 0;
	char path[4096];
	struct stat st;

	if (!m->source)
		return pf_fail(e, PF_ERR_CONFIG, 0, "/mounts/%zu/source: a bind mount needs one",
			       i);
	STEP(join(bundle, m->source, path, sizeof(path), e));
	s->path = strdup(path);
	if (!s->path)
		return pf_fail_sys(e, ENOMEM, "/mounts/%zu", i);
	if (!host->has_userns_root) {
		if (fstatat(AT_FDCWD, path, &st, (int)nofollow) < 0)
			return pf_fail_sys(e, errno, "/mounts/%zu/source: open `%s'", i, path);
	} else {
		s->fd = sys_open_tree(AT_FDCWD, path,
				      PF_OPEN_TREE_CLONE | nofollow |
					      (m->recursive ? PF_AT_RECURSIVE : 0));
		if (s->fd < 0)
			return pf_fail_sys(e, s->fd, "/mounts/%zu/source: open `%s'", i, path);
		if (fstat(s->fd, &st) < 0)
			return pf_fail_sys(e, errno, "/mounts/%zu/source: stat `%s'", i, path);
		STEP(prepare_tree(s->fd, config, i, e));
	}
	s->is_dir = S_ISDIR(st.st_mode);
	s->dev = st.st_dev;
	s->ino = st.st_ino;
	return 0;
}

/* The namespace whose sysctl this is; the parser has let only these through. */
static enum oci_ns sysctl_namespace(const char *key)
{
	if (strncmp(key, "net/", 4) == 0)
		return OCI_NS_NETWORK;
	if (strcmp(key, "kernel/hostname") == 0 || strcmp(key, "kernel/domainname") == 0)
		return OCI_NS_UTS;
	return OCI_NS_IPC;
}

/* A path can lead to the host's own namespace: then the sysctl would be the host's (CVE-2022-0532). */
static int refuse_host_sysctls(const struct oci_config *config, const struct sources *s,
			       enum oci_ns ns, struct pf_error *e)
{
	static const char *const files[OCI_NS_COUNT_] = {
		[OCI_NS_NETWORK] = "net", [OCI_NS_UTS] = "uts", [OCI_NS_IPC] = "ipc"
	};
	char own[32];
	struct stat a, b;

	if (!files[ns])
		return 0;
	snprintf(own, sizeof(own), "self/ns/%s", files[ns]);
	if (fstat(s->ns_fds[ns], &a) < 0 || fstatat(s->proc_fd, own, &b, 0) < 0)
		return pf_fail_sys(e, errno, "compare the %s namespace with our own",
				   oci_namespace_name(ns));
	if (a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return 0;
	for (size_t i = 0; i < config->linux_.sysctl.n; i++)
		if (sysctl_namespace(config->linux_.sysctl.v[i].key) == ns)
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "/linux/sysctl/%s: the %s namespace is the host's own",
				       config->linux_.sysctl.v[i].key, oci_namespace_name(ns));
	return 0;
}

static int open_namespaces(const struct oci_config *config, struct sources *s, struct pf_error *e)
{
	for (int ns = 0; ns < OCI_NS_COUNT_; ns++) {
		const char *path = config->linux_.ns[ns].path;
		int type;

		if (!path)
			continue;
		s->ns_fds[ns] = open(path, O_RDONLY | O_CLOEXEC);
		if (s->ns_fds[ns] < 0)
			return pf_fail_sys(e, errno, "/linux/namespaces: open %s namespace `%s'",
					   oci_namespace_name((enum oci_ns)ns), path);
		type = ioctl(s->ns_fds[ns], NS_GET_NSTYPE);
		if (type < 0 || (uint64_t)type != oci_namespace_flag((enum oci_ns)ns))
			return pf_fail(e, PF_ERR_CONFIG, 0,
				       "/linux/namespaces: `%s' is not a %s namespace", path,
				       oci_namespace_name((enum oci_ns)ns));
		STEP(refuse_host_sysctls(config, s, (enum oci_ns)ns, e));
	}
	return 0;
}

/* copy-symlink: a source that is a symlink is made again inside; any other is an ordinary bind. */
static int read_link(const struct oci_mount *m, const char *bundle, size_t i,
		     struct source_mount *s, struct pf_error *e)
{
	char path[4096], text[4096];
	ssize_t n;

	if (!m->source)
		return pf_fail(e, PF_ERR_CONFIG, 0, "/mounts/%zu/source: a bind mount needs one",
			       i);
	STEP(join(bundle, m->source, path, sizeof(path), e));
	n = readlink(path, text, sizeof(text) - 1);
	if (n < 0)
		return errno == EINVAL
			       ? 0
			       : pf_fail_sys(e, errno, "/mounts/%zu/source: read the link `%s'", i,
					     path);
	text[n] = '\0';
	s->link = s->path = strdup(text);
	return s->path ? 0 : pf_fail_sys(e, ENOMEM, "/mounts/%zu", i);
}

static int open_mount(const struct oci_config *config, const char *bundle, const struct host *host,
		      size_t i, struct source_mount *s, struct pf_error *e)
{
	if (config->mounts[i].kind != OCI_FS_BIND)
		return 0;
	if (config->mounts[i].copy_symlink)
		STEP(read_link(&config->mounts[i], bundle, i, s, e));
	return s->link ? 0 : open_bind(config, bundle, host, i, s, e);
}

static int open_all(const struct oci_config *config, const char *bundle, const struct host *host,
		    struct sources *s, struct pf_error *e)
{
	STEP(pf_open_proc(&s->proc_fd, e));
	STEP(open_root(config, bundle, host, s, e));
	STEP(open_namespaces(config, s, e));
	for (size_t i = 0; i < config->n_mounts; i++)
		STEP(open_mount(config, bundle, host, i, &s->mounts[i], e));
	return 0;
}

/* Each mount is an fd, here and in the init. The limit of most callers is 1024, what it may be raised to much more. */
static void make_room(size_t n_mounts, struct sources *s)
{
	const rlim_t others = 128; /* namespaces, sockets, cgroups, what the caller passes on */
	struct rlimit now;

	if (n_mounts < others || getrlimit(RLIMIT_NOFILE, &now) < 0 ||
	    now.rlim_cur >= n_mounts + others)
		return;
	s->nofile = now;
	now.rlim_cur = now.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &now) < 0)
		s->nofile = (struct rlimit){ 0 };
}

int sources_open(const struct oci_config *config, const char *bundle, const struct host *host,
		 struct sources *ret, struct pf_error *e)
{
	int r;

	*ret = (struct sources)SOURCES_INIT;
	ret->mounts = calloc(config->n_mounts + 1, sizeof(*ret->mounts));
	if (!ret->mounts)
		return pf_fail_sys(e, ENOMEM, "open the mounts");
	ret->n_mounts = config->n_mounts;
	make_room(ret->n_mounts, ret);
	for (size_t i = 0; i < ret->n_mounts; i++)
		ret->mounts[i].fd = -EBADF;
	r = open_all(config, bundle, host, ret, e);
	if (r < 0)
		sources_close(ret);
	return r;
}

void sources_close(struct sources *s)
{
	pf_close_ptr(&s->root_fd);
	pf_close_ptr(&s->proc_fd);
	for (int ns = 0; ns < OCI_NS_COUNT_; ns++)
		pf_close_ptr(&s->ns_fds[ns]);
	for (size_t i = 0; i < s->n_mounts; i++) {
		pf_close_ptr(&s->mounts[i].fd);
		free(s->mounts[i].path);
	}
	free(s->mounts);
	s->mounts = NULL;
	s->n_mounts = 0;
}
