/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_DOCTOR_H
#define PF_RUNTIME_DOCTOR_H

#include <stdbool.h>

#include "base/error.h"
#include "base/io.h"

/**
 * doctor_report() - what this host can enforce, and the cure for each gap
 *
 * Everything is tried as whoever calls: root and an ordinary user get different answers, as their containers would.
 * Nothing is changed. A gap is an answer, not an error.
 */
int doctor_report(bool json, struct pf_buf *ret, struct pf_error *e);

#endif
