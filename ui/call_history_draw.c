/* How past and saved calls look. See call_view.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "store/mask.h"
#include "ui/call_view.h"
#include "ui/hints.h"

/* Calls that the summary is about. */
#define RECENT 20
#define MARK_TIMEOUT "▲"
/* From arguments of so many bytes no command is made at each frame. */
#define COMMAND_SHOWN 65536
/* Rows below the list: summary, spark, marks of what failed, command. */
#define BELOW 5

/* ---- cells ------------------------------------------------------------------------------------------ */

/* "530ms", "1.91s", "300s", "12m": six columns at most. What is short has the same figures as elsewhere. */
static void add_took(struct strbuf *sb, int64_t us)
{
	double s = (double) us / 1e6;

	if (us < 1000000) {
		duration_format_us(sb, us);
		strbuf_remove(sb, sb->len - 3, 1);
	} else if (s < 9.995) {
		strbuf_addf(sb, "%.2fs", s);
	} else if (s < 99.95) {
		strbuf_addf(sb, "%.1fs", s);
	} else if (s < 1000) {
		strbuf_addf(sb, "%.0fs", s);
	} else {
		strbuf_addf(sb, "%.0fm", s / 60);
	}
}

/* The time of day, or how many days ago. */
static void add_when(struct strbuf *sb, int64_t ms)
{
	time_t when = (time_t) (ms / 1000);
	int64_t days = (wall_ms() - ms) / 86400000;
	struct tm tm;
	char text[16];

	if (days > 0)
		strbuf_addf(sb, "%lldd ago", (long long) days);
	else if (gmtime_r(&when, &tm) && strftime(text, sizeof(text), "%H:%M:%S", &tm))
		strbuf_adds(sb, text);
}

static void add_arguments(struct strbuf *sb, const char *args)
{
	struct json_span object = { args, strlen(args) };

	if (object.len > 65536 || json_check(args, object.len, NULL))
		return;
	for (struct json_iter it = json_iter(object); json_next(&it) && sb->len < 200;) {
		strbuf_adds(sb, sb->len ? " " : "");
		json_add_decoded(sb, it.key);
		strbuf_addc(sb, '=');
		if (json_type(it.value) == JSON_STRING)
			json_add_decoded(sb, it.value);
		else
			strbuf_add(sb, it.value.text, MIN(it.value.len, (size_t) 100));
	}
}

static void draw_cut(const struct area *a, int y, int x, int width, enum role role, const char *text)
{
	struct area cell = { a->y, a->x + x, a->h, MIN(width, a->w - x) };

	if (cell.w > 0)
		draw_text(&cell, y, 0, role, text, strlen(text), true);
}

/* ---- rows -------------------------------------------------------------------------------------------- */

static bool is_selected(const struct call_view *v, char kind, const char *rest)
{
	const char *id = v->list.selected;

	return id && id[0] == kind && id[1] == ':' && !strcmp(id + 2, rest);
}

static void mark(const struct area *a, int y, bool focused)
{
	draw_str(a, y, 0, focused ? ROLE_KEY : ROLE_DIM, glyph(GLYPH_CURSOR));
	draw_selected(a, y, focused ? ROLE_SELECTED : ROLE_SELECTED_IDLE);
}

static void draw_saved(struct call_view *v, const struct area *a, int y, const struct saved_call *c, bool focused)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_LINE), when = STRBUF_INIT(64);
	int name = MIN(14, a->w / 4), method = MIN(11, a->w / 5);

	add_arguments(&args, c->args);
	add_when(&when, c->saved_ms);
	draw_str(a, y, 1, ROLE_MARKED, glyph(GLYPH_STAR));
	draw_cut(a, y, 3, name - 1, ROLE_STRONG, c->name);
	draw_cut(a, y, 3 + name, method - 1, ROLE_TEXT, c->method);
	draw_cut(a, y, 3 + name + method, a->w - 3 - name - method - 9, ROLE_DIM, args.data);
	draw_right(a, y, a->w - 9, 9, ROLE_TIME, when.data);
	if (is_selected(v, 's', c->name))
		mark(a, y, focused);
}

/* Where the columns of calls begin. */
struct grid {
	int replica, method, args, status, took;
};

static struct grid grid_of(int w)
{
	struct grid g = { .replica = 10 };

