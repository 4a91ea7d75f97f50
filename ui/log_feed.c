/* Merging, and handing over. See log_feed.h. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "orchestrator/orchestrator.h"
#include "ui/log_feed_priv.h"

#define WINDOW_MS 200 /* so long a line waits for earlier ones of other replicas */
#define START_MS 60   /* the cursor may move on */
#define FIRST_MS 300  /* so long the first lines wait for every replica's */
/* Batches follow each other at this distance unless they are large: text that rushes by cannot be read anyway. */
#define POST_MS 80
#define LARGE ((size_t) 64 * 1024)
#define BATCH_MAX ((size_t) 256 * 1024)
#define STACK_SIZE ((size_t) 256 * 1024)

/* ---- to the UI thread ------------------------------------------------------------------------------ */

struct batch_message {
	struct message message;
	struct log_feed *feed;
	struct strbuf data;
	int lines;
};

static void feed_unref(struct log_feed *f)
{
	if (atomic_fetch_sub(&f->refs, 1) != 1)
		return;
	for (int i = 0; i < f->count; i++) {
		struct log_stream *s = &f->streams[i];
		free(s->id);
		env_free(s->env);
		strbuf_free(&s->clean);
		strbuf_free(&s->entry);
		strbuf_free(&s->why);
	}
	free(f->streams);
	logmerge_free(f->merge);
	cancel_free(f->cancel);
	pthread_mutex_destroy(&f->lock);
	pthread_cond_destroy(&f->come);
	pthread_cond_destroy(&f->gone);
	free(f);
}

static void apply_batch(struct app *app, struct message *m)
{
	struct batch_message *b = (struct batch_message *) m;
	struct log_feed *f = b->feed;
	struct log_batch batch = { b->data.data, b->data.len, b->lines };

	(void) app;
	if (!atomic_load(&f->stopped))
		f->batch(f->arg, f, &batch);
}

static void discard_batch(struct message *m)
{
	struct batch_message *b = (struct batch_message *) m;
	struct log_feed *f = b->feed;

	pthread_mutex_lock(&f->lock);
	f->in_flight = false;
	pthread_cond_signal(&f->come);
	pthread_mutex_unlock(&f->lock);
	feed_unref(f);
	strbuf_free(&b->data);
	free(b);
}

static struct batch_message *batch_new(struct log_feed *f)
{
	struct batch_message *b = calloc(1, sizeof(*b));

	if (!b)
		return NULL;
	b->message = (struct message){ .apply = apply_batch, .discard = discard_batch };
	b->feed = f;
	strbuf_init(&b->data, STRBUF_HUGE);
	atomic_fetch_add(&f->refs, 1);
	return b;
}

void log_feed_set_state(struct log_stream *s, enum log_stream_state state)
{
	struct batch_message *b;

	if (atomic_exchange(&s->state, (int) state) == (int) state || !(b = batch_new(s->feed)))
		return;
	pthread_mutex_lock(&s->feed->lock);
	bool free_to_post = !s->feed->in_flight;
	s->feed->in_flight = true;
	pthread_mutex_unlock(&s->feed->lock);
	/* The one on its way will show it as well. */
	if (free_to_post) {
		message_post(s->feed->app->queue, &b->message);
	} else {
		feed_unref(s->feed);
		free(b);
	}
}

/* ---- from the readers -------------------------------------------------------------------------------- */

bool log_feed_add(struct log_stream *s, const struct log_entry *entry, const char *text)
{
	struct log_feed *f = s->feed;

	strbuf_reset(&s->entry);
	strbuf_add(&s->entry, entry, sizeof(*entry));
	strbuf_add(&s->entry, text, entry->len);
	struct log_line line = { .ns = entry->ns, .text = s->entry.data, .len = s->entry.len };
	pthread_mutex_lock(&f->lock);
	while (logmerge_held(f->merge, (size_t) s->index) > HELD_MAX && !cancel_requested(f->cancel))
		pthread_cond_wait(&f->gone, &f->lock);
	bool was_large = f->held >= LARGE;
	if (logmerge_add(f->merge, (size_t) s->index, &line, clock_ms()))
		f->held += line.len;
	if (f->idle || (!was_large && f->held >= LARGE)) {
		f->idle = false;
		pthread_cond_signal(&f->come);
	}
	pthread_mutex_unlock(&f->lock);
	return !cancel_requested(f->cancel);
}

/* ---- the merger ----------------------------------------------------------------------------------------- */

/* Moves what may go out to the batch. */
static void fill(struct log_feed *f, struct batch_message *b)
{
	int64_t now = clock_ms();
	struct log_line line;
	size_t from;

	while (b->data.len < BATCH_MAX && logmerge_next(f->merge, now, &from, &line)) {
		strbuf_add(&b->data, line.text, line.len);
		f->held -= line.len;
		b->lines++;
	}
	if (b->lines)
		pthread_cond_broadcast(&f->gone);
}

/* Until a reader brings something, or `ms` have passed (< 0: however long). */
static void wait_ms(struct log_feed *f, int64_t ms)
{
	int64_t at = clock_ms() + ms;
	struct timespec until = { .tv_sec = at / 1000, .tv_nsec = (at % 1000) * 1000000 };

	f->idle = true;
	while (f->idle && !cancel_requested(f->cancel) && (ms < 0 || clock_ms() < at)) {
		if (ms < 0)
			pthread_cond_wait(&f->come, &f->lock);
		else
			pthread_cond_timedwait(&f->come, &f->lock, &until);
	}
	f->idle = false;
}

