/* command/parse, args, word: words of a command line → struct args. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "command/command.h"
#include "command/nearest.h"

#define WORDS(...) (const char *const[]){ __VA_ARGS__, NULL }
#define NO_WORDS (const char *const[]){ NULL }

static struct af_error err = AF_ERROR_INIT;
static struct args *args;

static int setup(void **state)
{
	(void) state;
	args = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	args_free(args);
	af_error_clear(&err);
	return 0;
}

static af_code parse(const char *command, const char *const *words)
{
	int count = 0;

	args_free(args);
	args = NULL;
	af_error_clear(&err);
	while (words[count])
		count++;
	assert_non_null(command_find(command));
	return args_parse(command_find(command), count, words, &args, &err);
}

static void parses(const char *command, const char *const *words)
{
	af_code rc = parse(command, words);

	if (rc)
		print_message("# %s\n", err.message);
	assert_int_equal(rc, AF_OK);
	assert_null(err.message);
	assert_non_null(args);
}

/* A USAGE error that names the command, contains `part` and says what to do. */
static void refuses(const char *command, const char *const *words, const char *part)
{
	assert_int_equal(parse(command, words), AF_ERR_USAGE);
	assert_null(args);
	assert_int_equal(err.code, AF_ERR_USAGE);
	assert_true(str_starts(err.message, command));
	if (!strstr(err.message, part))
		fail_msg("\"%s\" lacks \"%s\"", err.message, part);
	assert_non_null(err.hint);
}

static void test_defaults(void **state)
{
	(void) state;
	parses("run", WORDS("calc:v1"));
	assert_string_equal(args_operand(args, "IMAGE"), "calc:v1");
	assert_false(args_has(args, "replicas"));
	assert_int_equal(args_number(args, "replicas"), 1);
	assert_string_equal(args_text(args, "load-balance"), "random");
	assert_null(args_text(args, "mode")); /* what there is decides */
	assert_int_equal(args_number(args, "timeout"), 120000);
	assert_null(args_text(args, "mem-limit"));
	assert_int_equal(args_number(args, "mem-limit"), 0);
	assert_true(args_decimal(args, "cpu-limit") == 0);
	assert_int_equal(args_all(args, "env")->count, 0);
	assert_int_equal(args_command(args)->count, 0);
	assert_false(args_help(args));
}

static void test_call_default_timeout(void **state)
{
	(void) state;
	parses("call", WORDS("my-env", "evaluate"));
	assert_int_equal(args_number(args, "timeout"), 300000);
}

static void test_forms_of_long_options(void **state)
{
	(void) state;
	parses("build", WORDS("--tag=a:v1", "dir"));
	assert_string_equal(args_text(args, "tag"), "a:v1");
	parses("build", WORDS("dir", "--tag", "a:v2"));
	assert_string_equal(args_text(args, "tag"), "a:v2");
	assert_string_equal(args_operand(args, "ENV_DIR"), "dir");
	parses("build", WORDS("--no-cache", "--tag", "a", "--push", "dir"));
	assert_true(args_has(args, "no-cache"));
	assert_true(args_has(args, "push"));
	assert_false(args_has(args, "quiet"));
}

static void test_forms_of_short_options(void **state)
{
	(void) state;
	parses("logs", WORDS("x", "-n", "5"));
	assert_int_equal(args_number(args, "tail"), 5);
	parses("logs", WORDS("x", "-n7"));
	assert_int_equal(args_number(args, "tail"), 7);
	parses("logs", WORDS("-ft", "x"));
	assert_true(args_has(args, "follow") && args_has(args, "timestamps"));
	parses("logs", WORDS("-ftn9", "x"));
	assert_int_equal(args_number(args, "tail"), 9);
	parses("logs", WORDS("-tfn", "11", "x"));
	assert_int_equal(args_number(args, "tail"), 11);
}

static void test_values_with_equal_signs(void **state)
{
	(void) state;
	parses("call", WORDS("e", "m", "--arg", "q=a=b=c", "--arg=r==", "-as=1"));
	assert_int_equal(args_all(args, "arg")->count, 3);
	assert_string_equal(args_all(args, "arg")->items[0], "q=a=b=c");
	assert_string_equal(args_all(args, "arg")->items[1], "r==");
	assert_string_equal(args_all(args, "arg")->items[2], "s=1");
}

