/* A regular expression (PCRE2) over lines of any bytes. One thread at a time. */
#ifndef COMMAND_PATTERN_H
#define COMMAND_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct pattern;

/* USAGE names the place and the reason when `text` is no regular expression. */
af_code pattern_new(const char *text, struct pattern **out, struct af_error *err) MUST_CHECK;
void pattern_free(struct pattern *p);
/* A line on which matching takes too long counts as one that does not match. */
bool pattern_matches(struct pattern *p, const char *line, size_t len);

#endif
