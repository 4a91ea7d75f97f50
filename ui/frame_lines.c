/* The header, the notices and the hints: one row each. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/frame.h"

/* Columns that the words of a job have at least. */
#define JOB_WORDS 16
/* More than this is not counted one by one, but in bytes: a share says more. */
#define JOB_COUNTED 1000000
/* Notices stay this long in the row. */
#define NOTICE_MS 60000
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
	const char *name = NULL;
	int lost = 0;

	for (int i = 0; i < m->host_count; i++)
		if (model_host_is_stale(&m->hosts[i], app->now_ms)) {
			name = m->hosts[i].name;
			lost++;
		}
	if (!lost || (m->host_count < 2 && !has_engineless(m)))
		return x;
	if (lost == 1)
		return x + draw_fmt(a, 0, x, ROLE_ERROR, "%.24s lost", name) + 2;
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
	if (!isnan(m->rate))
		strbuf_addf(&sb, a->w < WIDE_HEADER ? "  %.1f/s" : "    %.1f/s", m->rate);
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

/* ---- notices -------------------------------------------------------------------------------------- */

/* What a job does now says more than the words that began it: of these the first have to do. */
static void add_job(struct strbuf *sb, const struct job_row *job, int width)
{
	size_t len = strlen(job->line);
	size_t fits = job->label ? text_fit(job->line, len, MAX(width / 4 - 4, JOB_WORDS), NULL) : len;
	const char *label = job->label, *space = label ? strchr(label, ' ') : NULL;

	strbuf_addc(sb, ' ');
	strbuf_add(sb, job->line, fits);
	strbuf_adds(sb, fits < len ? "…" : "");
	/* How far it is comes first: where it is narrow, the end is cut off. */
	if (label && job->total > 0 && job->total < JOB_COUNTED)
		strbuf_addf(sb, " · %lld/%lld", (long long) job->done, (long long) job->total);
	else if (label && job->total > 0)
		strbuf_addf(sb, " · %d%%", (int) (100 * job->done / job->total));
	/* What is called stands among the command's words. */
	if (space && width < WIDE_HEADER && memmem(job->line, len, label, (size_t) (space - label)))
		label = space + 1;
	if (label)
		strbuf_addf(sb, " · %s", label);
	strbuf_adds(sb, "  ");
}

static int draw_jobs(struct app *app, const struct area *a, int x)
{
	for (const struct job_row *const *j = job_list(app); *j; j++) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
		if ((*j)->state != JOB_RUNNING)
			continue;
		add_job(&sb, *j, a->w);
		duration_format(&sb, (app->now_ms - (*j)->started_ms) / 1000 * 1000);
		if (x + 12 > a->w)
			break;
		x += draw_str(a, 0, x, ROLE_BUSY, spinner());
		size_t fits = text_fit(sb.data, sb.len, MIN((*j)->label ? a->w : a->w / 2, a->w - x - 2), NULL);
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
	char when[16], times[16] = "";

	if (n->times > 1)
		snprintf(times, sizeof(times), " ×%d", n->times);
	int end = text_width(times, strlen(times)), room = a->w - *x - 12 - end;
	/* A second one is drawn only if it is whole. */
	if (room < 20 || (*x > 1 && text_width(n->text, strlen(n->text)) > room))
		return;
	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), " %H:%M:%S ", &tm);
	*x += draw_str(a, 0, *x, roles[n->kind], glyph(glyphs[n->kind]));
	*x += draw_str(a, 0, *x, ROLE_TIME, when);
	struct area left = { a->y, a->x, a->h, a->w - end };
	*x += draw_text(&left, 0, *x, n->kind == NOTICE_ERROR ? ROLE_ERROR : ROLE_TEXT, n->text, strlen(n->text), true);
	*x += draw_str(a, 0, *x, ROLE_DIM, times) + 3;
}

void draw_notices(struct app *app, const struct area *a)
{
	int x = draw_jobs(app, a, 1);

	for (int i = 0; i < frame_notice_count(app) && i < 3; i++)
		if (app->now_ms - frame_notice(app, i)->at_ms < NOTICE_MS)
			draw_notice(a, &x, frame_notice(app, i));
}

