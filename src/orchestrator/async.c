/* Calls that nobody waits for: thousands in flight, each a few KiB, driven by the I/O thread. */
#include <stdio.h>
#include <string.h>

#include "orchestrator/flight.h"

void call_unref(struct af_call *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	http_transfer_unref(c->transfer);
	pthread_mutex_destroy(&c->lock);
	af_error_clear(&c->why);
	free(c->died_of);
	call_free(&c->call);
	free(c);
}

struct af_call *call_new(struct af_env *env, const char *method, struct json_span kwargs, int replica,
			 int64_t timeout_ms, struct af_error *err)
{
	struct af_call *c = calloc(1, sizeof(*c));

	if (!c || call_init(&c->call, env->type, method, kwargs, err)) {
		free(c);
		error_nomem(err);
		return NULL;
	}
	c->env = env;
	c->replica = replica;
	c->timeout_ms = timeout_ms;
	c->until = deadline_in(timeout_ms);
	c->began_us = clock_us();
	atomic_init(&c->refs, 1);
	pthread_mutex_init(&c->lock, NULL);
	return c;
}

void call_get_info(const struct af_call *c, struct call_info *info)
{
	info->replica = c->inst ? c->inst->replica : -1;
	info->took_us = clock_us() - c->began_us;
	info->attempts = c->attempts;
	info->status = c->status;
	memcpy(info->id, c->call.id, sizeof(info->id));
}

af_code call_enlist(struct af_call *c, struct af_error *err)
{
	struct af_env *env = c->env;
	af_code rc = AF_OK;

	pthread_mutex_lock(&env->lock);
	if (env->closing) {
		rc = error_set(err, AF_ERR_CANCELLED, "%s is being closed", env->name);
	} else {
		env->pending++;
		c->next = env->calls;
		c->link = &env->calls;
		if (c->next)
			c->next->link = &c->next;
		env->calls = c;
	}
	pthread_mutex_unlock(&env->lock);
	return rc;
}

/* Takes it out of the environment's list, which may have been waited for. */
void call_delist(struct af_call *c)
{
	struct af_env *env = c->env;

	pthread_mutex_lock(&env->lock);
	*c->link = c->next;
	if (c->next)
		c->next->link = c->link;
	if (!--env->pending)
		pthread_cond_broadcast(&env->idle);
	pthread_mutex_unlock(&env->lock);
}

void call_finish(struct af_call *c, af_code rc, char *take_result, size_t len, struct af_error *err)
{
	struct call_info info;
	char *result = take_result;

	call_get_info(c, &info);
	c->end(c->arg, rc, &result, len, &info, err);
	free(result);
	call_delist(c);
	call_unref(c);
}

static af_code timed_out(const struct af_call *c, struct af_error *err)
{
	AUTO_STRBUF waited = STRBUF_INIT(64);

	duration_format(&waited, c->timeout_ms);
	error_set(err, AF_ERR_TIMEOUT, "%s.%s gave no answer within %s and was cancelled", c->inst->name, c->call.method,
		  waited.data);
	if (c->inst->backend->logs)
		error_hint(err, "allow more with --timeout SECONDS; see what it does with `afs logs %s`", c->env->name);
	else
		error_hint(err, "allow more with --timeout SECONDS");
	return AF_ERR_TIMEOUT;
}

/* ---- on the I/O thread ------------------------------------------------------------------------ */

/* A cancel that nobody waits for either, but that is given a second before its environment goes; it owns its bytes. */
struct farewell {
	struct af_env *env;
	char body[CALL_CANCEL_SIZE];
};

static void farewell_end(struct farewell *f)
{
	pthread_mutex_lock(&f->env->lock);
	if (!--f->env->pending)
		pthread_cond_broadcast(&f->env->idle);
	pthread_mutex_unlock(&f->env->lock);
	free(f);
}

static void farewell_done(void *arg, af_code rc UNUSED, struct http_response *resp UNUSED, struct af_error *err UNUSED)
{
	farewell_end(arg);
}

