/* How a result looks. See result.h. */
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/hints.h"
#include "ui/result.h"
#include "ui/result_priv.h"

/* Row numbers are drawn from this width on. */
#define NUMBERED 50
/* Of a string this much is looked at to say how long it is. */
#define COUNT_BYTES 65536

enum role result_role(struct json_span value, enum role container)
{
	switch (json_type(value)) {
	case JSON_STRING:
		return ROLE_JSON_STRING;
	case JSON_NUMBER:
		return ROLE_JSON_NUMBER;
	case JSON_BOOL:
	case JSON_NULL:
		return ROLE_JSON_WORD;
	default:
		return container;
	}
}

/* "1,204 chars", or bytes where counting would take long. */
static void add_length(struct strbuf *sb, struct json_span string)
{
	size_t chars = 0;

	if (string.len > COUNT_BYTES) {
		size_format(sb, (int64_t) string.len);
		return;
	}
	for (size_t i = 1; i + 1 < string.len; i++) {
		if (string.text[i] == '\\')
			i += string.text[i + 1] == 'u' ? 5 : 1;
		chars += ((unsigned char) string.text[i] & 0xc0) != 0x80;
	}
	if (chars >= 1000)
		strbuf_addf(sb, "%zu,%03zu chars", chars / 1000, chars % 1000);
	else
		strbuf_addf(sb, "%zu chars", chars);
}

/* A string on one row; what is too long says how long. */
static int draw_string(const struct area *a, int y, int x, struct json_span value, bool unfolded)
{
	AUTO_STRBUF tail = STRBUF_INIT(128);
	size_t shown = MIN(value.len, (size_t) MAX(a->w, 1) * 8);

	if (unfolded) {
		strbuf_addc(&tail, '(');
		add_length(&tail, value);
		strbuf_addc(&tail, ')');
		return draw_str(a, y, x, ROLE_DIM, tail.data);
	}
	if (shown == value.len && x + text_width(value.text, shown) < a->w - 1)
		return draw_text(a, y, x, ROLE_JSON_STRING, value.text, value.len, false);
	strbuf_adds(&tail, "  (");
	add_length(&tail, value);
	strbuf_addf(&tail, a->w > 60 ? ", %s expand)" : ")", glyph(GLYPH_ENTER));
	int room = a->w - x - text_width(tail.data, tail.len) - 2, used = 0;
	size_t fits = text_fit(value.text, shown, MAX(room, 4), &used);
	draw_text(a, y, x, ROLE_JSON_STRING, value.text, fits, false);
	draw_str(a, y, x + used, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
	return used + 1 + draw_str(a, y, x + used + 1, ROLE_DIM, tail.data);
}

static int draw_container(const struct area *a, int y, int x, const struct result_row *row)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	bool object = *row->value.text == '{';

	if (!row->unfolded) {
		result_preview(row->value, a->w - x - 2, &text);
		return draw_text(a, y, x, ROLE_DIM, text.data, text.len, true);
	}
	int used = draw_str(a, y, x, ROLE_TEXT, object ? "{" : "[") + 2;
	return used + draw_fmt(a, y, x + used, ROLE_DIM, "%zu %s%s", row->count, object ? "key" : "item", row->count == 1 ? "" : "s");
}

static int draw_value(const struct area *a, int y, int x, const struct result_row *row)
{
	switch (json_type(row->value)) {
	case JSON_OBJECT:
	case JSON_ARRAY:
		return draw_container(a, y, x, row);
	case JSON_STRING:
		return draw_string(a, y, x, row->value, row->unfolded);
	default:
		return draw_text(a, y, x, result_role(row->value, ROLE_TEXT), row->value.text, MIN(row->value.len, (size_t) 4096), true);
	}
}

static bool can_unfold(const struct result_row *row)
{
	enum json_type type = json_type(row->value);

	return row->kind == ROW_MORE || ((type == JSON_OBJECT || type == JSON_ARRAY) && row->value.len > 2);
}

/* Marks what the search found, among the cells [x, x + used). */
static void mark_matches(const struct result *r, const struct area *a, int y, int x, const char *text, size_t len, bool current)
{
	size_t n = r->search ? strlen(r->search) : 0;

	len = MIN(len, (size_t) MAX(a->w, 1) * 4);
	for (size_t i = 0; n && i + n <= len; i++) {
		if (r->exact ? memcmp(text + i, r->search, n) : strncasecmp(text + i, r->search, n))
			continue;
		draw_over(a, y, x + text_width(text, i), text_width(text + i, n), current ? ROLE_MATCH_CURRENT : ROLE_MATCH);
		i += n - 1;
	}
}

/* `shift` cells are taken off the indentation of what lies deep; what then would begin left of the area stands at its
 * edge. */
