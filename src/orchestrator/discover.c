/* Environments as the engine knows them, read from its containers. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "orchestrator/orchestrator.h"

/* ---- one container ------------------------------------------------------------------- */

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

static const cJSON *get(const cJSON *object, const char *name)
{
	return cJSON_GetObjectItemCaseSensitive(object, name);
}

static int number_label(const cJSON *container, const char *label, int fallback)
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

static enum af_balance balance_of(const char *name)
{
	for (int b = AF_BALANCE_RANDOM; name && b <= AF_BALANCE_LEAST_BUSY; b++)
		if (!strcmp(name, af_balance_name((enum af_balance) b)))
			return (enum af_balance) b;
	return AF_BALANCE_RANDOM;
}

/* "/calc-0" or "calc-0" → "calc-0". */
static const char *plain_name(const char *name)
{
	return name && *name == '/' ? name + 1 : name;
}

/* A list entry has Names, an inspect Name. */
static const char *container_name(const cJSON *c)
{
	const char *name = cJSON_GetStringValue(cJSON_GetArrayItem(get(c, "Names"), 0));

	return plain_name(name ? name : text_of(c, "Name"));
}

static bool replace(char **field, const char *text)
{
	char *copy = strdup(text ? text : "");

	if (!copy)
		return false;
	free(*field);
	*field = copy;
	return true;
}

/* What identifies a container stays as it was found first: others read it without the lock. */
static bool set_once(char **field, const char *text)
{
	return *field || replace(field, text);
}

static bool set_status(struct instance *inst, const char *text, struct af_error *err)
{
	const char *kept = instance_keep_text(inst, text ? text : "", err);

	if (kept)
		inst->status = kept;
	return kept != NULL;
}

/* Where Config.Env or a label says that the server listens. */
static int port_of(const cJSON *c)
{
	const cJSON *var;
	int port = number_label(c, LABEL_PORT, SERVER_PORT);
	int64_t value;

	cJSON_ArrayForEach(var, get(get(c, "Config"), "Env"))
		if (cJSON_IsString(var) && str_starts(var->valuestring, "AFFINETES_PORT=") &&
		    int_parse(strchr(var->valuestring, '=') + 1, 1, 65535, &value))
			port = (int) value;
	return port;
}

/* `c` is a list entry (State is text) or an inspect answer (State is an object). */
static af_code fill_instance(struct instance *inst, const cJSON *c, struct docker *engine, struct af_error *err)
{
	const cJSON *state = get(c, "State"), *created = get(c, "Created");
	const char *state_text = cJSON_IsString(state) ? state->valuestring : text_of(state, "Status");
	const char *image = cJSON_IsString(state) ? text_of(c, "Image") : text_of(get(c, "Config"), "Image");
	int64_t ns;

	if (!inst->engine)
		inst->engine = engine;
	inst->state = state_of(state_text);
	inst->port = port_of(c);
	if (cJSON_IsNumber(created))
		inst->created = (int64_t) created->valuedouble;
	else if (cJSON_IsString(created) && rfc3339_parse(created->valuestring, strlen(created->valuestring), &ns))
		inst->created = ns / 1000000000;
	if (!set_once(&inst->id, text_of(c, "Id")) || !set_once(&inst->name, container_name(c)) ||
	    !set_once(&inst->image, image) ||
	    !set_status(inst, cJSON_IsString(state) ? text_of(c, "Status") : state_text, err))
		return error_nomem(err);
	return instance_set_address(inst, inst->state == INSTANCE_UP ? docker_container_ip(c) : NULL, err);
}

