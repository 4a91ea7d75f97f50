/* afs history: calls that were made, searched, shown, exported, forgotten. */
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "command/columns.h"
#include "command/commands.h"
#include "store/store.h"

static const struct operand_spec operands[] = {
	{ "TEXT", WORD_TEXT, .help = "only calls with this text in environment, method, arguments or error", .optional = true },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "env", 'e', WORD_ENV, .value = "NAME", .help = "only calls of this environment" },
	{ "method", 'm', WORD_TEXT, .value = "METHOD", .help = "only calls of this method" },
	{ "failed", 'f', WORD_FLAG, .help = "only calls that failed" },
	{ "since", 0, WORD_TEXT, .value = "TIME", .help = "only newer calls: a time, or a duration ago such as 10m" },
	{ "limit", 'n', WORD_INT, .value = "N", .def = "50", .max = INT32_MAX, .help = "the newest N; 0 shows all" },
	{ "show", 's', WORD_INT, .value = "ID", .min = 1, .max = INT64_MAX, .help = "print one call with its result" },
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ "export", 0, WORD_CHOICE, .value = "FORMAT", .choices = "jsonl|csv",
	  .help = "print all calls with their results, the newest first" },
	{ "forget", 0, WORD_INT, .value = "ID", .min = 1, .max = INT64_MAX, .help = "remove one call" },
	{ "clear", 0, WORD_FLAG, .help = "remove all calls" },
	{ 0 },
};

static const char *const examples[] = {
	"afs history",
	"afs history --env affine --failed --since 2h",
	"afs history task_id=17",
	"afs history --show 118",
	"afs history --export csv > calls.csv",
	NULL,
};

const struct command_spec cmd_history = {
	.name = "history",
	.group = "Watch",
	.summary = "Show, search and export the calls that were made",
	.description = "Calls of afs and afs-tui are kept in history.db in the state directory (~/.local/state/affinetes), for "
		       "this user alone: the newest 20000, and 64 MiB of results. Values of arguments whose names look like "
		       "secrets (key, token, secret, password, authorization) are kept as ***. A result of more than 1 MiB "
		       "is cut.\n"
		       "Each call has: id, started_at, environment, method, replica, status (ok, or what failed), took_ms, "
		       "call_id (its name in the environment's log), args, error, and with --show and --export result; of a "
		       "result that was cut, result_begin and result_bytes.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.standalone = true,
	.run = cmd_history_run,
};

/* ---- one call as JSON -------------------------------------------------------------------------- */

static void put_time(struct json_writer *w, const char *key, int64_t ms)
{
	AUTO_STRBUF text = STRBUF_INIT(64);

	rfc3339_format(&text, ms);
	json_put_string(w, key, text.data);
}

/* On one line, whatever it was. What is no JSON (cut, or damaged) goes as text. */
static void put_json(struct json_writer *w, const char *key, const char *else_key, const char *text)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE);

	if (json_check(text, strlen(text), NULL)) {
		json_put_string(w, else_key, text);
		return;
	}
	json_add_pretty(&line, (struct json_span){ text, strlen(text) }, 0);
	json_put_raw(w, key, json_span_of(&line));
}

static void put_call(struct json_writer *w, const struct call_record *r)
{
	json_open(w, NULL, '{');
	json_put_int(w, "id", r->id);
	put_time(w, "started_at", r->started_ms);
	json_put_string(w, "environment", r->environment);
	json_put_string(w, "method", r->method);
	if (r->replica < 0)
		json_put_null(w, "replica");
	else
		json_put_int(w, "replica", r->replica);
	json_put_string(w, "status", r->code ? af_code_name(r->code) : "ok");
	json_put_number(w, "took_ms", (double) r->took_us / 1000);
	json_put_string(w, "call_id", r->call_id);
	put_json(w, "args", "args_text", r->args);
	json_put_string(w, "error", r->error);
	if (r->result)
		put_json(w, "result", "result_begin", r->result);
	if (r->result_len)
		json_put_int(w, "result_bytes", r->result_len);
	json_close(w, '}');
}

