/* Environments as the engine knows them, read from its containers. */
#include <string.h>

#include "base/bytes.h"
#include "docker/tree.h"
#include "orchestrator/registered.h"

af_code env_list_add(struct env_list *list, struct af_env *take_env, struct af_error *err)
{
	struct af_env **items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (!items) {
		env_free(take_env);
		return error_nomem(err);
	}
	list->items = items;
	items[list->count++] = take_env;
	return AF_OK;
}

/* ---- lists ---------------------------------------------------------------------------- */

static af_code describe_env(struct af_env *env, const cJSON *c, struct af_error *err)
{
	env->type = env_type_of(docker_container_label(c, LABEL_TYPE));
	env->ours = docker_container_label(c, LABEL_NAME) != NULL;
	env->balance = balance_of(docker_container_label(c, LABEL_BALANCE));
	env->planned = docker_number_label(c, LABEL_REPLICAS, 1);
	env->keep = true;
	const char *image = tree_string(tree_get(c, "Config"), "Image");
	if (!image)
		image = tree_string(c, "Image");
	env->image = str_dup(image ? image : "", err);
	return env->image ? AF_OK : AF_ERR_NOMEM;
}

static af_code add_container(struct af_env *env, const cJSON *c, struct docker *engine, struct af_error *err)
{
	struct instance *inst = env_add_instance(env, docker_number_label(c, LABEL_REPLICA, 0), err);

	return inst ? docker_instance_fill(inst, c, engine, err) : AF_ERR_NOMEM;
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
	struct af_env *env = env_new(af, name, err);
	if (!env || env_list_add(list, env, err))
		return NULL;
	return describe_env(env, c, err) ? NULL : env;
}

static af_code group(struct af *af, const cJSON *containers, struct docker *engine, struct env_list *out,
		     struct af_error *err)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, containers) {
		const char *name = docker_container_label(c, LABEL_NAME);
		if (!name)
			name = docker_container_plain_name(c);
		if (str_blank(name))
			continue;
		struct af_env *env = env_named(af, out, name, c, err);
		af_code rc = env ? add_container(env, c, engine, err) : AF_ERR_NOMEM;
		if (rc)
			return rc;
	}
	for (size_t i = 0; i < out->count; i++)
		qsort(out->items[i]->instances, out->items[i]->count, sizeof(struct instance), by_replica);
	return AF_OK;
}

void env_list_free(struct env_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		env_free(list->items[i]);
	free(list->items);
	af_error_clear(&list->missing);
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
	struct env_list known = { 0 };
	af_code rc;

	/* The image's label too: containers that something else started from our images. */
	rc = list_by_label(af, LABEL_TYPE, cancel, out, &known.missing);
	if (!rc || (rc != AF_ERR_CANCELLED && rc != AF_ERR_NOMEM)) {
		af_code registered = registered_list(af, cancel, out, err);
		if (registered) {
			af_error_clear(&known.missing);
			env_list_free(out);
			return registered;
		}
	}
	if (rc && !out->count) {
		error_move(err, &known.missing);
		env_list_free(out);
		return rc;
	}
	out->missing = known.missing;
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), by_name);
	return AF_OK;
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
	struct af_env *env = env_new(af, env_name ? env_name : docker_container_plain_name(doc), err);
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
	struct af_error none = AF_ERROR_INIT;
	af_code rc = registered_find(af, name, cancel, out, &none);
	if (rc != AF_ERR_NOT_FOUND) {
		if (rc)
			error_move(err, &none);
		return rc;
	}
	af_error_clear(&none);
	AUTO_FREE char *label = str_format(err, "%s=%s", LABEL_NAME, name);
	if (!label)
		return AF_ERR_NOMEM;
	rc = list_by_label(af, label, cancel, &list, err);
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
