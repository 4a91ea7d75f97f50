/* How a process instance is, and what can be done with it: its supervisor is asked. See process.h. */
#include "orchestrator/backend/process.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "docker/tree.h"

#define ANSWER_MS 5000
/* A stopped server has so long beyond its grace until all of it is gone. */
#define END_MS 30000

static char *socket_path(const struct instance *inst, const char *suffix, struct af_error *err)
{
	return str_format(err, "%s/%d%s", inst->env->registered->sockets, inst->replica, suffix);
}

static bool is_gone(const struct instance *inst)
{
	return !registry_has_replica(inst->env->name, inst->replica);
}

/* ---- asking ------------------------------------------------------------------------------- */

static af_code no_supervisor(const struct instance *inst, af_code rc, struct af_error *err)
{
	if (rc != AF_ERR_UNREACHABLE && rc != AF_ERR_LOST)
		return rc;
	return error_set(err, AF_ERR_UNREACHABLE, "%s has no supervisor any more", inst->name);
}

af_code process_ask(struct instance *inst, const char *method, const char *path, int64_t timeout_ms,
		    struct cancel *cancel, cJSON **out, struct af_error *err)
{
	AUTO_FREE char *socket = socket_path(inst, ".c", err), *base = str_format(err, "http://%s.control", inst->id);
	struct http_request req = { .endpoint = { .base = base, .unix_path = socket }, .method = method, .path = path,
				    .timeout_ms = timeout_ms, .max_body = STRBUF_LINE, .cancel = cancel };
	AF_AUTO(http_response) struct http_response resp = { .body = STRBUF_INIT(0) };

	if (!socket || !base)
		return AF_ERR_NOMEM;
	af_code rc = http_perform(inst->env->af->http, &req, &resp, err);
	if (rc)
		return no_supervisor(inst, rc, err);
	cJSON *doc = tree_parse(resp.body.data, resp.body.len);
	if (resp.status != 200 || !doc) {
		cJSON_Delete(doc);
		return error_set(err, AF_ERR_PROTOCOL, "%s: its supervisor gave an answer that makes no sense", inst->name);
	}
	if (out)
		*out = doc;
	else
		cJSON_Delete(doc);
	return AF_OK;
}

static af_code ask_state(struct instance *inst, struct cancel *cancel, cJSON **out, struct af_error *err)
{
	if (is_gone(inst))
		return error_set(err, AF_ERR_NOT_FOUND, "%s is gone", inst->name);
	return process_ask(inst, "GET", "/state", ANSWER_MS, cancel, out, err);
}

/* ---- state ---------------------------------------------------------------------------------- */

static af_code set_address(struct instance *inst, struct af_error *err)
{
	AUTO_FREE char *base = str_format(err, "http://%s", inst->id), *socket = socket_path(inst, "", err);
	const char *kept = base ? instance_keep_text(inst, base, err) : NULL;
	const char *kept_socket = socket ? instance_keep_text(inst, socket, err) : NULL;

	if (!kept || !kept_socket)
		return AF_ERR_NOMEM;
	inst->socket = kept_socket;
	inst->base = kept;
	return AF_OK;
}

static af_code set_words(struct instance *inst, const struct instance_detail *d, struct af_error *err)
{
	AUTO_FREE char *why = d->exit_code < 0 ? NULL : instance_end_text(d, err);
	const char *kept = why ? instance_keep_text(inst, why, err) : NULL;

	if (d->exit_code >= 0 && !kept)
		return AF_ERR_NOMEM;
	if (kept)
		inst->ended = kept;
	return instance_set_status(inst, !d->running && kept ? kept : d->state, err);
}

static void read_state(const struct instance *inst, const cJSON *doc, struct instance_detail *out)
{
	const char *state = tree_string(doc, "state");

	*out = (struct instance_detail){
		.running = state && !strcmp(state, "running"),
		.oom = tree_bool(doc, "oom"),
		.exit_code = (int) tree_int(doc, "exit_code", -1),
		.restarts = tree_int(doc, "restarts", -1),
		.started_ns = tree_int(doc, "started_us", 0) * 1000,
		.memory_limit = inst->env->registered->memory,
		.pid = tree_int(doc, "pid", 0),
	};
	snprintf(out->state, sizeof(out->state), "%s", state ? state : "");
}

static af_code fill(struct instance *inst, const struct instance_detail *d, struct af_error *err)
{
	char life[32];

	snprintf(life, sizeof(life), "%lld", (long long) d->started_ns);
	instance_note_life(inst, d->running ? life : NULL);
	inst->state = d->running ? INSTANCE_UP : strcmp(d->state, "exited") ? INSTANCE_STARTING : INSTANCE_DOWN;
	inst->pid = d->pid;
	af_code rc = set_words(inst, d, err);
	if (!rc && d->running)
		rc = set_address(inst, err);
	if (!d->running)
		inst->base = NULL;
	return rc;
}

static af_code refresh(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	struct af_error why = AF_ERROR_INIT;
	struct instance_detail d;
	af_code rc = ask_state(inst, cancel, &doc, &why);

	pthread_mutex_lock(&inst->env->lock);
	if (!rc) {
		read_state(inst, doc, &d);
		rc = fill(inst, &d, err);
	} else if (rc == AF_ERR_NOT_FOUND || rc == AF_ERR_UNREACHABLE) {
		/* The server does not outlive its supervisor. */
		inst->state = INSTANCE_DOWN;
		inst->base = NULL;
		instance_note_life(inst, NULL);
		if (instance_set_status(inst, rc == AF_ERR_NOT_FOUND ? "removed" : "its supervisor is gone", NULL))
			inst->status = "";
		if (rc == AF_ERR_UNREACHABLE)
			rc = AF_OK;
	}
	pthread_mutex_unlock(&inst->env->lock);
	if (rc)
		error_move(err, &why);
	af_error_clear(&why);
	return rc;
}

