/* Themes: looks, files, colours brought down; and the themes that come with the program. */
#include <dirent.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "unit.h"

#include "base/path.h"
#include "ui/canvas_priv.h"

static struct look look_of(const char *text)
{
	struct look look = { 0 };

	ok(look_parse(&look, text, strlen(text), &err));
	return look;
}

static void test_looks(void **state UNUSED)
{
	struct look look = look_of("#e06c75 on bright-blue bold underline");

	assert_int_equal(look.fg.kind, COLOUR_RGB);
	assert_int_equal(look.fg.value, 0xe06c75);
	assert_int_equal(look.bg.kind, COLOUR_INDEX);
	assert_int_equal(look.bg.value, 12);
	assert_int_equal(look.attributes, LOOK_BOLD | LOOK_UNDERLINE);
	look = look_of("");
	assert_int_equal(look.fg.kind, COLOUR_DEFAULT);
	assert_int_equal(look.bg.kind, COLOUR_DEFAULT);
	assert_int_equal(look.attributes, 0);
	look = look_of(" dim\ton 255 ");
	assert_int_equal(look.bg.value, 255);
	assert_int_equal(look.attributes, LOOK_DIM);
	look = look_of("default on default reverse italic");
	assert_int_equal(look.attributes, LOOK_REVERSE | LOOK_ITALIC);
}

static void test_wrong_looks(void **state UNUSED)
{
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "puce", "\"puce\" is neither" }, { "256", "\"256\"" },         { "red on", "wants a colour" },
		{ "red green", "second colour" },  { "#12345", "\"#12345\"" },   { "on red on blue", "second background" },
		{ "#12345g", "\"#12345g\"" },      { "bright-", "\"bright-\"" }, { "on bold", "\"bold\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct look look = { .attributes = LOOK_DIM };
		fails(look_parse(&look, rows[i].text, strlen(rows[i].text), &err), AF_ERR_USAGE, rows[i].says);
		assert_int_equal(look.attributes, LOOK_DIM);
	}
}

static void test_rows(void **state UNUSED)
{
	for (int i = 0; i < ROLE_COUNT; i++) {
		look_of(role_rows[i].look);
		struct look mono = look_of(role_rows[i].mono);
		assert_int_equal(mono.fg.kind, COLOUR_DEFAULT);
		assert_int_equal(mono.bg.kind, COLOUR_DEFAULT);
		for (int k = 0; k < i; k++)
			assert_string_not_equal(role_rows[i].name, role_rows[k].name);
	}
}

static void test_file(void **state UNUSED)
{
	static const char text[] = "# comment\n\n name = Deep Sea \r\nerror = #e06c75 bold   # as alarms are\n\tok=2\nwarn = on 3";
	struct theme theme, plain;

	theme_default(&plain);
	theme_default(&theme);
	ok(theme_parse(&theme, "sea.theme", text, strlen(text), &err));
	assert_string_equal(theme.name, "Deep Sea");
	assert_int_equal(theme.looks[ROLE_ERROR].fg.value, 0xe06c75);
	assert_int_equal(theme.looks[ROLE_OK].fg.value, 2);
	assert_int_equal(theme.looks[ROLE_WARN].bg.value, 3);
	assert_memory_equal(&theme.looks[ROLE_TITLE], &plain.looks[ROLE_TITLE], sizeof(struct look));
	ok(theme_parse(&theme, "empty.theme", "", 0, &err));
	assert_null(theme.name);
	assert_memory_equal(theme.looks, plain.looks, sizeof(plain.looks));
	theme_free(&theme);
}

static void test_wrong_file(void **state UNUSED)
{
	static const char text[] = "ok = red\nnope = red\n\nerror = puce\nwarn red\ntab = blue\n";
	struct theme theme;

	theme_default(&theme);
	af_code rc = theme_parse(&theme, "bad.theme", text, strlen(text), &err);
	assert_int_equal(rc, AF_ERR_USAGE);
	has_text(err.message, "bad.theme:2: no such role: \"nope\"");
	has_text(err.message, "bad.theme:4: error: \"puce\"");
	has_text(err.message, "bad.theme:5: expected");
	assert_non_null(err.hint);
	/* The rest counts. */
	assert_int_equal(theme.looks[ROLE_OK].fg.value, 1);
	assert_int_equal(theme.looks[ROLE_TAB].fg.value, 4);
	af_error_clear(&err);
	theme_free(&theme);
}

