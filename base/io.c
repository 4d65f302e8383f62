/* SPDX-License-Identifier: Apache-2.0 */
/* Reading with a bound, writing whole, and strings that grow. A file that others read is replaced, never edited. */
#include <config.h>

#include "base/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/cleanup.h"

int pf_read_all(int fd, size_t max, char **ret_text, size_t *ret_len, struct pf_error *e)
{
	size_t len = 0, cap = 4096;
	auto_free char *text = malloc(cap + 1);
	ssize_t n;

	if (!text)
		return pf_fail_sys(e, ENOMEM, "read");
	for (;;) {
		if (len == cap) {
			char *more = realloc(text, cap * 2 + 1);

			if (!more)
				return pf_fail_sys(e, ENOMEM, "read");
			text = more;
			cap *= 2;
		}
		n = read(fd, text + len, cap - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return pf_fail_sys(e, errno, "read");
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > max)
			return pf_fail(e, PF_ERR_CONFIG, EFBIG, "read: more than %zu bytes", max);
	}
	text[len] = '\0';
	*ret_text = pf_take_ptr(&text);
	if (ret_len)
		*ret_len = len;
	return 0;
}

int pf_read_file_at(int dirfd, const char *name, size_t max, char **ret_text, size_t *ret_len,
		    struct pf_error *e)
{
	auto_fd fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	struct stat st;
	int ret;

	if (fd < 0)
		return pf_fail_sys(e, errno, "open `%s'", name);
	if (fstat(fd, &st) < 0)
		return pf_fail_sys(e, errno, "stat `%s'", name);
	if (!S_ISREG(st.st_mode))
		return pf_fail(e, PF_ERR_CONFIG, 0, "`%s' is not a regular file", name);
	ret = pf_read_all(fd, max, ret_text, ret_len, e);
	return ret < 0 ? pf_wrap(e, "`%s'", name) : 0;
}

int pf_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len > 0) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

int pf_write_file_at(int dirfd, const char *name, const char *text)
{
	auto_fd fd = openat(dirfd, name, O_WRONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		return -errno;
	return 0;
}

int pf_replace_file_at(int dirfd, const char *name, const char *text, size_t len, mode_t mode,
		       struct pf_error *e)
{
	char tmp[280];
	int ret;

	snprintf(tmp, sizeof(tmp), ".%s.%d", name, (int)getpid());
	{
		auto_fd fd = openat(dirfd, tmp,
				    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode);

		if (fd < 0)
			return pf_fail_sys(e, errno, "create `%s'", tmp);
		ret = pf_write_all(fd, text, len);
	}
	if (ret == 0 && renameat(dirfd, tmp, dirfd, name) < 0)
		ret = -errno;
	if (ret < 0) {
		unlinkat(dirfd, tmp, 0);
		return pf_fail_sys(e, ret, "write `%s'", name);
	}
	return 0;
}

int pf_create_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		      struct pf_error *e)
{
	auto_fd fd =
		openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	int ret;

	if (fd < 0)
		return pf_fail_sys(e, errno, "create `%s'", name);
	ret = pf_write_all(fd, data, len);
	return ret < 0 ? pf_fail_sys(e, ret, "write `%s'", name) : 0;
}

/* Days since 1970 as a civil date: years run from March, so that the leap day is a year's last. */
static void civil(long days, long *year, long *month, long *day)
{
	long era, of_era, year_of_era, of_year, from_march;

	days += 719468; /* from 0000-03-01 */
	era = days / 146097;
	of_era = days % 146097;
	year_of_era = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
	of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	from_march = (5 * of_year + 2) / 153;
	*day = of_year - (153 * from_march + 2) / 5 + 1;
	*month = from_march < 10 ? from_march + 3 : from_march - 9;
	*year = year_of_era + era * 400 + (*month <= 2);
}

