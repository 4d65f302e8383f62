/* SPDX-License-Identifier: Apache-2.0 */
/* The option parser and its help. The names are the field's own: engines pass them as they pass them to runc. */
#include <config.h>

#include "runtime/cli.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/io.h"

int print_buf(const struct pf_buf *b, struct pf_error *e)
{
	int ret;

	if (b->failed)
		return pf_fail_sys(e, ENOMEM, "compose the output");
	ret = pf_write_all(STDOUT_FILENO, b->data ? b->data : "", b->len);
	return ret < 0 ? pf_fail_sys(e, ret, "write to stdout") : 0;
}

static const char *command_name(const struct cli *cli)
{
	return cli->command ? cli->command->name : "pinfold";
}

static const struct cli_option *find(const struct cli_option *o, const char *name, size_t len)
{
	for (; o->name; o++)
		if (strlen(o->name) == len && strncmp(o->name, name, len) == 0)
			return o;
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *o, char letter)
{
	for (; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

static int set_flag(const struct cli_option *o, const char *value, struct pf_error *e)
{
	bool on = !value || strcmp(value, "true") == 0 || strcmp(value, "1") == 0;

	if (value && !on && strcmp(value, "false") != 0 && strcmp(value, "0") != 0)
		return pf_fail(e, PF_ERR_CONFIG, 0, "--%s: `%s' is neither true nor false", o->name,
			       value);
	if (o->target)
		*(bool *)o->target = on;
	return 0;
}

static int set_value(const struct cli_option *o, const char *value, struct pf_error *e)
{
	struct cli_list *list = o->target;
	const char **more;
	unsigned long u;
	char *end;

	if (!o->target)
		return 0;
	switch (o->type) {
	case CLI_TEXT:
		*(const char **)o->target = value;
		return 0;
	case CLI_UINT:
		errno = 0;
		u = strtoul(value, &end, 10);
		if (value[0] < '0' || value[0] > '9' || *end || errno || u > INT_MAX)
			return pf_fail(e, PF_ERR_CONFIG, 0, "--%s: `%s' is not a number", o->name,
				       value);
		*(unsigned int *)o->target = (unsigned int)u;
		return 0;
	case CLI_LIST:
		more = realloc(list->v, (list->n + 1) * sizeof(*more));
		if (!more)
			return pf_fail_sys(e, ENOMEM, "--%s", o->name);
		list->v = more;
		list->v[list->n++] = value;
		return 0;
	case CLI_FLAG:
		break;
	}
	return pf_fail(e, PF_ERR_BUG, 0, "--%s has no type", o->name);
}

/* "-b", "-bVALUE", "-b=VALUE", and long names with one dash, as Go's flag packages take them (`-no-subreaper'). */
static const struct cli_option *find_one_dash(const struct cli_option *options, const char *arg,
					      const char **ret_value)
{
	const struct cli_option *word = NULL;
	const char *eq = strchr(arg, '=');

	if (arg[2])
		word = find(options, arg + 1, strcspn(arg + 1, "="));
	if (word) {
		*ret_value = eq ? eq + 1 : NULL;
		return word;
	}
	*ret_value = arg[2] ? arg + 2 + (arg[2] == '=') : NULL;
	return find_letter(options, arg[1]);
}

static int take_option(struct cli *cli, int *i, const struct cli_option *options,
		       struct pf_error *e)
{
	const char *arg = cli->argv[*i], *value = NULL;
	const struct cli_option *o;

	if (arg[1] == '-') {
		const char *eq = strchr(arg, '=');

		o = find(options, arg + 2, eq ? (size_t)(eq - arg - 2) : strlen(arg + 2));
		value = eq ? eq + 1 : NULL;
	} else {
		o = find_one_dash(options, arg, &value);
	}
	if (!o)
		return pf_fail(e, PF_ERR_CONFIG, 0, "%s: unknown option `%s' (--help lists them)",
			       command_name(cli), arg);
	if (o->type == CLI_FLAG)
		return set_flag(o, value, e);
	if (!value) {
		if (*i + 1 >= cli->argc)
			return pf_fail(e, PF_ERR_CONFIG, 0, "%s: option `%s' needs a value",
				       command_name(cli), arg);
		value = cli->argv[++*i];
	}
	return set_value(o, value, e);
}

static void put_option(struct pf_buf *b, const struct cli_option *o)
{
	char left[64];

	if (!o->doc)
		return;
	snprintf(left, sizeof(left), "%c%c%s--%s%s%s", o->letter ? '-' : ' ',
		 o->letter ? o->letter : ' ', o->letter ? ", " : "  ", o->name, o->value ? " " : "",
		 o->value ? o->value : "");
	pf_buf_printf(b, "  %-32s %s\n", left, o->doc);
}

static int print_help(const struct cli *cli, const struct cli_option *options, struct pf_error *e)
{
	auto_buf b = { 0 };

	if (cli->command)
		pf_buf_printf(&b, "usage: pinfold [GLOBAL OPTIONS] %s %s\n\n%s\n\noptions:\n",
			      cli->command->name, cli->command->args,
			      cli->command->summary ? cli->command->summary : "");
	else
		pf_buf_puts(
			&b,
			"usage: pinfold [GLOBAL OPTIONS] COMMAND ...\n\nAn OCI runtime that asks what a container "
			"may read.\n\ncommands:\n");
	for (const struct command *c = commands; !cli->command && c->name; c++)
		if (c->summary)
			pf_buf_printf(&b, "  %-11s %s\n", c->name, c->summary);
	pf_buf_puts(&b, cli->command ? "" : "\nglobal options:\n");
	for (const struct cli_option *o = options; o->name; o++)
		put_option(&b, o);
	pf_buf_printf(&b, "  %-32s %s\n", "-h, --help", "this text");
	STEP(print_buf(&b, e));
	return CLI_DONE;
}

/* For completion: one word a line. */
static int print_options(const struct cli_option *options, struct pf_error *e)
{
	auto_buf b = { 0 };

	for (const struct cli_option *o = options; o->name; o++)
		if (o->doc)
			pf_buf_printf(&b, "--%s\n", o->name);
	STEP(print_buf(&b, e));
	return CLI_DONE;
}

static int check_operands(const struct cli *cli, struct pf_error *e)
{
	const struct command *c = cli->command;

	if (!c)
		return 0;
	if (cli->argc < c->min_args)
		return pf_fail(e, PF_ERR_CONFIG, 0, "%s: `%s' needs %s%d operand%s: %s", "usage",
			       c->name, c->max_args < 0 ? "at least " : "exactly ", c->min_args,
			       c->min_args == 1 ? "" : "s", c->args);
	if (c->max_args >= 0 && cli->argc > c->max_args)
		return pf_fail(e, PF_ERR_CONFIG, 0,
			       "%s: `%s' takes at most %d operand%s, `%s' is one too many", "usage",
			       c->name, c->max_args, c->max_args == 1 ? "" : "s",
			       cli->argv[c->max_args]);
	return 0;
}

/*
 * Operands of a command that takes a fixed number of them may stand before its options, as people write
 * `update ID --memory 1g'. They are moved to the front; where the rest is another program's, nothing is.
 */
static bool takes_operand(struct cli *cli, int i, int *n_operands)
{
	const struct command *c = cli->command;
	char *arg = cli->argv[i];

	if (!c || c->max_args < 0 || (arg[0] == '-' && arg[1]))
		return false;
	memmove(cli->argv + *n_operands + 1, cli->argv + *n_operands,
		(size_t)(i - *n_operands) * sizeof(*cli->argv));
	cli->argv[(*n_operands)++] = arg;
	return true;
}

int cli_parse(struct cli *cli, const struct cli_option *options, struct pf_error *e)
{
	int i, n = 0;

	for (i = 0; i < cli->argc; i++) {
		if (takes_operand(cli, i, &n))
			continue;
		if (cli->argv[i][0] != '-' || !cli->argv[i][1])
			break;
		if (strcmp(cli->argv[i], "--") == 0) {
			i++;
			break;
		}
		if (strcmp(cli->argv[i], "--help") == 0 || strcmp(cli->argv[i], "-h") == 0)
			return print_help(cli, options, e);
		if (strcmp(cli->argv[i], "--list-options") == 0)
			return print_options(options, e);
		STEP(take_option(cli, &i, options, e));
	}
	/* the early operands, then what follows the options */
	memmove(cli->argv + i - n, cli->argv, (size_t)n * sizeof(*cli->argv));
	cli->argc -= i - n;
	cli->argv += i - n;
	return check_operands(cli, e);
}
