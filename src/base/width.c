/* Widths of characters. See width.h. */
#include "base/width.h"

#include "base/attr.h"
#include "base/bytes.h"

#define REPLACEMENT 0xfffd

struct range {
	uint32_t first, last;
};

static const struct range invisible[] = {
	{ 0x034f, 0x034f },   { 0x061c, 0x061c },   { 0x180e, 0x180e },
	{ 0x200b, 0x200f },   /* zero width space, ZWNJ, ZWJ, direction marks */
	{ 0x202a, 0x202e },   { 0x2060, 0x206f },   /* bidirectional embedding, isolates */
	{ 0x20e3, 0x20e3 },   { 0xfe00, 0xfe0f },   /* variation selectors */
	{ 0xfeff, 0xfeff },   { 0xfff9, 0xfffb },   /* annotations */
	{ 0x1f3fb, 0x1f3ff }, /* skin tones */
	{ 0xe0000, 0xe007f }, /* tags */
	{ 0xe0100, 0xe01ef },
};

static const struct range marks[] = {
	{ 0x0300, 0x036f }, { 0x0483, 0x0489 }, { 0x0591, 0x05bd }, { 0x064b, 0x065f }, { 0x1160, 0x11ff },
	{ 0x1ab0, 0x1aff }, { 0x1dc0, 0x1dff }, { 0x20d0, 0x20ff }, { 0xfe20, 0xfe2f },
};

static const struct range wide[] = {
	{ 0x1100, 0x115f },   { 0x231a, 0x231b },   { 0x23e9, 0x23ec },	  { 0x25fd, 0x25fe },	{ 0x2614, 0x2615 },
	{ 0x26a1, 0x26a1 },   { 0x2705, 0x2705 },   { 0x270a, 0x270b },	  { 0x2728, 0x2728 },	{ 0x274c, 0x274c },
	{ 0x2753, 0x2757 },   { 0x2795, 0x2797 },   { 0x2b1b, 0x2b1c },	  { 0x2e80, 0x303e },	{ 0x3041, 0xa4cf },
	{ 0xa960, 0xa97f },   { 0xac00, 0xd7a3 },   { 0xf900, 0xfaff },	  { 0xfe30, 0xfe6f },	{ 0xff00, 0xff60 },
	{ 0xffe0, 0xffe6 },   { 0x1f300, 0x1f64f }, { 0x1f680, 0x1f6ff }, { 0x1f900, 0x1f9ff }, { 0x1fa70, 0x1faff },
	{ 0x20000, 0x3fffd },
};

/* Ranges are in their order. */
static bool within(const struct range *ranges, size_t count, uint32_t c)
{
	for (size_t i = 0; i < count && c >= ranges[i].first; i++)
		if (c <= ranges[i].last)
			return true;
	return false;
}

size_t utf8_decode(const char *text, size_t len, uint32_t *out)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	size_t n = utf8_len(text, len);

	if (!n) {
		*out = REPLACEMENT;
		return 1;
	}
	uint32_t c = (uint8_t) text[0] & first_bits[n];
	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((uint8_t) text[i] & 0x3f);
	*out = c;
	return n;
}

bool char_is_invisible(uint32_t c)
{
	return within(invisible, ARRAY_LEN(invisible), c);
}

bool char_is_mark(uint32_t c)
{
	return within(marks, ARRAY_LEN(marks), c);
}

int char_width(uint32_t c)
{
	if (c < marks[0].first)
		return 1;
	return char_is_invisible(c) || char_is_mark(c) ? 0 : within(wide, ARRAY_LEN(wide), c) ? 2 : 1;
}
