/* Calls that their thread waits for. */
#include <stdio.h>
#include <string.h>

#include "orchestrator/ready.h"

/* How long an instance that went away in the middle of a call may take to come back. */
#define COMEBACK_MS 30000

/* Sends it once; the answer is in resp. */
static af_code send_once(struct call *call, struct instance *inst, deadline until, struct cancel *cancel,
			 struct http_response *resp, struct af_error *err)
{
	struct server s = instance_server(inst);
	struct http_request req;

	int64_t left = deadline_left(until);
	call_request(call, &s, left == INT64_MAX ? 0 : MAX(left, (int64_t) 1), &req);
	req.cancel = cancel;
	return http_perform(s.http, &req, resp, err);
}

static af_code give_up(struct call *call, struct instance *inst, af_code rc, int64_t timeout_ms, struct af_error *err)
{
	struct server s = instance_server(inst);

	if (s.endpoint.base)
		call_cancel(call, &s);
	if (rc == AF_ERR_TIMEOUT) {
		AUTO_STRBUF waited = STRBUF_INIT(64);
		duration_format(&waited, timeout_ms);
		error_set(err, rc, "%s.%s gave no answer within %s and was cancelled", inst->name, call->method,
			  waited.data);
		error_hint(err, "allow more with --timeout SECONDS; see what it does with `afs logs %s`", inst->env->name);
	}
	return rc;
}

/* A call on its way through the pool. */
struct attempt {
	struct af_env *env;
	struct call *call;
	int64_t timeout_ms;
	deadline until;
	struct cancel *cancel;
	int replica;            /* the only one that may be asked; < 0: any */
	struct instance *inst;  /* asked last */
	struct instance *avoid; /* not reachable a moment ago */
	bool begun;             /* a server may have begun it: only that one may be asked again */
	bool again;             /* the last try settled nothing: one more is due */
};

static af_code not_back(const struct attempt *at, af_code rc, struct af_error *err)
{
	const struct instance *inst = at->inst;
	AUTO_STRBUF waited = STRBUF_INIT(64);
	af_code code = at->begun ? AF_ERR_LOST : AF_ERR_UNREACHABLE;

	if (cancel_requested(at->cancel))
		return cancel_check(at->cancel, err);
	if (!deadline_left(at->until)) {
		duration_format(&waited, at->timeout_ms);
		return error_wrap(err, AF_ERR_TIMEOUT, "%s did not come back within %s", inst->name, waited.data);
	}
	if (inst->state == INSTANCE_DOWN || rc == AF_ERR_NOT_FOUND)
		return error_wrap(err, code, "%s is gone (%s)", inst->name, str_blank(inst->status) ? "unknown" : inst->status);
	return error_wrap(err, code, "%s", inst->name);
}

/*
 * The connection could not be made, or broke, and no other instance may do. Is it there again?
 * Asking again is safe where nothing was sent, and where the server knows calls by their id.
 */
static af_code recover(const struct attempt *at, struct af_error *err)
{
	struct instance *inst = at->inst;
	deadline comeback = deadline_in(COMEBACK_MS);
	af_code rc = instance_refresh(inst, at->cancel, NULL);

	if (at->begun && at->call->type == ENV_HTTP_BASED)
		return error_wrap(err, AF_ERR_LOST, "%s: the call may have run", inst->name);
	if (!rc)
		rc = instance_wait_ready(inst, MIN(comeback, at->until), at->cancel, NULL);
	return !rc && inst->state != INSTANCE_DOWN ? AF_OK : not_back(at, rc, err);
}

/* Nothing was sent, and another may do: this one is left alone, unless it has merely moved. */
static void go_elsewhere(struct attempt *at)
{
	const char *before = at->inst->base;

	if (instance_refresh(at->inst, at->cancel, NULL) || at->inst->base == before)
		pool_mark(at->inst, INSTANCE_DOWN);
	at->avoid = at->inst;
	at->again = true;
}

static af_code after_failure(struct attempt *at, af_code rc, bool sent, struct af_error *err)
{
	at->begun |= rc == AF_ERR_LOST && sent;
	if (!at->begun && at->replica < 0 && pool_has_other(at->inst)) {
		go_elsewhere(at);
		return AF_OK;
	}
	rc = recover(at, err);
	if (rc == AF_ERR_UNREACHABLE || rc == AF_ERR_LOST)
		pool_mark(at->inst, INSTANCE_DOWN);
	/* Here again. What it may have begun, only it can join or answer; nobody else may run it too. */
	if (!rc && at->begun)
		at->replica = at->inst->replica;
	at->again = !rc;
	return rc;
}

