/* Completion and ghost text: from the command table, the model and what environments offer. */
#include "ui_app.h"

#include "base/path.h"
#include "store/store.h"
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
	assert_string_equal(offers("stop affine a"), "agentgym "); /* each once */
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

static void test_options_before_operands(void **state UNUSED)
{
	assert_string_equal(offers("call --timeout 5 --replica 0 sa"), "sat ");
	assert_string_equal(offers("logs affine --replica "), "0 |1 ");
	assert_string_equal(offers("logs -r 1 --tail 3 agent"), "agentgym ");
	/* What is an image in mode process, is a directory. */
	free(app->model.environments[0].mode);
	app->model.environments[0].mode = strdup("process");
	assert_string_equal(offers("run a"), "agentgym:v1 ");
}

static const char *wanted;

static bool is_offered(void)
{
	return *offers(wanted) != '\0';
}

static const char *offers_later(const char *line)
{
	wanted = line;
	ui_until(is_offered);
	return offers(line);
}

/* What calls had before, of other sessions too; quoted where a line needs that, and no secrets. */
static void test_past_values(void **state UNUSED)
{
	static const char *const args[] = { "{\"task_id\": 5, \"model\": \"a b\", \"api_key\": \"hunter2\", \"n\": 12345678901234567890}",
					    "{\"task_id\": 17, \"model\": \"ab\", \"odd\": \"\\u001b[31m\"}" };
	struct store *store = NULL;

	ok(store_open(NULL, &store, &err));
	for (size_t i = 0; i < ARRAY_LEN(args); i++)
		ok(store_add(store, &(struct call_record){ .environment = (char *) "affine", .method = (char *) "m", .args = (char *) args[i] }, NULL,
			     &err));
	store_close(store);
	assert_string_equal(offers_later("call affine m task_id="), "task_id=17 |task_id=5 ");
	assert_string_equal(offers("call affine m --arg task_id=1"), "task_id=17 ");
	assert_string_equal(offers("call affine m model=a"), "model=ab |model='a b' ");
	assert_string_equal(offers("call affine m model='a"), "model='a b' ");
	assert_string_equal(offers("call affine m n="), "n=12345678901234567890 ");
	assert_string_equal(offers("call affine m api_key="), "");
	assert_string_equal(offers("call affine m odd="), "");
	assert_string_equal(offers("call affine other task_id="), "");
}

static void test_directories(void **state UNUSED)
{
	AUTO_FREE char *env = path_join(ui.home, "env", NULL), *file = path_join(ui.home, "file", NULL);
	AUTO_FREE char *hidden = path_join(ui.home, ".hidden", NULL);
	char line[256], want[256];

	ok(path_mkdirs(env, 0700, &err));
	ok(path_mkdirs(hidden, 0700, &err));
	ok(file_write(file, "", 0, 0600, &err));
	snprintf(line, sizeof(line), "build %s/", ui.home);
	snprintf(want, sizeof(want), "%s/env/", ui.home);
	assert_string_equal(offers_later(line), want);
	snprintf(line, sizeof(line), "build %s/.h", ui.home);
	snprintf(want, sizeof(want), "%s/.hidden/", ui.home);
	assert_string_equal(offers(line), want);
	snprintf(line, sizeof(line), "map affine m --over-file %s/f", ui.home);
	snprintf(want, sizeof(want), "%s/file ", ui.home);
	assert_string_equal(offers(line), want);
	snprintf(line, sizeof(line), "build %s/no-such/", ui.home);
	assert_string_equal(offers(line), "");
}

/* Tab was pressed before there was anything to offer: it comes when it is there. */
static void test_late_answer(void **state UNUSED)
{
	AUTO_FREE char *only = path_join(ui.home, "only-one", NULL);
	char line[256];

	ok(file_write(only, "", 0, 0600, &err));
	snprintf(line, sizeof(line), "map affine m --over-file %s/only", ui.home);
	ui_type(":");
	ui_type(line);
	ui_key("Tab");
	offers_later(line);
	ui_type("x");
	has_text(ui_text(), "/only-one x");
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
		TEST(test_signature_names),	   TEST(test_options_before_operands), TEST(test_past_values),
		TEST(test_directories),		   TEST(test_late_answer),
	};

	return RUN(tests);
}
