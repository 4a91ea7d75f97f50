/* The builds themselves: the environment's own Dockerfile, then the server on top of it. */
#include <string.h>

#include "base/bytes.h"
#include "docker/tree.h"
#include "image/build_priv.h"
#include "image/buildargs.h"
#include "image/context.h"
#include "templates/templates.h"

static const char server_prefix[] = "server/";
static const char injected_prefix[] = "_affinetes/";
static const char base_placeholder[] = "@BASE@";
static const char own_mark[] = "affinetes: "; /* begins the lines that the second build prints */

/* The engine knows these without ARG. */
static const char *const proxy_args[] = {
	"HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "FTP_PROXY", "ftp_proxy", "NO_PROXY", "no_proxy",
	"ALL_PROXY", "all_proxy",
};

void build_discard(struct docker *d, const char *image)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&path, "/images/%s?noprune=1", image);
	if (strbuf_check(&path, NULL) == AF_OK) {
		af_code rc UNUSED = docker_request(d, "DELETE", path.data, NULL, 0, NULL, NULL, NULL);
	}
}

void build_discard_untagged(struct docker *d, const char *id)
{
	AUTO_CJSON *image = NULL;

	if (docker_image_inspect(d, id, NULL, &image, NULL) != AF_OK)
		return;
	if (cJSON_GetArraySize(tree_get(image, "RepoTags")) == 0)
		build_discard(d, id);
}

af_code build_tag(struct build *b, const char *image, const char *tag, struct af_error *err)
{
	af_code rc = cancel_check(b->cancel, err);

	return rc == AF_OK ? docker_image_tag(b->d, image, tag, NULL, err) : rc;
}

/* ---- running one build ----------------------------------------------------------------- */

struct stream {
	struct build *b;
	struct context *context;
	int64_t reported;
};

static ssize_t stream_read(void *arg, char *buf, size_t size)
{
	enum { REPORT_EVERY = 1 << 20 };
	struct stream *s = arg;
	const struct docker_progress *p = s->b->progress;
	ssize_t n = context_read(s->context, buf, size);
	size_t files;
	int64_t bytes;

	context_totals(s->context, &files, &bytes);
	if (p && p->amount && bytes - s->reported >= REPORT_EVERY) {
		s->reported = bytes;
		p->amount(p->arg, "send the directory", bytes, 0, true);
	}
	return n;
}

static bool stream_rewind(void *arg)
{
	struct stream *s = arg;

	s->reported = 0;
	return context_rewind(s->context);
}

static void note_left_out(void *arg, const char *line)
{
	build_note(arg, "%s", line);
}

static af_code run_build(struct build *b, struct context_options *content, const struct strlist *args,
			 const char *const *labels, char **id, struct af_error *err)
{
	AF_AUTO(context) struct context *context = NULL;
	struct stream stream = { .b = b };
	struct docker_build_options opt = {
		.no_cache = b->opt->no_cache, .classic = b->opt->classic, .labels = labels,
		.buildargs = (const char *const *) args->items,
		.read = stream_read, .rewind = stream_rewind, .read_arg = &stream,
	};
	struct af_error why = AF_ERROR_INIT;
	af_code rc, cause;

	content->note = note_left_out;
	content->arg = b;
	rc = context_new(content, &context, err);
	if (rc != AF_OK)
		return rc;
	stream.context = context;
	rc = docker_image_build(b->d, &opt, b->progress, b->cancel, id, &why);
	if (rc == AF_OK)
		return rc;
	/* A stream that breaks off looks like a cancelled request: the context knows better. */
	cause = context_failure(context, err);
	if (cause == AF_OK)
		error_move(err, &why);
	af_error_clear(&why);
	return cause == AF_OK ? rc : cause;
}

static af_code build_own(struct build *b, const char *const *labels, char **id, struct af_error *err)
{
	struct context_file rewritten = { .path = "Dockerfile", .data = b->text.data, .size = b->text.len };
	struct context_options content = {
		.dir = b->dir, .ignore = b->ignore, .files = &rewritten, .file_count = b->rewritten ? 1 : 0,
	};

	return run_build(b, &content, &b->args, labels, id, err);
}

/* ---- the server --------------------------------------------------------------------------- */

static const struct template_file *find_template(const char *path)
{
	for (size_t i = 0; i < template_file_count; i++)
		if (strcmp(template_files[i].path, path) == 0)
			return &template_files[i];
	return NULL;
}

static af_code make_dockerfile(const char *base, struct strbuf *out, struct af_error *err)
{
	const struct template_file *file = find_template("server/Dockerfile");
	const char *s = file ? (const char *) file->data : "";
	const char *at;

	while ((at = strstr(s, base_placeholder)) != NULL) {
		strbuf_add(out, s, (size_t) (at - s));
		strbuf_adds(out, base);
		s = at + strlen(base_placeholder);
	}
	strbuf_adds(out, s);
	return strbuf_check(out, err);
}

struct injected {
	struct context_file *files;
	char **paths;
	size_t count;
};

static void injected_free(struct injected *in)
{
	for (size_t i = 0; i < in->count; i++)
		free(in->paths[i]);
	free(in->paths);
	free(in->files);
}

static af_code add_injected(struct injected *in, char *take_path, const void *data, size_t size, struct af_error *err)
{
	if (!take_path)
		return error_nomem(err);
	in->paths[in->count] = take_path;
	in->files[in->count++] = (struct context_file){ .path = take_path, .data = data, .size = size };
	return AF_OK;
}

