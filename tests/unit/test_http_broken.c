/* net: requests that the calling thread drives itself: servers that break off, lie, hang; deadlines, interrupts. */
#include "fake_server.h"

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

static struct http_request get(const struct fake *f, const char *path)
{
	return (struct http_request){ .endpoint = f->endpoint, .path = path };
}

static struct http_request post(const struct fake *f, const char *path, const char *body)
{
	return (struct http_request){ .endpoint = f->endpoint, .method = "POST", .path = path, .body = body,
				      .body_len = strlen(body) };
}

/* Says back what it was asked. */
static void serve_echo(struct fake_conn *c)
{
	while (fake_request(c)) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
		strbuf_add(&sb, c->head.data, c->head.len);
		strbuf_add(&sb, c->body.data, c->body.len);
		fake_answer_bytes(c, 200, sb.data, sb.len);
	}
}

/* ---- connections that break ---------------------------------------------------------------- */

struct script {
	const char *answer; /* all that it sends before it closes */
	bool reset;
};

static void serve_script(struct fake_conn *c)
{
	const struct script *s = c->arg;

	if (!fake_request(c))
		return;
	fake_says(c, s->answer);
	if (s->reset)
		fake_reset(c);
}

static void breaks(const char *answer, bool reset, af_code code, const char *part)
{
	struct script script = { answer, reset };
	struct http_response resp;
	struct fake f;

	fake_start(&f, serve_script, &script);
	struct http_request req = get(&f, "/");
	fails(http_perform(http, &req, &resp, &err), code, part);
	assert_true(resp.sent);
	http_response_free(&resp);
	fake_stop(&f);
}

static void test_closed_before_the_answer(void **state)
{
	(void) state;
	breaks("", false, AF_ERR_LOST, "broke before the answer was whole");
	breaks("", true, AF_ERR_LOST, "broke before");
}

static void test_closed_in_the_head(void **state)
{
	(void) state;
	breaks("HTTP/1.1 20", false, AF_ERR_LOST, "broke");
	breaks("HTTP/1.1 200 OK\r\nContent-Le", false, AF_ERR_LOST, "broke");
}

static void test_closed_in_the_body(void **state)
{
	(void) state;
	breaks("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", false, AF_ERR_LOST, "broke");
	breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", false, AF_ERR_LOST, "broke");
	breaks("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", false, AF_ERR_LOST, "broke");
}

static void test_garbage_is_a_matter_of_protocol(void **state)
{
	(void) state;
	breaks("SSH-2.0-OpenSSH_9.2\r\n", false, AF_ERR_PROTOCOL, "127.0.0.1");
	breaks("\x16\x03\x01 what is this\r\n\r\n", false, AF_ERR_PROTOCOL, "127.0.0.1");
	breaks("HTTP/9.9 200 OK\r\n\r\n", false, AF_ERR_PROTOCOL, "127.0.0.1");
	breaks("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n", false, AF_ERR_PROTOCOL, "127.0.0.1");
}

static void test_bad_chunks(void **state)
{
	struct script script = { "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\nhello\r\n", false };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_script, &script);
	struct http_request req = get(&f, "/");
	af_code rc = http_perform(http, &req, &resp, &err);
	assert_true(rc == AF_ERR_LOST || rc == AF_ERR_PROTOCOL);
	af_error_clear(&err);
	http_response_free(&resp);
	fake_stop(&f);
}

static void serve_long_header(struct fake_conn *c)
{
	AUTO_STRBUF big = STRBUF_INIT(STRBUF_HUGE);

	if (!fake_request(c))
		return;
	strbuf_adds(&big, "HTTP/1.1 200 OK\r\nX-Long: ");
	while (big.len < 400000)
		strbuf_adds(&big, "0123456789");
	strbuf_adds(&big, "\r\n\r\n");
	fake_says(c, big.data);
}

