/* The order of a build. */
#include "image/build.h"

#include <ctype.h>
#include <stdarg.h>
#include <string.h>

#include "base/path.h"
#include "docker/tree.h"
#include "image/build_priv.h"
#include "image/buildargs.h"
#include "image/detect.h"
#include "image/git.h"

void build_note(const struct build *b, const char *fmt, ...)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	if (!b->progress || !b->progress->line)
		return;
	va_start(ap, fmt);
	strbuf_addv(&line, fmt, ap);
	va_end(ap);
	b->progress->line(b->progress->arg, line.data, line.len);
}

/* ---- names --------------------------------------------------------------------------------- */

/* The last component of a path, without '/' at its end: a span of it. */
static const char *last_component(const char *path, size_t *len)
{
	const char *slash;

	*len = strlen(path);
	while (*len > 0 && path[*len - 1] == '/')
		--*len;
	slash = memrchr(path, '/', *len);
	if (slash) {
		*len -= (size_t) (slash + 1 - path);
		return slash + 1;
	}
	return path;
}

/* Lower case letters, digits, and single dashes between them. */
static void add_name(struct strbuf *out, const char *s, size_t len)
{
	size_t start = out->len;

	for (size_t i = 0; i < len; i++) {
		if (isascii((unsigned char) s[i]) && isalnum((unsigned char) s[i]))
			strbuf_addc(out, (char) tolower((unsigned char) s[i]));
		else if (out->len > start && out->data[out->len - 1] != '-')
			strbuf_addc(out, '-');
	}
	if (out->len > start && out->data[out->len - 1] == '-')
		strbuf_truncate(out, out->len - 1);
	if (out->len == start)
		strbuf_adds(out, "env");
}

static af_code add_url_name(struct strbuf *out, const char *source, struct af_error *err)
{
	AF_AUTO(git_source) struct git_source git = { 0 };
	af_code rc = git_source_parse(source, &git, err);
	const char *name, *colon;
	size_t len;

	if (rc != AF_OK)
		return rc;
	name = last_component(git.subdir ? git.subdir : git.url, &len);
	colon = memrchr(name, ':', len);
	if (colon && !git.subdir) {
		len -= (size_t) (colon + 1 - name);
		name = colon + 1;
	}
	if (len > 4 && strncmp(name + len - 4, ".git", 4) == 0)
		len -= 4;
	add_name(out, name, len);
	return AF_OK;
}

char *image_default_tag(const char *source, struct af_error *err)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_LINE);
	AUTO_FREE char *real = NULL;
	char *tag = NULL;
	const char *name;
	size_t len;

	if (git_is_url(source)) {
		if (add_url_name(&out, source, err) != AF_OK)
			return NULL;
	} else {
		real = realpath(source, NULL); /* "." has a name too */
		name = last_component(real ? real : source, &len);
		add_name(&out, name, len);
	}
	strbuf_adds(&out, ":latest");
	return strbuf_steal(&out, &tag, err) == AF_OK ? tag : NULL;
}

/* Whatever can be told wrong before anything is done. */
static af_code check_options(const struct image_build_options *opt, struct image_build_result *out, struct af_error *err)
{
	AUTO_FREE char *target = NULL;
	struct af_error why = AF_ERROR_INIT;
	af_code rc;

	if (str_blank(opt->source))
		return error_set(err, AF_ERR_USAGE, "build: no directory and no git URL was given");
	if (opt->registry && !opt->push) {
		rc = error_set(err, AF_ERR_USAGE, "--registry says where to push, and --push was not given");
		error_hint(err, "add --push, or leave --registry out");
		return rc;
	}
	out->tag = opt->tag ? str_dup(opt->tag, &why) : image_default_tag(opt->source, &why);
	if (!out->tag) {
		rc = why.code;
		error_move(err, &why);
		return rc;
	}
	rc = docker_reference_parse(out->tag, NULL, NULL, NULL, err);
	if (rc == AF_OK && strchr(out->tag, '@'))
		rc = error_set(err, AF_ERR_USAGE, "\"%s\": a tag cannot hold a digest", out->tag);
	if (rc == AF_OK && opt->registry)
		rc = push_target(opt->registry, out->tag, &target, err);
	return rc;
}

