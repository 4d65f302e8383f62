/* SPDX-License-Identifier: Apache-2.0 */
/* The log. Every record is composed in one buffer and written with one write(2), so that lines of two processes that
 * share the file never mix. */
#include <config.h>

#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

static struct {
	int fd;
	enum pf_log_format format;
	enum pf_log_level min;
} sink = { STDERR_FILENO, PF_LOG_TEXT, PF_LOG_WARNING };

static const char *const level_names[] = {
	[PF_LOG_DEBUG] = "debug",
	[PF_LOG_INFO] = "info",
	[PF_LOG_WARNING] = "warning",
	[PF_LOG_ERROR] = "error",
};

_Static_assert(ARRAY_SIZE(level_names) == PF_LOG_LEVEL_COUNT_, "a name for each level");

int pf_log_open(const char *path, enum pf_log_format format, enum pf_log_level min,
		struct pf_error *e)
{
	int fd;

	sink.format = format;
	sink.min = min;
	if (!path)
		return 0;
	fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0)
		return pf_fail_sys(e, errno, "open log `%s'", path);
	sink.fd = fd;
	return 0;
}

bool pf_log_enabled(enum pf_log_level level)
{
	return level >= sink.min;
}

/* Appends @s with JSON's escapes; stops when the buffer is full. */
static size_t put_escaped(char *buf, size_t at, size_t size, const char *s)
{
	for (; *s && at + 8 < size; s++) {
		unsigned char c = (unsigned char)*s;

		if (c == '"' || c == '\\') {
			buf[at++] = '\\';
			buf[at++] = (char)c;
		} else if (c < 0x20 || c == 0x7f) {
			at += (size_t)snprintf(buf + at, size - at, "\\u%04x", c);
		} else {
			buf[at++] = (char)c;
		}
	}
	return at;
}

static size_t compose(char *buf, size_t size, enum pf_log_level level, const char *kind,
		      const char *msg)
{
	bool json = sink.format == PF_LOG_JSON;
	char stamp[PF_UTC_SIZE];
	size_t at;

	pf_utc_now(stamp);
	if (json)
		at = (size_t)snprintf(
			buf, size, "{\"level\":\"%s\",\"time\":\"%s\",\"kind\":\"%s\",\"msg\":\"",
			level_names[level], stamp, kind);
	else
		at = (size_t)snprintf(buf, size, "time=\"%s\" level=%s msg=\"", stamp,
				      level_names[level]);
	at = put_escaped(buf, at, size - 4, msg);
	at += (size_t)snprintf(buf + at, size - at, json ? "\"}\n" : "\"\n");
	return at;
}

static void emit(int fd, const char *buf, size_t len)
{
	/* Nobody can be told that the log failed; the exit status still says it. */
	if (write(fd, buf, len) < 0)
		return;
}

void pf_log(enum pf_log_level level, const char *fmt, ...)
{
	char msg[2048], line[6144];
	va_list ap;

	if (!pf_log_enabled(level))
		return;
	va_start(ap, fmt);
	vsnprintf(msg, sizeof(msg), fmt, ap);
	va_end(ap);
	emit(sink.fd, line, compose(line, sizeof(line), level, "log", msg));
}

void pf_log_error(const struct pf_error *e)
{
	char line[6144], plain[600];
	int n;

	if (sink.fd != STDERR_FILENO || sink.format == PF_LOG_JSON)
		emit(sink.fd, line,
		     compose(line, sizeof(line), PF_LOG_ERROR, pf_err_kind_name(e->kind), e->msg));
	if (sink.fd == STDERR_FILENO && sink.format == PF_LOG_JSON)
		return;
	n = snprintf(plain, sizeof(plain), "pinfold: %s\n", e->msg);
	if (n > 0)
		emit(STDERR_FILENO, plain, (size_t)n);
}
