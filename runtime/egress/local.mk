# SPDX-License-Identifier: Apache-2.0
# Which connections leave a container: programs for the kernel, embedded in the parent.
EGRESS_SOURCES = runtime/egress/abi.h runtime/egress/egress.h runtime/egress/object.h
if ENABLE_BPF
EGRESS_SOURCES += \
	runtime/egress/blob.S \
	runtime/egress/egress.c \
	runtime/egress/load.c \
	runtime/egress/object.c \
	runtime/egress/shared.c \
	runtime/egress/table.c
UNIT_TESTS += tests/unit/t_egress_object tests/unit/t_egress_table

# programs are embedded by .incbin, which no dependency scanner sees
runtime/egress/blob.$(OBJEXT): egress.bpf.o

if HAVE_BPF_CC
egress.bpf.o: $(top_srcdir)/runtime/egress/egress.bpf.c $(top_srcdir)/runtime/egress/abi.h kinc.stamp
	$(AM_V_CC)$(BPF_CC) $(BPF_CFLAGS) -Wall -Wextra -Wshadow $(PF_WERROR) -I$(top_srcdir) -idirafter kinc -c -o $@ $(top_srcdir)/runtime/egress/egress.bpf.c
CLEANFILES += egress.bpf.o
endif
# a tarball carries it, so that a compiler for BPF is needed in a checkout alone
EXTRA_DIST += egress.bpf.o
else
EGRESS_SOURCES += runtime/egress/fallback.c
endif
EXTRA_DIST += runtime/egress/egress.bpf.c
