/* Instances that are containers: everything is asked of their engine. See backend.h. */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "docker/cgroup.h"
#include "docker/tree.h"
#include "orchestrator/backend/docker_deploy.h"
#include "orchestrator/backend/docker_exec.h"
#include "orchestrator/orchestrator.h"

/* ---- one container ------------------------------------------------------------------- */

int docker_number_label(const cJSON *container, const char *label, int fallback)
{
	const char *text = docker_container_label(container, label);
	int64_t value;

	return text && int_parse(text, 0, 65535, &value) ? (int) value : fallback;
}

static enum instance_state state_of(const char *state)
{
	if (state && !strcmp(state, "running"))
		return INSTANCE_UP;
	if (state && (!strcmp(state, "created") || !strcmp(state, "restarting") || !strcmp(state, "initialized")))
		return INSTANCE_STARTING;
	return INSTANCE_DOWN;
}

/* A list entry has Names ("/calc-0"), an inspect Name. */
const char *docker_container_plain_name(const cJSON *c)
{
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(tree_get(c, "Names"), 0));

	if (!name)
		name = tree_string(c, "Name");
	return name && *name == '/' ? name + 1 : name;
}

/* What identifies a container stays as it was found first: others read it without the lock. */
static bool set_once(char **field, const char *text)
{
	return *field || (*field = strdup(text ? text : "")) != NULL;
}

/* Where Config.Env or a label says that the server listens. */
static int port_of(const cJSON *c)
{
	const cJSON *var;
	int port = docker_number_label(c, LABEL_PORT, SERVER_PORT);
	int64_t value;

	cJSON_ArrayForEach(var, tree_get(tree_get(c, "Config"), "Env"))
		if (cJSON_IsString(var) && str_starts(var->valuestring, "AFFINETES_PORT=") &&
		    int_parse(strchr(var->valuestring, '=') + 1, 1, 65535, &value))
			port = (int) value;
	return port;
}

/* What sets one run of the process apart from the next; NULL: it does not run. */
static const char *life_of(const cJSON *state)
{
	const char *status = tree_string(state, "Status"), *started = tree_string(state, "StartedAt");
	bool lives = status && (!strcmp(status, "running") || !strcmp(status, "paused"));

	return !lives ? NULL : started ? started : "";
}

/* Of any engine; a larger number is none that one can calculate with. */
#define CREATED_MAX 1e11

/* `c` is a list entry (State is text) or an inspect answer (State is an object). */
af_code docker_instance_fill(struct instance *inst, const cJSON *c, struct docker *engine, struct af_error *err)
{
	const cJSON *state = tree_get(c, "State"), *created = tree_get(c, "Created");
	const char *state_text = cJSON_IsString(state) ? state->valuestring : tree_string(state, "Status");
	const char *image = cJSON_IsString(state) ? tree_string(c, "Image") : tree_string(tree_get(c, "Config"), "Image");
	int64_t ns;

	if (!inst->engine)
		inst->engine = engine;
	if (!cJSON_IsString(state))
		instance_note_life(inst, life_of(state));
	inst->state = state_of(state_text);
	inst->pid = tree_int(state, "Pid", 0);
	inst->port = port_of(c);
	if (cJSON_IsNumber(created))
		inst->created = (int64_t) MIN(MAX(created->valuedouble, 0.0), CREATED_MAX);
	else if (cJSON_IsString(created) && rfc3339_parse(created->valuestring, strlen(created->valuestring), &ns))
		inst->created = ns / 1000000000;
	if (!set_once(&inst->id, tree_string(c, "Id")) || !set_once(&inst->name, docker_container_plain_name(c)) ||
	    !set_once(&inst->image, image))
		return error_nomem(err);
	af_code rc = instance_set_status(inst, cJSON_IsString(state) ? tree_string(c, "Status") : state_text, err);
	if (rc)
		return rc;
	return instance_set_address(inst, inst->state == INSTANCE_UP ? docker_container_ip(c) : NULL, err);
}

/* Does an inspect answer still tell how the last run ended? For a moment also between two runs. */
static bool tells_end(const cJSON *inspect)
{
	const cJSON *state = tree_get(inspect, "State");
	const char *status = tree_string(state, "Status");

	return state_of(status) == INSTANCE_DOWN || !strcmp(status, "restarting") || cJSON_IsTrue(tree_get(state, "OOMKilled"));
}

static af_code note_end(struct instance *inst, const cJSON *inspect, struct af_error *err)
{
	AF_AUTO(instance_detail) struct instance_detail d = { 0 };
	af_code rc = docker_detail_read(inspect, &d, err);
	AUTO_FREE char *why = rc ? NULL : instance_end_text(&d, err);
	const char *kept = why ? instance_keep_text(inst, why, err) : NULL;

	if (!kept)
		return AF_ERR_NOMEM;
	inst->ended = kept;
	if (inst->state != INSTANCE_UP)
		inst->status = kept;
	return AF_OK;
}

