/* Python signatures, and what is typed for their parameters. */
#include "unit.h"

#include "ui/call_signature.h"

static struct signature sig;

static const struct parameter *parse(const char *text, size_t count)
{
	ok(signature_parse(text, strlen(text), &sig, &err));
	if (sig.count != count)
		fail_msg("%s: %zu parameters", text, sig.count);
	return sig.items;
}

static int clear(void **state UNUSED)
{
	signature_free(&sig);
	return 0;
}

static void test_names_types_and_defaults(void **state UNUSED)
{
	const struct parameter *p = parse("(task_id: int, model: str, temperature: float = 0.7, ids: list[int] = None, "
					  "timeout: int=600, on: bool = True, o: dict[str, Any] = {'a': (1, 2)}) -> dict[str, int]", 7);

	assert_string_equal(p[0].name, "task_id");
	assert_int_equal(p[0].type, VALUE_INT);
	assert_true(p[0].required);
	assert_string_equal(p[2].def, "0.7");
	assert_false(p[2].required);
	assert_int_equal(p[3].type, VALUE_LIST);
	assert_int_equal(p[3].items, VALUE_INT);
	assert_true(p[3].nullable);
	assert_string_equal(p[4].def, "600");
	assert_int_equal(p[5].type, VALUE_BOOL);
	assert_int_equal(p[6].type, VALUE_DICT);
	assert_string_equal(p[6].annotation, "dict[str, Any]");
	assert_string_equal(p[6].def, "{'a': (1, 2)}");
}

static void test_stars_and_separators(void **state UNUSED)
{
	const struct parameter *p = parse("(a, /, b=1, *args, c: 'int' = 2, **kwargs: Any)", 5);

	assert_string_equal(p[0].name, "a");
	assert_int_equal(p[0].type, VALUE_ANY);
	assert_int_equal(p[2].kind, PARAMETER_REST);
	assert_string_equal(p[2].name, "args");
	assert_false(p[2].required);
	assert_int_equal(p[3].type, VALUE_INT);
	assert_int_equal(p[4].kind, PARAMETER_KEYWORDS);
	parse("(*, only)", 1);
	assert_string_equal(sig.items[0].name, "only");
}

static void test_strings_with_anything_in_them(void **state UNUSED)
{
	const struct parameter *p = parse("(sep: str = ', ', close=')', q='it\\'s', e=\"a=b:c\", last: int = 3)", 5);

	assert_string_equal(p[0].def, "', '");
	assert_string_equal(p[1].def, "')'");
	assert_string_equal(p[2].def, "'it\\'s'");
	assert_string_equal(p[3].def, "\"a=b:c\"");
	assert_string_equal(p[4].name, "last");
}

static void test_what_is_no_signature(void **state UNUSED)
{
	static const char *const texts[] = { "", "()", "(", ")", "(...)", "nothing", "(,,,)", "( )", "(\"", "(1x)", "(=)", "(:)" };

	for (size_t i = 0; i < ARRAY_LEN(texts); i++)
		parse(texts[i], 0);
	parse("(a", 1);
	parse("(a: list[int", 1);
	parse("(a = (((", 1);
}

