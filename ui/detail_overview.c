/* Pane 2, overview: figures and graphs of an environment or a replica. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/detail_priv.h"
#include "ui/methods.h"

#define AXIS_WIDTH 5

void detail_add_ms(struct strbuf *sb, double ms)
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

/* "methods 3 · ", once they are known. */
static void add_methods(struct strbuf *sb, struct app *app, const struct environment *e)
{
	const struct method_list *methods = e->up ? methods_of(app, e->name) : NULL;

	if (methods)
		strbuf_addf(sb, "methods %zu · ", methods->count);
}

/* "restarts 4, OOM 00:21:07 · " */
static void add_death(struct strbuf *sb, const struct replica *r)
{
	strbuf_addf(sb, "restarts %d, ", r->restarts);
	replica_add_death(sb, r, wall_ms());
	strbuf_adds(sb, " · ");
}

static int draw_replica_facts(struct app *app, const struct area *a, const struct environment *e, const struct replica *r)
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
	/* Of one that is not well the reason is worth more. */
	if (r->state == REPLICA_UP)
		add_methods(&sb, app, e);
	if (r->state == REPLICA_DOWN || !r->died_ms)
		strbuf_addf(&sb, "balance %s · restarts %d · ", e->balance, r->restarts);
	else
		add_death(&sb, r);
	int x = 1 + draw_text(a, 1, 1, ROLE_TEXT, sb.data, sb.len, true);
	if (!strcmp(r->word, "up") && r->healthy)
		draw_str(a, 1, x, ROLE_OK, "● healthy");
	else if (r->state == REPLICA_UP && !r->sampled_ms)
		draw_str(a, 1, x, ROLE_DIM, "…");
	else {
		strbuf_reset(&sb);
		if (r->state == REPLICA_STARTING)
			replica_add_wait(&sb, r, wall_ms());
		else
			replica_add_end(&sb, r, wall_ms());
		draw_text(a, 1, x, r->state == REPLICA_STARTING ? ROLE_BUSY : ROLE_ERROR, sb.data, sb.len, true);
	}
	return 2;
}

static int draw_environment_facts(struct app *app, const struct area *a, const struct environment *e)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "image %s · mode %s · %s", e->image, e->mode, env_type_name(e->type));
	draw_line(a, 0, ROLE_TEXT, &sb);
	strbuf_reset(&sb);
	add_methods(&sb, app, e);
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

static int draw_rates(struct app *app, const struct area *a, int y, int height, const struct replica *r)
{
	double values[SERIES_SIZE];
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	series_last(&r->rates, app->now_ms, values, SERIES_SIZE);
	double most = largest(values, SERIES_SIZE), top = axis_top(most);
	strbuf_adds(&sb, "REQ/s   now ");
	rate_format(&sb, isnan(r->rate) ? 0 : r->rate);
	strbuf_adds(&sb, "   peak ");
	rate_format(&sb, most);
	if (r->source == COUNT_SERVER)
		strbuf_addf(&sb, "   in flight %d", r->in_flight);
	draw_line(a, y, ROLE_STRONG, &sb);
	if (text_width(sb.data, sb.len) + 14 < a->w)
		draw_right(a, y, a->w - 13, 12, ROLE_AXIS, "last 120 s");
	struct area graph = { a->y + y + 1, a->x + AXIS_WIDTH + 1, height, a->w - AXIS_WIDTH - 2 };
	if (height < 1 || graph.w < 4)
		return y + 1;
	for (int i = 1; i <= height; i++)
		draw_str(a, y + i, AXIS_WIDTH, ROLE_AXIS, i == 1 || i == height ? "┤" : "│");
	draw_fmt(a, y + 1, 0, ROLE_AXIS, "%*.*f", AXIS_WIDTH - 1, top < 2 && top > 1 ? 1 : 0, top);
	draw_fmt(a, y + height, 0, ROLE_AXIS, "%*d", AXIS_WIDTH - 1, 0);
	draw_graph(&graph, ROLE_GRAPH, values, SERIES_SIZE, top);
	return y + 1 + height;
}

static uint64_t timeouts_of(const struct replica *r)
{
	uint64_t sum = 0;

	for (int i = 0; i < r->method_count; i++)
		sum += r->methods[i].timeouts;
	return sum;
}

/* Percentiles do not add up: of `several` replicas those of the slowest. */
static int draw_latency(const struct area *a, int y, const struct replica *r, bool several)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "LATENCY %sp50 ", several ? "at most " : "");
	detail_add_ms(&sb, r->p50_ms);
	strbuf_adds(&sb, "  p95 ");
	detail_add_ms(&sb, r->p95_ms);
	strbuf_adds(&sb, "  p99 ");
	detail_add_ms(&sb, r->p99_ms);
	if (r->method_count && r->methods[0].divided)
		strbuf_addf(&sb, "   timeouts %llu", (unsigned long long) timeouts_of(r));
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

/* ---- all of it ------------------------------------------------------------------------------------------ */

/* Rows of graphs in an overview of `height` rows: what is left beside the fixed lines and the list at the end, which gets
 * less where there would be no graph. */
static void share_rows(int height, int fixed, int list, int *rates, int *resources)
{
	int left = height - fixed - list, least = MIN(MAX((height - fixed) / 2, 0), 2);

	left = MAX(left, least);
	*resources = left > 5 ? 2 : left > 2;
	*rates = MIN(left - *resources, 4);
}

void detail_draw_overview(struct app *app, const struct area *a, const struct environment *e, const struct replica *r)
{
	bool airy = a->h > 12;
	/* Facts, titles of graphs and list, latencies, empty rows. */
	int fixed = 6 + 2 * airy, rates, resources;
	int y = r ? draw_replica_facts(app, a, e, r) : draw_environment_facts(app, a, e);
	struct replica sum;

	if (!r)
		detail_sum_up(e, &sum);
	const struct replica *shown = r ? r : &sum;
	int list = MAX(shown->method_count, 1) + (r ? 0 : airy + 1 + e->count);
	share_rows(a->h, fixed, list, &rates, &resources);
	if (!r || (r->memory < 0 && isnan(r->cpu_percent))) { /* of several together there are no series, of others no figures */
		rates = MIN(rates + resources, 4);
		resources = 0;
	}
	y += airy;
	if (a->h > 8)
		y = draw_rates(app, a, y, rates, shown);
	y = draw_latency(a, y, shown, !r && e->count > 1);
	y = draw_resources(app, a, y, resources, shown);
	detail_draw_methods(a, y + airy, shown);
	if (!r) {
		detail_draw_replicas(a, y + airy + 1 + MAX(sum.method_count, 1) + airy, e);
		free(sum.methods);
	}
}
