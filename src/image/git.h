/* Environments that live in git repositories. */
#ifndef IMAGE_GIT_H
#define IMAGE_GIT_H

#include <stdbool.h>

#include "base/cancel.h"
#include "base/error.h"
#include "docker/docker.h"

struct git_source {
	char *url;    /* as git takes it */
	char *ref;    /* branch, tag, full reference or commit; NULL: the repository's HEAD */
	char *subdir; /* relative, "a/b"; NULL: the root */
};

/* "https://…", "http://…", "git://…", "ssh://…", "file://…", "user@host:path", or a local bare repository:
 * not an ordinary directory. A fragment does not matter. */
bool git_is_url(const char *source);
/* "URL[#REF[:SUBDIR]]". USAGE for what git could take for an option, and for a subdir that leads out. */
af_code git_source_parse(const char *source, struct git_source *out, struct af_error *err) MUST_CHECK;
void git_source_free(struct git_source *s);
static inline void git_source_cleanup(struct git_source *s)
{
	git_source_free(s);
}

struct git_checkout {
	char *root; /* temporary directory, ours alone (0700) */
	char *dir;  /* the environment in it */
	char *shown; /* the URL as it may be shown: without a password */
};

/* Fetches that one commit, with submodules, without history; .git is taken away again, so that it is no part of
 * the build. NOT_FOUND: no such repository, reference or subdir; UNREACHABLE: no connection.
 * The checkout must be freed in any case, which removes it from the disk. */
af_code git_fetch(const struct git_source *source, const struct docker_progress *progress, struct cancel *cancel,
		  struct git_checkout *out, struct af_error *err) MUST_CHECK;
void git_checkout_free(struct git_checkout *c);
static inline void git_checkout_cleanup(struct git_checkout *c)
{
	git_checkout_free(c);
}

#endif
