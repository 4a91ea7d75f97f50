/* ui/view_logs*: where the reader stands, and what is saved, while lines arrive. */
#include "ui_app.h"

#include "base/path.h"
#include "ui/frame_priv.h"
#include "ui/save.h"
#include "ui/view_logs_priv.h"

static struct app *app = &ui.app;
static struct logs_view *lv;
static int64_t ns; /* of the line that was printed last */

#define PROBE "\"GET /health HTTP/1.1\" 200"

static int begin(void **state UNUSED)
{
	ns = INT64_C(1700000000) * 1000000000;
	ui_start(24, 120);
	model_add(&app->model, "calc", 1);
	ui_text();
	app_focus(app, PANE_LOGS);
	app_zoom(app, true);
	ui_text();
	lv = (struct logs_view *) app->frame->panes[PANE_LOGS];
	assert_non_null(lv->book);
	return 0;
}

static int end(void **state UNUSED)
{
	ui_end();
	return 0;
}

/* As if that replica had printed it. */
static void print_of(struct log_book *book, int source, const char *text)
{
	struct log_entry e = { .ns = ns += 1000, .len = (uint32_t) strlen(text), .source = (uint16_t) source, .timed = 1,
			       .meta = log_parse(text, strlen(text), false) };
	AUTO_STRBUF batch = STRBUF_INIT(STRBUF_TEXT);

	if (!strncmp(text, "replica ", 8))
		e.meta.flags = LOG_MARKER;

	strbuf_add(&batch, (const char *) &e, sizeof(e));
	strbuf_adds(&batch, text);
	log_book_add(book, &(struct log_batch){ batch.data, batch.len, 1 });
}

static void print_to(struct log_book *book, const char *text)
{
	print_of(book, 0, text);
}

static void print(const char *text)
{
	print_to(lv->book, text);
}

/* The line on the screen on which the cursor stands; static. */
static const char *under_cursor(void)
{
	static char line[1024];
	const char *at = strstr(ui_text(), "▌");

	assert_non_null(at);
	snprintf(line, sizeof(line), "%.*s", (int) strcspn(at, "\n"), at);
	return line;
}

static void assert_lacks(const char *text, const char *part)
{
	if (strstr(text, part))
		fail_msg("\"%s\" in:\n%s", part, text);
}

static void assert_has(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("no \"%s\" in:\n%s", part, text);
}

/* ---- where the reader stands ------------------------------------------------------------------------- */

/* Held, the cursor goes onto a row of probes that came since: the next probe must not take it away. */
static void test_cursor_stays_on_probes(void **state UNUSED)
{
	for (int i = 0; i < 40; i++)
		print("INFO before.");
	ui_text();
	ui_key("Up");
	print(PROBE);
	ui_text();
	ui_key("Down");
	assert_has(under_cursor(), "GET /health");
	print("INFO between.");
	print(PROBE);
	print("INFO behind.");
	assert_has(under_cursor(), "GET /health");
	assert_has(log_store_text(lv->book->store, log_store_at(lv->book->store, logs_current(lv))), "GET /health");
	/* So it is for one that was clicked, and for all that are in sight. */
	ui_key("End");
	ui_text();
	struct mouse m = { .what = MOUSE_CLICK, .x = 20, .y = lv->screen_y + lv->screen_rows - 2 };
	logs_ops.mouse(&lv->view, app, &m);
	assert_has(under_cursor(), "GET /health");
	AUTO_FREE char *held = strdup(strstr(ui_text(), "message"));
	print(PROBE);
	print("INFO at the end.");
	held[strcspn(held, "━")] = '\0';
	assert_has(ui_text(), held);
	assert_has(under_cursor(), "GET /health");
}