/* server/X becomes _affinetes/X. */
static af_code fill_injected(struct injected *in, const struct strbuf *dockerfile, struct af_error *err)
{
	af_code rc;

	in->files = calloc(template_file_count + 2, sizeof(*in->files));
	in->paths = calloc(template_file_count + 2, sizeof(*in->paths));
	if (!in->files || !in->paths)
		return error_nomem(err);
	rc = add_injected(in, str_dup("Dockerfile", err), dockerfile->data, dockerfile->len, err);
	for (size_t i = 0; i < template_file_count && rc == AF_OK; i++) {
		const struct template_file *t = &template_files[i];
		const char *name = t->path + strlen(server_prefix);

		if (str_starts(t->path, server_prefix) && strcmp(name, "Dockerfile") != 0)
			rc = add_injected(in, str_format(err, "%s%s", injected_prefix, name), t->data, t->size, err);
	}
	if (rc == AF_OK && !find_template("server/__init__.py"))
		rc = add_injected(in, str_format(err, "%s__init__.py", injected_prefix), "", 0, err);
	return rc;
}

/* Of the user's arguments those that the second Dockerfile declares, such as PIP_INDEX_URL. */
static bool wants_arg(const char *dockerfile, const char *entry)
{
	size_t len = strcspn(entry, "=");

	for (size_t i = 0; i < ARRAY_LEN(proxy_args); i++)
		if (strlen(proxy_args[i]) == len && strncmp(proxy_args[i], entry, len) == 0)
			return true;
	for (const char *at = strstr(dockerfile, "\nARG "); at; at = strstr(at + 5, "\nARG "))
		if (strncmp(at + 5, entry, len) == 0 && strchr("\n=", at[5 + len]))
			return true;
	return false;
}

static af_code inject(struct build *b, const char *base, const char *const *labels, char **id, struct af_error *err)
{
	AUTO_STRBUF dockerfile = STRBUF_INIT(STRBUF_TEXT);
	AUTO_STRLIST args = { 0 };
	struct injected in = { 0 };
	af_code rc = make_dockerfile(base, &dockerfile, err);

	for (size_t i = 0; i < b->args.count && rc == AF_OK; i++)
		if (wants_arg(dockerfile.data, b->args.items[i]))
			rc = strlist_add(&args, b->args.items[i], err);
	if (rc == AF_OK)
		rc = fill_injected(&in, &dockerfile, err);
	if (rc == AF_OK) {
		struct context_options content = { .files = in.files, .file_count = in.count };

		rc = run_build(b, &content, &args, labels, id, err);
	}
	injected_free(&in);
	return rc;
}

/* Up to the end of the line. */
static char *rest_of_line(const char *s)
{
	return str_ndup(s, strcspn(s, "\r\n"), NULL);
}

/* The lines that our own step prints say it best: what is wrong, and in a second one what to do. Without them
 * it is something about the base image that the last line of the log tells, for instance that there is no shell.
 * The instruction itself, which the engine quotes at length, is nothing that the user wrote. */
static void explain(struct af_error *err)
{
	const char *log = err->message ? strchr(err->message, '\n') : NULL;
	const char *first = log ? strstr(log, own_mark) : NULL;
	const char *second = first ? strstr(first + 1, own_mark) : NULL;
	const char *last = log ? strrchr(log, '\n') : NULL;
	AUTO_FREE char *what = first ? rest_of_line(first + strlen(own_mark))
				     : last ? rest_of_line(last + 1 + strspn(last + 1, " ")) : NULL;
	AUTO_FREE char *advice = second ? rest_of_line(second + strlen(own_mark)) : NULL;

	if (!what)
		return;
	error_set(err, err->code, "%s", what);
	error_hint(err, "%s", advice ? advice : "the environment's image needs a shell and Python 3.8 or newer");
}

/* ---- both ------------------------------------------------------------------------------------- */

/*
 * BuildKit takes no image id in FROM, so the first image gets a name for as long as the second build
 * runs. A fresh one each time: two builds of one directory may run at once. The name does not
 * count in the cache. "localhost/" keeps every engine from looking for it in a registry.
 */
static af_code build_on_top(struct build *b, const char *base, const char *const *labels, char **id, struct af_error *err)
{
	AUTO_STRBUF name = STRBUF_INIT(STRBUF_LINE);
	af_code rc;

	strbuf_adds(&name, "localhost/afs-build:");
	rc = random_hex(&name, 8, err);
	if (rc == AF_OK)
		rc = strbuf_check(&name, err);
	if (rc != AF_OK)
		return rc;
	rc = build_tag(b, base, name.data, err);
	if (rc == AF_OK) {
		rc = inject(b, name.data, labels, id, err);
		build_discard(b->d, name.data);
	}
	if (rc != AF_OK)
		build_discard_untagged(b->d, base);
	return rc;
}

af_code build_stages(struct build *b, char **id, struct af_error *err)
{
	AUTO_FREE char *type = str_format(err, "%s=%s", LABEL_TYPE, env_type_name(b->type));
	AUTO_FREE char *version = str_format(err, "%s=%s", LABEL_VERSION, af_version());
	const char *const labels[] = { type, version, NULL };
	AUTO_FREE char *base = NULL;
	af_code rc;

	if (!type || !version)
		return AF_ERR_NOMEM;
	if (b->type == ENV_HTTP_BASED) {
		build_note(b, "http_based: build %s as it is", b->shown);
		rc = build_own(b, labels, id, err);
		return rc == AF_OK ? rc : error_wrap(err, rc, "build %s", b->shown);
	}
	build_note(b, "function_based, step 1 of 2: build %s", b->shown);
	rc = build_own(b, NULL, &base, err);
	if (rc != AF_OK)
		return error_wrap(err, rc, "build %s", b->shown);
	build_note(b, "function_based, step 2 of 2: add the server");
	rc = build_on_top(b, base, labels, id, err);
	if (rc == AF_ERR_BUILD && err)
		explain(err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "build %s: add the server", b->shown);
}
