/* The frame. See frame.h. */
#include "ui/frame.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/prompt.h"
#include "ui/terminal.h"
#include "ui/views.h"

#define NOTICES_MAX 200
#define NOTICE_BYTES 4096
#define OVERLAYS_MAX 8

struct frame {
	struct view *panes[PANE_COUNT];
	struct view *overlays[OVERLAYS_MAX];
	int overlay_count;
	enum pane focus;
	bool zoomed;
	struct layout layout;
	struct notice notices[NOTICES_MAX]; /* newest first */
	int notice_count;
};

struct frame *frame_new(struct app *app, struct af_error *err)
{
	struct frame *f = calloc(1, sizeof(*f));

	if (!f) {
		error_nomem(err);
		return NULL;
	}
	f->panes[PANE_ENVS] = envs_view_new(app, err);
	f->panes[PANE_DETAIL] = detail_view_new(app, err);
	f->panes[PANE_LOGS] = logs_view_new(app, err);
	for (int i = 0; i < PANE_COUNT; i++)
		if (!f->panes[i]) {
			frame_free(f, app);
			return NULL;
		}
	return f;
}

static void view_free(struct view *v)
{
	if (v)
		v->ops->free(v);
}

void frame_free(struct frame *f, struct app *app UNUSED)
{
	if (!f)
		return;
	while (f->overlay_count)
		view_free(f->overlays[--f->overlay_count]);
	for (int i = 0; i < PANE_COUNT; i++)
		view_free(f->panes[i]);
	for (int i = 0; i < f->notice_count; i++)
		free(f->notices[i].text);
	free(f);
}

struct view *app_pane(struct app *app, enum pane pane)
{
	return app->frame->panes[pane];
}

static struct view *top_overlay(const struct frame *f)
{
	return f->overlay_count ? f->overlays[f->overlay_count - 1] : NULL;
}

static struct view *focused_view(const struct frame *f)
{
	struct view *top = top_overlay(f);

	return top ? top : f->panes[f->focus];
}

/* Questions and menus lie over a view and are about it. */
struct view *frame_whole(const struct app *app)
{
	const struct frame *f = app->frame;

	for (int i = f->overlay_count; i-- > 0;)
		if (f->overlays[i]->ops->crumb)
			return f->overlays[i];
	return f->zoomed && f->panes[f->focus]->ops->crumb ? f->panes[f->focus] : NULL;
}

/* ---- drawing --------------------------------------------------------------------------------- */

