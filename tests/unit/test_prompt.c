/* The command line in the frame: what keys do to it, what stays out of its history. */
#include "ui_app.h"

#include <readline/readline.h>

#include "base/path.h"
#include "command/words.h"

static struct app *app = &ui.app;

static int begin(void **state UNUSED)
{
	ui_start(24, 80);
	model_add(&app->model, "affine", 2);
	return 0;
}

static int end(void **state UNUSED)
{
	ui_end();
	return 0;
}

/* The row of the command line as drawn, without blanks at its end. */
static const char *row(void)
{
	static char line[1024];
	const char *text = ui_text();

	for (int y = 0; y < 22; y++)
		text = strchr(text, '\n') + 1;
	snprintf(line, sizeof(line), "%.*s", (int) strcspn(text, "\n"), text);
	return line;
}

static int changes, done;
static char last[64];

static void changed(struct app *a UNUSED, const char *text, void *arg UNUSED)
{
	changes++;
	snprintf(last, sizeof(last), "%s", text);
}

static void answered(struct app *a UNUSED, const char *text, void *arg UNUSED)
{
	done++;
	snprintf(last, sizeof(last), "%s", text ? text : "(none)");
}

static void test_opens_and_closes(void **state UNUSED)
{
	assert_false(prompt_open(app->prompt));
	ui_type(":stop x");
	assert_true(prompt_open(app->prompt));
	has_text(row(), "afs> stop x");
	ui_key("Esc");
	assert_false(prompt_open(app->prompt));
	ui_key("b");
	has_text(row(), "afs> build");
	ui_key("Esc");
}

/* ^C clears, then closes; it never leaves. */
static void test_interrupt(void **state UNUSED)
{
	ui_type(":abc");
	ui_key("^C");
	assert_true(prompt_open(app->prompt));
	assert_null(strstr(row(), "abc"));
	ui_key("^C");
	assert_false(prompt_open(app->prompt));
	assert_false(app->quit);
}

/* The list of completions is about a line that ^C took away. */
static void test_interrupt_with_completions(void **state UNUSED)
{
	ui_type(":s");
	ui_key("Tab");
	has_text(ui_text(), "stats");
	ui_key("^C");
	assert_null(strstr(ui_text(), "stats"));
	ui_key("Tab");
	ui_key("Tab");
	ui_key("^C");
	ui_type("stop af");
	has_text(row(), "afs> stop affine");
}

static void test_interrupt_during_search(void **state UNUSED)
{
	ui_type(":frobnicate one\r");
	ui_type(":");
	ui_key("^R");
	ui_type("frob");
	has_text(row(), "frobnicate one");
	ui_key("^C");
	assert_null(strstr(row(), "frobnicate"));
	ui_type("two");
	has_text(row(), "afs> two");
	ui_key("^C");
	ui_key("^R");
	ui_type("frob");
	frame_paste(app, "-pasted", 7);
	has_text(row(), "-pasted");
	ui_key("^C");
	ui_key("^C");
	assert_false(prompt_open(app->prompt));
}

static void test_paste(void **state UNUSED)
{
	frame_paste(app, "q", 1);
	assert_false(app->quit || prompt_open(app->prompt));
	has_text(ui_text(), "a paste goes into text fields only");
	ui_type(":");
	frame_paste(app, "a\nb\tc\r\033[31md\0e", 14);
	assert_true(prompt_open(app->prompt));
	has_text(row(), "afs> a b c  [31md e");
	assert_null(job_list(app)[0]);
}

static void test_open_quote_comes_back(void **state UNUSED)
{
	ui_type(":call 'affine x=1\r");
	assert_true(prompt_open(app->prompt));
	has_text(row(), "afs> call 'affine x=1");
	has_text(ui_text(), "is not closed");
}