static void test_the_last_one_wins(void **state)
{
	(void) state;
	parses("run", WORDS("i", "--replicas", "2", "--replicas=4", "--mem-limit", "1g", "--mem-limit", "2g"));
	assert_int_equal(args_number(args, "replicas"), 4);
	assert_int_equal(args_all(args, "replicas")->count, 1);
	assert_int_equal(args_number(args, "mem-limit"), (int64_t) 2 << 30);
	assert_string_equal(args_text(args, "mem-limit"), "2g");
}

static void test_repeated_options_keep_their_order(void **state)
{
	(void) state;
	parses("run", WORDS("i", "-e", "A=1", "--env=B", "--env", "A=2", "-v", "/a:/b", "-v", "/c:/d"));
	assert_int_equal(args_all(args, "env")->count, 3);
	assert_string_equal(args_all(args, "env")->items[0], "A=1");
	assert_string_equal(args_all(args, "env")->items[2], "A=2");
	assert_null(args_all(args, "env")->items[3]);
	assert_int_equal(args_all(args, "volume")->count, 2);
}

static void test_kinds_of_numbers(void **state)
{
	(void) state;
	parses("run", WORDS("i", "--mem-limit=512m", "--cpu-limit=1.5", "--timeout", "90"));
	assert_int_equal(args_number(args, "mem-limit"), 512 << 20);
	assert_true(args_decimal(args, "cpu-limit") == 1.5);
	assert_int_equal(args_number(args, "timeout"), 90000);
	parses("run", WORDS("i", "--timeout", "1.5s"));
	assert_int_equal(args_number(args, "timeout"), 1500);
	parses("run", WORDS("i", "--timeout", "10m"));
	assert_int_equal(args_number(args, "timeout"), 600000);
	parses("run", WORDS("i", "--timeout", "0"));
	assert_int_equal(args_number(args, "timeout"), 0);
}

static void test_double_dash_ends_options(void **state)
{
	(void) state;
	parses("stop", WORDS("--", "--all", "-x"));
	assert_false(args_has(args, "all"));
	assert_int_equal(args_rest(args, "NAME")->count, 2);
	assert_string_equal(args_rest(args, "NAME")->items[0], "--all");
}

static void test_trailing_command(void **state)
{
	(void) state;
	parses("exec", WORDS("my-env", "--replica", "2", "--", "ls", "-la", "", "--", "--help"));
	assert_int_equal(args_number(args, "replica"), 2);
	assert_int_equal(args_command(args)->count, 5);
	assert_string_equal(args_command(args)->items[0], "ls");
	assert_string_equal(args_command(args)->items[2], "");
	assert_string_equal(args_command(args)->items[3], "--");
	assert_null(args_command(args)->items[5]);
	assert_false(args_help(args));
	parses("exec", WORDS("my-env", "--"));
	assert_int_equal(args_command(args)->count, 0);
}

static void test_repeated_operand(void **state)
{
	(void) state;
	parses("stop", WORDS("a", "--timeout", "3", "b", "c"));
	assert_int_equal(args_rest(args, "NAME")->count, 3);
	assert_string_equal(args_operand(args, "NAME"), "a");
	assert_string_equal(args_rest(args, "NAME")->items[2], "c");
	parses("stop", WORDS("--all"));
	assert_null(args_operand(args, "NAME"));
	assert_int_equal(args_rest(args, "NAME")->count, 0);
}

static void test_single_dash_is_an_operand(void **state)
{
	(void) state;
	parses("call", WORDS("e", "m", "-"));
	assert_string_equal(args_rest(args, "ARGUMENT")->items[0], "-");
	parses("call", WORDS("e", "m", "--json", "-"));
	assert_int_equal(args_rest(args, "ARGUMENT")->count, 0);
	assert_string_equal(args_text(args, "json"), "-");
}

static void test_help_wins_over_mistakes(void **state)
{
	(void) state;
	parses("build", WORDS("--help"));
	assert_true(args_help(args));
	parses("build", WORDS("--nonsense", "a", "b", "-h"));
	assert_true(args_help(args));
	parses("run", WORDS("--replicas", "x", "--help"));
	assert_true(args_help(args));
	parses("exec", WORDS("e", "--", "--help"));
	assert_false(args_help(args));
}

