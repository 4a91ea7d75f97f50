/* Where a deployment goes, and that its image is there. */
#ifndef ORCHESTRATOR_BACKEND_DOCKER_IMAGE_H
#define ORCHESTRATOR_BACKEND_DOCKER_IMAGE_H

#include "orchestrator/host.h"

struct image_place {
	struct af_host *host;
	struct docker *engine;
};
struct image_places {
	struct image_place *items;
	size_t count;
	cJSON *image; /* its inspect document */
};

/* The hosts that were asked for (this machine, if none was), each connected. The error is that of the first that is not. */
af_code image_places_find(struct af *af, const struct af_load_options *opt, struct cancel *cancel, struct image_places *out,
			  struct af_error *err) MUST_CHECK;
/* Sees to it that the image is on each of them: where it is not, or is older than the one on this machine, it is sent from
 * here if it is here, and else pulled there. */
af_code image_places_supply(struct af *af, const struct af_load_options *opt, const struct docker_progress *progress,
			    struct image_places *places, struct cancel *cancel, struct af_error *err) MUST_CHECK;
void image_places_free(struct image_places *places);
static inline void image_places_cleanup(struct image_places *places)
{
	image_places_free(places);
}

#endif