static void test_history_has_no_secrets(void **state UNUSED)
{
	AUTO_STRBUF kept = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *path = str_format(NULL, "%s/.local/state/affinetes/tui_history", ui.home);

	ui_type(":afs run x --env PW=hunter2\r");
	ui_type(":run x -ePW=hunter2\r");
	ui_type(":run x --env 'PW=hunter2\r");
	ui_key("^C");
	ui_key("^C");
	ui_type(":call affine m api_key=hunter2\r");
	ui_type(":");
	for (int i = 0; i < 6; i++) {
		ui_key("Up");
		assert_null(strstr(row(), "hunter2"));
	}
	ui_key("Esc");
	job_end_all(app);
	prompt_free(af_steal(app->prompt));
	ok(file_read(path, &kept, &err));
	assert_null(strstr(kept.data, "hunter2"));
	has_text(kept.data, "run x --env PW=***\n");
	has_text(kept.data, "call affine m api_key=***\n");
}

/* What a session leaves behind. */
static const char *kept(void)
{
	static struct strbuf text;
	AUTO_FREE char *path = str_format(NULL, "%s/.local/state/affinetes/tui_history", ui.home);

	if (!text.data)
		strbuf_init(&text, STRBUF_TEXT);
	strbuf_reset(&text);
	job_end_all(app);
	prompt_free(af_steal(app->prompt));
	if (file_read(path, &text, NULL))
		strbuf_reset(&text);
	return text.data;
}

static void press(const char *keys)
{
	AUTO_STRLIST names = { 0 };

	ok(words_split(keys, &names, &err));
	for (size_t i = 0; i < names.count; i++)
		ui_key(names.items[i]);
}

/* readline has a list of changes per earlier line: none of them may be left when the line goes. */
static void test_giving_up_an_edited_line(void **state UNUSED)
{
	ui_type(":ps\r");
	press(": Up x Up Esc");
	ui_type(":z\r");
	press(": Up Up");
	has_text(row(), "afs> ps");
	assert_null(strstr(row(), "psx"));
	press("Enter : Up Up x Down Up ^C Esc : Up x Down Up y ^C z Enter : Up Up Up Enter");
	assert_false(prompt_open(app->prompt));
}

static void test_giving_up_an_edited_answer(void **state UNUSED)
{
	app_ask(app, "/", NULL, NULL, answered, NULL);
	ui_type("abcdef\r");
	app_ask(app, "/", NULL, NULL, answered, NULL);
	press("Up x Down Up Esc");
	ui_type(":ps\r");
	app_ask(app, "/", NULL, NULL, answered, NULL);
	press("Up");
	has_text(row(), "/ abcdef");
	press("Enter");
	assert_string_equal(last, "abcdef");
	app_ask(app, "/", NULL, NULL, answered, NULL);
	press("Up x Down Up"); /* and the program ends */
	kept();
}

/* Whatever is done to earlier lines, and however they are left. */
static void press_many(const char *const *keys, unsigned count, unsigned seed)
{
	for (int i = 0; i < 4000; i++) {
		seed = seed * 1103515245 + 12345;
		if (!prompt_open(app->prompt) && seed >> 30)
			prompt_command(app->prompt, i % 3 ? "" : "z");
		else if (!prompt_open(app->prompt))
			app_ask(app, seed >> 29 ? "/" : "path", i % 3 ? "" : "z", NULL, answered, NULL);
		else
			ui_key(keys[(seed >> 16) % count]);
	}
}

static void test_many_keys(void **state UNUSED)
{
	static const char *const keys[] = { "Up", "Up", "Up", "Down", "Down", "x", "y", "Space", "Backspace", "Left", "Home", "Esc",
					    "^C", "^U", "^W", "^Y", "^_", "M-<", "M->", "M-r", "^R", "Enter", "Tab", "u" };

	for (unsigned seed = 1; seed < 5; seed++)
		press_many(keys, ARRAY_LEN(keys), seed);
}

