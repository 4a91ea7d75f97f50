/* The thread that keeps the model fresh. See feed.h. */
#include "ui/feed.h"

#include <limits.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "base/parallel.h"
#include "ui/app.h"
#include "ui/feed_priv.h"

#define SAMPLE_MS 2000
/* Replicas that nobody looks at: so many per round. */
#define OTHERS_PER_ROUND 16
#define WANTED_MAX 128
#define TOUCHED_MAX 256
/* A server's methods beyond these are left out: what a container says has to stay cheap to look at. */
#define METHODS_MAX 256
/* So many messages that nobody has taken yet are enough. */
#define QUEUE_ENOUGH 64
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS 5000
/* The list is read anew after so many rounds even where no event told of a change. */
#define LOOK_ROUNDS 5

/* What the thread remembers of a replica between rounds. */
struct memory {
	char *id;
	struct docker_stats stats; /* the sample before, for CPU */
	bool has_stats;
	enum instance_state state; /* when it was inspected */
	bool inspected, visited;
};

struct feed {
	struct app *app;
	pthread_t thread;
	struct cancel *cancel;
	struct http_transfer *events;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool changed; /* the engine told of something, or somebody asks */
	bool stopping, events_ended;
	int64_t events_since_ms;
	struct strlist wanted;
	struct strlist touched; /* ids of containers that events told of */

	/* the thread's own: */
	struct env_list list;
	struct memory *memories; /* of those in `list` */
	size_t memory_count, others_turn;
	int64_t retry_ms;
};

/* ---- events ------------------------------------------------------------------------------------ */

/* id: the container that it is about, or NULL. */
static void wake_up(struct feed *f, const char *id)
{
	pthread_mutex_lock(&f->lock);
	f->changed = true;
	if (id && f->touched.count < TOUCHED_MAX && !strlist_has(&f->touched, id) && strlist_add(&f->touched, id, NULL))
		strlist_free(&f->touched);
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

static void on_event(void *arg, const cJSON *event)
{
	const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "Action"));
	const cJSON *actor = cJSON_GetObjectItemCaseSensitive(event, "Actor");

	/* exec_… events come with every exec and health check and change nothing here. */
	if (!action || strncmp(action, "exec_", 5) != 0)
		wake_up(arg, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(actor, "ID")));
}

static void on_events_end(void *arg, af_code rc UNUSED, const struct af_error *err UNUSED)
{
	struct feed *f = arg;

	pthread_mutex_lock(&f->lock);
	f->events_ended = true;
	/* An engine that went is news. One that tells no events at all must not be asked without a pause. */
	if (clock_ms() - f->events_since_ms >= SAMPLE_MS)
		f->changed = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

static void watch_events(struct feed *f, struct docker *engine)
{
	pthread_mutex_lock(&f->lock);
	bool ended = f->events_ended;
	if (f->events && !ended) {
		pthread_mutex_unlock(&f->lock);
		return;
	}
	f->events_ended = false;
	f->events_since_ms = clock_ms();
	pthread_mutex_unlock(&f->lock);
	http_transfer_unref(af_steal(f->events));
	if (docker_events_stream(engine, LABEL_TYPE, 0, on_event, on_events_end, f, &f->events, NULL))
		f->events = NULL;
}

/* ---- the list ------------------------------------------------------------------------------------ */

static struct memory *memory_of(struct feed *f, const char *id)
{
	for (size_t i = 0; i < f->memory_count; i++)
		if (!strcmp(f->memories[i].id, id))
			return &f->memories[i];
	return NULL;
}

/* What events told of is inspected anew: it may have died and come back between two looks. */
static void forget_touched(struct feed *f)
{
	pthread_mutex_lock(&f->lock);
	struct strlist touched = f->touched;
	f->touched = (struct strlist){ 0 };
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < touched.count; i++) {
		struct memory *m = memory_of(f, touched.items[i]);
		if (m)
			m->inspected = false;
	}
	strlist_free(&touched);
}

/* Memories for what is in the list now; those of the gone go. */
static void remember(struct feed *f)
{
	size_t count = 0, n = 0;

	for (size_t e = 0; e < f->list.count; e++)
		count += f->list.items[e]->count;
	struct memory *fresh = calloc(count + 1, sizeof(*fresh));
	if (!fresh)
		return;
	for (size_t e = 0; e < f->list.count; e++)
		for (size_t i = 0; i < f->list.items[e]->count; i++) {
			const char *id = f->list.items[e]->instances[i].id;
			struct memory *old = memory_of(f, id);
			if (old)
				fresh[n] = *old;
			char *copy = strdup(id);
			if (!copy)
				continue;
			fresh[n++].id = copy;
		}
	for (size_t i = 0; i < f->memory_count; i++)
		free(f->memories[i].id);
	free(f->memories);
	f->memories = fresh;
	f->memory_count = n;
}

