/* Calls that nobody waits for: thousands in flight, each a few KiB, driven by the I/O thread. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "orchestrator/orchestrator.h"

struct af_call {
	struct af_env *env;
	struct call call;
	struct instance *inst, *avoid;
	int replica;
	deadline until;
	af_call_done done;
	void *arg;
	atomic_int refs; /* one while it runs, one for the caller's handle */
	atomic_bool cancelled;
	pthread_mutex_t lock; /* for transfer: submitted here, cancelled there */
	struct http_transfer *transfer;
	struct af_call *next, **link; /* in env->calls, under env->lock */
};

static void unref(struct af_call *c)
{
	if (atomic_fetch_sub(&c->refs, 1) != 1)
		return;
	http_transfer_unref(c->transfer);
	pthread_mutex_destroy(&c->lock);
	call_free(&c->call);
	free(c);
}

/* Takes it out of the environment's list, which may have been waited for. */
static void delist(struct af_call *c)
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

static void finish(struct af_call *c, af_code rc, const char *result, size_t len, struct af_error *err)
{
	c->done(c->arg, rc, result, len, err);
	delist(c);
	unref(c);
}

static af_code submit(struct af_call *c, struct af_error *err);

/* A cancel that nobody waits for either, but that is given a second before its environment goes; it owns its bytes. */
struct farewell {
	struct af_env *env;
	char body[64];
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

static void tell_cancelled(struct af_call *c)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	struct farewell *f = c->env->type == ENV_FUNCTION_BASED ? calloc(1, sizeof(*f)) : NULL;

	if (!f)
		return;
	int len = snprintf(f->body, sizeof(f->body), "{\"id\":\"%s\"}", c->call.id);
	struct server s = instance_server(c->inst);
	struct http_request req = { .endpoint = s.endpoint, .method = "POST", .path = "/cancel", .headers = headers,
				    .body = f->body, .body_len = (size_t) len, .timeout_ms = 1000, .max_body = 65536 };
	f->env = c->env;
	pthread_mutex_lock(&c->env->lock);
	c->env->pending++;
	pthread_mutex_unlock(&c->env->lock);
	if (http_submit(s.http, &req, farewell_done, f, NULL, NULL))
		farewell_end(f);
}

/* On the I/O thread. */
static void on_answer(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct af_call *c = arg;
	struct server s = instance_server(c->inst);
	char *result = NULL;
	size_t len = 0;
	bool sent = resp->sent;

	af_code verdict = rc ? rc : call_result(&c->call, &s, resp, &result, &len, err);
	pool_give(c->inst, verdict, resp->total_us);
	/* The handle of this transfer has served; a new try gets a new one. */
	pthread_mutex_lock(&c->lock);
	struct http_transfer *over = af_steal(c->transfer);
	pthread_mutex_unlock(&c->lock);
	http_transfer_unref(over);
	if (rc == AF_ERR_TIMEOUT || rc == AF_ERR_CANCELLED)
		tell_cancelled(c);
	if (rc == AF_ERR_UNREACHABLE && !sent && c->replica < 0 && pool_has_other(c->inst)) {
		struct af_error why = AF_ERROR_INIT;
		pool_mark(c->inst, INSTANCE_DOWN);
		c->avoid = c->inst;
		if (submit(c, &why) == AF_OK)
			return;
		af_error_clear(&why); /* what kept the first from being reached says more */
	}
	finish(c, verdict, result, len, err);
	free(result);
}

static af_code submit(struct af_call *c, struct af_error *err)
{
	struct http_request req;
	af_code rc = pool_take(c->env, c->replica, c->avoid, &c->inst, err);

	if (rc)
		return rc;
	struct server s = instance_server(c->inst);
	int64_t left = deadline_left(c->until);
	call_request(&c->call, &s, left == INT64_MAX ? 0 : MAX(left, (int64_t) 1), &req);
	pthread_mutex_lock(&c->lock);
	rc = http_submit(s.http, &req, on_answer, c, &c->transfer, err);
	bool cancelled = atomic_load(&c->cancelled);
	if (!rc && cancelled)
		http_transfer_cancel(c->transfer);
	pthread_mutex_unlock(&c->lock);
	if (rc)
		pool_give(c->inst, rc, 0);
	return rc;
}

static af_code enlist(struct af_call *c, struct af_error *err)
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

af_code af_env_call_async(struct af_env *env, const char *method, const char *kwargs,
			  const struct af_call_options *options, af_call_done done, void *arg, struct af_call **call,
			  struct af_error *err)
{
	struct json_span args = { kwargs, kwargs ? strlen(kwargs) : 0 };
	struct af_call *c = calloc(1, sizeof(*c));

	if (!c)
		return error_nomem(err);
	c->env = env;
	c->done = done;
	c->arg = arg;
	c->replica = options && options->replica > 0 ? options->replica - 1 : -1;
	c->until = deadline_in(options ? options->timeout_ms : 0);
	pthread_mutex_init(&c->lock, NULL);
	/* One more while we are here: the call may be over before http_submit returns. */
	atomic_init(&c->refs, 2 + (call != NULL));
	af_code rc = call_arguments_check(args, err);
	if (!rc)
		rc = call_init(&c->call, env->type, method, args, err);
	if (!rc && !(rc = enlist(c, err)) && (rc = submit(c, err)))
		delist(c); /* it never got under way: `done` is not called */
	if (rc) {
		atomic_store(&c->refs, 1);
	} else if (call) {
		*call = c;
	}
	unref(c);
	return rc;
}

void af_call_cancel(struct af_call *call)
{
	pthread_mutex_lock(&call->lock);
	if (!atomic_exchange(&call->cancelled, true) && call->transfer)
		http_transfer_cancel(call->transfer);
	pthread_mutex_unlock(&call->lock);
}

void af_call_free(struct af_call *call)
{
	if (call)
		unref(call);
}

void env_cancel_calls(struct af_env *env)
{
	pthread_mutex_lock(&env->lock);
	env->closing = true;
	for (struct af_call *c = env->calls; c; c = c->next)
		af_call_cancel(c);
	while (env->pending)
		pthread_cond_wait(&env->idle, &env->lock);
	pthread_mutex_unlock(&env->lock);
}
