/* SPDX-License-Identifier: Apache-2.0 */
/*
 * snprintf(3) and vsnprintf(3) of the init: the conversions that its messages use and no others. They stand in for libc's,
 * whose floating point and locale would be a third of the program that every container's start copies and maps.
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct out {
	char *buf;
	size_t size, len; /* len: what would have been written */
};

static void put(struct out *o, const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++, o->len++)
		if (o->len + 1 < o->size)
			o->buf[o->len] = s[i];
}

static void put_number(struct out *o, uint64_t v, unsigned int base, int negative)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = "0123456789abcdef"[v % base];
		v /= base;
	} while (v);
	if (negative)
		digits[--at] = '-';
	put(o, digits + at, sizeof(digits) - at);
}

/* Precision of "%.*s" and "%.64s"; SIZE_MAX: none. */
static size_t precision(const char **f, va_list *ap)
{
	size_t n = 0;

	if (**f != '.')
		return SIZE_MAX;
	++*f;
	if (**f == '*') {
		int given = va_arg(*ap, int);

		++*f;
		return given < 0 ? SIZE_MAX : (size_t)given;
	}
	for (; **f >= '0' && **f <= '9'; ++*f)
		n = n * 10 + (size_t)(**f - '0');
	return n;
}

static void put_integer(struct out *o, char kind, int size, va_list *ap)
{
	int64_t v;

	if (kind == 'd') {
		v = size > 0 ? va_arg(*ap, long long) : va_arg(*ap, int);
		put_number(o, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10, v < 0);
		return;
	}
	put_number(o, size > 0 ? va_arg(*ap, unsigned long long) : va_arg(*ap, unsigned int),
		   kind == 'x'   ? 16
		   : kind == 'o' ? 8
				 : 10,
		   0);
}

static void convert(struct out *o, const char **f, va_list *ap)
{
	size_t max = precision(f, ap);
	int size = 0;
	const char *s;
	char c;

	/* long, long long and size_t are passed alike on the 64-bit machines that this is built for */
	for (; **f == 'l' || **f == 'z'; ++*f)
		size++;
	_Static_assert(sizeof(long) == sizeof(long long) && sizeof(size_t) == sizeof(long long),
		       "64 bits");
	switch (**f) {
	case 's':
		s = va_arg(*ap, const char *);
		put(o, s ? s : "(null)", strnlen(s ? s : "(null)", max));
		return;
	case 'c':
		c = (char)va_arg(*ap, int);
		put(o, &c, 1);
		return;
	case 'd':
	case 'u':
	case 'x':
	case 'o':
		put_integer(o, **f, size, ap);
		return;
	default: /* also "%%" */
		put(o, *f, 1);
	}
}

int vsnprintf(char *buf, size_t size, const char *format, va_list ap)
{
	struct out o = { buf, size, 0 };
	va_list copy;

	va_copy(copy, ap);
	for (const char *f = format; *f; f++) {
		if (*f != '%') {
			put(&o, f, 1);
			continue;
		}
		f++;
		convert(&o, &f, &copy);
	}
	va_end(copy);
	if (size > 0)
		buf[o.len < size ? o.len : size - 1] = '\0';
	return (int)o.len;
}

int snprintf(char *buf, size_t size, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf, size, format, ap);
	va_end(ap);
	return n;
}
