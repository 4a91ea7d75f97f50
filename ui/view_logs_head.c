/* What stands above and below the lines when there is room: the graph, the filters, the headings, who is who. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/view_logs_priv.h"

/* Seconds of the graph, and cells of the errors below it. */
#define GRAPH_CELLS 64
#define GRAPH_LEAST 30
#define ERROR_CELLS 21
/* A rule that is cut is worth at least so much. */
#define RULE_CELLS 8
/* Of the id of a call that is traced. */
#define CALL_ID_CELLS 8

void logs_draw_graph_row(struct logs_view *lv, const struct area *a, int y)
{
	int64_t now = wall_ms() / 1000;
	double all_lines[LOG_RATES_SIZE], peak = 0;
	uint32_t all_errors[LOG_RATES_SIZE];
	AUTO_STRBUF sb = STRBUF_INIT(256), drop = STRBUF_INIT(64);

	lv->graph_until = log_book_until(lv->book, lv->filter->only, now);
	log_book_last(lv->book, lv->filter->only, lv->graph_until, LOG_RATES_SIZE, all_lines, all_errors);
	for (int i = 0; i < LOG_RATES_SIZE; i++)
		peak = MAX(peak, all_lines[i]);
	if (lv->graph_until && lv->graph_until < now) {
		strbuf_adds(&sb, "until ");
		logs_add_clock(lv, &sb, lv->graph_until * 1000000000);
		strbuf_adds(&sb, "  ");
	}
	strbuf_adds(&sb, "peak ");
	count_format(&sb, (uint64_t) peak);
	strbuf_adds(&drop, "drop ");
	count_format(&drop, log_store_dropped(lv->book->store));
	/* The graph takes what the words leave. */
	int words = 1 + 8 + 2 + (int) sb.len + 3 + (7 + ERROR_CELLS + 3) + (int) drop.len + 1;
	bool with_errors = a->w - words >= GRAPH_LEAST;
	int cells = MIN(GRAPH_CELLS, MAX(a->w - words + (with_errors ? 0 : 7 + ERROR_CELLS + 3), 1));
	const double *lines = all_lines + LOG_RATES_SIZE - cells;
	const uint32_t *errors = all_errors + LOG_RATES_SIZE - cells;
	int x = 1 + draw_str(a, y, 1, ROLE_DIM, "lines/s ");
	draw_spark(a, y, x, cells, ROLE_GRAPH, lines, cells);
	x += cells + 2;
	x += draw_str(a, y, x, ROLE_TEXT, sb.data) + 3;
	draw_right(a, y, x, a->w - x, log_store_dropped(lv->book->store) ? ROLE_WARN : ROLE_DIM, drop.data);
	if (!with_errors)
		return;
	x += draw_str(a, y, x, ROLE_DIM, "errors ");
	for (int i = 0; i < ERROR_CELLS; i++) {
		uint32_t n = 0;
		for (int j = i * cells / ERROR_CELLS; j < (i + 1) * cells / ERROR_CELLS; j++)
			n += errors[j];
		draw_str(a, y, x + i, n ? ROLE_ERROR : ROLE_DIM, n ? "▲" : "·");
	}
}

/* Numbers up to 9, as the digits switch them; their bits. */
static unsigned replica_bits(const struct logs_view *lv)
{
	unsigned bits = 0;

	for (int n = 0; n < 10; n++)
		if (log_book_has(lv->book, n))
			bits |= 1u << n;
	return bits;
}

static bool is_off(const struct logs_view *lv, int n)
{
	return lv->filter->muted >> n & 1 || (lv->filter->only >= 0 && lv->filter->only != n);
}

static void draw_replicas(const struct logs_view *lv, const struct area *a, int y, int x)
{
	unsigned bits = replica_bits(lv);

	x += draw_str(a, y, x, ROLE_DIM, "replica");
	for (int n = 0; n < 10; n++)
		if (bits >> n & 1)
			x += draw_fmt(a, y, x, is_off(lv, n) ? ROLE_DIM : (enum role)(ROLE_REPLICA_0 + n % 6), " %s%d",
				      is_off(lv, n) ? "□" : "▣", n);
}

/* Cells that the replicas take; 0: nothing is to be told of them. */
static int replicas_width(const struct logs_view *lv, bool needed)
{
	unsigned bits = replica_bits(lv), off = 0;

	for (int n = 0; n < 10; n++)
		off |= (unsigned) (bits >> n & 1 && is_off(lv, n)) << n;
	if (!log_book_several(lv->book) || (needed && !off))
		return 0;
	return 7 + 3 * __builtin_popcount(bits);
}

