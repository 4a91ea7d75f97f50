/* command/usage, live and base/json_write: what commands tell about environments. */
#include "unit.h"

#include <math.h>
#include <string.h>

#include "base/json_write.h"
#include "command/live.h"
#include "command/usage.h"
#include "docker/tree.h"

/* ---- signatures ------------------------------------------------------------------------------------ */

static void expect_parameters(const char *signature, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	const char *pos = signature;
	struct parameter p;

	while (signature_next(&pos, &p))
		strbuf_addf(&sb, "%.*s:%.*s%s;", (int) p.name_len, p.name, (int) p.type_len, p.type ? p.type : "",
			    p.required ? "!" : "");
	assert_string_equal(sb.data, want);
}

static void test_parameters_of_signatures(void **state)
{
	(void) state;
	expect_parameters("()", "");
	expect_parameters("", "");
	expect_parameters("(...)", "...:!;");
	expect_parameters("(task_id: int, seed: int = 0) -> dict", "task_id:int!;seed:int;");
	expect_parameters("(a, b=1, *args, **kwargs)", "a:!;b:;*args:;**kwargs:;");
	expect_parameters("(a, /, b, *, c: str)", "a:!;b:!;c:str!;");
	expect_parameters("(ids: List[Tuple[int, str]], x: str = 'a, (b', y: dict = {1: 2})",
			  "ids:List[Tuple[int, str]]!;x:str;y:dict;");
	expect_parameters("(s: str = \"it's \\\" quoted\", t: int)", "s:str;t:int!;");
}

static void test_unfinished_signatures_end(void **state)
{
	(void) state;
	expect_parameters("(a: 'x", "a:'x!;");
	expect_parameters("(", "");
	expect_parameters("(a, ", "a:!;");
	expect_parameters("(((", "((:!;");
}

static void expect_call(const char *signature, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	struct method m = { .name = (char *) "evaluate", .signature = (char *) signature };

	usage_add_call(&sb, "calc", &m);
	assert_string_equal(sb.data, want);
}

static void test_example_calls(void **state)
{
	(void) state;
	expect_call("()", "afs call calc evaluate");
	expect_call("(task_id: int, model: str, seed: int = 0)",
		    "afs call calc evaluate --arg task_id=1 --arg model=text");
	expect_call("(ids: List[int], x, on: bool)", "afs call calc evaluate --arg ids='[]' --arg x=VALUE --arg on=true");
	expect_call("(**kwargs) -> dict", "afs call calc evaluate");
}

static void test_summary_is_the_first_line(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	(void) state;
	usage_add_summary(&sb, NULL);
	assert_string_equal(sb.data, "");
	usage_add_summary(&sb, "\n  Adds numbers.\n\n  More.");
	assert_string_equal(sb.data, "Adds numbers.");
}

/* ---- writing JSON --------------------------------------------------------------------------------- */

static void test_json_writer(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	struct json_writer w = json_writer(&sb);

	(void) state;
	json_open(&w, NULL, '{');
	json_put_string(&w, "a", "x\"y");
	json_put_string(&w, "b", NULL);
	json_open(&w, "c", '[');
	json_put_int(&w, NULL, INT64_MIN);
	json_put_bool(&w, NULL, true);
	json_open(&w, NULL, '{');
	json_close(&w, '}');
	json_close(&w, ']');
	json_put_raw(&w, "d", (struct json_span){ "1e400", 5 });
	json_close(&w, '}');
	assert_string_equal(sb.data, "{\"a\":\"x\\\"y\",\"b\":null,\"c\":[-9223372036854775808,true,{}],\"d\":1e400}");
	assert_int_equal(json_check(sb.data, sb.len, NULL), AF_OK);
}

static void expect_number(double value, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	struct json_writer w = json_writer(&sb);

	json_put_number(&w, NULL, value);
	assert_string_equal(sb.data, want);
}