static void test_a_header_without_end(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_long_header, NULL);
	struct http_request req = get(&f, "/");
	af_code rc = http_perform(http, &req, &resp, &err);
	if (rc != AF_ERR_PROTOCOL && rc != AF_ERR_TOO_LARGE)
		fail_msg("%s: %s", af_code_name(rc), err.message);
	af_error_clear(&err);
	http_response_free(&resp);
	fake_stop(&f);
}

/* More than was announced: the rest is not taken for the next answer. */
static void serve_more_than_announced(struct fake_conn *c)
{
	while (fake_request(c))
		fake_says(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n");
}

static void test_more_than_announced(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_more_than_announced, NULL);
	for (int i = 0; i < 3; i++) {
		struct http_response resp;
		struct http_request req = get(&f, "/");
		ok(http_perform(http, &req, &resp, &err));
		assert_int_equal(resp.status, 200);
		assert_string_equal(resp.body.data, "ok");
		http_response_free(&resp);
	}
	fake_stop(&f);
}

/* ---- a kept connection that turns out dead ----------------------------------------------------- */

/* The first connection answers once and takes the second request without an answer; later ones answer. */
static void serve_race(struct fake_conn *c)
{
	while (fake_request(c)) {
		if (c->number == 1 && fake_read(c->f, &c->f->requests) == 2)
			return;
		fake_answer(c, 200, "ok");
	}
}

static void race(bool once, af_code want)
{
	struct http_response resp;
	struct fake f;

	fake_start(&f, serve_race, NULL);
	struct http_request req = post(&f, "/call", "{}");
	req.once = once;
	ok(http_perform(http, &req, &resp, &err));
	http_response_free(&resp);
	if (want)
		fails(http_perform(http, &req, &resp, &err), want, "");
	else
		ok(http_perform(http, &req, &resp, &err));
	assert_true(resp.sent);
	http_response_free(&resp);
	assert_int_equal(fake_read(&f, &f.requests), once ? 2 : 3);
	fake_stop(&f);
}

static void test_a_request_goes_once_if_it_must(void **state)
{
	(void) state;
	race(true, AF_ERR_LOST);
}

static void test_other_requests_are_sent_again(void **state)
{
	(void) state;
	race(false, AF_OK);
}

/* As above, but nobody is there for the second try: the request had been sent all the same. */
static void serve_and_go(struct fake_conn *c)
{
	while (fake_request(c)) {
		if (fake_read(c->f, &c->f->requests) == 2) {
			fake_refuse(c->f);
			return;
		}
		fake_answer(c, 200, "ok");
	}
}

static void test_sent_and_then_refused_is_lost(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_and_go, NULL);
	struct http_request req = post(&f, "/call", "{}");
	ok(http_perform(http, &req, &resp, &err));
	http_response_free(&resp);
	fails(http_perform(http, &req, &resp, &err), AF_ERR_LOST, "broke");
	assert_true(resp.sent);
	http_response_free(&resp);
	fake_stop(&f);
}

/* Closed while idle: noticed before anything is sent, so that even a `once` request goes through. */
static void serve_one(struct fake_conn *c)
{
	if (fake_request(c))
		fake_answer(c, 200, "ok");
}

static void test_a_connection_closed_while_idle(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_one, NULL);
	for (int i = 0; i < 5; i++) {
		struct http_response resp;
		struct http_request req = post(&f, "/call", "{}");
		req.once = true;
		/* Until the other side's close has arrived it cannot be noticed. */
		af_code rc = http_perform(http, &req, &resp, &err);
		assert_true(rc == AF_OK || (rc == AF_ERR_LOST && resp.sent));
		af_error_clear(&err);
		http_response_free(&resp);
	}
	assert_true(fake_read(&f, &f.requests) <= 5);
	fake_stop(&f);
}

/* ---- time and cancellation ------------------------------------------------------------------------ */

static void serve_never(struct fake_conn *c)
{
	if (fake_request(c))
		fake_hang(c);
}

