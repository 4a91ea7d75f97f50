#include "command/complete.h"

#include <string.h>

#include "docker/tree.h"
#include "orchestrator/orchestrator.h"

/* ---- sources: each appends what the engine knows; none without a context ------------- */

static af_code list_images(struct command_context *cx, const char *arg UNUSED, struct strlist *out,
			   struct af_error *err)
{
	static const char *const labels[] = { LABEL_TYPE, NULL };
	AUTO_CJSON *images = NULL;
	const cJSON *image, *tag;
	struct docker *engine;
	af_code rc = af_engine(cx->af, cx->cancel, &engine, err);

	if (!rc)
		rc = docker_image_list(engine, labels, cx->cancel, &images, err);
	cJSON_ArrayForEach(image, images)
		cJSON_ArrayForEach(tag, tree_get(image, "RepoTags"))
			if (!rc && cJSON_IsString(tag) && strcmp(tag->valuestring, "<none>:<none>") != 0)
				rc = strlist_add(out, tag->valuestring, err);
	return rc;
}

static af_code list_envs(struct command_context *cx, const char *arg UNUSED, struct strlist *out,
			 struct af_error *err)
{
	AF_AUTO(env_list) struct env_list envs = { 0 };
	af_code rc = env_list(cx->af, cx->cancel, &envs, err);

	for (size_t i = 0; !rc && i < envs.count; i++)
		rc = strlist_add(out, envs.items[i]->name, err);
	return rc;
}

static af_code list_methods(struct command_context *cx, const char *arg, struct strlist *out, struct af_error *err)
{
	AF_AUTO(method_list) struct method_list methods = { 0 };
	AF_AUTO(env) struct af_env *env = NULL;
	af_code rc;

	if (str_blank(arg))
		return AF_OK;
	rc = env_find(cx->af, arg, cx->cancel, &env, err);
	if (!rc)
		rc = env_methods(env, cx->cancel, &methods, err);
	for (size_t i = 0; !rc && i < methods.count; i++)
		rc = strlist_add(out, methods.items[i].name, err);
	return rc;
}

static const struct {
	const char *kind;
	af_code (*list)(struct command_context *cx, const char *arg, struct strlist *out, struct af_error *err);
} sources[] = {
	{ "image", list_images },
	{ "env", list_envs },
	{ "method", list_methods },
};

/* ---- offering -------------------------------------------------------------------------- */

static bool harmless(const char *word)
{
	return word[0] != '-' && word[0] &&
	       strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/:@+") == strlen(word);
}

af_code complete_kind(struct command_context *cx, const char *kind, const char *arg, struct strlist *out,
		      struct af_error *err)
{
	for (size_t i = 0; i < ARRAY_LEN(sources); i++) {
		AUTO_STRLIST found = { 0 };
		af_code rc;

		if (strcmp(sources[i].kind, kind) != 0)
			continue;
		rc = cx->af ? sources[i].list(cx, arg, &found, err) : AF_OK;
		for (size_t n = 0; !rc && n < found.count; n++)
			if (harmless(found.items[n]))
				rc = strlist_add(out, found.items[n], err);
		return rc;
	}
	error_set(err, AF_ERR_USAGE, "there are no candidates of a kind \"%s\"", kind);
	error_hint(err, "the kinds are image, env and method");
	return AF_ERR_USAGE;
}
