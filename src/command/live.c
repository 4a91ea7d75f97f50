#include "command/live.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/parallel.h"
#include "docker/tree.h"

#define SAMPLE_MS 200
#define HEALTH_MS 1000
#define STATS_MS 10000

const char *live_health_name(enum live_health health)
{
	return health == HEALTH_OK ? "ok" : health == HEALTH_BAD ? "bad" : NULL;
}

bool live_is_up(const struct live *l)
{
	return l->state[0] ? strcmp(l->state, "running") == 0 : l->inst->state == INSTANCE_UP;
}

void live_add_state(struct strbuf *sb, const struct live *l)
{
	bool dead = strcmp(l->state, "exited") == 0 || strcmp(l->state, "dead") == 0;

	if (!l->state[0])
		strbuf_adds(sb, instance_state_name(l->inst->state));
	else if (live_is_up(l))
		strbuf_adds(sb, "up");
	else if (l->oom)
		strbuf_adds(sb, "oom");
	else if (l->exit_code >= 0 && (dead || strcmp(l->state, "restarting") == 0))
		strbuf_addf(sb, "%s %d", l->state, l->exit_code);
	else
		strbuf_adds(sb, l->state);
}

/* ---- reading documents ---------------------------------------------------------------------- */

void live_take_detail(struct live *l, const struct instance_detail *detail)
{
	memcpy(l->state, detail->state, sizeof(l->state));
	l->exit_code = detail->exit_code;
	l->oom = detail->oom;
	l->restarts = detail->restarts;
	l->started_ms = detail->started_ns / 1000000;
	l->memory_limit = detail->memory_limit;
}

static double number_of(const cJSON *tree, const char *key)
{
	const cJSON *number = tree_get(tree, key);

	return cJSON_IsNumber(number) ? number->valuedouble : NAN;
}

void live_read_counts(struct live *l, const cJSON *stats)
{
	double since = number_of(stats, "since");

	l->requests = tree_int(stats, "requests", -1);
	l->errors = tree_int(stats, "errors", 0);
	l->in_flight = tree_int(stats, "in_flight", 0);
	l->counted = l->requests >= 0;
	l->since_ms = since > 0 && since < 1e12 ? (int64_t) (since * 1000) : 0;
	l->p50_ms = number_of(stats, "p50_ms");
	l->p95_ms = number_of(stats, "p95_ms");
	l->p99_ms = number_of(stats, "p99_ms");
}

/* ---- asking ------------------------------------------------------------------------------------ */

struct gathering {
	struct live *items;
	const struct live_list *before;
	struct cancel *cancel;
	int what;
};

static const struct docker_stats *sample_before(const struct gathering *g, const struct live *l)
{
	for (size_t i = 0; g->before && i < g->before->count; i++) {
		const struct live *old = &g->before->items[i];
		if (strcmp(old->inst->id, l->inst->id) == 0 && old->usage.cpu_ns > 0 && live_is_up(old))
			return &old->usage;
	}
	return NULL;
}

static void ask_engine(const struct gathering *g, struct live *l)
{
	AF_AUTO(instance_detail) struct instance_detail detail = { 0 };
	af_code rc = instance_detail(l->inst, &detail, g->cancel, NULL);

	if (rc == AF_OK)
		live_take_detail(l, &detail);
	else if (rc == AF_ERR_NOT_FOUND)
		snprintf(l->state, sizeof(l->state), "removed");
}

static void ask_server(const struct gathering *g, struct live *l)
{
	struct server s = instance_server(l->inst);
	AUTO_CJSON *stats = NULL;

	if (!l->inst->base)
		return;
	if (g->what & LIVE_HEALTH)
		l->health = server_health(&s, HEALTH_MS, g->cancel, NULL) == AF_OK ? HEALTH_OK : HEALTH_BAD;
	/* A server that does not even say that it is well would only make us wait longer. */
	if ((g->what & LIVE_COUNTS) && l->health != HEALTH_BAD && s.type == ENV_FUNCTION_BASED &&
	    server_stats(&s, STATS_MS, g->cancel, &stats, NULL) == AF_OK)
		live_read_counts(l, stats);
}

static void look_at(void *arg, size_t i)
{
	const struct gathering *g = arg;
	struct live *l = &g->items[i];
	const struct docker_stats *before = sample_before(g, l);
	struct docker_stats first, now;
	bool usage = false;

	if (g->what & LIVE_ENGINE) {
		ask_engine(g, l);
		usage = live_is_up(l);
	}
	int64_t began = clock_ms();
	if (usage && !before && instance_usage(l->inst, NULL, &first, g->cancel, NULL) == AF_OK)
		before = &first;
	if (l->inst->state == INSTANCE_UP)
		ask_server(g, l);
	if (before == &first)
		cancel_sleep(g->cancel, SAMPLE_MS - (clock_ms() - began));
	if (usage && instance_usage(l->inst, before, &now, g->cancel, NULL) == AF_OK)
		l->usage = now;
}

af_code live_gather(struct af_env *const *envs, size_t count, int what, const struct live_list *before,
		    struct cancel *cancel, struct live_list *out, struct af_error *err)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		total += envs[i]->count;
	*out = (struct live_list){ calloc(total + 1, sizeof(*out->items)), total };
	if (!out->items)
		return error_nomem(err);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < envs[i]->count; n++)
			out->items[at++] = (struct live){
				.inst = &envs[i]->instances[n], .restarts = -1, .p50_ms = NAN, .p95_ms = NAN, .p99_ms = NAN,
				.usage = { .cpu_percent = NAN, .memory = -1 },
			};
	parallel_run(total, look_at, &(struct gathering){ out->items, before, cancel, what });
	return cancel_check(cancel, err);
}

void live_free(struct live_list *list)
{
	free(list->items);
	*list = (struct live_list){ 0 };
}
