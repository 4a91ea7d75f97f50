/*
 * The run of a map. See map_run.h.
 *
 * One thread (the command's) makes the calls and writes the results; the I/O thread drives them and hands those that are
 * over back in a list, many at a time when there are many. New calls are begun before results are written, so that the
 * servers need not wait for the disk.
 */
#include "command/map_run.h"

#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "base/clock.h"
#include "store/mask.h"

/* How often the progress line changes on a terminal, and how often it is a line elsewhere. */
#define LIVE_MS 200
#define PLAIN_MS 10000
/* Between two tries of a call: doubled each time. */
#define PAUSE_MIN_MS 200
#define PAUSE_MAX_MS 10000
/* So many calls in a row of which no instance answered one (and as many as are in flight): nobody is there. */
#define HOPELESS_LEAST 20
/* Lines are written when they are so many bytes, and when there is nothing else to do. */
#define WRITE_BYTES (256u * 1024)

struct task {
	struct map *map;
	int64_t index;
	char *args; /* JSON object */
	size_t args_len;
	int tries, attempts;
	int64_t started_ms; /* wall clock; of the first try */
	int64_t due_ms;     /* clock_ms(): of the next try */
	/* of the last try: */
	af_code rc;
	char *result;
	size_t len;
	struct call_info info;
	struct af_error err;
	struct task *next;
};

struct map {
	const struct map_plan *plan;
	struct map_tally *tally;
	int64_t next;            /* index */
	int in_flight;
	int64_t unanswered;      /* calls in a row that nobody answered */
	struct task *later;      /* to be tried again, the earliest first */
	struct strbuf lines;
	int64_t shown_ms;
	af_code rc;              /* why it ends before its time */
	struct af_error why;
	/* With the I/O thread: */
	pthread_mutex_t lock;
	pthread_cond_t news;
	struct task *finished, **finished_end;
	bool woken; /* the user interrupts */
};

static void task_free(struct task *t)
{
	free(t->args);
	free(t->result);
	af_error_clear(&t->err);
	free(t);
}

/* ---- arguments ------------------------------------------------------------------------------- */

static af_code get_args(const struct map_plan *plan, int64_t index, struct strbuf *out, struct af_error *err)
{
	AUTO_STRBUF own = STRBUF_INIT(STRBUF_HUGE);
	af_code rc;

	if (plan->constant.len <= 2) /* {} */
		return over_get(plan->over, index, out, err);
	rc = over_get(plan->over, index, &own, err);
	if (!rc)
		json_add_merged(out, plan->constant, json_span_of(&own));
	return rc ? rc : strbuf_check(out, err);
}

af_code map_check_done(const struct map_plan *plan, struct af_error *err)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);

	for (int64_t i = 0; i < MIN(plan->done->size, plan->total); i++) {
		if (!plan->done->hashes[i])
			continue;
		strbuf_reset(&args);
		af_code rc = get_args(plan, i, &args, err);
		if (rc)
			return rc;
		if (map_hash(plan->method, json_span_of(&args)) == plan->done->hashes[i])
			continue;
		error_set(err, AF_ERR_USAGE, "%s is of another map: call %lld has another method or other arguments there",
			  plan->file->path, (long long) i);
		error_hint(err, "give the same METHOD, --over, --over-file and --arg as before, or another --out");
		return AF_ERR_USAGE;
	}
	return AF_OK;
}

/* ---- calls ------------------------------------------------------------------------------------- */

static void hand_back(struct task *t)
{
	struct map *m = t->map;

	t->next = NULL;
	pthread_mutex_lock(&m->lock);
	bool first = !m->finished;
	*m->finished_end = t;
	m->finished_end = &t->next;
	if (first)
		pthread_cond_signal(&m->news);
	pthread_mutex_unlock(&m->lock);
}

/* On the I/O thread. */
static void on_end(void *arg, af_code rc, char **result, size_t len, const struct call_info *info, struct af_error *err)
{
	struct task *t = arg;

	t->rc = rc;
	t->result = af_steal(*result);
	t->len = len;
	t->info = *info;
	if (rc)
		error_move(&t->err, err);
	hand_back(t);
}

static void begin(struct map *m, struct task *t)
{
	const struct map_plan *plan = m->plan;

	if (!t->tries++)
		t->started_ms = wall_ms();
	af_error_clear(&t->err);
	m->in_flight++;
	t->rc = env_submit(plan->env, plan->method, (struct json_span){ t->args, t->args_len }, -1, plan->timeout_ms, on_end, t,
			   NULL, &t->err);
	if (t->rc) {
		t->info = (struct call_info){ .replica = -1 };
		hand_back(t);
	}
}

static bool is_done(const struct map_plan *plan, int64_t index)
{
	return index < plan->done->size && plan->done->hashes[index];
}

static struct task *next_task(struct map *m, struct af_error *err)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);
	struct task *t;

	while (m->next < m->plan->total && is_done(m->plan, m->next))
		m->next++;
	if (m->next >= m->plan->total)
		return NULL;
	if (get_args(m->plan, m->next, &args, err))
		return NULL;
	t = calloc(1, sizeof(*t));
	if (!t) {
		error_nomem(err);
		return NULL;
	}
	t->map = m;
	t->index = m->next++;
	t->args_len = args.len;
	if (strbuf_steal(&args, &t->args, err)) {
		free(t);
		return NULL;
	}
	return t;
}