static void tell_cancelled(struct af_call *c, af_code why)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct farewell *f = c->env->type == ENV_FUNCTION_BASED ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return;
	size_t len = call_cancel_body(&c->call, why, f->body);
	struct server s = instance_server(c->inst);
	struct http_request req = { .endpoint = s.endpoint, .method = "POST", .path = "/cancel", .headers = headers,
				    .body = f->body, .body_len = len, .timeout_ms = 1000, .max_body = 65536 };
	f->env = c->env;
	pthread_mutex_lock(&c->env->lock);
	c->env->pending++;
	pthread_mutex_unlock(&c->env->lock);
	if (http_submit(s.http, &req, farewell_done, f, NULL, NULL))
		farewell_end(f);
}

/* The handle of a transfer that is over has served; a new try gets a new one. */
static void drop_transfer(struct af_call *c)
{
	pthread_mutex_lock(&c->lock);
	struct http_transfer *over = af_steal(c->transfer);
	pthread_mutex_unlock(&c->lock);
	http_transfer_unref(over);
}

/* We ended it because its instance died, which to the call is a connection that broke. */
static af_code broken_off(struct af_call *c, struct af_error *err)
{
	const char *ended = c->inst->ended;

	af_error_clear(err);
	return error_set(err, AF_ERR_LOST, "%s died%s%s", c->inst->name, ended ? ": " : "", ended ? ended : "");
}

void call_judge(struct af_call *c, af_code rc, bool broken, struct http_response *resp, struct verdict *v,
		struct af_error *err)
{
	struct server s = instance_server(c->inst);

	*v = (struct verdict){ .rc = rc, .sent = resp->sent };
	if (rc == AF_ERR_CANCELLED && broken)
		v->rc = broken_off(c, err);
	if (!rc && call_was_turned_away(&c->call, resp, &v->sent)) {
		v->leaving = true;
		v->rc = error_set(err, v->sent ? AF_ERR_LOST : AF_ERR_UNREACHABLE, "%s is stopping", c->inst->name);
	}
	v->unanswered = v->rc != AF_OK;
	c->status = v->unanswered ? 0 : resp->status;
	if (!v->unanswered)
		v->rc = call_result(&c->call, &s, resp, &v->result, &v->len, err);
	v->failed = v->unanswered && (v->rc == AF_ERR_UNREACHABLE || v->rc == AF_ERR_LOST);
	pool_give(c->inst, v->rc, resp->total_us);
	if (v->unanswered && v->rc == AF_ERR_TIMEOUT)
		v->rc = timed_out(c, err);
}

static void on_answer(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct af_call *c = arg;
	struct verdict v;

	drop_transfer(c);
	call_judge(c, rc, atomic_exchange(&c->broken, false) && !atomic_load(&c->cancelled), resp, &v, err);
	if (v.failed && call_goes_on(c, &v.rc, v.sent, v.leaving, err))
		return;
	if (v.unanswered && (v.rc == AF_ERR_TIMEOUT || v.rc == AF_ERR_CANCELLED))
		tell_cancelled(c, v.rc);
	call_finish(c, v.rc, v.result, v.len, err);
}

/* It never left. Any thread; the call's end comes from the I/O thread, by way of the queue. */
static void not_sent(struct af_call *c, af_code rc, struct af_error *err)
{
	pool_give(c->inst, rc, -1);
	if (rc != AF_ERR_UNREACHABLE || !call_goes_on(c, &rc, false, false, err))
		queue_end(c, err);
}

void call_dispatch(struct af_call *c)
{
	struct server s = instance_server(c->inst);
	struct af_error err = AF_ERROR_INIT;
	struct http_request req;
	int64_t left = deadline_left(c->until);

	c->attempts++;
	call_request(&c->call, &s, left == INT64_MAX ? 0 : MAX(left, (int64_t) 1), &req);
	pthread_mutex_lock(&c->lock);
	af_code rc = http_submit(s.http, &req, on_answer, c, &c->transfer, &err);
	if (!rc && atomic_load(&c->cancelled))
		http_transfer_cancel(c->transfer);
	pthread_mutex_unlock(&c->lock);
	if (rc)
		not_sent(c, rc, &err);
	af_error_clear(&err);
}

