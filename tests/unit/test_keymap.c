/* Keys as they are written, and which action they mean. */
#include <curses.h>
#include <locale.h>

#include "unit.h"

#include "ui/canvas.h"
#include "ui/keymap.h"

static keycode parse(const char *name)
{
	return key_parse(name, strlen(name));
}

static void test_names(void **state UNUSED)
{
	static const struct {
		const char *name;
		keycode key;
		const char *written; /* NULL: the same */
	} rows[] = {
		{ "q", 'q', NULL },
		{ "S", 'S', NULL },
		{ "^", '^', NULL },
		{ "-", '-', NULL },
		{ "*", '*', NULL },
		{ "é", 0xe9, NULL },
		{ "→", 0x2192, NULL },
		{ "𝄞", 0x1d11e, NULL },
		{ "^S", 19, NULL },
		{ "^s", 19, "^S" },
		{ "^I", '\t', "Tab" },
		{ "^M", '\r', "Enter" },
		{ "^[", 27, "Esc" },
		{ "C-s", 19, "^S" },
		{ "^?", KEY_SPECIAL + KEY_BACKSPACE, "Backspace" },
		{ "F4", KEY_SPECIAL + KEY_F(4), NULL },
		{ "F24", KEY_SPECIAL + KEY_F(24), NULL },
		{ "F", 'F', NULL },
		{ "enter", '\r', "Enter" },
		{ "Space", ' ', NULL },
		{ "pgdn", KEY_SPECIAL + KEY_NPAGE, "PgDn" },
		{ "S-Tab", KEY_SPECIAL + KEY_BTAB, NULL },
		{ "M-x", KEY_META | 'x', NULL },
		{ "M-^X", KEY_META | 24, NULL },
		{ "M-Enter", KEY_META | '\r', NULL },
		{ "C-Left", KEY_CTRL | (KEY_SPECIAL + KEY_LEFT), NULL },
		{ "M-C-S-End", KEY_META | KEY_CTRL | KEY_SHIFT | (KEY_SPECIAL + KEY_END), NULL },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char name[32] = "";
		if (parse(rows[i].name) != rows[i].key)
			fail_msg("%s: %#x, not %#x", rows[i].name, parse(rows[i].name), rows[i].key);
		assert_true(keycode_name(rows[i].key, name, sizeof(name)));
		assert_string_equal(name, rows[i].written ? rows[i].written : rows[i].name);
	}
}

static void test_no_names(void **state UNUSED)
{
	static const char *const wrong[] = { "", "qq", "F0", "F25", "F04", "Entre", "M-", "S-q", "C-1", "\x01", "\x7f",
					     "\xff", "\xc3", " ", "^1", "X-q" };
	char name[32];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (parse(wrong[i]))
			fail_msg("\"%s\" is %#x", wrong[i], parse(wrong[i]));
	assert_false(keycode_name(KEY_SPECIAL + KEY_SUSPEND, name, sizeof(name)));
	assert_false(keycode_name(0, name, sizeof(name)));
	assert_false(keycode_name(KEY_SPECIAL + KEY_BACKSPACE, name, 5));
}

static int new_map(void **state)
{
	*state = keymap_new(&err);
	return *state ? 0 : -1;
}

static int free_map(void **state)
{
	keymap_free(*state);
	return 0;
}

static void test_rows(void **state UNUSED)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++) {
		assert_int_equal(action_rows[i].action, i);
		assert_non_null(action_rows[i].help);
		for (int k = ACT_NONE + 1; k < i; k++)
			assert_string_not_equal(action_rows[i].name, action_rows[k].name);
	}
	assert_int_equal(action_rows[ACT_NONE].action, ACT_NONE);
}

/* Binding each action to its own default keys finds any two of a context that share one. */
static void test_defaults_do_not_clash(void **state)
{
	for (int i = ACT_NONE + 1; i < ACT_COUNT; i++)
		ok(keymap_bind(*state, action_rows[i].name, action_rows[i].keys, &err));
}

static void test_innermost_context_wins(void **state)
{
	static const enum key_context logs[] = { KEYS_LOGS, KEYS_LIST, KEYS_GLOBAL };
	static const enum key_context history[] = { KEYS_HISTORY, KEYS_LIST, KEYS_GLOBAL };
	static const enum key_context global[] = { KEYS_GLOBAL };

	assert_int_equal(keymap_find(*state, logs, 'e'), ACT_ERROR_NEXT);
	assert_int_equal(keymap_find(*state, logs, 'n'), ACT_SEARCH_NEXT);
	assert_int_equal(keymap_find(*state, logs, 'q'), ACT_QUIT);
	assert_int_equal(keymap_find(*state, logs, 'r'), ACT_RUN);
	assert_int_equal(keymap_find(*state, history, 'r'), ACT_RERUN);
	assert_int_equal(keymap_find(*state, global, 'e'), ACT_NONE);
	assert_int_equal(keymap_find(*state, logs, KEY_SPECIAL + KEY_UP), ACT_UP);
	assert_int_equal(keymap_find(*state, logs, KEY_META | 'q'), ACT_NONE);
}

