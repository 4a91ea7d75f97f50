/* base/json and json_write: grammar, walking, strings, numbers that keep every digit. */
#include <math.h>

#include "unit.h"

#include "base/json.h"
#include "base/json_write.h"

#define SPAN(text) ((struct json_span){ (text), strlen(text) })

static af_code check(const char *text)
{
	return json_check(text, strlen(text), &err);
}

static void test_what_is_json(void **state)
{
	static const char *const good[] = {
		"0", "-0", "1.5", "1e9", "1E-9", "-1.25e+10", "9007199254740993", "\"\"", "\"\\u0000\"", "\"\\ud83d\\ude00\"",
		"true", "false", "null", "[]", "{}", " [ 1 , 2 ] ", "\t{\"a\":{\"b\":[]}}\r\n", "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"",
		"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\x7f\"",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(good); i++)
		ok(check(good[i]));
}

static void test_what_is_not(void **state)
{
	static const char *const bad[] = {
		"", " ", "01", "+1", ".5", "1.", "1e", "1e+", "-", "--1", "0x10", "NaN", "Infinity", "-Infinity", "nul", "nulll",
		"True", "'a'", "\"", "\"\\\"", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "\"a\nb\"", "\"\x01\"", "[", "]", "[1", "[1,]",
		"[,1]", "[1 2]", "{", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\":1 \"b\":2}", "[1}", "{\"a\":1]",
		"1 2", "[] []", "\xef\xbb\xbf{}", "\"\xc0\x80\"", "\"\xed\xa0\x80\"", "\"\xf4\x90\x80\x80\"", "\"\xff\"", "\"\xc3\"",
		"/* */1", "tru", "\"\\",
	};

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		if (check(bad[i]) != AF_ERR_PROTOCOL)
			fail_msg("taken for JSON: %s", bad[i]);
		af_error_clear(&err);
	}
	assert_int_equal(json_check("1\0", 2, NULL), AF_ERR_PROTOCOL);
	assert_int_equal(json_check("\"\\\0\"", 4, NULL), AF_ERR_PROTOCOL);
	assert_int_equal(json_check("nu", 2, NULL), AF_ERR_PROTOCOL);
}

static void test_errors_say_where(void **state)
{
	(void) state;
	fails(check("{\n  \"a\": 1,\n  \"b\" 2\n}"), AF_ERR_PROTOCOL, "line 3 column 7: ':' was expected");
	fails(check("[1,\n2"), AF_ERR_PROTOCOL, "line 2 column 2: ',' or ']' was expected");
	fails(check("{\"a\": \x1b[31mred}"), AF_ERR_PROTOCOL, "\\x1b[31mred");
	fails(check("1 x"), AF_ERR_PROTOCOL, "goes on behind");
}

static void test_depth_is_bounded(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		strbuf_addc(&sb, '[');
	for (int i = 0; i < JSON_MAX_DEPTH; i++)
		strbuf_addc(&sb, ']');
	ok(json_check(sb.data, sb.len, &err));
	strbuf_insert(&sb, 0, "[", 1);
	strbuf_addc(&sb, ']');
	fails(json_check(sb.data, sb.len, &err), AF_ERR_PROTOCOL, "nested too deeply");
	strbuf_reset(&sb);
	for (int i = 0; i < 1000000; i++)
		strbuf_adds(&sb, "{\"a\":");
	fails(json_check(sb.data, sb.len, &err), AF_ERR_PROTOCOL, "nested too deeply");
	/* Side by side is not nested. */
	strbuf_reset(&sb);
	strbuf_addc(&sb, '[');
	for (int i = 0; i < 2000; i++)
		strbuf_adds(&sb, i ? ",[]" : "[]");
	strbuf_addc(&sb, ']');
	ok(json_check(sb.data, sb.len, &err));
}

static void test_types(void **state)
{
	(void) state;
	assert_int_equal(json_type(SPAN("{}")), JSON_OBJECT);
	assert_int_equal(json_type(SPAN("[]")), JSON_ARRAY);
	assert_int_equal(json_type(SPAN("\"\"")), JSON_STRING);
	assert_int_equal(json_type(SPAN("true")), JSON_BOOL);
	assert_int_equal(json_type(SPAN("false")), JSON_BOOL);
	assert_int_equal(json_type(SPAN("null")), JSON_NULL);
	assert_int_equal(json_type(SPAN("-1")), JSON_NUMBER);
	assert_int_equal(json_type((struct json_span){ NULL, 0 }), JSON_INVALID);
}

