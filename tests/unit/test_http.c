/* net: requests that the calling thread drives itself, against servers that misbehave. */
#include <fcntl.h>

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

/* ---- servers that behave ----------------------------------------------------------- */

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

static void test_a_request_and_its_answer(void **state)
{
	static const char *const headers[] = { "X-One: 1", "Content-Type: application/json", NULL };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	struct http_request req = post(&f, "/call?x=%2F..", "{\"a\":1}");
	req.headers = headers;
	ok(http_perform(http, &req, &resp, &err));
	assert_int_equal(resp.status, 200);
	assert_string_equal(resp.content_type, "application/json");
	assert_true(resp.sent);
	assert_true(resp.total_us > 0);
	has_text(resp.body.data, "POST /call?x=%2F.. HTTP/1.1\r\n");
	has_text(resp.body.data, "\r\nX-One: 1\r\n");
	has_text(resp.body.data, "\r\nContent-Length: 7\r\n");
	has_text(resp.body.data, "\r\n\r\n{\"a\":1}");
	assert_null(strstr(resp.body.data, "Expect:"));
	http_response_free(&resp);
	fake_stop(&f);
}

static void has_method(const char *method, const void *body, size_t len, const char *want)
{
	struct http_response resp;
	struct fake f;

	fake_start(&f, serve_echo, NULL);
	struct http_request req = { .endpoint = f.endpoint, .method = method, .path = "/x", .body = body, .body_len = len };
	ok(http_perform(http, &req, &resp, &err));
	if (want)
		has_text(resp.body.data, want);
	else
		assert_int_equal(resp.body.len, 0);
	http_response_free(&resp);
	fake_stop(&f);
}

static void test_methods(void **state)
{
	(void) state;
	has_method(NULL, NULL, 0, "GET /x ");
	has_method("GET", NULL, 0, "GET /x ");
	has_method("DELETE", NULL, 0, "DELETE /x ");
	has_method("PUT", "abc", 3, "PUT /x ");
	has_method("POST", NULL, 0, "Content-Length: 0");
	has_method("POST", "", 0, "Content-Length: 0");
	has_method("POST", "a\0b", 3, "Content-Length: 3");
}

static void serve_head(struct fake_conn *c)
{
	while (fake_request(c))
		fake_says(c, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
}

static void test_head_has_no_body(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_head, NULL);
	struct http_request req = get(&f, "/");
	req.method = "HEAD";
	ok(http_perform(http, &req, &resp, &err));
	assert_int_equal(resp.body.len, 0);
	http_response_free(&resp);
	fake_stop(&f);
}

static void test_connections_are_kept(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	for (int i = 0; i < 20; i++) {
		struct http_response resp;
		struct http_request req = get(&f, "/");
		ok(http_perform(http, &req, &resp, &err));
		http_response_free(&resp);
	}
	assert_int_equal(fake_read(&f, &f.connections), 1);
	fake_stop(&f);
}

static void test_unix_sockets(void **state)
{
	struct fake f;

	(void) state;
	fake_start_unix(&f, serve_echo, NULL);
	for (int i = 0; i < 3; i++) {
		struct http_response resp;
		struct http_request req = get(&f, "/_ping");
		ok(http_perform(http, &req, &resp, &err));
		has_text(resp.body.data, "GET /_ping HTTP/1.1\r\nHost: docker\r\n");
		http_response_free(&resp);
	}
	assert_int_equal(fake_read(&f, &f.connections), 1);
	fake_stop(&f);
}

/* Two unix sockets under one name for the Host header are two servers. */
static void test_unix_sockets_are_told_apart(void **state)
{
	struct http_response resp;
	struct fake a, b;

	(void) state;
	fake_start_unix(&a, serve_echo, NULL);
	fake_start_unix(&b, serve_echo, NULL);
	for (int i = 0; i < 4; i++) {
		struct http_request req = get(i % 2 ? &b : &a, "/");
		ok(http_perform(http, &req, &resp, &err));
		http_response_free(&resp);
	}
	assert_int_equal(fake_read(&a, &a.requests), 2);
	assert_int_equal(fake_read(&b, &b.requests), 2);
	fake_stop(&a);
	fake_stop(&b);
}

