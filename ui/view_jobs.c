/* Jobs: the list, and the whole output of the one under the cursor; and what was said. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/hints.h"
#include "ui/save.h"
#include "ui/views.h"

/* Of a result its beginning is shown. */
#define OUTPUT_SHOWN 65536u
/* And of one line at most so many rows. */
#define LINE_ROWS 200

struct jobs_view {
	struct view view;
	int selected; /* id; 0: the newest */
	int scroll;   /* lines from the end of the output */
	int list_rows, top; /* as drawn */
};

static const enum key_context jobs_contexts[] = { KEYS_LIST, KEYS_GLOBAL };

static void jobs_free(struct view *v)
{
	free(v);
}

static int index_of(const struct jobs_view *jv, const struct job_row *const *rows)
{
	for (int i = 0; rows[i]; i++)
		if (rows[i]->id == jv->selected || !jv->selected)
			return i;
	return -1; /* gone: of the oldest only so many are kept */
}

static void draw_row(struct app *app, const struct area *a, int y, const struct job_row *j)
{
	static const enum role roles[] = { ROLE_BUSY, ROLE_OK, ROLE_ERROR, ROLE_WARN };
	static const enum glyph glyphs[] = { GLYPH_BUSY, GLYPH_CHECK, GLYPH_CROSS, GLYPH_DASH };
	AUTO_STRBUF took = STRBUF_INIT(64);
	int64_t end = j->state == JOB_RUNNING ? app->now_ms : j->ended_ms;

	duration_format(&took, end - j->started_ms);
	draw_str(a, y, 1, roles[j->state], j->state == JOB_RUNNING ? spinner() : glyph(glyphs[j->state]));
	draw_text(a, y, 3, ROLE_TEXT, j->line, strlen(j->line), true);
	draw_right(a, y, a->w - 12, 11, ROLE_DIM, took.data);
}

/* What follows the output: how much of it is missing, the error. */
static void add_end(struct strbuf *sb, const struct app *app, const struct job_row *j)
{
	char said[80];

	if (j->output.len > OUTPUT_SHOWN)
		strbuf_addf(sb, "\n… %zu bytes more; %s\n", j->output.len - OUTPUT_SHOWN,
			    keymap_say(app->keymap, "{copy} copies all, {save} saves it", said, sizeof(said)));
	if (j->error)
		strbuf_addf(sb, "\n%s\n", j->error);
	if (j->hint)
		strbuf_addf(sb, "  %s\n", j->hint);
}

/* Its notes, its output and its error. */
static void add_all(struct strbuf *sb, const struct job_row *j)
{
	strbuf_add(sb, j->log.data, j->log.len);
	strbuf_add(sb, j->output.data, j->output.len);
	if (j->error)
		strbuf_addf(sb, "%s\n", j->error);
}

/* Rows that are drawn, from the last one up; `skip` are below what is seen. */
struct rows {
	const struct area *a;
	int y, skip; /* y: the row that is drawn next, -1: there is no more room */
};

/* Bytes of the row that the text begins with: where there are blanks no word is broken. */
static size_t row_len(const char *text, size_t len, int width)
{
	size_t fits = MAX(text_fit(text, len, width, NULL), (size_t) 1);

	if (fits >= len)
		return len;
	for (size_t i = fits; i > 0; i--)
		if (text[i] == ' ' && strspn(text, " ") < i)
			return i + 1;
	return fits;
}

/* One line, over as many rows as it takes; its last row first. */
static void draw_line_up(struct rows *r, const char *text, size_t len)
{
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_TEXT);
	uint32_t starts[LINE_ROWS + 1];
	int count = 0, width = MAX(8, r->a->w - 2);

	text_add_safe(&safe, text, MIN(len, (size_t) LINE_ROWS * (size_t) width), true);
	for (size_t at = 0; count < LINE_ROWS && (at < safe.len || !count);) {
		starts[count++] = (uint32_t) at;
		at += row_len(safe.data + at, safe.len - at, width);
	}
	starts[count] = (uint32_t) safe.len;
	while (count-- > 0 && r->y >= 0) {
		if (r->skip > 0)
			r->skip--;
		else
			draw_text(r->a, r->y--, 1, ROLE_TEXT, safe.data + starts[count], starts[count + 1] - starts[count], true);
	}
}

/* A log may be long, and this is drawn often: only the lines that are seen, and those below them, are looked at. */
static void draw_lines_up(struct rows *r, const char *text, size_t len)
{
	if (len && text[len - 1] == '\n')
		len--;
	else if (!len)
		return;
	while (r->y >= 0) {
		const char *newline = memrchr(text, '\n', len);
		size_t start = newline ? (size_t) (newline - text) + 1 : 0;
		draw_line_up(r, text + start, len - start);
		if (!newline)
			return;
		len = start - 1;
	}
}

