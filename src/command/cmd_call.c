/* afs call: one method call → its JSON result. */
#include "command/commands.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ "METHOD", WORD_METHOD, .help = "method to call" },
	{ "-", WORD_TEXT, .help = "read the arguments, a JSON object, from stdin", .optional = true },
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
