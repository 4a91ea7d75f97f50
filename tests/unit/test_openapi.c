/* executor: methods from an OpenAPI document, as FastAPI writes it and as nobody should. */
#include "unit.h"

#include "executor/executor.h"

static struct method_list list;

static af_code parse(const char *text)
{
	method_list_free(&list);
	return openapi_parse(text, strlen(text), &list, &err);
}

/* The signature of the only method, whose body has this schema, in a document with these components. */
static void is_signature(const char *schema, const char *components, const char *want)
{
	AUTO_FREE char *doc = str_format(&err,
					 "{\"paths\":{\"/f\":{\"post\":{\"requestBody\":{\"content\":{\"application/json\":"
					 "{\"schema\":%s}}}}}},\"components\":{\"schemas\":%s}}",
					 schema, components);

	ok(parse(doc));
	assert_int_equal(list.count, 1);
	assert_string_equal(list.items[0].signature, want);
	method_list_free(&list);
}

static void test_a_document_of_fastapi(void **state)
{
	(void) state;
	ok(parse("{\"openapi\":\"3.1.0\",\"info\":{\"title\":\"FastAPI\",\"version\":\"0.1.0\"},\"paths\":{"
		 "\"/health\":{\"get\":{\"summary\":\"Health\"}},"
		 "\"/evaluate\":{\"post\":{\"summary\":\"Evaluate\",\"description\":\"Runs a task.\",\"operationId\":\"x\","
		 "\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"$ref\":\"#/components/schemas/Req\"}}},\"required\":true}}},"
		 "\"/v1/run\":{\"post\":{\"summary\":\"Run\",\"parameters\":[{\"name\":\"q\",\"in\":\"query\",\"required\":true,"
		 "\"schema\":{\"type\":\"string\"}},{\"name\":\"n\",\"in\":\"query\",\"schema\":{\"type\":\"integer\",\"default\":5}}]}}},"
		 "\"components\":{\"schemas\":{\"Req\":{\"properties\":{\"task_id\":{\"type\":\"integer\"},"
		 "\"model\":{\"type\":\"string\",\"default\":\"gpt-4\"},\"seed\":{\"anyOf\":[{\"type\":\"integer\"},{\"type\":\"null\"}]}},"
		 "\"type\":\"object\",\"required\":[\"task_id\"]}}}}"));
	assert_int_equal(list.count, 2);
	assert_string_equal(list.items[0].name, "evaluate");
	assert_string_equal(list.items[0].doc, "Runs a task.");
	assert_string_equal(list.items[0].signature, "(task_id: int, model: str = \"gpt-4\", seed: int | None = None)");
	assert_string_equal(list.items[1].name, "v1/run");
	assert_string_equal(list.items[1].doc, "Run");
	assert_string_equal(list.items[1].signature, "(q: str, n: int = 5)");
	method_list_free(&list);
}

static void test_types(void **state)
{
	(void) state;
	is_signature("{\"required\":[\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\"],\"properties\":{\"a\":{\"type\":\"integer\"},\"b\":{\"type\":"
		     "\"number\"},\"c\":{\"type\":\"boolean\"},\"d\":{\"type\":\"array\"},\"e\":{\"type\":\"object\"},\"f\":{},"
		     "\"g\":{\"type\":\"array\",\"items\":{\"type\":\"array\",\"items\":{\"type\":\"string\"}}},\"h\":{\"type\":[\"integer\",\"null\"]}}}",
		     "{}", "(a: int, b: float, c: bool, d: list, e: dict, f: Any, g: list[list[str]], h: int | None)");
	is_signature("{\"required\":[\"x\"],\"properties\":{\"x\":{\"oneOf\":[{\"type\":\"string\"},{\"$ref\":\"#/components/schemas/N\"}]}}}",
		     "{\"N\":{\"type\":\"number\"}}", "(x: str | float)");
	is_signature("{\"properties\":{\"x\":{\"type\":\"whatever\"}},\"required\":[\"x\"]}", "{}", "(x: Any)");
}

static void test_defaults(void **state)
{
	(void) state;
	is_signature("{\"properties\":{\"a\":{\"type\":\"boolean\",\"default\":true},\"b\":{\"default\":null},\"c\":{\"default\":[1,2]},"
		     "\"d\":{\"type\":\"number\",\"default\":0.5},\"e\":{\"type\":\"boolean\",\"default\":false}}}",
		     "{}", "(a: bool = True, b: Any = None, c: Any = [1,2], d: float = 0.5, e: bool = False)");
}

