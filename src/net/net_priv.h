/* Shared by the files of net/ only. */
#ifndef NET_NET_PRIV_H
#define NET_NET_PRIV_H

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "net/http.h"

/* A libcurl handle that remembers what it is set up for: most requests are like the one before. */
struct handle {
	CURL *easy;
	bool plain;    /* for calls over plain TCP */
	char *url;     /* what `target` holds */
	CURLU *target; /* parsed once, where libcurl would parse a string for each request */
};

af_code handle_init(struct handle *h, struct af_error *err) MUST_CHECK;
void handle_rest(struct handle *h); /* between two exchanges */
void handle_free(struct handle *h);

/* One request on its way, whoever drives it. */
struct exchange {
	CURL *easy;
	struct http_request req;
	struct http_response *resp;
	struct curl_slist *headers;
	size_t body_sent; /* bytes of req.body that the read callback gave out */
	int64_t started;  /* clock_us() */
	af_code stopped;  /* why a callback of ours ended it */
	bool enough;      /* on_data has seen enough: not a failure */
	bool have_head;
	bool connect_only; /* no answer is expected */
	char where[160];  /* the server, for messages */
	char detail[CURL_ERROR_SIZE];
};

/* Prepares the handle for ex->req; ex must not move until it is over. */
af_code exchange_setup(struct exchange *ex, struct handle *h, struct af_error *err) MUST_CHECK;
/* Translates libcurl's verdict once the transfer is over and fills in resp. */
af_code exchange_finish(struct exchange *ex, CURLcode verdict, struct af_error *err) MUST_CHECK;
/* Status and content type into resp, as soon as they are known. */
void exchange_note_head(struct exchange *ex);
void exchange_free(struct exchange *ex); /* not the handle */

/* A message that is made in two places. */
#define NOT_HTTP "\"%s\" is no http or https address: %s"

void response_init(struct http_response *resp, size_t max_body);

/* A multi handle of its own for one thread that waits; kept with its connections when idle. */
struct worker {
	CURLM *multi;
	struct handle handle;
	bool quick; /* its last answer came in no time */
	struct worker *next;
};

struct async;

struct http {
	atomic_bool closing;  /* nothing may be submitted any more */
	pthread_mutex_t lock; /* for what follows */
	struct worker *idle;
	struct handle *spare; /* for submitted requests */
	size_t spares;
	struct loop *loop;
	struct async *async; /* lives on the I/O thread, see submit.c */
};

af_code http_take_handle(struct http *http, struct handle *h, struct af_error *err) MUST_CHECK;
void http_give_handle(struct http *http, struct handle *h);

/* submit.c: */
struct async *async_new(struct loop *loop, struct af_error *err);
/* After it no transfer is left; the loop must still run. */
void async_stop(struct async *async);
void async_free(struct async *async);

#endif
