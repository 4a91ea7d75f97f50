/* The call screen, over the panes: form, history, result. See views.h. */
#include <stdio.h>
#include <string.h>

#include "ui/call_view.h"
#include "ui/form_draft.h"
#include "ui/hints.h"
#include "ui/methods.h"
#include "ui/views.h"

/* From this size on all three parts are seen at once. */
#define WIDE_COLS 100
#define WIDE_ROWS 20

static const struct view_ops part_ops[PART_COUNT];

void call_view_focus(struct call_view *v, enum call_part part)
{
	v->part = part;
	v->view.ops = &part_ops[part];
	app_redraw(v->app);
}

/* ---- methods -------------------------------------------------------------------------------------- */

static const struct method *find_method(struct call_view *v, const char *name)
{
	const struct method_list *methods = methods_of(v->app, v->environment);

	for (size_t i = 0; methods && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, name))
			return &methods->items[i];
	return NULL;
}

void call_view_choose(struct call_view *v, const char *name)
{
	struct af_error err = AF_ERROR_INIT;

	draft_keep(v->app, v->environment, &v->form);
	if (form_set_method(&v->form, name, find_method(v, name), &err))
		app_notice_error(v->app, &err);
	else
		draft_recall(v->app, v->environment, &v->form);
	af_error_clear(&err);
	form_set_earlier(&v->form, &v->calls);
	app_redraw(v->app);
}

/* What environments are there for, else the first. */
static const char *usual_method(const struct method_list *methods)
{
	for (size_t i = 0; i < methods->count; i++)
		if (!strcmp(methods->items[i].name, "evaluate"))
			return "evaluate";
	return methods->items[0].name;
}

/* Methods come while the view is drawn. A form that was made before they were known is made anew. */
static void follow_methods(struct call_view *v)
{
	const struct method_list *methods = methods_of(v->app, v->environment);

	if (!methods || !methods->count)
		return;
	if (!v->form.method) {
		const char *left = draft_method(v->app, v->environment);
		bool offered = left && find_method(v, left);
		AUTO_FREE char *name = str_dup(v->wanted ? v->wanted : offered ? left : usual_method(methods), NULL);
		if (name)
			call_view_choose(v, name);
	} else if (!v->form.text && find_method(v, v->form.method)) {
		AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);
		AUTO_FREE char *name = str_dup(v->form.method, NULL);
		form_peek(&v->form, &args);
		if (name)
			call_view_choose(v, name);
		form_load(&v->form, json_span_of(&args));
	}
}

/* What stands where the fields would be; NULL: nothing is missing. */
static const char *message_of(struct call_view *v)
{
	const char *why = methods_error(v->app, v->environment);

	if (methods_of(v->app, v->environment))
		return NULL;
	return why ? why : "asking for the methods";
}

/* "evaluate  1 of 3 ▾" */
static void add_method(struct call_view *v, struct strbuf *sb)
{
	const struct method_list *methods = methods_of(v->app, v->environment);
	size_t at = 0;

	if (v->form.method)
		strbuf_adds(sb, v->form.method);
	for (size_t i = 0; methods && v->form.method && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, v->form.method))
			at = i + 1;
	if (at)
		strbuf_addf(sb, "  %zu of %zu %s", at, methods->count, glyph(GLYPH_OPEN));
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

/* "1 error", and where one is in a form that is longer than what is seen of it. */
static void add_place(const struct form *f, struct strbuf *sb)
{
	struct control c = form_focused(f);
	int errors = form_errors(f);

	if (errors)
		strbuf_addf(sb, "%d error%s", errors, errors == 1 ? "" : "s");
	if (f->rows <= f->height || f->json || f->count < 2)
		return;
	strbuf_adds(sb, errors ? " · " : "");
	if (c.kind == CONTROL_FIELD)
		strbuf_addf(sb, "field %d of %d", c.index + 1, f->count);
	else
		strbuf_addf(sb, "%d fields", f->count);
}

