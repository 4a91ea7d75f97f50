/* Shared by canvas*.c and terminal*.c only. */
#ifndef UI_CANVAS_PRIV_H
#define UI_CANVAS_PRIV_H

#include <stdint.h>
#include <wchar.h>

#include "ui/canvas.h"

/* ---- text (canvas_text.c) ---------------------------------------------------------------------- */

/* A character and the marks that combine with it: what ncurses keeps in one cell. */
#define CLUSTER_CHARS 5

struct cluster {
	wchar_t chars[CLUSTER_CHARS + 1]; /* ends with 0 */
	int width;                        /* 0: nothing to draw, 1 or 2 */
	size_t bytes;                     /* of the text it was read from, what was dropped behind it included */
};
/* The next one; `len` > 0. Only what every terminal draws in the same number of cells comes out. */
struct cluster cluster_next(const char *text, size_t len);
/* What this terminal can show in place of a character (canvas_glyphs.c). */
wchar_t glyph_for_terminal(wchar_t c);

/* ---- the grid (canvas.c) ------------------------------------------------------------------------- */

/* A look, brought down to what the terminal has. */
struct paint {
	int32_t fg, bg; /* PAINT_DEFAULT, 0–255, or PAINT_RGB | 0xrrggbb */
	uint8_t attributes;
};
#define PAINT_DEFAULT (-1)
#define PAINT_RGB 0x1000000

struct cell {
	wchar_t chars[CLUSTER_CHARS];
	uint8_t width; /* 1, 2; 0: right half of the one before */
	struct paint paint;
	/* What it is drawn on: that of the area or the selected row. Attributes are reverse and underline only, and
	 * GROUND_RULES where its foreground counts for whatever is drawn there. */
	struct paint ground;
};
#define GROUND_RULES 0x80

/* The cell at y, x of an area, NULL outside of the area or the screen. */
struct cell *cell_at(const struct area *a, int y, int x);
/* Puts a paint on what stands there. Where it has no background of its own, there is the ground's; or, if `keep`, what
 * the cell had, and so with the foreground. */
void cell_paint(struct cell *cell, const struct paint *paint, bool keep);
/* Puts a cluster there; wide characters that lose a half become blanks. Cells at a's edge that it does not fit are
 * blanked. */
void cell_put(const struct area *a, int y, int x, const struct cluster *c, const struct paint *paint);
/* A single character of width 1, in a role. */
void cell_char(const struct area *a, int y, int x, enum role role, wchar_t c);

enum depth { DEPTH_MONO, DEPTH_8, DEPTH_16, DEPTH_256, DEPTH_TRUE };
struct paint paint_of_role(enum role role);
struct paint paint_of_look(const struct look *look);
/* `mono_attributes` count where there are no colours, or none for the background. (colour.c) */
struct paint paint_reduce(const struct look *look, enum depth depth, unsigned mono_attributes);
/* Attributes of a role where there are no colours. (theme.c) */
unsigned theme_mono_attributes(enum role role);

/* Nothing in the area means anything any more. (canvas_spots.c) */
void spots_forget(const struct area *a);

/* ---- onto the terminal (canvas_screen.c) -------------------------------------------------------------- */

struct screen {
	int h, w;
	struct cell *cells; /* h × w */
	bool cursor;
	int cursor_y, cursor_x;
};
/* What the terminal can, and its size. */
enum depth screen_depth(void);
enum canvas_glyphs screen_glyphs(void);
bool screen_is_utf8(void); /* so is the locale, at least */
void screen_size(int *h, int *w);
/* Sends the differences between the two; `all`: everything. */
void screen_send(const struct screen *now, const struct screen *before, bool all);

#endif
