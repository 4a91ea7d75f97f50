/* Environments as the engine knows them, read from its containers. */
#include <string.h>

#include "base/bytes.h"
#include "docker/tree.h"
#include "orchestrator/host.h"
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
	env->max_in_flight = docker_number_label(c, LABEL_MAX_IN_FLIGHT, 0);
	env->max_in_flight_host = docker_number_label(c, LABEL_MAX_IN_FLIGHT_HOST, 0);
	env->planned = docker_number_label(c, LABEL_REPLICAS, 1);
	env->keep = true;
	const char *image = tree_string(tree_get(c, "Config"), "Image");
	if (!image)
		image = tree_string(c, "Image");
	env->image = str_dup(image ? image : "", err);
	return env->image ? AF_OK : AF_ERR_NOMEM;
}

static af_code add_container(struct af_env *env, const cJSON *c, const struct survey_answer *from, struct af_error *err)
{
	struct instance *inst = env_add_instance(env, docker_number_label(c, LABEL_REPLICA, 0), err);

	if (!inst)
		return AF_ERR_NOMEM;
	if (!instance_place(inst, from->host, from->engine))
		return error_nomem(err);
	return docker_instance_fill(inst, c, from->engine, err);
}

static int by_replica(const void *a, const void *b)
{
	return ((const struct instance *) a)->replica - ((const struct instance *) b)->replica;
}

static int by_name(const void *a, const void *b)
{
	return strcmp((*(struct af_env *const *) a)->name, (*(struct af_env *const *) b)->name);
}

/*
 * Environments of one name are one if they were deployed together, or are on the same host: an engine knows a name once.
 * Two users may have given the same name on different hosts: then the second is called NAME@HOST here.
 */
static bool belongs(const struct af_env *env, const char *token, const struct af_host *host)
{
	for (size_t i = 0; i < env->count; i++)
		if (env->instances[i].machine == host)
			return true;
	return token && env->token && !strcmp(env->token, token);
}

static struct af_env *env_named(struct af *af, struct env_list *list, const char *name, const cJSON *c,
				struct af_host *host, struct af_error *err)
{
	const char *token = docker_container_label(c, LABEL_DEPLOYMENT);
	AUTO_FREE char *other = NULL;

	for (size_t i = 0; i < list->count; i++) {
		struct af_env *env = list->items[i];
		const char *at = strchr(env->name, '@');
		if (strncmp(env->name, name, strlen(name)) || env->name[strlen(name)] != (at ? '@' : '\0'))
			continue;
		if (belongs(env, token, host))
			return env;
		if (!other && !(other = str_format(err, "%s@%s", name, host->name)))
			return NULL;
	}
	struct af_env *env = env_new(af, other ? other : name, err);
	if (!env || env_list_add(list, env, err))
		return NULL;
	if (token && !(env->token = str_dup(token, err)))
		return NULL;
	return describe_env(env, c, err) ? NULL : env;
}

/* Two ways to the same engine lead to the same containers. */
static bool has_container(const struct env_list *list, const cJSON *c)
{
	const char *id = tree_string(c, "Id");

	for (size_t i = 0; id && i < list->count; i++)
		for (size_t k = 0; k < list->items[i]->count; k++)
			if (list->items[i]->instances[k].id && !strcmp(list->items[i]->instances[k].id, id))
				return true;
	return false;
}

static af_code group(struct af *af, const struct survey_answer *from, struct env_list *out, struct af_error *err)
{
	const cJSON *c;

	cJSON_ArrayForEach(c, from->containers) {
		const char *name = docker_container_label(c, LABEL_NAME);
		if (!name)
			name = docker_container_plain_name(c);
		if (str_blank(name) || (from->host->ssh && has_container(out, c)))
			continue;
		struct af_env *env = env_named(af, out, name, c, from->host, err);
		af_code rc = env ? add_container(env, c, from, err) : AF_ERR_NOMEM;
		if (rc)
			return rc;
	}
	return AF_OK;
}

void env_list_free(struct env_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		env_free(list->items[i]);
	free(list->items);
	af_error_clear(&list->missing);
	for (size_t i = 0; i < list->trouble_count; i++) {
		free(list->troubles[i].host);
		af_error_clear(&list->troubles[i].why);
	}
	free(list->troubles);
	*list = (struct env_list){ 0 };
}