static void draw_too_small(const struct area *screen)
{
	bool one_row = screen->w >= 40 || screen->h < 2;
	int y = screen->h / 2 - (screen->h == 2);

	/* In two rows where one would cut off what is needed. */
	draw_fmt(screen, y, 0, ROLE_WARN, one_row ? "%dx%d is too small: afs-tui needs %dx%d" : "%dx%d is too small",
		 screen->w, screen->h, LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
	if (!one_row)
		draw_fmt(screen, y + 1, 0, ROLE_WARN, "needs %dx%d", LAYOUT_MIN_COLS, LAYOUT_MIN_ROWS);
}

static void draw_panes(struct app *app)
{
	struct frame *f = app->frame;
	bool covered = f->overlay_count > 0;

	for (int i = 0; i < PANE_COUNT; i++)
		if (f->layout.panes[i].h > 0)
			f->panes[i]->ops->draw(f->panes[i], app, &f->layout.panes[i],
					       !covered && !prompt_open(app->prompt) && (int) f->focus == i);
	for (int i = 0; i < f->overlay_count; i++)
		f->overlays[i]->ops->draw(f->overlays[i], app, &f->layout.body, i == f->overlay_count - 1);
}

void frame_draw(struct app *app)
{
	struct frame *f = app->frame;
	struct area screen = canvas_begin();

	layout_compute(&f->layout, screen.h, screen.w, f->focus, f->zoomed);
	if (f->layout.too_small) {
		draw_too_small(&screen);
	} else {
		draw_header(app, &f->layout.header);
		draw_panes(app);
		draw_notices(app, &f->layout.notices);
		draw_footer(app, &f->layout.footer, focused_view(f), f->overlay_count > 0);
		prompt_draw(app->prompt, &f->layout.prompt, &f->layout.body);
	}
	canvas_show();
	app->dirty = false;
}

bool app_has_pane_tabs(const struct app *app)
{
	return app->frame->layout.tabs && !app->frame->zoomed;
}

bool app_draw_pane_tabs(struct app *app, const struct area *a, enum pane current)
{
	static const char *const names[] = { "1 Envs", "2 Detail", "3 Logs", "4 Call" };
	int xs[ARRAY_LEN(names)];

	if (!app_has_pane_tabs(app))
		return false;
	draw_tabs(a, names, ARRAY_LEN(names), (int) current, xs);
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (xs[i] >= 0)
			canvas_spot(a, 0, xs[i], (int) strlen(names[i]), ACT_PANE_1 + (int) i);
	return true;
}

/* ---- what the panes share ----------------------------------------------------------------------- */

void app_redraw(struct app *app)
{
	app->dirty = true;
}

void app_focus(struct app *app, enum pane pane)
{
	app->frame->focus = pane;
	app_redraw(app);
}

enum pane app_focused(const struct app *app)
{
	return app->frame->focus;
}

void app_zoom(struct app *app, bool zoomed)
{
	app->frame->zoomed = zoomed;
	app_redraw(app);
}

bool app_zoomed(const struct app *app, int rows)
{
	return app->frame && app->frame->zoomed && app->frame->layout.body.h >= rows;
}

void app_push(struct app *app, struct view *take_view)
{
	struct frame *f = app->frame;

	if (!take_view)
		return;
	if (f->overlay_count == OVERLAYS_MAX) {
		view_free(take_view);
		return;
	}
	f->overlays[f->overlay_count++] = take_view;
	app_redraw(app);
}

static void pop(struct app *app, struct view *v)
{
	struct frame *f = app->frame;

	for (int i = 0; i < f->overlay_count; i++)
		if (f->overlays[i] == v) {
			memmove(&f->overlays[i], &f->overlays[i + 1],
				(size_t) (--f->overlay_count - i) * sizeof(f->overlays[0]));
			view_free(v);
			break;
		}
	app_redraw(app);
}

const struct environment *app_selected_environment(struct app *app)
{
	const char *name = NULL, *id = NULL;
	struct environment *env = NULL;

	envs_view_selection(app->frame->panes[PANE_ENVS], &name, &id);
	if (id && model_replica(&app->model, id, &env))
		return env;
	return model_environment(&app->model, name);
}

const struct replica *app_selected_replica(struct app *app)
{
	const char *id = NULL;

	envs_view_selection(app->frame->panes[PANE_ENVS], NULL, &id);
	return model_replica(&app->model, id, NULL);
}

void app_selection_changed(struct app *app)
{
	if (!app->frame) /* --plain, or not there yet */
		return;
	envs_view_update(app->frame->panes[PANE_ENVS], app);
	detail_view_selection_changed(app->frame->panes[PANE_DETAIL], app);
	logs_view_selection_changed(app->frame->panes[PANE_LOGS], app);
	app_redraw(app);
}

/* ---- notices ----------------------------------------------------------------------------------------- */

void app_notice(struct app *app, enum notice_kind kind, const char *fmt, ...)
{
	struct frame *f = app->frame;
	AUTO_STRBUF raw = STRBUF_INIT(STRBUF_TEXT), safe = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	if (!f) /* --plain, or not there yet */
		return;
	va_start(ap, fmt);
	strbuf_addv(&raw, fmt, ap);
	va_end(ap);
	/* Only the first line; the rest stands in the job's output. */
	text_add_safe(&safe, raw.data, MIN(strcspn(raw.data, "\n"), (size_t) NOTICE_BYTES), false);
	char *text = NULL;
	if (strbuf_steal(&safe, &text, NULL))
		return;
	if (f->notice_count == NOTICES_MAX)
		free(f->notices[--f->notice_count].text);
	memmove(f->notices + 1, f->notices, (size_t) f->notice_count * sizeof(f->notices[0]));
	f->notices[0] = (struct notice){ kind, text, wall_ms(), clock_ms() };
	app->stamp_ms = f->notices[0].wall_ms;
	f->notice_count++;
	app_redraw(app);
}

void app_notice_error(struct app *app, const struct af_error *err)
{
	app_notice(app, NOTICE_ERROR, "%s%s%s", err->message ? err->message : "failed", err->hint ? " — " : "",
		   err->hint ? err->hint : "");
}

const struct notice *frame_notice(const struct app *app, int i)
{
	return &app->frame->notices[i];
}

int frame_notice_count(const struct app *app)
{
	return app->frame->notice_count;
}

/* ---- input ---------------------------------------------------------------------------------------------- */

/* Does what a handler asked for. */
static bool react(struct app *app, struct view *v, int reaction)
{
	if (reaction & REACT_CLOSE)
		pop(app, v);
	if (reaction)
		app_redraw(app);
	return reaction != REACT_NONE;
}

static void focus_step(struct app *app, int step)
{
	app_focus(app, (enum pane)(((int) app->frame->focus + step + PANE_COUNT) % PANE_COUNT));
}

static void cancel_newest(struct app *app)
{
	int id = job_newest_running(app);
	char said[80];

	if (id) {
		job_cancel(app, id);
		app_notice(app, NOTICE_INFO, "cancelling %s", job_find(app, id)->line);
	} else {
		app_notice(app, NOTICE_INFO, "%s", keymap_say(app->keymap, "nothing runs; {quit} quits", said, sizeof(said)));
	}
}

static void theme_chosen(struct app *app, int i, void *arg)
{
	const struct strlist *names = arg;
	struct af_error err = AF_ERROR_INIT;

	if (app_choose_theme(app, names->items[i], &err))
		app_notice_error(app, &err);
	af_error_clear(&err);
}

static void names_free(void *arg)
{
	strlist_free(arg);
	free(arg);
}

static void choose_theme(struct app *app)
{
	struct strlist *names = calloc(1, sizeof(*names));
	int current = 0;

	if (!names || theme_names(names, NULL) || !names->count) {
		app_notice(app, NOTICE_WARN, "no themes were found");
		if (names)
			names_free(names);
		return;
	}
	for (size_t i = 0; i < names->count; i++)
		if (app->options.theme && !strcmp(names->items[i], app->options.theme))
			current = (int) i;
	app_menu(app, "Theme", (const char *const *) names->items, (int) names->count, current, theme_chosen, names_free,
		 names);
}

static void toggle_mouse(struct app *app)
{
	app->options.mouse = !app->options.mouse;
	terminal_mouse(app->options.mouse);
	app_notice(app, NOTICE_INFO, app->options.mouse ? "the mouse works here" : "the mouse is the terminal's");
}

/* Said at once, not when the line was typed. */
static void begin_command(struct app *app, const char *command)
{
	char text[16];

	if (app->options.readonly) {
		app_notice(app, NOTICE_WARN, "read-only: %s is off", command);
		return;
	}
	snprintf(text, sizeof(text), "%s ", command);
	prompt_command(app->prompt, text);
}

static void global_action(struct app *app, enum action action)
{
	struct frame *f = app->frame;

	switch (action) {
	case ACT_QUIT:
		app->quit = true;
		break;
	case ACT_HELP:
		app_push(app, help_view_new(app, focused_view(f), NULL));
		break;
	case ACT_COMMAND:
		prompt_command(app->prompt, "");
		break;
	case ACT_BUILD:
	case ACT_RUN:
		begin_command(app, action == ACT_BUILD ? "build" : "run");
		break;
	case ACT_PANE_1:
	case ACT_PANE_2:
	case ACT_PANE_3:
		app_focus(app, (enum pane)(action - ACT_PANE_1));
		break;
	case ACT_PANE_4:
		app_call(app, NULL);
		break;
	case ACT_NEXT_PANE:
		focus_step(app, 1);
		break;
	case ACT_PREVIOUS_PANE:
		focus_step(app, -1);
		break;
	case ACT_ZOOM:
		app_zoom(app, !f->zoomed);
		break;
	case ACT_BACK:
		if (f->zoomed)
			app_zoom(app, false);
		else
			app_focus(app, PANE_ENVS);
		break;
	case ACT_REDRAW:
		canvas_redraw();
		break;
	case ACT_THEME:
		choose_theme(app);
		break;
	case ACT_MOUSE:
		toggle_mouse(app);
		break;
	case ACT_JOBS:
		app_push(app, jobs_view_new(app, NULL));
		break;
	case ACT_CANCEL_JOB:
		cancel_newest(app);
		break;
	case ACT_SUSPEND:
		app->suspend = true;
		break;
	default:
		break;
	}
	app_redraw(app);
}

/* What works wherever the keys go otherwise: drawing anew, and stopping. */
static bool works_always(struct app *app, keycode key)
{
	static const enum key_context everywhere[] = { KEYS_GLOBAL };
	enum action action = keymap_find(app->keymap, everywhere, key);

	/* Bound to a character, it is text where there is a field. */
	if (key >= ' ' || (action != ACT_REDRAW && action != ACT_SUSPEND))
		return false;
	global_action(app, action);
	return true;
}

/* The view's, or else one of those that work everywhere. */
static void act(struct app *app, struct view *v, enum action action)
{
	if (action == ACT_NONE || react(app, v, v->ops->act(v, app, action)))
		return;
	/* Over the panes only what is not about them; a question or a menu keeps that for itself, too. */
	static const enum action over_panes[] = { ACT_HELP, ACT_CANCEL_JOB, ACT_COMMAND, ACT_MOUSE, ACT_THEME, ACT_JOBS, ACT_NONE };
	if (action_rows[action].context == KEYS_GLOBAL && (!top_overlay(app->frame) || action_among(action, over_panes)))
		global_action(app, action);
	else if (action == ACT_BACK && top_overlay(app->frame))
		pop(app, v);
}

void frame_key(struct app *app, keycode key)
{
	struct view *v = focused_view(app->frame);

	if (works_always(app, key))
		return;
	if (prompt_open(app->prompt)) {
		prompt_key(app->prompt, key);
		app_redraw(app);
		return;
	}
	if (v->ops->wants_text && v->ops->wants_text(v) && react(app, v, v->ops->key(v, app, key)))
		return;
	act(app, v, keymap_find(app->keymap, v->ops->contexts, key));
}

void frame_paste(struct app *app, const char *text, size_t len)
{
	struct view *v = focused_view(app->frame);
	char said[120];

	if (prompt_open(app->prompt))
		prompt_paste(app->prompt, text, len);
	else if (v->ops->paste && v->ops->wants_text && v->ops->wants_text(v))
		react(app, v, v->ops->paste(v, app, text, len));
	else
		app_notice(app, NOTICE_INFO, "%s",
			   keymap_say(app->keymap, "a paste goes into text fields only; {command} opens the command line", said, sizeof(said)));
	app_redraw(app);
}

static bool inside(const struct area *a, int y, int x)
{
	return y >= a->y && y < a->y + a->h && x >= a->x && x < a->x + a->w;
}

/* A click on a hint is its key, in the pane that it is about. */
static bool click_hint(struct app *app, int y, int x)
{
	struct frame *f = app->frame;
	enum action action = (enum action) canvas_spot_at(y, x);

	if (action == ACT_NONE)
		return false;
	for (int i = 0; !top_overlay(f) && i < PANE_COUNT; i++)
		if (inside(&f->layout.panes[i], y, x))
			app_focus(app, (enum pane) i);
	act(app, focused_view(f), action);
	return true;
}

void frame_mouse(struct app *app, int y, int x, int what)
{
	struct frame *f = app->frame;
	struct view *top = top_overlay(f);

	/* A question in the prompt row is about what is there now: nothing may close or change behind it. */
	if (f->layout.too_small || prompt_open(app->prompt))
		return;
	if (top) {
		struct mouse m = { y - f->layout.body.y, x - f->layout.body.x, what };
		/* It may have parts: the one that was clicked has the keys by then. */
		if (top->ops->mouse && inside(&f->layout.body, y, x))
			react(app, top, top->ops->mouse(top, app, &m));
		if (what == MOUSE_CLICK && top == top_overlay(f))
			click_hint(app, y, x);
		return;
	}
	if (what == MOUSE_CLICK && click_hint(app, y, x))
		return;
	for (int i = 0; i < PANE_COUNT; i++) {
		const struct area *a = &f->layout.panes[i];
		struct mouse m = { y - a->y, x - a->x, what };
		if (!inside(a, y, x))
			continue;
		if (what == MOUSE_CLICK || what == MOUSE_DOUBLE)
			app_focus(app, (enum pane) i);
		if (f->panes[i]->ops->mouse)
			react(app, f->panes[i], f->panes[i]->ops->mouse(f->panes[i], app, &m));
	}
}

void frame_tick(struct app *app)
{
	struct frame *f = app->frame;

	for (int i = 0; i < PANE_COUNT; i++)
		if (f->panes[i]->ops->tick && f->panes[i]->ops->tick(f->panes[i], app, app->now_ms))
			app_redraw(app);
	struct view *top = top_overlay(f);
	if (top && top->ops->tick && top->ops->tick(top, app, app->now_ms))
		app_redraw(app);
	/* Nothing comes from a host that hangs: its age has to be shown all the same. */
	if (model_is_stale(&app->model, app->now_ms))
		app_redraw(app);
}
