# SPDX-License-Identifier: Apache-2.0
CGROUP_SOURCES = \
	runtime/cgroup.c \
	runtime/cgroup.h \
	runtime/cgroup_control.c \
	runtime/cgroup_convert.c \
	runtime/cgroup_devices.c \
	runtime/cgroup_dir.c \
	runtime/cgroup_internal.h \
	runtime/cgroup_json.c \
	runtime/cgroup_limits.c \
	runtime/cgroup_mounts.c \
	runtime/cgroup_plan.c \
	runtime/cgroup_v1.c \
	runtime/cgroup_v2.c \
	runtime/cgroup_systemd.h \
	runtime/bpf.h \
	runtime/devices_bpf.h
if ENABLE_BPF
CGROUP_SOURCES += runtime/bpf.c runtime/devices_bpf.c
else
CGROUP_SOURCES += runtime/cgroup_devices_fallback.c
endif
if ENABLE_SYSTEMD
CGROUP_SOURCES += \
	runtime/cgroup_systemd.c \
	runtime/cgroup_systemd_annotations.c \
	runtime/cgroup_systemd_props.c
else
CGROUP_SOURCES += runtime/cgroup_systemd_fallback.c
endif

# t_cgroup_live makes real groups and so runs only by cgroup_live.sh; by itself it says that it is skipped.
UNIT_TESTS += tests/unit/t_cgroup tests/unit/t_cgroup_live
if ENABLE_BPF
UNIT_TESTS += tests/unit/t_cgroup_devices
endif
if ENABLE_SYSTEMD
UNIT_TESTS += tests/unit/t_cgroup_systemd
endif
check-cgroups: tests/unit/t_cgroup_live
	$(top_srcdir)/tests/unit/cgroup_live.sh tests/unit/t_cgroup_live
.PHONY: check-cgroups
