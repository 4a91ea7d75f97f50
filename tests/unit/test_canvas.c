/* What is drawn, cell by cell, without a terminal: widths of any text, clipping, frames, tabs, graphs. */
#include <locale.h>
#include <math.h>
#include <stdlib.h>

#include "unit.h"

#include "ui/canvas_priv.h"

static struct area all;

static void start_with(enum canvas_glyphs glyphs, int h, int w)
{
	struct theme theme;

	theme_default(&theme);
	canvas_end();
	ok(canvas_start_headless(&theme, glyphs, h, w, &err));
	all = canvas_begin();
	assert_int_equal(all.h, h);
	assert_int_equal(all.w, w);
}

static void start(int h, int w)
{
	start_with(GLYPHS_UNICODE, h, w);
}

static int end(void **state UNUSED)
{
	canvas_end();
	return 0;
}

/* Shows the frame and compares it; each line ends with "\n". */
#define screen_is(expected) check_screen((expected), __FILE__, __LINE__)
static void check_screen(const char *expected, const char *file, int line)
{
	AUTO_STRBUF screen = STRBUF_INIT(STRBUF_TEXT);

	canvas_show();
	canvas_dump(&screen);
	all = canvas_begin();
	if (!strcmp(screen.data, expected))
		return;
	print_error("drawn:\n%sinstead of:\n%s", screen.data, expected);
	strbuf_free(&screen);
	_fail(file, line);
}

/* ---- text ------------------------------------------------------------------------------------------------ */

static const struct {
	const char *what, *text;
	int width;
	const char *drawn;
} texts[] = {
	{ "ASCII", "abc", 3, "abc" },
	{ "umlauts", "äöü", 3, "äöü" },
	{ "wide", "日本", 4, "日本" },
	{ "combining", "e\xcc\x81x", 2, "e\xcc\x81x" },
	{ "many marks", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86x", 2, "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84x" },
	{ "mark alone", "\xcc\x81x", 2, " \xcc\x81x" },
	{ "family with ZWJ", "👨‍👩‍👧", 6, "👨👩👧" },
	{ "skin tone", "👍🏽", 2, "👍" },
	{ "flag", "🇩🇪", 2, "DE" },
	{ "variation selector", "❤️!", 2, "❤!" },
	{ "keycap", "1️⃣2", 2, "12" },
	{ "Korean in parts", "한", 2, "한" },
	{ "escape", "\x1b[31m", 5, "␛[31m" },
	{ "controls", "a\x01\x07\x0d\x7f", 5, "a␁␇␍␡" },
	{ "C1 in UTF-8", "\xc2\x9b" "31m", 4, "�31m" },
	{ "C1 as a byte", "\x9b" "31m", 4, "�31m" },
	{ "no UTF-8", "\xff\xc3(", 3, "��(" },
	{ "surrogate", "\xed\xa0\x80", 3, "���" },
	{ "too long", "\xc0\xaf", 2, "��" },
	{ "unassigned", "\xf3\x91\x88\x85", 1, "�" },
	{ "right to left override", "a\xe2\x80\xae" "b", 2, "ab" },
	{ "zero width space", "a\xe2\x80\x8b" "b", 2, "ab" },
	{ "byte order mark", "\xef\xbb\xbf" "a", 1, "a" },
	{ "line separator", "a\xe2\x80\xa8" "b", 3, "a�b" },
	{ "no-break space", "a\xc2\xa0" "b", 3, "a b" },
	{ "soft hyphen", "a\xc2\xad" "b", 3, "a-b" },
	{ "tab", "a\tb", 3, "a b" },
	{ "nothing", "", 0, "" },
};

static void test_widths(void **state UNUSED)
{
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		AUTO_STRBUF drawn = STRBUF_INIT(STRBUF_LINE);
		AUTO_STRBUF expected = STRBUF_INIT(STRBUF_LINE);
		start(1, 20);
		int width = text_width(texts[i].text, strlen(texts[i].text));
		int used = draw_str(&all, 0, 0, ROLE_TEXT, texts[i].text);
		draw_str(&all, 0, used, ROLE_TEXT, "|");
		canvas_show();
		canvas_dump(&drawn);
		strbuf_addf(&expected, "%s|\n", texts[i].drawn);
		if (width != texts[i].width || used != width || strcmp(drawn.data, expected.data) != 0)
			fail_msg("%s: %d and %d cells: %s", texts[i].what, width, used, drawn.data);
	}
}

