/* afs ps: environments and their replicas. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/json_write.h"
#include "command/columns.h"
#include "command/commands.h"
#include "command/live.h"
#include "command/report.h"

static const struct operand_spec operands[] = { { 0 } };

static const struct option_spec options[] = {
	{ "json", 0, WORD_FLAG, .help = "print a JSON list" },
	{ "watch", 'w', WORD_FLAG, .help = "go on showing changes until ^C" },
	{ 0 },
};

static const char *const examples[] = { "afs ps", "afs ps --watch", "afs ps --json", NULL };

const struct command_spec cmd_ps = {
	.name = "ps",
	.group = "Watch",
	.summary = "List environments and replicas with their state and load",
	.description = "Shows mode, host, state, health, CPU, memory, requests, errors and restarts. CPU is in percent of one "
		       "core, as docker stats has it; requests and errors are counted by the environment's own server "
		       "since it started, and are unknown where it has none.\n"
		       "--json prints a list of environments: name, image, type, mode, balance, ours (started by afs), planned "
		       "(replicas there were meant to be), and replicas: replica, container, id, host, address, state, status, "
		       "exit_code, oom, health (ok or bad), cpu_percent, memory, memory_limit (bytes), counted_by (server), "
		       "requests, errors, in_flight, restarts, started_at. What is not known is null.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_ps_run,
};

#define WATCH_MS 2000

/* ---- a table ------------------------------------------------------------------------------- */

static const struct column spec[] = {
	{ "NAME", .least = 10 },
	{ "MODE", .drop = 3 },
	{ "HOST", .least = 5, .drop = 1 },
	{ "STATE", .least = 8 },
	{ .title = "HEALTH" },
	{ "CPU", .right = true },
	{ "MEM", .right = true },
	{ "REQ", .right = true },
	{ "ERR", .right = true },
	{ "RESTARTS", .right = true, .drop = 4 },
	{ "UPTIME", .right = true, .drop = 2 },
	{ "IMAGE", .least = 10, .drop = 5 },
	{ 0 },
};

/* What a row tells of one or several replicas. */
struct sums {
	double cpu;
	int64_t memory, requests, errors, restarts, started_ms;
	int up, ok, bad;
	bool counted, cpu_known, restarts_known;
};

static void add_up(struct sums *s, const struct live *l)
{
	bool up = live_is_up(l);

	s->cpu += isnan(l->usage.cpu_percent) ? 0 : l->usage.cpu_percent;
	s->cpu_known |= !isnan(l->usage.cpu_percent);
	s->memory += MAX(l->usage.memory, (int64_t) 0);
	s->counted |= l->counted;
	s->requests += l->counted ? l->requests : 0;
	s->errors += l->counted ? l->errors : 0;
	s->restarts += MAX(l->restarts, (int64_t) 0);
	s->restarts_known |= l->restarts >= 0;
	s->up += up;
	s->ok += l->health == HEALTH_OK;
	s->bad += l->health == HEALTH_BAD;
	if (up && l->started_ms && (!s->started_ms || l->started_ms < s->started_ms))
		s->started_ms = l->started_ms;
}

static void add_count(struct columns *table, bool known, int64_t count)
{
	if (known)
		columns_addf(table, "%lld", (long long) count);
	else
		columns_add(table, NULL);
}

static void add_size(struct columns *table, int64_t bytes)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (bytes > 0)
		size_format(&text, bytes);
	columns_add(table, text.data);
}

static void add_uptime(struct columns *table, int64_t started_ms)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (started_ms)
		duration_format(&text, wall_ms() - started_ms);
	columns_add(table, text.data);
}

static void add_numbers(struct columns *table, const struct sums *s)
{
	columns_add(table, s->bad ? "bad" : s->ok ? "ok" : NULL);
	if (s->up && s->cpu_known)
		columns_addf(table, s->cpu < 9.95 ? "%.1f%%" : "%.0f%%", s->cpu);
	else
		columns_add(table, NULL);
	add_size(table, s->memory);
	add_count(table, s->counted, s->requests);
	add_count(table, s->counted, s->errors);
	add_count(table, s->restarts_known, s->restarts);
	add_uptime(table, s->started_ms);
}

static void add_replica(struct columns *table, const char *name, const char *mode, const struct live *l,
			const char *image)
{
	AUTO_STRBUF state = STRBUF_INIT(STRBUF_LINE);
	struct sums sums = { 0 };

	add_up(&sums, l);
	live_add_state(&state, l);
	columns_add(table, name);
	columns_add(table, mode);
	columns_add(table, l->inst->host);
	columns_add(table, state.data);
	add_numbers(table, &sums);
	columns_add(table, image);
}

/* A line for the whole, and one for each replica below. */
static void add_pool(struct columns *table, const struct af_env *env, const struct live *replicas)
{
	struct sums sums = { 0 };

	for (size_t i = 0; i < env->count; i++)
		add_up(&sums, &replicas[i]);
	columns_add(table, env->name);
	columns_add(table, env_mode(env));
	columns_add(table, " ");
	columns_addf(table, "%d/%d up", sums.up, MAX(env->planned, (int) env->count));
	add_numbers(table, &sums);
	columns_add(table, env->image);
	for (size_t i = 0; i < env->count; i++) {
		AUTO_FREE char *name = str_format(NULL, "  %d", env->instances[i].replica);
		add_replica(table, name, " ", &replicas[i], " ");
	}
}