/* What the view begins with, and the match of a search, stay as well. */
static void test_top_and_match_stay(void **state UNUSED)
{
	for (int i = 0; i < 40; i++)
		print("INFO before.");
	ui_text();
	ui_key("Up");
	print(PROBE);
	for (int i = 0; i < 40; i++)
		print("INFO later.");
	ui_text();
	logs_set_search(lv, "health");
	while (log_list_step(&lv->book->list, 1000))
		;
	ui_key("n");
	assert_int_equal(lv->match, 40);
	ui_key("Down");
	print(PROBE);
	assert_has(ui_text(), "match 1/2");
	ui_key("n");
	assert_has(ui_text(), "match 2/2");
	ui_key("N");
	assert_int_equal(lv->match, 40);
	assert_has(under_cursor(), "GET /health");

	ui_key("End");
	for (int i = 0; i < 40; i++)
		print("INFO still later.");
	ui_text();
	ui_key("Up");
	print(PROBE);
	uint64_t row = log_store_end(lv->book->store) - 1;
	for (int i = 0; i < 40; i++)
		print("INFO last.");
	ui_text();
	for (int i = 0; i < 60 && lv->book->top != row; i++) {
		logs_scroll(lv, 1);
		ui_text();
	}
	assert_int_equal(lv->book->top, row);
	print(PROBE);
	size_t index;
	int skip;
	logs_first_row(lv, &index, &skip);
	assert_int_equal(log_number(&lv->book->list.rows, index), row);
}

static void select_environment(const char *name, const char *id)
{
	envs_view_select(app->frame->panes[PANE_ENVS], app, name, id);
	app_selection_changed(app);
	ui_text();
}

/* What came for others is not new here. */
static void test_new_lines_are_those_of_the_replica(void **state UNUSED)
{
	model_add(&app->model, "pool", 2);
	select_environment("pool", "pool-1");
	print_of(lv->book, 1, "INFO the only line.");
	print_of(lv->book, 1, "replica 1 exited (exit 0)");
	ui_key("Up");
	for (int i = 0; i < 11; i++)
		print_of(lv->book, 0, "INFO of another.");
	assert_has(ui_text(), "100% HELD ");
	assert_lacks(ui_text(), "new");
	ui_key("m");
	assert_has(ui_text(), "+11 new");
	ui_key("m");
	assert_lacks(ui_text(), "new");
}

/* A smaller terminal shows what was looked at in the larger one. */
static void test_match_stays_in_sight(void **state UNUSED)
{
	AUTO_FREE char *text = NULL;

	for (int i = 0; i < 60; i++) {
		free(text);
		text = str_format(NULL, "INFO x line %d.", i);
		print(text);
	}
	ui_text();
	logs_set_search(lv, "x line [2345]");
	while (log_list_step(&lv->book->list, 1000))
		;
	ui_key("g");
	for (int i = 0; i < 12; i++)
		ui_key("n");
	AUTO_FREE char *before = strdup(strstr(under_cursor(), "x line"));
	before[strcspn(before, ".")] = '\0';
	canvas_set_size(12, 60);
	assert_has(under_cursor(), before);
	canvas_set_size(36, 120);
	assert_has(under_cursor(), before);
	canvas_set_size(15, 60);
	assert_has(under_cursor(), before);
}

/* ---- filters ------------------------------------------------------------------------------------------ */

#define CALL "time=1 level=info event=call method=work status=200 ms=50.000 id=494f00aa task_id=7"

static void set_quick(const char *text)
{
	ui_key("f");
	ui_key("^U");
	ui_type(text);
	ui_key("Enter");
	while (log_list_step(&lv->book->list, 1000))
		;
}

static void trace(const char *call)
{
	logs_view_trace(&lv->view, app, call);
	while (log_list_step(&lv->book->list, 1000))
		;
}

