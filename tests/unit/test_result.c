/* The tree of a result: rows, folding, paths, searching, and how long ten megabytes take. */
#include "unit.h"

#include <locale.h>

#include "base/clock.h"
#include "ui/result.h"

static struct result_tree tree;

static void open_text(const char *text)
{
	ok(json_check(text, strlen(text), &err));
	ok(result_tree_init(&tree, (struct json_span){ text, strlen(text) }, &err));
}

static int close_tree(void **state UNUSED)
{
	result_tree_free(&tree);
	return 0;
}

/* A row as text: depth, key, value or what it is. */
static const char *row(size_t number)
{
	static struct strbuf sb;
	struct result_row r;

	strbuf_init(&sb, STRBUF_TEXT);
	if (!result_tree_row(&tree, number, &r))
		return "none";
	strbuf_free(&sb);
	strbuf_addf(&sb, "%d ", r.depth);
	if (r.key.len)
		strbuf_addf(&sb, "%.*s ", (int) r.key.len, r.key.text);
	else if (r.in_array)
		strbuf_addf(&sb, "%zu ", r.index);
	if (r.kind == ROW_MORE)
		strbuf_addf(&sb, "more %zu", r.count);
	else if (r.kind == ROW_STRING)
		strbuf_addf(&sb, "line %.*s", (int) r.line_len, r.line);
	else if (r.kind == ROW_CUT)
		strbuf_adds(&sb, "cut");
	else if (r.unfolded)
		strbuf_addf(&sb, "%c %zu", *r.value.text, r.count);
	else
		strbuf_addf(&sb, "%.*s%s", (int) MIN(r.value.len, (size_t) 40), r.value.text, r.last ? "" : ",");
	static char out[200];
	snprintf(out, sizeof(out), "%s", sb.data);
	strbuf_free(&sb);
	return out;
}

static void rows_are(const char *const *want, size_t count)
{
	for (size_t i = 0; i < count; i++)
		assert_string_equal(row(i), want[i]);
	assert_int_equal(result_tree_rows(&tree), count);
	assert_string_equal(row(count), "none");
}
#define ROWS(...)                                             \
	do {                                                  \
		static const char *const want_[] = { __VA_ARGS__ }; \
		rows_are(want_, ARRAY_LEN(want_));            \
	} while (0)

static const char *path(size_t number)
{
	static char out[200];
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	result_tree_path(&tree, number, &sb);
	snprintf(out, sizeof(out), "%s", sb.data);
	return out;
}

static void test_plain_values_have_one_row(void **state UNUSED)
{
	static const char *const texts[] = { "1", "true", "null", "\"\"", "{}", "[]", "-1.50e3" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		open_text(texts[i]);
		assert_int_equal(result_tree_rows(&tree), 1);
		has_text(row(0), texts[i]);
		assert_string_equal(path(0), "$");
		assert_false(result_tree_unfold(&tree, 0));
		result_tree_free(&tree);
	}
}

static void test_folding(void **state UNUSED)
{
	open_text("{ \"a\" : 1 , \"b\" : [ 10 , { \"c\" : \"x,]}\\\"\" } , [ ] ] , \"d\" : { } }");
	ROWS("0 { 3", "1 \"a\" 1,", "1 \"b\" [ 10 , { \"c\" : \"x,]}\\\"\" } , [ ] ],", "1 \"d\" { }");
	assert_true(result_tree_unfold(&tree, 2));
	assert_false(result_tree_unfold(&tree, 2));
	assert_true(result_tree_unfold(&tree, 4));
	ROWS("0 { 3", "1 \"a\" 1,", "1 \"b\" [ 3", "2 0 10,", "2 1 { 1", "3 \"c\" \"x,]}\\\"\"", "2 2 [ ]", "1 \"d\" { }");
	assert_string_equal(path(5), "$.b[1].c");
	assert_string_equal(path(3), "$.b[0]");
	assert_int_equal(result_tree_parent(&tree, 5), 4);
	assert_int_equal(result_tree_parent(&tree, 4), 2);
	assert_int_equal(result_tree_parent(&tree, 2), 0);
	assert_true(result_tree_fold(&tree, 2));
	assert_int_equal(result_tree_rows(&tree), 4);
	assert_true(result_tree_fold(&tree, 0));
	assert_int_equal(result_tree_rows(&tree), 1);
	assert_true(result_tree_unfold(&tree, 0));
	assert_int_equal(result_tree_rows(&tree), 4);
}

