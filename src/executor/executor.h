/*
 * Speaks to one running environment over HTTP: is it healthy, which methods has it, call one.
 *
 * The protocol (function_based, the injected server): GET /health, GET /methods, GET /stats, POST /call
 * {"method","args","kwargs"}, POST /cancel {"id"}; the header X-Affinetes-Call-Id names a call, which then runs
 * once however often it is asked for. http_based environments have their own server: methods are the POST
 * operations of GET /openapi.json, a call is POST /METHOD with the arguments as body, the body is the result.
 */
#ifndef EXECUTOR_EXECUTOR_H
#define EXECUTOR_EXECUTOR_H

#include <cjson/cJSON.h>

#include "base/envtype.h"
#include "base/json.h"
#include "net/http.h"

#define SERVER_PORT 8000

/* One server; the strings belong to the instance behind it. */
struct server {
	struct http *http;
	struct http_endpoint endpoint;
	enum env_type type;
	const char *name; /* for messages: "calc" */
	int64_t connect_ms; /* health and statistics give up a connection after this time; 0: only with the rest */
};

/* One GET /health. AF_OK: it serves. Anything else: not yet. */
af_code server_health(const struct server *s, int64_t timeout_ms, struct cancel *cancel, struct af_error *err) MUST_CHECK;

/* The protocol is older than call ids, and so are other servers of it: none of those has GET /stats. */
bool server_knows_ids(const struct server *s, struct cancel *cancel) MUST_CHECK;
/* GET /stats of the injected server; UNAVAILABLE where the server has none. */
af_code server_stats(const struct server *s, int64_t timeout_ms, struct cancel *cancel, cJSON **out,
		     struct af_error *err) MUST_CHECK;

struct method {
	char *name;
	char *signature; /* "(task_id: int, seed: int = 0)" */
	char *doc;       /* may be NULL */
	char *source;    /* "Actor", "module", "openapi" */
	char *parameters; /* what the injected server says besides, as JSON: [{name, required, default, annotation}]; may be NULL */
};
struct method_list {
	struct method *items;
	size_t count;
};
af_code server_methods(const struct server *s, struct cancel *cancel, struct method_list *out,
		       struct af_error *err) MUST_CHECK;
void method_list_free(struct method_list *list);
static inline void method_list_cleanup(struct method_list *list)
{
	method_list_free(list);
}
/* Pure: what the bodies of /methods and /openapi.json say. */
af_code methods_parse(const char *text, size_t len, struct method_list *out, struct af_error *err) MUST_CHECK;
af_code openapi_parse(const char *text, size_t len, struct method_list *out, struct af_error *err) MUST_CHECK;
/* Appends a method (strings are copied, doc and source may be NULL). */
af_code method_list_add(struct method_list *list, const char *name, const char *signature, const char *doc,
			const char *source, struct af_error *err) MUST_CHECK;

/* ---- calls --------------------------------------------------------------------- */

/* A call, ready to be sent to any server of its type, as often as need be. */
struct call {
	char id[33]; /* hex; its name with the server */
	enum env_type type;
	char *method;
	char *path;
	struct strbuf body;
	char header[80];
	const char *headers[4];
};

/* kwargs: a checked JSON object, or empty for {}. `call` must not move afterwards. */
af_code call_init(struct call *call, enum env_type type, const char *method, struct json_span kwargs,
		  struct af_error *err) MUST_CHECK;
void call_free(struct call *call);
/* The request that sends it to `s`. */
void call_request(const struct call *call, const struct server *s, int64_t timeout_ms, struct http_request *req);
/* What the answer means: AF_OK and *result (JSON text, malloc'd; taken out of resp without a copy), METHOD with
 * the method's own message and traceback, NOT_FOUND, CANCELLED, PROTOCOL. */
af_code call_result(const struct call *call, const struct server *s, struct http_response *resp, char **result,
		    size_t *len, struct af_error *err) MUST_CHECK;
/* Does the answer say that the server is stopping? *begun: it was, with the call running; else it has not begun it. */
bool call_was_turned_away(const struct call *call, const struct http_response *resp, bool *begun);
/* Tells the server that nobody waits any more (POST /cancel), because of `why`. Best effort, waits 500 ms at most. */
void call_cancel(const struct call *call, const struct server *s, af_code why);
/* The body of that request: {"id"}, and "why":"timeout" if the client's time was up, for the server's statistics. Returns
 * its length. */
#define CALL_CANCEL_SIZE 80
size_t call_cancel_body(const struct call *call, af_code why, char body[CALL_CANCEL_SIZE]);

#endif
