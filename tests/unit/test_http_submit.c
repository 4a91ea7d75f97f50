/* net: requests that the I/O thread drives: one, thousands, broken ones, streams. */
#include "answers.h"

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
		TEST(test_broken_connections),
		TEST(test_a_request_goes_once_if_it_must),
		TEST(test_a_stream_stays_open),
	};

	return RUN(tests);
}
