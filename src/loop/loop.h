/*
 * The I/O thread: one libuv loop. Work is posted to it and runs there in order.
 */
#ifndef LOOP_LOOP_H
#define LOOP_LOOP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct loop;

/* Starts the thread (all signals blocked in it). */
struct loop *loop_new(struct af_error *err);
/* Runs what was posted before, stops, joins. Not from the I/O thread. */
void loop_free(struct loop *loop);
bool loop_is_current(const struct loop *loop);

/* Embedded by whoever posts; must live until run is called. Allocation-free, so it cannot fail. */
struct loop_task {
	void (*run)(struct loop_task *task);
	struct loop_task *next;
};
void loop_post(struct loop *loop, struct loop_task *task);

/* One-shot timer, I/O thread only. Starting it again moves it. */
struct loop_timer;
struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct af_error *err);
void loop_timer_start(struct loop_timer *t, int64_t ms);
void loop_timer_stop(struct loop_timer *t);
void loop_timer_free(struct loop_timer *t); /* I/O thread only */

/* Watches a file descriptor, I/O thread only. `events` is a set of LOOP_READ and LOOP_WRITE. */
enum { LOOP_READ = 1, LOOP_WRITE = 2 };
struct loop_watch;
struct loop_watch *loop_watch_new(struct loop *loop, int fd, void (*ready)(void *arg, int events), void *arg,
				  struct af_error *err);
void loop_watch_set(struct loop_watch *w, int events); /* 0: pause */
void loop_watch_free(struct loop_watch *w); /* the fd stays open */

#endif