static void test_unknown_options(void **state)
{
	(void) state;
	refuses("run", WORDS("i", "--replica", "3"), "\"--replica\"");
	assert_non_null(strstr(err.hint, "--replicas"));
	refuses("run", WORDS("i", "--mem-limt=2g"), "\"--mem-limt\"");
	assert_non_null(strstr(err.hint, "--mem-limit"));
	refuses("run", WORDS("i", "--xyzzy"), "\"--xyzzy\"");
	assert_non_null(strstr(err.hint, "afs run --help"));
	refuses("run", WORDS("i", "-z"), "\"-z\"");
	refuses("logs", WORDS("i", "-fz"), "\"-fz\"");
	refuses("run", WORDS("i", "-5"), "\"-5\"");
	refuses("run", WORDS("i", "--=x"), "\"--\"");
}

static void test_missing_values(void **state)
{
	(void) state;
	refuses("build", WORDS("d", "--tag"), "--tag needs a value");
	refuses("logs", WORDS("d", "-n"), "--tail needs a value");
	refuses("build", WORDS("d", "--tag", "--push"), "--push follows");
	refuses("logs", WORDS("d", "--grep", "-f"), "-f follows");
	refuses("exec", WORDS("d", "--replica", "--", "ls"), "--replica needs a value");
	parses("logs", WORDS("d", "--grep=-f"));
	assert_string_equal(args_text(args, "grep"), "-f");
	parses("logs", WORDS("d", "--grep", "-zz"));
	assert_string_equal(args_text(args, "grep"), "-zz");
}

static void test_values_for_flags(void **state)
{
	(void) state;
	refuses("build", WORDS("d", "--tag=a", "--push=yes"), "--push takes no value");
	refuses("build", WORDS("d", "--tag=a", "--push="), "--push takes no value");
}

static void test_missing_words(void **state)
{
	(void) state;
	refuses("build", NO_WORDS, "ENV_DIR is missing");
	refuses("build", WORDS("dir"), "--tag TAG is missing");
	refuses("call", WORDS("my-env"), "METHOD is missing");
	assert_non_null(strstr(err.hint, "afs call NAME METHOD"));
	refuses("init", NO_WORDS, "NAME is missing");
	refuses("exec", WORDS("--", "ls"), "NAME is missing");
}

static void test_too_many_words(void **state)
{
	(void) state;
	refuses("run", WORDS("a", "b"), "\"b\" is one word too many");
	refuses("ps", WORDS("x"), "\"x\"");
	refuses("exec", WORDS("e", "ls"), "\"ls\"");
	assert_non_null(strstr(err.hint, "-- CMD"));
}

static void test_empty_words(void **state)
{
	(void) state;
	refuses("build", WORDS("d", "--tag", ""), "--tag is empty");
	refuses("build", WORDS("d", "--tag="), "--tag is empty");
	refuses("call", WORDS("", "m"), "NAME is empty");
	refuses("stop", WORDS("a", ""), "NAME is empty");
	refuses("call", WORDS("e", "m", "--json", ""), "--json is empty");
}

