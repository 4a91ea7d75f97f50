#include "command/columns.h"

#include <string.h>

#include "base/bytes.h"

#define GAP 2
#define ELLIPSIS "\xe2\x80\xa6"

/* ---- width of text ------------------------------------------------------------------ */

/* Without a locale, which would take longer to load than most commands take. Only what matters: East Asian wide
 * characters, emoji, and marks that combine with what stands before. */
static const struct {
	unsigned first, last;
	int width;
} widths[] = {
	{ 0x0300, 0x036f, 0 },	 { 0x0483, 0x0489, 0 },	  { 0x0591, 0x05bd, 0 },   { 0x064b, 0x065f, 0 },
	{ 0x1100, 0x115f, 2 },	 { 0x1ab0, 0x1aff, 0 },	  { 0x1dc0, 0x1dff, 0 },   { 0x200b, 0x200f, 0 },
	{ 0x202a, 0x202e, 0 },	 { 0x2060, 0x2064, 0 },	  { 0x20d0, 0x20ff, 0 },   { 0x231a, 0x231b, 2 },
	{ 0x23e9, 0x23ec, 2 },	 { 0x25fd, 0x25fe, 2 },	  { 0x2614, 0x2615, 2 },   { 0x26a1, 0x26a1, 2 },
	{ 0x2705, 0x2705, 2 },	 { 0x270a, 0x270b, 2 },	  { 0x2728, 0x2728, 2 },   { 0x274c, 0x274c, 2 },
	{ 0x2753, 0x2757, 2 },	 { 0x2795, 0x2797, 2 },	  { 0x2b1b, 0x2b1c, 2 },   { 0x2e80, 0x303e, 2 },
	{ 0x3041, 0xa4cf, 2 },	 { 0xa960, 0xa97f, 2 },	  { 0xac00, 0xd7a3, 2 },   { 0xf900, 0xfaff, 2 },
	{ 0xfe00, 0xfe0f, 0 },	 { 0xfe20, 0xfe2f, 0 },	  { 0xfe30, 0xfe6f, 2 },   { 0xff00, 0xff60, 2 },
	{ 0xffe0, 0xffe6, 2 },	 { 0x1f300, 0x1f64f, 2 }, { 0x1f680, 0x1f6ff, 2 }, { 0x1f900, 0x1f9ff, 2 },
	{ 0x1fa70, 0x1faff, 2 }, { 0x20000, 0x3fffd, 2 }, { 0xe0100, 0xe01ef, 0 },
};

static unsigned code_point(const char *s, size_t len)
{
	static const unsigned char lead[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	unsigned c = (unsigned char) s[0] & lead[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((unsigned char) s[i] & 0x3f);
	return c;
}

static int width_of(const char *s, size_t len)
{
	unsigned c = code_point(s, len);

	for (size_t i = 0; c >= widths[0].first && i < ARRAY_LEN(widths); i++)
		if (c >= widths[i].first && c <= widths[i].last)
			return widths[i].width;
	return 1;
}

int column_width(const char *s, size_t len)
{
	int width = 0;

	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(s + i, len - i);
		width += n ? width_of(s + i, n) : 1;
		i += n ? n : 1;
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
		size_t n = utf8_len(s + fits, len - fits);
		int w = n ? width_of(s + fits, n) : 1;
		if (used + w > width - 1)
			break;
		used += w;
		fits += n ? n : 1;
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
