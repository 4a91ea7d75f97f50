/* Deploying containers: an image is found or pulled, its containers are described and created. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/json_write.h"
#include "docker/tree.h"
#include "orchestrator/backend/docker_deploy.h"
#include "orchestrator/backend/docker_image.h"

/* Engines refuse less. */
#define MEMORY_MIN (6 * 1024 * 1024)

/* ---- the container's description ---------------------------------------------------------- */

static void add_limit(struct json_writer *w, const char *label, int limit)
{
	char number[16];

	if (!limit)
		return;
	snprintf(number, sizeof(number), "%d", limit);
	json_put_string(w, label, number);
}

static void add_labels(struct json_writer *w, const struct deployment *dep, const struct instance *inst)
{
	const struct af_env *env = dep->env;
	char number[16];

	json_open(w, "Labels", '{');
	json_put_string(w, LABEL_TYPE, env_type_name(env->type));
	json_put_string(w, LABEL_NAME, env->name);
	json_put_string(w, LABEL_DEPLOYMENT, dep->token);
	json_put_string(w, LABEL_BALANCE, af_balance_name(env->balance));
	json_put_string(w, LABEL_VERSION, af_version());
	snprintf(number, sizeof(number), "%d", inst->replica);
	json_put_string(w, LABEL_REPLICA, number);
	snprintf(number, sizeof(number), "%d", env->planned);
	json_put_string(w, LABEL_REPLICAS, number);
	if (inst->port != SERVER_PORT) {
		snprintf(number, sizeof(number), "%d", inst->port);
		json_put_string(w, LABEL_PORT, number);
	}
	add_limit(w, LABEL_MAX_IN_FLIGHT, env->max_in_flight);
	add_limit(w, LABEL_MAX_IN_FLIGHT_HOST, env->max_in_flight_host);
	json_close(w, '}');
}

static void add_strings(struct json_writer *w, const char *key, const char *const *strings)
{
	json_open(w, key, '[');
	for (const char *const *s = strings; s && *s; s++)
		json_put_string(w, NULL, *s);
	json_close(w, ']');
}

static void add_host_config(struct json_writer *w, const struct deployment *dep)
{
	const struct af_load_options *opt = dep->opt;

	json_open(w, "HostConfig", '{');
	json_open(w, "RestartPolicy", '{');
	json_put_string(w, "Name", "always");
	json_close(w, '}');
	if (dep->memory) {
		json_put_int(w, "Memory", dep->memory);
		/* No swap beyond it, or the limit would be none. */
		json_put_int(w, "MemorySwap", dep->memory);
	}
	if (opt->cpu_limit > 0)
		json_put_int(w, "NanoCpus", (int64_t) (opt->cpu_limit * 1e9));
	if (!str_blank(opt->network))
		json_put_string(w, "NetworkMode", opt->network);
	if (opt->volumes && opt->volumes[0])
		add_strings(w, "Binds", opt->volumes);
	json_close(w, '}');
}

/* Written first and then read, so that it is whole or not there: NULL when out of memory. */
static cJSON *container_config(const struct deployment *dep, const struct instance *inst)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	struct json_writer w = json_writer(&sb);

	json_open(&w, NULL, '{');
	json_put_string(&w, "Image", dep->env->image);
	add_strings(&w, "Env", dep->opt->env_vars);
	add_labels(&w, dep, inst);
	add_host_config(&w, dep);
	json_close(&w, '}');
	return strbuf_check(&sb, NULL) ? NULL : cJSON_ParseWithLength(sb.data, sb.len);
}

af_code docker_backend_create(struct deployment *dep, struct instance *inst, struct af_error *err)
{
	cJSON *config = container_config(dep, inst);
	/* Not cancellable: were the request cut off, the container might come into being behind our back. */
	af_code rc = config ? docker_container_create(inst->engine, inst->name, config, NULL, &inst->id, err)
			    : error_nomem(err);

	cJSON_Delete(config);
	if (rc == AF_ERR_EXISTS)
		error_hint(err, "stop it (`afs stop %s`), choose another --name, or use --force-recreate", dep->env->name);
	return rc;
}

/* The engine may have made it although its answer did not reach us. */
static bool made_unseen(const struct deployment *dep, const struct instance *inst)
{
	cJSON *doc = NULL;

	if (docker_container_inspect(inst->engine, inst->name, NULL, &doc, NULL))
		return false;
	const char *token = docker_container_label(doc, LABEL_DEPLOYMENT);
	bool ours = token && !strcmp(token, dep->token);
	cJSON_Delete(doc);
	return ours;
}

void docker_backend_uncreate(struct deployment *dep, struct instance *inst)
{
	const char *which = inst->id ? inst->id : made_unseen(dep, inst) ? inst->name : NULL;

	if (which && docker_container_remove(inst->engine, which, true, NULL, NULL))
		return;
}

