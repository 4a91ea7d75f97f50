/* loop: tasks in order, timers, file descriptors, and its end. */
#include <fcntl.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "unit.h"

#include "loop/loop.h"

/* A piece of work that the I/O thread does while the test waits. */
struct job {
	struct loop_task task;
	void (*run)(void *arg);
	void *arg;
	sem_t over;
};

static void run_job(struct loop_task *task)
{
	struct job *job = container_of(task, struct job, task);

	job->run(job->arg);
	sem_post(&job->over);
}

static void on_loop(struct loop *loop, void (*run)(void *arg), void *arg)
{
	struct job job = { .task.run = run_job, .run = run, .arg = arg };

	sem_init(&job.over, 0, 0);
	loop_post(loop, &job.task);
	sem_wait(&job.over);
	sem_destroy(&job.over);
}

static void test_starting_and_ending(void **state)
{
	(void) state;
	loop_free(NULL);
	for (int i = 0; i < 20; i++) {
		struct loop *loop = loop_new(&err);
		ok(loop ? AF_OK : AF_ERR_FAILED);
		assert_false(loop_is_current(loop));
		loop_free(loop);
	}
}

struct where {
	struct loop *loop;
	bool current, blocked;
};

static void look_around(void *arg)
{
	struct where *w = arg;
	sigset_t set;

	w->current = loop_is_current(w->loop);
	pthread_sigmask(SIG_BLOCK, NULL, &set);
	w->blocked = sigismember(&set, SIGINT) && sigismember(&set, SIGTERM) && sigismember(&set, SIGCHLD);
}

static void test_its_thread_takes_no_signals(void **state)
{
	struct where w = { .loop = loop_new(&err) };

	(void) state;
	on_loop(w.loop, look_around, &w);
	assert_true(w.current);
	assert_true(w.blocked);
	loop_free(w.loop);
}

/* ---- tasks ---------------------------------------------------------------------- */

#define POSTERS 4
#define TASKS 5000

struct numbered {
	struct loop_task task;
	int poster, number;
	struct tally *tally;
};

struct tally {
	struct loop *loop;
	int next[POSTERS]; /* only the I/O thread touches these */
	int wrong, ran;
};

/* Frees the task, as users do: posting must not look at it any more. */
static void run_numbered(struct loop_task *task)
{
	struct numbered *n = container_of(task, struct numbered, task);

	n->tally->wrong += n->number != n->tally->next[n->poster]++;
	n->tally->ran++;
	free(n);
}

struct poster {
	struct tally *tally;
	int number;
	pthread_t thread;
};

static void *post_many(void *arg)
{
	struct poster *p = arg;

	for (int i = 0; i < TASKS; i++) {
		struct numbered *n = calloc(1, sizeof(*n));
		*n = (struct numbered){ .task.run = run_numbered, .poster = p->number, .number = i, .tally = p->tally };
		loop_post(p->tally->loop, &n->task);
	}
	return NULL;
}

/* Each thread's tasks in their order; none lost; those posted before loop_free() all run. */
static void test_tasks_of_many_threads(void **state)
{
	struct tally tally = { .loop = loop_new(&err) };
	struct poster posters[POSTERS];

	(void) state;
	for (int i = 0; i < POSTERS; i++) {
		posters[i] = (struct poster){ .tally = &tally, .number = i };
		assert_int_equal(pthread_create(&posters[i].thread, NULL, post_many, &posters[i]), 0);
	}
	for (int i = 0; i < POSTERS; i++)
		pthread_join(posters[i].thread, NULL);
	loop_free(tally.loop);
	assert_int_equal(tally.ran, POSTERS * TASKS);
	assert_int_equal(tally.wrong, 0);
}

struct chain {
	struct loop_task task;
	struct loop *loop;
	int left;
	sem_t over;
};

static void run_chain(struct loop_task *task)
{
	struct chain *c = container_of(task, struct chain, task);

	if (c->left-- > 0)
		loop_post(c->loop, task);
	else
		sem_post(&c->over);
}

static void test_a_task_may_post_itself_again(void **state)
{
	struct chain c = { .task.run = run_chain, .loop = loop_new(&err), .left = 10000 };

	(void) state;
	sem_init(&c.over, 0, 0);
	loop_post(c.loop, &c.task);
	sem_wait(&c.over);
	assert_int_equal(c.left, -1);
	loop_free(c.loop);
	sem_destroy(&c.over);
}

/* ---- timers ---------------------------------------------------------------------- */

struct alarm {
	struct loop *loop;
	struct loop_timer *timer;
	int64_t ms, again;
	int fired;
	sem_t over;
};

static void fire(void *arg)
{
	struct alarm *a = arg;

	a->fired++;
	if (a->again) {
		loop_timer_start(a->timer, a->again);
		a->again = 0;
		return;
	}
	loop_timer_free(a->timer); /* in its own callback */
	a->timer = NULL;
	sem_post(&a->over);
}

static void arm(void *arg)
{
	struct alarm *a = arg;

	a->timer = loop_timer_new(a->loop, fire, a, NULL);
	loop_timer_start(a->timer, a->ms);
}

static void test_timers_fire_in_time(void **state)
{
	struct alarm a = { .loop = loop_new(&err), .ms = 30, .again = 20 };
	int64_t start = clock_ms();

	(void) state;
	sem_init(&a.over, 0, 0);
	on_loop(a.loop, arm, &a);
	sem_wait(&a.over);
	took(start, 49, PATIENCE_MS);
	assert_int_equal(a.fired, 2);
	loop_free(a.loop);
	sem_destroy(&a.over);
}

