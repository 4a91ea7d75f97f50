/*
 * The grid that everything is drawn into. See canvas.h.
 *
 * Views draw into cells of our own; ncurses only gets what differs from the frame before. So a frame can be drawn and
 * compared without a terminal, and what a cell holds is always a whole character.
 */
#include "ui/canvas_priv.h"

#include <limits.h>
#include <string.h>

#include "ui/terminal.h"

static struct {
	bool started, headless;
	enum canvas_glyphs glyphs;
	enum depth depth;
	struct paint roles[ROLE_COUNT];
	struct screen now, before;
	int wanted_h, wanted_w; /* headless */
	bool all;               /* the terminal's contents are not what `before` says */
} canvas;

enum canvas_glyphs canvas_glyphs(void)
{
	return canvas.glyphs;
}

/* ---- colours ------------------------------------------------------------------------------------- */

void canvas_set_theme(const struct theme *theme)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		canvas.roles[i] = paint_reduce(&theme->looks[i], canvas.depth, theme_mono_attributes((enum role) i));
}

struct paint paint_of_role(enum role role)
{
	return canvas.roles[role];
}

struct paint paint_of_look(const struct look *look)
{
	return paint_reduce(look, canvas.depth, look->attributes);
}

/* ---- start and end --------------------------------------------------------------------------------- */

static af_code begin(const struct theme *theme, enum canvas_glyphs glyphs, enum depth depth)
{
	canvas.started = true;
	canvas.glyphs = glyphs;
	canvas.depth = depth;
	canvas_set_theme(theme);
	return AF_OK;
}

af_code canvas_start(const struct theme *theme, enum canvas_glyphs glyphs, bool color, struct af_error *err)
{
	af_code rc = terminal_start(color, err);

	if (rc)
		return rc;
	canvas.headless = false;
	return begin(theme, glyphs == GLYPHS_UNICODE ? screen_glyphs() : glyphs, color ? screen_depth() : DEPTH_MONO);
}

af_code canvas_start_headless(const struct theme *theme, enum canvas_glyphs glyphs, int h, int w,
			      struct af_error *err UNUSED)
{
	canvas.headless = true;
	canvas_set_size(h, w);
	return begin(theme, screen_is_utf8() ? glyphs : GLYPHS_ASCII, DEPTH_256);
}

void canvas_set_size(int h, int w)
{
	canvas.wanted_h = h;
	canvas.wanted_w = w;
}

void canvas_end(void)
{
	if (!canvas.started)
		return;
	canvas.started = false;
	if (!canvas.headless)
		terminal_end();
	free(canvas.now.cells);
	free(canvas.before.cells);
	canvas.now = canvas.before = (struct screen){ 0 };
	canvas.glyphs = GLYPHS_UNICODE;
}

/* ---- frames ------------------------------------------------------------------------------------------ */

static void blank(struct cell *cell)
{
	memset(cell->chars, 0, sizeof(cell->chars));
	cell->chars[0] = ' ';
	cell->width = 1;
}

/* Without memory there is nothing to draw on, until there is some. */
static bool screen_resize(struct screen *s, int h, int w)
{
	if (s->h == h && s->w == w)
		return true;
	free(s->cells);
	*s = (struct screen){ .cells = calloc((size_t) h * (size_t) w + 1, sizeof(*s->cells)) };
	if (!s->cells)
		return false;
	for (int i = 0; i < h * w; i++)
		blank(s->cells + i);
	s->h = h;
	s->w = w;
	return true;
}

struct area canvas_begin(void)
{
	int h = canvas.wanted_h, w = canvas.wanted_w;

	if (!canvas.headless)
		screen_size(&h, &w);
	if (h != canvas.now.h || w != canvas.now.w)
		canvas.all = true;
	if (!screen_resize(&canvas.now, h, w) || !screen_resize(&canvas.before, h, w))
		return (struct area){ 0 };
	canvas.now.cursor = false;
	struct area all = { 0, 0, h, w };
	area_clear(&all, ROLE_TEXT);
	return all;
}

void canvas_show(void)
{
	if (canvas.now.h != canvas.before.h || canvas.now.w != canvas.before.w || !canvas.now.cells)
		return;
	if (!canvas.headless)
		screen_send(&canvas.now, &canvas.before, canvas.all);
	canvas.all = false;
	/* The next frame is drawn from scratch, so the two can change places; a dump shows the last one. */
	struct screen shown = canvas.now;
	canvas.now = canvas.before;
	canvas.before = shown;
}