static void test_nul_in_text(void **state UNUSED)
{
	start(1, 10);
	assert_int_equal(text_width("a\0b", 3), 3);
	draw_text(&all, 0, 0, ROLE_TEXT, "a\0b", 3, false);
	screen_is("a␀b\n");
}

/* Whatever comes: nothing but ASCII goes to a terminal that has no more. */
static void test_ascii(void **state UNUSED)
{
	static const char text[] = "é日…●▸▾│╭━█▃ “x” → e\xcc\x81 \xff\x1b 👨‍👩";

	start_with(GLYPHS_ASCII, 1, 60);
	int used = draw_str(&all, 0, 0, ROLE_TEXT, text);
	assert_int_equal(used, text_width(text, strlen(text)));
	screen_is("e?~*>v|+-#- \"x\" > e ?? ??\n");
}

static void test_fit(void **state UNUSED)
{
	int used;

	assert_int_equal(text_fit("abc", 3, 2, &used), 2);
	assert_int_equal(used, 2);
	assert_int_equal(text_fit("日本", 6, 3, &used), 3);
	assert_int_equal(used, 2);
	assert_int_equal(text_fit("e\xcc\x81x", 4, 1, &used), 3);
	assert_int_equal(text_fit("abc", 3, 0, NULL), 0);
	assert_int_equal(text_fit("abc", 3, 100, NULL), 3);
	assert_int_equal(text_fit("", 0, 5, NULL), 0);
}

/* ---- drawing ------------------------------------------------------------------------------------------------ */

static void test_clipping(void **state UNUSED)
{
	start(3, 10);
	struct area a = { 1, 2, 1, 5 };
	assert_int_equal(draw_str(&a, 0, 0, ROLE_TEXT, "abcdefgh"), 5);
	assert_int_equal(draw_str(&a, 1, 0, ROLE_TEXT, "below"), 0);
	assert_int_equal(draw_str(&a, -1, 0, ROLE_TEXT, "above"), 0);
	assert_int_equal(draw_str(&a, 0, 9, ROLE_TEXT, "right"), 0);
	screen_is("\n  abcde\n\n");
	draw_str(&a, 0, -2, ROLE_TEXT, "abcd");
	screen_is("\n  cd\n\n");
	/* An area that stands beyond the screen. */
	struct area beyond = { 2, 8, 5, 5 };
	draw_str(&beyond, 0, 0, ROLE_TEXT, "abcd");
	draw_str(&beyond, 3, 0, ROLE_TEXT, "abcd");
	screen_is("\n\n        ab\n");
}

static void test_ellipsis(void **state UNUSED)
{
	start(1, 5);
	assert_int_equal(draw_text(&all, 0, 0, ROLE_TEXT, "abcdef", 6, true), 5);
	screen_is("abcd…\n");
	draw_text(&all, 0, 0, ROLE_TEXT, "abcde", 5, true);
	screen_is("abcde\n");
	draw_text(&all, 0, 0, ROLE_TEXT, "日本語", 9, true);
	screen_is("日本…\n");
	draw_text(&all, 0, 0, ROLE_TEXT, "a日本語", 10, true);
	screen_is("a日…\n");
	draw_text(&all, 0, 4, ROLE_TEXT, "ab", 2, true);
	screen_is("    …\n");
}

static void test_right(void **state UNUSED)
{
	start(1, 10);
	draw_right(&all, 0, 0, 6, ROLE_TEXT, "12");
	screen_is("    12\n");
	draw_right(&all, 0, 2, 4, ROLE_TEXT, "123456");
	screen_is("  123…\n");
	draw_right(&all, 0, 5, 5, ROLE_TEXT, "日本");
	screen_is("      日本\n");
	draw_right(&all, 0, 8, 8, ROLE_TEXT, "12345678");
	screen_is("        1…\n");
}

