/* The form of a call: arguments out of fields and into them, JSON, focus, the equal command. */
#include "unit.h"

#include <locale.h>

#include "ui/form.h"

static struct form f;

static int begin(void **state UNUSED)
{
	form_init(&f);
	return 0;
}

static int end(void **state UNUSED)
{
	form_free(&f);
	return 0;
}

static void method(const char *signature, const char *parameters)
{
	struct method m = { .name = (char *) "evaluate", .signature = (char *) signature, .parameters = (char *) parameters };

	ok(form_set_method(&f, "evaluate", signature ? &m : NULL, &err));
}

static void type(const char *name, const char *text)
{
	for (int i = 0; i < f.count; i++)
		if (f.fields[i].p ? !strcmp(f.fields[i].p->name, name) : !strcmp(name, "**")) {
			form_focus(&f, CONTROL_FIELD, i);
			form_clear_input(&f);
			form_paste(&f, text, strlen(text));
			return;
		}
	fail_msg("no field %s", name);
}

static const char *error_of(const char *name)
{
	for (int i = 0; i < f.count; i++)
		if (f.fields[i].p ? !strcmp(f.fields[i].p->name, name) : !strcmp(name, "**"))
			return f.fields[i].error;
	return NULL;
}

static void gives(const char *want)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	assert_true(form_arguments(&f, &out));
	assert_string_equal(out.data, want);
	assert_int_equal(form_errors(&f), 0);
}

static void refuses(const char *name, const char *part)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	assert_false(form_arguments(&f, &out));
	has_text(error_of(name), part);
	assert_string_equal(f.fields[form_focused(&f).index].p ? f.fields[form_focused(&f).index].p->name : "**", name);
}

static void test_arguments(void **state UNUSED)
{
	method("(task_id: int, model: str, seed: int = None, ids: list[int] = None)", NULL);
	assert_int_equal(f.count, 4);
	refuses("task_id", "required");
	type("task_id", "9007199254740993");
	refuses("model", "required");
	type("model", "gpt \"4\"");
	gives("{\"task_id\": 9007199254740993, \"model\": \"gpt \\\"4\\\"\"}");
	type("seed", "x");
	refuses("seed", "not an int: \"x\"");
	assert_int_equal(form_errors(&f), 1);
	type("seed", "None");
	type("ids", "[1, 2]");
	gives("{\"task_id\": 9007199254740993, \"model\": \"gpt \\\"4\\\"\", \"seed\": null, \"ids\": [1, 2]}");
}

static void test_keywords_are_one_more_field(void **state UNUSED)
{
	method("(a: int = 1, **kwargs)", NULL);
	assert_int_equal(f.count, 2);
	type("**", "{\"x\": 1.50, \"y\": []}");
	gives("{\"x\": 1.50, \"y\": []}");
	type("a", "2");
	gives("{\"a\": 2, \"x\": 1.50, \"y\": []}");
	type("**", "[1]");
	refuses("**", "an object");
}

static void test_nothing_known_takes_json(void **state UNUSED)
{
	method(NULL, NULL);
	assert_int_equal(f.count, 1);
	gives("{}");
	type("**", "{\"any\": true}");
	gives("{\"any\": true}");
}

static void test_the_servers_parameters_come_first(void **state UNUSED)
{
	method("(...)", "[{\"name\":\"n\",\"required\":true,\"default\":null,\"annotation\":\"int\"}]");
	assert_int_equal(f.count, 2); /* and whatever (...) may hide */
	assert_int_equal(f.fields[0].p->type, VALUE_INT);
}

static void load(const char *args)
{
	form_load(&f, (struct json_span){ args, strlen(args) });
}

static void test_loading(void **state UNUSED)
{
	method("(task_id: int, model: str = 'x', o: dict = None, **kw)", NULL);
	load("{\"task_id\":17,\"model\":\"17\",\"o\":{\"a\":[1,2]},\"more\":1,\"and\":\"b\"}");
	gives("{\"task_id\": 17, \"model\": \"17\", \"o\": {\"a\": [1, 2]}, \"more\": 1, \"and\": \"b\"}");
	assert_string_equal(f.fields[1].input.text.data, "17");
	load("{}");
	refuses("task_id", "required");
}

