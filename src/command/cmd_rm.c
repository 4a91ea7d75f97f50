/* afs rm: what is left of environments that run no more. */
#include "command/commands.h"
#include "command/targets.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environments, or containers of them", .optional = true, .repeat = true },
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
	.description = "Removes stopped and failed containers and prints their names; a running environment is refused "
		       "without --force. Touches only what was started by affinetes. Images stay.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_rm_run,
};

struct removal {
	struct command_context *cx;
	bool force;
};

static bool is_running(const struct af_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (env->instances[i].state != INSTANCE_DOWN)
			return true;
	return false;
}

static bool may_go(void *arg, const struct af_env *env)
{
	return ((const struct removal *) arg)->force || !is_running(env);
}

static af_code remove_one(void *arg, struct af_env *env, struct af_error *err)
{
	const struct removal *r = arg;

	/* Before any of its replicas goes. What is not ours env_remove() refuses with its own words. */
	if (env->ours && !may_go(arg, env)) {
		error_set(err, AF_ERR_USAGE, "rm: %s is running", env->name);
		error_hint(err, "stop it with `afs stop %s`, or kill and remove it with `afs rm --force %s`", env->name,
			   env->name);
		return AF_ERR_USAGE;
	}
	return env_remove(env, r->force, r->cx->cancel, err);
}

af_code cmd_rm_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct removal removal = { cx, args_has(args, "force") };

	return targets_run(cx, args, may_go, remove_one, &removal, err);
}
