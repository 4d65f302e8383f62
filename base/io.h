/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_IO_H
#define PF_BASE_IO_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"

/** pf_read_all() - read from @fd to its end, at most @max bytes, into a NUL-terminated buffer the caller frees */
int pf_read_all(int fd, size_t max, char **ret_text, size_t *ret_len, struct pf_error *e);

/** pf_read_file_at() - pf_read_all() of a regular file, symlinks at the last component refused */
int pf_read_file_at(int dirfd, const char *name, size_t max, char **ret_text, size_t *ret_len,
		    struct pf_error *e);

/** pf_write_all() - every byte, or -errno */
int pf_write_all(int fd, const void *buf, size_t len);

/** pf_write_file_at() - one write(2) of @text to an existing file (cgroup and procfs files take a value per write) */
int pf_write_file_at(int dirfd, const char *name, const char *text);

/** pf_replace_file_at() - write a new file and rename it over @name; readers see the old or the new, whole */
int pf_replace_file_at(int dirfd, const char *name, const char *text, size_t len, mode_t mode,
		       struct pf_error *e);

/** pf_create_file_at() - a new file, whole; for a directory that nobody reads yet */
int pf_create_file_at(int dirfd, const char *name, const void *data, size_t len, mode_t mode,
		      struct pf_error *e);

/** pf_utc_now() - "2026-11-24T08:33:01.123456789Z"; libc's own way would read the time zone files of the host */
#define PF_UTC_SIZE 160
void pf_utc_now(char buf[PF_UTC_SIZE]);

/* A growing string. A failed allocation is remembered in .failed, so that a composer checks once at the end. */
struct pf_buf {
	char *data; /* owned; NUL-terminated once anything was added */
	size_t len, cap;
	bool failed;
};

void pf_buf_add(struct pf_buf *b, const void *data, size_t len);
void pf_buf_puts(struct pf_buf *b, const char *s);
void pf_buf_printf(struct pf_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/** pf_buf_json() - @s as a JSON string with its quotes; bytes that are not UTF-8 become U+FFFD, controls are escaped */
void pf_buf_json(struct pf_buf *b, const char *s);
/** pf_buf_printable() - @s for a terminal: control characters (of C1 and of the writing direction too), which a path or an
 *  image's words may hold, and bytes that are not UTF-8, as \x1b */
void pf_buf_printable(struct pf_buf *b, const char *s);
void pf_buf_free(struct pf_buf *b);

#define auto_buf __attribute__((cleanup(pf_buf_free))) struct pf_buf

#endif