/* Words of the rules, each with its role, as one text: it is measured before it is drawn. */
struct rule_words {
	struct strbuf text;
	struct {
		size_t from;
		enum role role;
	} parts[32];
	int count;
	size_t last; /* where begins what is told in any case; 0: nothing is */
};

static void add_words(struct rule_words *w, enum role role, const char *before, const char *text, const char *after)
{
	if (w->count == (int) ARRAY_LEN(w->parts))
		return;
	w->parts[w->count].from = w->text.len;
	w->parts[w->count++].role = role;
	strbuf_addf(&w->text, "%s%s%s", before, text, after);
}

static const char *rule_name(const struct log_rule *rule)
{
	static const char *const traces[] = { [RULE_TRACE] = "trace ", [RULE_CALL] = "call " };

	return rule->purpose >= RULE_TRACE ? traces[rule->purpose] : rule->hide ? "hide " : "keep ";
}

/* Ids are long, and their beginnings differ. */
static void add_call(struct rule_words *w, const char *id)
{
	bool cut = strlen(id) > CALL_ID_CELLS;

	add_words(w, ROLE_FILTER, "", "", "");
	strbuf_addf(&w->text, "%.*s%s", CALL_ID_CELLS, id, cut ? glyph(GLYPH_ELLIPSIS) : "");
}

/* "Esc: 2 filters back": what the trace has put aside. */
static void add_aside(const struct logs_view *lv, struct rule_words *w)
{
	int aside = log_filter_aside(lv->filter);
	char said[64];

	if (!log_filter_traced(lv->filter))
		return;
	const char *back = keymap_say(lv->app->keymap, aside ? "{back}:" : "{back} ends it", said, sizeof(said));
	w->last = w->text.len;
	add_words(w, ROLE_DIM, w->count ? "  " : "", back, "");
	if (aside)
		strbuf_addf(&w->text, " %d filter%s back", aside, aside == 1 ? "" : "s");
}

static void add_rules(const struct logs_view *lv, struct rule_words *w)
{
	static const char *const levels[LEVEL_COUNT] = { "", "trace", "debug", "info", "warn", "error", "fatal" };
	const struct log_filter *f = lv->filter;

	for (int i = f->from; i < f->count; i++) {
		if (f->rules[i].off)
			continue;
		add_words(w, ROLE_DIM, w->count ? "  " : "", rule_name(&f->rules[i]), "");
		if (f->rules[i].purpose == RULE_CALL)
			add_call(w, f->rules[i].text);
		else
			add_words(w, ROLE_FILTER, "/", f->rules[i].text, "/");
	}
	if (f->least)
		add_words(w, ROLE_TEXT, w->count ? "  " : "", "level ≥ ", levels[f->least]);
	add_aside(lv, w);
}

