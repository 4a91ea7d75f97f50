/* The header. See frame.h. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/frame.h"

/* From this width on the header spells things out. */
#define WIDE_HEADER 100

static void add_hosts(struct strbuf *sb, const struct app *app, int width)
{
	const struct model *m = &app->model;

	if (m->host_count > 1)
		strbuf_addf(sb, width < WIDE_HEADER ? "%d hosts" : "all hosts (%d)", m->host_count);
	else
		strbuf_adds(sb, m->host_count ? m->hosts[0].name : "local");
}

/* Is there any that needs no engine? Its figures are right whatever becomes of the hosts. */
static bool has_engineless(const struct model *m)
{
	for (int i = 0; i < m->count; i++)
		if (strcmp(m->environments[i].mode, "docker") != 0)
			return true;
	return false;
}

/* Of several hosts those that went silent, behind their number: the others' figures are right. */
static int draw_lost(const struct app *app, const struct area *a, int x)
{
	const struct model *m = &app->model;
	const struct model_host *host = NULL;
	int lost = 0;

	for (int i = 0; i < m->host_count; i++)
		if (model_host_is_stale(&m->hosts[i], app->now_ms)) {
			host = &m->hosts[i];
			lost++;
		}
	if (!lost || (m->host_count < 2 && !has_engineless(m)))
		return x;
	/* Where there never was an engine, modes process and url need none. */
	if (m->host_count < 2 && !host->seen_ms)
		return x + draw_str(a, 0, x, ROLE_DIM, "no engine") + 2;
	if (m->host_count < 2)
		return x + draw_str(a, 0, x, ROLE_ERROR, "engine lost") + 2;
	if (lost == 1)
		return x + draw_fmt(a, 0, x, ROLE_ERROR, "%.24s %s", host->name, host->seen_ms ? "lost" : "away") + 2;
	return x + draw_fmt(a, 0, x, ROLE_ERROR, "%d lost", lost) + 2;
}

/* What is said instead of figures that may be wrong: the host, how old its figures are, and why. */
static bool host_trouble(const struct app *app, struct strbuf *sb)
{
	const struct model *m = &app->model;

	for (int i = 0; i < m->host_count; i++) {
		const struct model_host *h = &m->hosts[i];
		long long age = (app->now_ms - h->seen_ms) / 1000;
		if (!model_host_is_stale(h, app->now_ms))
			continue;
		strbuf_adds(sb, h->name);
		if (h->seen_ms && age < 120)
			strbuf_addf(sb, ", as of %lld s ago", age);
		else if (h->seen_ms)
			strbuf_addf(sb, ", as of %lld min ago", age / 60);
		strbuf_addf(sb, ": %s", h->reachable ? "no word" : h->error);
		return true;
	}
	return false;
}

static int draw_counts(struct app *app, const struct area *a, int x)
{
	const struct model *m = &app->model;
	struct {
		enum glyph g;
		enum role role;
		int n;
		const char *word;
	} counts[] = { { GLYPH_UP, ROLE_OK, m->up, "up" },
		       { GLYPH_BUSY, ROLE_BUSY, m->starting, "starting" },
		       { GLYPH_DOWN, ROLE_ERROR, m->down, "down" } };

	for (size_t i = 0; i < ARRAY_LEN(counts); i++) {
		if (!counts[i].n && i > 0)
			continue;
		x += draw_str(a, 0, x, counts[i].role, glyph(counts[i].g));
		x += draw_fmt(a, 0, x, ROLE_HEADER, a->w < WIDE_HEADER ? "%d " : " %d %s  ", counts[i].n, counts[i].word);
	}
	return x;
}

static void draw_requests(struct app *app, const struct area *a, int x, int right)
{
	const struct model *m = &app->model;
	AUTO_STRBUF sb = STRBUF_INIT(256);

	strbuf_adds(&sb, "req ");
	count_format(&sb, m->requests);
	if (!isnan(m->rate)) {
		strbuf_adds(&sb, a->w < WIDE_HEADER ? "  " : "    ");
		rate_format(&sb, m->rate);
		strbuf_adds(&sb, "/s");
	}
	if (m->requests)
		strbuf_addf(&sb, a->w < WIDE_HEADER ? "  err %.2f%%" : "    err %.2f%%",
			    100.0 * (double) m->errors / (double) m->requests);
	if (x + text_width(sb.data, sb.len) + 2 <= right)
		draw_str(a, 0, x + 2, ROLE_HEADER, sb.data);
}

/* Behind what every header begins with: what the totals are, or why there are none. */
static void draw_totals(struct app *app, const struct area *a, int x)
{
	const struct model *m = &app->model;

	if (!m->loaded) {
		draw_str(a, 0, x, ROLE_HEADER, "looking …");
		return;
	}
	if (a->w >= WIDE_HEADER)
		x += draw_fmt(a, 0, x, ROLE_HEADER, "envs %d   replicas %d  ", m->count, m->replicas);
	x = draw_counts(app, a, x);
	draw_requests(app, a, x, a->w);
}

/* "affine › Logs   3 of 3 replicas   since 15m"; what does not fit is left out from the right, in whole facts. */
static void draw_crumb(struct app *app, const struct area *a, int x, struct view *whole)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE), facts = STRBUF_INIT(STRBUF_LINE);

	whole->ops->crumb(whole, app, &path, &facts);
	x += draw_text(a, 0, x, ROLE_HEADER, path.data, path.len, true) + 3;
	for (const char *p = facts.data; *p;) {
		size_t len = strcspn(p, "\n");
		int width = text_width(p, len);
		if (x + width > a->w)
			return;
		x += draw_text(a, 0, x, ROLE_HEADER, p, len, true) + 3;
		p += len + (p[len] == '\n');
	}
}

void draw_header(struct app *app, const struct area *a)
{
	const struct model *m = &app->model;
	struct view *whole = frame_whole(app);
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE), trouble = STRBUF_INIT(STRBUF_LINE);
	time_t now = (time_t) (app->stamp_ms / 1000);
	struct tm tm;
	char clock[16];

	area_clear(a, ROLE_HEADER);
	gmtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%SZ", &tm);
	struct area left = { a->y, a->x, a->h, a->w - (int) strlen(clock) - 3 };
	draw_str(a, 0, left.w + 2, ROLE_HEADER, clock);
	strbuf_adds(&sb, " afs  ");
	if (!whole)
		add_hosts(&sb, app, a->w);
	if (app->options.readonly)
		strbuf_adds(&sb, whole ? "READ-ONLY" : "  READ-ONLY");
	int x = draw_str(&left, 0, 0, ROLE_HEADER, sb.data);
	x = draw_lost(app, &left, x + (!whole || app->options.readonly ? 2 : 0));
	if (m->host_count < 2 && !has_engineless(m) && host_trouble(app, &trouble))
		draw_text(&left, 0, x, ROLE_ERROR, trouble.data, trouble.len, true);
	else if (whole)
		draw_crumb(app, &left, x, whole);
	else
		draw_totals(app, &left, x);
}
