/* Environments and instances as data. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/path.h"
#include "orchestrator/flight.h"
#include "orchestrator/host.h"
#include "orchestrator/watch.h"
#include "orchestrator/registry.h"

/* What engines take; DNS labels are shorter, but nothing here is a DNS name. */
#define NAME_MAX_LEN 128

const char *instance_state_name(enum instance_state state)
{
	static const char *const names[] = { "up", "starting", "down" };

	return names[state];
}

const char *af_balance_name(enum af_balance balance)
{
	static const char *const names[] = { "random", "round_robin", "least_busy" };

	return (unsigned) balance < ARRAY_LEN(names) ? names[balance] : names[0];
}

enum af_balance balance_of(const char *name)
{
	for (int b = AF_BALANCE_RANDOM; name && b <= AF_BALANCE_LEAST_BUSY; b++)
		if (!strcmp(name, af_balance_name((enum af_balance) b)))
			return (enum af_balance) b;
	return AF_BALANCE_RANDOM;
}

struct af_env *env_new(struct af *af, const char *name, struct af_error *err)
{
	struct af_env *env = calloc(1, sizeof(*env));

	if (!env || !(env->name = str_dup(name, err))) {
		free(env);
		error_nomem(err);
		return NULL;
	}
	env->af = af;
	pthread_mutex_init(&env->lock, NULL);
	pthread_cond_init(&env->idle, NULL);
	return env;
}

struct instance *env_add_instance(struct af_env *env, int replica, struct af_error *err)
{
	struct instance *items = realloc(env->instances, (env->count + 1) * sizeof(*items));

	if (!items) {
		error_nomem(err);
		return NULL;
	}
	env->instances = items;
	struct instance *inst = &items[env->count];
	*inst = (struct instance){ .env = env, .backend = &backend_docker, .replica = replica, .port = SERVER_PORT,
				   .state = INSTANCE_DOWN };
	inst->host = str_dup("local", err);
	if (!inst->host)
		return NULL;
	env->count++;
	return inst;
}

void env_free(struct af_env *env)
{
	if (!env)
		return;
	env_cancel_calls(env);
	env_unwatch(env); /* after the calls: one that takes its time begins to watch */
	queue_free(env);
	cancel_free(env->stop);
	for (size_t i = 0; i < env->count; i++) {
		struct instance *inst = &env->instances[i];
		free(inst->vitals.life);
		free(inst->name);
		free(inst->id);
		free(inst->host);
		free(inst->image);
		strlist_free(&inst->texts);
	}
	free(env->instances);
	if (env->registered)
		registration_free(env->registered);
	free(env->registered);
	free(env->name);
	free(env->token);
	free(env->unseen);
	free(env->image);
	pthread_cond_destroy(&env->idle);
	pthread_mutex_destroy(&env->lock);
	free(env);
}

const char *env_mode(const struct af_env *env)
{
	return (env->count ? env->instances[0].backend : &backend_docker)->name;
}

struct instance *env_replica(struct af_env *env, int replica)
{
	for (size_t i = 0; i < env->count; i++)
		if (env->instances[i].replica == replica)
			return &env->instances[i];
	return NULL;
}

const char *instance_keep_text(struct instance *inst, const char *text, struct af_error *err)
{
	for (size_t i = 0; i < inst->texts.count; i++)
		if (!strcmp(inst->texts.items[i], text))
			return inst->texts.items[i];
	return strlist_add(&inst->texts, text, err) ? NULL : inst->texts.items[inst->texts.count - 1];
}

af_code instance_set_status(struct instance *inst, const char *text, struct af_error *err)
{
	const char *kept = instance_keep_text(inst, text ? text : "", err);

	if (!kept)
		return AF_ERR_NOMEM;
	inst->status = kept;
	return AF_OK;
}

/* An address behind another host is reached through a socket of ours. */
static af_code set_way(struct instance *inst, const char *ip, struct af_error *err)
{
	const char *path;
	af_code rc = ssh_address_path(inst->machine->ssh, ip, inst->port, &path, err);

	if (!rc)
		inst->socket = path; /* it stands as long as the context does */
	return rc;
}

bool instance_place(struct instance *inst, struct af_host *machine, struct docker *engine)
{
	inst->machine = machine;
	inst->engine = engine;
	free(inst->host);
	inst->host = strdup(machine->name);
	return inst->host != NULL;
}

af_code instance_set_address(struct instance *inst, const char *ip, struct af_error *err)
{
	if (!ip) {
		inst->base = NULL;
		return AF_OK;
	}
	AUTO_FREE char *base = str_format(err, strchr(ip, ':') ? "http://[%s]:%d" : "http://%s:%d", ip, inst->port);
	const char *kept = base ? instance_keep_text(inst, base, err) : NULL;
	if (!kept)
		return AF_ERR_NOMEM;
	inst->base = kept;
	return inst->machine && inst->machine->ssh ? set_way(inst, ip, err) : AF_OK;
}

struct server instance_server(const struct instance *inst)
{
	return (struct server){
		.http = inst->env->af->http,
		.endpoint = { .base = inst->base, .unix_path = inst->socket, .proxy = inst->backend->outside,
			      .tls = inst->tls.insecure || inst->tls.ca_file ? &inst->tls : NULL },
		.type = inst->env->type,
		.name = inst->env->count > 1 ? inst->name : inst->env->name,
	};
}

/* ---- names ------------------------------------------------------------------------- */

char *env_name_of_image(const char *image, struct af_error *err)
{
	AUTO_FREE char *name = str_ndup(path_base(image), strcspn(path_base(image), "@"), err);

	if (!name)
		return NULL;
	for (char *p = name; *p; p++)
		if (*p == ':')
			*p = '-';
	return af_steal(name);
}

af_code env_name_check(const char *name, struct af_error *err)
{
	size_t len = strlen(name);
	bool ok = len >= 2 && len <= NAME_MAX_LEN && isalnum((unsigned char) *name);

	for (const char *p = name; ok && *p; p++)
		ok = isalnum((unsigned char) *p) || strchr("_.-", *p);
	if (ok)
		return AF_OK;
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_LINE);
	text_add_safe(&safe, name, MIN(len, (size_t) 200), false);
	error_set(err, AF_ERR_USAGE, "\"%s\" cannot be the name of an environment", safe.data);
	error_hint(err, "use 2 to %d letters, digits, '_', '.', '-', beginning with a letter or digit", NAME_MAX_LEN);
	return AF_ERR_USAGE;
}

char *env_container_name(const char *name, int replica, int replicas, struct af_error *err)
{
	return replicas > 1 ? str_format(err, "%s-%d", name, replica) : str_dup(name, err);
}