static void draw_form(struct call_view *v, const struct area *a, bool focused)
{
	AUTO_STRBUF title = STRBUF_INIT(STRBUF_LINE), method = STRBUF_INIT(STRBUF_LINE);
	AF_AUTO(hints) struct hints hints = HINTS_INIT(v->app->keymap, " · ");
	AUTO_STRBUF place = STRBUF_INIT(STRBUF_LINE);
	const struct environment *env = model_environment(&v->app->model, v->environment);
	struct box box = { .focused = focused };

	area_clear(a, ROLE_TEXT);
	form_measure(&v->form, &(struct area){ a->y + 1, a->x + 1, a->h - 2, a->w - 2 }, env, message_of(v), focused);
	add_place(&v->form, &place);
	strbuf_addf(&title, "[1] Call %s", v->environment);
	add_method(v, &method);
	hints_add(&hints, ACT_NEXT_PANE, "next field");
	hints_add(&hints, ACT_EARLIER, "earlier values");
	if (v->form.method && !v->form.json)
		hints_add(&hints, ACT_PAGE_DOWN, "next method");
	box.hints = &hints;
	box.title = title.data;
	box.right = method.data;
	box.bottom_right = place.data;
	struct area in = draw_box(a, &box);
	form_draw(&v->form, &in, v->app->keymap, env, message_of(v), focused);
}

struct parts {
	struct area at[PART_COUNT]; /* h == 0: not shown */
};

/* Only one part is seen: the names of all stand in a row above it. */
static bool has_tabs(const struct call_view *v, const struct area *a)
{
	return !v->zoomed && (a->w < WIDE_COLS || a->h < WIDE_ROWS);
}

static void lay_out(const struct call_view *v, const struct area *a, struct parts *p)
{
	int tabs = has_tabs(v, a);

	*p = (struct parts){ 0 };
	if (v->zoomed || tabs) {
		p->at[v->part] = (struct area){ a->y + tabs, a->x, a->h - tabs, a->w };
		return;
	}
	int top = MIN(a->h - 8, MAX(12, a->h * 18 / 32)), left = a->w * 64 / 120;
	p->at[PART_FORM] = (struct area){ a->y, a->x, top, left };
	p->at[PART_HISTORY] = (struct area){ a->y, a->x + left, top, a->w - left };
	p->at[PART_RESULT] = (struct area){ a->y + top, a->x, a->h - top, a->w };
}

static void draw_part_names(const struct call_view *v, const struct area *a)
{
	static const char *const names[PART_COUNT] = { "1 Form", "2 History", "3 Result" };
	struct area row = { a->y, a->x, 1, a->w };
	int x = 1;

	area_clear(&row, ROLE_TEXT);
	for (int i = 0; i < PART_COUNT; i++) {
		bool current = i == (int) v->part;
		enum role role = current ? ROLE_TAB_CURRENT : ROLE_TAB;
		int from = x;
		x += draw_str(&row, 0, x, role, current ? "▸" : " ");
		x += draw_str(&row, 0, x, role, names[i]);
		x += draw_str(&row, 0, x, role, current ? "◂" : " ");
		canvas_spot(&row, 0, from, x - from, ACT_PANE_1 + i);
		x++;
	}
}

static void call_draw(struct view *view, struct app *app, const struct area *a, bool focused)
{
	struct call_view *v = (struct call_view *) view;
	AUTO_FREE char *progress = call_progress(v);
	struct parts p;

	v->area = *a;
	follow_methods(v);
	lay_out(v, a, &p);
	if (has_tabs(v, a))
		draw_part_names(v, a);
	if (p.at[PART_FORM].h)
		draw_form(v, &p.at[PART_FORM], focused && v->part == PART_FORM);
	if (p.at[PART_HISTORY].h)
		call_history_draw(v, &p.at[PART_HISTORY], focused && v->part == PART_HISTORY);
	if (p.at[PART_RESULT].h)
		result_draw(&v->result, app, &p.at[PART_RESULT], focused && v->part == PART_RESULT, progress);
}

/* ---- keys of all parts ----------------------------------------------------------------------------------- */