static void tell_failure(struct feed *f, struct af_error *err)
{
	struct listing *l = listing_new("local", err);

	if (l)
		message_post(f->app->queue, &l->message);
}

static af_code look(struct feed *f, struct af_error *err)
{
	struct docker *engine;

	env_list_free(&f->list);
	/* What is registered here does not need the engine. */
	if (af_engine(f->app->af, f->cancel, &engine, NULL) == AF_OK)
		watch_events(f, engine);
	forget_touched(f);
	af_code rc = env_list(f->app->af, f->cancel, &f->list, err);
	if (rc)
		return rc;
	remember(f);
	bool partial = f->list.missing.code != AF_OK;
	struct listing *l = listing_new("local", partial ? &f->list.missing : NULL);
	if (!l)
		return error_nomem(err);
	l->partial = partial;
	rc = listing_fill(l, &f->list, err);
	if (rc)
		l->message.discard(&l->message);
	else
		message_post(f->app->queue, &l->message);
	return rc;
}

/* ---- samples ---------------------------------------------------------------------------------------- */

struct round {
	struct feed *feed;
	struct instance **instances;
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
					     .errors = count_of(m, "errors"),
					     .p50_ms = number(m, "p50_ms"), .p95_ms = number(m, "p95_ms"),
					     .p99_ms = number(m, "p99_ms") };
		s->method_count += to->name != NULL;
	}
}

/* The slowest method's percentile stands for the replica's. */
static double worst(const struct sample *s, size_t offset)
{
	double most = NAN;

	for (int i = 0; i < s->method_count; i++)
		most = fmax(most, *(const double *) ((const char *) &s->methods[i] + offset));
	return most;
}

static void ask_server(struct feed *f, const struct instance *inst, struct sample *s)
{
	struct server server = instance_server(inst);
	struct af_error err = AF_ERROR_INIT;
	cJSON *doc = NULL;
	af_code rc = server_stats(&server, f->cancel, &doc, &err);

	af_error_clear(&err);
	s->answered = rc == AF_OK || rc == AF_ERR_UNAVAILABLE;
	if (rc)
		return;
	s->has_counts = true;
	s->requests = count_of(doc, "requests");
	s->errors = count_of(doc, "errors");
	s->in_flight = small_count_of(doc, "in_flight");
	take_methods(s, cJSON_GetObjectItemCaseSensitive(doc, "methods"));
	s->p50_ms = worst(s, offsetof(struct method_count, p50_ms));
	s->p95_ms = worst(s, offsetof(struct method_count, p95_ms));
	s->p99_ms = worst(s, offsetof(struct method_count, p99_ms));
	cJSON_Delete(doc);
}

static void ask_engine(struct feed *f, struct instance *inst, struct memory *m, struct sample *s)
{
	struct docker_stats now;

	if (instance_usage(inst, m->has_stats ? &m->stats : NULL, &now, f->cancel, NULL))
		return;
	m->stats = now;
	s->cpu_percent = now.cpu_percent;
	s->memory = now.memory;
	s->has_stats = true;
	m->has_stats = true;
}

static void inspect(struct feed *f, struct instance *inst, struct memory *m, struct sample *s)
{
	AF_AUTO(instance_detail) struct instance_detail d = { 0 };

	if (instance_detail(inst, &d, f->cancel, NULL))
		return;
	s->has_detail = true;
	s->oom = d.oom;
	s->running = d.running;
	s->exit_code = MAX(d.exit_code, 0);
	s->restarts = (int) MIN(MAX(d.restarts, (int64_t) 0), (int64_t) INT_MAX);
	s->memory_limit = MAX(d.memory_limit, (int64_t) 0);
	s->started_ms = d.started_ns / 1000000;
	m->inspected = true;
	m->state = inst->state;
}

static void sample_one(void *arg, size_t i)
{
	struct round *round = arg;
	struct instance *inst = round->instances[i];
	struct sample *s = &round->samples->items[i];
	struct memory *m = memory_of(round->feed, inst->id);

	if (!m || cancel_requested(round->feed->cancel))
		return;
	m->visited = true;
	s->taken = true;
	if (!m->inspected || m->state != inst->state)
		inspect(round->feed, inst, m, s);
	if (inst->state != INSTANCE_UP) {
		m->has_stats = false;
		return;
	}
	ask_engine(round->feed, inst, m, s);
	s->asked = inst->base != NULL;
	if (inst->base)
		ask_server(round->feed, inst, s);
}

