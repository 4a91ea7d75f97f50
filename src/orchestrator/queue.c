/*
 * Calls that wait: for room, where the calls in flight are limited, or for an instance to come back. First come, first
 * served; one that may be taken by a single instance only waits in that one's own queue.
 *
 * All is decided on the I/O thread, by one pass over the heads of the queues whenever something changed (settle), and
 * over all that wait every few milliseconds, for deadlines (a timer, while anything waits).
 */
#include <string.h>

#include "loop/loop.h"
#include "orchestrator/flight.h"

/* How exactly the deadline of a waiting call is kept. */
#define TICK_MS 20
/* How long a call without a deadline of its own waits for an instance that the engine promises. */
#define AWAY_MAX_MS 120000

/* Made with the first call that waits; gone with its environment, after the last. */
struct desk {
	struct af_env *env;
	struct loop *loop;
	struct loop_timer *timer; /* I/O thread; runs while anything waits */
	bool ticking;             /* it is set; under env->lock */
	struct loop_task task;
	bool posted, all; /* under env->lock */
};

/* ---- lists, under env->lock --------------------------------------------------------------- */

static void push(struct call_queue *q, struct af_call *c)
{
	c->queue = q;
	c->behind = NULL;
	c->before = q->last;
	if (q->last)
		q->last->behind = c;
	else
		q->first = c;
	q->last = c;
	q->count++;
	c->env->queued++;
}

static void take_out(struct af_call *c)
{
	struct call_queue *q = c->queue;

	*(c->before ? &c->before->behind : &q->first) = c->behind;
	*(c->behind ? &c->behind->before : &q->last) = c->before;
	c->queue = NULL;
	q->count--;
	c->env->queued--;
}

static struct call_queue *queue_of(struct af_call *c)
{
	struct instance *only = c->begun ? c->inst : c->replica >= 0 ? env_replica(c->env, c->replica) : NULL;

	return only ? &only->waiting : &c->env->waiting;
}

static struct instance *owner_of(struct call_queue *q, struct af_env *env)
{
	return q == &env->waiting ? NULL : container_of(q, struct instance, waiting);
}

/* ---- what becomes of a call that waits ------------------------------------------------------- */

/* Calls that leave their queue in one pass; linked by `behind`. */
struct leaving {
	struct af_call *send, **send_end;
	struct af_call *end, **end_end;
};

static void to_send(struct leaving *l, struct af_call *c, struct instance *inst)
{
	c->inst = inst;
	c->run = inst->vitals.run;
	c->away_since = 0;
	take_out(c);
	c->behind = NULL;
	*l->send_end = c;
	l->send_end = &c->behind;
}

/* c->why is its end. */
static void to_end(struct leaving *l, struct af_call *c)
{
	take_out(c);
	c->behind = NULL;
	*l->end_end = c;
	l->end_end = &c->behind;
}

static void add_reason(struct strbuf *sb, const struct af_error *why)
{
	if (why->message)
		strbuf_addf(sb, ": %s", why->message);
}

/* Nobody who could take it will ever be there. */
static void hopeless(struct leaving *l, struct af_call *c, const struct instance *only)
{
	AUTO_STRBUF reason = STRBUF_INIT(STRBUF_LINE);
	struct af_error why = AF_ERROR_INIT;

	if (only && c->deaths) {
		error_set(&why, AF_ERR_LOST, "%s is gone (%s) while it ran %s, and no other replica is there", only->name,
			  str_blank(only->status) ? "unknown" : only->status, c->call.method);
	} else if (c->deaths) {
		error_set(&why, AF_ERR_LOST, "%s died while it ran %s (%s), and no replica is there to run it again", c->inst->name,
			  c->call.method, c->died_of ? c->died_of : "unknown");
	} else {
		af_code rc = pool_none_up(c->env, only ? only->replica : -1, &why);
		add_reason(&reason, &c->why);
		AUTO_FREE char *text = str_format(NULL, "%s%s", why.message ? why.message : "no replica is up", reason.data);
		error_set(&why, rc, "%s", text ? text : "no replica is up");
	}
	pool_hint(c->env, true, &why);
	error_move(&c->why, &why);
	to_end(l, c);
}

static bool any_up(const struct af_env *env)
{
	for (size_t i = 0; i < env->count; i++)
		if (pool_usable(&env->instances[i]))
			return true;
	return false;
}

