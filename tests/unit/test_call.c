/* executor: from arguments to a request, from an answer to a result. */
#include "fake_server.h"

#include "executor/executor.h"

#define SPAN(text) ((struct json_span){ (text), strlen(text) })

static struct call call;
static const struct server server = { .name = "calc", .endpoint = { .base = "http://x" } };

static void make(enum env_type type, const char *method, const char *kwargs)
{
	ok(call_init(&call, type, method, kwargs ? SPAN(kwargs) : (struct json_span){ NULL, 0 }, &err));
}

static void test_a_call_of_a_function(void **state)
{
	struct http_request req;

	(void) state;
	make(ENV_FUNCTION_BASED, "eval\"uate", "{\"seed\":9007199254740993,\"x\":0.10}");
	assert_string_equal(call.body.data, "{\"method\":\"eval\\\"uate\",\"args\":[],\"kwargs\":{\"seed\":9007199254740993,\"x\":0.10}}");
	ok(json_check(call.body.data, call.body.len, &err));
	assert_int_equal(strlen(call.id), 32);
	assert_int_equal(strspn(call.id, "0123456789abcdef"), 32);
	call_request(&call, &server, 1234, &req);
	assert_string_equal(req.method, "POST");
	assert_string_equal(req.path, "/call");
	assert_string_equal(req.headers[0], "Content-Type: application/json");
	has_text(req.headers[1], "X-Affinetes-Call-Id: ");
	has_text(req.headers[1], call.id);
	assert_null(req.headers[2]);
	assert_int_equal(req.timeout_ms, 1234);
	assert_false(req.once); /* the server knows it by its id */
	call_free(&call);
}

static void test_a_call_without_arguments(void **state)
{
	(void) state;
	make(ENV_FUNCTION_BASED, "ping", NULL);
	assert_string_equal(call.body.data, "{\"method\":\"ping\",\"args\":[],\"kwargs\":{}}");
	call_free(&call);
	make(ENV_HTTP_BASED, "ping", NULL);
	assert_string_equal(call.body.data, "{}");
	call_free(&call);
	call_free(&call);
}

static void test_a_call_of_an_http_server(void **state)
{
	struct http_request req;

	(void) state;
	make(ENV_HTTP_BASED, "evaluate", "{\"a\":1}");
	call_request(&call, &server, 0, &req);
	assert_string_equal(req.path, "/evaluate");
	assert_string_equal(call.body.data, "{\"a\":1}");
	assert_null(req.headers[1]);
	assert_true(req.once);
	call_free(&call);
}

static void has_path(const char *method, const char *want)
{
	make(ENV_HTTP_BASED, method, NULL);
	assert_string_equal(call.path, want);
	call_free(&call);
}

static void test_paths(void **state)
{
	(void) state;
	has_path("evaluate", "/evaluate");
	has_path("/v1/run", "/v1/run");
	has_path("a b?c#d", "/a%20b%3Fc%23d");
	has_path("\xc3\xa4", "/%C3%A4");
	has_path("", "/");
	has_path("/", "/");
	has_path("x\r\nHost: y", "/x%0D%0AHost%3A%20y");
}

static void test_ids_differ(void **state)
{
	char first[33];

	(void) state;
	make(ENV_FUNCTION_BASED, "f", NULL);
	snprintf(first, sizeof(first), "%s", call.id);
	call_free(&call);
	make(ENV_FUNCTION_BASED, "f", NULL);
	assert_string_not_equal(first, call.id);
	call_free(&call);
}

/* ---- answers -------------------------------------------------------------------- */

static char *result;
static size_t length;

static af_code answer(enum env_type type, long status, const char *body, size_t len)
{
	struct http_response resp = { .status = status, .body = STRBUF_INIT(STRBUF_HUGE) };

	free(af_steal(result));
	length = 99999;
	strbuf_add(&resp.body, body, len);
	ok(call_init(&call, type, "f", (struct json_span){ NULL, 0 }, &err));
	af_code rc = call_result(&call, &server, &resp, &result, &length, &err);
	http_response_free(&resp);
	call_free(&call);
	assert_int_equal(rc == AF_OK, result != NULL);
	return rc;
}

static af_code function(long status, const char *body)
{
	return answer(ENV_FUNCTION_BASED, status, body, strlen(body));
}

static af_code served(long status, const char *body)
{
	return answer(ENV_HTTP_BASED, status, body, strlen(body));
}

static void gives(const char *body, const char *want)
{
	ok(function(200, body));
	assert_string_equal(result, want);
	assert_int_equal(length, strlen(want));
}

