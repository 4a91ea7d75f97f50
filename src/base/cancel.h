/*
 * Cancellation of a job from any thread. A job passes its token down; whatever
 * waits registers a waker that makes the wait end.
 */
#ifndef BASE_CANCEL_H
#define BASE_CANCEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cancel;

struct cancel *cancel_new(struct af_error *err);
void cancel_free(struct cancel *c);          /* no waker may be registered any more */
void cancel_trigger(struct cancel *c);       /* any thread, not from a signal handler; once is enough */
bool cancel_requested(const struct cancel *c); /* NULL: never */
/* AF_ERR_CANCELLED with err "interrupted" when it was requested. */
af_code cancel_check(const struct cancel *c, struct af_error *err) MUST_CHECK;

/* Embedded by the waiter; wake runs on the triggering thread, under the token's lock: be short. */
struct cancel_waker {
	void (*wake)(void *arg);
	void *arg;
	struct cancel_waker *next, **link;
};
/* Registers; if already triggered, wake runs at once. NULL token: nothing. */
void cancel_watch(struct cancel *c, struct cancel_waker *w);
/* After this returns wake does not run any more. */
void cancel_unwatch(struct cancel *c, struct cancel_waker *w);
/* A wake whose arg is another token: that one fires with this one. */
void cancel_wake_token(void *token);

/* Sleeps until the deadline or cancellation, whichever is first. */
void cancel_sleep(struct cancel *c, int64_t ms);

#endif
