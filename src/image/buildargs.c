#include "image/buildargs.h"

#include <cjson/cJSON.h>
#include <string.h>

#include "base/json.h"
#include "base/path.h"
#include "base/process.h"

enum { CONFIG_TIMEOUT_MS = 60000 };

static const char base_image[] = "BASE_IMAGE";

/* argv[1] is config.py, stdin the arguments as JSON, stdout the answer alone: what config.py prints
 * goes to stderr. Values become strings as Python would print them; None leaves the argument out. */
static const char runner[] =
	"import importlib.util, json, os, sys\n"
	"answer = os.fdopen(os.dup(1), 'w')\n"
	"os.dup2(2, 1)\n"
	"path = sys.argv[1]\n"
	"sys.path.insert(0, os.path.dirname(path))\n"
	"spec = importlib.util.spec_from_file_location('env_config', path)\n"
	"config = importlib.util.module_from_spec(spec)\n"
	"sys.modules['env_config'] = config\n"
	"spec.loader.exec_module(config)\n"
	"given = json.load(sys.stdin)\n"
	"resolve = getattr(config, 'resolve_buildargs', None)\n"
	"result = resolve(dict(given)) if resolve else {}\n"
	"if not isinstance(result, dict):\n"
	"    raise TypeError('resolve_buildargs returned %s, not a dict' % type(result).__name__)\n"
	"json.dump({str(k): str(v) for k, v in result.items() if v is not None}, answer)\n"
	"answer.close()\n";

const char *buildargs_value(const struct strlist *args, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < args->count; i++)
		if (strncmp(args->items[i], key, len) == 0 && args->items[i][len] == '=')
			return args->items[i] + len + 1;
	return NULL;
}

af_code buildargs_set(struct strlist *args, const char *key, const char *value, struct af_error *err)
{
	size_t len = strlen(key);
	char *entry = str_format(err, "%s=%s", key, value);

	if (!entry)
		return AF_ERR_NOMEM;
	for (size_t i = 0; i < args->count; i++)
		if (strncmp(args->items[i], key, len) == 0 && args->items[i][len] == '=') {
			free(args->items[i]);
			args->items[i] = entry;
			return AF_OK;
		}
	return strlist_take(args, entry, err);
}

/* The last of equal keys holds. */
static af_code copy_given(const char *const *given, struct strlist *out, struct af_error *err)
{
	af_code rc = AF_OK;

	for (; given && *given && rc == AF_OK; given++) {
		size_t len = strcspn(*given, "=");
		AUTO_FREE char *key = str_ndup(*given, len, err);

		if (!key)
			return AF_ERR_NOMEM;
		if (len == 0 || (*given)[len] != '=')
			rc = error_set(err, AF_ERR_USAGE, "build argument '%s': KEY=VALUE is wanted", *given);
		else
			rc = buildargs_set(out, key, *given + len + 1, err);
	}
	return rc;
}

/* ---- config.py ------------------------------------------------------------------- */

static void args_to_json(const struct strlist *args, struct strbuf *json)
{
	strbuf_addc(json, '{');
	for (size_t i = 0; i < args->count; i++) {
		const char *entry = args->items[i];
		size_t len = strcspn(entry, "=");

		if (i > 0)
			strbuf_addc(json, ',');
		json_add_string(json, entry, len);
		strbuf_addc(json, ':');
		json_add_string(json, entry + len + 1, strlen(entry + len + 1));
	}
	strbuf_addc(json, '}');
}

static af_code merge_answer(const char *path, const struct strbuf *answer, struct strlist *out, struct af_error *err)
{
	cJSON *tree = cJSON_ParseWithLength(answer->data, answer->len);
	const cJSON *member;
	af_code rc = AF_OK;

	if (!cJSON_IsObject(tree))
		rc = error_set(err, AF_ERR_BUILD, "%s: resolve_buildargs gave no answer", path);
	cJSON_ArrayForEach(member, tree) {
		if (rc != AF_OK)
			break;
		if (strcmp(member->string, base_image) == 0 && buildargs_value(out, base_image))
			continue;
		if (!*member->string || strchr(member->string, '='))
			rc = error_set(err, AF_ERR_BUILD, "%s: resolve_buildargs returned '%s', which cannot be an argument's name",
				       path, member->string);
		else
			rc = buildargs_set(out, member->string, cJSON_IsString(member) ? member->valuestring : "", err);
	}
	cJSON_Delete(tree);
	return rc;
}