static void test_results_as_they_were_written(void **state)
{
	(void) state;
	gives("{\"status\":\"success\",\"result\":9007199254740993}", "9007199254740993");
	gives("{\"status\":\"success\",\"result\":0.1000000000000000055}", "0.1000000000000000055");
	gives(" { \"result\" : { \"a\" : [ 1.0 ] } , \"status\" : \"success\" } \n", "{ \"a\" : [ 1.0 ] }");
	gives("{\"status\":\"success\",\"result\":null}", "null");
	gives("{\"status\":\"success\",\"result\":\"\xc3\xa4\\u0000\"}", "\"\xc3\xa4\\u0000\"");
	gives("{\"st\\u0061tus\":\"success\",\"result\":1}", "1");
	gives("{\"status\":\"succ\\u0065ss\",\"result\":1}", "1");
	free(af_steal(result));
}

static void test_ten_megabytes(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);

	(void) state;
	strbuf_adds(&sb, "{\"status\":\"success\",\"result\":\"");
	while (sb.len < 10 * 1024 * 1024)
		strbuf_adds(&sb, "0123456789abcdef");
	size_t len = sb.len - strlen("{\"status\":\"success\",\"result\":") + 1;
	strbuf_adds(&sb, "\"}");
	ok(answer(ENV_FUNCTION_BASED, 200, sb.data, sb.len));
	assert_int_equal(length, len);
	assert_int_equal(strlen(result), len);
	free(af_steal(result));
}

static void test_failed_methods(void **state)
{
	(void) state;
	fails(function(500, "{\"detail\":\"boom\\nTraceback (most recent call last):\\n  line\\n\"}"), AF_ERR_METHOD,
	      "calc.f failed: boom\nTraceback (most recent call last):\n  line");
	fails(function(200, "{\"status\":\"failed\",\"result\":{\"error\":\"no such task\"}}"), AF_ERR_METHOD, "calc.f failed: no such task");
	fails(function(200, "{\"status\":\"failed\",\"result\":\"just text\"}"), AF_ERR_METHOD, "calc.f failed: just text");
	fails(function(200, "{\"status\":\"failed\",\"result\":null}"), AF_ERR_METHOD, "no reason given");
	fails(function(200, "{\"status\":7,\"result\":1}"), AF_ERR_METHOD, "failed");
	fails(function(500, ""), AF_ERR_METHOD, "no reason given");
	fails(function(500, "Internal Server Error"), AF_ERR_METHOD, "Internal Server Error");
	fails(function(400, "{\"detail\":\"The body is not JSON\"}"), AF_ERR_METHOD, "refused the call (400): The body is not JSON");
}

static void test_unknown_methods(void **state)
{
	(void) state;
	fails(function(404, "{\"detail\":\"Method not found: f\"}"), AF_ERR_NOT_FOUND, "calc has no method f");
	fails(served(404, "{\"detail\":\"Not Found\"}"), AF_ERR_NOT_FOUND, "calc has no method f");
	fails(served(405, "{\"detail\":\"Method Not Allowed\"}"), AF_ERR_NOT_FOUND, "calc has no method f");
	fails(served(404, ""), AF_ERR_NOT_FOUND, "calc has no method f");
	/* The method is there; what it was asked for is not. */
	fails(served(404, "{\"detail\":\"task 7 does not exist\"}"), AF_ERR_METHOD, "task 7 does not exist");
}

static void test_what_the_status_says(void **state)
{
	(void) state;
	fails(function(499, "{\"detail\":\"The call was cancelled\"}"), AF_ERR_CANCELLED, "cancelled");
	fails(function(504, "{\"detail\":\"too slow\"}"), AF_ERR_TIMEOUT, "too slow");
	fails(function(408, ""), AF_ERR_TIMEOUT, "408");
	fails(function(503, "{\"detail\":\"The server is stopping\"}"), AF_ERR_UNREACHABLE, "stopping");
	fails(function(502, "<html>Bad Gateway</html>"), AF_ERR_UNREACHABLE, "Bad Gateway");
	fails(function(301, ""), AF_ERR_PROTOCOL, "answered 301, which is no answer");
}

static void test_answers_that_make_no_sense(void **state)
{
	(void) state;
	fails(function(200, ""), AF_ERR_PROTOCOL, "calc.f answered 200");
	fails(function(200, "<html>"), AF_ERR_PROTOCOL, "<html>");
	fails(function(200, "{\"status\":\"success\"}"), AF_ERR_PROTOCOL, "not what was expected");
	fails(function(200, "{\"result\":1}"), AF_ERR_PROTOCOL, "not what was expected");
	fails(function(200, "[1]"), AF_ERR_PROTOCOL, "not what was expected");
	fails(function(200, "{\"status\":\"success\",\"result\":NaN}"), AF_ERR_PROTOCOL, "column 30");
	fails(function(200, "{\"status\":\"success\",\"result\":\"\xff\"}"), AF_ERR_PROTOCOL, "UTF-8");
	fails(answer(ENV_FUNCTION_BASED, 200, "\0\0", 2), AF_ERR_PROTOCOL, "\\x00");
	fails(served(200, "not json"), AF_ERR_PROTOCOL, "not json");
}