static void test_what_has_no_field_turns_to_json(void **state UNUSED)
{
	method("(task_id: int)", NULL);
	load("{\"task_id\":17,\"gone\":1}");
	assert_true(f.json);
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	assert_true(form_arguments(&f, &out));
	has_text(out.data, "\"gone\": 1");
}

static void test_secrets_have_to_be_typed_again(void **state UNUSED)
{
	method("(task_id: int, api_key: str = None)", NULL);
	assert_true(f.fields[1].secret);
	load("{\"task_id\":1,\"api_key\":\"***\"}");
	refuses("api_key", "type it again");
	form_focus(&f, CONTROL_FIELD, 1);
	form_clear_input(&f);
	gives("{\"task_id\": 1}");
	load("{\"task_id\":1,\"api_key\":\"***\"}");
	type("api_key", "abc");
	gives("{\"task_id\": 1, \"api_key\": \"abc\"}");
}

static void test_editing_as_json(void **state UNUSED)
{
	method("(task_id: int, model: str = 'x')", NULL);
	type("task_id", "17");
	type("model", "m");
	assert_true(form_toggle_json(&f));
	assert_string_equal(f.editor.text.data, "{\n  \"task_id\": 17,\n  \"model\": \"m\"\n}");
	field_set(&f.editor, "{\"task_id\": 1e", 13);
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	assert_false(form_arguments(&f, &out));
	has_text(f.json_error, "line 1");
	assert_false(form_toggle_json(&f));
	field_set(&f.editor, "[1]", 3);
	assert_false(form_arguments(&f, &out));
	has_text(f.json_error, "names");
	field_set(&f.editor, "\n {\"task_id\": 18.0}\n", 20);
	assert_true(form_toggle_json(&f));
	assert_string_equal(f.fields[0].input.text.data, "18.0");
	refuses("task_id", "not an int");
}

static void test_numbers(void **state UNUSED)
{
	int repeat, concurrency;
	int64_t timeout_ms;

	method("()", NULL);
	assert_true(form_numbers(&f, &repeat, &concurrency, &timeout_ms));
	assert_int_equal(repeat, 1);
	assert_int_equal(timeout_ms, 300000);
	form_set_numbers(&f, 20, 4, 1500);
	field_set(&f.timeout, "1.5s", 4);
	assert_true(form_numbers(&f, &repeat, &concurrency, &timeout_ms));
	assert_int_equal(repeat, 20);
	assert_int_equal(concurrency, 4);
	assert_int_equal(timeout_ms, 1500);
	field_set(&f.repeat, "0", 1);
	assert_false(form_numbers(&f, &repeat, &concurrency, &timeout_ms));
	has_text(f.number_error, "repeat");
	assert_int_equal(form_focused(&f).kind, CONTROL_REPEAT);
	form_set_numbers(&f, 1, 1, 60000);
	field_set(&f.timeout, "soon", 4);
	assert_false(form_numbers(&f, &repeat, &concurrency, &timeout_ms));
	assert_int_equal(form_focused(&f).kind, CONTROL_TIMEOUT);
}

static void test_the_focus_goes_through_all(void **state UNUSED)
{
	static const enum control_kind kinds[] = { CONTROL_METHOD, CONTROL_FIELD, CONTROL_FIELD, CONTROL_TARGET, CONTROL_REPEAT,
						   CONTROL_CONCURRENCY, CONTROL_TIMEOUT, CONTROL_SEND, CONTROL_EDIT_JSON, CONTROL_SAVE };

	method("(a: int, b: float = 1)", NULL);
	assert_int_equal(form_focused(&f).kind, CONTROL_FIELD);
	while (form_step(&f, -1))
		;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		assert_int_equal(form_focused(&f).kind, kinds[i]);
		assert_int_equal(form_input(&f) != NULL, (kinds[i] == CONTROL_FIELD) | (kinds[i] == CONTROL_REPEAT) |
							 (kinds[i] == CONTROL_CONCURRENCY) | (kinds[i] == CONTROL_TIMEOUT));
		assert_int_equal(form_step(&f, 1), i + 1 < ARRAY_LEN(kinds));
	}
	/* What was left is checked, but not whether it was left empty. */
	type("b", "x");
	form_step(&f, 1);
	has_text(error_of("b"), "not a float");
	assert_null(error_of("a"));
	form_step(&f, -1);
	form_key(&f, KEY_SPECIAL + 0407); /* Backspace */
	assert_null(error_of("b"));
}

