/* Command lines: to words as a shell would split them, back to text, and without their secrets. */
#include "unit.h"

#include "command/words.h"

static void check_split(const char *line, const char *const *want, size_t count)
{
	AUTO_STRLIST words = { 0 };

	ok(words_split(line, &words, &err));
	if (words.count != count)
		fail_msg("<%s>: %zu words, not %zu", line, words.count, count);
	for (size_t i = 0; i < count; i++)
		assert_string_equal(words.items[i], want[i]);
}
#define splits(line, ...) \
	check_split(line, (const char *const[]){ __VA_ARGS__ }, ARRAY_LEN(((const char *const[]){ __VA_ARGS__ })))

static void test_split(void **state UNUSED)
{
	check_split("", NULL, 0);
	check_split(" \t\n ", NULL, 0);
	splits("run x", "run", "x");
	splits("  run\t x \n", "run", "x");
	splits("a 'b c' \"d e\"", "a", "b c", "d e");
	splits("a''b '' \"\"", "ab", "", "");
	splits("x='{\"a\": 1}'", "x={\"a\": 1}");
	splits("\"a\\\"b\\\\c\\d\\$\"", "a\"b\\c\\d$");
	splits("'a\\b'", "a\\b");
	splits("a\\ b c\\\\d", "a b", "c\\d");
	splits("end\\", "end\\");
	splits("$HOME `x` *", "$HOME", "`x`", "*");
	splits("naïve 名前", "naïve", "名前");
}

static void test_open_quotes(void **state UNUSED)
{
	static const char *const lines[] = { "'", "\"", "a 'b", "a \"b\\\"", "a'b'c'" };

	for (size_t i = 0; i < ARRAY_LEN(lines); i++) {
		AUTO_STRLIST words = { 0 };
		fails(words_split(lines[i], &words, &err), AF_ERR_USAGE, "is not closed");
	}
}

/* Whatever the words hold, they come back from what they were joined to. */
static void test_join_and_back(void **state UNUSED)
{
	static const char *const words[] = { "call", "", " ", "a b", "it's", "\"", "\\", "$x", "a=\"b\"", "tab\there",
					     "line\nend", "*", "[1, 2]", "~", "#", "é名", "-", "--" };
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRLIST back = { 0 };

	words_join(&line, words, ARRAY_LEN(words));
	ok(words_split(line.data, &back, &err));
	assert_int_equal(back.count, ARRAY_LEN(words));
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		assert_string_equal(back.items[i], words[i]);
	strbuf_reset(&line);
	words_join(&line, (const char *const[]){ "run", "x:v1", "--replicas", "3" }, 4);
	assert_string_equal(line.data, "run x:v1 --replicas 3");
}

/* The line without its secrets; "hunter2" is in none of them. */
static void check_masked(const char *line, const char *want)
{
	AUTO_STRLIST words = { 0 };
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_LINE);

	ok(words_split(line, &words, &err));
	const struct command_spec *spec = command_find(words.items[0]);
	assert_non_null(spec);
	words_join_masked(&masked, spec, (const char *const *) words.items, (int) words.count);
	assert_string_equal(masked.data, want);
	assert_null(strstr(masked.data, "hunter2"));
}

static void test_secret_options(void **state UNUSED)
{
	check_masked("run x --env PW=hunter2", "run x --env PW=***");
	check_masked("run x --env=PW=hunter2", "run x --env=PW=***");
	check_masked("run x -e PW=hunter2", "run x -e PW=***");
	check_masked("run x -ePW=hunter2", "run x -ePW=***");
	check_masked("run -e A=hunter2 x -e B=hunter2=2", "run -e A=*** x -e B=***");
	check_masked("run x --env 'PW=hunter2 and more'", "run x --env PW=***");
	check_masked("run x --env PW", "run x --env PW");
	check_masked("run x --env", "run x --env");
	check_masked("run x -e", "run x -e");
	check_masked("run x --env=", "run x --env=''");
	check_masked("run x --env-file secrets --name a=b", "run x --env-file secrets --name a=b");
	check_masked("run x --replicas 3 -n 4", "run x --replicas 3 -n 4");
}

/* What a call says is kept in the history and in notices too. */
static void test_secret_arguments(void **state UNUSED)
{
	check_masked("call e m api_key=hunter2 seed=1", "call e m api_key=*** seed=1");
	check_masked("call e m --arg api_key=hunter2 --arg max_tokens=5", "call e m --arg api_key=*** --arg max_tokens=5");
	check_masked("call e m --arg=token=hunter2", "call e m --arg=token=***");
	check_masked("call e m -atoken=hunter2", "call e m -atoken=***");
	check_masked("call e m -a password=hunter2", "call e m -a password=***");
	check_masked("call e m --json '{\"task\": 1}'", "call e m --json '{\"task\": 1}'");
	check_masked("call e m --json -", "call e m --json -");
	check_masked("call e m --json '{\"token\": hunter2'", "call e m --json ***");
	check_masked("build d --tag t --build-arg TOKEN=hunter2", "build d --tag t --build-arg TOKEN=***");
}

static void test_secret_json(void **state UNUSED)
{
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_LINE);
	const char *const words[] = { "call", "e", "m", "--json", "{\"a\": {\"api_key\": \"hunter2\"}, \"b\": 1}" };

	words_join_masked(&masked, command_find("call"), words, ARRAY_LEN(words));
	assert_null(strstr(masked.data, "hunter2"));
	has_text(masked.data, "***");
	has_text(masked.data, "api_key");
}

/* A program's own command line behind -- is no argument of ours. */
static void test_trailing_command(void **state UNUSED)
{
	check_masked("exec e -- env token=1 'a b'", "exec e -- env token=1 'a b'");
	check_masked("exec e --replica 2 -- ls -la", "exec e --replica 2 -- ls -la");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),	       cmocka_unit_test(test_open_quotes),
		cmocka_unit_test(test_join_and_back),  cmocka_unit_test(test_secret_options),
		cmocka_unit_test(test_secret_arguments), cmocka_unit_test(test_secret_json),
		cmocka_unit_test(test_trailing_command),
	};

	return RUN(tests);
}
