/* Cancellation tokens. See cancel.h. */
#include "base/cancel.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "base/clock.h"

/* Longer than anybody waits, and short enough for microseconds in 64 bits. */
#define SLEEP_MAX_MS (INT64_MAX / 4000)

struct cancel {
	atomic_bool requested;
	pthread_mutex_t lock;
	pthread_cond_t woken;
	struct cancel_waker *wakers;
};

struct cancel *cancel_new(struct af_error *err)
{
	struct cancel *c = calloc(1, sizeof(*c));
	pthread_condattr_t attr;

	if (!c) {
		error_nomem(err);
		return NULL;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_mutex_init(&c->lock, NULL);
	pthread_cond_init(&c->woken, &attr);
	pthread_condattr_destroy(&attr);
	return c;
}

void cancel_free(struct cancel *c)
{
	if (!c)
		return;
	/* Who saw the request may come here while the thread that made it still holds the lock. */
	pthread_mutex_lock(&c->lock);
	pthread_mutex_unlock(&c->lock);
	pthread_cond_destroy(&c->woken);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

void cancel_trigger(struct cancel *c)
{
	pthread_mutex_lock(&c->lock);
	if (!atomic_exchange(&c->requested, true)) {
		for (struct cancel_waker *w = c->wakers; w; w = w->next)
			w->wake(w->arg);
		pthread_cond_broadcast(&c->woken);
	}
	pthread_mutex_unlock(&c->lock);
}

bool cancel_requested(const struct cancel *c)
{
	return c && atomic_load(&c->requested);
}

af_code cancel_check(const struct cancel *c, struct af_error *err)
{
	return cancel_requested(c) ? error_set(err, AF_ERR_CANCELLED, "interrupted") : AF_OK;
}

void cancel_watch(struct cancel *c, struct cancel_waker *w)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	w->next = c->wakers;
	w->link = &c->wakers;
	if (w->next)
		w->next->link = &w->next;
	c->wakers = w;
	if (atomic_load(&c->requested))
		w->wake(w->arg);
	pthread_mutex_unlock(&c->lock);
}

void cancel_unwatch(struct cancel *c, struct cancel_waker *w)
{
	if (!c)
		return;
	pthread_mutex_lock(&c->lock);
	*w->link = w->next;
	if (w->next)
		w->next->link = w->link;
	pthread_mutex_unlock(&c->lock);
}

void cancel_wake_token(void *token)
{
	cancel_trigger(token);
}

void cancel_sleep(struct cancel *c, int64_t ms)
{
	int64_t until = clock_us() + MIN(MAX(ms, (int64_t) 0), SLEEP_MAX_MS) * 1000;
	struct timespec t = { .tv_sec = (time_t) (until / 1000000), .tv_nsec = (long) (until % 1000000) * 1000 };

	if (!c) {
		while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL))
			;
		return;
	}
	pthread_mutex_lock(&c->lock);
	while (!atomic_load(&c->requested) && clock_us() < until)
		pthread_cond_timedwait(&c->woken, &c->lock, &t);
	pthread_mutex_unlock(&c->lock);
}