static void serve_chunks(struct fake_conn *c)
{
	while (fake_request(c)) {
		fake_says(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
		fake_says(c, "7;ext=1\r\n, world\r\n0\r\nX-Trailer: t\r\n\r\n");
	}
}

static void test_chunked_answers(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_chunks, NULL);
	for (int i = 0; i < 2; i++) {
		struct http_response resp;
		struct http_request req = get(&f, "/");
		ok(http_perform(http, &req, &resp, &err));
		assert_string_equal(resp.body.data, "hello, world");
		http_response_free(&resp);
	}
	assert_int_equal(fake_read(&f, &f.connections), 1);
	fake_stop(&f);
}

static void serve_until_close(struct fake_conn *c)
{
	if (fake_request(c))
		fake_says(c, "HTTP/1.0 200 OK\r\n\r\nall until the end");
}

static void test_an_answer_without_a_length(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_until_close, NULL);
	struct http_request req = get(&f, "/");
	ok(http_perform(http, &req, &resp, &err));
	assert_string_equal(resp.body.data, "all until the end");
	http_response_free(&resp);
	fake_stop(&f);
}

#define BIG (20u * 1024 * 1024)

static void serve_big(struct fake_conn *c)
{
	AUTO_STRBUF big = STRBUF_INIT(STRBUF_HUGE);

	strbuf_reserve(&big, BIG);
	memset(big.data, '7', BIG);
	strbuf_advance(&big, BIG);
	while (fake_request(c))
		fake_answer_bytes(c, 200, big.data, big.len);
}

static void test_huge_answers_come_whole(void **state)
{
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_big, NULL);
	struct http_request req = get(&f, "/");
	ok(http_perform(http, &req, &resp, &err));
	assert_int_equal(resp.body.len, BIG);
	assert_int_equal(strspn(resp.body.data, "7"), BIG);
	http_response_free(&resp);
	req.max_body = 1000;
	fails(http_perform(http, &req, &resp, &err), AF_ERR_TOO_LARGE, "larger than the limit of 1000 bytes");
	assert_true(resp.body.len <= 1000);
	http_response_free(&resp);
	req.max_body = BIG;
	ok(http_perform(http, &req, &resp, &err)); /* exactly the limit */
	http_response_free(&resp);
	fake_stop(&f);
}

/* ---- callbacks ------------------------------------------------------------------------ */

struct seen {
	struct strbuf headers, body;
	int heads;
	long status;
	char type[128];
	size_t enough; /* bytes */
};

static void on_header(void *arg, const char *name, const char *value)
{
	strbuf_addf(&((struct seen *) arg)->headers, "%s=%s;", name, value);
}

static void on_head(void *arg, const struct http_response *resp)
{
	struct seen *s = arg;

	s->heads++;
	s->status = resp->status;
	snprintf(s->type, sizeof(s->type), "%s", resp->content_type);
}

static bool on_data(void *arg, const char *data, size_t len)
{
	struct seen *s = arg;

	assert_int_equal(s->heads, 1);
	strbuf_add(&s->body, data, len);
	return !s->enough || s->body.len < s->enough;
}

static void serve_headers(struct fake_conn *c)
{
	while (fake_request(c))
		fake_says(c, "HTTP/1.1 100 Continue\r\nX-Early: no\r\n\r\n"
			     "HTTP/1.1 200 All: fine\r\nApi-Version: 1.41\r\nX-Empty:\r\nX-Spaces:   a b  \r\n"
			     "Content-Type: text/plain\r\nContent-Length: 4\r\n\r\nbody");
}

