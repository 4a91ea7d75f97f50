/* afs logs: output of the replicas, merged by time. */
#include "base/clock.h"
#include "command/commands.h"
#include "command/logshow.h"
#include "command/pattern.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "follow", 'f', WORD_FLAG, .help = "go on with new lines until ^C" },
	{ "tail", 'n', WORD_INT, .value = "N", .max = INT32_MAX, .help = "only the last N lines of each replica" },
	{ "since", 0, WORD_TEXT, .value = "WHEN", .help = "only newer lines: 10m, 2h, 2026-01-02T03:04:05Z" },
	{ "replica", 'r', WORD_INT, .value = "N", .max = INT32_MAX, .help = "only this replica" },
	{ "grep", 'g', WORD_TEXT, .value = "RE", .help = "only lines that match the regular expression" },
	{ "timestamps", 't', WORD_FLAG, .help = "put the time before each line" },
	{ 0 },
};

static const char *const examples[] = {
	"afs logs my-env -f --tail 20",
	"afs logs my-env --since 10m --grep 'task_id\\W+17'",
	NULL,
};

const struct command_spec cmd_logs = {
	.name = "logs",
	.group = "Watch",
	.summary = "Show what the replicas print, merged by time",
	.description = "stdout and stderr of the replicas both go to stdout, with the replica's number before each line where there are "
		       "several. Following goes on after restarts without losing or doubling lines, and ends when the "
		       "containers are removed. --grep takes a Perl-compatible regular expression. On a terminal control "
		       "characters are shown, not obeyed; elsewhere the bytes are what the replicas wrote.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_logs_run,
};

/* What is wrong with it is said before anybody is asked. */
static af_code check_grep(const char *grep, struct af_error *err)
{
	struct pattern *pattern = NULL;
	af_code rc = grep ? pattern_new(grep, &pattern, err) : AF_OK;

	pattern_free(pattern);
	return rc ? error_wrap(err, rc, "logs: --grep") : AF_OK;
}

af_code cmd_logs_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	const char *since = args_text(args, "since");
	int64_t since_ms = 0;
	af_code rc = since ? since_parse(since, &since_ms, err) : AF_OK;

	if (rc)
		return error_wrap(err, rc, "logs: --since");
	struct logs_wanted wanted = {
		.replica = args_has(args, "replica") ? (int) args_number(args, "replica") : -1,
		.tail = args_has(args, "tail") ? (int) args_number(args, "tail") : -1,
		.since_ns = since_ms * 1000000,
		.grep = args_text(args, "grep"),
		.follow = args_has(args, "follow"),
		.timestamps = args_has(args, "timestamps"),
	};
	rc = check_grep(wanted.grep, err);
	if (!rc)
		rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);
	return rc ? rc : logs_show(cx, env, &wanted, err);
}
