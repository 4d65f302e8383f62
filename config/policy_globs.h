/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_CONFIG_POLICY_GLOBS_H
#define PF_CONFIG_POLICY_GLOBS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

/*
 * Patterns of paths, for keys that name what may not be seen or changed: an absolute path whose components may hold
 *
 *	*	any characters, none too; also a leading dot		?	one character
 *	[a-z]	one of these, [!a-z] one that is not; ASCII		**	alone between slashes: any number of components
 *
 * There is no escape: [*] is a star. A name is bytes; where they are UTF-8, `?' and [!...] take a whole character.
 * Nothing here looks at a file: the walk that does is runtime/guard's, which asks step by step.
 */

enum { GLOB_PARTS_MAX = 62 };

struct glob {
	const char *part[GLOB_PARTS_MAX]; /* into the text, which is borrowed */
	size_t len[GLOB_PARTS_MAX];
	size_t n;
};

/*
 * Where in the pattern a walk stands, all the places at once: bit i says that part i and what follows it are still to
 * be matched, bit n that nothing is.
 */
typedef uint64_t glob_states;

/** glob_is() - @path has a character that makes it a pattern */
bool glob_is(const char *path);
/** glob_check() - the rules above, for an entry of a policy; PF_ERR_POLICY says what is wrong and what is meant instead */
int glob_check(const char *path, struct pf_error *e);
/** glob_parse() - @text has passed glob_check() and is normalised; it must outlive @ret */
void glob_parse(const char *text, struct glob *ret);
/** glob_literal_parts() - how many parts at the beginning are names and no patterns */
size_t glob_literal_parts(const struct glob *g);
/** glob_start() - where a walk stands that has the first @n_parts of the pattern behind it */
glob_states glob_start(const struct glob *g, size_t n_parts);
/** glob_step() - one component further; 0: nothing below @name can match */
glob_states glob_step(const struct glob *g, glob_states states, const char *name);
/** glob_matches() - what the walk has come to is matched by the whole pattern */
bool glob_matches(const struct glob *g, glob_states states);
/** glob_matches_path() - the whole of an absolute, normalised path */
bool glob_matches_path(const struct glob *g, const char *path);

#endif
