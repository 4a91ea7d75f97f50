/* Times of log lines. */
#include <stdio.h>
#include <time.h>

#include "ui/view_logs_priv.h"

const char *logs_time_name(enum time_format format)
{
	static const char *const names[] = { "off", "rel", "local", "utc" };

	return names[format];
}

int logs_time_width(enum time_format format, bool narrow)
{
	if (format == WHEN_OFF)
		return 0;
	return format == WHEN_RELATIVE ? 7 : narrow ? 9 : 12;
}

/* "1.2s", "14s", "3m12s", "2h05m", "5d": so long before what the header's clock says, which stands still while nothing
 * happens. */
static void add_age(struct strbuf *out, int64_t ms)
{
	int64_t s = ms / 1000;
	char text[32];

	if (ms < 0)
		snprintf(text, sizeof(text), "now");
	else if (s < 10)
		snprintf(text, sizeof(text), "%.1fs", (double) ms / 1000);
	else if (s < 60)
		snprintf(text, sizeof(text), "%llds", (long long) s);
	else if (s < 3600)
		snprintf(text, sizeof(text), "%lldm%02llds", (long long) s / 60, (long long) s % 60);
	else if (s < 86400)
		snprintf(text, sizeof(text), "%lldh%02lldm", (long long) s / 3600, (long long) s / 60 % 60);
	else
		snprintf(text, sizeof(text), "%lldd%02lldh", (long long) s / 86400, (long long) s / 3600 % 24);
	strbuf_addf(out, "%7s", text);
}

void logs_add_time(const struct logs_view *lv, struct strbuf *out, int64_t ns, bool narrow)
{
	time_t seconds = (time_t) (ns / 1000000000);
	struct tm tm;
	char text[32];

	if (lv->time == WHEN_RELATIVE) {
		add_age(out, lv->app->stamp_ms - ns / 1000000);
		return;
	}
	if (lv->time == WHEN_LOCAL)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), narrow ? "%M:%S" : "%H:%M:%S", &tm);
	strbuf_addf(out, "%s.%03d", text, (int) (ns / 1000000 % 1000));
}

void logs_add_clock(const struct logs_view *lv, struct strbuf *out, int64_t ns)
{
	time_t seconds = (time_t) (ns / 1000000000);
	struct tm tm;
	char text[16];

	if (lv->time == WHEN_LOCAL)
		localtime_r(&seconds, &tm);
	else
		gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%H:%M:%S", &tm);
	strbuf_adds(out, text);
}