/* "exited, exit code 1", "killed for using more memory than its limit of 512M (OOM), exit code 137" */
static char *why_ended(const cJSON *inspect, struct af_error *err)
{
	const cJSON *state = get(inspect, "State");
	const cJSON *code = get(state, "ExitCode"), *limit = get(get(inspect, "HostConfig"), "Memory");
	const char *status = text_of(state, "Status");
	bool oom = cJSON_IsTrue(get(state, "OOMKilled"));

	if (!oom)
		return str_format(err, "%s, exit code %d", status ? status : "gone", code ? code->valueint : -1);
	AUTO_STRBUF size = STRBUF_INIT(32);
	size_format(&size, limit ? (int64_t) limit->valuedouble : 0);
	if (state_of(status) == INSTANCE_UP) /* runs again: the code is gone */
		return str_format(err, "killed for using more memory than its limit of %s (OOM)", size.data);
	return str_format(err, "killed for using more memory than its limit of %s (OOM), exit code %d", size.data,
			  code ? code->valueint : -1);
}

/* Does an inspect answer still tell how the last run ended? For a moment also between two runs. */
static bool tells_end(const cJSON *inspect)
{
	const cJSON *state = get(inspect, "State");
	const char *status = text_of(state, "Status");

	return state_of(status) == INSTANCE_DOWN || !strcmp(status, "restarting") || cJSON_IsTrue(get(state, "OOMKilled"));
}

static af_code note_end(struct instance *inst, const cJSON *inspect, struct af_error *err)
{
	AUTO_FREE char *why = why_ended(inspect, err);
	const char *kept = why ? instance_keep_text(inst, why, err) : NULL;

	if (!kept)
		return AF_ERR_NOMEM;
	inst->ended = kept;
	if (inst->state != INSTANCE_UP)
		inst->status = kept;
	return AF_OK;
}

af_code instance_refresh(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	cJSON *doc = NULL;
	af_code rc = docker_container_inspect(inst->engine, inst->id, cancel, &doc, err);

	pthread_mutex_lock(&inst->env->lock);
	if (rc == AF_ERR_NOT_FOUND) {
		inst->state = INSTANCE_DOWN;
		set_status(inst, "removed", NULL);
	}
	if (!rc)
		rc = fill_instance(inst, doc, inst->engine, err);
	if (!rc && tells_end(doc))
		rc = note_end(inst, doc, err);
	pthread_mutex_unlock(&inst->env->lock);
	cJSON_Delete(doc);
	return rc;
}

/* ---- lists ---------------------------------------------------------------------------- */

static af_code describe_env(struct af_env *env, const cJSON *c, struct af_error *err)
{
	env->type = env_type_of(docker_container_label(c, LABEL_TYPE));
	env->ours = docker_container_label(c, LABEL_NAME) != NULL;
	env->balance = balance_of(docker_container_label(c, LABEL_BALANCE));
	env->planned = number_label(c, LABEL_REPLICAS, 1);
	env->keep = true;
	if (!replace(&env->image, cJSON_IsObject(get(c, "Config")) ? text_of(get(c, "Config"), "Image") : text_of(c, "Image")))
		return error_nomem(err);
	return AF_OK;
}

static af_code add_container(struct af_env *env, const cJSON *c, struct docker *engine, struct af_error *err)
{
	struct instance *inst = env_add_instance(env, number_label(c, LABEL_REPLICA, 0), err);

	return inst ? fill_instance(inst, c, engine, err) : AF_ERR_NOMEM;
}

static int by_replica(const void *a, const void *b)
{
	return ((const struct instance *) a)->replica - ((const struct instance *) b)->replica;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct af_env *const *) a)->name, (*(struct af_env *const *) b)->name);
}

static struct af_env *env_named(struct af *af, struct env_list *list, const char *name, const cJSON *c,
				struct af_error *err)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i]->name, name))
			return list->items[i];
	struct af_env **items = realloc(list->items, (list->count + 1) * sizeof(*items));
	if (items)
		list->items = items;
	struct af_env *env = items ? env_new(af, name, err) : NULL;
	if (!env) {
		error_nomem(err);
		return NULL;
	}
	items[list->count++] = env;
	return describe_env(env, c, err) ? NULL : env;
}

