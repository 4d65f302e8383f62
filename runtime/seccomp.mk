# SPDX-License-Identifier: Apache-2.0
# linux.seccomp as a BPF program.
SECCOMP_SOURCES = \
	runtime/seccomp.c \
	runtime/seccomp_cache.c \
	runtime/seccomp_stub.c
UNIT_TESTS += tests/unit/t_seccomp
