/* The I/O thread. See loop.h. */
#include "loop/loop.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <uv.h>


struct loop {
	uv_loop_t uv;
	uv_async_t wake;
	pthread_t thread;
	/* Posted tasks, newest first; the thread takes the whole list and turns it round. */
	_Atomic(struct loop_task *) posted;
	struct loop_task stop;
	bool stopping;
};

bool loop_is_current(const struct loop *loop)
{
	return pthread_equal(loop->thread, pthread_self());
}

void loop_post(struct loop *loop, struct loop_task *task)
{
	struct loop_task *before = atomic_load_explicit(&loop->posted, memory_order_relaxed);

	do
		task->next = before;
	while (!atomic_compare_exchange_weak_explicit(&loop->posted, &before, task, memory_order_release,
						      memory_order_relaxed));
	/* Whoever put the first task wakes the thread; the others ride along. The task itself may be gone by now. */
	if (!before)
		uv_async_send(&loop->wake);
}

static void run_posted(uv_async_t *wake)
{
	struct loop *loop = container_of(wake, struct loop, wake);
	struct loop_task *task = atomic_exchange_explicit(&loop->posted, NULL, memory_order_acquire);
	struct loop_task *first = NULL;

	while (task) {
		struct loop_task *next = task->next;
		task->next = first;
		first = task;
		task = next;
	}
	while (first) {
		struct loop_task *next = first->next; /* run may free the task */
		first->run(first);
		first = next;
	}
	if (loop->stopping)
		uv_stop(&loop->uv);
}

static void request_stop(struct loop_task *task)
{
	container_of(task, struct loop, stop)->stopping = true;
}

static void *run(void *arg)
{
	struct loop *loop = arg;

	uv_run(&loop->uv, UV_RUN_DEFAULT);
	return NULL;
}

static af_code start_thread(struct loop *loop, struct af_error *err)
{
	sigset_t all, before;

	/* Signals belong to the program, never to this thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int failed = pthread_create(&loop->thread, NULL, run, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return failed ? error_errno(err, AF_ERR_FAILED, failed, "start the I/O thread") : AF_OK;
}

/* Runs close callbacks; handles that users left open are closed here. */
static void close_handle(uv_handle_t *handle, void *arg UNUSED)
{
	if (!uv_is_closing(handle))
		uv_close(handle, NULL);
}

static void destroy(struct loop *loop)
{
	uv_walk(&loop->uv, close_handle, NULL);
	uv_run(&loop->uv, UV_RUN_DEFAULT);
	uv_loop_close(&loop->uv);
	free(loop);
}

struct loop *loop_new(struct af_error *err)
{
	struct loop *loop = calloc(1, sizeof(*loop));

	if (!loop) {
		error_nomem(err);
		return NULL;
	}
	int failed = uv_loop_init(&loop->uv);
	if (failed) {
		error_set(err, AF_ERR_FAILED, "start the I/O loop: %s", uv_strerror(failed));
		free(loop);
		return NULL;
	}
	uv_async_init(&loop->uv, &loop->wake, run_posted);
	loop->stop.run = request_stop;
	if (start_thread(loop, err)) {
		destroy(loop);
		return NULL;
	}
	return loop;
}

void loop_free(struct loop *loop)
{
	if (!loop)
		return;
	loop_post(loop, &loop->stop);
	pthread_join(loop->thread, NULL);
	destroy(loop);
}

/* ---- timers ----------------------------------------------------------------- */

struct loop_timer {
	uv_timer_t uv;
	void (*fire)(void *arg);
	void *arg;
};

static void timer_fired(uv_timer_t *uv)
{
	struct loop_timer *t = container_of(uv, struct loop_timer, uv);

	t->fire(t->arg);
}

struct loop_timer *loop_timer_new(struct loop *loop, void (*fire)(void *arg), void *arg, struct af_error *err)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t) {
		error_nomem(err);
		return NULL;
	}
	uv_timer_init(&loop->uv, &t->uv);
	t->fire = fire;
	t->arg = arg;
	return t;
}

void loop_timer_start(struct loop_timer *t, int64_t ms)
{
	/* libuv counts from the time it read before the callbacks of this turn. "At once" is soon enough from there. */
	if (ms > 0)
		uv_update_time(t->uv.loop);
	uv_timer_start(&t->uv, timer_fired, ms > 0 ? (uint64_t) ms : 0, 0);
}

void loop_timer_stop(struct loop_timer *t)
{
	uv_timer_stop(&t->uv);
}

static void timer_closed(uv_handle_t *handle)
{
	free(container_of((uv_timer_t *) handle, struct loop_timer, uv));
}

void loop_timer_free(struct loop_timer *t)
{
	if (t)
		uv_close((uv_handle_t *) &t->uv, timer_closed);
}

/* ---- file descriptors --------------------------------------------------------- */

struct loop_watch {
	uv_poll_t uv;
	void (*ready)(void *arg, int events);
	void *arg;
	int events;
};

static void poll_ready(uv_poll_t *uv, int status, int events)
{
	struct loop_watch *w = container_of(uv, struct loop_watch, uv);
	int told = (events & UV_READABLE ? LOOP_READ : 0) | (events & UV_WRITABLE ? LOOP_WRITE : 0);

	if (status < 0) {
		/* An error is told as readiness: the read or write that follows says what it is. libuv has stopped
		 * watching; who goes on with the descriptor must not wait for nothing. */
		told = w->events;
		uv_poll_start(uv, (told & LOOP_READ ? UV_READABLE : 0) | (told & LOOP_WRITE ? UV_WRITABLE : 0), poll_ready);
	}
	w->ready(w->arg, told);
}

struct loop_watch *loop_watch_new(struct loop *loop, int fd, void (*ready)(void *arg, int events), void *arg,
				  struct af_error *err)
{
	struct loop_watch *w = calloc(1, sizeof(*w));

	if (!w) {
		error_nomem(err);
		return NULL;
	}
	int failed = uv_poll_init(&loop->uv, &w->uv, fd);
	if (failed) {
		error_set(err, AF_ERR_FAILED, "watch file descriptor %d: %s", fd, uv_strerror(failed));
		free(w);
		return NULL;
	}
	w->ready = ready;
	w->arg = arg;
	return w;
}

void loop_watch_set(struct loop_watch *w, int events)
{
	if (w->events == events)
		return;
	w->events = events;
	if (events)
		uv_poll_start(&w->uv, (events & LOOP_READ ? UV_READABLE : 0) | (events & LOOP_WRITE ? UV_WRITABLE : 0),
			      poll_ready);
	else
		uv_poll_stop(&w->uv);
}

static void watch_closed(uv_handle_t *handle)
{
	free(container_of((uv_poll_t *) handle, struct loop_watch, uv));
}

void loop_watch_free(struct loop_watch *w)
{
	if (w)
		uv_close((uv_handle_t *) &w->uv, watch_closed);
}
