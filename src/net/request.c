/* From a request to a libcurl handle, and from libcurl's verdict to an answer. */
#include <stdio.h>
#include <string.h>

#include "net/net_priv.h"

#define CONNECT_TIMEOUT_MS 10000

void response_init(struct http_response *resp, size_t max_body)
{
	*resp = (struct http_response){ .body = STRBUF_INIT(max_body ? max_body : STRBUF_HUGE) };
}

void http_response_free(struct http_response *resp)
{
	strbuf_free(&resp->body);
}

/* ---- what libcurl calls ------------------------------------------------------- */

static void note_head(struct exchange *ex)
{
	const char *type = NULL;

	ex->have_head = true;
	curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &ex->resp->status);
	curl_easy_getinfo(ex->easy, CURLINFO_CONTENT_TYPE, &type);
	snprintf(ex->resp->content_type, sizeof(ex->resp->content_type), "%s", type ? type : "");
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
	long status = 0;

	(void) one;
	curl_easy_getinfo(ex->easy, CURLINFO_RESPONSE_CODE, &status);
	if (status < 200 || ex->have_head)
		return len;
	if (len != 2 || line[0] != '\r') {
		if (ex->req.on_header)
			pass_header(ex, line, len);
		return len;
	}
	note_head(ex);
	if (ex->req.on_head)
		ex->req.on_head(ex->req.arg, ex->resp);
	return len;
}

static size_t on_body(char *data, size_t one, size_t len, void *arg)
{
	struct exchange *ex = arg;

	(void) one;
	if (!ex->have_head)
		note_head(ex);
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

/* ---- setting up ------------------------------------------------------------------ */

af_code exchange_target(struct exchange *ex, char **url, struct af_error *err)
{
	const struct http_endpoint *to = &ex->req.endpoint;

	snprintf(ex->where, sizeof(ex->where), "%s", to->unix_path ? to->unix_path : to->base);
	*url = str_format(err, "%s%s", to->base, ex->req.path ? ex->req.path : "/");
	return *url ? AF_OK : AF_ERR_NOMEM;
}

static bool add_header(struct exchange *ex, const char *line)
{
	struct curl_slist *more = curl_slist_append(ex->headers, line);

	if (more)
		ex->headers = more;
	return more != NULL;
}

static af_code set_headers(struct exchange *ex, struct af_error *err)
{
	/* Without this libcurl holds a larger body back for a "100 Continue". */
	bool ok = add_header(ex, "Expect:");

	if (ex->req.read)
		ok = ok && add_header(ex, "Transfer-Encoding: chunked");
	for (const char *const *h = ex->req.headers; ok && h && *h; h++)
		ok = add_header(ex, *h);
	if (!ok)
		return error_nomem(err);
	curl_easy_setopt(ex->easy, CURLOPT_HTTPHEADER, ex->headers);
	return AF_OK;
}

static void set_method_and_body(struct exchange *ex)
{
	const struct http_request *req = &ex->req;
	const char *method = req->method ? req->method : "GET";
	CURL *easy = ex->easy;
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
	if (req->read || (req->once && req->body_len)) {
		/* libcurl sends a request again, body and all, when a kept connection turns out dead. It cannot
		 * where the body comes from a callback that it cannot rewind. */
		curl_easy_setopt(easy, CURLOPT_READFUNCTION, on_read);
		curl_easy_setopt(easy, CURLOPT_READDATA, ex);
		if (!req->read)
			curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) req->body_len);
	} else if (post || req->body) {
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

static void set_connection(struct exchange *ex)
{
	const struct http_endpoint *to = &ex->req.endpoint;
	CURL *easy = ex->easy;

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
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
			 (long) (ex->req.connect_timeout_ms ? ex->req.connect_timeout_ms : CONNECT_TIMEOUT_MS));
	if (ex->req.timeout_ms > 0)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long) ex->req.timeout_ms);
}