static void test_all_of(void **state)
{
	(void) state;
	is_signature("{\"allOf\":[{\"$ref\":\"#/components/schemas/Base\"},{\"properties\":{\"b\":{\"type\":\"string\"}},\"required\":[\"a\",\"b\"]}]}",
		     "{\"Base\":{\"properties\":{\"a\":{\"type\":\"integer\"}}}}", "(a: int, b: str)");
	is_signature("{\"required\":[\"x\"],\"properties\":{\"x\":{\"allOf\":[{\"$ref\":\"#/components/schemas/E\"}],\"default\":1}}}",
		     "{\"E\":{\"type\":\"integer\"}}", "(x: int = 1)");
}

static void test_references_with_escapes(void **state)
{
	(void) state;
	is_signature("{\"$ref\":\"#/components/schemas/a~1b~0c\"}", "{\"a/b~c\":{\"required\":[\"x\"],\"properties\":{\"x\":{\"type\":\"integer\"}}}}",
		     "(x: int)");
}

static void test_references_that_lead_nowhere(void **state)
{
	(void) state;
	is_signature("{\"$ref\":\"#/components/schemas/None\"}", "{}", "()");
	is_signature("{\"$ref\":\"other.json#/x\"}", "{}", "()");
	is_signature("{\"$ref\":\"#/\"}", "{}", "()");
	is_signature("{\"properties\":{\"x\":{\"$ref\":\"#/none\"}}}", "{}", "(x: Any = None)");
	is_signature("{\"$ref\":\"#/components/schemas/A\"}", "{\"A\":{\"$ref\":\"#/components/schemas/B\"},\"B\":{\"$ref\":\"#/components/schemas/A\"}}",
		     "()");
}

/* Each part leads to all of them again: without a bound this would not end in years. */
static void test_circles_that_multiply(void **state)
{
	int64_t start = clock_ms();

	(void) state;
	is_signature("{\"$ref\":\"#/components/schemas/A\"}",
		     "{\"A\":{\"allOf\":[{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":"
		     "\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"}],"
		     "\"properties\":{\"x\":{\"type\":\"integer\"}}}}",
		     "(x: int = None)");
	const char *doc = "{\"paths\":{\"/f\":{\"post\":{\"requestBody\":{\"content\":{\"application/json\":{\"schema\":{\"properties\":{\"x\":"
			  "{\"$ref\":\"#/components/schemas/A\"}}}}}}}}},\"components\":{\"schemas\":{\"A\":{\"anyOf\":["
			  "{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"},"
			  "{\"$ref\":\"#/components/schemas/A\"},{\"$ref\":\"#/components/schemas/A\"}]}}}}";
	ok(parse(doc));
	assert_int_equal(list.count, 1);
	assert_true(strlen(list.items[0].signature) < 100000);
	method_list_free(&list);
	took(start, 0, 5000);
}

static void test_what_is_no_document(void **state)
{
	static const char *const bad[] = { "", "null", "[]", "{}", "{\"paths\":[]}", "{\"paths\":", "<html>" };

	(void) state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		fails(parse(bad[i]), AF_ERR_PROTOCOL, "no OpenAPI document");
	assert_int_equal(list.count, 0);
}

static void test_things_of_the_wrong_type(void **state)
{
	(void) state;
	ok(parse("{\"paths\":{\"\":{\"post\":{}},\"/\":{\"post\":{}},\"noslash\":{\"post\":{}},\"/a\":7,\"/b\":{\"post\":7},"
		 "\"/c\":{\"post\":{\"parameters\":7,\"requestBody\":[],\"description\":{}}},"
		 "\"/d\":{\"post\":{\"parameters\":[7,{\"name\":7},{\"name\":\"ok\"}]}}}}"));
	assert_string_equal(list.items[list.count - 1].name, "d");
	assert_string_equal(list.items[list.count - 1].signature, "(ok: Any = None)");
	method_list_free(&list);
	is_signature("7", "{}", "()");
	is_signature("{\"properties\":[1,2],\"required\":{\"a\":1},\"allOf\":7}", "{}", "()");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_document_of_fastapi),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all_of),
		cmocka_unit_test(test_references_with_escapes),
		cmocka_unit_test(test_references_that_lead_nowhere),
		cmocka_unit_test(test_circles_that_multiply),
		cmocka_unit_test(test_what_is_no_document),
		cmocka_unit_test(test_things_of_the_wrong_type),
	};

	return RUN(tests);
}
