/* Pane 1: how rows look. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/envs_priv.h"
#include "ui/feed.h"
#include "ui/hints.h"

/* From this width on there is room for the spark of the last minute, and for latencies. */
#define SPARK_WIDTH 70
#define LATENCY_WIDTH 96
#define NARROW_WIDTH 56
#define SPARK_SECONDS 12

struct columns {
	int name, up, cpu, mem, req, rate, err; /* the cell behind each, as numbers end there */
	int p50, p95, spark;                    /* 0: not shown */
};

static struct columns place_columns(int width)
{
	struct columns c = { 0 };
	int right = width - 1;

	if (width >= SPARK_WIDTH) {
		right -= SPARK_SECONDS + 1;
		c.spark = right + 2;
	}
	if (width >= LATENCY_WIDTH) {
		c.p95 = right;
		c.p50 = right - 8;
		right -= 16;
	}
	c.err = right;
	c.rate = right - 6;
	c.req = c.rate - 7;
	/* Where it is narrow, names are worth more than memory. */
	c.mem = width >= NARROW_WIDTH ? c.req - 8 : 0;
	c.cpu = (c.mem ? c.mem : c.req - 2) - 6;
	c.up = c.cpu - 6;
	c.name = c.up - 5; /* names end before this */
	return c;
}

static void right_text(const struct area *a, int y, int end, enum role role, const char *text)
{
	draw_right(a, y, end - 10, 10, role, text);
}

/* A click on a title sorts by it. */
static void draw_heading(struct envs *v, const struct area *a, const struct columns *c)
{
	const int ends[SORT_COUNT] = { [SORT_UP] = c->up, [SORT_CPU] = c->cpu, [SORT_MEM] = c->mem, [SORT_REQ] = c->req,
				       [SORT_RATE] = c->rate, [SORT_ERR] = c->err };

	v->heading[SORT_NAME] = (struct heading){ 3, 4 };
	draw_str(a, 0, 3, ROLE_COLUMN, envs_sort_name(SORT_NAME));
	for (int i = SORT_NAME + 1; i < SORT_COUNT; i++) {
		const char *name = envs_sort_name((enum envs_sort) i);
		int width = (int) strlen(name);
		v->heading[i] = (struct heading){ ends[i] - width, ends[i] ? width : 0 };
		if (ends[i])
			right_text(a, 0, ends[i], ROLE_COLUMN, name);
	}
	if (c->p50) {
		right_text(a, 0, c->p50, ROLE_COLUMN, "p50");
		right_text(a, 0, c->p95, ROLE_COLUMN, "p95");
	}
	if (c->spark)
		draw_str(a, 0, c->spark, ROLE_COLUMN, "last 60 s");
	if (v->heading[v->sort].width)
		draw_over(a, 0, v->heading[v->sort].x, v->heading[v->sort].width, ROLE_STRONG);
}

static void format_ms(char *buf, size_t size, double ms)
{
	if (isnan(ms))
		snprintf(buf, size, "%s", glyph(GLYPH_DASH));
	else if (ms < 1000)
		snprintf(buf, size, ms < 10 ? "%.1fms" : "%.0fms", ms);
	else
		snprintf(buf, size, "%.1fs", ms / 1000);
}

struct figures {
	double cpu, rate, p50, p95;
	int64_t memory;
	uint64_t requests, errors;
	bool counted;
};

