/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_FEATURES_H
#define PF_RUNTIME_FEATURES_H

#include "base/io.h"

/** features_write() - the features structure of the OCI runtime specification as JSON */
void features_write(struct pf_buf *ret);

/** features_mount_options - what the parser of config.json takes by name, sorted; ends with NULL */
extern const char *const features_mount_options[];

#endif
