/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PF_RUNTIME_CLI_H
#define PF_RUNTIME_CLI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Options by table: one table serves parsing, --help and completion. */

enum cli_type { CLI_FLAG, CLI_TEXT, CLI_UINT, CLI_LIST };

struct cli_list {
	const char **v; /* owned */
	size_t n;
};

struct cli_option {
	const char *name; /* without "--" */
	char letter;      /* 0: none */
	enum cli_type type;
	void *target; /* bool, const char *, unsigned int, struct cli_list; NULL: accepted for compatibility, no effect */
	const char *value; /* placeholder for help; NULL for flags */
	const char *doc;   /* NULL: not listed */
};

enum cli_answer { CLI_GO = 0, CLI_DONE = 1 }; /* DONE: help or a list was printed */

struct cli {
	int argc; /* in: all after the command's name; out: the operands */
	char **argv;
	const struct command *command; /* NULL: the program itself */
};

/**
 * cli_parse() - options up to the first operand
 * @options:	ends with a row without a name
 * Forms: --name VALUE, --name=VALUE, -n VALUE, flags also as --name=true|false; "--" ends the options.
 */
int cli_parse(struct cli *cli, const struct cli_option *options, struct pf_error *e);

struct runtime;

struct command {
	const char *name, *args, *summary; /* summary NULL: hidden from help */
	int min_args, max_args;            /* operands; max -1: no limit */
	int (*run)(struct runtime *rt, struct cli *cli,
		   struct pf_error *e); /* 0, an exit status > 0, or -errno */
	bool own_exit_status; /* failures exit by kind (2, 3, 4, 70) and not with 1: the commands beyond runc's */
};

extern const struct command commands[];

/* cmd_*.c */
int cmd_create(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_start(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_run(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_delete(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_kill(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_pause(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_resume(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_update(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_exec(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_state(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_list(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_ps(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_spec(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_features(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_explain(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_posture(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_log(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_policy(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_credentials(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_audit(struct runtime *rt, struct cli *cli, struct pf_error *e);
int cmd_doctor(struct runtime *rt, struct cli *cli, struct pf_error *e);

/** print_buf() - the buffer to stdout; the only way commands print */
struct pf_buf;
int print_buf(const struct pf_buf *b, struct pf_error *e);

#endif
