/* From an instance to the functions of its mode. See backend.h. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "orchestrator/orchestrator.h"

static af_code has_none(const struct instance *inst, const char *what, struct af_error *err)
{
	return error_set(err, AF_ERR_UNAVAILABLE, "an environment of mode %s has no %s", inst->backend->name, what);
}

void instance_detail_free(struct instance_detail *d)
{
	strlist_free(&d->env);
}

char *instance_end_text(const struct instance_detail *d, struct af_error *err)
{
	AUTO_STRBUF size = STRBUF_INIT(32);

	if (!d->oom)
		return str_format(err, "%s, exit code %d", *d->state ? d->state : "gone", d->exit_code);
	size_format(&size, d->memory_limit);
	if (!strcmp(d->state, "running")) /* again: the code is gone */
		return str_format(err, "killed for using more memory than its limit of %s (OOM)", size.data);
	return str_format(err, "killed for using more memory than its limit of %s (OOM), exit code %d", size.data,
			  d->exit_code);
}

af_code instance_refresh(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	return inst->backend->refresh(inst, cancel, err);
}

af_code instance_stop(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	return inst->backend->stop ? inst->backend->stop(inst, grace_s, cancel, err) : AF_OK;
}

af_code instance_restart(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	return inst->backend->restart ? inst->backend->restart(inst, grace_s, cancel, err)
				      : has_none(inst, "server that could be restarted from here", err);
}

af_code instance_remove(struct instance *inst, bool force, struct cancel *cancel, struct af_error *err)
{
	return inst->backend->remove(inst, force, cancel, err);
}

af_code instance_detail(struct instance *inst, struct instance_detail *out, struct cancel *cancel, struct af_error *err)
{
	*out = (struct instance_detail){ .exit_code = -1, .restarts = -1 };
	return inst->backend->detail ? inst->backend->detail(inst, out, cancel, err) : has_none(inst, "details", err);
}

af_code instance_usage(struct instance *inst, const struct docker_stats *before, struct docker_stats *out,
		       struct cancel *cancel, struct af_error *err)
{
	*out = (struct docker_stats){ .cpu_percent = NAN, .memory = -1 };
	return inst->backend->usage ? inst->backend->usage(inst, before, out, cancel, err)
				    : has_none(inst, "known memory and CPU", err);
}

af_code instance_logs(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
		      struct cancel *cancel, struct af_error *err)
{
	return inst->backend->logs ? inst->backend->logs(inst, opt, fn, arg, cancel, err)
				   : has_none(inst, "log that could be read from here", err);
}

af_code instance_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel, int *status,
		      struct af_error *err)
{
	return inst->backend->exec ? inst->backend->exec(inst, program, cancel, status, err)
				   : has_none(inst, "shell that could be opened from here", err);
}