/* A wide character loses a half: the other half goes too, and the cells beside it stay. */
static void test_halves(void **state UNUSED)
{
	start(1, 8);
	draw_str(&all, 0, 0, ROLE_TEXT, "日本語");
	draw_str(&all, 0, 1, ROLE_TEXT, "x");
	draw_str(&all, 0, 4, ROLE_TEXT, "y");
	screen_is(" x本y\n");
	draw_str(&all, 0, 0, ROLE_TEXT, "日本語");
	draw_str(&all, 0, 1, ROLE_TEXT, "中");
	screen_is(" 中 語\n");
	struct area narrow = { 0, 0, 1, 3 };
	assert_int_equal(draw_str(&narrow, 0, 0, ROLE_TEXT, "日本"), 2);
	draw_str(&all, 0, 3, ROLE_TEXT, "|");
	screen_is("日 |\n");
}

static void test_background_stays(void **state UNUSED)
{
	start(1, 10);
	area_clear(&all, ROLE_HEADER);
	struct paint header = cell_at(&all, 0, 0)->paint;
	assert_int_not_equal(header.bg, PAINT_DEFAULT);
	draw_str(&all, 0, 0, ROLE_OK, "up");
	assert_int_equal(cell_at(&all, 0, 0)->paint.bg, header.bg);
	assert_int_equal(cell_at(&all, 0, 0)->paint.fg, 2);
	draw_str(&all, 0, 4, ROLE_MATCH, "hit");
	assert_int_equal(cell_at(&all, 0, 4)->paint.bg, 3);
}

static void test_selected(void **state UNUSED)
{
	start(2, 10);
	draw_str(&all, 0, 0, ROLE_OK, "日 up");
	draw_selected(&all, 0, ROLE_SELECTED);
	struct cell *cell = cell_at(&all, 0, 3);
	int32_t bg = cell->paint.bg;
	assert_int_equal(cell->paint.fg, 2);
	assert_int_not_equal(bg, PAINT_DEFAULT);
	assert_int_equal(cell_at(&all, 1, 3)->paint.bg, PAINT_DEFAULT);
	draw_over(&all, 0, 1, 1, ROLE_MATCH);
	assert_int_equal(cell_at(&all, 0, 0)->paint.bg, 3);
	assert_int_equal(cell_at(&all, 0, 1)->paint.bg, 3);
	assert_int_equal(cell_at(&all, 0, 2)->paint.bg, bg);
	/* A role without a background keeps that of the row. */
	draw_over(&all, 0, 3, 2, ROLE_FILTER);
	assert_int_equal(cell->paint.bg, bg);
	assert_int_equal(cell->paint.fg, 5);
	screen_is("日 up\n\n");
}

/* What a search found stays to be seen, whichever was drawn first. */
static void test_selected_matches(void **state UNUSED)
{
	start(1, 10);
	draw_str(&all, 0, 0, ROLE_TEXT, "abcdef");
	draw_over(&all, 0, 1, 2, ROLE_MATCH);
	draw_selected(&all, 0, ROLE_SELECTED);
	draw_over(&all, 0, 4, 1, ROLE_MATCH);
	assert_int_equal(cell_at(&all, 0, 1)->paint.bg, 3);
	assert_int_equal(cell_at(&all, 0, 1)->paint.fg, 0);
	assert_int_equal(cell_at(&all, 0, 4)->paint.bg, 3);
	assert_int_equal(cell_at(&all, 0, 0)->paint.bg, cell_at(&all, 0, 3)->paint.bg);
	assert_int_not_equal(cell_at(&all, 0, 0)->paint.bg, PAINT_DEFAULT);
	/* And goes with the text that it was in. */
	draw_str(&all, 0, 0, ROLE_TEXT, "ABCDEF");
	assert_int_equal(cell_at(&all, 0, 1)->paint.bg, cell_at(&all, 0, 0)->paint.bg);
}

static void mono_start(void)
{
	struct theme theme;
	static const char text[] = "selected.idle = black on yellow\nselected = reverse\nmatch = reverse\nok = bold\nheader = reverse\n";

	theme_default(&theme);
	ok(theme_parse(&theme, "mono", text, strlen(text), &err));
	canvas_end();
	ok(canvas_start_headless(&theme, GLYPHS_UNICODE, 1, 10, &err));
	theme_free(&theme);
	all = canvas_begin();
}

