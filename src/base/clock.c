/* Time. See clock.h. */
#include "base/clock.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <string.h>

#include "base/bytes.h"

int64_t clock_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t) t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_ms(void)
{
	return clock_us() / 1000;
}

int64_t wall_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

deadline deadline_in(int64_t ms)
{
	int64_t now = clock_ms();

	return ms <= 0 || ms > INT64_MAX - now ? DEADLINE_NONE : now + ms;
}

int64_t deadline_left(deadline d)
{
	if (d == DEADLINE_NONE)
		return INT64_MAX;
	int64_t left = d - clock_ms();
	return left > 0 ? left : 0;
}

static const struct {
	const char *unit;
	double ms;
} duration_units[] = {
	{ "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

af_code duration_parse(const char *text, int64_t *ms, struct af_error *err)
{
	size_t digits = strspn(text, "0123456789.");
	AUTO_FREE char *number = str_ndup(text, digits, err);
	double value;

	if (!number)
		return AF_ERR_NOMEM;
	if (double_parse(number, &value))
		for (size_t i = 0; i < ARRAY_LEN(duration_units); i++)
			if (!strcmp(text + digits, duration_units[i].unit) && value * duration_units[i].ms < 1e15) {
				*ms = (int64_t) (value * duration_units[i].ms + 0.5);
				return AF_OK;
			}
	error_set(err, AF_ERR_USAGE, "\"%s\" is not a duration", text);
	error_hint(err, "write seconds (90) or a unit: 500ms, 1.5s, 10m, 2h, 1d");
	return AF_ERR_USAGE;
}

void duration_format(struct strbuf *sb, int64_t ms)
{
	if (ms < 0)
		ms = 0;
	if (ms < 1000)
		strbuf_addf(sb, "%lld ms", (long long) ms);
	else if (ms < 60000)
		strbuf_addf(sb, "%lld.%lld s", (long long) (ms / 1000), (long long) (ms % 1000 / 100));
	else if (ms < 3600000)
		strbuf_addf(sb, "%lldm%02llds", (long long) (ms / 60000), (long long) (ms / 1000 % 60));
	else if (ms < 86400000)
		strbuf_addf(sb, "%lldh%02lldm", (long long) (ms / 3600000), (long long) (ms / 60000 % 60));
	else
		strbuf_addf(sb, "%lldd", (long long) (ms / 86400000));
}

void duration_format_us(struct strbuf *sb, int64_t us)
{
	if (us >= 0 && us < 10000)
		strbuf_addf(sb, "%lld.%lld ms", (long long) (us / 1000), (long long) (us % 1000 / 100));
	else
		duration_format(sb, us / 1000);
}

/* `count` digits at *p as a number; false if there are not so many. Moves *p. */
static bool digits(const char **p, const char *end, int count, int *out)
{
	int value = 0;

	for (int i = 0; i < count; i++, (*p)++) {
		if (*p >= end || !isdigit((unsigned char) **p))
			return false;
		value = value * 10 + (**p - '0');
	}
	*out = value;
	return true;
}

static bool literal(const char **p, const char *end, char c)
{
	if (*p >= end || **p != c)
		return false;
	(*p)++;
	return true;
}

static bool zone(const char **p, const char *end, int64_t *seconds)
{
	int h, m;

	*seconds = 0;
	if (literal(p, end, 'Z') || literal(p, end, 'z'))
		return true;
	if (*p >= end || (**p != '+' && **p != '-'))
		return false;
	int sign = **p == '-' ? -1 : 1;
	(*p)++;
	if (!digits(p, end, 2, &h) || !literal(p, end, ':') || !digits(p, end, 2, &m))
		return false;
	*seconds = sign * (h * 3600 + m * 60);
	return true;
}

size_t rfc3339_parse(const char *text, size_t len, int64_t *ns)
{
	const char *p = text, *end = text + len;
	struct tm tm = { 0 };
	int64_t fraction = 0, offset;

	if (!digits(&p, end, 4, &tm.tm_year) || !literal(&p, end, '-') || !digits(&p, end, 2, &tm.tm_mon) ||
	    !literal(&p, end, '-') || !digits(&p, end, 2, &tm.tm_mday))
		return 0;
	if (p >= end || (*p != 'T' && *p != 't' && *p != ' '))
		return 0;
	p++;
	if (!digits(&p, end, 2, &tm.tm_hour) || !literal(&p, end, ':') || !digits(&p, end, 2, &tm.tm_min) ||
	    !literal(&p, end, ':') || !digits(&p, end, 2, &tm.tm_sec))
		return 0;
	if (literal(&p, end, '.')) {
		int64_t scale = 100000000;
		for (; p < end && isdigit((unsigned char) *p); p++, scale /= 10)
			fraction += (*p - '0') * scale;
	}
	if (!zone(&p, end, &offset))
		return 0;
	/* Beyond these years nanoseconds do not fit 64 bits. */
	if (tm.tm_year < 1970 || tm.tm_year > 2200 || tm.tm_mon < 1 || tm.tm_mon > 12 || tm.tm_mday < 1 ||
	    tm.tm_mday > 31 || tm.tm_hour > 23 || tm.tm_min > 59 || tm.tm_sec > 60)
		return 0;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	*ns = ((int64_t) timegm(&tm) - offset) * 1000000000 + fraction;
	return (size_t) (p - text);
}

void rfc3339_format(struct strbuf *sb, int64_t ms)
{
	time_t seconds = (time_t) (ms / 1000);
	int rest = (int) (ms % 1000);
	struct tm tm;

	if (rest < 0) {
		rest += 1000;
		seconds--;
	}
	gmtime_r(&seconds, &tm);
	strbuf_addf(sb, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday,
		    tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
}

af_code since_parse(const char *text, int64_t *ms, struct af_error *err)
{
	int64_t value;

	if (rfc3339_parse(text, strlen(text), &value) == strlen(text) && *text) {
		*ms = value / 1000000;
		return AF_OK;
	}
	/* Seconds since 1970 have ten digits; nobody asks for the logs of the last 31 years that way. */
	if (int_parse(text, 1000000000, INT64_MAX / 1000, &value)) {
		*ms = value * 1000;
		return AF_OK;
	}
	if (duration_parse(text, &value, NULL) == AF_OK) {
		*ms = wall_ms() - value;
		return AF_OK;
	}
	error_set(err, AF_ERR_USAGE, "\"%s\" is no point in time", text);
	error_hint(err, "write how long ago (10m, 2h), a time (2026-01-02T03:04:05Z), or seconds since 1970");
	return AF_ERR_USAGE;
}
