/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_OCI_INTERNAL_H
#define PF_CONFIG_OCI_INTERNAL_H

#include "base/io.h"
#include "config/fields.h"

/* What the files of the OCI reader share. Nobody else includes this. */

extern const struct fields oci_config_fields;    /* struct oci_config */
extern const struct fields oci_process_fields;   /* struct oci_process */
extern const struct fields oci_mount_fields;     /* struct oci_mount */
extern const struct fields oci_linux_fields;     /* struct oci_linux */
extern const struct fields oci_resources_fields; /* struct oci_resources */
extern const struct fields oci_seccomp_fields;   /* struct oci_seccomp */
extern const struct fields oci_id_map_fields;    /* struct oci_id_map */

/** oci_check_id_maps() - bounded in number, and no two ranges overlap */
int oci_check_id_maps(struct parse *p, const struct json *v, const struct oci_id_maps *maps);

/** oci_check_sysctl() - only what a namespace of the container's own holds; keys become paths below /proc/sys */
int oci_check_sysctl(struct parse *p, const struct json *sysctl, struct oci_config *config);

/** oci_read_cpu_list() - FIELD_CUSTOM: a string such as "0-3,7" */
int oci_read_cpu_list(struct parse *p, const struct json *v, void *dst);

/** oci_paths_settle() - of equal strings keep the last one; 0 or -ENOMEM */
int oci_paths_settle(struct oci_strings *paths);

/** oci_rlimit_number() - "RLIMIT_NOFILE" -> RLIMIT_NOFILE, -1 */
int oci_rlimit_number(const char *name);

/** config_compat_table() - the table of docs/compatibility.md: field, honoured/ignored/refused, note */
void config_compat_table(struct pf_buf *b);

#endif
