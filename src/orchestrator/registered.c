/* Environments of modes url and process, from their descriptions. See registered.h. */
#include "orchestrator/registered.h"

#include <string.h>

#include "base/bytes.h"
#include "base/parallel.h"

/* "https://calc.example.org:8000/a" → "calc.example.org" */
char *url_host(const char *url, struct af_error *err)
{
	const char *host = strstr(url, "://") + 3;
	bool bracket = *host == '[';

	return str_ndup(host + bracket, strcspn(host + bracket, bracket ? "]" : ":/"), err);
}

static af_code add_registered(struct af_env *env, int replica, struct af_error *err)
{
	const struct registration *r = env->registered;
	struct instance *inst = env_add_instance(env, replica, err);

	if (!inst)
		return AF_ERR_NOMEM;
	inst->backend = r->backend;
	inst->created = r->created;
	inst->name = env_container_name(env->name, replica, r->replicas, err);
	if (r->url) {
		free(inst->host);
		inst->host = url_host(r->url, err);
	}
	inst->id = str_format(err, "%s-%d", r->token, replica);
	inst->image = str_dup(env->image, err);
	inst->tls = (struct http_tls){ .ca_file = r->ca_file, .insecure = r->insecure };
	return inst->name && inst->host && inst->id && inst->image ? AF_OK : AF_ERR_NOMEM;
}

struct refreshing {
	struct instance **items;
	struct cancel *cancel;
};

/* One that does not tell is down. */
static void refresh_one(void *arg, size_t i)
{
	const struct refreshing *r = arg;

	if (instance_refresh(r->items[i], r->cancel, NULL))
		return;
}

/* All at the same time: a supervisor that hangs keeps nobody else waiting. */
static af_code refresh_all(struct af_env *const *envs, size_t count, struct cancel *cancel, struct af_error *err)
{
	size_t total = 0, at = 0;

	for (size_t i = 0; i < count; i++)
		total += envs[i]->count;
	AUTO_FREE struct instance **items = calloc(total + 1, sizeof(*items));
	if (!items)
		return error_nomem(err);
	for (size_t i = 0; i < count; i++)
		for (size_t n = 0; n < envs[i]->count; n++)
			items[at++] = &envs[i]->instances[n];
	parallel_run(total, refresh_one, &(struct refreshing){ items, cancel });
	return AF_OK;
}

/* Without their states. */
static af_code describe(struct af *af, struct registration *take_r, int only, struct af_env **out, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = env_new(af, take_r->name, err);
	struct registration *r = env ? malloc(sizeof(*r)) : NULL;
	af_code rc = AF_OK;

	if (!r) {
		registration_free(take_r);
		return error_nomem(err);
	}
	*r = *take_r;
	*take_r = (struct registration){ 0 };
	env->registered = r;
	env->type = r->type;
	env->balance = r->balance;
	env->max_in_flight = r->max_in_flight;
	env->max_in_flight_host = r->max_in_flight_host;
	env->ours = env->keep = true;
	env->planned = MAX(r->replicas, 1);
	env->image = str_dup(r->url ? r->url : r->dir, err);
	if (!env->image)
		return AF_ERR_NOMEM;
	for (int i = 0; !rc && i < env->planned; i++)
		if ((only < 0 || only == i) && (r->url || registry_has_replica(r->name, i)))
			rc = add_registered(env, i, err);
	if (!rc)
		*out = af_steal(env);
	return rc;
}

af_code registered_env(struct af *af, struct registration *take_r, int only, struct cancel *cancel,
		       struct af_env **out, struct af_error *err)
{
	AF_AUTO(env) struct af_env *env = NULL;
	af_code rc = describe(af, take_r, only, &env, err);

	if (!rc)
		rc = refresh_all(&env, 1, cancel, err);
	if (!rc)
		*out = af_steal(env);
	return rc;
}

/* A description that makes no sense hides only itself. */
af_code registered_list(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err)
{
	AUTO_STRLIST names = { 0 };
	size_t before = out->count;
	af_code rc = registry_names(&names, err);

	for (size_t i = 0; !rc && i < names.count; i++) {
		struct registration r;
		struct af_env *env = NULL;
		if (registry_load(names.items[i], &r, NULL))
			continue;
		rc = describe(af, &r, -1, &env, err);
		if (!rc)
			rc = env_list_add(out, env, err);
	}
	return rc ? rc : refresh_all(out->items + before, out->count - before, cancel, err);
}

/* Which of its replicas has that name or id; -1: none. */
static int replica_named(const struct registration *r, const char *name)
{
	const char *number = strrchr(name, '-');
	int64_t replica;

	if (!number || !int_parse(number + 1, 0, MAX(r->replicas, 1) - 1, &replica))
		return -1;
	AUTO_FREE char *whole = str_ndup(name, (size_t) (number - name), NULL);
	bool by_name = whole && r->replicas > 1 && !strcmp(whole, r->name);
	return by_name || (whole && !strcmp(whole, r->token)) ? (int) replica : -1;
}

af_code registered_find(struct af *af, const char *name, struct cancel *cancel, struct af_env **out,
			struct af_error *err)
{
	AUTO_STRLIST names = { 0 };
	struct registration r;
	af_code rc = registry_load(name, &r, err);

	if (!rc)
		return registered_env(af, &r, -1, cancel, out, err);
	if (rc != AF_ERR_NOT_FOUND || !strchr(name, '-') || registry_names(&names, NULL))
		return rc;
	for (size_t i = 0; i < names.count; i++) {
		if (registry_load(names.items[i], &r, NULL))
			continue;
		int replica = replica_named(&r, name);
		if (replica < 0) {
			registration_free(&r);
			continue;
		}
		if (err)
			af_error_clear(err);
		return registered_env(af, &r, replica, cancel, out, err);
	}
	return rc;
}
