/* See call_run.h. */
#include "ui/call_run.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/json_write.h"
#include "base/parallel.h"
#include "store/store.h"
#include "ui/form.h"

struct call_run *call_run_new(struct app *app, const char *environment, const char *method, const char *args,
			      struct af_error *err)
{
	struct call_run *run = calloc(1, sizeof(*run));

	if (!run) {
		error_nomem(err);
		return NULL;
	}
	run->af = app->af;
	run->target = TARGET_AUTO;
	run->repeat = run->concurrency = 1;
	run->environment = str_dup(environment, err);
	run->method = str_dup(method, err);
	run->args = str_dup(args, err);
	if (run->environment && run->method && run->args)
		return run;
	call_run_free(run);
	return NULL;
}

void call_run_free(void *arg)
{
	struct call_run *run = arg;

	for (int i = 0; i < run->count; i++) {
		free(run->outcomes[i].message);
		free(run->outcomes[i].hint);
	}
	free(run->outcomes);
	free(run->environment);
	free(run->method);
	free(run->args);
	result_tree_free(&run->tree);
	free(run->result);
	free(run);
}

void call_run_tally(const struct call_run *run, struct strbuf *sb)
{
	int failed = atomic_load(&run->failed), cancelled = atomic_load(&run->cancelled), unsent = run->count - atomic_load(&run->ended);

	if (failed || (!cancelled && !unsent))
		strbuf_addf(sb, "%d failed", failed);
	if (cancelled)
		strbuf_addf(sb, "%s%d cancelled", failed ? ", " : "", cancelled);
	if (unsent)
		strbuf_addf(sb, "%s%d not sent", failed || cancelled ? ", " : "", unsent);
}

/* ---- on the job's thread ---------------------------------------------------------------------------- */

struct work {
	struct call_run *run;
	struct af_env *env;
	struct cancel *cancel;
	atomic_int next;
	pthread_mutex_t lock; /* for what follows */
	struct store *store;  /* NULL: it could not be opened, nothing is recorded */
	char **results;
	size_t bytes;
};

static int replica_of(const struct work *w, int i)
{
	const struct call_run *run = w->run;

	return run->target == TARGET_ALL ? w->env->instances[(size_t) i % w->env->count].replica : run->target;
}

static void record(struct work *w, struct call_outcome *o, const char *result)
{
	struct call_record r = {
		.started_ms = o->started_ms,
		.took_us = o->took_us,
		.environment = w->run->environment,
		.method = w->run->method,
		.replica = o->replica,
		.args = w->run->args,
		.code = o->rc,
		.error = o->message,
		.call_id = (char *) o->call_id,
		.result = (char *) result,
		.result_len = (int64_t) o->result_len,
	};

	if (w->store && store_add(w->store, &r, &o->id, NULL))
		o->id = 0;
}

static void call_one(struct work *w, int i)
{
	struct call_run *run = w->run;
	struct call_outcome *o = &run->outcomes[i];
	struct call_info info = { .replica = -1 };
	struct af_error err = AF_ERROR_INIT;
	AUTO_FREE char *result = NULL;
	struct json_span args = { run->args, strlen(run->args) };

	o->started_ms = wall_ms();
	o->rc = env_call(w->env, run->method, args, replica_of(w, i), run->timeout_ms, w->cancel, &result, &o->result_len, &info,
			 &err);
	if (o->rc == AF_ERR_NOT_FOUND)
		env_hint_methods(w->env, run->method, w->cancel, &err);
	o->replica = info.replica;
	o->took_us = info.took_us;
	o->status = info.status;
	snprintf(o->call_id, sizeof(o->call_id), "%s", info.id);
	o->message = o->rc ? af_steal(err.message) : NULL;
	o->hint = o->rc ? af_steal(err.hint) : NULL;
	o->result_len = o->rc ? 0 : o->result_len;
	af_error_clear(&err);
	atomic_fetch_add(&run->failed, o->rc && o->rc != AF_ERR_CANCELLED);
	atomic_fetch_add(&run->cancelled, o->rc == AF_ERR_CANCELLED);
	pthread_mutex_lock(&w->lock);
	record(w, o, result);
	if (w->bytes + o->result_len > CALL_RUN_BYTES) {
		run->dropped |= !o->rc;
	} else {
		w->bytes += o->result_len;
		w->results[i] = af_steal(result);
	}
	pthread_mutex_unlock(&w->lock);
	atomic_fetch_add(&run->ended, 1);
}

