/*
 * Values as pictures. See canvas.h.
 *
 * A graph is columns of dots: each way to draw says how many dots a cell has and which character shows them.
 */
#include <math.h>

#include "ui/canvas_priv.h"

/* The value of column `i` of `columns` over values[count]: the largest of those that fall into it, so that no peak is
 * lost; NAN if none was measured. */
static double column_value(const double *values, int count, int i, int columns)
{
	int from = (int) ((int64_t) i * count / columns);
	int to = MAX((int) ((int64_t) (i + 1) * count / columns), from + 1);
	double largest = NAN;

	for (int k = from; k < to && k < count; k++)
		if (!isnan(values[k]) && !(largest >= values[k]))
			largest = values[k];
	return largest;
}

static double largest_of(const double *values, int count)
{
	double max = 0;

	for (int i = 0; i < count; i++)
		if (values[i] > max)
			max = values[i];
	return max;
}

/* Dots of `height` for a value. The lowest are the axis, which is there where nothing was measured as well: a steady
 * line does not grow with every sample, and costs no byte. */
static int dots_for(double value, double max, int height)
{
	if (!(value > 0) || !(max > 0))
		return 1;
	double dots = floor(value / max * height + 0.5);
	return dots >= height ? height : MAX((int) dots, 1);
}

/* ---- ways to draw -------------------------------------------------------------------------------------- */

struct pen {
	int columns, rows; /* dots of a cell */
	/* dots from below in the left and the right column of a cell */
	wchar_t (*show)(int left, int right);
};

/* Dots of a braille cell from below: left column 7 3 2 1, right column 8 6 5 4 (bit n-1). */
static wchar_t show_braille(int left, int right)
{
	static const uint8_t lefts[] = { 0, 0x40, 0x44, 0x46, 0x47 };
	static const uint8_t rights[] = { 0, 0x80, 0xa0, 0xb0, 0xb8 };

	return left || right ? 0x2800 + lefts[left] + rights[right] : L' ';
}

static wchar_t show_halves(int dots, int right UNUSED)
{
	return L" ▄█"[dots];
}

static wchar_t show_ascii(int dots, int right UNUSED)
{
	return L" .:|"[dots];
}

static const struct pen *pen_for_terminal(void)
{
	static const struct pen pens[] = {
		[GLYPHS_UNICODE] = { 2, 4, show_braille },
		[GLYPHS_ASCII] = { 1, 3, show_ascii },
		[GLYPHS_CONSOLE] = { 1, 2, show_halves },
	};

	return &pens[canvas_glyphs()];
}

static int clamp(int n, int max)
{
	return n < 0 ? 0 : MIN(n, max);
}

void draw_graph(const struct area *a, enum role role, const double *values, int count, double max)
{
	const struct pen *pen = pen_for_terminal();
	int columns = a->w * pen->columns, height = a->h * pen->rows;

	if (count <= 0 || columns <= 0 || height <= 0)
		return;
	if (!(max > 0))
		max = largest_of(values, count);
	for (int x = 0; x < a->w; x++) {
		int left = dots_for(column_value(values, count, x * pen->columns, columns), max, height);
		int right = dots_for(column_value(values, count, (x + 1) * pen->columns - 1, columns), max, height);
		for (int y = 0; y < a->h; y++) {
			int below = (a->h - 1 - y) * pen->rows;
			wchar_t c = pen->show(clamp(left - below, pen->rows), clamp(right - below, pen->rows));
			if (c != L' ')
				cell_char(a, y, x, role, c);
		}
	}
}

#define SPARK_LEVELS 8

void draw_spark(const struct area *a, int y, int x, int width, enum role role, const double *values, int count)
{
	double max = largest_of(values, count);

	if (count <= 0)
		return;
	/* Never wider than there are values: a spark of three seconds is three cells at the right. */
	int used = MIN(width, count);
	x += width - used;
	for (int i = 0; i < used; i++) {
		double value = column_value(values, count, i, used);
		if (!isnan(value))
			cell_char(a, y, x + i, role, 0x2580 + dots_for(value, max, SPARK_LEVELS));
	}
}
