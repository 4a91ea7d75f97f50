/* Drawing the logs view: its frame, and the lines. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/hints.h"
#include "ui/view_logs_priv.h"

double logs_rate(const struct logs_view *lv)
{
	return lv->book ? log_book_rate(lv->book, lv->filter->only, wall_ms() / 1000) : 0;
}

/* ---- words in the frame ----------------------------------------------------------------------------- */

/* What is reached by a URL prints elsewhere. */
static bool has_no_log(const struct logs_view *lv)
{
	const struct environment *e = app_selected_environment(lv->app);

	return e && !strcmp(e->mode, "url");
}

static void add_state(const struct logs_view *lv, struct strbuf *sb)
{
	static const char *const words[] = { "CONNECTING", "LIVE", "NOT RUNNING", "ENGINE AWAY", "REMOVED" };
	enum log_stream_state state = log_book_state(lv->book, lv->filter->only);

	if (has_no_log(lv))
		strbuf_adds(sb, "NO LOGS");
	else if (!lv->book->follow)
		strbuf_adds(sb, "HELD");
	else
		strbuf_adds(sb, words[state]);
	if (state == STREAM_LIVE && lv->book->follow)
		strbuf_addf(sb, " %s", glyph(GLYPH_UP));
	if (state != STREAM_LIVE)
		return;
	strbuf_addc(sb, ' ');
	count_format(sb, (uint64_t) (logs_rate(lv) + 0.5));
	strbuf_adds(sb, "/s");
}

/* "  without 1 3": what the digits have switched off, where no row tells. */
static void add_muted(const struct logs_view *lv, struct strbuf *sb)
{
	const char *words = "  without";

	for (int n = 0; n < 10 && !lv->zoomed; n++)
		if (lv->filter->muted >> n & 1 && log_book_has(lv->book, n)) {
			strbuf_addf(sb, "%s %d", words, n);
			words = "";
		}
}

/* Where one host's lines are shown that no other pane names. */
static const char *host_of(const struct logs_view *lv)
{
	for (int i = lv->book->source_count; i-- > 0;)
		if (lv->book->sources[i].number == lv->filter->only)
			return lv->book->sources[i].host;
	return "";
}

static void add_title(const struct logs_view *lv, struct strbuf *sb, int width)
{
	strbuf_adds(sb, "[3] Logs");
	if (!lv->book)
		return;
	strbuf_addf(sb, "  %s", lv->book->environment);
	if (lv->filter->only >= 0)
		strbuf_addf(sb, "·%d", lv->filter->only);
	if (lv->filter->only >= 0 && width < 100 && lv->app->model.host_count > 1)
		strbuf_addf(sb, " %s", host_of(lv));
	if (lv->filter->only < 0 && log_book_several(lv->book)) {
		strbuf_adds(sb, "  merged by time");
		add_muted(lv, sb);
	}
}

static void add_count(const struct logs_view *lv, struct strbuf *sb, const char *before, const char *after)
{
	strbuf_adds(sb, before);
	count_format(sb, lv->book->list.lines);
	strbuf_adds(sb, " of ");
	count_format(sb, log_book_lines(lv->book, lv->filter->only));
	strbuf_adds(sb, after);
}

static void add_right(const struct logs_view *lv, struct hints *h, bool narrow)
{
	struct strbuf *sb = &h->text;
	char words[48];
	uint64_t errors = log_book_errors(lv->book, lv->filter->only);

	/* Of what there is no room for the last goes first, and this is always told. */
	if (log_filter_active(lv->filter) && !lv->zoomed && narrow)
		add_count(lv, sb, "", "   ");
	add_state(lv, sb);
	if (errors)
		strbuf_addf(sb, "   %llu err", (unsigned long long) errors);
	if (log_filter_active(lv->filter) && !lv->zoomed && !narrow)
		add_count(lv, sb, "   ", "");
	if (lv->zoomed)
		return;
	snprintf(words, sizeof(words), "wrap %s", lv->wrap ? "on" : "off");
	hints_add(h, ACT_WRAP, words);
	hints_add(h, ACT_TIME, logs_time_name(lv->time));
	hints_add(h, ACT_SEARCH, "search");
	hints_add(h, ACT_FILTER, "filter");
	if (log_book_several(lv->book) && lv->selected >= 0)
		hints_add(h, ACT_MERGE, lv->merge ? "one replica" : "merge replicas");
}

static void add_match(const struct logs_view *lv, struct strbuf *sb)
{
	const struct log_list *l = &lv->book->list;

	if (!lv->search)
		return;
	strbuf_adds(sb, "match ");
	if (log_numbers_has(&l->hits, lv->match))
		strbuf_addf(sb, "%zu/", log_numbers_place(&l->hits, lv->match) + 1);
	strbuf_addf(sb, "%zu%s \"%s\"", l->hits.count, log_list_done(l) ? "" : "+", lv->search_text);
}

