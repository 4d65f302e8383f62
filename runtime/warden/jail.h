/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_WARDEN_JAIL_H
#define PF_WARDEN_JAIL_H

#include <stddef.h>

/**
 * jail_enter() - give up everything that a resolver does not need, for ever
 * @keep:	@n descriptors that stay open; sorted here. All others are closed
 *
 * Whoever takes the warden over by a message can then resolve names, lie about them, and talk to the addresses that the
 * network namespace lets it talk to; it has no file, no program, no capability, no other process. Users are the parent's to
 * change, before this program is executed. Landlock alone may be absent.
 *
 * Return: 0 or -errno.
 */
int jail_enter(int *keep, size_t n);

#endif
