/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_PRETTY_H
#define PF_RUNTIME_PRETTY_H

#include "base/io.h"

/** pretty_json() - add JSON of our own making with a line per member; @indent is one level: "\t" or spaces */
void pretty_json(struct pf_buf *b, const char *compact, const char *indent);

/** pretty_list() - add a JSON array of strings; @names ends with NULL */
void pretty_list(struct pf_buf *b, const char *const *names);

#endif