static void draw_tree_row(const struct result *r, const struct area *a, int y, const struct result_row *row, int shift,
			  bool current)
{
	int x = MAX(2, 2 * row->depth + 2 - shift), used = 0;

	if (can_unfold(row) || row->unfolded)
		draw_str(a, y, x - 2, ROLE_DIM, glyph(row->unfolded ? GLYPH_OPEN : GLYPH_CLOSED));
	if (row->kind == ROW_MORE) {
		draw_fmt(a, y, x, ROLE_DIM, "%zu … %zu: %zu more", row->index, row->index + row->count - 1, row->count);
		return;
	}
	if (row->kind == ROW_STRING) {
		draw_str(a, y, x - 2, ROLE_DIM, "│");
		draw_text(a, y, x, ROLE_JSON_STRING, row->line, row->line_len, false);
		mark_matches(r, a, y, x, row->line, row->line_len, current);
		return;
	}
	if (row->kind == ROW_CUT) {
		draw_str(a, y, x, ROLE_DIM, "… it goes on; e opens it in $EDITOR, S saves it");
		return;
	}
	if (row->key.len) {
		draw_text(a, y, x, ROLE_JSON_KEY, row->key.text, MIN(row->key.len, (size_t) 1024), true);
		int width = text_width(row->key.text, MIN(row->key.len, (size_t) 1024));
		mark_matches(r, a, y, x, row->key.text, row->key.len, current);
		x += width;
		x += draw_str(a, y, x, ROLE_TEXT, ": ");
	} else if (row->in_array) {
		x += draw_fmt(a, y, x, ROLE_DIM, "%zu: ", row->index);
	}
	used = draw_value(a, y, x, row);
	if (!can_unfold(row) && !row->unfolded)
		mark_matches(r, a, y, x, row->value.text, row->value.len, current);
	if (!row->last && !row->unfolded && x + used < a->w)
		draw_str(a, y, x + used, ROLE_TEXT, ",");
}

/* Keeps the cursor in what is shown. */
static void scroll(struct result *r, int h)
{
	r->page = MAX(1, h);
	if (r->row < r->top)
		r->top = r->row;
	if (r->row >= r->top + (size_t) r->page)
		r->top = r->row - (size_t) r->page + 1;
}

/* Of a long one its end says where one is. */
static void draw_path(const struct area *a, const struct strbuf *path)
{
	int room = a->w - 4, width = text_width(path->data, path->len), used = 0;
	size_t skip = width > room ? text_fit(path->data, path->len, width - room + 1, &used) : 0;

	/* Where that would end within a wide character, it goes too. */
	while (skip && skip < path->len && ((unsigned char) path->data[skip] & 0xc0) == 0x80)
		skip++;
	int x = 3 + (skip ? draw_str(a, 0, 3, ROLE_DIM, glyph(GLYPH_ELLIPSIS)) : 0);
	draw_text(a, 0, x, ROLE_STRONG, path->data + skip, path->len - skip, true);
}

static void draw_tree(struct result *r, const struct area *a)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	int left = a->w >= NUMBERED ? 6 : 1;
	struct result_row row;

	result_tree_set_width(&r->tree, MAX(20, a->w - left - 12));
	result_tree_path(&r->tree, r->row, &path);
	draw_path(a, &path);
	struct area in = { a->y + 1, a->x + left, a->h - 1, a->w - left };
	struct area numbers = { a->y + 1, a->x, a->h - 1, left };
	scroll(r, in.h);
	/* Where the cursor is deep, its row has half of the width at least. */
	int shift = result_tree_row(&r->tree, r->row, &row) ? MAX(0, 2 * row.depth - in.w / 2) : 0;
	for (int y = 0; y < in.h && result_tree_row(&r->tree, r->top + (size_t) y, &row); y++) {
		bool current = r->top + (size_t) y == r->row;
		if (left > 1)
			draw_fmt(&numbers, y, 0, ROLE_DIM, "%4zu", r->top + (size_t) y + 1);
		draw_tree_row(r, &in, y, &row, shift, current);
		if (current) {
			struct area whole = { a->y + 1, a->x, a->h - 1, a->w };
			draw_str(&whole, y, 0, ROLE_KEY, glyph(GLYPH_CURSOR));
			draw_selected(&whole, y, ROLE_SELECTED);
		}
	}
}

