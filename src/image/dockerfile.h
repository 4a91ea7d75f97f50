/*
 * What must be known of a Dockerfile before it is sent: the images that it builds upon. BuildKit
 * without a session cannot log in to a registry, so these are pulled by us first.
 */
#ifndef IMAGE_DOCKERFILE_H
#define IMAGE_DOCKERFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

struct dockerfile {
	/* Images that the last stage needs, directly or through other stages, COPY --from and RUN --mount,
	 * in order of appearance, each once. Not scratch, not stages. Names that hold something
	 * which is not understood are left to the engine. */
	struct strlist images;
	struct strlist args;   /* names of ARG before the first FROM */
	char *syntax;          /* frontend image of "# syntax="; NULL: none */
};

struct dockerfile_options {
	const char *const *buildargs; /* "KEY=VALUE", ends with NULL; may be NULL */
	const char *platform;         /* "linux/amd64", for TARGETPLATFORM and its kin; NULL: unknown */
};

/* BUILD if there is no FROM or a base's name comes out empty; the message names the line. `out` need not be
 * initialised, holds what was read up to there, and must be freed in any case. */
af_code dockerfile_parse(const char *text, size_t len, const struct dockerfile_options *opt, struct dockerfile *out,
			 struct af_error *err) MUST_CHECK;
void dockerfile_free(struct dockerfile *df);
static inline void dockerfile_cleanup(struct dockerfile *df)
{
	dockerfile_free(df);
}

#endif