	g.method = w >= 44 ? 13 : g.replica;
	g.took = w - 6;
	g.status = g.took - (w >= 54 ? 11 : 9);
	g.args = g.method + (w >= 54 ? 12 : 10);
	return g;
}

/* In nine columns. */
static const char *status_word(af_code code)
{
	switch (code) {
	case AF_OK:
		return "ok";
	case AF_ERR_METHOD:
		return "failed";
	case AF_ERR_UNREACHABLE:
		return "away";
	case AF_ERR_UNAVAILABLE:
		return "not here";
	default:
		return af_code_name(code);
	}
}

static enum role role_of(af_code code)
{
	return code == AF_ERR_CANCELLED ? ROLE_WARN : code ? ROLE_ERROR : ROLE_OK;
}

static enum glyph glyph_of(af_code code)
{
	return code == AF_ERR_CANCELLED ? GLYPH_DASH : code ? GLYPH_CROSS : GLYPH_CHECK;
}

void call_row_draw(const struct area *a, int y, const struct call_record *r)
{
	struct grid g = grid_of(a->w);
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_LINE), when = STRBUF_INIT(64), took = STRBUF_INIT(64);
	char replica[12] = "";

	add_when(&when, r->started_ms);
	add_took(&took, r->took_us);
	add_arguments(&args, r->args);
	draw_cut(a, y, 1, 9, ROLE_TIME, when.data);
	if (r->replica >= 0)
		snprintf(replica, sizeof(replica), "%d", r->replica);
	if (g.method > g.replica)
		draw_cut(a, y, g.replica, 2, ROLE_TEXT, replica);
	draw_cut(a, y, g.method, g.args - g.method - 1, ROLE_TEXT, r->method);
	draw_cut(a, y, g.args, g.status - g.args - 1, ROLE_DIM, args.data);
	draw_str(a, y, g.status, role_of(r->code), glyph(glyph_of(r->code)));
	draw_cut(a, y, g.status + 2, g.took - g.status - 2, role_of(r->code), status_word(r->code));
	draw_right(a, y, g.took, 6, ROLE_TEXT, took.data);
}

static void draw_call(struct call_view *v, const struct area *a, int y, const struct call_record *r, bool focused)
{
	char id[24];

	call_row_draw(a, y, r);
	snprintf(id, sizeof(id), "%lld", (long long) r->id);
	if (is_selected(v, 'c', id))
		mark(a, y, focused);
}

void call_heading_draw(const struct area *a, int y)
{
	struct grid g = grid_of(a->w);

	draw_str(a, y, 1, ROLE_COLUMN, "TIME");
	if (g.method > g.replica)
		draw_str(a, y, g.replica, ROLE_COLUMN, "R");
	draw_str(a, y, g.method, ROLE_COLUMN, "METHOD");
	if (g.status - g.args > 5)
		draw_str(a, y, g.args, ROLE_COLUMN, "ARGS");
	draw_str(a, y, g.status, ROLE_COLUMN, "STATUS");
	draw_right(a, y, g.took, 6, ROLE_COLUMN, "TOOK");
}

/* ---- the last calls of the form's method --------------------------------------------------------------- */

static int by_value(const void *a, const void *b)
{
	double x = *(const double *) a, y = *(const double *) b;

	return (x > y) - (x < y);
}

struct recent {
	double took[RECENT]; /* seconds, oldest first */
	af_code codes[RECENT];
	int count, ok, timeouts, cancelled;
};

static void collect(const struct call_view *v, struct recent *rc)
{
	*rc = (struct recent){ 0 };
	for (size_t i = 0; i < v->calls.count && rc->count < RECENT; i++) {
		const struct call_record *r = &v->calls.items[i];
		if (!v->form.method || strcmp(r->method, v->form.method))
			continue;
		rc->codes[RECENT - 1 - rc->count] = r->code;
		rc->took[RECENT - 1 - rc->count++] = (double) r->took_us / 1e6;
		rc->ok += r->code == AF_OK;
		rc->timeouts += r->code == AF_ERR_TIMEOUT;
		rc->cancelled += r->code == AF_ERR_CANCELLED;
	}
	memmove(rc->took, rc->took + RECENT - rc->count, (size_t) rc->count * sizeof(rc->took[0]));
	memmove(rc->codes, rc->codes + RECENT - rc->count, (size_t) rc->count * sizeof(rc->codes[0]));
}