static void test_bad_integers(void **state)
{
	static const char *const bad[] = { "0", "-1", "x", "1.5", "1001", "99999999999999999999", "0x10", " 3", "3 ", "1e2" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refuses("run", WORDS("i", "--replicas", bad[i]), "--replicas takes a whole number from 1 to 1000");
	refuses("call", WORDS("e", "m", "--replica=-1"), "from 0 up");
	parses("call", WORDS("e", "m", "--replica=0"));
	assert_true(args_has(args, "replica"));
}

static void test_bad_sizes_and_times(void **state)
{
	static const char *const sizes[] = { "much", "1x", "-1g", "0", "2gg", "g", "1e999g", "nan" };
	static const char *const times[] = { "soon", "-1", "1y", "s", "0.0001", "nan", "inf", "1e400" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		refuses("run", WORDS("i", "--mem-limit", sizes[i]), "--mem-limit takes a size");
	for (size_t i = 0; i < ARRAY_LEN(times); i++)
		refuses("run", WORDS("i", "--timeout", times[i]), "--timeout takes a time");
}

static void test_bad_decimals(void **state)
{
	static const char *const bad[] = { "0", "-1", "x", "inf", "nan", "1,5", "1.5x" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		refuses("run", WORDS("i", "--cpu-limit", bad[i]), "--cpu-limit takes a positive number");
}

static void test_bad_choices(void **state)
{
	(void) state;
	refuses("run", WORDS("i", "--load-balance", "rand"), "takes random, round_robin or least_busy, not \"rand\"");
	refuses("run", WORDS("i", "--load-balance", "random|round_robin"), "--load-balance takes");
	refuses("run", WORDS("i", "--mode", "Docker"), "--mode takes");
	refuses("init", WORDS("e", "--template", "flask"), "--template takes basic, actor or fastapi");
	parses("run", WORDS("i", "--load-balance", "least_busy"));
}

static void test_bad_key_values(void **state)
{
	(void) state;
	refuses("call", WORDS("e", "m", "--arg", "novalue"), "--arg takes KEY=VALUE, not \"novalue\"");
	refuses("call", WORDS("e", "m", "--arg", "=1"), "--arg takes KEY=VALUE");
	refuses("build", WORDS("d", "--tag=a", "--build-arg", "X"), "--build-arg takes KEY=VALUE");
	parses("call", WORDS("e", "m", "--arg", "x="));
}

static void test_secrets_stay_out_of_errors(void **state)
{
	(void) state;
	refuses("run", WORDS("i", "--env", "=hunter2"), "--env takes KEY=VALUE or KEY");
	assert_null(strstr(err.message, "hunter2"));
	assert_null(strstr(err.hint, "hunter2"));
}

static void test_hostile_words_are_quoted_harmlessly(void **state)
{
	char huge[5000];

	(void) state;
	refuses("ps", WORDS("\x1b[2J\x07"), "one word too many");
	assert_null(strchr(err.message, '\x1b'));
	assert_null(strchr(err.message, '\x07'));
	refuses("ps", WORDS("\xff\xfe\xc3"), "one word too many");
	refuses("ps", WORDS("--\x1b]0;x\x07"), "there is no option");
	assert_null(strchr(err.message, '\x1b'));
	memset(huge, 'a', sizeof(huge));
	huge[sizeof(huge) - 1] = '\0';
	refuses("ps", WORDS(huge), "…\"");
	assert_true(strlen(err.message) < 200);
	memcpy(huge, "--", 2);
	refuses("ps", WORDS(huge), "there is no option");
	assert_true(strlen(err.message) < 200);
}

static void test_exclusive(void **state)
{
	(void) state;
	parses("call", WORDS("e", "m", "--all", "--replica", "0"));
	assert_int_equal(args_exclusive(args, "all", "replica", &err), AF_ERR_USAGE);
	assert_non_null(strstr(err.message, "call: --all and --replica"));
	parses("call", WORDS("e", "m", "--all"));
	assert_int_equal(args_exclusive(args, "all", "replica", &err), AF_OK);
}

static void test_without_an_error_to_fill(void **state)
{
	struct args *none = NULL;

	(void) state;
	assert_int_equal(args_parse(command_find("run"), 1, WORDS("--nope"), &none, NULL), AF_ERR_USAGE);
	assert_null(none);
	args_free(NULL);
}

static void test_word_distance(void **state)
{
	(void) state;
	assert_int_equal(word_distance("build", "build"), 0);
	assert_int_equal(word_distance("bulid", "build"), 1);
	assert_int_equal(word_distance("", "build"), 5);
	assert_int_equal(word_distance("kitten", "sitting"), 3);
	assert_int_equal(word_distance("run", "stop"), 4);
	assert_int_equal(word_distance("0123456789012345678901234567890123456789x", "x"), 255);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_defaults),
		TEST(test_call_default_timeout),
		TEST(test_forms_of_long_options),
		TEST(test_forms_of_short_options),
		TEST(test_values_with_equal_signs),
		TEST(test_the_last_one_wins),
		TEST(test_repeated_options_keep_their_order),
		TEST(test_kinds_of_numbers),
		TEST(test_double_dash_ends_options),
		TEST(test_trailing_command),
		TEST(test_repeated_operand),
		TEST(test_single_dash_is_an_operand),
		TEST(test_help_wins_over_mistakes),
		TEST(test_unknown_options),
		TEST(test_missing_values),
		TEST(test_values_for_flags),
		TEST(test_missing_words),
		TEST(test_too_many_words),
		TEST(test_empty_words),
		TEST(test_bad_integers),
		TEST(test_bad_sizes_and_times),
		TEST(test_bad_decimals),
		TEST(test_bad_choices),
		TEST(test_bad_key_values),
		TEST(test_secrets_stay_out_of_errors),
		TEST(test_hostile_words_are_quoted_harmlessly),
		TEST(test_exclusive),
		TEST(test_without_an_error_to_fill),
		TEST(test_word_distance),
	};

	return cmocka_run_group_tests_name("args", tests, NULL, NULL);
}
