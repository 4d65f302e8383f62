/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and OpenSSH keys: binary forms with lengths in them. The first byte chooses between them; a key is put
 * into its base64 and lines, as it lies in files.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/io.h"
#include "config/principal_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check_certificate(const uint8_t *data, size_t size)
{
	struct certificate cert;
	unsigned char *der = malloc(size + 1);

	require(der);
	memcpy(der, data, size);
	if (principal_certificate(der, size, &cert)) {
		require(cert.not_after >= 0);
		require(strlen(cert.subject) < sizeof(cert.subject));
	}
	free(der);
}

static void put_base64(struct pf_buf *b, const uint8_t *data, size_t size)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < size; i += 3) {
		unsigned int v = (unsigned int)data[i] << 16;

		v |= i + 1 < size ? (unsigned int)data[i + 1] << 8 : 0;
		v |= i + 2 < size ? data[i + 2] : 0;
		for (int shift = 18; shift >= 0; shift -= 6)
			pf_buf_add(b, &digits[v >> shift & 63], 1);
	}
}

static void check_key(const struct catalogue *c, const uint8_t *data, size_t size)
{
	const struct credential_kind *k = catalogue_find(c, "ssh-key");
	struct credential_details d;
	auto_buf b = { 0 };

	pf_buf_puts(&b, "-----BEGIN OPENSSH PRIVATE KEY"
			"-----\n");
	put_base64(&b, (const uint8_t *)"openssh-key-v1\0", 15);
	put_base64(&b, data, size);
	require(!b.failed);
	credential_details_init(k, &d);
	credential_details_of_file(c, k, b.data, b.len, &d);
	require(d.principal_len == 0 ||
		credential_principal_is_public(c, k, d.principal, d.principal_len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalogue c;
	struct pf_error e = PF_ERROR_INIT;

	if (c.n_kinds == 0)
		require(catalogue_load(NULL, 0, &c, &e) == 0);
	if (size == 0)
		return 0;
	if (data[0] & 1)
		check_key(&c, data + 1, size - 1);
	else
		check_certificate(data + 1, size - 1);
	return 0;
}
