/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Texts of which the principal and the lifetime are read. The first two bytes of the input choose a kind of the embedded
 * catalogue, the rest is the text: as a file of that kind, as a file where signatures are found, as a public half.
 *
 * Whatever comes out may be shown: printable, bounded, nothing that a signature describes; and the same text tells the same.
 */
#include <config.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "config/principal_parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
	if (!ok)
		abort();
}

static void check(const struct catalogue *c, const struct credential_kind *k,
		  const struct credential_details *d)
{
	require(d->lifetime < CREDENTIAL_LIFETIME_COUNT_);
	require(d->expires >= 0);
	require(d->principal_len <= CREDENTIAL_PRINCIPAL_MAX);
	require(strlen(d->principal) == d->principal_len);
	require(d->principal_len == 0 ||
		credential_principal_is_public(c, k, d->principal, d->principal_len));
}

static void check_hits(const struct catalogue *c, const struct credential_kind *k, const char *text,
		       size_t len)
{
	struct catalogue_hit hits[16];
	size_t n = catalogue_scan(c, k, text, len, hits, ARRAY_SIZE(hits));

	for (size_t i = 0; i < n && i < ARRAY_SIZE(hits); i++) {
		struct credential_details d;

		credential_details_init(hits[i].kind, &d);
		credential_details_of_hit(c, hits[i].kind, text, len, &hits[i], &d);
		check(c, hits[i].kind, &d);
		/* what a file's own kind says of a generic token in it */
		credential_details_init(k, &d);
		credential_details_of_hit(c, k, text, len, &hits[i], &d);
		check(c, k, &d);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct catalogue c;
	struct pf_error e = PF_ERROR_INIT;
	struct credential_details d, again;
	const struct credential_kind *k;
	char *text;

	if (c.n_kinds == 0)
		require(catalogue_load(NULL, 0, &c, &e) == 0);
	if (size < 2)
		return 0;
	k = c.kinds[(data[0] | data[1] << 8) % c.n_kinds];
	size -= 2;
	text = malloc(size + 1); /* its own, so that one byte too far is seen */
	require(text);
	memcpy(text, data + 2, size);
	credential_details_init(k, &d);
	credential_details_of_file(&c, k, text, size, &d);
	check(&c, k, &d);
	credential_details_init(k, &again);
	credential_details_of_file(&c, k, text, size, &again);
	require(memcmp(&d, &again, sizeof(d)) == 0);
	credential_details_of_public_half(&c, k, text, size, &d);
	check(&c, k, &d);
	check_hits(&c, k, text, size);
	(void)principal_date((struct span){ text, size });
	free(text);
	return 0;
}
