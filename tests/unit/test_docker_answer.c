/* docker/: what an engine's refusals and statistics mean. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "docker/answer.h"
#include "docker/docker.h"
#include "docker/tree.h"

static struct af_error err = AF_ERROR_INIT;

static int teardown(void **state)
{
	(void) state;
	af_error_clear(&err);
	return 0;
}

/* ---- refusals -------------------------------------------------------------------- */

static af_code answer(long status, const char *type, const char *body)
{
	struct http_response resp = { .status = status, .body = STRBUF_INIT(STRBUF_TEXT) };
	af_code rc;

	af_error_clear(&err);
	snprintf(resp.content_type, sizeof(resp.content_type), "%s", type);
	strbuf_adds(&resp.body, body);
	rc = answer_check(&resp, &err);
	http_response_free(&resp);
	return rc;
}

#define JSON "application/json"

static void test_statuses(void **state)
{
	static const struct {
		long status;
		af_code code;
	} rows[] = {
		{ 200, AF_OK },           { 201, AF_OK },            { 204, AF_OK },           { 101, AF_OK },
		{ 304, AF_OK },           { 301, AF_ERR_NOT_FOUND }, { 400, AF_ERR_USAGE },    { 404, AF_ERR_NOT_FOUND },
		{ 409, AF_ERR_EXISTS },   { 500, AF_ERR_FAILED },    { 501, AF_ERR_UNAVAILABLE }, { 503, AF_ERR_UNAVAILABLE },
		{ 403, AF_ERR_FAILED },
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		assert_int_equal(answer(rows[i].status, JSON, "{\"message\":\"No such container: x\"}"), rows[i].code);
		if (rows[i].status >= 400)
			assert_string_equal(err.message, "No such container: x");
	}
}

static void test_refusals_without_json(void **state)
{
	(void) state;
	/* Docker 29 refuses old clients in plain text at times. */
	assert_int_equal(answer(400, "text/plain; charset=utf-8",
				"client version 1.24 is too old. Minimum supported API version is 1.44\n"),
			 AF_ERR_UNAVAILABLE);
	assert_string_equal(err.message, "client version 1.24 is too old. Minimum supported API version is 1.44");
	assert_non_null(strstr(err.hint, "DOCKER_API_VERSION"));
	assert_int_equal(answer(500, JSON, ""), AF_ERR_FAILED);
	assert_non_null(strstr(err.message, "500"));
	assert_int_equal(answer(502, "text/html", "<html>Bad gateway</html>"), AF_ERR_PROTOCOL);
	assert_non_null(strstr(err.message, "502"));
	assert_int_equal(answer(500, JSON, "{\"message\":5}"), AF_ERR_FAILED);
	assert_int_equal(answer(500, JSON, "[[[["), AF_ERR_FAILED);
	assert_int_equal(answer(404, JSON, "{\"message\":\"\"}"), AF_ERR_NOT_FOUND);
	assert_true(strlen(err.message) > 0);
	assert_int_equal(answer(400, "text/plain", "Client sent an HTTP request to an HTTPS server.\n"), AF_ERR_UNREACHABLE);
	assert_non_null(strstr(err.hint, "DOCKER_TLS_VERIFY"));
}

static void test_message_is_printable(void **state)
{
	AUTO_STRBUF body = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	answer(500, JSON, "{\"message\":\"a\\u001b[2Jb\"}");
	assert_string_equal(err.message, "a\\x1b[2Jb");
	for (int i = 0; i < 100000; i++)
		strbuf_addc(&body, 'x');
	answer(500, "text/plain", body.data);
	assert_true(strlen(err.message) < 5000);
	assert_int_equal(answer_check(&(struct http_response){ .status = 500, .body = STRBUF_INIT(1) }, NULL), AF_ERR_FAILED);
}

