/* Environments as JSON, for whoever reads it with a program. */
#include <string.h>

#include "orchestrator/orchestrator.h"

static void add_text(struct strbuf *sb, const char *key, const char *text)
{
	strbuf_addf(sb, "\"%s\": ", key);
	if (text)
		json_add_string(sb, text, strlen(text));
	else
		strbuf_adds(sb, "null");
}

void method_list_json(const struct method_list *list, struct strbuf *sb)
{
	strbuf_addc(sb, '[');
	for (size_t i = 0; i < list->count; i++) {
		const struct method *m = &list->items[i];
		strbuf_adds(sb, i ? ", {" : "{");
		add_text(sb, "name", m->name);
		strbuf_adds(sb, ", ");
		add_text(sb, "signature", m->signature);
		strbuf_adds(sb, ", ");
		add_text(sb, "doc", m->doc);
		strbuf_adds(sb, ", ");
		add_text(sb, "source", m->source);
		strbuf_addc(sb, '}');
	}
	strbuf_addc(sb, ']');
}

static void add_instance(struct strbuf *sb, const struct instance *inst)
{
	strbuf_addf(sb, "{\"replica\": %d, ", inst->replica);
	add_text(sb, "host", inst->host);
	strbuf_adds(sb, ", ");
	add_text(sb, "address", inst->base);
	strbuf_addf(sb, ", \"state\": \"%s\", \"requests\": %llu, \"errors\": %llu, \"in_flight\": %d",
		    instance_state_name(inst->state), (unsigned long long) inst->requests,
		    (unsigned long long) inst->errors, inst->in_flight);
	strbuf_addf(sb, ", \"p50_ms\": %.3f, \"p95_ms\": %.3f, \"p99_ms\": %.3f}",
		    (double) histogram_percentile(&inst->latency, 50) / 1e3,
		    (double) histogram_percentile(&inst->latency, 95) / 1e3,
		    (double) histogram_percentile(&inst->latency, 99) / 1e3);
}

void env_stats_json(struct af_env *env, struct strbuf *sb)
{
	unsigned long long requests = 0, errors = 0;

	pthread_mutex_lock(&env->lock);
	for (size_t i = 0; i < env->count; i++) {
		requests += env->instances[i].requests;
		errors += env->instances[i].errors;
	}
	strbuf_addc(sb, '{');
	add_text(sb, "name", env->name);
	strbuf_addf(sb, ", \"balance\": \"%s\", \"requests\": %llu, \"errors\": %llu, \"instances\": [",
		    af_balance_name(env->balance), requests, errors);
	for (size_t i = 0; i < env->count; i++) {
		strbuf_adds(sb, i ? ", " : "");
		add_instance(sb, &env->instances[i]);
	}
	strbuf_adds(sb, "]}");
	pthread_mutex_unlock(&env->lock);
}
