/* afs map: a method over thousands of arguments. */
#include <string.h>
#include <sys/resource.h>

#include "command/call_args.h"
#include "command/commands.h"
#include "command/map_run.h"

/* Calls at a time for each replica, unless said otherwise. */
#define PER_REPLICA 16
/* Descriptors that are needed besides one for each call. */
#define OTHER_FILES 100

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ "METHOD", WORD_METHOD, .help = "method to call" },
	{ "ARGUMENT", WORD_TEXT, .help = "KEY=VALUE, short for --arg", .optional = true, .repeat = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "over", 0, WORD_KEYVALUE, .value = "KEY=VALUES", .repeat = true,
	  .help = "a call for each value: 0..999, 0..100..10, a,b,c; several make all combinations" },
	{ "over-file", 0, WORD_FILE, .value = "FILE", .help = "a call for each line, a JSON object; - is stdin" },
	{ "arg", 'a', WORD_KEYVALUE, .value = "KEY=VALUE", .repeat = true,
	  .help = "argument of all calls; VALUE is JSON or a string" },
	{ "json", 'j', WORD_JSON, .value = "STRING", .help = "arguments of all calls as a JSON object" },
	{ "out", 'o', WORD_FILE, .value = "FILE", .help = "write results there, a line each; without: stdout" },
	{ "resume", 0, WORD_FLAG, .help = "go on with --out: only calls that are missing or failed there" },
	{ "concurrency", 'c', WORD_INT, .value = "N", .min = 1, .max = 100000,
	  .help = "calls at a time; default: 16 for each replica" },
	{ "retries", 0, WORD_INT, .value = "N", .min = 0, .max = 1000, .def = "2",
	  .help = "more tries of a call that found no instance or lost it" },
	{ "retry-failed", 0, WORD_FLAG, .help = "try again whatever failed, also what the method raised" },
	{ "timeout", 0, WORD_SECONDS, .value = "SECS", .def = "300", .help = "time for each try of a call; 0 waits forever" },
	{ "max-in-flight", 0, WORD_INT, .value = "N", .min = 1, .max = 65535,
	  .help = "calls at a time to each replica, others queue; default: as it was started with" },
	{ 0 },
};

static const char *const examples[] = {
	"afs map my-env evaluate --over task_id=0..999 --out results.jsonl",
	"afs map my-env evaluate --over task_id=0..99 --over seed=1,2,3 --out all.jsonl",
	"afs map my-env evaluate --over-file tasks.jsonl --retries 5 --out done.jsonl",
	"afs map my-env evaluate --over task_id=0..999 --out results.jsonl --resume",
	"afs map my-env evaluate --over task_id=0..9 | jq .result.score",
	NULL,
};

const struct command_spec cmd_map = {
	.name = "map",
	.group = "Workflow",
	.summary = "Call a method for each of many arguments",
	.description = "Each call that is over is a line of JSON in --out, written at once: index, arguments (values of secret names "
		       "as ***), result or error with its code, instance, when it started, seconds, attempts. A summary is printed "
		       "on stdout; without --out the lines are, and the summary is on stderr.\n"
		       "--resume makes only the calls that --out has no line of, or the line of a failure, which is then replaced. "
		       "Whatever ended the first run, a kill -9 too, nothing that was written is lost or done again.\n"
		       "A call that was cut off goes on by itself wherever that is safe; --retries is for those that found no "
		       "instance up or lost it for good. What a method raised is an answer and is not tried again, "
		       "unless by --retry-failed. What is given by --over overrides the same --arg.\n"
		       "The exit status is 0 when all calls succeeded, 1 when some failed. ^C cancels the calls in flight, in the "
		       "environment too, and keeps what is written. Calls of a map are not in the history.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_map_run,
};

/* ---- what is to be done -------------------------------------------------------------------------- */

static af_code check(const struct args *args, struct af_error *err)
{
	if (!args_has(args, "over") && !args_has(args, "over-file")) {
		error_set(err, AF_ERR_USAGE, "map: over what? Neither --over nor --over-file was given");
		error_hint(err, "as in afs map %s %s --over task_id=0..999", args_operand(args, "NAME"), args_operand(args, "METHOD"));
		return AF_ERR_USAGE;
	}
	if (args_has(args, "resume") && !args_has(args, "out")) {
		error_set(err, AF_ERR_USAGE, "map: --resume goes on with a file, and --out names none");
		error_hint(err, "give the --out of the map that was interrupted");
		return AF_ERR_USAGE;
	}
	return AF_OK;
}

static af_code read_over(struct command_context *cx, const struct args *args, struct over *over, struct af_error *err)
{
	AUTO_STRBUF input = STRBUF_INIT(STRBUF_HUGE);
	const struct strlist *words = args_all(args, "over");
	const char *file = args_text(args, "over-file");
	bool from_stdin = file && !strcmp(file, "-");
	af_code rc = AF_OK;

	for (size_t i = 0; i < words->count && !rc; i++)
		rc = over_add(over, words->items[i], err);
	if (!rc && from_stdin)
		rc = cx->io->read_input(cx->io->arg, &input, err);
	if (!rc && file)
		rc = over_add_file(over, file, from_stdin ? &input : NULL, err);
	return rc ? error_wrap(err, rc, "map") : AF_OK;
}

