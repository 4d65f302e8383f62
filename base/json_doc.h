/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_JSON_DOC_H
#define PF_BASE_JSON_DOC_H

#include "base/json.h"

/* What json.c and json_parse.c share. Nobody else includes this. */

struct chunk;

struct json_doc {
	struct chunk *chunks; /* newest first */
	size_t first;         /* size of the first chunk */
	struct json *root;
};

#endif
