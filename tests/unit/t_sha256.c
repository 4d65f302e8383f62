/* SPDX-License-Identifier: Apache-2.0 */
/* SHA-256 against the examples of the standard, and however the bytes are cut into pieces. */
#include <config.h>

#include <stdlib.h>

#include "base/sha256.h"
#include "tests/unit/tap.h"

static const char *hex_of(const void *data, size_t len)
{
	static char hex[SHA256_HEX + 1];
	struct sha256 s;

	sha256_init(&s);
	sha256_add(&s, data, len);
	sha256_hex(&s, hex);
	return hex;
}

static void the_examples_of_the_standard_hold(void)
{
	const char *two = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	CHECK_STR(hex_of("", 0),
		  "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	CHECK_STR(hex_of("abc", 3),
		  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	CHECK_STR(hex_of(two, strlen(two)),
		  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
}

static void a_million_bytes_hold(void)
{
	char *a = malloc(1000000);

	CHECK(a);
	if (!a)
		return;
	memset(a, 'a', 1000000);
	CHECK_STR(hex_of(a, 1000000),
		  "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
	free(a);
}

/* Around the length of a block the padding changes its form. */
static void pieces_give_what_the_whole_gives(void)
{
	unsigned char bytes[200];
	char whole[SHA256_HEX + 1], cut[SHA256_HEX + 1];
	bool same = true;

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (unsigned char)(i * 7);
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct sha256 s;

		snprintf(whole, sizeof(whole), "%s", hex_of(bytes, len));
		for (size_t at = 0; at <= len; at++) {
			sha256_init(&s);
			sha256_add(&s, bytes, at);
			sha256_add(&s, bytes + at, len - at);
			sha256_hex(&s, cut);
			same = same && strcmp(whole, cut) == 0;
		}
	}
	CHECK(same);
}

int main(void)
{
	RUN(the_examples_of_the_standard_hold);
	RUN(a_million_bytes_hold);
	RUN(pieces_give_what_the_whole_gives);
	return tap_done();
}