/* A call's lines are those with its id and those that its replica printed meanwhile; what filtered before waits. */
static void test_call_is_shown_whole(void **state UNUSED)
{
	model_add(&app->model, "pool", 2);
	select_environment("pool", NULL);
	set_quick("nothing at all");
	ui_key("v");
	print_of(lv->book, 1, "before the call");
	ns += INT64_C(1000000000);
	print_of(lv->book, 1, "DEBUG printed by the method");
	print_of(lv->book, 0, "printed by another");
	print_of(lv->book, 0, "somebody else names 494f00aa");
	ns += INT64_C(30000000);
	print_of(lv->book, 1, CALL);
	ns += INT64_C(30000000);
	print_of(lv->book, 1, "after the call");
	trace("494f00aa");
	assert_has(ui_text(), "call 494f00aa  Esc: 2 filters back");
	assert_has(ui_text(), "3 of 6 lines");
	assert_has(ui_text(), "printed by the method");
	assert_has(ui_text(), "somebody else names");
	assert_lacks(ui_text(), "nothing at all");
	/* What is asked for now narrows it; the next call is shown whole again. */
	set_quick("method");
	assert_has(ui_text(), "2 of 6 lines");
	trace("494f00aa");
	assert_has(ui_text(), "3 of 6 lines");
	ui_key("Esc");
	assert_has(ui_text(), "keep /nothing at all/  level ≥ info");
	assert_int_equal(lv->filter->count, 1);
	/* Its end may still be to come. */
	set_quick("");
	trace("00bb");
	ns += INT64_C(1000000000);
	print_of(lv->book, 0, "printed before the end is known");
	print_of(lv->book, 0, "time=1 level=info event=call method=work status=200 ms=5.0 id=00bb");
	assert_true(lv->filter->grown);
	logs_refilter(lv);
	assert_has(ui_text(), "2 of 8 lines");
}

/* Each environment has its own, also in the next session. */
static void test_filters_are_the_environments(void **state UNUSED)
{
	AUTO_STRBUF kept = STRBUF_INIT(STRBUF_TEXT);

	model_add(&app->model, "other", 2);
	print("INFO line.");
	set_quick("task");
	assert_has(ui_text(), "0 of 1 lines");
	select_environment("other", NULL);
	print("INFO line.");
	assert_has(ui_text(), "1 of 1 lines");
	ui_key("1");
	ui_key("v");
	select_environment("calc", NULL);
	assert_has(ui_text(), "keep /task/");
	assert_lacks(ui_text(), "level ≥");
	trace("494f");
	logs_save_state(&lv->view, &kept);
	assert_has(kept.data, "of calc\nrule quick on task\nof other\nlevel INFO\nmuted 2\n");
	assert_lacks(kept.data, "494f");
	logs_load_state(&lv->view, "of", "third");
	logs_load_state(&lv->view, "level", "WARN");
	logs_load_state(&lv->view, "muted", "1");
	logs_load_state(&lv->view, "rule", "hide off noise");
	model_add(&app->model, "third", 1);
	select_environment("third", NULL);
	assert_int_equal(lv->filter->least, LEVEL_WARN);
	assert_int_equal(lv->filter->muted, 1);
	assert_true(lv->filter->rules[0].off && lv->filter->rules[0].hide);
}

/* What is cut says so; the count and what is switched off are always told. */
static void test_filters_in_little_room(void **state UNUSED)
{
	model_add(&app->model, "pool", 3);
	select_environment("pool", NULL);
	canvas_set_size(15, 60);
	for (int i = 0; i < 3; i++)
		print_of(lv->book, i, "INFO line.");
	set_quick("task_id.*7\\b|and something else still");
	assert_has(ui_text(), "keep /task_id.*7\\b|and something else sti…  0 of 3 lines");
	assert_has(ui_text(), "Esc back");
	print_of(lv->book, 2, "task_id=12345678901237 begins.");
	ui_key("Up");
	ui_key("T");
	assert_has(ui_text(), "trace /task_id");
	assert_has(ui_text(), "…  Esc: 1 filter back  ");
	ui_key("Esc");
	ui_key("1");
	assert_has(ui_text(), "keep /task_id.*7\\b|and …  replica ▣0 □1 ▣2  1 of 4 lines");
	app_zoom(app, false);
	assert_has(ui_text(), " 1 of 4 ");
	canvas_set_size(24, 80);
	assert_has(ui_text(), " 1 of 4 ");
}

