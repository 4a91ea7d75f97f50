/* Deploying an environment: its replicas at the same time, all or none. */
#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "base/parallel.h"
#include "orchestrator/deploy.h"
#include "orchestrator/ready.h"

#define READY_TIMEOUT_MS 120000

/* ---- one replica ------------------------------------------------------------------------------ */

void deploy_note(const struct deployment *dep, const char *fmt, ...)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_LINE);
	va_list ap;

	if (!dep->events || !dep->events->note)
		return;
	va_start(ap, fmt);
	strbuf_addv(&line, fmt, ap);
	va_end(ap);
	dep->events->note(dep->events->arg, line.data);
}

static void note_ready(struct deployment *dep, const struct instance *inst)
{
	deploy_note(dep, "%s is ready (%.2f s)", inst->name, (double) (clock_us() - dep->started) / 1e6);
}

static void deploy_replica(void *arg, size_t i)
{
	struct deployment *dep = arg;
	struct instance *inst = &dep->env->instances[i];
	struct af_error *err = &dep->errors[i];
	af_code rc = cancel_check(dep->cancel, err);

	if (!rc)
		rc = inst->backend->create(dep, inst, err);
	if (atomic_fetch_sub(&dep->uncreated, 1) == 1)
		name_lock_drop(&dep->lock);
	if (!rc)
		rc = instance_start(inst, dep->until, dep->cancel, err);
	if (rc)
		cancel_trigger(dep->cancel); /* the others need not go on */
	else
		note_ready(dep, inst);
}

/* ---- all or none ---------------------------------------------------------------------------------- */

static void remove_replica(void *arg, size_t i)
{
	struct deployment *dep = arg;
	struct instance *inst = &dep->env->instances[i];

	/* Also when the user interrupts a second time: nothing may stay behind. */
	inst->backend->uncreate(dep, inst);
}

/* The first that is no mere consequence of another's failure. */
static af_code first_error(struct deployment *dep, struct cancel *outer, struct af_error *err)
{
	size_t pick = dep->env->count;

	for (size_t i = 0; i < dep->env->count; i++)
		if (dep->errors[i].code && (pick == dep->env->count || dep->errors[pick].code == AF_ERR_CANCELLED))
			pick = i;
	if (pick == dep->env->count)
		return AF_OK;
	if (cancel_requested(outer))
		return error_set(err, AF_ERR_CANCELLED, "interrupted; nothing of %s is left running", dep->env->name);
	af_code rc = dep->errors[pick].code;
	error_move(err, &dep->errors[pick]);
	return rc;
}

af_code deploy_run(struct deployment *dep, struct cancel *outer, struct af_error *err)
{
	struct cancel_waker link = { .wake = cancel_wake_token };
	size_t count = dep->env->count;
	int64_t timeout = dep->opt->ready_timeout_ms;

	dep->until = deadline_in(timeout > 0 ? timeout : READY_TIMEOUT_MS);
	dep->errors = calloc(count, sizeof(*dep->errors));
	dep->cancel = cancel_new(err);
	if (!dep->errors || !dep->cancel) {
		free(dep->errors);
		cancel_free(dep->cancel);
		return error_nomem(err);
	}
	atomic_init(&dep->uncreated, count);
	link.arg = dep->cancel;
	cancel_watch(outer, &link);
	parallel_run(count, deploy_replica, dep);
	cancel_unwatch(outer, &link);
	af_code rc = first_error(dep, outer, err);
	if (rc)
		parallel_run(count, remove_replica, dep);
	for (size_t i = 0; i < count; i++)
		af_error_clear(&dep->errors[i]);
	free(dep->errors);
	cancel_free(dep->cancel);
	return rc;
}

/* ---- before that -------------------------------------------------------------------------------------- */

