/* affinetes.h: calls that nobody waits for, a thousand at once, cancelled, and cut off by the end. */
#include "fake_engine.h"
#include "swarm.h"

#include "orchestrator/orchestrator.h"

static struct fake_engine engine;
static struct af *af;
static struct af_env *env;
static struct swarm swarm;

static int setup(void **state)
{
	(void) state;
	af_error_clear(&err);
	engine_start(&engine);
	swarm_start(&swarm, 1);
	return af_new(&(struct af_options){ .engine = engine.host }, &af, &err);
}

static int teardown(void **state)
{
	(void) state;
	af_free(af_steal(af));
	swarm_stop(&swarm);
	engine_stop(&engine);
	return 0;
}

static void connect_to_swarm(void)
{
	engine_add(&engine, "calc", "calc", 0, 1, "function_based", swarm.base);
	ok(af_connect_env(af, "calc", &env, &err));
}

struct tally {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int done, right, by_code[AF_ERR_CANCELLED + 1];
	char message[256];
};
#define TALLY_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

static void on_done(void *arg, af_code rc, const char *result, size_t len, const struct af_error *why)
{
	struct tally *t = arg;

	pthread_mutex_lock(&t->lock);
	t->by_code[rc]++;
	t->right += !rc && len == strlen(result) && !strcmp(result, "{\"seed\":9007199254740993}");
	if (rc && why->message)
		snprintf(t->message, sizeof(t->message), "%s", why->message);
	t->done++;
	pthread_cond_broadcast(&t->changed);
	pthread_mutex_unlock(&t->lock);
}

static void await_done(struct tally *t, int wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&t->lock);
	while (t->done < wanted && !pthread_cond_timedwait(&t->changed, &t->lock, &until))
		;
	int done = t->done;
	pthread_mutex_unlock(&t->lock);
	if (done != wanted)
		fail_msg("%d done instead of %d", done, wanted);
}

static void call(struct tally *t, int64_t timeout_ms, struct af_call **handle)
{
	ok(af_env_call_async(env, "f", "{\"a\":1}", &(struct af_call_options){ .timeout_ms = timeout_ms }, on_done, t, handle, &err));
}

static void test_one(void **state)
{
	struct tally t = TALLY_INIT;
	struct af_call *handle = NULL;

	(void) state;
	connect_to_swarm();
	swarm_release(&swarm);
	call(&t, 0, &handle);
	await_done(&t, 1);
	assert_int_equal(t.right, 1);
	af_call_cancel(handle); /* too late */
	af_call_free(handle);
	af_call_free(NULL);
	ok(af_env_call_async(env, "f", NULL, NULL, on_done, &t, NULL, &err));
	await_done(&t, 2);
	assert_int_equal(t.right, 2);
	assert_int_equal(swarm_read(&swarm, &swarm.cancels), 0);
}

static void test_a_thousand_in_flight(void **state)
{
	struct tally t = TALLY_INIT;
	int many = swarm_room(1000);

	(void) state;
	connect_to_swarm();
	for (int i = 0; i < many; i++)
		call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, many);
	assert_int_equal(env->instances[0].in_flight, many);
	swarm_release(&swarm);
	await_done(&t, many);
	assert_int_equal(t.right, many);
	assert_int_equal(env->instances[0].in_flight, 0);
	assert_int_equal(env->instances[0].requests, many);
	assert_int_equal(env->instances[0].errors, 0);
}

static void test_cancelling_some(void **state)
{
	struct tally t = TALLY_INIT;
	int many = swarm_room(200);
	struct af_call *handles[200];

	(void) state;
	connect_to_swarm();
	for (int i = 0; i < many; i++)
		call(&t, 0, &handles[i]);
	swarm_await(&swarm, &swarm.waiting, many);
	for (int i = 0; i < many; i += 4) {
		af_call_cancel(handles[i]);
		af_call_cancel(handles[i]);
	}
	await_done(&t, (many + 3) / 4);
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], (many + 3) / 4);
	swarm_await(&swarm, &swarm.cancels, (many + 3) / 4); /* the server is told of each */
	swarm_release(&swarm);
	await_done(&t, many);
	assert_int_equal(t.right, many - (many + 3) / 4);
	for (int i = 0; i < many; i++)
		af_call_free(handles[i]);
}

static void test_cancelling_at_once(void **state)
{
	struct tally t = TALLY_INIT;

	(void) state;
	connect_to_swarm();
	for (int i = 0; i < 200; i++) {
		struct af_call *handle;
		call(&t, 0, &handle);
		af_call_cancel(handle);
		af_call_free(handle);
	}
	await_done(&t, 200);
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], 200);
	assert_int_equal(env->instances[0].in_flight, 0);
}

