# SPDX-License-Identifier: Apache-2.0
# pinfold-warden, the resolver of a confined container. What reads and writes bytes touches no system, so it is also part
# of the library, for unit tests and fuzzers.
WARDEN_PURE = \
	runtime/warden/dns_answer.c \
	runtime/warden/dns_data.c \
	runtime/warden/dns_name.c \
	runtime/warden/dns_query.c \
	runtime/warden/dns_reply.c \
	runtime/warden/nametab.c \
	runtime/warden/nametab_judge.c
WARDEN_SOURCES = $(WARDEN_PURE) \
	runtime/warden/nametab_make.c
UNIT_TESTS += tests/unit/t_dns tests/unit/t_dns_answer tests/unit/t_nametab
