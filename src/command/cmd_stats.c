/* afs stats: what the pool has done so far. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON object" },
	{ 0 },
};

static const char *const examples[] = { "afs stats my-env", "afs stats my-env --json", NULL };

const struct command_spec cmd_stats = {
	.name = "stats",
	.group = "Watch",
	.summary = "Show requests, errors and latencies per instance",
	.description = "Per instance: host, address, requests, errors, calls in flight and the latency percentiles "
		       "p50, p95 and p99, counted by the environment's server.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_stats_run,
};