static void test_odd_keys_in_paths(void **state UNUSED)
{
	open_text("{\"a b\":1,\"\":2,\"1x\":3,\"h\xc3\xa9\":4,\"q\\\"\":5}");
	assert_string_equal(path(1), "$[\"a b\"]");
	assert_string_equal(path(2), "$[\"\"]");
	assert_string_equal(path(3), "$[\"1x\"]");
	assert_string_equal(path(4), "$.h\xc3\xa9");
	assert_string_equal(path(5), "$[\"q\\\"\"]");
}

static void test_long_lists_show_more_and_more(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addc(&text, '[');
	for (int i = 0; i < 1000; i++)
		strbuf_addf(&text, "%s{\"i\":%d}", i ? "," : "", i);
	strbuf_addc(&text, ']');
	open_text(text.data);
	ROWS("0 [ 1000", "1 0 {\"i\":0},", "1 1 {\"i\":1},", "1 2 {\"i\":2},", "1 3 more 997");
	assert_true(result_tree_unfold(&tree, 4));
	assert_int_equal(result_tree_rows(&tree), 1 + 103 + 1);
	assert_true(result_tree_unfold(&tree, 50));
	assert_string_equal(row(51), "2 \"i\" 49");
	assert_string_equal(row(105), "1 103 more 897");
	assert_string_equal(path(105), "$");
	while (strstr(row(result_tree_rows(&tree) - 1), "more"))
		assert_true(result_tree_unfold(&tree, result_tree_rows(&tree) - 1));
	assert_int_equal(result_tree_rows(&tree), 1002);
	assert_string_equal(row(1001), "1 999 {\"i\":999}");
}

static void test_strings_unfold_over_rows(void **state UNUSED)
{
	open_text("{\"s\":\"first\\nsecond line that is longer\\n\\u00e9\\u0000\",\"t\":1}");
	result_tree_set_width(&tree, 12);
	assert_true(result_tree_unfold(&tree, 1));
	ROWS("0 { 2", "1 \"s\" \" 0", "2 line first", "2 line second line ", "2 line that is ", "2 line longer",
	     "2 line \xc3\xa9", "1 \"t\" 1");
	assert_string_equal(path(4), "$.s");
	assert_int_equal(result_tree_parent(&tree, 4), 1);
	result_tree_set_width(&tree, 80);
	assert_int_equal(result_tree_rows(&tree), 6);
	assert_true(result_tree_fold(&tree, 1));
	assert_int_equal(result_tree_rows(&tree), 3);
}

static void test_very_long_strings_are_cut(void **state UNUSED)
{
	for (int lead = 0; lead < 14; lead++) {
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
		struct result_row r;
		strbuf_addc(&text, '"');
		for (int i = 0; i < lead; i++)
			strbuf_addc(&text, 'x');
		while (text.len < RESULT_STRING_MAX + 1000)
			strbuf_adds(&text, lead % 2 ? "\\ud83d\\ude00" : "\\\\\xc3\xa9");
		strbuf_addc(&text, '"');
		open_text(text.data);
		result_tree_set_width(&tree, 100);
		assert_true(result_tree_row(&tree, result_tree_rows(&tree) - 1, &r));
		assert_int_equal(r.kind, ROW_CUT);
		assert_true(result_tree_row(&tree, result_tree_rows(&tree) - 2, &r));
		assert_null(memmem(r.line, r.line_len, "\xef\xbf\xbd", 3));
		result_tree_free(&tree);
	}
}

