# SPDX-License-Identifier: Apache-2.0
# Unit tests: tests/unit/t_NAME.c, one line here each (or `UNIT_TESTS += tests/unit/t_NAME' in the fragment of the
# room it tests). Each is linked with libpinfold.a, prints TAP, needs no root and touches no system.
UNIT_TESTS += tests/unit/t_json
UNIT_TESTS += tests/unit/t_events
UNIT_TESTS += tests/unit/t_sha256
UNIT_TESTS += tests/unit/t_sync

check_PROGRAMS = $(UNIT_TESTS) tests/probe/subreap tests/probe/recvtty tests/probe/warden-run
LDADD = libpinfold.a $(PF_DEP_LIBS)

# What runs inside containers is static, and so comes from the compiler of the init.
tests_probe_subreap_SOURCES = $(PF_SUBREAP_SOURCES)
tests_probe_subreap_LDADD =
tests_probe_recvtty_SOURCES = $(PF_RECVTTY_SOURCES)
tests_probe_recvtty_LDADD =
tests_probe_warden_run_SOURCES = tests/probe/warden-run.c
check_DATA = tests/probe/probe tests/probe/resolve
tests/probe/resolve: tests/probe/resolve.c kinc.stamp
	@$(MKDIR_P) tests/probe
	$(AM_V_CCLD)$(INIT_CC) $(INIT_CPPFLAGS) $(INIT_CFLAGS) -static -s -o $@ $<
tests/probe/probe: $(PF_PROBE_SOURCES) kinc.stamp
	@$(MKDIR_P) tests/probe
	$(AM_V_CCLD)$(INIT_CC) $(INIT_CPPFLAGS) $(INIT_CFLAGS) -static -s -o $@ $(filter %.c,$^)
CLEANFILES += tests/probe/probe tests/probe/resolve

# Checks of the source itself and of the built init.
LINT_TESTS = tests/lint/includes.sh tests/lint/size.sh tests/lint/headers.sh tests/lint/listed.sh \
	tests/lint/init-size.sh tests/lint/links.sh tests/lint/egress-sets.sh

TESTS = $(UNIT_TESTS) $(LINT_TESTS)
TEST_EXTENSIONS = .sh
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
SH_LOG_DRIVER = $(LOG_DRIVER)
SH_LOG_COMPILER = $(SHELL)
AM_TESTS_ENVIRONMENT = srcdir='$(srcdir)'; export srcdir; \
	abs_srcdir=`cd '$(abs_top_srcdir)' && pwd`; export abs_srcdir; \
	abs_builddir='$(abs_builddir)'; export abs_builddir; \
	NO_MUSL='@HAVE_MUSL_TRUE@'; export NO_MUSL;
EXTRA_DIST += $(LINT_TESTS)

# The promises, from outside: `make check' needs no root, these mostly do. See tests/run.
check-bats: all check-tools
	PF_BUILD='$(abs_builddir)' $(top_srcdir)/tests/run bats
check-attack: all check-tools
	PF_BUILD='$(abs_builddir)' $(top_srcdir)/tests/run attack
check-engines: all check-tools
	PF_BUILD='$(abs_builddir)' $(top_srcdir)/tests/run engines
check-tools: $(check_PROGRAMS) $(check_DATA)

# Fuzzers: tests/fuzz/fuzz_NAME.c, built with all of base/ and config/, and with the check of the plan: nothing there
# touches the system.
FUZZ_SECONDS = 60
FUZZ_CFLAGS = -std=gnu11 -g -O1 -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJECTS = $(patsubst %.c,fuzzobj/%.o,$(filter %.c,$(BASE_SOURCES) $(CONFIG_SOURCES) \
	runtime/init/plan.c runtime/guard/events_line.c runtime/guard/events_read.c $(WARDEN_SOURCES))) fuzzobj/config/catalogue_blob.o \
	fuzzobj/config/endpoint_blob.o
FUZZERS = $(patsubst $(top_srcdir)/tests/fuzz/%.c,fuzzobj/%,$(wildcard $(top_srcdir)/tests/fuzz/fuzz_*.c))

fuzzobj/%.o: %.c config.h
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(FUZZ_CC) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) -MMD -MP -c -o $@ $<
fuzzobj/%.o: %.S $(top_srcdir)/config/credentials.json config/catalogue.img $(top_srcdir)/config/suffixes.txt \
		$(top_srcdir)/config/endpoint_sets.tsv
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(FUZZ_CC) -I. -I$(top_srcdir) -c -o $@ $<
fuzzobj/fuzz_%: tests/fuzz/fuzz_%.c $(FUZZ_OBJECTS)
	$(AM_V_CCLD)$(FUZZ_CC) $(AM_CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer -o $@ $< $(FUZZ_OBJECTS) $(PF_DEP_LIBS)
fuzz: $(FUZZERS)
	$(SHELL) $(top_srcdir)/tests/fuzz/run.sh $(FUZZ_SECONDS) $(top_srcdir)/tests/fuzz $(FUZZERS)
-include $(FUZZ_OBJECTS:.o=.d)
.SECONDARY: $(FUZZ_OBJECTS)

.PHONY: check-bats check-attack check-engines check-tools fuzz

include $(top_srcdir)/tests/vm/local.mk
