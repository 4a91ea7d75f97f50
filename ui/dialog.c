/* Questions and menus: small views in the middle of the panes. */
#include <curses.h>
#include <string.h>

#include "ui/app.h"

#define DIALOG_WIDTH 64

static const enum key_context dialog_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };

static struct area centered(const struct area *a, int h, int w)
{
	h = MIN(h, a->h);
	w = MIN(w, a->w);
	return (struct area){ a->y + (a->h - h) / 2, a->x + (a->w - w) / 2, h, w };
}

/* ---- a question ------------------------------------------------------------------------------------ */

struct confirm {
	struct view view;
	char *question, *detail, *phrase;
	struct strbuf typed;
	bool yes_focused;
	void (*yes)(struct app *app, void *arg);
	void (*free_arg)(void *arg);
	void *arg;
};

static void confirm_free(struct view *v)
{
	struct confirm *c = (struct confirm *) v;

	if (c->free_arg)
		c->free_arg(c->arg);
	free(c->question);
	free(c->detail);
	free(c->phrase);
	strbuf_free(&c->typed);
	free(c);
}

static bool may_say_yes(const struct confirm *c)
{
	return !c->phrase || !strcmp(c->typed.data, c->phrase);
}

/* The bytes of the first row of text, broken at a space. */
static size_t first_row(const char *p, int width)
{
	size_t line = strcspn(p, "\n"), fits = text_fit(p, line, width, NULL);

	for (size_t cut = fits; fits < line && cut > 0; cut--)
		if (p[cut] == ' ')
			return cut;
	return fits ? fits : line;
}

/* Draws text over several rows of `a` (NULL: only counts them), broken at spaces; returns the rows used. */
static int draw_wrapped(const struct area *a, int y, int width, enum role role, const char *text)
{
	int rows = 0;

	for (const char *p = text; *p; rows++) {
		size_t fits = first_row(p, width);
		if (a && y + rows < a->h)
			draw_text(a, y + rows, 1, role, p, fits, true);
		p += fits;
		p += strspn(p, " ");
		p += *p == '\n';
	}
	return rows;
}

static void draw_buttons(const struct confirm *c, const struct area *a, int y)
{
	int x = a->w - 24;

	draw_str(a, y, x, c->yes_focused ? ROLE_BUTTON : ROLE_BUTTON_FOCUSED, "  Cancel  ");
	draw_str(a, y, x + 12, !may_say_yes(c) ? ROLE_DIM : c->yes_focused ? ROLE_BUTTON_FOCUSED : ROLE_BUTTON, "   Yes    ");
}

static void draw_phrase(const struct confirm *c, const struct area *a, int y)
{
	int x = 1 + draw_fmt(a, y, 1, ROLE_TEXT, "Type %s: ", c->phrase);

	draw_fmt(a, y, x, ROLE_FIELD_FOCUSED, "%-24s", c->typed.data);
	canvas_cursor(a, y, x + text_width(c->typed.data, c->typed.len));
}

static void confirm_draw(struct view *v, struct app *app UNUSED, const struct area *a, bool focused)
{
	struct confirm *c = (struct confirm *) v;
	struct box box = { .title = "Please confirm", .focused = focused };
	int width = MIN(DIALOG_WIDTH, a->w) - 4, rows = draw_wrapped(NULL, 0, width, ROLE_TEXT, c->question);

	if (c->detail)
		rows += draw_wrapped(NULL, 0, width, ROLE_TEXT, c->detail);
	struct area outer = centered(a, MAX(11, rows + (c->phrase ? 8 : 6)), DIALOG_WIDTH);
	area_clear(&outer, ROLE_DIALOG);
	struct area in = draw_box(&outer, &box);
	/* Where there is little room the words give way, not what is typed and pressed. */
	int end = in.h - (in.h > 7 ? 2 : 1) - (c->phrase ? in.h > 7 ? 2 : 1 : 0);
	struct area text = { in.y, in.x, MAX(end, 1), in.w };
	int y = in.h > 7 ? 1 : 0;
	y += draw_wrapped(&text, y, width, ROLE_STRONG, c->question);
	if (c->detail)
		y += draw_wrapped(&text, y, width, ROLE_DIM, c->detail);
	if (c->phrase)
		draw_phrase(c, &in, MIN(y + 1, MAX(end, 0)));
	draw_buttons(c, &in, in.h - (in.h > 7 ? 2 : 1));
}

static int confirm_act(struct view *v, struct app *app, enum action action)
{
	struct confirm *c = (struct confirm *) v;

	switch (action) {
	case ACT_LEFT:
	case ACT_RIGHT:
	case ACT_NEXT_PANE:
	case ACT_PREVIOUS_PANE:
		c->yes_focused = !c->yes_focused && may_say_yes(c);
		return REACT_REDRAW;
	case ACT_OPEN:
		if (c->yes_focused && may_say_yes(c)) {
			/* It may open another view: ours goes first, its argument after. */
			c->yes(app, c->arg);
		}
		return REACT_CLOSE;
	case ACT_BACK:
	case ACT_CANCEL_JOB:
		return REACT_CLOSE;
	default:
		return action_rows[action].context == KEYS_GLOBAL ? REACT_HANDLED : REACT_NONE;
	}
}

static bool confirm_wants_text(const struct view *v)
{
	return ((const struct confirm *) v)->phrase != NULL;
}

static int confirm_key(struct view *v, struct app *app UNUSED, keycode key)
{
	struct confirm *c = (struct confirm *) v;

	if (key > ' ' && key < 0x7f) {
		strbuf_addc(&c->typed, (char) key);
	} else if (key == 0x7f || key == 8 || key == (KEY_SPECIAL + KEY_BACKSPACE)) {
		strbuf_truncate(&c->typed, c->typed.len ? c->typed.len - 1 : 0);
	} else {
		return REACT_NONE;
	}
	/* Typed whole: Enter then means it. */
	c->yes_focused = may_say_yes(c);
	return REACT_REDRAW;
}