static void add_bottom(const struct logs_view *lv, struct hints *h, bool focused)
{
	add_match(lv, &h->text);
	if (!focused)
		return;
	if (lv->search)
		hints_add_two(h, ACT_SEARCH_NEXT, ACT_SEARCH_PREVIOUS, "next/prev");
	hints_add_two(h, ACT_ERROR_NEXT, ACT_ERROR_PREVIOUS, "error");
	if (lv->zoomed) {
		hints_add(h, ACT_WRAP, "wrap");
		hints_add(h, ACT_TIME, "time");
		hints_add(h, ACT_JSON, "json");
	}
	hints_add(h, ACT_TRACE, "trace");
	hints_add(h, ACT_COPY, "copy");
	hints_add(h, ACT_SAVE, "save");
}

static const char *bar(void)
{
	return canvas_glyphs() == GLYPHS_ASCII ? glyph(GLYPH_CURSOR) : "▐";
}

static void add_dropped(const struct logs_view *lv, struct strbuf *sb)
{
	count_format(sb, log_store_dropped(lv->book->store));
	strbuf_adds(sb, " dropped");
}

static void add_place(const struct logs_view *lv, struct strbuf *sb)
{
	const struct log_book *b = lv->book;
	const struct log_list *l = &b->list;
	char said[48];

	if (!b->follow) {
		strbuf_addf(sb, "%s %zu%% HELD", bar(), l->rows.count ? lv->last_row * 100 / l->rows.count : 100);
		if (l->fresh) {
			strbuf_adds(sb, "  +");
			count_format(sb, l->fresh);
			strbuf_adds(sb, keymap_say(lv->app->keymap, " new  {last} follows", said, sizeof(said)));
		}
		return;
	}
	strbuf_addf(sb, "%s %sFOLLOW", bar(), lv->zoomed ? "100% " : "");
}

static void add_bottom_right(const struct logs_view *lv, struct strbuf *sb, bool wide)
{
	if (lv->book->follow && wide && !lv->zoomed) {
		strbuf_adds(sb, "scrollback ");
		count_format(sb, log_book_lines(lv->book, lv->filter->only));
		strbuf_addf(sb, " line%s · ", log_book_lines(lv->book, lv->filter->only) == 1 ? "" : "s");
		add_dropped(lv, sb);
		return;
	}
	add_place(lv, sb);
	/* Where there is a graph it stands behind that. */
	if (!lv->tall && log_store_dropped(lv->book->store)) {
		strbuf_adds(sb, "  ");
		add_dropped(lv, sb);
	}
}

/* ---- lines -------------------------------------------------------------------------------------------------- */

static void place_columns(struct logs_view *lv, int width)
{
	struct log_columns *c = &lv->columns;
	bool narrow = width < 100;
	int x = 1;

	*c = (struct log_columns){ .ruled = lv->zoomed && width >= 90 };
	c->time_width = logs_time_width(lv->time, narrow);
	if (!c->ruled && logs_merged(lv)) {
		c->replica = x;
		x += 2;
	}
	if (c->time_width) {
		x += c->ruled ? 1 : 0;
		c->time = x;
		x += c->time_width + (c->ruled ? 2 : 1);
	}
	if (c->ruled && logs_merged(lv)) {
		c->replica = x + 1;
		x += 4;
	} else if (c->ruled && c->time) {
		c->rule = x;
		x += 2;
	}
	c->level = x;
	c->text = x + (c->ruled ? 8 : 6);
}

static void draw_lines(struct logs_view *lv, const struct area *a, bool focused)
{
	const struct log_book *b = lv->book;
	const struct log_numbers *rows = &b->list.rows;
	size_t index;
	int skip;

	logs_first_row(lv, &index, &skip);
	lv->screen_rows = 0;
	lv->cursor_seen = lv->cursor_seen && !a->h;
	for (int y = 0; y < a->h && index < rows->count; index++, skip = 0) {
		uint64_t line = log_number(rows, index);
		int count = logs_layout(lv, line);
		for (int i = skip; i < count && y < a->h; i++, y++) {
			if (y < SCREEN_ROWS_MAX)
				lv->screen_lines[lv->screen_rows++] = line;
			lv->cursor_seen |= line == b->cursor;
			if (line == b->cursor && i == 0) {
				draw_selected(a, y, focused ? ROLE_SELECTED : ROLE_SELECTED_IDLE);
				draw_str(a, y, 0, ROLE_KEY, glyph(GLYPH_CURSOR));
			}
			logs_draw_row(lv, a, y, &lv->rows[i], i == 0);
		}
	}
}

/* How far down the view is. */
static void find_last_row(struct logs_view *lv)
{
	const struct log_numbers *rows = &lv->book->list.rows;
	size_t index = 0;
	int skip = 0;

	lv->last_row = rows->count;
	if (lv->book->follow || !rows->count)
		return;
	logs_first_row(lv, &index, &skip);
	for (int left = lv->height + skip; left > 0 && index < rows->count; index++)
		left -= logs_layout(lv, log_number(rows, index));
	lv->last_row = index;
}