static af_code group(struct af *af, const cJSON *containers, struct docker *engine, struct env_list *out,
		     struct af_error *err)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, containers) {
		const char *name = docker_container_label(c, LABEL_NAME);
		if (!name)
			name = container_name(c);
		if (str_blank(name))
			continue;
		struct af_env *env = env_named(af, out, name, c, err);
		af_code rc = env ? add_container(env, c, engine, err) : AF_ERR_NOMEM;
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < out->count; i++)
		qsort(out->items[i]->instances, out->items[i]->count, sizeof(struct instance), by_replica);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), by_name);
	return AF_OK;
}

void env_list_free(struct env_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		env_free(list->items[i]);
	free(list->items);
	*list = (struct env_list){ 0 };
}

static af_code list_by_label(struct af *af, const char *label, struct cancel *cancel, struct env_list *out,
			     struct af_error *err)
{
	const char *const labels[] = { label, NULL };
	struct docker *engine;
	cJSON *containers = NULL;

	*out = (struct env_list){ 0 };
	af_code rc = af_engine(af, cancel, &engine, err);
	if (!rc)
		rc = docker_container_list(engine, true, labels, NULL, cancel, &containers, err);
	if (!rc)
		rc = group(af, containers, engine, out, err);
	cJSON_Delete(containers);
	if (rc)
		env_list_free(out);
	return rc;
}

af_code env_list(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err)
{
	/* The image's label too: containers that something else started from our images. */
	return list_by_label(af, LABEL_TYPE, cancel, out, err);
}

/* ---- one by name ------------------------------------------------------------------------ */

static af_code not_found(struct af *af, const char *name, struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(env_list) struct env_list all = { 0 };
	AUTO_STRBUF names = STRBUF_INIT(STRBUF_LINE), safe = STRBUF_INIT(STRBUF_LINE);

	text_add_safe(&safe, name, MIN(strlen(name), (size_t) 200), false);
	error_set(err, AF_ERR_NOT_FOUND, "no environment %s", safe.data);
	if (env_list(af, cancel, &all, NULL))
		return AF_ERR_NOT_FOUND;
	for (size_t i = 0; i < all.count && i < 10; i++)
		strbuf_addf(&names, "%s%s", i ? ", " : "", all.items[i]->name);
	if (all.count)
		error_hint(err, "there are: %s%s", names.data, all.count > 10 ? ", … (`afs ps` lists all)" : "");
	else
		error_hint(err, "nothing runs; start one with `afs run IMAGE --name %s`", safe.data);
	return AF_ERR_NOT_FOUND;
}

/* A container by its own name or id: one replica of an environment, or something foreign. */
static af_code find_container(struct af *af, const char *name, struct cancel *cancel, struct af_env **out,
			      struct af_error *err)
{
	struct docker *engine;
	cJSON *doc = NULL;
	af_code rc = af_engine(af, cancel, &engine, err);

	if (!rc)
		rc = docker_container_inspect(engine, name, cancel, &doc, err);
	if (rc)
		return rc;
	const char *env_name = docker_container_label(doc, LABEL_NAME);
	struct af_env *env = env_new(af, env_name ? env_name : container_name(doc), err);
	rc = env ? describe_env(env, doc, err) : AF_ERR_NOMEM;
	if (!rc)
		rc = add_container(env, doc, engine, err);
	cJSON_Delete(doc);
	if (rc)
		env_free(env);
	else
		*out = env;
	return rc;
}

af_code env_find(struct af *af, const char *name, struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	AF_AUTO(env_list) struct env_list list = { 0 };

	/* What cannot be a name is in no engine, and must not get into a request's path. */
	if (env_name_check(name, NULL))
		return not_found(af, name, cancel, err);
	AUTO_FREE char *label = str_format(err, "%s=%s", LABEL_NAME, name);
	if (!label)
		return AF_ERR_NOMEM;
	af_code rc = list_by_label(af, label, cancel, &list, err);
	if (rc)
		return rc;
	if (list.count == 1) {
		*out = list.items[0];
		list.count = 0;
		return AF_OK;
	}
	rc = find_container(af, name, cancel, out, err);
	return rc == AF_ERR_NOT_FOUND ? not_found(af, name, cancel, err) : rc;
}