static int focus(struct call_view *v, enum call_part part)
{
	call_view_focus(v, part);
	return REACT_REDRAW;
}

/* What is in flight first; then to the form; then out. */
static int back(struct call_view *v)
{
	if (v->zoomed) {
		v->zoomed = false;
		return REACT_REDRAW;
	}
	if (call_cancel_run(v))
		return REACT_REDRAW;
	return v->part == PART_FORM ? REACT_CLOSE : focus(v, PART_FORM);
}

static int toggle_json(struct call_view *v)
{
	if (v->form.method)
		form_toggle_json(&v->form);
	return focus(v, PART_FORM);
}

/* With the result before this one. */
static int diff(struct call_view *v)
{
	if (v->result.mode == RESULT_DIFF)
		result_set_mode(&v->result, v->result.json ? RESULT_TREE : RESULT_RAW);
	else if (v->result.id && v->result.json)
		call_history_get(v, HISTORY_BEFORE, v->result.id, PURPOSE_DIFF);
	else
		app_notice(v->app, NOTICE_INFO, "there is no earlier result to compare with");
	return REACT_REDRAW;
}

static int common_act(struct call_view *v, enum action action)
{
	switch (action) {
	case ACT_HISTORY:
		return focus(v, PART_HISTORY);
	case ACT_DIFF:
		return diff(v);
	case ACT_REPEAT:
		call_ask_repeat(v);
		return REACT_REDRAW;
	case ACT_CALL_LOGS:
		return call_show_logs(v, v->result.call_id);
	case ACT_SEND:
		call_send(v);
		return REACT_REDRAW;
	case ACT_EDIT_JSON:
		return toggle_json(v);
	case ACT_SAVE_CALL:
		call_ask_save(v);
		return REACT_REDRAW;
	case ACT_PANE_1:
	case ACT_PANE_2:
	case ACT_PANE_3:
		return focus(v, (enum call_part) (action - ACT_PANE_1));
	case ACT_NEXT_PANE:
		return focus(v, (enum call_part) ((v->part + 1) % PART_COUNT));
	case ACT_PREVIOUS_PANE:
		return focus(v, (enum call_part) ((v->part + PART_COUNT - 1) % PART_COUNT));
	case ACT_ZOOM:
		v->zoomed = !v->zoomed;
		return REACT_REDRAW;
	case ACT_CANCEL_JOB:
		return call_cancel_run(v) ? REACT_REDRAW : REACT_HANDLED;
	case ACT_BACK:
		return back(v);
	case ACT_QUIT:
		return REACT_CLOSE;
	default:
		return REACT_NONE;
	}
}

/* ---- the form ------------------------------------------------------------------------------------------------ */

/* Enter, by what has the focus. */
static int press(struct call_view *v)
{
	switch (form_focused(&v->form).kind) {
	case CONTROL_METHOD:
		call_ask_method(v);
		break;
	case CONTROL_TARGET:
		form_turn_target(&v->form, model_environment(&v->app->model, v->environment), 1);
		break;
	case CONTROL_SEND:
		call_send(v);
		break;
	case CONTROL_EDIT_JSON:
		return toggle_json(v);
	case CONTROL_SAVE:
		call_ask_save(v);
		break;
	default:
		form_step(&v->form, 1);
	}
	return REACT_REDRAW;
}

static int turn(struct call_view *v, int step)
{
	enum control_kind kind = form_focused(&v->form).kind;

	if (kind == CONTROL_TARGET)
		form_turn_target(&v->form, model_environment(&v->app->model, v->environment), step);
	else if (kind == CONTROL_METHOD)
		call_step_method(v, step);
	else if (kind >= CONTROL_SEND)
		form_step(&v->form, step);
	return REACT_REDRAW;
}