/* Below the bars of calls that went wrong a mark each, and at the right what the marks mean. */
static void draw_marks(const struct area *a, int y, const struct recent *rc, bool below)
{
	int failed = rc->count - rc->ok - rc->timeouts - rc->cancelled, x = a->w - 1;
	AUTO_STRBUF text = STRBUF_INIT(128);

	for (int i = 0; i < rc->count; i++) {
		if (!rc->codes[i])
			continue;
		draw_over(a, y, 1 + i, 1, role_of(rc->codes[i]));
		if (below)
			draw_str(a, y + 1, 1 + i, role_of(rc->codes[i]),
				 rc->codes[i] == AF_ERR_TIMEOUT ? MARK_TIMEOUT : glyph(glyph_of(rc->codes[i])));
	}
	if (rc->timeouts == 1)
		strbuf_adds(&text, MARK_TIMEOUT " timeout");
	else if (rc->timeouts)
		strbuf_addf(&text, MARK_TIMEOUT " %d timeouts", rc->timeouts);
	if (failed)
		strbuf_addf(&text, "%s%s %d failed", text.len ? "  " : "", glyph(GLYPH_CROSS), failed);
	x -= text_width(text.data, text.len);
	draw_str(a, y, x, ROLE_ERROR, text.data);
	if (!rc->cancelled)
		return;
	strbuf_reset(&text);
	strbuf_addf(&text, "%s %d cancelled  ", glyph(GLYPH_DASH), rc->cancelled);
	draw_str(a, y, x - text_width(text.data, text.len), ROLE_WARN, text.data);
}

static void draw_summary(struct call_view *v, const struct area *a, int y)
{
	AUTO_STRBUF p50 = STRBUF_INIT(64), p95 = STRBUF_INIT(64);
	struct recent rc;
	double sorted[RECENT];
	int count = 0;

	collect(v, &rc);
	if (!rc.count)
		return;
	/* How long a call took that was cancelled says nothing about the method. */
	for (int i = 0; i < rc.count; i++)
		if (rc.codes[i] != AF_ERR_CANCELLED)
			sorted[count++] = rc.took[i];
	qsort(sorted, (size_t) count, sizeof(sorted[0]), by_value);
	draw_spark(a, y + 1, 1, MIN(rc.count, a->w - 2), ROLE_GRAPH, rc.took, rc.count);
	draw_marks(a, y + 1, &rc, y + 2 < a->h);
	if (!count)
		return;
	/* The nearest rank. */
	duration_format_us(&p50, (int64_t) (sorted[(count - 1) / 2] * 1e6 + 0.5));
	duration_format_us(&p95, (int64_t) (sorted[(count * 95 + 99) / 100 - 1] * 1e6 + 0.5));
	draw_fmt(a, y, 1, ROLE_TEXT, "%s, last %d: p50 %s  p95 %s  ok %d/%d", v->form.method, count, p50.data, p95.data, rc.ok, count);
}

/* What the form would do, as a command. */
static void draw_command(struct call_view *v, const struct area *a, int y)
{
	AF_AUTO(hints) struct hints copy = HINTS_INIT(v->app->keymap, "  ");
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE), times = STRBUF_INIT(STRBUF_LINE);

	if (!v->form.method)
		return;
	if (v->form.json && v->form.editor.text.len > COMMAND_SHOWN)
		strbuf_adds(&line, "(too long to be shown)");
	else if (form_command(&v->form, v->environment, &line, NULL))
		return;
	form_add_times(&v->form, &times);
	draw_fmt(a, y, 1, ROLE_DIM, "equivalent command%s", times.data);
	hints_add(&copy, ACT_COPY_ALT, "copy");
	int x = a->w - 1 - text_width(copy.text.data, copy.text.len);
	draw_str(a, y, x, ROLE_DIM, copy.text.data);
	hints_place(&copy, a, y, x, copy.text.len);
	draw_text(a, y + 1, 1, ROLE_TEXT, line.data, MIN(line.len, (size_t) 2000), true);
}

/* ---- the pane -------------------------------------------------------------------------------------------- */

