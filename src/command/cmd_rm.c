/* afs rm: what is left of environments that run no more. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments", .optional = true, .repeat = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "all", 0, WORD_FLAG, .help = "all environments that do not run; with --force all" },
	{ "force", 'f', WORD_FLAG, .help = "kill and remove running ones too" },
	{ 0 },
};

static const char *const examples[] = { "afs rm my-env", "afs rm --force my-env", NULL };

const struct command_spec cmd_rm = {
	.name = "rm",
	.group = "Manage",
	.summary = "Remove environments that do not run any more",
	.description = "Removes stopped and failed containers and forgotten services; a running environment is refused "
		       "without --force. Touches only what was started by affinetes. Images stay.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_rm_run,
};