static void test_timeouts(void **state)
{
	struct tally t = TALLY_INIT;

	(void) state;
	connect_to_swarm();
	int64_t start = clock_ms();
	for (int i = 0; i < 50; i++)
		call(&t, 80, NULL);
	await_done(&t, 50);
	took(start, 79, 3000);
	assert_int_equal(t.by_code[AF_ERR_TIMEOUT], 50);
	has_text(t.message, "calc.f gave no answer within 80 ms and was cancelled");
	swarm_await(&swarm, &swarm.cancels, 50);
	assert_int_equal(env->instances[0].errors, 50);
}

static void test_freeing_the_environment_in_the_middle(void **state)
{
	struct tally t = TALLY_INIT;
	int many = swarm_room(1000);
	struct af_call *handle;

	(void) state;
	connect_to_swarm();
	call(&t, 0, &handle);
	for (int i = 1; i < many; i++)
		call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, many / 2);
	int64_t start = clock_ms();
	af_env_free(af_steal(env));
	took(start, 0, 5000);
	assert_int_equal(t.done, many); /* before it returned */
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], many);
	af_call_cancel(handle);
	af_call_free(handle); /* outlives its environment */
}

static void until_queued(size_t wanted)
{
	deadline until = deadline_in(PATIENCE_MS);
	size_t queued = 0;

	while (queued != wanted && deadline_left(until)) {
		pthread_mutex_lock(&env->lock);
		queued = env->queued;
		pthread_mutex_unlock(&env->lock);
		cancel_sleep(NULL, 1);
	}
	assert_int_equal(queued, wanted);
}

static void *call_until_the_end(void *rc)
{
	char *text = NULL;

	*(af_code *) rc = af_env_call(env, "f", NULL, NULL, &text, NULL);
	free(text);
	return NULL;
}

/* A thread that waits for its call is let go, on its way or in the queue. */
static void test_freeing_the_environment_of_threads_that_wait(void **state)
{
	struct af_env *freed = NULL;
	pthread_t threads[4];
	af_code codes[4];

	(void) state;
	connect_to_swarm();
	freed = env;
	env->max_in_flight = 2;
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_until_the_end, &codes[i]), 0);
	swarm_await(&swarm, &swarm.waiting, 2);
	until_queued(2);
	int64_t start = clock_ms();
	af_env_free(freed);
	took(start, 0, 5000);
	env = NULL;
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		assert_int_equal(codes[i], AF_ERR_CANCELLED);
	}
}

static void test_freeing_the_context_in_the_middle(void **state)
{
	struct tally t = TALLY_INIT;

	(void) state;
	connect_to_swarm();
	for (int i = 0; i < 30; i++)
		call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, 30);
	af_free(af_steal(af));
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], 30);
	/* The server has heard of it although everything is gone. */
	swarm_await(&swarm, &swarm.cancels, 30);
}

static void test_the_last_words_do_not_take_long(void **state)
{
	struct tally t = TALLY_INIT;
	struct fake f;

	(void) state;
	fake_start(&f, fake_hang, NULL); /* takes calls and words alike without an answer */
	engine_add(&engine, "deaf", "deaf", 0, 1, "function_based", f.base);
	ok(af_connect_env(af, "deaf", &env, &err));
	for (int i = 0; i < 5; i++)
		call(&t, 0, NULL);
	fake_await(&f, &f.connections, 5);
	int64_t start = clock_ms();
	af_env_free(af_steal(env));
	took(start, 0, 4000);
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], 5);
	fake_stop(&f);
}

struct freer {
	struct tally tally;
	struct af_call *handle;
	pthread_mutex_t lock;
};

static void on_done_free(void *arg, af_code rc, const char *result, size_t len, const struct af_error *why)
{
	struct freer *f = arg;

	pthread_mutex_lock(&f->lock);
	af_call_cancel(f->handle);
	af_call_free(f->handle);
	pthread_mutex_unlock(&f->lock);
	on_done(&f->tally, rc, result, len, why);
}

static void test_giving_up_the_handle_in_done(void **state)
{
	struct freer f = { .tally = TALLY_INIT, .lock = PTHREAD_MUTEX_INITIALIZER };

	(void) state;
	connect_to_swarm();
	swarm_release(&swarm);
	for (int i = 1; i <= 20; i++) {
		pthread_mutex_lock(&f.lock);
		ok(af_env_call_async(env, "f", NULL, NULL, on_done_free, &f, &f.handle, &err));
		pthread_mutex_unlock(&f.lock);
		await_done(&f.tally, i);
	}
	assert_int_equal(f.tally.right, 20);
}

struct chain {
	struct tally tally;
	int left;
};