static void draw_figures(const struct area *a, int y, const struct columns *c, enum role role, const struct figures *f)
{
	const char *none = glyph(GLYPH_DASH);
	AUTO_STRBUF memory = STRBUF_INIT(32), requests = STRBUF_INIT(32), rate = STRBUF_INIT(32);
	char buf[32];

	snprintf(buf, sizeof(buf), "%.0f%%", f->cpu);
	right_text(a, y, c->cpu, role, isnan(f->cpu) ? none : buf);
	if (f->memory >= 0)
		size_format(&memory, f->memory);
	if (c->mem)
		right_text(a, y, c->mem, role, memory.len ? memory.data : none);
	/* The column holds no more. */
	if (f->requests >= 10000000)
		strbuf_addf(&requests, "%.1fM", (double) f->requests / 1e6);
	else
		count_format(&requests, f->requests);
	right_text(a, y, c->req, role, requests.data);
	if (f->rate > 0)
		rate_format(&rate, f->rate);
	else
		strbuf_addc(&rate, '0');
	right_text(a, y, c->rate, role, isnan(f->rate) ? none : rate.data);
	double share = f->requests ? 100.0 * (double) f->errors / (double) f->requests : 0;
	snprintf(buf, sizeof(buf), share < 99.95 ? "%.1f%%" : "%.0f%%", share);
	right_text(a, y, c->err, f->errors && role != ROLE_DIM ? ROLE_WARN : role, f->counted ? buf : none);
	if (c->p50) {
		format_ms(buf, sizeof(buf), f->p50);
		right_text(a, y, c->p50, role, buf);
		format_ms(buf, sizeof(buf), f->p95);
		right_text(a, y, c->p95, role, buf);
	}
}

static void draw_rates(const struct app *app, const struct area *a, int y, const struct columns *c, const struct series *s)
{
	double values[SPARK_SECONDS * 5], sums[SPARK_SECONDS];

	if (!c->spark)
		return;
	/* A cell for five seconds. */
	series_last(s, app->now_ms, values, ARRAY_LEN(values));
	for (int i = 0; i < SPARK_SECONDS; i++) {
		sums[i] = 0;
		for (int k = 0; k < 5; k++)
			sums[i] = fmax(sums[i], isnan(values[i * 5 + k]) ? 0 : values[i * 5 + k]);
	}
	draw_spark(a, y, c->spark, SPARK_SECONDS, ROLE_GRAPH, sums, SPARK_SECONDS);
}

static void draw_name(const struct area *a, int y, int x, int end, enum role role, const char *name)
{
	struct area left = { a->y, a->x, a->h, MIN(end, a->w) };

	draw_text(&left, y, x, role, name, strlen(name), true);
}

static void draw_environment(const struct envs *v, struct app *app, const struct area *a, int y, const struct columns *c,
			     const struct environment *e, bool stale)
{
	bool folded = strlist_has(&v->folded, e->name);
	enum role role = stale ? ROLE_DIM : ROLE_TEXT;
	char up[24];
	struct figures f = { e->cpu_percent, e->rate, NAN, NAN, e->memory, e->requests, e->errors, false };

	for (int i = 0; i < e->count; i++) {
		f.counted |= e->replicas[i].source != COUNT_NONE && e->replicas[i].state == REPLICA_UP;
		f.p50 = fmax(f.p50, e->replicas[i].p50_ms);
		f.p95 = fmax(f.p95, e->replicas[i].p95_ms);
	}
	draw_str(a, y, 1, ROLE_DIM, glyph(folded ? GLYPH_CLOSED : GLYPH_OPEN));
	draw_name(a, y, 3, c->name, stale ? ROLE_DIM : ROLE_STRONG, e->name);
	snprintf(up, sizeof(up), "%d/%d", e->up, MAX(e->planned, e->count));
	right_text(a, y, c->up, stale ? ROLE_DIM : e->up < MAX(e->planned, e->count) ? ROLE_WARN : ROLE_OK, up);
	draw_figures(a, y, c, role, &f);
	draw_rates(app, a, y, c, &e->rates);
}

static enum role state_role(const struct replica *r)
{
	if (r->state == REPLICA_STARTING)
		return ROLE_BUSY;
	return !strcmp(r->word, "up") ? ROLE_OK : ROLE_ERROR;
}

static const char *state_glyph(const struct replica *r)
{
	if (r->state == REPLICA_STARTING)
		return glyph(GLYPH_BUSY);
	return glyph(r->state == REPLICA_UP ? GLYPH_UP : GLYPH_DOWN);
}

