/* The frame: panes and what lies over them. See frame.h. */
#include "ui/frame_priv.h"

#include <string.h>

#include "base/clock.h"
#include "ui/prompt.h"
#include "ui/views.h"

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

struct view *frame_overlay(const struct frame *f)
{
	return f->overlay_count ? f->overlays[f->overlay_count - 1] : NULL;
}

struct view *frame_focused(const struct frame *f)
{
	struct view *top = frame_overlay(f);

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
		draw_footer(app, &f->layout.footer, frame_focused(f), f->overlay_count > 0);
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

void frame_pop(struct app *app, struct view *v)
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

void frame_tick(struct app *app)
{
	struct frame *f = app->frame;

	for (int i = 0; i < PANE_COUNT; i++)
		if (f->panes[i]->ops->tick && f->panes[i]->ops->tick(f->panes[i], app, app->now_ms))
			app_redraw(app);
	struct view *top = frame_overlay(f);
	if (top && top->ops->tick && top->ops->tick(top, app, app->now_ms))
		app_redraw(app);
	/* Nothing comes from a host that hangs: its age has to be shown all the same. */
	if (model_is_stale(&app->model, app->now_ms)) {
		app->stamp_ms = wall_ms();
		app_redraw(app);
	}
}
