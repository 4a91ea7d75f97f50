/* Pane 2, overview: figures and graphs of an environment or a replica. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/detail_priv.h"

#define AXIS_WIDTH 5

static void add_ms(struct strbuf *sb, double ms)
{
	if (isnan(ms))
		strbuf_adds(sb, glyph(GLYPH_DASH));
	else if (ms < 1000)
		strbuf_addf(sb, ms < 10 ? "%.1f ms" : "%.0f ms", ms);
	else
		strbuf_addf(sb, "%.1f s", ms / 1000);
}

static int draw_line(const struct area *a, int y, enum role role, const struct strbuf *sb)
{
	draw_text(a, y, 1, role, sb->data, sb->len, true);
	return y + 1;
}

/* ---- what it is ------------------------------------------------------------------------------- */

static int draw_replica_facts(struct app *app UNUSED, const struct area *a, const struct environment *e,
			      const struct replica *r)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	int64_t up_ms = r->started_ms && r->state == REPLICA_UP ? MAX(wall_ms() - r->started_ms, (int64_t) 0) : 0;

	strbuf_addf(&sb, "image %s · %.6s", r->image, r->id);
	if (up_ms) {
		strbuf_adds(&sb, " · up ");
		duration_format(&sb, up_ms);
	}
	if (r->memory_limit > 0) {
		strbuf_adds(&sb, " · mem limit ");
		size_format(&sb, r->memory_limit);
	}
	draw_line(a, 0, ROLE_TEXT, &sb);
	strbuf_reset(&sb);
	strbuf_addf(&sb, "balance %s · restarts %d · ", e->balance, r->restarts);
	int x = 1 + draw_text(a, 1, 1, ROLE_TEXT, sb.data, sb.len, true);
	if (r->state == REPLICA_UP && r->healthy)
		draw_str(a, 1, x, ROLE_OK, "● healthy");
	else if (r->state == REPLICA_UP && !r->sampled_ms)
		draw_str(a, 1, x, ROLE_DIM, "…");
	else if (r->state != REPLICA_DOWN)
		draw_str(a, 1, x, r->state == REPLICA_STARTING ? ROLE_BUSY : ROLE_ERROR, r->word);
	else {
		strbuf_reset(&sb);
		replica_add_end(&sb, r, wall_ms());
		draw_text(a, 1, x, ROLE_ERROR, sb.data, sb.len, true);
	}
	return 2;
}

static int draw_environment_facts(const struct area *a, const struct environment *e)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "image %s · mode %s · %s", e->image, e->mode, env_type_name(e->type));
	draw_line(a, 0, ROLE_TEXT, &sb);
	strbuf_reset(&sb);
	strbuf_addf(&sb, "replicas %d of %d up · balance %s%s", e->up, MAX(e->planned, e->count), e->balance,
		    e->ours ? "" : " · not started by afs");
	return draw_line(a, 1, ROLE_TEXT, &sb);
}

/* ---- graphs --------------------------------------------------------------------------------------- */

static double largest(const double *values, int count)
{
	double most = 0;

	for (int i = 0; i < count; i++)
		if (!isnan(values[i]))
			most = fmax(most, values[i]);
	return most;
}

/* A round number not below `value`, so that the axis reads well. */
static double axis_top(double value)
{
	static const double steps[] = { 1, 1.5, 2, 3, 4, 5, 6, 8, 10 };
	double unit = pow(10, floor(log10(fmax(value, 1))));

	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		if (steps[i] * unit >= value)
			return steps[i] * unit;
	return 10 * unit;
}

static int draw_rates(struct app *app, const struct area *a, int y, int height, const struct series *s, double now)
{
	double values[SERIES_SIZE];
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	series_last(s, app->now_ms, values, SERIES_SIZE);
	double most = largest(values, SERIES_SIZE), top = axis_top(most);
	strbuf_addf(&sb, "REQ/s   now %.1f   peak %.1f", isnan(now) ? 0 : now, most);
	draw_line(a, y, ROLE_STRONG, &sb);
	draw_right(a, y, a->w - 13, 12, ROLE_AXIS, "last 120 s");
	struct area graph = { a->y + y + 1, a->x + AXIS_WIDTH + 1, height, a->w - AXIS_WIDTH - 2 };
	if (height < 1 || graph.w < 4)
		return y + 1;
	draw_fmt(a, y + 1, 0, ROLE_AXIS, "%*.*f", AXIS_WIDTH - 1, top < 2 && top > 1 ? 1 : 0, top);
	draw_fmt(a, y + height, 0, ROLE_AXIS, "%*d", AXIS_WIDTH - 1, 0);
	draw_graph(&graph, ROLE_GRAPH, values, SERIES_SIZE, top);
	return y + 1 + height;
}

static int draw_latency(const struct area *a, int y, const struct replica *r)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_adds(&sb, "LATENCY p50 ");
	add_ms(&sb, r->p50_ms);
	strbuf_adds(&sb, "  p95 ");
	add_ms(&sb, r->p95_ms);
	strbuf_adds(&sb, "  p99 ");
	add_ms(&sb, r->p99_ms);
	strbuf_addf(&sb, "  in flight %d", r->in_flight);
	return draw_line(a, y, ROLE_TEXT, &sb);
}

