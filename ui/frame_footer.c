/* The hints at the bottom. See frame.h. */
#include <string.h>

#include "base/bytes.h"
#include "ui/frame.h"

struct footer {
	const struct app *app;
	const struct area *a;
	bool text;  /* a field has the keys: characters are no hints */
	int x, end; /* the next hint begins at x, and none passes `end` */
};

static const char *key_of(const struct footer *f, enum action action, char *buf, size_t size)
{
	const char *key = action == ACT_NONE ? NULL
			  : f->text ? keymap_hint_in_text(f->app->keymap, action, buf, size)
				    : keymap_hint(f->app->keymap, action, buf, size);

	return str_blank(key) ? NULL : key;
}

/* "c" or "1-4"; false: no key is bound. */
static bool add_keys(const struct footer *f, const struct footer_hint *h, struct strbuf *out)
{
	char one_buf[32], other_buf[32];
	const char *one = key_of(f, h->action, one_buf, sizeof(one_buf));
	const char *other = key_of(f, h->other, other_buf, sizeof(other_buf));

	if (h->action == ACT_NONE)
		strbuf_add(out, h->what, strcspn(h->what, " "));
	else if (one && other)
		strbuf_addf(out, "%s%c%s", one, h->between, other);
	else if (one || other)
		strbuf_adds(out, one ? one : other);
	return out->len > 0;
}

static const char *words_of(const struct footer_hint *h)
{
	if (h->action == ACT_NONE)
		return h->what + MIN(strcspn(h->what, " ") + 1, strlen(h->what));
	return h->what ? h->what : action_rows[h->action].hint;
}

static int hint_width(const struct footer *f, const struct footer_hint *h)
{
	AUTO_STRBUF keys = STRBUF_INIT(256);
	const char *words = words_of(h);

	return add_keys(f, h, &keys) ? text_width(keys.data, keys.len) + 1 + text_width(words, strlen(words)) + 2 : 0;
}

/* A key that no action has is the view's own, while it has the characters. */
static bool works_now(const struct view *focused, const struct footer_hint *h)
{
	return h->action != ACT_NONE || (focused->ops->wants_text && focused->ops->wants_text(focused));
}

/* Draws "key words" if it ends in time. */
static bool draw_hint(struct footer *f, const struct footer_hint *h)
{
	AUTO_STRBUF keys = STRBUF_INIT(256);
	int width = hint_width(f, h);

	if (!width)
		return true;
	if (f->x + width - 2 > f->end)
		return false;
	/* Of two keys a click is the first. */
	canvas_spot(f->a, 0, f->x, width - 2, (int) h->action);
	add_keys(f, h, &keys);
	f->x += draw_str(f->a, 0, f->x, ROLE_KEY, keys.data) + 1;
	f->x += draw_str(f->a, 0, f->x, ROLE_FOOTER, words_of(h)) + 2;
	return true;
}

static const struct footer_hint help = { .action = ACT_HELP }, quit = { .action = ACT_QUIT };

/* Those that a view has not chosen: its own contexts first, the global one last. */
static void draw_all_hints(struct footer *f, const struct view *focused)
{
	for (const enum key_context *c = focused->ops->contexts;; c++) {
		for (int i = 1; i < ACT_COUNT; i++) {
			struct footer_hint h = { .action = action_rows[i].action };
			bool shown = action_rows[i].context == *c && action_rows[i].hint && h.action != ACT_HELP && h.action != ACT_QUIT;
			if (shown && !draw_hint(f, &h))
				return;
		}
		if (*c == KEYS_GLOBAL)
			return;
	}
}

void draw_footer(struct app *app, const struct area *a, const struct view *focused, bool overlay)
{
	struct footer f = { .app = app, .a = a, .text = focused->ops->text && focused->ops->wants_text(focused), .x = 1 };
	const struct footer_hint *h = focused->ops->hints, *back = NULL;

	f.end = a->w - 1 - hint_width(&f, &help) - (overlay ? 0 : hint_width(&f, &quit));
	if (!h)
		draw_all_hints(&f, focused);
	/* Where there is little room, how to leave is told before anything else. */
	for (const struct footer_hint *b = h; b && (b->action != ACT_NONE || b->what); b++)
		if (b->action == ACT_BACK)
			back = b;
	f.end -= back ? hint_width(&f, back) : 0;
	/* What does not fit makes room for what is shorter. */
	for (; h && (h->action != ACT_NONE || h->what); h++) {
		f.end += h == back ? hint_width(&f, back) : 0;
		if (works_now(focused, h))
			draw_hint(&f, h);
	}
	f.end = a->w - 1;
	draw_hint(&f, &help);
	/* Over the panes q only closes what lies there. */
	if (!overlay)
		draw_hint(&f, &quit);
}
