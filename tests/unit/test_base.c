/* base/cancel, histogram, parallel, envtype. */
#include <pthread.h>
#include <stdatomic.h>

#include "unit.h"

#include "base/cancel.h"
#include "base/envtype.h"
#include "base/histogram.h"
#include "base/parallel.h"

/* ---- cancel ------------------------------------------------------------------- */

static void count(void *arg)
{
	atomic_fetch_add((atomic_int *) arg, 1);
}

static void test_a_token_that_is_none(void **state)
{
	struct cancel_waker w = { .wake = count };

	(void) state;
	assert_false(cancel_requested(NULL));
	ok(cancel_check(NULL, &err));
	cancel_watch(NULL, &w);
	cancel_unwatch(NULL, &w);
	int64_t start = clock_ms();
	cancel_sleep(NULL, 20);
	took(start, 20, PATIENCE_MS);
	cancel_free(NULL);
}

static void test_wakers_run_once(void **state)
{
	struct cancel *c = cancel_new(&err);
	atomic_int woken[3] = { 0 };
	struct cancel_waker w[3];

	(void) state;
	for (int i = 0; i < 3; i++) {
		w[i] = (struct cancel_waker){ .wake = count, .arg = &woken[i] };
		cancel_watch(c, &w[i]);
	}
	cancel_unwatch(c, &w[1]);
	ok(cancel_check(c, &err));
	cancel_trigger(c);
	cancel_trigger(c);
	assert_int_equal(woken[0], 1);
	assert_int_equal(woken[1], 0);
	assert_int_equal(woken[2], 1);
	cancel_watch(c, &w[1]); /* too late: at once */
	assert_int_equal(woken[1], 1);
	fails(cancel_check(c, &err), AF_ERR_CANCELLED, "interrupted");
	cancel_unwatch(c, &w[2]);
	cancel_unwatch(c, &w[0]);
	cancel_unwatch(c, &w[1]);
	cancel_free(c);
}

static void *trigger(void *c)
{
	cancel_trigger(c);
	return NULL;
}

static void test_sleeping_ends_with_the_trigger(void **state)
{
	(void) state;
	for (int i = 0; i < 50; i++) {
		struct cancel *c = cancel_new(&err);
		pthread_t thread;
		int64_t start = clock_ms();

		assert_int_equal(pthread_create(&thread, NULL, trigger, c), 0);
		cancel_sleep(c, 10 * PATIENCE_MS);
		took(start, 0, PATIENCE_MS);
		assert_true(cancel_requested(c));
		pthread_join(thread, NULL);
		cancel_free(c);
	}
}

/* Whoever sees the request may free the token: the thread that triggered it is done with it. */
static void test_freeing_at_once(void **state)
{
	(void) state;
	for (int i = 0; i < 200; i++) {
		struct cancel *c = cancel_new(&err);
		pthread_t thread;

		assert_int_equal(pthread_create(&thread, NULL, trigger, c), 0);
		while (!cancel_requested(c))
			;
		cancel_free(c);
		pthread_join(thread, NULL);
	}
}

static void test_sleeping_to_the_end(void **state)
{
	struct cancel *c = cancel_new(&err);
	int64_t start = clock_ms();

	(void) state;
	cancel_sleep(c, 30);
	took(start, 30, PATIENCE_MS);
	cancel_sleep(c, 0);
	cancel_sleep(c, -5);
	cancel_trigger(c);
	start = clock_ms();
	cancel_sleep(c, INT64_MAX); /* triggered already */
	took(start, 0, PATIENCE_MS);
	cancel_free(c);
}

/* ---- histogram ------------------------------------------------------------------ */

static void test_percentiles_within_six_percent(void **state)
{
	static struct histogram h;

	(void) state;
	assert_int_equal(histogram_percentile(&h, 50), 0);
	for (int64_t us = 1; us <= 100000; us++)
		histogram_add(&h, us);
	for (int p = 1; p <= 100; p++) {
		double want = p * 1000.0, got = (double) histogram_percentile(&h, p);
		if (got < want * 0.94 || got > want * 1.06)
			fail_msg("p%d is %.0f instead of %.0f", p, got, want);
	}
}