/* Words up to a byte. */
static void draw_some(const struct rule_words *w, size_t end, const struct area *a, int y, int x, int width)
{
	bool cut = text_width(w->text.data, end) > width;
	struct area room = { a->y, a->x, a->h, MIN(a->w, x + width - cut) };
	int start = x;

	if (width < 1)
		return;
	for (int i = 0; i < w->count && w->parts[i].from < end; i++) {
		size_t from = w->parts[i].from, to = i + 1 < w->count ? w->parts[i + 1].from : end;
		x += draw_text(&room, y, x, w->parts[i].role, w->text.data + from, to - from, false);
	}
	/* What there is no room for must not look as if it were not there. */
	if (cut)
		draw_str(a, y, start + width - 1, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
}

static void draw_words(const struct rule_words *w, const struct area *a, int y, int x, int width)
{
	int all = text_width(w->text.data, w->text.len);
	int last = w->last ? text_width(w->text.data + w->last, w->text.len - w->last) : 0;

	if (!last || all <= width || width - last < RULE_CELLS) {
		draw_some(w, w->text.len, a, y, x, width);
		return;
	}
	draw_some(w, w->last, a, y, x, width - last);
	draw_text(a, y, x + width - last, ROLE_DIM, w->text.data + w->last, w->text.len - w->last, false);
}

void logs_draw_rules(const struct logs_view *lv, const struct area *a, int y, int x)
{
	struct rule_words words = { .text = STRBUF_INIT(STRBUF_TEXT) };

	add_rules(lv, &words);
	draw_words(&words, a, y, x, a->w - x);
	strbuf_free(&words.text);
}

static void add_count(const struct logs_view *lv, struct strbuf *sb)
{
	count_format(sb, lv->book->list.lines);
	if (!log_list_done(&lv->book->list))
		strbuf_addc(sb, '+');
	strbuf_adds(sb, " of ");
	count_format(sb, log_book_lines(lv->book, lv->filter->only));
	strbuf_adds(sb, " lines");
}

/* The rules, the replicas, the count; where there is little room, replicas that are all on yield first. */
void logs_draw_filter_row(const struct logs_view *lv, const struct area *a, int y)
{
	AUTO_STRBUF count = STRBUF_INIT(256);
	struct rule_words words = { .text = STRBUF_INIT(STRBUF_TEXT) };
	char buf[32];
	const char *edit = keymap_hint(lv->app->keymap, ACT_FILTER_STACK, buf, sizeof(buf));

	add_count(lv, &count);
	add_rules(lv, &words);
	int width = text_width(words.text.data, words.text.len), replicas = replicas_width(lv, false);
	int right = a->w - 1 - text_width(count.data, count.len), hint = str_blank(edit) ? 0 : 2 + text_width(edit, strlen(edit)) + 5;
	if (hint && 1 + width + (width ? 2 : 0) + replicas_width(lv, true) + 2 <= right - hint) {
		strbuf_addf(&count, "  %s edit", edit);
		right -= hint;
	}
	draw_str(a, y, right, ROLE_TEXT, count.data);
	if (1 + width + (width ? 2 : 0) + replicas + 2 > right)
		replicas = replicas_width(lv, true);
	int room = right - 2 - 1 - (replicas ? replicas + 2 : 0);
	draw_words(&words, a, y, 1, MIN(width, room));
	if (replicas) {
		struct area left = { a->y, a->x, a->h, right - 2 };
		draw_replicas(lv, &left, y, 1 + (width ? MIN(width, room) + 2 : 0));
	}
	strbuf_free(&words.text);
}

void logs_draw_heading(const struct logs_view *lv, const struct area *a, int y)
{
	static const char *const times[] = { "", " age ", " local time ", " UTC time " };
	const struct log_columns *c = &lv->columns;

	for (int x = 1; x < a->w - 2; x++)
		draw_str(a, y, x, ROLE_BORDER, "─");
	if (c->time)
		draw_str(a, y, c->time, ROLE_COLUMN, times[lv->time]);
	if (c->rule)
		draw_str(a, y, c->rule, ROLE_BORDER, "┬");
	if (c->replica) {
		draw_str(a, y, c->replica - 1, ROLE_BORDER, "┬");
		draw_str(a, y, c->replica, ROLE_COLUMN, "R");
		draw_str(a, y, c->replica + 1, ROLE_BORDER, "┬");
	}
	if (c->level)
		draw_str(a, y, c->level - 1, ROLE_COLUMN, " level ");
	draw_str(a, y, c->text - 2, ROLE_BORDER, "┬");
	draw_str(a, y, c->text - 1, ROLE_COLUMN, " message ");
}

void logs_draw_status(const struct logs_view *lv, const struct area *a, int y)
{
	const struct log_book *b = lv->book;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	int x = 1;

	if (b->lag_ms >= 0 && b->lag_ms < 60000 && a->w >= 100)
		strbuf_addf(&sb, "reader lag %.2f s    ", (double) b->lag_ms / 1000);
	strbuf_adds(&sb, "buffer ");
	count_format(&sb, log_store_end(b->store) - log_store_first(b->store));
	strbuf_adds(&sb, " / ");
	count_format(&sb, log_store_max_lines(b->store));
	strbuf_addf(&sb, " lines   %.1f MiB", (double) log_store_bytes(b->store) / (1024 * 1024));
	int right = a->w - text_width(sb.data, sb.len) - 2;
	draw_str(a, y, right, ROLE_DIM, sb.data);
	struct area left = { a->y, a->x, a->h, right - 1 };
	x += draw_str(&left, y, x, ROLE_DIM, "R = replica");
	for (int i = 0; i < b->source_count; i++) {
		const struct book_source *s = &b->sources[i];
		if (s->index < 0)
			continue;
		if (x + 6 + text_width(s->host, strlen(s->host)) > left.w) {
			draw_str(&left, y, x + 1, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
			break;
		}
		x += draw_fmt(&left, y, x + 3, (enum role)(ROLE_REPLICA_0 + s->number % 6), "%d", s->number) + 3;
		x += draw_fmt(&left, y, x + 1, ROLE_TEXT, "%s", s->host) + 1;
	}
}
