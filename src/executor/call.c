/* Calls: from arguments to a request, from an answer to a result. See executor.h. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "executor/executor.h"

#define CANCEL_MS 500
/* Of an answer that makes no sense this much is quoted. */
#define EXCERPT 200

/* ---- sending ---------------------------------------------------------------------- */

static void add_body(struct call *call, struct json_span kwargs)
{
	if (!kwargs.len)
		kwargs = (struct json_span){ "{}", 2 };
	if (call->type == ENV_FUNCTION_BASED) {
		strbuf_adds(&call->body, "{\"method\":");
		json_add_string(&call->body, call->method, strlen(call->method));
		strbuf_adds(&call->body, ",\"args\":[],\"kwargs\":");
		strbuf_add(&call->body, kwargs.text, kwargs.len);
		strbuf_addc(&call->body, '}');
	} else {
		strbuf_add(&call->body, kwargs.text, kwargs.len);
	}
}

/* "/evaluate"; a method of an http_based environment may be a path of several segments. */
static char *path_for(const char *method, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	char *out = NULL;

	for (const char *p = method + (*method == '/'); *p;) {
		size_t len = strcspn(p, "/");
		AUTO_FREE char *segment = str_ndup(p, len, err);
		if (!segment)
			return NULL;
		strbuf_addc(&path, '/');
		url_add_escaped(&path, segment);
		p += len + (p[len] == '/');
	}
	if (!path.len)
		strbuf_addc(&path, '/');
	return strbuf_steal(&path, &out, err) ? NULL : out;
}

af_code call_init(struct call *call, enum env_type type, const char *method, struct json_span kwargs,
		  struct af_error *err)
{
	AUTO_STRBUF id = STRBUF_INIT(64);
	af_code rc = random_hex(&id, 16, err);

	*call = (struct call){ .type = type, .body = STRBUF_INIT(STRBUF_HUGE) };
	if (rc)
		return rc;
	snprintf(call->id, sizeof(call->id), "%s", id.data);
	snprintf(call->header, sizeof(call->header), "X-Affinetes-Call-Id: %s", call->id);
	call->headers[0] = "Content-Type: application/json";
	call->headers[1] = type == ENV_FUNCTION_BASED ? call->header : NULL;
	call->method = str_dup(method, err);
	call->path = type == ENV_FUNCTION_BASED ? str_dup("/call", err) : path_for(method, err);
	if (!call->method || !call->path)
		rc = AF_ERR_NOMEM;
	else {
		add_body(call, kwargs);
		rc = strbuf_check(&call->body, err);
	}
	if (rc)
		call_free(call);
	return rc;
}

void call_free(struct call *call)
{
	free(af_steal(call->method));
	free(af_steal(call->path));
	strbuf_free(&call->body);
}

void call_request(const struct call *call, const struct server *s, int64_t timeout_ms, struct http_request *req)
{
	*req = (struct http_request){
		.endpoint = s->endpoint,
		.method = "POST",
		.path = call->path,
		.headers = call->headers,
		.body = call->body.data,
		.body_len = call->body.len,
		/* Nothing tells such a server that it has seen the call before. */
		.once = call->type == ENV_HTTP_BASED,
		.timeout_ms = timeout_ms,
	};
}

size_t call_cancel_body(const struct call *call, af_code why, char body[CALL_CANCEL_SIZE])
{
	return (size_t) snprintf(body, CALL_CANCEL_SIZE, "{\"id\":\"%s\"%s}", call->id,
				 why == AF_ERR_TIMEOUT ? ",\"why\":\"timeout\"" : "");
}

void call_cancel(const struct call *call, const struct server *s, af_code why)
{
	static const char *const headers[] = { "Content-Type: application/json", NULL };
	AF_AUTO(http_response) struct http_response resp = { .body = STRBUF_INIT(0) };
	char body[CALL_CANCEL_SIZE];

	if (call->type != ENV_FUNCTION_BASED)
		return;
	size_t len = call_cancel_body(call, why, body);
	struct http_request req = { .endpoint = s->endpoint, .method = "POST", .path = "/cancel", .headers = headers,
				    .body = body, .body_len = len, .timeout_ms = CANCEL_MS,
				    .connect_timeout_ms = CANCEL_MS, .max_body = 65536 };
	if (http_perform(s->http, &req, &resp, NULL))
		return;
}

/* The injected server's own words, which no method can say with that status. */
bool call_was_turned_away(const struct call *call, const struct http_response *resp, bool *begun)
{
	static const char before[] = "{\"detail\":\"The server is stopping\"}";
	static const char during[] = "{\"detail\":\"The server was stopped during the call\"}";

	if (call->type != ENV_FUNCTION_BASED || resp->status != 503)
		return false;
	*begun = !strcmp(resp->body.data, during);
	return *begun || !strcmp(resp->body.data, before);
}

/* ---- receiving ----------------------------------------------------------------------- */

static void add_excerpt(struct strbuf *sb, const struct strbuf *body)
{
	text_add_safe(sb, body->data, MIN(body->len, (size_t) EXCERPT), false);
	if (body->len > EXCERPT)
		strbuf_adds(sb, "…");
}

static af_code no_json(const struct call *call, const struct server *s, const struct http_response *resp,
		       struct af_error *err)
{
	AUTO_STRBUF excerpt = STRBUF_INIT(STRBUF_LINE);
	struct af_error why = AF_ERROR_INIT;
	af_code rc = json_check(resp->body.data, resp->body.len, &why);