static void test_headers_are_handed_on(void **state)
{
	struct seen seen = { .headers = STRBUF_INIT(STRBUF_LINE), .body = STRBUF_INIT(STRBUF_LINE) };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_headers, NULL);
	struct http_request req = get(&f, "/");
	req.on_header = on_header;
	req.on_head = on_head;
	req.on_data = on_data;
	req.arg = &seen;
	ok(http_perform(http, &req, &resp, &err));
	assert_string_equal(seen.headers.data, "Api-Version=1.41;X-Empty=;X-Spaces=a b;Content-Type=text/plain;Content-Length=4;");
	assert_int_equal(seen.heads, 1);
	assert_int_equal(seen.status, 200);
	assert_string_equal(seen.type, "text/plain");
	assert_string_equal(seen.body.data, "body");
	assert_int_equal(resp.body.len, 0);
	http_response_free(&resp);
	strbuf_free(&seen.headers);
	strbuf_free(&seen.body);
	fake_stop(&f);
}

static void serve_endless(struct fake_conn *c)
{
	if (!fake_request(c))
		return;
	fake_says(c, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
	while (fake_says(c, "a\r\n0123456789\r\n"))
		;
}

static void test_enough_ends_a_stream(void **state)
{
	struct seen seen = { .body = STRBUF_INIT(STRBUF_HUGE), .enough = 100000 };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_endless, NULL);
	struct http_request req = get(&f, "/");
	req.on_data = on_data;
	req.on_head = on_head;
	req.arg = &seen;
	ok(http_perform(http, &req, &resp, &err));
	assert_true(seen.body.len >= 100000);
	assert_int_equal(resp.status, 200);
	http_response_free(&resp);
	strbuf_free(&seen.body);
	fake_stop(&f);
}

static void serve_error(struct fake_conn *c)
{
	while (fake_request(c))
		fake_answer(c, 404, "{\"message\":\"no such image\"}");
}

static void test_the_body_of_an_error_is_collected(void **state)
{
	struct seen seen = { .body = STRBUF_INIT(STRBUF_LINE) };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_error, NULL);
	struct http_request req = get(&f, "/");
	req.on_data = on_data;
	req.arg = &seen;
	ok(http_perform(http, &req, &resp, &err));
	assert_int_equal(resp.status, 404);
	assert_string_equal(resp.body.data, "{\"message\":\"no such image\"}");
	assert_int_equal(seen.body.len, 0);
	http_response_free(&resp);
	fake_stop(&f);
}

struct source {
	size_t left, fail_at;
};

static ssize_t read_source(void *arg, char *buf, size_t size)
{
	struct source *s = arg;
	size_t n = MIN(MIN(size, s->left), (size_t) 1000);

	if (s->fail_at && s->left <= s->fail_at)
		return -1;
	memset(buf, 'x', n);
	s->left -= n;
	return (ssize_t) n;
}

static void serve_length(struct fake_conn *c)
{
	while (fake_request(c)) {
		char text[32];
		snprintf(text, sizeof(text), "%zu", c->body.len);
		fake_answer(c, 200, text);
	}
}

static void test_a_body_is_streamed(void **state)
{
	struct source source = { .left = 1234567 };
	struct http_response resp;
	struct fake f;

	(void) state;
	fake_start(&f, serve_length, NULL);
	struct http_request req = { .endpoint = f.endpoint, .method = "POST", .path = "/build", .read = read_source, .arg = &source };
	ok(http_perform(http, &req, &resp, &err));
	assert_string_equal(resp.body.data, "1234567");
	http_response_free(&resp);
	source = (struct source){ .left = 50000, .fail_at = 20000 };
	fails(http_perform(http, &req, &resp, &err), AF_ERR_CANCELLED, "given up");
	http_response_free(&resp);
	source = (struct source){ 0 };
	ok(http_perform(http, &req, &resp, &err));
	assert_string_equal(resp.body.data, "0");
	http_response_free(&resp);
	fake_stop(&f);
}

/* ---- no connection ----------------------------------------------------------------------- */

static void test_nobody_listens(void **state)
{
	struct http_response resp;
	char base[64];

	(void) state;
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", fake_free_port());
	struct http_request req = { .endpoint.base = base, .path = "/" };
	int64_t start = clock_ms();
	fails(http_perform(http, &req, &resp, &err), AF_ERR_UNREACHABLE, "Connection refused");
	took(start, 0, 5000);
	assert_false(resp.sent);
	assert_int_equal(resp.status, 0);
	http_response_free(&resp);
	req.endpoint = (struct http_endpoint){ .base = "http://docker", .unix_path = "/nowhere/docker.sock" };
	fails(http_perform(http, &req, &resp, &err), AF_ERR_UNREACHABLE, "connect /nowhere/docker.sock: No such file");
	http_response_free(&resp);
}

