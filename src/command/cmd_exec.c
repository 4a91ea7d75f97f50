/* afs exec: a shell or a command inside a replica. */
#include <stdlib.h>

#include "base/bytes.h"
#include "command/commands.h"
#include "command/relay.h"
#include "docker/tree.h"
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

/* In the program's environment and in that of all that it starts. */
#define MARK "AFFINETES_EXEC"
#define HANGUP_MS 2000

static const char *const shell[] = {
	"/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi", NULL
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

/* An engine leaves the program running when nobody listens any more. Best effort, and it is not waited for. */
static void hang_up(const struct instance *inst, const char *mark)
{
	static const char script[] = "for p in /proc/[0-9]*; do"
				     " if tr '\\0' '\\n' <$p/environ | grep -qx \"$0\";"
				     " then kill -HUP ${p#/proc/}; kill -TERM ${p#/proc/}; fi; done 2>/dev/null";
	const char *const words[] = { "/bin/sh", "-c", script, mark, NULL };
	AUTO_FREE char *create = str_format(NULL, "/containers/%s/exec", inst->id), *start = NULL;
	AUTO_CJSON *config = cJSON_CreateObject(), *detached = cJSON_CreateObject(), *made = NULL;

	if (!create || !config || !tree_add_strings(config, "Cmd", words) || !detached ||
	    !tree_add(detached, "Detach", cJSON_CreateTrue()))
		return;
	if (docker_request(inst->engine, "POST", create, config, HANGUP_MS, NULL, &made, NULL) || !tree_string(made, "Id"))
		return;
	start = str_format(NULL, "/exec/%s/start", tree_string(made, "Id"));
	if (!start || docker_request(inst->engine, "POST", start, detached, HANGUP_MS, NULL, NULL, NULL))
		return;
}

static af_code new_mark(char **out, struct af_error *err)
{
	AUTO_STRBUF mark = STRBUF_INIT(STRBUF_LINE);
	af_code rc;

	strbuf_adds(&mark, MARK "=");
	rc = random_hex(&mark, 8, err);
	return rc ? rc : strbuf_steal(&mark, out, err);
}

static af_code connect_program(struct command_context *cx, const struct instance *inst,
			       const struct docker_exec_options *opt, struct af_error *err)
{
	struct relay relay = { .cx = cx, .engine = inst->engine, .tty = opt->tty };
	AUTO_FREE char *id = NULL;
	af_code rc = docker_exec_start(inst->engine, inst->id, opt, cx->cancel, &id, &relay.pipe, err);

	if (rc)
		return rc;
	relay.exec_id = id;
	rc = relay_run(&relay, err);
	http_pipe_close(relay.pipe);
	return rc ? rc : docker_exec_exit_code(inst->engine, id, &cx->exit_status, err);
}

static af_code run_program(struct command_context *cx, const struct args *args, const struct instance *inst,
			   struct af_error *err)
{
	const struct strlist *words = args_command(args);
	bool tty = cx->io->tty_fd >= 0;
	AUTO_FREE char *term = str_format(err, "TERM=%s", getenv("TERM") ? getenv("TERM") : "xterm"), *mark = NULL;
	af_code rc = term ? new_mark(&mark, err) : AF_ERR_NOMEM;
	const char *env[] = { mark, tty ? term : NULL, NULL };
	struct docker_exec_options opt = {
		.argv = words->count ? (const char *const *) words->items : shell,
		.env = env,
		.tty = tty,
		.stdin_open = true,
	};

	if (rc)
		return rc;
	if (tty && !terminal_size(cx->io->tty_fd, &opt.rows, &opt.cols))
		opt.rows = opt.cols = 0;
	rc = connect_program(cx, inst, &opt, err);
	if (rc == AF_ERR_CANCELLED)
		hang_up(inst, mark);
	return rc;
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
