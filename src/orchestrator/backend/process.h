/* Instances that are processes of this machine, each with a supervisor of its own (src/supervisor). */
#ifndef ORCHESTRATOR_BACKEND_PROCESS_H
#define ORCHESTRATOR_BACKEND_PROCESS_H

#include "orchestrator/deploy.h"
#include "orchestrator/registered.h"

/* Starts the supervisor; the server is started by backend->start. */
af_code process_spawn(struct instance *inst, struct af_error *err) MUST_CHECK;
/* One request to the supervisor, see supervisor/control.h; `out` may be NULL. UNREACHABLE: there is none. */
af_code process_ask(struct instance *inst, const char *method, const char *path, int64_t timeout_ms,
		    struct cancel *cancel, cJSON **out, struct af_error *err) MUST_CHECK;
/* "DIR/NAME/N/log"; malloc'd. */
char *process_log_path(const struct instance *inst, struct af_error *err);
/* Variables of the server beside the caller's own. */
af_code process_variables(const struct instance *inst, struct strlist *out, struct af_error *err) MUST_CHECK;

/* As backend->… */
af_code process_create(struct deployment *dep, struct instance *inst, struct af_error *err) MUST_CHECK;
void process_uncreate(struct deployment *dep, struct instance *inst);
af_code process_remove(struct instance *inst, bool force, struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code process_logs(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
		     struct cancel *cancel, struct af_error *err) MUST_CHECK;
af_code process_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel, int *status,
		     struct af_error *err) MUST_CHECK;

#endif
