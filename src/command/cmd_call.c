/* afs call: one method call → its JSON result. */
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/parallel.h"
#include "command/call_args.h"
#include "command/commands.h"
#include "orchestrator/orchestrator.h"
#include "store/record.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ "METHOD", WORD_METHOD, .help = "method to call" },
	{ "ARGUMENT", WORD_TEXT, .help = "KEY=VALUE, short for --arg; or -: a JSON object from stdin", .optional = true,
	  .repeat = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "arg", 'a', WORD_KEYVALUE, .value = "KEY=VALUE", .repeat = true, .help = "argument; VALUE is JSON or a string" },
	{ "json", 'j', WORD_JSON, .value = "STRING", .help = "arguments as a JSON object; - reads it from stdin" },
	{ "timeout", 0, WORD_SECONDS, .value = "SECS", .def = "300", .help = "time for the whole call; 0 waits forever" },
	{ "replica", 'r', WORD_INT, .value = "N", .max = INT32_MAX, .help = "call this replica" },
	{ "all", 0, WORD_FLAG, .help = "call each replica once; the result is a list" },
	{ "raw", 0, WORD_FLAG, .help = "print the result as it came, not indented; a string without its quotes" },
	{ 0 },
};

static const char *const examples[] = {
	"afs call my-env evaluate --arg task_id=10",
	"afs call my-env evaluate task_id=10 seed=42",
	"afs call webshop evaluate --arg ids=[10,20,30] --arg model=\"org/model\"",
	"afs call affine evaluate --json '{\"task_type\": \"abd\", \"num_samples\": 5}'",
	"afs call my-env long_task --arg task_id=1 --timeout 600",
	"afs call my-env evaluate - < arguments.json",
	NULL,
};

const struct command_spec cmd_call = {
	.name = "call",
	.group = "Workflow",
	.summary = "Call a method and print its result as JSON",
	.description = "A VALUE that is JSON is passed as such, with every digit of its numbers: ids=[10,20] is a list, "
		       "seed=42 a number. Any other text is a string: model=gpt-4. What begins with {, [ or \" has to be "
		       "valid JSON. Of equal keys, --json overrides --arg and the last --arg wins.\n"
		       "The exit status is 1 when the method raised an error, 3 when there is no such environment or "
		       "method, 5 when the time is over. ^C cancels the call in the environment too.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_call_run,
};

struct request {
	struct command_context *cx;
	struct af_env *env;
	const char *method;
	struct json_span kwargs;
	int64_t timeout_ms;
};

/* ---- printing --------------------------------------------------------------------------- */

static af_code print_raw(struct command_context *cx, struct json_span result, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);
	af_code rc;

	if (json_type(result) == JSON_STRING)
		json_add_decoded(&text, result);
	else
		strbuf_add(&text, result.text, result.len);
	strbuf_addc(&text, '\n');
	rc = strbuf_check(&text, err);
	if (!rc)
		command_text(cx, text.data, text.len);
	return rc;
}

static af_code print_result(struct command_context *cx, const char *result, size_t len, bool raw, struct af_error *err)
{
	struct json_span span = { result, len };

	if (raw)
		return print_raw(cx, span, err);
	if (cx->io->interactive) {
		AUTO_STRBUF json = STRBUF_INIT(STRBUF_HUGE);

		strbuf_add(&json, result, len);
		return command_json(cx, &json, err);
	}
	/* Ten megabytes need no second copy. */
	command_out(cx, result, len);
	command_out(cx, "\n", 1);
	return AF_OK;
}

/* ---- one call ------------------------------------------------------------------------------ */

struct answer {
	char *result;
	size_t len;
	af_code rc;
	struct af_error err;
	struct call_info info;
	int64_t started_ms;
};

static void ask(const struct request *r, int replica, struct answer *a)
{
	a->info.replica = -1;
	a->started_ms = wall_ms();
	a->rc = env_call(r->env, r->method, r->kwargs, replica, r->timeout_ms, r->cx->cancel, &a->result, &a->len, &a->info,
			 &a->err);
}

/* Into the history, after everything else: nobody waits for it. */
static void record(const struct request *r, const struct answer *a)
{
	store_record(&(struct call_record){
		.started_ms = a->started_ms,
		.took_us = a->info.took_us,
		.environment = r->env->name,
		.method = (char *) r->method,
		.replica = a->info.replica,
		.args = (char *) r->kwargs.text,
		.code = a->rc,
		.error = a->err.message,
		.call_id = (char *) a->info.id,
		.result = a->rc ? NULL : a->result,
		.result_len = a->rc ? 0 : (int64_t) a->len,
	});
}