static void test_revealing(void **state UNUSED)
{
	const char *text = "{\"a\":1,\"b\":[0,{\"c\":[1,2,{\"deep\":\"needle\"}]}],\"z\":2}";

	open_text(text);
	result_tree_fold(&tree, 0);
	size_t at = result_tree_reveal(&tree, (size_t) (strstr(text, "needle") - text));
	has_text(row(at), "needle");
	assert_string_equal(path(at), "$.b[1].c[2].deep");
	at = result_tree_reveal(&tree, (size_t) (strstr(text, "\"b\"") - text));
	assert_string_equal(path(at), "$.b");
	at = result_tree_reveal(&tree, strlen(text) - 2);
	assert_string_equal(path(at), "$.z");
	assert_int_equal(result_tree_reveal(&tree, 0), 0);
	/* Every byte of the text belongs to some row. */
	for (size_t i = 0; i < strlen(text); i++)
		assert_true(result_tree_reveal(&tree, i) < result_tree_rows(&tree));
}

static void test_previews(void **state UNUSED)
{
	static const struct {
		const char *text, *preview;
		int width;
	} cases[] = {
		{ "{\"action\":1,\"reward\":{\"x\":1},\"obs\":[1,2]}", "{ action, reward, obs }", 60 },
		{ "{\"action\":1,\"reward\":{\"x\":1},\"obs\":[1,2]}", "{ action, … }", 16 },
		{ "[1, 2, 3]", "[1, 2, 3]", 60 },
		{ "[[1],[2],[3]]", "[ 3 items ]", 60 },
		{ "[[1]]", "[ 1 item ]", 60 },
		{ "[1,2,3,4,5,6,7,8,9]", "[ 9 items ]", 10 },
		{ "{}", "{}", 60 },
		{ "{\"a\":1}", "{\"a\": 1}", 60 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
		result_preview((struct json_span){ cases[i].text, strlen(cases[i].text) }, cases[i].width, &out);
		assert_string_equal(out.data, cases[i].preview);
	}
}

/* All rows of all trees of odd texts can be read, and cover what is unfolded. */
static void test_everything_unfolds(void **state UNUSED)
{
	static const char *const texts[] = { "[[[[[[[[[[1]]]]]]]]]]", "{\"\":{\"\":{\"\":[]}}}", "[\"\\\\\",\"\\\"\",\"]\",{\"}\":\"[\"}]",
					     " [ 1 , [ ] , { } , \"\" ] " };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		const char *p = texts[i] + strspn(texts[i], " ");
		size_t len = strlen(p);
		while (p[len - 1] == ' ')
			len--;
		ok(result_tree_init(&tree, (struct json_span){ p, len }, &err));
		for (size_t n = 0; n < result_tree_rows(&tree); n++) {
			struct result_row r;
			assert_true(result_tree_row(&tree, n, &r));
			if (r.kind == ROW_VALUE)
				ok(json_check(r.value.text, r.value.len, &err));
			result_tree_unfold(&tree, n);
		}
		result_tree_free(&tree);
	}
}

/* ---- rows of text, differences, searching, tables ---------------------------------------------------- */

static void test_text_in_rows(void **state UNUSED)
{
	static const char *const want[] = { "short", "", "0123456789", "abc", "\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2", "\xe6\xbc\xa2" };
	const char *text = "short\n\n0123456789abc\n\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\xe6\xbc\xa2\n";
	struct pager p = { 0 };
	struct json_span row;

	pager_set(&p, text, strlen(text));
	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		assert_true(pager_row(&p, 10, i, &row));
		if (row.len != strlen(want[i]) || memcmp(row.text, want[i], row.len))
			fail_msg("row %zu: %.*s", i, (int) row.len, row.text);
	}
	assert_false(pager_row(&p, 10, ARRAY_LEN(want), &row));
	assert_int_equal(pager_all(&p, 10), ARRAY_LEN(want));
	assert_int_equal(pager_find(&p, 10, 0), 0);
	assert_int_equal(pager_find(&p, 10, (size_t) (strchr(text, 'b') - text)), 3);
	assert_int_equal(pager_find(&p, 80, (size_t) (strchr(text, 'b') - text)), 2);
	pager_set(&p, "", 0);
	assert_true(pager_all(&p, 10) <= 1);
	pager_free(&p);
}

