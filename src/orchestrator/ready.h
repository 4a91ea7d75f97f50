/* Starting one container and waiting until its server answers. */
#ifndef ORCHESTRATOR_READY_H
#define ORCHESTRATOR_READY_H

#include "base/clock.h"
#include "orchestrator/orchestrator.h"

/* Starts inst's created container, waits until it is ready and sets its address. If it exits instead, FAILED with
 * the exit code and its last lines, at once. */
af_code instance_start(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err) MUST_CHECK;
/* For one that runs: waits until it is ready. Exits are noticed through the engine's word only. */
af_code instance_wait_ready(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err) MUST_CHECK;

#endif