static void test_annotations(void **state UNUSED)
{
	static const struct {
		const char *text;
		enum value_type type, items;
		bool nullable;
	} cases[] = {
		{ "int", VALUE_INT, VALUE_ANY, false },
		{ "Optional[int]", VALUE_INT, VALUE_ANY, true },
		{ "typing.Optional[typing.List[str]]", VALUE_LIST, VALUE_STR, true },
		{ "int | None", VALUE_INT, VALUE_ANY, true },
		{ "None | list[float]", VALUE_LIST, VALUE_FLOAT, true },
		{ "Union[int, None]", VALUE_INT, VALUE_ANY, true },
		{ "Union[int, str]", VALUE_ANY, VALUE_ANY, false },
		{ "int | str | None", VALUE_ANY, VALUE_ANY, true },
		{ "'dict[str, int]'", VALUE_DICT, VALUE_ANY, false },
		{ "Dict[str, List[int]]", VALUE_DICT, VALUE_ANY, false },
		{ "tuple[int, str]", VALUE_LIST, VALUE_ANY, false },
		{ "list[int | None]", VALUE_LIST, VALUE_ANY, false },
		{ "Annotated[int, Field(gt=0)]", VALUE_INT, VALUE_ANY, false },
		{ "Literal['a', 'b']", VALUE_ANY, VALUE_ANY, false },
		{ "mymodule.Task", VALUE_ANY, VALUE_ANY, false },
		{ "list[list[int]]", VALUE_LIST, VALUE_LIST, false },
		{ "Any", VALUE_ANY, VALUE_ANY, false },
		{ "|", VALUE_ANY, VALUE_ANY, false },
		{ "[[[[", VALUE_ANY, VALUE_ANY, false },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct parameter p = { 0 };
		annotation_read(cases[i].text, strlen(cases[i].text), &p);
		if (p.type != cases[i].type || p.items != cases[i].items || p.nullable != cases[i].nullable)
			fail_msg("%s: %s of %s, nullable %d", cases[i].text, value_type_name(p.type), value_type_name(p.items),
				 p.nullable);
	}
}

static void test_bounds(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT), deep = STRBUF_INIT(STRBUF_TEXT);
	struct parameter p = { 0 };

	strbuf_addc(&text, '(');
	for (int i = 0; i < 5000; i++)
		strbuf_addf(&text, "p%d: int, ", i);
	parse(text.data, SIGNATURE_MAX_PARAMETERS);
	for (int i = 0; i < 100000; i++)
		strbuf_adds(&deep, "list[");
	annotation_read(deep.data, deep.len, &p);
	strbuf_reset(&deep);
	for (int i = 0; i < 100; i++)
		strbuf_adds(&deep, "list[");
	for (int i = 0; i < 100; i++)
		strbuf_addc(&deep, ']');
	annotation_read(deep.data, deep.len, &p);
	assert_int_equal(p.type, VALUE_LIST);
}

static void test_the_servers_list_is_better(void **state UNUSED)
{
	const char *list = "[{\"name\":\"seed\",\"required\":false,\"default\":\"None\",\"annotation\":\"Optional[int]\"},"
			   "{\"name\":\"**kw\",\"required\":false,\"default\":null,\"annotation\":null},5,{\"name\":7},{}]";

	ok(signature_from_json((struct json_span){ list, strlen(list) }, &sig, &err));
	assert_int_equal(sig.count, 2);
	assert_int_equal(sig.items[0].type, VALUE_INT);
	assert_true(sig.items[0].nullable);
	assert_string_equal(sig.items[0].def, "None");
	assert_int_equal(sig.items[1].kind, PARAMETER_KEYWORDS);
	assert_null(sig.items[1].annotation);
}

/* ---- values ---------------------------------------------------------------------------------------- */

static void test_values(void **state UNUSED)
{
	static const struct {
		const char *annotation, *typed, *json; /* NULL: wrong */
	} cases[] = {
		{ "int", "17", "17" },
		{ "int", " 9007199254740993 ", "9007199254740993" },
		{ "int", "-5", "-5" },
		{ "int", "1.0", NULL },
		{ "int", "1e3", NULL },
		{ "int", "007", NULL },
		{ "int", "", NULL },
		{ "int", "None", NULL },
		{ "int | None", "None", "null" },
		{ "int | None", "null", "null" },
		{ "float", "0.1000000000000000055", "0.1000000000000000055" },
		{ "float", "3", "3" },
		{ "float", "1E400", "1E400" },
		{ "float", "0.7o", NULL },
		{ "float", "nan", NULL },
		{ "bool", "True", "true" },
		{ "bool", "false", "false" },
		{ "bool", "1", NULL },
		{ "str", "hello \"you\"", "\"hello \\\"you\\\"\"" },
		{ "str", "17", "\"17\"" },
		{ "str", "None", "\"None\"" },
		{ "str", "\"\"", "\"\"" },
		{ "str", "\"a\\nb\"", "\"a\\nb\"" },
		{ "str", "{not json", "\"{not json\"" },
		{ "Optional[str]", "None", "null" },
		{ "list[int]", "[10, 20, 30]", "[10, 20, 30]" },
		{ "list[int]", "[10, \"x\"]", NULL },
		{ "list[int]", "[1", NULL },
		{ "list[str]", "[\"a\"]", "[\"a\"]" },
		{ "list", "{}", NULL },
		{ "list", "1, 2", NULL },
		{ "dict", "{\"a\": 1.50}", "{\"a\": 1.50}" },
		{ "dict", "[]", NULL },
		{ "Any", "17", "17" },
		{ "Any", "gpt-4", "\"gpt-4\"" },
		{ "Any", "True", "true" },
		{ "Any", "[1,", NULL },
		{ "Any", "\"17\"", "\"17\"" },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
		struct parameter p = { 0 };
		annotation_read(cases[i].annotation, strlen(cases[i].annotation), &p);
		af_code rc = value_read(&p, cases[i].typed, strlen(cases[i].typed), &out, &err);
		if (!cases[i].json) {
			assert_int_equal(rc, AF_ERR_USAGE);
			assert_non_null(err.message);
			af_error_clear(&err);
		} else if (rc || strcmp(out.data, cases[i].json)) {
			fail_msg("%s: %s became %s (%s)", cases[i].annotation, cases[i].typed, out.data,
				 err.message ? err.message : "");
		}
	}
}

