# SPDX-License-Identifier: Apache-2.0
# What `pinfold audit' is made of; the sources lie in guard/.
RUNTIME_SOURCES += runtime/cmd_audit.c
GUARD_SOURCES += \
	runtime/guard/audit_all.c \
	runtime/guard/audit_collect.c \
	runtime/guard/audit_data.c \
	runtime/guard/audit_entries.c \
	runtime/guard/audit_json.c \
	runtime/guard/audit_judge.c \
	runtime/guard/audit_lists.c \
	runtime/guard/audit_map.c \
	runtime/guard/audit_markdown.c \
	runtime/guard/audit_mask.c \
	runtime/guard/audit_net.c \
	runtime/guard/audit_output.c \
	runtime/guard/audit_policy.c \
	runtime/guard/audit_print.c \
	runtime/guard/audit_privileges.c \
	runtime/guard/audit_process.c \
	runtime/guard/audit_rank.c \
	runtime/guard/audit_reach.c \
	runtime/guard/audit_redirect.c \
	runtime/guard/audit_sarif.c \
	runtime/guard/audit_table.c \
	runtime/guard/audit_targets.c
UNIT_TESTS += tests/unit/t_audit tests/unit/t_audit_policy tests/unit/t_audit_proc tests/unit/t_audit_report
EXTRA_DIST += tests/unit/audit_world.h $(wildcard $(top_srcdir)/tests/golden/audit/*)
