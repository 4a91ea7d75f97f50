/* What the user is told in a line. See app.h and frame.h. */
#include "ui/frame_priv.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"
#include "base/clock.h"

/* Columns that the words of a job have at least. */
#define JOB_WORDS 16
/* More than this is not counted one by one, but in bytes: a share says more. */
#define JOB_COUNTED 1000000
/* Notices stay this long in the row. */
#define NOTICE_MS 60000
/* From this width on jobs are spelled out. */
#define WIDE 100
#define NOTICE_BYTES 4096

void app_notice(struct app *app, enum notice_kind kind, const char *fmt, ...)
{
	struct frame *f = app->frame;
	AUTO_STRBUF raw = STRBUF_INIT(STRBUF_TEXT), safe = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	if (!f) /* --plain, or not there yet */
		return;
	va_start(ap, fmt);
	strbuf_addv(&raw, fmt, ap);
	va_end(ap);
	/* Only the first line; the rest stands in the job's output. */
	text_add_safe(&safe, raw.data, MIN(strcspn(raw.data, "\n"), (size_t) NOTICE_BYTES), false);
	char *text = NULL;
	if (strbuf_steal(&safe, &text, NULL))
		return;
	app->stamp_ms = wall_ms();
	app_redraw(app);
	struct notice *newest = &f->notices[0];
	if (f->notice_count && newest->kind == kind && !strcmp(newest->text, text)) {
		free(text);
		newest->wall_ms = app->stamp_ms;
		newest->at_ms = clock_ms();
		newest->times++;
		return;
	}
	if (f->notice_count == NOTICES_MAX)
		free(f->notices[--f->notice_count].text);
	memmove(f->notices + 1, f->notices, (size_t) f->notice_count * sizeof(f->notices[0]));
	*newest = (struct notice){ kind, text, app->stamp_ms, clock_ms(), 1 };
	f->notice_count++;
}

void app_notice_error(struct app *app, const struct af_error *err)
{
	app_notice(app, NOTICE_ERROR, "%s%s%s", err->message ? err->message : "failed", err->hint ? " — " : "",
		   err->hint ? err->hint : "");
}

/* ---- the row of jobs and notices --------------------------------------------------------------------- */

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
	if (space && width < WIDE && memmem(job->line, len, label, (size_t) (space - label)))
		label = space + 1;
	if (label)
		strbuf_addf(sb, " · %s", label);
}

static bool is_last_running(const struct job_row *const *j)
{
	while (*++j)
		if ((*j)->state == JOB_RUNNING)
			return false;
	return true;
}

static int draw_jobs(struct app *app, const struct area *a, int x)
{
	for (const struct job_row *const *j = job_list(app); *j; j++) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE), took = STRBUF_INIT(64);
		if ((*j)->state != JOB_RUNNING)
			continue;
		add_job(&sb, *j, a->w);
		strbuf_adds(&took, "  ");
		duration_format(&took, (app->now_ms - (*j)->started_ms) / 1000 * 1000);
		/* How long it takes is seen, but for one that says more than there is room for; several share the row. */
		if ((*j)->label && x + text_width(sb.data, sb.len) + (int) took.len + 1 > a->w)
			strbuf_reset(&took);
		int room = MIN((*j)->label || is_last_running(j) ? a->w : a->w / 2, a->w - x) - (int) took.len - 3;
		if (room < JOB_WORDS / 2)
			break;
		struct area words = { a->y, a->x, a->h, x + 1 + room };
		x += draw_str(a, 0, x, ROLE_BUSY, spinner());
		x += draw_text(&words, 0, x, ROLE_TEXT, sb.data, sb.len, true);
		x += draw_str(a, 0, x, ROLE_TEXT, took.data) + 3;
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

	for (int i = 0; i < app->frame->notice_count && i < 3; i++)
		if (app->now_ms - app->frame->notices[i].at_ms < NOTICE_MS)
			draw_notice(a, &x, &app->frame->notices[i]);
}

void notices_draw(struct app *app, const struct area *a)
{
	for (int i = 0; i < MIN(app->frame->notice_count, a->h); i++) {
		struct area row = { a->y + i, a->x, 1, a->w };
		int x = 1;
		draw_notice(&row, &x, &app->frame->notices[i]);
	}
}

int notices_count(const struct app *app)
{
	return app->frame->notice_count;
}
