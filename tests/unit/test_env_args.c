/* command/env_args: --env and --env-file → KEY=VALUE. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "command/env_args.h"

static struct af_error err = AF_ERROR_INIT;
static struct strlist env;

static int setup(void **state)
{
	(void) state;
	setenv("AFS_TEST_SET", "own value", 1);
	setenv("AFS_TEST_EMPTY", "", 1);
	unsetenv("AFS_TEST_UNSET");
	return 0;
}

static int teardown(void **state)
{
	(void) state;
	strlist_free(&env);
	af_error_clear(&err);
	return 0;
}

static af_code text(const char *s)
{
	strlist_free(&env);
	af_error_clear(&err);
	return env_args_parse(&env, "vars.env", s, strlen(s), &err);
}

static void is(size_t index, const char *pair)
{
	assert_true(index < env.count);
	assert_string_equal(env.items[index], pair);
}

/* The error names the line and shows nothing of it. */
static void refuses(const char *s, const char *part, const char *secret)
{
	assert_int_equal(text(s), AF_ERR_USAGE);
	if (!strstr(err.message, part))
		fail_msg("\"%s\" lacks \"%s\"", err.message, part);
	assert_null(strstr(err.message, secret));
	assert_null(strstr(err.hint, secret));
}

static void test_words(void **state)
{
	(void) state;
	assert_int_equal(env_args_add(&env, "A=1", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "B=", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "C=x=y z", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "AFS_TEST_SET", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "AFS_TEST_EMPTY", &err), AF_OK);
	is(0, "A=1");
	is(1, "B=");
	is(2, "C=x=y z");
	is(3, "AFS_TEST_SET=own value");
	is(4, "AFS_TEST_EMPTY=");
}

static void test_unset_variable(void **state)
{
	(void) state;
	assert_int_equal(env_args_add(&env, "AFS_TEST_UNSET", &err), AF_ERR_USAGE);
	assert_non_null(strstr(err.message, "AFS_TEST_UNSET"));
	assert_non_null(strstr(err.hint, "export"));
	assert_int_equal(env.count, 0);
}

static void test_words_without_a_name(void **state)
{
	(void) state;
	assert_int_equal(env_args_add(&env, "=hunter2", &err), AF_ERR_USAGE);
	assert_null(strstr(err.message, "hunter2"));
	assert_int_equal(env_args_add(&env, "", &err), AF_ERR_USAGE);
}

static void test_later_words_replace_earlier_ones(void **state)
{
	(void) state;
	assert_int_equal(env_args_add(&env, "A=1", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "AB=2", &err), AF_OK);
	assert_int_equal(env_args_add(&env, "A=3", &err), AF_OK);
	assert_int_equal(env.count, 2);
	is(0, "A=3");
	is(1, "AB=2");
}

static void test_file(void **state)
{
	(void) state;
	assert_int_equal(text("# comment\n\nA=1\n  B=two words  \n\t# another\nC='kept as it is'\nD=a#b\nE=\n"), AF_OK);
	assert_int_equal(env.count, 5);
	is(0, "A=1");
	is(1, "B=two words  ");
	is(2, "C='kept as it is'");
	is(3, "D=a#b");
	is(4, "E=");
}

static void test_file_names_alone(void **state)
{
	(void) state;
	assert_int_equal(text("AFS_TEST_SET\nAFS_TEST_UNSET\n AFS_TEST_EMPTY \n"), AF_OK);
	assert_int_equal(env.count, 2);
	is(0, "AFS_TEST_SET=own value");
	is(1, "AFS_TEST_EMPTY=");
}

static void test_file_line_ends(void **state)
{
	(void) state;
	assert_int_equal(text("\xef\xbb\xbf" "A=1\r\nB=2"), AF_OK);
	assert_int_equal(env.count, 2);
	is(0, "A=1");
	is(1, "B=2");
	assert_int_equal(text(""), AF_OK);
	assert_int_equal(env.count, 0);
	assert_int_equal(text("\r\n\r\n"), AF_OK);
	assert_int_equal(env.count, 0);
}

static void test_file_mistakes(void **state)
{
	(void) state;
	refuses("A=1\n=hunter2\n", "vars.env line 2", "hunter2");
	refuses("-----BEGIN PRIVATE KEY-----\n", "line 1", "PRIVATE");
	refuses("A=1\nexport B=hunter2\n", "line 2: the name contains a space", "hunter2");
	refuses("A=\xff\xfehunter2\n", "line 1: this is not UTF-8", "hunter2");
}

static void test_file_with_nul(void **state)
{
	(void) state;
	assert_int_equal(env_args_parse(&env, "f", "A=1\0B=2\n", 8, &err), AF_ERR_USAGE);
	assert_int_equal(env.count, 0);
}

/* ---- with the command line -------------------------------------------------------- */

static af_code read_line(const char *const *words, int count)
{
	AF_AUTO(args) struct args *args = NULL;

	strlist_free(&env);
	af_error_clear(&err);
	assert_int_equal(args_parse(command_find("run"), count, words, &args, NULL), AF_OK);
	return env_args_read(args, &env, &err);
}

static void test_env_overrides_files(void **state)
{
	char path[] = "/tmp/afs-test-env-XXXXXX";
	int fd = mkstemp(path);
	FILE *f = fdopen(fd, "w");

	(void) state;
	assert_non_null(f);
	fputs("A=file\nB=file\n", f);
	fclose(f);
	const char *const words[] = { "image", "--env", "A=word", "--env-file", path, "--env", "C=1" };
	assert_int_equal(read_line(words, 7), AF_OK);
	unlink(path);
	assert_int_equal(env.count, 3);
	is(0, "A=word");
	is(1, "B=file");
	is(2, "C=1");
}

static void test_missing_file(void **state)
{
	const char *const words[] = { "image", "--env-file", "/nonexistent/vars" };

	(void) state;
	assert_int_equal(read_line(words, 3), AF_ERR_NOT_FOUND);
	assert_true(str_starts(err.message, "run: --env-file: "));
	assert_non_null(strstr(err.message, "/nonexistent/vars"));
}

static void test_none(void **state)
{
	const char *const words[] = { "image" };

	(void) state;
	assert_int_equal(read_line(words, 1), AF_OK);
	assert_int_equal(env.count, 0);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_words),
		TEST(test_unset_variable),
		TEST(test_words_without_a_name),
		TEST(test_later_words_replace_earlier_ones),
		TEST(test_file),
		TEST(test_file_names_alone),
		TEST(test_file_line_ends),
		TEST(test_file_mistakes),
		TEST(test_file_with_nul),
		TEST(test_env_overrides_files),
		TEST(test_missing_file),
		TEST(test_none),
	};

	return cmocka_run_group_tests_name("env_args", tests, NULL, NULL);
}
