/* afs stop: the end of an environment, with time to finish. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments", .optional = true, .repeat = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "all", 0, WORD_FLAG, .help = "all environments" },
	{ "timeout", 0, WORD_SECONDS, .value = "SECS", .def = "10", .help = "time to finish before instances are killed" },
	{ 0 },
};

static const char *const examples[] = { "afs stop my-env", "afs stop --all", NULL };

const struct command_spec cmd_stop = {
	.name = "stop",
	.group = "Manage",
	.summary = "Stop environments and remove their containers",
	.description = "Touches only what was started by affinetes. Images stay.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_stop_run,
};
