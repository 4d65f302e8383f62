/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_SHA256_H
#define PF_BASE_SHA256_H

#include <stddef.h>
#include <stdint.h>

/* SHA-256 (FIPS 180-4). For chains of records: nothing here is secret, so nothing is wiped. */

enum { SHA256_BYTES = 32, SHA256_HEX = 64 };

struct sha256 {
	uint32_t h[8];
	uint64_t total; /* bytes so far */
	unsigned char block[64];
};

void sha256_init(struct sha256 *s);
void sha256_add(struct sha256 *s, const void *data, size_t len);
/** sha256_hex() - end it: lower-case hexadecimal and a NUL */
void sha256_hex(struct sha256 *s, char ret[SHA256_HEX + 1]);

#endif