/* That a replica ended is told late; it stands where it belongs, and what is looked at stays where it is. */
static void test_markers_stand_by_their_time(void **state UNUSED)
{
	model_add(&app->model, "pool", 2);
	select_environment("pool", NULL);
	for (int i = 0; i < 5; i++)
		print_of(lv->book, 0, i % 2 ? "INFO odd." : "INFO even.");
	ui_text();
	logs_set_search(lv, "odd");
	while (log_list_step(&lv->book->list, 1000))
		;
	ui_key("N");
	assert_has(ui_text(), "match 2/2");
	uint64_t match = lv->match;
	assert_has(under_cursor(), "INFO  │ odd");
	ns -= 3500;
	print_of(lv->book, 1, "replica 1 exited (exit 0)");
	ns += 2500;
	assert_true(log_store_at(lv->book->store, 2)->flags & LOG_MARKER);
	assert_int_equal(lv->match, match + 1);
	assert_has(under_cursor(), "INFO  │ odd");
	assert_has(ui_text(), "match 2/2");
	assert_lacks(ui_text(), "new");
	print_of(lv->book, 1, "INFO last.");
	assert_has(ui_text(), "+1 new");
	for (uint64_t line = 1; line < 7; line++)
		assert_true(log_store_at(lv->book->store, line - 1)->ns <= log_store_at(lv->book->store, line)->ns);
}

/* An empty screen says why, and what helps. */
static void test_nothing_has_a_reason(void **state UNUSED)
{
	model_add(&app->model, "pool", 2);
	select_environment("pool", NULL);
	print_of(lv->book, 0, "INFO line.");
	print_of(lv->book, 0, "DEBUG dull.");
	set_quick("nowhere");
	assert_has(ui_text(), "no line matches the filter; f, then Esc, drops it");
	set_quick("dull");
	ui_key("v");
	assert_has(ui_text(), "no line passes all of these; F, then c, drops them");
	ui_key("v");
	assert_has(ui_text(), "no line has such a level; v changes it");
	trace("494f");
	assert_has(ui_text(), "no line of what is traced is here; Esc ends that");
	ui_key("Esc");
	ui_key("v");
	ui_key("v");
	set_quick("");
	ui_key("0");
	assert_has(ui_text(), "its replicas are switched off; digits");
	ui_key("0");
	ok(log_filter_add(lv->filter, true, RULE_STACK, "l", &err));
	logs_refilter(lv);
	assert_has(ui_text(), "no line passes one of the rules; F takes it out");
}

/* ---- looks -------------------------------------------------------------------------------------------- */

static void test_rules_are_straight(void **state UNUSED)
{
	print("replica 0 exited (exit 0)");
	print("INFO line.");
	assert_has(ui_text(), "exited (exit 0) ──");
	AUTO_FREE char *marker = strdup(strstr(ui_text(), "exited"));
	marker[strcspn(marker, "\n")] = '\0';
	assert_has(marker, "────  ┃");
	canvas_set_size(36, 120);
	lv->time = WHEN_UTC;
	assert_has(ui_text(), "─ UTC time ────┬ level ┬ message");
	assert_has(ui_text(), "22:13:20.000  │ INFO  │ line.");
}

/* ---- saving --------------------------------------------------------------------------------------------- */

static bool is_saved(void)
{
	return strstr(ui_text(), "saved ") || strstr(ui_text(), "already");
}

static int count_of(const char *text, const char *part)
{
	int count = 0;

	for (const char *at = text; (at = strstr(at, part)); at += strlen(part))
		count++;
	return count;
}

