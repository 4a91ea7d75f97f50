/* Environments as JSON, for whoever reads it with a program. */
#include "base/json_write.h"
#include "orchestrator/orchestrator.h"

void method_list_json(const struct method_list *list, struct strbuf *sb)
{
	struct json_writer w = json_writer(sb);

	json_open(&w, NULL, '[');
	for (size_t i = 0; i < list->count; i++) {
		const struct method *m = &list->items[i];
		json_open(&w, NULL, '{');
		json_put_string(&w, "name", m->name);
		json_put_string(&w, "signature", m->signature);
		json_put_string(&w, "doc", m->doc);
		json_put_string(&w, "source", m->source);
		json_close(&w, '}');
	}
	json_close(&w, ']');
}

static void put_latency(struct json_writer *w, const char *key, const struct instance *inst, double percent)
{
	json_put_number(w, key, (double) histogram_percentile(&inst->latency, percent) / 1e3);
}

static void add_instance(struct json_writer *w, const struct instance *inst)
{
	json_open(w, NULL, '{');
	json_put_int(w, "replica", inst->replica);
	json_put_string(w, "host", inst->host);
	json_put_string(w, "address", inst->base);
	json_put_string(w, "state", instance_state_name(inst->state == INSTANCE_UP && inst->vitals.examined ? INSTANCE_STARTING
													      : inst->state));
	json_put_int(w, "requests", (int64_t) inst->requests);
	json_put_int(w, "errors", (int64_t) inst->errors);
	json_put_int(w, "in_flight", inst->in_flight);
	json_put_int(w, "queued", (int64_t) inst->waiting.count);
	put_latency(w, "p50_ms", inst, 50);
	put_latency(w, "p95_ms", inst, 95);
	put_latency(w, "p99_ms", inst, 99);
	json_close(w, '}');
}

void env_stats_json(struct af_env *env, struct strbuf *sb)
{
	struct json_writer w = json_writer(sb);
	int64_t requests = 0, errors = 0;

	pthread_mutex_lock(&env->lock);
	for (size_t i = 0; i < env->count; i++) {
		requests += (int64_t) env->instances[i].requests;
		errors += (int64_t) env->instances[i].errors;
	}
	json_open(&w, NULL, '{');
	json_put_string(&w, "name", env->name);
	json_put_string(&w, "balance", af_balance_name(env->balance));
	json_put_int(&w, "requests", requests);
	json_put_int(&w, "errors", errors);
	json_put_int(&w, "queued", (int64_t) env->queued);
	json_open(&w, "instances", '[');
	for (size_t i = 0; i < env->count; i++)
		add_instance(&w, &env->instances[i]);
	json_close(&w, ']');
	json_close(&w, '}');
	pthread_mutex_unlock(&env->lock);
}