/* None is up as far as the pool knows: what does the engine say? */
static void revive(const struct attempt *at)
{
	deadline comeback = deadline_in(COMEBACK_MS);
	struct af_env *env = at->env;

	for (size_t i = 0; i < env->count; i++) {
		struct instance *inst = &env->instances[i];
		if (at->replica >= 0 && inst->replica != at->replica)
			continue;
		if (instance_refresh(inst, at->cancel, NULL) == AF_OK && inst->state != INSTANCE_DOWN &&
		    instance_wait_ready(inst, MIN(comeback, at->until), at->cancel, NULL) == AF_OK)
			return;
	}
}

static af_code try_once(struct attempt *at, char **result, size_t *len, struct af_error *err)
{
	struct http_response resp;
	af_code rc = pool_take(at->env, at->replica, at->avoid, &at->inst, err);

	at->again = false;
	if (rc == AF_ERR_UNREACHABLE) {
		revive(at);
		rc = pool_take(at->env, at->replica, at->avoid, &at->inst, err);
	}
	if (rc)
		return rc;
	struct server s = instance_server(at->inst);
	rc = send_once(at->call, at->inst, at->until, at->cancel, &resp, err);
	bool sent = resp.sent, broke = rc == AF_ERR_UNREACHABLE || rc == AF_ERR_LOST;
	bool gave_up = rc == AF_ERR_TIMEOUT || rc == AF_ERR_CANCELLED; /* we did; a server that did says so itself */
	if (!rc)
		rc = call_result(at->call, &s, &resp, result, len, err);
	pool_give(at->inst, rc, resp.total_us);
	http_response_free(&resp);
	if (broke)
		return after_failure(at, rc, sent, err);
	if (gave_up)
		return give_up(at->call, at->inst, rc, at->timeout_ms, err);
	return rc;
}

/* Asked for as often as may be, and never answered whole. What became of the server meanwhile says more. */
static af_code gave_out(const struct attempt *at, struct af_error *err)
{
	struct instance *inst = at->inst;
	const char *ended = instance_refresh(inst, at->cancel, NULL) ? NULL : inst->ended;

	error_set(err, AF_ERR_LOST, "%s.%s: the connection broke again and again%s%s%s%s", at->env->name, at->call->method,
		  ended ? "; " : "", ended ? inst->name : "", ended ? ": " : "", ended ? ended : "");
	error_hint(err, "see what it does with `afs logs %s`", at->env->name);
	return AF_ERR_LOST;
}

af_code env_call(struct af_env *env, const char *method, struct json_span kwargs, int replica, int64_t timeout_ms,
		 struct cancel *cancel, char **result, size_t *len, struct call_info *info, struct af_error *err)
{
	struct call call;
	struct attempt at = { .env = env, .call = &call, .timeout_ms = timeout_ms, .until = deadline_in(timeout_ms),
			      .cancel = cancel, .replica = replica, .again = true };
	struct af_error local = AF_ERROR_INIT;
	int64_t started = clock_us();
	af_code rc = call_init(&call, env->type, method, kwargs, err);

	if (rc)
		return rc;
	/* Each instance may be unreachable once, and come back once in the middle. */
	for (size_t tries = 0; at.again && tries < 2 * env->count + 1; tries++) {
		af_error_clear(&local);
		rc = try_once(&at, result, len, &local);
	}
	if (at.again)
		rc = gave_out(&at, &local);
	if (info) {
		info->replica = at.inst ? at.inst->replica : -1;
		info->took_us = clock_us() - started;
		snprintf(info->id, sizeof(info->id), "%s", call.id);
	}
	call_free(&call);
	if (rc)
		error_move(err, &local);
	else
		af_error_clear(&local);
	return rc;
}

af_code env_methods(struct af_env *env, struct cancel *cancel, struct method_list *out, struct af_error *err)
{
	struct instance *inst = NULL;
	af_code rc = pool_take(env, -1, NULL, &inst, err);

	if (rc)
		return rc;
	struct server s = instance_server(inst);
	rc = server_methods(&s, cancel, out, err);
	pthread_mutex_lock(&env->lock);
	inst->in_flight--; /* no call: not counted as one */
	pthread_mutex_unlock(&env->lock);
	return rc;
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
