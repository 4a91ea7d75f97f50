/* Connections taken over from HTTP ("101 Switching Protocols"). See http.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/bytes.h"
#include "base/json.h"
#include "net/net_priv.h"

#define HEAD_MAX 16384
/* How long an engine may take to answer, and how much of an error's body is read. */
#define ANSWER_MS 30000
#define ERROR_BODY_MAX 65536

struct http_pipe {
	struct handle handle;
	int fd;
	bool tls;
	struct strbuf early; /* bytes that came in the same piece as the answer's head */
	size_t early_taken;
};

int http_pipe_fd(const struct http_pipe *p)
{
	return p->fd;
}

void http_pipe_close(struct http_pipe *p)
{
	if (!p)
		return;
	handle_free(&p->handle);
	strbuf_free(&p->early);
	free(p);
}

ssize_t http_pipe_read(struct http_pipe *p, char *buf, size_t size)
{
	size_t got = 0;

	if (p->early_taken < p->early.len) {
		got = MIN(size, p->early.len - p->early_taken);
		memcpy(buf, p->early.data + p->early_taken, got);
		p->early_taken += got;
		return (ssize_t) got;
	}
	CURLcode cc = curl_easy_recv(p->handle.easy, buf, size, &got);
	if (cc == CURLE_AGAIN)
		return -1;
	return cc ? -2 : (ssize_t) got;
}

ssize_t http_pipe_write(struct http_pipe *p, const char *buf, size_t len)
{
	size_t sent = 0;
	CURLcode cc = curl_easy_send(p->handle.easy, buf, len, &sent);

	if (cc == CURLE_AGAIN)
		return -1;
	return cc ? -2 : (ssize_t) sent;
}

void http_pipe_shutdown(struct http_pipe *p)
{
	/* TLS has no half-close that libcurl offers; the other side then sees the end with the close. */
	if (!p->tls)
		shutdown(p->fd, SHUT_WR);
}

/* Waits until the descriptor is ready, the request's cancel token fires, or time is up. */
static af_code wait_for(struct http_pipe *p, short events, deadline until, const struct exchange *ex,
			struct af_error *err)
{
	struct pollfd pfd = { .fd = p->fd, .events = events };

	for (;;) {
		af_code rc = cancel_check(ex->req.cancel, err);
		if (rc)
			return rc;
		int64_t left = deadline_left(until);
		if (!left)
			return error_set(err, AF_ERR_TIMEOUT, "no answer from %s within %d s", ex->where,
					 ANSWER_MS / 1000);
		/* The answer comes in a millisecond; a cancel in the meantime is noticed soon enough. */
		if (poll(&pfd, 1, (int) MIN(left, (int64_t) 100)) > 0)
			return AF_OK;
	}
}

static af_code broken(const struct exchange *ex, struct af_error *err)
{
	return error_set(err, AF_ERR_LOST, "the connection to %s broke before it answered", ex->where);
}

static af_code send_all(struct http_pipe *p, const struct exchange *ex, const char *data, size_t len, deadline until,
			struct af_error *err)
{
	while (len) {
		ssize_t n = http_pipe_write(p, data, len);
		if (n == -2)
			return broken(ex, err);
		if (n > 0) {
			data += n;
			len -= (size_t) n;
			continue;
		}
		af_code rc = wait_for(p, POLLOUT, until, ex, err);
		if (rc)
			return rc;
	}
	return AF_OK;
}

/* Appends what is there; *end is set at the end of the stream. */
static af_code read_more(struct http_pipe *p, const struct exchange *ex, struct strbuf *to, deadline until, bool *end,
			 struct af_error *err)
{
	char buf[4096];

	for (;;) {
		ssize_t n = http_pipe_read(p, buf, sizeof(buf));
		if (n == -2)
			return broken(ex, err);
		if (n >= 0) {
			*end = n == 0;
			strbuf_add(to, buf, (size_t) n);
			return strbuf_check(to, err);
		}
		af_code rc = wait_for(p, POLLIN, until, ex, err);
		if (rc)
			return rc;
	}
}

static af_code send_request(struct http_pipe *p, const struct exchange *ex, deadline until, struct af_error *err)
{
	const struct http_request *req = &ex->req;
	const char *host = strstr(req->endpoint.base, "://");
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	strbuf_addf(&out, "%s %s HTTP/1.1\r\nHost: %s\r\n", req->method ? req->method : "GET",
		    req->path ? req->path : "/", req->endpoint.unix_path || !host ? "localhost" : host + 3);
	strbuf_adds(&out, "Connection: Upgrade\r\nUpgrade: tcp\r\n");
	strbuf_addf(&out, "Content-Length: %zu\r\n", req->body_len);
	for (const char *const *h = req->headers; h && *h; h++)
		strbuf_addf(&out, "%s\r\n", *h);
	strbuf_adds(&out, "\r\n");
	if (req->body)
		strbuf_add(&out, req->body, req->body_len);
	af_code rc = strbuf_check(&out, err);
	return rc ? rc : send_all(p, ex, out.data, out.len, until, err);
}

