/* net: connections taken over after "101 Switching Protocols". */
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

static struct http_request attach(const struct fake *f)
{
	return (struct http_request){ .endpoint = f->endpoint, .method = "POST", .path = "/exec/1/start", .body = "{\"Tty\":true}",
				      .body_len = 12 };
}

/* Waits for `events` and reads until `want` bytes are there or the stream ends; returns what the last read said. */
static ssize_t read_until(struct http_pipe *p, struct strbuf *to, size_t want)
{
	int64_t start = clock_ms();
	ssize_t n = 1;

	while (to->len < want && clock_ms() - start < PATIENCE_MS) {
		struct pollfd pfd = { .fd = http_pipe_fd(p), .events = POLLIN };
		char buf[1000];
		n = http_pipe_read(p, buf, sizeof(buf));
		if (n == 0 || n == -2)
			return n;
		if (n > 0)
			strbuf_add(to, buf, (size_t) n);
		else
			poll(&pfd, 1, 1000);
	}
	return n;
}

static void write_all(struct http_pipe *p, const char *data, size_t len)
{
	int64_t start = clock_ms();

	while (len && clock_ms() - start < PATIENCE_MS) {
		struct pollfd pfd = { .fd = http_pipe_fd(p), .events = POLLOUT };
		ssize_t n = http_pipe_write(p, data, len);
		assert_int_not_equal(n, -2);
		if (n > 0) {
			data += n;
			len -= (size_t) n;
		} else {
			poll(&pfd, 1, 1000);
		}
	}
	assert_int_equal(len, 0);
}

/* The answer, then everything comes back. */
static void serve_mirror(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, c->arg);
	do {
		fake_send(c, c->in.data, c->in.len);
		strbuf_reset(&c->in);
	} while (fake_fill(c));
}

static void mirror(struct fake *f, const char *early)
{
	AUTO_STRBUF got = STRBUF_INIT(STRBUF_HUGE), big = STRBUF_INIT(STRBUF_HUGE);
	struct http_request req = attach(f);
	struct http_pipe *p = NULL;

	ok(http_upgrade(http, &req, &p, &err));
	read_until(p, &got, strlen(early));
	assert_string_equal(got.data, early);
	write_all(p, "hello", 5);
	read_until(p, &got, strlen(early) + 5);
	assert_true(str_ends(got.data, "hello"));
	/* Nothing more is there now. */
	char c;
	assert_int_equal(http_pipe_read(p, &c, 1), -1);
	strbuf_reset(&got);
	for (int i = 0; i < 20000; i++)
		strbuf_adds(&big, "abcde");
	write_all(p, big.data, big.len);
	read_until(p, &got, big.len);
	assert_string_equal(got.data, big.data);
	/* Our end; theirs follows. */
	http_pipe_shutdown(p);
	strbuf_reset(&got);
	assert_int_equal(read_until(p, &got, 1), 0);
	http_pipe_close(p);
}

static void test_bytes_both_ways(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_mirror, (void *) "HTTP/1.1 101 UPGRADED\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n");
	mirror(&f, "");
	fake_stop(&f);
}

static void test_over_a_unix_socket(void **state)
{
	struct fake f;

	(void) state;
	fake_start_unix(&f, serve_mirror, (void *) "HTTP/1.1 101 UPGRADED\r\n\r\n");
	mirror(&f, "");
	fake_stop(&f);
}

static void test_early_bytes_are_kept(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_mirror, (void *) "HTTP/1.1 101 UPGRADED\r\n\r\n$ prompt");
	mirror(&f, "$ prompt");
	fake_stop(&f);
}

static void test_old_engines_say_200(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_mirror, (void *) "HTTP/1.1 200 OK\r\nContent-Type: application/vnd.docker.raw-stream\r\n\r\nx");
	mirror(&f, "x");
	fake_stop(&f);
}

static void test_early_bytes_in_small_pieces(void **state)
{
	struct http_pipe *p = NULL;
	struct fake f;
	char c[2];

	(void) state;
	fake_start(&f, serve_mirror, (void *) "HTTP/1.1 101 UPGRADED\r\n\r\nabc");
	struct http_request req = attach(&f);
	ok(http_upgrade(http, &req, &p, &err));
	AUTO_STRBUF got = STRBUF_INIT(STRBUF_LINE);
	while (got.len < 3) {
		ssize_t n = http_pipe_read(p, c, 1);
		if (n == 1)
			strbuf_addc(&got, c[0]);
		assert_true(n == 1 || n == -1);
	}
	assert_string_equal(got.data, "abc");
	http_pipe_close(p);
	fake_stop(&f);
}

