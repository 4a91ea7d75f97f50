/* Pane 2: tabs about what is selected in pane 1. See views.h. */
#include <stdio.h>
#include <string.h>

#include "ui/detail_priv.h"
#include "ui/hints.h"
#include "ui/methods.h"

/* Actions of pane 1 work here too: it is about the same thing. */
static const enum key_context detail_contexts[] = { KEYS_DETAIL, KEYS_LIST, KEYS_ENVS, KEYS_GLOBAL };
static const char *const tab_names[TAB_COUNT] = { "Overview", "Logs", "Methods", "Calls", "Env" };

static const struct footer_hint footer_hints[] = {
	{ ACT_PANE_1, ACT_PANE_4, '-', "pane" }, { ACT_TAB_PREVIOUS, ACT_TAB_NEXT, ' ', "tab" }, { .action = ACT_OPEN },
	{ .action = ACT_CALL }, { .action = ACT_LOGS }, { .action = ACT_EXEC }, { .action = ACT_COPY },
	{ .action = ACT_REVEAL, .what = "secrets" }, { .action = ACT_COMMAND }, { .action = ACT_ZOOM },
	{ .action = ACT_BACK }, { 0 }
};

static void detail_free(struct view *v)
{
	struct detail *d = (struct detail *) v;

	free(d->shown);
	free(d->env_of);
	free(d->env_error);
	strlist_free(&d->env);
	free(d);
}

static void draw_methods(struct detail *d, struct app *app, const struct area *a, const struct environment *e)
{
	const struct method_list *methods = methods_of(app, e->name);
	const char *error = methods_error(app, e->name);

	if (!methods) {
		draw_str(a, 0, 1, error ? ROLE_ERROR : ROLE_DIM, error ? error : "asking …");
		return;
	}
	if (!methods->count)
		draw_str(a, 0, 1, ROLE_DIM, "no public methods");
	d->method = MAX(0, MIN(d->method, (int) methods->count - 1));
	int top = MAX(0, (d->method + 1) * 2 - a->h) / 2;
	for (int i = top, y = 0; i < (int) methods->count && y < a->h; i++, y += 2) {
		const struct method *m = &methods->items[i];
		int x = 1 + draw_str(a, y, 1, ROLE_STRONG, m->name);
		draw_text(a, y, x, ROLE_TEXT, m->signature, strlen(m->signature), true);
		if (i == d->method)
			draw_selected(a, y, ROLE_SELECTED);
		if (m->doc && y + 1 < a->h)
			draw_text(a, y + 1, 3, ROLE_DIM, m->doc, strcspn(m->doc, "\n"), true);
	}
}

static void detail_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct detail *d = (struct detail *) v;
	const struct environment *e = app_selected_environment(app);
	const struct replica *r = app_selected_replica(app);
	char title[160] = "[2] Detail";
	AF_AUTO(hints) struct hints hints = HINTS_INIT(app->keymap, " · ");
	struct box box = { .title = title, .focused = focused, .hints = &hints };

	hints_add(&hints, ACT_CALL, "call");
	hints_add(&hints, ACT_LOGS, "logs");
	hints_add(&hints, ACT_EXEC, "exec");
	hints_add(&hints, ACT_COPY, "copy");
	hints_add(&hints, ACT_ZOOM, "zoom");
	if (e && r)
		snprintf(title, sizeof(title), "[2] %.90s·%d  %.40s", e->name, r->number, r->host);
	else if (e)
		snprintf(title, sizeof(title), "[2] %.120s", e->name);
	struct area in = draw_box(a, &box);
	draw_tabs(a, tab_names, TAB_COUNT, (int) d->tab, d->tab_x);
	if (!e) {
		draw_str(&in, 1, 2, ROLE_DIM, "nothing is selected");
		return;
	}
	switch (d->tab) {
	case TAB_METHODS:
		draw_methods(d, app, &in, e);
		break;
	case TAB_CALLS:
		detail_draw_calls(d, app, &in, e, r, focused);
		break;
	case TAB_ENV:
		detail_draw_env(d, app, &in, e, r);
		break;
	default:
		detail_draw_overview(app, &in, e, r);
		break;
	}
}

static void detail_crumb(struct view *v, struct app *app, struct strbuf *path, struct strbuf *facts)
{
	const struct environment *e = app_selected_environment(app);
	const struct replica *r = app_selected_replica(app);

	if (e && r)
		strbuf_addf(path, "%s·%d › ", e->name, r->number);
	else if (e)
		strbuf_addf(path, "%s › ", e->name);
	strbuf_adds(path, tab_names[((struct detail *) v)->tab]);
	if (e)
		strbuf_addf(facts, "%d/%d up\nbalance %s\n", e->up, MAX(e->planned, e->count), e->balance);
}

static void show_tab(struct detail *d, struct app *app, int tab)
{
	tab = (tab + TAB_COUNT) % TAB_COUNT;
	d->top = 0;
	if (tab == TAB_LOGS) {
		app_focus(app, PANE_LOGS);
		app_zoom(app, true);
		return;
	}
	d->tab = (enum detail_tab) tab;
}

