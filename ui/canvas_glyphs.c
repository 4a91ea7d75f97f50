/* Glyphs, and what stands for them on terminals that have fewer. */
#include <stdlib.h>

#include "base/clock.h"
#include "ui/canvas_priv.h"

static const struct {
	const char *unicode, *ascii, *console;
} glyphs[] = {
	[GLYPH_UP] = { "●", "*", "•" },
	[GLYPH_BUSY] = { "◐", "o", "o" },
	[GLYPH_DOWN] = { "✖", "x", "x" },
	[GLYPH_OPEN] = { "▾", "v", "▼" },
	[GLYPH_CLOSED] = { "▸", ">", "►" },
	[GLYPH_CURSOR] = { "▌", ">", "▌" },
	[GLYPH_CHECK] = { "✔", "+", "√" },
	[GLYPH_CROSS] = { "✖", "x", "x" },
	[GLYPH_ENTER] = { "↵", "Enter", "Enter" },
	[GLYPH_MARK] = { "◆", "#", "♦" },
	[GLYPH_ELLIPSIS] = { "…", "~", "~" },
	[GLYPH_DOT] = { "·", "-", "·" },
	[GLYPH_SORT_DOWN] = { "↓", "v", "↓" },
	[GLYPH_SORT_UP] = { "↑", "^", "↑" },
	[GLYPH_STAR] = { "★", "*", "*" },
	[GLYPH_DASH] = { "—", "-", "─" },
};

const char *glyph(enum glyph g)
{
	switch (canvas_glyphs()) {
	case GLYPHS_ASCII:
		return glyphs[g].ascii;
	case GLYPHS_CONSOLE:
		return glyphs[g].console;
	default:
		return glyphs[g].unicode;
	}
}

#define SPINNER_MS 120

const char *spinner(void)
{
	static const char *const dots[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };
	static const char *const bars[] = { "|", "/", "-", "\\" };
	size_t turn = (size_t) (clock_ms() / SPINNER_MS);

	if (canvas_glyphs() == GLYPHS_UNICODE)
		return dots[turn % ARRAY_LEN(dots)];
	return bars[turn % ARRAY_LEN(bars)];
}

/* In order of the character, for bsearch(). `console` 0: the same as in ASCII. */
static const struct stand_in {
	wchar_t c;
	char ascii;
	wchar_t console;
} stand_ins[] = {
	{ 0x00a6, '|', 0 }, /* ¦ */
	{ 0x00a9, 'c', 0 }, /* © */
	{ 0x00ab, '<', 0x00ab }, /* « */
	{ 0x00b0, 'o', 0x00b0 }, /* ° */
	{ 0x00b1, '+', 0x00b1 }, /* ± */
	{ 0x00b5, 'u', 0x00b5 }, /* µ */
	{ 0x00b7, '-', 0x00b7 }, /* · */
	{ 0x00bb, '>', 0x00bb }, /* » */
	{ 0x00d7, 'x', 'x' }, /* × */
	{ 0x2010, '-', 0 },
	{ 0x2011, '-', 0 },
	{ 0x2012, '-', 0 },
	{ 0x2013, '-', 0 }, /* – */
	{ 0x2014, '-', 0x2500 }, /* — */
	{ 0x2015, '-', 0 },
	{ 0x2018, '\'', 0 },
	{ 0x2019, '\'', 0 },
	{ 0x201a, ',', 0 },
	{ 0x201c, '"', 0 },
	{ 0x201d, '"', 0 },
	{ 0x201e, '"', 0 },
	{ 0x2022, '*', 0x2022 }, /* • */
	{ 0x2026, '~', 0 }, /* … */
	{ 0x2032, '\'', 0 },
	{ 0x2033, '"', 0 },
	{ 0x2039, '<', 0 }, /* ‹ */
	{ 0x203a, '>', 0 }, /* › */
	{ 0x2190, '<', 0x2190 }, /* ← */
	{ 0x2191, '^', 0x2191 },
	{ 0x2192, '>', 0x2192 },
	{ 0x2193, 'v', 0x2193 },
	{ 0x2194, '-', 0x2194 },
	{ 0x2195, '|', 0x2195 },
	{ 0x21b5, '<', 0x2190 }, /* ↵ */
	{ 0x21bb, '@', 0 }, /* ↻ */
	{ 0x2212, '-', 0 }, /* − */
	{ 0x221a, '+', 0x221a }, /* √ */
	{ 0x2248, '~', 0x2248 },
	{ 0x2260, '#', 0 },
	{ 0x2264, '<', 0x2264 },
	{ 0x2265, '>', 0x2265 },
	{ 0x25a0, '#', 0x25a0 }, /* ■ */
	{ 0x25a1, 'o', 0 },
	{ 0x25a3, '#', 0x25a0 }, /* ▣ */
	{ 0x25aa, '*', 0x25a0 },
	{ 0x25b2, '^', 0x25b2 }, /* ▲ */
	{ 0x25b6, '>', 0x25ba },
	{ 0x25b8, '>', 0x25ba }, /* ▸ */
	{ 0x25ba, '>', 0x25ba },
	{ 0x25bc, 'v', 0x25bc },
	{ 0x25be, 'v', 0x25bc }, /* ▾ */
	{ 0x25c0, '<', 0x25c4 },
	{ 0x25c2, '<', 0x25c4 }, /* ◂ */
	{ 0x25c4, '<', 0x25c4 },
	{ 0x25c6, '#', 0x2666 }, /* ◆ */
	{ 0x25c7, 'o', 0 },
	{ 0x25cb, 'o', 0 }, /* ○ */
	{ 0x25cf, '*', 0x2022 }, /* ● */
	{ 0x25d0, 'o', 0 }, /* ◐ */
	{ 0x2605, '*', 0 }, /* ★ */
	{ 0x2606, '*', 0 },
	{ 0x2666, '#', 0x2666 },
	{ 0x26a0, '!', 0 }, /* ⚠ */
	{ 0x2713, '+', 0x221a },
	{ 0x2714, '+', 0x221a }, /* ✔ */
	{ 0x2715, 'x', 0 },
	{ 0x2716, 'x', 0 }, /* ✖ */
	{ 0x2717, 'x', 0 },
	{ 0x2718, 'x', 0 },
	{ 0x27e8, '<', 0 }, /* ⟨ */
	{ 0x27e9, '>', 0 },
	{ 0x2937, '>', 0 }, /* ⤷ */
};