static void assert_keys(struct keymap *map, enum action action, const char *expected)
{
	AUTO_FREE char *keys = keymap_keys(map, action, &err);

	assert_string_equal(keys, expected);
}

static void test_bind(void **state)
{
	static const enum key_context list[] = { KEYS_LIST, KEYS_GLOBAL };
	struct keymap *map = *state;

	assert_keys(map, ACT_UP, "Up k");
	ok(keymap_bind(map, "up", "  M-k  ^P M-k", &err));
	assert_keys(map, ACT_UP, "M-k ^P");
	assert_int_equal(keymap_find(map, list, 16), ACT_UP);
	assert_int_equal(keymap_find(map, list, 'k'), ACT_NONE);
	ok(keymap_bind(map, "quit", "", &err));
	assert_keys(map, ACT_QUIT, "");
	assert_int_equal(keymap_find(map, list, 'q'), ACT_NONE);
	/* Two that change places. */
	ok(keymap_bind(map, "first", "", &err));
	ok(keymap_bind(map, "last", "Home g", &err));
	ok(keymap_bind(map, "first", "End G", &err));
	assert_int_equal(keymap_find(map, list, 'g'), ACT_LAST);
}

static void test_wrong_bindings(void **state)
{
	struct keymap *map = *state;

	fails(keymap_bind(map, "fly", "x", &err), AF_ERR_USAGE, "no such action: \"fly\"");
	fails(keymap_bind(map, "", "x", &err), AF_ERR_USAGE, "no such action");
	fails(keymap_bind(map, "up", "Upp", &err), AF_ERR_USAGE, "up: no such key: \"Upp\"");
	fails(keymap_bind(map, "up", "a b c d e f g i o", &err), AF_ERR_USAGE, "more than 8");
	fails(keymap_bind(map, "up", "x j", &err), AF_ERR_EXISTS, "up: j is the key of down");
	assert_keys(map, ACT_UP, "Up k");
	/* In another context it means something else. */
	ok(keymap_bind(map, "up", "Up q", &err));
}

static void test_hints(void **state)
{
	struct theme theme;
	char buf[32];

	theme_default(&theme);
	ok(canvas_start_headless(&theme, GLYPHS_UNICODE, 5, 20, &err));
	assert_string_equal(keymap_hint(*state, ACT_OPEN, buf, sizeof(buf)), "↵");
	assert_string_equal(keymap_hint(*state, ACT_UP, buf, sizeof(buf)), "↑");
	assert_string_equal(keymap_hint(*state, ACT_MARK, buf, sizeof(buf)), "space");
	assert_string_equal(keymap_hint(*state, ACT_SEND, buf, sizeof(buf)), "^S");
	assert_string_equal(keymap_hint(*state, ACT_EDIT_JSON, buf, sizeof(buf)), "F4");
	ok(canvas_start_headless(&theme, GLYPHS_ASCII, 5, 20, &err));
	assert_string_equal(keymap_hint(*state, ACT_OPEN, buf, sizeof(buf)), "Enter");
	assert_string_equal(keymap_hint(*state, ACT_UP, buf, sizeof(buf)), "Up");
	ok(keymap_bind(*state, "up", "", &err));
	assert_string_equal(keymap_hint(*state, ACT_UP, buf, sizeof(buf)), "");
	canvas_end();
}

static void test_say(void **state)
{
	char buf[64];

	ok(keymap_bind(*state, "call", "C", &err));
	ok(keymap_bind(*state, "save", "", &err));
	assert_string_equal(keymap_say(*state, "no calls; {call} makes one", buf, sizeof(buf)), "no calls; C makes one");
	assert_string_equal(keymap_say(*state, "{save}{edit-json}", buf, sizeof(buf)), "saveF4");
	assert_string_equal(keymap_say(*state, "no such {thing}, {open", buf, sizeof(buf)), "no such thing, ↵");
	assert_string_equal(keymap_say(*state, "{open}↵", buf, 5), "↵");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_no_names),
		cmocka_unit_test(test_rows),
		cmocka_unit_test_setup_teardown(test_defaults_do_not_clash, new_map, free_map),
		cmocka_unit_test_setup_teardown(test_innermost_context_wins, new_map, free_map),
		cmocka_unit_test_setup_teardown(test_bind, new_map, free_map),
		cmocka_unit_test_setup_teardown(test_wrong_bindings, new_map, free_map),
		cmocka_unit_test_setup_teardown(test_hints, new_map, free_map),
		cmocka_unit_test_setup_teardown(test_say, new_map, free_map),
	};

	assert_non_null(setlocale(LC_CTYPE, "C.UTF-8"));
	return cmocka_run_group_tests_name("keymap", tests, NULL, NULL);
}
