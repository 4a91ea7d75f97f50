/* The frame, shared by its files: frame.c (panes, what lies over them), frame_keys.c (keys, mouse), notices.c (what is said). */
#ifndef UI_FRAME_PRIV_H
#define UI_FRAME_PRIV_H

#include "ui/frame.h"

#define OVERLAYS_MAX 8
#define NOTICES_MAX 200

struct notice {
	enum notice_kind kind;
	char *text;
	int64_t wall_ms, at_ms; /* of the last time */
	int times; /* so often in a row */
};

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

/* The view on top of the others; NULL: the panes are. */
struct view *frame_overlay(const struct frame *f);
/* The one that has the keys. */
struct view *frame_focused(const struct frame *f);
/* Takes one away from over the panes, and frees it. */
void frame_pop(struct app *app, struct view *v);

#endif
