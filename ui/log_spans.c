/* Colours of log lines. See log_spans.h. */
#include "ui/log_spans.h"

#include <string.h>

#define PARAMETERS_MAX 32

void log_spans_init(struct log_spans *s)
{
	*s = (struct log_spans){ .text = "", .plain = STRBUF_INIT(STRBUF_TEXT) };
}

void log_spans_free(struct log_spans *s)
{
	free(s->items);
	strbuf_free(&s->plain);
}

/* ---- one sequence -------------------------------------------------------------------------------- */

/* Empty ones are 0; `:` parts them as well as `;`. */
static int read_parameters(const char *sequence, size_t len, int *out)
{
	int count = 0, value = 0;

	for (size_t i = 2; i < len && count < PARAMETERS_MAX; i++) {
		char c = sequence[i];
		if (c >= '0' && c <= '9') {
			value = MIN(value * 10 + c - '0', 100000);
		} else {
			out[count++] = value;
			value = 0;
		}
	}
	return count;
}

/* What follows 38 or 48: 5;n or 2;r;g;b. Returns the parameters used. */
static int long_colour(const int *p, int count, struct colour *c)
{
	if (count >= 2 && p[0] == 5) {
		*c = (struct colour){ COLOUR_INDEX, p[1] & 0xff };
		return 2;
	}
	if (count >= 4 && p[0] == 2) {
		*c = (struct colour){ COLOUR_RGB, (p[1] & 0xff) << 16 | (p[2] & 0xff) << 8 | (p[3] & 0xff) };
		return 4;
	}
	return count;
}

static void attribute(struct look *look, int p)
{
	static const unsigned char bits[] = { 0, LOOK_BOLD, LOOK_DIM, LOOK_ITALIC, LOOK_UNDERLINE, 0, 0, LOOK_REVERSE };

	if (p == 0)
		*look = (struct look){ 0 };
	else if (p < 8)
		look->attributes |= bits[p];
	else if (p == 22)
		look->attributes &= ~(unsigned) (LOOK_BOLD | LOOK_DIM);
	else if (p >= 23 && p <= 27)
		look->attributes &= ~(unsigned) bits[p - 20];
}

static void short_colour(struct look *look, int p)
{
	int base = p % 10;

	if (p == 39)
		look->fg = (struct colour){ 0 };
	else if (p == 49)
		look->bg = (struct colour){ 0 };
	else if (base > 7)
		return;
	else if (p / 10 == 3 || p / 10 == 9)
		look->fg = (struct colour){ COLOUR_INDEX, base + (p >= 90 ? 8 : 0) };
	else if (p / 10 == 4 || p / 10 == 10)
		look->bg = (struct colour){ COLOUR_INDEX, base + (p >= 100 ? 8 : 0) };
}

bool log_sgr_apply(struct look *look, const char *sequence, size_t len)
{
	static const struct look none;
	int p[PARAMETERS_MAX], count = read_parameters(sequence, len, p);

	for (int i = 0; i < count; i++) {
		if (p[i] == 38 || p[i] == 48)
			i += long_colour(p + i + 1, count - i - 1, p[i] == 38 ? &look->fg : &look->bg);
		else if (p[i] < 30)
			attribute(look, p[i]);
		else
			short_colour(look, p[i]);
	}
	return look->fg.kind != none.fg.kind || look->bg.kind != none.bg.kind || look->attributes;
}

/* ---- a line ----------------------------------------------------------------------------------------- */

static void add_span(struct log_spans *s, bool coloured, const struct look *look)
{
	struct log_span *last = s->count ? &s->items[s->count - 1] : NULL;

	/* Sequences that follow each other make one span. */
	if (last && last->from == s->plain.len)
		s->count--;
	if (s->count == s->size) {
		size_t size = MAX(s->size * 2, (size_t) 8);
		struct log_span *items = realloc(s->items, size * sizeof(*items));
		if (!items)
			return;
		s->items = items;
		s->size = size;
	}
	s->items[s->count++] = (struct log_span){ s->plain.len, coloured, *look };
}

void log_spans_read(struct log_spans *s, const char *clean, size_t len, bool sgr)
{
	struct look look = { 0 };

	s->count = 0;
	strbuf_reset(&s->plain);
	add_span(s, false, &look);
	s->text = clean;
	s->len = len;
	if (!sgr)
		return;
	while (len) {
		const char *esc = memchr(clean, '\x1b', len);
		size_t n = esc ? (size_t) (esc - clean) : len;
		strbuf_add(&s->plain, clean, n);
		clean += n;
		len -= n;
		if (!len)
			break;
		n = log_sgr_len(clean, len);
		if (n)
			add_span(s, log_sgr_apply(&look, clean, n), &look);
		n = n ? n : 1;
		clean += n;
		len -= n;
	}
	s->text = s->plain.data;
	s->len = s->plain.len;
}