static void draw_parts(struct rows *r, const struct app *app, const struct job_row *j)
{
	AUTO_STRBUF end = STRBUF_INIT(STRBUF_TEXT);

	add_end(&end, app, j);
	draw_lines_up(r, end.data, end.len);
	draw_lines_up(r, j->output.data, MIN(j->output.len, (size_t) OUTPUT_SHOWN));
	draw_lines_up(r, j->log.data, j->log.len);
	if (!j->log_lost)
		return;
	strbuf_reset(&end);
	strbuf_addf(&end, "… %zu bytes before this are not kept", j->log_lost);
	draw_lines_up(r, end.data, end.len);
}

/* What there is to see ends at the bottom, or begins at the top where it is short. */
static void draw_output(struct jobs_view *jv, const struct app *app, const struct area *a, const struct job_row *j)
{
	struct rows all = { a, a->h - 1, jv->scroll };

	draw_parts(&all, app, j);
	if (all.y < 0)
		return;
	/* There is room left: not scrolled so far, and then from the top. */
	int left = all.y + 1 + all.skip, back = MIN(left, jv->scroll);
	jv->scroll -= back;
	area_clear(a, ROLE_TEXT);
	struct area top = { a->y, a->x, a->h - (left - back), a->w };
	struct rows again = { &top, top.h - 1, jv->scroll };
	draw_parts(&again, app, j);
}

/* What was said, below what was done, where there is room for both; returns the rows that are left above. */
static int draw_said(struct app *app, const struct area *in, int least)
{
	int count = notices_count(app), room = least ? in->h / 4 : in->h - 3;
	int rows = MIN(count, room - 1);

	if (!count || (rows < 2 && rows < count))
		return in->h;
	struct area said = { in->y + in->h - rows, in->x, rows, in->w };
	draw_str(in, in->h - rows - 1, 1, ROLE_COLUMN, "NOTICES");
	notices_draw(app, &said);
	return in->h - rows - 1;
}

static const struct view_ops running_ops, over_ops;

/* What is over cannot be cancelled. */
static void show_running(struct jobs_view *jv, bool running)
{
	jv->view.ops = running ? &running_ops : &over_ops;
}

static void jobs_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct jobs_view *jv = (struct jobs_view *) v;
	const struct job_row *const *rows = job_list(app);
	AF_AUTO(hints) struct hints hints = HINTS_INIT(app->keymap, " · ");
	struct box box = { .title = "Jobs and notices", .focused = focused, .hints = &hints };
	int current = index_of(jv, rows), count = 0;
	char said[80];

	show_running(jv, current >= 0 && rows[current] && rows[current]->state == JOB_RUNNING);
	if (jv->view.ops == &running_ops)
		hints_add(&hints, ACT_CANCEL_JOB, "cancel");
	hints_add_two(&hints, ACT_PAGE_UP, ACT_PAGE_DOWN, "output");
	hints_add(&hints, ACT_COPY, "copy");
	hints_add(&hints, ACT_SAVE, "save");
	hints_add(&hints, ACT_BACK, "close");
	area_clear(a, ROLE_TEXT);
	struct area in = draw_box(a, &box);
	while (rows[count])
		count++;
	in.h = draw_said(app, &in, count);
	if (!count) {
		draw_str(&in, 1, 2, ROLE_DIM,
			 keymap_say(app->keymap, "Nothing was run yet. {command} opens the command line.", said, sizeof(said)));
		return;
	}
	jv->list_rows = MIN(count, MAX(3, in.h / 3));
	jv->top = MAX(0, current - jv->list_rows + 1);
	for (int y = 0; y < jv->list_rows && rows[jv->top + y]; y++) {
		draw_row(app, &in, y, rows[jv->top + y]);
		if (jv->top + y == current)
			draw_selected(&in, y, ROLE_SELECTED);
	}
	struct area out = { in.y + jv->list_rows + 1, in.x, in.h - jv->list_rows - 1, in.w };
	if (out.h > 0 && current >= 0)
		draw_output(jv, app, &out, rows[current]);
}

static void copy_all(struct app *app, const struct job_row *j)
{
	AUTO_STRBUF all = STRBUF_INIT(STRBUF_HUGE);

	if (!app_may_copy(app, j->log.len + j->output.len))
		return;
	add_all(&all, j);
	app_copy(app, all.data, all.len);
}

/* It may have been forgotten by the time that the name is typed. */
static void save_to(struct app *app, const char *path, void *arg)
{
	const struct job_row *j = job_find(app, (int) (intptr_t) arg);
	AUTO_STRBUF all = STRBUF_INIT(STRBUF_HUGE);

	if (!j || str_blank(path))
		return;
	add_all(&all, j);
	save_text(app, path, &all);
}

