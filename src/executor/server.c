/* Health, statistics and methods of one server. See executor.h. */
#include <string.h>

#include "executor/executor.h"

#define ANSWER_MS 10000
#define METHODS_MAX (8u * 1024 * 1024)

af_code server_health(const struct server *s, int64_t timeout_ms, struct cancel *cancel, struct af_error *err)
{
	struct http_request req = { .endpoint = s->endpoint, .path = "/health", .timeout_ms = timeout_ms,
				    .connect_timeout_ms = s->connect_ms ? s->connect_ms : timeout_ms, .max_body = 65536, .cancel = cancel };
	AF_AUTO(http_response) struct http_response resp;
	af_code rc = http_perform(s->http, &req, &resp, err);

	if (rc)
		return rc;
	/* An http_based server need not have the route; that it answers is enough. */
	if (resp.status == 200 || (s->type == ENV_HTTP_BASED && resp.status == 404))
		return AF_OK;
	return error_set(err, AF_ERR_UNREACHABLE, "%s: GET /health answered %ld", s->name, resp.status);
}

bool server_knows_ids(const struct server *s, struct cancel *cancel)
{
	struct http_request req = { .endpoint = s->endpoint, .path = "/stats", .timeout_ms = ANSWER_MS,
				    .max_body = METHODS_MAX, .cancel = cancel };
	AF_AUTO(http_response) struct http_response resp;

	return http_perform(s->http, &req, &resp, NULL) != AF_OK || resp.status != 404;
}

static af_code fetch(const struct server *s, const char *path, int64_t timeout_ms, struct cancel *cancel,
		     struct http_response *resp, struct af_error *err)
{
	struct http_request req = { .endpoint = s->endpoint, .path = path, .timeout_ms = timeout_ms,
				    .connect_timeout_ms = s->connect_ms, .max_body = METHODS_MAX, .cancel = cancel };
	af_code rc = http_perform(s->http, &req, resp, err);

	if (rc)
		return error_wrap(err, rc, "%s: GET %s", s->name, path);
	if (resp->status == 200)
		return AF_OK;
	return error_set(err, resp->status == 404 ? AF_ERR_UNAVAILABLE : AF_ERR_PROTOCOL, "%s: GET %s answered %ld",
			 s->name, path, resp->status);
}

af_code server_stats(const struct server *s, int64_t timeout_ms, struct cancel *cancel, cJSON **out, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp;
	af_code rc = fetch(s, "/stats", timeout_ms, cancel, &resp, err);

	if (rc)
		return rc;
	*out = cJSON_ParseWithLength(resp.body.data, resp.body.len);
	if (cJSON_IsObject(*out))
		return AF_OK;
	cJSON_Delete(af_steal(*out));
	return error_set(err, AF_ERR_UNAVAILABLE, "%s: GET /stats is no statistics", s->name);
}

af_code server_methods(const struct server *s, struct cancel *cancel, struct method_list *out, struct af_error *err)
{
	bool http_based = s->type == ENV_HTTP_BASED;
	AF_AUTO(http_response) struct http_response resp;
	af_code rc = fetch(s, http_based ? "/openapi.json" : "/methods", ANSWER_MS, cancel, &resp, err);

	*out = (struct method_list){ 0 };
	if (rc == AF_ERR_UNAVAILABLE)
		error_hint(err, http_based ? "only servers that publish /openapi.json (FastAPI does) tell their methods; "
					     "`afs call` works without"
					   : "is it an affinetes environment?");
	if (rc)
		return rc;
	rc = http_based ? openapi_parse(resp.body.data, resp.body.len, out, err)
			: methods_parse(resp.body.data, resp.body.len, out, err);
	return rc ? error_wrap(err, rc, "%s: methods", s->name) : AF_OK;
}

/* ---- lists of methods --------------------------------------------------------------- */

static char *copy_or_null(const char *s)
{
	return s ? strdup(s) : NULL;
}

af_code method_list_add(struct method_list *list, const char *name, const char *signature, const char *doc,
			const char *source, struct af_error *err)
{
	struct method m = { strdup(name), strdup(signature), copy_or_null(doc), copy_or_null(source), NULL };
	struct method *items = realloc(list->items, (list->count + 1) * sizeof(*items));

	if (items)
		list->items = items;
	if (items && m.name && m.signature && (m.doc || !doc) && (m.source || !source)) {
		items[list->count++] = m;
		return AF_OK;
	}
	free(m.name);
	free(m.signature);
	free(m.doc);
	free(m.source);
	return error_nomem(err);
}

void method_list_free(struct method_list *list)
{
	for (size_t i = 0; i < list->count; i++) {
		free(list->items[i].name);
		free(list->items[i].signature);
		free(list->items[i].doc);
		free(list->items[i].source);
		free(list->items[i].parameters);
	}
	free(list->items);
	*list = (struct method_list){ 0 };
}

static const char *text_of(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* "(self, x: int)" → "(x: int)": some servers count an Actor's self in, which nobody passes. malloc'd. */
static char *callers_signature(const char *signature, struct af_error *err)
{
	if (str_blank(signature))
		return str_dup("()", err);
	if (!str_starts(signature, "(self") || !signature[5] || !strchr(",)", signature[5]))
		return str_dup(signature, err);
	signature += 5;
	return str_format(err, "(%s", signature + strspn(signature, ", "));
}

static af_code take_parameters(struct method *method, const cJSON *m, struct af_error *err)
{
	const cJSON *list = cJSON_GetObjectItemCaseSensitive(m, "parameters");
	char *text = cJSON_IsArray(list) ? cJSON_PrintUnformatted(list) : NULL;

	if (!cJSON_IsArray(list))
		return AF_OK;
	method->parameters = text ? str_dup(text, err) : NULL;
	cJSON_free(text);
	return method->parameters ? AF_OK : error_nomem(err);
}

af_code methods_parse(const char *text, size_t len, struct method_list *out, struct af_error *err)
{
	cJSON *doc = cJSON_ParseWithLength(text, len);
	const cJSON *methods = cJSON_GetObjectItemCaseSensitive(doc, "methods"), *m;
	af_code rc = AF_OK;

	if (!cJSON_IsArray(methods))
		rc = error_set(err, AF_ERR_PROTOCOL, "the answer is no list of methods");
	cJSON_ArrayForEach(m, methods) {
		const char *name = cJSON_IsString(m) ? m->valuestring : text_of(m, "name"); /* some tell no more than names */
		AUTO_FREE char *signature = callers_signature(text_of(m, "signature"), err);
		if (!rc && !signature)
			rc = AF_ERR_NOMEM;
		if (!rc && !str_blank(name))
			rc = method_list_add(out, name, signature, text_of(m, "doc"), text_of(m, "source"), err);
		if (!rc && !str_blank(name))
			rc = take_parameters(&out->items[out->count - 1], m, err);
	}
	cJSON_Delete(doc);
	if (rc)
		method_list_free(out);
	return rc;
}