static void test_addresses_that_are_none(void **state)
{
	static const char *const bases[] = { "", "nonsense://x", "http://", "http://[::1", "http://a b", "file:///etc/passwd" };
	struct http_response resp;

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bases); i++) {
		struct http_request req = { .endpoint.base = bases[i], .path = "/" };
		af_code rc = http_perform(http, &req, &resp, &err);
		if (rc != AF_ERR_USAGE && rc != AF_ERR_UNREACHABLE)
			fail_msg("%s: %s %s", bases[i], af_code_name(rc), err.message);
		assert_false(resp.sent);
		af_error_clear(&err);
		http_response_free(&resp);
	}
}

/* A backlog that is full: the connection is never made. */
static void test_connecting_has_a_limit(void **state)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct http_response resp;

	(void) state;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int listener = socket(AF_INET, SOCK_STREAM, 0), fill[3];
	char base[64];
	(void) addr;
	assert_int_equal(bind(listener, (struct sockaddr *) &in, sizeof(in)), 0);
	assert_int_equal(listen(listener, 0), 0);
	getsockname(listener, (struct sockaddr *) &in, &len);
	for (int i = 0; i < 3; i++) {
		fill[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void) !connect(fill[i], (struct sockaddr *) &in, sizeof(in));
	}
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", ntohs(in.sin_port));
	struct http_request req = { .endpoint.base = base, .path = "/", .connect_timeout_ms = 60 };
	int64_t start = clock_ms();
	fails(http_perform(http, &req, &resp, &err), AF_ERR_UNREACHABLE, "no answer within");
	took(start, 59, 2000);
	assert_false(resp.sent);
	http_response_free(&resp);
	req.connect_timeout_ms = 0;
	req.timeout_ms = 60;
	fails(http_perform(http, &req, &resp, &err), AF_ERR_TIMEOUT, "no answer from");
	http_response_free(&resp);
	for (int i = 0; i < 3; i++)
		close(fill[i]);
	close(listener);
}

static void *perform_many(void *arg)
{
	struct fake *f = arg;

	for (int i = 0; i < 50; i++) {
		AF_AUTO(http_response) struct http_response resp;
		char body[32];
		snprintf(body, sizeof(body), "%d-%p", i, (void *) &resp);
		struct http_request req = post(f, "/x", body);
		if (http_perform(http, &req, &resp, NULL) || !strstr(resp.body.data, body))
			return arg;
	}
	return NULL;
}

static void test_many_threads(void **state)
{
	pthread_t threads[16];
	struct fake f;
	void *failed;

	(void) state;
	fake_start(&f, serve_echo, NULL);
	for (int i = 0; i < 16; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, perform_many, &f), 0);
	for (int i = 0; i < 16; i++) {
		pthread_join(threads[i], &failed);
		assert_null(failed);
	}
	assert_int_equal(fake_read(&f, &f.requests), 800);
	assert_true(fake_read(&f, &f.connections) <= 40);
	fake_stop(&f);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_a_request_and_its_answer),
		TEST(test_methods),
		TEST(test_head_has_no_body),
		TEST(test_connections_are_kept),
		TEST(test_unix_sockets),
		TEST(test_unix_sockets_are_told_apart),
		TEST(test_chunked_answers),
		TEST(test_an_answer_without_a_length),
		TEST(test_huge_answers_come_whole),
		TEST(test_headers_are_handed_on),
		TEST(test_enough_ends_a_stream),
		TEST(test_the_body_of_an_error_is_collected),
		TEST(test_a_body_is_streamed),
		TEST(test_nobody_listens),
		TEST(test_addresses_that_are_none),
		TEST(test_connecting_has_a_limit),
		TEST(test_many_threads),
	};

	return RUN(tests);
}
