/* Colours: read, and brought down to what a terminal has. See theme.h and canvas_priv.h. */
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/canvas_priv.h"

/* ---- names ------------------------------------------------------------------------------------------------ */

static bool is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(text, word, len);
}

static int named(const char *text, size_t len)
{
	static const char *const names[] = { "black", "red", "green", "yellow", "blue", "magenta", "cyan", "white" };
	static const char bright[] = "bright-";
	int from = 0;

	if (len > strlen(bright) && !memcmp(text, bright, strlen(bright))) {
		text += strlen(bright);
		len -= strlen(bright);
		from = 8;
	}
	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (is_word(text, len, names[i]))
			return from + (int) i;
	return -1;
}

static bool hex_colour(const char *text, size_t len, int *rgb)
{
	static const char digits[] = "0123456789abcdef";

	*rgb = 0;
	if (len != 7 || *text != '#')
		return false;
	for (size_t i = 1; i < len; i++) {
		char c = text[i] >= 'A' && text[i] <= 'F' ? (char) (text[i] + 32) : text[i];
		const char *at = c ? strchr(digits, c) : NULL;
		if (!at)
			return false;
		*rgb = *rgb << 4 | (int) (at - digits);
	}
	return true;
}

bool colour_parse(struct colour *colour, const char *text, size_t len)
{
	int value = named(text, len);

	if (is_word(text, len, "default")) {
		*colour = (struct colour){ COLOUR_DEFAULT, 0 };
		return true;
	}
	if (value >= 0) {
		*colour = (struct colour){ COLOUR_INDEX, value };
		return true;
	}
	if (hex_colour(text, len, &value)) {
		*colour = (struct colour){ COLOUR_RGB, value };
		return true;
	}
	value = 0;
	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9' || i >= 3)
			return false;
		value = value * 10 + (text[i] - '0');
	}
	*colour = (struct colour){ COLOUR_INDEX, value };
	return len > 0 && value <= 255;
}

/* ---- fewer colours ---------------------------------------------------------------------------------------------- */

static int red(int rgb)
{
	return rgb >> 16 & 0xff;
}

static int green(int rgb)
{
	return rgb >> 8 & 0xff;
}

static int blue(int rgb)
{
	return rgb & 0xff;
}

static int brightest(int rgb)
{
	return MAX(red(rgb), MAX(green(rgb), blue(rgb)));
}

static int darkest(int rgb)
{
	return MIN(red(rgb), MIN(green(rgb), blue(rgb)));
}

/* Too pale to be told by its hue. */
static bool is_grey(int rgb)
{
	return brightest(rgb) - darkest(rgb) < 40;
}

int colour_to_8(int rgb)
{
	int low = darkest(rgb), high = brightest(rgb);
	/* Pastel or deep: the hue is what a theme means. Orange counts as yellow, sky blue as blue. */
	int limit = low + (high - low) * (high == blue(rgb) ? 6 : 5) / 10;

	if (is_grey(rgb))
		return (low + high) / 2 >= 0x80 ? 7 : 0;
	return (red(rgb) > limit) | (green(rgb) > limit) << 1 | (blue(rgb) > limit) << 2;
}

static const int cube_steps[] = { 0, 95, 135, 175, 215, 255 };

static int nearest_step(int value)
{
	int best = 0;

	for (int i = 1; i < (int) ARRAY_LEN(cube_steps); i++)
		if (abs(value - cube_steps[i]) < abs(value - cube_steps[best]))
			best = i;
	return best;
}

static int distance(int a, int b)
{
	int r = red(a) - red(b), g = green(a) - green(b), bl = blue(a) - blue(b);

	return r * r + g * g + bl * bl;
}

