/* What the modes share of deploying: all replicas at the same time, all or none. */
#ifndef ORCHESTRATOR_DEPLOY_H
#define ORCHESTRATOR_DEPLOY_H

#include "base/clock.h"
#include "orchestrator/name_lock.h"
#include "orchestrator/orchestrator.h"

#define REPLICAS_MAX 1000

struct deployment {
	const struct af_load_options *opt;
	const struct deploy_events *events;
	struct af_env *env;
	int64_t memory; /* bytes, 0: no limit */
	char token[17]; /* on all its containers: what we made and what another did under the same name differ */
	deadline until;
	int64_t started;
	struct cancel *cancel; /* fires when the caller's does or when one replica failed */
	struct af_error *errors; /* one per replica */
	struct name_lock lock;   /* held until all containers are there, or are not to be */
	atomic_size_t uncreated;
};

/* Gives way to an environment of that name that is ours and stopped, or that may be recreated. EXISTS. */
af_code deploy_make_room(struct af *af, const struct af_load_options *opt, const char *name, struct cancel *cancel,
			 struct af_error *err) MUST_CHECK;
/* Number of replicas and the memory limit, which may not be less than `least` bytes. */
af_code deploy_check(struct deployment *dep, int64_t least, struct af_error *err) MUST_CHECK;
/* Creates and starts what dep->env describes, and waits until all are ready; else none is left. */
af_code deploy_run(struct deployment *dep, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* Tells the events' listener; any thread. */
void deploy_note(const struct deployment *dep, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* As env_deploy(), one for each mode. */
af_code docker_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		      struct cancel *cancel, struct af_env **out, struct af_error *err) MUST_CHECK;
af_code url_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		   struct cancel *cancel, struct af_env **out, struct af_error *err) MUST_CHECK;
af_code process_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		       struct cancel *cancel, struct af_env **out, struct af_error *err) MUST_CHECK;

#endif