/* ---- hints --------------------------------------------------------------------------------------------- */

struct footer {
	const struct app *app;
	const struct area *a;
	bool text;  /* a field has the keys: characters are no hints */
	int x, end; /* the next hint begins at x, and none passes `end` */
};

static const char *key_of(const struct footer *f, enum action action, char *buf, size_t size)
{
	const char *key = action == ACT_NONE ? NULL
			  : f->text ? keymap_hint_in_text(f->app->keymap, action, buf, size)
				    : keymap_hint(f->app->keymap, action, buf, size);

	return str_blank(key) ? NULL : key;
}

/* "c" or "1-4"; false: no key is bound. */
static bool add_keys(const struct footer *f, const struct footer_hint *h, struct strbuf *out)
{
	char one_buf[32], other_buf[32];
	const char *one = key_of(f, h->action, one_buf, sizeof(one_buf));
	const char *other = key_of(f, h->other, other_buf, sizeof(other_buf));

	if (h->action == ACT_NONE)
		strbuf_add(out, h->what, strcspn(h->what, " "));
	else if (one && other)
		strbuf_addf(out, "%s%c%s", one, h->between, other);
	else if (one || other)
		strbuf_adds(out, one ? one : other);
	return out->len > 0;
}

static const char *words_of(const struct footer_hint *h)
{
	if (h->action == ACT_NONE)
		return h->what + MIN(strcspn(h->what, " ") + 1, strlen(h->what));
	return h->what ? h->what : action_rows[h->action].hint;
}

static int hint_width(const struct footer *f, const struct footer_hint *h)
{
	AUTO_STRBUF keys = STRBUF_INIT(256);
	const char *words = words_of(h);

	return add_keys(f, h, &keys) ? text_width(keys.data, keys.len) + 1 + text_width(words, strlen(words)) + 2 : 0;
}

/* Draws "key words" if it ends in time. */
static bool draw_hint(struct footer *f, const struct footer_hint *h)
{
	AUTO_STRBUF keys = STRBUF_INIT(256);
	int width = hint_width(f, h);

	if (!width)
		return true;
	if (f->x + width - 2 > f->end)
		return false;
	/* Of two keys a click is the first. */
	canvas_spot(f->a, 0, f->x, width - 2, (int) h->action);
	add_keys(f, h, &keys);
	f->x += draw_str(f->a, 0, f->x, ROLE_KEY, keys.data) + 1;
	f->x += draw_str(f->a, 0, f->x, ROLE_FOOTER, words_of(h)) + 2;
	return true;
}

static const struct footer_hint help = { .action = ACT_HELP }, quit = { .action = ACT_QUIT };

/* Those that a view has not chosen: its own contexts first, the global one last. */
static void draw_all_hints(struct footer *f, const struct view *focused)
{
	for (const enum key_context *c = focused->ops->contexts;; c++) {
		for (int i = 1; i < ACT_COUNT; i++) {
			struct footer_hint h = { .action = action_rows[i].action };
			bool shown = action_rows[i].context == *c && action_rows[i].hint && h.action != ACT_HELP && h.action != ACT_QUIT;
			if (shown && !draw_hint(f, &h))
				return;
		}
		if (*c == KEYS_GLOBAL)
			return;
	}
}

void draw_footer(struct app *app, const struct area *a, const struct view *focused, bool overlay)
{
	struct footer f = { .app = app, .a = a, .text = focused->ops->text && focused->ops->wants_text(focused), .x = 1 };
	const struct footer_hint *h = focused->ops->hints;

	f.end = a->w - 1 - hint_width(&f, &help) - (overlay ? 0 : hint_width(&f, &quit));
	if (!h)
		draw_all_hints(&f, focused);
	/* What does not fit makes room for what is shorter. */
	for (; h && (h->action != ACT_NONE || h->what); h++)
		draw_hint(&f, h);
	f.end = a->w - 1;
	draw_hint(&f, &help);
	/* Over the panes q only closes what lies there. */
	if (!overlay)
		draw_hint(&f, &quit);
}