/* ---- lists --------------------------------------------------------------------------------------- */

static const struct column spec[] = {
	{ "ID", .right = true },
	{ "TIME", .drop = 2 },
	{ "ENVIRONMENT", .least = 8 },
	{ "METHOD", .least = 8 },
	{ "R", .right = true, .drop = 1 },
	{ "STATUS", .least = 8 },
	{ "TOOK", .right = true },
	{ "ARGUMENTS", .least = 12, .drop = 3 },
	{ 0 },
};

/* "task_id=17 seed=1" for people. */
static void add_arguments(struct strbuf *sb, const char *args)
{
	struct json_span object = { args, strlen(args) };

	if (json_check(args, object.len, NULL) || json_type(object) != JSON_OBJECT)
		return;
	for (struct json_iter it = json_iter(object); json_next(&it);) {
		strbuf_adds(sb, sb->len ? " " : "");
		json_add_decoded(sb, it.key);
		strbuf_addc(sb, '=');
		if (json_type(it.value) == JSON_STRING)
			json_add_decoded(sb, it.value);
		else
			strbuf_add(sb, it.value.text, it.value.len);
		if (sb->len > 400)
			return;
	}
}

static void add_row(struct columns *table, const struct call_record *r)
{
	AUTO_STRBUF time = STRBUF_INIT(64), took = STRBUF_INIT(64), args = STRBUF_INIT(STRBUF_TEXT);

	rfc3339_format(&time, r->started_ms);
	strbuf_truncate(&time, MIN(time.len, (size_t) 19)); /* to the second */
	duration_format_us(&took, r->took_us);
	add_arguments(&args, r->args);
	columns_addf(table, "%lld", (long long) r->id);
	columns_add(table, time.data);
	columns_add(table, r->environment);
	columns_add(table, r->method);
	if (r->replica < 0)
		columns_add(table, NULL);
	else
		columns_addf(table, "%d", r->replica);
	columns_add(table, r->code ? af_code_name(r->code) : "ok");
	columns_add(table, took.data);
	columns_add(table, args.data);
}

static af_code print_list(struct command_context *cx, struct store *s, const struct call_query *q, bool json,
			  struct af_error *err)
{
	AF_AUTO(call_list) struct call_list list = { 0 };
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);
	struct json_writer w = json_writer(&text);
	AF_AUTO(columns) struct columns table;
	af_code rc = store_list(s, q, &list, err);

	columns_init(&table, spec);
	if (rc)
		return rc;
	json_open(&w, NULL, '[');
	for (size_t i = 0; i < list.count; i++) {
		if (json)
			put_call(&w, &list.items[i]);
		else
			add_row(&table, &list.items[i]);
	}
	json_close(&w, ']');
	if (json)
		return command_json(cx, &text, err);
	if (!list.count)
		command_note(cx, "no calls were found");
	return list.count ? command_columns(cx, &table, err) : AF_OK;
}

static af_code show(struct command_context *cx, struct store *s, int64_t id, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);
	struct json_writer w = json_writer(&text);
	struct call_record r;
	af_code rc = store_get(s, id, &r, err);

	if (rc)
		return rc;
	put_call(&w, &r);
	call_record_free(&r);
	return command_json(cx, &text, err);
}

/* ---- export -------------------------------------------------------------------------------------- */

static const char csv_heading[] = "id,started_at,environment,method,replica,status,took_ms,call_id,args,result,error\r\n";

/* RFC 4180: quoted where it has to be, quotes doubled. */
static void add_cell(struct strbuf *sb, const char *text)
{
	if (sb->len)
		strbuf_addc(sb, ',');
	if (!text)
		return;
	if (!text[strcspn(text, ",\"\r\n")]) {
		strbuf_adds(sb, text);
		return;
	}
	strbuf_addc(sb, '"');
	for (const char *p = text; *p; p++) {
		if (*p == '"')
			strbuf_addc(sb, '"');
		strbuf_addc(sb, *p);
	}
	strbuf_addc(sb, '"');
}