static void test_many_problems(void **state UNUSED)
{
	struct theme theme;

	theme_default(&theme);
	fails(theme_parse(&theme, "x", "a\nb\nc\nd\ne\nf\ng\n", 14, &err), AF_ERR_USAGE, "and 2 more");
	theme_free(&theme);
}

static void test_nearest_colours(void **state UNUSED)
{
	static const struct {
		int rgb, of_8, of_256;
	} rows[] = {
		{ 0x000000, 0, 16 },  { 0xffffff, 7, 231 }, { 0xff0000, 1, 196 }, { 0xe06c75, 1, 168 },
		{ 0x98c379, 2, 108 }, { 0xe5c07b, 3, 180 }, { 0x61afef, 4, 75 },  { 0xc678dd, 5, 176 },
		{ 0x56b6c2, 6, 73 },  { 0x808080, 7, 244 }, { 0x303030, 0, 236 },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (colour_to_8(rows[i].rgb) != rows[i].of_8 || colour_to_256(rows[i].rgb) != rows[i].of_256)
			fail_msg("%06x: %d of 8, %d of 256", rows[i].rgb, colour_to_8(rows[i].rgb), colour_to_256(rows[i].rgb));
	}
	for (int i = 16; i < 256; i++)
		assert_int_equal(colour_of_256(colour_to_256(colour_of_256(i))), colour_of_256(i));
}

static struct paint reduced(const char *look_text, enum depth depth, unsigned mono)
{
	struct look look = look_of(look_text);

	return paint_reduce(&look, depth, mono);
}

static void test_reduced_looks(void **state UNUSED)
{
	struct paint paint = reduced("#e06c75 on #102030 bold", DEPTH_TRUE, 0);

	assert_int_equal(paint.fg, PAINT_RGB | 0xe06c75);
	assert_int_equal(paint.bg, PAINT_RGB | 0x102030);
	paint = reduced("#e06c75 bold", DEPTH_256, LOOK_REVERSE);
	assert_int_equal(paint.fg, 168);
	assert_int_equal(paint.attributes, LOOK_BOLD);
	paint = reduced("#e06c75 on red bold", DEPTH_MONO, LOOK_UNDERLINE);
	assert_int_equal(paint.fg, PAINT_DEFAULT);
	assert_int_equal(paint.bg, PAINT_DEFAULT);
	assert_int_equal(paint.attributes, LOOK_UNDERLINE);
	paint = reduced("bright-red", DEPTH_8, 0);
	assert_int_equal(paint.fg, 1);
	assert_int_equal(paint.attributes, LOOK_BOLD);
	/* Black on black would be gone. */
	paint = reduced("bright-black", DEPTH_8, 0);
	assert_int_equal(paint.fg, PAINT_DEFAULT);
	assert_int_equal(paint.attributes, LOOK_DIM);
	/* A shade that eight colours do not have: what tells it without colours does it. */
	paint = reduced("default on #2d3f55", DEPTH_8, LOOK_REVERSE);
	assert_int_equal(paint.bg, PAINT_DEFAULT);
	assert_int_equal(paint.attributes, LOOK_REVERSE);
	paint = reduced("black on yellow", DEPTH_8, LOOK_REVERSE);
	assert_int_equal(paint.fg, 0);
	assert_int_equal(paint.bg, 3);
	assert_int_equal(paint.attributes, 0);
}

/* ---- directories --------------------------------------------------------------------------------------- */

static int use_themes_here(void **state UNUSED)
{
	const char *srcdir = getenv("AFS_SRCDIR");
	char *themes = str_format(NULL, "%s/themes", srcdir ? srcdir : ".");
	static char home[] = "/tmp/afs-theme-XXXXXX";

	if (!themes || !mkdtemp(home))
		return -1;
	setenv("XDG_CONFIG_HOME", home, 1);
	setenv("AFS_THEMES", themes, 1);
	free(themes);
	return 0;
}

