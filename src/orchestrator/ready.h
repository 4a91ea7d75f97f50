/* Starting one container and waiting until its server answers. */
#ifndef ORCHESTRATOR_READY_H
#define ORCHESTRATOR_READY_H

#include "base/clock.h"
#include "orchestrator/orchestrator.h"

/* Starts inst's created container, waits until it is ready and sets its address. If it exits instead, FAILED with
 * the exit code and its last lines, at once. */
af_code instance_start(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* For one that runs, or comes back: waits until it is ready. Exits are noticed through the engine's word only. */
af_code instance_wait_ready(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err) MUST_CHECK;

/* Looking at one again and again. */
struct patrol {
	bool patient;       /* one that does not run may be between two runs: it is given a moment */
	int64_t down_since; /* clock_ms; 0: it is not */
};
/* Asks the engine, then the server. AF_OK: it is up and answers. NOT_FOUND: it does not run and will not come back by
 * itself. Anything else: not yet. Where the engine does not answer, the server's last address has to do. */
af_code instance_look(struct instance *inst, struct patrol *p, struct cancel *cancel, struct af_error *err) MUST_CHECK;

#endif