/* Moves `top` so that row `at` of `count` is among `h`. */
static void keep(int *top, int at, int count, int h)
{
	if (at >= 0 && at < *top)
		*top = at;
	if (at >= 0 && at >= *top + h)
		*top = at - h + 1;
	*top = MAX(0, MIN(*top, count - h));
}

static int draw_lists(struct call_view *v, const struct area *a, bool focused)
{
	int saved = (int) v->saved.count, calls = (int) v->calls.count, row = v->list.selected ? v->list.row : -1;
	int saved_h = MIN(saved, MAX(1, a->h / 3)), y = 0;

	keep(&v->saved_top, row < saved ? row : -1, saved, saved_h);
	v->drawn.saved = saved_h;
	v->drawn.calls = 0;
	for (; y < saved_h; y++)
		draw_saved(v, a, y, &v->saved.items[v->saved_top + y], focused);
	y += saved_h && a->h > 8;
	if (!calls) {
		draw_str(a, y, 1, ROLE_DIM, !v->loaded ? "reading the history" : v->error.message ? v->error.message :
			 v->filter ? "no call has this text" : "no calls yet");
		return y + 1;
	}
	call_heading_draw(a, y++);
	int calls_h = MAX(1, a->h - y);
	v->page = calls_h;
	v->drawn.calls_y = y;
	keep(&v->calls_top, row >= saved ? row - saved : -1, calls, calls_h);
	for (int i = v->calls_top; i < calls && y < a->h; i++, y++)
		draw_call(v, a, y, &v->calls.items[i], focused);
	v->drawn.calls = y - v->drawn.calls_y;
	return y;
}

void call_history_draw(struct call_view *v, const struct area *a, bool focused)
{
	static const struct {
		enum action action;
		const char *what;
	} hints[] = { { ACT_OPEN, "load" }, { ACT_RERUN, "rerun" }, { ACT_DIFF, "diff" }, { ACT_STAR, "save" },
		      { ACT_DELETE, "forget" }, { ACT_SEARCH, "search" } };
	AF_AUTO(hints) struct hints bottom = HINTS_INIT(v->app->keymap, " · ");
	char right[64], filter[80] = "";
	struct box box = { .title = "[2] History & saved", .right = right, .focused = focused, .bottom_right = filter };

	snprintf(right, sizeof(right), "%zu saved · %lld run%s", v->saved.count, (long long) v->total, v->total == 1 ? "" : "s");
	if (v->filter)
		snprintf(filter, sizeof(filter), "/%.60s", v->filter);
	for (size_t i = 0; i < ARRAY_LEN(hints); i++)
		hints_add(&bottom, hints[i].action, hints[i].what);
	box.hints = &bottom;
	area_clear(a, ROLE_TEXT);
	struct area in = draw_box(a, &box);
	int below = in.h >= 12 ? BELOW : in.h >= 8 ? 2 : 0;
	struct area lists = { in.y, in.x, in.h - below, in.w };
	int used = draw_lists(v, &lists, focused);
	if (below >= 2)
		draw_summary(v, &in, MIN(used, in.h - below));
	if (below == BELOW)
		draw_command(v, &in, in.h - 2);
}

/* The row of the list at a row of the pane as it was drawn; -1: none. The list may have become shorter since. */
static int row_at(const struct call_view *v, int y)
{
	int saved = (int) v->saved.count, calls = (int) v->calls.count;

	if (y >= 0 && y < v->drawn.saved)
		return v->saved_top + y < saved ? v->saved_top + y : -1;
	y -= v->drawn.calls_y;
	if (y >= 0 && y < v->drawn.calls)
		return v->calls_top + y < calls ? saved + v->calls_top + y : -1;
	return -1;
}

int call_history_mouse(struct call_view *v, int y, int what)
{
	int saved = (int) v->saved.count, row = row_at(v, y);

	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
		return call_history_act(v, what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN);
	if (row < 0)
		return REACT_HANDLED;
	AUTO_FREE char *id = row < saved ? str_format(NULL, "s:%s", v->saved.items[row].name)
					 : str_format(NULL, "c:%lld", (long long) v->calls.items[row - saved].id);
	if (!id)
		return REACT_HANDLED;
	bool again = v->list.selected && !strcmp(v->list.selected, id);
	list_select(&v->list, id);
	v->list.row = row;
	return what == MOUSE_DOUBLE || again ? call_history_act(v, ACT_OPEN) : REACT_REDRAW;
}
