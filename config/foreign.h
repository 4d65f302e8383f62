/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_FOREIGN_H
#define PF_CONFIG_FOREIGN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "config/oci.h"

/*
 * What other runtimes record of a container, as far as an audit asks: runc's state.json, crun's status, youki's
 * state.json. They are not ours and may be anybody's, of any version: what is not asked for is not looked at, and what
 * is asked for must be of its type and in its range.
 */

enum foreign_runtime {
	FOREIGN_PINFOLD, /* only told apart: state_load() reads it */
	FOREIGN_RUNC,
	FOREIGN_CRUN,
	FOREIGN_YOUKI,
	FOREIGN_RUNTIME_COUNT_,
};

enum { FOREIGN_MAX_BYTES = 4 << 20 };

struct foreign_state {
	enum foreign_runtime runtime;
	const char *id;      /* NULL: the record does not say; its directory's name is it */
	int32_t pid;         /* of its first process; 0: it has ended, or was not started */
	uint64_t start_time; /* of that process, in clock ticks since boot; 0: not recorded */
	const char *bundle, *rootfs; /* absolute; NULL */
	const char *status;          /* as recorded, which may be long ago; NULL */
	struct oci_pairs annotations;
	struct json_doc *doc; /* owned: the arena */
};

/**
 * foreign_state_parse() - the bytes of a record
 * @status_file:	it is called `status', as crun's is; else `state.json'
 *
 * Errors:	PF_ERR_CONFIG with a JSON pointer: it is no record that we know, or a member is not what it must be
 */
int foreign_state_parse(const char *text, size_t len, bool status_file, struct foreign_state *ret,
			struct pf_error *e);
void foreign_state_free(struct foreign_state *s);

const char *foreign_runtime_name(enum foreign_runtime runtime);

#endif
