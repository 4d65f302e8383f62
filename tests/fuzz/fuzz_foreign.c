/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A record of another runtime from anybody. The first byte says which file it claims to be. Beside not crashing: a
 * process that is named could be one, and every text that is kept ends.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "config/foreign.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pf_error e = PF_ERROR_INIT;
	struct foreign_state s;

	if (size == 0)
		return 0;
	if (foreign_state_parse((const char *)data + 1, size - 1, data[0] & 1, &s, &e) < 0) {
		require(e.kind != PF_ERR_NONE && e.msg[0]);
		return 0;
	}
	require(s.pid == 0 || s.pid > 1);
	require(!s.bundle || s.bundle[0] == '/');
	require(!s.rootfs || s.rootfs[0] == '/');
	require(!s.id || s.id[0]);
	for (size_t i = 0; i < s.annotations.n; i++)
		require(strlen(s.annotations.v[i].key) + strlen(s.annotations.v[i].value) < size);
	foreign_state_free(&s);
	return 0;
}