static void test_differences(void **state UNUSED)
{
	static const char *const want[] = { "~ $.score 0.9 0.8", "~ $.list[1] 2 {}", "+ $.list[3] - [4]", "+ $.new - {\"a\":1}",
					    "~ $.deep.x[0] \"a\" 1", "- $.gone null -" };
	struct diff d;

	ok(diff_make(&d, strdup("{\"score\":0.9,\"list\":[1,2,3],\"gone\":null,\"same\":{\"a\":[1]},\"deep\":{\"x\":[\"a\"]}}"),
		     strdup("{\"score\":0.8,\"list\":[1,{},3,[4]],\"new\":{\"a\":1},\"deep\":{\"x\":[1]},\"same\":{\"a\": [1]}}"), &err));
	assert_int_equal(d.count, ARRAY_LEN(want));
	for (size_t i = 0; i < d.count; i++) {
		const struct diff_line *l = &d.lines[i];
		AUTO_FREE char *line = str_format(NULL, "%c %s %.*s %.*s", l->kind, l->path, l->before.text ? (int) l->before.len : 1,
						  l->before.text ? l->before.text : "-", l->after.text ? (int) l->after.len : 1,
						  l->after.text ? l->after.text : "-");
		assert_string_equal(line, want[i]);
	}
	diff_free(&d);
	ok(diff_make(&d, strdup("[1, 2]"), strdup("[1,2]"), &err));
	assert_int_equal(d.count, 0);
	diff_free(&d);
}

/* "~$[0].a" and so on, in their order. */
static void differences_are(const char *before, const char *after, const char *expected)
{
	AUTO_STRBUF got = STRBUF_INIT(4096);
	struct diff d;

	ok(diff_make(&d, strdup(before), strdup(after), &err));
	for (size_t i = 0; i < d.count; i++)
		strbuf_addf(&got, "%s%c%s", i ? " " : "", d.lines[i].kind, d.lines[i].path);
	assert_string_equal(got.data, expected);
	diff_free(&d);
}

static void test_lists_are_aligned(void **state UNUSED)
{
	/* What came and what went moves nothing else. */
	differences_are("[{\"a\":1},{\"a\":2},{\"a\":3}]", "[{\"a\":0},{\"a\":1},{\"a\":2},{\"a\":3}]", "+$[0]");
	differences_are("[{\"a\":1},{\"a\":2},{\"a\":3}]", "[{\"a\":1},{\"a\":3}]", "-$[1]");
	differences_are("[1,2,3,4]", "[1,9,3,4,5]", "~$[1] +$[4]");
	/* By their names, in any order. */
	differences_are("[{\"id\":1,\"s\":0},{\"id\":2,\"s\":0}]", "[{\"id\":2,\"s\":1},{\"id\":1,\"s\":0}]", "~$[0].s");
	differences_are("[{\"id\":1,\"s\":0},{\"id\":2,\"s\":0}]", "[{\"id\":3,\"s\":0},{\"id\":2,\"s\":0}]", "+$[0] -$[0]");
	/* Names that are not their own name nothing. */
	differences_are("[{\"id\":1,\"s\":0},{\"id\":1,\"s\":1}]", "[{\"id\":1,\"s\":0},{\"id\":1,\"s\":2}]", "~$[1].s");
	differences_are("[]", "[1]", "+$[0]");
	differences_are("[1,[2]]", "[]", "-$[0] -$[1]");
}

static void test_differences_are_bounded(void **state UNUSED)
{
	AUTO_STRBUF a = STRBUF_INIT(STRBUF_TEXT), b = STRBUF_INIT(STRBUF_TEXT);
	struct diff d;

	for (int i = 0; i < DIFF_MAX + 100; i++) {
		strbuf_addf(&a, "%c%d", i ? ',' : '[', i);
		strbuf_addf(&b, "%c%d", i ? ',' : '[', i + 1);
	}
	strbuf_addc(&a, ']');
	strbuf_addc(&b, ']');
	ok(diff_make(&d, strdup(a.data), strdup(b.data), &err));
	assert_int_equal(d.count, DIFF_MAX);
	assert_true(d.more);
	diff_free(&d);
}