static void stop(struct map *m, af_code rc, struct af_error *why)
{
	if (m->rc)
		return;
	m->rc = rc;
	error_move(&m->why, why);
}

/* As many as may be in flight: those that are due again first. */
static void fill(struct map *m)
{
	while (!m->rc && m->in_flight < m->plan->concurrency) {
		struct af_error err = AF_ERROR_INIT;
		struct task *t = m->later;
		if (t && t->due_ms <= clock_ms())
			m->later = t->next;
		else
			t = next_task(m, &err);
		if (err.code)
			stop(m, err.code, &err);
		af_error_clear(&err);
		if (!t)
			return;
		begin(m, t);
	}
}

/* ---- results --------------------------------------------------------------------------------------- */

static void add_error(struct json_writer *w, const struct task *t, const struct strlist *secrets)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	const char *message = t->err.message ? t->err.message : af_code_name(t->rc);

	secrets_replace(secrets, message, strlen(message), &text);
	json_open(w, "error", '{');
	json_put_string(w, "code", af_code_name(t->rc));
	json_put_string(w, "message", text.data);
	json_close(w, '}');
}

static void add_line(struct map *m, const struct task *t)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE), when = STRBUF_INIT(64);
	AUTO_STRLIST secrets = { 0 };
	struct json_span given = { t->args, t->args_len };
	struct instance *inst = t->info.replica >= 0 ? env_replica(m->plan->env, t->info.replica) : NULL;
	struct json_writer w = json_writer(&m->lines);
	char hash[16];

	if (args_mask(given, &args, &secrets, NULL)) {
		strbuf_reset(&args);
		strbuf_adds(&args, "null");
	}
	snprintf(hash, sizeof(hash), "%08x", map_hash(m->plan->method, given));
	rfc3339_format(&when, t->started_ms);
	json_open(&w, NULL, '{');
	json_put_int(&w, "index", t->index);
	json_put_string(&w, "hash", hash);
	json_put_raw(&w, "arguments", json_span_of(&args));
	if (t->rc)
		add_error(&w, t, &secrets);
	else
		json_put_raw(&w, "result", (struct json_span){ t->result, t->len });
	json_put_string(&w, "instance", inst ? inst->name : NULL);
	json_put_string(&w, "started", when.data);
	json_put_number(&w, "seconds", (double) t->info.took_us / 1e6);
	json_put_int(&w, "attempts", t->attempts);
	json_close(&w, '}');
	strbuf_addc(&m->lines, '\n');
}

static void write_lines(struct map *m)
{
	struct af_error err = AF_ERROR_INIT;
	af_code rc = strbuf_check(&m->lines, &err);

	if (!m->lines.len)
		return;
	if (!rc && m->plan->file)
		rc = map_file_write(m->plan->file, &m->lines, &err);
	else if (!rc)
		command_text(m->plan->cx, m->lines.data, m->lines.len);
	if (rc)
		stop(m, rc, &err);
	af_error_clear(&err);
	strbuf_reset(&m->lines);
}

/* Line breaks inside of results would break the lines. */
static void flatten(struct task *t)
{
	if (t->result && memchr(t->result, '\n', t->len)) {
		AUTO_STRBUF flat = STRBUF_INIT(STRBUF_HUGE);
		json_add_pretty(&flat, (struct json_span){ t->result, t->len }, 0);
		free(af_steal(t->result));
		t->len = flat.len;
		if (strbuf_steal(&flat, &t->result, NULL)) {
			t->len = 0;
			t->rc = error_nomem(&t->err);
		}
	}
}

static bool worth_another_try(const struct map *m, const struct task *t)
{
	bool infrastructure = t->rc == AF_ERR_UNREACHABLE || t->rc == AF_ERR_LOST;

	return t->rc && t->rc != AF_ERR_CANCELLED && t->rc != AF_ERR_NOT_FOUND && !m->rc && t->tries <= m->plan->retries &&
	       (infrastructure || m->plan->retry_failed);
}

static void try_later(struct map *m, struct task *t)
{
	struct task **p = &m->later;

	m->tally->retried++;
	t->due_ms = clock_ms() + MIN((int64_t) PAUSE_MIN_MS << MIN(t->tries - 1, 10), (int64_t) PAUSE_MAX_MS);
	while (*p && (*p)->due_ms <= t->due_ms)
		p = &(*p)->next;
	t->next = *p;
	*p = t;
}

/* There is no sense in going on: no such method, or nobody to call. */
static bool ends_all(struct map *m, struct task *t)
{
	m->unanswered = t->rc == AF_ERR_UNREACHABLE ? m->unanswered + 1 : 0;
	if (t->rc == AF_ERR_NOT_FOUND) {
		stop(m, t->rc, &t->err);
		return true;
	}
	if (m->unanswered <= MAX(m->plan->concurrency, HOPELESS_LEAST))
		return false;
	stop(m, AF_ERR_UNREACHABLE, &t->err);
	return true;
}