static void out_of_time(struct leaving *l, struct af_call *c, const struct instance *only)
{
	bool up = only ? pool_usable(only) : any_up(c->env);
	AUTO_STRBUF waited = STRBUF_INIT(64), reason = STRBUF_INIT(STRBUF_LINE);
	struct af_error why = AF_ERROR_INIT;

	duration_format(&waited, c->timeout_ms > 0 ? c->timeout_ms : AWAY_MAX_MS);
	if (up) {
		error_set(&why, AF_ERR_TIMEOUT, "%s.%s waited %s in the queue for its turn and was never sent", c->env->name,
			  c->call.method, waited.data);
		error_hint(&why, "allow more time, or more calls at a time with --max-in-flight");
	} else {
		const char *name = only ? only->name : c->env->count == 1 ? c->env->instances[0].name : c->env->name;
		add_reason(&reason, &c->why);
		error_set(&why, AF_ERR_TIMEOUT, "%s did not come back within %s%s", name, waited.data, reason.data);
		pool_hint(c->env, false, &why);
	}
	error_move(&c->why, &why);
	to_end(l, c);
}

/* Deadlines, and those that nobody waits for any more. */
static void look_at_all(struct leaving *l, struct call_queue *q, struct af_env *env)
{
	struct instance *only = owner_of(q, env);
	bool up = only ? pool_usable(only) : any_up(env);
	int64_t now = clock_ms();

	for (struct af_call *c = q->first, *behind; c; c = behind) {
		behind = c->behind;
		if (up)
			c->away_since = 0;
		else if (!c->away_since)
			c->away_since = now;
		if (c->over) {
			to_end(l, c);
		} else if (atomic_load(&c->cancelled) || env->closing) {
			error_set(&c->why, AF_ERR_CANCELLED, "interrupted");
			to_end(l, c);
		} else if (!deadline_left(c->until) ||
			   (c->until == DEADLINE_NONE && c->away_since && now - c->away_since > AWAY_MAX_MS)) {
			out_of_time(l, c, only);
		}
	}
}

/* Its server would run it a second time. */
static void cut_off(struct leaving *l, struct af_call *c, const struct instance *only)
{
	error_set(&c->why, AF_ERR_LOST, "%s: the connection broke, and the call may have run: its server knows no call ids",
		  only->name);
	to_end(l, c);
}

/* It waits for an instance whose process died, or that is gone. False: it left the queue. */
static bool after_a_death(struct leaving *l, struct af_call *c, struct instance *only)
{
	bool died = c->begun && only->vitals.run != c->run;

	if (died) {
		c->begun = false;
		if (!call_survives(c, &c->why)) {
			to_end(l, c);
			return false;
		}
	}
	if (c->begun && !only->vitals.examined && only->vitals.forgetful) {
		cut_off(l, c, only);
		return false;
	}
	if (!only->vitals.gone || only->vitals.examined || only->state == INSTANCE_UP)
		return true;
	if (c->replica < 0 && !c->begun) {
		take_out(c);
		push(&c->env->waiting, c);
	} else {
		hopeless(l, c, only);
	}
	return false;
}

static void settle_instance(struct leaving *l, struct instance *inst)
{
	for (struct af_call *c; (c = inst->waiting.first);) {
		if (!after_a_death(l, c, inst))
			continue;
		if (!pool_enter(inst))
			break;
		to_send(l, c, inst);
	}
	if (inst->waiting.count && !pool_usable(inst))
		instance_examine(inst);
}

/* Is there one that may yet come back? Those that nobody looked at are looked at. */
static bool any_hope(struct af_env *env)
{
	bool hope = false;

	for (size_t i = 0; i < env->count; i++) {
		struct instance *inst = &env->instances[i];
		if (!pool_usable(inst) && !inst->vitals.gone)
			instance_examine(inst);
		hope |= pool_usable(inst) || inst->vitals.examined;
	}
	return hope;
}

static void settle_common(struct leaving *l, struct af_env *env)
{
	struct instance *inst;
	struct af_call *c;

	while ((c = env->waiting.first)) {
		if (!deadline_left(c->until)) {
			out_of_time(l, c, NULL);
			continue;
		}
		if (!(inst = pool_choose(env, c->avoid)))
			break;
		to_send(l, c, inst);
	}
	if (env->waiting.first && !any_hope(env))
		while ((c = env->waiting.first))
			hopeless(l, c, NULL);
}

/* ---- on the I/O thread -------------------------------------------------------------------------- */

static void tick(void *arg)
{
	struct desk *desk = arg;
	struct af_env *env = desk->env;

	pthread_mutex_lock(&env->lock);
	desk->ticking = false;
	queue_stir(env, true);
	pthread_mutex_unlock(&env->lock);
}