static int compare(const void *key, const void *row)
{
	wchar_t c = *(const wchar_t *) key, at = ((const struct stand_in *) row)->c;

	return (c > at) - (c < at);
}

/* Box drawing by shape: lines keep their direction, everything else is a corner or crossing. */
static char ascii_line(wchar_t c)
{
	static const wchar_t horizontal[] = { 0x2500, 0x2501, 0x2504, 0x2505, 0x2508, 0x2509, 0x254c, 0x254d, 0x2550,
					      0x2574, 0x2576, 0x2578, 0x257a, 0x257c, 0x257e };
	static const wchar_t vertical[] = { 0x2502, 0x2503, 0x2506, 0x2507, 0x250a, 0x250b, 0x254e, 0x254f, 0x2551,
					    0x2575, 0x2577, 0x2579, 0x257b, 0x257d, 0x257f };

	for (size_t i = 0; i < ARRAY_LEN(horizontal); i++) {
		if (c == horizontal[i])
			return '-';
		if (c == vertical[i])
			return '|';
	}
	return '+';
}

/* Blocks: the eighths from below as a scale, from the left as a bar. */
static char ascii_block(wchar_t c)
{
	static const char scale[] = "_.-=+*%#";

	if (c >= 0x2581 && c <= 0x2588)
		return scale[c - 0x2581];
	if (c >= 0x2589 && c <= 0x258f)
		return '|';
	return c == 0x2590 || c == 0x2595 ? '|' : '#';
}

/* The console's font has single and double lines and halves; heavy and rounded ones become these. */
static wchar_t console_line(wchar_t c)
{
	switch (c) {
	case 0x256d: return 0x250c; /* ╭ */
	case 0x256e: return 0x2510;
	case 0x256f: return 0x2518;
	case 0x2570: return 0x2514;
	case 0x2501: return 0x2550; /* ━ */
	case 0x2503: return 0x2551;
	case 0x250f: return 0x2554;
	case 0x2513: return 0x2557;
	case 0x2517: return 0x255a;
	case 0x251b: return 0x255d;
	case 0x2581: case 0x2582: return '_';
	case 0x2583: case 0x2584: case 0x2585: return 0x2584; /* ▄ */
	case 0x2586: case 0x2587: return 0x2588;
	case 0x2589: case 0x258a: return 0x2588;
	case 0x258b: case 0x258d: return 0x258c;
	case 0x258e: case 0x258f: return 0x2502; /* ▏ */
	default: return c;
	}
}

wchar_t glyph_for_terminal(wchar_t c)
{
	/* À to ÿ without their accents */
	static const char letters[] = "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty";
	enum canvas_glyphs mode = canvas_glyphs();

	if (c < 0x80 || mode == GLYPHS_UNICODE)
		return c;
	if (c >= 0x2500 && c <= 0x259f) {
		if (mode == GLYPHS_CONSOLE)
			return console_line(c);
		return c < 0x2580 ? ascii_line(c) : ascii_block(c);
	}
	if (mode == GLYPHS_ASCII && c >= 0xc0 && c <= 0xff)
		return letters[c - 0xc0];
	const struct stand_in *found = bsearch(&c, stand_ins, ARRAY_LEN(stand_ins), sizeof(*stand_ins), compare);
	if (found)
		return mode == GLYPHS_CONSOLE && found->console ? found->console : found->ascii;
	return mode == GLYPHS_CONSOLE ? c : '?';
}