static void test_errors_say_what_is_wrong(void **state UNUSED)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	struct parameter p = { .type = VALUE_FLOAT };

	fails(value_read(&p, "0.7o", 4, &out, &err), AF_ERR_USAGE, "not a float: \"0.7o\"");
	p = (struct parameter){ .type = VALUE_LIST, .items = VALUE_INT };
	fails(value_read(&p, "[1, 2.5]", 8, &out, &err), AF_ERR_USAGE, "not int (item 1): \"2.5\"");
	fails(value_read(&p, "[1,", 3, &out, &err), AF_ERR_USAGE, "column 4");
	fails(value_read(&p, "\xff", 1, &out, &err), AF_ERR_USAGE, "UTF-8");
	assert_int_equal(out.len, 0);
}

/* What is written into a field is read as the same value. */
static void test_values_go_round(void **state UNUSED)
{
	static const char *const annotations[] = { "int", "float", "bool", "str", "list", "dict", "Any", "Optional[str]" };
	static const char *const values[] = { "17", "-0.50", "true", "\"text\"", "\"17\"", "\"\"", "\"a\\nb\"", "\"null\"", "[1,2]",
					      "{\"a\":[]}", "null", "\"\\\"x\\\"\"", "\"true\"", "\"{\"", "\" x\"", "\"\\u0000\"",
					      "1e400", "\"h\xc3\xa9\"" };

	for (size_t i = 0; i < ARRAY_LEN(annotations); i++)
		for (size_t j = 0; j < ARRAY_LEN(values); j++) {
			AUTO_STRBUF typed = STRBUF_INIT(STRBUF_TEXT), back = STRBUF_INIT(STRBUF_TEXT), want = STRBUF_INIT(STRBUF_TEXT);
			struct json_span value = { values[j], strlen(values[j]) };
			struct parameter p = { 0 };
			annotation_read(annotations[i], strlen(annotations[i]), &p);
			value_write(&p, value, &typed);
			if (value_read(&p, typed.data, typed.len, &back, NULL))
				continue; /* of another type */
			/* A number typed for a str is text, as the user sees it. */
			if (p.type == VALUE_STR && json_type(value) != JSON_STRING)
				continue;
			json_add_pretty(&want, value, 0);
			if (strcmp(back.data, want.data))
				fail_msg("%s: %s → %s → %s", annotations[i], values[j], typed.data, back.data);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_names_types_and_defaults, clear),
		cmocka_unit_test_teardown(test_stars_and_separators, clear),
		cmocka_unit_test_teardown(test_strings_with_anything_in_them, clear),
		cmocka_unit_test_teardown(test_what_is_no_signature, clear),
		cmocka_unit_test_teardown(test_annotations, clear),
		cmocka_unit_test_teardown(test_bounds, clear),
		cmocka_unit_test_teardown(test_the_servers_list_is_better, clear),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_errors_say_what_is_wrong),
		cmocka_unit_test(test_values_go_round),
	};
	return RUN(tests);
}
