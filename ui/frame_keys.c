/* Where keys, pastes and clicks go; what the actions do that work everywhere. See frame.h. */
#include "ui/frame_priv.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/prompt.h"
#include "ui/terminal.h"
#include "ui/views.h"

/* Does what a handler asked for. */
static bool react(struct app *app, struct view *v, int reaction)
{
	if (reaction & REACT_CLOSE)
		frame_pop(app, v);
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
	AUTO_STRLIST shown = { 0 };
	int current = 0;

	if (!names || theme_names(names, NULL) || !names->count) {
		app_notice(app, NOTICE_WARN, "no themes were found");
		if (names)
			names_free(names);
		return;
	}
	for (size_t i = 0; i < names->count; i++) {
		bool in_use = app->options.theme && !strcmp(names->items[i], app->options.theme);
		current = in_use ? (int) i : current;
		if (strlist_take(&shown, str_format(NULL, "%s%s", names->items[i], in_use ? "  (in use)" : ""), NULL)) {
			names_free(names);
			return;
		}
	}
	app_menu(app, "Theme", (const char *const *) shown.items, (int) shown.count, current, theme_chosen, names_free, names);
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

static void quit_now(struct app *app, void *arg UNUSED)
{
	app->quit = true;
}

/* Environments go on without us; jobs and calls do not. */
static void leave(struct app *app)
{
	AUTO_STRBUF detail = STRBUF_INIT(STRBUF_LINE);
	int running = 0;

	for (const struct job_row *const *j = job_list(app); *j; j++)
		if ((*j)->state == JOB_RUNNING) {
			strbuf_addf(&detail, "%s%s", running ? ", " : "", (*j)->line);
			running++;
		}
	if (!running) {
		app->quit = true;
		return;
	}
	app_confirm(app, "Leave, and cancel what is under way?", detail.data, NULL, quit_now, NULL, NULL);
}

static void global_action(struct app *app, enum action action)
{
	struct frame *f = app->frame;

	switch (action) {
	case ACT_QUIT:
		leave(app);
		break;
	case ACT_HELP:
		app_push(app, help_view_new(app, frame_focused(f), NULL));
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
	case ACT_CALL:
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
	if (action_rows[action].context == KEYS_GLOBAL && (!frame_overlay(app->frame) || action_among(action, over_panes)))
		global_action(app, action);
	else if (action == ACT_BACK && frame_overlay(app->frame))
		frame_pop(app, v);
}

void frame_key(struct app *app, keycode key)
{
	struct view *v = frame_focused(app->frame);

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
	struct view *v = frame_focused(app->frame);
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
	for (int i = 0; !frame_overlay(f) && i < PANE_COUNT; i++)
		if (inside(&f->layout.panes[i], y, x))
			app_focus(app, (enum pane) i);
	act(app, frame_focused(f), action);
	return true;
}

void frame_mouse(struct app *app, int y, int x, int what)
{
	struct frame *f = app->frame;
	struct view *top = frame_overlay(f);
	int depth = f->overlay_count;

	/* A question in the prompt row is about what is there now: nothing may close or change behind it. */
	if (f->layout.too_small || prompt_open(app->prompt))
		return;
	if (top) {
		struct mouse m = { y - f->layout.body.y, x - f->layout.body.x, what };
		/* It may have parts: the one that was clicked has the keys by then. */
		if (top->ops->mouse && inside(&f->layout.body, y, x))
			react(app, top, top->ops->mouse(top, app, &m));
		if (what == MOUSE_CLICK && f->overlay_count == depth)
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
