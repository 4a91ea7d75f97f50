/* afs logs: output of the replicas, merged by time. */
#include <pthread.h>

#include "base/clock.h"
#include "command/commands.h"
#include "command/logline.h"
#include "command/logsource.h"
#include "command/pattern.h"

static const struct operand_spec operands[] = {
	{ "NAME", WORD_ENV, .help = "environment, or container" },
	{ 0 },
};

static const struct option_spec options[] = {
	{ "follow", 'f', WORD_FLAG, .help = "go on with new lines until ^C" },
	{ "tail", 'n', WORD_INT, .value = "N", .max = INT32_MAX, .help = "only the last N lines of each replica" },
	{ "since", 0, WORD_TEXT, .value = "WHEN", .help = "only newer lines: 10m, 2h, 2026-01-02T03:04:05Z" },
	{ "replica", 'r', WORD_INT, .value = "N", .max = INT32_MAX, .help = "only this replica" },
	{ "grep", 'g', WORD_TEXT, .value = "RE", .help = "only lines that match the regular expression" },
	{ "timestamps", 't', WORD_FLAG, .help = "put the time before each line" },
	{ 0 },
};

static const char *const examples[] = {
	"afs logs my-env -f --tail 20",
	"afs logs my-env --since 10m --grep 'task_id\\W+17'",
	NULL,
};

const struct command_spec cmd_logs = {
	.name = "logs",
	.group = "Watch",
	.summary = "Show what the replicas print, merged by time",
	.description = "stdout and stderr of the replicas both go to stdout, with the replica's number before each line where there are "
		       "several. Following goes on after restarts without losing or doubling lines, and ends when the "
		       "containers are removed. --grep takes a Perl-compatible regular expression. On a terminal control "
		       "characters are shown, not obeyed; elsewhere the bytes are what the replicas wrote.",
	.operands = operands,
	.options = options,
	.examples = examples,
	.run = cmd_logs_run,
};

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
		command_out(l->cx, batch.data, batch.len);
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

/* ---- the command --------------------------------------------------------------------------------- */

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
	return rc || l->readers[0].source.follow ? rc : cancel_check(l->cx->cancel, err);
}

static af_code prepare_reader(struct logs *l, const struct args *args, struct instance *inst,
			      struct af_error *err)
{
	struct reader *r = &l->readers[l->count];
	const char *since = args_text(args, "since"), *grep = args_text(args, "grep");
	int64_t since_ms = 0;
	af_code rc = since ? since_parse(since, &since_ms, err) : AF_OK;

	if (rc)
		return error_wrap(err, rc, "logs: --since");
	*r = (struct reader){ .logs = l, .index = l->count, .replica = inst->replica };
	r->source = (struct log_source){
		.inst = inst,
		.follow = args_has(args, "follow"),
		.timestamps = l->style.timestamps || l->style.numbers,
		.tail = args_has(args, "tail") ? (int) args_number(args, "tail") : -1,
		.since_ns = since_ms * 1000000,
		.cancel = l->cx->cancel,
		.on_line = on_line,
		.arg = r,
	};
	l->count++;
	rc = grep ? pattern_new(grep, &r->pattern, err) : AF_OK;
	return rc ? error_wrap(err, rc, "logs: --grep") : AF_OK;
}

static af_code prepare(struct logs *l, const struct args *args, struct af_env *env, struct af_error *err)
{
	int only = args_has(args, "replica") ? (int) args_number(args, "replica") : -1;
	af_code rc = AF_OK;

	if (only >= 0 && !env_replica(env, only))
		return error_set(err, AF_ERR_NOT_FOUND, "%s has no replica %d", env->name, only);
	l->style = (struct log_style){ .numbers = only < 0 && env->count > 1, .timestamps = args_has(args, "timestamps"),
				       .color = l->cx->io->color, .safe = l->cx->io->interactive };
	l->readers = calloc(env->count + 1, sizeof(*l->readers));
	if (!l->readers)
		return error_nomem(err);
	for (size_t i = 0; !rc && i < env->count; i++)
		if (only < 0 || env->instances[i].replica == only)
			rc = prepare_reader(l, args, &env->instances[i], err);
	if (rc)
		return rc;
	l->merge = logmerge_new(l->count, args_has(args, "follow") ? WINDOW_MS : -1, err);
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

af_code cmd_logs_run(struct command_context *cx, const struct args *args, struct af_error *err)
{
	struct logs logs = { .cx = cx, .lock = PTHREAD_MUTEX_INITIALIZER, .gone = PTHREAD_COND_INITIALIZER };
	AF_AUTO(env) struct af_env *env = NULL;
	af_code rc = env_find(cx->af, args_operand(args, "NAME"), cx->cancel, &env, err);

	init_come(&logs);
	if (!rc)
		rc = prepare(&logs, args, env, err);
	if (!rc && logs.count)
		rc = run(&logs, err);
	free_logs(&logs);
	return rc;
}
