/*
 * Drawing. A view gets an area and draws into it with these; nothing it does can reach outside, and no text can
 * break a border: widths are counted in terminal cells (wide, combining, ZWJ), control bytes never pass.
 * Over ncursesw; UI thread only. Nothing is shown before the frame's doupdate().
 */
#ifndef UI_CANVAS_H
#define UI_CANVAS_H

#include <stdbool.h>
#include <stddef.h>

#include "ui/theme.h"

struct area {
	int y, x, h, w;
};

struct hints; /* hints.h */

/* How graphs and glyphs may look on this terminal. CONSOLE is the Linux console, whose font has few: half blocks, no
 * braille. Text itself is brought down too: in ASCII nothing else is sent, whatever a view or a log draws. */
enum canvas_glyphs { GLYPHS_UNICODE, GLYPHS_ASCII, GLYPHS_CONSOLE };

/* Starts ncurses on the terminal (terminal.h; FAILED with what is wrong with it), installs the theme. ASCII is chosen
 * also where the locale is no UTF-8 or the terminal is of that age. setlocale() was called. */
af_code canvas_start(const struct theme *theme, enum canvas_glyphs glyphs, bool color, struct af_error *err) MUST_CHECK;
/* The same without any terminal, for scripts and tests: everything is drawn and can be dumped. ASCII is chosen by the
 * locale here, too. */
af_code canvas_start_headless(const struct theme *theme, enum canvas_glyphs glyphs, int h, int w,
			      struct af_error *err) MUST_CHECK;
/* Headless only: the size from the next frame on. */
void canvas_set_size(int h, int w);
void canvas_end(void);
void canvas_set_theme(const struct theme *theme);
enum canvas_glyphs canvas_glyphs(void);

/* A frame: canvas_begin() gives the whole screen, empty; all views draw; canvas_show() sends what differs from the
 * frame before, with one doupdate(), and no byte if nothing does. */
struct area canvas_begin(void);
void canvas_show(void);
/* The next canvas_show() sends everything anew (^L). */
void canvas_redraw(void);
/* What was drawn, as UTF-8 lines without blanks at their ends. */
void canvas_dump(struct strbuf *out);

/* Cells that text takes; `len` bytes of UTF-8. */
int text_width(const char *text, size_t len);
/* The longest prefix that fits `width` cells, in bytes; *used (may be NULL) gets its cells. Never cuts a character. */
size_t text_fit(const char *text, size_t len, int width, int *used);

/* Blanks in the role's look. What is drawn there afterwards keeps this background, unless its role has its own. */
void area_clear(const struct area *a, enum role role);
/* Draws from cell x of row y, cut at the area's right edge (with `…` when `ellipsis`). Returns the cells used. */
int draw_text(const struct area *a, int y, int x, enum role role, const char *text, size_t len, bool ellipsis);
int draw_str(const struct area *a, int y, int x, enum role role, const char *text);
int draw_fmt(const struct area *a, int y, int x, enum role role, const char *fmt, ...) PRINTF_LIKE(5, 6);
/* As draw_text, in a look of its own: colours that a program gave its output. */
int draw_look(const struct area *a, int y, int x, const struct look *look, const char *text, size_t len);
/* So that its last cell is x + width - 1. */
void draw_right(const struct area *a, int y, int x, int width, enum role role, const char *text);
/* Changes the role of cells that stand already (selection, matches), keeping the characters. */
void draw_over(const struct area *a, int y, int x, int width, enum role role);
/* Only the background of a row, as for the selected one: keeps each cell's foreground, unless the role has one; what has
 * a background of its own (a match) keeps it. */
void draw_selected(const struct area *a, int y, enum role role);

/* A frame with titles set into it; returns the area inside, which is blanked. `focused` draws heavy lines (mock-ups: ┏━┓
 * and ╭─╮). What is too long loses whole parts, set apart by two blanks or " · ", from its end: hints are never cut
 * mid-word. `title` and `bottom_right` go first. */
struct box {
	const char *title;       /* "[1] Environments" */
	const char *right;       /* top right; may be NULL (tabs go there) */
	const char *bottom;      /* bottom left; may be NULL */
	const char *bottom_right;
	bool focused;
	const struct hints *hints;       /* bottom left, in place of `bottom`; may be NULL */
	const struct hints *right_hints; /* top right, in place of `right`; may be NULL */
};
struct area draw_box(const struct area *a, const struct box *box);
/* Tabs in the top line of the box that was drawn over `a`, right-aligned; marks `current` as the mock-ups do. Returns
 * the cell x of tab i in xs (may be NULL), -1 for those that there is no room for: the current one is kept longest. */
void draw_tabs(const struct area *a, const char *const *names, int count, int current, int *xs);

/* Values from 0, newest last, over the whole area: braille → block → ASCII. `max` 0: the largest value. The bottom is the
 * axis: a line at 0, where nothing was measured (NAN) too. */
void draw_graph(const struct area *a, enum role role, const double *values, int count, double max);
/* One row of ▁▂▃▄▅▆▇█. */
void draw_spark(const struct area *a, int y, int x, int width, enum role role, const double *values, int count);

enum glyph { GLYPH_UP, GLYPH_BUSY, GLYPH_DOWN, GLYPH_OPEN, GLYPH_CLOSED, GLYPH_CURSOR, GLYPH_CHECK, GLYPH_CROSS,
	     GLYPH_ENTER, GLYPH_MARK, GLYPH_ELLIPSIS, GLYPH_DOT, GLYPH_SORT_DOWN, GLYPH_SORT_UP, GLYPH_STAR, GLYPH_DASH };
const char *glyph(enum glyph g); /* "●" or "*"; one cell, but GLYPH_ENTER, which may be "Enter" */
const char *spinner(void);       /* turns with the clock */

/* A click on these cells of the frame means `what` (an enum action, not 0); canvas_begin(), area_clear() and draw_box()
 * take away what was said of the cells before. */
void canvas_spot(const struct area *a, int y, int x, int width, int what);
/* By place on the screen; 0: nothing. */
int canvas_spot_at(int y, int x);

/* Where the terminal's cursor stands after the frame; hidden if it was not set during it. */
void canvas_cursor(const struct area *a, int y, int x);

#endif
