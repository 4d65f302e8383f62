/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_POSTURE_H
#define PF_GUARD_POSTURE_H

#include <stddef.h>

#include "base/error.h"
#include "base/io.h"

/**
 * posture_print() - the JSON of confine_posture() as a table for people
 * @text:	bytes of posture.json; not trusted to be whole
 */
int posture_print(const char *text, size_t len, struct pf_buf *b, struct pf_error *e);

#endif