static void test_searching(void **state UNUSED)
{
	const char *text = "{\"a\":\"Drawer\",\"b\":[1,\"the drawer\",{\"drawer\":2}],\"c\":\"x\"}";
	struct result r;

	result_init(&r);
	result_take_text(&r, strdup(text), strlen(text), NULL);
	assert_true(r.json);
	assert_true(result_search(&r, "drawer"));
	assert_int_equal(r.matches, 3);
	assert_int_equal(r.match, 1);
	assert_int_equal(r.row, 1);
	assert_int_equal(result_act(&r, NULL, ACT_SEARCH_NEXT), REACT_REDRAW);
	assert_int_equal(r.match, 2);
	assert_int_equal(result_act(&r, NULL, ACT_SEARCH_NEXT), REACT_REDRAW);
	assert_int_equal(r.match, 3);
	AUTO_STRBUF where = STRBUF_INIT(STRBUF_TEXT);
	result_tree_path(&r.tree, r.row, &where);
	assert_string_equal(where.data, "$.b[2].drawer");
	assert_int_equal(result_act(&r, NULL, ACT_SEARCH_NEXT), REACT_REDRAW);
	assert_int_equal(r.match, 1);
	assert_int_equal(result_act(&r, NULL, ACT_SEARCH_PREVIOUS), REACT_REDRAW);
	assert_int_equal(r.match, 3);
	assert_true(result_search(&r, "Drawer"));
	assert_int_equal(r.matches, 1);
	assert_false(result_search(&r, "cupboard"));
	assert_int_equal(r.matches, 0);
	assert_true(result_search(&r, NULL));
	result_free(&r);
}

static void test_tables(void **state UNUSED)
{
	struct table t = { 0 };

	open_text("{\"n\":1,\"steps\":[{\"a\":1,\"b\":\"x\"},{\"b\":\"longer\",\"c\":null},3]}");
	assert_true(table_find(&t, &tree, 0));
	assert_string_equal(t.path, "$.steps");
	assert_int_equal(table_rows(&t), 3);
	assert_int_equal(t.names.count, 3);
	assert_true(t.numbers[0]);
	assert_false(t.numbers[1]);
	assert_int_equal(t.widths[1], 6);
	table_free(&t);
	result_tree_free(&tree);
	open_text("[1,2]");
	assert_false(table_find(&t, &tree, 0));
	table_free(&t);
}

static void goes(struct result *r, const char *path, const char *want)
{
	AUTO_STRBUF where = STRBUF_INIT(STRBUF_TEXT);

	assert_true(result_go_to_path(r, path));
	result_tree_path(&r->tree, r->row, &where);
	assert_string_equal(where.data, want);
}

static void test_paths(void **state UNUSED)
{
	static const char *const wrong[] = { ".x", ".steps[3]", ".steps[-1]", ".steps[x]", ".steps[1", ".steps.a", ".n.a", ".n[0]",
					     "[0]", ".[\"odd key]", ".[\"\\q\"]", "steps[", ".steps[]", "..", ".n.", "]" };
	const char *text = "{\"n\":1,\"steps\":[{\"a\":1},{\"a\":[0,[7]]},3],\"odd key\":{\"\\u00e9\":2},\"\":5}";
	struct result r;

	result_init(&r);
	result_take_text(&r, strdup(text), strlen(text), NULL);
	goes(&r, "$.steps[1].a", "$.steps[1].a");
	goes(&r, ".steps[1].a[1][0]", "$.steps[1].a[1][0]");
	goes(&r, "steps[2]", "$.steps[2]");
	goes(&r, ".steps.[0].a ", "$.steps[0].a");
	goes(&r, "[\"odd key\"].\xc3\xa9", "$[\"odd key\"][\"\\u00e9\"]");
	goes(&r, "$[\"\"]", "$[\"\"]");
	goes(&r, "$", "$");
	goes(&r, ".", "$");
	goes(&r, "", "$");
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
		if (result_go_to_path(&r, wrong[i]))
			fail_msg("%s leads somewhere", wrong[i]);
	result_free(&r);
}