/* ---- from any thread ------------------------------------------------------------------------------ */

/* Takes an instance for it, or lets it wait for one. */
static af_code begin(struct af_call *c, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	struct af_env *env = c->env;
	af_code rc = pool_take(env, c->replica, NULL, &c->inst, &why);

	if (!rc) {
		c->run = c->inst->vitals.run;
		call_dispatch(c);
	} else if (rc == AF_ERR_UNREACHABLE || rc == AF_ERR_UNAVAILABLE) {
		rc = queue_add(c, err);
	} else {
		error_move(err, &why);
	}
	af_error_clear(&why);
	return rc;
}

af_code env_submit(struct af_env *env, const char *method, struct json_span kwargs, int replica, int64_t timeout_ms,
		   call_end end, void *arg, struct af_call **call, struct af_error *err)
{
	struct af_call *c = call_new(env, method, kwargs, replica, timeout_ms, err);

	if (!c)
		return AF_ERR_NOMEM;
	c->end = end;
	c->arg = arg;
	/* One more while we are here: the call may be over before this returns. */
	atomic_store(&c->refs, 2 + (call != NULL));
	af_code rc = call_enlist(c, err);
	if (!rc && (rc = begin(c, err)))
		call_delist(c); /* it never got under way: nobody is told of its end */
	if (rc)
		atomic_store(&c->refs, 1);
	else if (call)
		*call = c;
	call_unref(c);
	return rc;
}

struct user {
	af_call_done done;
	void *arg;
};

/* What the library's user is told. */
static void tell_user(void *arg, af_code rc, char **result, size_t len, const struct call_info *info UNUSED,
		      struct af_error *err)
{
	struct user *u = arg;

	u->done(u->arg, rc, *result, len, err);
	free(u);
}

af_code af_env_call_async(struct af_env *env, const char *method, const char *kwargs,
			  const struct af_call_options *options, af_call_done done, void *arg, struct af_call **call,
			  struct af_error *err)
{
	static const struct af_call_options defaults;
	struct json_span args = { kwargs, kwargs ? strlen(kwargs) : 0 };
	af_code rc = call_arguments_check(args, err);

	if (rc)
		return rc;
	if (!options)
		options = &defaults;
	struct user *u = malloc(sizeof(*u));
	if (!u)
		return error_nomem(err);
	*u = (struct user){ done, arg };
	rc = env_submit(env, method, args, options->replica > 0 ? options->replica - 1 : -1, options->timeout_ms, tell_user, u,
			call, err);
	if (rc)
		free(u);
	return rc;
}

/* One that waits in a queue is found there at the next tick. */
void af_call_cancel(struct af_call *call)
{
	pthread_mutex_lock(&call->lock);
	bool first = !atomic_exchange(&call->cancelled, true);
	if (first && call->transfer)
		http_transfer_cancel(call->transfer);
	pthread_mutex_unlock(&call->lock);
}

void af_call_free(struct af_call *call)
{
	if (call)
		call_unref(call);
}

void env_cancel_calls(struct af_env *env)
{
	pthread_mutex_lock(&env->lock);
	env->closing = true;
	if (env->stop)
		cancel_trigger(env->stop);
	for (struct af_call *c = env->calls; c; c = c->next)
		af_call_cancel(c);
	for (size_t i = 0; i < env->count; i++)
		for (struct sitting *s = env->instances[i].sittings; s; s = s->next)
			cancel_trigger(s->token);
	queue_stir(env, true);
	while (env->pending)
		pthread_cond_wait(&env->idle, &env->lock);
	pthread_mutex_unlock(&env->lock);
}