static void test_small_values_are_exact(void **state)
{
	static struct histogram h;

	(void) state;
	for (int64_t us = 0; us < 16; us++) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, us);
		assert_int_equal(histogram_percentile(&h, 0), us);
		assert_int_equal(histogram_percentile(&h, 100), us);
	}
}

static void test_extremes_have_a_bucket(void **state)
{
	static struct histogram h;

	(void) state;
	histogram_add(&h, INT64_MAX);
	histogram_add(&h, -5);
	histogram_add(&h, INT64_C(86400000000));
	assert_int_equal(h.total, 3);
	assert_int_equal(histogram_percentile(&h, 1), 0);
	int64_t day = histogram_percentile(&h, 60);
	assert_true(day > INT64_C(81000000000) && day < INT64_C(92000000000));
	assert_true(histogram_percentile(&h, 100) > 0);
}

static void test_every_value_is_near_its_bucket(void **state)
{
	static struct histogram h;

	(void) state;
	for (int64_t us = 16; us < INT64_C(1) << 40; us += us / 7) {
		memset(&h, 0, sizeof(h));
		histogram_add(&h, us);
		double got = (double) histogram_percentile(&h, 50), want = (double) us;
		if (got < want * 0.94 || got > want * 1.06)
			fail_msg("%.0f came back as %.0f", want, got);
	}
}

static void test_merging(void **state)
{
	static struct histogram a, b;

	(void) state;
	for (int i = 0; i < 90; i++)
		histogram_add(&a, 10);
	for (int i = 0; i < 10; i++)
		histogram_add(&b, 1000);
	histogram_merge(&a, &b);
	assert_int_equal(a.total, 100);
	assert_int_equal(histogram_percentile(&a, 90), 10);
	assert_true(histogram_percentile(&a, 91) > 900);
}

/* ---- parallel -------------------------------------------------------------------- */

static void mark(void *arg, size_t i)
{
	atomic_fetch_add(&((atomic_int *) arg)[i], 1);
}

static void test_each_step_runs_once(void **state)
{
	static atomic_int done[1000];

	(void) state;
	parallel_run(0, mark, done);
	parallel_run(1, mark, done);
	parallel_run(1000, mark, done);
	assert_int_equal(done[0], 2);
	for (size_t i = 1; i < 1000; i++)
		assert_int_equal(done[i], 1);
}

struct barrier {
	pthread_barrier_t all;
	atomic_int seen;
};

static void meet(void *arg, size_t i UNUSED)
{
	struct barrier *b = arg;

	pthread_barrier_wait(&b->all);
	atomic_fetch_add(&b->seen, 1);
}

/* They do run at the same time: none goes on before the last has come. */
static void test_steps_run_at_the_same_time(void **state)
{
	struct barrier b = { 0 };

	(void) state;
	pthread_barrier_init(&b.all, NULL, 64);
	parallel_run(64, meet, &b);
	assert_int_equal(b.seen, 64);
	pthread_barrier_destroy(&b.all);
}

static void test_environment_types(void **state)
{
	(void) state;
	assert_int_equal(env_type_of(NULL), ENV_FUNCTION_BASED);
	assert_int_equal(env_type_of("function_based"), ENV_FUNCTION_BASED);
	assert_int_equal(env_type_of("http_based"), ENV_HTTP_BASED);
	assert_int_equal(env_type_of("nonsense"), ENV_FUNCTION_BASED);
	assert_int_equal(env_type_of(env_type_name(ENV_HTTP_BASED)), ENV_HTTP_BASED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_token_that_is_none),
		cmocka_unit_test(test_wakers_run_once),
		cmocka_unit_test(test_sleeping_ends_with_the_trigger),
		cmocka_unit_test(test_freeing_at_once),
		cmocka_unit_test(test_sleeping_to_the_end),
		cmocka_unit_test(test_percentiles_within_six_percent),
		cmocka_unit_test(test_small_values_are_exact),
		cmocka_unit_test(test_extremes_have_a_bucket),
		cmocka_unit_test(test_every_value_is_near_its_bucket),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_each_step_runs_once),
		cmocka_unit_test(test_steps_run_at_the_same_time),
		cmocka_unit_test(test_environment_types),
	};

	return RUN(tests);
}
