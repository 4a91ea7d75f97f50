/* afs methods: what an environment can do. */
#include "command/columns.h"
#include "command/commands.h"
#include "command/usage.h"
#include "orchestrator/orchestrator.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ 0 },
};

static const char *const examples[] = { "afs methods my-env", "afs methods my-env --json", NULL };

const struct command_spec cmd_methods = {
	.name = "methods",
	.group = "Watch",
	.summary = "List the methods of an environment",
	.description = "Shows names, signatures and docstrings; for a FastAPI environment its OpenAPI operations.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_methods_run,
};

static af_code print_table(struct command_context *cx, const struct method_list *methods, struct af_error *err)
{
	static const struct column spec[] = {
		{ "METHOD", .least = 20 },
		{ "SIGNATURE", .least = 24 },
		{ "WHAT IT DOES", .least = 12, .drop = 1 },
		{ 0 },
	};
	AF_AUTO(columns) struct columns table;

	columns_init(&table, spec);
	for (size_t i = 0; i < methods->count; i++) {
		const struct method *m = &methods->items[i];
		AUTO_STRBUF summary = STRBUF_INIT(STRBUF_TEXT);

		usage_add_summary(&summary, m->doc);
		columns_add(&table, m->name);
		columns_add(&table, m->signature);
		columns_add(&table, summary.data);
	}
	return command_columns(cx, &table, err);
}

af_code cmd_methods_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(method_list) struct method_list methods = { 0 };
	AF_AUTO(env) struct af_env *env = NULL;
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);

	if (!rc)
		rc = env_methods(env, cx->cancel, &methods, err);
	if (rc)
		return rc;
	if (!args_has(args, "json"))
		return print_table(cx, &methods, err);
	method_list_json(&methods, &json);
	return command_json(cx, &json, err);
}
