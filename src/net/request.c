/* From a request to a libcurl handle, and what the handle calls back. */
#include <string.h>

#include "net/net_priv.h"

#define CONNECT_TIMEOUT_MS 10000
/* A body above this size libcurl would hold back for a "100 Continue". */
#define EXPECT_FROM (1024 * 1024)

void response_init(struct http_response *resp, size_t max_body)
{
	*resp = (struct http_response){ .body = STRBUF_INIT(max_body ? max_body : STRBUF_HUGE) };
}

void http_response_free(struct http_response *resp)
{
	strbuf_free(&resp->body);
}

/* A text that is cut off where it does not fit; snprintf costs ten times as much. */
static void copy_text(char *to, size_t size, const char *from)
{
	if (!memccpy(to, from, '\0', size))
		to[size - 1] = '\0';
}

/* ---- what libcurl calls ------------------------------------------------------- */

void exchange_note_head(struct exchange *ex)
{
	const char *type = NULL;

	ex->have_head = true;
	curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &ex->resp->status);
	curl_easy_getinfo(ex->easy, CURLINFO_CONTENT_TYPE, &type);
	copy_text(ex->resp->content_type, sizeof(ex->resp->content_type), type ? type : "");
}

/* "Name: value\r\n"; not NUL-terminated. Status lines have no colon before the first space. */
static void pass_header(struct exchange *ex, const char *line, size_t len)
{
	char copy[1024];
	const char *colon = memchr(line, ':', len);
	size_t name_len = colon ? (size_t) (colon - line) : 0;

	if (!name_len || len >= sizeof(copy) || memchr(line, ' ', name_len))
		return;
	while (len > name_len && strchr("\r\n \t", line[len - 1]))
		len--;
	memcpy(copy, line, len);
	copy[len] = copy[name_len] = '\0';
	ex->req.on_header(ex->req.arg, copy, len > name_len ? copy + name_len + 1 + strspn(copy + name_len + 1, " \t") : "");
}

static size_t on_header(char *line, size_t one, size_t len, void *arg)
{
	struct exchange *ex = arg;
	bool end = line[0] == '\r' || line[0] == '\n';
	long status = 0;

	(void) one;
	if (ex->have_head || (!end && !ex->req.on_header))
		return len;
	curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200)
		return len;
	if (!end) {
		if (ex->req.on_header)
			pass_header(ex, line, len);
		return len;
	}
	exchange_note_head(ex);
	if (ex->req.on_head)
		ex->req.on_head(ex->req.arg, ex->resp);
	return len;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct exchange *ex = arg;

	(void) one;
	if (!ex->have_head)
		exchange_note_head(ex);
	if (ex->req.on_data && ex->resp->status < 400) {
		ex->enough = !ex->req.on_data(ex->req.arg, data, len);
		return ex->enough ? 0 : len;
	}
	struct strbuf *body = &ex->resp->body;
	if (!body->len) {
		curl_off_t expected = -1;
		curl_easy_getinfo(ex->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &expected);
		/* A hint only: an absurd length must not make us reserve it. */
		if (expected > 0 && expected < 64 * 1024 * 1024 && (size_t) expected <= body->max)
			strbuf_reserve(body, (size_t) expected);
	}
	strbuf_add(body, data, len);
	ex->stopped = body->failed;
	return ex->stopped ? 0 : len;
}

static size_t on_read(char *buf, size_t one, size_t size, void *arg)
{
	struct exchange *ex = arg;

	size *= one;
	if (ex->req.read) {
		ssize_t n = ex->req.read(ex->req.arg, buf, size);
		if (n >= 0)
			return (size_t) n;
		ex->stopped = AF_ERR_CANCELLED;
		return CURL_READFUNC_ABORT;
	}
	size_t n = MIN(size, ex->req.body_len - ex->body_sent);
	memcpy(buf, (const char *) ex->req.body + ex->body_sent, n);
	ex->body_sent += n;
	return n;
}

