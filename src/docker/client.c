/* One engine: finding it, agreeing on a version, requests. See docker.h and client.h. */
#include "docker/client.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "docker/answer.h"
#include "docker/tree.h"

/* The newest API that this code was written against, the oldest that has all it needs, and the one that an
 * engine speaks which does not say. */
#define API_NEWEST API(51)
#define API_OLDEST API(25)
#define API_UNSAID API(24)
#define PING_TIMEOUT_MS 20000
/* Of an answer that is collected: ten thousand containers take some 30 MiB. */
#define ANSWER_MAX (256u * 1024 * 1024)

/* ---- life --------------------------------------------------------------------- */

static af_code new_engine(struct http *http, const char *host, const char *unix_path, struct docker **out,
			  struct af_error *err)
{
	struct docker *d = calloc(1, sizeof(*d));
	const char *wanted = getenv("DOCKER_API_VERSION");
	af_code rc;

	if (!d)
		return error_nomem(err);
	pthread_mutex_init(&d->lock, NULL);
	d->http = http;
	rc = unix_path ? endpoint_via(host, unix_path, &d->ep, err) : endpoint_resolve(host, &d->ep, err);
	/* The copy has moved: the TLS record's pointers are those of the strings, which have not. */
	if (rc == AF_OK && !str_blank(wanted) && !(d->wanted_api = str_dup(wanted, err)))
		rc = AF_ERR_NOMEM;
	if (rc != AF_OK) {
		docker_free(d);
		return rc;
	}
	*out = d;
	return AF_OK;
}

af_code docker_new(struct http *http, const char *host, struct docker **out, struct af_error *err)
{
	return new_engine(http, host, NULL, out, err);
}

af_code docker_new_via(struct http *http, const char *name, const char *unix_path, const struct docker_way *way,
		       struct docker **out, struct af_error *err)
{
	af_code rc = new_engine(http, name, unix_path, out, err);

	if (!rc)
		(*out)->way = *way;
	return rc;
}

void docker_free(struct docker *d)
{
	if (!d)
		return;
	endpoint_free(&d->ep);
	free(d->wanted_api);
	pthread_mutex_destroy(&d->lock);
	free(d);
}

const char *docker_host(const struct docker *d)
{
	return d->ep.host;
}

bool docker_has_buildkit(const struct docker *d)
{
	return d->connected && d->buildkit;
}

/* ---- the way there ----------------------------------------------------------------- */

static af_code reach(struct docker *d, struct cancel *cancel, struct af_error *err)
{
	return d->way.reach ? d->way.reach(d->way.arg, cancel, err) : AF_OK;
}

static const char *way_hint(const char *refusal)
{
	if (strstr(refusal, "not found") || strstr(refusal, "No such file"))
		return "install docker on that host, where a plain `ssh HOST docker version` finds it";
	if (strstr(refusal, "ermission denied"))
		return "let that user use the engine there: usermod -aG docker USER";
	if (strstr(refusal, "dial-stdio"))
		return "docker on that host must be 18.09 or later";
	return "`ssh HOST docker version` should answer";
}

/* A request that did not get through: what stood in its way is not what libcurl saw. */
static af_code explain(const struct docker *d, af_code rc, struct af_error *err)
{
	AUTO_FREE char *refusal = NULL;

	if (!d->way.reach || (rc != AF_ERR_LOST && rc != AF_ERR_UNREACHABLE))
		return answer_transport(rc, &d->ep, err);
	refusal = d->way.refusal(d->way.arg);
	if (!refusal)
		return error_wrap(err, rc, "%s", d->ep.host);
	error_set(err, AF_ERR_UNREACHABLE, "the engine of %s: %s", d->ep.host, refusal);
	error_hint(err, "%s", way_hint(refusal));
	return AF_ERR_UNREACHABLE;
}

/* ---- version ------------------------------------------------------------------ */

/* What /_ping says in its headers. */
struct ping {
	char api[16];
	char builder[8];
	bool podman;
};

static void on_ping_header(void *arg, const char *name, const char *value)
{
	struct ping *ping = arg;

	if (!strcasecmp(name, "Api-Version"))
		snprintf(ping->api, sizeof(ping->api), "%s", value);
	else if (!strcasecmp(name, "Builder-Version"))
		snprintf(ping->builder, sizeof(ping->builder), "%s", value);
	else if (!strcasecmp(name, "Libpod-Api-Version"))
		ping->podman = true;
}

