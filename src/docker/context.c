/*
 * Contexts. See context.h.
 *
 * A context is contexts/meta/ID/meta.json, its TLS files are in contexts/tls/ID/docker. ID is the SHA-256
 * of the name, but the name also stands in the file: reading them all (there are a handful) needs no hash.
 */
#include "docker/context.h"

#include <dirent.h>
#include <string.h>

#include "base/path.h"
#include "docker/tree.h"

void docker_context_free(struct docker_context *ctx)
{
	free(ctx->host);
	free(ctx->tls_dir);
	memset(ctx, 0, sizeof(*ctx));
}

/* The tree of one meta.json if it is that of `name`. */
static cJSON *read_meta(const char *meta_dir, const char *id, const char *name)
{
	AUTO_FREE char *path = str_format(NULL, "%s/%s/meta.json", meta_dir, id);
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	AUTO_CJSON *tree = NULL;
	const char *have;

	if (!path || file_read(path, &text, NULL) != AF_OK)
		return NULL;
	tree = tree_parse(text.data, text.len);
	have = tree_string(tree, "Name");
	return have && strcmp(have, name) == 0 ? af_steal(tree) : NULL;
}

static af_code fill(const char *config_dir, const char *id, const cJSON *meta, struct docker_context *out,
		    struct af_error *err)
{
	const cJSON *endpoint = tree_get(tree_get(meta, "Endpoints"), "docker");
	const char *host = tree_string(endpoint, "Host");
	AUTO_FREE char *tls = str_format(err, "%s/contexts/tls/%s/docker", config_dir, id);

	if (!tls)
		return AF_ERR_NOMEM;
	if (str_blank(host))
		return error_set(err, AF_ERR_UNREACHABLE, "docker context \"%s\" names no engine", tree_string(meta, "Name"));
	out->host = str_dup(host, err);
	if (!out->host)
		return AF_ERR_NOMEM;
	out->skip_verify = tree_bool(endpoint, "SkipTLSVerify");
	if (path_is_dir(tls))
		out->tls_dir = af_steal(tls);
	return AF_OK;
}

af_code context_load(const char *config_dir, const char *name, struct docker_context *out, struct af_error *err)
{
	AUTO_FREE char *meta_dir = str_format(err, "%s/contexts/meta", config_dir);
	struct dirent *entry;
	bool found = false;
	af_code rc = AF_OK;
	DIR *dir;

	if (!meta_dir)
		return AF_ERR_NOMEM;
	dir = opendir(meta_dir);
	while (dir && !found && (entry = readdir(dir))) {
		AUTO_CJSON *meta = entry->d_name[0] == '.' ? NULL : read_meta(meta_dir, entry->d_name, name);

		found = meta != NULL;
		if (found)
			rc = fill(config_dir, entry->d_name, meta, out, err);
	}
	if (dir)
		closedir(dir);
	if (found)
		return rc;
	error_set(err, AF_ERR_UNREACHABLE, "docker context \"%s\" does not exist", name);
	error_hint(err, "`docker context ls` lists them; DOCKER_HOST or DOCKER_CONTEXT chooses another engine");
	return AF_ERR_UNREACHABLE;
}
