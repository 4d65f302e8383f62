/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of config.json. Options are words of four languages in one list: attributes of the mount, propagation,
 * requests to the runtime, and the filesystem's own. They are told apart here, so that nobody later looks at a string.
 */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

#include "base/sys.h"
#include "config/oci_internal.h"

enum option_kind {
	OPTION_ATTR,     /* .set, .clr of the mount itself */
	OPTION_REC_ATTR, /* the same for the whole tree */
	OPTION_UNATIME,  /* end the access time mode .set if it is the one in force */
	OPTION_REC_UNATIME,
	OPTION_PROPAGATION, /* .set, with MS_REC for the tree */
	OPTION_BIND,
	OPTION_SUPERBLOCK, /* a flag of the filesystem, not of the mount: stays in the data */
	OPTION_NOTHING,    /* has no effect on Linux today */
	OPTION_TMPCOPYUP,
	OPTION_COPY_SYMLINK,
	OPTION_DEST_NOFOLLOW,
	OPTION_SRC_NOFOLLOW,
	OPTION_IDMAP,
	OPTION_REFUSED,
};

struct option {
	const char *name;
	enum option_kind kind;
	uint64_t set, clr;
};

#define RO          PF_MOUNT_ATTR_RDONLY
#define NOSUID      PF_MOUNT_ATTR_NOSUID
#define NODEV       PF_MOUNT_ATTR_NODEV
#define NOEXEC      PF_MOUNT_ATTR_NOEXEC
#define NODIRATIME  PF_MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW PF_MOUNT_ATTR_NOSYMFOLLOW
#define NOATIME     PF_MOUNT_ATTR_NOATIME
#define RELATIME    PF_MOUNT_ATTR_RELATIME
#define STRICTATIME PF_MOUNT_ATTR_STRICTATIME
/* three modes in one field: always cleared as a whole, or mount_setattr fails */
#define ATIME PF_MOUNT_ATTR__ATIME

/* clang-format off */
#define BOTH(name, kind, set, clr) { name, OPTION_##kind, set, clr }, { "r" name, OPTION_REC_##kind, set, clr }

static const struct option options[] = { /* sorted by effect, looked up by name */
	BOTH("ro", ATTR, RO, 0),		BOTH("rw", ATTR, 0, RO),
	BOTH("nosuid", ATTR, NOSUID, 0),	BOTH("suid", ATTR, 0, NOSUID),
	BOTH("nodev", ATTR, NODEV, 0),		BOTH("dev", ATTR, 0, NODEV),
	BOTH("noexec", ATTR, NOEXEC, 0),	BOTH("exec", ATTR, 0, NOEXEC),
	BOTH("nodiratime", ATTR, NODIRATIME, 0), BOTH("diratime", ATTR, 0, NODIRATIME),
	BOTH("nosymfollow", ATTR, NOSYMFOLLOW, 0), BOTH("symfollow", ATTR, 0, NOSYMFOLLOW),
	BOTH("noatime", ATTR, NOATIME, ATIME),	BOTH("atime", UNATIME, NOATIME, 0),
	BOTH("relatime", ATTR, RELATIME, ATIME), BOTH("norelatime", UNATIME, RELATIME, 0),
	BOTH("strictatime", ATTR, STRICTATIME, ATIME), BOTH("nostrictatime", UNATIME, STRICTATIME, 0),
	{ "private", OPTION_PROPAGATION, MS_PRIVATE, 0 },
	{ "rprivate", OPTION_PROPAGATION, MS_PRIVATE | MS_REC, 0 },
	{ "shared", OPTION_PROPAGATION, MS_SHARED, 0 },
	{ "rshared", OPTION_PROPAGATION, MS_SHARED | MS_REC, 0 },
	{ "slave", OPTION_PROPAGATION, MS_SLAVE, 0 },
	{ "rslave", OPTION_PROPAGATION, MS_SLAVE | MS_REC, 0 },
	{ "unbindable", OPTION_PROPAGATION, MS_UNBINDABLE, 0 },
	{ "runbindable", OPTION_PROPAGATION, MS_UNBINDABLE | MS_REC, 0 },
	{ "bind", OPTION_BIND, 0, 0 },		{ "rbind", OPTION_BIND, MS_REC, 0 },
	{ "sync", OPTION_SUPERBLOCK, 0, 0 },	{ "async", OPTION_SUPERBLOCK, 0, 0 },
	{ "dirsync", OPTION_SUPERBLOCK, 0, 0 },
	{ "lazytime", OPTION_SUPERBLOCK, 0, 0 }, { "nolazytime", OPTION_SUPERBLOCK, 0, 0 },
	{ "mand", OPTION_SUPERBLOCK, 0, 0 },	{ "nomand", OPTION_SUPERBLOCK, 0, 0 },
	{ "silent", OPTION_NOTHING, 0, 0 },	{ "loud", OPTION_NOTHING, 0, 0 },
	{ "iversion", OPTION_NOTHING, 0, 0 },	{ "noiversion", OPTION_NOTHING, 0, 0 },
	{ "defaults", OPTION_NOTHING, 0, 0 },
	{ "tmpcopyup", OPTION_TMPCOPYUP, 0, 0 },
	{ "copy-symlink", OPTION_COPY_SYMLINK, 0, 0 },
	{ "dest-nofollow", OPTION_DEST_NOFOLLOW, 0, 0 },
	{ "src-nofollow", OPTION_SRC_NOFOLLOW, 0, 0 },
	{ "idmap", OPTION_IDMAP, 0, 0 },	{ "ridmap", OPTION_IDMAP, MS_REC, 0 },
	{ "remount", OPTION_REFUSED, 0, 0 },
};
/* clang-format on */

