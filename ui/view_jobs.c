/* Jobs: the list, and the whole output of the one under the cursor. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/views.h"

/* Of a result its beginning is shown. */
#define OUTPUT_SHOWN 65536u

struct jobs_view {
	struct view view;
	int selected; /* id; 0: the newest */
	int scroll;   /* lines from the end of the output */
	int list_rows;
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

/* The last lines of notes and output, then the error. */
static void draw_output(struct jobs_view *jv, const struct area *a, const struct job_row *j)
{
	AUTO_STRBUF all = STRBUF_INIT(STRBUF_HUGE);
	struct strlist lines = { 0 };

	text_add_safe(&all, j->log.data, j->log.len, true);
	text_add_safe(&all, j->output.data, MIN(j->output.len, (size_t) OUTPUT_SHOWN), true);
	if (j->output.len > OUTPUT_SHOWN)
		strbuf_addf(&all, "\n… %zu bytes more; y copies all\n", j->output.len - OUTPUT_SHOWN);
	if (j->error)
		strbuf_addf(&all, "\n%s\n", j->error);
	if (j->hint)
		strbuf_addf(&all, "  %s\n", j->hint);
	for (const char *p = all.data; *p;) {
		size_t len = strcspn(p, "\n");
		if (strlist_take(&lines, str_ndup(p, len, NULL), NULL))
			break;
		p += len + (p[len] == '\n');
	}
	jv->scroll = MIN(jv->scroll, MAX(0, (int) lines.count - a->h));
	int first = MAX(0, (int) lines.count - a->h - jv->scroll);
	for (int y = 0; y < a->h && first + y < (int) lines.count; y++)
		draw_text(a, y, 1, ROLE_TEXT, lines.items[first + y], strlen(lines.items[first + y]), true);
	strlist_free(&lines);
}

static void jobs_draw(struct view *v, struct app *app, const struct area *a, bool focused)
{
	struct jobs_view *jv = (struct jobs_view *) v;
	const struct job_row *const *rows = job_list(app);
	struct box box = { .title = "Jobs", .focused = focused, .bottom = "^C cancel · PgUp PgDn output · Esc close" };
	int current = index_of(jv, rows), count = 0;

	area_clear(a, ROLE_TEXT);
	struct area in = draw_box(a, &box);
	while (rows[count])
		count++;
	if (!count) {
		draw_str(&in, 1, 2, ROLE_DIM, "Nothing was run yet. : opens the command line.");
		return;
	}
	jv->list_rows = MIN(count, MAX(3, in.h / 3));
	int top = MAX(0, current - jv->list_rows + 1);
	for (int y = 0; y < jv->list_rows && rows[top + y]; y++) {
		draw_row(app, &in, y, rows[top + y]);
		if (top + y == current)
			draw_selected(&in, y, ROLE_SELECTED);
	}
	struct area out = { in.y + jv->list_rows + 1, in.x, in.h - jv->list_rows - 1, in.w };
	if (out.h > 0 && current >= 0)
		draw_output(jv, &out, rows[current]);
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
			app_copy(app, rows[current]->output.data, rows[current]->output.len);
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

static bool jobs_tick(struct view *v UNUSED, struct app *app, int64_t now_ms UNUSED)
{
	return job_newest_running(app) != 0;
}

static const struct view_ops jobs_ops = {
	.name = "jobs",
	.contexts = jobs_contexts,
	.free = jobs_free,
	.draw = jobs_draw,
	.act = jobs_act,
	.tick = jobs_tick,
};

struct view *jobs_view_new(struct app *app UNUSED, struct af_error *err)
{
	struct jobs_view *jv = calloc(1, sizeof(*jv));

	if (!jv) {
		error_nomem(err);
		return NULL;
	}
	jv->view.ops = &jobs_ops;
	return &jv->view;
}
