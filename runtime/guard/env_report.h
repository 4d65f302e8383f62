/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_GUARD_ENV_REPORT_H
#define PF_GUARD_ENV_REPORT_H

#include "base/io.h"
#include "config/envrules.h"

/* What was dropped from an environment, told: to the log, to explain, to posture. Names and reasons, never values. */

/**
 * env_report_log() - one warning with the names, if there are any
 * @what:	"create", "exec"
 * @told:	names to leave out, as they were told before; NULL: none. The log of an exec is often the stderr of its
 *		program, which need not hear each time what its image has
 */
void env_report_log(const struct env_report *r, const char *what, const struct oci_strings *told);

/** env_report_lines() - a line "  dropped NAME: why" each */
void env_report_lines(const struct env_report *r, struct pf_buf *b);

/** env_report_json() - the array of {name, why} */
void env_report_json(const struct env_report *r, struct pf_buf *b);

#endif
