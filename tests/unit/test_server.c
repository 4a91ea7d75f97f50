/* executor: health, statistics and methods of one server. */
#include "fake_server.h"

#include "executor/executor.h"

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

/* One answer for whatever is asked. */
struct canned {
	int status;
	const char *body;
};

static void serve_canned(struct fake_conn *c)
{
	const struct canned *canned = c->arg;

	while (fake_request(c))
		fake_answer(c, canned->status, canned->body);
}

static struct server server_of(const struct fake *f, enum env_type type)
{
	return (struct server){ .http = http, .endpoint = f->endpoint, .type = type, .name = "calc" };
}

static af_code health(enum env_type type, int status)
{
	struct canned canned = { status, "{\"status\":\"ok\"}" };
	struct fake f;

	fake_start(&f, serve_canned, &canned);
	struct server s = server_of(&f, type);
	af_code rc = server_health(&s, 5000, NULL, &err);
	assert_string_equal(f.log.data, "GET /health\n");
	fake_stop(&f);
	return rc;
}

static void test_health(void **state)
{
	(void) state;
	ok(health(ENV_FUNCTION_BASED, 200));
	ok(health(ENV_HTTP_BASED, 200));
	ok(health(ENV_HTTP_BASED, 404)); /* it answers, it need not have the route */
	fails(health(ENV_FUNCTION_BASED, 404), AF_ERR_UNREACHABLE, "GET /health answered 404");
	fails(health(ENV_FUNCTION_BASED, 503), AF_ERR_UNREACHABLE, "503");
	fails(health(ENV_HTTP_BASED, 500), AF_ERR_UNREACHABLE, "500");
}

static void serve_never(struct fake_conn *c)
{
	if (fake_request(c))
		fake_hang(c);
}

static void test_health_of_one_that_hangs(void **state)
{
	struct fake f;

	(void) state;
	fake_start(&f, serve_never, NULL);
	struct server s = server_of(&f, ENV_FUNCTION_BASED);
	int64_t start = clock_ms();
	fails(server_health(&s, 50, NULL, &err), AF_ERR_TIMEOUT, "no answer");
	took(start, 49, 2000);
	fake_stop(&f);
}

static af_code methods(enum env_type type, int status, const char *body, struct method_list *list)
{
	struct canned canned = { status, body };
	struct fake f;

	fake_start(&f, serve_canned, &canned);
	struct server s = server_of(&f, type);
	af_code rc = server_methods(&s, NULL, list, &err);
	assert_string_equal(f.log.data, type == ENV_HTTP_BASED ? "GET /openapi.json\n" : "GET /methods\n");
	fake_stop(&f);
	return rc;
}

static void test_methods(void **state)
{
	struct method_list list;

	(void) state;
	ok(methods(ENV_FUNCTION_BASED, 200,
		   "{\"methods\":[{\"name\":\"evaluate\",\"signature\":\"(task_id: int)\",\"doc\":\"Runs it.\",\"source\":\"Actor\"},"
		   "{\"name\":\"ping\"},{\"nope\":1},{\"name\":\"\"},7,\"\",\"reset\"],\"usage\":{}}",
		   &list));
	assert_int_equal(list.count, 3);
	assert_string_equal(list.items[0].name, "evaluate");
	assert_string_equal(list.items[0].signature, "(task_id: int)");
	assert_string_equal(list.items[0].doc, "Runs it.");
	assert_string_equal(list.items[0].source, "Actor");
	assert_string_equal(list.items[1].signature, "()");
	assert_null(list.items[1].doc);
	assert_string_equal(list.items[2].name, "reset");
	assert_string_equal(list.items[2].signature, "()");
	method_list_free(&list);
	method_list_free(&list);
	ok(methods(ENV_HTTP_BASED, 200, "{\"openapi\":\"3.1.0\",\"paths\":{\"/run\":{\"post\":{}}}}", &list));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].source, "openapi");
	method_list_free(&list);
}

static void test_methods_that_cannot_be_told(void **state)
{
	struct method_list list;

	(void) state;
	assert_int_equal(methods(ENV_HTTP_BASED, 404, "", &list), AF_ERR_UNAVAILABLE);
	has_text(err.hint, "openapi.json");
	fails(err.code, AF_ERR_UNAVAILABLE, "calc: GET /openapi.json answered 404");
	assert_int_equal(methods(ENV_FUNCTION_BASED, 404, "", &list), AF_ERR_UNAVAILABLE);
	has_text(err.hint, "affinetes");
	af_error_clear(&err);
	fails(methods(ENV_FUNCTION_BASED, 200, "nonsense", &list), AF_ERR_PROTOCOL, "no list of methods");
	fails(methods(ENV_FUNCTION_BASED, 200, "{\"methods\":{}}", &list), AF_ERR_PROTOCOL, "no list of methods");
	fails(methods(ENV_FUNCTION_BASED, 500, "", &list), AF_ERR_PROTOCOL, "answered 500");
	assert_int_equal(list.count, 0);
	method_list_free(&list);
}

static void test_no_server(void **state)
{
	struct method_list list;
	char base[64];

	(void) state;
	snprintf(base, sizeof(base), "http://127.0.0.1:%d", fake_free_port());
	struct server s = { .http = http, .endpoint.base = base, .name = "calc" };
	fails(server_methods(&s, NULL, &list, &err), AF_ERR_UNREACHABLE, "calc: GET /methods: connect");
	fails(server_health(&s, 1000, NULL, &err), AF_ERR_UNREACHABLE, "connect");
}

static void test_cancelled(void **state)
{
	struct cancel *c = cancel_new(&err);
	struct method_list list;
	struct server s = { .http = http, .endpoint.base = "http://127.0.0.1:1", .name = "calc" };

	(void) state;
	cancel_trigger(c);
	fails(server_methods(&s, c, &list, &err), AF_ERR_CANCELLED, "interrupted");
	fails(server_health(&s, 1000, c, &err), AF_ERR_CANCELLED, "interrupted");
	cancel_free(c);
}

static af_code stats(int status, const char *body, cJSON **out)
{
	struct canned canned = { status, body };
	struct fake f;

	fake_start(&f, serve_canned, &canned);
	struct server s = server_of(&f, ENV_FUNCTION_BASED);
	af_code rc = server_stats(&s, 5000, NULL, out, &err);
	fake_stop(&f);
	return rc;
}

static void test_statistics(void **state)
{
	cJSON *doc = NULL;

	(void) state;
	ok(stats(200, "{\"requests\":7}", &doc));
	assert_int_equal(cJSON_GetObjectItem(doc, "requests")->valueint, 7);
	cJSON_Delete(af_steal(doc));
	fails(stats(404, "", &doc), AF_ERR_UNAVAILABLE, "404");
	fails(stats(200, "[]", &doc), AF_ERR_UNAVAILABLE, "no statistics");
	assert_null(doc);
	fails(stats(200, "garbage", &doc), AF_ERR_UNAVAILABLE, "no statistics");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_health),
		TEST(test_health_of_one_that_hangs),
		TEST(test_methods),
		TEST(test_methods_that_cannot_be_told),
		TEST(test_no_server),
		TEST(test_cancelled),
		TEST(test_statistics),
	};

	return RUN(tests);
}