/* Those on the screen, and some of the others in turn; what was never looked at first comes with them. */
static size_t pick(struct feed *f, struct instance **out, size_t max)
{
	size_t n = 0, index = 0, total = f->memory_count;

	pthread_mutex_lock(&f->lock);
	for (size_t e = 0; e < f->list.count; e++)
		for (size_t i = 0; i < f->list.items[e]->count; i++, index++) {
			struct instance *inst = &f->list.items[e]->instances[i];
			size_t place = total ? (index + total - f->others_turn % total) % total : 0;
			struct memory *m = memory_of(f, inst->id);
			if (n < max && ((m && !m->visited) || place < OTHERS_PER_ROUND || strlist_has(&f->wanted, inst->id)))
				out[n++] = inst;
		}
	f->others_turn += OTHERS_PER_ROUND;
	pthread_mutex_unlock(&f->lock);
	return n;
}

static bool all_visited(const struct feed *f)
{
	for (size_t i = 0; i < f->memory_count; i++)
		if (!f->memories[i].visited)
			return false;
	return true;
}

/* True: some were never looked at, and that should not wait. */
static bool sample(struct feed *f)
{
	struct instance *instances[WANTED_MAX + OTHERS_PER_ROUND];
	size_t count = pick(f, instances, ARRAY_LEN(instances));
	struct samples *samples = count ? samples_new(count) : NULL;
	struct round round = { f, instances, samples };

	if (!samples)
		return false;
	for (size_t i = 0; i < count; i++)
		samples->items[i].id = strdup(instances[i]->id);
	parallel_run(count, sample_one, &round);
	message_post(f->app->queue, &samples->message);
	return !all_visited(f);
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

/* Waits for news or until `ms` have passed; true: news. */
static bool wait_for_news(struct feed *f, int64_t ms)
{
	int64_t until = clock_us() + ms * 1000;
	struct timespec t = { .tv_sec = (time_t) (until / 1000000), .tv_nsec = (long) (until % 1000000) * 1000 };

	pthread_mutex_lock(&f->lock);
	while (!f->changed && !f->stopping && clock_us() < until)
		pthread_cond_timedwait(&f->wake, &f->lock, &t);
	bool news = f->changed;
	f->changed = false;
	pthread_mutex_unlock(&f->lock);
	return news;
}

static void *run(void *arg)
{
	struct feed *f = arg;
	bool news = true;

	for (int round = 0; !cancel_requested(f->cancel); round++) {
		struct af_error err = AF_ERROR_INIT;
		/* An engine without any replica gives no other sign of life. */
		news |= round % LOOK_ROUNDS == 0 || !f->memory_count || f->list.missing.code;
		if (news && look(f, &err)) {
			tell_failure(f, &err);
			af_error_clear(&err);
			cancel_sleep(f->cancel, f->retry_ms);
			f->retry_ms = MIN(f->retry_ms * 2, (int64_t) RETRY_MAX_MS);
			continue;
		}
		f->retry_ms = RETRY_FIRST_MS;
		/* While the screen is a shell's nobody takes what is sent. */
		bool more = message_queue_length(f->app->queue) < QUEUE_ENOUGH && sample(f);
		news = wait_for_news(f, more ? 1 : SAMPLE_MS);
	}
	return NULL;
}

struct feed *feed_start(struct app *app, struct af_error *err)
{
	struct feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;

	if (!f || !(f->cancel = cancel_new(err))) {
		free(f);
		error_nomem(err);
		return NULL;
	}
	f->app = app;
	f->retry_ms = RETRY_FIRST_MS;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	int failed = pthread_create(&f->thread, NULL, run, f);
	if (!failed)
		return f;
	error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	cancel_free(f->cancel);
	free(f);
	return NULL;
}

void feed_stop(struct feed *f)
{
	if (!f)
		return;
	cancel_trigger(f->cancel);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
	pthread_join(f->thread, NULL);
	/* Its last word, on the I/O thread, still uses this struct. */
	if (f->events) {
		http_transfer_cancel(f->events);
		pthread_mutex_lock(&f->lock);
		while (!f->events_ended)
			pthread_cond_wait(&f->wake, &f->lock);
		pthread_mutex_unlock(&f->lock);
		http_transfer_unref(f->events);
	}
	env_list_free(&f->list);
	for (size_t i = 0; i < f->memory_count; i++)
		free(f->memories[i].id);
	free(f->memories);
	strlist_free(&f->wanted);
	strlist_free(&f->touched);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	cancel_free(f->cancel);
	free(f);
}

void feed_want(struct feed *f, const char *const *ids, int count)
{
	pthread_mutex_lock(&f->lock);
	strlist_free(&f->wanted);
	for (int i = 0; i < count && i < WANTED_MAX; i++)
		if (strlist_add(&f->wanted, ids[i], NULL))
			break;
	pthread_mutex_unlock(&f->lock);
}

void feed_refresh(struct feed *f)
{
	if (f)
		wake_up(f, NULL);
}
