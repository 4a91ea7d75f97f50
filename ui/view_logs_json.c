/* JSON of a log line, laid out below it: what is short stays in one row. */
#include <string.h>

#include "base/json.h"
#include "ui/view_logs_priv.h"

/* A list or object that takes no more cells is not laid out further. */
#define SHORT_MAX ((size_t) 48)
#define INDENT 2
/* Nor is what lies deeper: no screen is so wide, and each level means to read all that is in it once more. */
#define DEPTH_MAX 24

bool logs_json_open(const struct logs_view *lv, const struct log_record *r)
{
	return r->flags & LOG_JSON && !(r->flags & LOG_OPEN) == lv->json;
}

/* ---- text ---------------------------------------------------------------------------------------------- */

/* "{ "in": 1204, "out": 812 }" */
static void add_short(struct strbuf *out, struct json_span value)
{
	enum json_type type = json_type(value);
	struct json_iter it = json_iter(value);
	const char *comma = " ";

	if (type != JSON_OBJECT && type != JSON_ARRAY) {
		strbuf_add(out, value.text, value.len);
		return;
	}
	strbuf_addc(out, value.text[0]);
	for (; json_next(&it); comma = ", ") {
		strbuf_adds(out, comma);
		strbuf_add(out, it.key.text, it.key.len);
		strbuf_adds(out, it.key.len ? ": " : "");
		add_short(out, it.value);
	}
	strbuf_adds(out, comma[0] == ' ' ? "" : " ");
	strbuf_addc(out, type == JSON_OBJECT ? '}' : ']');
}

/* Takes no more than one row. */
static bool is_short(struct json_span value, int depth)
{
	enum json_type type = json_type(value);

	return (type != JSON_OBJECT && type != JSON_ARRAY) || (depth && value.len <= SHORT_MAX);
}

/* `left`: rows that may still be begun; at 0 the rest is left out. */
static void add_value(struct strbuf *out, struct json_span value, int depth, int *left)
{
	struct json_iter it = json_iter(value);
	bool first = true;

	if (is_short(value, depth)) {
		add_short(out, value);
		return;
	}
	if (depth == DEPTH_MAX) {
		strbuf_add(out, value.text, value.len);
		return;
	}
	strbuf_addc(out, value.text[0]);
	for (; *left > 0 && json_next(&it); first = false) {
		--*left;
		strbuf_addf(out, "%s\n%*s%.*s%s", first ? "" : ",", (depth + 1) * INDENT, "", (int) it.key.len, it.key.text ? it.key.text : "",
			    it.key.len ? ": " : "");
		add_value(out, it.value, depth + 1, left);
	}
	if (*left <= 0)
		return;
	/* The last bracket needs no row of its own. */
	if (depth && !first) {
		strbuf_addf(out, "\n%*s", depth * INDENT, "");
		--*left;
	} else if (!first) {
		strbuf_addc(out, ' ');
	}
	strbuf_addc(out, json_type(value) == JSON_OBJECT ? '}' : ']');
}

/* ---- rows ---------------------------------------------------------------------------------------------- */

/* A row of the text, or several where lines are wrapped. */
static bool lay_row(struct logs_view *lv, uint64_t line, size_t from, size_t len, bool last)
{
	int width = lv->width - lv->columns.text - 2;
	enum log_row_kind kind = from ? ROW_JSON : ROW_JSON_FIRST;

	while (lv->wrap && width >= 8) {
		size_t fits = text_fit(lv->pretty.data + from, len, width, NULL);
		if (!fits || fits >= len)
			break;
		if (!logs_add_row(lv, (struct log_row){ kind, line, from, fits }))
			return false;
		kind = ROW_JSON_WRAPPED;
		from += fits;
		len -= fits;
	}
	return logs_add_row(lv, (struct log_row){ !last ? kind : kind == ROW_JSON_WRAPPED ? ROW_JSON_WRAPPED_LAST : ROW_JSON_LAST, line,
						  from, len });
}

void logs_lay_json(struct logs_view *lv, uint64_t line)
{
	const struct log_record *r = log_store_at(lv->book->store, line);
	size_t len;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);
	size_t body = r->flags & LOG_SGR ? 0 : r->body;
	/* One more than there is room for tells that there is more. */
	int left = ENTRY_ROWS_MAX;

	strbuf_reset(&lv->pretty);
	while (body < len && text[body] != '{')
		body++;
	if (len - body > LOGS_SEEN_MAX || json_check(text + body, len - body, NULL))
		return;
	add_value(&lv->pretty, (struct json_span){ text + body, len - body }, 0, &left);
	for (size_t from = 0; from < lv->pretty.len;) {
		size_t n = strcspn(lv->pretty.data + from, "\n");
		if (!lay_row(lv, line, from, n, from + n >= lv->pretty.len))
			return;
		from += n + 1;
	}
}

/* ---- drawing --------------------------------------------------------------------------------------------- */

static enum role value_role(char c)
{
	if (c == '"')
		return ROLE_JSON_STRING;
	if (c && strchr("-0123456789", c))
		return ROLE_JSON_NUMBER;
	return c && strchr("tfn", c) ? ROLE_JSON_WORD : ROLE_TEXT;
}

/* Bytes of `"key"` and the blanks before it; 0: the row has none. */
static size_t key_len(const char *text, size_t len, size_t indent)
{
	size_t end = indent + 1;

	if (indent >= len || text[indent] != '"')
		return 0;
	while (end < len && text[end] != '"')
		end += text[end] == '\\' && end + 1 < len ? 2 : 1;
	return end + 1 < len && text[end + 1] == ':' ? end + 1 : 0;
}

void logs_draw_json(struct logs_view *lv, const struct area *a, int y, const struct log_row *row)
{
	static const char *const edges[] = { [ROW_JSON_FIRST] = "┌ ", [ROW_JSON] = "│ ", [ROW_JSON_WRAPPED] = "│ ",
					     [ROW_JSON_WRAPPED_LAST] = "└ ", [ROW_JSON_LAST] = "└ " };
	const char *text = lv->pretty.data + row->from;
	bool wrapped = row->kind == ROW_JSON_WRAPPED || row->kind == ROW_JSON_WRAPPED_LAST;
	size_t indent = MIN(strspn(text, " "), row->len), key = wrapped ? 0 : key_len(text, row->len, indent);
	size_t value = wrapped ? 0 : key ? MIN(key + 2, row->len) : indent;
	int x = lv->columns.text, at;

	x += draw_str(a, y, x, ROLE_DIM, edges[row->kind]);
	at = x + draw_text(a, y, x, ROLE_JSON_KEY, text, key ? key : MIN(indent, value), false);
	if (key)
		at += draw_str(a, y, at, ROLE_TEXT, ": ");
	/* What was begun above is a string: nothing else is so long. */
	draw_text(a, y, at, wrapped ? ROLE_JSON_STRING : value_role(value < row->len ? text[value] : '\0'), text + value,
		  row->len - value, true);
	logs_mark(lv, a, y, x, row->line, text, 0, row->len);
}
