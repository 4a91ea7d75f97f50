/*
 * Text as cells. See canvas_priv.h.
 *
 * Terminals disagree about what joins into one picture: emoji with ZWJ, skin tones, flags, variation selectors. A
 * border stands straight only if nobody has to guess, so the parts are drawn one by one and what only asks to join is
 * dropped. Nor does anything pass that acts instead of showing: controls, direction marks, what is not assigned.
 */
#include "ui/canvas_priv.h"

#include "base/width.h"

#define REPLACEMENT 0xfffd

static bool within(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

/* A character that is drawn alone, or the picture of one that must not be sent. */
static wchar_t harmless(uint32_t c)
{
	if (c == '\t')
		return ' ';
	if (c < 0x20)
		return (wchar_t) (0x2400 + c);
	if (c == 0x7f)
		return 0x2421;
	if (within(c, 0x80, 0x9f) || c == 0x2028 || c == 0x2029)
		return REPLACEMENT;
	if (c == 0xa0 || within(c, 0x2000, 0x200a) || c == 0x202f || c == 0x205f)
		return ' '; /* spaces that not every font has */
	if (c == 0xad)
		return '-';
	if (within(c, 0x1f1e6, 0x1f1ff))
		return (wchar_t) ('A' + (c - 0x1f1e6)); /* half a flag */
	return (wchar_t) c;
}

static bool only_ascii(void)
{
	return canvas_glyphs() == GLYPHS_ASCII;
}

/* Not every locale knows. */
static bool is_mark(uint32_t c)
{
	return char_is_mark(c) || wcwidth((wchar_t) c) == 0;
}

/* Korean in parts becomes the syllable: leading consonant + vowel, then + final consonant. 0: they do not make one. */
static wchar_t hangul(wchar_t first, uint32_t c)
{
	uint32_t a = (uint32_t) first;

	if (within(a, 0x1100, 0x1112) && within(c, 0x1161, 0x1175))
		return (wchar_t) (0xac00 + ((a - 0x1100) * 21 + (c - 0x1161)) * 28);
	if (within(a, 0xac00, 0xd7a3) && (a - 0xac00) % 28 == 0 && within(c, 0x11a8, 0x11c2))
		return (wchar_t) (a + (c - 0x11a7));
	return 0;
}

/* Appends marks and eats what is dropped behind the character. Returns the bytes. */
static size_t take_marks(struct cluster *out, const char *text, size_t len)
{
	size_t pos = 0;

	for (int count = 1; pos < len;) {
		uint32_t c;
		if ((uint8_t) text[pos] < 0x80)
			break;
		size_t n = utf8_decode(text + pos, len - pos, &c);
		if (!char_is_invisible(c)) {
			wchar_t syllable = hangul(out->chars[0], c);
			if (!is_mark(c))
				break;
			if (syllable)
				out->chars[0] = syllable;
			else if (count < CLUSTER_CHARS && !only_ascii() && wcwidth((wchar_t) c) == 0)
				out->chars[count++] = (wchar_t) c;
		}
		pos += n;
	}
	return pos;
}

/* The character itself, where wcwidth() knows it and the terminal has it. */
static void take_base(struct cluster *out, uint32_t c)
{
	wchar_t shown = glyph_for_terminal(harmless(c));
	int width = shown < 0x7f ? 1 : wcwidth(shown);

	if (width == 0) { /* a mark with nothing before it */
		out->chars[0] = ' ';
		out->chars[1] = shown;
		out->width = 1;
		return;
	}
	if (width < 0) {
		shown = only_ascii() ? '?' : REPLACEMENT;
		width = 1;
	}
	out->chars[0] = shown;
	out->width = width;
}

struct cluster cluster_next(const char *text, size_t len)
{
	struct cluster out = { .bytes = 1 };
	uint8_t first = (uint8_t) text[0];
	uint32_t c;

	if (first >= 0x20 && first < 0x7f) {
		out.chars[0] = first;
		out.width = 1;
		/* What follows is nearly always ASCII too. */
		if (len > 1 && (uint8_t) text[1] >= 0x80)
			out.bytes += take_marks(&out, text + 1, len - 1);
		return out;
	}
	out.bytes = utf8_decode(text, len, &c);
	if (char_is_invisible(c))
		return out;
	take_base(&out, c);
	out.bytes += take_marks(&out, text + out.bytes, len - out.bytes);
	return out;
}

int text_width(const char *text, size_t len)
{
	int width = 0;

	for (size_t pos = 0; pos < len;) {
		struct cluster c = cluster_next(text + pos, len - pos);
		width += c.width;
		pos += c.bytes;
	}
	return width;
}

size_t text_fit(const char *text, size_t len, int width, int *used)
{
	size_t pos = 0;
	int cells = 0;

	while (pos < len) {
		struct cluster c = cluster_next(text + pos, len - pos);
		if (cells + c.width > width)
			break;
		cells += c.width;
		pos += c.bytes;
	}
	if (used)
		*used = cells;
	return pos;
}
