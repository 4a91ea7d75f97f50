/* JSON as text. See json.h. */
#include "base/json.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_priv.h"

/* ---- checking ------------------------------------------------------------- */

struct scanner {
	const char *pos, *end;
	const char *wrong; /* what was expected where it stopped */
	int depth;
};

static void skip_space(struct scanner *s)
{
	while (s->pos < s->end && (*s->pos == ' ' || *s->pos == '\n' || *s->pos == '\t' || *s->pos == '\r'))
		s->pos++;
}

static bool fail(struct scanner *s, const char *wrong)
{
	if (!s->wrong)
		s->wrong = wrong;
	return false;
}

static bool take(struct scanner *s, char c)
{
	if (s->pos >= s->end || *s->pos != c)
		return false;
	s->pos++;
	return true;
}

static bool scan_word(struct scanner *s, const char *word)
{
	size_t len = strlen(word);

	if ((size_t) (s->end - s->pos) < len || memcmp(s->pos, word, len))
		return fail(s, "a JSON value was expected");
	s->pos += len;
	return true;
}

static bool scan_digits(struct scanner *s)
{
	const char *start = s->pos;

	while (s->pos < s->end && *s->pos >= '0' && *s->pos <= '9')
		s->pos++;
	return s->pos > start || fail(s, "a digit was expected");
}

static bool scan_number(struct scanner *s)
{
	take(s, '-');
	if (!take(s, '0') && !scan_digits(s))
		return false;
	if (take(s, '.') && !scan_digits(s))
		return false;
	if (take(s, 'e') || take(s, 'E')) {
		if (!take(s, '+'))
			take(s, '-');
		if (!scan_digits(s))
			return false;
	}
	return true;
}

int json_hex4(const char *p, const char *end)
{
	int value = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = p[i];
		int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10
									  : c >= 'A' && c <= 'F' ? c - 'A' + 10
												 : -1;
		if (digit < 0)
			return -1;
		value = value << 4 | digit;
	}
	return value;
}

static bool scan_escape(struct scanner *s)
{
	if (s->pos >= s->end)
		return fail(s, "the string does not end");
	char c = *s->pos++;
	if (c == 'u') {
		if (json_hex4(s->pos, s->end) < 0)
			return fail(s, "\\u wants four hex digits");
		s->pos += 4;
		return true;
	}
	return (c && strchr("\"\\/bfnrt", c)) || fail(s, "no such escape");
}

/* Does one of eight bytes end a stretch of plain text: a quote, a backslash, a control character, or not ASCII? */
static bool any_special(const char *p)
{
	const uint64_t ones = 0x0101010101010101u, tops = 0x8080808080808080u;
	uint64_t v, quote, backslash;

	memcpy(&v, p, sizeof(v));
	quote = v ^ '"' * ones;
	backslash = v ^ '\\' * ones;
	/* x - 1 borrows into the top bit where x is 0, x - 0x20 where it is below: what is not ASCII is in v itself. */
	return (((quote - ones) | (backslash - ones) | (v - ' ' * ones) | v) & tops) != 0;
}

static bool scan_string(struct scanner *s)
{
	if (!take(s, '"'))
		return fail(s, "a string was expected");
	while (s->pos < s->end) {
		while (s->end - s->pos >= 8 && !any_special(s->pos))
			s->pos += 8;
		if (s->pos >= s->end)
			break;
		unsigned char c = (unsigned char) *s->pos;
		if (c == '"') {
			s->pos++;
			return true;
		}
		if (c < 0x20)
			return fail(s, "a control character stands in a string");
		size_t n = c < 0x80 ? 1 : utf8_len(s->pos, (size_t) (s->end - s->pos));
		if (!n)
			return fail(s, "a byte is not UTF-8");
		s->pos += n;
		if (c == '\\' && !scan_escape(s))
			return false;
	}
	return fail(s, "the string does not end");
}

static bool scan_value(struct scanner *s);

