/* SPDX-License-Identifier: Apache-2.0 */
/* The linux object of config.json, but for resources, seccomp and sysctl, which have files of their own. */
#include <config.h>

#include <errno.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/stat.h>

#include "config/oci_internal.h"

#define ID_MAX    4294967294u
#define ID_COUNT  4294967295u /* ids 0..ID_MAX */
#define MAX_MAPS  340u        /* of the kernel: user_namespaces(7) */
#define MAJOR_MAX 4095
#define MINOR_MAX 1048575

struct namespace_entry {
	const char *type, *path;
};

static const struct field namespace_rows[] = {
	{ "type", FIELD_STRING, FIELD_REQUIRED, AT(struct namespace_entry, type),
	  .note = "an unknown one, or one given twice, is refused" },
	{ "path", FIELD_STRING, AT(struct namespace_entry, path), .note = "absolute" },
};

static const struct fields namespace_fields = { TABLE(namespace_rows),
						.size = sizeof(struct namespace_entry) };

static int find_namespace(const char *type)
{
	int ns;

	for (ns = 0; ns < OCI_NS_COUNT_; ns++)
		if (strcmp(oci_namespace_name((enum oci_ns)ns), type) == 0)
			return ns;
	return -1;
}

static int read_namespaces(struct parse *p, const struct json *v, void *dst)
{
	struct oci_namespace *all = dst;
	const struct json *at;
	int ns;

	STEP(fields_want(p, v, JSON_ARRAY));
	for (at = v->child; at; at = at->next) {
		struct namespace_entry entry = { 0 };

		STEP(fields_read(p, at, &namespace_fields, &entry));
		ns = find_namespace(entry.type);
		if (ns < 0)
			return parse_fail(p, at, "there is no namespace `%s'", entry.type);
		if (all[ns].present)
			return parse_fail(p, at, "namespace `%s' was given before", entry.type);
		if (entry.path && entry.path[0] && entry.path[0] != '/')
			return parse_fail(p, json_get(at, "path"), "`%s' is not an absolute path",
					  entry.path);
		all[ns].present = true;
		all[ns].path = entry.path && entry.path[0] ? entry.path : NULL;
	}
	return 0;
}

static int check_id_map(struct parse *p, const struct json *v, void *dst)
{
	const struct oci_id_map *map = dst;

	if ((uint64_t)map->container_id + map->size > ID_COUNT ||
	    (uint64_t)map->host_id + map->size > ID_COUNT)
		return parse_fail(p, v, "the range ends above id %u", ID_MAX);
	return 0;
}

static const struct field id_map_rows[] = {
	{ "containerID", FIELD_INT, FIELD_REQUIRED, AT(struct oci_id_map, container_id),
	  RANGE(0, ID_MAX) },
	{ "hostID", FIELD_INT, FIELD_REQUIRED, AT(struct oci_id_map, host_id), RANGE(0, ID_MAX) },
	{ "size", FIELD_INT, FIELD_REQUIRED, AT(struct oci_id_map, size), RANGE(1, ID_COUNT) },
};

const struct fields oci_id_map_fields = { TABLE(id_map_rows), .size = sizeof(struct oci_id_map),
					  .check = check_id_map };

static bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b + b_size && b < a + a_size;
}

int oci_check_id_maps(struct parse *p, const struct json *v, const struct oci_id_maps *maps)
{
	size_t i, j;

	if (maps->n > MAX_MAPS)
		return parse_fail(p, v, "%zu mappings, the kernel takes %u", maps->n, MAX_MAPS);
	for (i = 0; i < maps->n; i++) {
		const struct oci_id_map *a = &maps->v[i];

		for (j = 0; j < i; j++) {
			const struct oci_id_map *b = &maps->v[j];

			if (overlap(a->container_id, a->size, b->container_id, b->size) ||
			    overlap(a->host_id, a->size, b->host_id, b->size))
				return parse_fail(p, v, "mappings %zu and %zu overlap", j, i);
		}
	}
	return 0;
}

static const struct field offset_rows[] = {
	{ "secs", FIELD_INT, AT(struct oci_time_offset, secs), RANGE(INT64_MIN, INT64_MAX) },
	{ "nanosecs", FIELD_INT, AT(struct oci_time_offset, nanosecs), RANGE(0, 999999999) },
};

static const struct fields offset_fields = { TABLE(offset_rows) };

static const struct field offsets_rows[] = {
	{ "boottime", FIELD_OBJECT, AT(struct oci_linux, boottime),
	  HAS(struct oci_linux, boottime.present), .sub = &offset_fields },
	{ "monotonic", FIELD_OBJECT, AT(struct oci_linux, monotonic),
	  HAS(struct oci_linux, monotonic.present), .sub = &offset_fields },
};

static const struct fields offsets_fields = { TABLE(offsets_rows) };