/* Reversed matches in a reversed row are not reversed. */
static void test_reversed_rows(void **state UNUSED)
{
	for (int order = 0; order < 2; order++) {
		mono_start();
		draw_str(&all, 0, 0, ROLE_OK, "abcdef");
		if (order)
			draw_selected(&all, 0, ROLE_SELECTED);
		draw_over(&all, 0, 1, 1, ROLE_MATCH);
		if (!order)
			draw_selected(&all, 0, ROLE_SELECTED);
		assert_int_equal(cell_at(&all, 0, 0)->paint.attributes, LOOK_REVERSE | LOOK_BOLD);
		assert_int_equal(cell_at(&all, 0, 1)->paint.attributes, 0);
		assert_int_equal(cell_at(&all, 0, 9)->paint.attributes, LOOK_REVERSE);
	}
	/* A theme that gives the row a foreground means it. */
	mono_start();
	draw_str(&all, 0, 0, ROLE_ERROR, "down");
	draw_selected(&all, 0, ROLE_SELECTED_IDLE);
	draw_str(&all, 0, 5, ROLE_ERROR, "down");
	assert_int_equal(cell_at(&all, 0, 0)->paint.fg, 0);
	assert_int_equal(cell_at(&all, 0, 5)->paint.fg, 0);
	mono_start();
	area_clear(&all, ROLE_HEADER);
	draw_str(&all, 0, 0, ROLE_OK, "up");
	assert_int_equal(cell_at(&all, 0, 0)->paint.attributes, LOOK_REVERSE | LOOK_BOLD);
}

/* ---- frames ------------------------------------------------------------------------------------------------------ */

static void test_box(void **state UNUSED)
{
	start(3, 60);
	struct box box = { .title = "[1] Environments", .right = "sort REQ/s↓   5 of 5",
			   .bottom = "space mark · a actions · / filter", .bottom_right = "row 4 of 14", .focused = true };
	struct area in = draw_box(&all, &box);
	assert_int_equal(in.h, 1);
	assert_int_equal(in.w, 58);
	draw_str(&in, 0, 0, ROLE_TEXT, "x");
	screen_is("┏━[1] Environments ━━━━━━━━━━━━━━━━━ sort REQ/s↓   5 of 5 ━┓\n"
		  "┃x                                                         ┃\n"
		  "┗━ space mark · a actions · / filter ━━━━━━━━ row 4 of 14 ━┛\n");
	box = (struct box){ .title = "Jobs", .bottom_right = "2" };
	draw_box(&all, &box);
	screen_is("╭─ Jobs ───────────────────────────────────────────────────╮\n"
		  "│                                                          │\n"
		  "╰────────────────────────────────────────────────────── 2 ─╯\n");
}

/* Hints go as a whole, from the end. */
static void test_narrow_box(void **state UNUSED)
{
	struct box box = { .title = "[1] Environments", .right = "sort REQ/s↓   5 of 5",
			   .bottom = "space mark · a actions · / filter", .bottom_right = "row 4 of 14" };

	start(2, 40);
	draw_box(&all, &box);
	screen_is("╭─[1] Environments ────── sort REQ/s↓ ─╮\n"
		  "╰─ space mark ─────────── row 4 of 14 ─╯\n");
}

static void test_long_title(void **state UNUSED)
{
	static const char *const names[] = { "Over", "Logs", "Env" };
	struct box box = { .title = "[2] a-name-that-is-long-日本-and-goes-on-and-on·1  gpu-a", .right = "LIVE   3 err" };
	int xs[3];

	start(2, 48);
	draw_box(&all, &box);
	screen_is("╭─[2] a-name-that-is-long-日… ── LIVE   3 err ─╮\n"
		  "╰──────────────────────────────────────────────╯\n");
	box.right = NULL;
	start(2, 48);
	draw_box(&all, &box);
	draw_tabs(&all, names, 3, 0, xs);
	screen_is("╭─[2] a-name-that-is-long-… ─ ▸Over◂ Logs Env ─╮\n"
		  "╰──────────────────────────────────────────────╯\n");
	box.title = "[2] a-name-that-日本-goes-on·1  gpu-a";
	start(2, 48);
	draw_box(&all, &box);
	draw_tabs(&all, names, 3, 0, xs);
	screen_is("╭─[2] a-name-t…-on·1  gpu-a ─ ▸Over◂ Logs Env ─╮\n"
		  "╰──────────────────────────────────────────────╯\n");
}

