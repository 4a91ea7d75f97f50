/* base/strbuf: growing, maxima, failures that stick; lists of strings. */
#include "unit.h"

static void test_empty_is_a_string(void **state)
{
	struct strbuf sb = STRBUF_INIT(10);

	(void) state;
	assert_string_equal(sb.data, "");
	strbuf_add(&sb, NULL, 0);
	strbuf_adds(&sb, "");
	strbuf_truncate(&sb, 0);
	strbuf_remove(&sb, 0, 5);
	assert_ptr_equal(sb.data, strbuf_empty);
	strbuf_free(&sb);
	strbuf_free(&sb);
	assert_int_equal(strbuf_empty[0], 0);
}

static void test_appending(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	(void) state;
	strbuf_adds(&sb, "ab");
	strbuf_addc(&sb, 'c');
	strbuf_add(&sb, "d\0e", 3);
	strbuf_addf(&sb, "%s-%d", "f", 7);
	assert_int_equal(sb.len, 9);
	assert_memory_equal(sb.data, "abcd\0ef-7", 10);
	for (int i = 0; i < 100000; i++)
		strbuf_addf(&sb, "%d,", i);
	assert_int_equal(strbuf_check(&sb, &err), AF_OK);
	assert_int_equal(sb.len, strlen(sb.data + 5) + 5);
}

static void test_addf_into_an_empty_one(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(10);

	(void) state;
	strbuf_addf(&sb, "%s", "");
	assert_string_equal(sb.data, "");
	strbuf_addf(&sb, "%s", "0123456789");
	assert_string_equal(sb.data, "0123456789");
	ok(strbuf_check(&sb, &err));
}

static void test_the_maximum_is_allowed_and_no_more(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(5);

	(void) state;
	strbuf_adds(&sb, "12345");
	ok(strbuf_check(&sb, &err));
	strbuf_addc(&sb, '6');
	assert_string_equal(sb.data, "12345");
	strbuf_truncate(&sb, 0);
	strbuf_adds(&sb, "x"); /* the failure sticks, also when there is room again */
	assert_string_equal(sb.data, "");
	fails(strbuf_check(&sb, &err), AF_ERR_TOO_LARGE, "5 bytes");
	strbuf_reset(&sb);
	strbuf_adds(&sb, "x");
	ok(strbuf_check(&sb, &err));
	assert_string_equal(sb.data, "x");
}

static void test_absurd_lengths_are_refused(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(100);

	(void) state;
	strbuf_adds(&sb, "abc");
	assert_false(strbuf_reserve(&sb, SIZE_MAX));
	assert_int_equal(sb.failed, AF_ERR_TOO_LARGE);
	strbuf_reset(&sb);
	strbuf_adds(&sb, "abc");
	assert_false(strbuf_reserve(&sb, SIZE_MAX - 2));
	assert_string_equal(sb.data, "abc");
}

/* The sanitizers' allocators end the program instead. */
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
static void test_no_memory_sticks_too(void **state)
{
	/* More than the address space of any process: realloc cannot succeed. */
	AUTO_STRBUF sb = STRBUF_INIT(SIZE_MAX / 2);
	char *out = NULL;

	(void) state;
	strbuf_adds(&sb, "abc");
	assert_false(strbuf_reserve(&sb, SIZE_MAX / 4));
	strbuf_adds(&sb, "d");
	assert_string_equal(sb.data, "abc");
	fails(strbuf_steal(&sb, &out, &err), AF_ERR_NOMEM, "out of memory");
	assert_null(out);
}
#define NO_MEMORY cmocka_unit_test(test_no_memory_sticks_too),
#else
#define NO_MEMORY
#endif

static void test_insert_and_remove(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(20);

	(void) state;
	strbuf_adds(&sb, "bd");
	strbuf_insert(&sb, 0, "a", 1);
	strbuf_insert(&sb, 2, "c", 1);
	strbuf_insert(&sb, 4, "e", 1);
	strbuf_insert(&sb, 99, "no", 2);
	assert_string_equal(sb.data, "abcde");
	strbuf_remove(&sb, 1, 2);
	assert_string_equal(sb.data, "ade");
	strbuf_remove(&sb, 1, SIZE_MAX);
	assert_string_equal(sb.data, "a");
	strbuf_remove(&sb, 5, 1);
	strbuf_truncate(&sb, 9);
	assert_string_equal(sb.data, "a");
}

static void test_reserve_and_advance(void **state)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	(void) state;
	assert_true(strbuf_reserve(&sb, 3));
	memcpy(sb.data, "xyz", 3);
	strbuf_advance(&sb, 3);
	assert_string_equal(sb.data, "xyz");
	assert_true(strbuf_reserve(&sb, 0));
}

static void test_stealing(void **state)
{
	struct strbuf sb = STRBUF_INIT(10);
	char *out = NULL;

	(void) state;
	ok(strbuf_steal(&sb, &out, &err));
	assert_string_equal(out, "");
	free(out);
	strbuf_adds(&sb, "text");
	ok(strbuf_steal(&sb, &out, &err));
	assert_string_equal(out, "text");
	assert_string_equal(sb.data, "");
	assert_int_equal(sb.max, 10);
	strbuf_adds(&sb, "again");
	assert_string_equal(out, "text");
	free(out);
	strbuf_free(&sb);
}

static void test_lists(void **state)
{
	AUTO_STRLIST l = { 0 };

	(void) state;
	strlist_sort(&l);
	assert_false(strlist_has(&l, "a"));
	for (int i = 99; i >= 0; i--)
		ok(strlist_take(&l, str_format(&err, "%02d", i), &err));
	assert_null(l.items[l.count]);
	strlist_sort(&l);
	assert_string_equal(l.items[0], "00");
	assert_string_equal(l.items[99], "99");
	assert_true(strlist_has(&l, "42"));
	assert_false(strlist_has(&l, "4"));
	fails(strlist_take(&l, NULL, &err), AF_ERR_NOMEM, "memory");
	assert_int_equal(l.count, 100);
}

static void test_small_helpers(void **state)
{
	AUTO_FREE char *a = str_ndup("hello", 3, &err), *b = str_ndup(NULL, 0, &err), *c = str_format(&err, "%5d", 7);

	(void) state;
	assert_string_equal(a, "hel");
	assert_string_equal(b, "");
	assert_string_equal(c, "    7");
	assert_true(str_starts("abc", "") && str_starts("abc", "ab") && !str_starts("ab", "abc"));
	assert_true(str_ends("abc", "") && str_ends("abc", "bc") && !str_ends("bc", "abc"));
	assert_true(str_blank(NULL) && str_blank("") && !str_blank(" "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty_is_a_string),
		cmocka_unit_test(test_appending),
		cmocka_unit_test(test_addf_into_an_empty_one),
		cmocka_unit_test(test_the_maximum_is_allowed_and_no_more),
		cmocka_unit_test(test_absurd_lengths_are_refused),
		NO_MEMORY
		cmocka_unit_test(test_insert_and_remove),
		cmocka_unit_test(test_reserve_and_advance),
		cmocka_unit_test(test_stealing),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_small_helpers),
	};

	return RUN(tests);
}
