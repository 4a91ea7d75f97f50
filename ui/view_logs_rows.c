/* Rows of the screen that a log line takes, and drawing them. */
#include <stdio.h>
#include <string.h>

#include "ui/view_logs_priv.h"

/* A wrapped line takes so many rows at most. */
#define WRAP_MAX 64

static const struct log_record *record(const struct logs_view *lv, uint64_t line)
{
	return log_store_at(lv->book->store, line);
}

static bool is_open(const struct log_record *r)
{
	return r->flags & LOG_OPEN;
}

/* A group is open if its head is. */
static uint64_t head_of(const struct logs_view *lv, uint64_t line)
{
	return log_store_head(lv->book->store, line);
}

bool logs_can_open(struct logs_view *lv, uint64_t line)
{
	return record(lv, line)->flags & LOG_JSON || log_store_group(lv->book->store, head_of(lv, line)) != NULL;
}

/* ---- laying out ------------------------------------------------------------------------------------- */

bool logs_add_row(struct logs_view *lv, struct log_row row)
{
	if (lv->row_count == ENTRY_ROWS_MAX)
		return false;
	lv->rows[lv->row_count++] = row;
	if (lv->row_count == ENTRY_ROWS_MAX)
		lv->rows[lv->row_count - 1] = (struct log_row){ ROW_MORE, row.line, 0, 0 };
	return lv->row_count < ENTRY_ROWS_MAX;
}

/* What of the text is shown: columns stand for its beginning. */
static size_t body_of(const struct logs_view *lv, const struct log_record *r)
{
	return lv->columns.level || lv->columns.time ? MIN((size_t) r->body, (size_t) r->len) : 0;
}

/* What stands behind the first row: how much is folded, or that there is JSON. Returns its cells, words with one behind
 * them; 0 where there is no room. */
static int suffix(const struct logs_view *lv, uint64_t line, struct strbuf *sb)
{
	const struct log_record *r = record(lv, line);
	const struct log_group *g = log_store_group(lv->book->store, head_of(lv, line));

	if (g) {
		if (is_open(record(lv, g->head)))
			strbuf_adds(sb, glyph(GLYPH_OPEN));
		else if (r->flags & LOG_HEALTH)
			strbuf_addf(sb, "(hidden: %u ×)", g->members);
		else
			strbuf_addf(sb, "%s %u line%s folded", glyph(GLYPH_CLOSED), g->members, g->members == 1 ? "" : "s");
	} else if (r->flags & LOG_JSON && !logs_json_open(lv, r)) {
		strbuf_adds(sb, glyph(GLYPH_ENTER));
	}
	int width = text_width(sb->data, sb->len);
	width += width > 5;
	return width && width + lv->columns.text + 8 <= lv->width ? width : 0;
}

/* One line, in one row or wrapped. */
static bool lay_line(struct logs_view *lv, uint64_t line, int kind)
{
	const struct log_record *r = record(lv, line);
	int width = lv->width - lv->columns.text, taken = 0;
	size_t from = body_of(lv, r);

	if (kind == ROW_FIRST && lv->wrap) {
		AUTO_STRBUF sb = STRBUF_INIT(256);
		taken = suffix(lv, line, &sb);
		taken += taken > 0;
	}
	if (!lv->wrap || width < 4 || r->flags & LOG_MARKER || r->len - from < (size_t) (width - taken))
		return logs_add_row(lv, (struct log_row){ kind, line, from, r->len });
	size_t len, wraps = 0;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);
	do {
		size_t fits = text_fit(text + from, len - from, width - (wraps ? 0 : taken), NULL);
		bool last = ++wraps == WRAP_MAX;
		if (!logs_add_row(lv, (struct log_row){ wraps == 1 ? kind : last ? ROW_MORE : ROW_WRAPPED, line, from,
						   fits ? fits : 1 }))
			return false;
		if (last)
			break;
		from += fits ? fits : 1;
	} while (from < len);
	return true;
}