/* Enter on a method opens the form for it. */
static void open_method(struct detail *d, struct app *app)
{
	const struct environment *e = app_selected_environment(app);
	const struct method_list *methods = e ? methods_of(app, e->name) : NULL;

	if (methods && d->method < (int) methods->count)
		app_call(app, methods->items[d->method].name);
}

static void scroll(struct detail *d, struct app *app, int by)
{
	if (d->tab == TAB_METHODS)
		d->method = MAX(0, d->method + by);
	else if (d->tab == TAB_CALLS)
		detail_move_call(d, app, by);
	else
		d->top = MAX(0, d->top + by);
}

static bool detail_offers(enum action action)
{
	static const enum action nothing[] = { ACT_LAST, ACT_SEARCH, ACT_SEARCH_NEXT, ACT_SEARCH_PREVIOUS, ACT_COPY_ALT, ACT_SAVE,
					       ACT_MARK, ACT_NONE };

	return !action_among(action, nothing);
}

static int detail_act(struct view *v, struct app *app, enum action action)
{
	struct detail *d = (struct detail *) v;
	struct view *envs = app_pane(app, PANE_ENVS);

	switch (action) {
	case ACT_TAB_NEXT:
	case ACT_RIGHT:
		/* Logs is a pane of its own: the arrow steps over it, its name and key go there. */
		show_tab(d, app, (int) d->tab + (d->tab + 1 == TAB_LOGS ? 2 : 1));
		break;
	case ACT_TAB_PREVIOUS:
	case ACT_LEFT:
		show_tab(d, app, (int) d->tab - (d->tab - 1 == TAB_LOGS ? 2 : 1));
		break;
	case ACT_UP:
	case ACT_DOWN:
		scroll(d, app, action == ACT_UP ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		scroll(d, app, action == ACT_PAGE_UP ? -10 : 10);
		break;
	case ACT_FIRST:
		scroll(d, app, -1000000);
		break;
	case ACT_OPEN:
		if (d->tab == TAB_METHODS)
			open_method(d, app);
		else if (d->tab == TAB_CALLS)
			detail_open_call(d, app);
		break;
	case ACT_REVEAL:
		d->reveal = !d->reveal;
		break;
	case ACT_COPY:
		return envs->ops->act(envs, app, action);
	default:
		return action_rows[action].context == KEYS_ENVS && detail_offers(action) ? envs->ops->act(envs, app, action)
											  : REACT_NONE;
	}
	return REACT_REDRAW;
}

static int detail_mouse(struct view *v, struct app *app, const struct mouse *mouse)
{
	struct detail *d = (struct detail *) v;

	if (mouse->what == MOUSE_WHEEL_UP || mouse->what == MOUSE_WHEEL_DOWN)
		scroll(d, app, mouse->what == MOUSE_WHEEL_UP ? -3 : 3);
	for (int i = 0; mouse->what == MOUSE_CLICK && mouse->y == 0 && i < TAB_COUNT; i++)
		if (d->tab_x[i] >= 0 && mouse->x >= d->tab_x[i] && mouse->x < d->tab_x[i] + (int) strlen(tab_names[i]))
			show_tab(d, app, i);
	return REACT_REDRAW;
}

static void detail_save(struct view *v, struct strbuf *out)
{
	strbuf_addf(out, "tab %s\n", tab_names[((struct detail *) v)->tab]);
}

static void detail_load(struct view *v, const char *key, const char *value)
{
	for (int i = 0; !strcmp(key, "tab") && i < TAB_COUNT; i++)
		if (!strcmp(value, tab_names[i]) && i != TAB_LOGS)
			((struct detail *) v)->tab = (enum detail_tab) i;
}

static const struct view_ops detail_ops = {
	.name = "detail",
	.contexts = detail_contexts,
	.hints = footer_hints,
	.offers = detail_offers,
	.free = detail_free,
	.crumb = detail_crumb,
	.draw = detail_draw,
	.act = detail_act,
	.mouse = detail_mouse,
	.save_state = detail_save,
	.load_state = detail_load,
};

struct view *detail_view_new(struct app *app UNUSED, struct af_error *err)
{
	struct detail *d = calloc(1, sizeof(*d));

	if (!d) {
		error_nomem(err);
		return NULL;
	}
	d->view.ops = &detail_ops;
	return &d->view;
}

/* It is also told of every new list of what there is: only another selection begins at the top. */
void detail_view_selection_changed(struct view *v, struct app *app)
{
	struct detail *d = (struct detail *) v;
	const struct environment *e = app_selected_environment(app);
	const struct replica *r = app_selected_replica(app);
	const char *now = r ? r->id : e ? e->name : "";

	if (d->shown && !strcmp(d->shown, now))
		return;
	free(d->shown);
	d->shown = strdup(now);
	d->top = d->method = 0;
	d->call = 0;
}
