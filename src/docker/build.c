/* Building images, with BuildKit or the classic builder. See docker.h. */
#include <string.h>

#include "docker/answer.h"
#include "docker/buildkit.h"
#include "docker/classic.h"
#include "docker/client.h"
#include "docker/ndjson.h"
#include "docker/progress.h"
#include "docker/tree.h"

/* Of one line of the engine's answer: a trace with much output in it. */
#define TRACE_MAX (16u * 1024 * 1024)

struct build {
	const struct docker_build_options *opt;
	const struct docker_progress *progress;
	struct ndjson lines;
	struct buildkit *buildkit; /* NULL: classic */
	struct classic classic;
	char *id;
	char *failure;    /* the engine's text */
	int64_t uploaded;
	bool read_failed; /* the context, on our side */
};

/* ---- request ------------------------------------------------------------------------- */

static af_code add_pairs(struct strbuf *path, const char *key, const char *const *pairs, struct af_error *err)
{
	AUTO_CJSON *tree = cJSON_CreateObject();

	if (!tree || !tree_add_pairs(tree, key, pairs))
		return error_nomem(err);
	return tree->child ? query_add_tree(path, key, tree->child, err) : AF_OK;
}

/* Without a session BuildKit cannot ask a registry for anything that needs a login, so it is not told to pull;
 * the caller has the base images pulled before. */
static af_code build_path(struct strbuf *path, const struct docker_build_options *opt, bool buildkit,
			  struct af_error *err)
{
	af_code rc;

	strbuf_addf(path, "/build?version=%d&rm=1&forcerm=1", buildkit ? 2 : 1);
	if (opt->tag)
		query_add(path, "t", opt->tag);
	if (opt->dockerfile)
		query_add(path, "dockerfile", opt->dockerfile);
	if (opt->no_cache)
		strbuf_adds(path, "&nocache=1");
	if (opt->pull && !buildkit)
		strbuf_adds(path, "&pull=1");
	rc = add_pairs(path, "buildargs", opt->buildargs, err);
	if (rc == AF_OK)
		rc = add_pairs(path, "labels", opt->labels, err);
	return rc == AF_OK ? strbuf_check(path, err) : rc;
}

static ssize_t read_context(void *arg, char *buf, size_t size)
{
	struct build *b = arg;
	ssize_t n = b->opt->read(b->opt->read_arg, buf, size);

	b->read_failed = n < 0;
	if (n > 0) {
		b->uploaded += n;
		progress_amount(b->progress, "context", b->uploaded, 0, true);
	}
	return n;
}

/* ---- answer ---------------------------------------------------------------------------- */

static void take_id(struct build *b, const cJSON *aux)
{
	const char *id = tree_string(aux, "ID");

	if (!id)
		return;
	free(b->id);
	b->id = str_dup(id, NULL);
}

static bool on_tree(void *arg, const cJSON *tree)
{
	struct build *b = arg;
	const char *failure = progress_error(tree);
	const cJSON *aux = tree_get(tree, "aux");
	const char *stream = tree_string(tree, "stream");

	if (failure) {
		free(b->failure);
		b->failure = str_dup(failure, NULL);
		return true; /* what follows is the end */
	}
	if (b->buildkit && cJSON_IsString(aux))
		buildkit_trace(b->buildkit, aux->valuestring, strlen(aux->valuestring));
	else
		take_id(b, aux);
	if (stream)
		classic_text(&b->classic, stream, strlen(stream));
	else
		progress_status(b->progress, tree);
	return true;
}

static bool on_build_data(void *arg, const char *data, size_t len)
{
	struct build *b = arg;

	return ndjson_feed(&b->lines, data, len);
}

/* Leaves out what every failure begins with. */
static const char *without_prefix(const char *text)
{
	static const char *const prefixes[] = {
		"failed to solve with frontend dockerfile.v0: ",
		"failed to solve: ",
		"rpc error: code = Unknown desc = ",
		"failed to create LLB definition: ",
		"failed to read dockerfile: ",
	};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (str_starts(text, prefixes[i]))
			text += strlen(prefixes[i]);
	return text;
}

/* "[2/4] RUN make: exit code 2" and the last lines that the step put out. */
static af_code failed(const struct build *b, struct af_error *err)
{
	const char *step = b->classic.step.len ? b->classic.step.data : NULL;
	const char *why = without_prefix(b->failure);
	const struct tail *output = &b->classic.tail;
	struct af_error reason = AF_ERROR_INIT;
	AUTO_STRBUF lines = STRBUF_INIT(STRBUF_TEXT);
	af_code rc;

	if (b->buildkit)
		buildkit_failure(b->buildkit, &step, &why, &output);
	tail_print(output, &lines);
	rc = answer_fail(AF_ERR_BUILD, why, &reason);
	error_set(err, rc, "%s%s%s%s", step ? step : "", step ? ": " : "", reason.message, lines.data);
	if (reason.hint)
		error_hint(err, "%s", reason.hint);
	af_error_clear(&reason);
	return rc;
}