static void on_link(void *arg, af_code rc, const char *result, size_t len, const struct af_error *why)
{
	struct chain *c = arg;

	if (!rc && c->left-- > 0 && !af_env_call_async(env, "f", NULL, NULL, on_link, c, NULL, NULL))
		return;
	on_done(&c->tally, rc, result, len, why);
}

static void test_calling_from_done(void **state)
{
	struct chain chains[10];

	(void) state;
	connect_to_swarm();
	swarm_release(&swarm);
	for (int i = 0; i < 10; i++) {
		chains[i] = (struct chain){ .tally = TALLY_INIT, .left = 100 };
		ok(af_env_call_async(env, "f", NULL, NULL, on_link, &chains[i], NULL, &err));
	}
	for (int i = 0; i < 10; i++) {
		await_done(&chains[i].tally, 1);
		assert_int_equal(chains[i].tally.right, 1);
	}
	assert_int_equal(swarm_read(&swarm, &swarm.calls), 1010);
}

static void test_nothing_sent_goes_to_another(void **state)
{
	struct tally t = TALLY_INIT;
	char dead[64];

	(void) state;
	snprintf(dead, sizeof(dead), "http://127.0.0.1:%d", fake_free_port());
	engine_add(&engine, "calc-0", "calc", 0, 2, "function_based", dead);
	engine_add(&engine, "calc-1", "calc", 1, 2, "function_based", swarm.base);
	ok(af_connect_env(af, "calc", &env, &err));
	swarm_release(&swarm);
	for (int i = 0; i < 100; i++)
		call(&t, 0, NULL);
	await_done(&t, 100);
	assert_int_equal(t.right, 100);
}

static void test_the_only_one_is_away_for_a_moment(void **state)
{
	struct tally t = TALLY_INIT;
	char dead[64];
	int port = fake_free_port();

	(void) state;
	snprintf(dead, sizeof(dead), "http://127.0.0.1:%d", port);
	engine_add(&engine, "calc", "calc", 0, 1, "function_based", dead);
	ok(af_connect_env(af, "calc", &env, &err));
	/* Within their own time. */
	for (int i = 0; i < 20; i++)
		call(&t, 100, NULL);
	await_done(&t, 20);
	assert_int_equal(t.by_code[AF_ERR_TIMEOUT], 20);
	has_text(t.message, "calc did not come back within 100 ms: connect");
	has_text(t.message, "Connection refused");
	for (int i = 0; i < 20; i++)
		call(&t, 0, NULL);
	/* Once it is there again, they go on. */
	engine_move(&engine, &engine.containers[0], swarm.base);
	swarm_release(&swarm);
	await_done(&t, 40);
	assert_int_equal(t.right, 20);
	assert_int_equal(env->queued, 0);
}

/* First come, first served, in turn, and never more at a time than may be. */
static void test_a_queue_before_the_limit(void **state)
{
	struct tally t = TALLY_INIT, late = TALLY_INIT;
	struct af_call *handle = NULL;
	AUTO_FREE char *json = NULL;

	(void) state;
	connect_to_swarm();
	env->max_in_flight = 8;
	for (int i = 0; i < 100; i++)
		call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, 8);
	ok(af_env_stats(env, &json, &err));
	has_text(json, "\"queued\":92,");
	has_text(json, "\"in_flight\":8,");
	/* Time passes in the queue too, and one that is cancelled leaves it. */
	call(&late, 50, NULL);
	await_done(&late, 1);
	assert_int_equal(late.by_code[AF_ERR_TIMEOUT], 1);
	has_text(late.message, "calc.f waited 50 ms in the queue for its turn");
	call(&late, 0, &handle);
	af_call_cancel(handle);
	af_call_free(handle);
	await_done(&late, 2);
	assert_int_equal(late.by_code[AF_ERR_CANCELLED], 1);
	assert_int_equal(swarm_read(&swarm, &swarm.most), 8);
	swarm_release(&swarm);
	await_done(&t, 100);
	assert_int_equal(t.right, 100);
	assert_int_equal(swarm_read(&swarm, &swarm.calls), 100);
	assert_int_equal(env->queued, 0);
	assert_int_equal(env->instances[0].requests, 100);
}

static void *call_and_wait(void *arg UNUSED)
{
	char *text = NULL;

	if (af_env_call(env, "f", NULL, NULL, &text, NULL))
		return NULL;
	return text;
}

