/* The functions of affinetes.h, over those of orchestrator.h. */
#include <string.h>

#include "image/build.h"
#include "orchestrator/orchestrator.h"

const char *af_version(void)
{
	return PACKAGE_VERSION;
}

/* A public token is an internal one by another name. */
static struct cancel *token(struct af_cancel *cancel)
{
	return (struct cancel *) cancel;
}

struct af_cancel *af_cancel_new(void)
{
	return (struct af_cancel *) cancel_new(NULL);
}

void af_cancel_trigger(struct af_cancel *cancel)
{
	cancel_trigger(token(cancel));
}

bool af_cancel_requested(const struct af_cancel *cancel)
{
	return cancel_requested((const struct cancel *) cancel);
}

void af_cancel_free(struct af_cancel *cancel)
{
	cancel_free(token(cancel));
}

/* ---- images ---------------------------------------------------------------------------- */

static void pass_line(void *arg, const char *text, size_t len)
{
	const struct af_build_options *opt = arg;

	opt->on_line(opt->arg, text, len);
}

static void ignore_amount(void *arg UNUSED, const char *label UNUSED, int64_t done UNUSED, int64_t total UNUSED,
			  bool bytes UNUSED)
{
}

af_code af_build_image(struct af *af, const struct af_build_options *options, char **image_tag, struct af_error *err)
{
	struct docker_progress progress = { .arg = (void *) options, .line = pass_line, .amount = ignore_amount };
	struct image_build_options opt = { .source = options->env_path, .tag = options->image_tag,
					   .push = options->push, .registry = options->registry,
					   .no_cache = options->nocache, .buildargs = options->buildargs };
	AF_AUTO(image_build_result) struct image_build_result built = { 0 };
	struct docker *engine;

	if (str_blank(options->env_path) || str_blank(options->image_tag))
		return error_set(err, AF_ERR_USAGE, "env_path and image_tag are required");
	af_code rc = af_engine(af, token(options->cancel), &engine, err);
	if (!rc)
		rc = image_build(engine, &opt, options->on_line ? &progress : NULL, token(options->cancel), &built, err);
	if (!rc && image_tag)
		*image_tag = af_steal(built.tag);
	return rc;
}

/* ---- environments ---------------------------------------------------------------------------- */

static void enter(struct af *af, struct af_env *env)
{
	pthread_mutex_lock(&af->lock);
	env->next = af->envs;
	af->envs = env;
	pthread_mutex_unlock(&af->lock);
	env_watch(env);
}

static void leave(struct af_env *env)
{
	struct af *af = env->af;

	pthread_mutex_lock(&af->lock);
	for (struct af_env **p = &af->envs; *p; p = &(*p)->next)
		if (*p == env) {
			*p = env->next;
			break;
		}
	pthread_mutex_unlock(&af->lock);
}

af_code af_load_env(struct af *af, const struct af_load_options *options, struct af_env **env, struct af_error *err)
{
	af_code rc = env_deploy(af, options, NULL, token(options->cancel), env, err);

	if (!rc)
		enter(af, *env);
	return rc;
}

af_code af_connect_env(struct af *af, const char *name, struct af_env **env, struct af_error *err)
{
	af_code rc = env_find(af, name, NULL, env, err);

	if (rc)
		return rc;
	(*env)->loaded = true; /* its turns are this handle's own */
	enter(af, *env);
	return AF_OK;
}

const char *af_env_name(const struct af_env *env)
{
	return env->name;
}

bool af_env_is_ready(struct af_env *env)
{
	for (size_t i = 0; i < env->count; i++) {
		struct server s = instance_server(&env->instances[i]);
		if (!s.endpoint.base || server_health(&s, 2000, NULL, NULL))
			return false;
	}
	return env->count > 0;
}

af_code af_env_list_methods(struct af_env *env, char **json, struct af_error *err)
{
	AF_AUTO(method_list) struct method_list list = { 0 };
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);
	af_code rc = env_methods(env, NULL, &list, err);

	if (rc)
		return rc;
	method_list_json(&list, &sb);
	return strbuf_steal(&sb, json, err);
}

af_code af_env_stats(struct af_env *env, char **json, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	env_stats_json(env, &sb);
	return strbuf_steal(&sb, json, err);
}

af_code af_env_cleanup(struct af_env *env, struct af_error *err)
{
	return env_stop(env, STOP_GRACE_S, NULL, err);
}

void af_env_free(struct af_env *env)
{
	if (!env)
		return;
	env_cancel_calls(env);
	/* Nobody is left to be told; what could not be stopped is seen by `afs ps`. */
	if (!env->keep && env_stop(env, STOP_GRACE_S, NULL, NULL))
		env->keep = true;
	leave(env);
	env_free(env);
}

/* ---- calls -------------------------------------------------------------------------------------- */

af_code call_arguments_check(struct json_span args, struct af_error *err)
{
	af_code rc = args.len ? json_check(args.text, args.len, err) : AF_OK;

	if (rc)
		return error_wrap(err, AF_ERR_USAGE, "arguments");
	if (args.len && args.text[strspn(args.text, " \n\t\r")] != '{')
		return error_set(err, AF_ERR_USAGE, "arguments: a JSON object was expected");
	return AF_OK;
}

af_code af_env_call(struct af_env *env, const char *method, const char *kwargs, const struct af_call_options *options,
		    char **result, struct af_error *err)
{
	static const struct af_call_options defaults;
	struct json_span args = { kwargs, kwargs ? strlen(kwargs) : 0 };
	size_t len;
	af_code rc = call_arguments_check(args, err);

	if (!options)
		options = &defaults;
	if (rc)
		return rc;
	return env_call(env, method, args, options->replica - 1, options->timeout_ms, token(options->cancel), result,
			&len, NULL, err);
}

/* ---- registry ------------------------------------------------------------------------------------ */

af_code af_list_environments(struct af *af, char ***names, struct af_error *err)
{
	AUTO_STRLIST list = { 0 };
	af_code rc = AF_OK;

	pthread_mutex_lock(&af->lock);
	for (struct af_env *env = af->envs; env && !rc; env = env->next)
		rc = strlist_add(&list, env->name, err);
	pthread_mutex_unlock(&af->lock);
	if (!rc && !list.items && !(list.items = calloc(1, sizeof(*list.items))))
		rc = error_nomem(err);
	if (rc)
		return rc;
	strlist_sort(&list);
	*names = list.items;
	list = (struct strlist){ 0 };
	return AF_OK;
}

void af_names_free(char **names)
{
	for (char **p = names; p && *p; p++)
		free(*p);
	free(names);
}

struct af_env *af_get_environment(struct af *af, const char *name)
{
	pthread_mutex_lock(&af->lock);
	struct af_env *env = af->envs;
	while (env && strcmp(env->name, name))
		env = env->next;
	pthread_mutex_unlock(&af->lock);
	return env;
}

af_code af_cleanup_all(struct af *af, struct af_error *err)
{
	af_code first = AF_OK;

	/* Environments are added and freed by the caller's own calls; it may not do so meanwhile. */
	for (struct af_env *env = af->envs; env; env = env->next) {
		struct af_error one = AF_ERROR_INIT;
		af_code rc = env->keep ? AF_OK : env_stop(env, STOP_GRACE_S, NULL, &one);
		if (rc && !first) {
			first = rc;
			error_move(err, &one);
		}
		af_error_clear(&one);
	}
	return first;
}
