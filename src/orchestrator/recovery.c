/*
 * When an instance fails: finding out how it is, and what becomes of the calls that it had.
 *
 * An instance that something speaks against is not chosen, and is examined on a thread of its own until it is known to be
 * well, or gone: one that hangs, or whose engine hangs, keeps nobody else waiting. The engine's word comes first, since an
 * address alone may meanwhile be another container's.
 */
#include <signal.h>
#include <string.h>

#include "orchestrator/flight.h"
#include "orchestrator/ready.h"

/* An examination's thread needs little. */
#define STACK_SIZE (256u * 1024)
/* A server that said that it is stopping is believed for so long, though it still answers. */
#define LEAVING_MS 1500
/* So many lives that ended before one of them answered: it will not come up by itself. */
#define STILLBORN_MAX 5

/* ---- lives ---------------------------------------------------------------------------------- */

void instance_note_life(struct instance *inst, const char *life)
{
	struct vitals *v = &inst->vitals;

	if (!life) {
		v->run += !v->dead;
		v->dead = true;
		return;
	}
	bool another = v->life && *life && strcmp(v->life, life) != 0;
	v->run += another && !v->dead;
	v->dead = v->gone = false;
	if (*life && (another || !v->life)) {
		char *copy = strdup(life); /* without it the next one is not told apart: no harm */
		free(v->life);
		v->life = copy;
	}
}

/* ---- the examination ---------------------------------------------------------------------------- */

/* How it is with one that does not run. */
static void give_up(struct instance *inst, const char *why)
{
	struct af_env *env = inst->env;

	pthread_mutex_lock(&env->lock);
	inst->vitals.gone = true;
	if (why) {
		AUTO_FREE char *text = str_format(NULL, "%s%s%s", why, inst->ended ? ": " : "", inst->ended ? inst->ended : "");
		const char *kept = text ? instance_keep_text(inst, text, NULL) : NULL;
		if (kept)
			inst->status = kept;
	}
	pthread_mutex_unlock(&env->lock);
}

/* It answered; and yet its engine has told of its death since, or it said itself that it is stopping. */
static bool gone_since(struct instance *inst, unsigned run)
{
	struct vitals *v = &inst->vitals;

	pthread_mutex_lock(&inst->env->lock);
	bool gone = v->dead || (v->run == run && clock_ms() < v->leaving_until);
	if (!gone) { /* in one step: whoever tells of its death from now on has it examined again */
		inst->state = INSTANCE_UP;
		v->seen_up = true;
		v->gone = v->examined = false;
	}
	pthread_mutex_unlock(&inst->env->lock);
	return gone;
}

/* A container takes some tenths of a second to come back; who is away for longer need not be asked so often. */
static int64_t pause_after(int64_t waited)
{
	return waited < 2000 ? 10 : waited < 20000 ? 50 : 500;
}

/* May a call that was cut off be sent again? */
static void note_memory(struct instance *inst, struct cancel *stop)
{
	struct server s = instance_server(inst);
	bool forgetful = s.type == ENV_FUNCTION_BASED && s.endpoint.base && !server_knows_ids(&s, stop);

	pthread_mutex_lock(&inst->env->lock);
	inst->vitals.forgetful = forgetful;
	pthread_mutex_unlock(&inst->env->lock);
}

/* Until it is up, or gone, or nobody cares. */
static bool look_after(struct instance *inst, struct cancel *stop)
{
	struct patrol patrol = { 0 };
	int64_t began = clock_ms();

	pthread_mutex_lock(&inst->env->lock);
	patrol.patient = inst->vitals.seen_up && !inst->vitals.gone;
	unsigned run = inst->vitals.run;
	pthread_mutex_unlock(&inst->env->lock);
	while (!cancel_requested(stop)) {
		switch (instance_look(inst, &patrol, stop, NULL)) {
		case AF_OK:
			note_memory(inst, stop);
			if (!gone_since(inst, run))
				return true;
			break;
		case AF_ERR_NOT_FOUND:
			give_up(inst, NULL);
			return false;
		default:
			break;
		}
		if (inst->vitals.run - run >= STILLBORN_MAX) {
			give_up(inst, "it dies again and again");
			return false;
		}
		cancel_sleep(stop, pause_after(clock_ms() - began));
	}
	return false;
}

/*
 * A connection whose other end went with its network may never tell so: what was sent to a run that is over, and has not
 * ended by itself meanwhile, is ended here. Under env->lock.
 */
static void break_off(struct instance *inst)
{
	unsigned run = inst->vitals.run;

	for (struct af_call *c = inst->env->calls; c; c = c->next) {
		pthread_mutex_lock(&c->lock);
		if (c->transfer && c->inst == inst && c->run != run && !atomic_exchange(&c->broken, true))
			http_transfer_cancel(c->transfer);
		pthread_mutex_unlock(&c->lock);
	}
	for (struct sitting *s = inst->sittings; s; s = s->next)
		if (s->run != run && !s->broken) {
			s->broken = true;
			cancel_trigger(s->token);
		}
}