static void answer_free(struct answer *a)
{
	free(a->result);
	af_error_clear(&a->err);
}

static af_code call_one(const struct request *r, int replica, bool raw, struct af_error *err)
{
	struct answer a = { 0 };

	ask(r, replica, &a);
	af_code rc = a.rc ? AF_OK : print_result(r->cx, a.result, a.len, raw, err);
	record(r, &a);
	if (a.rc) {
		rc = a.rc;
		error_move(err, &a.err);
	}
	if (a.rc == AF_ERR_NOT_FOUND && a.info.replica >= 0) /* else it is the replica that is not there */
		env_hint_methods(r->env, r->method, r->cx->cancel, err);
	answer_free(&a);
	return rc;
}

/* ---- each replica once ------------------------------------------------------------------------ */

struct round {
	const struct request *request;
	struct answer *answers; /* as many as instances */
};

static void call_step(void *arg, size_t i)
{
	struct round *round = arg;
	const struct request *r = round->request;

	ask(r, r->env->instances[i].replica, &round->answers[i]);
}

static void write_answer(struct json_writer *w, const struct instance *inst, const struct answer *a)
{
	json_open(w, NULL, '{');
	json_put_int(w, "replica", inst->replica);
	if (a->rc) {
		json_open(w, "error", '{');
		json_put_string(w, "code", af_code_name(a->rc));
		json_put_string(w, "message", a->err.message);
		json_close(w, '}');
	} else {
		json_put_raw(w, "result", (struct json_span){ a->result, a->len });
	}
	json_close(w, '}');
}

/* The verdict over all: the first error, if any. */
static af_code verdict(const struct request *r, struct answer *answers, struct af_error *err)
{
	size_t failed = 0, first = 0;

	for (size_t i = 0; i < r->env->count; i++)
		if (answers[i].rc && failed++ == 0)
			first = i;
	if (!failed)
		return AF_OK;
	af_code rc = answers[first].rc;
	error_move(err, &answers[first].err);
	if (rc == AF_ERR_NOT_FOUND)
		env_hint_methods(r->env, r->method, r->cx->cancel, err);
	return error_wrap(err, rc, "%zu of %zu replicas failed: replica %d", failed, r->env->count,
			  r->env->instances[first].replica);
}

static af_code call_all(const struct request *r, struct af_error *err)
{
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_HUGE);
	struct json_writer w = json_writer(&json);
	struct round round = { r, calloc(r->env->count + 1, sizeof(*round.answers)) };

	if (!round.answers)
		return error_nomem(err);
	parallel_run(r->env->count, call_step, &round);
	json_open(&w, NULL, '[');
	for (size_t i = 0; i < r->env->count; i++)
		write_answer(&w, &r->env->instances[i], &round.answers[i]);
	json_close(&w, ']');
	af_code rc = cancel_check(r->cx->cancel, err);
	if (!rc)
		rc = command_json(r->cx, &json, err);
	for (size_t i = 0; i < r->env->count; i++)
		record(r, &round.answers[i]);
	if (!rc)
		rc = verdict(r, round.answers, err);
	for (size_t i = 0; i < r->env->count; i++)
		answer_free(&round.answers[i]);
	free(round.answers);
	return rc;
}

/* ---- the command ---------------------------------------------------------------------------------- */

static af_code check(const struct args *args, struct af_error *err)
{
	af_code rc = args_exclusive(args, "all", "replica", err);

	return rc ? rc : args_exclusive(args, "all", "raw", err);
}

af_code cmd_call_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	AUTO_FREE char *kwargs = NULL;
	struct request r = { .cx = cx, .method = args_operand(args, "METHOD"),
			     .timeout_ms = args_number(args, "timeout") };
	int replica = args_has(args, "replica") ? (int) args_number(args, "replica") : -1;
	af_code rc = check(args, err);

	if (!rc)
		rc = call_args_read(args, cx->io, &kwargs, err);
	if (!rc)
		rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);
	if (rc)
		return rc;
	r.env = env;
	r.kwargs = (struct json_span){ kwargs, strlen(kwargs) };
	return args_has(args, "all") ? call_all(&r, err) : call_one(&r, replica, args_has(args, "raw"), err);
}
