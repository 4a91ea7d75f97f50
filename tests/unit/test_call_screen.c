/* The call screen in the frame: what it saves, what it keeps while methods and answers come, where clicks go. */
/* Instead of the library's own: what an environment offers is filled in by hand. */
#include "ui/methods.c"

#include "ui_app.h"

#include "ui/call_view.h"
#include "ui/frame_priv.h"
#include "ui/views.h"

static struct app *app = &ui.app;
static struct call_view *v;
static struct methods *offered;

static int begin(void **state UNUSED)
{
	ui_start(36, 120);
	model_add(&app->model, "affine", 3);
	offered = app->methods = calloc(1, sizeof(*offered));
	*offered = (struct methods){ .environment = strdup("affine"), .fetching = true };
	v = (struct call_view *) call_view_new(app, "affine", -1, "evaluate", &err);
	assert_non_null(v);
	app_push(app, &v->view);
	return 0;
}

static int end(void **state UNUSED)
{
	ui_end();
	return 0;
}

static void offer(const char *name, const char *signature)
{
	struct method_list *list = &offered->list;

	list->items = realloc(list->items, (list->count + 1) * sizeof(*list->items));
	list->items[list->count++] = (struct method){ .name = strdup(name), .signature = strdup(signature) };
	offered->known = true;
}

static void set(struct field *in, const char *text)
{
	field_set(in, text, strlen(text));
}

static bool has_saved(void)
{
	return v->saved.count == 1;
}

static bool is_idle(void)
{
	return v->loaded && !v->listing;
}

static int listed;

static bool is_listed(void)
{
	return (int) (v->saved.count + v->calls.count) == listed;
}

/* ---- the choice of a replica ---------------------------------------------------------------------------- */

static void test_replicas_that_are_not_seen(void **state UNUSED)
{
	static const struct {
		int target;
		const char *seen;
	} rows[] = {
		{ TARGET_AUTO, "(•) auto  ( ) 0 local  ( ) 1 local  … ( ) all 12 " },
		{ 5, "( ) auto  … ( ) 4 local  (•) 5 local  … ( ) all 12 " },
		{ 11, "( ) auto  … ( ) 10 local  (•) 11 local  ( ) all 12 " },
	};

	model_add(&app->model, "many", 12);
	free(v->environment);
	v->environment = strdup("many");
	offer("evaluate", "(seed: int = 1)");
	free(offered->environment);
	offered->environment = strdup("many");
	canvas_set_size(36, 128);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		v->form.target = rows[i].target;
		has_text(ui_text(), rows[i].seen);
	}
}

/* ---- what was answered ---------------------------------------------------------------------------------- */

static void answered(const char *method, const char *text)
{
	struct result *r = &v->result;

	call_set_aside(v, method);
	result_clear(r);
	r->method = strdup(method);
	result_take_text(r, strdup(text), strlen(text), NULL);
}

static void again(void)
{
	ui_key("Esc");
	assert_null(frame_overlay(app->frame));
	v = (struct call_view *) call_view_new(app, "affine", -1, NULL, &err);
	assert_non_null(v);
	app_push(app, &v->view);
	ui_text();
}

static void test_results_are_kept_by_method(void **state UNUSED)
{
	offer("evaluate", "()");
	offer("other", "()");
	ui_text();
	answered("evaluate", "{\"first\": 1}");
	again();
	has_text(ui_text(), "\"first\": 1");
	call_view_choose(v, "other");
	answered("other", "{\"second\": 2}");
	again();
	assert_string_equal(v->form.method, "other");
	has_text(ui_text(), "\"second\": 2");
	call_view_choose(v, "evaluate");
	has_text(ui_text(), "\"first\": 1");
	again();
	has_text(ui_text(), "\"first\": 1");
}

static void test_kept_results_are_bounded(void **state UNUSED)
{
	char method[16];
	struct result r;

	result_init(&r);
	for (int i = 0; i <= KEPT_RESULTS; i++) {
		snprintf(method, sizeof(method), "m%d", i);
		answered(method, "1");
		kept_put(app, "affine", &v->result);
		assert_false(v->result.present);
	}
	assert_false(kept_take(app, "affine", "m0", &r));
	assert_false(kept_take(app, "elsewhere", NULL, &r));
	assert_true(kept_take(app, "affine", "m1", &r));
	assert_true(kept_take(app, "affine", NULL, &r));
	assert_string_equal(r.method, "m8");
	/* One that is too long leaves none, not an older one. */
	answered("m7", "1");
	free(v->result.text);
	v->result.len = KEPT_BYTES + 1;
	v->result.text = calloc(1, v->result.len);
	kept_put(app, "affine", &v->result);
	assert_false(kept_take(app, "affine", "m7", &r));
	result_free(&r);
}

