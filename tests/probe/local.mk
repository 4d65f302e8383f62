# The program that runs inside containers, and two that play the engine's part beside them. All three are built by
# `make check' alone. The probe must be static: a container's root has no libc. Without musl-gcc: $(CC) -static.
PF_PROBE_SOURCES = \
	tests/probe/probe.c \
	tests/probe/probe-bpf.c \
	tests/probe/probe-file.c \
	tests/probe/probe-life.c \
	tests/probe/probe-mount.c \
	tests/probe/probe-net.c \
	tests/probe/probe-peer.c \
	tests/probe/probe-self.c \
	tests/probe/probe-trick.c \
	tests/probe/probe.h
PF_SUBREAP_SOURCES = tests/probe/subreap.c
PF_RECVTTY_SOURCES = tests/probe/recvtty.c
