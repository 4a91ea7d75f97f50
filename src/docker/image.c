/* Images: what the engine has, pulling, pushing. See docker.h. */
#include <string.h>

#include "base/bytes.h"
#include "docker/answer.h"
#include "docker/auth.h"
#include "docker/client.h"
#include "docker/ndjson.h"
#include "docker/progress.h"
#include "docker/tree.h"

#define STATUS_MAX (1024 * 1024)

/* "/images/REF/VERB" */
static void image_path(struct strbuf *path, const char *image, const char *verb)
{
	strbuf_adds(path, "/images/");
	path_add_reference(path, image);
	strbuf_adds(path, verb);
}

/* An empty name would ask for something else entirely. */
static af_code check_name(const char *image, struct af_error *err)
{
	return str_blank(image) ? error_set(err, AF_ERR_USAGE, "the name of an image is empty") : AF_OK;
}

af_code docker_image_inspect(struct docker *d, const char *image, struct cancel *cancel, cJSON **out,
			     struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	af_code rc = check_name(image, err);

	if (rc != AF_OK)
		return rc;
	image_path(&path, image, "/json");
	rc = strbuf_check(&path, err);
	return rc == AF_OK ? docker_request(d, "GET", path.data, NULL, 0, cancel, out, err) : rc;
}

af_code docker_image_list(struct docker *d, const char *const *label_filters, struct cancel *cancel, cJSON **out,
			  struct af_error *err)
{
	AUTO_CJSON *filters = cJSON_CreateObject();
	AUTO_CJSON *list = NULL;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	af_code rc;

	if (!filters || !tree_add_strings(filters, "label", label_filters))
		return error_nomem(err);
	strbuf_adds(&path, "/images/json");
	rc = query_add_tree(&path, "filters", filters, err);
	if (rc == AF_OK)
		rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = docker_request(d, "GET", path.data, NULL, 0, cancel, &list, err);
	if (rc == AF_OK && !cJSON_IsArray(list))
		rc = error_set(err, AF_ERR_PROTOCOL, "the engine at %s listed its images as no list", docker_host(d));
	if (rc == AF_OK)
		*out = af_steal(list);
	return rc;
}

/* What images/create and images/tag want: the name with its registry only where the user wrote one. */
static af_code split_reference(const char *image, char **repo, char **registry, char **tag, struct af_error *err)
{
	AUTO_FREE char *path = NULL;
	bool named;
	af_code rc = docker_reference_parse(image, registry, &path, tag, err);

	if (rc != AF_OK)
		return rc;
	named = str_starts(image, *registry) && image[strlen(*registry)] == '/';
	*repo = named ? str_format(err, "%s/%s", *registry, path) : str_dup(path, err);
	return *repo ? AF_OK : AF_ERR_NOMEM;
}

af_code docker_image_tag(struct docker *d, const char *image, const char *target, struct cancel *cancel,
			 struct af_error *err)
{
	AUTO_FREE char *repo = NULL, *registry = NULL, *tag = NULL;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	af_code rc = check_name(image, err);

	if (rc == AF_OK)
		rc = split_reference(target, &repo, &registry, &tag, err);
	if (rc != AF_OK)
		return rc;
	image_path(&path, image, "/tag");
	query_add(&path, "repo", repo);
	query_add(&path, "tag", tag);
	rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = docker_request(d, "POST", path.data, NULL, 0, cancel, NULL, err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "tag %s", target);
}

af_code docker_image_remove(struct docker *d, const char *image, bool force, struct cancel *cancel,
			    struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct af_error why = AF_ERROR_INIT;
	af_code rc = check_name(image, err);

	if (rc != AF_OK)
		return rc;
	image_path(&path, image, force ? "?force=1" : "");
	rc = strbuf_check(&path, err);
	if (rc != AF_OK)
		return rc;
	rc = docker_request(d, "DELETE", path.data, NULL, 0, cancel, NULL, &why);
	if (rc != AF_OK && rc != AF_ERR_NOT_FOUND) {
		error_move(err, &why);
		return error_wrap(err, rc, "remove image %s", image);
	}
	af_error_clear(&why);
	return AF_OK;
}

