/*
 * Calls that their thread waits for. The thread drives the transfer itself, which saves handing it over; a call that has
 * to wait for an instance, or whose instance fails, goes on as an asynchronous one (queue.c, recovery.c) whose end is
 * waited for.
 */
#include <string.h>

#include "orchestrator/flight.h"

/* ---- driven here ------------------------------------------------------------------------- */

/* The instance's death ends the transfer, where that is watched for; and so does the environment's end. */
static void sit_down(struct sitting *s, struct instance *inst)
{
	pthread_mutex_lock(&inst->env->lock);
	s->next = inst->sittings;
	s->link = &inst->sittings;
	if (s->next)
		s->next->link = &s->next;
	inst->sittings = s;
	if (inst->env->closing)
		cancel_trigger(s->token);
	pthread_mutex_unlock(&inst->env->lock);
}

static bool stand_up(struct sitting *s, struct instance *inst)
{
	pthread_mutex_lock(&inst->env->lock);
	*s->link = s->next;
	if (s->next)
		s->next->link = s->link;
	bool broken = s->broken;
	pthread_mutex_unlock(&inst->env->lock);
	return broken;
}

/* It takes its time. A connection whose other end went with its network may never tell so: from now on the engine does. */
static void watch_over(void *arg)
{
	struct af_call *c = arg;

	if (!c->env->watched)
		env_watch_since(c->env, wall_ms() - (clock_us() - c->began_us) / 1000 - 1000);
}

/* Sends it once; true in *broken where it was ended because the instance died. */
static af_code send_once(struct af_call *c, struct cancel *cancel, struct http_response *resp, bool *broken,
			 struct af_error *err)
{
	struct server server = instance_server(c->inst);
	struct cancel_waker link = { .wake = cancel_wake_token };
	struct sitting sitting = { .run = c->run };
	struct http_request req;
	int64_t left = deadline_left(c->until);

	c->attempts++;
	call_request(&c->call, &server, left == INT64_MAX ? 0 : MAX(left, (int64_t) 1), &req);
	req.tick = watch_over;
	req.tick_arg = c;
	req.cancel = cancel;
	if (!(sitting.token = cancel_new(NULL)))
		return http_perform(server.http, &req, resp, err);
	req.cancel = link.arg = sitting.token;
	cancel_watch(cancel, &link);
	sit_down(&sitting, c->inst);
	af_code rc = http_perform(server.http, &req, resp, err);
	*broken = stand_up(&sitting, c->inst) && !cancel_requested(cancel);
	cancel_unwatch(cancel, &link);
	cancel_free(sitting.token);
	return rc;
}

/* ---- waited for ------------------------------------------------------------------------------ */

struct waiter {
	pthread_mutex_t lock;
	pthread_cond_t over;
	bool done;
	struct verdict v;
	struct call_info info;
	struct af_error err;
};

static void wake(void *arg, af_code rc, char **result, size_t len, const struct call_info *info, struct af_error *err)
{
	struct waiter *w = arg;

	pthread_mutex_lock(&w->lock);
	w->v = (struct verdict){ .rc = rc, .result = af_steal(*result), .len = len };
	w->info = *info;
	error_move(&w->err, err);
	w->done = true;
	pthread_cond_signal(&w->over);
	pthread_mutex_unlock(&w->lock);
}

static void give_up(void *arg)
{
	af_call_cancel(arg);
}

/* The call belongs to the queue, or to the I/O thread. */
static void await(struct af_call *c, struct waiter *w, struct cancel *cancel, struct verdict *v, struct call_info *info,
		  struct af_error *err)
{
	struct cancel_waker waker = { .wake = give_up, .arg = c };

	cancel_watch(cancel, &waker);
	pthread_mutex_lock(&w->lock);
	while (!w->done)
		pthread_cond_wait(&w->over, &w->lock);
	pthread_mutex_unlock(&w->lock);
	cancel_unwatch(cancel, &waker);
	*v = w->v;
	*info = w->info;
	error_move(err, &w->err);
}

