#include "command/logshow.h"

#include <pthread.h>

#include "base/clock.h"
#include "command/logline.h"
#include "command/logsource.h"
#include "command/pattern.h"

#define WINDOW_MS 200                  /* that long a line waits for earlier ones of other replicas */
#define HELD_MAX ((size_t) 1024 * 1024) /* bytes of a replica that may wait; then it has to wait itself */
#define BATCH ((size_t) 256 * 1024)     /* bytes written at a time */
#define GATHER_MS 1                    /* that long the first line of a batch waits for more */

struct reader {
	struct logs *logs;
	struct log_source source;
	struct pattern *pattern; /* NULL: all lines */
	size_t index;
	int replica;
	pthread_t thread;
	bool running;
	af_code rc;
	struct af_error err;
};

struct logs {
	struct command_context *cx;
	const struct logs_wanted *wanted;
	struct log_style style;
	struct reader *readers;
	size_t count;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t come;  /* something for the writer */
	pthread_cond_t gone;  /* room for readers */
	struct logmerge *merge;
	bool idle;            /* the writer waits for `come` */
};

/* ---- reading: a thread for each replica --------------------------------------------------- */

static bool on_line(void *arg, const struct log_line *line)
{
	struct reader *r = arg;
	struct logs *l = r->logs;
	size_t skip = line->time_len ? MIN(line->time_len + 1, line->len) : 0;
	bool ok;

	if (r->pattern && !pattern_matches(r->pattern, line->text + skip, line->len - skip))
		return true;
	pthread_mutex_lock(&l->lock);
	while (logmerge_held(l->merge, r->index) > HELD_MAX && !cancel_requested(l->cx->cancel))
		pthread_cond_wait(&l->gone, &l->lock);
	ok = logmerge_add(l->merge, r->index, line, clock_ms());
	if (l->idle) {
		l->idle = false;
		pthread_cond_signal(&l->come);
	}
	pthread_mutex_unlock(&l->lock);
	if (!ok)
		r->rc = error_nomem(&r->err);
	return ok && !cancel_requested(l->cx->cancel);
}

static void *read_log(void *arg)
{
	struct reader *r = arg;
	struct af_error err = AF_ERROR_INIT;
	af_code rc = log_source_run(&r->source, &err);

	if (!r->rc) {
		r->rc = rc;
		error_move(&r->err, &err);
	}
	af_error_clear(&err);
	pthread_mutex_lock(&r->logs->lock);
	logmerge_end(r->logs->merge, r->index);
	r->logs->idle = false;
	pthread_cond_signal(&r->logs->come);
	pthread_mutex_unlock(&r->logs->lock);
	return NULL;
}

/* ---- writing: the command's own thread -------------------------------------------------------- */

static void wake(void *arg)
{
	struct logs *l = arg;

	pthread_mutex_lock(&l->lock);
	l->idle = false;
	pthread_cond_broadcast(&l->come);
	pthread_cond_broadcast(&l->gone);
	pthread_mutex_unlock(&l->lock);
}

/* Moves what may go out to `batch`. */
static void fill(struct logs *l, struct strbuf *batch)
{
	int64_t now = clock_ms();
	struct log_line line;
	size_t from;

	while (batch->len < BATCH && logmerge_next(l->merge, now, &from, &line))
		log_line_format(batch, &l->style, l->readers[from].replica, &line);
	if (batch->len)
		pthread_cond_broadcast(&l->gone);
}

/* Until a reader brings something, or what is held back is due. */
static void wait_for_lines(struct logs *l)
{
	int64_t due = logmerge_due(l->merge, clock_ms());
	struct timespec until;

	l->idle = true;
	if (due < 0) {
		while (l->idle && !cancel_requested(l->cx->cancel))
			pthread_cond_wait(&l->come, &l->lock);
		return;
	}
	int64_t at = clock_ms() + due;
	until = (struct timespec){ .tv_sec = at / 1000, .tv_nsec = (at % 1000) * 1000000 };
	while (l->idle && !cancel_requested(l->cx->cancel) && clock_ms() < at)
		pthread_cond_timedwait(&l->come, &l->lock, &until);
	l->idle = false;
}

static void put_out(struct logs *l, const struct strbuf *batch)
{
	if (l->wanted->aside)
		l->cx->io->out_err(l->cx->io->arg, batch->data, batch->len);
	else
		command_out(l->cx, batch->data, batch->len);
}

static af_code write_logs(struct logs *l, struct af_error *err)
{
	AUTO_STRBUF batch = STRBUF_INIT(STRBUF_HUGE);
	af_code rc = AF_OK;
	bool waited = false;

	pthread_mutex_lock(&l->lock);
	while (!rc && !logmerge_done(l->merge) && !cancel_requested(l->cx->cancel)) {
		fill(l, &batch);
		if (batch.len == 0) {
			wait_for_lines(l);
			waited = true;
			continue;
		}
		pthread_mutex_unlock(&l->lock);
		rc = strbuf_check(&batch, err);
		put_out(l, &batch);
		strbuf_reset(&batch);
		/* A stream in full flow is written in few large pieces. */
		if (waited)
			cancel_sleep(l->cx->cancel, GATHER_MS);
		waited = false;
		pthread_mutex_lock(&l->lock);
	}
	pthread_mutex_unlock(&l->lock);
	return rc;
}