static void is_span(struct json_span got, const char *want)
{
	if (got.len != strlen(want) || memcmp(got.text, want, got.len))
		fail_msg("got %.*s instead of %s", (int) got.len, got.text, want);
}

static void test_walking_an_object(void **state)
{
	struct json_iter it = json_iter(SPAN(" { \"a\" : [1, {\"x\":2}] ,\"b\\\"c\":\"}\" , \"d\": -1.50 } "));

	(void) state;
	assert_true(json_next(&it));
	is_span(it.key, "\"a\"");
	is_span(it.value, "[1, {\"x\":2}]");
	assert_true(json_next(&it));
	is_span(it.key, "\"b\\\"c\"");
	is_span(it.value, "\"}\"");
	assert_true(json_next(&it));
	is_span(it.value, "-1.50");
	assert_false(json_next(&it));
	assert_false(json_next(&it));
}

static void test_walking_an_array(void **state)
{
	struct json_iter it = json_iter(SPAN("[\"a\" , \"b\",null,[],{}]"));
	static const char *const want[] = { "\"a\"", "\"b\"", "null", "[]", "{}" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(json_next(&it));
		assert_int_equal(it.key.len, 0);
		is_span(it.value, want[i]);
	}
	assert_false(json_next(&it));
	it = json_iter(SPAN("[]"));
	assert_false(json_next(&it));
	it = json_iter(SPAN("17"));
	assert_false(json_next(&it));
}

static void test_members_by_name(void **state)
{
	struct json_span value;

	(void) state;
	assert_true(json_member(SPAN("{\"a\":1,\"a\":2}"), "a", &value));
	is_span(value, "2");
	assert_true(json_member(SPAN("{\"\\u0061b\":3}"), "ab", &value));
	is_span(value, "3");
	assert_false(json_member(SPAN("{\"ab\":1}"), "a", &value));
	assert_false(json_member(SPAN("{\"x\":{\"a\":1}}"), "a", &value));
	assert_false(json_member(SPAN("[\"a\"]"), "a", &value));
	assert_true(json_member(SPAN("{\"\":7}"), "", &value));
	/* A name that looks like an escape is none. */
	assert_false(json_member(SPAN("{\"a\\nb\":1}"), "a\\nb", &value));
	assert_true(json_member(SPAN("{\"a\\\\nb\":1}"), "a\\nb", &value));
}

static void is_string(const char *json, const char *want)
{
	AUTO_FREE char *got = json_string(SPAN(json), &err);

	ok(got ? AF_OK : AF_ERR_FAILED);
	assert_string_equal(got, want);
}

static void test_decoding(void **state)
{
	(void) state;
	is_string("\"\"", "");
	is_string("\"a\\n\\t\\\"\\\\\\/b\"", "a\n\t\"\\/b");
	is_string("\"\\b\\f\\r\"", "\b\f\r");
	is_string("\"\\u00e4\\u20ac\"", "\xc3\xa4\xe2\x82\xac");
	is_string("\"\\ud83d\\ude00\"", "\xf0\x9f\x98\x80");
	is_string("\"\\ud83d\"", "\xef\xbf\xbd");
	is_string("\"\\ude00x\"", "\xef\xbf\xbdx");
	is_string("\"\\ud83d\\u0041\"", "\xef\xbf\xbd" "A");
	is_string("\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd\xf0\x9f\x98\x80");
	assert_null(json_string(SPAN("\"a\\u0000b\""), &err));
	fails(err.code, AF_ERR_PROTOCOL, "NUL");
	assert_null(json_string(SPAN("17"), &err));
	fails(err.code, AF_ERR_PROTOCOL, "string was expected");
}

static void is_quoted(const char *text, size_t len, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	json_add_string(&sb, text, len);
	assert_string_equal(sb.data, want);
	ok(json_check(sb.data, sb.len, &err));
}