static void test_hints(void **state)
{
	(void) state;
	answer_fail(AF_ERR_BUILD, "write /x: no space left on device", &err);
	assert_int_equal(err.code, AF_ERR_BUILD);
	assert_non_null(strstr(err.hint, "docker system prune"));
	assert_int_equal(answer_registry(AF_ERR_FAILED, "pull access denied for x, repository does not exist", &err), AF_ERR_NOT_FOUND);
	assert_non_null(strstr(err.hint, "docker login"));
	assert_int_equal(answer_registry(AF_ERR_FAILED, "manifest for x:y not found: manifest unknown", &err), AF_ERR_NOT_FOUND);
	assert_int_equal(answer_registry(AF_ERR_NOT_FOUND, "Get \"https://x/\": dial tcp: lookup x: no such host", &err),
			 AF_ERR_UNREACHABLE);
	assert_int_equal(answer_registry(AF_ERR_FAILED, "unauthorized: authentication required", &err), AF_ERR_FAILED);
	assert_non_null(strstr(err.hint, "docker login"));
	assert_int_equal(answer_registry(AF_ERR_FAILED, "something else", &err), AF_ERR_FAILED);
	assert_null(err.hint);
}

static void test_transport_hints(void **state)
{
	char missing[] = "/nowhere/x.sock", file[] = "/dev/null", host[] = "tcp://h:1", from[] = "DOCKER_HOST";
	struct engine_endpoint ep = { .host = host, .from = from, .unix_path = missing };

	(void) state;
	error_set(&err, AF_ERR_UNREACHABLE, "x");
	assert_int_equal(answer_transport(AF_ERR_UNREACHABLE, &ep, &err), AF_ERR_UNREACHABLE);
	assert_non_null(strstr(err.hint, "start docker"));
	ep.unix_path = file;
	answer_transport(AF_ERR_UNREACHABLE, &ep, &err);
	assert_non_null(strstr(err.hint, "no engine listens"));
	ep.unix_path = NULL;
	answer_transport(AF_ERR_UNREACHABLE, &ep, &err);
	assert_non_null(strstr(err.hint, "DOCKER_HOST"));
	assert_int_equal(answer_transport(AF_OK, &ep, NULL), AF_OK);
}

/* ---- statistics ---------------------------------------------------------------------- */

static struct docker_stats stats(const char *json, const struct docker_stats *before)
{
	AUTO_CJSON *doc = tree_parse(json, strlen(json));
	struct docker_stats out;

	assert_non_null(doc);
	docker_stats_parse(doc, before, &out);
	return out;
}

static void near(double value, double expected)
{
	if (!(fabs(value - expected) < 0.01))
		fail_msg("%f instead of %f", value, expected);
}

static void test_stats_v1(void **state)
{
	struct docker_stats s = stats(
		"{\"read\":\"2026-01-01T00:00:02Z\",\"preread\":\"2026-01-01T00:00:01Z\","
		"\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":700000000},\"system_cpu_usage\":12000000000,\"online_cpus\":4},"
		"\"precpu_stats\":{\"cpu_usage\":{\"total_usage\":200000000},\"system_cpu_usage\":8000000000,\"online_cpus\":4},"
		"\"memory_stats\":{\"usage\":1000,\"limit\":5000,\"stats\":{\"cache\":700,\"inactive_file\":1,"
		"\"total_inactive_file\":300}}}",
		NULL);

	(void) state;
	near(s.cpu_percent, 50);
	assert_int_equal(s.memory, 700);
	assert_int_equal(s.memory_limit, 5000);
	assert_int_equal(s.online_cpus, 4);
	assert_int_equal(s.cpu_ns, 700000000);
}

static void test_stats_v2(void **state)
{
	struct docker_stats before = { .cpu_ns = 0, .system_ns = 1000, .online_cpus = 2 };
	struct docker_stats s = stats("{\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":500},\"system_cpu_usage\":2000,\"online_cpus\":2},"
				      "\"memory_stats\":{\"usage\":1000,\"stats\":{\"inactive_file\":250,\"file\":600}}}",
				      &before);

	(void) state;
	/* Without the times of the samples: by the machine's counter, as `docker stats` has it. */
	near(s.cpu_percent, 100);
	assert_int_equal(s.memory, 750);
	assert_int_equal(s.memory_limit, 0);
}

