/* Time: monotonic milliseconds for deadlines, wall clock for people. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "base/strbuf.h"

int64_t clock_us(void); /* monotonic, microseconds */
int64_t clock_ms(void); /* monotonic, milliseconds */
int64_t wall_ms(void);  /* since 1970, UTC */

/* A point on clock_ms(); DEADLINE_NONE never comes. */
typedef int64_t deadline;
#define DEADLINE_NONE INT64_MAX
deadline deadline_in(int64_t ms);         /* ms <= 0: none */
int64_t deadline_left(deadline d);        /* ms, 0 when passed, INT64_MAX for none */

/* "90", "1.5s", "10m", "2h", "500ms" → milliseconds; a bare number is seconds. */
af_code duration_parse(const char *text, int64_t *ms, struct af_error *err) MUST_CHECK;
/* "38 ms", "4.1 s", "3m12s", "5d": short, for people. */
void duration_format(struct strbuf *sb, int64_t ms);
/* The same of what may be short: below 10 ms with a decimal, "0.9 ms". */
void duration_format_us(struct strbuf *sb, int64_t us);

/* "2026-01-02T03:04:05.123456789Z" (offsets too) → ns since 1970. Returns the bytes read, 0 if it is none. */
size_t rfc3339_parse(const char *text, size_t len, int64_t *ns);
void rfc3339_format(struct strbuf *sb, int64_t ms);
/* What `--since` takes: a duration ("10m" ago), an RFC 3339 time, or seconds since 1970 → ms since 1970. */
af_code since_parse(const char *text, int64_t *ms, struct af_error *err) MUST_CHECK;

#endif
