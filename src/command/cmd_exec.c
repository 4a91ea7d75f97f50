/* afs exec: a shell or a command inside a replica. */
#include "command/commands.h"
#include "orchestrator/orchestrator.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "replica", 'r', WORD_INT, .value = "N", .max = INT32_MAX, .help = "in this replica; else in the first that runs" },
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
	.description = "Without a command this opens a shell: bash where there is one, else sh. The command gets a terminal "
		       "when stdin and stdout are one; otherwise stdin is passed on, and its stdout and stderr come out "
		       "apart, byte for byte. Its exit status is that of afs exec. ^C without a "
		       "terminal, and a hangup, end the command too.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.trailing_command = true,
	.run = cmd_exec_run,
};

static af_code choose(struct af_env *env, const struct args *args, struct instance **out, struct af_error *err)
{
	struct instance *inst = NULL;

	if (args_has(args, "replica")) {
		inst = env_replica(env, (int) args_number(args, "replica"));
		if (!inst)
			return error_set(err, AF_ERR_NOT_FOUND, "exec: %s has no replica %lld", env->name,
					 (long long) args_number(args, "replica"));
	}
	for (size_t i = 0; !inst && i < env->count; i++)
		if (env->instances[i].state == INSTANCE_UP)
			inst = &env->instances[i];
	if (inst && inst->state == INSTANCE_UP) {
		*out = inst;
		return AF_OK;
	}
	error_set(err, AF_ERR_UNREACHABLE, "exec: %s does not run (%s)", inst ? inst->name : env->name,
		  inst ? inst->status : env->count ? env->instances[0].status : "it has no replica");
	error_hint(err, "see why with `afs logs %s`, start it again with `afs restart %s`", env->name, env->name);
	return AF_ERR_UNREACHABLE;
}

static void on_out(void *arg, const char *data, size_t len)
{
	command_out(arg, data, len);
}

static void on_err(void *arg, const char *data, size_t len)
{
	const struct command_context *cx = arg;

	cx->io->out_err(cx->io->arg, data, len);
}

static af_code run_program(struct command_context *cx, const struct args *args, struct instance *inst,
			   struct af_error *err)
{
	const struct strlist *words = args_command(args);
	struct instance_program program = {
		.argv = words->count ? (const char *const *) words->items : NULL,
		.in_fd = cx->io->in_fd,
		.tty_fd = cx->io->tty_fd,
		.resize_fd = cx->io->resize_fd,
		.out = on_out,
		.out_err = on_err,
		.arg = cx,
	};

	af_code rc = instance_exec(inst, &program, cx->cancel, &cx->exit_status, err);
	return rc == AF_ERR_UNAVAILABLE ? error_wrap(err, rc, "exec: %s", inst->name) : rc;
}

af_code cmd_exec_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	struct instance *inst = NULL;
	af_code rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);

	if (!rc)
		rc = choose(env, args, &inst, err);
	return rc ? rc : run_program(cx, args, inst, err);
}
