/* JSON strings and writing JSON. See json.h. */
#include <string.h>

#include "base/bytes.h"
#include "base/json.h"
#include "base/json_priv.h"

static void add_utf8(struct strbuf *sb, unsigned c)
{
	if (c < 0x80) {
		strbuf_addc(sb, (char) c);
		return;
	}
	char out[4];
	int n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
	for (int i = n - 1; i > 0; i--, c >>= 6)
		out[i] = (char) (0x80 | (c & 63));
	out[0] = (char) ((n == 2 ? 0xc0 : n == 3 ? 0xe0 : 0xf0) | c);
	strbuf_add(sb, out, (size_t) n);
}

/* Decodes the escape behind a backslash at *p; lone surrogates become U+FFFD. */
static void add_escape(struct strbuf *sb, const char **p, const char *end)
{
	static const char plain[] = "bfnrt", meant[] = "\b\f\n\r\t";
	char c = *(*p)++;

	if (c != 'u') {
		const char *hit = strchr(plain, c);
		strbuf_addc(sb, hit ? meant[hit - plain] : c);
		return;
	}
	int u = json_hex4(*p, end);
	*p += 4;
	if (u >= 0xd800 && u < 0xdc00 && end - *p >= 6 && (*p)[0] == '\\' && (*p)[1] == 'u') {
		int low = json_hex4(*p + 2, end);
		if (low >= 0xdc00 && low < 0xe000) {
			*p += 6;
			u = 0x10000 + ((u - 0xd800) << 10) + (low - 0xdc00);
		}
	}
	add_utf8(sb, u >= 0xd800 && u < 0xe000 ? 0xfffd : (unsigned) u);
}

void json_add_decoded(struct strbuf *sb, struct json_span string)
{
	const char *p = string.text + 1, *end = string.text + string.len - 1;

	while (p < end) {
		const char *escape = memchr(p, '\\', (size_t) (end - p));
		strbuf_add(sb, p, (size_t) ((escape ? escape : end) - p));
		if (!escape)
			break;
		p = escape + 1;
		add_escape(sb, &p, end);
	}
}

char *json_string(struct json_span string, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
	char *out = NULL;

	if (json_type(string) != JSON_STRING || string.len < 2) {
		error_set(err, AF_ERR_PROTOCOL, "a JSON string was expected");
		return NULL;
	}
	json_add_decoded(&sb, string);
	if (strlen(sb.data) != sb.len) {
		error_set(err, AF_ERR_PROTOCOL, "a JSON string holds a NUL character");
		return NULL;
	}
	return strbuf_steal(&sb, &out, err) ? NULL : out;
}

bool json_key_is(struct json_span key, const char *name)
{
	size_t len = strlen(name);

	if (key.len == len + 2 && !memcmp(key.text + 1, name, len))
		return !memchr(name, '\\', len);
	if (key.len < 2 || !memchr(key.text, '\\', key.len))
		return false;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
	json_add_decoded(&sb, key);
	return sb.len == len && !memcmp(sb.data, name, len);
}

bool json_member(struct json_span object, const char *name, struct json_span *value)
{
	struct json_iter it = json_iter(object);
	bool found = false;

	while (json_next(&it))
		if (it.key.len && json_key_is(it.key, name)) {
			*value = it.value;
			found = true;
		}
	return found;
}

/* ---- writing -------------------------------------------------------------------- */

void json_add_string(struct strbuf *sb, const char *s, size_t len)
{
	strbuf_addc(sb, '"');
	for (size_t i = 0, n; i < len; i += n) {
		unsigned char c = (unsigned char) s[i];
		n = utf8_len(s + i, len - i);
		if (!n) {
			strbuf_adds(sb, "\xef\xbf\xbd");
			n = 1;
		} else if (c == '"' || c == '\\') {
			strbuf_addc(sb, '\\');
			strbuf_addc(sb, s[i]);
		} else if (c == '\n') {
			strbuf_adds(sb, "\\n");
		} else if (c == '\t') {
			strbuf_adds(sb, "\\t");
		} else if (c < 0x20 || c == 0x7f) {
			strbuf_addf(sb, "\\u%04x", c);
		} else {
			strbuf_add(sb, s + i, n);
		}
	}
	strbuf_addc(sb, '"');
}

static void new_line(struct strbuf *sb, int indent, int depth)
{
	if (!indent)
		return;
	strbuf_addc(sb, '\n');
	for (int i = 0; i < indent * depth; i++)
		strbuf_addc(sb, ' ');
}

/* The end of the string that begins at p. */
static const char *string_end(const char *p, const char *end)
{
	for (p++; p < end && *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p < end ? p + 1 : end;
}

static const char *scalar_end(const char *p, const char *end)
{
	while (p < end && !strchr(",:]} \n\t\r", *p))
		p++;
	return p;
}

static const char *after_space(const char *p, const char *end)
{
	while (p < end && strchr(" \n\t\r", *p))
		p++;
	return p;
}

void json_add_pretty(struct strbuf *sb, struct json_span value, int indent)
{
	const char *end = value.text + value.len, *next;
	int depth = 0;

	for (const char *p = after_space(value.text, end); p < end; p = after_space(next, end)) {
		next = p + 1;
		if (*p == '{' || *p == '[') {
			strbuf_addc(sb, *p);
			const char *inner = after_space(next, end);
			if (inner < end && (*inner == '}' || *inner == ']')) {
				strbuf_addc(sb, *inner);
				next = inner + 1;
			} else {
				new_line(sb, indent, ++depth);
			}
		} else if (*p == '}' || *p == ']') {
			new_line(sb, indent, --depth);
			strbuf_addc(sb, *p);
		} else if (*p == ',') {
			strbuf_adds(sb, indent ? "," : ", ");
			new_line(sb, indent, depth);
		} else if (*p == ':') {
			strbuf_adds(sb, ": ");
		} else {
			next = *p == '"' ? string_end(p, end) : scalar_end(p, end);
			strbuf_add(sb, p, (size_t) (next - p));
		}
	}
}

/* As json_member, for a name that may hold NULs. */
static bool raw_member(struct json_span object, struct json_span key, struct json_span *value)
{
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_HUGE), other = STRBUF_INIT(STRBUF_HUGE);
	bool found = false;

	json_add_decoded(&name, key);
	for (struct json_iter it = json_iter(object); json_next(&it);) {
		strbuf_reset(&other);
		json_add_decoded(&other, it.key);
		if (other.len == name.len && !memcmp(other.data, name.data, name.len)) {
			*value = it.value;
			found = true;
		}
	}
	return found;
}

static void add_member(struct strbuf *sb, bool *first, struct json_span key, struct json_span value)
{
	if (!*first)
		strbuf_addc(sb, ',');
	*first = false;
	strbuf_add(sb, key.text, key.len);
	strbuf_addc(sb, ':');
	strbuf_add(sb, value.text, value.len);
}

void json_add_merged(struct strbuf *sb, struct json_span base, struct json_span over)
{
	struct json_span value;
	bool first = true;

	strbuf_addc(sb, '{');
	for (struct json_iter it = json_iter(base); json_next(&it);)
		add_member(sb, &first, it.key, raw_member(over, it.key, &value) ? value : it.value);
	for (struct json_iter it = json_iter(over); json_next(&it);)
		if (!raw_member(base, it.key, &value))
			add_member(sb, &first, it.key, it.value);
	strbuf_addc(sb, '}');
}
