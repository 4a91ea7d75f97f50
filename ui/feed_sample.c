/* What is measured of replicas: usage by their host, counts by their servers. See feed_host.h. */
#include "ui/feed_host.h"

#include <limits.h>
#include <math.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"

/* Replicas that nobody looks at: so many per round. */
#define OTHERS_PER_ROUND 16
#define ROUND_MAX 144
/* One that starts, or whose CPU takes a second sample, is looked at again after this time, so many times. */
#define EAGER_MS 250
#define EAGER_MAX 240
/* What is not told after so many looks is not told at all. */
#define TRIES_MAX 4
/* Until a list that is behind is read anew. */
#define BEHIND_MS 100
/* A server that takes longer to say how it is hangs, or is busy with something that it should not be; others wait for it.
 * One that cannot even be connected to, on the engine's own network, is gone. */
#define ANSWER_MS 1500
#define CONNECT_MS 200
/* One that counts nothing is asked this often whether it is well. */
#define HEALTH_EVERY_MS 30000
/* A server's methods beyond these are left out: what a container says has to stay cheap to look at. */
#define METHODS_MAX 256

struct memory *host_feed_memory(const struct host_feed *f, const char *id)
{
	for (size_t i = 0; i < f->memory_count; i++)
		if (!strcmp(f->memories[i].id, id))
			return &f->memories[i];
	return NULL;
}

/* Memories stand in the order of the list, but for those that there was no room for. */
static struct memory *memory_at(const struct host_feed *f, size_t index, const char *id)
{
	bool there = index < f->memory_count && !strcmp(f->memories[index].id, id);

	return there ? &f->memories[index] : host_feed_memory(f, id);
}

struct round {
	struct host_feed *feed;
	struct picked {
		struct instance *inst;
		struct memory *memory;
	} picked[ROUND_MAX];
	size_t count;
	struct samples *samples;
};

