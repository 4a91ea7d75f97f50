/* What the steps of one build share. */
#ifndef IMAGE_BUILD_PRIV_H
#define IMAGE_BUILD_PRIV_H

#include "image/build.h"
#include "image/dockerfile.h"
#include "image/ignore.h"
#include "base/strbuf.h"

struct build {
	struct docker *d;
	const struct image_build_options *opt;
	const struct docker_progress *progress; /* may be NULL */
	struct cancel *cancel;

	const char *dir;
	const char *shown;          /* how the source is called in messages */
	enum env_type type;
	struct strlist args;        /* "KEY=VALUE", as the Dockerfile gets them */
	struct strbuf text;         /* the Dockerfile as it is sent */
	bool rewritten;             /* it is not what stands on the disk */
	struct dockerfile dockerfile;
	struct ignore *ignore;
};

/* One line for people. */
void build_note(const struct build *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* bases.c: reads Dockerfile and .dockerignore, and sees to it that the base images are here. */
af_code build_prepare(struct build *b, struct af_error *err) MUST_CHECK;

/* stages.c: builds the untagged image. */
af_code build_stages(struct build *b, char **id, struct af_error *err) MUST_CHECK;

/* Tags, unless cancelled before. Once it has begun it cannot be: an engine may carry a request out after we have
 * gone, and then nobody would take the tag away. */
af_code build_tag(struct build *b, const char *image, const char *tag, struct af_error *err) MUST_CHECK;

/* Deletes an image by id or reference without those that it was made from: they are the cache. One that is
 * gone, or in use, is no error. Not cancellable: it is what cancelling leads to. */
void build_discard(struct docker *d, const char *image);
/* The same, but only if nothing is called by this id: deleting by id would take a name's away. */
void build_discard_untagged(struct docker *d, const char *id);

/* push.c: "docker.io/me", "calc:v1" → "docker.io/me/calc:v1". A registry in the tag gives way; one that
 * is the registry already stays. USAGE if that makes no reference. */
af_code push_target(const char *registry, const char *tag, char **out, struct af_error *err) MUST_CHECK;
/* Tags where needed, pushes; *pushed is the reference. */
af_code build_push(struct build *b, const char *tag, char **pushed, struct af_error *err) MUST_CHECK;

#endif
