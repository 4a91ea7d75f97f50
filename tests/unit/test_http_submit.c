/* net: requests that the I/O thread drives, many at once, cancelled, and cut off by the end. */
#include "fake_server.h"
#include "swarm.h"

#include "loop/loop.h"

static struct http *http;

static int setup(void **state)
{
	(void) state;
	af_error_clear(&err);
	http = http_new(&err);
	return http ? 0 : -1;
}

static int teardown(void **state)
{
	(void) state;
	http_free(http);
	return 0;
}

/* What came back. */
struct answers {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int done, right, by_code[AF_ERR_CANCELLED + 1];
	bool off_loop; /* a done function ran elsewhere than on the I/O thread */
	bool sent;
	long status;
	char body[256], message[256];
};
#define ANSWERS_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

static void count(struct answers *a, af_code rc, const struct http_response *resp, const struct af_error *why)
{
	pthread_mutex_lock(&a->lock);
	a->by_code[rc]++;
	a->off_loop |= http && !loop_is_current(http_loop(http, NULL));
	a->right += rc == AF_OK && resp->status == 200 && !strcmp(resp->body.data, SWARM_ANSWER);
	a->status = resp->status;
	a->sent = resp->sent;
	snprintf(a->body, sizeof(a->body), "%s", resp->body.data);
	snprintf(a->message, sizeof(a->message), "%s", why->message ? why->message : "");
	a->done++;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

static void on_done(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	count(arg, rc, resp, why);
}

static void await_done(struct answers *a, int wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&a->lock);
	while (a->done < wanted && !pthread_cond_timedwait(&a->changed, &a->lock, &until))
		;
	int done = a->done;
	pthread_mutex_unlock(&a->lock);
	if (done != wanted)
		fail_msg("%d done instead of %d", done, wanted);
}

static struct http_request call(const struct http_endpoint *to)
{
	return (struct http_request){ .endpoint = *to, .method = "POST", .path = "/call", .body = "{\"a\":1}", .body_len = 7 };
}

static void serve_echo(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer_bytes(c, 200, c->body.data, c->body.len);
}

static void test_one(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	struct http_request req = call(&f.endpoint);
	for (int i = 1; i <= 10; i++) {
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
		await_done(&a, i);
		assert_string_equal(a.body, "{\"a\":1}");
	}
	assert_int_equal(a.by_code[AF_OK], 10);
	assert_false(a.off_loop);
	assert_int_equal(fake_read(&f, &f.connections), 1);
	fake_stop(&f);
}

static void test_over_a_unix_socket(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct fake f;

	(void) state;
	fake_start_unix(&f, serve_echo, NULL);
	struct http_request req = call(&f.endpoint);
	for (int i = 1; i <= 3; i++) {
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
		await_done(&a, i);
	}
	assert_string_equal(a.body, "{\"a\":1}");
	assert_int_equal(fake_read(&f, &f.connections), 1);
	fake_stop(&f);
}

static void test_a_host_by_its_name(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct fake f;
	char base[64];

	(void) state;
	fake_start(&f, serve_echo, NULL);
	snprintf(base, sizeof(base), "http://localhost:%d", f.port);
	struct http_request req = call(&(struct http_endpoint){ .base = base });
	for (int i = 1; i <= 5; i++) {
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
		await_done(&a, i);
	}
	assert_int_equal(a.by_code[AF_OK], 5);
	fake_stop(&f);
}

static void test_nobody_listens(void **state)
{
	struct answers a = ANSWERS_INIT;
	char base[64];

	(void) state;
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", fake_free_port());
	struct http_request req = call(&(struct http_endpoint){ .base = base });
	for (int i = 0; i < 50; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 50);
	assert_int_equal(a.by_code[AF_ERR_UNREACHABLE], 50);
	has_text(a.message, "Connection refused");
	assert_false(a.sent);
}

