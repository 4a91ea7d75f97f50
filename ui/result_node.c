/* What is unfolded: a container's children as offsets, a string's lines. See result_priv.h. */
#include <string.h>

#include "base/bytes.h"
#include "ui/canvas.h"
#include "ui/result_priv.h"

/* Children that an unfolded container shows at first. */
#define FIRST_SHOWN 100
/* Long lists of containers show only their first ones: the rest is most often alike. */
#define FIRST_ALIKE 3

void node_free(struct result_node *n)
{
	if (!n)
		return;
	for (size_t i = 0; i < n->open_count; i++)
		node_free(n->open[i]);
	free(n->open);
	free(n->starts);
	free(n->lines);
	strbuf_free(&n->text);
	free(n);
}

static bool grow(uint32_t **items, size_t count, size_t *size)
{
	if (count < *size)
		return true;
	size_t more = *size ? *size * 2 : 16;
	uint32_t *grown = realloc(*items, more * sizeof(**items));
	if (!grown)
		return false;
	*items = grown;
	*size = more;
	return true;
}

static bool index_children(struct result_node *n)
{
	const char *text = n->value.text, *end = text + n->value.len, *p = skip_blanks(text + 1, end);
	bool object = *text == '{';
	size_t size = 0;

	while (p < end && *p != ']' && *p != '}') {
		if (!grow(&n->starts, n->count, &size))
			return false;
		n->starts[n->count++] = (uint32_t) (p - text);
		if (object) {
			p = skip_blanks(skip_string(p, end), end);
			p = skip_blanks(p + (p < end), end);
		}
		p = skip_blanks(json_skip(p, end), end);
		if (p < end && *p == ',')
			p = skip_blanks(p + 1, end);
	}
	if (!grow(&n->starts, n->count, &size))
		return false;
	n->starts[n->count] = (uint32_t) (p - text);
	return true;
}

/* Breaks the decoded text at newlines and at `width` cells. */
bool node_lay_out(struct result_node *n, int width)
{
	const char *text = n->text.data;
	size_t size = 0, at = 0;

	free(af_steal(n->lines));
	n->line_count = 0;
	do {
		const char *newline = memchr(text + at, '\n', n->text.len - at);
		size_t end = newline ? (size_t) (newline - text) : n->text.len;
		if (!grow(&n->lines, n->line_count + 1, &size))
			return false;
		n->lines[n->line_count++] = (uint32_t) at;
		size_t fits = text_fit(text + at, end - at, MAX(width, 10), NULL);
		/* Between words, where one is not too long for that. */
		for (size_t cut = fits; at + fits < end && cut > fits / 2; cut--)
			if (text[at + cut - 1] == ' ') {
				fits = cut;
				break;
			}
		if (fits == 0 && at < end)
			fits = MAX(utf8_len(text + at, end - at), (size_t) 1);
		at += fits;
		at += at == end && text[at] == '\n';
	} while (at < n->text.len);
	n->lines[n->line_count] = (uint32_t) n->text.len;
	return true;
}

/* The beginning of a long string, not cut within an escape or a character. */
static struct json_span string_head(struct json_span value, bool *cut)
{
	*cut = value.len > RESULT_STRING_MAX;
	if (!*cut)
		return value;
	size_t len = RESULT_STRING_MAX, back = 0;
	while (len > 1 && ((unsigned char) value.text[len] & 0xc0) == 0x80)
		len--;
	/* "\u00e9": an escape has at most six bytes, two of them may make one character. */
	for (size_t i = 1; i <= 12 && i < len; i++)
		if (value.text[len - i] == '\\')
			back = i;
	while (back && len - back > 1 && value.text[len - back - 1] == '\\')
		back++;
	return (struct json_span){ value.text, len - back };
}

static bool read_text(struct result_node *n, int width)
{
	struct json_span head = string_head(n->value, &n->cut);
	AUTO_STRBUF quoted = STRBUF_INIT(STRBUF_TEXT);

	strbuf_init(&n->text, 2 * RESULT_STRING_MAX);
	strbuf_add(&quoted, head.text, head.len);
	if (n->cut)
		strbuf_addc(&quoted, '"');
	json_add_decoded(&n->text, json_span_of(&quoted));
	/* Half a pair of surrogates. */
	if (n->cut && str_ends(n->text.data, "\xef\xbf\xbd"))
		strbuf_truncate(&n->text, n->text.len - 3);
	return !n->text.failed && !quoted.failed && node_lay_out(n, width);
}

size_t node_own_rows(const struct result_node *n)
{
	if (n->is_string)
		return n->line_count + n->cut;
	return n->shown + (n->shown < n->count);
}

static bool children_are_containers(const struct result_node *n)
{
	for (size_t i = 0; i < MIN(n->count, (size_t) 4); i++)
		if (!strchr("{[", n->value.text[n->starts[i]]))
			return false;
	return *n->value.text == '[';
}

struct result_node *node_new(struct json_span value, int width)
{
	struct result_node *n = calloc(1, sizeof(*n));

	if (!n)
		return NULL;
	n->value = value;
	n->is_string = json_type(value) == JSON_STRING;
	if (n->is_string ? !read_text(n, width) : !index_children(n)) {
		node_free(n);
		return NULL;
	}
	n->shown = MIN(n->count, (size_t) FIRST_SHOWN);
	if (n->count >= RESULT_ALIKE_FROM && children_are_containers(n))
		n->shown = FIRST_ALIKE;
	n->rows = node_own_rows(n);
	return n;
}

void node_child(const struct result_node *n, size_t i, struct json_span *key, struct json_span *value)
{
	const char *text = n->value.text, *p = text + n->starts[i], *end = text + n->starts[i + 1];

	*key = (struct json_span){ 0 };
	if (*text == '{') {
		const char *stop = skip_string(p, end);
		*key = (struct json_span){ p, (size_t) (stop - p) };
		p = skip_blanks(stop, end);
		p = skip_blanks(p + (p < end && *p == ':'), end);
	}
	while (end > p && strchr(" \n\t\r,", end[-1]))
		end--;
	*value = (struct json_span){ p, (size_t) (end - p) };
}

size_t node_child_at(const struct result_node *n, size_t offset)
{
	size_t low = 0, high = n->count;

	while (high - low > 1) {
		size_t mid = (low + high) / 2;
		if (n->starts[mid] <= offset)
			low = mid;
		else
			high = mid;
	}
	return low;
}

