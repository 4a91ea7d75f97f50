/* command/call_args: --arg, --json and stdin → one JSON object. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include "base/json.h"
#include "command/call_args.h"

#define PAIRS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define NO_PAIRS (const char *const[]){ NULL }

static struct af_error err = AF_ERROR_INIT;
static struct strbuf out;

static int setup(void **state)
{
	(void) state;
	strbuf_init(&out, STRBUF_HUGE);
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	strbuf_free(&out);
	af_error_clear(&err);
	return 0;
}

static af_code merge(const char *const *pairs, const char *object)
{
	AUTO_STRLIST list = { 0 };

	strbuf_reset(&out);
	af_error_clear(&err);
	for (; *pairs; pairs++)
		assert_int_equal(strlist_add(&list, *pairs, NULL), AF_OK);
	return call_args_merge(&list, object, object ? strlen(object) : 0, "--json", &out, &err);
}

static void gives(const char *const *pairs, const char *object, const char *expected)
{
	af_code rc = merge(pairs, object);

	if (rc)
		print_message("# %s\n", err.message);
	assert_int_equal(rc, AF_OK);
	assert_int_equal(json_check(out.data, out.len, NULL), AF_OK);
	assert_string_equal(out.data, expected);
}

/* One --arg x=VALUE becomes exactly this JSON. */
static void value(const char *pair, const char *json)
{
	AUTO_STRBUF expected = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addf(&expected, "{\"x\": %s}", json);
	gives(PAIRS(pair), NULL, expected.data);
}

static void refuses(const char *const *pairs, const char *object, const char *part)
{
	assert_int_equal(merge(pairs, object), AF_ERR_USAGE);
	assert_int_equal(err.code, AF_ERR_USAGE);
	if (!strstr(err.message, part))
		fail_msg("\"%s\" lacks \"%s\"", err.message, part);
	assert_non_null(err.hint);
}

static void test_nothing(void **state)
{
	(void) state;
	gives(NO_PAIRS, NULL, "{}");
	gives(NO_PAIRS, "{}", "{}");
	gives(NO_PAIRS, "  { }\n", "{ }");
}

static void test_json_values(void **state)
{
	(void) state;
	value("x=10", "10");
	value("x=-0.5e-3", "-0.5e-3");
	value("x=true", "true");
	value("x=null", "null");
	value("x=[10,20,30]", "[10,20,30]");
	value("x={\"a\":{\"b\":[]}}", "{\"a\":{\"b\":[]}}");
	value("x=\"quoted\"", "\"quoted\"");
	value("x= 7 ", "7");
	value("x=[1,\n2]", "[1,\n2]");
}

static void test_digits_survive(void **state)
{
	(void) state;
	value("x=9007199254740993", "9007199254740993");
	value("x=0.1000000000000000055", "0.1000000000000000055");
	value("x=123456789012345678901234567890", "123456789012345678901234567890");
	value("x=1E400", "1E400");
	value("x=-0", "-0");
	value("x=1.0", "1.0");
}

static void test_strings(void **state)
{
	(void) state;
	value("x=gpt-4", "\"gpt-4\"");
	value("x=deepseek-ai/DeepSeek-V3", "\"deepseek-ai/DeepSeek-V3\"");
	value("x=https://llm.chutes.ai/v1", "\"https://llm.chutes.ai/v1\"");
	value("x=", "\"\"");
	value("x=  ", "\"  \"");
	value("x=a=b", "\"a=b\"");
	value("x=say \"hi\"", "\"say \\\"hi\\\"\"");
	value("x=two\nlines", "\"two\\nlines\"");
	value("x=back\\slash", "\"back\\\\slash\"");
	value("x=grüße 你好 🙂", "\"grüße 你好 🙂\"");
}

static void test_near_numbers_are_strings(void **state)
{
	static const char *const words[] = { "NaN", "Infinity", "-Infinity", "nan",  "True", "None", "007", "+5",
					     "1.",  ".5",	"0x10",	     "1_000", "1e",   "-",    "10 20", "truex" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		AUTO_STRBUF pair = STRBUF_INIT(STRBUF_LINE);
		AUTO_STRBUF json = STRBUF_INIT(STRBUF_LINE);

		strbuf_addf(&pair, "x=%s", words[i]);
		strbuf_addf(&json, "\"%s\"", words[i]);
		value(pair.data, json.data);
	}
}

static void test_control_characters(void **state)
{
	(void) state;
	assert_int_equal(merge(PAIRS("x=\x1b[31m\x01\x7f"), NULL), AF_OK);
	assert_int_equal(json_check(out.data, out.len, NULL), AF_OK);
	assert_null(strchr(out.data, '\x1b'));
}

static void test_keys(void **state)
{
	(void) state;
	gives(PAIRS("a b=1", "ü=2", "q\"t=3"), NULL, "{\"a b\": 1, \"ü\": 2, \"q\\\"t\": 3}");
	refuses(PAIRS("=1"), NULL, "KEY=VALUE");
}

