/* afs restart: the same instances, started anew. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments", .optional = true, .repeat = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "all", 0, WORD_FLAG, .help = "all environments" },
	{ "replica", 'r', WORD_INT, .value = "N", .max = INT32_MAX, .help = "only this replica" },
	{ "timeout", 0, WORD_SECONDS, .value = "SECS", .def = "120", .help = "time to become ready; 0 waits forever" },
	{ 0 },
};

static const char *const examples[] = { "afs restart my-env", "afs restart my-env --replica 1", NULL };

const struct command_spec cmd_restart = {
	.name = "restart",
	.group = "Manage",
	.summary = "Restart environments and wait until they are ready",
	.description = "Touches only what was started by affinetes.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_restart_run,
};