static af_code add_trouble(struct env_list *list, struct survey_answer *answer, struct af_error *err)
{
	struct host_trouble *troubles = realloc(list->troubles, (list->trouble_count + 1) * sizeof(*troubles));

	if (troubles)
		list->troubles = troubles;
	char *host = troubles ? strdup(answer->host->name) : NULL;
	if (!host)
		return error_nomem(err);
	troubles[list->trouble_count] = (struct host_trouble){ .host = host };
	error_move(&troubles[list->trouble_count++].why, &answer->err);
	return AF_OK;
}

/* What one host said, or why it did not. */
static af_code take_answer(struct af *af, struct survey_answer *answer, bool one, struct env_list *out, struct af_error *err)
{
	if (answer->containers) {
		/* It was kept in mind for its environments, and they are gone. */
		if (!one && answer->host->remembered && !answer->containers->child)
			host_forget(answer->host);
		return group(af, answer, out, err);
	}
	if (answer->err.code == AF_ERR_CANCELLED)
		return AF_OK;
	if (answer->host->ssh)
		return add_trouble(out, answer, err);
	error_move(&out->missing, &answer->err);
	return AF_OK;
}

/* `one`: the label is an environment's name. An error only where not one host answered. */
static af_code list_by_label(struct af *af, const char *label, bool one, struct cancel *cancel, struct env_list *out,
			     struct af_error *err)
{
	AF_AUTO(survey) struct survey survey = { 0 };
	size_t answers = 0;

	*out = (struct env_list){ 0 };
	af_code rc = survey_hosts(af, label, one, cancel, &survey, err);
	for (size_t i = 0; i < survey.count && !rc; i++) {
		answers += survey.answers[i].containers != NULL;
		rc = take_answer(af, &survey.answers[i], one, out, err);
	}
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i]->count > 1)
			qsort(out->items[i]->instances, out->items[i]->count, sizeof(struct instance), by_replica);
	if (!rc && !answers && out->missing.code) {
		rc = out->missing.code;
		error_move(err, &out->missing);
	}
	if (rc)
		env_list_free(out);
	return rc;
}

/* Adds what is registered here to what the engines said (rc, why). An error only where there is nothing at all. */
static af_code add_registered(struct af *af, af_code rc, struct af_error *why, struct cancel *cancel, struct env_list *out,
			      struct af_error *err)
{
	af_code registered = AF_OK;

	if (rc != AF_ERR_CANCELLED && rc != AF_ERR_NOMEM && (registered = registered_list(af, cancel, out, err))) {
		af_error_clear(why);
		env_list_free(out);
		return registered;
	}
	if (rc && !out->count) {
		error_move(err, why);
		env_list_free(out);
		return rc;
	}
	if (rc)
		error_move(&out->missing, why);
	if (out->count > 1)
		qsort(out->items, out->count, sizeof(*out->items), by_name);
	return AF_OK;
}

af_code env_list(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	/* The image's label too: containers that something else started from our images. */
	af_code rc = list_by_label(af, LABEL_TYPE, false, cancel, out, &why);

	return add_registered(af, rc, &why, cancel, out, err);
}

af_code host_env_list(struct af_host *h, struct cancel *cancel, struct env_list *out, struct af_error *err)
{
	static const char *const labels[] = { LABEL_TYPE, NULL };
	struct survey_answer from = { .host = h };
	af_code rc = host_engine(h, cancel, &from.engine, err);

	*out = (struct env_list){ 0 };
	if (!rc)
		rc = docker_container_list(from.engine, true, labels, NULL, cancel, &from.containers, err);
	if (!rc)
		rc = group(h->af, &from, out, err);
	cJSON_Delete(from.containers);
	for (size_t i = 0; i < out->count; i++)
		if (out->items[i]->count > 1)
			qsort(out->items[i]->instances, out->items[i]->count, sizeof(struct instance), by_replica);
	if (rc)
		env_list_free(out);
	return rc;
}

