#include "command/run_mode.h"

#include <string.h>

#include "orchestrator/orchestrator.h"

/* Options that only containers have. */
static const char *const of_containers[] = { "tag", "no-cache", "build-arg", "pull", "network", "volume", "host", NULL };
/* What a service that runs elsewhere does not take from us. */
static const char *const of_ours[] = { "env", "env-file", "replicas", "mem-limit", "cpu-limit", "dir", NULL };
static const char *const of_services[] = { "url", "insecure", "ca-file", NULL };
static const char *const of_builds[] = { "tag", "no-cache", "build-arg", NULL };

static const char *first_given(const struct args *args, const char *const *options)
{
	for (; *options; options++)
		if (args_has(args, *options))
			return *options;
	return NULL;
}

static af_code refuse(const struct args *args, const char *const *options, const char *mode, struct af_error *err)
{
	const char *option = first_given(args, options);

	if (!option)
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "run: --%s has no meaning in mode %s", option, mode);
	error_hint(err, "leave it out, or choose another --mode; `afs run --help` says what belongs to which");
	return AF_ERR_USAGE;
}

static af_code check_docker(const struct args *args, struct af_error *err)
{
	bool image = args_operand(args, "IMAGE") != NULL, dir = args_has(args, "dir");
	const char *build = first_given(args, of_builds);

	if (image == dir) {
		error_set(err, AF_ERR_USAGE, image ? "run: IMAGE and --dir exclude each other"
						   : "run: neither an image nor a directory was named");
		error_hint(err, "`afs run IMAGE` starts an image, `afs run --dir ENV_DIR` builds one first");
		return AF_ERR_USAGE;
	}
	if (image && build) {
		error_set(err, AF_ERR_USAGE, "run: --%s is about a build, and only --dir builds", build);
		error_hint(err, "leave it out, or start a directory: afs run --dir ENV_DIR --%s …", build);
		return AF_ERR_USAGE;
	}
	return refuse(args, of_services, "docker", err);
}

static af_code no_image(const struct args *args, const char *mode, const char *instead, struct af_error *err)
{
	if (!args_operand(args, "IMAGE"))
		return AF_OK;
	error_set(err, AF_ERR_USAGE, "run: mode %s starts no image", mode);
	error_hint(err, "%s", instead);
	return AF_ERR_USAGE;
}

static af_code check_process(const struct args *args, struct af_error *err)
{
	static const char usage[] = "afs run --mode process --dir ENV_DIR";
	af_code rc = no_image(args, "process", usage, err);

	if (!rc)
		rc = refuse(args, of_containers, "process", err);
	if (!rc)
		rc = refuse(args, of_services, "process", err);
	if (rc || args_has(args, "dir"))
		return rc;
	error_set(err, AF_ERR_USAGE, "run: mode process wants a directory");
	error_hint(err, "%s", usage);
	return AF_ERR_USAGE;
}

static af_code check_url(const struct args *args, struct af_error *err)
{
	static const char usage[] = "afs run --url https://host:8000/path --name NAME";
	af_code rc = no_image(args, "url", usage, err);

	if (!rc)
		rc = refuse(args, of_containers, "url", err);
	if (!rc)
		rc = refuse(args, of_ours, "url", err);
	if (rc || args_has(args, "url"))
		return rc;
	error_set(err, AF_ERR_USAGE, "run: mode url wants a URL");
	error_hint(err, "%s", usage);
	return AF_ERR_USAGE;
}

/* An engine that was named has to be there. */
static bool engine_was_named(const struct command_context *cx)
{
	return cx->af->engine_host || !str_blank(getenv("DOCKER_HOST")) || !str_blank(getenv("DOCKER_CONTEXT"));
}

/* A directory needs no container; where none can be had it runs without. */
static bool do_without_engine(struct command_context *cx, const struct args *args)
{
	struct af_error why = AF_ERROR_INIT;
	struct docker *engine;

	if (!args_has(args, "dir") || first_given(args, of_containers) || engine_was_named(cx))
		return false;
	bool without = af_engine(cx->af, cx->cancel, &engine, &why) == AF_ERR_UNREACHABLE;
	if (without)
		command_note(cx, "mode process, which isolates nothing, because there is no container engine: %s", why.message);
	af_error_clear(&why);
	return without;
}

af_code run_mode_choose(struct command_context *cx, const struct args *args, enum af_mode *mode, struct af_error *err)
{
	const char *name = args_text(args, "mode");

	*mode = AF_MODE_DOCKER;
	if (name ? !strcmp(name, "url") : args_has(args, "url"))
		*mode = AF_MODE_URL;
	else if (name && !strcmp(name, "process"))
		*mode = AF_MODE_PROCESS;
	else if (name && !strcmp(name, "basilica"))
		*mode = AF_MODE_BASILICA;
	if (*mode == AF_MODE_URL)
		return check_url(args, err);
	if (*mode == AF_MODE_PROCESS)
		return check_process(args, err);
	af_code rc = check_docker(args, err);
	if (!rc && *mode == AF_MODE_DOCKER && !name && do_without_engine(cx, args))
		*mode = AF_MODE_PROCESS;
	return rc;
}
