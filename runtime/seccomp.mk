# SPDX-License-Identifier: Apache-2.0
# linux.seccomp as a BPF program, and what pinfold says about itself and its host.
SECCOMP_SOURCES = \
	runtime/doctor.c \
	runtime/doctor.h \
	runtime/doctor_checks.c \
	runtime/doctor_parts.h \
	runtime/features.c \
	runtime/features.h \
	runtime/pretty.c \
	runtime/pretty.h \
	runtime/seccomp.c \
	runtime/seccomp.h \
	runtime/seccomp_cache.c \
	runtime/seccomp_parts.h \
	runtime/seccomp_stub.c \
	runtime/spec.c \
	runtime/spec.h

# The init's own seals are tested by the very files that the init is made of.
UNIT_TESTS += \
	tests/unit/t_doctor \
	tests/unit/t_features \
	tests/unit/t_filter \
	tests/unit/t_landlock \
	tests/unit/t_seccomp
tests_unit_t_filter_SOURCES = \
	tests/unit/t_filter.c \
	tests/unit/bpf_eval.h \
	runtime/init/filter.c \
	runtime/init/filter.h
tests_unit_t_landlock_SOURCES = \
	tests/unit/t_landlock.c \
	tests/unit/bpf_eval.h \
	tests/unit/seal_world.h \
	runtime/init/confine.c \
	runtime/init/covers.c \
	runtime/init/confine.h \
	runtime/init/filter.c \
	runtime/init/fsopen.c \
	runtime/init/landlock.c \
	runtime/init/plan.c \
	runtime/init/probe.c \
	runtime/init/protect.c \
	runtime/init/sync.c
