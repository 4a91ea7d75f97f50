/* From what the registry holds to environments. */
#ifndef ORCHESTRATOR_REGISTERED_H
#define ORCHESTRATOR_REGISTERED_H

#include "orchestrator/registry.h"

/* An environment as it is registered, with the states of its replicas as of now; only >= 0: that replica alone.
 * `take_r` is left empty. */
af_code registered_env(struct af *af, struct registration *take_r, int only, struct cancel *cancel,
		       struct af_env **out, struct af_error *err) MUST_CHECK;
/* Appends all. One whose description makes no sense is left out. */
af_code registered_list(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err) MUST_CHECK;
/* By name, or by name or id of a replica, which then stands alone. */
af_code registered_find(struct af *af, const char *name, struct cancel *cancel, struct af_env **out,
			struct af_error *err) MUST_CHECK;
/* The host of a URL that was checked; malloc'd. */
char *url_host(const char *url, struct af_error *err);

#endif
