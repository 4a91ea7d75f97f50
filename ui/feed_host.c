/* The thread that keeps the model fresh about one host. See feed_host.h. */
#include "ui/feed_host.h"

#include <string.h>

#include "base/clock.h"
#include "orchestrator/registry.h"

#define TOUCHED_MAX 256
/* So many messages that nobody has taken yet are enough. */
#define QUEUE_ENOUGH 64
#define RETRY_FIRST_MS 250
#define RETRY_MAX_MS 5000
/* The list is read anew after this time even where no event told of a change. */
#define LOOK_MS 10000

/* ---- events ------------------------------------------------------------------------------------ */

void host_feed_wake(struct host_feed *f, const char *id)
{
	pthread_mutex_lock(&f->lock);
	f->changed = true;
	if (id && f->touched.count < TOUCHED_MAX && !strlist_has(&f->touched, id) && strlist_add(&f->touched, id, NULL))
		strlist_free(&f->touched);
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

static void on_events_end(void *arg, af_code rc UNUSED, const struct af_error *err UNUSED)
{
	struct host_feed *f = arg;

	pthread_mutex_lock(&f->lock);
	f->events_ended = true;
	/* An engine that went is news. One that tells no events at all must not be asked without a pause. */
	if (clock_ms() - f->events_since_ms >= HOST_FEED_ROUND_MS)
		f->changed = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

static void watch_events(struct host_feed *f, struct docker *engine)
{
	pthread_mutex_lock(&f->lock);
	bool ended = f->events_ended;
	if (f->events && !ended) {
		pthread_mutex_unlock(&f->lock);
		return;
	}
	f->events_ended = false;
	f->events_since_ms = clock_ms();
	pthread_mutex_unlock(&f->lock);
	http_transfer_unref(af_steal(f->events));
	if (docker_events_stream(engine, LABEL_TYPE, 0, host_feed_event, on_events_end, f, &f->events, NULL))
		f->events = NULL;
}

/* ---- the list ------------------------------------------------------------------------------------ */

/* What events told of is inspected anew: it may have died and come back between two looks. */
static void forget_touched(struct host_feed *f)
{
	pthread_mutex_lock(&f->lock);
	struct strlist touched = f->touched;
	f->touched = (struct strlist){ 0 };
	pthread_mutex_unlock(&f->lock);
	for (size_t i = 0; i < touched.count; i++) {
		struct memory *m = host_feed_memory(f, touched.items[i]);
		if (m) {
			m->inspected = false;
			m->tries = 0;
		}
	}
	strlist_free(&touched);
}

/* Memories for what is in the list now; those of the gone go. */
static void remember(struct host_feed *f)
{
	size_t count = 0, n = 0;

	for (size_t e = 0; e < f->list.count; e++)
		count += f->list.items[e]->count;
	struct memory *fresh = calloc(count + 1, sizeof(*fresh));
	if (!fresh)
		return;
	for (size_t e = 0; e < f->list.count; e++)
		for (size_t i = 0; i < f->list.items[e]->count; i++) {
			const char *id = f->list.items[e]->instances[i].id;
			struct memory *old = host_feed_memory(f, id);
			char *copy = strdup(id);
			if (!copy)
				continue;
			if (old)
				fresh[n] = *old;
			fresh[n++].id = copy;
		}
	for (size_t i = 0; i < f->memory_count; i++)
		free(f->memories[i].id);
	free(f->memories);
	f->memories = fresh;
	f->memory_count = n;
}

static void tell_failure(struct host_feed *f, struct af_error *err)
{
	struct listing *l = listing_new(f->host->name, err);

	if (!l)
		return;
	/* Then it was the engine, and of what is registered there is none: else that would have been listed. */
	l->partial = err->code != AF_ERR_NOMEM && err->code != AF_ERR_CANCELLED;
	message_post(feed_app(f->feed)->queue, &l->message);
}

static af_code look(struct host_feed *f, struct af_error *err)
{
	struct docker *engine;

	if (!f->host->ssh)
		feed_find_hosts(f->feed);
	env_list_free(&f->list);
	/* What is registered here does not need the engine. */
	if (host_engine(f->host, f->cancel, &engine, NULL) == AF_OK)
		watch_events(f, engine);
	forget_touched(f);
	af_code rc = f->host->ssh ? host_env_list(f->host, f->cancel, &f->list, err)
				  : env_list_here(feed_app(f->feed)->af, f->cancel, &f->list, err);
	if (rc)
		return rc;
	remember(f);
	bool partial = f->list.missing.code != AF_OK;
	struct listing *l = listing_new(f->host->name, partial ? &f->list.missing : NULL);
	if (!l)
		return error_nomem(err);
	l->partial = partial;
	rc = listing_fill(l, &f->list, err);
	if (rc)
		l->message.discard(&l->message);
	else
		message_post(feed_app(f->feed)->queue, &l->message);
	return rc;
}

/* ---- the thread ----------------------------------------------------------------------------------------- */

/* Waits for news or until `ms` have passed; true: news. */
static bool wait_for_news(struct host_feed *f, int64_t ms)
{
	int64_t until = clock_us() + ms * 1000;
	struct timespec t = { .tv_sec = (time_t) (until / 1000000), .tv_nsec = (long) (until % 1000000) * 1000 };

	pthread_mutex_lock(&f->lock);
	while (!f->changed && !f->stopping && clock_us() < until)
		pthread_cond_timedwait(&f->wake, &f->lock, &t);
	bool news = f->changed;
	f->changed = false;
	pthread_mutex_unlock(&f->lock);
	return news;
}

static void *run(void *arg)
{
	struct host_feed *f = arg;
	int64_t look_ms = 0, stamp = 0;
	bool news = true;

	while (!cancel_requested(f->cancel)) {
		struct af_error err = AF_ERROR_INIT;
		/* An engine without any replica gives no other sign of life. */
		news |= clock_ms() >= look_ms || !f->memory_count || f->list.missing.code || f->behind;
		f->behind = false;
		/* No engine tells of what needs none. */
		if (!f->host->ssh && stamp != registry_stamp()) {
			stamp = registry_stamp();
			news = true;
		}
		if (news)
			look_ms = clock_ms() + LOOK_MS;
		if (news && look(f, &err)) {
			tell_failure(f, &err);
			af_error_clear(&err);
			cancel_sleep(f->cancel, f->retry_ms);
			f->retry_ms = MIN(f->retry_ms * 2, (int64_t) RETRY_MAX_MS);
			continue;
		}
		f->retry_ms = RETRY_FIRST_MS;
		/* While the screen is a shell's nobody takes what is sent. */
		bool room = message_queue_length(feed_app(f->feed)->queue) < QUEUE_ENOUGH;
		news = wait_for_news(f, room ? host_feed_sample(f) : HOST_FEED_ROUND_MS);
	}
	return NULL;
}

struct host_feed *host_feed_start(struct feed *feed, struct af_host *host, struct af_error *err)
{
	struct host_feed *f = calloc(1, sizeof(*f));
	pthread_condattr_t attr;

	if (!f || !(f->cancel = cancel_new(err))) {
		free(f);
		error_nomem(err);
		return NULL;
	}
	f->feed = feed;
	f->host = host;
	f->retry_ms = RETRY_FIRST_MS;
	pthread_mutex_init(&f->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&f->wake, &attr);
	pthread_condattr_destroy(&attr);
	int failed = pthread_create(&f->thread, NULL, run, f);
	if (!failed)
		return f;
	error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	cancel_free(f->cancel);
	free(f);
	return NULL;
}

void host_feed_stop(struct host_feed *f)
{
	cancel_trigger(f->cancel);
	pthread_mutex_lock(&f->lock);
	f->stopping = true;
	pthread_cond_signal(&f->wake);
	pthread_mutex_unlock(&f->lock);
}

void host_feed_free(struct host_feed *f)
{
	pthread_join(f->thread, NULL);
	/* Its last word, on the I/O thread, still uses this struct. */
	if (f->events) {
		http_transfer_cancel(f->events);
		pthread_mutex_lock(&f->lock);
		while (!f->events_ended)
			pthread_cond_wait(&f->wake, &f->lock);
		pthread_mutex_unlock(&f->lock);
		http_transfer_unref(f->events);
	}
	env_list_free(&f->list);
	for (size_t i = 0; i < f->memory_count; i++)
		free(f->memories[i].id);
	free(f->memories);
	strlist_free(&f->touched);
	tally_free(f->tally);
	pthread_cond_destroy(&f->wake);
	pthread_mutex_destroy(&f->lock);
	cancel_free(f->cancel);
	free(f);
}
