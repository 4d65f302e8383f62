# SPDX-License-Identifier: Apache-2.0
CONFIG_SOURCES = \
	config/compat.c \
	config/fields.c \
	config/oci.c \
	config/oci_env.c \
	config/oci_linux.c \
	config/oci_mount.c \
	config/oci_names.c \
	config/oci_process.c \
	config/oci_resources.c \
	config/oci_seccomp.c \
	config/oci_sysctl.c
CONFIG_SOURCES += \
	config/policy.c \
	config/policy_annotations.c \
	config/policy_bound.c \
	config/policy_check.c \
	config/policy_gather.c \
	config/policy_judge.c \
	config/policy_keys.c \
	config/policy_node.c \
	config/policy_value.c \
	config/profile.c
UNIT_TESTS += tests/unit/t_oci tests/unit/t_oci_linux tests/unit/t_oci_mount tests/unit/t_oci_compat \
	tests/unit/t_policy tests/unit/t_policy_parts