/* ---- saving ------------------------------------------------------------------------------------------- */

static void test_nothing_wrong_is_saved(void **state UNUSED)
{
	offer("evaluate", "(seed: int = 1)");
	ui_text();
	set(&v->form.repeat, "0");
	ui_key("F6");
	assert_false(prompt_open(app->prompt));
	has_text(ui_text(), "not saved: repeat is a number from 1");
	set(&v->form.repeat, "2");
	ui_key("F6");
	assert_true(prompt_open(app->prompt));
	/* It became wrong in the meantime. */
	set(&v->form.timeout, "soon");
	ui_type("\r");
	has_text(ui_text(), "not saved: call timeout is");
	set(&v->form.timeout, "7");
	ui_key("F6");
	ui_type("\r");
	ui_until(has_saved);
	has_text(ui_text(), "saved as evaluate");
	assert_int_equal(v->saved.items[0].timeout_ms, 7000);
	assert_int_equal(v->saved.items[0].repeat, 2);
}

static void test_json_is_saved_as_it_is(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	offer("evaluate", "(model: str = None)");
	ui_text();
	strbuf_adds(&text, " \n {\"model\": \"");
	for (int i = 0; i < 70000; i++)
		strbuf_addc(&text, 'x');
	strbuf_adds(&text, "\"} \n");
	ui_key("F4");
	set(&v->form.editor, text.data);
	ui_key("F6");
	ui_type("\r");
	ui_until(has_saved);
	assert_true(strlen(v->saved.items[0].args) > 70000);
}

/* ---- what was typed ------------------------------------------------------------------------------------- */

static void test_json_stays_when_the_methods_come(void **state UNUSED)
{
	call_view_choose(v, "evaluate");
	ui_key("F4");
	set(&v->form.editor, "");
	ui_type("{\"task_id\": 17, ");
	ui_text();
	offer("evaluate", "(task_id: int, model: str = None)");
	ui_text();
	assert_int_equal(v->form.count, 2);
	ui_type("\"model\": \"m\"}");
	has_text(v->form.editor.text.data, "{\"task_id\": 17, \"model\": \"m\"}");
}

static void test_arguments_stay_when_the_methods_come(void **state UNUSED)
{
	call_view_choose(v, "evaluate");
	ui_text();
	ui_type("{\"task_id\": 17, ");
	has_text(v->form.fields[0].input.text.data, "{\"task_id\": 17, ");
	offer("evaluate", "(task_id: int, model: str = None)");
	ui_text();
	assert_true(v->form.json);
	ui_type("\"model\": \"m\"}");
	has_text(v->form.editor.text.data, "{\"task_id\": 17, \"model\": \"m\"}");
}

static void test_whole_arguments_go_into_their_fields(void **state UNUSED)
{
	call_view_choose(v, "evaluate");
	ui_text();
	ui_type("{\"task_id\": 17}");
	offer("evaluate", "(task_id: int, model: str = None)");
	ui_text();
	assert_false(v->form.json);
	assert_string_equal(v->form.fields[0].input.text.data, "17");
}

static void test_a_missing_secret_stays_missing(void **state UNUSED)
{
	static const char args[] = "{\"api_key\": \"***\"}";
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	offer("evaluate", "(api_key: str = None)");
	offer("other", "()");
	ui_text();
	form_load(&v->form, (struct json_span){ args, strlen(args) });
	assert_false(form_arguments(&v->form, &out));
	call_view_choose(v, "other");
	call_view_choose(v, "evaluate");
	assert_false(form_arguments(&v->form, &out));
	has_text(ui_text(), "(a secret: not kept, type it again)");
	ui_type("k");
	assert_true(form_arguments(&v->form, &out));
}

/* ---- menus ------------------------------------------------------------------------------------------------ */

