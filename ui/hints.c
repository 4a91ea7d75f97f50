/* See hints.h. */
#include "ui/hints.h"

#include "base/bytes.h"

void hints_free(struct hints *h)
{
	strbuf_free(&h->text);
}

static void add_gap(struct hints *h)
{
	if (h->text.len)
		strbuf_adds(&h->text, h->gap);
}

static void add_spot(struct hints *h, size_t from, enum action action)
{
	if (h->count < HINTS_MAX)
		h->spots[h->count++] = (struct hint_spot){ from, h->text.len - from, action };
}

static const char *key_of(const struct hints *h, enum action action, char *buf, size_t size)
{
	const char *key = keymap_hint(h->keys, action, buf, size);

	return str_blank(key) ? NULL : key;
}

void hints_add(struct hints *h, enum action action, const char *what)
{
	char buf[32];
	const char *key = key_of(h, action, buf, sizeof(buf));

	if (!key)
		return;
	add_gap(h);
	size_t from = h->text.len;
	strbuf_addf(&h->text, "%s %s", key, what);
	add_spot(h, from, action);
}

void hints_add_two(struct hints *h, enum action one, enum action other, const char *what)
{
	char one_buf[32], other_buf[32];
	const char *one_key = key_of(h, one, one_buf, sizeof(one_buf));
	const char *other_key = key_of(h, other, other_buf, sizeof(other_buf));

	if (!one_key || !other_key) {
		hints_add(h, one_key ? one : other, what);
		return;
	}
	add_gap(h);
	size_t from = h->text.len;
	strbuf_adds(&h->text, one_key);
	add_spot(h, from, one);
	strbuf_addc(&h->text, '/');
	from = h->text.len;
	strbuf_addf(&h->text, "%s %s", other_key, what);
	add_spot(h, from, other);
}

void hints_place(const struct hints *h, const struct area *a, int y, int x, size_t len)
{
	for (int i = 0; i < h->count; i++) {
		const struct hint_spot *s = &h->spots[i];
		if (s->from + s->len <= len)
			canvas_spot(a, y, x + text_width(h->text.data, s->from), text_width(h->text.data + s->from, s->len),
				    (int) s->action);
	}
}