int logs_layout(struct logs_view *lv, uint64_t line)
{
	uint64_t head = head_of(lv, line);
	bool open = is_open(record(lv, head));

	lv->row_count = 0;
	/* Unfolded, what comes first stands first. */
	if (lay_line(lv, open ? head : line, ROW_FIRST) && logs_json_open(lv, record(lv, line)))
		logs_lay_json(lv, line);
	if (open) {
		const struct log_group *g = log_store_group(lv->book->store, head);
		for (uint64_t member = head; g && (member = log_store_next_member(lv->book->store, g, member));)
			if (!lay_line(lv, member, ROW_MEMBER))
				break;
	}
	return lv->row_count;
}

/* ---- marks -------------------------------------------------------------------------------------------- */

/* Marks what the pattern finds among the bytes of [from, from + len) that were drawn at x. */
static void mark(const struct area *a, int y, int x, struct log_pattern *pattern, const char *text, size_t from,
		 size_t len, enum role role)
{
	size_t end = from + len, at = 0, match_from, match_to;

	while (log_pattern_find(pattern, text, end, at, &match_from, &match_to)) {
		if (match_to > from && match_to > match_from) {
			size_t begin = MAX(match_from, from);
			draw_over(a, y, x + text_width(text + from, begin - from),
				  text_width(text + begin, match_to - begin), role);
		}
		at = match_to > match_from ? match_to : match_to + 1;
	}
}

