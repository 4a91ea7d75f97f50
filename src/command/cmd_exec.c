/* afs exec: a shell or a command inside a replica. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "replica", 'r', WORD_INT, .value = "N", .def = "0", .max = INT32_MAX, .help = "in this replica" },
	{ 0 },
};

static const char *const examples[] = {
	"afs exec my-env",
	"afs exec my-env -- python3 -c 'import env; print(env)'",
	"afs exec my-env --replica 2 -- cat /proc/meminfo",
	NULL,
};

const struct command_spec cmd_exec = {
	.name = "exec",
	.group = "Manage",
	.summary = "Open a shell, or run a command, in a replica",
	.description = "Without a command this opens a shell. The command gets a terminal when stdin and stdout are "
		       "one. Its exit status is that of afs exec.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.trailing_command = true,
	.run = cmd_exec_run,
};