static af_code refresh(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	af_code rc = docker_container_inspect(inst->engine, inst->id, cancel, &doc, err);

	pthread_mutex_lock(&inst->env->lock);
	if (rc == AF_ERR_NOT_FOUND) {
		inst->state = INSTANCE_DOWN;
		instance_note_life(inst, NULL);
		if (instance_set_status(inst, "removed", NULL))
			inst->status = NULL;
	}
	if (!rc)
		rc = docker_instance_fill(inst, doc, inst->engine, err);
	if (!rc && tells_end(doc))
		rc = note_end(inst, doc, err);
	pthread_mutex_unlock(&inst->env->lock);
	return rc;
}

/* ---- its life ---------------------------------------------------------------------------- */

static af_code start(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	return docker_container_start(inst->engine, inst->id, cancel, err);
}

static af_code wait_exit(struct instance *inst, docker_exit_fn done, void *arg, struct http_transfer **out,
			 struct af_error *err)
{
	return docker_container_wait(inst->engine, inst->id, done, arg, out, err);
}

static af_code first_exit(struct instance *inst, int64_t since_ms, int64_t until_ms, struct cancel *cancel, int *code,
			  struct af_error *err)
{
	return docker_container_first_exit(inst->engine, inst->id, since_ms, until_ms, cancel, code, err);
}

static af_code stop(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	return docker_container_stop(inst->engine, inst->id, grace_s, cancel, err);
}

static af_code restart(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	return docker_container_restart(inst->engine, inst->id, grace_s, cancel, err);
}

static af_code remove_container(struct instance *inst, bool force, struct cancel *cancel, struct af_error *err)
{
	return docker_container_remove(inst->engine, inst->id, force, cancel, err);
}

/* ---- how it is doing ------------------------------------------------------------------------ */

/* Engines write the year 1 for never. */
static int64_t time_of(const cJSON *tree, const char *key)
{
	const char *text = tree_string(tree, key);
	int64_t ns;

	return text && rfc3339_parse(text, strlen(text), &ns) && ns > 0 ? ns : 0;
}

/* Docker's default for a check that names no number. */
#define HEALTH_RETRIES 3

static void read_health(const cJSON *health, const cJSON *check, struct instance_detail *out)
{
	int64_t retries = tree_int(check, "Retries", 0), failures = tree_int(health, "FailingStreak", 0);

	if (!cJSON_IsObject(health))
		return;
	out->health_retries = (int) MIN(retries > 0 ? retries : HEALTH_RETRIES, (int64_t) INT_MAX);
	out->health_failures = (int) MIN(MAX(failures, (int64_t) 0), (int64_t) INT_MAX);
}

af_code docker_detail_read(const cJSON *inspect, struct instance_detail *out, struct af_error *err)
{
	const cJSON *state = tree_get(inspect, "State"), *config = tree_get(inspect, "Config"), *var;
	const char *status = tree_string(state, "Status");
	af_code rc = AF_OK;

	*out = (struct instance_detail){
		.running = tree_bool(state, "Running") && !tree_bool(state, "Restarting"),
		.oom = tree_bool(state, "OOMKilled"),
		.tty = tree_bool(config, "Tty"),
		.exit_code = (int) tree_int(state, "ExitCode", -1),
		.restarts = tree_int(inspect, "RestartCount", -1),
		.started_ns = time_of(state, "StartedAt"),
		.ended_ns = tree_bool(state, "Running") ? 0 : time_of(state, "FinishedAt"),
		.memory_limit = tree_int(tree_get(inspect, "HostConfig"), "Memory", 0),
		.pid = tree_int(state, "Pid", 0),
	};
	snprintf(out->state, sizeof(out->state), "%s", status ? status : "");
	read_health(tree_get(state, "Health"), tree_get(config, "Healthcheck"), out);
	cJSON_ArrayForEach(var, tree_get(config, "Env"))
		if (!rc && cJSON_IsString(var))
			rc = strlist_add(&out->env, var->valuestring, err);
	return rc;
}

static af_code detail(struct instance *inst, struct instance_detail *out, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	af_code rc = docker_container_inspect(inst->engine, inst->id, cancel, &doc, err);

	if (rc)
		return rc;
	rc = docker_detail_read(doc, out, err);
	inst->pid = out->pid;
	return rc;
}

/* From the control group where the container runs on this machine, else from its engine. */
static af_code usage(struct instance *inst, const struct docker_stats *before, struct docker_stats *out,
		     struct cancel *cancel, struct af_error *err)
{
	if (!str_starts(docker_host(inst->engine), "unix://") || !cgroup_usage(inst->pid, inst->id, out))
		return docker_container_stats(inst->engine, inst->id, before, cancel, out, err);
	if (before)
		out->cpu_percent = docker_stats_cpu(before, out);
	return AF_OK;
}

static af_code logs(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
		    struct cancel *cancel, struct af_error *err)
{
	return docker_container_logs(inst->engine, inst->id, opt, fn, arg, cancel, err);
}

const struct backend backend_docker = {
	.name = "docker",
	.refresh = refresh,
	.create = docker_backend_create,
	.uncreate = docker_backend_uncreate,
	.start = start,
	.wait_exit = wait_exit,
	.first_exit = first_exit,
	.stop = stop,
	.restart = restart,
	.remove = remove_container,
	.detail = detail,
	.usage = usage,
	.logs = logs,
	.exec = docker_backend_exec,
};
