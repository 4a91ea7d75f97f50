/* What the user is told in a line. See app.h and frame.h. */
#include "ui/frame_priv.h"

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"

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

const struct notice *frame_notice(const struct app *app, int i)
{
	return &app->frame->notices[i];
}

int frame_notice_count(const struct app *app)
{
	return app->frame->notice_count;
}