/* CPU left, memory right, as in `docker stats`. */
static int draw_resources(struct app *app, const struct area *a, int y, int height, const struct replica *r)
{
	double values[SERIES_SIZE];
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
	int half = a->w / 2;
	struct area left = { a->y + y, a->x, height + 1, half }, right = { a->y + y, a->x + half, height + 1, a->w - half };

	if (isnan(r->cpu_percent))
		strbuf_addf(&sb, "CPU %s", glyph(GLYPH_DASH));
	else
		strbuf_addf(&sb, "CPU %.0f%% of 1 core", r->cpu_percent);
	draw_line(&left, 0, ROLE_STRONG, &sb);
	strbuf_reset(&sb);
	strbuf_adds(&sb, "MEM ");
	if (r->memory >= 0)
		size_format(&sb, r->memory);
	else
		strbuf_adds(&sb, glyph(GLYPH_DASH));
	if (r->memory_limit > 0) {
		strbuf_adds(&sb, " / ");
		size_format(&sb, r->memory_limit);
	}
	draw_line(&right, 0, ROLE_STRONG, &sb);
	if (height < 1)
		return y + 1;
	struct area cpu = { left.y + 1, left.x + 1, height, left.w - 2 }, mem = { right.y + 1, right.x + 1, height, right.w - 2 };
	series_last(&r->cpu, app->now_ms, values, SERIES_SIZE);
	draw_graph(&cpu, ROLE_GRAPH, values, SERIES_SIZE, fmax(100, largest(values, SERIES_SIZE)));
	series_last(&r->mem, app->now_ms, values, SERIES_SIZE);
	draw_graph(&mem, ROLE_GRAPH_ALT, values, SERIES_SIZE, r->memory_limit > 0 ? (double) r->memory_limit : 0);
	return y + 1 + height;
}

/* ---- methods ------------------------------------------------------------------------------------------ */

static void draw_method(const struct area *a, int y, const struct method_count *m, int name_width)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE), p95 = STRBUF_INIT(64), last = STRBUF_INIT(64);

	add_ms(&p95, m->p95_ms);
	if (m->last_ms)
		duration_format(&last, MAX(wall_ms() - m->last_ms, (int64_t) 0));
	struct area name = { a->y, a->x, a->h, name_width + 1 };
	draw_text(&name, y, 1, ROLE_TEXT, m->name, strlen(m->name), true);
	strbuf_addf(&sb, "%9llu  %5.1f%%  %6llu  %8s  %7s", (unsigned long long) m->calls,
		    m->calls ? 100.0 * (double) (m->calls - MIN(m->errors, m->calls)) / (double) m->calls : 100.0,
		    (unsigned long long) m->errors, p95.data, last.len ? last.data : glyph(GLYPH_DASH));
	draw_text(a, y, name_width + 1, m->errors ? ROLE_WARN : ROLE_TEXT, sb.data, sb.len, false);
}

static void draw_methods(const struct area *a, int y, const struct replica *r)
{
	int name_width = MAX(a->w - 46, 8);

	if (y >= a->h)
		return;
	draw_str(a, y, 1, ROLE_COLUMN, "METHOD");
	draw_fmt(a, y++, name_width + 1, ROLE_COLUMN, "%9s  %6s  %6s  %8s  %7s", "CALLS", "OK", "ERR", "p95", "last");
	if (r->source == COUNT_NONE && r->state == REPLICA_DOWN)
		draw_str(a, y, 1, ROLE_DIM, "not running; l shows its last lines");
	else if (r->source == COUNT_NONE)
		draw_str(a, y, 1, ROLE_DIM, "this server counts nothing");
	else if (!r->method_count)
		draw_str(a, y, 1, ROLE_DIM, "no calls yet; c makes one");
	for (int i = 0; i < r->method_count && y < a->h; i++, y++)
		draw_method(a, y, &r->methods[i], name_width);
}

static void draw_replicas(const struct area *a, int y, const struct environment *e)
{
	if (y >= a->h)
		return;
	draw_str(a, y++, 1, ROLE_COLUMN, "REPLICA");
	for (int i = 0; i < e->count && y < a->h; i++, y++) {
		const struct replica *r = &e->replicas[i];
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
		strbuf_addf(&sb, "%d %s  %s", r->number, r->host, r->status);
		draw_text(a, y, 1, r->state == REPLICA_DOWN ? ROLE_ERROR : ROLE_TEXT, sb.data, sb.len, true);
	}
}

void detail_draw_overview(struct app *app, const struct area *a, const struct environment *e, const struct replica *r)
{
	int y = r ? draw_replica_facts(app, a, e, r) : draw_environment_facts(a, e);
	/* What is left after the fixed lines goes to graphs and the list at the end. */
	int graph = MAX(0, MIN(4, (a->h - 12) / 2)), small = a->h > 17 ? 2 : a->h > 14 ? 1 : 0;

	y += a->h > 10;
	if (graph > 0)
		y = draw_rates(app, a, y, graph, r ? &r->rates : &e->rates, r ? r->rate : e->rate);
	if (r) {
		y = draw_latency(a, y, r);
		y = draw_resources(app, a, y, small, r);
		draw_methods(a, y + (a->h > 14), r);
	} else {
		draw_replicas(a, y + 1, e);
	}
}
