/* Containers: everything that asks once and gets one answer. See docker.h. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "docker/client.h"
#include "docker/tree.h"

/* Another client's removal of the same container is waited for this long. */
#define REMOVAL_MS 10000

/* ---- reading ------------------------------------------------------------------- */

const char *docker_container_ip(const cJSON *container)
{
	const cJSON *settings = tree_get(container, "NetworkSettings");
	const cJSON *network;
	const char *ip;

	cJSON_ArrayForEach(network, tree_get(settings, "Networks"))
	{
		ip = tree_string(network, "IPAddress");
		if (!str_blank(ip))
			return ip;
	}
	/* Gone since API 1.52; podman's default network stands only here at times. */
	ip = tree_string(settings, "IPAddress");
	return str_blank(ip) ? NULL : ip;
}

const char *docker_container_label(const cJSON *container, const char *key)
{
	const char *value = tree_string(tree_get(tree_get(container, "Config"), "Labels"), key);

	return value ? value : tree_string(tree_get(container, "Labels"), key);
}

/* ---- list ------------------------------------------------------------------------ */

static bool has_name(const cJSON *entry, const char *name)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, tree_get(entry, "Names"))
	{
		const char *have = cJSON_GetStringValue(item);

		if (have && strcmp(have[0] == '/' ? have + 1 : have, name) == 0)
			return true;
	}
	return false;
}

/* The engine's filter is a regular expression, and podman anchors it differently: what it lets through is compared. */
static bool add_name_filter(cJSON *filters, const char *name, struct af_error *err)
{
	AUTO_STRBUF pattern = STRBUF_INIT(STRBUF_LINE);

	for (; *name; name++) {
		if (strchr(".+*?()[]{}|^$\\", *name))
			strbuf_addc(&pattern, '\\');
		strbuf_addc(&pattern, *name);
	}
	const char *list[] = { pattern.data, NULL };
	return strbuf_check(&pattern, err) == AF_OK && tree_add_strings(filters, "name", list);
}

static void keep_named(cJSON *list, const char *name)
{
	cJSON *entry = list ? list->child : NULL;

	while (entry) {
		cJSON *next = entry->next;

		if (!has_name(entry, name))
			cJSON_Delete(cJSON_DetachItemViaPointer(list, entry));
		entry = next;
	}
}

af_code docker_container_list(struct docker *d, bool all, const char *const *label_filters, const char *name,
			      struct cancel *cancel, cJSON **out, struct af_error *err)
{
	AUTO_CJSON *filters = cJSON_CreateObject();
	AUTO_CJSON *list = NULL;
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	af_code rc;

	if (!filters || !tree_add_strings(filters, "label", label_filters) ||
	    (name && !add_name_filter(filters, name, err)))
		return error_nomem(err);
	strbuf_addf(&path, "/containers/json?all=%d", all);
	rc = query_add_tree(&path, "filters", filters, err);
	if (rc == AF_OK)
		rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = docker_request(d, "GET", path.data, NULL, 0, cancel, &list, err);
	if (rc != AF_OK)
		return rc;
	if (!cJSON_IsArray(list))
		return error_set(err, AF_ERR_PROTOCOL, "the engine at %s listed its containers as no list", docker_host(d));
	if (name)
		keep_named(list, name);
	*out = af_steal(list);
	return AF_OK;
}

/* ---- one container ----------------------------------------------------------------- */

/* "/containers/ID/VERB" */
static void container_path(struct strbuf *path, const char *id, const char *verb)
{
	strbuf_adds(path, "/containers/");
	url_add_escaped(path, id);
	strbuf_adds(path, verb);
}

/* POST or DELETE without a body; an answer of 304 (is so already) is none of an error. */
static af_code command(struct docker *d, const char *method, struct strbuf *path, int64_t timeout_ms,
		       struct cancel *cancel, struct af_error *err)
{
	struct engine_request req = {
		.method = method, .path = path->data, .timeout_ms = timeout_ms, .cancel = cancel,
	};
	af_code rc = strbuf_check(path, err);

	return rc == AF_OK ? engine_do(d, &req, err) : rc;
}