static void test_the_last_of_equal_keys_wins(void **state)
{
	(void) state;
	gives(PAIRS("a=1", "b=2", "a=3"), NULL, "{\"b\": 2, \"a\": 3}");
	gives(PAIRS("a=1", "a=2", "a=x"), NULL, "{\"a\": \"x\"}");
	gives(PAIRS("a=1", "ab=2"), NULL, "{\"a\": 1, \"ab\": 2}");
	/* An earlier one is not even looked at. */
	gives(PAIRS("a=[1", "a=[2]"), NULL, "{\"a\": [2]}");
}

static bool has(const char *name, const char *text)
{
	struct json_span v;

	return json_member(json_span_of(&out), name, &v) && v.len == strlen(text) && !memcmp(v.text, text, v.len);
}

static void test_json_overrides_arg(void **state)
{
	(void) state;
	assert_int_equal(merge(PAIRS("a=1", "b=2"), "{\"b\": 20, \"c\": 30.10}"), AF_OK);
	assert_int_equal(json_check(out.data, out.len, NULL), AF_OK);
	assert_true(has("a", "1"));
	assert_true(has("b", "20"));
	assert_true(has("c", "30.10"));
	assert_null(strstr(out.data, "2,"));
}

static void test_equal_keys_written_differently(void **state)
{
	(void) state;
	assert_int_equal(merge(PAIRS("ab=1"), "{\"\\u0061b\": 2}"), AF_OK);
	assert_true(has("ab", "2"));
}

static void test_object_alone_is_taken_as_it_is(void **state)
{
	(void) state;
	gives(NO_PAIRS, " {\"task_type\" : \"abd\",\"n\":5.00}\n", "{\"task_type\" : \"abd\",\"n\":5.00}");
}

static void test_not_an_object(void **state)
{
	static const char *const other[] = { "[1]", "\"s\"", "5", "null", "true" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(other); i++)
		refuses(NO_PAIRS, other[i], "--json: a JSON object was expected");
	refuses(NO_PAIRS, "  ", "there is nothing");
}

/* The caret of the hint stands under this character of the hint's first line. */
static void caret_under(const char *text)
{
	const char *end = strchr(err.hint, '\n'), *caret = end ? strchr(end, '^') : NULL;
	const char *at = strstr(err.hint, text);

	assert_non_null(caret);
	assert_non_null(at);
	assert_true(at < end);
	assert_int_equal(at - err.hint, caret - end - 1);
}

static void test_typos_in_json(void **state)
{
	(void) state;
	refuses(NO_PAIRS, "{\"a\": 1, b: 2}", "--json: not JSON: line 1 column 10");
	caret_under("b: 2");
	refuses(NO_PAIRS, "{\"a\": 1,}", "column 9");
	caret_under("}");
	refuses(NO_PAIRS, "{'a': 1}", "column 2");
	refuses(NO_PAIRS, "{\"a\": 1", "column 8");
	refuses(NO_PAIRS, "{\"a\": NaN}", "column 7");
	refuses(NO_PAIRS, "{\"a\": 1} x", "column 10");
	refuses(NO_PAIRS, "{\"a\": 01}", "column");
}

static void test_typo_on_a_later_line(void **state)
{
	(void) state;
	refuses(NO_PAIRS, "{\n  \"a\": 1,\n  \"b\": oops\n}", "line 3 column 8");
	caret_under("oops");
	assert_null(strstr(err.hint, "\"a\""));
}

static void test_typo_in_a_long_line(void **state)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	strbuf_adds(&text, "{\"a\": \"");
	for (int i = 0; i < 10000; i++)
		strbuf_adds(&text, "lorem ");
	strbuf_adds(&text, "\", oops, \"b\": \"");
	for (int i = 0; i < 10000; i++)
		strbuf_adds(&text, "ipsum ");
	strbuf_adds(&text, "\"}");
	refuses(NO_PAIRS, text.data, "column 60011");
	caret_under("oops");
	assert_true(str_starts(err.hint, "..."));
	assert_true(strlen(err.hint) < 250);
}

static void test_typo_behind_wide_text(void **state)
{
	(void) state;
	refuses(NO_PAIRS, "{\"ä\xff", "UTF-8");
	refuses(NO_PAIRS, "{\"grüße\": ?}", "--json");
	/* One column per character: "grüße" has two that take two bytes each. */
	assert_non_null(strstr(err.hint, "\n          ^"));
}

static void test_typos_in_arg(void **state)
{
	(void) state;
	refuses(PAIRS("ids=[10,,20]"), NULL, "--arg ids: not JSON: line 1 column 5");
	caret_under(",20");
	refuses(PAIRS("ids=[10,20"), NULL, "--arg ids");
	refuses(PAIRS("o={\"a\":}"), NULL, "--arg o");
	refuses(PAIRS("o={a:1}"), NULL, "--arg o");
	refuses(PAIRS("s=\"open"), NULL, "--arg s");
	refuses(PAIRS("s=[INST] hello"), NULL, "--arg s");
	assert_non_null(strstr(err.hint, "goes in quotes"));
}