static double number(const cJSON *object, const char *name)
{
	const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

	return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

/* A counter out of a container, which may say anything. */
static uint64_t count_of(const cJSON *object, const char *name)
{
	return (uint64_t) fmin(fmax(number(object, name), 0), 9007199254740992.0);
}

static int small_count_of(const cJSON *object, const char *name)
{
	return (int) MIN(count_of(object, name), (uint64_t) INT_MAX);
}

/* A point in time out of a container, in milliseconds; 0: none that makes sense. */
static int64_t time_of(const cJSON *object, const char *name)
{
	double seconds = number(object, name);

	return seconds > 0 && seconds < 1e11 ? (int64_t) (seconds * 1000) : 0;
}

static void take_methods(struct sample *s, const cJSON *methods)
{
	const cJSON *m;
	int count = MIN(cJSON_GetArraySize(methods), METHODS_MAX);

	s->methods = count ? calloc((size_t) count, sizeof(*s->methods)) : NULL;
	cJSON_ArrayForEach(m, methods) {
		if (s->method_count == count)
			break;
		if (!s->methods || !m->string)
			continue;
		struct method_count *to = &s->methods[s->method_count];
		*to = (struct method_count){ .name = strdup(m->string), .calls = count_of(m, "calls"),
					     .errors = count_of(m, "errors"), .divided = !isnan(number(m, "errors_5xx")),
					     .last_ms = time_of(m, "last"), .errors_4xx = count_of(m, "errors_4xx"),
					     .errors_5xx = count_of(m, "errors_5xx"), .timeouts = count_of(m, "timeouts"),
					     .p50_ms = number(m, "p50_ms"), .p95_ms = number(m, "p95_ms"),
					     .p99_ms = number(m, "p99_ms") };
		s->method_count += to->name != NULL;
	}
}

static void take_stats(struct sample *s, const cJSON *doc)
{
	s->source = COUNT_SERVER;
	s->requests = count_of(doc, "requests");
	s->errors = count_of(doc, "errors");
	s->in_flight = small_count_of(doc, "in_flight");
	take_methods(s, cJSON_GetObjectItemCaseSensitive(doc, "methods"));
	s->p50_ms = number(doc, "p50_ms");
	s->p95_ms = number(doc, "p95_ms");
	s->p99_ms = number(doc, "p99_ms");
}

static void ask_health(struct host_feed *f, const struct server *server, struct memory *m, struct sample *s)
{
	if (m->answered && clock_ms() < m->ask_ms)
		return;
	s->asked = true;
	s->answered = server_health(server, ANSWER_MS, f->cancel, NULL) == AF_OK;
	m->ask_ms = s->answered ? clock_ms() + HEALTH_EVERY_MS : 0;
}

static void ask_server(struct host_feed *f, const struct instance *inst, struct memory *m, struct sample *s)
{
	struct server server = instance_server(inst);
	cJSON *doc = NULL;

	server.connect_ms = inst->backend->outside ? 0 : CONNECT_MS;
	s->addressed = true;
	if (m->countless || server.type == ENV_HTTP_BASED) {
		m->countless = true;
		ask_health(f, &server, m, s);
		return;
	}
	af_code rc = server_stats(&server, ANSWER_MS, f->cancel, &doc, NULL);
	s->asked = true;
	s->answered = rc == AF_OK || rc == AF_ERR_UNAVAILABLE;
	m->countless = rc == AF_ERR_UNAVAILABLE;
	if (!rc)
		take_stats(s, doc);
	cJSON_Delete(doc);
}

static void ask_engine(struct host_feed *f, struct instance *inst, struct memory *m, struct sample *s)
{
	struct docker_stats now;

	if (instance_usage(inst, m->has_stats ? &m->stats : NULL, &now, f->cancel, NULL))
		return;
	m->stats = now;
	m->has_cpu = m->has_stats;
	s->cpu_percent = now.cpu_percent;
	s->memory = now.memory;
	s->has_stats = true;
	m->has_stats = true;
}

/* It is another run, or none: nothing that its server said counts any more. */
static void forget_run(struct memory *m)
{
	m->answered = m->countless = false;
	m->in_vain = 0;
}

static void inspect(struct host_feed *f, struct instance *inst, struct memory *m, struct sample *s)
{
	AF_AUTO(instance_detail) struct instance_detail d = { 0 };

	af_code rc = instance_detail(inst, &d, f->cancel, NULL);
	m->inspected = !rc || rc == AF_ERR_UNAVAILABLE;
	if (rc)
		return;
	if (d.started_ns != m->started_ns)
		forget_run(m);
	m->started_ns = d.started_ns;
	s->has_detail = true;
	s->oom = d.oom;
	s->running = d.running;
	s->health_failures = d.health_failures;
	s->health_retries = d.health_retries;
	s->exit_code = MAX(d.exit_code, 0);
	s->restarts = (int) MIN(MAX(d.restarts, (int64_t) 0), (int64_t) INT_MAX);
	s->memory_limit = MAX(d.memory_limit, (int64_t) 0);
	s->started_ms = d.started_ns / 1000000;
	s->ended_ms = d.ended_ns / 1000000;
}

static void sample_one(void *arg, size_t i)
{
	struct round *round = arg;
	struct instance *inst = round->picked[i].inst;
	struct memory *m = round->picked[i].memory;
	struct sample *s = &round->samples->items[i];

	if (cancel_requested(round->feed->cancel))
		return;
	bool changed = !m->inspected || m->state != inst->state;
	m->tries = m->state != inst->state ? 0 : MIN(m->tries + 1, TRIES_MAX);
	m->visited = true;
	m->state = inst->state;
	s->taken = true;
	if (changed || m->in_vain)
		inspect(round->feed, inst, m, s);
	m->ended = inst->state == INSTANCE_UP && s->has_detail && !s->running;
	if (inst->state != INSTANCE_UP || m->ended) {
		m->has_stats = m->has_cpu = false;
		forget_run(m);
		return;
	}
	ask_engine(round->feed, inst, m, s);
	if (inst->base)
		ask_server(round->feed, inst, m, s);
	m->answered |= s->answered;
	if (s->asked)
		m->in_vain = m->answered ? 0 : MIN(m->in_vain + 1, EAGER_MAX);
}

/* Something happened to it, or soon more will be known. */
static bool is_eager(const struct memory *m, const struct instance *inst)
{
	bool lacks = !m->inspected || (m->has_stats && !m->has_cpu);

	return !m->visited || m->state != inst->state || (lacks && m->tries < TRIES_MAX) ||
	       (m->in_vain && m->in_vain < EAGER_MAX);
}

/* Those on the screen, and some of the others in turn; what was never looked at first comes with them. Not whole: only
 * those that do not wait for their turn. */
static void pick(struct host_feed *f, bool whole, struct round *round)
{
	size_t index = 0, total = f->memory_count;

	for (size_t e = 0; e < f->list.count; e++)
		for (size_t i = 0; i < f->list.items[e]->count; i++, index++) {
			struct instance *inst = &f->list.items[e]->instances[i];
			struct memory *m = memory_at(f, index, inst->id);
			size_t place = total ? (index + total - f->others_turn % total) % total : 0;
			bool turn = whole && (place < OTHERS_PER_ROUND || feed_wants(f->feed, inst->id));
			if (m && round->count < ROUND_MAX && (turn || is_eager(m, inst)))
				round->picked[round->count++] = (struct picked){ inst, m };
		}
	if (whole)
		f->others_turn += OTHERS_PER_ROUND;
}

/* Until the next round; what was never looked at does not wait. */
static int64_t pause_after(const struct host_feed *f)
{
	int64_t pause = MIN(MAX(f->round_ms - clock_ms(), (int64_t) 1), (int64_t) (f->behind ? BEHIND_MS : HOST_FEED_ROUND_MS));

	for (size_t e = 0, index = 0; e < f->list.count; e++)
		for (size_t i = 0; i < f->list.items[e]->count; i++, index++) {
			const struct instance *inst = &f->list.items[e]->instances[i];
			const struct memory *m = memory_at(f, index, inst->id);
			if (m && !m->visited)
				return 1;
			if (m && is_eager(m, inst))
				pause = MIN(pause, (int64_t) EAGER_MS);
		}
	return pause;
}

int64_t host_feed_sample(struct host_feed *f)
{
	bool whole = clock_ms() >= f->round_ms;
	struct round round = { .feed = f };

	pick(f, whole, &round);
	if (whole)
		f->round_ms = clock_ms() + HOST_FEED_ROUND_MS;
	round.samples = round.count ? samples_new(round.count) : NULL;
	if (!round.samples)
		return pause_after(f);
	for (size_t i = 0; i < round.count; i++)
		round.samples->items[i].id = strdup(round.picked[i].inst->id);
	parallel_run(round.count, sample_one, &round);
	for (size_t i = 0; i < round.count; i++)
		f->behind |= round.picked[i].memory->ended && round.picked[i].memory->tries < TRIES_MAX;
	for (size_t i = 0; i < round.count; i++)
		if (round.picked[i].memory->countless && round.picked[i].memory->answered)
			tally_count(&f->tally, round.picked[i].inst, &round.samples->items[i]);
	message_post(feed_app(f->feed)->queue, &round.samples->message);
	return pause_after(f);
}