static void test_targets_go_round(void **state UNUSED)
{
	struct replica replicas[] = { { .number = 0 }, { .number = 3 } };
	struct environment env = { .replicas = replicas, .count = 2 };
	static const int want[] = { 0, 3, TARGET_ALL, TARGET_AUTO, 0 };

	for (size_t i = 0; i < ARRAY_LEN(want); i++) {
		form_turn_target(&f, &env, 1);
		assert_int_equal(f.target, want[i]);
	}
	form_turn_target(&f, NULL, -1);
	form_turn_target(&f, NULL, -1);
}

static void test_earlier_values(void **state UNUSED)
{
	struct call_record records[] = {
		{ .method = (char *) "evaluate", .args = (char *) "{\"task_id\":2,\"model\":\"b\"}" },
		{ .method = (char *) "evaluate", .args = (char *) "{\"task_id\":1,\"model\":\"b\"}" },
		{ .method = (char *) "other", .args = (char *) "{\"task_id\":9}" },
		{ .method = (char *) "evaluate", .args = (char *) "{\"task_id\":1,\"key\":\"***\"}" },
		{ .method = (char *) "evaluate", .args = (char *) "broken" },
	};
	struct call_list list = { records, ARRAY_LEN(records) };

	method("(task_id: int, model: str = None, key: str = None)", NULL);
	form_set_earlier(&f, &list);
	assert_int_equal(f.fields[0].earlier.count, 2);
	assert_string_equal(f.fields[0].earlier.items[0], "2");
	assert_int_equal(f.fields[1].earlier.count, 1);
	assert_int_equal(f.fields[2].earlier.count, 0);
}

static void test_the_equal_command(void **state UNUSED)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	method("(task_id: int, model: str, ids: list = None, api_key: str = None)", NULL);
	type("task_id", "17");
	type("model", "a b");
	type("ids", "[1, 2]");
	type("api_key", "hush");
	ok(form_command(&f, "affine", &out, &err));
	assert_string_equal(out.data, "afs call affine evaluate --arg task_id=17 --arg 'model=a b' --arg 'ids=[1, 2]' "
				      "--arg 'api_key=***'");
	type("model", "17");
	f.target = 1;
	field_set(&f.timeout, "60", 2);
	strbuf_reset(&out);
	ok(form_command(&f, "affine", &out, &err));
	has_text(out.data, "--arg 'model=\"17\"'");
	has_text(out.data, "--replica=1 --timeout=60");
	/* What is wrong is left out. */
	type("task_id", "x");
	f.target = TARGET_ALL;
	strbuf_reset(&out);
	ok(form_command(&f, "affine", &out, &err));
	assert_null(strstr(out.data, "task_id"));
	has_text(out.data, "--all");
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_arguments),
		TEST(test_keywords_are_one_more_field),
		TEST(test_nothing_known_takes_json),
		TEST(test_the_servers_parameters_come_first),
		TEST(test_loading),
		TEST(test_what_has_no_field_turns_to_json),
		TEST(test_secrets_have_to_be_typed_again),
		TEST(test_editing_as_json),
		TEST(test_numbers),
		TEST(test_the_focus_goes_through_all),
		TEST(test_targets_go_round),
		TEST(test_earlier_values),
		TEST(test_the_equal_command),
	};
	return RUN(tests);
}
