/* Patterns of .dockerignore, one by one: *, ?, […], ** as the engine's builder understands them. */
#ifndef IMAGE_GLOB_H
#define IMAGE_GLOB_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct glob;

/* USAGE for one that is not well formed. */
af_code glob_compile(const char *text, size_t len, struct glob **out, struct af_error *err) MUST_CHECK;
void glob_free(struct glob *p);
static inline void glob_cleanup(struct glob **p)
{
	glob_free(*p);
}
/* The whole path, in time of the pattern's length times the path's. */
bool glob_matches(const struct glob *p, const char *path, size_t len);
/* Could something below that directory match? True when in doubt. */
bool glob_may_match_below(const struct glob *p, const char *dir);

#endif