static bool scan_items(struct scanner *s, char close)
{
	if (++s->depth > JSON_MAX_DEPTH)
		return fail(s, "nested too deeply");
	s->pos++;
	skip_space(s);
	if (take(s, close)) {
		s->depth--;
		return true;
	}
	do {
		skip_space(s);
		if (close == '}') {
			if (!scan_string(s))
				return false;
			skip_space(s);
			if (!take(s, ':'))
				return fail(s, "':' was expected");
		}
		if (!scan_value(s))
			return false;
		skip_space(s);
	} while (take(s, ','));
	s->depth--;
	return take(s, close) || fail(s, close == '}' ? "',' or '}' was expected" : "',' or ']' was expected");
}

static bool scan_value(struct scanner *s)
{
	skip_space(s);
	if (s->pos >= s->end)
		return fail(s, "the text ends too early");
	switch (*s->pos) {
	case '{':
		return scan_items(s, '}');
	case '[':
		return scan_items(s, ']');
	case '"':
		return scan_string(s);
	case 't':
		return scan_word(s, "true");
	case 'f':
		return scan_word(s, "false");
	case 'n':
		return scan_word(s, "null");
	default:
		if (*s->pos == '-' || (*s->pos >= '0' && *s->pos <= '9'))
			return scan_number(s);
		return fail(s, "a JSON value was expected");
	}
}

static af_code report(const struct scanner *s, const char *text, struct af_error *err)
{
	int line = 1;
	const char *start = text;

	for (const char *p = text; p < s->pos; p++)
		if (*p == '\n') {
			line++;
			start = p + 1;
		}
	size_t left = (size_t) (s->end - s->pos);
	AUTO_STRBUF near = STRBUF_INIT(256);
	text_add_safe(&near, s->pos, MIN(left, (size_t) 20), false);
	return error_set(err, AF_ERR_PROTOCOL, "not JSON: line %d column %d: %s%s%s%s", line, (int) (s->pos - start) + 1,
			 s->wrong, left ? ", found \"" : "", near.data, left ? "\"" : "");
}

af_code json_check(const char *text, size_t len, struct af_error *err)
{
	struct scanner s = { .pos = text, .end = text + len };

	if (scan_value(&s)) {
		skip_space(&s);
		if (s.pos == s.end)
			return AF_OK;
		s.wrong = "the text goes on behind the value";
	}
	return report(&s, text, err);
}

/* ---- reading checked text ---------------------------------------------------- */

enum json_type json_type(struct json_span value)
{
	if (!value.len)
		return JSON_INVALID;
	switch (*value.text) {
	case '{':
		return JSON_OBJECT;
	case '[':
		return JSON_ARRAY;
	case '"':
		return JSON_STRING;
	case 't':
	case 'f':
		return JSON_BOOL;
	case 'n':
		return JSON_NULL;
	default:
		return JSON_NUMBER;
	}
}

struct json_iter json_iter(struct json_span container)
{
	struct scanner s = { .pos = container.text, .end = container.text + container.len };

	skip_space(&s);
	if (s.pos < s.end && (*s.pos == '{' || *s.pos == '['))
		s.pos++;
	else
		s.pos = s.end;
	return (struct json_iter){ .pos = s.pos, .end = s.end };
}

bool json_next(struct json_iter *it)
{
	struct scanner s = { .pos = it->pos, .end = it->end };

	skip_space(&s);
	take(&s, ',');
	skip_space(&s);
	if (s.pos >= s.end || *s.pos == '}' || *s.pos == ']')
		return false;
	const char *start = s.pos;
	it->key = (struct json_span){ 0 };
	if (!scan_value(&s))
		return false;
	const char *stop = s.pos;
	skip_space(&s);
	if (*start == '"' && take(&s, ':')) {
		it->key = (struct json_span){ start, (size_t) (stop - start) };
		skip_space(&s);
		start = s.pos;
		if (!scan_value(&s))
			return false;
		stop = s.pos;
	}
	it->value = (struct json_span){ start, (size_t) (stop - start) };
	it->pos = s.pos;
	return true;
}