/* Text as it came; of an error the first line stands out. */
static void draw_raw(struct result *r, const struct area *a)
{
	struct json_span row;
	int width = MAX(1, a->w - 1);

	if (!r->pager.text) {
		draw_str(a, 1, 2, ROLE_DIM, "there is nothing");
		return;
	}
	/* At another width the same text stays in sight. */
	if (r->pager.width && r->pager.width != width && pager_row(&r->pager, r->pager.width, r->row, &row))
		r->row = r->top = pager_find(&r->pager, width, (size_t) (row.text - r->pager.text));
	scroll(r, a->h);
	for (int y = 0; y < a->h && pager_row(&r->pager, width, r->top + (size_t) y, &row); y++) {
		bool first = r->top + (size_t) y == 0;
		draw_text(a, y, 1, r->error && first ? ROLE_ERROR : ROLE_TEXT, row.text, row.len, false);
		mark_matches(r, a, y, 1, row.text, row.len, r->top + (size_t) y == r->row);
		if (r->top + (size_t) y == r->row && r->row > 0)
			draw_selected(a, y, ROLE_SELECTED_IDLE);
	}
}

static void draw_diff(struct result *r, const struct area *a)
{
	if (!r->diff.count) {
		draw_str(a, 1, 2, ROLE_OK, "both results are the same");
		return;
	}
	scroll(r, a->h);
	for (int y = 0; y < a->h && r->top + (size_t) y < r->diff.count + r->diff.more; y++) {
		size_t i = r->top + (size_t) y;
		if (i == r->diff.count) {
			draw_str(a, y, 1, ROLE_DIM, "… and more differences");
			break;
		}
		const struct diff_line *l = &r->diff.lines[i];
		enum role role = l->kind == '+' ? ROLE_DIFF_ADD : l->kind == '-' ? ROLE_DIFF_REMOVE : ROLE_STRONG;
		int x = 3 + draw_fmt(a, y, 1, role, "%c %s", l->kind, l->path);
		if (l->before.text) {
			AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
			strbuf_add(&text, l->before.text, MIN(l->before.len, (size_t) MAX(8, (a->w - x) / (l->after.text ? 2 : 1) - 3)));
			x += draw_text(a, y, x, ROLE_DIFF_REMOVE, text.data, text.len, true) + 1;
			if (text.len < l->before.len)
				x += draw_str(a, y, x - 1, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
		}
		if (l->kind == '~')
			x += draw_str(a, y, x, ROLE_DIM, "→ ");
		if (l->after.text)
			draw_text(a, y, x, ROLE_DIFF_ADD, l->after.text, MIN(l->after.len, (size_t) 4096), true);
		if (i != r->row)
			continue;
		draw_str(a, y, 0, ROLE_KEY, glyph(GLYPH_CURSOR));
		draw_selected(a, y, ROLE_SELECTED);
	}
}

static void draw_table(struct result *r, const struct area *a)
{
	scroll(r, a->h - 1);
	table_draw(&r->table, a, r->top, r->row);
}

/* ---- the box ------------------------------------------------------------------------------------------------ */

/* "80 B", "1.4 KiB" */
static void add_size(struct strbuf *sb, int64_t bytes)
{
	static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
	double value = (double) bytes;
	size_t unit = 0;

	for (; value >= 999.5 && unit + 1 < ARRAY_LEN(units); unit++)
		value /= 1024;
	strbuf_addf(sb, unit && value < 9.95 ? "%.1f %s" : "%.0f %s", value, units[unit]);
}

/* How it ended, and how long it took. */
static void add_outcome(struct strbuf *sb, const struct result *r)
{
	strbuf_addf(sb, "%s ", glyph(r->code == AF_ERR_CANCELLED ? GLYPH_DASH : r->code ? GLYPH_CROSS : GLYPH_CHECK));
	if (r->status)
		strbuf_addf(sb, "%ld%s", r->status, r->code ? " " : "   ");
	/* Of several the note says it. */
	if (r->note)
		strbuf_addf(sb, "%s   ", r->note);
	else if (r->code || !r->status)
		strbuf_addf(sb, "%s   ", r->code ? af_code_name(r->code) : "ok");
	duration_format_us(sb, r->took_us);
}

/* The rest, what matters more first. */
static void add_facts(struct strlist *facts, const struct result *r)
{
	time_t when = (time_t) (r->started_ms / 1000);
	AUTO_STRBUF size = STRBUF_INIT(64);
	struct tm tm;
	char clock[16];
	af_code rc = AF_OK;

	add_size(&size, r->whole_len);
	strbuf_adds(&size, (size_t) r->whole_len > r->len ? " (its beginning)" : "");
	if (r->whole_len)
		rc = strlist_take(facts, str_format(NULL, "   %s", size.data), NULL);
	if (!rc && r->replica >= 0)
		rc = strlist_take(facts, str_format(NULL, "   replica %d", r->replica), NULL);
	if (!rc && r->replica >= 0 && r->host)
		rc = strlist_take(facts, str_format(NULL, " %s", r->host), NULL);
	if (!rc && when && gmtime_r(&when, &tm) && strftime(clock, sizeof(clock), "%H:%M:%S", &tm))
		rc = strlist_take(facts, str_format(NULL, "   %s", clock), NULL);
	if (rc)
		return; /* the others will do */
}

/* Facts that there is no room for beside the tabs are left out whole, from the end. */
static void add_title(struct strbuf *sb, const struct result *r, int room)
{
	AUTO_STRBUF outcome = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRLIST facts = { 0 };

	if (!r->present) {
		strbuf_adds(sb, "[3] Result");
		return;
	}
	add_outcome(&outcome, r);
	/* "Result" says the least. */
	strbuf_adds(sb, text_width(outcome.data, outcome.len) + 13 <= room ? "[3] Result   " : "[3] ");
	strbuf_add(sb, outcome.data, outcome.len);
	add_facts(&facts, r);
	for (size_t i = 0; i < facts.count; i++) {
		if (text_width(sb->data, sb->len) + text_width(facts.items[i], strlen(facts.items[i])) > room)
			return;
		strbuf_adds(sb, facts.items[i]);
	}
}

static void add_hints(struct hints *h, const struct result *r)
{
	if (r->mode == RESULT_TREE)
		hints_add(h, ACT_OPEN, "fold");
	else if (r->mode == RESULT_TABLE)
		hints_add(h, ACT_OPEN, "in the tree");
	hints_add(h, ACT_SEARCH, "search");
	if (r->json)
		hints_add(h, ACT_PATH, "jq path");
	hints_add(h, ACT_COPY, "copy");
	hints_add(h, ACT_COPY_ALT, "path");
	hints_add(h, ACT_SAVE, "save");
	hints_add(h, ACT_EDITOR, "$EDITOR");
	hints_add(h, ACT_CALL_LOGS, "logs of this call");
}

static void add_place(struct strbuf *sb, struct result *r)
{
	size_t count = result_rows(r);

	if (r->search && r->matches)
		strbuf_addf(sb, "match %d/%d%s  ", r->match, r->matches, r->matches == MATCHES_MAX ? "+" : "");
	else if (r->search)
		strbuf_adds(sb, "no match  ");
	if (count)
		strbuf_addf(sb, "line %zu/%zu%s", r->row + 1, count, r->mode == RESULT_RAW && !r->pager.complete ? "+" : "");
}

static const char *const mode_names[] = { "Tree", "Raw", "Table", "Diff", "Logs" };

/* Cells that a title has beside them: the corner and a cell of line at either end, a blank at either side of each name,
 * the marks of the current one. */
static int title_room(const struct area *a)
{
	int room = a->w - 9;

	for (size_t i = 0; i < ARRAY_LEN(mode_names); i++)
		room -= (int) strlen(mode_names[i]) + 1;
	return room;
}

/* The ways to look at it; the last leads to the log lines of the call. */
static void draw_modes(const struct result *r, const struct area *a)
{
	static const enum action actions[] = { ACT_NONE, ACT_RAW, ACT_TABLE, ACT_DIFF, ACT_CALL_LOGS };
	int xs[ARRAY_LEN(mode_names)];

	draw_tabs(a, mode_names, ARRAY_LEN(mode_names), (int) r->mode, xs);
	for (int i = 0; i < (int) ARRAY_LEN(mode_names); i++)
		/* Back to the tree leads the key of where one is. */
		if (xs[i] >= 0 && i != (int) r->mode)
			canvas_spot(a, 0, xs[i], (int) strlen(mode_names[i]), (int) actions[i ? i : (int) r->mode]);
}

void result_draw(struct result *r, struct app *app, const struct area *a, bool focused, const char *running)
{
	AUTO_STRBUF title = STRBUF_INIT(STRBUF_LINE), place = STRBUF_INIT(STRBUF_LINE);
	AF_AUTO(hints) struct hints hints = HINTS_INIT(app->keymap, " · ");
	char key[32];

	area_clear(a, ROLE_TEXT);
	if (running)
		strbuf_addf(&title, "[3] Result   %s %s   %s cancels", spinner(), running,
			    keymap_hint(app->keymap, ACT_CANCEL_JOB, key, sizeof(key)));
	else
		add_title(&title, r, title_room(a));
	if (r->present) {
		add_hints(&hints, r);
		add_place(&place, r);
	}
	struct box box = { .title = title.data, .hints = &hints, .bottom_right = place.data, .focused = focused };
	struct area in = draw_box(a, &box);
	if (!r->present) {
		draw_str(&in, 1, 2, ROLE_DIM, running ? "waiting for the answer; ^C cancels" : "what the call answers comes here");
		return;
	}
	draw_modes(r, a);
	switch (r->mode) {
	case RESULT_TREE:
		draw_tree(r, &in);
		break;
	case RESULT_TABLE:
		draw_table(r, &in);
		break;
	case RESULT_DIFF:
		draw_diff(r, &in);
		break;
	default:
		draw_raw(r, &in);
	}
}