static void test_timeouts_are_exact(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_never, NULL);
	for (int ms = 40; ms <= 160; ms *= 2) {
		struct http_request req = get(&f, "/");
		req.timeout_ms = ms;
		int64_t start = clock_ms();
		fails(http_perform(http, &req, &resp, &err), AF_ERR_TIMEOUT, "no answer from http://127.0.0.1");
		took(start, ms - 1, ms + 500);
		assert_true(resp.sent);
		assert_true(resp.total_us >= (ms - 1) * 1000);
		http_response_free(&resp);
	}
	fake_stop(&f);
}

/* Bytes keep coming, but not the end. */
static void serve_drip(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n");
	while (fake_says(c, "."))
		;
}

static void test_a_timeout_is_for_the_whole_answer(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_drip, NULL);
	struct http_request req = get(&f, "/");
	req.timeout_ms = 300;
	int64_t start = clock_ms();
	fails(http_perform(http, &req, &resp, &err), AF_ERR_TIMEOUT, "no answer from");
	took(start, 299, 3000);
	assert_int_equal(resp.status, 200);
	http_response_free(&resp);
	fake_stop(&f);
}

struct trigger {
	struct fake *f;
	struct cancel *cancel;
	int64_t at;
};

static void *cancel_when_asked(void *arg)
{
	struct trigger *t = arg;

	fake_await(t->f, &t->f->requests, 1);
	t->at = clock_us();
	cancel_trigger(t->cancel);
	return NULL;
}

static void test_cancelling_from_another_thread(void **state)
{
	(void) state;
	for (int i = 0; i < 5; i++) {
		struct http_response resp;
		struct fake f;
		struct trigger t = { .f = &f, .cancel = cancel_new(&err) };
		pthread_t thread;

		fake_start(&f, serve_never, NULL);
		struct http_request req = get(&f, "/");
		req.cancel = t.cancel;
		assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, &t), 0);
		fails(http_perform(http, &req, &resp, &err), AF_ERR_CANCELLED, "interrupted");
		int64_t end = clock_us();
		assert_true(resp.sent);
		http_response_free(&resp);
		pthread_join(thread, NULL);
		assert_true(end - t.at < 200000);
		/* Already triggered: nothing is sent. */
		fails(http_perform(http, &req, &resp, &err), AF_ERR_CANCELLED, "interrupted");
		assert_false(resp.sent);
		http_response_free(&resp);
		assert_int_equal(fake_read(&f, &f.requests), 1);
		cancel_free(t.cancel);
		fake_stop(&f);
	}
}

/* The worker that was interrupted serves the next request, on a new connection. */
static void serve_second(struct fake_conn *c)
{
	if (c->number == 1)
		serve_never(c);
	else
		serve_echo(c);
}

static void test_going_on_after_a_timeout(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_second, NULL);
	struct http_request req = get(&f, "/first");
	req.timeout_ms = 30;
	fails(http_perform(http, &req, &resp, &err), AF_ERR_TIMEOUT, "no answer");
	http_response_free(&resp);
	req.path = "/second";
	req.timeout_ms = 0;
	ok(http_perform(http, &req, &resp, &err));
	has_text(resp.body.data, "GET /second");
	http_response_free(&resp);
	fake_stop(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_closed_before_the_answer),
		TEST(test_closed_in_the_head),
		TEST(test_closed_in_the_body),
		TEST(test_garbage_is_a_matter_of_protocol),
		TEST(test_bad_chunks),
		TEST(test_a_header_without_end),
		TEST(test_more_than_announced),
		TEST(test_a_request_goes_once_if_it_must),
		TEST(test_other_requests_are_sent_again),
		TEST(test_sent_and_then_refused_is_lost),
		TEST(test_a_connection_closed_while_idle),
		TEST(test_timeouts_are_exact),
		TEST(test_a_timeout_is_for_the_whole_answer),
		TEST(test_cancelling_from_another_thread),
		TEST(test_going_on_after_a_timeout),
	};

	return RUN(tests);
}
