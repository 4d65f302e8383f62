/* SPDX-License-Identifier: Apache-2.0 */
/* Errors as plain data. Nothing here allocates, so an error can always be reported. Compiled into both programs. */
#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Messages travel in logs of one line: a newline in a value must not start a second one. */
static void flatten(char *s)
{
	for (; *s; s++)
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			*s = '?';
}

const char *pf_errno_text(int err)
{
	static char text[128]; /* neither program has threads */

	snprintf(text, sizeof(text), "%s", strerror(err));
	text[0] = (char)tolower((unsigned char)text[0]);
	return text;
}

__attribute__((format(printf, 4, 0))) static int vfail(struct pf_error *e, enum pf_err_kind kind,
						       int err, const char *fmt, va_list ap)
{
	int n;

	if (err < 0)
		err = -err;
	e->kind = kind;
	e->err = err;
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	if (n >= 0 && (size_t)n < sizeof(e->msg) && err > 0)
		snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", pf_errno_text(err));
	flatten(e->msg);
	return err > 0 ? -err : -EINVAL;
}

int pf_fail(struct pf_error *e, enum pf_err_kind kind, int err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vfail(e, kind, err, fmt, ap);
	va_end(ap);
	return ret;
}

int pf_fail_sys(struct pf_error *e, int err, const char *fmt, ...)
{
	va_list ap;
	int ret;

	va_start(ap, fmt);
	ret = vfail(e, PF_ERR_SYS, err, fmt, ap);
	va_end(ap);
	return ret;
}

int pf_wrap(struct pf_error *e, const char *fmt, ...)
{
	char old[sizeof(e->msg)];
	va_list ap;
	int n;

	memcpy(old, e->msg, sizeof(old));
	va_start(ap, fmt);
	n = vsnprintf(e->msg, sizeof(e->msg), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(e->msg))
		snprintf(e->msg + n, sizeof(e->msg) - (size_t)n, ": %s", old);
	flatten(e->msg);
	return e->err > 0 ? -e->err : -EINVAL;
}

const char *pf_err_kind_name(enum pf_err_kind kind)
{
	switch (kind) {
	case PF_ERR_NONE:
		return "none";
	case PF_ERR_CONFIG:
		return "config";
	case PF_ERR_POLICY:
		return "policy";
	case PF_ERR_HOST:
		return "host";
	case PF_ERR_SYS:
		return "sys";
	case PF_ERR_BUG:
	case PF_ERR_KIND_COUNT_:
		break;
	}
	return "bug";
}

int pf_err_exit_status(enum pf_err_kind kind)
{
	switch (kind) {
	case PF_ERR_NONE:
		return 0;
	case PF_ERR_CONFIG:
		return 2;
	case PF_ERR_POLICY:
		return 3;
	case PF_ERR_HOST:
		return 4;
	case PF_ERR_SYS:
		return 1;
	case PF_ERR_BUG:
	case PF_ERR_KIND_COUNT_:
		break;
	}
	return 70;
}
