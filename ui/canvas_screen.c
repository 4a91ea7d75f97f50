/* From the grid to ncurses. See canvas_priv.h. */
#include <curses.h>
#include <langinfo.h>
#include <string.h>

#include "ui/canvas_priv.h"
#include "ui/terminal_priv.h"

/* ---- what the terminal is ------------------------------------------------------------------------------ */

enum depth screen_depth(void)
{
	if (!has_colors())
		return DEPTH_MONO;
	if (terminal_true_color())
		return DEPTH_TRUE;
	/* Descriptions of direct colour that are not ours mean only the first eight the same way. */
	if (COLORS > 256 || COLORS < 16)
		return COLORS < 8 ? DEPTH_MONO : DEPTH_8;
	return COLORS < 256 ? DEPTH_16 : DEPTH_256;
}

bool screen_is_utf8(void)
{
	return !strcmp(nl_langinfo(CODESET), "UTF-8");
}

enum canvas_glyphs screen_glyphs(void)
{
	if (terminal_is_old() || !screen_is_utf8())
		return GLYPHS_ASCII;
	return str_starts(termname(), "linux") ? GLYPHS_CONSOLE : GLYPHS_UNICODE;
}

void screen_size(int *h, int *w)
{
	*h = getmaxy(stdscr);
	*w = getmaxx(stdscr);
}

/* ---- cells ------------------------------------------------------------------------------------------------ */

/* A colour as ncurses counts them. */
static int colour_number(int32_t colour, int otherwise)
{
	if (colour == PAINT_DEFAULT)
		return otherwise;
	if (!(colour & PAINT_RGB))
		return colour;
	/* The first 256 numbers are the palette; one step of green tells the darkest blues from them. */
	int rgb = colour & 0xffffff;
	return rgb < 256 ? rgb + 0x100 : rgb;
}

static int pair_for(const struct paint *paint)
{
	bool own = terminal_default_colors();

	if (!has_colors() || (paint->fg == PAINT_DEFAULT && paint->bg == PAINT_DEFAULT))
		return 0;
	int pair = alloc_pair(colour_number(paint->fg, own ? -1 : COLOR_WHITE),
			      colour_number(paint->bg, own ? -1 : COLOR_BLACK));
	return pair < 0 ? 0 : pair;
}

static attr_t attributes_for(unsigned attributes)
{
	static const struct {
		unsigned look;
		attr_t curses;
	} rows[] = {
		{ LOOK_BOLD, A_BOLD },           { LOOK_DIM, A_DIM },         { LOOK_ITALIC, A_ITALIC },
		{ LOOK_UNDERLINE, A_UNDERLINE }, { LOOK_REVERSE, A_REVERSE },
	};
	attr_t out = A_NORMAL;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (attributes & rows[i].look)
			out |= rows[i].curses;
	return out;
}

static bool same_cell(const struct cell *a, const struct cell *b)
{
	return a->chars[0] == b->chars[0] && a->width == b->width && a->paint.fg == b->paint.fg &&
	       a->paint.bg == b->paint.bg && a->paint.attributes == b->paint.attributes &&
	       !memcmp(a->chars, b->chars, sizeof(a->chars));
}

static void cell_to_curses(const struct cell *cell, cchar_t *out)
{
	wchar_t chars[CLUSTER_CHARS + 1] = { 0 };
	attr_t attributes = attributes_for(cell->paint.attributes);
	int pair = pair_for(&cell->paint);

	memcpy(chars, cell->chars, sizeof(cell->chars));
	if (setcchar(out, chars, attributes, 0, &pair) == ERR)
		setcchar(out, L"?", attributes, 0, &pair);
}

/* Cells [from, to] of a row, whole characters only. */
static void send_run(const struct cell *row, int y, int from, int to)
{
	cchar_t run[128];
	int count = 0, start = from;

	for (int x = from; x <= to; x++) {
		if (row[x].width == 0)
			continue;
		if (count == (int) ARRAY_LEN(run)) {
			mvadd_wchnstr(y, start, run, count);
			start = x;
			count = 0;
		}
		cell_to_curses(&row[x], &run[count++]);
	}
	mvadd_wchnstr(y, start, run, count);
}

static void send_row(const struct cell *now, const struct cell *before, int y, int w, bool all)
{
	int from = 0, to = w - 1;

	while (!all && from < w && same_cell(&now[from], &before[from]))
		from++;
	if (from == w)
		return;
	while (!all && same_cell(&now[to], &before[to]))
		to--;
	while (from > 0 && now[from].width == 0)
		from--;
	send_run(now, y, from, to);
}

void screen_send(const struct screen *now, const struct screen *before, bool all)
{
	for (int y = 0; y < now->h; y++)
		send_row(now->cells + y * now->w, before->cells + y * now->w, y, now->w, all);
	if (all)
		clearok(curscr, TRUE);
	/* A terminal that cannot hide it has it out of the way. */
	if (now->cursor)
		move(now->cursor_y, now->cursor_x);
	else
		move(now->h - 1, 0);
	curs_set(now->cursor);
	wnoutrefresh(stdscr);
	doupdate();
}