/* "1.41" → API(41); false if it is no version. */
static bool parse_api(const char *text, int *out)
{
	int64_t major, minor;
	size_t len = strcspn(text, ".");
	AUTO_FREE char *head = str_ndup(text, len, NULL);

	if (!head || text[len] != '.' || !int_parse(head, 1, 99, &major) || !int_parse(text + len + 1, 0, 999, &minor))
		return false;
	*out = (int) (major * 1000 + minor);
	return true;
}

static af_code ping_engine(struct docker *d, struct cancel *cancel, struct ping *ping, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp;
	struct http_request req = {
		.endpoint = endpoint_http(&d->ep),
		.path = "/_ping",
		.timeout_ms = PING_TIMEOUT_MS,
		.max_body = STRBUF_LINE,
		.on_header = on_ping_header,
		.arg = ping,
		.cancel = cancel,
	};
	af_code rc = reach(d, cancel, err);

	resp = (struct http_response){ .body = STRBUF_INIT(STRBUF_LINE) };
	if (rc != AF_OK)
		return rc;
	rc = http_perform(d->http, &req, &resp, err);
	/* Hung up on: that is how TLS is asked for, or a client certificate. */
	if (rc == AF_ERR_LOST && !d->ep.unix_path)
		rc = error_wrap(err, AF_ERR_UNREACHABLE, "ping %s", d->ep.host);
	if (rc != AF_OK)
		return explain(d, rc, err);
	rc = answer_check(&resp, err);
	if (rc != AF_OK)
		return error_wrap(err, rc == AF_ERR_NOT_FOUND ? AF_ERR_PROTOCOL : rc, "ping %s", d->ep.host);
	if (!ping->api[0] && strncmp(resp.body.data, "OK", 2) != 0) {
		error_set(err, AF_ERR_PROTOCOL, "what answers at %s is not a container engine", d->ep.host);
		return answer_transport(AF_ERR_PROTOCOL, &d->ep, err);
	}
	return AF_OK;
}

static af_code choose_api(const struct docker *d, const struct ping *ping, int *api, struct af_error *err)
{
	int theirs = API_UNSAID;

	if (d->wanted_api) {
		if (parse_api(d->wanted_api, api))
			return AF_OK;
		error_set(err, AF_ERR_USAGE, "DOCKER_API_VERSION is \"%s\", which is no version", d->wanted_api);
		error_hint(err, "unset it, or write one such as 1.43");
		return AF_ERR_USAGE;
	}
	if (ping->api[0] && !parse_api(ping->api, &theirs))
		return error_set(err, AF_ERR_PROTOCOL, "the engine at %s says that its API version is \"%s\"",
				 d->ep.host, ping->api);
	*api = MIN(theirs, API_NEWEST);
	if (*api >= API_OLDEST)
		return AF_OK;
	error_set(err, AF_ERR_UNAVAILABLE, "the engine at %s is too old: it speaks API 1.%d, 1.%d is needed", d->ep.host,
		  theirs % 1000, API_OLDEST % 1000);
	error_hint(err, "use Docker 17.03 or later, or podman");
	return AF_ERR_UNAVAILABLE;
}

af_code docker_connect(struct docker *d, struct cancel *cancel, struct af_error *err)
{
	struct ping ping = { 0 };
	int api = 0;
	af_code rc;

	if (atomic_load(&d->connected))
		return AF_OK;
	/* Without the lock: two threads that come at the same time both ask, and get the same answer. */
	rc = ping_engine(d, cancel, &ping, err);
	if (rc == AF_OK)
		rc = choose_api(d, &ping, &api, err);
	if (rc != AF_OK)
		return rc;
	pthread_mutex_lock(&d->lock);
	if (!atomic_load(&d->connected)) {
		d->api = api;
		d->podman = ping.podman;
		/* "1": BuildKit is switched off; silent engines since 18.09 have it. podman builds on its own. */
		d->buildkit = !ping.podman && api >= API(39) && strcmp(ping.builder, "1") != 0;
		snprintf(d->prefix, sizeof(d->prefix), "/v%d.%d", api / 1000, api % 1000);
		atomic_store(&d->connected, true);
	}
	pthread_mutex_unlock(&d->lock);
	return AF_OK;
}

/* ---- requests ------------------------------------------------------------------ */

#define HEADERS_MAX 4

