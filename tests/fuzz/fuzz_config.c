/* SPDX-License-Identifier: Apache-2.0 */
/*
 * config.json from anybody: the three readers of the OCI parts take any bytes, answer with a struct or with an error of
 * one line, and leave nothing behind.
 */
#include <config.h>

#include <stdlib.h>
#include <string.h>

#include "config/oci.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool what)
{
	if (!what)
		abort();
}

static void check_error(const struct pf_error *e)
{
	must(e->kind == PF_ERR_CONFIG);
	must(e->msg[0] != '\0' && memchr(e->msg, '\0', sizeof(e->msg)) != NULL);
	must(strchr(e->msg, '\n') == NULL);
}

/* What the plan takes for granted. */
static void check_config(const struct oci_config *c)
{
	size_t i;

	must(c->root_path && c->root_path[0]);
	must(!c->process.present || (c->process.args.n > 0 && c->process.cwd[0] == '/'));
	for (i = 0; i < c->n_mounts; i++) {
		must(c->mounts[i].destination[0] == '/');
		must(c->mounts[i].type != NULL);
		must(c->mounts[i].kind != OCI_FS_BIND || c->mounts[i].source[0]);
	}
	for (i = 0; i < c->linux_.sysctl.n; i++)
		must(!strstr(c->linux_.sysctl.v[i].key, ".."));
	for (i = 0; i < c->linux_.n_devices; i++)
		must(c->linux_.devices[i].path[0] == '/' && c->linux_.devices[i].mode <= 07777);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pf_error e = PF_ERROR_INIT;
	struct oci_config config;

	if (oci_config_parse((const char *)data, size, &config, &e) == 0) {
		check_config(&config);
		oci_config_free(&config);
	} else {
		check_error(&e);
	}
	if (oci_process_parse((const char *)data, size, &config, &e) == 0)
		oci_config_free(&config);
	else
		check_error(&e);
	if (oci_resources_parse((const char *)data, size, &config, &e) == 0)
		oci_config_free(&config);
	else
		check_error(&e);
	return 0;
}