/* "2 gpu-b", then what is odd about it. */
static void draw_replica_name(const struct area *a, int y, const struct columns *c, const struct replica *r, enum role role,
			      const char *word)
{
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&name, "%d %s", r->number, r->host);
	if (r->restarts > 0)
		strbuf_addf(&name, " ↻%d", r->restarts);
	if (r->state != REPLICA_DOWN && r->died_of_memory)
		strbuf_adds(&name, " oom");
	if (r->uneven)
		strbuf_adds(&name, " ≠");
	draw_name(a, y, 5, c->up - text_width(word, strlen(word)) - 1, role, name.data);
}

/* Its state; of what is stale, how old that is. */
static void word_of(const struct app *app, const struct replica *r, bool stale, char *out, size_t size)
{
	const struct model_host *h = stale ? model_host((struct model *) &app->model, r->origin) : NULL;
	long long age = h && h->seen_ms ? (app->now_ms - h->seen_ms) / 1000 : 0;

	if (age < 1)
		snprintf(out, size, "%s", r->word);
	else
		snprintf(out, size, age < 120 ? "%llds ago" : "%lldm ago", age < 120 ? age : MIN(age / 60, 9999LL));
}

/* In place of figures, which one that starts has not. */
static void draw_wait(const struct area *a, int y, int x, const struct replica *r)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	replica_add_wait(&sb, r, wall_ms());
	x += draw_text(a, y, x, ROLE_BUSY, sb.data, sb.len, true) + 2;
	draw_str(a, y, x, ROLE_BUSY, spinner());
}

static void draw_replica(struct app *app, const struct area *a, int y, const struct columns *c, const struct replica *r,
			 bool stale)
{
	enum role role = stale ? ROLE_DIM : ROLE_TEXT, state = stale ? ROLE_DIM : state_role(r);
	struct figures f = { r->cpu_percent, r->rate, r->p50_ms, r->p95_ms, r->memory, r->requests, r->errors,
			     r->source != COUNT_NONE && r->state == REPLICA_UP };
	char word[24];

	word_of(app, r, stale, word, sizeof(word));
	draw_str(a, y, 3, state, state_glyph(r));
	draw_replica_name(a, y, c, r, role, word);
	right_text(a, y, c->up, state, word);
	if (r->state == REPLICA_STARTING && !stale) {
		draw_wait(a, y, c->up + 2, r);
		return;
	}
	draw_figures(a, y, c, role, &f);
	if (r->state == REPLICA_UP)
		draw_rates(app, a, y, c, &r->rates);
	else if (c->spark)
		draw_text(a, y, c->spark, ROLE_DIM, r->status, strlen(r->status), true);
}

static void draw_row(const struct envs *v, struct app *app, const struct area *a, int y, const struct columns *c,
		     const struct envs_row *row)
{
	bool stale = row->replica ? replica_is_stale(&app->model, row->env, row->replica, app->now_ms)
				  : environment_is_stale(&app->model, row->env, app->now_ms);

	if (row->replica)
		draw_replica(app, a, y, c, row->replica, stale);
	else
		draw_environment(v, app, a, y, c, row->env, stale);
	if (envs_is_marked(v, row->id))
		draw_str(a, y, 0, ROLE_MARKED, glyph(GLYPH_MARK));
}

/* ---- the pane ------------------------------------------------------------------------------------------ */

