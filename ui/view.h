/*
 * Views: one file each, a const table of functions. A view draws what the model says now, keeps its own cursor by
 * identity, turns actions into changes and says what became stale. It does no I/O: that is for jobs and the feed.
 */
#ifndef UI_VIEW_H
#define UI_VIEW_H

#include <stdbool.h>

#include "base/strbuf.h"
#include "ui/canvas.h"
#include "ui/keymap.h"

struct app;

/* What a handler wants next. */
enum reaction {
	REACT_NONE = 0,      /* not mine: the next context may have it */
	REACT_HANDLED = 1,
	REACT_REDRAW = 2,    /* something visible changed */
	REACT_CLOSE = 4,     /* this view is done */
};

struct mouse {
	int y, x; /* within the view's area */
	enum { MOUSE_CLICK, MOUSE_DOUBLE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN } what;
};

/* What the footer says of a view: "c call", or two keys: "1-4 pane". */
struct footer_hint {
	enum action action; /* ACT_NONE: only words, the first of which is a key that the view reads while it wants_text() */
	enum action other;  /* ACT_NONE: one key */
	char between;       /* the two keys */
	const char *what;   /* NULL: the action's own */
};

struct view;

struct view_ops {
	const char *name;                 /* "environments"; in state files */
	const enum key_context *contexts; /* inner to outer, without KEYS_GLOBAL; ends with KEYS_GLOBAL */
	const struct footer_hint *hints;  /* by weight, up to an empty one; NULL: all of its contexts */
	bool (*offers)(enum action action); /* does this action of its contexts mean anything here? NULL: all do. For `?` */
	bool text; /* while wants_text() is true all characters are text: hints show other keys */

	void (*free)(struct view *v);
	/* While it has the whole screen, for the header: where one is ("affine › Logs"), and what matters there, a line each. NULL: the
	 * header tells of everything that runs. */
	void (*crumb)(struct view *v, struct app *app, struct strbuf *path, struct strbuf *facts);
	/* Draws everything, its box too, into `a`. Partial data is drawable. */
	void (*draw)(struct view *v, struct app *app, const struct area *a, bool focused);
	/* An action of one of its contexts. */
	int (*act)(struct view *v, struct app *app, enum action action);
	/* While wants_text() is true: raw keys come here first (a search line, a form field). */
	bool (*wants_text)(const struct view *v);
	int (*key)(struct view *v, struct app *app, keycode key);
	int (*paste)(struct view *v, struct app *app, const char *text, size_t len);
	int (*mouse)(struct view *v, struct app *app, const struct mouse *mouse);
	/* Called about once a second while shown; true: redraw. */
	bool (*tick)(struct view *v, struct app *app, int64_t now_ms);
	/* What the view keeps across sessions, as "key value" lines; and back. Any may be NULL. */
	void (*save_state)(struct view *v, struct strbuf *out);
	void (*load_state)(struct view *v, const char *key, const char *value);
};

/* Embedded at the start of each view's struct. */
struct view {
	const struct view_ops *ops;
};

/* ---- a cursor in a list, by identity -------------------------------------------------------- */

/* Keeps the selected item through sorts, filters and refreshes; scrolls. */
struct list {
	char *selected; /* identity; NULL: none */
	int row;        /* where it was last */
	int top;        /* first row shown */
	bool gone;      /* the selected item vanished: actions are off until the cursor moves */
};
void list_free(struct list *l);
/* After rows were rebuilt: finds the selection among ids[count], scrolls into `height` rows. */
void list_sync(struct list *l, const char *const *ids, int count, int height);
/* Cursor actions (up, down, page, first, last); reaction flags. */
int list_act(struct list *l, const char *const *ids, int count, int height, enum action action);
void list_select(struct list *l, const char *id);

#endif
