/* Before the build: the Dockerfile, its build arguments, its base images. */
#include <string.h>

#include "base/path.h"
#include "docker/tree.h"
#include "image/build_priv.h"
#include "image/buildargs.h"
#include "image/docker_lines.h"

static const char official_frontend[] = "docker/dockerfile";
static const char base_image[] = "BASE_IMAGE";

/* ---- reading ------------------------------------------------------------------------- */

static af_code read_dockerfile(struct build *b, struct af_error *err)
{
	AUTO_FREE char *path = path_join(b->dir, "Dockerfile", err);

	return path ? file_read(path, &b->text, err) : AF_ERR_NOMEM;
}

/* BuildKit prefers Dockerfile.dockerignore; so it must be, or what it leaves out would differ from ours. */
static af_code read_ignore(struct build *b, struct af_error *err)
{
	static const char *const names[] = { "Dockerfile.dockerignore", ".dockerignore" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
		AUTO_FREE char *path = path_join(b->dir, names[i], err);
		af_code rc;

		if (!path)
			return AF_ERR_NOMEM;
		if (!path_exists(path))
			continue;
		rc = file_read(path, &text, err);
		if (rc != AF_OK)
			return rc;
		rc = ignore_parse(text.data, text.len, &b->ignore, err);
		return rc == AF_OK ? rc : error_wrap(err, rc, "%s", path);
	}
	return AF_OK;
}

/* "linux/amd64", only asked for where the Dockerfile may want it. */
static af_code find_platform(struct build *b, char **platform, struct af_error *err)
{
	AUTO_CJSON *version = NULL;
	const char *os, *arch;
	af_code rc;

	if (!strstr(b->text.data, "TARGET") && !strstr(b->text.data, "BUILD"))
		return AF_OK;
	rc = docker_version(b->d, b->cancel, &version, err);
	if (rc != AF_OK)
		return rc;
	os = tree_string(version, "Os");
	arch = tree_string(version, "Arch");
	if (os && arch && !(*platform = str_format(err, "%s/%s", os, arch)))
		return AF_ERR_NOMEM;
	return AF_OK;
}

static bool declares(const struct build *b, const char *name)
{
	return strlist_has(&b->dockerfile.args, name);
}

static bool is_given(const struct build *b, const char *key)
{
	const char *const *given = b->opt->buildargs;
	size_t len = strlen(key);

	for (; given && *given; given++)
		if (strncmp(*given, key, len) == 0 && (*given)[len] == '=')
			return true;
	return false;
}

/* A Dockerfile with "ARG BASE_IMAGE" takes AFS_BASE_IMAGE, unless the command line names one; what config.py
 * chose gives way, as to --build-arg. */
static bool take_base_from_environment(struct build *b, af_code *rc, struct af_error *err)
{
	const char *image = getenv("AFS_BASE_IMAGE");

	if (str_blank(image) || !declares(b, base_image) || is_given(b, base_image))
		return false;
	*rc = buildargs_set(&b->args, base_image, image, err);
	return *rc == AF_OK;
}

static af_code parse(struct build *b, struct af_error *err)
{
	AUTO_FREE char *platform = NULL;
	af_code rc = find_platform(b, &platform, err);
	struct dockerfile_options opt = { .platform = platform };

	/* Twice if need be: which arguments there are is known only afterwards, and then they count. An empty
	 * base in the first pass may be filled in the second. */
	for (int pass = 0; rc == AF_OK; pass++) {
		struct af_error why = AF_ERROR_INIT;

		dockerfile_free(&b->dockerfile);
		opt.buildargs = (const char *const *) b->args.items;
		rc = dockerfile_parse(b->text.data, b->text.len, &opt, &b->dockerfile, &why);
		if (pass == 0 && take_base_from_environment(b, &rc, err)) {
			af_error_clear(&why);
			continue;
		}
		if (why.code != AF_OK)
			error_move(err, &why);
		if (rc != AF_OK)
			rc = error_wrap(err, rc, "%s", b->shown);
		break;
	}
	return rc;
}

/* ---- pulling ------------------------------------------------------------------------- */

static af_code is_here(struct build *b, const char *image, bool *here, struct af_error *err)
{
	AUTO_CJSON *tree = NULL;
	struct af_error why = AF_ERROR_INIT;
	af_code rc = docker_image_inspect(b->d, image, b->cancel, &tree, &why);

	*here = rc == AF_OK;
	if (rc == AF_OK || rc == AF_ERR_NOT_FOUND) {
		af_error_clear(&why);
		return AF_OK;
	}
	error_move(err, &why);
	return rc;
}

static af_code pull_base(struct build *b, const char *image, struct af_error *err)
{
	bool here = false;
	af_code rc = is_here(b, image, &here, err);

	if (rc != AF_OK || (here && !b->opt->pull))
		return rc;
	build_note(b, "pull %s", image);
	rc = docker_image_pull(b->d, image, b->progress, b->cancel, err);
	if (rc == AF_OK || rc == AF_ERR_CANCELLED)
		return rc;
	if (declares(b, base_image))
		error_hint(err, "name a base image that is here or can be reached: --build-arg BASE_IMAGE=IMAGE, or AFS_BASE_IMAGE=IMAGE in the environment");
	else
		error_hint(err, "name a base image that is here or can be reached in the FROM line of %s/Dockerfile", b->shown);
	return error_wrap(err, rc, "base image");
}

/* The directive's line goes, so that the engine's own frontend reads the file. */
static void drop_syntax(struct build *b)
{
	struct docker_lines lines;
	size_t start;

	docker_lines_init(&lines, b->text.data, b->text.len);
	if (!lines.syntax_line)
		return;
	start = (size_t) (lines.syntax_line - b->text.data);
	strbuf_remove(&b->text, start, strcspn(lines.syntax_line, "\n") + 1);
	b->rewritten = true;
}

/*
 * "# syntax=IMAGE" names an image that reads the Dockerfile. BuildKit takes a local one, but without a
 * session it cannot log in to fetch it: so it is pulled like a base. Where Docker's own cannot be
 * had, the engine's built-in one stands in, which is the same program in another version.
 */
static af_code provide_frontend(struct build *b, struct af_error *err)
{
	const char *image = b->dockerfile.syntax;
	struct af_error why = AF_ERROR_INIT;
	bool here = false;
	af_code rc;

	if (!image || b->opt->classic)
		return AF_OK;
	rc = is_here(b, image, &here, err);
	if (rc != AF_OK || here)
		return rc;
	build_note(b, "pull %s, which # syntax= names", image);
	rc = docker_image_pull(b->d, image, b->progress, b->cancel, &why);
	if (rc != AF_OK && rc != AF_ERR_CANCELLED && strstr(image, official_frontend)) {
		build_note(b, "%s; the engine's own frontend is used instead", why.message);
		drop_syntax(b);
		rc = AF_OK;
	} else if (rc != AF_OK) {
		error_move(err, &why);
		rc = error_wrap(err, rc, "# syntax=");
	}
	af_error_clear(&why);
	return rc;
}

af_code build_prepare(struct build *b, struct af_error *err)
{
	af_code rc = read_dockerfile(b, err);

	if (rc == AF_OK)
		rc = read_ignore(b, err);
	if (rc == AF_OK)
		rc = parse(b, err);
	for (size_t i = 0; rc == AF_OK && i < b->dockerfile.images.count; i++)
		rc = pull_base(b, b->dockerfile.images.items[i], err);
	return rc == AF_OK ? provide_frontend(b, err) : rc;
}
