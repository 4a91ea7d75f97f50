/* The header, the notices and the hints: one row each. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "ui/frame.h"

/* Notices stay this long in the row. */
#define NOTICE_MS 60000
/* From this width on the header spells things out. */
#define WIDE_HEADER 100

/* 48213 → "48,213" */
static void add_grouped(struct strbuf *sb, uint64_t n)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%llu", (unsigned long long) n);

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			strbuf_addc(sb, ',');
		strbuf_addc(sb, digits[i]);
	}
}

static void add_hosts(struct strbuf *sb, const struct app *app)
{
	const struct model *m = &app->model;
	int gone = 0;

	for (int i = 0; i < m->host_count; i++)
		gone += !m->hosts[i].reachable;
	if (m->host_count > 1)
		strbuf_addf(sb, "%d hosts", m->host_count);
	else
		strbuf_adds(sb, m->host_count ? m->hosts[0].name : "local");
	if (gone)
		strbuf_addf(sb, " (%d unreachable)", gone);
}

/* What is said instead of figures that may be wrong: the first such host, how old its figures are, and why. */
static bool host_trouble(const struct app *app, struct strbuf *sb)
{
	const struct model *m = &app->model;

	for (int i = 0; i < m->host_count; i++) {
		const struct host *h = &m->hosts[i];
		long long age = (app->now_ms - h->seen_ms) / 1000;
		if (!host_is_stale(h, app->now_ms))
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
	add_grouped(&sb, m->requests);
	if (!isnan(m->rate))
		strbuf_addf(&sb, a->w < WIDE_HEADER ? "  %.1f/s" : "    %.1f/s", m->rate);
	if (m->requests)
		strbuf_addf(&sb, a->w < WIDE_HEADER ? "  err %.2f%%" : "    err %.2f%%",
			    100.0 * (double) m->errors / (double) m->requests);
	if (x + text_width(sb.data, sb.len) + 2 < right)
		draw_str(a, 0, x + 2, ROLE_HEADER, sb.data);
}

void draw_header(struct app *app, const struct area *a)
{
	const struct model *m = &app->model;
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE), trouble = STRBUF_INIT(STRBUF_LINE);
	time_t now = (time_t) (app->stamp_ms / 1000);
	struct tm tm;
	char clock[16];

	area_clear(a, ROLE_HEADER);
	gmtime_r(&now, &tm);
	strftime(clock, sizeof(clock), "%H:%M:%SZ", &tm);
	int right = a->w - (int) strlen(clock) - 2;
	draw_str(a, 0, right + 1, ROLE_HEADER, clock);
	strbuf_adds(&sb, " afs  ");
	add_hosts(&sb, app);
	if (app->options.readonly)
		strbuf_adds(&sb, "  READ-ONLY");
	int x = draw_str(a, 0, 0, ROLE_HEADER, sb.data) + 2;
	if (host_trouble(app, &trouble)) {
		struct area left = { a->y, a->x, a->h, right - 1 };
		draw_text(&left, 0, x, ROLE_ERROR, trouble.data, trouble.len, true);
		return;
	}
	if (!m->loaded) {
		draw_str(a, 0, x, ROLE_HEADER, "looking …");
		return;
	}
	if (a->w >= WIDE_HEADER)
		x += draw_fmt(a, 0, x, ROLE_HEADER, "envs %d   replicas %d  ", m->count, m->replicas);
	x = draw_counts(app, a, x);
	draw_requests(app, a, x, right);
}

/* ---- notices -------------------------------------------------------------------------------------- */

static int draw_jobs(struct app *app, const struct area *a, int x)
{
	for (const struct job_row *const *j = job_list(app); *j; j++) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
		if ((*j)->state != JOB_RUNNING)
			continue;
		strbuf_addf(&sb, " %s", (*j)->line);
		if ((*j)->label)
			strbuf_addf(&sb, " · %s", (*j)->label);
		strbuf_adds(&sb, "  ");
		duration_format(&sb, (app->now_ms - (*j)->started_ms) / 1000 * 1000);
		if (x + 12 > a->w)
			break;
		x += draw_str(a, 0, x, ROLE_BUSY, spinner());
		size_t fits = text_fit(sb.data, sb.len, MIN(a->w / 2, a->w - x - 2), NULL);
		x += draw_text(a, 0, x, ROLE_TEXT, sb.data, fits, true) + 3;
	}
	return x;
}

