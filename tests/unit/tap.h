/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_TESTS_UNIT_TAP_H
#define PF_TESTS_UNIT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/*
 * TAP for the unit tests. Every CHECK is one numbered line; a failed one says what was got, what was wanted and where,
 * and the test goes on. Arguments are evaluated once.
 *
 *	int main(void)
 *	{
 *		RUN(two_equal_keys_are_refused);
 *		return tap_done();
 *	}
 */

static int tap_count, tap_failed;
static const char *tap_test = "";

static inline bool tap_line(bool ok, const char *what)
{
	tap_count++;
	if (ok) {
		printf("ok %d - %s: %s\n", tap_count, tap_test, what);
		return true;
	}
	tap_failed++;
	printf("not ok %d - %s: %s", tap_count, tap_test, what);
	return false;
}

static inline void tap_check(bool ok, const char *what, const char *file, int line)
{
	if (!tap_line(ok, what))
		printf(" (got false, want true) at %s:%d\n", file, line);
}

static inline void tap_check_int(bool ok, const char *what, const long long v[2], const char *file,
				 int line)
{
	if (!tap_line(ok, what))
		printf(" (got %lld, want %lld) at %s:%d\n", v[0], v[1], file, line);
}

static inline void tap_check_str(const char *what, const char *got, const char *want,
				 const char *file, int line)
{
	bool ok = got == want || (got && want && strcmp(got, want) == 0);

	if (!tap_line(ok, what))
		printf(" (got \"%s\", want \"%s\") at %s:%d\n", got ? got : "(null)",
		       want ? want : "(null)", file, line);
}

static inline void tap_check_has(const char *what, const char *got, const char *part,
				 const char *file, int line)
{
	if (!tap_line(got && strstr(got, part), what))
		printf(" (got \"%s\", want a text with \"%s\") at %s:%d\n", got ? got : "(null)",
		       part, file, line);
}

/* The plan comes last, so that a test which dies half way is a failure. */
static inline int tap_done(void)
{
	printf("1..%d\n", tap_count);
	return tap_failed ? 1 : 0;
}

static inline int tap_skip_all(const char *why)
{
	printf("1..0 # SKIP %s\n", why);
	return 0;
}

static inline void tap_skip(const char *why)
{
	tap_count++;
	printf("ok %d - %s # SKIP %s\n", tap_count, tap_test, why);
}

/** CHECK() - the expression is true */
#define CHECK(expr) tap_check((expr), #expr, __FILE__, __LINE__)

/** CHECK_INT() - integers compare so: CHECK_INT(ret, ==, -EINVAL) */
#define CHECK_INT(got, op, want)                                                                \
	do {                                                                                    \
		const long long tap_v_[2] = { (long long)(got), (long long)(want) };            \
		tap_check_int(tap_v_[0] op tap_v_[1], #got " " #op " " #want, tap_v_, __FILE__, \
			      __LINE__);                                                        \
	} while (0)

/** CHECK_STR() - both strings are equal, or both NULL */
#define CHECK_STR(got, want) tap_check_str(#got, (got), (want), __FILE__, __LINE__)

/** CHECK_HAS() - the string holds @part */
#define CHECK_HAS(got, part) tap_check_has(#got, (got), (part), __FILE__, __LINE__)

/** SKIP() - a check that cannot run here, and why */
#define SKIP(why) tap_skip(why)

/** RUN() - a test function; its name goes in front of each of its lines */
#define RUN(fn)                 \
	do {                    \
		tap_test = #fn; \
		fn();           \
	} while (0)

#endif