static void add_csv(struct strbuf *sb, const struct call_record *r)
{
	AUTO_STRBUF time = STRBUF_INIT(64);

	rfc3339_format(&time, r->started_ms);
	strbuf_addf(sb, "%lld", (long long) r->id);
	add_cell(sb, time.data);
	add_cell(sb, r->environment);
	add_cell(sb, r->method);
	strbuf_addc(sb, ',');
	if (r->replica >= 0)
		strbuf_addf(sb, "%d", r->replica);
	add_cell(sb, r->code ? af_code_name(r->code) : "ok");
	strbuf_addf(sb, ",%lld.%03lld", (long long) (r->took_us / 1000), (long long) (r->took_us % 1000));
	add_cell(sb, r->call_id);
	add_cell(sb, r->args);
	add_cell(sb, r->result);
	add_cell(sb, r->error);
	strbuf_adds(sb, "\r\n");
}

struct export {
	struct command_context *cx;
	bool csv;
};

static af_code export_row(void *arg, const struct call_record *r, struct af_error *err)
{
	struct export *e = arg;
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE);
	struct json_writer w = json_writer(&line);
	af_code rc;

	if (e->csv) {
		add_csv(&line, r);
	} else {
		put_call(&w, r);
		strbuf_addc(&line, '\n');
	}
	rc = strbuf_check(&line, err);
	if (!rc)
		command_out(e->cx, line.data, line.len);
	return rc ? rc : cancel_check(e->cx->cancel, err);
}

static af_code export(struct command_context *cx, struct store *s, const struct call_query *q, const char *format,
		      struct af_error *err)
{
	struct export e = { cx, strcmp(format, "csv") == 0 };

	if (e.csv)
		command_out(cx, csv_heading, strlen(csv_heading));
	return store_each(s, q, export_row, &e, err);
}

/* ---- the command ------------------------------------------------------------------------------------ */

static af_code forget(struct command_context *cx, struct store *s, int64_t id, struct af_error *err)
{
	int64_t count = 0;
	af_code rc = store_forget(s, id, &count, err);

	if (rc)
		return rc;
	if (id && !count)
		return error_set(err, AF_ERR_NOT_FOUND, "the history has no call %lld", (long long) id);
	command_note(cx, count == 1 ? "%lld call forgotten" : "%lld calls forgotten", (long long) count);
	return AF_OK;
}

static af_code check(const struct args *args, struct af_error *err)
{
	static const char *const one[] = { "show", "json", "export", "forget", "clear" };
	af_code rc = AF_OK;

	for (size_t i = 0; i < ARRAY_LEN(one); i++)
		for (size_t j = i + 1; !rc && j < ARRAY_LEN(one); j++)
			if (strcmp(one[i], "show") || strcmp(one[j], "json"))
				rc = args_exclusive(args, one[i], one[j], err);
	return rc;
}

static af_code run(struct command_context *cx, struct store *s, const struct args *args, struct af_error *err)
{
	const char *format = args_text(args, "export");
	struct call_query q = {
		.environment = args_text(args, "env"),
		.method = args_text(args, "method"),
		.text = args_operand(args, "TEXT"),
		.failed = args_has(args, "failed"),
		/* An export without a limit is whole. */
		.limit = format && !args_has(args, "limit") ? 0 : args_number(args, "limit"),
	};
	af_code rc = args_has(args, "since") ? since_parse(args_text(args, "since"), &q.since_ms, err) : AF_OK;

	if (rc)
		return rc;
	if (args_has(args, "show"))
		return show(cx, s, args_number(args, "show"), err);
	if (args_has(args, "clear") || args_has(args, "forget"))
		return forget(cx, s, args_has(args, "clear") ? 0 : args_number(args, "forget"), err);
	return format ? export(cx, s, &q, format, err) : print_list(cx, s, &q, args_has(args, "json"), err);
}

af_code cmd_history_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(store) struct store *s = NULL;
	af_code rc = check(args, err);

	if (!rc)
		rc = store_open(NULL, &s, err);
	return rc ? rc : run(cx, s, args, err);
}
