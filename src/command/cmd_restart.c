/* afs restart: the same instances, started anew. */
#include "command/commands.h"
#include "command/targets.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments, or containers of them", .optional = true, .repeat = true },
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
	.description = "Prints the names of what was restarted. Touches only what was started by affinetes.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_restart_run,
};

struct restart {
	struct command_context *cx;
	int replica; /* < 0: all */
	int64_t timeout_ms;
};

static af_code restart_one(void *arg, struct af_env *env, struct af_error *err)
{
	const struct restart *r = arg;

	return env_restart(env, r->replica, r->timeout_ms, r->cx->cancel, err);
}

af_code cmd_restart_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct restart restart = {
		.cx = cx,
		.replica = args_has(args, "replica") ? (int) args_number(args, "replica") : -1,
		.timeout_ms = args_number(args, "timeout"),
	};
	af_code rc = args_exclusive(args, "all", "replica", err);

	return rc ? rc : targets_run(cx, args, NULL, restart_one, &restart, err);
}