/* Until the batch before was applied and its time is over. */
static void wait_for_turn(struct log_feed *f, int64_t posted_ms)
{
	while (f->in_flight && !cancel_requested(f->cancel))
		pthread_cond_wait(&f->come, &f->lock);
	for (int64_t left; (left = posted_ms + POST_MS - clock_ms()) > 0 && f->held < LARGE && !cancel_requested(f->cancel);) {
		struct timespec until = { .tv_sec = (clock_ms() + left) / 1000,
					  .tv_nsec = ((clock_ms() + left) % 1000) * 1000000 };
		f->idle = false; /* single lines need not wake us */
		pthread_cond_timedwait(&f->come, &f->lock, &until);
	}
}

/* Every replica has had the time to bring its first lines. */
static void wait_for_first(struct log_feed *f)
{
	int64_t until = clock_ms() + FIRST_MS;
	bool all = false;

	while (!all && clock_ms() < until && !cancel_requested(f->cancel)) {
		all = true;
		for (int i = 0; i < f->count; i++)
			all &= logmerge_held(f->merge, (size_t) i) > 0 || atomic_load(&f->streams[i].state) > STREAM_LIVE;
		if (!all)
			wait_ms(f, until - clock_ms());
	}
}

static void merge(struct log_feed *f)
{
	struct batch_message *b = NULL;
	int64_t posted_ms = 0;

	pthread_mutex_lock(&f->lock);
	wait_for_first(f);
	while (!cancel_requested(f->cancel) && (b || (b = batch_new(f)))) {
		wait_for_turn(f, posted_ms);
		fill(f, b);
		if (!b->lines) {
			wait_ms(f, logmerge_due(f->merge, clock_ms()));
			continue;
		}
		/* A state may have been told meanwhile. */
		while (f->in_flight && !cancel_requested(f->cancel))
			pthread_cond_wait(&f->come, &f->lock);
		f->in_flight = true;
		pthread_mutex_unlock(&f->lock);
		message_post(f->app->queue, &b->message);
		b = NULL;
		posted_ms = clock_ms();
		pthread_mutex_lock(&f->lock);
	}
	pthread_mutex_unlock(&f->lock);
	if (b) {
		strbuf_free(&b->data);
		free(b);
		feed_unref(f);
	}
}

static void wake_all(void *arg)
{
	struct log_feed *f = arg;

	pthread_mutex_lock(&f->lock);
	pthread_cond_broadcast(&f->come);
	pthread_cond_broadcast(&f->gone);
	pthread_mutex_unlock(&f->lock);
}

static void start_readers(struct log_feed *f)
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_SIZE);
	for (int i = 0; i < f->count; i++) {
		struct log_stream *s = &f->streams[i];
		s->running = !pthread_create(&s->thread, &attr, log_stream_run, s);
		if (!s->running)
			atomic_store(&s->state, STREAM_AWAY);
	}
	pthread_attr_destroy(&attr);
}

static void *run(void *arg)
{
	struct log_feed *f = arg;
	struct cancel_waker waker = { .wake = wake_all, .arg = f };

	cancel_sleep(f->cancel, START_MS);
	if (!cancel_requested(f->cancel)) {
		cancel_watch(f->cancel, &waker);
		start_readers(f);
		merge(f);
		for (int i = 0; i < f->count; i++)
			if (f->streams[i].running)
				pthread_join(f->streams[i].thread, NULL);
		cancel_unwatch(f->cancel, &waker);
	}
	atomic_store(&f->over, true);
	return NULL;
}

/* ---- life -------------------------------------------------------------------------------------------------- */

static void init_stream(struct log_feed *f, int i, const struct log_from *from)
{
	struct log_stream *s = &f->streams[i];

	*s = (struct log_stream){ .feed = f, .index = i, .number = from->number, .id = strdup(from->id) };
	atomic_init(&s->state, STREAM_CONNECTING);
	s->at = (struct log_source){ .tail = from->tail, .last_ns = from->last_ns, .last_same = from->last_same };
	log_source_resume(&s->at);
	s->resumed = from->last_ns != 0;
	strbuf_init(&s->clean, STRBUF_TEXT);
	strbuf_init(&s->entry, STRBUF_TEXT);
	strbuf_init(&s->why, STRBUF_LINE);
}

struct log_feed *log_feed_start(struct app *app, const struct log_from *from, int count,
				void (*batch)(void *arg, struct log_feed *feed, const struct log_batch *batch), void *arg,
				struct af_error *err)
{
	struct log_feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;

	if (!f) {
		error_nomem(err);
		return NULL;
	}
	*f = (struct log_feed){ .app = app, .batch = batch, .arg = arg };
	atomic_init(&f->refs, 1);
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->come, &attr);
	pthread_cond_init(&f->gone, NULL);
	pthread_condattr_destroy(&attr);
	f->cancel = cancel_new(err);
	f->streams = calloc((size_t) count, sizeof(*f->streams));
	f->merge = logmerge_new((size_t) count, count > 1 ? WINDOW_MS : 0, err);
	for (; f->streams && f->count < count; f->count++)
		init_stream(f, f->count, &from[f->count]);
	int failed = f->cancel && f->streams && f->merge ? pthread_create(&f->thread, NULL, run, f) : ENOMEM;
	if (!failed)
		return f;
	feed_unref(f);
	error_errno(err, AF_ERR_FAILED, failed, "follow logs");
	return NULL;
}

enum log_stream_state log_feed_state(const struct log_feed *f, int source)
{
	return (enum log_stream_state) atomic_load(&f->streams[source].state);
}

void log_feed_stop(struct log_feed *f)
{
	atomic_store(&f->stopped, true);
	cancel_trigger(f->cancel);
}

bool log_feed_over(const struct log_feed *f)
{
	return atomic_load(&f->over);
}

void log_feed_free(struct log_feed *f)
{
	if (!f)
		return;
	log_feed_stop(f);
	pthread_join(f->thread, NULL);
	feed_unref(f);
}