/* A call that is over: its next try, or its line. Those that were cut off by the end of all leave none. */
static void conclude(struct map *m, struct task *t)
{
	t->attempts += t->info.attempts;
	if (worth_another_try(m, t)) {
		try_later(m, t);
		return;
	}
	bool cut_off = t->rc == AF_ERR_CANCELLED && m->rc;
	if (!cut_off && !ends_all(m, t)) {
		flatten(t);
		tally_add(m->tally, t->rc, (struct json_span){ t->result, t->len }, t->info.took_us);
		add_line(m, t);
		if (m->lines.len >= WRITE_BYTES)
			write_lines(m);
	}
	task_free(t);
}

static void conclude_all(struct map *m, struct task *list)
{
	for (struct task *t = list, *next; t; t = next) {
		next = t->next;
		conclude(m, t);
	}
}

/* ---- progress ----------------------------------------------------------------------------------------- */

static void show_progress(struct map *m)
{
	struct command_context *cx = m->plan->cx;
	int64_t now = clock_ms();
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_LINE), counts = STRBUF_INIT(STRBUF_LINE);

	if (now - m->shown_ms < (cx->io->live ? LIVE_MS : PLAIN_MS))
		return;
	m->shown_ms = now;
	tally_line(m->tally, &counts);
	if (cx->io->live) {
		strbuf_addf(&line, "%s %s", m->plan->method, counts.data);
		struct command_progress p = { .label = line.data, .done = tally_over(m->tally), .total = m->plan->total,
					      .unit = "" };
		cx->io->progress(cx->io->arg, &p);
	} else {
		command_note(cx, "%s: %lld of %lld · %s", m->plan->method, (long long) tally_over(m->tally),
			     (long long) m->plan->total, counts.data);
	}
}

/* ---- the loop ------------------------------------------------------------------------------------------- */

static void interrupt(void *arg)
{
	struct map *m = arg;

	pthread_mutex_lock(&m->lock);
	m->woken = true;
	pthread_cond_signal(&m->news);
	pthread_mutex_unlock(&m->lock);
}

static void until_ms(struct timespec *ts, int64_t ms)
{
	clock_gettime(CLOCK_MONOTONIC, ts);
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

/* Those that are over; waits for the first, for a while. */
static struct task *take_finished(struct map *m)
{
	struct timespec until;
	int64_t wait = LIVE_MS;

	if (m->later && m->in_flight < m->plan->concurrency)
		wait = MIN(wait, MAX(m->later->due_ms - clock_ms(), (int64_t) 1));
	until_ms(&until, wait);
	pthread_mutex_lock(&m->lock);
	while (!m->finished && !m->woken)
		if (pthread_cond_timedwait(&m->news, &m->lock, &until) == ETIMEDOUT)
			break;
	struct task *list = m->finished;
	m->finished = NULL;
	m->finished_end = &m->finished;
	pthread_mutex_unlock(&m->lock);
	return list;
}

static void go(struct map *m)
{
	struct cancel *cancel = m->plan->cx->cancel;

	for (;;) {
		if (!m->rc && cancel_requested(cancel)) {
			struct af_error why = AF_ERROR_INIT;
			stop(m, cancel_check(cancel, &why), &why);
		}
		fill(m);
		write_lines(m);
		if (m->rc || (!m->in_flight && !m->later))
			return;
		struct task *list = take_finished(m);
		for (struct task *t = list; t; t = t->next)
			m->in_flight--;
		/* The places that became free are taken before their results are looked at. */
		if (!m->later)
			fill(m);
		conclude_all(m, list);
		show_progress(m);
	}
}

/* What is still in flight is cancelled, in the environment too; what came in time is kept. */
static void end(struct map *m)
{
	if (m->in_flight)
		env_cancel_calls(m->plan->env);
	conclude_all(m, m->finished);
	m->finished = NULL;
	write_lines(m);
	for (struct task *t = m->later, *next; t; t = next) {
		next = t->next;
		task_free(t);
	}
}

af_code map_run(const struct map_plan *plan, struct map_tally *tally, struct af_error *err)
{
	struct cancel_waker waker = { .wake = interrupt };
	struct map m = { .plan = plan, .tally = tally, .why = AF_ERROR_INIT, .shown_ms = clock_ms(),
			 .lines = STRBUF_INIT(STRBUF_HUGE) };
	pthread_condattr_t attr;

	waker.arg = &m;
	m.finished_end = &m.finished;
	pthread_mutex_init(&m.lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&m.news, &attr);
	pthread_condattr_destroy(&attr);
	cancel_watch(plan->cx->cancel, &waker);
	go(&m);
	end(&m);
	cancel_unwatch(plan->cx->cancel, &waker);
	plan->cx->io->progress(plan->cx->io->arg, NULL);
	pthread_cond_destroy(&m.news);
	pthread_mutex_destroy(&m.lock);
	strbuf_free(&m.lines);
	if (m.rc)
		error_move(err, &m.why);
	return m.rc;
}
