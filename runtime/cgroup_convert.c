/* SPDX-License-Identifier: Apache-2.0 */
/* The specification speaks cgroup v1's numbers. Here they become those of v2 and of systemd. Pure. */
#include <config.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "runtime/cgroup_internal.h"

/* log2 of x >= 1 by squaring, bit by bit: libm would be one more library for every start of ours to link. */
static double log2_of(double x)
{
	double result = 0, bit = 1;

	for (; x >= 2; x /= 2)
		result += 1;
	for (int i = 0; i < 48; i++) {
		x *= x;
		bit /= 2;
		if (x >= 2) {
			x /= 2;
			result += bit;
		}
	}
	return result;
}

static double pow10_of(double x)
{
	double natural = x * 2.302585092994045684, term = 1, sum = 1;

	/* 0 <= natural < 10: after 64 terms nothing is added that a double can hold */
	for (int i = 1; i < 64; i++) {
		term *= natural / i;
		sum += term;
	}
	return sum;
}

/*
 * Both have a default that most groups keep: 1024 shares and weight 100. A straight line from 2..262144 to 1..10000 would
 * put 1024 at 39 and so give a container less than half of what a service beside it gets. This curve meets the two ends
 * and both defaults; the other runtimes use the same one.
 */
uint64_t cgroup_shares_to_weight(uint64_t shares)
{
	double l, weight;

	if (shares <= 2)
		return 1;
	if (shares >= 262144)
		return 10000;
	l = log2_of((double)shares);
	weight = pow10_of((l * l + 125 * l) / 612.0 - 7.0 / 34.0);
	/* rounded up, but not for what the arithmetic added behind the ninth digit */
	return (uint64_t)(weight - 1e-9) + 1;
}

uint64_t cgroup_blkio_to_io_weight(uint64_t weight)
{
	if (weight <= 10)
		return 1;
	if (weight >= 1000)
		return 10000;
	return 1 + (weight - 10) * 9999 / 990;
}

int cgroup_swap_to_v2(int64_t swap, int64_t memory, int64_t *ret)
{
	if (swap < 0) {
		*ret = -1;
		return 0;
	}
	if (memory < 0) { /* no limit to be part of: the number stands for swap alone */
		*ret = swap;
		return 0;
	}
	if (memory == 0 || swap < memory)
		return -EINVAL;
	*ret = swap - memory;
	return 0;
}

uint64_t cgroup_quota_to_systemd(int64_t quota_us, uint64_t period_us)
{
	uint64_t per_second;

	if (quota_us <= 0)
		return UINT64_MAX;
	if (period_us == 0)
		period_us = 100000;
	per_second = (uint64_t)((unsigned __int128)(uint64_t)quota_us * 1000000 / period_us);
	/* systemd cuts to whole per cents: rounded up, so that the group never gets less than was asked for */
	return (per_second + 9999) / 10000 * 10000;
}

int cgroup_cpuset_to_mask(const char *list, uint8_t *mask, size_t size, size_t *len)
{
	size_t used = 0;

	memset(mask, 0, size);
	while (*list) {
		char *end;
		unsigned long first, last;

		errno = 0;
		if (*list < '0' || *list > '9')
			return -EINVAL;
		first = last = strtoul(list, &end, 10);
		if (*end == '-') {
			if (end[1] < '0' || end[1] > '9')
				return -EINVAL;
			last = strtoul(end + 1, &end, 10);
		}
		if (errno || last < first || last >= size * 8)
			return -EINVAL;
		for (unsigned long i = first; i <= last; i++)
			mask[i / 8] = (uint8_t)(mask[i / 8] | 1u << i % 8);
		if (last / 8 + 1 > used)
			used = last / 8 + 1;
		if (*end != ',' && *end != '\0')
			return -EINVAL;
		list = end + (*end == ',');
	}
	*len = used;
	return used ? 0 : -EINVAL;
}