static int forget_themes(void **state UNUSED)
{
	return path_remove_tree(getenv("XDG_CONFIG_HOME"), NULL) ? -1 : 0;
}

static void test_installed_themes(void **state UNUSED)
{
	static const char *const expected[] = { "dark", "default", "deuteranopia", "high-contrast", "light", "mono", "tritanopia" };
	AUTO_STRLIST names = { 0 };

	ok(theme_names(&names, &err));
	for (size_t i = 0; i < ARRAY_LEN(expected); i++)
		assert_true(strlist_has(&names, expected[i]));
	for (size_t i = 0; i < names.count; i++) {
		struct theme theme = { 0 };
		ok(theme_load(&theme, names.items[i], &err));
		if (strcmp(names.items[i], "default") != 0)
			assert_non_null(theme.name);
		theme_free(&theme);
	}
}

static void write_theme(const char *name, const char *text)
{
	AUTO_FREE char *dir = str_format(NULL, "%s/affinetes/themes", getenv("XDG_CONFIG_HOME"));
	AUTO_FREE char *path = str_format(NULL, "%s/%s.theme", dir, name);

	ok(path_mkdirs(dir, 0700, &err));
	ok(file_write(path, text, strlen(text), 0600, &err));
}

static void test_own_theme_comes_first(void **state UNUSED)
{
	struct theme theme = { 0 };

	write_theme("dark", "ok = 99\n");
	write_theme("odd", "ok = 98\nbusy = puce\n");
	ok(theme_load(&theme, "dark", &err));
	assert_string_equal(theme.name, "dark");
	assert_int_equal(theme.looks[ROLE_OK].fg.value, 99);
	fails(theme_load(&theme, "odd", &err), AF_ERR_USAGE, "odd.theme:2: busy");
	assert_int_equal(theme.looks[ROLE_OK].fg.value, 98);
	theme_free(&theme);
}

static void test_unknown_theme(void **state UNUSED)
{
	struct theme theme = { 0 };
	af_code rc;

	ok(theme_load(&theme, "light", &err));
	rc = theme_load(&theme, "nope", &err);
	assert_int_equal(rc, AF_ERR_NOT_FOUND);
	has_text(err.message, "no theme \"nope\"");
	has_text(err.hint, "high-contrast");
	af_error_clear(&err);
	assert_string_equal(theme.name, "Light");
	fails(theme_load(&theme, "/nonexistent/x.theme", &err), AF_ERR_NOT_FOUND, "/nonexistent/x.theme");
	theme_free(&theme);
}

/* What must be told apart at a glance, in every theme, with 256 colours. */
static void test_states_differ(void **state UNUSED)
{
	static const enum role states[] = { ROLE_OK, ROLE_BUSY, ROLE_ERROR, ROLE_TEXT };
	AUTO_STRLIST names = { 0 };

	ok(theme_names(&names, &err));
	for (size_t n = 0; n < names.count; n++) {
		struct theme theme = { 0 };
		bool mono = !strcmp(names.items[n], "mono");
		if (!strcmp(names.items[n], "odd"))
			continue;
		ok(theme_load(&theme, names.items[n], &err));
		for (size_t i = 0; i < ARRAY_LEN(states); i++)
			for (size_t k = 0; k < i && !mono; k++)
				if (!memcmp(&theme.looks[states[i]], &theme.looks[states[k]], sizeof(struct look)))
					fail_msg("%s: %s is %s", names.items[n], role_rows[states[i]].name, role_rows[states[k]].name);
		theme_free(&theme);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_wrong_looks),
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_wrong_file),
		cmocka_unit_test(test_many_problems),
		cmocka_unit_test(test_nearest_colours),
		cmocka_unit_test(test_reduced_looks),
		cmocka_unit_test(test_installed_themes),
		cmocka_unit_test(test_states_differ),
		cmocka_unit_test(test_own_theme_comes_first),
		cmocka_unit_test(test_unknown_theme),
	};

	return cmocka_run_group_tests_name("theme", tests, use_themes_here, forget_themes);
}
