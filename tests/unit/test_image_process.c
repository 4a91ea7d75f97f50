/* base/process: running children. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>

#include "base/clock.h"
#include "base/process.h"

static void test_output_and_status(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo out; echo err >&2; exit 3", NULL };
	struct process_spec spec = { .argv = argv };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_int_equal(r.status, 3);
	assert_string_equal(r.out.data, "out\n");
	assert_string_equal(r.err.data, "err\n");
	assert_false(r.truncated);
}

static void test_signal_status(void **state)
{
	const char *const argv[] = { "sh", "-c", "kill -9 $$", NULL };
	struct process_spec spec = { .argv = argv };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_int_equal(r.status, 128 + SIGKILL);
}

static void test_input(void **state)
{
	enum { SIZE = 3 << 20 };
	const char *const argv[] = { "cat", NULL };
	char *data = malloc(SIZE);
	struct process_spec spec = { .argv = argv, .input = data, .input_len = SIZE, .max_output = SIZE };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_non_null(data);
	for (size_t i = 0; i < SIZE; i++)
		data[i] = (char) (i * 7 % 251);
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_int_equal(r.out.len, SIZE);
	assert_memory_equal(r.out.data, data, SIZE);
	free(data);
}

/* A child that does not read its input must not kill us by SIGPIPE. */
static void test_input_unread(void **state)
{
	static char data[1 << 20];
	const char *const argv[] = { "true", NULL };
	struct process_spec spec = { .argv = argv, .input = data, .input_len = sizeof(data) };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_int_equal(r.status, 0);
}

static void test_stdin_is_empty(void **state)
{
	const char *const argv[] = { "cat", NULL };
	struct process_spec spec = { .argv = argv, .timeout_ms = 10000 };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_int_equal(r.out.len, 0);
}

static void test_no_terminal(void **state)
{
	const char *const argv[] = { "sh", "-c", "(: </dev/tty) 2>/dev/null && echo tty || echo none", NULL };
	struct process_spec spec = { .argv = argv };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_string_equal(r.out.data, "none\n");
}

static void test_environment(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo \"$PROBE_A-${PROBE_B-unset}-$PROBE_C\"", NULL };
	const char *const env[] = { "PROBE_A=new", "PROBE_B", NULL };
	struct process_spec spec = { .argv = argv, .env = env };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	setenv("PROBE_A", "old", 1);
	setenv("PROBE_B", "old", 1);
	setenv("PROBE_C", "kept", 1);
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_string_equal(r.out.data, "new-unset-kept\n");
}

static void test_directory(void **state)
{
	const char *const argv[] = { "pwd", NULL };
	struct process_spec spec = { .argv = argv, .cwd = "/" };
	struct process_spec bad = { .argv = argv, .cwd = "/no/such/place" };
	struct af_error err = AF_ERROR_INIT;
	AF_AUTO(process_result) struct process_result r;
	AF_AUTO(process_result) struct process_result r2;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_string_equal(r.out.data, "/\n");
	assert_int_equal(process_run(&bad, &r2, &err), AF_ERR_NOT_FOUND);
	assert_non_null(strstr(err.message, "/no/such/place"));
	af_error_clear(&err);
}

static void test_no_such_program(void **state)
{
	const char *const argv[] = { "no-such-program-here", NULL };
	struct process_spec spec = { .argv = argv };
	struct af_error err = AF_ERROR_INIT;
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, &err), AF_ERR_NOT_FOUND);
	assert_string_equal(err.message, "no-such-program-here: no such program");
	af_error_clear(&err);
}

static void test_output_is_bounded(void **state)
{
	const char *const argv[] = { "sh", "-c", "seq 1 100000; seq 1 100000 >&2", NULL };
	struct process_spec spec = { .argv = argv, .max_output = 1000 };
	AF_AUTO(process_result) struct process_result r;

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_true(r.truncated);
	assert_int_equal(r.out.len, 1000);
	assert_memory_equal(r.out.data, "1\n2\n3\n", 6);
	assert_int_equal(r.err.len, 1000);
	assert_string_equal(r.err.data + r.err.len - 7, "100000\n");
}