/* One of those that work at the same time. */
static void lane(void *arg, size_t i UNUSED)
{
	struct work *w = arg;

	for (int n; (n = atomic_fetch_add(&w->next, 1)) < w->run->count && !cancel_requested(w->cancel);)
		call_one(w, n);
}

static void write_outcome(struct json_writer *w, const struct call_outcome *o, const char *result)
{
	json_open(w, NULL, '{');
	json_put_int(w, "replica", o->replica);
	json_put_number(w, "took_ms", (double) o->took_us / 1000);
	if (o->rc) {
		json_open(w, "error", '{');
		json_put_string(w, "code", af_code_name(o->rc));
		json_put_string(w, "message", o->message);
		json_close(w, '}');
	} else if (result) {
		json_put_raw(w, "result", (struct json_span){ result, o->result_len });
	}
	json_close(w, '}');
}

/* The one result as it came, or a list. */
static af_code collect(struct work *w, struct af_error *err)
{
	struct call_run *run = w->run;
	AUTO_STRBUF list = STRBUF_INIT(STRBUF_HUGE);
	struct json_writer json = json_writer(&list);

	if (run->count == 1) {
		run->result = af_steal(w->results[0]);
		run->result_len = run->outcomes[0].result_len;
		return AF_OK;
	}
	json_open(&json, NULL, '[');
	for (int i = 0; i < run->count; i++)
		if (run->outcomes[i].started_ms)
			write_outcome(&json, &run->outcomes[i], w->results[i]);
	json_close(&json, ']');
	run->result_len = list.len;
	return strbuf_steal(&list, &run->result, err);
}

/* The first failure, as the run's. */
static af_code verdict(const struct call_run *run, struct cancel *cancel, struct af_error *err)
{
	af_code rc = cancel_check(cancel, err);

	for (int i = 0; i < run->count && !rc; i++)
		if (run->outcomes[i].rc) {
			rc = error_set(err, run->outcomes[i].rc, "%s", run->outcomes[i].message ? run->outcomes[i].message : "failed");
			if (run->outcomes[i].hint)
				error_hint(err, "%s", run->outcomes[i].hint);
		}
	return rc;
}

static af_code work(struct work *w, struct af_error *err)
{
	struct call_run *run = w->run;
	int count = run->repeat * (run->target == TARGET_ALL ? (int) w->env->count : 1);

	if (!count)
		return error_set(err, AF_ERR_UNREACHABLE, "%s has no replicas", run->environment);
	run->outcomes = calloc((size_t) count, sizeof(*run->outcomes));
	w->results = calloc((size_t) count, sizeof(*w->results));
	if (!run->outcomes || !w->results)
		return error_nomem(err);
	run->count = count;
	atomic_store(&run->planned, count);
	/* Each replica once: that is at the same time. */
	int lanes = run->target == TARGET_ALL ? MAX(run->concurrency, (int) w->env->count) : run->concurrency;
	parallel_run((size_t) MIN(lanes, count), lane, w);
	af_code rc = collect(w, err);
	if (!rc && run->result)
		rc = result_tree_init(&run->tree, (struct json_span){ run->result, run->result_len }, err);
	return rc ? rc : verdict(run, w->cancel, err);
}

static af_code run_calls(void *arg, struct cancel *cancel, struct af_error *err)
{
	struct work w = { .run = arg, .cancel = cancel };
	AF_AUTO(env) struct af_env *env = NULL;
	AF_AUTO(store) struct store *store = NULL;
	af_code rc = env_find(w.run->af, w.run->environment, cancel, &env, err);

	if (rc)
		return rc;
	if (!store_open(NULL, &store, NULL))
		w.store = store;
	w.env = env;
	if (w.run->count > 1)
		env_watch(env);
	pthread_mutex_init(&w.lock, NULL);
	rc = work(&w, err);
	for (int i = 0; w.results && i < w.run->count; i++)
		free(w.results[i]);
	free(w.results);
	pthread_mutex_destroy(&w.lock);
	return rc;
}

/* ---- on the UI thread -------------------------------------------------------------------------------- */

static void run_done(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct call_run *run = arg;

	run->done(app, run, rc, err);
}

af_code call_run_start(struct app *app, struct call_run *take_run, struct af_error *err)
{
	struct call_run *run = take_run;
	AUTO_STRBUF label = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&label, "call %s %s", run->environment, run->method);
	if (run->repeat > 1)
		strbuf_addf(&label, " × %d", run->repeat);
	atomic_store(&run->planned, run->repeat);
	return job_work(app, label.data, run_calls, run_done, call_run_free, run, &run->job, err);
}
