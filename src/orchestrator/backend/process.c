#include "orchestrator/deploy.h"
const struct backend backend_process = { .name = "process" };
af_code process_deploy(struct af *af UNUSED, const struct af_load_options *opt UNUSED, const struct deploy_events *events UNUSED,
		       struct cancel *cancel UNUSED, struct af_env **out UNUSED, struct af_error *err)
{
	return error_set(err, AF_ERR_UNAVAILABLE, "mode process is not available");
}
