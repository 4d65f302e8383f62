# SPDX-License-Identifier: Apache-2.0
INIT_SOURCES = \
	runtime/init/cgroup_mount.c \
	runtime/init/copyup.c \
	runtime/init/dev.c \
	runtime/init/format.c \
	runtime/init/fsopen.c \
	runtime/init/masks.c \
	runtime/init/mount.c \
	runtime/init/nopivot.c \
	runtime/init/root.c \
	runtime/init/rootfs.c \
	runtime/init/sysctl.c \
	base/error.c \
	base/fdpass.c \
	runtime/init/confine.c \
	runtime/init/covers.c \
	runtime/init/filter.c \
	runtime/init/home.c \
	runtime/init/hook_words.c \
	runtime/init/hooks.c \
	runtime/init/landlock.c \
	runtime/init/limits.c \
	runtime/init/main.c \
	runtime/init/plan.c \
	runtime/init/privs.c \
	runtime/init/probe.c \
	runtime/init/protect.c \
	runtime/init/program.c \
	runtime/init/session.c \
	runtime/init/shed.c \
	runtime/init/stage.c \
	runtime/init/steps.c \
	runtime/init/sync.c \
	runtime/init/terminal.c

# the file system steps, run for real in namespaces of their own; skipped without root
PF_INIT_FS_SOURCES = runtime/init/cgroup_mount.c runtime/init/copyup.c runtime/init/dev.c \
	runtime/init/fsopen.c runtime/init/masks.c runtime/init/mount.c runtime/init/nopivot.c \
	runtime/init/root.c runtime/init/rootfs.c runtime/init/sysctl.c
UNIT_TESTS += tests/unit/t_init_fs tests/unit/t_init_fs_hostile
tests_unit_t_init_fs_SOURCES = tests/unit/t_init_fs.c $(PF_INIT_FS_SOURCES)
tests_unit_t_init_fs_hostile_SOURCES = tests/unit/t_init_fs_hostile.c $(PF_INIT_FS_SOURCES)