static void test_the_answer_may_be_too_large(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	struct http_request req = call(&f.endpoint);
	req.max_body = 3;
	ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 1);
	assert_int_equal(a.by_code[AF_ERR_TOO_LARGE], 1);
	fake_stop(&f);
}

/* ---- many -------------------------------------------------------------------------- */

static void test_two_thousand_in_flight(void **state)
{
	struct answers a = ANSWERS_INIT;
	int many = swarm_room(2000);
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < many; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	swarm_await(&s, &s.waiting, many); /* they do all wait at the same time */
	assert_int_equal(a.done, 0);
	swarm_release(&s);
	await_done(&a, many);
	assert_int_equal(a.right, many);
	/* The connections are used again. */
	for (int i = 0; i < many; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 2 * many);
	assert_int_equal(a.right, 2 * many);
	assert_int_equal(swarm_read(&s, &s.connections), many);
	swarm_stop(&s);
}

struct submitter {
	struct answers *answers;
	const struct http_request *req;
	pthread_t thread;
};

static void *submit_many(void *arg)
{
	struct submitter *s = arg;

	for (int i = 0; i < 500; i++)
		if (http_submit(http, s->req, on_done, s->answers, NULL, NULL))
			return arg;
	return NULL;
}

static void test_submitting_from_many_threads(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct submitter submitters[4];
	struct swarm s;

	(void) state;
	swarm_room(2000);
	swarm_start(&s, 1);
	swarm_release(&s);
	struct http_request req = call(&s.endpoint);
	for (int i = 0; i < 4; i++) {
		submitters[i] = (struct submitter){ .answers = &a, .req = &req };
		assert_int_equal(pthread_create(&submitters[i].thread, NULL, submit_many, &submitters[i]), 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(submitters[i].thread, NULL);
	await_done(&a, 2000);
	assert_int_equal(a.right, 2000);
	swarm_stop(&s);
}

/* Descriptors are closed and given out again all the time, across shards. */
static void test_descriptors_are_used_again(void **state)
{
	struct answers a = ANSWERS_INIT;
	int many = swarm_room(200);
	struct swarm s;

	(void) state;
	swarm_start(&s, 1);
	s.closing = true;
	swarm_release(&s);
	struct http_request req = call(&s.endpoint);
	for (int round = 1; round <= 8; round++) {
		for (int i = 0; i < many; i++)
			ok(http_submit(http, &req, on_done, &a, NULL, &err));
		await_done(&a, round * many);
		/* All of them closed by the server; which we may learn before or while we use them again. */
	}
	assert_int_equal(a.right, 8 * many);
	swarm_stop(&s);
}

struct chain {
	struct answers answers;
	struct http_request req;
	int left;
	af_code refused;
};

static void on_link(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	struct chain *c = arg;

	if (rc == AF_OK && c->left-- > 0) {
		if (http_submit(http, &c->req, on_link, c, NULL, NULL))
			abort();
		return;
	}
	count(&c->answers, rc, resp, why);
}

static void test_submitting_from_done(void **state)
{
	struct chain c = { .answers = ANSWERS_INIT, .left = 1000 };
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	c.req = call(&f.endpoint);
	ok(http_submit(http, &c.req, on_link, &c, NULL, &err));
	await_done(&c.answers, 1);
	assert_int_equal(c.answers.by_code[AF_OK], 1);
	assert_int_equal(fake_read(&f, &f.requests), 1001);
	fake_stop(&f);
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

/* ---- connections that break -------------------------------------------------------------------- */

static void serve_and_break(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf of it");
	if (c->number % 2)
		fake_reset(c);
}

static void test_broken_connections(void **state)
{
	struct answers a = ANSWERS_INIT;
	struct fake f;

	(void) state;
	fake_start(&f, serve_and_break, NULL);
	struct http_request req = call(&f.endpoint);
	for (int i = 0; i < 40; i++)
		ok(http_submit(http, &req, on_done, &a, NULL, &err));
	await_done(&a, 40);
	assert_int_equal(a.by_code[AF_ERR_LOST], 40);
	assert_true(a.sent);
	fake_stop(&f);
}

static void serve_race(struct fake_conn *c)
{
	while (fake_request(c)) {
		if (c->number == 1 && fake_read(c->f, &c->f->requests) == 2)
			return;
		fake_answer(c, 200, "ok");
	}
}

static void test_a_request_goes_once_if_it_must(void **state)
{
	(void) state;
	for (int once = 0; once <= 1; once++) {
		struct answers a = ANSWERS_INIT;
		struct fake f;

		fake_start(&f, serve_race, NULL);
		struct http_request req = call(&f.endpoint);
		req.once = once;
		for (int i = 1; i <= 2; i++) {
			ok(http_submit(http, &req, on_done, &a, NULL, &err));
			await_done(&a, i);
		}
		assert_int_equal(a.by_code[AF_OK], once ? 1 : 2);
		assert_int_equal(a.by_code[AF_ERR_LOST], once ? 1 : 0);
		assert_int_equal(fake_read(&f, &f.requests), once ? 2 : 3);
		fake_stop(&f);
	}
}

/* ---- streams -------------------------------------------------------------------------------------- */

struct stream {
	struct answers answers; /* done counts the lines */
	struct answers end;
};

static bool on_line(void *arg, const char *data, size_t len)
{
	struct stream *s = arg;

	pthread_mutex_lock(&s->answers.lock);
	for (size_t i = 0; i < len; i++)
		s->answers.done += data[i] == '\n';
	pthread_cond_broadcast(&s->answers.changed);
	pthread_mutex_unlock(&s->answers.lock);
	return true;
}

static void on_end(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	count(&((struct stream *) arg)->end, rc, resp, why);
}

/* A line for each gate. */
static void serve_lines(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	for (int i = 1; fake_gate(c, i); i++)
		fake_says(c, "6\r\nline!\n\r\n");
}

static void test_a_stream_stays_open(void **state)
{
	struct stream s = { ANSWERS_INIT, ANSWERS_INIT };
	struct http_transfer *t = NULL;
	struct fake f;

	(void) state;
	fake_start(&f, serve_lines, NULL);
	struct http_request req = { .endpoint = f.endpoint, .path = "/events", .on_data = on_line, .arg = &s };
	ok(http_submit(http, &req, on_end, &s, &t, &err));
	for (int i = 1; i <= 20; i++) {
		fake_open(&f);
		await_done(&s.answers, i);
	}
	assert_int_equal(s.end.done, 0);
	http_transfer_cancel(t);
	await_done(&s.end, 1);
	assert_int_equal(s.end.by_code[AF_ERR_CANCELLED], 1);
	assert_int_equal(s.end.status, 200);
	http_transfer_unref(t);
	fake_stop(&f);
}

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
		TEST(test_one),
		TEST(test_over_a_unix_socket),
		TEST(test_a_host_by_its_name),
		TEST(test_nobody_listens),
		TEST(test_the_answer_may_be_too_large),
		TEST(test_two_thousand_in_flight),
		TEST(test_submitting_from_many_threads),
		TEST(test_descriptors_are_used_again),
		TEST(test_submitting_from_done),
		TEST(test_cancelling),
		TEST(test_cancelling_before_it_began),
		TEST(test_cancelling_what_is_over),
		TEST(test_cancelling_while_answers_come),
		TEST(test_giving_it_up_in_done),
		TEST(test_timeouts_of_many),
		TEST(test_a_short_timeout_among_long_ones),
		TEST(test_broken_connections),
		TEST(test_a_request_goes_once_if_it_must),
		TEST(test_a_stream_stays_open),
		TEST(test_ending_with_hundreds_in_flight),
		TEST(test_submitting_while_it_ends),
		TEST(test_ending_with_idle_connections),
	};

	return RUN(tests);
}