static void test_many_keys_of_vi(void **state UNUSED)
{
	/* Without those that take text away: readline leaks some of it. */
	static const char *const keys[] = { "Up", "Up", "Down", "Down", "a", "i", "k", "j", "u", "U", "z", "Backspace", "Left", "Home",
					    "Esc", "Esc", "^C", "^R", "Enter" };

	rl_variable_bind("editing-mode", "vi");
	ui_type(":ps\r");
	press(": Up x Down Up y Esc Esc");
	ui_type(":z\r");
	press(": Up x Down Up y Up Down z Esc u U Up Down Esc : Up Up Enter");
	for (unsigned seed = 1; seed < 5; seed++)
		press_many(keys, ARRAY_LEN(keys), seed);
	while (prompt_open(app->prompt))
		press("Esc");
	rl_variable_bind("editing-mode", "emacs");
}

/* A secret that was typed into an earlier line in the place of its mask. */
static void test_edited_lines_are_not_kept(void **state UNUSED)
{
	ui_type(":methods affine\r");
	ui_type(":call affine m api_key=hunter1\r");
	ui_type(":ps\r");
	press(": Up Up BackSpace BackSpace BackSpace");
	ui_type("hunter2");
	press("Up Esc : Up Up BackSpace BackSpace BackSpace");
	ui_type("hunter3");
	press("Up Down ^C Esc : Up Up BackSpace BackSpace BackSpace");
	ui_type("hunter4");
	press("Up Down");
	has_text(row(), "hunter4");
	assert_string_equal(kept(), "methods affine\ncall affine m api_key=***\nps\n");
}

/* Nobody knows where in them a secret may be. */
static void test_what_is_no_command_is_not_kept(void **state UNUSED)
{
	ui_type(":cal u1 evaluate --arg api_key=hunter2\r");
	ui_type(":ps\r");
	ui_type(":--token hunter2 \"x\r");
	press("^C Esc : Up Up Up");
	has_text(row(), "afs> cal u1 evaluate");
	assert_string_equal(kept(), "ps\n");
}

static void test_quit(void **state UNUSED)
{
	ui_type(":quit\r");
	assert_true(app->quit);
}

static void test_long_lines_and_small_screens(void **state UNUSED)
{
	ui_type(":");
	for (int i = 0; i < 300; i++)
		ui_type(i % 2 ? "ab " : "c");
	for (int w = 1; w < 130; w += 3) {
		canvas_set_size(12 + w % 20, w);
		ui_text();
	}
	ui_key("Home");
	ui_text();
	ui_key("^R");
	for (int i = 0; i < 100; i++)
		ui_type("x");
	ui_text();
}

static void test_question(void **state UNUSED)
{
	changes = done = 0;
	ui_type(":first\r");
	app_ask(app, "name:", "ab", changed, answered, NULL);
	has_text(row(), "name: ab");
	ui_type("c");
	assert_int_equal(changes, 1);
	assert_string_equal(last, "abc");
	ui_key("Up"); /* no past */
	has_text(row(), "name: abc");
	/* The mouse changes nothing behind it. */
	frame_mouse(app, 3, 5, MOUSE_CLICK);
	assert_true(prompt_open(app->prompt));
	ui_key("Enter");
	assert_int_equal(done, 1);
	assert_string_equal(last, "abc");
	app_ask(app, "name:", NULL, NULL, answered, NULL);
	ui_key("Esc");
	assert_int_equal(done, 2);
	assert_string_equal(last, "(none)");
	/* The commands' history is back. */
	ui_type(":");
	ui_key("Up");
	has_text(row(), "afs> first");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_opens_and_closes), TEST(test_interrupt),	       TEST(test_interrupt_with_completions),
		TEST(test_interrupt_during_search), TEST(test_paste),  TEST(test_open_quote_comes_back),
		TEST(test_history_has_no_secrets),  TEST(test_quit),   TEST(test_long_lines_and_small_screens),
		TEST(test_question),		    TEST(test_giving_up_an_edited_line), TEST(test_giving_up_an_edited_answer),
		TEST(test_many_keys),		    TEST(test_many_keys_of_vi),
		TEST(test_edited_lines_are_not_kept), TEST(test_what_is_no_command_is_not_kept),
	};

	return RUN(tests);
}
