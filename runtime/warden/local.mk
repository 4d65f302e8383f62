# SPDX-License-Identifier: Apache-2.0
# pinfold-warden, the resolver of a confined container: a static program of the init's compiler, embedded like the init. What
# of it touches no system is also part of the library, for unit tests and fuzzers.
WARDEN_PURE = \
	runtime/warden/dns_answer.c \
	runtime/warden/dns_data.c \
	runtime/warden/dns_name.c \
	runtime/warden/dns_query.c \
	runtime/warden/dns_reply.c \
	runtime/warden/nametab.c \
	runtime/warden/nametab_judge.c \
	runtime/warden/plan.c \
	runtime/warden/resolvconf.c \
	runtime/warden/tell.c
WARDEN_SOURCES = $(WARDEN_PURE) \
	runtime/warden/nametab_make.c \
	runtime/warden/blob.S
UNIT_TESTS += tests/unit/t_dns tests/unit/t_dns_answer tests/unit/t_nametab tests/unit/t_warden_parts

# It reads what others wrote, so unlike the init it has a canary.
WARDEN_PROGRAM = $(WARDEN_PURE) \
	config/endpoint_ranges.c \
	base/sys.c \
	runtime/warden/answer.c \
	runtime/warden/asks.c \
	runtime/warden/clients.c \
	runtime/warden/jail.c \
	runtime/warden/main.c \
	runtime/warden/upstream.c
WARDEN_CFLAGS = $(filter-out -flto -fno-stack-protector,$(INIT_CFLAGS)) -fstack-protector-strong
WARDEN_OBJECTS = $(patsubst %.c,wardenobj/%.o,$(sort $(WARDEN_PROGRAM)))

wardenobj/%.o: %.c kinc.stamp config.h
	@$(MKDIR_P) $(@D)
	$(AM_V_CC)$(INIT_CC) $(INIT_CPPFLAGS) $(WARDEN_CFLAGS) -MMD -MP -c -o $@ $<
warden.bin: $(WARDEN_OBJECTS)
	$(AM_V_CCLD)$(INIT_CC) $(WARDEN_CFLAGS) $(filter-out -flto,$(INIT_LINK)) -o $@ $(WARDEN_OBJECTS)
-include $(WARDEN_OBJECTS:.o=.d)

# programs are embedded by .incbin, which no dependency scanner sees
runtime/warden/blob.$(OBJEXT): warden.bin
CLEANFILES += warden.bin
EXTRA_DIST += $(WARDEN_PROGRAM)