static af_code detail(struct instance *inst, struct instance_detail *out, struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	struct af_error why = AF_ERROR_INIT;
	af_code rc = ask_state(inst, cancel, &doc, &why);

	if (rc == AF_ERR_UNREACHABLE) {
		af_error_clear(&why);
		*out = (struct instance_detail){ .state = "exited", .exit_code = -1, .restarts = -1 };
	} else if (rc) {
		error_move(err, &why);
		return rc;
	} else {
		read_state(inst, doc, out);
	}
	return process_variables(inst, &out->env, err);
}

static af_code usage(struct instance *inst, const struct docker_stats *before, struct docker_stats *out,
		     struct cancel *cancel, struct af_error *err)
{
	AUTO_CJSON *doc = NULL;
	af_code rc = ask_state(inst, cancel, &doc, err);
	struct timespec now;

	if (rc)
		return rc;
	clock_gettime(CLOCK_REALTIME, &now);
	*out = (struct docker_stats){ .cpu_percent = NAN, .memory = tree_int(doc, "memory", -1),
				      .memory_limit = inst->env->registered->memory, .cpu_ns = tree_int(doc, "cpu_ns", 0),
				      .read_ns = (int64_t) now.tv_sec * 1000000000 + now.tv_nsec };
	if (before)
		out->cpu_percent = docker_stats_cpu(before, out);
	return AF_OK;
}

/* ---- its life ----------------------------------------------------------------------------------- */

static af_code start(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	return process_ask(inst, "POST", "/start", ANSWER_MS, cancel, NULL, err);
}

struct exit_wait {
	docker_exit_fn done;
	void *arg;
	char *socket, *base;
};

static void exit_wait_free(struct exit_wait *w)
{
	free(w->socket);
	free(w->base);
	free(w);
}

static void on_exit_answer(void *arg, af_code rc, struct http_response *resp, struct af_error *err UNUSED)
{
	struct exit_wait *w = arg;
	AUTO_CJSON *doc = rc ? NULL : tree_parse(resp->body.data, resp->body.len);

	w->done(w->arg, (int) tree_int(doc, "code", -1));
	exit_wait_free(w);
}

static af_code wait_exit(struct instance *inst, docker_exit_fn done, void *arg, struct http_transfer **out,
			 struct af_error *err)
{
	struct exit_wait *w = calloc(1, sizeof(*w));

	if (!w)
		return error_nomem(err);
	*w = (struct exit_wait){ done, arg, socket_path(inst, ".c", err), str_format(err, "http://%s.control", inst->id) };
	struct http_request req = { .endpoint = { .base = w->base, .unix_path = w->socket }, .path = "/wait?ends=0",
				    .max_body = STRBUF_LINE };
	af_code rc = w->socket && w->base ? http_submit(inst->env->af->http, &req, on_exit_answer, w, out, err)
					  : AF_ERR_NOMEM;
	if (rc)
		exit_wait_free(w);
	return rc;
}

static af_code ask_to(struct instance *inst, const char *what, int grace_s, struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *path = str_format(err, "/%s?grace=%d", what, grace_s);

	return path ? process_ask(inst, "POST", path, (int64_t) grace_s * 1000 + END_MS, cancel, NULL, err) : AF_ERR_NOMEM;
}

/* Where there is no supervisor there is nothing that runs. */
static af_code quietly(af_code rc, struct af_error *why, struct af_error *err)
{
	if (rc != AF_ERR_UNREACHABLE && rc)
		error_move(err, why);
	af_error_clear(why);
	return rc == AF_ERR_UNREACHABLE ? AF_OK : rc;
}

static af_code stop(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;

	return quietly(ask_to(inst, "stop", grace_s, cancel, &why), &why, err);
}

static af_code restart(struct instance *inst, int grace_s, struct cancel *cancel, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	af_code rc;

	if (is_gone(inst))
		return error_set(err, AF_ERR_NOT_FOUND, "%s is gone", inst->name);
	rc = ask_to(inst, "restart", grace_s, cancel, &why);
	if (rc != AF_ERR_UNREACHABLE)
		return quietly(rc, &why, err);
	af_error_clear(&why);
	rc = process_spawn(inst, err);
	return rc ? rc : start(inst, cancel, err);
}

/* What a supervisor that was killed left behind. */
static void remove_sockets(const struct instance *inst)
{
	AUTO_FREE char *server = socket_path(inst, "", NULL), *control = socket_path(inst, ".c", NULL);

	if (server)
		unlink(server);
	if (control)
		unlink(control);
	rmdir(inst->env->registered->sockets); /* the last one */
}

af_code process_remove(struct instance *inst, bool force UNUSED, struct cancel *cancel, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	af_code rc = quietly(ask_to(inst, "quit", 0, cancel, &why), &why, err);

	if (rc)
		return rc;
	remove_sockets(inst);
	return registry_remove_replica(inst->env->registered, inst->replica, err);
}

const struct backend backend_process = {
	.name = "process",
	.refresh = refresh,
	.create = process_create,
	.uncreate = process_uncreate,
	.start = start,
	.wait_exit = wait_exit,
	.stop = stop,
	.restart = restart,
	.remove = process_remove,
	.detail = detail,
	.usage = usage,
	.logs = process_logs,
	.exec = process_exec,
};