static const struct view_ops confirm_ops = {
	.name = "confirm",
	.contexts = dialog_contexts,
	.free = confirm_free,
	.draw = confirm_draw,
	.act = confirm_act,
	.wants_text = confirm_wants_text,
	.key = confirm_key,
};

void app_confirm(struct app *app, const char *question, const char *detail, const char *phrase,
		 void (*yes)(struct app *app, void *arg), void (*free_arg)(void *arg), void *arg)
{
	struct confirm *c = calloc(1, sizeof(*c));

	if (!c) {
		if (free_arg)
			free_arg(arg);
		return;
	}
	c->view.ops = &confirm_ops;
	c->question = strdup(question);
	c->detail = detail ? strdup(detail) : NULL;
	c->phrase = phrase ? strdup(phrase) : NULL;
	strbuf_init(&c->typed, 256);
	c->yes = yes;
	c->free_arg = free_arg;
	c->arg = arg;
	/* Half a question is none: without its phrase it would ask for less. */
	if (!c->question || !c->detail != !detail || !c->phrase != !phrase)
		confirm_free(&c->view);
	else
		app_push(app, &c->view);
}

/* ---- a menu -------------------------------------------------------------------------------------------- */

struct menu {
	struct view view;
	char *title;
	struct strlist items;
	int current, top;
	struct area drawn, within; /* its items, and what it was drawn into: for the mouse */
	void (*chosen)(struct app *app, int i, void *arg);
	void (*free_arg)(void *arg);
	void *arg;
};

static void menu_free(struct view *v)
{
	struct menu *m = (struct menu *) v;

	if (m->free_arg)
		m->free_arg(m->arg);
	free(m->title);
	strlist_free(&m->items);
	free(m);
}

static int widest(const struct menu *m)
{
	int width = 30;

	for (size_t i = 0; i < m->items.count; i++)
		width = MAX(width, text_width(m->items.items[i], strlen(m->items.items[i])));
	return width;
}

static struct area menu_area(const struct menu *m, const struct area *a)
{
	return centered(a, (int) m->items.count + 2, widest(m) + 6);
}

static void menu_draw(struct view *v, struct app *app UNUSED, const struct area *a, bool focused)
{
	struct menu *m = (struct menu *) v;
	struct area outer = menu_area(m, a);
	struct box box = { .title = m->title, .focused = focused };

	area_clear(&outer, ROLE_DIALOG);
	struct area in = draw_box(&outer, &box);
	m->drawn = in;
	m->within = *a;
	if (m->current < m->top)
		m->top = m->current;
	if (m->current >= m->top + in.h)
		m->top = m->current - in.h + 1;
	for (int y = 0; y < in.h && m->top + y < (int) m->items.count; y++) {
		draw_str(&in, y, 2, ROLE_DIALOG, m->items.items[m->top + y]);
		if (m->top + y == m->current)
			draw_selected(&in, y, ROLE_SELECTED);
	}
}

static int menu_act(struct view *v, struct app *app, enum action action)
{
	struct menu *m = (struct menu *) v;
	int count = (int) m->items.count;

	switch (action) {
	case ACT_UP:
		m->current = (m->current + count - 1) % count;
		return REACT_REDRAW;
	case ACT_DOWN:
		m->current = (m->current + 1) % count;
		return REACT_REDRAW;
	case ACT_FIRST:
		m->current = 0;
		return REACT_REDRAW;
	case ACT_LAST:
		m->current = count - 1;
		return REACT_REDRAW;
	case ACT_OPEN:
		m->chosen(app, m->current, m->arg);
		return REACT_CLOSE;
	case ACT_BACK:
	case ACT_CANCEL_JOB:
		return REACT_CLOSE;
	default:
		return REACT_HANDLED;
	}
}

static int menu_mouse(struct view *v, struct app *app, const struct mouse *mouse)
{
	if (mouse->what == MOUSE_WHEEL_UP || mouse->what == MOUSE_WHEEL_DOWN)
		return menu_act(v, app, mouse->what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN);
	struct menu *m = (struct menu *) v;
	int y = m->within.y + mouse->y - m->drawn.y, x = m->within.x + mouse->x - m->drawn.x;
	if (y < 0 || y >= m->drawn.h || x < 0 || x >= m->drawn.w || m->top + y >= (int) m->items.count)
		return REACT_HANDLED;
	m->current = m->top + y;
	return mouse->what == MOUSE_DOUBLE ? menu_act(v, app, ACT_OPEN) : REACT_REDRAW;
}

static const struct view_ops menu_ops = {
	.name = "menu",
	.contexts = dialog_contexts,
	.free = menu_free,
	.draw = menu_draw,
	.act = menu_act,
	.mouse = menu_mouse,
};

void app_menu(struct app *app, const char *title, const char *const *items, int count, int current,
	      void (*chosen)(struct app *app, int i, void *arg), void (*free_arg)(void *arg), void *arg)
{
	struct menu *m = count > 0 ? calloc(1, sizeof(*m)) : NULL;

	if (!m) {
		if (free_arg)
			free_arg(arg);
		return;
	}
	m->view.ops = &menu_ops;
	m->title = strdup(title);
	for (int i = 0; i < count; i++)
		if (strlist_add(&m->items, items[i], NULL))
			break;
	m->current = current;
	m->chosen = chosen;
	m->free_arg = free_arg;
	m->arg = arg;
	app_push(app, &m->view);
}