void canvas_redraw(void)
{
	canvas.all = true;
}

void canvas_cursor(const struct area *a, int y, int x)
{
	canvas.now.cursor = cell_at(a, y, x) != NULL;
	canvas.now.cursor_y = a->y + y;
	canvas.now.cursor_x = a->x + x;
}

static void dump_row(struct strbuf *out, const struct cell *row, int w)
{
	mbstate_t state = { 0 };
	char bytes[MB_LEN_MAX];

	while (w > 0 && row[w - 1].chars[0] == ' ' && !row[w - 1].chars[1])
		w--;
	for (int x = 0; x < w; x++)
		for (int i = 0; i < CLUSTER_CHARS && row[x].chars[i]; i++) {
			size_t n = wcrtomb(bytes, row[x].chars[i], &state);
			if (n != (size_t) -1)
				strbuf_add(out, bytes, n);
		}
	strbuf_addc(out, '\n');
}

void canvas_dump(struct strbuf *out)
{
	const struct screen *s = &canvas.before;

	for (int y = 0; y < s->h; y++)
		dump_row(out, s->cells + y * s->w, s->w);
}

/* ---- cells ---------------------------------------------------------------------------------------------- */

struct cell *cell_at(const struct area *a, int y, int x)
{
	if (y < 0 || x < 0 || y >= a->h || x >= a->w)
		return NULL;
	y += a->y;
	x += a->x;
	if (y < 0 || x < 0 || y >= canvas.now.h || x >= canvas.now.w)
		return NULL;
	return canvas.now.cells + y * canvas.now.w + x;
}

/* Half of a wide character goes: so does the other half. */
static void split(struct cell *cell)
{
	if (cell->width == 2)
		blank(cell + 1);
	else if (cell->width == 0)
		blank(cell - 1);
	blank(cell);
}

void cell_paint(struct cell *cell, const struct paint *paint, bool keep)
{
	const struct paint *ground = &cell->ground;

	if (paint->fg != PAINT_DEFAULT || !keep)
		cell->paint.fg = paint->fg;
	if (paint->bg != PAINT_DEFAULT || !keep)
		cell->paint.bg = paint->bg == PAINT_DEFAULT ? ground->bg : paint->bg;
	cell->paint.attributes = paint->attributes;
	if (cell->paint.bg != ground->bg)
		return;
	cell->paint.attributes |= ground->attributes & LOOK_UNDERLINE;
	if (ground->fg != PAINT_DEFAULT && (cell->paint.fg == PAINT_DEFAULT || ground->attributes & GROUND_RULES))
		cell->paint.fg = ground->fg;
	if (ground->attributes & LOOK_REVERSE) {
		/* Reversed on reversed is what stands out there. The bar has one colour: a foreground would be a patch. */
		cell->paint.attributes ^= LOOK_REVERSE;
		cell->paint.fg = PAINT_DEFAULT;
	}
}

void cell_put(const struct area *a, int y, int x, const struct cluster *c, const struct paint *paint)
{
	struct cell *cell = cell_at(a, y, x);
	struct cell *right = c->width == 2 ? cell_at(a, y, x + 1) : NULL;

	if (!cell)
		return;
	split(cell);
	cell_paint(cell, paint, false);
	if (c->width == 1) {
		memcpy(cell->chars, c->chars, sizeof(cell->chars));
	} else if (right) {
		split(right);
		cell_paint(right, paint, false);
		memcpy(cell->chars, c->chars, sizeof(cell->chars));
		cell->width = 2;
		right->chars[0] = 0;
		right->width = 0;
	}
}

void cell_char(const struct area *a, int y, int x, enum role role, wchar_t c)
{
	struct cluster one = { .chars = { glyph_for_terminal(c) }, .width = 1 };

	cell_put(a, y, x, &one, &canvas.roles[role]);
}

void area_clear(const struct area *a, enum role role)
{
	const struct paint *paint = &canvas.roles[role];

	spots_forget(a);
	for (int y = 0; y < a->h; y++)
		for (int x = 0; x < a->w; x++) {
			struct cell *cell = cell_at(a, y, x);
			if (!cell)
				continue;
			split(cell);
			cell->paint = *paint;
			cell->ground = *paint;
			cell->ground.attributes &= LOOK_REVERSE | LOOK_UNDERLINE;
		}
}