void pf_utc_now(char buf[PF_UTC_SIZE])
{
	long year, month, day, second;
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	civil(now.tv_sec / 86400, &year, &month, &day);
	second = now.tv_sec % 86400;
	snprintf(buf, PF_UTC_SIZE, "%04ld-%02ld-%02ldT%02ld:%02ld:%02ld.%09ldZ", year % 10000,
		 month, day, second / 3600, second / 60 % 60, second % 60, now.tv_nsec);
}

static bool buf_reserve(struct pf_buf *b, size_t more)
{
	size_t cap = b->cap ? b->cap : 256;
	char *data;

	if (b->failed)
		return false;
	if (b->len + more + 1 <= b->cap)
		return true;
	while (cap < b->len + more + 1)
		cap *= 2;
	data = realloc(b->data, cap);
	if (!data) {
		b->failed = true;
		return false;
	}
	b->data = data;
	b->cap = cap;
	return true;
}

void pf_buf_add(struct pf_buf *b, const void *data, size_t len)
{
	if (!buf_reserve(b, len))
		return;
	if (len > 0) /* nothing may come without an address */
		memcpy(b->data + b->len, data, len);
	b->len += len;
	b->data[b->len] = '\0';
}

void pf_buf_puts(struct pf_buf *b, const char *s)
{
	pf_buf_add(b, s, strlen(s));
}

void pf_buf_printf(struct pf_buf *b, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0 || !buf_reserve(b, (size_t)n))
		return;
	va_start(ap, fmt);
	vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
}

/* Length of the valid UTF-8 sequence at @s, 0 if it is not one. */
static size_t utf8_len(const unsigned char *s)
{
	size_t n = s[0] < 0x80 ? 1 : s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

	if (n == 1)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f) ||
	    (s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
		return 0;
	return n;
}

/*
 * What changes how a terminal shows the rest of a line, as a character above ASCII: the C1 controls, one of which begins
 * escape sequences, and the marks, embeddings and isolates of the writing direction. 0: none of them.
 */
static unsigned int invisible(const unsigned char *p, size_t n)
{
	unsigned int c;

	if (n == 2 && p[0] == 0xc2 && p[1] < 0xa0)
		return p[1];
	if (n == 2 && p[0] == 0xd8 && p[1] == 0x9c)
		return 0x61c;
	if (n != 3)
		return 0;
	c = (p[0] & 0x0fu) << 12 | (p[1] & 0x3fu) << 6 | (p[2] & 0x3fu);
	if ((c >= 0x200e && c <= 0x200f) || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069))
		return c;
	return 0;
}

void pf_buf_json(struct pf_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	pf_buf_puts(b, "\"");
	while (*p) {
		size_t n = utf8_len(p);

		if (n == 0)
			pf_buf_puts(b, "\\ufffd");
		else if (*p == '"' || *p == '\\')
			pf_buf_printf(b, "\\%c", *p);
		else if (*p == '\n')
			pf_buf_puts(b, "\\n");
		else if (*p < 0x20 || *p == 0x7f)
			pf_buf_printf(b, "\\u%04x", *p);
		else if (invisible(p, n))
			pf_buf_printf(b, "\\u%04x", invisible(p, n));
		else
			pf_buf_add(b, p, n);
		p += n ? n : 1;
	}
	pf_buf_puts(b, "\"");
}

void pf_buf_printable(struct pf_buf *b, const char *s)
{
	const unsigned char *p = (const unsigned char *)s;

	while (*p) {
		size_t n = utf8_len(p);

		if (n == 0 || *p < 0x20 || *p == 0x7f || invisible(p, n))
			for (size_t i = 0; i < (n ? n : 1); i++)
				pf_buf_printf(b, "\\x%02x", p[i]);
		else
			pf_buf_add(b, p, n);
		p += n ? n : 1;
	}
}

void pf_buf_free(struct pf_buf *b)
{
	free(b->data);
	*b = (struct pf_buf){ 0 };
}