/* Tree, raw text and table each keep the place where one was; a table's row is what is copied and opened. */
static void test_places(void **state UNUSED)
{
	const char *text = "{\"n\":1,\"steps\":[{\"a\":1},{\"a\":2},{\"a\":3}],\"more\":[{\"b\":1},{\"b\":2}]}";
	AUTO_STRBUF copied = STRBUF_INIT(STRBUF_TEXT), where = STRBUF_INIT(STRBUF_TEXT);
	struct result r;

	result_init(&r);
	result_take_text(&r, strdup(text), strlen(text), NULL);
	goes(&r, ".steps[1]", "$.steps[1]");
	size_t row = r.row;
	assert_true(result_set_mode(&r, RESULT_TABLE));
	assert_int_equal(r.row, 0);
	result_act(&r, NULL, ACT_DOWN);
	result_act(&r, NULL, ACT_DOWN);
	result_value(&r, &copied);
	assert_string_equal(copied.data, "{\"a\":3}");
	assert_true(result_set_mode(&r, RESULT_TREE));
	assert_int_equal(r.row, row);
	assert_true(result_set_mode(&r, RESULT_TABLE));
	assert_int_equal(r.row, 2);
	assert_int_equal(result_act(&r, NULL, ACT_OPEN), REACT_REDRAW);
	assert_int_equal(r.mode, RESULT_TREE);
	result_tree_path(&r.tree, r.row, &where);
	assert_string_equal(where.data, "$.steps[2]");
	/* Another list begins at its top. */
	goes(&r, ".more[1]", "$.more[1]");
	assert_true(result_set_mode(&r, RESULT_TABLE));
	assert_int_equal(r.row, 0);
	result_free(&r);
}

static void test_strings_break_between_words(void **state UNUSED)
{
	open_text("{\"s\":\"one two three four five\\n.\"}");
	result_tree_set_width(&tree, 16);
	assert_true(result_tree_unfold(&tree, 1));
	ROWS("0 { 1", "1 \"s\" \" 0", "2 line one two three ", "2 line four five", "2 line .");
}

/* Ten megabytes: opening within 300 ms also with sanitizers, any row within a frame. */
static void test_ten_megabytes(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	strbuf_adds(&text, "{\"status\":\"ok\",\"steps\":[");
	for (int i = 0; text.len < 10u << 20; i++)
		strbuf_addf(&text, "%s{\"index\":%d,\"action\":\"open drawer\",\"obs\":\"The drawer is open.\",\"n\":[1,2,3]}",
			    i ? "," : "", i);
	strbuf_adds(&text, "],\"last\":1}");
	int64_t start = clock_ms();
	ok(result_tree_init(&tree, json_span_of(&text), &err));
	took(start, 0, 300);
	print_message("opening %zu bytes: %lld ms\n", text.len, (long long) (clock_ms() - start));
	start = clock_ms();
	assert_true(result_tree_unfold(&tree, 2));
	size_t at = result_tree_reveal(&tree, (size_t) (strstr(text.data, "\"index\":100000,") - text.data));
	assert_string_equal(path(at), "$.steps[100000].index");
	took(start, 0, 300);
	print_message("unfolding and revealing: %lld ms\n", (long long) (clock_ms() - start));
	start = clock_ms();
	for (size_t i = 0; i < 1000; i++) {
		struct result_row r;
		assert_true(result_tree_row(&tree, result_tree_rows(&tree) - 1 - i, &r));
	}
	took(start, 0, 50);
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_plain_values_have_one_row, close_tree),
		cmocka_unit_test_teardown(test_folding, close_tree),
		cmocka_unit_test_teardown(test_odd_keys_in_paths, close_tree),
		cmocka_unit_test_teardown(test_long_lists_show_more_and_more, close_tree),
		cmocka_unit_test_teardown(test_strings_unfold_over_rows, close_tree),
		cmocka_unit_test_teardown(test_very_long_strings_are_cut, close_tree),
		cmocka_unit_test_teardown(test_revealing, close_tree),
		cmocka_unit_test_teardown(test_previews, close_tree),
		cmocka_unit_test_teardown(test_everything_unfolds, close_tree),
		cmocka_unit_test(test_text_in_rows),
		cmocka_unit_test(test_differences),
		cmocka_unit_test(test_lists_are_aligned),
		cmocka_unit_test(test_differences_are_bounded),
		cmocka_unit_test(test_searching),
		cmocka_unit_test_teardown(test_tables, close_tree),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_places),
		cmocka_unit_test_teardown(test_strings_break_between_words, close_tree),
		cmocka_unit_test_teardown(test_ten_megabytes, close_tree),
	};
	return RUN(tests);
}
