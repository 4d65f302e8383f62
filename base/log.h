/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_LOG_H
#define PF_BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

/*
 * The process's own log: one line a message, on stderr or in the file of --log, as text or JSON. Engines read the last
 * line of level error from the JSON log, so an error is logged once, by main(). Everything below main() logs at debug.
 */

enum pf_log_level { PF_LOG_DEBUG, PF_LOG_INFO, PF_LOG_WARNING, PF_LOG_ERROR, PF_LOG_LEVEL_COUNT_ };

enum pf_log_format { PF_LOG_TEXT, PF_LOG_JSON };

/**
 * pf_log_open() - direct the log
 * @path:	file to append to, or NULL for stderr
 *
 * Return: 0 or -errno; until it succeeded messages go to stderr.
 */
int pf_log_open(const char *path, enum pf_log_format format, enum pf_log_level min,
		struct pf_error *e);

bool pf_log_enabled(enum pf_log_level level);

void pf_log(enum pf_log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** pf_log_error() - the one error line; with --log also printed to stderr, as runc does */
void pf_log_error(const struct pf_error *e);

#define pf_debug(...)                                      \
	do {                                               \
		if (pf_log_enabled(PF_LOG_DEBUG))          \
			pf_log(PF_LOG_DEBUG, __VA_ARGS__); \
	} while (0)

#endif