void logs_mark(struct logs_view *lv, const struct area *a, int y, int x, uint64_t line, const char *text, size_t from, size_t len)
{
	bool current = log_store_row(lv->book->store, line) == lv->match;

	for (int i = lv->filter->from; i < lv->filter->count; i++)
		if (!lv->filter->rules[i].hide && !lv->filter->rules[i].off)
			mark(a, y, x, lv->filter->rules[i].pattern, text, from, len, ROLE_FILTER);
	if (lv->search)
		mark(a, y, x, lv->search, text, from, len, current ? ROLE_MATCH_CURRENT : ROLE_MATCH);
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

static enum role level_role(int level)
{
	static const enum role roles[LEVEL_COUNT] = { ROLE_TEXT, ROLE_DEBUG, ROLE_DEBUG, ROLE_INFO,
						      ROLE_WARN, ROLE_ERROR, ROLE_ERROR };

	return roles[level];
}

static enum role replica_role(int number)
{
	return (enum role)(ROLE_REPLICA_0 + number % 6);
}

/* Text of spans, from one byte to another. */
static void draw_spans(const struct log_spans *s, const struct area *a, int y, int x, enum role role, size_t from, size_t to)
{
	for (size_t i = 0; i < s->count && from < to; i++) {
		size_t end = i + 1 < s->count ? s->items[i + 1].from : s->len;
		if (end <= from)
			continue;
		size_t n = MIN(end, to) - from;
		if (s->items[i].coloured)
			x += draw_look(a, y, x, &s->items[i].look, s->text + from, n);
		else
			x += draw_text(a, y, x, role, s->text + from, n, false);
		from += n;
	}
}

/* Returns the cell behind it. */
static int draw_message(struct logs_view *lv, const struct area *a, int y, const struct log_row *row, int right)
{
	const struct log_record *r = record(lv, row->line);
	struct area text = { a->y, a->x, a->h, a->w - right };
	enum role role = r->level && r->level <= LEVEL_DEBUG ? ROLE_DEBUG : ROLE_TEXT;
	size_t from = row->from, len;
	int x = lv->columns.text;

	log_spans_read(&lv->spans, log_store_text(lv->book->store, r), MIN((size_t) r->len, LOGS_SEEN_MAX), r->flags & LOG_SGR);
	from = MIN(from, lv->spans.len);
	len = MIN(row->len, lv->spans.len - from);
	if (!lv->wrap && lv->shift) {
		size_t skipped = text_fit(lv->spans.text + from, len, lv->shift, NULL);
		from += skipped;
		len -= skipped;
	}
	size_t fits = text_fit(lv->spans.text + from, len, text.w - x, NULL);
	draw_spans(&lv->spans, &text, y, x, role, from, from + fits);
	logs_mark(lv, &text, y, x, row->line, lv->spans.text, from, fits);
	if (fits < len && row->kind != ROW_MORE)
		draw_str(&text, y, text.w - 1, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
	if (row->kind == ROW_MORE) {
		char said[80];
		draw_right(&text, y, x, text.w - x, ROLE_DIM,
			   keymap_say(lv->app->keymap, "… more: {copy} copies it, {save} saves it", said, sizeof(said)));
	}
	return x + text_width(lv->spans.text + from, fits);
}

/* Of a folded traceback its end: what was raised. */
static void draw_raised(struct logs_view *lv, const struct area *a, int y, int x, uint64_t line)
{
	const struct log_group *g = log_store_group(lv->book->store, line);

	if (!g || is_open(record(lv, line)) || !(record(lv, line)->flags & LOG_TRACEBACK))
		return;
	const struct log_record *r = record(lv, g->last);
	size_t len;
	const char *text = log_visible(lv->book->store, r, &lv->scratch, &len);
	if (len && !(r->flags & LOG_INDENT))
		draw_text(a, y, x + 1, ROLE_ERROR, text, MIN(len, LOGS_SEEN_MAX), true);
}

static void draw_marker(struct logs_view *lv, const struct area *a, int y, const struct log_record *r)
{
	AUTO_STRBUF when = STRBUF_INIT(64);
	int x = lv->columns.time ? lv->columns.time : 1;

	strbuf_adds(&when, "── ");
	logs_add_clock(lv, &when, r->ns);
	strbuf_adds(&when, " ── ");
	x += draw_str(a, y, x, ROLE_WARN, when.data);
	x += draw_text(a, y, x, ROLE_WARN, log_store_text(lv->book->store, r), r->len, true) + 1;
	while (x < a->w - 2) /* as the heading */
		x += draw_str(a, y, x, ROLE_DIM, "─");
}

static int draw_suffix(struct logs_view *lv, const struct area *a, int y, uint64_t line)
{
	AUTO_STRBUF sb = STRBUF_INIT(256);
	int width = suffix(lv, line, &sb);

	if (width)
		draw_str(a, y, a->w - width, ROLE_DIM, sb.data);
	return width ? width + 1 : 0;
}

static void draw_rules(const struct logs_view *lv, const struct area *a, int y)
{
	const struct log_columns *c = &lv->columns;

	if (!c->ruled)
		return;
	if (c->rule)
		draw_str(a, y, c->rule, ROLE_BORDER, "│");
	if (c->replica) {
		draw_str(a, y, c->replica - 1, ROLE_BORDER, "│");
		draw_str(a, y, c->replica + 1, ROLE_BORDER, "│");
	}
	draw_str(a, y, c->text - 2, ROLE_BORDER, "│");
}

static void draw_columns(struct logs_view *lv, const struct area *a, int y, const struct log_row *row)
{
	const struct log_record *r = record(lv, row->line);
	const struct log_columns *c = &lv->columns;

	if (c->replica)
		draw_fmt(a, y, c->replica, replica_role(r->replica), "%d", r->replica % 10);
	/* What was printed with the row above has its time; probes were not. */
	if (row->kind != ROW_FIRST && !(row->kind == ROW_MEMBER && r->flags & LOG_HEALTH))
		return;
	if (c->time) {
		AUTO_STRBUF when = STRBUF_INIT(64);
		logs_add_time(lv, &when, r->ns, c->time_width < 12);
		draw_text(a, y, c->time, ROLE_TIME, when.data, when.len, false);
	}
	if (c->level)
		draw_str(a, y, c->level, level_role(r->level), log_level_name((enum log_level) r->level));
}

void logs_draw_row(struct logs_view *lv, const struct area *a, int y, const struct log_row *row, bool first_of_line)
{
	const struct log_record *r = record(lv, row->line);
	int suffix = 0;

	if (r->flags & LOG_MARKER) {
		draw_marker(lv, a, y, r);
		return;
	}
	draw_rules(lv, a, y);
	draw_columns(lv, a, y, row);
	if (first_of_line)
		suffix = draw_suffix(lv, a, y, row->line);
	if (row->kind >= ROW_JSON_FIRST)
		logs_draw_json(lv, a, y, row);
	else if (!first_of_line)
		draw_message(lv, a, y, row, 0);
	else
		draw_raised(lv, &(struct area){ a->y, a->x, a->h, a->w - suffix }, y, draw_message(lv, a, y, row, suffix),
			    row->line);
}
