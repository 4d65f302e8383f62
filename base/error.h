/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_BASE_ERROR_H
#define PF_BASE_ERROR_H

#include <stdint.h>

/*
 * One error type for the whole project. It is plain data: it lives on the caller's stack, needs no free, and crosses
 * the socket between parent and init as it is.
 *
 * Rules. A function that can fail returns 0 or a negative errno and fills *e; *e is untouched on success. The callee
 * names what was tried and on what; a caller wraps only to add a name that the callee did not know. Library code never
 * prints and never exits: main() prints once, the init sends once.
 */

enum pf_err_kind {
	PF_ERR_NONE = 0,
	PF_ERR_CONFIG, /* config.json breaks the OCI specification */
	PF_ERR_POLICY, /* an annotation, profile or node policy cannot be honoured */
	PF_ERR_HOST,   /* this kernel or host lacks something that was asked for */
	PF_ERR_SYS,    /* a system call failed, see .err */
	PF_ERR_BUG,    /* a broken invariant in this program */
	PF_ERR_KIND_COUNT_,
};

struct pf_error {
	enum pf_err_kind kind;
	int32_t err;   /* errno value, 0 if none */
	char msg[496]; /* "mount `/proc': ...", no newline */
};

#define PF_ERROR_INIT                                    \
	{                                                \
		.kind = PF_ERR_NONE, .err = 0, .msg = "" \
	}

/**
 * pf_fail() - fill an error and return it as a negative errno
 * @err:	errno value; when positive its text is appended as ": No such file ..." in lower case
 *
 * Return: -err, or -EINVAL when err is 0.
 */
int pf_fail(struct pf_error *e, enum pf_err_kind kind, int err, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/** pf_fail_sys() - pf_fail(e, PF_ERR_SYS, errno-like value, ...); @err may be given negative */
int pf_fail_sys(struct pf_error *e, int err, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/** pf_wrap() - prepend "text: " to the message; returns the error's negative errno again */
int pf_wrap(struct pf_error *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** pf_err_kind_name() - "config", "policy", "host", "sys", "bug" */
const char *pf_err_kind_name(enum pf_err_kind kind);

/** pf_err_exit_status() - exit status of pinfold's own commands: 0, 2, 3, 4, 1, 70 */
int pf_err_exit_status(enum pf_err_kind kind);

/** pf_errno_text() - the errno's text starting in lower case, as runc prints it; never NULL */
const char *pf_errno_text(int err);

/* Return early with the callee's error. Use where the callee's message already says all. */
#define STEP(call)                        \
	do {                              \
		int step_ret_ = (call);   \
		if (step_ret_ < 0)        \
			return step_ret_; \
	} while (0)

#endif
