/* afs doctor: is everything there that the other commands need? */
#include "command/commands.h"

static const struct operand_spec operands[] = { { 0 } };

static const struct option_spec options[] = {
	{ "host", 0, WORD_HOST, .value = "HOST", .repeat = true, .help = "check this host too: ssh://[USER@]HOST[:PORT]" },
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ 0 },
};

static const char *const examples[] = { "afs doctor", "afs doctor --host ssh://me@gpu-a", NULL };

const struct command_spec cmd_doctor = {
	.name = "doctor",
	.group = "Manage",
	.summary = "Check engine, disk, base image, hosts and keys",
	.description = "Says for each finding what to do about it. The exit status is 0 when everything needed is there.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_doctor_run,
};
