/* The one loop of the UI thread. See loop.h. */
#include "ui/loop.h"

#include <poll.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/frame.h"
#include "ui/terminal.h"

/* 30 frames a second at most; a key is answered at once. */
#define FRAME_MS 33
#define TICK_MS 1000
/* What turns (spinners) turns this often. */
#define SPIN_MS 120

struct loop_state {
	int64_t drawn_ms, ticked_ms;
	bool answered; /* a key came: the next frame does not wait */
	struct script *script;
};

static void handle_event(struct app *app, const struct terminal_event *e, struct loop_state *ls)
{
	ls->answered = true;
	app_redraw(app);
	switch (e->kind) {
	case EVENT_KEY:
		app->stamp_ms = wall_ms();
		frame_key(app, e->key);
		break;
	case EVENT_PASTE:
		if (e->truncated)
			app_notice(app, NOTICE_WARN, "the paste was longer than 1 MiB; only its beginning was taken");
		frame_paste(app, e->text, e->len);
		break;
	case EVENT_MOUSE:
		frame_mouse(app, e->mouse.y, e->mouse.x, (int) e->mouse.what);
		break;
	case EVENT_RESIZE:
		break;
	case EVENT_SIGNAL:
	case EVENT_LOST:
		app->quit = true;
		break;
	case EVENT_NONE:
		break;
	}
}

static void read_terminal(struct app *app, struct loop_state *ls)
{
	struct terminal_event event;

	while (!app->quit && terminal_next(&event) != EVENT_NONE) {
		handle_event(app, &event, ls);
		if (app->suspend) {
			app->suspend = false;
			terminal_suspend();
		}
	}
}

static bool something_turns(const struct app *app)
{
	return app->model.starting > 0 || job_newest_running(app) != 0;
}

static void tick(struct app *app, struct loop_state *ls)
{
	int64_t every = something_turns(app) ? SPIN_MS : TICK_MS;

	if (app->now_ms - ls->ticked_ms < every)
		return;
	ls->ticked_ms = app->now_ms;
	frame_tick(app);
	if (something_turns(app))
		app_redraw(app);
}

/* How long the loop may sleep. */
static int patience(const struct app *app, const struct loop_state *ls)
{
	int64_t tick_in = ls->ticked_ms + (something_turns(app) ? SPIN_MS : TICK_MS) - app->now_ms;
	int64_t wait = MAX(tick_in, (int64_t) 0);

	if (app->dirty)
		wait = MIN(wait, MAX(ls->drawn_ms + FRAME_MS - app->now_ms, (int64_t) 0));
	if (ls->script)
		wait = MIN(wait, (int64_t) FRAME_MS);
	return (int) wait;
}

static void maybe_draw(struct app *app, struct loop_state *ls)
{
	if (!app->dirty || (!ls->answered && app->now_ms - ls->drawn_ms < FRAME_MS))
		return;
	frame_draw(app);
	ls->drawn_ms = app->now_ms;
	ls->answered = false;
}

af_code loop_run(struct app *app, struct script *script, struct af_error *err)
{
	struct loop_state ls = { .script = script, .answered = true };
	struct pollfd fds[] = { { .fd = message_queue_fd(app->queue), .events = POLLIN },
				{ .fd = script ? -1 : STDIN_FILENO, .events = POLLIN },
				{ .fd = script ? -1 : terminal_signal_fd(), .events = POLLIN } };
	af_code rc = AF_OK;

	app_redraw(app);
	while (!app->quit && !rc) {
		app->now_ms = clock_ms();
		bool was_loaded = app->model.loaded;
		message_apply_all(app->queue, app);
		ls.answered |= app->model.loaded && !was_loaded; /* the first full frame does not wait */
		if (!script)
			read_terminal(app, &ls);
		tick(app, &ls);
		maybe_draw(app, &ls);
		if (script && !app->dirty)
			rc = script_step(script, app, err);
		if (!app->quit && !rc)
			poll(fds, ARRAY_LEN(fds), patience(app, &ls));
	}
	return rc;
}
