/* Text into cells. See canvas.h. */
#include <stdarg.h>
#include <string.h>

#include "ui/canvas_priv.h"

/* As many clusters as fit [x, end). Returns the cell behind the last. */
static int put_text(const struct area *a, int y, int x, int end, const struct paint *paint, const char *text, size_t len)
{
	for (size_t pos = 0; pos < len && x < end;) {
		struct cluster c = cluster_next(text + pos, len - pos);
		pos += c.bytes;
		if (!c.width)
			continue;
		if (x + c.width > end)
			break;
		cell_put(a, y, x, &c, paint);
		x += c.width;
	}
	return x;
}

/* Where text of a line ends that may be very long: nothing behind the first `width` cells has to be looked at. */
static bool text_overflows(const char *text, size_t len, int width)
{
	int used;
	size_t fits = text_fit(text, len, width, &used);

	return fits < len && text_width(text + fits, MIN(len - fits, (size_t) 64)) > 0;
}

static int draw_paint(const struct area *a, int y, int x, int end, const struct paint *paint, const char *text,
		      size_t len, bool ellipsis)
{
	int start = x;

	if (y < 0 || y >= a->h || end <= x)
		return 0;
	if (ellipsis && text_overflows(text, len, end - x)) {
		const char *dots = glyph(GLYPH_ELLIPSIS);
		x = put_text(a, y, x, end - 1, paint, text, len);
		return put_text(a, y, x, end, paint, dots, strlen(dots)) - start;
	}
	return put_text(a, y, x, end, paint, text, len) - start;
}

int draw_text(const struct area *a, int y, int x, enum role role, const char *text, size_t len, bool ellipsis)
{
	struct paint paint = paint_of_role(role);

	return draw_paint(a, y, x, a->w, &paint, text, len, ellipsis);
}

int draw_str(const struct area *a, int y, int x, enum role role, const char *text)
{
	return draw_text(a, y, x, role, text, strlen(text), false);
}

int draw_look(const struct area *a, int y, int x, const struct look *look, const char *text, size_t len)
{
	struct paint paint = paint_of_look(look);

	return draw_paint(a, y, x, a->w, &paint, text, len, false);
}

int draw_fmt(const struct area *a, int y, int x, enum role role, const char *fmt, ...)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&text, fmt, ap);
	va_end(ap);
	return draw_text(a, y, x, role, text.data, text.len, false);
}

void draw_right(const struct area *a, int y, int x, int width, enum role role, const char *text)
{
	struct paint paint = paint_of_role(role);
	size_t len = strlen(text);
	int used = text_width(text, len);

	if (used < width)
		x += width - used;
	draw_paint(a, y, x, MIN(a->w, x + MIN(used, width)), &paint, text, len, true);
}

/* ---- what stands already -------------------------------------------------------------------------- */

/* Calls fn on the cells of [x, x + width), and on the other half of a wide character at either end. */
static void each_cell(const struct area *a, int y, int x, int width, const struct paint *paint,
		      void (*fn)(struct cell *cell, const struct paint *paint))
{
	struct cell *cell;

	if ((cell = cell_at(a, y, x)) && cell->width == 0 && (cell = cell_at(a, y, x - 1)))
		fn(cell, paint);
	for (int i = 0; i < width; i++)
		if ((cell = cell_at(a, y, x + i)))
			fn(cell, paint);
	if ((cell = cell_at(a, y, x + width)) && cell->width == 0)
		fn(cell, paint);
}

static void over(struct cell *cell, const struct paint *paint)
{
	cell_paint(cell, paint, true);
}

void draw_over(const struct area *a, int y, int x, int width, enum role role)
{
	struct paint paint = paint_of_role(role);

	each_cell(a, y, x, width, &paint, over);
}

static void selected(struct cell *cell, const struct paint *paint)
{
	bool own = cell->paint.bg != cell->ground.bg; /* a match, a field: it stays as it is */
	struct paint with = cell->paint;

	cell->ground = *paint;
	cell->ground.attributes = paint->attributes & (LOOK_REVERSE | LOOK_UNDERLINE);
	if (!(paint->attributes & LOOK_SOFT))
		cell->ground.attributes |= GROUND_RULES;
	if (own)
		return;
	with.bg = PAINT_DEFAULT;
	with.attributes |= paint->attributes & (LOOK_BOLD | LOOK_DIM | LOOK_ITALIC);
	cell_paint(cell, &with, false);
}

void draw_selected(const struct area *a, int y, enum role role)
{
	struct paint paint = paint_of_role(role);

	each_cell(a, y, 0, a->w, &paint, selected);
}