static void test_box_sizes(void **state UNUSED)
{
	struct box box = { .title = "[1] Environments 日本", .right = "LIVE ● 41/s   3 err",
			   .bottom = "space mark · a actions", .bottom_right = "row 4 of 14", .focused = true };

	for (int w = 0; w < 70; w++) {
		start(4, 70);
		struct area a = { 0, 0, 4, w };
		struct area in = draw_box(&a, &box);
		assert_true(in.w >= 0 && in.w <= w);
		for (int y = 0; y < 4 && w >= 2; y++) {
			assert_int_equal(cell_at(&a, y, 0)->chars[0], L"┏┃┃┗"[y]);
			assert_int_equal(cell_at(&a, y, w - 1)->chars[0], L"┓┃┃┛"[y]);
			assert_int_equal(cell_at(&all, y, w)->chars[0], L' ');
		}
	}
}

static void test_ascii_box(void **state UNUSED)
{
	struct box box = { .title = "[1] Envs", .right = "↓ 5", .focused = true };

	start_with(GLYPHS_ASCII, 3, 24);
	draw_box(&all, &box);
	screen_is("+=[1] Envs ====== v 5 =+\n"
		  "|                      |\n"
		  "+======================+\n");
}

static void test_tabs(void **state UNUSED)
{
	static const char *const names[] = { "Overview", "Logs", "Methods", "Calls", "Env" };
	struct box box = { .title = "[2] affine" };
	int xs[5];

	start(2, 60);
	draw_box(&all, &box);
	draw_tabs(&all, names, 5, 1, xs);
	assert_int_equal(xs[0], 24);
	assert_int_equal(xs[1], 33);
	assert_int_equal(xs[4], 54);
	screen_is("╭─[2] affine ────────── Overview ▸Logs◂ Methods Calls Env ─╮\n"
		  "╰──────────────────────────────────────────────────────────╯\n");
}

static void test_narrow_tabs(void **state UNUSED)
{
	static const char *const names[] = { "Overview", "Logs", "Methods", "Calls", "Env" };
	struct box box = { .title = "[2] affine", .focused = true };
	int xs[5];

	start(2, 30);
	draw_box(&all, &box);
	draw_tabs(&all, names, 5, 2, xs);
	assert_int_equal(xs[0], -1);
	assert_int_equal(xs[2], 18);
	screen_is("┏━[2] affine ━━━━ ▸Methods◂ ━┓\n"
		  "┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛\n");
}

/* ---- graphs ------------------------------------------------------------------------------------------------------- */

static void test_graph(void **state UNUSED)
{
	static const double values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, NAN };

	start(2, 5);
	draw_graph(&all, ROLE_GRAPH, values, 10, 8);
	screen_is("  ⢀⣴⡇\n⣀⣴⣿⣿⣇\n");
	start_with(GLYPHS_CONSOLE, 2, 5);
	draw_graph(&all, ROLE_GRAPH, values, 10, 8);
	screen_is("  ▄██\n▄████\n");
	start_with(GLYPHS_ASCII, 2, 5);
	draw_graph(&all, ROLE_GRAPH, values, 10, 8);
	screen_is("  .:|\n.:|||\n");
}

static void test_odd_graphs(void **state UNUSED)
{
	static const double nothing[] = { NAN, NAN }, zero[] = { 0, 0 }, one[] = { 1e300 }, negative[] = { -1, INFINITY };
	struct area none = { 0, 0, 0, 0 };

	start(1, 3);
	draw_graph(&all, ROLE_GRAPH, nothing, 2, 0);
	screen_is("⣀⣀⣀\n");
	draw_graph(&all, ROLE_GRAPH, zero, 2, 0);
	screen_is("⣀⣀⣀\n");
	draw_graph(&all, ROLE_GRAPH, one, 1, 0);
	screen_is("⣿⣿⣿\n");
	draw_graph(&all, ROLE_GRAPH, negative, 2, 1);
	draw_graph(&all, ROLE_GRAPH, NULL, 0, 0);
	draw_graph(&none, ROLE_GRAPH, one, 1, 0);
}

