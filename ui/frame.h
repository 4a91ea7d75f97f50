/* The frame: header, panes, notices, command line, hints; who has the keys; what lies over the panes. */
#ifndef UI_FRAME_H
#define UI_FRAME_H

#include "ui/app.h"

struct frame;

struct frame *frame_new(struct app *app, struct af_error *err);
void frame_free(struct frame *f, struct app *app);
/* Draws everything and shows it: the only place that calls doupdate. */
void frame_draw(struct app *app);
/* Input, in order: prompt, topmost overlay, focused pane, global actions. */
void frame_key(struct app *app, keycode key);
void frame_paste(struct app *app, const char *text, size_t len);
void frame_mouse(struct app *app, int y, int x, int what);
/* About once a second. */
void frame_tick(struct app *app);

/* Where things stand, for one size of the terminal. Pure. */
struct layout {
	bool too_small;
	struct area header, body, notices, prompt, footer;
	struct area panes[PANE_COUNT]; /* h == 0: not shown */
	bool tabs; /* one pane replaces another: their names stand in the frame */
};
enum { LAYOUT_MIN_ROWS = 12, LAYOUT_MIN_COLS = 50 };
void layout_compute(struct layout *l, int rows, int cols, enum pane focus, bool zoomed);

/* The view that has the whole screen and says so in the header; NULL: none. */
struct view *frame_whole(const struct app *app);

void draw_header(struct app *app, const struct area *a);
/* What runs and what was said last, in one row (notices.c). */
void draw_notices(struct app *app, const struct area *a);
void draw_footer(struct app *app, const struct area *a, const struct view *focused, bool overlay);

#endif
