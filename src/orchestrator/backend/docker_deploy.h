/* Creating containers for a deployment. */
#ifndef ORCHESTRATOR_BACKEND_DOCKER_DEPLOY_H
#define ORCHESTRATOR_BACKEND_DOCKER_DEPLOY_H

#include "orchestrator/deploy.h"

/* As backend->create and backend->uncreate. */
af_code docker_backend_create(struct deployment *dep, struct instance *inst, struct af_error *err) MUST_CHECK;
void docker_backend_uncreate(struct deployment *dep, struct instance *inst);

#endif
