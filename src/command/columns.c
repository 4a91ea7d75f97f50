#include "command/columns.h"

#include <string.h>

#include "base/bytes.h"
#include "base/width.h"

#define GAP 2
#define ELLIPSIS "\xe2\x80\xa6"

/* ---- width of text ------------------------------------------------------------------ */

int column_width(const char *s, size_t len)
{
	int width = 0;

	for (size_t i = 0; i < len;) {
		uint32_t c;
		i += utf8_decode(s + i, len - i, &c);
		width += char_width(c);
	}
	return width;
}

void text_add_cut(struct strbuf *sb, const char *s, int width)
{
	size_t len = strlen(s), fits = 0;
	int used = 0;

	if (column_width(s, len) <= width) {
		strbuf_add(sb, s, len);
		return;
	}
	while (fits < len) {
		uint32_t c;
		size_t n = utf8_decode(s + fits, len - fits, &c);
		if (used + char_width(c) > width - 1)
			break;
		used += char_width(c);
		fits += n;
	}
	strbuf_add(sb, s, fits);
	if (width > 0)
		strbuf_adds(sb, ELLIPSIS);
}

/* ---- filling --------------------------------------------------------------------------- */

void columns_init(struct columns *c, const struct column *spec)
{
	*c = (struct columns){ .spec = spec };
	while (spec[c->count].title)
		c->count++;
}

void columns_free(struct columns *c)
{
	strlist_free(&c->cells);
}

void columns_add(struct columns *c, const char *text)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_TEXT);

	if (str_blank(text))
		text = "-";
	text_add_safe(&safe, text, strlen(text), false);
	if (!c->failed)
		c->failed = strbuf_check(&safe, NULL);
	if (!c->failed)
		c->failed = strlist_add(&c->cells, safe.data, NULL);
}

void columns_addf(struct columns *c, const char *fmt, ...)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	va_start(ap, fmt);
	strbuf_addv(&sb, fmt, ap);
	va_end(ap);
	columns_add(c, sb.data);
}

/* ---- fitting --------------------------------------------------------------------------- */

static int total(const int *widths_of, size_t count)
{
	int sum = -GAP;

	for (size_t i = 0; i < count; i++)
		if (widths_of[i])
			sum += widths_of[i] + GAP;
	return sum;
}

/* Columns that are left out have no width. */
static void measure(const struct columns *c, const bool *dropped, int *widths_of)
{
	for (size_t i = 0; i < c->count; i++)
		widths_of[i] = dropped[i] ? 0 : (int) strlen(c->spec[i].title);
	for (size_t i = 0; i < c->cells.count; i++) {
		int w = column_width(c->cells.items[i], strlen(c->cells.items[i]));
		if (!dropped[i % c->count])
			widths_of[i % c->count] = MAX(widths_of[i % c->count], w);
	}
}

/* Takes from the widest of those that may be cut, so that none is cut while a wider one is whole. */
static bool cut_widest(const struct columns *c, int *widths_of)
{
	size_t widest = c->count;

	for (size_t i = 0; i < c->count; i++)
		if (c->spec[i].least && widths_of[i] > c->spec[i].least &&
		    (widest == c->count || widths_of[i] > widths_of[widest]))
			widest = i;
	if (widest == c->count)
		return false;
	widths_of[widest]--;
	return true;
}

static bool drop_one(const struct columns *c, bool *dropped)
{
	size_t victim = c->count;

	for (size_t i = 0; i < c->count; i++)
		if (!dropped[i] && c->spec[i].drop && (victim == c->count || c->spec[i].drop > c->spec[victim].drop))
			victim = i;
	if (victim == c->count)
		return false;
	dropped[victim] = true;
	return true;
}

static void fit(const struct columns *c, bool *dropped, int *widths_of, int width)
{
	do {
		measure(c, dropped, widths_of);
		while (width > 0 && total(widths_of, c->count) > width && cut_widest(c, widths_of))
			;
	} while (width > 0 && total(widths_of, c->count) > width && drop_one(c, dropped));
}

/* ---- printing ---------------------------------------------------------------------------- */

static void add_cell(struct strbuf *out, const struct column *col, const char *text, int width, bool last)
{
	AUTO_STRBUF cut = STRBUF_INIT(STRBUF_TEXT);

	text_add_cut(&cut, text, width);
	int pad = MAX(width - column_width(cut.data, cut.len), 0);
	if (col->right)
		strbuf_addf(out, "%*s", pad, "");
	strbuf_add(out, cut.data, cut.len);
	if (!col->right && !last)
		strbuf_addf(out, "%*s", pad, "");
	if (!last)
		strbuf_addf(out, "%*s", GAP, "");
}

static void add_row(const struct columns *c, struct strbuf *out, const int *widths_of, char *const *cells)
{
	size_t last = 0;

	for (size_t i = 0; i < c->count; i++)
		if (widths_of[i])
			last = i;
	for (size_t i = 0; i < c->count; i++)
		if (widths_of[i])
			add_cell(out, &c->spec[i], cells ? cells[i] : c->spec[i].title, widths_of[i], i == last);
	while (out->len && out->data[out->len - 1] == ' ')
		strbuf_truncate(out, out->len - 1);
	strbuf_addc(out, '\n');
}

af_code columns_print(struct columns *c, struct strbuf *out, int width, struct af_error *err)
{
	AUTO_FREE int *widths_of = calloc(c->count + 1, sizeof(*widths_of));
	AUTO_FREE bool *dropped = calloc(c->count + 1, sizeof(*dropped));

	if (!widths_of || !dropped || c->failed)
		return error_nomem(err);
	fit(c, dropped, widths_of, width);
	add_row(c, out, widths_of, NULL);
	for (size_t i = 0; i + c->count <= c->cells.count; i += c->count)
		add_row(c, out, widths_of, c->cells.items + i);
	return strbuf_check(out, err);
}
