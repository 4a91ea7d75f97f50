/* Editing text by keys and pastes. */
#include "unit.h"

#include <curses.h>
#include <locale.h>

#include "base/bytes.h"
#include "ui/field.h"

static struct field f;

static void start(const char *text, bool lines)
{
	field_free(&f);
	field_init(&f, lines);
	field_set(&f, text, strlen(text));
}

static int end(void **state UNUSED)
{
	field_free(&f);
	return 0;
}

static void keys(const char *names)
{
	while (*names) {
		size_t len = strcspn(names, " ");
		keycode key = key_parse(names, len);
		if (!key)
			fail_msg("%.*s is no key", (int) len, names);
		field_key(&f, key, 3);
		names += len;
		names += strspn(names, " ");
	}
}

static void is(const char *text, size_t cursor)
{
	assert_string_equal(f.text.data, text);
	assert_int_equal(f.cursor, cursor);
}

static void test_typing(void **state UNUSED)
{
	start("", false);
	keys("h \xc3\xa9 Space \xe6\xbc\xa2");
	is("h\xc3\xa9 \xe6\xbc\xa2", 7);
	keys("Backspace Left Backspace");
	is("h ", 1);
	assert_false(field_key(&f, '\t', 1));
	assert_false(field_key(&f, '\r', 1));
	assert_false(field_key(&f, 27, 1));
	assert_false(field_key(&f, KEY_SPECIAL + KEY_UP, 1));
	assert_false(field_key(&f, key_parse("F4", 2), 1));
	is("h ", 1);
}

static void test_moving_and_cutting(void **state UNUSED)
{
	start("one two_2 three", false);
	is("one two_2 three", 15);
	keys("^A x ^E y");
	is("xone two_2 threey", 17);
	keys("M-b M-b");
	assert_int_equal(f.cursor, 5);
	keys("M-f");
	assert_int_equal(f.cursor, 10);
	keys("^W");
	is("xone  threey", 5);
	keys("^K");
	is("xone ", 5);
	keys("Left ^U");
	is(" ", 0);
	keys("Del Del Backspace");
	is("", 0);
}

static void test_marks_stay_with_their_letter(void **state UNUSED)
{
	start("e\xcc\x81x", false);
	keys("Left Left");
	assert_int_equal(f.cursor, 0);
	keys("Right");
	assert_int_equal(f.cursor, 3);
	keys("Backspace");
	is("x", 0);
}

static void test_pastes_become_one_line(void **state UNUSED)
{
	start("", false);
	field_paste(&f, "a\r\nb\tc\x1b[31m\xff\n", 14);
	is("a b c[31m", 9);
	start("x", true);
	field_paste(&f, "a\r\nb\tc\x01", 7);
	is("a\nb  cx", 6);
}

static void test_lines(void **state UNUSED)
{
	start("first line\nno\nthe third", true);
	assert_int_equal(f.cursor, 0);
	keys("End Down");
	assert_int_equal(f.cursor, 13);
	keys("Down");
	assert_int_equal(f.cursor, 23);
	keys("Up Up");
	assert_int_equal(f.cursor, 10);
	keys("Left Enter");
	is("first lin\ne\nno\nthe third", 10);
	keys("Backspace");
	is("first line\nno\nthe third", 9);
	keys("PgDn");
	int line, column;
	field_position(&f, &line, &column);
	assert_int_equal(line, 2);
	assert_int_equal(column, 9);
	assert_false(field_key(&f, '\t', 1));
	assert_false(field_key(&f, KEY_SPECIAL + KEY_DOWN, 1));
}

static void test_it_is_bounded(void **state UNUSED)
{
	AUTO_STRBUF big = STRBUF_INIT(STRBUF_TEXT);

	start("", false);
	for (int i = 0; i < 1000; i++)
		strbuf_adds(&big, "0123456789");
	for (int i = 0; i < 500; i++)
		field_paste(&f, big.data, big.len);
	assert_true(f.text.len <= FIELD_MAX);
	size_t len = f.text.len;
	keys("x");
	assert_true(f.text.len <= len + 1);
}

/* Whatever keys come, the cursor stands at a character and the text is UTF-8. */
static void test_any_keys(void **state UNUSED)
{
	static const char *const names[] = { "a", "\xc3\xa9", "\xf0\x9f\x98\x80", "Backspace", "Del", "Left", "Right", "Home", "End",
					     "Up", "Down", "PgUp", "PgDn", "Enter", "Tab", "^K", "^U", "^W", "M-b", "M-f", "M-d",
					     "\xcc\x81", "C-Left", "C-Right" };
	uint32_t seed = 1;

	for (int lines = 0; lines < 2; lines++) {
		start("", lines);
		for (int i = 0; i < 20000; i++) {
			seed = seed * 1664525 + 1013904223;
			keys(names[(seed >> 16) % ARRAY_LEN(names)]);
			assert_true(f.cursor <= f.text.len);
			assert_true(f.cursor == f.text.len || ((unsigned char) f.text.data[f.cursor] & 0xc0) != 0x80);
			assert_true(utf8_valid(f.text.data, f.text.len));
		}
	}
}

/* ---- what is drawn ---------------------------------------------------------------------------------------- */

static void shows(struct area *a, const char *want)
{
	AUTO_STRBUF screen = STRBUF_INIT(STRBUF_TEXT);

	*a = canvas_begin();
	field_draw(&f, a, 0, 2, 10, ROLE_FIELD, true);
	canvas_show();
	canvas_dump(&screen);
	strbuf_truncate(&screen, strcspn(screen.data, "\n"));
	assert_string_equal(screen.data, want);
}

static void test_it_scrolls_with_its_cursor(void **state UNUSED)
{
	struct theme theme;
	struct area a;

	theme_default(&theme);
	ok(canvas_start_headless(&theme, GLYPHS_UNICODE, 3, 20, &err));
	start("0123456789abcdef", false);
	shows(&a, "  789abcdef");
	keys("Home");
	shows(&a, "  0123456789");
	keys("Right Right");
	shows(&a, "  0123456789");
	start("\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", false);
	shows(&a, "  \xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2");
	canvas_end();
	theme_free(&theme);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_typing, end),
		cmocka_unit_test_teardown(test_moving_and_cutting, end),
		cmocka_unit_test_teardown(test_marks_stay_with_their_letter, end),
		cmocka_unit_test_teardown(test_pastes_become_one_line, end),
		cmocka_unit_test_teardown(test_lines, end),
		cmocka_unit_test_teardown(test_it_is_bounded, end),
		cmocka_unit_test_teardown(test_any_keys, end),
		cmocka_unit_test_teardown(test_it_scrolls_with_its_cursor, end),
	};
	return RUN(tests);
}
