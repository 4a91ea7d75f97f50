/* Text in rows. See result.h. */
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/result.h"

void pager_set(struct pager *p, const char *text, size_t len)
{
	pager_free(p);
	p->text = text;
	p->len = MIN(len, (size_t) UINT32_MAX);
}

void pager_free(struct pager *p)
{
	free(p->starts);
	*p = (struct pager){ 0 };
}

static bool is_plain(char c)
{
	return c >= ' ' && c < 0x7f;
}

/* Where the row that begins at `at` ends, without its newline. */
static size_t row_end(const struct pager *p, size_t at)
{
	size_t most = MIN(p->len - at, (size_t) p->width), n = 0;

	/* Nearly always all of it is ASCII. */
	while (n < most && is_plain(p->text[at + n]))
		n++;
	if (n == most || p->text[at + n] == '\n')
		return at + n;
	size_t left = MIN(p->len - at, (size_t) p->width * 16);
	const char *newline = memchr(p->text + at, '\n', left);
	size_t line = newline ? (size_t) (newline - p->text) - at : left;
	size_t fits = text_fit(p->text + at, line, p->width, NULL);
	return at + (fits || !line ? fits : MAX(utf8_len(p->text + at, line), (size_t) 1));
}

static bool find_next(struct pager *p)
{
	if (p->count + 2 > p->size) {
		size_t size = p->size ? p->size * 2 : 256;
		uint32_t *starts = realloc(p->starts, size * sizeof(*starts));
		if (!starts)
			return false;
		p->starts = starts;
		p->size = size;
	}
	if (!p->count)
		p->starts[0] = 0;
	size_t at = p->starts[p->count];
	if (p->complete || (at >= p->len && p->count)) {
		p->complete = true;
		return false;
	}
	size_t end = row_end(p, at);
	end += end < p->len && p->text[end] == '\n';
	p->starts[++p->count] = (uint32_t) end;
	p->complete = end >= p->len;
	return true;
}

static void set_width(struct pager *p, int width)
{
	width = MAX(width, 1);
	if (p->width == width)
		return;
	p->width = width;
	p->count = 0;
	p->complete = false;
}

bool pager_row(struct pager *p, int width, size_t n, struct json_span *row)
{
	set_width(p, width);
	while (n >= p->count)
		if (!find_next(p))
			return false;
	size_t from = p->starts[n], to = p->starts[n + 1];
	while (to > from && p->text[to - 1] == '\n')
		to--;
	*row = (struct json_span){ p->text + from, to - from };
	return true;
}

size_t pager_find(struct pager *p, int width, size_t offset)
{
	size_t low = 0, high;

	set_width(p, width);
	while ((!p->count || p->starts[p->count] <= offset) && find_next(p))
		;
	high = p->count;
	while (high - low > 1) {
		size_t mid = (low + high) / 2;
		if (p->starts[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

size_t pager_all(struct pager *p, int width)
{
	set_width(p, width);
	while (find_next(p))
		;
	return p->count;
}
