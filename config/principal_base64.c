/* SPDX-License-Identifier: Apache-2.0 */
/* Base64 as it is met in files: either alphabet, wrapped, inside of JSON strings, with padding or without. */
#include <config.h>

#include "config/principal_parts.h"

static int digit(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	if (c == '+' || c == '-')
		return 62;
	return c == '/' || c == '_' ? 63 : -1;
}

/* How many bytes at @at are no more than a line's end or blanks. */
static size_t gap(struct span s, size_t at)
{
	char c = s.v[at];

	if (c == '\n' || c == '\r' || c == ' ' || c == '\t')
		return 1;
	if (c == '\\' && at + 1 < s.len && (s.v[at + 1] == 'n' || s.v[at + 1] == 'r'))
		return 2;
	return 0;
}

size_t principal_base64(struct span s, unsigned char *ret, size_t max)
{
	unsigned int bits = 0, n_bits = 0;
	size_t n = 0;

	for (size_t at = 0; at < s.len && n < max;) {
		size_t skip = gap(s, at);
		int d = digit(s.v[at]);

		if (skip > 0) {
			at += skip;
			continue;
		}
		if (d < 0)
			break;
		bits = (bits << 6 | (unsigned int)d) & 0xfff;
		n_bits += 6;
		if (n_bits >= 8) {
			n_bits -= 8;
			ret[n++] = (unsigned char)(bits >> n_bits);
		}
		at++;
	}
	return n;
}