/* podman: no online_cpus, no memory_stats.stats, a system counter that leaves idle time out. */
static void test_stats_podman(void **state)
{
	struct docker_stats first = stats("{\"read\":\"2026-01-01T00:00:01Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":100000000},"
					  "\"system_cpu_usage\":1},\"memory_stats\":{\"usage\":614400,\"limit\":9}}",
					  NULL);
	struct docker_stats second = stats("{\"read\":\"2026-01-01T00:00:03Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":600000000},"
					   "\"system_cpu_usage\":500000001},\"memory_stats\":{\"usage\":614400}}",
					   &first);

	(void) state;
	assert_true(isnan(first.cpu_percent));
	assert_int_equal(first.memory, 614400);
	near(second.cpu_percent, 25);
}

static void test_stats_gaps(void **state)
{
	struct docker_stats before = { .cpu_ns = 1000, .read_ns = 5, .system_ns = 5 };
	struct docker_stats s = stats("{}", NULL);

	(void) state;
	assert_true(isnan(s.cpu_percent));
	assert_int_equal(s.memory, -1);
	assert_int_equal(s.cpu_ns, -1);
	s = stats("{\"memory_stats\":{\"usage\":0},\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":0}}}", NULL);
	assert_int_equal(s.memory, -1);
	/* A restart counts from zero again. */
	s = stats("{\"read\":\"2026-01-01T00:00:01Z\",\"cpu_stats\":{\"cpu_usage\":{\"total_usage\":10}}}", &before);
	assert_true(isnan(s.cpu_percent));
	s = stats("{\"memory_stats\":{\"usage\":100,\"stats\":{\"cache\":500}},\"cpu_stats\":[],\"read\":7}", NULL);
	assert_int_equal(s.memory, 100);
	s = stats("{\"memory_stats\":{\"usage\":1e400,\"limit\":-5},\"cpu_stats\":{\"online_cpus\":1e18}}", NULL);
	assert_int_equal(s.memory_limit, 0);
	assert_int_equal(s.online_cpus, 65536);
	docker_stats_parse(NULL, NULL, &s);
	assert_true(isnan(s.cpu_percent));
}

/* ---- containers ---------------------------------------------------------------------- */

static void ip_is(const char *json, const char *ip)
{
	AUTO_CJSON *tree = tree_parse(json, strlen(json));

	assert_non_null(tree);
	if (ip)
		assert_string_equal(docker_container_ip(tree), ip);
	else
		assert_null(docker_container_ip(tree));
}

static void test_ip(void **state)
{
	(void) state;
	ip_is("{\"NetworkSettings\":{\"Networks\":{\"a\":{\"IPAddress\":\"\"},\"b\":{\"IPAddress\":\"10.0.0.2\"}}}}", "10.0.0.2");
	ip_is("{\"NetworkSettings\":{\"IPAddress\":\"10.0.0.3\",\"Networks\":null}}", "10.0.0.3");
	ip_is("{\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"host\":{}}}}", NULL);
	ip_is("{\"NetworkSettings\":[]}", NULL);
	ip_is("[]", NULL);
	assert_null(docker_container_ip(NULL));
}

static void test_label(void **state)
{
	static const char inspect[] = "{\"Config\":{\"Labels\":{\"a\":\"1\",\"n\":5}}}", entry[] = "{\"Labels\":{\"a\":\"2\"}}";
	AUTO_CJSON *one = tree_parse(inspect, strlen(inspect));
	AUTO_CJSON *two = tree_parse(entry, strlen(entry));

	(void) state;
	assert_string_equal(docker_container_label(one, "a"), "1");
	assert_string_equal(docker_container_label(two, "a"), "2");
	assert_null(docker_container_label(one, "n"));
	assert_null(docker_container_label(one, "A"));
	assert_null(docker_container_label(NULL, "a"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_statuses, teardown),
		cmocka_unit_test_teardown(test_refusals_without_json, teardown),
		cmocka_unit_test_teardown(test_message_is_printable, teardown),
		cmocka_unit_test_teardown(test_hints, teardown),
		cmocka_unit_test_teardown(test_transport_hints, teardown),
		cmocka_unit_test(test_stats_v1),
		cmocka_unit_test(test_stats_v2),
		cmocka_unit_test(test_stats_podman),
		cmocka_unit_test(test_stats_gaps),
		cmocka_unit_test(test_ip),
		cmocka_unit_test(test_label),
	};

	return cmocka_run_group_tests_name("docker answers", tests, NULL, NULL);
}