static int form_act(struct view *view, struct app *app UNUSED, enum action action)
{
	struct call_view *v = (struct call_view *) view;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		form_step(&v->form, action == ACT_UP ? -1 : 1);
		return REACT_REDRAW;
	case ACT_NEXT_PANE:
		return form_step(&v->form, 1) ? REACT_REDRAW : focus(v, PART_HISTORY);
	case ACT_PREVIOUS_PANE:
		return form_step(&v->form, -1) ? REACT_REDRAW : focus(v, PART_RESULT);
	case ACT_LEFT:
	case ACT_RIGHT:
		return turn(v, action == ACT_LEFT ? -1 : 1);
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		call_step_method(v, action == ACT_PAGE_UP ? -1 : 1);
		return REACT_REDRAW;
	case ACT_OPEN:
		return press(v);
	case ACT_EARLIER:
		call_ask_earlier(v);
		return REACT_REDRAW;
	case ACT_CANCEL_JOB:
		if (!call_cancel_run(v))
			form_clear_input(&v->form);
		return REACT_REDRAW;
	default:
		return common_act(v, action);
	}
}

static bool form_wants_text(const struct view *view)
{
	return form_input(&((struct call_view *) view)->form) != NULL;
}

static int form_raw_key(struct view *view, struct app *app UNUSED, keycode key)
{
	struct call_view *v = (struct call_view *) view;

	if (!form_key(&v->form, key))
		return REACT_NONE;
	v->touched = true;
	return REACT_REDRAW;
}

static int form_pasted(struct view *view, struct app *app UNUSED, const char *text, size_t len)
{
	struct call_view *v = (struct call_view *) view;

	form_paste(&v->form, text, len);
	v->touched = true;
	return REACT_REDRAW;
}

/* ---- history and result -------------------------------------------------------------------------------------- */

static int history_act(struct view *view, struct app *app UNUSED, enum action action)
{
	struct call_view *v = (struct call_view *) view;
	int reaction = call_history_act(v, action);

	return reaction ? reaction : common_act(v, action);
}

static int next_tab(struct call_view *v, int step)
{
	static const enum action actions[] = { ACT_NONE, ACT_RAW, ACT_TABLE, ACT_DIFF };
	struct result *r = &v->result;
	int to = ((int) r->mode + step + 4) % 4;

	if (to == RESULT_DIFF)
		return diff(v);
	if (to == RESULT_TREE && r->json)
		r->mode = RESULT_TREE;
	else
		return result_act(r, v->app, actions[to]) | REACT_REDRAW;
	r->row = r->top = 0;
	return REACT_REDRAW;
}

static int result_part_act(struct view *view, struct app *app, enum action action)
{
	struct call_view *v = (struct call_view *) view;

	switch (action) {
	case ACT_SEARCH:
		call_ask_search(v);
		return REACT_REDRAW;
	case ACT_PATH:
		call_ask_path(v);
		return REACT_REDRAW;
	case ACT_SAVE:
		call_ask_file(v);
		return REACT_REDRAW;
	case ACT_EDITOR:
		call_open_editor(v);
		return REACT_REDRAW;
	case ACT_TAB_NEXT:
	case ACT_TAB_PREVIOUS:
		return next_tab(v, action == ACT_TAB_NEXT ? 1 : -1);
	default:
		break;
	}
	int reaction = result_act(&v->result, app, action);
	return reaction ? reaction : common_act(v, action);
}

/* ---- the rest --------------------------------------------------------------------------------------------------- */

static bool inside(const struct area *a, int y, int x)
{
	return a->h && y >= a->y && y < a->y + a->h && x >= a->x && x < a->x + a->w;
}

static int call_mouse(struct view *view, struct app *app UNUSED, const struct mouse *m)
{
	struct call_view *v = (struct call_view *) view;
	struct parts p;

	lay_out(v, &v->area, &p);
	for (int i = 0; i < PART_COUNT; i++) {
		const struct area *a = &p.at[i];
		if (!inside(a, v->area.y + m->y, v->area.x + m->x))
			continue;
		if (m->what == MOUSE_CLICK || m->what == MOUSE_DOUBLE)
			call_view_focus(v, (enum call_part) i);
		int y = v->area.y + m->y - a->y - 1, x = v->area.x + m->x - a->x - 1;
		bool wheel = m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN;
		/* In the border there are only hints. */
		if (!wheel && (y < 0 || y >= a->h - 2))
			return REACT_REDRAW;
		if (i == PART_HISTORY)
			return call_history_mouse(v, y + 1, (int) m->what, a);
		if (i == PART_RESULT)
			return result_mouse(&v->result, y, (int) m->what);
		form_click(&v->form, y, x, (int) m->what);
	}
	return REACT_REDRAW;
}