	add_excerpt(&excerpt, &resp->body);
	error_set(err, AF_ERR_PROTOCOL, "%s.%s answered %ld with a body that is %s: %s", s->name, call->method,
		  resp->status, rc ? why.message : "not what was expected", excerpt.data);
	af_error_clear(&why);
	return AF_ERR_PROTOCOL;
}

/* The text of `detail` or `error`, or a plain string: FastAPI's list of what is wrong with the arguments too. */
static char *detail_of(struct json_span body)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	struct json_span detail;
	char *out = NULL;

	if (json_type(body) == JSON_STRING)
		return json_string(body, NULL);
	if (json_type(body) != JSON_OBJECT || (!json_member(body, "detail", &detail) && !json_member(body, "error", &detail)))
		return NULL;
	if (json_type(detail) == JSON_STRING)
		return json_string(detail, NULL);
	json_add_pretty(&sb, detail, 0);
	return strbuf_steal(&sb, &out, NULL) ? NULL : out;
}

static af_code code_of_status(long status)
{
	switch (status) {
	case 404:
	case 405:
		return AF_ERR_NOT_FOUND;
	case 499:
		return AF_ERR_CANCELLED;
	case 408:
	case 504:
		return AF_ERR_TIMEOUT;
	case 502:
	case 503:
		return AF_ERR_UNREACHABLE;
	default:
		return AF_ERR_METHOD;
	}
}

static af_code failed(const struct call *call, const struct server *s, const struct http_response *resp,
		      struct json_span body, struct af_error *err)
{
	AUTO_FREE char *detail = body.len ? detail_of(body) : NULL;
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_TEXT);
	af_code rc = code_of_status(resp->status);

	/* What a framework says where it has no such route; anything else is said by the method itself. */
	if (rc == AF_ERR_NOT_FOUND && call->type == ENV_HTTP_BASED && detail && strcmp(detail, "Not Found") &&
	    strcmp(detail, "Method Not Allowed"))
		rc = AF_ERR_METHOD;
	if (detail)
		text_add_safe(&safe, detail, strlen(detail), true);
	else
		add_excerpt(&safe, &resp->body);
	while (safe.len && safe.data[safe.len - 1] == '\n')
		strbuf_truncate(&safe, safe.len - 1);
	if (resp->status < 400) {
		error_set(err, AF_ERR_PROTOCOL, "%s.%s: the server answered %ld, which is no answer to a call", s->name,
			  call->method, resp->status);
		error_hint(err, "redirects are not followed: is the environment at another URL?");
		return AF_ERR_PROTOCOL;
	}
	if (rc == AF_ERR_NOT_FOUND)
		return error_set(err, rc, "%s has no method %s", s->name, call->method);
	if (rc == AF_ERR_METHOD && resp->status >= 400 && resp->status < 500)
		return error_set(err, rc, "%s.%s refused the call (%ld): %s", s->name, call->method, resp->status, safe.data);
	if (rc == AF_ERR_METHOD)
		return error_set(err, rc, "%s.%s failed: %s", s->name, call->method, safe.len ? safe.data : "no reason given");
	return error_set(err, rc, "%s.%s: the server answered %ld: %s", s->name, call->method, resp->status, safe.data);
}

/* Keeps `part` of the body and hands the buffer over. */
static af_code take_part(struct http_response *resp, struct json_span part, char **result, size_t *len,
			 struct af_error *err)
{
	memmove(resp->body.data, part.text, part.len);
	strbuf_truncate(&resp->body, part.len);
	*len = part.len;
	return strbuf_steal(&resp->body, result, err);
}

static struct json_span trimmed(struct json_span s)
{
	while (s.len && strchr(" \n\t\r", *s.text)) {
		s.text++;
		s.len--;
	}
	while (s.len && strchr(" \n\t\r", s.text[s.len - 1]))
		s.len--;
	return s;
}

af_code call_result(const struct call *call, const struct server *s, struct http_response *resp, char **result,
		    size_t *len, struct af_error *err)
{
	bool is_json = resp->body.len && json_check(resp->body.data, resp->body.len, NULL) == AF_OK;
	struct json_span body = is_json ? trimmed(json_span_of(&resp->body)) : (struct json_span){ 0 };
	struct json_span status, part;

	if (resp->status < 200 || resp->status >= 300)
		return failed(call, s, resp, body, err);
	if (call->type == ENV_HTTP_BASED && resp->status == 204) {
		*len = strlen("null");
		*result = str_dup("null", err);
		return *result ? AF_OK : AF_ERR_NOMEM;
	}
	if (!is_json)
		return no_json(call, s, resp, err);
	if (call->type == ENV_HTTP_BASED)
		return take_part(resp, body, result, len, err);
	if (json_type(body) != JSON_OBJECT || !json_member(body, "status", &status) || !json_member(body, "result", &part))
		return no_json(call, s, resp, err);
	if (json_key_is(status, "success")) /* a quoted string, as keys are */
		return take_part(resp, part, result, len, err);
	AUTO_FREE char *detail = detail_of(part);
	AUTO_STRBUF safe = STRBUF_INIT(STRBUF_TEXT);
	if (detail)
		text_add_safe(&safe, detail, strlen(detail), true);
	return error_set(err, AF_ERR_METHOD, "%s.%s failed: %s", s->name, call->method,
			 safe.len ? safe.data : "no reason given");
}