static void draw_notice(const struct area *a, int *x, const struct notice *n)
{
	static const enum role roles[] = { ROLE_OK, ROLE_INFO, ROLE_WARN, ROLE_ERROR };
	static const enum glyph glyphs[] = { GLYPH_CHECK, GLYPH_DOT, GLYPH_DOT, GLYPH_CROSS };
	time_t seconds = (time_t) (n->wall_ms / 1000);
	struct tm tm;
	char when[16];
	int width = text_width(n->text, strlen(n->text));

	localtime_r(&seconds, &tm);
	strftime(when, sizeof(when), " %H:%M:%S ", &tm);
	int room = a->w - *x - 12;
	/* A second one is drawn only if it is whole. */
	if (room < 20 || (*x > 1 && width > room))
		return;
	*x += draw_str(a, 0, *x, roles[n->kind], glyph(glyphs[n->kind]));
	*x += draw_str(a, 0, *x, ROLE_TIME, when);
	*x += draw_text(a, 0, *x, n->kind == NOTICE_ERROR ? ROLE_ERROR : ROLE_TEXT, n->text, strlen(n->text), true) + 3;
}

void draw_notices(struct app *app, const struct area *a)
{
	int x = draw_jobs(app, a, 1);

	for (int i = 0; i < frame_notice_count(app) && i < 3; i++)
		if (app->now_ms - frame_notice(app, i)->at_ms < NOTICE_MS)
			draw_notice(a, &x, frame_notice(app, i));
}

/* ---- hints --------------------------------------------------------------------------------------------- */

static int hint_width(struct app *app, const struct action_row *row)
{
	char buf[32];
	const char *key = keymap_hint(app->keymap, row->action, buf, sizeof(buf));

	return str_blank(key) ? 0 : text_width(key, strlen(key)) + 1 + text_width(row->hint, strlen(row->hint)) + 2;
}

/* Draws "key hint" if it ends before `end`. */
static bool draw_hint(struct app *app, const struct area *a, int *x, int end, const struct action_row *row)
{
	char buf[32];
	int width = hint_width(app, row);

	if (!width)
		return true;
	if (*x + width - 2 > end)
		return false;
	*x += draw_str(a, 0, *x, ROLE_KEY, keymap_hint(app->keymap, row->action, buf, sizeof(buf))) + 1;
	*x += draw_str(a, 0, *x, ROLE_FOOTER, row->hint) + 2;
	return true;
}

/* These are shown at the end on any terminal. */
static bool always_shown(enum action action)
{
	return action == ACT_HELP || action == ACT_QUIT;
}

/* The focused view's own hints first, the global ones last. */
static void draw_own_hints(struct app *app, const struct area *a, int *x, int end, const struct view *focused)
{
	for (const enum key_context *c = focused->ops->contexts;; c++) {
		for (int i = 1; i < ACT_COUNT; i++)
			if (action_rows[i].context == *c && action_rows[i].hint && !always_shown(action_rows[i].action) &&
			    !draw_hint(app, a, x, end, &action_rows[i]))
				return;
		if (*c == KEYS_GLOBAL)
			return;
	}
}

void draw_footer(struct app *app, const struct area *a, const struct view *focused)
{
	const struct action_row *help = &action_rows[ACT_HELP], *quit = &action_rows[ACT_QUIT];
	int x = 1, room = hint_width(app, help) + hint_width(app, quit);

	draw_own_hints(app, a, &x, a->w - 1 - room, focused);
	draw_hint(app, a, &x, a->w - 1, help);
	draw_hint(app, a, &x, a->w - 1, quit);
}