/* "HTTP/1.1 404 Not Found" → 404, 0 if it is none. */
static long status_of(const char *head)
{
	int64_t status;
	char digits[4] = { 0 };

	if (!str_starts(head, "HTTP/1.") || strlen(head) < 12)
		return 0;
	memcpy(digits, head + 9, 3);
	return int_parse(digits, 100, 599, &status) ? (long) status : 0;
}

/* The length of the body as the head says it; SIZE_MAX where it does not. */
static size_t announced_length(const char *head)
{
	const char *at = strcasestr(head, "\r\nContent-Length:");

	return at ? (size_t) strtoul(at + strlen("\r\nContent-Length:"), NULL, 10) : SIZE_MAX;
}

/* A whole JSON object in the body (which may be chunked: then lengths stand around it); empty if there is none yet. */
static struct json_span object_in(const struct strbuf *body)
{
	const char *start = strchr(body->data, '{'), *stop = strrchr(body->data, '}');
	struct json_span object = { start, stop > start ? (size_t) (stop - start) + 1 : 0 };

	if (!start || !object.len || json_check(object.text, object.len, NULL))
		return (struct json_span){ 0 };
	return object;
}

/* An engine says why as {"message": "…"}. */
static char *error_text(const struct strbuf *body)
{
	struct json_span object = object_in(body), message;

	if (object.len && json_member(object, "message", &message))
		return json_string(message, NULL);
	return str_dup(body->data, NULL);
}

static af_code refused(struct http_pipe *p, const struct exchange *ex, long status, size_t length, deadline until,
		       struct af_error *err)
{
	AUTO_STRBUF body = STRBUF_INIT(ERROR_BODY_MAX);
	bool end = false;

	strbuf_add(&body, p->early.data, p->early.len);
	p->early_taken = p->early.len;
	/* Small, and perhaps kept open behind it: its length or one JSON object ends it. */
	while (!end && body.len < length && !object_in(&body).len && read_more(p, ex, &body, until, &end, NULL) == AF_OK)
		;
	AUTO_FREE char *text = error_text(&body);
	af_code code = status == 404 ? AF_ERR_NOT_FOUND : status == 409 ? AF_ERR_EXISTS : AF_ERR_FAILED;
	return error_set(err, code, "%s", text && *text ? text : "the request was refused");
}

static af_code read_answer(struct http_pipe *p, const struct exchange *ex, deadline until, struct af_error *err)
{
	AUTO_STRBUF head = STRBUF_INIT(HEAD_MAX);
	const char *stop = NULL;
	bool end = false;

	while (!(stop = memmem(head.data, head.len, "\r\n\r\n", 4))) {
		if (end)
			return broken(ex, err);
		af_code rc = read_more(p, ex, &head, until, &end, err);
		if (rc)
			return rc;
	}
	size_t used = (size_t) (stop - head.data) + 4;
	strbuf_add(&p->early, head.data + used, head.len - used);
	long status = status_of(head.data);
	if (status == 101 || status == 200)
		return strbuf_check(&p->early, err);
	if (!status)
		return error_set(err, AF_ERR_PROTOCOL, "%s does not answer in HTTP", ex->where);
	return refused(p, ex, status, announced_length(head.data), until, err);
}

static af_code connect_only(struct http_pipe *p, struct exchange *ex, struct af_error *err)
{
	curl_socket_t fd = CURL_SOCKET_BAD;
	af_code rc = exchange_setup(ex, &p->handle, err);

	if (rc)
		return rc;
	curl_easy_setopt(p->handle.easy, CURLOPT_CONNECT_ONLY, 1L);
	ex->connect_only = true;
	rc = exchange_finish(ex, curl_easy_perform(p->handle.easy), err);
	if (rc)
		return rc;
	curl_easy_getinfo(p->handle.easy, CURLINFO_ACTIVESOCKET, &fd);
	p->fd = fd;
	p->tls = str_starts(ex->req.endpoint.base, "https:");
	return AF_OK;
}

af_code http_upgrade(struct http *http UNUSED, const struct http_request *req, struct http_pipe **out,
		     struct af_error *err)
{
	struct http_response resp;
	struct exchange ex = { .req = *req, .resp = &resp };
	struct http_pipe *p = calloc(1, sizeof(*p));

	if (!p)
		return error_nomem(err);
	response_init(&resp, 0);
	strbuf_init(&p->early, HEAD_MAX);
	p->fd = -1;
	deadline until = deadline_in(ANSWER_MS);
	af_code rc = handle_init(&p->handle, err);
	if (!rc)
		rc = connect_only(p, &ex, err);
	if (!rc)
		rc = send_request(p, &ex, until, err);
	if (!rc)
		rc = read_answer(p, &ex, until, err);
	if (p->handle.easy)
		handle_rest(&p->handle);
	exchange_free(&ex);
	http_response_free(&resp);
	if (rc)
		http_pipe_close(p);
	else
		*out = p;
	return rc;
}