static void test_quoting(void **state)
{
	(void) state;
	is_quoted("", 0, "\"\"");
	is_quoted("a\"b\\c\n\t", 7, "\"a\\\"b\\\\c\\n\\t\"");
	is_quoted("\0\x1b\x7f", 3, "\"\\u0000\\u001b\\u007f\"");
	is_quoted("\xc3\xa4", 2, "\"\xc3\xa4\"");
	is_quoted("a\xff" "b\xc3", 4, "\"a\xef\xbf\xbd" "b\xef\xbf\xbd\"");
}

static void is_pretty(const char *json, int indent, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	json_add_pretty(&sb, SPAN(json), indent);
	assert_string_equal(sb.data, want);
}

static void test_pretty(void **state)
{
	(void) state;
	is_pretty("{\"a\":[1,2.50],\"b\":{}}", 2, "{\n  \"a\": [\n    1,\n    2.50\n  ],\n  \"b\": {}\n}");
	is_pretty(" { \"a\" : [ ] , \"b\":[ {} ] } ", 0, "{\"a\": [], \"b\": [{}]}");
	is_pretty("\"a,b:{\\\"[\"", 2, "\"a,b:{\\\"[\"");
	is_pretty("9007199254740993", 2, "9007199254740993");
	is_pretty("[0.1000000000000000055,1E400]", 0, "[0.1000000000000000055, 1E400]");
	is_pretty("", 2, "");
}

static void is_merged(const char *base, const char *over, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	json_add_merged(&sb, SPAN(base), SPAN(over));
	assert_string_equal(sb.data, want);
	ok(json_check(sb.data, sb.len, &err));
}

static void test_merging(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	is_merged("{\"a\":1,\"b\":2}", "{\"b\":3,\"c\":9007199254740993}", "{\"a\":1,\"b\":3,\"c\":9007199254740993}");
	is_merged("{}", "{}", "{}");
	is_merged("{\"a\":1}", "{}", "{\"a\":1}");
	is_merged("{\"\\u0061\":1}", "{\"a\":2}", "{\"\\u0061\":2}");
	/* Keys with NULs in them are different keys. */
	is_merged("{\"a\\u0000b\":1}", "{\"a\":2}", "{\"a\\u0000b\":1,\"a\":2}");
	json_add_merged(&sb, (struct json_span){ NULL, 0 }, (struct json_span){ NULL, 0 });
	assert_string_equal(sb.data, "{}");
}

static void is_number(double value, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&sb);

	json_put_number(&w, NULL, value);
	assert_string_equal(sb.data, want);
	ok(json_check(sb.data, sb.len, &err));
}

static void test_writing_numbers(void **state)
{
	(void) state;
	is_number(0, "0");
	is_number(1.5, "1.5");
	is_number(-0.25, "-0.25");
	is_number(0.0004, "0");
	is_number(0.0006, "0.001");
	is_number(12.340, "12.34");
	is_number(-7, "-7");
	is_number(NAN, "null");
	is_number(INFINITY, "null");
	is_number(1e15, "1000000000000000");
	is_number(9e15, "9000000000000000");
	is_number(1e18, "1000000000000000000");
	is_number(-1e22, "-10000000000000000000000");
}

static void test_writing_documents(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&sb);

	(void) state;
	json_open(&w, NULL, '{');
	json_put_string(&w, "name", "a\"b");
	json_put_string(&w, "none", NULL);
	json_open(&w, "list", '[');
	json_put_int(&w, NULL, INT64_MIN);
	json_put_bool(&w, NULL, true);
	json_put_raw(&w, NULL, SPAN("1.10"));
	json_open(&w, NULL, '[');
	json_close(&w, ']');
	json_close(&w, ']');
	json_put_bool(&w, "k\n", false);
	json_close(&w, '}');
	assert_string_equal(sb.data, "{\"name\":\"a\\\"b\",\"none\":null,\"list\":[-9223372036854775808,true,1.10,[]],\"k\\n\":false}");
	ok(json_check(sb.data, sb.len, &err));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_json),
		cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_errors_say_where),
		cmocka_unit_test(test_depth_is_bounded),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_walking_an_object),
		cmocka_unit_test(test_walking_an_array),
		cmocka_unit_test(test_members_by_name),
		cmocka_unit_test(test_decoding),
		cmocka_unit_test(test_quoting),
		cmocka_unit_test(test_pretty),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_writing_numbers),
		cmocka_unit_test(test_writing_documents),
	};

	return RUN(tests);
}
