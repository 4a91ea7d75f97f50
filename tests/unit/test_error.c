/* base/error: made once, wrapped on the way up, freed once. */
#include "unit.h"

static void test_codes_have_names_and_statuses(void **state)
{
	(void) state;
	assert_string_equal(af_code_name(AF_OK), "ok");
	assert_string_equal(af_code_name(AF_ERR_NOT_FOUND), "not-found");
	assert_string_equal(af_code_name((af_code) 999), "unknown");
	assert_string_equal(af_code_name((af_code) -1), "unknown");
	assert_int_equal(af_code_exit_status(AF_OK), 0);
	assert_int_equal(af_code_exit_status(AF_ERR_METHOD), 1);
	assert_int_equal(af_code_exit_status(AF_ERR_USAGE), 2);
	assert_int_equal(af_code_exit_status(AF_ERR_NOT_FOUND), 3);
	assert_int_equal(af_code_exit_status(AF_ERR_LOST), 4);
	assert_int_equal(af_code_exit_status(AF_ERR_TIMEOUT), 5);
	assert_int_equal(af_code_exit_status(AF_ERR_CANCELLED), 130);
	assert_int_equal(af_code_exit_status((af_code) 999), 1);
	for (int code = 0; code <= AF_ERR_CANCELLED; code++)
		assert_non_null(af_code_name((af_code) code));
}

static void test_without_an_error_to_fill(void **state)
{
	(void) state;
	assert_int_equal(error_set(NULL, AF_ERR_IO, "x %d", 1), AF_ERR_IO);
	assert_int_equal(error_errno(NULL, AF_ERR_IO, 2, "x"), AF_ERR_IO);
	assert_int_equal(error_wrap(NULL, AF_ERR_LOST, "x"), AF_ERR_LOST);
	assert_int_equal(error_nomem(NULL), AF_ERR_NOMEM);
	error_hint(NULL, "x");
	error_move(NULL, NULL);
	af_error_clear(NULL);
}

static void test_wrapping_reads_from_the_outside_in(void **state)
{
	(void) state;
	error_errno(&err, AF_ERR_UNREACHABLE, 13, "connect %s", "/run/docker.sock");
	error_hint(&err, "use %s", "sudo");
	assert_int_equal(error_wrap(&err, AF_ERR_UNREACHABLE, "pull %s", "python:3.12"), AF_ERR_UNREACHABLE);
	error_wrap(&err, AF_ERR_NOT_FOUND, "run calc");
	assert_string_equal(err.message, "run calc: pull python:3.12: connect /run/docker.sock: Permission denied");
	assert_string_equal(err.hint, "use sudo");
	assert_int_equal(err.code, AF_ERR_NOT_FOUND);
	af_error_clear(&err);
	assert_null(err.message);
	assert_null(err.hint);
	assert_int_equal(err.code, AF_OK);
}

static void test_a_new_error_drops_the_old_hint(void **state)
{
	(void) state;
	error_set(&err, AF_ERR_IO, "first");
	error_hint(&err, "of the first");
	error_set(&err, AF_ERR_USAGE, "second");
	assert_null(err.hint);
	error_hint(&err, "of the second");
	error_nomem(&err);
	assert_null(err.hint);
	assert_string_equal(err.message, "out of memory");
	af_error_clear(&err);
}

static void test_a_message_may_be_made_of_itself(void **state)
{
	(void) state;
	error_set(&err, AF_ERR_IO, "inner");
	error_set(&err, AF_ERR_FAILED, "outer (%s)", err.message);
	error_hint(&err, "was: %s", err.message);
	error_hint(&err, "hint %s", err.hint);
	assert_string_equal(err.message, "outer (inner)");
	assert_string_equal(err.hint, "hint was: outer (inner)");
	af_error_clear(&err);
}

static void test_out_of_memory_can_be_wrapped_moved_and_freed(void **state)
{
	struct af_error other = AF_ERROR_INIT;

	(void) state;
	error_nomem(&other);
	error_wrap(&other, AF_ERR_NOMEM, "build");
	assert_string_equal(other.message, "build: out of memory");
	error_nomem(&other);
	error_nomem(&other);
	error_move(&err, &other);
	assert_null(other.message);
	assert_int_equal(other.code, AF_OK);
	error_set(&err, AF_ERR_IO, "over it");
	assert_string_equal(err.message, "over it");
	af_error_clear(&err);
	af_error_clear(&err);
}

static void test_moving_frees_what_was_there(void **state)
{
	struct af_error from = AF_ERROR_INIT;

	(void) state;
	error_set(&err, AF_ERR_IO, "old");
	error_hint(&err, "old");
	error_set(&from, AF_ERR_USAGE, "new");
	error_move(&err, &from);
	assert_string_equal(err.message, "new");
	assert_null(err.hint);
	error_set(&from, AF_ERR_USAGE, "dropped");
	error_hint(&from, "dropped");
	error_move(NULL, &from);
	assert_null(from.message);
	af_error_clear(&err);
}

static void test_a_huge_message_is_cut(void **state)
{
	AUTO_STRBUF big = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	while (big.len < 200000)
		strbuf_adds(&big, "0123456789");
	error_set(&err, AF_ERR_BUILD, "%s", big.data);
	assert_true(strlen(err.message) <= 65536);
	assert_true(str_ends(err.message, "..."));
	for (int i = 0; i < 3; i++)
		error_wrap(&err, AF_ERR_BUILD, "%s", big.data);
	assert_true(strlen(err.message) < 5 * 65536);
	af_error_clear(&err);
}

static void test_wrapping_nothing(void **state)
{
	(void) state;
	assert_int_equal(error_wrap(&err, AF_ERR_IO, "context"), AF_ERR_IO);
	assert_non_null(err.message);
	af_error_clear(&err);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_codes_have_names_and_statuses),
		cmocka_unit_test(test_without_an_error_to_fill),
		cmocka_unit_test(test_wrapping_reads_from_the_outside_in),
		cmocka_unit_test(test_a_new_error_drops_the_old_hint),
		cmocka_unit_test(test_a_message_may_be_made_of_itself),
		cmocka_unit_test(test_out_of_memory_can_be_wrapped_moved_and_freed),
		cmocka_unit_test(test_moving_frees_what_was_there),
		cmocka_unit_test(test_a_huge_message_is_cut),
		cmocka_unit_test(test_wrapping_nothing),
	};

	return RUN(tests);
}
