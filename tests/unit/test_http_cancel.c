/* net: requests that the I/O thread drives: cancelled, timed out, and cut off by the end. */
#include "answers.h"

static void serve_echo(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer_bytes(c, 200, c->body.data, c->body.len);
}

/* ---- cancelling --------------------------------------------------------------------------- */

static void test_cancelling(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct http_transfer *t = NULL;
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	ok(http_submit(http, &req, on_done, &a, &t, &err));
	swarm_await(&s, &s.waiting, 1);
	int64_t start = clock_ms();
	http_transfer_cancel(t);
	http_transfer_cancel(t);
	await_done(&a, 1);
	took(start, 0, 1000);
	http_transfer_cancel(t); /* over already */
	http_transfer_unref(t);
	assert_int_equal(a.by_code[AF_ERR_CANCELLED], 1);
	assert_string_equal(a.message, "interrupted");
	assert_true(a.sent);
	swarm_await(&s, &s.gone, 1); /* its connection is closed */
	swarm_stop(&s);
	assert_int_equal(a.done, 1);
}

static void test_cancelling_before_it_began(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < 200; i++) {
		struct http_transfer *t = NULL;
		ok(http_submit(http, &req, on_done, &a, &t, &err));
		http_transfer_cancel(t);
		http_transfer_unref(t);
	}
	await_done(&a, 200);
	assert_int_equal(a.by_code[AF_ERR_CANCELLED], 200);
	swarm_stop(&s);
}

static void test_cancelling_what_is_over(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct http_transfer *t = NULL;
	struct fake f;

	(void) state;
	http_transfer_unref(NULL);
	fake_start(&f, serve_echo, NULL);
	struct http_request req = call(&f.endpoint);
	ok(http_submit(http, &req, on_done, &a, &t, &err));
	await_done(&a, 1);
	http_transfer_cancel(t);
	http_transfer_unref(t);
	ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 2);
	assert_int_equal(a.by_code[AF_OK], 2);
	fake_stop(&f);
}

/* Answers and cancels at the same time: each is done exactly once, with the one or the other. */
static void test_cancelling_while_answers_come(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct http_transfer *t[300];
	struct swarm s;

	(void) state;
	swarm_room(300);
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < 300; i++)
		ok(http_submit(http, &req, on_done, &a, &t[i], &err));
	swarm_await(&s, &s.waiting, 100);
	swarm_release(&s);
	for (int i = 0; i < 300; i++)
		http_transfer_cancel(t[i]);
	await_done(&a, 300);
	assert_int_equal(a.by_code[AF_OK] + a.by_code[AF_ERR_CANCELLED], 300);
	assert_int_equal(a.right, a.by_code[AF_OK]);
	for (int i = 0; i < 300; i++)
		http_transfer_unref(t[i]);
	swarm_stop(&s);
}

struct self {
	struct answers answers;
	struct http_transfer *t;
	pthread_mutex_t lock; /* t is set before it is used */
};

static void on_done_cancel_itself(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	struct self *s = arg;

	pthread_mutex_lock(&s->lock);
	http_transfer_cancel(s->t);
	http_transfer_unref(s->t);
	pthread_mutex_unlock(&s->lock);
	count(&s->answers, rc, resp, why);
}

static void test_giving_it_up_in_done(void **state)
{
	struct self s = { .answers = ANSWERS_INIT, .lock = PTHREAD_MUTEX_INITIALIZER };
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	struct http_request req = call(&f.endpoint);
	for (int i = 1; i <= 20; i++) {
		pthread_mutex_lock(&s.lock);
		ok(http_submit(http, &req, on_done_cancel_itself, &s, &s.t, &err));
		pthread_mutex_unlock(&s.lock);
		await_done(&s.answers, i);
	}
	assert_int_equal(s.answers.by_code[AF_OK], 20);
	fake_stop(&f);
}

/* ---- time ------------------------------------------------------------------------------------ */

static void test_timeouts_of_many(void **state)
{
	struct answers a = ANSWERS_INIT;
	int many = swarm_room(300);
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	req.timeout_ms = 100;
	int64_t start = clock_ms();
	for (int i = 0; i < many; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, many);
	took(start, 99, 3000);
	assert_int_equal(a.by_code[AF_ERR_TIMEOUT], many);
	has_text(a.message, "no answer from http://127.0.0.1");
	swarm_await(&s, &s.gone, swarm_read(&s, &s.connections)); /* their connections are freed */
	swarm_stop(&s);
}

static void test_a_short_timeout_among_long_ones(void **state)
{
	struct answers slow = ANSWERS_INIT, quick = ANSWERS_INIT;
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	req.timeout_ms = 10 * PATIENCE_MS;
	for (int i = 0; i < 100; i++)
		ok(http_submit(http, &req, on_done, &slow, NULL, &err));
	req.timeout_ms = 30;
	int64_t start = clock_ms();
	ok(http_submit(http, &req, on_done, &quick, NULL, &err));
	await_done(&quick, 1);
	took(start, 29, 1000);
	assert_int_equal(quick.by_code[AF_ERR_TIMEOUT], 1);
	swarm_release(&s);
	await_done(&slow, 100);
	assert_int_equal(slow.right, 100);
	swarm_stop(&s);
}

struct chain {
	struct answers answers;
	struct http_request req;
	int left;
	af_code refused;
};

/* ---- the end -------------------------------------------------------------------------------------- */

static void test_ending_with_hundreds_in_flight(void **state)
{
	struct answers a = ANSWERS_INIT;
	int many = swarm_room(400);
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < many; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	swarm_await(&s, &s.waiting, many / 2);
	int64_t start = clock_ms();
	http_free(af_steal(http));
	took(start, 0, 3000);
	assert_int_equal(a.done, many);
	assert_int_equal(a.by_code[AF_ERR_CANCELLED], many);
	swarm_await(&s, &s.gone, swarm_read(&s, &s.connections));
	swarm_stop(&s);
}

static struct http *ending;

static void on_cut_off(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	struct chain *c = arg;

	/* `done` is not called for what was not taken. */
	c->refused = http_submit(ending, &c->req, on_cut_off, c, NULL, NULL);
	count(&c->answers, rc, resp, why);
}

static void test_submitting_while_it_ends(void **state)
{
	struct chain c = { .answers = ANSWERS_INIT };
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	c.req = call(&s.endpoint);
	ending = http;
	ok(http_submit(http, &c.req, on_cut_off, &c, NULL, &err));
	swarm_await(&s, &s.waiting, 1);
	http_free(af_steal(http));
	assert_int_equal(c.answers.done, 1);
	assert_int_equal(c.refused, AF_ERR_CANCELLED);
	swarm_stop(&s);
}

static void test_ending_with_idle_connections(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	swarm_release(&s);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < 100; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 100);
	http_free(af_steal(http));
	swarm_await(&s, &s.gone, swarm_read(&s, &s.connections));
	swarm_stop(&s);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_cancelling),
		TEST(test_cancelling_before_it_began),
		TEST(test_cancelling_what_is_over),
		TEST(test_cancelling_while_answers_come),
		TEST(test_giving_it_up_in_done),
		TEST(test_timeouts_of_many),
		TEST(test_a_short_timeout_among_long_ones),
		TEST(test_ending_with_hundreds_in_flight),
		TEST(test_submitting_while_it_ends),
		TEST(test_ending_with_idle_connections),
	};

	return RUN(tests);
}
