/* Frames with titles and tabs set into them. See canvas.h. */
#include <string.h>

#include "ui/canvas_priv.h"
#include "ui/hints.h"

struct lines {
	wchar_t horizontal, vertical, top_left, top_right, bottom_left, bottom_right;
};
static const struct lines rounded = { L'─', L'│', L'╭', L'╮', L'╰', L'╯' };
static const struct lines heavy = { L'━', L'┃', L'┏', L'┓', L'┗', L'┛' };
/* Without colours and fine lines the focus still shows. */
static const struct lines ascii = { L'-', L'|', L'+', L'+', L'+', L'+' };
static const struct lines ascii_focused = { L'=', L'|', L'+', L'+', L'+', L'+' };

static const struct lines *lines_for(bool focused)
{
	if (canvas_glyphs() == GLYPHS_ASCII)
		return focused ? &ascii_focused : &ascii;
	return focused ? &heavy : &rounded;
}

static void draw_lines(const struct area *a, const struct lines *l, enum role role)
{
	int right = a->w - 1, bottom = a->h - 1;

	for (int x = 1; x < right; x++) {
		cell_char(a, 0, x, role, l->horizontal);
		cell_char(a, bottom, x, role, l->horizontal);
	}
	for (int y = 1; y < bottom; y++) {
		cell_char(a, y, 0, role, l->vertical);
		cell_char(a, y, right, role, l->vertical);
	}
	cell_char(a, 0, 0, role, l->top_left);
	cell_char(a, 0, right, role, l->top_right);
	cell_char(a, bottom, 0, role, l->bottom_left);
	cell_char(a, bottom, right, role, l->bottom_right);
}

/* ---- words in lines -------------------------------------------------------------------------------- */

/* Where the last part of `text` begins to be set apart, by two blanks or " · "; 0: it is one part. */
static size_t last_part(const char *text, size_t len)
{
	static const char dot[] = " · ";
	size_t n = strlen(dot);

	for (size_t i = len; i-- > 1;) {
		if (text[i] == ' ' && text[i - 1] == ' ')
			return i - 1;
		if (i + n <= len && !memcmp(text + i, dot, n))
			return i;
	}
	return 0;
}

/* Bytes of whole parts that fit. */
static size_t fit_parts(const char *text, int width)
{
	size_t len = strlen(text);

	while (len && (text_width(text, len) > width || text[len - 1] == ' '))
		len = text[len - 1] == ' ' ? len - 1 : last_part(text, len);
	return len;
}

/* Text with a blank at either side, so that it stands free in the line. Returns its cells. */
static int set_in(const struct area *a, int y, int x, enum role role, const char *text, size_t len, bool left_blank)
{
	int start = x;

	if (left_blank)
		cell_char(a, y, x++, role, L' ');
	x += draw_text(a, y, x, role, text, len, false);
	cell_char(a, y, x++, role, L' ');
	return x - start;
}

/* From the right: text, a blank at either side, one cell of line, the corner. Returns the text's first cell. */
static int set_right(const struct area *a, int y, enum role role, const char *text, size_t len)
{
	int x = a->w - 4 - text_width(text, len);

	set_in(a, y, x, role, text, len, true);
	return x + 1;
}

/* The title, up to the cell `end`; its "[1]" tells the key. Returns the cell behind it. */
static int draw_title(const struct area *a, int end, const char *title, bool focused)
{
	struct area line = { a->y, a->x, 1, end };
	enum role role = focused ? ROLE_TITLE_FOCUSED : ROLE_TITLE;
	int x = 2;

	if (line.w <= x || str_blank(title))
		return x;
	if (*title != '[')
		cell_char(&line, 0, x++, role, L' ');
	int used = draw_text(&line, 0, x, role, title, strlen(title), true);
	const char *close = *title == '[' ? strchr(title, ']') : NULL;
	if (close && close - title < used)
		draw_over(&line, 0, x + 1, (int) (close - title) - 1, ROLE_KEY);
	x += used;
	cell_char(a, 0, x++, role, L' ');
	return x;
}

static void draw_top(const struct area *a, const struct box *box)
{
	const char *right = box->right_hints ? box->right_hints->text.data : box->right;
	int wanted = str_blank(right) ? 0 : text_width(right, strlen(right)) + 3;
	/* A title longer than half of the line leaves the other half to what stands there. */
	int x = draw_title(a, MIN(a->w - 3, MAX(a->w - 3 - wanted, a->w / 2 + 2)), box->title, box->focused);

	if (!wanted)
		return;
	size_t len = fit_parts(right, a->w - 5 - x);
	if (len)
		x = set_right(a, 0, ROLE_TITLE, right, len);
	if (box->right_hints)
		hints_place(box->right_hints, a, 0, x, len);
}