static void ask_save(const char *name)
{
	ui_key("S");
	ui_key("^U");
	ui_type(name);
	ui_key("Enter");
}

/* What arrives while it is gathered is not in it, and what is in it is so once. */
static void test_save_while_probes_arrive(void **state UNUSED)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	print(PROBE " first");
	print(PROBE " second");
	for (int i = 0; i < 200; i++)
		print("INFO line.");
	ui_text();
	ask_save("~/saved.log");
	assert_non_null(lv->save);
	assert_true(logs_save_step(lv, 0));
	print(PROBE " third");
	print(PROBE " fourth");
	ui_until(is_saved);
	assert_has(ui_text(), "/saved.log (202 lines)");
	AUTO_FREE char *path = str_format(NULL, "%s/saved.log", ui.home);
	ok(file_read(path, &text, &err));
	assert_int_equal(count_of(text.data, "first"), 1);
	assert_int_equal(count_of(text.data, "second"), 1);
	assert_int_equal(count_of(text.data, "fourth"), 0);
	assert_int_equal(count_of(text.data, "\n"), 202);
}

/* Nothing is overwritten, whoever saves. */
static void test_save_refuses(void **state UNUSED)
{
	AUTO_FREE char *path = str_format(NULL, "%s/mine", ui.home);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	ok(file_write(path, "mine", 4, 0600, &err));
	strbuf_adds(&text, "other");
	save_text(app, "~/mine", &text);
	assert_int_equal(text.len, 0);
	ui_until(is_saved);
	assert_has(ui_text(), "/mine is there already; choose another name");
	ok(file_read(path, &text, &err));
	assert_string_equal(text.data, "mine");
}

/* ---- JSON ------------------------------------------------------------------------------------------------ */

static void add_times(struct strbuf *sb, int times, const char *text)
{
	while (times-- > 0)
		strbuf_adds(sb, text);
}

/* A container chooses what it prints: what is laid out of it is no more than can be shown. */
static void test_json_without_end(void **state UNUSED)
{
	AUTO_STRBUF wide = STRBUF_INIT(STRBUF_TEXT), deep = STRBUF_INIT(STRBUF_TEXT);

	lv->json = true;
	strbuf_adds(&wide, "{\"wide\": [1");
	add_times(&wide, 20000, ",1");
	strbuf_adds(&wide, "], \"last\": 1}");
	print(wide.data);
	assert_int_equal(logs_layout(lv, 0), ENTRY_ROWS_MAX);
	assert_int_equal(lv->rows[ENTRY_ROWS_MAX - 1].kind, ROW_MORE);
	assert_true(lv->pretty.len < 16384);
	strbuf_adds(&deep, "{\"deep\": ");
	add_times(&deep, 500, "[");
	add_times(&deep, 20000, "1,");
	strbuf_adds(&deep, "1");
	add_times(&deep, 500, "]");
	strbuf_adds(&deep, ", \"last\": 1}");
	print(deep.data);
	assert_in_range(logs_layout(lv, 1), 20, ENTRY_ROWS_MAX - 1);
	assert_true(lv->pretty.len < deep.len + 16384);
	assert_has(lv->pretty.data, "\"last\": 1 }");
}

/* ---- books ------------------------------------------------------------------------------------------- */