static int read_device_type(struct parse *p, const struct json *v, void *dst)
{
	static const struct word types[] = {
		{ "c", S_IFCHR }, { "u", S_IFCHR }, { "b", S_IFBLK }, { "p", S_IFIFO }, { NULL, 0 },
	};
	mode_t mode;
	uint64_t value;

	STEP(fields_word(p, v, types, &value));
	mode = (mode_t)value;
	memcpy(dst, &mode, sizeof(mode));
	return 0;
}

static int check_device(struct parse *p, const struct json *v, void *dst)
{
	struct oci_device *d = dst;

	if (fields_absent(v, "fileMode"))
		d->mode = 0666;
	d->mode &= 07777; /* engines copy the type bits of st_mode along */
	if (d->type != S_IFIFO && (fields_absent(v, "major") || fields_absent(v, "minor")))
		return parse_fail(p, v, "a device needs `major' and `minor'");
	return 0;
}

#define DEVICE(m) AT(struct oci_device, m)

static const struct field device_rows[] = {
	{ "type", FIELD_CUSTOM, FIELD_REQUIRED, DEVICE(type), .read = read_device_type },
	{ "path", FIELD_STRING, FIELD_REQUIRED | FIELD_ABSOLUTE, DEVICE(path) },
	{ "major", FIELD_INT, DEVICE(major), RANGE(0, MAJOR_MAX) },
	{ "minor", FIELD_INT, DEVICE(minor), RANGE(0, MINOR_MAX) },
	{ "fileMode", FIELD_INT, DEVICE(mode), RANGE(0, UINT32_MAX), .note = "0666 if absent" },
	{ "uid", FIELD_INT, DEVICE(uid), RANGE(0, ID_MAX) },
	{ "gid", FIELD_INT, DEVICE(gid), RANGE(0, ID_MAX) },
};

static const struct fields device_fields = { TABLE(device_rows), .size = sizeof(struct oci_device),
					     .check = check_device };

/* clang-format off */
static const struct word propagations[] = {
	{ "private", MS_PRIVATE },	 { "rprivate", MS_PRIVATE | MS_REC },
	{ "shared", MS_SHARED },	 { "rshared", MS_SHARED | MS_REC },
	{ "slave", MS_SLAVE },		 { "rslave", MS_SLAVE | MS_REC },
	{ "unbindable", MS_UNBINDABLE }, { "runbindable", MS_UNBINDABLE | MS_REC },
	{ "", 0 },			 { NULL, 0 },
};

static const struct word domains[] = {
	{ "LINUX", PER_LINUX }, { "LINUX32", PER_LINUX32 }, { NULL, 0 },
};
/* clang-format on */

static const struct field personality_rows[] = {
	{ "domain", FIELD_WORD, FIELD_REQUIRED, AT(struct oci_linux, personality),
	  .words = domains },
	{ "flags", FIELD_REFUSED, .note = "no flag is defined" },
};

static const struct fields personality_fields = { TABLE(personality_rows) };

