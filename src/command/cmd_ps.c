/* afs ps: environments and their replicas. */
#include "command/commands.h"

static const struct operand_spec operands[] = { { 0 } };

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ "watch", 'w', WORD_FLAG, .help = "go on showing changes until ^C" },
	{ 0 },
};

static const char *const examples[] = { "afs ps", "afs ps --watch", "afs ps --json", NULL };

const struct command_spec cmd_ps = {
	.name = "ps",
	.group = "Watch",
	.summary = "List environments and replicas with their state and load",
	.description = "Shows mode, host, state, health, CPU, memory, requests, errors and restarts.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_ps_run,
};