static void test_json_numbers(void **state)
{
	(void) state;
	expect_number(0, "0");
	expect_number(1.5, "1.5");
	expect_number(-0.25, "-0.25");
	expect_number(12.3456, "12.346");
	expect_number(100, "100");
	expect_number(0.0004, "0");
	expect_number(0.0010, "0.001");
	expect_number(NAN, "null");
	expect_number(INFINITY, "null");
}

/* ---- what engines and servers say -------------------------------------------------------------------- */

static void read_inspect(struct live *l, const char *text)
{
	AUTO_CJSON *doc = cJSON_Parse(text);

	assert_non_null(doc);
	AF_AUTO(instance_detail) struct instance_detail detail = { 0 };
	assert_int_equal(docker_detail_read(doc, &detail, NULL), AF_OK);
	live_take_detail(l, &detail);
}

static void expect_state(const char *inspect, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	struct instance inst = { .state = INSTANCE_DOWN };
	struct live l = { .inst = &inst };

	read_inspect(&l, inspect);
	live_add_state(&sb, &l);
	assert_string_equal(sb.data, want);
}

static void test_states(void **state)
{
	(void) state;
	expect_state("{\"State\":{\"Status\":\"running\",\"ExitCode\":0}}", "up");
	expect_state("{\"State\":{\"Status\":\"exited\",\"ExitCode\":3}}", "exited 3");
	expect_state("{\"State\":{\"Status\":\"exited\",\"ExitCode\":137,\"OOMKilled\":true}}", "oom");
	expect_state("{\"State\":{\"Status\":\"restarting\",\"ExitCode\":1}}", "restarting 1");
	expect_state("{\"State\":{\"Status\":\"paused\"}}", "paused");
	expect_state("{}", "down");
	expect_state("{\"State\":{\"Status\":\"a-state-whose-name-is-longer-than-any-known\"}}", "a-state-whose-name-is-l");
}

static void test_inspect_is_read(void **state)
{
	struct instance inst = { .state = INSTANCE_UP };
	struct live l = { .inst = &inst };

	(void) state;
	read_inspect(&l, "{\"State\":{\"Status\":\"running\",\"StartedAt\":\"2026-01-02T03:04:05.5Z\"},"
			 "\"RestartCount\":4,\"HostConfig\":{\"Memory\":536870912}}");
	assert_int_equal(l.restarts, 4);
	assert_int_equal(l.memory_limit, 536870912);
	assert_true(l.started_ms > 0 && l.started_ms % 1000 == 500);
	read_inspect(&l, "{\"State\":{\"Status\":\"created\",\"StartedAt\":\"0001-01-01T00:00:00Z\"},\"RestartCount\":\"x\"}");
	assert_int_equal(l.started_ms, 0);
	assert_int_equal(l.restarts, -1);
}

static void read_counts(struct live *l, const char *text)
{
	AUTO_CJSON *doc = cJSON_Parse(text);

	assert_non_null(doc);
	live_read_counts(l, doc);
}

static void test_counts_are_read(void **state)
{
	struct live l = { 0 };

	(void) state;
	read_counts(&l, "{\"since\":1767323045.25,\"requests\":12,\"errors\":3,\"in_flight\":1,\"p50_ms\":1.5,\"p95_ms\":null}");
	assert_true(l.counted);
	assert_int_equal(l.requests, 12);
	assert_int_equal(l.errors, 3);
	assert_int_equal(l.in_flight, 1);
	assert_int_equal(l.since_ms, INT64_C(1767323045250));
	assert_true(l.p50_ms > 1.4 && l.p50_ms < 1.6);
	assert_true(isnan(l.p95_ms) && isnan(l.p99_ms));
	/* Somebody else's /stats. */
	l = (struct live){ 0 };
	read_counts(&l, "{\"visitors\": 7}");
	assert_false(l.counted);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parameters_of_signatures),
		cmocka_unit_test(test_unfinished_signatures_end),
		cmocka_unit_test(test_example_calls),
		cmocka_unit_test(test_summary_is_the_first_line),
		cmocka_unit_test(test_json_writer),
		cmocka_unit_test(test_json_numbers),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_inspect_is_read),
		cmocka_unit_test(test_counts_are_read),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