/* Which rule it is that nothing passes, and the key that takes it away; static. */
static const char *blame(const struct logs_view *lv)
{
	static char said[160];
	struct log_filter *f = lv->filter;
	int active = f->least > LEVEL_NONE;
	const char *text = "no line passes all of these; {filters}, then c, drops them";

	for (int i = f->from; i < f->count; i++) {
		active += !f->rules[i].off;
		if (f->rules[i].off || !log_filter_blocks(f, lv->book->store, i))
			continue;
		if (f->rules[i].purpose >= RULE_TRACE)
			text = "no line of what is traced is here; {back} ends that";
		else if (f->rules[i].purpose == RULE_QUICK)
			text = "no line matches the filter; {filter}, then Esc, drops it";
		else
			text = "no line passes one of the rules; {filters} takes it out";
		return keymap_say(lv->app->keymap, text, said, sizeof(said));
	}
	if (f->least && log_filter_blocks(f, lv->book->store, -1))
		text = "no line has such a level; {level} changes it";
	else if (!active)
		text = "its replicas are switched off; digits switch them on";
	return keymap_say(lv->app->keymap, text, said, sizeof(said));
}

static void draw_nothing(const struct logs_view *lv, const struct area *a)
{
	const struct log_book *b = lv->book;
	const char *text = "nothing was printed yet";

	if (has_no_log(lv))
		text = "an environment of mode url keeps its logs where it runs";
	else if (!log_list_done(&b->list))
		text = "filtering …";
	else if (log_book_lines(b, lv->filter->only))
		text = blame(lv);
	else if (log_book_state(b, lv->filter->only) == STREAM_CONNECTING)
		text = "reading …";
	else if (log_book_state(b, lv->filter->only) == STREAM_AWAY)
		text = "the engine does not answer; reading goes on when it does";
	int x = 2 + draw_str(a, 0, 2, ROLE_DIM, text);
	if (log_list_done(&b->list) && log_book_lines(b, lv->filter->only) && !lv->zoomed)
		logs_draw_rules(lv, a, 0, x + 2);
}

static struct area draw_frame(struct logs_view *lv, const struct area *a, bool focused)
{
	AF_AUTO(hints) struct hints right = HINTS_INIT(lv->app->keymap, "   "), bottom = HINTS_INIT(lv->app->keymap, "   ");
	AUTO_STRBUF title = STRBUF_INIT(STRBUF_LINE), bottom_right = STRBUF_INIT(STRBUF_LINE);
	struct box box = { .focused = focused };

	add_title(lv, &title, a->w);
	if (lv->book) {
		add_right(lv, &right, a->w < 100);
		add_bottom(lv, &bottom, focused);
		add_bottom_right(lv, &bottom_right, a->w >= 100);
	}
	box.title = title.data;
	box.right_hints = &right;
	box.hints = &bottom;
	box.bottom_right = bottom_right.len ? bottom_right.data : NULL;
	return draw_box(a, &box);
}

void logs_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct logs_view *lv = (struct logs_view *) v;
	const struct environment *e = app_selected_environment(app);
	struct area outer = *a;
	int y = 0;

	/* What is selected may have come or gone without a key. */
	if (!e != !lv->book && !logs_is_left(lv))
		logs_view_selection_changed(v, app);
	lv->shown = true;
	/* The body begins below the header: we are the only pane. */
	lv->tall = a->y <= 1 && a->h >= LOGS_TALL_ROWS;
	lv->zoomed = lv->tall || app_zoomed(app, LOGS_ZOOMED_ROWS);
	outer.h -= lv->tall && lv->book;
	if (lv->book) {
		place_columns(lv, outer.w - 2);
		int width = outer.w - 2, height = MAX(outer.h - 2 - lv->zoomed - lv->tall - lv->columns.ruled, 0);
		bool resized = width != lv->width || height != lv->height;
		lv->width = width;
		lv->height = height;
		if (resized)
			logs_resized(lv);
		find_last_row(lv);
	}
	struct area in = draw_frame(lv, &outer, focused);
	if (!lv->book) {
		draw_str(&in, 0, 2, ROLE_DIM, "no environment is selected");
		return;
	}
	if (lv->tall)
		logs_draw_graph_row(lv, &in, y++);
	if (lv->zoomed)
		logs_draw_filter_row(lv, &in, y++);
	if (lv->columns.ruled)
		logs_draw_heading(lv, &in, y++);
	if (lv->tall)
		logs_draw_status(lv, a, a->h - 1);
	struct area lines = { in.y + y, in.x, lv->height, in.w };
	lv->screen_y = lines.y - a->y;
	lv->rate_shown = (int64_t) (logs_rate(lv) + 0.5);
	if (lv->book->list.rows.count)
		draw_lines(lv, &lines, focused);
	else
		draw_nothing(lv, &lines);
}
