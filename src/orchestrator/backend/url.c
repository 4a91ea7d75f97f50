/* An environment behind a URL that somebody else runs: it is registered here and called, and nothing more. */
#include <ctype.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "orchestrator/deploy.h"
#include "orchestrator/registered.h"

/* For the first answer; a service that runs gives it at once. */
#define ANSWER_MS INT64_C(30000)

/* Whether it answers is asked by whoever wants to know; that is its health, and there is no other state. */
static af_code refresh(struct instance *inst, struct cancel *cancel UNUSED, struct af_error *err)
{
	const struct registration *r = inst->env->registered;

	pthread_mutex_lock(&inst->env->lock);
	const char *kept = instance_keep_text(inst, r->url, err);
	inst->base = kept;
	instance_note_life(inst, "");
	inst->state = kept ? INSTANCE_UP : INSTANCE_DOWN;
	af_code rc = kept ? instance_set_status(inst, "registered", err) : AF_ERR_NOMEM;
	pthread_mutex_unlock(&inst->env->lock);
	return rc;
}

static af_code forget(struct instance *inst, bool force UNUSED, struct cancel *cancel UNUSED, struct af_error *err)
{
	return registry_remove(inst->env->name, inst->env->registered->token, err);
}

const struct backend backend_url = {
	.name = "url",
	.outside = true,
	.refresh = refresh,
	.remove = forget,
};

/* ---- registering ------------------------------------------------------------------------ */

/* What of its host can be a name. */
static char *name_of_url(const char *url, struct af_error *err)
{
	char *name = url_host(url, err);

	for (char *p = name; p && *p; p++)
		if (!isalnum((unsigned char) *p) && *p != '.')
			*p = '-';
	return name;
}

static af_code explain(struct instance *inst, af_code rc, struct af_error *err)
{
	bool tls = err && err->message && strstr(err->message, "TLS:") && !inst->tls.insecure;

	error_wrap(err, rc, "%s", inst->base);
	if (tls)
		error_hint(err, "name the authority that signed its certificate with --ca-file FILE; "
				"or do without the check: --insecure");
	else if (rc == AF_ERR_UNREACHABLE)
		error_hint(err, "is the service running, and can it be reached from here?");
	return rc;
}

/* GET path: the status, whatever it is. */
static af_code probe(const struct server *s, const char *path, int64_t timeout_ms, struct cancel *cancel, long *status,
		     struct af_error *err)
{
	struct http_request req = { .endpoint = s->endpoint, .path = path, .timeout_ms = timeout_ms, .max_body = 65536,
				    .connect_timeout_ms = timeout_ms, .cancel = cancel };
	AF_AUTO(http_response) struct http_response resp;
	af_code rc = http_perform(s->http, &req, &resp, err);

	*status = resp.status;
	return rc;
}

/* What answers there: the injected server has /methods, others publish /openapi.json or have at least /health. */
static af_code detect(struct instance *inst, int64_t timeout_ms, struct cancel *cancel, enum env_type *type,
		      struct af_error *err)
{
	AF_AUTO(method_list) struct method_list methods = { 0 };
	struct server s = instance_server(inst);
	long status;
	af_code rc = probe(&s, "/health", timeout_ms, cancel, &status, err);

	if (rc)
		return explain(inst, rc, err);
	s.type = *type = ENV_FUNCTION_BASED;
	if (server_methods(&s, cancel, &methods, NULL) == AF_OK)
		return AF_OK;
	s.type = *type = ENV_HTTP_BASED;
	if (server_methods(&s, cancel, &methods, NULL) == AF_OK || status == 200)
		return cancel_check(cancel, err);
	error_set(err, AF_ERR_PROTOCOL, "%s answers, but is no environment: it has neither /health nor /methods nor "
					"/openapi.json", inst->base);
	error_hint(err, "is the path of the URL right? It goes before /health");
	return AF_ERR_PROTOCOL;
}

static af_code check_options(const struct af_load_options *opt, struct af_error *err)
{
	if (str_blank(opt->base_url))
		return error_set(err, AF_ERR_USAGE, "mode url: no URL was named");
	if (opt->image || opt->env_path)
		return error_set(err, AF_ERR_USAGE, "mode url: an image or a directory has no place beside a URL");
	if (opt->replicas > 1 || opt->mem_limit || opt->cpu_limit > 0 || (opt->env_vars && opt->env_vars[0]) ||
	    opt->pull || opt->network || (opt->volumes && opt->volumes[0]) || (opt->hosts && opt->hosts[0])) {
		error_set(err, AF_ERR_USAGE, "mode url: what runs there is none of ours: hosts, replicas, limits, variables, "
					     "networks and volumes cannot be set");
		error_hint(err, "set them where the service is started");
		return AF_ERR_USAGE;
	}
	return AF_OK;
}

static af_code describe(const struct af_load_options *opt, struct registration *r, struct af_error *err)
{
	AUTO_STRBUF token = STRBUF_INIT(64);
	af_code rc = registry_check_url(opt->base_url, &r->url, err);

	if (!rc)
		rc = random_hex(&token, 4, err);
	if (!rc)
		rc = strbuf_steal(&token, &r->token, err);
	if (rc)
		return rc;
	r->backend = &backend_url;
	r->insecure = opt->insecure;
	r->balance = opt->balance;
	r->max_in_flight = opt->max_in_flight;
	r->max_in_flight_host = opt->max_in_flight_host;
	r->created = wall_ms() / 1000;
	r->name = opt->name ? str_dup(opt->name, err) : name_of_url(r->url, err);
	if (!r->name)
		return AF_ERR_NOMEM;
	if (opt->ca_file && !(r->ca_file = realpath(opt->ca_file, NULL)))
		return error_set(err, AF_ERR_NOT_FOUND, "%s: no such file", opt->ca_file);
	return env_name_check(r->name, err);
}

/* Nothing is registered that did not answer. */
static af_code enter(struct af *af, const struct af_load_options *opt, struct af_env *env, struct cancel *cancel,
		     struct af_error *err)
{
	struct name_lock lock = NAME_LOCK_INIT;
	int64_t timeout = opt->ready_timeout_ms > 0 ? MIN(opt->ready_timeout_ms, ANSWER_MS) : ANSWER_MS;
	af_code rc = detect(&env->instances[0], timeout, cancel, &env->type, err);

	env->registered->type = env->type;
	if (!rc)
		rc = name_lock_take(&lock, env->name, cancel, err);
	if (!rc)
		rc = deploy_make_room(af, opt, env->name, cancel, err);
	if (!rc)
		rc = registry_add(env->registered, err);
	name_lock_drop(&lock);
	return rc;
}

af_code url_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events UNUSED,
		   struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	AF_AUTO(registration) struct registration r = { 0 };
	AF_AUTO(env) struct af_env *env = NULL;
	af_code rc = check_options(opt, err);

	if (!rc)
		rc = describe(opt, &r, err);
	if (!rc)
		rc = registered_env(af, &r, -1, cancel, &env, err);
	if (rc)
		return rc;
	rc = enter(af, opt, env, cancel, err);
	if (rc)
		return error_wrap(err, rc, "run %s", env->name);
	env->keep = opt->keep;
	env->loaded = true;
	*out = af_steal(env);
	return AF_OK;
}
