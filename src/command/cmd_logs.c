/* afs logs: output of the replicas, merged by time. */
#include "command/commands.h"

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
	.description = "A broken stream is resumed without losing or doubling lines. --grep takes a Perl-compatible "
		       "regular expression.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_logs_run,
};