/* ---- before that -------------------------------------------------------------------------------------- */

static af_code check_options(const struct af_load_options *opt, struct deployment *dep, struct af_error *err)
{
	if (opt->env_path || opt->base_url || opt->insecure || opt->ca_file) {
		error_set(err, AF_ERR_USAGE, "mode docker: directories and URLs have no meaning there");
		error_hint(err, "set the mode: process or url");
		return AF_ERR_USAGE;
	}
	if (str_blank(opt->image))
		return error_set(err, AF_ERR_USAGE, "no image was named");
	/* It becomes part of a path, and gives the name where none is given. */
	af_code rc = docker_reference_parse(opt->image, NULL, NULL, NULL, err);
	return rc ? rc : deploy_check(dep, MEMORY_MIN, err);
}

/* AFFINETES_PORT moves the server. */
static int port_wanted(const struct af_load_options *opt)
{
	int64_t port = SERVER_PORT;

	for (const char *const *v = opt->env_vars; v && *v; v++)
		if (str_starts(*v, "AFFINETES_PORT="))
			int_parse(strchr(*v, '=') + 1, 1, 65535, &port);
	return (int) port;
}

/* Replicas go to the hosts in turn. */
static af_code prepare(struct deployment *dep, const struct image_places *places, struct af_error *err)
{
	struct af_env *env = dep->env;
	const cJSON *labels = tree_get(tree_get(places->image, "Config"), "Labels");

	env->image = str_dup(dep->opt->image, err);
	env->type = env_type_of(tree_string(labels, LABEL_TYPE));
	env->balance = dep->opt->balance;
	env->max_in_flight = dep->opt->max_in_flight;
	env->max_in_flight_host = dep->opt->max_in_flight_host;
	env->keep = dep->opt->keep;
	env->planned = MAX(dep->opt->replicas, 1);
	env->ours = env->loaded = true;
	for (int i = 0; i < env->planned; i++) {
		struct instance *inst = env_add_instance(env, i, err);
		if (!inst)
			return AF_ERR_NOMEM;
		const struct image_place *place = &places->items[(size_t) i % places->count];
		if (!instance_place(inst, place->host, place->engine))
			return error_nomem(err);
		inst->port = port_wanted(dep->opt);
		inst->state = INSTANCE_STARTING;
		inst->name = env_container_name(env->name, i, env->planned, err);
		inst->image = str_dup(dep->opt->image, err);
		if (!inst->name || !inst->image)
			return AF_ERR_NOMEM;
	}
	AUTO_STRBUF token = STRBUF_INIT(64);
	af_code rc = random_hex(&token, 8, err);
	snprintf(dep->token, sizeof(dep->token), "%s", token.data);
	env->token = str_dup(dep->token, err);
	return env->image && env->token ? rc : AF_ERR_NOMEM;
}

/* Before the first container and after the last: in between somebody may find the host empty, and forget it. */
static af_code remember_hosts(const struct image_places *places, struct af_error *err)
{
	af_code rc = AF_OK;

	for (size_t i = 0; i < places->count && !rc; i++)
		rc = host_remember(places->items[i].host, err);
	return rc;
}

static af_code deploy_to(struct deployment *dep, struct af *af, const char *name, const struct image_places *places,
			 struct cancel *cancel, struct af_error *err)
{
	af_code rc = name_lock_take(&dep->lock, name, cancel, err);

	if (!rc)
		rc = deploy_make_room(af, dep->opt, name, cancel, err);
	if (!rc && !(dep->env = env_new(af, name, err)))
		rc = AF_ERR_NOMEM;
	if (!rc)
		rc = prepare(dep, places, err);
	if (!rc)
		rc = remember_hosts(places, err);
	if (!rc)
		rc = deploy_run(dep, cancel, err);
	name_lock_drop(&dep->lock);
	return rc ? rc : remember_hosts(places, err);
}

af_code docker_deploy(struct af *af, const struct af_load_options *opt, const struct deploy_events *events,
		      struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	struct deployment dep = { .opt = opt, .events = events, .started = clock_us(),
				  .lock = NAME_LOCK_INIT };
	AF_AUTO(image_places) struct image_places places = { 0 };
	af_code rc = check_options(opt, &dep, err);

	if (rc)
		return rc;
	AUTO_FREE char *name = opt->name ? str_dup(opt->name, err) : env_name_of_image(opt->image, err);
	if (!name)
		return AF_ERR_NOMEM;
	if ((rc = env_name_check(name, err)) || (rc = image_places_find(af, opt, cancel, &places, err)))
		return rc;
	rc = image_places_supply(af, opt, events ? events->pull : NULL, &places, cancel, err);
	if (!rc)
		rc = deploy_to(&dep, af, name, &places, cancel, err);
	if (rc) {
		env_free(dep.env);
		return error_wrap(err, rc, "run %s", name);
	}
	*out = dep.env;
	return AF_OK;
}
