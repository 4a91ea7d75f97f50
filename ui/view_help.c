/* The keys that work here, by context, with a search. */
#include <curses.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ui/hints.h"
#include "ui/views.h"

struct help {
	struct view view;
	enum key_context contexts[KEYS_CONTEXT_COUNT + 1]; /* those of the view that asked, ends with KEYS_GLOBAL */
	struct strbuf search;
	bool searching;
	int top;
};

static const enum key_context help_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };

static const char *const context_names[KEYS_CONTEXT_COUNT] = {
	[KEYS_GLOBAL] = "Everywhere",   [KEYS_LIST] = "In lists and text", [KEYS_ENVS] = "Environments",
	[KEYS_DETAIL] = "Detail",	[KEYS_LOGS] = "Logs",		   [KEYS_FORM] = "Call form",
	[KEYS_RESULT] = "Result",	[KEYS_HISTORY] = "History",	   [KEYS_DIALOG] = "Questions",
};

static void help_free(struct view *v)
{
	strbuf_free(&((struct help *) v)->search);
	free(v);
}

static bool matches(const struct help *h, const struct action_row *row, const char *keys)
{
	return !h->search.len || strcasestr(row->help, h->search.data) || strcasestr(row->name, h->search.data) ||
	       strcasestr(keys, h->search.data);
}

/* Draws (or, with a NULL area, only counts) the lines of one context, from line `y` on. */
static int draw_context(struct help *h, struct app *app, const struct area *a, int y, enum key_context context)
{
	int lines = 0;

	for (int i = 1; i < ACT_COUNT; i++) {
		const struct action_row *row = &action_rows[i];
		if (row->context != context)
			continue;
		AUTO_FREE char *keys = keymap_keys(app->keymap, row->action, NULL);
		if (!keys || !matches(h, row, keys))
			continue;
		if (!lines++ && a)
			draw_str(a, y, 1, ROLE_STRONG, context_names[context]);
		if (!a || y + lines < 0 || y + lines >= a->h)
			continue;
		draw_str(a, y + lines, 3, ROLE_KEY, *keys ? keys : "(none)");
		draw_str(a, y + lines, 20, ROLE_TEXT, row->help);
		if (a->w > 90)
			draw_right(a, y + lines, a->w - 22, 20, ROLE_DIM, row->name);
	}
	return lines ? lines + 2 : 0;
}

static void help_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct help *h = (struct help *) v;
	AF_AUTO(hints) struct hints hints = HINTS_INIT(app->keymap, " · ");
	struct box box = { .title = "Keys", .right = "config: ~/.config/affinetes/config", .focused = focused,
			   .hints = &hints };
	char search[128];
	int total = 0;

	hints_add(&hints, ACT_SEARCH, "search");
	hints_add(&hints, ACT_BACK, "close");
	area_clear(a, ROLE_DIALOG);
	if (h->searching || h->search.len) {
		snprintf(search, sizeof(search), "/%s", h->search.data);
		box.hints = NULL;
		box.bottom = search;
	}
	struct area in = draw_box(a, &box);
	for (const enum key_context *c = h->contexts;; c++) {
		total += draw_context(h, app, NULL, 0, *c);
		if (*c == KEYS_GLOBAL)
			break;
	}
	h->top = MAX(0, MIN(h->top, total - in.h));
	int y = -h->top;
	for (const enum key_context *c = h->contexts;; c++) {
		y += draw_context(h, app, &in, y, *c);
		if (*c == KEYS_GLOBAL)
			break;
	}
	if (!total)
		draw_str(&in, 1, 1, ROLE_DIM, "no key does that");
	if (h->searching)
		canvas_cursor(a, a->h - 1, 3 + text_width(h->search.data, h->search.len));
}

static int help_act(struct view *v, struct app *app UNUSED, enum action action)
{
	struct help *h = (struct help *) v;

	switch (action) {
	case ACT_UP:
		h->top--;
		break;
	case ACT_DOWN:
		h->top++;
		break;
	case ACT_PAGE_UP:
		h->top -= 15;
		break;
	case ACT_PAGE_DOWN:
		h->top += 15;
		break;
	case ACT_FIRST:
		h->top = 0;
		break;
	case ACT_LAST:
		h->top = 100000;
		break;
	case ACT_SEARCH:
		h->searching = true;
		break;
	case ACT_BACK:
	case ACT_HELP:
	case ACT_QUIT:
		return REACT_CLOSE;
	default:
		return REACT_HANDLED;
	}
	return REACT_REDRAW;
}

static bool help_wants_text(const struct view *v)
{
	return ((const struct help *) v)->searching;
}

static int help_key(struct view *v, struct app *app UNUSED, keycode key)
{
	struct help *h = (struct help *) v;

	if (key >= ' ' && key < 0x7f) {
		strbuf_addc(&h->search, (char) key);
		h->top = 0;
	} else if (key == 0x7f || key == 8 || key == KEY_SPECIAL + KEY_BACKSPACE) {
		strbuf_truncate(&h->search, h->search.len ? h->search.len - 1 : 0);
	} else if (key == '\r' || key == '\n' || key == 27) {
		h->searching = false;
		if (key == 27)
			strbuf_reset(&h->search);
	} else {
		return REACT_NONE;
	}
	return REACT_REDRAW;
}

static const struct view_ops help_ops = {
	.name = "help",
	.contexts = help_contexts,
	.free = help_free,
	.draw = help_draw,
	.act = help_act,
	.wants_text = help_wants_text,
	.key = help_key,
};

struct view *help_view_new(struct app *app UNUSED, const struct view *for_view, struct af_error *err)
{
	struct help *h = calloc(1, sizeof(*h));
	int n = 0;

	if (!h) {
		error_nomem(err);
		return NULL;
	}
	h->view.ops = &help_ops;
	strbuf_init(&h->search, 64);
	for (const enum key_context *c = for_view->ops->contexts; *c != KEYS_GLOBAL; c++)
		h->contexts[n++] = *c;
	h->contexts[n] = KEYS_GLOBAL;
	return &h->view;
}