/* ---- pull and push ------------------------------------------------------------------------ */

struct transfer {
	struct ndjson lines;
	const struct docker_progress *progress;
	char *failure; /* the engine's text */
};

static bool on_status(void *arg, const cJSON *tree)
{
	struct transfer *t = arg;
	const char *failure = progress_error(tree);

	if (failure) {
		t->failure = str_dup(failure, NULL);
		return false;
	}
	progress_status(t->progress, tree);
	return true;
}

static bool on_transfer_data(void *arg, const char *data, size_t len)
{
	struct transfer *t = arg;

	return ndjson_feed(&t->lines, data, len);
}

/* A refusal of the whole request is the registry's as often as the engine's. */
static af_code reword(af_code rc, struct af_error *err)
{
	struct af_error was = AF_ERROR_INIT;

	if (!err || rc == AF_ERR_UNREACHABLE || rc == AF_ERR_CANCELLED || rc == AF_ERR_NOMEM)
		return rc;
	error_move(&was, err);
	rc = answer_registry(rc, was.message ? was.message : "", err);
	if (!err->hint)
		err->hint = af_steal(was.hint);
	af_error_clear(&was);
	return rc;
}

/* Sends it and follows what the engine streams. Failures may arrive inside a 200. */
static af_code run_transfer(struct docker *d, const char *path, const char *auth,
			    const struct docker_progress *progress, struct cancel *cancel, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp;
	struct transfer t = { .progress = progress };
	struct engine_request req = {
		.method = "POST", .path = path, .header = auth, .timeout_ms = -1, .on_data = on_transfer_data, .arg = &t,
		.cancel = cancel,
	};
	af_code rc;

	ndjson_init(&t.lines, STATUS_MAX, on_status, &t);
	rc = engine_perform(d, &req, &resp, err);
	if (rc != AF_OK) {
		rc = reword(rc, err);
	} else {
		ndjson_end(&t.lines);
		if (t.failure)
			rc = answer_registry(AF_ERR_FAILED, t.failure, err);
		else if (t.lines.broken)
			rc = error_set(err, AF_ERR_PROTOCOL, "the engine's progress makes no sense");
	}
	free(t.failure);
	ndjson_free(&t.lines);
	return rc;
}

af_code docker_image_pull(struct docker *d, const char *image, const struct docker_progress *progress,
			  struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *repo = NULL, *registry = NULL, *tag = NULL;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_SECRET auth = STRBUF_INIT(STRBUF_TEXT);
	struct af_error why = AF_ERROR_INIT;
	af_code rc = split_reference(image, &repo, &registry, &tag, err);

	if (rc != AF_OK)
		return rc;
	/* Most images need none: a helper that fails is worth a remark only. */
	if (auth_header(registry, cancel, &auth, &why) != AF_OK)
		progress_linef(progress, "%s; going on without credentials", why.message);
	af_error_clear(&why);
	strbuf_adds(&path, "/images/create");
	query_add(&path, "fromImage", repo);
	query_add(&path, "tag", tag);
	rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = run_transfer(d, path.data, auth.len ? auth.data : NULL, progress, cancel, err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "pull %s", image);
}

af_code docker_image_push(struct docker *d, const char *image, const struct docker_progress *progress,
			  struct cancel *cancel, struct af_error *err)
{
	AUTO_FREE char *repo = NULL, *registry = NULL, *tag = NULL;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_SECRET auth = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = split_reference(image, &repo, &registry, &tag, err);

	if (rc == AF_OK)
		rc = auth_header(registry, cancel, &auth, err);
	if (rc == AF_OK) {
		image_path(&path, repo, "/push");
		query_add(&path, "tag", tag);
		rc = strbuf_check(&path, err);
	}
	if (rc == AF_OK)
		rc = run_transfer(d, path.data, auth.data, progress, cancel, err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "push %s", image);
}