/* ---- the source ------------------------------------------------------------------------------ */

static af_code fetch_source(struct build *b, struct git_checkout *checkout, struct af_error *err)
{
	AF_AUTO(git_source) struct git_source git = { 0 };
	af_code rc;

	if (!git_is_url(b->opt->source)) {
		b->dir = b->shown = b->opt->source;
		return AF_OK;
	}
	rc = git_source_parse(b->opt->source, &git, err);
	if (rc == AF_OK)
		rc = git_fetch(&git, b->progress, b->cancel, checkout, err);
	b->dir = checkout->dir;
	b->shown = checkout->shown;
	return rc;
}

static af_code no_environment(const struct build *b, const char *why, struct af_error *err)
{
	error_set(err, AF_ERR_NOT_FOUND, "%s: %s", b->shown, why);
	error_hint(err, "name the environment's directory in it: URL#REF:DIRECTORY");
	return AF_ERR_NOT_FOUND;
}

/* A missing file is told with the temporary directory's path, which means nothing to anybody. */
static af_code detect(struct build *b, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	af_code rc = detect_environment(b->dir, &b->type, &why);

	if (rc == AF_ERR_NOT_FOUND && b->dir != b->shown && str_starts(why.message, b->dir))
		rc = no_environment(b, why.message + strlen(b->dir) + 1, err);
	else if (rc != AF_OK)
		error_move(err, &why);
	af_error_clear(&why);
	return rc;
}

/* ---- the build ---------------------------------------------------------------------------------- */

/* Whether the tag stands on this image already. */
static bool is_tagged(struct build *b, const char *tag, const char *id)
{
	AUTO_CJSON *image = NULL;
	const char *found;

	if (docker_image_inspect(b->d, tag, b->cancel, &image, NULL) != AF_OK)
		return false;
	found = tree_string(image, "Id");
	return found && strcmp(found, id) == 0;
}

static af_code tag_image(struct build *b, struct image_build_result *out, struct af_error *err)
{
	af_code rc;

	out->unchanged = is_tagged(b, out->tag, out->id);
	if (out->unchanged)
		return AF_OK;
	rc = build_tag(b, out->id, out->tag, err);
	if (rc != AF_OK)
		build_discard_untagged(b->d, out->id);
	return rc;
}

static af_code build_dir(struct build *b, struct image_build_result *out, struct af_error *err)
{
	af_code rc = detect(b, err);

	if (rc == AF_OK)
		rc = buildargs_resolve(b->dir, b->opt->buildargs, b->progress, b->cancel, &b->args, err);
	if (rc == AF_OK)
		rc = docker_connect(b->d, b->cancel, err);
	if (rc == AF_OK)
		rc = build_prepare(b, err);
	if (rc == AF_OK)
		rc = build_stages(b, &out->id, err);
	if (rc == AF_OK)
		rc = tag_image(b, out, err);
	if (rc == AF_OK && b->opt->push)
		rc = build_push(b, out->tag, &out->pushed, err);
	out->type = b->type;
	return rc;
}

af_code image_build(struct docker *d, const struct image_build_options *opt, const struct docker_progress *progress,
		    struct cancel *cancel, struct image_build_result *out, struct af_error *err)
{
	AF_AUTO(git_checkout) struct git_checkout checkout = { 0 };
	struct build b = {
		.d = d, .opt = opt, .progress = progress, .cancel = cancel, .text = STRBUF_INIT(STRBUF_TEXT),
	};
	af_code rc;

	*out = (struct image_build_result){ 0 };
	rc = check_options(opt, out, err);
	if (rc == AF_OK)
		rc = cancel_check(cancel, err);
	if (rc == AF_OK)
		rc = fetch_source(&b, &checkout, err);
	if (rc == AF_OK)
		rc = build_dir(&b, out, err);
	strbuf_free(&b.text);
	strlist_free(&b.args);
	dockerfile_free(&b.dockerfile);
	ignore_free(b.ignore);
	return rc;
}

void image_build_result_free(struct image_build_result *r)
{
	free(r->id);
	free(r->tag);
	free(r->pushed);
	*r = (struct image_build_result){ 0 };
}
