/* The keys that work here, by context, with a search. */
#include <string.h>
#include <strings.h>

#include "base/path.h"
#include "ui/hints.h"
#include "ui/typed.h"
#include "ui/views.h"

struct help {
	struct view view;
	const struct view_ops *ops; /* of the view that asked */
	char *config;               /* "config: ~/.config/affinetes/config" */
	struct strbuf search;
	bool searching;
	int top, height;
};

static const enum key_context help_contexts[] = { KEYS_DIALOG, KEYS_LIST, KEYS_GLOBAL };

static const char *const context_names[KEYS_CONTEXT_COUNT] = {
	[KEYS_GLOBAL] = "Everywhere",   [KEYS_LIST] = "In lists and text", [KEYS_ENVS] = "Environments",
	[KEYS_DETAIL] = "Detail",	[KEYS_LOGS] = "Logs",		   [KEYS_FORM] = "Call form",
	[KEYS_RESULT] = "Result",	[KEYS_HISTORY] = "History",	   [KEYS_DIALOG] = "Questions",
};

static void help_free(struct view *v)
{
	struct help *h = (struct help *) v;

	strbuf_free(&h->search);
	free(h->config);
	free(h);
}

static bool matches(const struct help *h, const char *help, const char *name, const char *keys)
{
	return !h->search.len || strcasestr(help, h->search.data) || strcasestr(name, h->search.data) ||
	       strcasestr(keys, h->search.data);
}

/* Where lines go: `y` is the next one's, also above and below the area; NULL: they are only counted. */
struct page {
	const struct area *a;
	int y;
	const char *heading; /* stands before the next line; NULL: it does already */
};

static void add_line(struct page *p, const char *keys, const char *help, const char *name)
{
	if (p->heading && p->a)
		draw_str(p->a, p->y, 1, ROLE_STRONG, p->heading);
	p->y += p->heading ? 1 : 0;
	p->heading = NULL;
	if (p->a && p->y >= 0 && p->y < p->a->h) {
		draw_str(p->a, p->y, 3, *keys ? ROLE_KEY : ROLE_DIM, *keys ? keys : "(none)");
		draw_text(p->a, p->y, 20, ROLE_TEXT, help, strlen(help), true);
		if (p->a->w > 90)
			draw_right(p->a, p->y, p->a->w - 22, 20, ROLE_DIM, name);
	}
	p->y++;
}

static void add_context(const struct help *h, const struct app *app, struct page *p, enum key_context context)
{
	p->heading = context_names[context];
	for (int i = 1; i < ACT_COUNT; i++) {
		const struct action_row *row = &action_rows[i];
		if (row->context != context || (h->ops->offers && !h->ops->offers(row->action)))
			continue;
		AUTO_FREE char *keys = keymap_keys(app->keymap, row->action, NULL);
		if (keys && matches(h, row->help, row->name, keys))
			add_line(p, keys, row->help, row->name);
	}
	/* What a view does with keys that cannot be bound stands among its hints alone: "0-9 replica on/off". */
	for (const struct footer_hint *f = h->ops->hints; context == h->ops->contexts[0] && f && (f->action || f->what); f++) {
		size_t key = f->action ? 0 : strcspn(f->what, " ");
		AUTO_FREE char *keys = key ? str_ndup(f->what, key, NULL) : NULL;
		if (keys && matches(h, f->what + key, "", keys))
			add_line(p, keys, f->what + key + strspn(f->what + key, " "), "");
	}
	if (!p->heading)
		p->y++;
}

/* From the innermost context outwards, as keys are looked up. */
static void add_all(const struct help *h, const struct app *app, struct page *p)
{
	for (const enum key_context *c = h->ops->contexts;; c++) {
		add_context(h, app, p, *c);
		if (*c == KEYS_GLOBAL)
			return;
	}
}

static void help_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct help *h = (struct help *) v;
	AF_AUTO(hints) struct hints hints = HINTS_INIT(app->keymap, " · ");
	struct box box = { .title = "Keys", .right = h->config, .focused = focused, .hints = &hints };
	AUTO_STRBUF search = STRBUF_INIT(2 * STRBUF_LINE);
	struct page all = { 0 };

	hints_add(&hints, ACT_SEARCH, "search");
	hints_add(&hints, ACT_BACK, "close");
	area_clear(a, ROLE_DIALOG);
	if (h->searching || h->search.len) {
		strbuf_addf(&search, "/%s", h->search.data);
		box.hints = NULL;
		box.bottom = search.data;
	}
	struct area in = draw_box(a, &box);
	add_all(h, app, &all);
	h->height = in.h;
	h->top = MAX(0, MIN(h->top, all.y - 1 - in.h));
	struct page page = { .a = &in, .y = -h->top };
	add_all(h, app, &page);
	if (!all.y)
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
		h->top -= MAX(h->height - 1, 1);
		break;
	case ACT_PAGE_DOWN:
		h->top += MAX(h->height - 1, 1);
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
	enum typed_end end = typed_ends(key);

	if (!end && !typed_key(&h->search, key))
		return REACT_NONE;
	h->searching = !end;
	if (end == TYPED_CLEARED)
		strbuf_reset(&h->search);
	h->top = 0;
	return REACT_REDRAW;
}

static int help_paste(struct view *v, struct app *app UNUSED, const char *text, size_t len)
{
	struct help *h = (struct help *) v;
	const char *end = memchr(text, '\n', len);

	strbuf_add(&h->search, text, end ? (size_t) (end - text) : len);
	h->top = 0;
	return REACT_REDRAW;
}

static int help_mouse(struct view *v, struct app *app UNUSED, const struct mouse *mouse)
{
	struct help *h = (struct help *) v;

	if (mouse->what == MOUSE_WHEEL_UP || mouse->what == MOUSE_WHEEL_DOWN)
		h->top += mouse->what == MOUSE_WHEEL_UP ? -3 : 3;
	return REACT_REDRAW;
}

static const struct footer_hint footer_hints[] = {
	{ ACT_UP, ACT_DOWN, ' ', "scroll" }, { ACT_PAGE_UP, ACT_PAGE_DOWN, '/', "page" }, { .action = ACT_SEARCH },
	{ .action = ACT_BACK, .what = "close" }, { 0 }
};

static const struct view_ops help_ops = {
	.name = "help",
	.contexts = help_contexts,
	.hints = footer_hints,
	.free = help_free,
	.draw = help_draw,
	.act = help_act,
	.wants_text = help_wants_text,
	.key = help_key,
	.paste = help_paste,
	.mouse = help_mouse,
};

/* The file that keys are bound in. */
static char *config_file(void)
{
	AUTO_FREE char *dir = path_home(HOME_CONFIG, NULL);
	AUTO_FREE char *shown = dir ? path_shown(dir, NULL) : NULL;

	return shown ? str_format(NULL, "config: %s/config", shown) : NULL;
}

struct view *help_view_new(struct app *app UNUSED, const struct view *for_view, struct af_error *err)
{
	struct help *h = calloc(1, sizeof(*h));

	if (!h) {
		error_nomem(err);
		return NULL;
	}
	h->view.ops = &help_ops;
	h->ops = for_view->ops;
	h->config = config_file();
	strbuf_init(&h->search, STRBUF_LINE);
	return &h->view;
}