/* One attempt here. False: the call goes on elsewhere, and `await` has its end. */
static bool try_here(struct af_call *c, struct cancel *cancel, struct verdict *v, struct af_error *err)
{
	struct http_response resp;
	bool broken = false;
	af_code rc = send_once(c, cancel, &resp, &broken, err);

	call_judge(c, rc, broken, &resp, v, err);
	http_response_free(&resp);
	if (v->failed && call_goes_on(c, &v->rc, v->sent, v->leaving, err))
		return false;
	if (v->unanswered && (v->rc == AF_ERR_TIMEOUT || v->rc == AF_ERR_CANCELLED)) {
		struct server s = instance_server(c->inst);
		if (s.endpoint.base)
			call_cancel(&c->call, &s, v->rc);
	}
	return true;
}

/* The environment may go as soon as the call is off its list. */
static void end_here(struct af_call *c, struct call_info *info)
{
	call_get_info(c, info);
	call_delist(c);
	call_unref(c);
}

static void run(struct af_call *c, struct cancel *cancel, struct verdict *v, struct call_info *info, struct af_error *err)
{
	struct waiter w = { .lock = PTHREAD_MUTEX_INITIALIZER, .over = PTHREAD_COND_INITIALIZER, .err = AF_ERROR_INIT };
	struct af_error why = AF_ERROR_INIT;

	c->end = wake;
	c->arg = &w;
	*v = (struct verdict){ .rc = pool_take(c->env, c->replica, NULL, &c->inst, &why) };
	if (!v->rc) {
		c->run = c->inst->vitals.run;
		if (!try_here(c, cancel, v, err))
			await(c, &w, cancel, v, info, err);
		else
			end_here(c, info);
	} else if ((v->rc == AF_ERR_UNREACHABLE || v->rc == AF_ERR_UNAVAILABLE) && !(v->rc = queue_add(c, err))) {
		await(c, &w, cancel, v, info, err);
	} else {
		if (!err->code)
			error_move(err, &why);
		end_here(c, info);
	}
	af_error_clear(&why);
}

af_code env_call(struct af_env *env, const char *method, struct json_span kwargs, int replica, int64_t timeout_ms,
		 struct cancel *cancel, char **result, size_t *len, struct call_info *info, struct af_error *err)
{
	struct af_error local = AF_ERROR_INIT;
	struct call_info told = { 0 };
	struct verdict v = { 0 };
	struct af_call *c = call_new(env, method, kwargs, replica, timeout_ms, err);

	if (!c)
		return AF_ERR_NOMEM;
	atomic_store(&c->refs, 2); /* the one that its end takes away, and ours */
	v.rc = call_enlist(c, err);
	if (v.rc) {
		call_unref(c);
		call_unref(c);
		return v.rc;
	}
	run(c, cancel, &v, info ? info : &told, &local);
	call_unref(c);
	if (v.rc) {
		error_move(err, &local);
		return v.rc;
	}
	af_error_clear(&local);
	*result = v.result;
	*len = v.len;
	return AF_OK;
}

/* ---- methods ------------------------------------------------------------------------------------ */

/* One that answers, as far as is known; else any. Nobody's turn is taken. */
static struct instance *anyone(struct af_env *env)
{
	pthread_mutex_lock(&env->lock);
	struct instance *found = NULL;
	for (size_t i = 0; i < env->count; i++)
		if (!found || (pool_usable(&env->instances[i]) && !pool_usable(found)))
			found = &env->instances[i];
	pthread_mutex_unlock(&env->lock);
	return found;
}

af_code env_methods(struct af_env *env, struct cancel *cancel, struct method_list *out, struct af_error *err)
{
	struct instance *inst = anyone(env);

	if (!inst)
		return error_set(err, AF_ERR_UNREACHABLE, "%s has no replica", env->name);
	if (!pool_usable(inst)) {
		pthread_mutex_lock(&env->lock);
		af_code rc = pool_none_up(env, -1, err);
		pthread_mutex_unlock(&env->lock);
		return rc;
	}
	struct server s = instance_server(inst);
	return server_methods(&s, cancel, out, err);
}

void env_hint_methods(struct af_env *env, const char *method, struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(method_list) struct method_list list = { 0 };
	AUTO_STRBUF names = STRBUF_INIT(STRBUF_LINE);

	if (env_methods(env, cancel, &list, NULL))
		return;
	for (size_t i = 0; i < list.count; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", list.items[i].name);
	if (list.count)
		error_hint(err, "methods of %s: %s", env->name, names.data);
	else
		error_hint(err, "%s has no methods: is %s a public function of env.py?", env->name, method);
}
