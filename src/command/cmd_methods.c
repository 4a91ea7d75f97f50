/* afs methods: what an environment can do. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ 0 },
};

static const char *const examples[] = { "afs methods my-env", "afs methods my-env --json", NULL };

const struct command_spec cmd_methods = {
	.name = "methods",
	.group = "Watch",
	.summary = "List the methods of an environment",
	.description = "Shows names, signatures and docstrings; for a FastAPI environment its OpenAPI operations.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_methods_run,
};