/* The HTTP request; `path` gets the versioned path, `headers` the list that it points to. */
static af_code translate(struct docker *d, const struct engine_request *req, struct strbuf *path,
			 const char *headers[HEADERS_MAX], struct http_request *out, struct af_error *err)
{
	size_t n = 0;

	strbuf_adds(path, d->prefix);
	strbuf_adds(path, req->path);
	if (req->body)
		headers[n++] = "Content-Type: application/json";
	else if (req->read)
		headers[n++] = "Content-Type: application/x-tar";
	if (req->header)
		headers[n++] = req->header;
	headers[n] = NULL;
	*out = (struct http_request){
		.endpoint = endpoint_http(&d->ep),
		.method = req->method ? req->method : "GET",
		.path = path->data,
		.headers = headers,
		.body = req->body,
		.body_len = req->body ? strlen(req->body) : 0,
		.once = true, /* what was sent may have been done: a second container of a name is refused, and so on */
		.read = req->read,
		.max_body = ANSWER_MAX,
		.timeout_ms = req->timeout_ms < 0 ? 0 : req->timeout_ms ? req->timeout_ms : ENGINE_TIMEOUT_MS,
		.on_head = req->on_head,
		.on_data = req->on_data,
		.arg = req->arg,
		.cancel = req->cancel,
	};
	return strbuf_check(path, err);
}

af_code engine_perform(struct docker *d, const struct engine_request *req, struct http_response *resp,
		       struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	const char *headers[HEADERS_MAX];
	struct http_request http;
	af_code rc = docker_connect(d, req->cancel, err);

	if (rc == AF_OK)
		rc = reach(d, req->cancel, err);
	*resp = (struct http_response){ .body = STRBUF_INIT(STRBUF_TEXT) };
	if (rc == AF_OK)
		rc = translate(d, req, &path, headers, &http, err);
	if (rc != AF_OK)
		return rc;
	rc = http_perform(d->http, &http, resp, err);
	/* An engine that refuses a large upload may hang up on the rest of it: its answer is what counts. */
	if (rc == AF_ERR_LOST && resp->status >= 400)
		rc = AF_OK;
	return rc == AF_OK ? answer_check(resp, err) : explain(d, rc, err);
}

af_code engine_json(struct docker *d, const struct engine_request *req, cJSON **out, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp;
	af_code rc = engine_perform(d, req, &resp, err);

	*out = NULL;
	if (rc != AF_OK || resp.body.len == 0)
		return rc;
	*out = tree_parse(resp.body.data, resp.body.len);
	if (!*out)
		return error_set(err, AF_ERR_PROTOCOL, "the engine at %s answered %s with something that is not JSON",
				 d->ep.host, req->path);
	return AF_OK;
}

af_code engine_do(struct docker *d, const struct engine_request *req, struct af_error *err)
{
	AF_AUTO(http_response) struct http_response resp;

	return engine_perform(d, req, &resp, err);
}

af_code engine_submit(struct docker *d, const struct engine_request *req, http_done_fn done, void *done_arg,
		      struct http_transfer **out, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	const char *headers[HEADERS_MAX];
	struct http_request http;
	af_code rc = docker_connect(d, req->cancel, err);

	if (rc == AF_OK)
		rc = translate(d, req, &path, headers, &http, err);
	if (rc != AF_OK)
		return rc;
	http.cancel = NULL;
	http.timeout_ms = MAX(req->timeout_ms, (int64_t) 0);
	return http_submit(d->http, &http, done, done_arg, out, err);
}

af_code engine_upgrade(struct docker *d, const struct engine_request *req, struct http_pipe **out,
		       struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	const char *headers[HEADERS_MAX];
	struct http_request http;
	af_code rc = docker_connect(d, req->cancel, err);

	if (rc == AF_OK)
		rc = reach(d, req->cancel, err);
	if (rc == AF_OK)
		rc = translate(d, req, &path, headers, &http, err);
	if (rc != AF_OK)
		return rc;
	return explain(d, http_upgrade(d->http, &http, out, err), err);
}

af_code docker_request(struct docker *d, const char *method, const char *path, const cJSON *body,
		       int64_t timeout_ms, struct cancel *cancel, cJSON **out, struct af_error *err)
{
	AUTO_FREE char *text = body ? tree_print(body, err) : NULL;
	struct engine_request req = {
		.method = method, .path = path, .body = text, .timeout_ms = timeout_ms, .cancel = cancel,
	};

	if (body && !text)
		return AF_ERR_NOMEM;
	return out ? engine_json(d, &req, out, err) : engine_do(d, &req, err);
}

af_code docker_version(struct docker *d, struct cancel *cancel, cJSON **out, struct af_error *err)
{
	return docker_request(d, "GET", "/version", NULL, 0, cancel, out, err);
}

af_code docker_info(struct docker *d, struct cancel *cancel, cJSON **out, struct af_error *err)
{
	return docker_request(d, "GET", "/info", NULL, 0, cancel, out, err);
}