static void test_a_thread_in_the_queue(void **state)
{
	struct tally t = TALLY_INIT;
	pthread_t threads[4];

	(void) state;
	connect_to_swarm();
	env->max_in_flight = 1;
	call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, 1);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, call_and_wait, NULL), 0);
	fails(af_env_call(env, "f", NULL, &(struct af_call_options){ .timeout_ms = 30 }, NULL, &err), AF_ERR_TIMEOUT,
	      "in the queue");
	swarm_release(&swarm);
	for (int i = 0; i < 4; i++) {
		void *text;
		pthread_join(threads[i], &text);
		assert_string_equal(text, "{\"seed\":9007199254740993}");
		free(text);
	}
	await_done(&t, 1);
	assert_int_equal(swarm_read(&swarm, &swarm.calls), 5);
}

/* Calls that end all the time are no reason to let others wait beyond theirs. */
static void test_time_passes_in_a_queue_that_moves(void **state)
{
	struct tally many = TALLY_INIT, late = TALLY_INIT;
	struct af_call *handle = NULL;

	(void) state;
	connect_to_swarm();
	env->max_in_flight = 1;
	for (int i = 0; i < 20000; i++)
		call(&many, 0, NULL);
	swarm_release(&swarm);
	call(&late, 50, NULL);
	call(&late, 0, &handle);
	af_call_cancel(handle);
	af_call_free(handle);
	await_done(&late, 2);
	assert_int_equal(late.by_code[AF_ERR_TIMEOUT], 1);
	assert_int_equal(late.by_code[AF_ERR_CANCELLED], 1);
	pthread_mutex_lock(&many.lock);
	assert_in_range(many.done, 0, 15000);
	pthread_mutex_unlock(&many.lock);
	af_env_free(af_steal(env));
	assert_int_equal(many.done, 20000);
}

static void test_freeing_with_a_queue(void **state)
{
	struct tally t = TALLY_INIT;

	(void) state;
	connect_to_swarm();
	env->max_in_flight = 2;
	for (int i = 0; i < 500; i++)
		call(&t, 0, NULL);
	swarm_await(&swarm, &swarm.waiting, 2);
	af_env_free(af_steal(env));
	assert_int_equal(t.by_code[AF_ERR_CANCELLED], 500);
}

static void test_what_cannot_begin(void **state)
{
	struct tally t = TALLY_INIT;
	struct af_call *handle = NULL;

	(void) state;
	connect_to_swarm();
	fails(af_env_call_async(env, "f", "{", NULL, on_done, &t, &handle, &err), AF_ERR_USAGE, "not JSON");
	fails(af_env_call_async(env, "f", NULL, &(struct af_call_options){ .replica = 5 }, on_done, &t, &handle, &err),
	      AF_ERR_NOT_FOUND, "no replica 4");
	env_cancel_calls(env);
	fails(af_env_call_async(env, "f", NULL, NULL, on_done, &t, &handle, &err), AF_ERR_CANCELLED, "being closed");
	assert_null(handle);
	assert_int_equal(t.done, 0);
}

/* Calls, cancels and blocking calls from several threads at once. */
static atomic_int failed;

static void *mix(void *arg)
{
	struct tally *t = arg;

	for (int i = 0; i < 100; i++) {
		struct af_call *handle = NULL;
		char *text = NULL;
		if (af_env_call_async(env, "f", NULL, NULL, on_done, t, &handle, NULL))
			atomic_fetch_add(&failed, 1);
		if (i % 5 == 0)
			af_call_cancel(handle);
		af_call_free(handle);
		if (i % 10 == 0 && af_env_call(env, "f", NULL, NULL, &text, NULL))
			atomic_fetch_add(&failed, 1);
		free(text);
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	struct tally t = TALLY_INIT;
	pthread_t threads[4];

	(void) state;
	connect_to_swarm();
	swarm_release(&swarm);
	atomic_store(&failed, 0);
	for (int i = 0; i < 4; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, mix, &t), 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	await_done(&t, 400);
	assert_int_equal(failed, 0);
	assert_int_equal(t.right + t.by_code[AF_ERR_CANCELLED], 400);
	assert_true(t.right >= 320);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_one),
		TEST(test_a_thousand_in_flight),
		TEST(test_cancelling_some),
		TEST(test_cancelling_at_once),
		TEST(test_timeouts),
		TEST(test_freeing_the_environment_in_the_middle),
		TEST(test_freeing_the_environment_of_threads_that_wait),
		TEST(test_freeing_the_context_in_the_middle),
		TEST(test_the_last_words_do_not_take_long),
		TEST(test_giving_up_the_handle_in_done),
		TEST(test_calling_from_done),
		TEST(test_nothing_sent_goes_to_another),
		TEST(test_the_only_one_is_away_for_a_moment),
		TEST(test_a_queue_before_the_limit),
		TEST(test_a_thread_in_the_queue),
		TEST(test_time_passes_in_a_queue_that_moves),
		TEST(test_freeing_with_a_queue),
		TEST(test_what_cannot_begin),
		TEST(test_many_threads),
	};

	return RUN(tests);
}