/* A connection for each call. Where that is not to be had, calls fail and say so. */
static void allow_files(int64_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) || limit.rlim_cur >= (rlim_t) wanted)
		return;
	limit.rlim_cur = MIN(limit.rlim_max, (rlim_t) wanted);
	if (setrlimit(RLIMIT_NOFILE, &limit))
		return;
}

/* ---- what came of it --------------------------------------------------------------------------------- */

static af_code print_summary(const struct map_plan *plan, const struct map_tally *tally, struct af_error *err)
{
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&json);

	json_open(&w, NULL, '{');
	json_put_string(&w, "environment", plan->env->name);
	json_put_string(&w, "method", plan->method);
	json_put_string(&w, "out", plan->file ? plan->file->path : NULL);
	tally_json(tally, &w);
	json_close(&w, '}');
	if (plan->file)
		return command_json(plan->cx, &json, err);
	command_note(plan->cx, "%s", json.data);
	return AF_OK;
}

static af_code ended_early(const struct map_plan *plan, const struct map_tally *tally, af_code rc, struct af_error *err)
{
	long long over = tally_over(tally), total = plan->total;

	if (rc == AF_ERR_CANCELLED)
		error_set(err, rc, "interrupted after %lld of %lld calls", over, total);
	else
		error_wrap(err, rc, "map %s: stopped after %lld of %lld calls", plan->method, over, total);
	if (rc == AF_ERR_NOT_FOUND)
		env_hint_methods(plan->env, plan->method, plan->cx->cancel, err);
	else if (plan->file)
		error_hint(err, "go on with the same command and --resume; %s has what is done", plan->file->path);
	return rc;
}

static af_code some_failed(const struct map_plan *plan, const struct map_tally *tally, struct af_error *err)
{
	AUTO_STRBUF kinds = STRBUF_INIT(STRBUF_LINE);

	if (!tally->failed)
		return AF_OK;
	tally_failures(tally, &kinds);
	error_set(err, AF_ERR_FAILED, "%lld of %lld calls failed (%s)", (long long) tally->failed, (long long) plan->total,
		  kinds.data);
	if (plan->file)
		error_hint(err, "their lines in %s say why; the same command and --resume makes them again", plan->file->path);
	return AF_ERR_FAILED;
}

static af_code run(struct map_plan *plan, struct af_error *err)
{
	struct map_tally *tally = malloc(sizeof(*tally));
	struct af_error ignored = AF_ERROR_INIT;

	if (!tally)
		return error_nomem(err);
	tally_init(tally, plan->total, plan->done->count, &plan->done->scores);
	af_code rc = map_run(plan, tally, err);
	if (!rc && plan->file)
		rc = map_file_sync(plan->file, err);
	af_code printed = print_summary(plan, tally, rc ? &ignored : err);
	if (rc)
		rc = ended_early(plan, tally, rc, err);
	else
		rc = printed ? printed : some_failed(plan, tally, err);
	af_error_clear(&ignored);
	free(tally);
	return rc;
}

/* The file is there from here on, and is closed at the end. */
static af_code with_file(struct map_plan *plan, const struct args *args, struct af_error *err)
{
	AF_AUTO(map_done) struct map_done done = { 0 };
	struct map_file file = { .fd = -1 };
	const char *path = args_text(args, "out");
	af_code rc = AF_OK;

	plan->done = &done;
	if (path)
		rc = map_file_open(&file, path, args_has(args, "resume"), plan->total, &done, err);
	if (rc)
		return error_wrap(err, rc, "map");
	plan->file = path ? &file : NULL;
	if (path)
		rc = map_check_done(plan, err);
	if (!rc && done.count + done.failed)
		command_note(plan->cx, "%s: %lld of %lld calls are done, %lld that failed are made again", path,
			     (long long) done.count, (long long) plan->total, (long long) done.failed);
	if (!rc)
		rc = run(plan, err);
	map_file_close(&file);
	return rc;
}

af_code cmd_map_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	AF_AUTO(over) struct over over;
	AUTO_FREE char *constant = NULL;
	struct map_plan plan = { .cx = cx, .method = args_operand(args, "METHOD"), .over = &over,
				 .timeout_ms = args_number(args, "timeout"), .retries = (int) args_number(args, "retries"),
				 .retry_failed = args_has(args, "retry-failed") };
	af_code rc = check(args, err);

	over_init(&over);
	if (!rc)
		rc = read_over(cx, args, &over, err);
	if (!rc)
		rc = over_total(&over, &plan.total, err);
	if (!rc)
		rc = call_args_read(args, cx->io, &constant, err);
	if (!rc)
		rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);
	if (rc)
		return rc;
	plan.constant = (struct json_span){ constant, strlen(constant) };
	plan.env = env;
	plan.concurrency = args_has(args, "concurrency") ? (int) args_number(args, "concurrency")
							 : (int) MIN((int64_t) PER_REPLICA * (int64_t) MAX(env->count, 1u), plan.total);
	if (args_has(args, "max-in-flight"))
		env->max_in_flight = (int) args_number(args, "max-in-flight");
	allow_files(plan.concurrency + OTHER_FILES);
	env->loaded = true; /* its turns are this run's own */
	env_watch(env);
	return with_file(&plan, args, err);
}
