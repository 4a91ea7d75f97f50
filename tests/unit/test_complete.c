/* Completion and ghost text: from the command table, the model and what environments offer. */
#include "ui_app.h"

#include "ui/prompt_complete.h"

static struct app *app = &ui.app;

static int begin(void **state UNUSED)
{
	ui_start(36, 120);
	model_add(&app->model, "affine", 2);
	model_add(&app->model, "agentgym", 1);
	model_add(&app->model, "sat", 1);
	return 0;
}

static int end(void **state UNUSED)
{
	ui_end();
	return 0;
}

/* What is offered at the end of the line, joined by "|"; "" if nothing. */
static const char *offers(const char *line)
{
	static char text[4096];
	struct completions c;

	*text = '\0';
	if (!complete_line(app, line, strlen(line), &c)) {
		completions_free(&c);
		return text;
	}
	size_t n = 0;
	for (size_t i = 0; i < c.matches.count && n < sizeof(text); i++)
		n += (size_t) snprintf(text + n, sizeof(text) - n, "%s%s", i ? "|" : "", c.matches.items[i]);
	completions_free(&c);
	return text;
}

static const char *ghost(const char *line)
{
	static struct strbuf sb = STRBUF_INIT(STRBUF_LINE);
	static char text[1024];

	complete_ghost(app, line, &sb);
	snprintf(text, sizeof(text), "%s", sb.data);
	strbuf_free(&sb);
	return text;
}

static void test_commands(void **state UNUSED)
{
	has_text(offers(""), "run |");
	assert_string_equal(offers("bui"), "build ");
	assert_string_equal(offers("nothing-like-this"), "");
	assert_string_equal(offers("afs bui"), "build ");
	assert_string_equal(offers("afs sto"), "stop ");
}

static void test_environments(void **state UNUSED)
{
	assert_string_equal(offers("stop "), "affine |agentgym |sat ");
	assert_string_equal(offers("stop a"), "affine |agentgym ");
	assert_string_equal(offers("stop affine a"), "affine |agentgym ");
	assert_string_equal(offers("stop --all affine sa"), "sat ");
	assert_string_equal(offers("stop zzz"), "");
}

static void test_options(void **state UNUSED)
{
	assert_string_equal(offers("run --repl"), "--replicas ");
	assert_string_equal(offers("run img --load-balance "), "random |round_robin |least_busy ");
	assert_string_equal(offers("run img --load-balance l"), "least_busy ");
	/* A value of an option is no operand. */
	assert_string_equal(offers("run --replicas 3 aff"), "affine:v1 ");
	assert_string_equal(offers("run -n 3 aff"), "affine:v1 ");
	assert_string_equal(offers("run --no-such-option x"), "");
}

static void test_quotes_and_strange_names(void **state UNUSED)
{
	assert_string_equal(offers("stop 'a"), "");
	assert_string_equal(offers("call \"a b"), "");
	/* Names that a line cannot hold come from somewhere bad. */
	model_add(&app->model, "a b", 1);
	model_add(&app->model, "a\nrm", 1);
	model_add(&app->model, "a\033[31m", 1);
	model_add(&app->model, "a'", 1);
	assert_string_equal(offers("stop a"), "affine |agentgym ");
}

static void test_common_part(void **state UNUSED)
{
	struct completions c;

	assert_true(complete_line(app, "stop a", 6, &c));
	assert_int_equal(c.start, 5);
	assert_int_equal(c.common, 1);
	completions_free(&c);
	/* é and è share a byte, but no character. */
	model_add(&app->model, "zé", 1);
	model_add(&app->model, "zè", 1);
	assert_true(complete_line(app, "stop z", 6, &c));
	assert_int_equal(c.common, 1);
	completions_free(&c);
	/* In the middle of the line: only what stands before counts. */
	assert_true(complete_line(app, "stop sa --all", 7, &c));
	assert_string_equal(c.matches.items[0], "sat ");
	completions_free(&c);
}

static void test_ghost(void **state UNUSED)
{
	assert_string_equal(ghost(""), "");
	assert_string_equal(ghost("bui"), "ld ");
	assert_string_equal(ghost("stop s"), "at ");
	assert_string_equal(ghost("stop a"), "");
	assert_string_equal(ghost("stop "), "");
	assert_string_equal(ghost("call affine unknown "), "");
}

static void test_signature_names(void **state UNUSED)
{
	static const struct {
		const char *signature, *want;
	} rows[] = {
		{ "", "" },
		{ "()", "" },
		{ "(a)", "a" },
		{ "(task_id: int, seed: int = 0, **kwargs) -> dict", "task_id,seed" },
		{ "(a, /, b, *, c=1, *args)", "a,b,c" },
		{ "(a: Dict[str, List[int]] = {'x': (1, 2)}, b='),(', c=\"[\")", "a,b,c" },
		{ "(a", "" },
		{ "(((((", "" },
		{ ")a, b(", "" },
		{ "no parameters", "" },
		{ "(x=')", "" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_STRLIST names = { 0 };
		AUTO_STRBUF got = STRBUF_INIT(STRBUF_LINE);
		signature_names(rows[i].signature, &names);
		for (size_t k = 0; k < names.count; k++)
			strbuf_addf(&got, "%s%s", k ? "," : "", names.items[k]);
		if (strcmp(got.data, rows[i].want))
			fail_msg("%s: \"%s\", not \"%s\"", rows[i].signature, got.data, rows[i].want);
	}
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_commands),		   TEST(test_environments), TEST(test_options),
		TEST(test_quotes_and_strange_names), TEST(test_common_part), TEST(test_ghost),
		TEST(test_signature_names),
	};

	return RUN(tests);
}
