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

void logs_draw_graph_row(struct logs_view *lv, const struct area *a, int y)
{
	int64_t now = wall_ms() / 1000;
	double all_lines[LOG_RATES_SIZE], peak = 0;
	uint32_t all_errors[LOG_RATES_SIZE];
	AUTO_STRBUF sb = STRBUF_INIT(256), drop = STRBUF_INIT(64);

	lv->graph_until = log_book_until(lv->book, lv->filter.only, now);
	log_book_last(lv->book, lv->filter.only, lv->graph_until, LOG_RATES_SIZE, all_lines, all_errors);
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

static void draw_replicas(const struct logs_view *lv, const struct area *a, int y, int x)
{
	unsigned bits = replica_bits(lv);

	x += draw_str(a, y, x, ROLE_DIM, "replica");
	for (int n = 0; n < 10; n++) {
		bool muted = lv->filter.muted >> n & 1 || (lv->filter.only >= 0 && lv->filter.only != n);
		if (bits >> n & 1)
			x += draw_fmt(a, y, x, muted ? ROLE_DIM : (enum role)(ROLE_REPLICA_0 + n % 6), " %s%d",
				      muted ? "□" : "▣", n);
	}
}

int logs_draw_rules(const struct logs_view *lv, const struct area *a, int y, int x)
{
	static const char *const levels[LEVEL_COUNT] = { "", "trace", "debug", "info", "warn", "error", "fatal" };

	for (int i = 0; i < lv->filter.count; i++) {
		const struct log_rule *rule = &lv->filter.rules[i];
		if (rule->off)
			continue;
		x += draw_str(a, y, x, ROLE_DIM, rule->purpose == RULE_TRACE ? "trace " : rule->hide ? "hide " : "keep ");
		x += draw_fmt(a, y, x, ROLE_FILTER, "/%s/", rule->text) + 2;
	}
	if (lv->filter.least)
		x += draw_fmt(a, y, x, ROLE_TEXT, "level ≥ %s", levels[lv->filter.least]) + 2;
	/* What there is no room for must not look as if it were not there. */
	if (x > a->w + 2)
		draw_str(a, y, a->w - 1, ROLE_DIM, glyph(GLYPH_ELLIPSIS));
	return x;
}

void logs_draw_filter_row(const struct logs_view *lv, const struct area *a, int y)
{
	AUTO_STRBUF count = STRBUF_INIT(256);
	bool several = log_book_several(lv->book);
	char buf[32];
	const char *edit = keymap_hint(lv->app->keymap, ACT_FILTER_STACK, buf, sizeof(buf));

	count_format(&count, lv->book->list.lines);
	if (!log_list_done(&lv->book->list))
		strbuf_addc(&count, '+');
	strbuf_adds(&count, " of ");
	count_format(&count, log_book_lines(lv->book, lv->filter.only));
	strbuf_adds(&count, " lines");
	if (!str_blank(edit))
		strbuf_addf(&count, "  %s edit", edit);
	int right = a->w - text_width(count.data, count.len) - 1;
	draw_str(a, y, right, ROLE_TEXT, count.data);
	int reserved = several ? 7 + 3 * __builtin_popcount(replica_bits(lv)) + 3 : 2;
	struct area left = { a->y, a->x, a->h, right - 2 }, rules = { a->y, a->x, a->h, right - reserved };
	int x = MIN(logs_draw_rules(lv, &rules, y, 1), rules.w + 1);
	if (several)
		draw_replicas(lv, &left, y, x);
}

void logs_draw_heading(const struct logs_view *lv, const struct area *a, int y)
{
	static const char *const times[] = { "", " age ", " local time ", " UTC time " };
	const struct log_columns *c = &lv->columns;

	for (int x = 1; x < a->w - 2; x++)
		draw_str(a, y, x, ROLE_BORDER, "─");
	if (c->time)
		draw_str(a, y, c->time, ROLE_COLUMN, times[lv->time]);
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
	if (c->rule)
		draw_str(a, y, c->rule, ROLE_BORDER, "┬");
