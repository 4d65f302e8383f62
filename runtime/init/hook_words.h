/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_INIT_HOOK_WORDS_H
#define PF_INIT_HOOK_WORDS_H

/* What a hook prints: neither our stdout nor our stderr may have it, they are the container's as often as not. It goes
 * into a file of memory, whose end becomes a part of the message when the hook fails. Compiled into both programs. */

#define HOOK_WORDS 200

/** hook_words() - ", it said: ..." with the last of what @sink holds, or "" */
void hook_words(int sink, char said[HOOK_WORDS]);

#endif