static void rearm(void *arg)
{
	struct alarm *a = arg;

	loop_timer_start(a->timer, 10 * PATIENCE_MS);
	loop_timer_stop(a->timer);
	loop_timer_stop(a->timer);
	loop_timer_start(a->timer, 10 * PATIENCE_MS);
	loop_timer_start(a->timer, 1); /* moves it */
}

static void arm_never(void *arg)
{
	struct alarm *a = arg;

	a->timer = loop_timer_new(a->loop, fire, a, NULL);
	loop_timer_start(a->timer, -7); /* at once */
	loop_timer_stop(a->timer);
}

static void test_timers_move_and_stop(void **state)
{
	struct alarm a = { .loop = loop_new(&err) };

	(void) state;
	sem_init(&a.over, 0, 0);
	on_loop(a.loop, arm_never, &a);
	on_loop(a.loop, rearm, &a);
	sem_wait(&a.over);
	assert_int_equal(a.fired, 1);
	loop_free(a.loop);
	sem_destroy(&a.over);
}

/* ---- file descriptors --------------------------------------------------------------- */

struct ear {
	struct loop *loop;
	struct loop_watch *watch;
	int fd, want;
	atomic_int calls, last;
	bool drain, forget;
	sem_t heard;
};

static void ready(void *arg, int events)
{
	struct ear *e = arg;
	char buf[64];

	atomic_fetch_add(&e->calls, 1);
	atomic_store(&e->last, events);
	if (e->drain && events & LOOP_READ && read(e->fd, buf, sizeof(buf)) <= 0)
		loop_watch_set(e->watch, 0);
	if (e->forget)
		loop_watch_free(af_steal(e->watch));
	else if (!e->drain)
		loop_watch_set(e->watch, 0);
	sem_post(&e->heard);
}

static void listen_in(void *arg)
{
	struct ear *e = arg;

	if (!e->watch)
		e->watch = loop_watch_new(e->loop, e->fd, ready, e, NULL);
	loop_watch_set(e->watch, e->want);
	loop_watch_set(e->watch, e->want);
}

static void unwatch(void *arg)
{
	struct ear *e = arg;

	loop_watch_free(af_steal(e->watch));
}

static void test_watching_a_socket(void **state)
{
	struct ear e = { .loop = loop_new(&err), .want = LOOP_READ, .drain = true };
	int fds[2];

	(void) state;
	sem_init(&e.heard, 0, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	e.fd = fds[0];
	on_loop(e.loop, listen_in, &e);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(write(fds[1], "x", 1), 1);
		sem_wait(&e.heard);
	}
	assert_int_equal(e.last, LOOP_READ);
	close(fds[1]);
	sem_wait(&e.heard); /* the end is readable */
	e.drain = false;
	e.want = LOOP_READ | LOOP_WRITE;
	on_loop(e.loop, listen_in, &e);
	sem_wait(&e.heard);
	assert_true(e.last & LOOP_READ);
	on_loop(e.loop, unwatch, &e);
	close(fds[0]);
	loop_free(e.loop);
	sem_destroy(&e.heard);
}

static void test_a_watch_may_free_itself(void **state)
{
	struct ear e = { .loop = loop_new(&err), .want = LOOP_WRITE, .forget = true };
	int fds[2];

	(void) state;
	sem_init(&e.heard, 0, 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds), 0);
	e.fd = fds[0];
	on_loop(e.loop, listen_in, &e);
	sem_wait(&e.heard);
	assert_int_equal(e.calls, 1);
	assert_int_equal(e.last, LOOP_WRITE);
	assert_int_equal(write(fds[1], "x", 1), 1); /* the descriptor is still open */
	close(fds[0]);
	close(fds[1]);
	loop_free(e.loop);
	sem_destroy(&e.heard);
}

/* A pipe whose reader is gone reports an error, not readiness; whoever watches it must hear of it, again and again. */
static void test_errors_are_told_as_readiness(void **state)
{
	struct ear e = { .loop = loop_new(&err), .want = LOOP_WRITE };
	int fds[2];

	(void) state;
	sem_init(&e.heard, 0, 0);
	assert_int_equal(pipe2(fds, O_NONBLOCK), 0);
	e.fd = fds[1];
	close(fds[0]);
	for (int i = 0; i < 3; i++) {
		on_loop(e.loop, listen_in, &e);
		sem_wait(&e.heard);
		assert_int_equal(e.last, LOOP_WRITE);
	}
	on_loop(e.loop, unwatch, &e);
	close(fds[1]);
	loop_free(e.loop);
	sem_destroy(&e.heard);
}

static void watch_nothing(void *arg)
{
	struct ear *e = arg;
	struct af_error why = AF_ERROR_INIT;

	e->watch = loop_watch_new(e->loop, 999999, ready, e, &why);
	e->want = why.code;
	af_error_clear(&why);
}

static void test_a_descriptor_that_is_none(void **state)
{
	struct ear e = { .loop = loop_new(&err) };

	(void) state;
	on_loop(e.loop, watch_nothing, &e);
	assert_null(e.watch);
	assert_int_equal(e.want, AF_ERR_FAILED);
	loop_free(e.loop);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starting_and_ending),
		cmocka_unit_test(test_its_thread_takes_no_signals),
		cmocka_unit_test(test_tasks_of_many_threads),
		cmocka_unit_test(test_a_task_may_post_itself_again),
		cmocka_unit_test(test_timers_fire_in_time),
		cmocka_unit_test(test_timers_move_and_stop),
		cmocka_unit_test(test_watching_a_socket),
		cmocka_unit_test(test_a_watch_may_free_itself),
		cmocka_unit_test(test_errors_are_told_as_readiness),
		cmocka_unit_test(test_a_descriptor_that_is_none),
	};

	return RUN(tests);
}
