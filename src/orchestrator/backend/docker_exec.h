/* A program in a container, its streams connected to the user's terminal or streams. */
#ifndef ORCHESTRATOR_BACKEND_DOCKER_EXEC_H
#define ORCHESTRATOR_BACKEND_DOCKER_EXEC_H

#include "orchestrator/backend.h"

/* As backend->exec. The terminal is as it was on every way out. */
af_code docker_backend_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel,
			    int *status, struct af_error *err) MUST_CHECK;

#endif