af_code exchange_setup(struct exchange *ex, CURL *easy, struct af_error *err)
{
	AUTO_FREE char *url = NULL;
	af_code rc = exchange_target(ex, &url, err);

	ex->easy = easy;
	if (!rc)
		rc = set_headers(ex, err);
	if (rc)
		return rc;
	if (curl_easy_setopt(easy, CURLOPT_URL, url) != CURLE_OK)
		return error_nomem(err);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, ex->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, ex);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, ex);
	if (ex->req.on_head || ex->req.on_header) {
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
		curl_easy_setopt(easy, CURLOPT_HEADERDATA, ex);
	}
	set_connection(ex);
	set_method_and_body(ex);
	ex->started = clock_us();
	return AF_OK;
}

void exchange_free(struct exchange *ex)
{
	curl_slist_free_all(ex->headers);
	ex->headers = NULL;
}

/* ---- the verdict -------------------------------------------------------------------- */

static af_code timed_out(struct exchange *ex, struct af_error *err)
{
	AUTO_STRBUF waited = STRBUF_INIT(64);
	int64_t ms = ex->resp->total_us / 1000;

	duration_format(&waited, ms);
	/* The whole request's limit, or only the one for connecting? A millisecond of slack for rounding. */
	if (ex->req.timeout_ms > 0 && ms + 1 >= ex->req.timeout_ms)
		return error_set(err, AF_ERR_TIMEOUT, "no answer from %s within %s", ex->where, waited.data);
	return error_set(err, AF_ERR_UNREACHABLE, "connect %s: no answer within %s", ex->where, waited.data);
}

static af_code not_connected(struct exchange *ex, struct af_error *err)
{
	long errnum = 0;

	curl_easy_getinfo(ex->easy, CURLINFO_OS_ERRNO, &errnum);
	if (errnum)
		return error_errno(err, AF_ERR_UNREACHABLE, (int) errnum, "connect %s", ex->where);
	return error_set(err, AF_ERR_UNREACHABLE, "connect %s: %s", ex->where, ex->detail);
}

static af_code stopped(struct exchange *ex, struct af_error *err)
{
	if (ex->stopped == AF_ERR_TOO_LARGE)
		return error_set(err, ex->stopped, "the answer of %s is larger than the limit of %zu bytes", ex->where,
				 ex->resp->body.max);
	if (ex->stopped == AF_ERR_NOMEM)
		return error_nomem(err);
	return error_set(err, ex->stopped, "the request to %s was given up", ex->where);
}

af_code exchange_finish(struct exchange *ex, CURLcode verdict, struct af_error *err)
{
	long request_size = 0;
	curl_off_t uploaded = 0;

	if (!ex->have_head)
		note_head(ex);
	curl_easy_getinfo(ex->easy, CURLINFO_REQUEST_SIZE, &request_size);
	curl_easy_getinfo(ex->easy, CURLINFO_SIZE_UPLOAD_T, &uploaded);
	ex->resp->sent = request_size > 0 || uploaded > 0;
	ex->resp->total_us = clock_us() - ex->started;
	if (verdict == CURLE_OK || ex->enough)
		return AF_OK;
	if (ex->stopped)
		return stopped(ex, err);
	switch (verdict) {
	case CURLE_OPERATION_TIMEDOUT:
		return timed_out(ex, err);
	case CURLE_COULDNT_CONNECT:
	case CURLE_COULDNT_RESOLVE_HOST:
		return not_connected(ex, err);
	case CURLE_OUT_OF_MEMORY:
		return error_nomem(err);
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
		return error_set(err, AF_ERR_USAGE, "\"%s\" is no http or https address: %s", ex->where, ex->detail);
	case CURLE_GOT_NOTHING:
	case CURLE_RECV_ERROR:
	case CURLE_SEND_ERROR:
	case CURLE_PARTIAL_FILE:
	case CURLE_SEND_FAIL_REWIND:
		return error_set(err, AF_ERR_LOST, "the connection to %s broke before the answer was whole: %s",
				 ex->where, *ex->detail ? ex->detail : curl_easy_strerror(verdict));
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
		return error_set(err, AF_ERR_UNREACHABLE, "connect %s: TLS: %s", ex->where,
				 *ex->detail ? ex->detail : curl_easy_strerror(verdict));
	default:
		return error_set(err, AF_ERR_PROTOCOL, "%s: %s", ex->where,
				 *ex->detail ? ex->detail : curl_easy_strerror(verdict));
	}
}