/* ---- handles ---------------------------------------------------------------------- */

af_code handle_init(struct handle *h, struct af_error *err)
{
	*h = (struct handle){ .easy = curl_easy_init() };
	return h->easy ? AF_OK : error_nomem(err);
}

void handle_rest(struct handle *h)
{
	/* These two are the exchange's; libcurl would write to the one when it closes a connection. */
	curl_easy_setopt(h->easy, CURLOPT_ERRORBUFFER, NULL);
	curl_easy_setopt(h->easy, CURLOPT_HTTPHEADER, NULL);
}

void handle_free(struct handle *h)
{
	if (h->easy)
		curl_easy_cleanup(h->easy);
	curl_url_cleanup(h->target);
	free(h->url);
	*h = (struct handle){ 0 };
}

/* ---- setting up ------------------------------------------------------------------ */

static const char *path_of(const struct http_request *req)
{
	return req->path ? req->path : "/";
}

static bool has_url(const struct handle *h, const struct http_request *req)
{
	size_t len = strlen(req->endpoint.base);

	return h->url && !strncmp(h->url, req->endpoint.base, len) && !strcmp(h->url + len, path_of(req));
}

static af_code set_url(struct handle *h, const struct http_request *req, struct af_error *err)
{
	free(h->url);
	h->url = str_format(err, "%s%s", req->endpoint.base, path_of(req));
	if (!h->url)
		return AF_ERR_NOMEM;
	if (!h->target && !(h->target = curl_url())) {
		free(af_steal(h->url));
		return error_nomem(err);
	}
	CURLUcode wrong = curl_url_set(h->target, CURLUPART_URL, h->url, CURLU_PATH_AS_IS);
	if (wrong) {
		free(af_steal(h->url));
		return wrong == CURLUE_OUT_OF_MEMORY ? error_nomem(err) :
						       error_set(err, AF_ERR_USAGE, NOT_HTTP, req->endpoint.base,
								 curl_url_strerror(wrong));
	}
	curl_easy_setopt(h->easy, CURLOPT_CURLU, h->target);
	return AF_OK;
}

/* Appends a line to the list that is being made in `list`, its copy at *text. */
static void list_add(struct curl_slist *list, size_t i, char **text, const char *line)
{
	size_t size = strlen(line) + 1;

	list[i] = (struct curl_slist){ .data = *text };
	if (i)
		list[i - 1].next = &list[i];
	memcpy(*text, line, size);
	*text += size;
}

/* Two lists that end with NULL as libcurl wants them: copied, and all in one piece of memory. NULL: no memory. */
static struct curl_slist *header_list(const char *const *ours, const char *const *theirs)
{
	size_t count = 0, bytes = 0;

	for (const char *const *h = ours; *h; h++, count++)
		bytes += strlen(*h) + 1;
	for (const char *const *h = theirs; *h; h++, count++)
		bytes += strlen(*h) + 1;
	struct curl_slist *list = malloc(count * sizeof(*list) + bytes);
	char *text = (char *) (list + count);
	if (!list)
		return NULL;
	count = 0;
	for (const char *const *h = ours; *h; h++)
		list_add(list, count++, &text, *h);
	for (const char *const *h = theirs; *h; h++)
		list_add(list, count++, &text, *h);
	return list;
}

static af_code set_headers(struct exchange *ex, struct af_error *err)
{
	static const char *const none[] = { NULL };
	const char *ours[3] = { NULL };
	size_t count = 0;

	if (ex->req.read || ex->req.body_len > EXPECT_FROM)
		ours[count++] = "Expect:";
	if (ex->req.read)
		ours[count++] = "Transfer-Encoding: chunked";
	const char *const *theirs = ex->req.headers ? ex->req.headers : none;
	if (!count && !*theirs)
		return AF_OK;
	ex->headers = header_list(ours, theirs);
	if (!ex->headers)
		return error_nomem(err);
	curl_easy_setopt(ex->easy, CURLOPT_HTTPHEADER, ex->headers);
	return AF_OK;
}