static void test_timeout(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct process_spec spec = { .argv = argv, .timeout_ms = 50 };
	struct af_error err = AF_ERROR_INIT;
	AF_AUTO(process_result) struct process_result r;
	int64_t start = clock_ms();

	(void) state;
	assert_int_equal(process_run(&spec, &r, &err), AF_ERR_TIMEOUT);
	assert_true(clock_ms() - start < 10000);
	assert_string_equal(err.message, "sleep did not end within 0.05 s");
	af_error_clear(&err);
}

/* One that ignores SIGTERM, and its child, are killed. */
static void test_stubborn(void **state)
{
	const char *const argv[] = { "sh", "-c", "trap '' TERM; sleep 60 & wait; sleep 60", NULL };
	struct process_spec spec = { .argv = argv, .timeout_ms = 50 };
	AF_AUTO(process_result) struct process_result r;
	int64_t start = clock_ms();

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_ERR_TIMEOUT);
	assert_true(clock_ms() - start < 20000);
}

/* A background process that keeps the pipes open does not keep us. */
static void test_left_behind(void **state)
{
	const char *const argv[] = { "sh", "-c", "sleep 60 & echo started", NULL };
	struct process_spec spec = { .argv = argv };
	AF_AUTO(process_result) struct process_result r;
	int64_t start = clock_ms();

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_OK);
	assert_string_equal(r.out.data, "started\n");
	assert_true(clock_ms() - start < 10000);
}

/* Cancels as soon as the child has said that it runs. */
static void cancel_on_output(void *arg, int fd, const char *data, size_t len)
{
	(void) fd;
	(void) data;
	(void) len;
	cancel_trigger(arg);
}

static void test_cancel(void **state)
{
	const char *const argv[] = { "sh", "-c", "echo up; sleep 60", NULL };
	struct cancel *cancel = cancel_new(NULL);
	struct process_spec spec = { .argv = argv, .cancel = cancel, .on_output = cancel_on_output, .arg = cancel };
	AF_AUTO(process_result) struct process_result r;
	AF_AUTO(process_result) struct process_result again;
	int64_t start = clock_ms();

	(void) state;
	assert_int_equal(process_run(&spec, &r, NULL), AF_ERR_CANCELLED);
	assert_true(clock_ms() - start < 10000);
	assert_int_equal(process_run(&spec, &again, NULL), AF_ERR_CANCELLED);
	cancel_free(cancel);
}

static void *trigger(void *arg)
{
	cancel_trigger(arg);
	return NULL;
}

static void test_cancel_from_another_thread(void **state)
{
	const char *const argv[] = { "sleep", "60", NULL };
	struct cancel *cancel = cancel_new(NULL);
	struct process_spec spec = { .argv = argv, .cancel = cancel };
	AF_AUTO(process_result) struct process_result r;
	pthread_t thread;

	(void) state;
	assert_int_equal(pthread_create(&thread, NULL, trigger, cancel), 0);
	assert_int_equal(process_run(&spec, &r, NULL), AF_ERR_CANCELLED);
	pthread_join(thread, NULL);
	cancel_free(cancel);
}

static void expect_last_line(const char *text, const char *expected)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	AUTO_FREE char *line = NULL;

	strbuf_adds(&sb, text);
	line = process_last_line(&sb, NULL);
	assert_non_null(line);
	assert_string_equal(line, expected);
}

static void test_last_line(void **state)
{
	(void) state;
	expect_last_line("", "");
	expect_last_line(" \n\n", "");
	expect_last_line("one", "one");
	expect_last_line("Traceback:\n  File x\nValueError: bad\n\n", "ValueError: bad");
	expect_last_line("a\n  b\t\r\n", "b");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_status),
		cmocka_unit_test(test_signal_status),
		cmocka_unit_test(test_input),
		cmocka_unit_test(test_input_unread),
		cmocka_unit_test(test_stdin_is_empty),
		cmocka_unit_test(test_no_terminal),
		cmocka_unit_test(test_environment),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_no_such_program),
		cmocka_unit_test(test_output_is_bounded),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_stubborn),
		cmocka_unit_test(test_left_behind),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_cancel_from_another_thread),
		cmocka_unit_test(test_last_line),
	};

	return cmocka_run_group_tests_name("process", tests, NULL, NULL);
}