int colour_of_256(int index)
{
	/* xterm's; the first sixteen are anybody's */
	static const int standard[] = { 0x000000, 0xcd0000, 0x00cd00, 0xcdcd00, 0x0000ee, 0xcd00cd, 0x00cdcd, 0xe5e5e5,
					0x7f7f7f, 0xff0000, 0x00ff00, 0xffff00, 0x5c5cff, 0xff00ff, 0x00ffff, 0xffffff };

	if (index < 16)
		return standard[index];
	if (index >= 232)
		return (8 + 10 * (index - 232)) * 0x010101;
	index -= 16;
	return cube_steps[index / 36] << 16 | cube_steps[index / 6 % 6] << 8 | cube_steps[index % 6];
}

int colour_to_256(int rgb)
{
	int cube = 16 + 36 * nearest_step(red(rgb)) + 6 * nearest_step(green(rgb)) + nearest_step(blue(rgb));
	int average = (red(rgb) + green(rgb) + blue(rgb)) / 3;
	int grey = 232 + MIN(MAX((average - 3) / 10, 0), 23);

	return distance(rgb, colour_of_256(grey)) < distance(rgb, colour_of_256(cube)) ? grey : cube;
}

/* ---- looks ------------------------------------------------------------------------------------------------------ */

/* For 256 colours and more. */
static int32_t reduce_colour(const struct colour *c, enum depth depth)
{
	if (c->kind == COLOUR_DEFAULT)
		return PAINT_DEFAULT;
	if (c->kind == COLOUR_INDEX)
		return c->value;
	return depth == DEPTH_TRUE ? PAINT_RGB | c->value : colour_to_256(c->value);
}

/* One of eight for text. Greys are the terminal's own colour, since black or white may be what lies behind. */
static int32_t foreground_of_8(const struct colour *c, bool on_default, uint8_t *attributes)
{
	if (c->kind == COLOUR_DEFAULT)
		return PAINT_DEFAULT;
	if (c->kind == COLOUR_INDEX && c->value < 8)
		return c->value;
	int rgb = c->kind == COLOUR_RGB ? c->value : colour_of_256(c->value);
	if (is_grey(rgb) && on_default) {
		if (darkest(rgb) >= 0x40 && brightest(rgb) < 0xc0)
			*attributes |= LOOK_DIM;
		return PAINT_DEFAULT;
	}
	if (c->kind == COLOUR_INDEX && c->value < 16)
		*attributes |= LOOK_BOLD;
	return colour_to_8(rgb);
}

/* PAINT_DEFAULT also for shades that would not be seen any more, nearly black or white. */
static int32_t background_of_8(const struct colour *c)
{
	if (c->kind == COLOUR_DEFAULT)
		return PAINT_DEFAULT;
	if (c->kind == COLOUR_INDEX && c->value < 8)
		return c->value;
	int rgb = c->kind == COLOUR_RGB ? c->value : colour_of_256(c->value);
	if (is_grey(rgb) || brightest(rgb) < 0x70 || darkest(rgb) > 0x90)
		return PAINT_DEFAULT;
	return colour_to_8(rgb);
}

static struct paint reduce_to_8(const struct look *look, unsigned mono_attributes)
{
	struct paint out = { .attributes = (uint8_t) look->attributes };

	out.bg = background_of_8(&look->bg);
	if (out.bg == PAINT_DEFAULT && look->bg.kind != COLOUR_DEFAULT) {
		out.attributes |= (uint8_t) mono_attributes;
		out.fg = PAINT_DEFAULT;
		if (mono_attributes & LOOK_REVERSE)
			return out;
	}
	out.fg = foreground_of_8(&look->fg, out.bg == PAINT_DEFAULT, &out.attributes);
	return out;
}

struct paint paint_reduce(const struct look *look, enum depth depth, unsigned mono_attributes)
{
	switch (depth) {
	case DEPTH_MONO:
		return (struct paint){ PAINT_DEFAULT, PAINT_DEFAULT, (uint8_t) mono_attributes };
	case DEPTH_8:
	case DEPTH_16:
		return reduce_to_8(look, mono_attributes);
	default:
		return (struct paint){ reduce_colour(&look->fg, depth), reduce_colour(&look->bg, depth),
				       (uint8_t) look->attributes };
	}
}