af_code env_list_here(struct af *af, struct cancel *cancel, struct env_list *out, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	struct af_host *h = host_local(af);
	af_code rc = h ? host_env_list(h, cancel, out, &why) : error_nomem(&why);

	return add_registered(af, rc, &why, cancel, out, err);
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

static bool is_away(const struct env_list *list, const struct af_host *h)
{
	if (!h->ssh)
		return list->missing.code != AF_OK;
	for (size_t i = 0; i < list->trouble_count; i++)
		if (!strcmp(list->troubles[i].host, h->name))
			return true;
	return false;
}

static af_code env_of_container(struct af *af, const cJSON *doc, const struct survey_answer *from, struct af_env **out,
				struct af_error *err)
{
	const char *env_name = docker_container_label(doc, LABEL_NAME);
	struct af_env *env = env_new(af, env_name ? env_name : docker_container_plain_name(doc), err);
	af_code rc = env ? describe_env(env, doc, err) : AF_ERR_NOMEM;

	if (!rc)
		rc = add_container(env, doc, from, err);
	if (rc)
		env_free(env);
	else
		*out = env;
	return rc;
}

/* A container by its own name or id, on the hosts that answered a moment ago: one replica of an environment, or something
 * foreign. */
static af_code find_container(struct af *af, const char *name, const struct env_list *answered, struct cancel *cancel,
			      struct af_env **out, struct af_error *err)
{
	AUTO_FREE struct af_host **hosts = NULL;
	size_t count = 0;
	af_code rc = host_list(af, &hosts, &count, err);
	bool found = false;

	for (size_t i = 0; i < count && !rc && !found; i++) {
		AUTO_CJSON *doc = NULL;
		struct af_error why = AF_ERROR_INIT;
		struct survey_answer from = { .host = hosts[i] };
		if (is_away(answered, hosts[i]))
			continue;
		rc = host_engine(hosts[i], cancel, &from.engine, &why);
		if (!rc)
			rc = docker_container_inspect(from.engine, name, cancel, &doc, &why);
		found = !rc;
		if (!rc)
			rc = env_of_container(af, doc, &from, out, err);
		else if (rc == AF_ERR_NOT_FOUND)
			rc = AF_OK;
		else
			error_move(err, &why);
		af_error_clear(&why);
	}
	return rc || found ? rc : AF_ERR_NOT_FOUND;
}

/* It may be where nobody answered. */
static af_code not_known(const struct env_list *list, const char *name, struct af_error *err)
{
	const struct af_error *why = list->trouble_count ? &list->troubles[0].why : &list->missing;

	error_set(err, AF_ERR_UNREACHABLE, "no environment %s on the hosts that answered; %s", name, why->message);
	if (why->hint)
		error_hint(err, "%s", why->hint);
	return AF_ERR_UNREACHABLE;
}

/* `name` as it is listed; what belongs to another of the same name is left. */
static bool pick(struct env_list *list, const char *name, struct af_env **out)
{
	for (size_t i = 0; i < list->count; i++)
		if (!strcmp(list->items[i]->name, name)) {
			*out = list->items[i];
			list->items[i] = list->items[--list->count];
			return true;
		}
	return false;
}

/* Some of its replicas may be on a host that did not answer. */
static af_code note_unseen(struct af_env *env, const struct env_list *list, struct af_error *err)
{
	const struct af_error *why = list->trouble_count ? &list->troubles[0].why : &list->missing;

	if (!why->message || (int) env->count >= env->planned)
		return AF_OK;
	env->unseen = str_dup(why->message, err);
	return env->unseen ? AF_OK : AF_ERR_NOMEM;
}

static af_code find_on_hosts(struct af *af, const char *name, struct cancel *cancel, struct af_env **out,
			     struct af_error *err)
{
	AF_AUTO(env_list) struct env_list list = { 0 };
	size_t len = strcspn(name, "@"); /* NAME@HOST: see belongs() */
	AUTO_FREE char *label = str_format(err, "%s=%.*s", LABEL_NAME, (int) len, name);

	if (!label)
		return AF_ERR_NOMEM;
	af_code rc = list_by_label(af, label, !name[len], cancel, &list, err);
	if (rc)
		return rc;
	if (pick(&list, name, out)) {
		rc = note_unseen(*out, &list, err);
		if (rc)
			env_free(*out);
		return rc;
	}
	rc = name[len] ? AF_ERR_NOT_FOUND : find_container(af, name, &list, cancel, out, err);
	if (rc == AF_ERR_NOT_FOUND && (list.trouble_count || list.missing.code))
		return not_known(&list, name, err);
	return rc;
}

af_code env_find(struct af *af, const char *name, struct cancel *cancel, struct af_env **out, struct af_error *err)
{
	AUTO_FREE char *plain = str_ndup(name, strcspn(name, "@"), err);

	if (!plain)
		return AF_ERR_NOMEM;
	/* What cannot be a name is in no engine, and must not get into a request's path. */
	if (env_name_check(plain, NULL))
		return not_found(af, name, cancel, err);
	struct af_error none = AF_ERROR_INIT;
	af_code rc = registered_find(af, plain, cancel, out, &none);
	if (rc != AF_ERR_NOT_FOUND) {
		if (rc)
			error_move(err, &none);
		return rc;
	}
	af_error_clear(&none);
	rc = find_on_hosts(af, name, cancel, out, err);
	return rc == AF_ERR_NOT_FOUND ? not_found(af, name, cancel, err) : rc;
}