static bool call_tick(struct view *view, struct app *app UNUSED, int64_t now_ms UNUSED)
{
	struct call_view *v = (struct call_view *) view;

	call_history_follow(v);
	return v->run != NULL;
}

static void screen_free(struct view *view)
{
	struct call_view *v = (struct call_view *) view;

	if (v->environment)
		draft_keep(v->app, v->environment, &v->form);
	if (v->link)
		v->link->view = NULL;
	call_link_drop(v->link);
	call_forget_run(v);
	history_close(v->history);
	call_list_free(&v->calls);
	saved_list_free(&v->saved);
	list_free(&v->list);
	form_free(&v->form);
	result_free(&v->result);
	af_error_clear(&v->error);
	free(v->environment);
	free(v->wanted);
	free(v->filter);
	free(v);
}

static const enum key_context form_contexts[] = { KEYS_FORM, KEYS_RESULT, KEYS_LIST, KEYS_GLOBAL };
static const enum key_context history_contexts[] = { KEYS_HISTORY, KEYS_RESULT, KEYS_FORM, KEYS_LIST, KEYS_GLOBAL };
/* Of the detail's keys only those that change tabs mean something here. */
static const enum key_context result_contexts[] = { KEYS_RESULT, KEYS_FORM, KEYS_LIST, KEYS_DETAIL, KEYS_GLOBAL };

static const struct footer_hint footer_hints[] = {
	{ .action = ACT_SEND }, { .action = ACT_EDIT_JSON }, { .action = ACT_SAVE_CALL }, { .action = ACT_NEXT_PANE, .what = "next field" },
	{ .action = ACT_BACK }, { .action = ACT_HISTORY }, { .action = ACT_DIFF }, { .action = ACT_REPEAT },
	{ .action = ACT_CALL_LOGS, .what = "logs of call" }, { 0 }
};

static const struct view_ops part_ops[PART_COUNT] = {
	[PART_FORM] = { .name = "call", .contexts = form_contexts, .hints = footer_hints, .free = screen_free, .draw = call_draw, .act = form_act,
			.text = true, .wants_text = form_wants_text, .key = form_raw_key, .paste = form_pasted,
			.mouse = call_mouse, .tick = call_tick },
	[PART_HISTORY] = { .name = "call", .contexts = history_contexts, .hints = footer_hints, .free = screen_free, .draw = call_draw,
			   .act = history_act, .mouse = call_mouse, .tick = call_tick },
	[PART_RESULT] = { .name = "call", .contexts = result_contexts, .hints = footer_hints, .free = screen_free, .draw = call_draw,
			  .act = result_part_act, .mouse = call_mouse, .tick = call_tick },
};

struct view *call_view_new(struct app *app, const char *environment, int replica, const char *method, struct af_error *err)
{
	struct call_view *v = calloc(1, sizeof(*v));

	if (!v) {
		error_nomem(err);
		return NULL;
	}
	v->app = app;
	v->view.ops = &part_ops[PART_FORM];
	form_init(&v->form);
	result_init(&v->result);
	v->form.target = replica < 0 ? TARGET_AUTO : replica;
	v->environment = str_dup(environment, err);
	v->wanted = method ? str_dup(method, err) : NULL;
	v->link = calloc(1, sizeof(*v->link));
	v->history = history_open(app, call_history_answered, v, err);
	if (!v->environment || (method && !v->wanted) || !v->link || !v->history) {
		screen_free(&v->view);
		return NULL;
	}
	v->link->view = v;
	atomic_init(&v->link->refs, 1);
	call_history_refresh(v);
	return &v->view;
}
