/* afs stats: what the pool has done so far. */
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "command/columns.h"
#include "command/commands.h"
#include "command/live.h"
#include "command/report.h"

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
		       "p50, p95 and p99, counted by the environment's server since it started, whoever called.\n"
		       "--json prints an object: name, balance, requests, errors, in_flight (sums), and instances: replica, "
		       "container, id, host, address, state, counted_by (server), since, requests, errors, in_flight, p50_ms, "
		       "p95_ms, p99_ms. What is not known is null.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_stats_run,
};

static const struct column spec[] = {
	{ .title = "REPLICA" },
	{ "HOST", .least = 5 },
	{ .title = "ADDRESS" },
	{ .title = "STATE" },
	{ "REQUESTS", .right = true },
	{ "ERRORS", .right = true },
	{ "IN FLIGHT", .right = true },
	{ "P50", .right = true },
	{ "P95", .right = true },
	{ "P99", .right = true },
	{ 0 },
};

struct totals {
	int64_t requests, errors, in_flight;
	size_t counted, up;
};

static struct totals total_of(const struct live_list *live)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < live->count; i++) {
		const struct live *l = &live->items[i];

		t.up += live_is_up(l);
		t.counted += l->counted;
		t.requests += l->counted ? l->requests : 0;
		t.errors += l->counted ? l->errors : 0;
		t.in_flight += l->counted ? l->in_flight : 0;
	}
	return t;
}

static void add_counts(struct columns *table, bool known, int64_t requests, int64_t errors, int64_t in_flight)
{
	const int64_t counts[] = { requests, errors, in_flight };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++)
		if (known)
			columns_addf(table, "%lld", (long long) counts[i]);
		else
			columns_add(table, NULL);
}

static void add_latency(struct columns *table, double ms)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (ms < 9.95)
		strbuf_addf(&text, "%.1f ms", ms);
	else if (!isnan(ms))
		duration_format(&text, (int64_t) (ms + 0.5));
	columns_add(table, text.data);
}

static void add_instance(struct columns *table, const struct live *l)
{
	AUTO_STRBUF state = STRBUF_INIT(STRBUF_LINE);
	const double latencies[] = { l->p50_ms, l->p95_ms, l->p99_ms };

	live_add_state(&state, l);
	columns_addf(table, "%d", l->inst->replica);
	columns_add(table, l->inst->host);
	columns_add(table, instance_address(l->inst));
	columns_add(table, state.data);
	add_counts(table, l->counted, l->requests, l->errors, l->in_flight);
	for (size_t i = 0; i < ARRAY_LEN(latencies); i++)
		add_latency(table, latencies[i]);
}

static af_code print_table(struct command_context *cx, const struct live_list *live, struct af_error *err)
{
	struct totals t = total_of(live);
	AF_AUTO(columns) struct columns table;

	columns_init(&table, spec);
	for (size_t i = 0; i < live->count; i++)
		add_instance(&table, &live->items[i]);
	columns_add(&table, "total");
	columns_add(&table, " ");
	columns_add(&table, " ");
	columns_addf(&table, "%zu/%zu up", t.up, live->count);
	add_counts(&table, t.counted > 0, t.requests, t.errors, t.in_flight);
	for (int i = 0; i < 3; i++) /* percentiles do not add up */
		columns_add(&table, " ");
	return command_columns(cx, &table, err);
}

static void put_counts(struct json_writer *w, bool known, int64_t requests, int64_t errors, int64_t in_flight)
{
	static const char *const keys[] = { "requests", "errors", "in_flight" };
	const int64_t counts[] = { requests, errors, in_flight };

	for (size_t i = 0; i < ARRAY_LEN(keys); i++)
		if (known)
			json_put_int(w, keys[i], counts[i]);
		else
			json_put_null(w, keys[i]);
}

static void put_instance(struct json_writer *w, const struct live *l)
{
	AUTO_STRBUF since = STRBUF_INIT(STRBUF_LINE);

	if (l->since_ms)
		rfc3339_format(&since, l->since_ms);
	json_open(w, NULL, '{');
	report_instance(w, l->inst);
	json_put_string(w, "state", live_is_up(l) ? "up" : l->state[0] ? l->state : instance_state_name(l->inst->state));
	json_put_string(w, "counted_by", l->counted ? "server" : NULL);
	json_put_string(w, "since", l->since_ms ? since.data : NULL);
	put_counts(w, l->counted, l->requests, l->errors, l->in_flight);
	json_put_number(w, "p50_ms", l->p50_ms);
	json_put_number(w, "p95_ms", l->p95_ms);
	json_put_number(w, "p99_ms", l->p99_ms);
	json_close(w, '}');
}

static af_code print_json(struct command_context *cx, const struct af_env *env, const struct live_list *live,
			  struct af_error *err)
{
	struct totals t = total_of(live);
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&json);

	json_open(&w, NULL, '{');
	json_put_string(&w, "name", env->name);
	json_put_string(&w, "balance", af_balance_name(env->balance));
	put_counts(&w, t.counted > 0, t.requests, t.errors, t.in_flight);
	json_open(&w, "instances", '[');
	for (size_t i = 0; i < live->count; i++)
		put_instance(&w, &live->items[i]);
	json_close(&w, ']');
	json_close(&w, '}');
	return command_json(cx, &json, err);
}

af_code cmd_stats_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	AF_AUTO(live) struct live_list live = { 0 };
	af_code rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);

	if (!rc)
		rc = live_gather(&env, 1, LIVE_COUNTS, NULL, cx->cancel, &live, err);
	if (rc)
		return rc;
	return args_has(args, "json") ? print_json(cx, env, &live, err) : print_table(cx, &live, err);
}