static void test_errors_are_safe_to_show(void **state)
{
	(void) state;
	assert_int_equal(function(500, "{\"detail\":\"\\u001b]0;title\\u0007red\"}"), AF_ERR_METHOD);
	assert_null(strchr(err.message, '\x1b'));
	fails(err.code, AF_ERR_METHOD, "\\x1b]0;title\\x07red");
	assert_int_equal(function(500, "\x1b[31mred"), AF_ERR_METHOD);
	assert_null(strchr(err.message, '\x1b'));
	af_error_clear(&err);
}

static void test_a_long_excerpt_is_cut(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	while (sb.len < 100000)
		strbuf_adds(&sb, "<p>web page</p>");
	assert_int_equal(answer(ENV_HTTP_BASED, 200, sb.data, sb.len), AF_ERR_PROTOCOL);
	assert_true(strlen(err.message) < 600);
	af_error_clear(&err);
}

static void test_the_whole_body_is_the_result(void **state)
{
	(void) state;
	ok(served(200, " {\"status\":\"failed\",\"result\":1} \n"));
	assert_string_equal(result, "{\"status\":\"failed\",\"result\":1}");
	ok(served(201, "[1]"));
	assert_string_equal(result, "[1]");
	ok(served(204, ""));
	assert_string_equal(result, "null");
	assert_int_equal(length, 4);
	free(af_steal(result));
}

static void test_arguments_that_are_refused(void **state)
{
	(void) state;
	fails(served(422, "{\"detail\":[{\"loc\":[\"body\",\"x\"],\"msg\":\"field required\"}]}"), AF_ERR_METHOD,
	      "refused the call (422): [{\"loc\": [\"body\", \"x\"], \"msg\": \"field required\"}]");
}

/* ---- cancelling --------------------------------------------------------------------- */

static void serve_and_note(struct fake_conn *c)
{
	while (fake_request(c)) {
		pthread_mutex_lock(&c->f->lock);
		strbuf_add(&c->f->log, c->body.data, c->body.len);
		pthread_mutex_unlock(&c->f->lock);
		fake_answer(c, 200, "{}");
	}
}

static void test_telling_the_server(void **state)
{
	struct http *http = http_new(&err);
	struct fake f;

	(void) state;
	fake_start(&f, serve_and_note, NULL);
	struct server s = { .http = http, .endpoint = f.endpoint, .name = "calc" };
	make(ENV_FUNCTION_BASED, "f", NULL);
	call_cancel(&call, &s, AF_ERR_CANCELLED);
	has_text(f.log.data, "POST /cancel\n{\"id\":\"");
	has_text(f.log.data, call.id);
	assert_null(strstr(f.log.data, "timeout"));
	call_cancel(&call, &s, AF_ERR_TIMEOUT);
	has_text(f.log.data, "\"why\":\"timeout\"}");
	call_free(&call);
	make(ENV_HTTP_BASED, "f", NULL); /* knows nothing of ids */
	call_cancel(&call, &s, AF_ERR_CANCELLED);
	assert_int_equal(fake_read(&f, &f.requests), 2);
	call_free(&call);
	http_free(http);
	fake_stop(&f);
}

static void serve_never(struct fake_conn *c)
{
	if (fake_request(c))
		fake_hang(c);
}

static void test_telling_a_server_that_hangs(void **state)
{
	struct http *http = http_new(&err);
	struct fake f;

	(void) state;
	fake_start(&f, serve_never, NULL);
	struct server s = { .http = http, .endpoint = f.endpoint, .name = "calc" };
	make(ENV_FUNCTION_BASED, "f", NULL);
	int64_t start = clock_ms();
	call_cancel(&call, &s, AF_ERR_CANCELLED);
	took(start, 400, 3000);
	call_free(&call);
	http_free(http);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_call_of_a_function),
		cmocka_unit_test(test_a_call_without_arguments),
		cmocka_unit_test(test_a_call_of_an_http_server),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_ids_differ),
		cmocka_unit_test(test_results_as_they_were_written),
		cmocka_unit_test(test_ten_megabytes),
		cmocka_unit_test(test_failed_methods),
		cmocka_unit_test(test_unknown_methods),
		cmocka_unit_test(test_what_the_status_says),
		cmocka_unit_test(test_answers_that_make_no_sense),
		cmocka_unit_test(test_errors_are_safe_to_show),
		cmocka_unit_test(test_a_long_excerpt_is_cut),
		cmocka_unit_test(test_the_whole_body_is_the_result),
		cmocka_unit_test(test_arguments_that_are_refused),
		cmocka_unit_test(test_telling_the_server),
		cmocka_unit_test(test_telling_a_server_that_hangs),
	};

	return RUN(tests);
}
