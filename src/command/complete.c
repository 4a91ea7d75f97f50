#include "command/complete.h"

#include <string.h>

/* ---- sources: each appends what the engine knows; none without a context ------------- */

static af_code list_images(struct command_context *cx, const char *arg UNUSED, struct strlist *out UNUSED,
			   struct af_error *err UNUSED)
{
	if (!cx->af)
		return AF_OK;
	return AF_OK;
}

static af_code list_envs(struct command_context *cx, const char *arg UNUSED, struct strlist *out UNUSED,
			 struct af_error *err UNUSED)
{
	if (!cx->af)
		return AF_OK;
	return AF_OK;
}

static af_code list_methods(struct command_context *cx, const char *arg, struct strlist *out UNUSED,
			    struct af_error *err UNUSED)
{
	if (!cx->af || str_blank(arg))
		return AF_OK;
	return AF_OK;
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
		rc = sources[i].list(cx, arg, &found, err);
		for (size_t n = 0; !rc && n < found.count; n++)
			if (harmless(found.items[n]))
				rc = strlist_add(out, found.items[n], err);
		return rc;
	}
	error_set(err, AF_ERR_USAGE, "there are no candidates of a kind \"%s\"", kind);
	error_hint(err, "the kinds are image, env and method");
	return AF_ERR_USAGE;
}
