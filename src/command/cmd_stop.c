/* afs stop: the end of an environment, with time to finish. */
#include "command/commands.h"
#include "command/targets.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments, or containers of them", .optional = true, .repeat = true },
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
	.description = "Prints the names of what was stopped. Touches only what was started by affinetes. Images stay.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_stop_run,
};

struct stop {
	struct command_context *cx;
	int grace_s;
};

static af_code stop_one(void *arg, struct af_env *env, struct af_error *err)
{
	const struct stop *stop = arg;

	return env_stop(env, stop->grace_s, stop->cx->cancel, err);
}

af_code cmd_stop_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct stop stop = { cx, (int) MIN((args_number(args, "timeout") + 999) / 1000, (int64_t) INT32_MAX) };

	return targets_run(cx, args, NULL, stop_one, &stop, err);
}
