/* Events of engines. See watch.h. */
#include "orchestrator/watch.h"

#include <string.h>

#include "docker/tree.h"
#include "loop/loop.h"
#include "orchestrator/flight.h"

#define PAUSE_MIN_MS 100
#define PAUSE_MAX_MS 5000
/* A stream that has lived for so long is there. */
#define SETTLED_MS 1000

struct watch {
	struct af *af;
	struct docker *engine;
	struct loop *loop;
	struct loop_task open, end;
	int64_t since_ns; /* what happened from then on has not been told */
	/* I/O thread: */
	struct http_transfer *stream; /* NULL: the engine is away */
	struct loop_timer *timer;
	int64_t pause;
	bool ending;
	struct watch *next;
};

/* ---- what an event means; under env->lock --------------------------------------------------- */

static void died(struct instance *inst, const cJSON *event)
{
	const char *code = tree_string(tree_get(tree_get(event, "Actor"), "Attributes"), "exitCode");
	AUTO_FREE char *text = str_format(NULL, "died, exit code %s", code ? code : "unknown");
	const char *kept = text ? instance_keep_text(inst, text, NULL) : NULL;

	instance_note_life(inst, NULL);
	inst->vitals.unwell = false;
	inst->state = INSTANCE_STARTING;
	if (kept)
		inst->status = kept;
	instance_examine(inst);
}

static void not_to_be_called(struct instance *inst, const char *why)
{
	const char *kept = instance_keep_text(inst, why, NULL);

	inst->state = INSTANCE_STARTING;
	if (kept)
		inst->status = kept;
	instance_examine(inst);
}

static void apply(struct instance *inst, const char *action, const cJSON *event)
{
	if (!strcmp(action, "die")) {
		died(inst, event);
	} else if (!strcmp(action, "destroy")) {
		instance_note_life(inst, NULL);
		inst->vitals.gone = true;
		inst->state = INSTANCE_DOWN;
		instance_examine(inst);
	} else if (!strcmp(action, "health_status: unhealthy")) {
		inst->vitals.unwell = true;
		not_to_be_called(inst, "unhealthy, says its own health check");
	} else if (!strcmp(action, "pause")) {
		not_to_be_called(inst, "paused");
	} else if (!strcmp(action, "start") || !strcmp(action, "unpause") || !strcmp(action, "health_status: healthy")) {
		inst->vitals.unwell = false;
		if (!pool_usable(inst) || inst->vitals.dead)
			instance_examine(inst);
	}
}

/* For each instance of the engine that is watched; id NULL: for all. */
static void for_each(struct watch *w, const char *id, const char *action, const cJSON *event)
{
	pthread_mutex_lock(&w->af->lock);
	for (struct af_env *env = w->af->watched; env; env = env->next_watched) {
		pthread_mutex_lock(&env->lock);
		for (size_t i = 0; i < env->count; i++) {
			struct instance *inst = &env->instances[i];
			if (inst->engine != w->engine || (id && (!inst->id || strcmp(inst->id, id))))
				continue;
			if (id)
				apply(inst, action, event);
			else
				instance_check(inst);
		}
		pthread_mutex_unlock(&env->lock);
	}
	pthread_mutex_unlock(&w->af->lock);
}

/* ---- the stream; on the I/O thread --------------------------------------------------------------- */

static void on_event(void *arg, const cJSON *event)
{
	struct watch *w = arg;
	const char *action = tree_string(event, "Action"), *id = tree_string(tree_get(event, "Actor"), "ID");

	if (!action)
		action = tree_string(event, "status"); /* podman's older ones */
	if (action && id)
		for_each(w, id, action, event);
}

static void on_end(void *arg, af_code rc UNUSED, const struct af_error *err UNUSED)
{
	struct watch *w = arg;

	http_transfer_unref(af_steal(w->stream));
	if (w->ending)
		return;
	w->since_ns = wall_ms() * 1000000;
	loop_timer_start(w->timer, w->pause);
	w->pause = MIN(w->pause * 2, (int64_t) PAUSE_MAX_MS);
}

static void open_stream(struct watch *w)
{
	if (w->ending)
		return;
	if (docker_events_stream(w->engine, NULL, w->since_ns, on_event, on_end, w, &w->stream, NULL))
		w->stream = NULL;
	loop_timer_start(w->timer, w->stream ? SETTLED_MS : PAUSE_MAX_MS);
}

static void on_timer(void *arg)
{
	struct watch *w = arg;

	if (!w->stream) {
		open_stream(w);
		return;
	}
	/* It is there, and so is the engine. What happened while it was not may never be told. */
	if (w->pause > PAUSE_MIN_MS)
		for_each(w, NULL, NULL, NULL);
	w->pause = PAUSE_MIN_MS;
}

static void open_task(struct loop_task *task)
{
	struct watch *w = container_of(task, struct watch, open);

	w->timer = loop_timer_new(w->loop, on_timer, w, NULL);
	if (w->timer)
		open_stream(w);
}

static void end_task(struct loop_task *task)
{
	struct watch *w = container_of(task, struct watch, end);

	w->ending = true;
	loop_timer_free(af_steal(w->timer));
	if (w->stream)
		http_transfer_cancel(w->stream);
}

/* ---- from any thread --------------------------------------------------------------------------------- */

/* With af->lock held. Without memory there is no stream, and calls that fail are what tells. */
static void watch_engine(struct af *af, struct docker *engine, int64_t since_ms)
{
	struct loop *loop = http_loop(af->http, NULL);

	for (struct watch *w = af->watches; w; w = w->next)
		if (w->engine == engine)
			return;
	struct watch *w = loop ? calloc(1, sizeof(*w)) : NULL;
	if (!w)
		return;
	*w = (struct watch){ .af = af, .engine = engine, .loop = loop, .pause = PAUSE_MIN_MS, .next = af->watches,
			     .open.run = open_task, .end.run = end_task, .since_ns = since_ms * 1000000 };
	af->watches = w;
	loop_post(loop, &w->open);
}

void env_watch_since(struct af_env *env, int64_t since_ms)
{
	struct af *af = env->af;

	pthread_mutex_lock(&af->lock);
	if (!env->watched) {
		env->watched = true;
		env->next_watched = af->watched;
		af->watched = env;
		for (size_t i = 0; i < env->count; i++)
			if (env->instances[i].engine)
				watch_engine(af, env->instances[i].engine, since_ms);
	}
	pthread_mutex_unlock(&af->lock);
	/* When they were started is not in a list of containers. */
	pthread_mutex_lock(&env->lock);
	for (size_t i = 0; i < env->count; i++)
		if (env->instances[i].engine && !env->instances[i].vitals.life && env->instances[i].state == INSTANCE_UP)
			instance_check(&env->instances[i]);
	pthread_mutex_unlock(&env->lock);
}

void env_watch(struct af_env *env)
{
	env_watch_since(env, wall_ms());
}

void env_unwatch(struct af_env *env)
{
	if (!env->watched)
		return;
	pthread_mutex_lock(&env->af->lock);
	for (struct af_env **p = &env->af->watched; *p; p = &(*p)->next_watched)
		if (*p == env) {
			*p = env->next_watched;
			break;
		}
	pthread_mutex_unlock(&env->af->lock);
	env->watched = false;
}

void watches_end(struct af *af)
{
	for (struct watch *w = af->watches; w; w = w->next)
		loop_post(w->loop, &w->end);
}

void watches_free(struct af *af)
{
	for (struct watch *w = af->watches, *next; w; w = next) {
		next = w->next;
		http_transfer_unref(w->stream);
		free(w);
	}
	af->watches = NULL;
}