/* Replicas that are replaced again and again do not pile up, and what they printed is still theirs. */
static void test_containers_are_forgotten(void **state UNUSED)
{
	const struct options options = { .log_lines = 1500, .log_bytes = 1 << 24 };
	struct environment *e = model_add(&app->model, "churn", 2);
	struct log_book *b = log_book_new("churn", &options, lv->filter, &err);

	assert_non_null(b);
	for (int i = 0; i < 2000; i++) {
		free(e->replicas[1].id);
		e->replicas[1].id = str_format(NULL, "id-%d", i);
		assert_true(log_book_sync(b, e));
		/* As a feed would have it that starts again. */
		for (int j = 0; j < b->source_count; j++)
			b->sources[j].index = !strcmp(b->sources[j].id, e->replicas[1].id) ? 0
					      : !strcmp(b->sources[j].id, "churn-0")	   ? 1
										   : -1;
		print_to(b, i % 10 ? "INFO line." : "ERROR line.");
	}
	assert_true(b->source_count <= 600);
	assert_string_equal(b->sources[0].id, "churn-0");
	assert_string_equal(b->sources[b->source_count - 1].id, "id-1999");
	assert_int_equal(log_book_lines(b, 1), 1500);
	assert_int_equal(log_book_errors(b, 1), 150);
	assert_int_equal(log_book_lines(b, 0), 0);
	assert_true(log_book_several(b));
	log_book_free(b);
}

/* ---- keys in words ----------------------------------------------------------------------------------- */

/* Digits are the replicas' only where the log is alone on the screen, and there are several. */
static void test_digits_are_offered_where_they_work(void **state UNUSED)
{
	model_add(&app->model, "pool", 2);
	assert_null(strstr(ui_text(), "replica on/off"));
	envs_view_select(app->frame->panes[PANE_ENVS], app, "pool", NULL);
	app_selection_changed(app);
	assert_string_equal(lv->book->environment, "pool");
	print("INFO line.");
	assert_has(ui_text(), "0-9 replica on/off");
	ui_key("0");
	assert_has(ui_text(), "□0 ▣1");
	app_zoom(app, false);
	assert_null(strstr(ui_text(), "replica on/off"));
	ui_key("1");
	assert_has(ui_text(), "┏━[1]");
}

/* What is said names the keys as they are bound. */
static void test_keys_are_named_as_bound(void **state UNUSED)
{
	AUTO_STRBUF deep = STRBUF_INIT(STRBUF_TEXT);

	ok(keymap_bind(app->keymap, "save", "F7", &err));
	ok(keymap_bind(app->keymap, "last", "F8", &err));
	ok(keymap_bind(app->keymap, "search", "F6", &err));
	ok(keymap_bind(app->keymap, "error-previous", "F2", &err));
	ok(keymap_bind(app->keymap, "open", "F3", &err));
	for (int i = 0; i < 40; i++)
		print("INFO before.");
	ui_key("n");
	assert_has(ui_text(), "F6 searches first");
	ui_key("Up");
	ui_key("e");
	assert_has(ui_text(), "no error after this; F2 goes back");
	print("INFO new.");
	assert_has(ui_text(), "new  F8 follows");
	ui_key("F");
	assert_has(ui_text(), "F3 edit");
	ui_key("Esc");
	strbuf_adds(&deep, "{\"wide\": [1");
	add_times(&deep, 600, ",1");
	strbuf_adds(&deep, "]}");
	print(deep.data);
	lv->json = true;
	ui_key("F8");
	assert_has(ui_text(), "… more: y copies it, F7 saves it");
	logs_follow(lv);
	strbuf_reset(&deep);
	add_times(&deep, 200000, "INFO a ");
	print(deep.data);
	ui_key("y");
	assert_has(ui_text(), "this is too long to copy; F7 saves it to a file");
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(test_cursor_stays_on_probes), TEST(test_top_and_match_stay), TEST(test_save_while_probes_arrive),
		TEST(test_save_refuses), TEST(test_containers_are_forgotten),
		TEST(test_json_without_end), TEST(test_digits_are_offered_where_they_work),
		TEST(test_keys_are_named_as_bound), TEST(test_new_lines_are_those_of_the_replica), TEST(test_match_stays_in_sight),
		TEST(test_call_is_shown_whole), TEST(test_filters_are_the_environments), TEST(test_filters_in_little_room),
		TEST(test_rules_are_straight), TEST(test_markers_stand_by_their_time),
		TEST(test_nothing_has_a_reason),
	};

	return RUN(tests);
}
