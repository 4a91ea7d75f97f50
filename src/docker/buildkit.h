/* BuildKit's account of a build, as the Engine API passes it on: base64 of protobuf StatusResponse messages. */
#ifndef DOCKER_BUILDKIT_H
#define DOCKER_BUILDKIT_H

#include "docker/progress.h"

struct buildkit;

struct buildkit *buildkit_new(const struct docker_progress *progress, struct af_error *err);
void buildkit_free(struct buildkit *b);
/* One "moby.buildkit.trace". False if it cannot be read; the build goes on all the same. */
bool buildkit_trace(struct buildkit *b, const char *base64, size_t len);
/* The same, decoded. */
bool buildkit_status(struct buildkit *b, const char *message, size_t len);
/* The step that failed ("[2/4] RUN make"), why, and its last output; false if no step did. */
bool buildkit_failure(const struct buildkit *b, const char **step, const char **why, const struct tail **output);

#endif
