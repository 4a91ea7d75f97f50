/* The call screen, over the panes: form, history, result. See views.h. */
#include <string.h>

#include "ui/call_kept.h"
#include "ui/call_view.h"
#include "ui/form_draft.h"
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

/* ---- drawing ------------------------------------------------------------------------------------------ */

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

static void call_crumb(struct view *view, struct app *app, struct strbuf *path, struct strbuf *facts)
{
	const struct call_view *v = (const struct call_view *) view;
	const struct environment *env = model_environment(&app->model, v->environment);

	strbuf_addf(path, "%s › Call", v->environment);
	if (v->form.method)
		strbuf_addf(path, " › %s", v->form.method);
	if (env)
		strbuf_addf(facts, "%d/%d replicas up\nbalance %s\n", env->up, MAX(env->planned, env->count), env->balance);
	else
		strbuf_adds(facts, "it is gone\n");
}

static void call_draw(struct view *view, struct app *app, const struct area *a, bool focused)
{
	struct call_view *v = (struct call_view *) view;
	AUTO_FREE char *progress = call_progress(v);
	struct parts p;

	v->area = *a;
	call_follow_methods(v);
	lay_out(v, a, &p);
	if (has_tabs(v, a))
		draw_part_names(v, a);
	if (p.at[PART_FORM].h)
		call_form_draw(v, &p.at[PART_FORM], focused && v->part == PART_FORM);
	if (p.at[PART_HISTORY].h)
		call_history_draw(v, &p.at[PART_HISTORY], focused && v->part == PART_HISTORY);
	if (p.at[PART_RESULT].h)
		result_draw(&v->result, app, &p.at[PART_RESULT], focused && v->part == PART_RESULT, progress);
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
			return call_history_mouse(v, y, (int) m->what);
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

	if (v->environment) {
		draft_keep(v->app, v->environment, &v->form);
		kept_put(v->app, v->environment, &v->result);
	}
	if (v->link)
		v->link->view = NULL;
	call_link_drop(v->link);
	call_forget_run(v);
	history_close(v->history);
	call_list_free(&v->calls);
	saved_list_free(&v->saved);
	list_free(&v->list);
	strlist_free(&v->offered);
	free(v->offered_for);
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

static const struct footer_hint part_hints[] = {
	{ .action = ACT_SEND }, { .action = ACT_EDIT_JSON }, { .action = ACT_SAVE_CALL }, { .action = ACT_NEXT_PANE, .what = "next pane" },
	{ .action = ACT_BACK }, { .action = ACT_HISTORY }, { .action = ACT_DIFF }, { .action = ACT_REPEAT },
	{ .action = ACT_CALL_LOGS, .what = "logs of call" }, { 0 }
};

static const struct view_ops part_ops[PART_COUNT] = {
	[PART_FORM] = { .name = "call", .contexts = form_contexts, .hints = footer_hints, .free = screen_free, .crumb = call_crumb, .draw = call_draw, .act = call_form_act,
			.text = true, .wants_text = call_form_wants_text, .key = call_form_raw_key, .paste = call_form_pasted,
			.mouse = call_mouse, .tick = call_tick },
	[PART_HISTORY] = { .name = "call", .contexts = history_contexts, .hints = part_hints, .free = screen_free, .crumb = call_crumb, .draw = call_draw,
			   .act = call_history_part_act, .mouse = call_mouse, .tick = call_tick },
	[PART_RESULT] = { .name = "call", .contexts = result_contexts, .hints = part_hints, .free = screen_free, .crumb = call_crumb, .draw = call_draw,
			  .act = call_result_part_act, .mouse = call_mouse, .tick = call_tick },
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
	if (v->link) {
		v->link->view = v;
		atomic_init(&v->link->refs, 1);
	}
	v->history = history_open(app, call_history_answered, v, err);
	if (!v->environment || (method && !v->wanted) || !v->link || !v->history) {
		screen_free(&v->view);
		return NULL;
	}
	call_follow_run(v);
	kept_take(app, environment, NULL, &v->result);
	call_history_refresh(v);
	return &v->view;
}

void call_view_open(struct app *app, const char *environment, int64_t id)
{
	struct af_error err = AF_ERROR_INIT;
	struct call_view *v = (struct call_view *) call_view_new(app, environment, -1, NULL, &err);

	if (v) {
		app_push(app, &v->view);
		call_view_focus(v, PART_RESULT);
		call_history_get(v, HISTORY_GET, id, PURPOSE_LOAD);
	} else {
		app_notice_error(app, &err);
	}
	af_error_clear(&err);
}

bool call_view_again(struct app *app)
{
	struct call_behind behind;

	if (!kept_take_behind(app, &behind))
		return false;
	struct call_view *v = (struct call_view *) call_view_new(app, behind.environment, -1, NULL, NULL);
	free(behind.environment);
	app_zoom(app, behind.zoomed);
	app_focus(app, behind.pane);
	if (!v)
		return true;
	v->form.target = behind.target;
	app_push(app, &v->view);
	call_view_focus(v, (enum call_part) behind.part);
	return true;
}
