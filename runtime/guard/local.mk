# SPDX-License-Identifier: Apache-2.0
GUARD_SOURCES =
GUARD_SOURCES += runtime/guard/events.c runtime/guard/events_home.c runtime/guard/events_line.c runtime/guard/events_read.c runtime/guard/events_tell.c
GUARD_SOURCES += runtime/guard/catalogue_load.c runtime/guard/policy_load.c
GUARD_SOURCES += runtime/guard/env_report.c
GUARD_SOURCES += runtime/guard/inventory.c runtime/guard/mask.c runtime/guard/mountinfo.c runtime/guard/view.c runtime/guard/view_bundle.c runtime/guard/view_user.c
GUARD_SOURCES += runtime/guard/scan_names.c runtime/guard/scan_values.c
GUARD_SOURCES += runtime/guard/credentials.c runtime/guard/credentials_report.c runtime/guard/credentials_tree.c runtime/guard/credentials_verdict.c
GUARD_SOURCES += runtime/guard/names_links.c runtime/guard/names_pointers.c runtime/guard/names_walk.c
GUARD_SOURCES += \
	runtime/guard/confine_alias.c \
	runtime/guard/confine_bound.c \
	runtime/guard/confine_check.c \
	runtime/guard/confine_covers.c \
	runtime/guard/confine_explain.c \
	runtime/guard/confine_globs.c \
	runtime/guard/confine_hide.c \
	runtime/guard/confine_home.c \
	runtime/guard/confine_json.c \
	runtime/guard/confine_mounts.c \
	runtime/guard/confine_network.c \
	runtime/guard/confine_noexec.c \
	runtime/guard/confine_posture.c \
	runtime/guard/confine_protect.c \
	runtime/guard/confine_resolve.c \
	runtime/guard/confine_rules.c \
	runtime/guard/confine_seal.c \
	runtime/guard/confine_system.c \
	runtime/guard/confine_tell.c \
	runtime/guard/confine_tokens.c \
	runtime/guard/confine_tree.c \
	runtime/guard/confine_util.c \
	runtime/guard/confine_walk.c \
	runtime/guard/posture.c
GUARD_SOURCES += runtime/guard/confine_void.c
UNIT_TESTS += tests/unit/t_inventory tests/unit/t_view
UNIT_TESTS += tests/unit/t_credentials tests/unit/t_credentials_box
UNIT_TESTS += tests/unit/t_confine_covers tests/unit/t_confine_hide tests/unit/t_confine_protect
UNIT_TESTS += tests/unit/t_scan_hostile tests/unit/t_scan_names tests/unit/t_scan_values
UNIT_TESTS += tests/unit/t_confine tests/unit/t_confine_check tests/unit/t_confine_mounts tests/unit/t_confine_rules tests/unit/t_confine_tree
EXTRA_DIST += tests/unit/confine_box.h tests/unit/scan_tree.h $(wildcard $(top_srcdir)/tests/golden/explain/*)
GUARD_SOURCES += \
	runtime/guard/scan_beside.c \
	runtime/guard/scan_child.c \
	runtime/guard/scan_deep.c \
	runtime/guard/scan_jail.c \
	runtime/guard/scan_lines.c \
	runtime/guard/scan_open.c \
	runtime/guard/scan_reader.c \
	runtime/guard/scan_results.c \
	runtime/guard/scan_test.c \
	runtime/guard/scan_walk.c \
	runtime/guard/scan_walk_file.c \
	runtime/guard/scan_walk_parts.c
UNIT_TESTS += tests/unit/t_scan_deep tests/unit/t_deep_hostile
if ENABLE_TEST_HOOKS
UNIT_TESTS += tests/unit/t_scan_jail
endif
EXTRA_DIST += tests/unit/credentials_box.h tests/unit/scan_box.h