static af_code print_table(struct command_context *cx, const struct env_list *envs, const struct live_list *live,
			   struct af_error *err)
{
	AF_AUTO(columns) struct columns table;
	const struct live *l = live->items;

	columns_init(&table, spec);
	for (size_t i = 0; i < envs->count; l += envs->items[i++]->count) {
		const struct af_env *env = envs->items[i];
		if (env->count == 1 && env->planned <= 1)
			add_replica(&table, env->name, env_mode(env), l, env->image);
		else
			add_pool(&table, env, l);
	}
	if (envs->count == 0)
		command_note(cx, "nothing runs; start an environment with `afs run IMAGE`");
	return envs->count ? command_columns(cx, &table, err) : AF_OK;
}

/* ---- JSON -------------------------------------------------------------------------------------- */

static void put_known(struct json_writer *w, const char *key, bool known, int64_t value)
{
	if (known)
		json_put_int(w, key, value);
	else
		json_put_null(w, key);
}

static void put_time(struct json_writer *w, const char *key, int64_t ms)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (ms)
		rfc3339_format(&text, ms);
	json_put_string(w, key, ms ? text.data : NULL);
}

static void put_replica(struct json_writer *w, const struct live *l)
{
	bool up = live_is_up(l);

	json_open(w, NULL, '{');
	report_instance(w, l->inst);
	json_put_string(w, "state", up ? "up" : l->state[0] ? l->state : instance_state_name(l->inst->state));
	json_put_string(w, "status", l->inst->status);
	put_known(w, "exit_code", !up && l->exit_code >= 0 && l->state[0], l->exit_code);
	json_put_bool(w, "oom", l->oom);
	json_put_string(w, "health", live_health_name(l->health));
	json_put_number(w, "cpu_percent", l->usage.cpu_percent);
	put_known(w, "memory", l->usage.memory >= 0, l->usage.memory);
	put_known(w, "memory_limit", l->memory_limit > 0, l->memory_limit);
	json_put_string(w, "counted_by", l->counted ? "server" : NULL);
	put_known(w, "requests", l->counted, l->requests);
	put_known(w, "errors", l->counted, l->errors);
	put_known(w, "in_flight", l->counted, l->in_flight);
	put_known(w, "restarts", l->restarts >= 0, l->restarts);
	put_time(w, "started_at", up ? l->started_ms : 0);
	json_close(w, '}');
}

static af_code print_json(struct command_context *cx, const struct env_list *envs, const struct live_list *live,
			  struct af_error *err)
{
	AUTO_STRBUF json = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&json);
	const struct live *l = live->items;

	json_open(&w, NULL, '[');
	for (size_t i = 0; i < envs->count; i++) {
		const struct af_env *env = envs->items[i];

		json_open(&w, NULL, '{');
		json_put_string(&w, "name", env->name);
		json_put_string(&w, "image", env->image);
		json_put_string(&w, "type", env_type_name(env->type));
		json_put_string(&w, "mode", env_mode(env));
		json_put_string(&w, "balance", af_balance_name(env->balance));
		json_put_bool(&w, "ours", env->ours);
		json_put_int(&w, "planned", env->planned);
		json_open(&w, "replicas", '[');
		for (size_t n = 0; n < env->count; n++)
			put_replica(&w, l++);
		json_close(&w, ']');
		json_close(&w, '}');
	}
	json_close(&w, ']');
	return command_json(cx, &json, err);
}

/* ---- once, or again and again -------------------------------------------------------------------- */

/* What one look saw; the live list points into the environments. */
struct look {
	struct env_list envs;
	struct live_list live;
};

static void look_free(struct look *look)
{
	live_free(&look->live);
	env_list_free(&look->envs);
}

static af_code take_look(struct command_context *cx, const struct args *args, const struct look *before,
			 struct look *look, struct af_error *err)
{
	af_code rc = env_list(cx->af, cx->cancel, &look->envs, err);

	if (!rc)
		rc = live_gather(look->envs.items, look->envs.count, LIVE_ALL, &before->live, cx->cancel, &look->live, err);
	if (rc)
		return rc;
	command_note_troubles(cx, &look->envs);
	if (args_has(args, "watch") && cx->io->interactive)
		command_outf(cx, "\x1b[H\x1b[2J");
	return args_has(args, "json") ? print_json(cx, &look->envs, &look->live, err)
				      : print_table(cx, &look->envs, &look->live, err);
}

af_code cmd_ps_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct look before = { 0 };
	bool watch = args_has(args, "watch");
	af_code rc;

	do {
		struct look look = { 0 };

		rc = take_look(cx, args, &before, &look, err);
		look_free(&before);
		before = look;
		if (watch && !rc)
			cancel_sleep(cx->cancel, WATCH_MS);
	} while (watch && !rc && !cancel_requested(cx->cancel));
	look_free(&before);
	if (watch && rc == AF_ERR_CANCELLED) { /* ^C is how it ends */
		af_error_clear(err);
		return AF_OK;
	}
	return rc;
}