static const struct option *find_option(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		if (strcmp(options[i].name, name) == 0)
			return &options[i];
	return NULL;
}

/* A later option wins over an earlier one. The kernel clears first and sets then. */
static void apply_attr(uint64_t *set, uint64_t *clr, const struct option *o)
{
	*set = (*set & ~o->clr) | o->set;
	*clr = (*clr & ~(o->set & ~ATIME)) | o->clr;
}

static void end_atime_mode(uint64_t *set, uint64_t *clr, uint64_t mode)
{
	if ((*set & ATIME) == mode)
		*set &= ~ATIME;
	*clr |= ATIME;
}

/* What is left over is the filesystem's, and joined with commas as mount(8) would. */
static bool is_data(const struct oci_mount *m, const struct option *o)
{
	if (!o)
		return true;
	/* A bind mount shares the superblock of its source, whose flags are not the container's to change. */
	return o->kind == OPTION_SUPERBLOCK && m->kind != OCI_FS_BIND;
}

static bool has_inline_map(const char *option)
{
	return strncmp(option, "idmap=", 6) == 0 || strncmp(option, "ridmap=", 7) == 0;
}

static int refuse_option(struct parse *p, const struct json *at)
{
	if (strcmp(at->text, "remount") == 0)
		return parse_fail(
			p, at, "`remount' is not supported: give the options on the mount itself");
	if (has_inline_map(at->text))
		return parse_fail(
			p, at,
			"mappings within `%s' are not supported: use uidMappings and gidMappings",
			at->text);
	return parse_fail(
		p, at, "`%s' is not an option of a bind mount, which has no filesystem of its own",
		at->text);
}

static void apply_option(struct oci_mount *m, const struct option *o)
{
	switch (o->kind) {
	case OPTION_ATTR:
		apply_attr(&m->attr_set, &m->attr_clr, o);
		break;
	case OPTION_REC_ATTR:
		apply_attr(&m->rec_attr_set, &m->rec_attr_clr, o);
		break;
	case OPTION_UNATIME:
		end_atime_mode(&m->attr_set, &m->attr_clr, o->set);
		break;
	case OPTION_REC_UNATIME:
		end_atime_mode(&m->rec_attr_set, &m->rec_attr_clr, o->set);
		break;
	case OPTION_PROPAGATION:
		/* "slave,shared" is both: the last word counts, but to be shared is added to what is. */
		if (!(o->set & MS_SHARED))
			m->propagation = 0;
		m->propagation |= o->set & ~(uint64_t)MS_REC;
		m->propagation_recursive = o->set & MS_REC;
		break;
	case OPTION_BIND:
		m->recursive = m->recursive || (o->set & MS_REC);
		break;
	case OPTION_TMPCOPYUP:
		m->tmpcopyup = true;
		break;
	case OPTION_COPY_SYMLINK:
		m->copy_symlink = true;
		break;
	case OPTION_DEST_NOFOLLOW:
		m->dest_nofollow = true;
		break;
	case OPTION_SRC_NOFOLLOW:
		m->src_nofollow = true;
		break;
	case OPTION_IDMAP:
		m->idmap = true;
		m->idmap_recursive = o->set & MS_REC;
		break;
	case OPTION_SUPERBLOCK:
	case OPTION_NOTHING:
	case OPTION_REFUSED:
		break;
	}
}

static enum oci_fs_kind kind_of(const char *type)
{
	static const struct {
		const char *name;
		enum oci_fs_kind kind;
	} kinds[] = {
		{ "bind", OCI_FS_BIND },     { "tmpfs", OCI_FS_TMPFS },
		{ "proc", OCI_FS_PROC },     { "sysfs", OCI_FS_SYSFS },
		{ "devpts", OCI_FS_DEVPTS }, { "mqueue", OCI_FS_MQUEUE },
		{ "cgroup", OCI_FS_CGROUP }, { "cgroup2", OCI_FS_CGROUP },
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].name, type) == 0)
			return kinds[i].kind;
	return OCI_FS_OTHER;
}

