/* Build arguments: what the user gave, and what the environment's config.py makes of it. */
#ifndef IMAGE_BUILDARGS_H
#define IMAGE_BUILDARGS_H

#include "base/cancel.h"
#include "base/strbuf.h"
#include "docker/docker.h"

/*
 * If DIR/config.py defines resolve_buildargs(buildargs: dict) -> dict, python3 calls it with the
 * arguments given, and what it returns is added to them. Where both have a key its answer holds: it has
 * seen the user's value, and existing resolvers translate values that way. Only BASE_IMAGE stays as
 * given, since the base is what somebody without a registry must be able to choose.
 *
 * given, out: "KEY=VALUE". USAGE for one without '='; BUILD when config.py fails, with the last line of its
 * traceback. `progress` (may be NULL) gets what config.py prints.
 */
af_code buildargs_resolve(const char *dir, const char *const *given, const struct docker_progress *progress,
			  struct cancel *cancel, struct strlist *out, struct af_error *err) MUST_CHECK;

/* Replaces or adds. */
af_code buildargs_set(struct strlist *args, const char *key, const char *value, struct af_error *err) MUST_CHECK;
/* The value of a key in a list of "KEY=VALUE"; NULL if it is not there. Not owned. */
const char *buildargs_value(const struct strlist *args, const char *key);

#endif
