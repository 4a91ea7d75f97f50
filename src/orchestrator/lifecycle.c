/* Stopping, restarting and removing the replicas of an environment, all at the same time. */
#include <stdio.h>

#include "base/parallel.h"
#include "orchestrator/ready.h"

struct sweep {
	struct af_env *env;
	af_code (*step)(struct sweep *sweep, struct instance *inst, struct af_error *err);
	int only; /* replica; < 0: all */
	int grace_s;
	bool force;
	deadline until;
	struct cancel *cancel;
	struct af_error *errors;
};

static void sweep_one(void *arg, size_t i)
{
	struct sweep *sweep = arg;
	struct instance *inst = &sweep->env->instances[i];

	if (sweep->only >= 0 && inst->replica != sweep->only)
		return;
	af_code rc = sweep->step(sweep, inst, &sweep->errors[i]);
	if (rc)
		error_wrap(&sweep->errors[i], rc, "%s", inst->name);
}

static af_code run_sweep(struct sweep *sweep, struct af_error *err)
{
	struct af_env *env = sweep->env;
	af_code rc = AF_OK;

	if (!env->ours) {
		error_set(err, AF_ERR_USAGE, "%s was not started by afs", env->name);
		error_hint(err, "if you mean it: docker stop %s && docker rm %s", env->name, env->name);
		return AF_ERR_USAGE;
	}
	sweep->errors = calloc(env->count + 1, sizeof(*sweep->errors));
	if (!sweep->errors)
		return error_nomem(err);
	parallel_run(env->count, sweep_one, sweep);
	for (size_t i = 0; i < env->count; i++) {
		if (sweep->errors[i].code && !rc) {
			rc = sweep->errors[i].code;
			error_move(err, &sweep->errors[i]);
		}
		af_error_clear(&sweep->errors[i]);
	}
	free(sweep->errors);
	return rc;
}

static af_code stop_step(struct sweep *sweep, struct instance *inst, struct af_error *err)
{
	pool_mark(inst, INSTANCE_DOWN);
	inst->base = NULL; /* the next container may get that address */
	af_code rc = instance_stop(inst, sweep->grace_s, sweep->cancel, err);

	if (rc == AF_ERR_NOT_FOUND) {
		af_error_clear(err); /* gone already is no failure, in word and deed */
		return AF_OK;
	}
	return rc ? rc : instance_remove(inst, true, sweep->cancel, err);
}

af_code env_stop(struct af_env *env, int grace_s, struct cancel *cancel, struct af_error *err)
{
	struct sweep sweep = { .env = env, .step = stop_step, .only = -1, .grace_s = grace_s, .cancel = cancel };
	af_code rc = run_sweep(&sweep, err);

	return rc ? error_wrap(err, rc, "stop %s", env->name) : AF_OK;
}

static af_code remove_step(struct sweep *sweep, struct instance *inst, struct af_error *err)
{
	if (!sweep->force && inst->state != INSTANCE_DOWN) {
		error_set(err, AF_ERR_USAGE, "it is running");
		error_hint(err, "stop it (`afs stop %s`), or use --force", sweep->env->name);
		return AF_ERR_USAGE;
	}
	pool_mark(inst, INSTANCE_DOWN);
	return instance_remove(inst, sweep->force, sweep->cancel, err);
}

af_code env_remove(struct af_env *env, bool force, struct cancel *cancel, struct af_error *err)
{
	struct sweep sweep = { .env = env, .step = remove_step, .only = -1, .force = force, .cancel = cancel };
	af_code rc = run_sweep(&sweep, err);

	return rc ? error_wrap(err, rc, "remove %s", env->name) : AF_OK;
}

static af_code restart_step(struct sweep *sweep, struct instance *inst, struct af_error *err)
{
	pool_mark(inst, INSTANCE_STARTING);
	af_code rc = instance_restart(inst, sweep->grace_s, sweep->cancel, err);

	/* Its address may be another one now. */
	if (!rc)
		rc = instance_refresh(inst, sweep->cancel, err);
	return rc ? rc : instance_wait_ready(inst, sweep->until, sweep->cancel, err);
}

af_code env_restart(struct af_env *env, int replica, int64_t ready_timeout_ms, struct cancel *cancel,
		    struct af_error *err)
{
	struct sweep sweep = { .env = env, .step = restart_step, .only = replica, .grace_s = 10, .cancel = cancel,
			       .until = deadline_in(ready_timeout_ms) };

	if (replica >= 0 && !env_replica(env, replica))
		return error_set(err, AF_ERR_NOT_FOUND, "%s has no replica %d", env->name, replica);
	af_code rc = run_sweep(&sweep, err);
	return rc ? error_wrap(err, rc, "restart %s", env->name) : AF_OK;
}