static void draw_nothing(struct envs *v, struct app *app, const struct area *a)
{
	char said[120];

	if (!app->model.loaded)
		draw_str(a, 1, 3, ROLE_DIM, "looking …");
	else if (v->filter.len)
		draw_fmt(a, 1, 3, ROLE_DIM, "nothing matches \"%s\"; %s", v->filter.data,
			 keymap_say(app->keymap, "{back} shows all", said, sizeof(said)));
	else if (app->model.host_count == 1 && !app->model.hosts[0].reachable)
		draw_text(a, 1, 3, ROLE_ERROR, app->model.hosts[0].error, strlen(app->model.hosts[0].error), true);
	else {
		draw_str(a, 1, 3, ROLE_TEXT, "Nothing runs.");
		draw_str(a, 3, 3, ROLE_DIM, keymap_say(app->keymap, "{build}  build an environment       {run}  run one", said, sizeof(said)));
		draw_str(a, 4, 3, ROLE_DIM, keymap_say(app->keymap, "{command}  any command, e.g. init my-env --template actor", said, sizeof(said)));
	}
}

/* Tells the feed whose figures can be seen. */
static void want(struct envs *v, struct app *app, int first, int height)
{
	const char *ids[128];
	int count = 0;

	for (int i = first; i < first + height && i < v->count && count < (int) ARRAY_LEN(ids); i++) {
		const struct environment *e = v->rows[i].env;
		if (v->rows[i].replica)
			ids[count++] = v->rows[i].replica->id;
		/* A folded row shows its replicas' sums. */
		for (int k = 0; !v->rows[i].replica && strlist_has(&v->folded, e->name) && k < e->count && count < 128; k++)
			ids[count++] = e->replicas[k].id;
	}
	if (app->feed)
		feed_want(app->feed, ids, count);
}

static void titles(const struct envs *v, const struct app *app, struct box *box, char right[64], struct hints *bottom,
		   char position[48])
{
	snprintf(right, 64, "sort %s%s   %d of %d", envs_sort_name(v->sort),
		 glyph((v->sort == SORT_NAME) != v->reverse ? GLYPH_SORT_UP : GLYPH_SORT_DOWN), v->shown_environments,
		 app->model.count);
	if (v->filtering || v->filter.len) {
		strbuf_addf(&bottom->text, "/%s%s", v->filter.data, v->filtering ? "▏" : "");
	} else {
		hints_add(bottom, ACT_MARK, "mark");
		hints_add(bottom, ACT_ACTIONS, "actions");
		hints_add(bottom, ACT_SEARCH, "filter");
	}
	if (v->marked.count)
		snprintf(position, 48, "%zu marked", v->marked.count);
	else
		snprintf(position, 48, "row %d of %d", v->count ? v->list.row + 1 : 0, v->count);
	box->title = "[1] Environments";
	box->right = app_has_pane_tabs(app) ? NULL : right;
	box->hints = bottom;
	box->bottom_right = position;
}

void envs_draw(struct view *view, struct app *app, const struct area *a, bool focused)
{
	struct envs *v = (struct envs *) view;
	AF_AUTO(hints) struct hints bottom = HINTS_INIT(app->keymap, " · ");
	struct box box = { .focused = focused };
	char right[64], position[48];

	v->height = MAX(a->h - 3, 1);
	envs_current(v, app);
	titles(v, app, &box, right, &bottom, position);
	struct area in = draw_box(a, &box);
	app_draw_pane_tabs(app, a, PANE_ENVS);
	if (in.h < 2)
		return;
	struct columns c = place_columns(in.w);
	draw_heading(v, &in, &c);
	struct area body = { in.y + 1, in.x, in.h - 1, in.w };
	if (!v->count)
		draw_nothing(v, app, &body);
	for (int y = 0; y < body.h && v->list.top + y < v->count; y++) {
		const struct envs_row *row = &v->rows[v->list.top + y];
		draw_row(v, app, &body, y, &c, row);
		if (v->list.selected && !v->list.gone && !strcmp(row->id, v->list.selected)) {
			draw_selected(&body, y, focused ? ROLE_SELECTED : ROLE_SELECTED_IDLE);
			draw_str(&body, y, 0, ROLE_STRONG, glyph(GLYPH_CURSOR));
		}
	}
	struct area below = { body.y + v->count, body.x, body.h - v->count, body.w };
	if (v->count)
		envs_draw_down(v, app, &below);
	want(v, app, v->list.top, body.h);
}
