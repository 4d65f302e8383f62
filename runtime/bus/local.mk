# SPDX-License-Identifier: Apache-2.0
# pinfold-bus, which speaks D-Bus: a program of its own, since libsystemd is a shared library. Embedded, never installed.
if ENABLE_SYSTEMD
noinst_PROGRAMS = pinfold-bus
pinfold_bus_SOURCES = runtime/bus/main.c base/error.c base/io.c base/sys.c
pinfold_bus_LDADD = $(SYSTEMD_LIBS)
CGROUP_SOURCES += runtime/bus_blob.S
runtime/bus_blob.$(OBJEXT): bus.bin
bus.bin: pinfold-bus$(EXEEXT)
	$(AM_V_GEN)$(STRIP) -o $@ $<
CLEANFILES += bus.bin
endif
