/* SPDX-License-Identifier: Apache-2.0 */
/* The reader's side of the warden's plan. */
#include <config.h>

#include "runtime/warden/plan.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>

static bool is_fd(int32_t fd)
{
	return fd == -1 || fd > WARDEN_PLAN_FD;
}

int warden_plan_check(const struct warden_plan *p, size_t size)
{
	const char *text = (const char *)p;

	if (size < sizeof(*p) || size > WARDEN_PLAN_MAX || p->magic != WARDEN_PLAN_MAGIC ||
	    p->size != size)
		return -EINVAL;
	for (int i = 0; i < WARDEN_LISTENERS; i++)
		if (!is_fd(p->udp[i]) || !is_fd(p->tcp[i]))
			return -EINVAL;
	if (p->names_fd <= WARDEN_PLAN_FD || !is_fd(p->resolv_fd) || !is_fd(p->event_fd) ||
	    !is_fd(p->learn_fd) || !is_fd(p->life_fd))
		return -EINVAL;
	if (p->resolv_text != 0 && (p->resolv_text < sizeof(*p) || p->resolv_text >= size ||
				    !memchr(text + p->resolv_text, '\0', size - p->resolv_text)))
		return -EINVAL;
	if (p->attempt_ms < 1 || p->attempt_ms > 60000 || p->attempts < 1 || p->attempts > 16 ||
	    p->upstream_port == 0)
		return -EINVAL;
	return 0;
}
