/* The stack of filters of the logs view, edited over it. */
#include <string.h>

#include "base/bytes.h"
#include "ui/dialog.h"
#include "ui/view_logs_priv.h"

#define FILTERS_WIDTH 76

struct filters_view {
	struct view view;
	struct logs_view *lv;
	int cursor;
	bool hide; /* what is being added */
};

static const enum key_context filters_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };

static void filters_free(struct view *v)
{
	free(v);
}

static void draw_rule(const struct area *a, int y, const struct log_rule *rule, bool counts, bool selected)
{
	enum role role = !counts ? ROLE_DIM : ROLE_TEXT;

	if (selected)
		draw_selected(a, y, ROLE_SELECTED);
	draw_str(a, y, 1, role, rule->off ? "□" : "▣");
	draw_str(a, y, 3, role, rule->purpose >= RULE_TRACE ? "trace" : rule->hide ? "hide" : "keep");
	int x = 9 + draw_str(a, y, 9, ROLE_DIM, "/");
	x += draw_text(a, y, x, !counts ? ROLE_DIM : ROLE_FILTER, rule->text, strlen(rule->text), true);
	draw_str(a, y, x, ROLE_DIM, "/");
}

static void filters_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct filters_view *fv = (struct filters_view *) v;
	const struct log_filter *f = fv->lv->filter;
	AUTO_STRBUF count = STRBUF_INIT(128);
	struct box box = { .title = "Log filters", .focused = focused };
	char said[120];
	struct area outer = dialog_area(a, MAX(f->count, 1) + 4, FILTERS_WIDTH);

	if (fv->lv->book) {
		count_format(&count, fv->lv->book->list.lines);
		strbuf_adds(&count, " of ");
		count_format(&count, log_book_lines(fv->lv->book, fv->lv->filter->only));
	}
	box.bottom = keymap_say(app->keymap, "a keep · h hide · space on/off · {open} edit · x remove · c clear · v level · {back} close",
				said, sizeof(said));
	box.right = count.len ? count.data : NULL;
	area_clear(&outer, ROLE_DIALOG);
	struct area in = draw_box(&outer, &box);
	if (!f->count)
		draw_str(&in, 0, 1, ROLE_DIM, "no filter; a line is shown if it matches all that keep and none that hides");
	int top = MAX(0, fv->cursor - (in.h - 3));
	for (int i = top; i < f->count && i - top < in.h - 2; i++)
		draw_rule(&in, i - top, &f->rules[i], !f->rules[i].off && i >= f->from, i == fv->cursor);
	draw_fmt(&in, in.h - 1, 1, ROLE_TEXT, "least level: %s", f->least ? log_level_name(f->least) : "all");
}

/* ---- changing -------------------------------------------------------------------------------------------- */

static void changed(struct filters_view *fv)
{
	fv->cursor = MAX(0, MIN(fv->cursor, fv->lv->filter->count - 1));
	logs_update_only(fv->lv);
	logs_refilter(fv->lv);
}

/* Says why it is no expression, as long as it is none. */
static void checked(struct app *app, const char *text, void *arg UNUSED)
{
	struct af_error err = AF_ERROR_INIT;

	logs_remark(app, NULL, log_pattern_check(text, &err) ? &err : NULL);
	af_error_clear(&err);
}

static void ask_new(struct filters_view *fv, bool hide, const char *text);
static void ask_change(struct filters_view *fv, const char *text);

static void added(struct app *app, const char *text, void *arg)
{
	struct filters_view *fv = arg;
	struct af_error err = AF_ERROR_INIT;

	if (str_blank(text))
		return;
	if (log_filter_add(fv->lv->filter, fv->hide, RULE_STACK, text, &err)) {
		ask_new(fv, fv->hide, text);
		logs_remark(app, NULL, &err);
	} else {
		fv->cursor = fv->lv->filter->count - 1;
	}
	af_error_clear(&err);
	changed(fv);
}

static void edited(struct app *app, const char *text, void *arg)
{
	struct filters_view *fv = arg;
	struct af_error err = AF_ERROR_INIT;

	if (str_blank(text) || fv->cursor >= fv->lv->filter->count)
		return;
	if (log_filter_edit(fv->lv->filter, fv->cursor, text, &err)) {
		ask_change(fv, text);
		logs_remark(app, NULL, &err);
	}
	af_error_clear(&err);
	changed(fv);
}

static void ask_change(struct filters_view *fv, const char *text)
{
	app_ask(fv->lv->app, "change to:", text, checked, edited, fv);
}

static void ask_new(struct filters_view *fv, bool hide, const char *text)
{
	fv->hide = hide;
	app_ask(fv->lv->app, hide ? "hide lines that match:" : "keep lines that match:", text, checked, added, fv);
}

static int filters_key(struct view *v, struct app *app UNUSED, keycode key)
{
	struct filters_view *fv = (struct filters_view *) v;
	struct log_filter *f = fv->lv->filter;
	bool on_rule = fv->cursor < f->count;

	if (key == 'a' || key == 'h') {
		ask_new(fv, key == 'h', NULL);
	} else if ((key == 'x' || key == 'd') && on_rule) {
		log_filter_remove(f, fv->cursor);
	} else if (key == ' ' && on_rule && log_filter_traced(f) == &f->rules[fv->cursor]) {
		log_filter_remove(f, fv->cursor); /* what it has put aside counts again */
	} else if (key == ' ' && on_rule) {
		f->rules[fv->cursor].off = !f->rules[fv->cursor].off;
	} else if (key == 'c') {
		while (f->count)
			log_filter_remove(f, f->count - 1);
	} else if (key == 'v') {
		f->least = f->least == LEVEL_NONE ? LEVEL_INFO : f->least < LEVEL_ERROR ? f->least + 1 : LEVEL_NONE;
	} else {
		return REACT_NONE;
	}
	changed(fv);
	return REACT_REDRAW;
}

static bool filters_wants_text(const struct view *v UNUSED)
{
	return true;
}

static int filters_act(struct view *v, struct app *app UNUSED, enum action action)
{
	struct filters_view *fv = (struct filters_view *) v;
	const struct log_filter *f = fv->lv->filter;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		fv->cursor = MAX(0, MIN(fv->cursor + (action == ACT_UP ? -1 : 1), f->count - 1));
		return REACT_REDRAW;
	case ACT_OPEN:
		if (fv->cursor < f->count)
			ask_change(fv, f->rules[fv->cursor].text);
		return REACT_REDRAW;
	case ACT_BACK:
	case ACT_QUIT:
		return REACT_CLOSE;
	default:
		return action_rows[action].context == KEYS_GLOBAL ? REACT_NONE : REACT_HANDLED;
	}
}

static const struct footer_hint filters_hints[] = {
	{ .what = "a keep" },	{ .what = "h hide" },  { .what = "space on/off" }, { .action = ACT_OPEN, .what = "edit" },
	{ .what = "x remove" }, { .what = "c clear" }, { .what = "v level" },	     { .action = ACT_BACK, .what = "close" },
	{ 0 }
};

static const struct view_ops filters_ops = {
	.name = "log-filters",
	.contexts = filters_contexts,
	.hints = filters_hints,
	.free = filters_free,
	.draw = filters_draw,
	.act = filters_act,
	.wants_text = filters_wants_text,
	.key = filters_key,
};

struct view *logs_filters_view_new(struct logs_view *lv, struct af_error *err)
{
	struct filters_view *fv = calloc(1, sizeof(*fv));

	if (!fv) {
		error_nomem(err);
		return NULL;
	}
	fv->view.ops = &filters_ops;
	fv->lv = lv;
	return &fv->view;
}