/* The timer counts as pending, so that the environment does not go before it. */
static void keep_timer(struct desk *desk)
{
	struct af_env *env = desk->env;

	if (env->queued && !desk->timer && (desk->timer = loop_timer_new(desk->loop, tick, desk, NULL)))
		env->pending++;
	/* One that is set stays so: where something changes all the time it would be put off for ever. */
	if (env->queued && desk->timer && !desk->ticking) {
		loop_timer_start(desk->timer, TICK_MS);
		desk->ticking = true;
	}
	if (!env->queued && desk->timer) {
		loop_timer_free(af_steal(desk->timer));
		desk->ticking = false;
		env->pending--;
	}
}

static void settle(struct loop_task *task)
{
	struct desk *desk = container_of(task, struct desk, task);
	struct af_env *env = desk->env;
	struct leaving l = { 0 };

	l.send_end = &l.send;
	l.end_end = &l.end;
	pthread_mutex_lock(&env->lock);
	desk->posted = false;
	if (desk->all || env->closing) {
		look_at_all(&l, &env->waiting, env);
		for (size_t i = 0; i < env->count; i++)
			look_at_all(&l, &env->instances[i].waiting, env);
	}
	desk->all = false;
	if (!env->closing) {
		for (size_t i = 0; i < env->count; i++)
			settle_instance(&l, &env->instances[i]);
		settle_common(&l, env);
	}
	pthread_mutex_unlock(&env->lock);
	for (struct af_call *c = l.send, *next; c; c = next) {
		next = c->behind;
		call_dispatch(c);
	}
	for (struct af_call *c = l.end, *next; c; c = next) {
		next = c->behind;
		call_finish(c, c->why.code, NULL, 0, &c->why);
	}
	pthread_mutex_lock(&env->lock);
	keep_timer(desk);
	if (!--env->pending)
		pthread_cond_broadcast(&env->idle);
	pthread_mutex_unlock(&env->lock);
}

void queue_stir(struct af_env *env, bool all)
{
	struct desk *desk = env->desk;

	if (!desk)
		return;
	desk->all |= all;
	if (desk->posted)
		return;
	desk->posted = true;
	env->pending++;
	loop_post(desk->loop, &desk->task);
}

static af_code open_desk(struct af_env *env, struct af_error *err)
{
	struct desk *desk = calloc(1, sizeof(*desk));

	if (!desk)
		return error_nomem(err);
	desk->env = env;
	desk->task.run = settle;
	desk->loop = http_loop(env->af->http, err);
	if (!desk->loop) {
		free(desk);
		return err && err->code ? err->code : AF_ERR_FAILED;
	}
	env->desk = desk;
	return AF_OK;
}

/* None is up, as far as is known: those that were given up are looked at again, since somebody may have started them. */
static void examine_anew(struct call_queue *q, struct af_env *env)
{
	struct instance *only = owner_of(q, env);

	if (only ? pool_usable(only) : any_up(env))
		return;
	for (size_t i = 0; i < env->count; i++)
		if (!only || only == &env->instances[i])
			instance_examine(&env->instances[i]);
}

af_code queue_add(struct af_call *c, struct af_error *err)
{
	struct af_env *env = c->env;
	af_code rc = AF_OK;

	pthread_mutex_lock(&env->lock);
	if (!env->desk)
		rc = open_desk(env, err);
	if (!rc && c->replica >= 0 && !env_replica(env, c->replica))
		rc = pool_none_up(env, c->replica, err);
	if (!rc) {
		struct call_queue *q = queue_of(c);
		push(q, c);
		if (!c->attempts)
			examine_anew(q, env);
		/* Time may be up, or the call be cancelled, before it came here. */
		queue_stir(env, true);
	}
	pthread_mutex_unlock(&env->lock);
	return rc;
}

void queue_end(struct af_call *c, struct af_error *err)
{
	struct af_env *env = c->env;

	af_error_clear(&c->why);
	error_move(&c->why, err);
	c->over = true;
	pthread_mutex_lock(&env->lock);
	if (env->desk || !open_desk(env, NULL)) {
		push(&env->waiting, c);
		queue_stir(env, true);
		c = NULL;
	}
	pthread_mutex_unlock(&env->lock);
	if (c) /* not even that can be had: here, then */
		call_finish(c, c->why.code, NULL, 0, &c->why);
}

void queue_free(struct af_env *env)
{
	free(af_steal(env->desk));
}
