/* Where panes stand. See frame.h. */
#include "ui/frame.h"

/* From this size on all three panes stand side by side. */
#define WIDE_COLS 100
#define WIDE_ROWS 26
/* From this size on two do, one above the other. */
#define TALL_ROWS 20

static struct area rows_of(const struct area *a, int y, int h)
{
	return (struct area){ a->y + y, a->x, h, a->w };
}

/* Environments and detail side by side, logs below. */
static void three_panes(struct layout *l)
{
	const struct area *body = &l->body;
	int top = body->h * 6 / 10, left = body->w / 2;

	l->panes[PANE_ENVS] = (struct area){ body->y, body->x, top, left };
	l->panes[PANE_DETAIL] = (struct area){ body->y, body->x + left, top, body->w - left };
	l->panes[PANE_LOGS] = rows_of(body, top, body->h - top);
}

/* The environments, or the detail in their place; logs below. */
static void two_panes(struct layout *l, enum pane focus)
{
	int top = l->body.h * 6 / 10;
	struct area upper = rows_of(&l->body, 0, top);

	l->panes[focus == PANE_DETAIL ? PANE_DETAIL : PANE_ENVS] = upper;
	l->panes[PANE_LOGS] = rows_of(&l->body, top, l->body.h - top);
	l->tabs = true;
}

void layout_compute(struct layout *l, int rows, int cols, enum pane focus, bool zoomed)
{
	struct area all = { 0, 0, rows, cols };

	*l = (struct layout){ .too_small = rows < LAYOUT_MIN_ROWS || cols < LAYOUT_MIN_COLS };
	if (l->too_small)
		return;
	l->header = rows_of(&all, 0, 1);
	l->footer = rows_of(&all, rows - 1, 1);
	l->prompt = rows_of(&all, rows - 2, 1);
	l->notices = rows_of(&all, rows - 3, 1);
	l->body = rows_of(&all, 1, rows - 4);
	if (zoomed) {
		l->panes[focus] = l->body;
		l->tabs = true;
	} else if (cols >= WIDE_COLS && rows >= WIDE_ROWS) {
		three_panes(l);
	} else if (rows >= TALL_ROWS) {
		two_panes(l, focus);
	} else {
		l->panes[focus] = l->body;
		l->tabs = true;
	}
}