static int set_kind(struct parse *p, const struct json *v, struct oci_mount *m)
{
	const struct option *o;
	bool bind = false;
	size_t i;

	for (i = 0; i < m->options.n; i++) {
		o = find_option(m->options.v[i]);
		bind = bind || (o && o->kind == OPTION_BIND);
	}
	if (m->type && m->type[0] == '\0')
		m->type = NULL;
	if (!bind && !m->type)
		return parse_fail(p, v, "has neither a type nor `bind' among its options");
	m->kind = bind ? OCI_FS_BIND : kind_of(m->type);
	if (!m->type)
		m->type = "bind";
	if (m->kind == OCI_FS_BIND && (!m->source || !m->source[0]))
		return parse_fail(p, v, "a bind mount needs a source");
	return 0;
}

static int read_options(struct parse *p, const struct json *list, struct oci_mount *m)
{
	const struct json *at;
	const struct option *o;
	size_t size = 1;
	char *end, *data;

	for (at = list->child; at; at = at->next)
		size += (size_t)at->count + 1;
	data = end = parse_alloc(p, size, 1);
	if (!data)
		return -ENOMEM;
	for (at = list->child; at; at = at->next) {
		o = find_option(at->text);
		if (o ? o->kind == OPTION_REFUSED
		      : (m->kind == OCI_FS_BIND && at->count > 0) || has_inline_map(at->text))
			return refuse_option(p, at);
		if (o)
			apply_option(m, o);
		if (!is_data(m, o) || at->count == 0)
			continue;
		if (end != data)
			*end++ = ',';
		memcpy(end, at->text, at->count);
		end += at->count;
	}
	m->data = end != data ? data : NULL;
	return 0;
}

static int check_idmap(struct parse *p, const struct json *v, struct oci_mount *m)
{
	if (m->uid_maps.n > 0 || m->gid_maps.n > 0)
		m->idmap = true;
	if (!m->idmap)
		return 0;
	if (m->kind != OCI_FS_BIND)
		return parse_fail(p, v, "only a bind mount can have id mappings");
	if (!m->uid_maps.n != !m->gid_maps.n)
		return parse_fail(p, v, "uidMappings and gidMappings must come together");
	STEP(oci_check_id_maps(p, json_get(v, "uidMappings"), &m->uid_maps));
	return oci_check_id_maps(p, json_get(v, "gidMappings"), &m->gid_maps);
}

/* What is special about /proc, /sys and /dev must not depend on how they are spelt: absolute, without "//", "." and "..", as
 * every other runtime takes it. @out has room for a "/" more than @path. */
static void clean_path(const char *path, char *out)
{
	size_t at = 0;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (at > 0 && out[--at] != '/')
				;
		} else if (n > 1 || (n == 1 && path[0] != '.')) {
			out[at++] = '/';
			memcpy(out + at, path, n);
			at += n;
		}
		path += n + strspn(path + n, "/");
	}
	if (at == 0)
		out[at++] = '/';
	out[at] = '\0';
}

static int check_mount(struct parse *p, const struct json *v, void *dst)
{
	const struct json *list = json_get(v, "options");
	struct oci_mount *m = dst;
	char *clean;

	STEP(set_kind(p, v, m));
	if (list && list->type == JSON_ARRAY)
		STEP(read_options(p, list, m));
	if (m->tmpcopyup && m->kind != OCI_FS_TMPFS)
		return parse_fail(p, v, "`tmpcopyup' belongs to tmpfs only");
	if (m->copy_symlink && m->kind != OCI_FS_BIND)
		return parse_fail(p, v, "`copy-symlink' belongs to bind mounts only");
	STEP(check_idmap(p, v, m));
	clean = parse_alloc(p, strlen(m->destination) + 2, 1);
	if (!clean)
		return -ENOMEM;
	clean_path(m->destination, clean);
	m->destination = clean;
	return 0;
}

static const struct field mount_rows[] = {
	{ "destination", FIELD_STRING, FIELD_REQUIRED | FIELD_NOT_EMPTY,
	  AT(struct oci_mount, destination), .note = "a relative one counts from `/'" },
	{ "source", FIELD_STRING, AT(struct oci_mount, source) },
	{ "type", FIELD_STRING, AT(struct oci_mount, type) },
	{ "options", FIELD_STRINGS, AT(struct oci_mount, options),
	  .note = "`remount' and `idmap=' are refused; a bind mount takes no unknown option" },
	{ "uidMappings", FIELD_ARRAY, AT(struct oci_mount, uid_maps.v),
	  COUNT(struct oci_mount, uid_maps.n), .sub = &oci_id_map_fields },
	{ "gidMappings", FIELD_ARRAY, AT(struct oci_mount, gid_maps.v),
	  COUNT(struct oci_mount, gid_maps.n), .sub = &oci_id_map_fields },
};

const struct fields oci_mount_fields = { TABLE(mount_rows), .size = sizeof(struct oci_mount),
					 .check = check_mount };