static void set_method(CURL *easy, const struct http_request *req)
{
	const char *method = req->method ? req->method : "GET";
	bool post = !strcmp(method, "POST");

	if (post || req->body || req->read) {
		curl_easy_setopt(easy, CURLOPT_POST, 1L);
		if (!post)
			curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	} else if (!strcmp(method, "HEAD")) {
		curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
	} else if (strcmp(method, "GET")) {
		curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
	}
}

static void set_body(struct exchange *ex)
{
	const struct http_request *req = &ex->req;
	CURL *easy = ex->easy;

	if (req->read || (req->once && req->body_len)) {
		/* libcurl sends a request again, body and all, when a kept connection turns out dead. It cannot
		 * where the body comes from a callback that it cannot rewind. */
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(easy, CURLOPT_READDATA, ex);
		if (!req->read)
			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) req->body_len);
	} else if (req->body || (req->method && !strcmp(req->method, "POST"))) {
		curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) req->body_len);
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, req->body ? req->body : "");
	}
}

static void set_tls(CURL *easy, const struct http_tls *tls)
{
	if (tls->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, tls->ca_file);
	if (tls->cert_file)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, tls->cert_file);
	if (tls->key_file)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, tls->key_file);
	if (tls->insecure) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
}

static void set_connection(CURL *easy, const struct http_endpoint *to)
{
	if (to->unix_path)
		curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, to->unix_path);
	if (!to->proxy)
		curl_easy_setopt(easy, CURLOPT_PROXY, "");
	if (to->tls)
		set_tls(easy, to->tls);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, 30L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, 15L);
}

/* What every request of a kind shares: a handle that served the kind before has it already. */
static void set_kind(CURL *easy, const struct http_request *req)
{
	curl_easy_reset(easy);
	set_connection(easy, &req->endpoint);
	set_method(easy, req);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
}

/* The kind that comes by the thousand: a call over plain TCP. No two other requests need be alike. */
static bool is_plain(const struct http_request *req)
{
	return req->method && !strcmp(req->method, "POST") && !req->read && !req->once && !req->endpoint.unix_path &&
	       !req->endpoint.tls && !req->endpoint.proxy;
}

/* What is this request's own. */
static void set_exchange(struct exchange *ex)
{
	const struct http_request *req = &ex->req;
	CURL *easy = ex->easy;

	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ex->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, ex);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long) (req->connect_timeout_ms ? req->connect_timeout_ms : CONNECT_TIMEOUT_MS));
	curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) MAX(req->timeout_ms, (int64_t) 0));
	/* One that announces too much is not read at all. */
	curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t) (req->on_data ? 0 : MIN(ex->resp->body.max, (size_t) INT64_MAX)));
	set_body(ex);
}

af_code exchange_setup(struct exchange *ex, struct handle *h, struct af_error *err)
{
	const struct http_request *req = &ex->req;
	bool plain = is_plain(req);
	af_code rc = AF_OK;

	ex->easy = h->easy;
	/* An instance that has no address just now. */
	if (!req->endpoint.base)
		return error_set(err, AF_ERR_UNREACHABLE, "no address to connect to");
	copy_text(ex->where, sizeof(ex->where), req->endpoint.unix_path ? req->endpoint.unix_path : req->endpoint.base);
	if (!plain || !h->plain) {
		set_kind(h->easy, req);
		h->plain = plain;
		free(af_steal(h->url));
	}
	if (!has_url(h, req))
		rc = set_url(h, req, err);
	if (!rc)
		rc = set_headers(ex, err);
	if (rc)
		return rc;
	set_exchange(ex);
	ex->started = clock_us();
	return AF_OK;
}

void exchange_free(struct exchange *ex)
{
	free(af_steal(ex->headers));
}