static void draw_bottom(const struct area *a, const struct box *box)
{
	const char *left = box->hints ? box->hints->text.data : box->bottom;
	int y = a->h - 1, room = a->w - 6;
	size_t len = str_blank(box->bottom_right) ? 0 : fit_parts(box->bottom_right, room);

	if (len) {
		set_right(a, y, ROLE_FOOTER, box->bottom_right, len);
		room -= text_width(box->bottom_right, len) + 3;
	}
	len = str_blank(left) ? 0 : fit_parts(left, room);
	if (len)
		set_in(a, y, 2, ROLE_FOOTER, left, len, true);
	if (box->hints)
		hints_place(box->hints, a, y, 3, len);
}

struct area draw_box(const struct area *a, const struct box *box)
{
	struct area inside = { a->y + 1, a->x + 1, MAX(a->h - 2, 0), MAX(a->w - 2, 0) };

	if (a->h < 2 || a->w < 2)
		return inside;
	spots_forget(a);
	for (int y = 0; y < inside.h; y++)
		for (int x = 0; x < inside.w; x++)
			cell_char(&inside, y, x, ROLE_TEXT, L' ');
	draw_lines(a, lines_for(box->focused), box->focused ? ROLE_BORDER_FOCUSED : ROLE_BORDER);
	draw_top(a, box);
	draw_bottom(a, box);
	return inside;
}

/* ---- tabs ---------------------------------------------------------------------------------------------- */

/* Cells of the top line, from its right end, that nothing stands in. */
static int free_line(const struct area *a)
{
	int room = 0;
	const struct cell *cell;

	while ((cell = cell_at(a, 0, a->w - 2 - room)) &&
	       (cell->chars[0] == lines_for(false)->horizontal || cell->chars[0] == lines_for(true)->horizontal ||
		cell->chars[0] == glyph_for_terminal(L'━')))
		room++;
	return room;
}

/* Where a title ends at least that gives way to tabs: to all of them, or where there is little room to the current one. */
#define TITLE_BESIDE_TABS 20
#define TITLE_BESIDE_TAB 12

static void put_line(const struct area *a, int x, int end)
{
	const struct cell *line = cell_at(a, 0, 1);
	struct cluster c = { .chars = { line->chars[0] }, .width = 1 };

	for (; x < end; x++)
		cell_put(a, 0, x, &c, &line->paint);
}

/* Shortens the title until `width` cells of line are free, unless it would end before `least`. What is left out is its
 * middle: names differ in their ends, and "·2  gpu-b" stands there. */
static void cut_title(const struct area *a, int width, int least)
{
	int line = free_line(a), end = a->w - 2 - width, last = a->w - 2 - line; /* the blank behind the title, as it is */

	if (line >= width || end < least)
		return;
	struct paint paint = cell_at(a, 0, last - 1)->paint;
	/* One that lost its end already has no more to show of it. */
	bool lost = cell_at(a, 0, last - 1)->chars[0] == cluster_next(glyph(GLYPH_ELLIPSIS), strlen(glyph(GLYPH_ELLIPSIS))).chars[0];
	int tail = lost ? 0 : (end - 3) / 2, to = end - 1 - tail;
	struct area dots = { a->y, a->x, 1, end - 1 };
	for (int x = last - tail; x < last; x++, to++) {
		const struct cell *cell = cell_at(a, 0, x);
		struct cluster c = { .width = cell->width };
		memcpy(c.chars, cell->chars, sizeof(cell->chars));
		if (c.width && x + c.width <= last)
			cell_put(a, 0, to, &c, &paint);
	}
	draw_str(&dots, 0, end - 2 - tail, ROLE_TITLE, glyph(GLYPH_ELLIPSIS));
	cell_at(a, 0, end - 2 - tail)->paint = paint;
	cell_char(a, 0, end - 1, ROLE_TITLE, L' ');
	put_line(a, end, a->w - 2);
}

static int tab_width(const char *name, bool current)
{
	return text_width(name, strlen(name)) + (current ? 2 : 0);
}

static int draw_tab(const struct area *a, int x, const char *name, bool current)
{
	enum role role = current ? ROLE_TAB_CURRENT : ROLE_TAB;
	int start = x;

	if (current)
		x += draw_str(a, 0, x, role, "▸");
	x += draw_str(a, 0, x, role, name);
	if (current)
		x += draw_str(a, 0, x, role, "◂");
	return x - start;
}

void draw_tabs(const struct area *a, const char *const *names, int count, int current, int *xs)
{
	int width = 1;
	bool alone;

	for (int i = 0; i < count; i++) {
		width += tab_width(names[i], i == current) + 1;
		if (xs)
			xs[i] = -1;
	}
	/* One cell of line stays at the right. */
	cut_title(a, width + 1, TITLE_BESIDE_TABS);
	alone = width >= free_line(a);
	if (alone && current >= 0 && current < count) {
		width = tab_width(names[current], true) + 2;
		cut_title(a, width + 1, TITLE_BESIDE_TAB);
	}
	if (width >= free_line(a))
		return;
	int x = a->w - 2 - width;
	cell_char(a, 0, x++, ROLE_TAB, L' ');
	for (int i = 0; i < count; i++) {
		if (alone && i != current)
			continue;
		if (xs)
			xs[i] = x;
		x += draw_tab(a, x, names[i], i == current);
		cell_char(a, 0, x++, ROLE_TAB, L' ');
	}
}