static void test_menus_give_what_they_show(void **state UNUSED)
{
	offer("evaluate", "(task_id: int = 0)");
	offer("list_tasks", "()");
	ui_text();
	assert_int_equal(strlist_add(&v->form.fields[0].earlier, "17", &err), AF_OK);
	call_ask_earlier(v);
	has_text(ui_text(), "17");
	strlist_free(&v->form.fields[0].earlier);
	assert_int_equal(strlist_add(&v->form.fields[0].earlier, "99", &err), AF_OK);
	ui_key("Enter");
	assert_string_equal(v->form.fields[0].input.text.data, "17");

	call_ask_method(v);
	has_text(ui_text(), "another…");
	ui_key("Down");
	method_list_free(&offered->list);
	offer("evaluate", "(task_id: int = 0)");
	ui_key("Enter");
	assert_false(prompt_open(app->prompt));
	assert_string_equal(v->form.method, "list_tasks");
}

/* ---- the history -------------------------------------------------------------------------------------------- */

static void fill_history(int saved, int calls)
{
	struct store *s = NULL;

	ok(store_open(NULL, &s, &err));
	for (int i = 0; i < saved; i++) {
		AUTO_FREE char *name = str_format(NULL, "saved%d", i);
		ok(store_save(s, &(struct saved_call){ .name = name, .environment = (char *) "affine", .method = (char *) "evaluate",
						       .args = (char *) "{}", .replica = -1, .repeat = 1, .concurrency = 1 }, &err));
	}
	for (int i = 0; i < calls; i++) {
		AUTO_FREE char *method = str_format(NULL, "call%d", i);
		ok(store_add(s, &(struct call_record){ .environment = (char *) "affine", .method = method, .args = (char *) "{}",
						       .result = (char *) "1", .result_len = 1, .started_ms = wall_ms() }, NULL, &err));
	}
	store_close(s);
	call_history_refresh(v);
	listed = saved + calls;
	ui_until(is_listed);
}

/* On the screen's first row with that text, right of the form. */
static void click(const char *text)
{
	const char *at = strstr(ui_text(), text);
	int y = 0;

	assert_non_null(at);
	for (const char *p = ui.screen.data; p < at; p++)
		y += *p == '\n';
	frame_mouse(app, y, 90, MOUSE_CLICK);
}

static void test_clicks_meet_what_is_drawn(void **state UNUSED)
{
	static const int heights[] = { 24, 28, 36, 50 };

	offer("evaluate", "()");
	fill_history(5, 3);
	for (size_t i = 0; i < ARRAY_LEN(heights); i++) {
		canvas_set_size(heights[i], 120);
		click("call1");
		assert_non_null(call_history_selected(v));
		assert_string_equal(call_history_selected(v)->method, "call1");
		click("saved1");
		assert_string_equal(v->list.selected, "s:saved1");
	}
	/* The list is shorter than what is still seen. */
	ui_text();
	for (size_t n = v->saved.count; n-- > 1;) {
		struct saved_call *c = &v->saved.items[n];
		free(c->name);
		free(c->environment);
		free(c->method);
		free(c->args);
		v->saved.count--;
	}
	for (int y = 0; y < 30; y++)
		frame_mouse(app, y, 90, MOUSE_CLICK);
	call_list_free(&v->calls);
	for (int y = 0; y < 30; y++)
		frame_mouse(app, y, 90, MOUSE_CLICK);
}

static void test_one_question_at_a_time(void **state UNUSED)
{
	ui_until(is_idle);
	for (int i = 0; i < 5; i++)
		call_history_refresh(v);
	assert_true(v->listing && v->list_again);
	fill_history(1, 1);
	ui_until(is_idle);
	assert_false(v->list_again);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_replicas_that_are_not_seen),
		TEST(test_results_are_kept_by_method),
		TEST(test_kept_results_are_bounded),
		TEST(test_nothing_wrong_is_saved),
		TEST(test_json_is_saved_as_it_is),
		TEST(test_json_stays_when_the_methods_come),
		TEST(test_arguments_stay_when_the_methods_come),
		TEST(test_whole_arguments_go_into_their_fields),
		TEST(test_a_missing_secret_stays_missing),
		TEST(test_menus_give_what_they_show),
		TEST(test_clicks_meet_what_is_drawn),
		TEST(test_one_question_at_a_time),
	};

	return RUN(tests);
}
