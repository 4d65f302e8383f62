/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What records hold. A type has a fixed part and then, perhaps, a name and something behind it; whatever does not read so
 * to its last byte is left out.
 *
 * HTTPS and SVCB (RFC 9460) tell a client how to begin. Of their parameters only those are kept that say which protocol
 * and which port. `ech' would let a client hide the name that is looked for in its handshake; the hints are addresses that
 * no answer of ours has opened. What is not known is not handed on, and if the record says that one must understand it,
 * nor is the record.
 */
#include <config.h>

#include <string.h>

#include "base/cleanup.h"
#include "runtime/warden/dns_parts.h"

enum rest {
	REST_NONE,
	REST_STRINGS, /* each with its length in front */
	REST_PARAMS,
};

struct layout {
	uint16_t type;
	uint8_t fixed; /* bytes */
	bool is_address, has_name;
	enum rest rest;
};

/* clang-format off */
static const struct layout layouts[] = {
	{ DNS_A,	4,	true,	false,	REST_NONE },
	{ DNS_AAAA,	16,	true,	false,	REST_NONE },
	{ DNS_CNAME,	0,	false,	true,	REST_NONE },
	{ DNS_MX,	2,	false,	true,	REST_NONE },
	{ DNS_SRV,	6,	false,	true,	REST_NONE },
	{ DNS_TXT,	0,	false,	false,	REST_STRINGS },
	{ DNS_SVCB,	2,	false,	true,	REST_PARAMS },
	{ DNS_HTTPS,	2,	false,	true,	REST_PARAMS },
};
/* clang-format on */

enum param {
	PARAM_MANDATORY,
	PARAM_ALPN,
	PARAM_NO_DEFAULT_ALPN,
	PARAM_PORT,
	PARAM_IPV4_HINT,
	PARAM_ECH,
	PARAM_IPV6_HINT,
};

static const struct layout *layout_of(uint16_t type)
{
	for (size_t i = 0; i < ARRAY_SIZE(layouts); i++)
		if (layouts[i].type == type)
			return &layouts[i];
	return NULL;
}

bool dns_type_is_known(uint16_t type)
{
	return layout_of(type) != NULL;
}

static bool copy_strings(struct dns_in *in, struct dns_out *out)
{
	if (in->at == in->len)
		return false;
	while (in->at < in->len) {
		size_t n = in->data[in->at] + 1u;
		const uint8_t *p;

		if (!dns_take(in, n, &p))
			return false;
		dns_put(out, p, n);
	}
	return true;
}

/* What must be understood, without what is left out. */
static bool copy_mandatory(const uint8_t *keys, size_t len, struct dns_out *out)
{
	uint8_t kept[2 * (PARAM_PORT + 1)];
	size_t n = 0;
	int last = PARAM_MANDATORY;

	if (len == 0 || len % 2 != 0)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		uint16_t key = dns_get16(keys + i);

		if (key <= last || key > PARAM_IPV6_HINT)
			return false;
		last = key;
		if (key > PARAM_PORT)
			continue;
		memcpy(kept + n, keys + i, 2);
		n += 2;
	}
	if (n == 0)
		return true;
	dns_put16(out, PARAM_MANDATORY);
	dns_put16(out, (unsigned int)n);
	dns_put(out, kept, n);
	return true;
}

static bool copy_params(struct dns_in *in, struct dns_out *out)
{
	int last = -1;

	while (in->at < in->len) {
		const uint8_t *value;
		uint16_t key, len;

		if (!dns_take16(in, &key) || !dns_take16(in, &len) || key <= last ||
		    !dns_take(in, len, &value))
			return false;
		last = key;
		if (key == PARAM_MANDATORY) {
			if (!copy_mandatory(value, len, out))
				return false;
		} else if (key <= PARAM_PORT) {
			dns_put16(out, key);
			dns_put16(out, len);
			dns_put(out, value, len);
		}
	}
	return true;
}

static bool address_passes(const struct dns_rr *rr, const uint8_t *data,
			   const struct dns_judge *judge)
{
	uint8_t addr[16] = { [10] = 0xff, [11] = 0xff };

	if (rr->type == DNS_A)
		memcpy(addr + 12, data, 4);
	else
		memcpy(addr, data, 16);
	return judge->address(judge->arg, addr);
}

/* Where HTTPS and SVCB send a client on to, it would not get unless the list has that name; without the record it begins
 * as it always did. "" is the owner itself. */
static bool target_passes(const struct dns_rr *rr, const char *target,
			  const struct dns_judge *judge)
{
	return target[0] == '\0' || strcmp(target, rr->owner) == 0 ||
	       judge->name(judge->arg, target);
}

static bool copy_name(struct dns_in *in, const struct layout *l, const struct dns_rr *rr,
		      char name[DNS_NAME_MAX + 1], struct dns_out *out)
{
	/* an odd one has no text: it must not be taken for the root */
	if (dns_take_name(in, l->rest != REST_PARAMS, name) != DNS_NAME_GOOD ||
	    in->at > rr->data + rr->len)
		return false;
	dns_put_name(out, name);
	return true;
}

bool dns_data_copy(const struct dns_in *message, const struct dns_rr *rr,
		   const struct dns_judge *judge, unsigned int *dropped, struct dns_out *out)
{
	/* its end is the record's: only pointers lead elsewhere, and they lead back */
	struct dns_in in = { .data = message->data, .len = rr->data + rr->len, .at = rr->data };
	const struct layout *l = layout_of(rr->type);
	char name[DNS_NAME_MAX + 1];
	const uint8_t *fixed;

	if (!l || !dns_take(&in, l->fixed, &fixed))
		return false;
	dns_put(out, fixed, l->fixed);
	if (l->has_name && !copy_name(&in, l, rr, name, out))
		return false;
	/* priority 0: an alias, and what stands behind is of no meaning */
	if (l->rest == REST_PARAMS && dns_get16(fixed) == 0)
		in.at = in.len;
	if ((l->rest == REST_STRINGS && !copy_strings(&in, out)) ||
	    (l->rest == REST_PARAMS && !copy_params(&in, out)) || in.at != in.len)
		return false;
	if ((l->is_address && !address_passes(rr, fixed, judge)) ||
	    (l->rest == REST_PARAMS && !target_passes(rr, name, judge))) {
		++*dropped;
		return false;
	}
	return !out->is_full;
}
