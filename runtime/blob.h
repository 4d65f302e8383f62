/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_BLOB_H
#define PF_RUNTIME_BLOB_H

#include "base/error.h"

/**
 * blob_memfd() - an embedded program, ready to be executed from sealed memory
 * @name:	what /proc/PID/exe will call it
 * @from:	its first byte
 * @to:		behind its last
 *
 * No file of the host stands behind it, so nothing that is executed so can be written to from anywhere.
 *
 * Return: fd (the caller's), or -errno.
 */
int blob_memfd(const char *name, const char *from, const char *to, struct pf_error *e);

#endif