/* The path is the host's; a step up in it could reach a cgroup that is not the engine's. */
static int read_cgroups_path(struct parse *p, const struct json *v, void *dst)
{
	const char *s, *part;
	size_t len;

	STEP(fields_want(p, v, JSON_STRING));
	for (s = v->text; *s; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return parse_fail(p, v, "holds a control character");
	for (part = v->text; part; part = part[len] ? part + len + 1 : NULL) {
		len = strcspn(part, "/:");
		if (len == 2 && part[0] == '.' && part[1] == '.')
			return parse_fail(p, v, "`..' is not allowed in `%s'", v->text);
	}
	if (v->count > 0)
		memcpy(dst, &v->text, sizeof(v->text));
	return 0;
}

static const struct field rdt_rows[] = {
	{ "closID", FIELD_REFUSED, .note = "" },
	{ "schemata", FIELD_REFUSED, .note = "" },
	{ "l3CacheSchema", FIELD_REFUSED, .note = "" },
	{ "memBwSchema", FIELD_REFUSED, .note = "" },
	{ "enableMonitoring", FIELD_REFUSED, .note = "" },
};

static const struct fields rdt_fields = { TABLE(rdt_rows) };

static const struct field net_device_rows[] = { { "name", FIELD_REFUSED, .note = "" } };

static const struct fields net_device_fields = { TABLE(net_device_rows) };

static const struct word default_policy[] = { { "MPOL_DEFAULT", 0 }, { NULL, 0 } };

/* MPOL_DEFAULT is what a process has anyway. */
static int read_memory_mode(struct parse *p, const struct json *v, void *dst)
{
	uint64_t value;

	(void)dst;
	if (fields_word(p, v, default_policy, &value) < 0)
		return parse_fail(p, v, "not supported: memory policies other than MPOL_DEFAULT");
	return 0;
}

static const struct field memory_policy_rows[] = {
	{ "mode", FIELD_CUSTOM, FIELD_REQUIRED, .read = read_memory_mode,
	  .note = "MPOL_DEFAULT; others are refused" },
	{ "nodes", FIELD_REFUSED, .note = "belongs to modes that are not supported" },
	{ "flags", FIELD_REFUSED, .note = "belongs to modes that are not supported" },
};

static const struct fields memory_policy_fields = { TABLE(memory_policy_rows) };

#define LINUX(m) AT(struct oci_linux, m)
#define WHOLE    .offset = 0 /* the fields lie in struct oci_linux itself */

static const struct field linux_rows[] = {
	{ "namespaces", FIELD_CUSTOM, FIELD_OF_LIST, LINUX(ns), .sub = &namespace_fields,
	  .read = read_namespaces },
	{ "uidMappings", FIELD_ARRAY, LINUX(uid_maps.v), COUNT(struct oci_linux, uid_maps.n),
	  .sub = &oci_id_map_fields },
	{ "gidMappings", FIELD_ARRAY, LINUX(gid_maps.v), COUNT(struct oci_linux, gid_maps.n),
	  .sub = &oci_id_map_fields },
	{ "timeOffsets", FIELD_OBJECT, WHOLE, .sub = &offsets_fields,
	  .note = "with a new time namespace" },
	{ "devices", FIELD_ARRAY, LINUX(devices), COUNT(struct oci_linux, n_devices),
	  .sub = &device_fields },
	{ "netDevices", FIELD_REFUSED, FIELD_OF_MAP, .sub = &net_device_fields,
	  .note = "network devices are not moved into the container" },
	{ "cgroupsPath", FIELD_CUSTOM, LINUX(cgroups_path), .read = read_cgroups_path,
	  .note = "`..' is refused" },
	{ "resources", FIELD_OBJECT, LINUX(resources), HAS(struct oci_linux, resources.present),
	  .sub = &oci_resources_fields },
	{ "rootfsPropagation", FIELD_WORD, LINUX(rootfs_propagation), .words = propagations },
	{ "seccomp", FIELD_OBJECT, LINUX(seccomp), HAS(struct oci_linux, seccomp.present),
	  .sub = &oci_seccomp_fields },
	{ "sysctl", FIELD_PAIRS, LINUX(sysctl),
	  .note = "those of a namespace that the container has" },
	{ "maskedPaths", FIELD_STRINGS, FIELD_ABSOLUTE, LINUX(masked_paths) },
	{ "readonlyPaths", FIELD_STRINGS, FIELD_ABSOLUTE, LINUX(readonly_paths) },
	{ "mountLabel", FIELD_STRING, LINUX(mount_label) },
	{ "intelRdt", FIELD_REFUSED, .sub = &rdt_fields,
	  .note = "cache and memory bandwidth are not allocated" },
	{ "memoryPolicy", FIELD_OBJECT, WHOLE, .sub = &memory_policy_fields,
	  .note = "MPOL_DEFAULT only" },
	{ "personality", FIELD_OBJECT, WHOLE, HAS(struct oci_linux, has_personality),
	  .sub = &personality_fields },
};

static int check_user_namespace(struct parse *p, const struct json *v, const struct oci_linux *l)
{
	const struct oci_namespace *user = &l->ns[OCI_NS_USER];
	const struct json *uids = json_get(v, "uidMappings"), *gids = json_get(v, "gidMappings");

	if (!user->present && l->uid_maps.n > 0)
		return parse_fail(p, uids, "needs a namespace of type `user'");
	if (!user->present && l->gid_maps.n > 0)
		return parse_fail(p, gids, "needs a namespace of type `user'");
	if (user->present && !user->path && (!l->uid_maps.n || !l->gid_maps.n))
		return parse_fail(p, v,
				  "a new user namespace needs `uidMappings' and `gidMappings'");
	STEP(oci_check_id_maps(p, uids, &l->uid_maps));
	return oci_check_id_maps(p, gids, &l->gid_maps);
}

static int check_linux(struct parse *p, const struct json *v, void *dst)
{
	struct oci_linux *l = dst;
	const struct oci_namespace *time_ns = &l->ns[OCI_NS_TIME];

	STEP(check_user_namespace(p, v, l));
	if ((l->boottime.present || l->monotonic.present) && (!time_ns->present || time_ns->path))
		return parse_fail(p, json_get(v, "timeOffsets"),
				  "needs a new namespace of type `time'");
	/* one cover is enough: engines add the user's paths to their own */
	STEP(oci_paths_settle(&l->masked_paths));
	return oci_paths_settle(&l->readonly_paths);
}

const struct fields oci_linux_fields = { TABLE(linux_rows), .check = check_linux };