static void test_bytes_that_are_no_text(void **state)
{
	(void) state;
	refuses(PAIRS("x=\xff\xfe"), NULL, "--arg x is not UTF-8");
	refuses(PAIRS("\xff=1"), NULL, "is not UTF-8");
	refuses(NO_PAIRS, "{\"a\": \"\xc3\x28\"}", "UTF-8");
}

static void test_deep_nesting(void **state)
{
	char deep[100000];

	(void) state;
	memset(deep, '[', sizeof(deep));
	memcpy(deep, "x=", 2);
	deep[sizeof(deep) - 1] = '\0';
	refuses(PAIRS(deep), NULL, "nested too deeply");
}

/* ---- with the command line -------------------------------------------------------- */

static const char *input;
static int reads;

static af_code read_input(void *arg, struct strbuf *text, struct af_error *e)
{
	(void) arg;
	reads++;
	strbuf_adds(text, input);
	return strbuf_check(text, e);
}

static af_code read_line(const char *const *words, const char *stdin_text)
{
	struct command_io io = { .read_input = read_input };
	AF_AUTO(args) struct args *args = NULL;
	AUTO_FREE char *json = NULL;
	int count = 0;
	af_code rc;

	while (words[count])
		count++;
	input = stdin_text;
	reads = 0;
	strbuf_reset(&out);
	af_error_clear(&err);
	assert_int_equal(args_parse(command_find("call"), count, words, &args, NULL), AF_OK);
	rc = call_args_read(args, &io, &json, &err);
	if (!rc)
		strbuf_adds(&out, json);
	return rc;
}

static void test_command_line(void **state)
{
	(void) state;
	assert_int_equal(read_line(PAIRS("agentgym", "evaluate", "--arg", "ids=[10]", "--arg", "model=deepseek-ai/DeepSeek-V3",
					 "--arg", "seed=2717596881"), NULL), AF_OK);
	assert_string_equal(out.data, "{\"ids\": [10], \"model\": \"deepseek-ai/DeepSeek-V3\", \"seed\": 2717596881}");
	assert_int_equal(reads, 0);
}

static void test_stdin(void **state)
{
	(void) state;
	assert_int_equal(read_line(PAIRS("e", "m", "-"), "{\"a\": 1.50}\n"), AF_OK);
	assert_string_equal(out.data, "{\"a\": 1.50}");
	assert_int_equal(read_line(PAIRS("e", "m", "--json", "-", "--arg", "b=2", "--arg", "a=0"), "{\"a\": 1}"), AF_OK);
	assert_true(has("a", "1") && has("b", "2"));
	assert_int_equal(reads, 1);
	assert_int_equal(read_line(PAIRS("e", "m", "task_id=10", "seed=9007199254740993", "--arg", "x=1"), NULL), AF_OK);
	assert_string_equal(out.data, "{\"x\": 1, \"task_id\": 10, \"seed\": 9007199254740993}");
	assert_int_equal(read_line(PAIRS("e", "m", "-", "--json=-"), "{}"), AF_OK);
	assert_int_equal(reads, 1);
}

static void test_bad_stdin(void **state)
{
	(void) state;
	assert_int_equal(read_line(PAIRS("e", "m", "-"), ""), AF_ERR_USAGE);
	assert_true(str_starts(err.message, "call: stdin:"));
	assert_int_equal(read_line(PAIRS("e", "m", "-"), "{\"a\"}"), AF_ERR_USAGE);
	assert_non_null(strstr(err.message, "stdin: not JSON"));
}

static void test_wrong_third_word(void **state)
{
	(void) state;
	assert_int_equal(read_line(PAIRS("e", "m", "task_id"), NULL), AF_ERR_USAGE);
	assert_non_null(strstr(err.hint, "KEY=VALUE"));
	assert_int_equal(read_line(PAIRS("e", "m", "=10"), NULL), AF_ERR_USAGE);
	assert_int_equal(read_line(PAIRS("e", "m", "-", "--json", "{}"), "{}"), AF_ERR_USAGE);
	assert_int_equal(reads, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nothing),
		TEST(test_json_values),
		TEST(test_digits_survive),
		TEST(test_strings),
		TEST(test_near_numbers_are_strings),
		TEST(test_control_characters),
		TEST(test_keys),
		TEST(test_the_last_of_equal_keys_wins),
		TEST(test_json_overrides_arg),
		TEST(test_equal_keys_written_differently),
		TEST(test_object_alone_is_taken_as_it_is),
		TEST(test_not_an_object),
		TEST(test_typos_in_json),
		TEST(test_typo_on_a_later_line),
		TEST(test_typo_in_a_long_line),
		TEST(test_typo_behind_wide_text),
		TEST(test_typos_in_arg),
		TEST(test_bytes_that_are_no_text),
		TEST(test_deep_nesting),
		TEST(test_command_line),
		TEST(test_stdin),
		TEST(test_bad_stdin),
		TEST(test_wrong_third_word),
	};

	return cmocka_run_group_tests_name("call_args", tests, NULL, NULL);
}
