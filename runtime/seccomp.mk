# SPDX-License-Identifier: Apache-2.0
# linux.seccomp as a BPF program.
SECCOMP_SOURCES = \
	runtime/seccomp.c \
	runtime/seccomp_cache.c \
	runtime/seccomp_stub.c

# The init's own seals are tested by the very files that the init is made of.
UNIT_TESTS += \
	tests/unit/t_filter \
	tests/unit/t_landlock \
	tests/unit/t_seccomp
tests_unit_t_filter_SOURCES = \
	tests/unit/t_filter.c \
	runtime/init/filter.c
tests_unit_t_landlock_SOURCES = \
	tests/unit/t_landlock.c \
	runtime/init/confine.c \
	runtime/init/filter.c \
	runtime/init/fsopen.c \
	runtime/init/landlock.c \
	runtime/init/plan.c \
	runtime/init/probe.c \
	runtime/init/sync.c