af_code docker_container_create(struct docker *d, const char *name, const cJSON *config, struct cancel *cancel,
				char **id, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	AUTO_CJSON *answer = NULL;
	af_code rc = cancel_check(cancel, err);

	strbuf_adds(&path, "/containers/create");
	if (name)
		query_add(&path, "name", name);
	if (rc == AF_OK)
		rc = strbuf_check(&path, err);
	/* Not cancelled on the way: the engine would go on, and leave a container that nobody knows the id of. */
	if (rc == AF_OK)
		rc = docker_request(d, "POST", path.data, config, 0, NULL, &answer, err);
	/* podman refuses a name in use with a 500. */
	if (rc == AF_ERR_FAILED && err && strstr(err->message, "already in use"))
		rc = AF_ERR_EXISTS;
	if (rc != AF_OK)
		return error_wrap(err, rc, "create container%s%s", name ? " " : "", name ? name : "");
	if (!tree_string(answer, "Id"))
		return error_set(err, AF_ERR_PROTOCOL, "create container: the engine at %s gave no id", docker_host(d));
	*id = str_dup(tree_string(answer, "Id"), err);
	return *id ? AF_OK : AF_ERR_NOMEM;
}

af_code docker_container_start(struct docker *d, const char *id, struct cancel *cancel, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);

	container_path(&path, id, "/start");
	af_code rc = command(d, "POST", &path, 0, cancel, err);
	/* A program that is not there is a 400 (or 404), though nothing is wrong with the request. */
	if (rc == AF_ERR_USAGE || (rc == AF_ERR_NOT_FOUND && err && strstr(err->message, "no such file or directory")))
		rc = AF_ERR_FAILED;
	return rc == AF_OK ? rc : error_wrap(err, rc, "start container %.12s", id);
}

static af_code stop_like(struct docker *d, const char *id, const char *verb, int grace_s, struct cancel *cancel,
			 struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRBUF tail = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&tail, "/%s?t=%d", verb, grace_s);
	container_path(&path, id, tail.data);
	af_code rc = command(d, "POST", &path, ENGINE_TIMEOUT_MS + MAX(grace_s, 0) * INT64_C(1000), cancel, err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "%s container %.12s", verb, id);
}

af_code docker_container_stop(struct docker *d, const char *id, int grace_s, struct cancel *cancel,
			      struct af_error *err)
{
	return stop_like(d, id, "stop", grace_s, cancel, err);
}

af_code docker_container_restart(struct docker *d, const char *id, int grace_s, struct cancel *cancel,
				 struct af_error *err)
{
	return stop_like(d, id, "restart", grace_s, cancel, err);
}

af_code docker_container_inspect(struct docker *d, const char *id, struct cancel *cancel, cJSON **out,
				 struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	af_code rc;

	container_path(&path, id, "/json");
	rc = strbuf_check(&path, err);
	return rc == AF_OK ? docker_request(d, "GET", path.data, NULL, 0, cancel, out, err) : rc;
}

/* Somebody else is removing it: until that is done its name is taken. */
static af_code await_removal(struct docker *d, const char *id, struct cancel *cancel, struct af_error *err)
{
	deadline end = deadline_in(REMOVAL_MS);

	while (deadline_left(end)) {
		AUTO_CJSON *tree = NULL;
		struct af_error why = AF_ERROR_INIT;
		af_code rc = docker_container_inspect(d, id, cancel, &tree, &why);

		if (rc == AF_OK)
			cancel_sleep(cancel, 20);
		else if (rc != AF_ERR_NOT_FOUND)
			error_move(err, &why);
		af_error_clear(&why);
		if (rc != AF_OK)
			return rc == AF_ERR_NOT_FOUND ? AF_OK : rc;
	}
	return error_set(err, AF_ERR_TIMEOUT, "its removal, begun by another client, takes longer than %d s",
			 REMOVAL_MS / 1000);
}

af_code docker_container_remove(struct docker *d, const char *id, bool force, struct cancel *cancel,
				struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct af_error why = AF_ERROR_INIT;
	af_code rc;

	container_path(&path, id, force ? "?v=1&force=1" : "?v=1");
	rc = command(d, "DELETE", &path, 0, cancel, &why);
	if (rc == AF_ERR_EXISTS && strstr(why.message, "already in progress")) {
		af_error_clear(&why);
		rc = await_removal(d, id, cancel, &why);
	}
	if (rc != AF_OK && rc != AF_ERR_NOT_FOUND) {
		error_move(err, &why);
		return error_wrap(err, rc, "remove container %.12s", id);
	}
	af_error_clear(&why);
	return AF_OK;
}
