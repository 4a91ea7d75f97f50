/* Pieces of JSON text: skipping, previews, steps of paths. See result_tree.h. */
#include <string.h>

#include "ui/result_priv.h"

/* How far a preview looks. */
#define PREVIEW_BYTES 32768

/* ---- walking checked text -------------------------------------------------------------------------- */

const char *skip_blanks(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\n' || *p == '\t' || *p == '\r'))
		p++;
	return p;
}

const char *skip_string(const char *p, const char *end)
{
	for (p++; p < end;) {
		const char *quote = memchr(p, '"', (size_t) (end - p));
		if (!quote)
			return end;
		const char *back = quote;
		while (back > p && back[-1] == '\\')
			back--;
		/* After an even number of backslashes it is the end. `p` never stands within an escape. */
		p = quote + 1;
		if ((quote - back) % 2 == 0)
			return p;
	}
	return end;
}

const char *json_skip(const char *p, const char *end)
{
	int depth = 0;

	while (p < end) {
		switch (*p) {
		case '"':
			p = skip_string(p, end);
			break;
		case '{':
		case '[':
			depth++;
			p++;
			break;
		case '}':
		case ']':
			if (depth == 0)
				return p;
			depth--;
			p++;
			break;
		case ',':
		case ':':
			if (depth == 0)
				return p;
			p++;
			continue;
		case ' ':
		case '\t':
		case '\n':
		case '\r':
			p++;
			continue;
		default: /* a number or a word */
			p++;
			while (p < end && !strchr(",:]} \t\n\r", *p))
				p++;
		}
		if (depth == 0)
			return p;
	}
	return p;
}

void path_add_index(struct strbuf *out, size_t index)
{
	strbuf_addf(out, "[%zu]", index);
}

void path_add_key(struct strbuf *out, struct json_span key)
{
	bool plain = key.len > 2 && !(key.text[1] >= '0' && key.text[1] <= '9');

	for (size_t i = 1; plain && i + 1 < key.len; i++) {
		char c = key.text[i];
		plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
			(unsigned char) c >= 0x80;
	}
	if (plain) {
		strbuf_addc(out, '.');
		strbuf_add(out, key.text + 1, key.len - 2);
	} else {
		strbuf_addc(out, '[');
		strbuf_add(out, key.text, key.len);
		strbuf_addc(out, ']');
	}
}

/* ---- previews ------------------------------------------------------------------------------------------ */

/* Keys of an object, until there is no room. */
static void add_keys(const char *p, const char *end, int width, struct strbuf *out)
{
	bool first = true;

	strbuf_adds(out, "{ ");
	while (p < end && *p == '"') {
		const char *stop = skip_string(p, end);
		if (stop >= end)
			break;
		if ((int) out->len + (int) (stop - p) + 4 > width) {
			p = end;
			break;
		}
		strbuf_adds(out, first ? "" : ", ");
		strbuf_add(out, p + 1, (size_t) (stop - p) - 2);
		first = false;
		p = skip_blanks(stop, end);
		p = skip_blanks(p + (p < end), end);
		p = skip_blanks(json_skip(p, end), end);
		if (p < end && *p == ',')
			p = skip_blanks(p + 1, end);
	}
	strbuf_adds(out, p < end && *p == '}' ? " }" : first ? "… }" : ", … }");
}

static void add_count(const char *p, const char *end, struct strbuf *out)
{
	size_t count = 0;

	while (p < end && *p != ']') {
		p = skip_blanks(json_skip(p, end), end);
		count++;
		if (p < end && *p == ',')
			p = skip_blanks(p + 1, end);
	}
	if (p < end)
		strbuf_addf(out, count == 1 ? "[ %zu item ]" : "[ %zu items ]", count);
	else
		strbuf_addf(out, "[ more than %zu items ]", count - (count > 0));
}

void result_preview(struct json_span value, int width, struct strbuf *out)
{
	const char *end = value.text + MIN(value.len, (size_t) PREVIEW_BYTES), *p = skip_blanks(value.text + 1, end);
	bool flat = value.len <= (size_t) MAX(width, 0) && !memchr(value.text + 1, '{', value.len - 1) &&
		    !memchr(value.text + 1, '[', value.len - 1);

	if (value.len <= 2 || flat || p == end || *p == '}' || *p == ']')
		json_add_pretty(out, value, 0);
	else if (*value.text == '{')
		add_keys(p, end, width, out);
	else
		add_count(p, end, out);
}
