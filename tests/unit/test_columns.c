/* command/columns: tables for people. */
#include "unit.h"

#include "command/columns.h"

static const struct column two[] = { { .title = "NAME", .least = 4 }, { .title = "N", .right = true }, { 0 } };

static char *print(struct columns *c, int width)
{
	struct strbuf out = STRBUF_INIT(STRBUF_TEXT);
	char *text;

	assert_int_equal(columns_print(c, &out, width, NULL), AF_OK);
	assert_int_equal(strbuf_steal(&out, &text, NULL), AF_OK);
	return text;
}

static void expect_table(struct columns *c, int width, const char *want)
{
	AUTO_FREE char *got = print(c, width);

	assert_string_equal(got, want);
}

static void test_width_of_text(void **state)
{
	(void) state;
	assert_int_equal(column_width("", 0), 0);
	assert_int_equal(column_width("abc", 3), 3);
	assert_int_equal(column_width("h\xc3\xa9", 3), 2);                /* é */
	assert_int_equal(column_width("e\xcc\x81", 3), 1);                /* e and a combining accent */
	assert_int_equal(column_width("\xe6\xbc\xa2\xe5\xad\x97", 6), 4); /* two ideographs */
	assert_int_equal(column_width("\xf0\x9f\x98\x80", 4), 2);         /* an emoji */
	assert_int_equal(column_width("\xff\xfe", 2), 2);                 /* no UTF-8: one column a byte */
}

static void expect_cut(const char *text, int width, const char *want)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	text_add_cut(&sb, text, width);
	assert_string_equal(sb.data, want);
	assert_true(column_width(sb.data, sb.len) <= width);
}

static void test_cutting(void **state)
{
	(void) state;
	expect_cut("calculator", 10, "calculator");
	expect_cut("calculator", 5, "calc\xe2\x80\xa6");
	expect_cut("calculator", 1, "\xe2\x80\xa6");
	expect_cut("calculator", 0, "");
	/* Half a wide character is none. */
	expect_cut("\xe6\xbc\xa2\xe5\xad\x97", 3, "\xe6\xbc\xa2\xe2\x80\xa6");
	expect_cut("\xe6\xbc\xa2\xe5\xad\x97", 2, "\xe2\x80\xa6");
}

static void test_cells_are_aligned(void **state)
{
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, two);
	columns_add(&c, "a");
	columns_addf(&c, "%d", 7);
	columns_add(&c, "long name");
	columns_add(&c, "1234");
	expect_table(&c, 0, "NAME          N\n"
			    "a             7\n"
			    "long name  1234\n");
}

static void test_nothing_is_a_dash(void **state)
{
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, two);
	columns_add(&c, NULL);
	columns_add(&c, "");
	expect_table(&c, 0, "NAME  N\n-     -\n");
}

static void test_what_does_not_fit_is_cut(void **state)
{
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, two);
	columns_add(&c, "a-very-long-name");
	columns_add(&c, "12");
	expect_table(&c, 12, "NAME       N\n"
			     "a-very-\xe2\x80\xa6  12\n");
	/* Never below its least, even if the terminal is narrower. */
	expect_table(&c, 3, "NAME   N\n"
			    "a-v\xe2\x80\xa6  12\n");
}

static void test_the_least_wanted_is_left_out(void **state)
{
	static const struct column spec[] = {
		{ .title = "NAME", .least = 6 }, { .title = "ONE", .drop = 1 }, { .title = "TWO", .drop = 2 }, { 0 },
	};
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, spec);
	columns_add(&c, "abcdefgh");
	columns_add(&c, "1");
	columns_add(&c, "2");
	expect_table(&c, 80, "NAME      ONE  TWO\nabcdefgh  1    2\n");
	expect_table(&c, 17, "NAME     ONE  TWO\nabcdef\xe2\x80\xa6  1    2\n");
	/* With a column gone the others have their room again. */
	expect_table(&c, 15, "NAME      ONE\nabcdefgh  1\n");
	expect_table(&c, 9, "NAME\nabcdefgh\n");
}

static void test_control_characters_are_shown(void **state)
{
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, two);
	columns_add(&c, "a\x1b[2Jb\nc");
	columns_add(&c, "1");
	expect_table(&c, 0, "NAME            N\na\\x1b[2Jb\\x0ac  1\n");
}

static void test_a_table_without_rows(void **state)
{
	AF_AUTO(columns) struct columns c;

	(void) state;
	columns_init(&c, two);
	expect_table(&c, 80, "NAME  N\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_width_of_text),
		cmocka_unit_test(test_cutting),
		cmocka_unit_test(test_cells_are_aligned),
		cmocka_unit_test(test_nothing_is_a_dash),
		cmocka_unit_test(test_what_does_not_fit_is_cut),
		cmocka_unit_test(test_the_least_wanted_is_left_out),
		cmocka_unit_test(test_control_characters_are_shown),
		cmocka_unit_test(test_a_table_without_rows),
	};

	return cmocka_run_group_tests_name("columns", tests, NULL, NULL);
}
