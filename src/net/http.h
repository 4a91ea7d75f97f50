/*
 * HTTP/1.1 on libcurl, two ways over one request description:
 *
 *   http_perform   the calling thread drives its own transfer and waits. For jobs, which read
 *                  top to bottom; no other thread is involved, so nothing is handed over.
 *   http_submit    the I/O thread (libuv + curl_multi_socket_action) drives it. For calls in
 *                  great number and for streams that stay open.
 *
 * Connections are kept and reused, separately for each endpoint.
 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/cancel.h"
#include "base/strbuf.h"

struct http;
struct loop;

struct http_tls {
	const char *ca_file; /* NULL: the system's */
	const char *cert_file, *key_file;
	bool insecure; /* the certificate is not checked */
};

/* Where a server is reached. Strings are not owned and must outlive the request's set-up only. */
struct http_endpoint {
	const char *base;      /* "http://172.17.0.2:8000": scheme, authority, perhaps a path; no '/' at the end */
	const char *unix_path; /* connect here instead; base still gives the Host header and the reuse key */
	const struct http_tls *tls;
	bool proxy; /* honour http_proxy and the like; containers and engines are never behind one */
};

struct http_response {
	long status; /* 0: no answer came */
	char content_type[128];
	struct strbuf body;
	bool sent;        /* at least one byte of the request left this machine */
	int64_t total_us; /* from start to the last byte */
};

struct http_request {
	struct http_endpoint endpoint;
	const char *method;         /* NULL: GET */
	const char *path;           /* "/containers/json?all=1", appended to endpoint.base as it is */
	const char *const *headers; /* "Name: value", ends with NULL; may be NULL */

	const void *body; /* must stay valid until the request is over; NULL: none */
	size_t body_len;
	/* Streams a body of unknown length (chunked) instead; returns bytes, 0 at the end, -1 to give up
	 * (the request then ends with AF_ERR_CANCELLED). Runs on the thread that drives the transfer. */
	ssize_t (*read)(void *arg, char *buf, size_t size);
	bool once; /* never sent a second time once a byte of the body has left (libcurl would, on a kept connection) */

	int64_t timeout_ms;         /* for the whole request; 0: none */
	int64_t connect_timeout_ms; /* 0: 10 s */
	size_t max_body;            /* of a collected answer; 0: STRBUF_HUGE */

	/* Optional. Each header of the final answer, in order, before on_head. Longer than 1 KiB: left out. */
	void (*on_header)(void *arg, const char *name, const char *value);
	/* Optional. Status and content type are known, the body is about to come. */
	void (*on_head)(void *arg, const struct http_response *resp);
	/* Optional. Gets the body piece by piece instead of it being collected, but only where status < 400:
	 * an error's body is always collected. False ends the request at once, with AF_OK. */
	bool (*on_data)(void *arg, const char *data, size_t len);
	void *arg; /* for read, on_header, on_head, on_data */

	struct cancel *cancel; /* http_perform only; may be NULL */
	/* http_perform only; may be NULL. While it waits, about once a second, with what `tick_arg` says. */
	void (*tick)(void *tick_arg);
	void *tick_arg;
};

struct http *http_new(struct af_error *err);
/* Aborts what is in flight (their done functions run with AF_ERR_CANCELLED) and joins the I/O thread. */
void http_free(struct http *http);

/* Sends and waits. AF_OK means that an answer came whole, whatever its status.
 *   UNREACHABLE  no connection       TIMEOUT    timeout_ms passed
 *   LOST         connection broke    CANCELLED  req->cancel
 *   TOO_LARGE    body > max_body     PROTOCOL   no HTTP answer
 * `resp` need not be initialised, is filled as far as things went, and must be freed in any case. */
af_code http_perform(struct http *http, const struct http_request *req, struct http_response *resp,
		     struct af_error *err) MUST_CHECK;
void http_response_free(struct http_response *resp);
static inline void http_response_cleanup(struct http_response *resp)
{
	http_response_free(resp);
}

/* Runs on the I/O thread, exactly once per submitted request: never block in it. Both `resp` and `err`
 * belong to the transfer and are gone afterwards; take with af_steal/error_move/strbuf_steal. */
typedef void (*http_done_fn)(void *arg, af_code rc, struct http_response *resp, struct af_error *err);

struct http_transfer;
/* Starts and returns at once. If it fails, `done` is not called. `out` (may be NULL) must be unref'd.
 * req->on_head, on_data, read run on the I/O thread. */
af_code http_submit(struct http *http, const struct http_request *req, http_done_fn done, void *done_arg,
		    struct http_transfer **out, struct af_error *err) MUST_CHECK;
/* Any thread, any time while a reference is held: ends it with AF_ERR_CANCELLED unless it is over. */
void http_transfer_cancel(struct http_transfer *t);
void http_transfer_unref(struct http_transfer *t); /* NULL is fine */

/* The I/O thread itself (started by the first use), for timers beside requests. */
struct loop *http_loop(struct http *http, struct af_error *err);

/*
 * A connection taken over after "101 Switching Protocols" (or a 200 with a raw stream, as old
 * engines answer): bytes both ways, with TLS where the endpoint has it.
 */
struct http_pipe;
af_code http_upgrade(struct http *http, const struct http_request *req, struct http_pipe **out,
		     struct af_error *err) MUST_CHECK;
int http_pipe_fd(const struct http_pipe *p); /* for poll() */
/* > 0 bytes; 0 end of stream; -1 would block; -2 broken. Never block. */
ssize_t http_pipe_read(struct http_pipe *p, char *buf, size_t size);
ssize_t http_pipe_write(struct http_pipe *p, const char *buf, size_t len);
void http_pipe_shutdown(struct http_pipe *p); /* no more input from here */
void http_pipe_close(struct http_pipe *p);

#endif