static void *examination(void *arg)
{
	struct instance *inst = arg;
	struct af_env *env = inst->env;
	bool well = look_after(inst, env->stop);

	pthread_mutex_lock(&env->lock);
	if (!well) {
		inst->vitals.examined = false;
		if (inst->state == INSTANCE_UP)
			inst->state = INSTANCE_STARTING; /* it runs, and does not answer */
	}
	break_off(inst);
	queue_stir(env, false);
	if (!--env->pending)
		pthread_cond_broadcast(&env->idle);
	pthread_mutex_unlock(&env->lock);
	return NULL;
}

static void *routine(void *arg)
{
	struct instance *inst = arg;
	struct af_env *env = inst->env;
	unsigned run = inst->vitals.run;
	af_code rc = instance_refresh(inst, env->stop, NULL);

	pthread_mutex_lock(&env->lock);
	inst->vitals.checked = false;
	if (!env->closing && (rc == AF_ERR_NOT_FOUND || (!rc && (inst->state != INSTANCE_UP || inst->vitals.run != run))))
		instance_examine(inst);
	if (!--env->pending)
		pthread_cond_broadcast(&env->idle);
	pthread_mutex_unlock(&env->lock);
	return NULL;
}

static bool start_thread(void *(*run)(void *arg), struct instance *inst)
{
	pthread_attr_t attr;
	sigset_t all, before;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	/* Signals belong to the program. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	bool started = pthread_create(&thread, &attr, run, inst) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return started;
}

/* Without memory nothing is done: the next one who needs it tries again. */
static bool may_ask(struct af_env *env)
{
	return !env->closing && (env->stop || (env->stop = cancel_new(NULL)));
}

void instance_check(struct instance *inst)
{
	struct vitals *v = &inst->vitals;

	if (v->examined || v->checked || !may_ask(inst->env))
		return;
	v->checked = start_thread(routine, inst);
	inst->env->pending += v->checked;
}

void instance_examine(struct instance *inst)
{
	struct af_env *env = inst->env;

	if (inst->vitals.examined || !may_ask(env))
		return;
	inst->vitals.seen_up |= inst->state == INSTANCE_UP;
	inst->vitals.examined = true;
	env->pending++;
	if (!start_thread(examination, inst)) {
		env->pending--;
		inst->vitals.examined = false;
		inst->vitals.gone = true; /* nobody can say more; the next call asks again */
	}
}

void instance_suspect(struct instance *inst, unsigned run)
{
	if (inst->vitals.run == run || !pool_usable(inst))
		instance_examine(inst);
}

/* ---- the calls ---------------------------------------------------------------------------------------- */

static void add_death(struct af_call *c)
{
	const char *how = c->inst->ended ? c->inst->ended : "its server went away";

	/* The same again need not be read again. */
	if (c->died_of && str_ends(c->died_of, how))
		return;
	char *text = c->died_of ? str_format(NULL, "%s; %s", c->died_of, how) : strdup(how);

	if (text) {
		free(c->died_of);
		c->died_of = text;
	}
}

bool call_survives(struct af_call *c, struct af_error *err)
{
	add_death(c);
	c->breaks = 0;
	if (++c->deaths <= DEATHS_MAX)
		return true;
	error_set(err, AF_ERR_LOST, "%s died %d times while it ran %s, which was not run again: %s", c->inst->name, c->deaths,
		  c->call.method, c->died_of ? c->died_of : "out of memory here");
	pool_hint(c->env, false, err);
	return false;
}

/* Asked for as often as may be, and never answered whole. What became of the server meanwhile says more. */
static af_code broke_again(struct af_call *c, struct af_error *err)
{
	const char *ended = c->inst->ended;

	error_set(err, AF_ERR_LOST, "%s.%s: the connection broke again and again%s%s%s%s", c->env->name, c->call.method,
		  ended ? "; " : "", ended ? c->inst->name : "", ended ? ": " : "", ended ? ended : "");
	pool_hint(c->env, false, err);
	return AF_ERR_LOST;
}

bool call_goes_on(struct af_call *c, af_code *rc, bool sent, bool leaving, struct af_error *err)
{
	struct af_env *env = c->env;
	bool cut_off = *rc == AF_ERR_LOST && sent;

	if (cut_off && c->call.type == ENV_HTTP_BASED) {
		error_wrap(err, AF_ERR_LOST, "%s: the call may have run", c->inst->name);
		return false;
	}
	c->begun |= cut_off;
	if (cut_off && !leaving && ++c->breaks > BREAKS_MAX) {
		*rc = broke_again(c, err);
		return false;
	}
	pthread_mutex_lock(&env->lock);
	if (leaving)
		c->inst->vitals.leaving_until = clock_ms() + LEAVING_MS;
	instance_suspect(c->inst, c->run);
	pthread_mutex_unlock(&env->lock);
	if (!c->begun)
		c->avoid = c->inst;
	struct af_error why = AF_ERROR_INIT;
	af_error_clear(&c->why);
	if (err)
		error_move(&c->why, err);
	if (queue_add(c, &why) == AF_OK)
		return true;
	*rc = why.code;
	if (err)
		error_move(err, &why);
	af_error_clear(&why);
	return false;
}
