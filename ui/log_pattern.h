/*
 * What is searched and filtered for: a regular expression (PCRE2) with smart case: capitals in it count, otherwise case
 * does not. One thread at a time.
 */
#ifndef UI_LOG_PATTERN_H
#define UI_LOG_PATTERN_H

#include <stdbool.h>

#include "base/strbuf.h"

struct log_pattern;

/* USAGE names the place and the reason when `text` is no regular expression. */
af_code log_pattern_new(const char *text, struct log_pattern **out, struct af_error *err) MUST_CHECK;
/* Only whether it is one. */
af_code log_pattern_check(const char *text, struct af_error *err) MUST_CHECK;
void log_pattern_free(struct log_pattern *p);
/* The first match from byte `start` on: [*from, *to), which may be NULL. A line on which matching takes too long counts as
 * one that does not match. */
bool log_pattern_find(struct log_pattern *p, const char *text, size_t len, size_t start, size_t *from, size_t *to);

#endif