static void test_spark(void **state UNUSED)
{
	static const double values[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8 };

	start(1, 12);
	draw_spark(&all, 0, 0, 12, ROLE_GRAPH, values, 9);
	screen_is("   ▁▁▂▃▄▅▆▇█\n");
	draw_spark(&all, 0, 0, 3, ROLE_GRAPH, values, 9);
	screen_is("▂▅█\n");
	start_with(GLYPHS_ASCII, 1, 12);
	draw_spark(&all, 0, 0, 9, ROLE_GRAPH, values, 9);
	screen_is("__.-=+*%#\n");
}

static void test_glyphs(void **state UNUSED)
{
	for (int mode = GLYPHS_UNICODE; mode <= GLYPHS_CONSOLE; mode++) {
		start_with((enum canvas_glyphs) mode, 1, 10);
		for (int g = GLYPH_UP; g <= GLYPH_DASH; g++) {
			const char *s = glyph((enum glyph) g);
			assert_true(text_width(s, strlen(s)) == 1 || g == GLYPH_ENTER);
		}
		assert_int_equal(text_width(spinner(), strlen(spinner())), 1);
	}
}

static void test_resize(void **state UNUSED)
{
	start(2, 4);
	draw_str(&all, 0, 0, ROLE_TEXT, "abcd");
	screen_is("abcd\n\n");
	canvas_set_size(1, 9);
	all = canvas_begin();
	assert_int_equal(all.w, 9);
	draw_str(&all, 0, 0, ROLE_TEXT, "abcdefghi");
	screen_is("abcdefghi\n");
}

/* Random bytes at random places: no cell is ever half a character. */
static void test_anything(void **state UNUSED)
{
	uint32_t seed = 12345;

	start(6, 30);
	for (int round = 0; round < 20000; round++) {
		char bytes[24];
		for (size_t i = 0; i < sizeof(bytes); i++) {
			seed = seed * 1664525 + 1013904223;
			/* Mostly what begins or continues long characters. */
			bytes[i] = (char) (seed >> 24 | (seed & 0x300 ? 0x80 : 0));
		}
		struct area a = { (int) (seed >> 8 & 7) - 1, (int) (seed >> 11 & 31) - 2, 2, (int) (seed >> 16 & 15) };
		int used = draw_text(&a, 0, (int) (seed & 7) - 3, ROLE_TEXT, bytes, sizeof(bytes), seed & 1);
		assert_true(used <= a.w + 3);
	}
	for (int y = 0; y < all.h; y++)
		for (int x = 0; x < all.w; x++) {
			const struct cell *cell = cell_at(&all, y, x);
			assert_true(cell->width <= 2);
			assert_true((cell->width == 0) == (x > 0 && cell[-1].width == 2));
			assert_true(cell->width == 0 || cell->chars[0] >= ' ');
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_widths, end),
		cmocka_unit_test_teardown(test_nul_in_text, end),
		cmocka_unit_test_teardown(test_ascii, end),
		cmocka_unit_test_teardown(test_fit, end),
		cmocka_unit_test_teardown(test_clipping, end),
		cmocka_unit_test_teardown(test_ellipsis, end),
		cmocka_unit_test_teardown(test_right, end),
		cmocka_unit_test_teardown(test_halves, end),
		cmocka_unit_test_teardown(test_background_stays, end),
		cmocka_unit_test_teardown(test_selected, end),
		cmocka_unit_test_teardown(test_selected_matches, end),
		cmocka_unit_test_teardown(test_reversed_rows, end),
		cmocka_unit_test_teardown(test_box, end),
		cmocka_unit_test_teardown(test_narrow_box, end),
		cmocka_unit_test_teardown(test_long_title, end),
		cmocka_unit_test_teardown(test_box_sizes, end),
		cmocka_unit_test_teardown(test_ascii_box, end),
		cmocka_unit_test_teardown(test_tabs, end),
		cmocka_unit_test_teardown(test_narrow_tabs, end),
		cmocka_unit_test_teardown(test_graph, end),
		cmocka_unit_test_teardown(test_odd_graphs, end),
		cmocka_unit_test_teardown(test_spark, end),
		cmocka_unit_test_teardown(test_glyphs, end),
		cmocka_unit_test_teardown(test_resize, end),
		cmocka_unit_test_teardown(test_anything, end),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests_name("canvas", tests, NULL, NULL);
}
