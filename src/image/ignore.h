/*
 * .dockerignore, as Docker reads it (moby/patternmatcher): one pattern per line, '#' comments,
 * '!' exceptions, '*', '?', '[…]', '\', and '**' for any number of directories. Patterns are
 * relative to the context's root, a leading '/' changes nothing; a pattern that matches a
 * directory matches all that is in it; the last pattern that matches decides.
 */
#ifndef IMAGE_IGNORE_H
#define IMAGE_IGNORE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct ignore;

/* USAGE for a pattern that makes no sense; the message names the line. */
af_code ignore_parse(const char *text, size_t len, struct ignore **out, struct af_error *err) MUST_CHECK;
void ignore_free(struct ignore *ig);
static inline void ignore_cleanup(struct ignore **ig)
{
	ignore_free(*ig);
}

/* path: relative to the root, '/' between components, none at either end. NULL ig: nothing is excluded. */
bool ignore_excludes(const struct ignore *ig, const char *path);
/* False if an excluded directory need not be looked into, because no exception can match below it. */
bool ignore_may_keep_below(const struct ignore *ig, const char *dir);

#endif