/* ---- the whole of it ----------------------------------------------------------------------------- */

static af_code start_readers(struct logs *l, struct af_error *err)
{
	for (size_t i = 0; i < l->count; i++) {
		int failed = pthread_create(&l->readers[i].thread, NULL, read_log, &l->readers[i]);

		if (failed)
			return error_errno(err, AF_ERR_FAILED, failed, "start a thread");
		l->readers[i].running = true;
	}
	return AF_OK;
}

/* The first failure that is more than the end of it all. */
static af_code join_readers(struct logs *l, struct af_error *err)
{
	af_code rc = AF_OK;

	for (size_t i = 0; i < l->count; i++) {
		struct reader *r = &l->readers[i];

		if (r->running)
			pthread_join(r->thread, NULL);
		if (r->rc && r->rc != AF_ERR_CANCELLED && !rc) {
			rc = r->rc;
			error_move(err, &r->err);
			error_wrap(err, rc, "logs of %s", r->source.inst->name);
		}
	}
	return rc;
}

static af_code run(struct logs *l, struct af_error *err)
{
	struct cancel_waker waker = { .wake = wake, .arg = l };
	struct af_error why = AF_ERROR_INIT;
	af_code rc = start_readers(l, err), read_rc;

	if (rc)
		cancel_trigger(l->cx->cancel);
	cancel_watch(l->cx->cancel, &waker);
	if (!rc)
		rc = write_logs(l, err);
	read_rc = join_readers(l, &why);
	cancel_unwatch(l->cx->cancel, &waker);
	if (!rc && read_rc) {
		rc = read_rc;
		error_move(err, &why);
	}
	af_error_clear(&why);
	/* ^C is how following ends. */
	return rc || l->wanted->follow ? rc : cancel_check(l->cx->cancel, err);
}

static af_code prepare_reader(struct logs *l, struct instance *inst, struct af_error *err)
{
	const struct logs_wanted *w = l->wanted;
	struct reader *r = &l->readers[l->count];

	*r = (struct reader){ .logs = l, .index = l->count, .replica = inst->replica };
	r->source = (struct log_source){
		.inst = inst,
		.follow = w->follow,
		.timestamps = w->timestamps || l->style.numbers,
		.tail = w->tail,
		.since_ns = w->since_ns,
		.cancel = l->cx->cancel,
		.on_line = on_line,
		.arg = r,
	};
	l->count++;
	return w->grep ? pattern_new(w->grep, &r->pattern, err) : AF_OK;
}

static af_code prepare(struct logs *l, struct af_env *env, struct af_error *err)
{
	const struct logs_wanted *w = l->wanted;
	af_code rc = AF_OK;

	if (w->replica >= 0 && !env_replica(env, w->replica))
		return error_set(err, AF_ERR_NOT_FOUND, "%s has no replica %d", env->name, w->replica);
	l->style = (struct log_style){ .numbers = w->replica < 0 && env->count > 1, .timestamps = w->timestamps,
				       .color = l->cx->io->color, .safe = l->cx->io->interactive };
	l->readers = calloc(env->count + 1, sizeof(*l->readers));
	if (!l->readers)
		return error_nomem(err);
	for (size_t i = 0; !rc && i < env->count; i++)
		if (w->replica < 0 || env->instances[i].replica == w->replica)
			rc = prepare_reader(l, &env->instances[i], err);
	if (rc)
		return rc;
	l->merge = logmerge_new(l->count, w->follow ? WINDOW_MS : -1, err);
	return l->merge ? AF_OK : AF_ERR_NOMEM;
}

static void free_logs(struct logs *l)
{
	for (size_t i = 0; l->readers && i < l->count; i++) {
		pattern_free(l->readers[i].pattern);
		af_error_clear(&l->readers[i].err);
	}
	free(l->readers);
	logmerge_free(l->merge);
	pthread_mutex_destroy(&l->lock);
	pthread_cond_destroy(&l->come);
	pthread_cond_destroy(&l->gone);
}

/* Waits are measured on the clock that deadlines are. */
static void init_come(struct logs *l)
{
	pthread_condattr_t attr;

	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&l->come, &attr);
	pthread_condattr_destroy(&attr);
}

af_code logs_show(struct command_context *cx, struct af_env *env, const struct logs_wanted *wanted, struct af_error *err)
{
	struct logs logs = { .cx = cx, .wanted = wanted, .lock = PTHREAD_MUTEX_INITIALIZER,
			     .gone = PTHREAD_COND_INITIALIZER };

	init_come(&logs);
	af_code rc = prepare(&logs, env, err);
	if (!rc && logs.count)
		rc = run(&logs, err);
	free_logs(&logs);
	return rc;
}