/* The request as it was sent. */
static void serve_request_back(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 101 UPGRADED\r\n\r\n");
	fake_send(c, c->head.data, c->head.len);
	fake_send(c, c->body.data, c->body.len);
}

static void test_the_request(void **state)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	AUTO_STRBUF got = STRBUF_INIT(STRBUF_LINE);
	struct http_pipe *p = NULL;
	struct fake f;

	(void) state;
	fake_start(&f, serve_request_back, NULL);
	struct http_request req = attach(&f);
	req.headers = headers;
	ok(http_upgrade(http, &req, &p, &err));
	assert_int_equal(read_until(p, &got, 100000), 0);
	has_text(got.data, "POST /exec/1/start HTTP/1.1\r\nHost: 127.0.0.1:");
	has_text(got.data, "Upgrade: tcp\r\n");
	has_text(got.data, "Content-Type: application/json\r\n");
	has_text(got.data, "Content-Length: 12\r\n");
	has_text(got.data, "\r\n\r\n{\"Tty\":true}");
	http_pipe_close(p);
	/* Method and path have defaults here as elsewhere. */
	req = (struct http_request){ .endpoint = f.endpoint };
	ok(http_upgrade(http, &req, &p, &err));
	strbuf_reset(&got);
	read_until(p, &got, 100000);
	has_text(got.data, "GET / HTTP/1.1\r\n");
	http_pipe_close(p);
	fake_stop(&f);
}

/* ---- refused ------------------------------------------------------------------------- */

static void serve_and_keep(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, c->arg);
	fake_hang(c); /* kept alive, as engines do */
}

static void refused(const char *answer, af_code code, const char *part)
{
	struct http_pipe *p = NULL;
	struct fake f;

	fake_start(&f, serve_and_keep, (void *) answer);
	struct http_request req = attach(&f);
	int64_t start = clock_ms();
	fails(http_upgrade(http, &req, &p, &err), code, part);
	took(start, 0, 5000);
	assert_null(p);
	fake_stop(&f);
}

static void test_a_refusal_says_why(void **state)
{
	(void) state;
	refused("HTTP/1.1 404 Not Found\r\nContent-Length: 32\r\n\r\n{\"message\":\"No such exec: 1234\"}", AF_ERR_NOT_FOUND,
		"No such exec: 1234");
	refused("HTTP/1.1 409 Conflict\r\nContent-Length: 27\r\n\r\n{\"message\":\"is not running\"}", AF_ERR_EXISTS, "is not running");
	refused("HTTP/1.1 500 No\r\nTransfer-Encoding: chunked\r\n\r\n12\r\n{\"message\":\"oops\"}\r\n0\r\n\r\n", AF_ERR_FAILED, "oops");
}

static void test_a_refusal_with_braces_in_it(void **state)
{
	(void) state;
	refused("HTTP/1.1 400 No\r\nContent-Length: 31\r\n\r\n{\"message\":\"a {template} of {}\"}", AF_ERR_FAILED,
		"a {template} of {}");
}

static void test_a_refusal_in_plain_text(void **state)
{
	(void) state;
	refused("HTTP/1.1 404 Not Found\r\nContent-Length: 18\r\n\r\n404 page not found", AF_ERR_NOT_FOUND, "404 page not found");
	refused("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", AF_ERR_FAILED, "refused");
}

/* The braces come in two pieces. */
static void serve_in_pieces(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 400 No\r\nContent-Length: 24\r\n\r\n{\"message\":\"a {b}");
	fake_gate(c, 1);
	fake_says(c, " c {d}\"}");
	fake_hang(c);
}

static void *open_gate(void *f)
{
	fake_await(f, &((struct fake *) f)->requests, 1);
	fake_open(f);
	return NULL;
}

static void test_a_refusal_in_pieces(void **state)
{
	struct http_pipe *p = NULL;
	pthread_t thread;
	struct fake f;

	(void) state;
	fake_start(&f, serve_in_pieces, NULL);
	struct http_request req = attach(&f);
	assert_int_equal(pthread_create(&thread, NULL, open_gate, &f), 0);
	fails(http_upgrade(http, &req, &p, &err), AF_ERR_FAILED, "a {b} c {d}");
	pthread_join(thread, NULL);
	fake_stop(&f);
}

/* ---- broken ---------------------------------------------------------------------------- */

static void serve_and_close(struct fake_conn *c)
{
	if (fake_request(c))
		fake_says(c, c->arg);
}

