/* Menus: a list in the middle of the panes, to choose one thing of. */
#include <string.h>

#include "ui/app.h"
#include "ui/dialog.h"

/* Cells that the names of keys take. */
#define KEYS_WIDTH 4

struct menu {
	struct view view;
	char *title;
	struct strlist items;
	const struct menu_action *actions; /* one for each item; NULL: items are only words */
	int current, top;
	struct area drawn, within; /* its items, and what it was drawn into: for the mouse */
	union {
		void (*item)(struct app *app, int i, void *arg);
		void (*action)(struct app *app, enum action action, void *arg);
	} chosen;
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
	return width + (m->actions ? KEYS_WIDTH : 0);
}

static void draw_item(const struct menu *m, const struct app *app, const struct area *a, int y, int i)
{
	char buf[32];
	int x = 2;

	if (m->actions) {
		draw_str(a, y, x, ROLE_KEY, keymap_hint(app->keymap, m->actions[i].action, buf, sizeof(buf)));
		x += KEYS_WIDTH;
	}
	draw_text(a, y, x, ROLE_DIALOG, m->items.items[i], strlen(m->items.items[i]), true);
	if (i == m->current)
		draw_selected(a, y, ROLE_SELECTED);
}

static void menu_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct menu *m = (struct menu *) v;
	struct area outer = dialog_area(a, (int) m->items.count + 2, widest(m) + 6);
	struct box box = { .title = m->title, .focused = focused };

	area_clear(&outer, ROLE_DIALOG);
	struct area in = draw_box(&outer, &box);
	m->drawn = in;
	m->within = *a;
	if (m->current < m->top)
		m->top = m->current;
	if (m->current >= m->top + in.h)
		m->top = m->current - in.h + 1;
	for (int y = 0; y < in.h && m->top + y < (int) m->items.count; y++)
		draw_item(m, app, &in, y, m->top + y);
}

static int choose(struct menu *m, struct app *app, int i)
{
	if (m->actions)
		m->chosen.action(app, m->actions[i].action, m->arg);
	else
		m->chosen.item(app, i, m->arg);
	return REACT_CLOSE;
}

static int menu_act(struct view *v, struct app *app, enum action action)
{
	struct menu *m = (struct menu *) v;
	int count = (int) m->items.count, page = MAX(m->drawn.h - 1, 1);

	switch (action) {
	case ACT_UP:
		m->current = (m->current + count - 1) % count;
		return REACT_REDRAW;
	case ACT_DOWN:
		m->current = (m->current + 1) % count;
		return REACT_REDRAW;
	case ACT_PAGE_UP:
		m->current = MAX(m->current - page, 0);
		return REACT_REDRAW;
	case ACT_PAGE_DOWN:
		m->current = MIN(m->current + page, count - 1);
		return REACT_REDRAW;
	case ACT_FIRST:
		m->current = 0;
		return REACT_REDRAW;
	case ACT_LAST:
		m->current = count - 1;
		return REACT_REDRAW;
	case ACT_OPEN:
		return choose(m, app, m->current);
	case ACT_BACK:
	case ACT_CANCEL_JOB:
		return REACT_CLOSE;
	case ACT_HELP:
		return REACT_NONE;
	default:
		break;
	}
	for (int i = 0; m->actions && i < count; i++)
		if (m->actions[i].action == action)
			return choose(m, app, i);
	return REACT_HANDLED;
}

static int menu_mouse(struct view *v, struct app *app, const struct mouse *mouse)
{
	struct menu *m = (struct menu *) v;
	int y = m->within.y + mouse->y - m->drawn.y, x = m->within.x + mouse->x - m->drawn.x;

	if (mouse->what == MOUSE_WHEEL_UP || mouse->what == MOUSE_WHEEL_DOWN) {
		/* At its ends a wheel stops. */
		int to = m->current + (mouse->what == MOUSE_WHEEL_UP ? -1 : 1);
		m->current = MAX(0, MIN(to, (int) m->items.count - 1));
		return REACT_REDRAW;
	}
	if (y < 0 || y >= m->drawn.h || x < 0 || x >= m->drawn.w || m->top + y >= (int) m->items.count)
		return REACT_HANDLED;
	m->current = m->top + y;
	return mouse->what == MOUSE_DOUBLE ? menu_act(v, app, ACT_OPEN) : REACT_REDRAW;
}

static bool menu_offers(enum action action)
{
	static const enum action offered[] = { ACT_UP, ACT_DOWN, ACT_PAGE_UP, ACT_PAGE_DOWN, ACT_FIRST, ACT_LAST, ACT_OPEN,
					       ACT_BACK, ACT_HELP, ACT_REDRAW, ACT_SUSPEND, ACT_CALL, ACT_LOGS, ACT_EXEC,
					       ACT_RESTART, ACT_STOP, ACT_REMOVE, ACT_NONE };

	return action_among(action, offered);
}

static const struct footer_hint footer_hints[] = {
	{ ACT_UP, ACT_DOWN, ' ', "choose" }, { .action = ACT_OPEN, .what = "take" }, { .action = ACT_BACK }, { 0 }
};

static const enum key_context item_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };
/* The keys that the actions have outside of the menu. */
static const enum key_context action_contexts[] = { KEYS_ENVS, KEYS_LIST, KEYS_GLOBAL };

#define MENU_OPS(in)                                                                                                \
	{                                                                                                            \
		.name = "menu", .contexts = (in), .hints = footer_hints, .offers = menu_offers, .free = menu_free,       \
		.draw = menu_draw, .act = menu_act, .mouse = menu_mouse                                                  \
	}
static const struct view_ops item_ops = MENU_OPS(item_contexts), action_ops = MENU_OPS(action_contexts);

static struct menu *menu_new(const struct view_ops *ops, const char *title, void (*free_arg)(void *arg), void *arg)
{
	struct menu *m = calloc(1, sizeof(*m));

	if (!m) {
		if (free_arg)
			free_arg(arg);
		return NULL;
	}
	m->view.ops = ops;
	m->title = strdup(title);
	m->free_arg = free_arg;
	m->arg = arg;
	return m;
}

void app_menu(struct app *app, const char *title, const char *const *items, int count, int current,
	      void (*chosen)(struct app *app, int i, void *arg), void (*free_arg)(void *arg), void *arg)
{
	struct menu *m = menu_new(&item_ops, title, free_arg, arg);

	for (int i = 0; m && i < count; i++)
		if (strlist_add(&m->items, items[i], NULL))
			break;
	if (!m || !m->items.count) {
		if (m)
			menu_free(&m->view);
		return;
	}
	m->current = current;
	m->chosen.item = chosen;
	app_push(app, &m->view);
}

void app_action_menu(struct app *app, const char *title, const struct menu_action *actions, int count,
		     void (*chosen)(struct app *app, enum action action, void *arg), void *arg)
{
	struct menu *m = menu_new(&action_ops, title, NULL, arg);

	for (int i = 0; m && i < count; i++)
		if (strlist_add(&m->items, actions[i].text, NULL))
			break;
	if (!m || (int) m->items.count < count) {
		if (m)
			menu_free(&m->view);
		return;
	}
	m->actions = actions;
	m->chosen.action = chosen;
	app_push(app, &m->view);
}