static af_code config_failure(const char *path, const struct process_result *r, struct af_error *err)
{
	AUTO_FREE char *why = process_last_line(&r->err, err);
	af_code rc;

	if (!why)
		return AF_ERR_NOMEM;
	if (*why)
		rc = error_set(err, AF_ERR_BUILD, "%s: resolve_buildargs: %s", path, why);
	else
		rc = error_set(err, AF_ERR_BUILD, "%s: resolve_buildargs ended with status %d", path, r->status);
	error_hint(err, "it was called with the arguments of --build-arg KEY=VALUE");
	return rc;
}

static void pass_lines_on(const struct docker_progress *progress, const struct strbuf *text)
{
	const char *s = text->data, *end = text->data + text->len;

	while (progress && progress->line && s < end) {
		const char *stop = memchr(s, '\n', (size_t) (end - s));
		size_t len = (size_t) ((stop ? stop : end) - s);

		progress->line(progress->arg, s, len);
		s += len + 1;
	}
}

static af_code run_config(const char *dir, const char *path, const struct strbuf *input,
			  const struct docker_progress *progress, struct cancel *cancel, struct strlist *out,
			  struct af_error *err)
{
	const char *const argv[] = { "python3", "-c", runner, path, NULL };
	/* No __pycache__: it would be a change in the directory, and the next build would not find its cache. */
	const char *const env[] = { "PYTHONDONTWRITEBYTECODE=1", "PYTHONIOENCODING=utf-8", "PYTHONSTARTUP", NULL };
	struct process_spec spec = {
		.argv = argv, .env = env, .cwd = dir, .input = input->data, .input_len = input->len,
		.timeout_ms = CONFIG_TIMEOUT_MS, .cancel = cancel,
	};
	AF_AUTO(process_result) struct process_result r;
	af_code rc = process_run(&spec, &r, err);

	if (rc == AF_ERR_NOT_FOUND) {
		rc = error_set(err, AF_ERR_BUILD, "%s: python3 is needed to run resolve_buildargs, and it is not installed", path);
		error_hint(err, "install python3, or take config.py away and give the arguments by --build-arg");
		return rc;
	}
	if (rc != AF_OK)
		return rc == AF_ERR_CANCELLED ? rc : error_wrap(err, rc, "%s: resolve_buildargs", path);
	if (r.status != 0)
		return config_failure(path, &r, err);
	pass_lines_on(progress, &r.err);
	return merge_answer(path, &r.out, out, err);
}

/* config.py as an absolute path, since it is run with its directory as the current one. It stays NULL
 * where there is nothing to run. */
static af_code find_config(const char *dir, char **path, struct af_error *err)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *full = realpath(dir, NULL);
	AUTO_FREE char *joined = path_join(full ? full : dir, "config.py", err);
	af_code rc;

	if (!joined)
		return AF_ERR_NOMEM;
	if (!path_exists(joined))
		return AF_OK;
	rc = file_read(joined, &text, err);
	/* Other environments have a config.py too that has nothing to do with building: leave it alone. */
	if (rc == AF_OK && strstr(text.data, "resolve_buildargs"))
		*path = af_steal(joined);
	return rc;
}

af_code buildargs_resolve(const char *dir, const char *const *given, const struct docker_progress *progress,
			  struct cancel *cancel, struct strlist *out, struct af_error *err)
{
	AUTO_STRBUF input = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *path = NULL;
	af_code rc = copy_given(given, out, err);

	if (rc == AF_OK)
		rc = find_config(dir, &path, err);
	if (rc != AF_OK || !path)
		return rc;
	args_to_json(out, &input);
	rc = strbuf_check(&input, err);
	return rc == AF_OK ? run_config(dir, path, &input, progress, cancel, out, err) : rc;
}
