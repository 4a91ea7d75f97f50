/* Questions: small views in the middle of the panes. */
#include "ui/dialog.h"

#include <string.h>

#include "base/bytes.h"
#include "ui/app.h"
#include "ui/typed.h"

#define DIALOG_WIDTH 64
#define BUTTON_WIDTH 10

static const enum key_context dialog_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };

struct area dialog_area(const struct area *a, int h, int w)
{
	h = MIN(h, a->h);
	w = MIN(w, a->w);
	return (struct area){ a->y + (a->h - h) / 2, a->x + (a->w - w) / 2, h, w };
}

struct confirm {
	struct view view;
	char *question, *detail, *phrase;
	struct strbuf typed;
	bool yes_focused;
	struct area within;     /* what it was drawn into, and where the buttons stand on the screen: for the mouse */
	struct area cancel_at, yes_at;
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

static void draw_buttons(struct confirm *c, const struct area *a, int y)
{
	int x = a->w - 24;

	draw_str(a, y, x, c->yes_focused ? ROLE_BUTTON : ROLE_BUTTON_FOCUSED, "  Cancel  ");
	draw_str(a, y, x + 12, !may_say_yes(c) ? ROLE_DIM : c->yes_focused ? ROLE_BUTTON_FOCUSED : ROLE_BUTTON, "   Yes    ");
	c->cancel_at = (struct area){ a->y + y, a->x + x, 1, BUTTON_WIDTH };
	c->yes_at = (struct area){ a->y + y, a->x + x + 12, 1, BUTTON_WIDTH };
}

/* The name to be typed; of a long one its end is seen, where the cursor is. */
static void draw_phrase(const struct confirm *c, const struct area *a, int y)
{
	struct area name = { a->y, a->x, a->h, a->w / 2 }, field = { a->y, a->x, a->h, a->w - 1 };
	int x = 1 + draw_str(a, y, 1, ROLE_TEXT, "Type ");

	x += draw_text(&name, y, x, ROLE_STRONG, c->phrase, strlen(c->phrase), true);
	x += draw_str(a, y, x, ROLE_TEXT, ": ");
	const char *seen = c->typed.data;
	int room = MAX(field.w - x - 1, 1);
	while (text_width(seen, strlen(seen)) > room)
		seen += MAX(utf8_len(seen, strlen(seen)), (size_t) 1);
	draw_fmt(&field, y, x, ROLE_FIELD_FOCUSED, "%*s", room + 1, "");
	canvas_cursor(a, y, x + draw_str(&field, y, x, ROLE_FIELD_FOCUSED, seen));
}

static void confirm_draw(struct view *v, struct app *app UNUSED, const struct area *a, bool focused)
{
	struct confirm *c = (struct confirm *) v;
	struct box box = { .title = "Please confirm", .focused = focused };
	int width = MIN(DIALOG_WIDTH, a->w) - 4, rows = draw_wrapped(NULL, 0, width, ROLE_TEXT, c->question);

	if (c->detail)
		rows += draw_wrapped(NULL, 0, width, ROLE_TEXT, c->detail);
	struct area outer = dialog_area(a, MAX(11, rows + (c->phrase ? 8 : 6)), DIALOG_WIDTH);
	c->within = *a;
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

static int say_yes(struct confirm *c, struct app *app)
{
	/* It may open another view: ours goes first, its argument after. */
	if (may_say_yes(c))
		c->yes(app, c->arg);
	return REACT_CLOSE;
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
		return c->yes_focused ? say_yes(c, app) : REACT_CLOSE;
	case ACT_BACK:
	case ACT_CANCEL_JOB:
		return REACT_CLOSE;
	case ACT_HELP:
		return REACT_NONE;
	default:
		return action_rows[action].context == KEYS_GLOBAL ? REACT_HANDLED : REACT_NONE;
	}
}

static bool holds(const struct area *a, int y, int x)
{
	return y == a->y && x >= a->x && x < a->x + a->w;
}

static int confirm_mouse(struct view *v, struct app *app, const struct mouse *mouse)
{
	struct confirm *c = (struct confirm *) v;
	int y = c->within.y + mouse->y, x = c->within.x + mouse->x;

	if (mouse->what == MOUSE_CLICK && holds(&c->cancel_at, y, x))
		return REACT_CLOSE;
	if (mouse->what == MOUSE_CLICK && holds(&c->yes_at, y, x) && may_say_yes(c))
		return say_yes(c, app);
	return REACT_HANDLED;
}

static bool confirm_offers(enum action action)
{
	static const enum action offered[] = { ACT_LEFT, ACT_RIGHT, ACT_NEXT_PANE, ACT_PREVIOUS_PANE, ACT_OPEN, ACT_BACK,
					       ACT_HELP, ACT_REDRAW, ACT_SUSPEND, ACT_NONE };

	return action_among(action, offered);
}

static const struct footer_hint footer_hints[] = {
	{ ACT_LEFT, ACT_RIGHT, ' ', "choose" }, { .action = ACT_OPEN, .what = "press" }, { .action = ACT_BACK, .what = "cancel" }, { 0 }
};

static bool confirm_wants_text(const struct view *v)
{
	return ((const struct confirm *) v)->phrase != NULL;
}

static int confirm_key(struct view *v, struct app *app, keycode key)
{
	struct confirm *c = (struct confirm *) v;

	/* The key for help is one as long as no name has such a character. */
	if (key < 0x80 && keymap_find(app->keymap, dialog_contexts, key) == ACT_HELP && !strchr(c->phrase, key))
		return REACT_NONE;
	if (key == ' ' || !typed_key(&c->typed, key))
		return REACT_NONE;
	/* Typed whole: Enter then means it. */
	c->yes_focused = may_say_yes(c);
	return REACT_REDRAW;
}

static const struct view_ops confirm_ops = {
	.name = "confirm",
	.contexts = dialog_contexts,
	.hints = footer_hints,
	.offers = confirm_offers,
	.free = confirm_free,
	.draw = confirm_draw,
	.act = confirm_act,
	.wants_text = confirm_wants_text,
	.key = confirm_key,
	.mouse = confirm_mouse,
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