/* podman tells the id as a line; an engine that tells none has it under the tag. */
static af_code result(struct docker *d, struct build *b, struct cancel *cancel, char **image_id, struct af_error *err)
{
	AUTO_CJSON *image = NULL;
	af_code rc;

	if (!b->id && b->classic.id[0])
		b->id = str_dup(b->classic.id, err);
	if (!b->id && b->opt->tag) {
		rc = docker_image_inspect(d, b->opt->tag, cancel, &image, err);
		if (rc != AF_OK)
			return error_wrap(err, AF_ERR_BUILD, "the engine ended the build without a result");
		b->id = str_dup(tree_string(image, "Id") ? tree_string(image, "Id") : "", err);
	}
	if (!b->id)
		return error_set(err, AF_ERR_BUILD, "the engine ended the build without a result");
	if (image_id)
		*image_id = str_starts(b->id, "sha256:") ? af_steal(b->id) : str_format(err, "sha256:%s", b->id);
	return !image_id || *image_id ? AF_OK : AF_ERR_NOMEM;
}

static af_code verdict(struct docker *d, struct build *b, af_code rc, struct cancel *cancel, char **image_id,
		       struct af_error *err)
{
	bool ended = ndjson_end(&b->lines);

	classic_end(&b->classic, rc == AF_OK && !b->failure);
	if (b->read_failed)
		return error_set(err, AF_ERR_IO, "the build context could not be read");
	if (b->failure)
		return failed(b, err);
	if (rc != AF_OK)
		return rc == AF_ERR_FAILED || rc == AF_ERR_USAGE ? AF_ERR_BUILD : rc;
	if (!ended)
		return error_set(err, AF_ERR_PROTOCOL, "the engine's account of the build makes no sense");
	return result(d, b, cancel, image_id, err);
}

/* Whether the classic builder may do what BuildKit could not: there is none after all, or it did not get at an image
 * or a "# syntax=" frontend (for which it would want a session: the classic builder logs in without, and takes no
 * notice of the frontend). */
static bool lacks_buildkit(const struct build *b, af_code rc, const struct af_error *err)
{
	static const char *const signs[] = {
		"active session",           "resolve image config for", "failed to resolve source metadata",
		"unsupported builder",      "buildkit is not supported", "buildkit not supported",
	};
	const char *whole = b->failure ? b->failure : "", *told = err->message ? err->message : "";

	if (b->read_failed || rc == AF_OK || rc == AF_ERR_CANCELLED || rc == AF_ERR_UNREACHABLE)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(signs); i++)
		if (strcasestr(whole, signs[i]) || strcasestr(told, signs[i]))
			return true;
	return false;
}

static af_code run(struct docker *d, const struct docker_build_options *opt, bool buildkit,
		   const struct docker_progress *progress, struct cancel *cancel, char **image_id, bool *try_classic,
		   struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp = { .body = STRBUF_INIT(0) };
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	struct build b = { .opt = opt, .progress = progress };
	struct engine_request req = {
		.method = "POST", .read = read_context, .timeout_ms = -1, .on_data = on_build_data, .arg = &b,
		.cancel = cancel,
	};
	struct af_error why = AF_ERROR_INIT;
	af_code rc = build_path(&path, opt, buildkit, err);

	if (rc != AF_OK)
		return rc;
	if (buildkit && !(b.buildkit = buildkit_new(progress, err)))
		return AF_ERR_NOMEM;
	classic_init(&b.classic, progress);
	ndjson_init(&b.lines, TRACE_MAX, on_tree, &b);
	req.path = path.data;
	rc = engine_perform(d, &req, &resp, &why);
	rc = verdict(d, &b, rc, cancel, image_id, &why);
	*try_classic = buildkit && lacks_buildkit(&b, rc, &why);
	if (rc != AF_OK) {
		why.code = rc;
		error_move(err, &why);
	}
	af_error_clear(&why);
	ndjson_free(&b.lines);
	classic_free(&b.classic);
	buildkit_free(b.buildkit);
	free(b.failure);
	free(b.id);
	return rc;
}

/* `first` is why BuildKit could not; a failure here may well be due to that. */
static af_code run_classic_instead(struct docker *d, const struct docker_build_options *opt,
				   const struct docker_progress *progress, struct cancel *cancel, char **image_id,
				   const char *first, struct af_error *err)
{
	bool unused = false;
	af_code rc;

	progress_linef(progress, "BuildKit cannot build this here: %s", first);
	progress_linef(progress, "trying the classic builder");
	rc = run(d, opt, false, progress, cancel, image_id, &unused, err);
	if (rc == AF_ERR_BUILD && err && !err->hint)
		error_hint(err, "the classic builder was tried because BuildKit said: %s", first);
	return rc;
}

af_code docker_image_build(struct docker *d, const struct docker_build_options *opt,
			   const struct docker_progress *progress, struct cancel *cancel, char **image_id,
			   struct af_error *err)
{
	bool try_classic = false;
	struct af_error why = AF_ERROR_INIT;
	af_code rc = docker_connect(d, cancel, err);

	if (rc != AF_OK)
		return rc;
	if (opt->classic || !d->buildkit)
		return run(d, opt, false, progress, cancel, image_id, &try_classic, err);
	rc = run(d, opt, true, progress, cancel, image_id, &try_classic, &why);
	if (try_classic && opt->rewind && opt->rewind(opt->read_arg))
		rc = run_classic_instead(d, opt, progress, cancel, image_id, why.message ? why.message : "?", err);
	else if (rc != AF_OK)
		error_move(err, &why);
	af_error_clear(&why);
	return rc;
}
