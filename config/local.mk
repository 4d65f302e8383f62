# SPDX-License-Identifier: Apache-2.0
CONFIG_SOURCES = \
	config/compat.c \
	config/envrules.c \
	config/envrules_build.c \
	config/envrules_options.c \
	config/envrules_places.c \
	config/envrules_table.c \
	config/envrules_values.c \
	config/fields.c \
	config/oci.c \
	config/oci_env.c \
	config/oci_linux.c \
	config/oci_mount.c \
	config/oci_names.c \
	config/oci_process.c \
	config/oci_resources.c \
	config/oci_seccomp.c \
	config/oci_sysctl.c
CONFIG_SOURCES += \
	config/policy.c \
	config/policy_annotations.c \
	config/policy_bound.c \
	config/policy_check.c \
	config/policy_credentials.c \
	config/policy_gather.c \
	config/policy_globs.c \
	config/policy_judge.c \
	config/policy_keys.c \
	config/policy_node.c \
	config/policy_value.c \
	config/profile.c \
	config/redirects.c
UNIT_TESTS += tests/unit/t_oci tests/unit/t_oci_linux tests/unit/t_oci_mount tests/unit/t_oci_compat \
	tests/unit/t_policy tests/unit/t_policy_parts
UNIT_TESTS += tests/unit/t_policy_globs
UNIT_TESTS += tests/unit/t_redirects
CONFIG_SOURCES += \
	config/catalogue.c \
	config/catalogue_allow.c \
	config/catalogue_blob.S \
	config/catalogue_builtin.c \
	config/catalogue_fake.c \
	config/catalogue_fields.c \
	config/catalogue_find.c \
	config/catalogue_index.c \
	config/catalogue_paths.c \
	config/catalogue_print.c \
	config/catalogue_read.c \
	config/catalogue_scan.c \
	config/catalogue_walk.c \
	config/catalogue_words.c
UNIT_TESTS += tests/unit/t_catalogue tests/unit/t_catalogue_allow tests/unit/t_catalogue_data tests/unit/t_catalogue_walk \
	tests/unit/t_catalogue_names tests/unit/t_catalogue_image tests/unit/t_catalogue_fake

# The kinds of credentials are embedded, by .incbin, which no dependency scanner sees; the file is installed to be read.
config/catalogue_blob.$(OBJEXT): $(top_srcdir)/config/credentials.json config/catalogue.img
dist_pkgdata_DATA = config/credentials.json
EXTRA_DIST += $(wildcard $(top_srcdir)/tests/golden/credentials/*)

# What reading that file comes to, made by a program of the same structs. A program for another machine cannot run here
# and reads the file itself.
EXTRA_PROGRAMS = config/pack-catalogue
config_pack_catalogue_SOURCES = config/catalogue_pack.c config/catalogue.c config/catalogue_fake.c config/catalogue_fields.c \
	config/catalogue_find.c config/catalogue_index.c config/catalogue_paths.c config/catalogue_read.c \
	config/catalogue_walk.c config/catalogue_words.c base/error.c base/io.c base/json.c base/json_parse.c
config_pack_catalogue_LDADD = $(PF_DEP_LIBS)
if CROSS_COMPILING
config/catalogue.img:
	@$(MKDIR_P) config
	$(AM_V_GEN): >$@
else
config/catalogue.img: config/pack-catalogue$(EXEEXT) $(top_srcdir)/config/credentials.json
	$(AM_V_GEN)config/pack-catalogue$(EXEEXT) $(top_srcdir)/config/credentials.json >$@.tmp && mv $@.tmp $@
endif
CLEANFILES += config/catalogue.img config/catalogue.img.tmp config/pack-catalogue$(EXEEXT)
UNIT_TESTS += tests/unit/t_envrules
EXTRA_DIST += $(wildcard $(top_srcdir)/tests/golden/env/*)
CONFIG_SOURCES += config/principal.c config/principal_base64.c config/principal_dates.c config/principal_der.c \
	config/principal_fields.c config/principal_jwt.c config/principal_keys.c config/principal_userinfo.c
UNIT_TESTS += tests/unit/t_principal
CONFIG_SOURCES += config/foreign.c
UNIT_TESTS += tests/unit/t_foreign
CONFIG_SOURCES += \
	config/endpoint.c \
	config/endpoint_address.c \
	config/endpoint_blob.S \
	config/endpoint_covers.c \
	config/endpoint_name.c \
	config/endpoint_print.c \
	config/endpoint_punycode.c \
	config/endpoint_ranges.c \
	config/endpoint_sets.c \
	config/endpoint_suffixes.c
CONFIG_SOURCES += config/policy_endpoints.c
UNIT_TESTS += tests/unit/t_endpoint tests/unit/t_endpoint_sets
config/endpoint_blob.$(OBJEXT): $(top_srcdir)/config/suffixes.txt $(top_srcdir)/config/endpoint_sets.tsv
EXTRA_DIST += config/suffixes.txt config/endpoint_sets.tsv