static void ask_file(struct app *app, const struct job_row *j)
{
	AUTO_FREE char *name = str_format(NULL, "%.*s.txt", (int) strcspn(j->line, " "), j->line);

	app_ask(app, "save the output to", name, NULL, save_to, (void *) (intptr_t) j->id);
}

static int jobs_act(struct view *v, struct app *app, enum action action)
{
	struct jobs_view *jv = (struct jobs_view *) v;
	const struct job_row *const *rows = job_list(app);
	int current = index_of(jv, rows);

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		current = current < 0 ? 0 : current + (action == ACT_UP ? -1 : 1);
		if (current >= 0 && rows[0] && rows[current])
			jv->selected = rows[current]->id;
		jv->scroll = 0;
		return REACT_REDRAW;
	case ACT_PAGE_UP:
		jv->scroll += 10;
		return REACT_REDRAW;
	case ACT_PAGE_DOWN:
		jv->scroll = MAX(0, jv->scroll - 10);
		return REACT_REDRAW;
	case ACT_COPY:
		if (rows[0] && current >= 0)
			copy_all(app, rows[current]);
		return REACT_HANDLED;
	case ACT_SAVE:
		if (rows[0] && current >= 0)
			ask_file(app, rows[current]);
		return REACT_HANDLED;
	case ACT_CANCEL_JOB:
		if (rows[0] && current >= 0)
			job_cancel(app, rows[current]->id);
		return REACT_REDRAW;
	case ACT_BACK:
	case ACT_JOBS:
	case ACT_QUIT:
		return REACT_CLOSE;
	default:
		return REACT_NONE;
	}
}

static int jobs_mouse(struct view *v, struct app *app, const struct mouse *mouse)
{
	struct jobs_view *jv = (struct jobs_view *) v;
	const struct job_row *const *rows = job_list(app);
	int count = 0, row = mouse->y - 1;

	while (rows[count])
		count++;
	bool in_list = row >= 0 && row < jv->list_rows && jv->top + row < count;
	switch (mouse->what) {
	case MOUSE_WHEEL_UP:
	case MOUSE_WHEEL_DOWN:
		if (in_list)
			return jobs_act(v, app, mouse->what == MOUSE_WHEEL_UP ? ACT_UP : ACT_DOWN);
		jv->scroll = MAX(0, jv->scroll + (mouse->what == MOUSE_WHEEL_UP ? 3 : -3));
		return REACT_REDRAW;
	default:
		if (!in_list)
			return REACT_HANDLED;
		jv->selected = rows[jv->top + row]->id;
		jv->scroll = 0;
		return REACT_REDRAW;
	}
}

static bool jobs_offers(enum action action)
{
	static const enum action offered[] = { ACT_UP, ACT_DOWN, ACT_PAGE_UP, ACT_PAGE_DOWN, ACT_COPY, ACT_SAVE, ACT_CANCEL_JOB, ACT_JOBS,
					       ACT_BACK, ACT_COMMAND, ACT_HELP, ACT_MOUSE, ACT_THEME, ACT_REDRAW, ACT_SUSPEND,
					       ACT_NONE };

	return action_among(action, offered);
}

static const struct footer_hint running_hints[] = {
	{ ACT_UP, ACT_DOWN, ' ', "choose" }, { ACT_PAGE_UP, ACT_PAGE_DOWN, '/', "output" }, { .action = ACT_CANCEL_JOB, .what = "cancel" },
	{ .action = ACT_COPY }, { .action = ACT_SAVE, .what = "save" }, { .action = ACT_COMMAND }, { .action = ACT_BACK }, { 0 }
};

static const struct footer_hint over_hints[] = {
	{ ACT_UP, ACT_DOWN, ' ', "choose" }, { ACT_PAGE_UP, ACT_PAGE_DOWN, '/', "output" }, { .action = ACT_COPY },
	{ .action = ACT_SAVE, .what = "save" }, { .action = ACT_COMMAND }, { .action = ACT_BACK }, { 0 }
};

static bool jobs_tick(struct view *v UNUSED, struct app *app, int64_t now_ms UNUSED)
{
	return job_newest_running(app) != 0;
}

#define JOBS_OPS(shown) { .name = "jobs", .contexts = jobs_contexts, .hints = shown, .offers = jobs_offers, .free = jobs_free, \
			  .draw = jobs_draw, .act = jobs_act, .mouse = jobs_mouse, .tick = jobs_tick }
static const struct view_ops running_ops = JOBS_OPS(running_hints);
static const struct view_ops over_ops = JOBS_OPS(over_hints);

struct view *jobs_view_new(struct app *app UNUSED, struct af_error *err)
{
	struct jobs_view *jv = calloc(1, sizeof(*jv));

	if (!jv) {
		error_nomem(err);
		return NULL;
	}
	jv->view.ops = &over_ops;
	return &jv->view;
}
