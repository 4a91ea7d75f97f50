/*
 * An environment directory or git repository → an image.
 *
 * A function_based environment is built in two steps: its own Dockerfile, then
 * a second build on top of that image which adds the server. An http_based one
 * is built as it is. Nothing is tagged before everything is there.
 */
#ifndef IMAGE_BUILD_H
#define IMAGE_BUILD_H

#include <stdbool.h>

#include "base/cancel.h"
#include "base/envtype.h"
#include "base/error.h"
#include "docker/docker.h"

struct image_build_options {
	const char *source;   /* directory, or git URL: "https://host/x.git#ref:subdir", "git@host:x#ref", "ssh://…", "file://…" */
	const char *tag;      /* "name:version"; NULL: image_default_tag(source) */
	bool push;
	const char *registry; /* with push: "docker.io/username" goes before the tag; NULL: the tag says where to */
	bool no_cache;
	bool pull;            /* base images are asked for again even if they are here */
	const char *const *buildargs; /* "KEY=VALUE", ends with NULL; may be NULL */
	bool classic;         /* never BuildKit */
};

struct image_build_result {
	char *id;              /* "sha256:…" */
	char *tag;
	char *pushed;          /* the reference that was pushed; NULL: none */
	enum env_type type;
	bool unchanged;        /* the tag stood on this very image already */
};

/* Blocks. `progress` may be NULL (quiet). Progress functions run on the calling thread.
 *   NOT_FOUND  no such directory, no env.py, no Dockerfile    USAGE  tag, registry or URL makes no sense
 *   BUILD      the build or config.py failed                  else   as git_fetch, docker_image_pull and _push
 * `out` need not be initialised and must be freed in any case. On any failure, cancellation
 * included, no tag was made or moved; only a failed push leaves the finished local tag. */
af_code image_build(struct docker *d, const struct image_build_options *opt, const struct docker_progress *progress,
		    struct cancel *cancel, struct image_build_result *out, struct af_error *err) MUST_CHECK;
void image_build_result_free(struct image_build_result *r);
static inline void image_build_result_cleanup(struct image_build_result *r)
{
	image_build_result_free(r);
}

/* "./My Env" → "my-env:latest", "https://host/x/calc.git#v1:sub" → "sub:latest"; malloc'd. */
char *image_default_tag(const char *source, struct af_error *err);

#endif