static void broken(const char *answer, af_code code, const char *part)
{
	struct http_pipe *p = NULL;
	struct fake f;

	fake_start(&f, serve_and_close, (void *) answer);
	struct http_request req = attach(&f);
	fails(http_upgrade(http, &req, &p, &err), code, part);
	fake_stop(&f);
}

static void test_broken_answers(void **state)
{
	AUTO_STRBUF big = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	broken("", AF_ERR_LOST, "broke");
	broken("HTTP/1.1 101 UPGR", AF_ERR_LOST, "broke");
	broken("SSH-2.0-OpenSSH\r\n\r\n", AF_ERR_PROTOCOL, "HTTP");
	broken("HTTP/1.1 abc\r\n\r\n", AF_ERR_PROTOCOL, "HTTP");
	broken("HTTP/1.\r\n\r\n", AF_ERR_PROTOCOL, "HTTP");
	broken("HTTP/1.1 404 No\r\nContent-Length: 100\r\n\r\n{\"mess", AF_ERR_NOT_FOUND, "");
	strbuf_adds(&big, "HTTP/1.1 101 UPGRADED\r\nX-Long: ");
	while (big.len < 100000)
		strbuf_adds(&big, "0123456789");
	broken(big.data, AF_ERR_TOO_LARGE, "limit");
}

static void test_nobody_listens(void **state)
{
	struct http_pipe *p = NULL;
	char base[64];

	(void) state;
	http_pipe_close(NULL);
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", fake_free_port());
	struct http_request req = { .endpoint.base = base, .method = "POST", .path = "/" };
	fails(http_upgrade(http, &req, &p, &err), AF_ERR_UNREACHABLE, "Connection refused");
	req.endpoint = (struct http_endpoint){ .base = "http://docker", .unix_path = "/nowhere.sock" };
	fails(http_upgrade(http, &req, &p, &err), AF_ERR_UNREACHABLE, "/nowhere.sock: No such file");
}

static void serve_never(struct fake_conn *c)
{
	if (fake_request(c))
		fake_hang(c);
}

struct trigger {
	struct fake *f;
	struct cancel *cancel;
};

static void *cancel_when_asked(void *arg)
{
	struct trigger *t = arg;

	fake_await(t->f, &t->f->requests, 1);
	cancel_trigger(t->cancel);
	return NULL;
}

static void test_cancelling(void **state)
{
	struct http_pipe *p = NULL;
	struct fake f;
	struct trigger t = { &f, cancel_new(&err) };
	pthread_t thread;

	(void) state;
	fake_start(&f, serve_never, NULL);
	struct http_request req = attach(&f);
	req.cancel = t.cancel;
	assert_int_equal(pthread_create(&thread, NULL, cancel_when_asked, &t), 0);
	int64_t start = clock_ms();
	fails(http_upgrade(http, &req, &p, &err), AF_ERR_CANCELLED, "interrupted");
	took(start, 0, 2000);
	pthread_join(thread, NULL);
	cancel_free(t.cancel);
	fake_stop(&f);
}

static void serve_and_reset(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 101 UPGRADED\r\n\r\n");
	fake_gate(c, 1);
	fake_reset(c);
}

static void test_a_stream_that_breaks(void **state)
{
	AUTO_STRBUF got = STRBUF_INIT(STRBUF_LINE);
	struct http_pipe *p = NULL;
	struct fake f;

	(void) state;
	fake_start(&f, serve_and_reset, NULL);
	struct http_request req = attach(&f);
	ok(http_upgrade(http, &req, &p, &err));
	fake_open(&f);
	assert_int_equal(read_until(p, &got, 1), -2);
	/* Writing to nobody is no signal. */
	for (int i = 0; i < 3; i++)
		assert_int_not_equal(http_pipe_write(p, "x", 1), -1);
	http_pipe_close(p);
	fake_stop(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bytes_both_ways),
		TEST(test_over_a_unix_socket),
		TEST(test_early_bytes_are_kept),
		TEST(test_old_engines_say_200),
		TEST(test_early_bytes_in_small_pieces),
		TEST(test_the_request),
		TEST(test_a_refusal_says_why),
		TEST(test_a_refusal_with_braces_in_it),
		TEST(test_a_refusal_in_plain_text),
		TEST(test_a_refusal_in_pieces),
		TEST(test_broken_answers),
		TEST(test_nobody_listens),
		TEST(test_cancelling),
		TEST(test_a_stream_that_breaks),
	};

	return RUN(tests);
}