af_code deploy_check(struct deployment *dep, int64_t least, struct af_error *err)
{
	const struct af_load_options *opt = dep->opt;
	AUTO_STRBUF size = STRBUF_INIT(64);
	af_code rc;

	if (opt->replicas < 0 || opt->replicas > REPLICAS_MAX)
		return error_set(err, AF_ERR_USAGE, "%d replicas: there may be 1 to %d", opt->replicas, REPLICAS_MAX);
	if (!opt->mem_limit)
		return AF_OK;
	rc = size_parse(opt->mem_limit, &dep->memory, err);
	if (rc)
		return error_wrap(err, rc, "memory limit");
	if (dep->memory >= least)
		return AF_OK;
	size_format(&size, least);
	return error_set(err, AF_ERR_USAGE, "memory limit %s is less than %s, the least that works", opt->mem_limit, size.data);
}

/* Gives way to an environment of that name that is ours and stopped, or that may be recreated. */
af_code deploy_make_room(struct af *af, const struct af_load_options *opt, const char *name,
			 struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(env) struct af_env *old = NULL;
	struct af_error ignored = AF_ERROR_INIT;
	af_code rc = env_find(af, name, cancel, &old, &ignored);
	bool running = false;

	/* Where no engine is, no container has the name. */
	if (rc == AF_ERR_NOT_FOUND || (rc == AF_ERR_UNREACHABLE && opt->mode != AF_MODE_DOCKER)) {
		af_error_clear(&ignored);
		return AF_OK;
	}
	if (rc) {
		error_move(err, &ignored);
		return rc;
	}
	bool taken = !strcmp(old->name, name);
	for (size_t i = 0; i < old->count; i++) {
		running |= old->instances[i].state != INSTANCE_DOWN;
		taken |= !strcmp(old->instances[i].name, name);
	}
	if (!taken) /* an engine also finds containers by the beginning of their id */
		return AF_OK;
	if (old->ours && (opt->force_recreate || !running) && !strcmp(old->name, name))
		return env_remove(old, true, cancel, err);
	error_set(err, AF_ERR_EXISTS, "the name %s is in use by %s (image %s, %s)", name,
		  old->ours ? "an environment" : "a container that afs did not start", old->image,
		  old->count ? old->instances[0].status : "?");
	error_hint(err, old->ours ? "stop it (`afs stop %s`), choose another --name, or use --force-recreate"
				  : "choose another --name; or remove it yourself: docker rm -f %s", name);
	return AF_ERR_EXISTS;
}

/* Whatever the mode: numbers that nothing could be done with. */
static af_code check_numbers(const struct af_load_options *opt, struct af_error *err)
{
	if (opt->max_in_flight < 0 || opt->max_in_flight_host < 0)
		return error_set(err, AF_ERR_USAGE, "%d calls in flight: there may be 1 or more, and 0 is no limit",
				 MIN(opt->max_in_flight, opt->max_in_flight_host));
	if (!(opt->cpu_limit >= 0))
		return error_set(err, AF_ERR_USAGE, "%g CPUs: there may be more than 0, and 0 is no limit", opt->cpu_limit);
	if ((unsigned) opt->balance > AF_BALANCE_LEAST_BUSY)
		return error_set(err, AF_ERR_USAGE, "%d is no way to choose an instance", (int) opt->balance);
	return AF_OK;
}

af_code env_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		   struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	af_code rc = check_numbers(opt, err);

	if (rc)
		return rc;
	switch (opt->mode) {
	case AF_MODE_URL:
		return url_deploy(af, opt, events, cancel, out, err);
	case AF_MODE_PROCESS:
		return process_deploy(af, opt, events, cancel, out, err);
	case AF_MODE_BASILICA:
		error_set(err, AF_ERR_UNAVAILABLE, "mode basilica is not available");
		error_hint(err, "use the default mode, docker");
		return AF_ERR_UNAVAILABLE;
	case AF_MODE_DOCKER:
		return docker_deploy(af, opt, events, cancel, out, err);
	}
	return error_set(err, AF_ERR_USAGE, "%d is no mode", (int) opt->mode);
}
