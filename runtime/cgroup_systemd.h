/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CGROUP_SYSTEMD_H
#define PF_RUNTIME_CGROUP_SYSTEMD_H

#include "runtime/cgroup_internal.h"

/*
 * A unit's properties as plain data, between those who know what they mean (cgroup_systemd_props.c,
 * cgroup_systemd_annotations.c: both pure) and the one who speaks D-Bus (cgroup_systemd.c).
 */

struct unit_property {
	char name[64];
	char type[6]; /* D-Bus signature: b y n q i u x t d s, as, ay, au, a(ss) */
	union {
		uint64_t u; /* b y q u t */
		int64_t i;  /* n i x */
		double d;
	};
	char *data; /* owned; s: the text; as, a(ss): texts one after the other with their NULs; ay, au: the bytes */
	size_t len;
};

struct unit_properties {
	struct unit_property *v; /* owned */
	size_t n, cap;
	bool failed; /* out of memory, once for all */
};

struct unit_property *properties_add(struct unit_properties *p, const char *name, const char *type);
void properties_add_bool(struct unit_properties *p, const char *name, bool value);
void properties_add_number(struct unit_properties *p, const char *name, uint64_t value);
void properties_add_text(struct unit_properties *p, const char *name, const char *value);
void properties_add_bytes(struct unit_properties *p, const char *name, const char *type,
			  const void *data, size_t len);
void properties_free(struct unit_properties *p);
#define auto_properties __attribute__((cleanup(properties_free))) struct unit_properties

/** properties_of_scope() - what every scope of ours has, for the process @pid */
void properties_of_scope(const struct cgroup *cg, pid_t pid, struct unit_properties *p);
/** properties_of_resources() - limits in systemd's words, so that a reload of systemd writes them again and not its own */
int properties_of_resources(const struct oci_resources *r, bool unified, struct unit_properties *p,
			    struct pf_error *e);
/** properties_of_devices() - v1: DevicePolicy and DeviceAllow for @rules */
int properties_of_devices(const struct device_rules *rules, struct unit_properties *p,
			  struct pf_error *e);

/**
 * properties_of_annotations() - org.systemd.property.NAME, a value in GVariant's text form
 *
 * An annotation may come from whoever wrote the pod or built the image: only names that cannot run anything, start or
 * stop another unit, or give the container more are taken. Others refuse the container.
 */
int properties_of_annotations(const struct oci_config *config, struct unit_properties *p,
			      struct pf_error *e);

#endif
