/* The client, and requests that the calling thread drives itself. See http.h. */
#include "net/http.h"

#include <string.h>

#include "loop/loop.h"
#include "net/net_priv.h"

/* Handles kept for reuse; each holds a few KiB. */
#define SPARE_MAX 256
/* Connections an idle worker keeps: engine and a few instances. */
#define WORKER_CONNECTIONS 8L
/* The longest sleep of a thread that waits. */
#define TICK_MS 1000
/* A server that answers within so many microseconds is quick. */
#define QUICK_US 100

static pthread_once_t curl_once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
	curl_global_init(CURL_GLOBAL_DEFAULT);
}

struct http *http_new(struct af_error *err)
{
	struct http *http = calloc(1, sizeof(*http));

	if (!http) {
		error_nomem(err);
		return NULL;
	}
	pthread_once(&curl_once, init_curl);
	pthread_mutex_init(&http->lock, NULL);
	return http;
}

static void worker_free(struct worker *w)
{
	if (!w)
		return;
	handle_free(&w->handle);
	if (w->multi)
		curl_multi_cleanup(w->multi);
	free(w);
}

void http_free(struct http *http)
{
	if (!http)
		return;
	atomic_store(&http->closing, true);
	if (http->loop) {
		async_stop(http->async);
		loop_free(http->loop);
		async_free(http->async);
	}
	while (http->idle) {
		struct worker *next = http->idle->next;
		worker_free(http->idle);
		http->idle = next;
	}
	while (http->spares)
		handle_free(&http->spare[--http->spares]);
	free(http->spare);
	pthread_mutex_destroy(&http->lock);
	free(http);
}

struct loop *http_loop(struct http *http, struct af_error *err)
{
	pthread_mutex_lock(&http->lock);
	if (!http->loop && (http->loop = loop_new(err))) {
		http->async = async_new(http->loop, err);
		if (!http->async) {
			loop_free(http->loop);
			http->loop = NULL;
		}
	}
	struct loop *loop = http->loop;
	pthread_mutex_unlock(&http->lock);
	return loop;
}

af_code http_take_handle(struct http *http, struct handle *h, struct af_error *err)
{
	bool have;

	pthread_mutex_lock(&http->lock);
	have = http->spares > 0;
	if (have)
		*h = http->spare[--http->spares];
	pthread_mutex_unlock(&http->lock);
	return have ? AF_OK : handle_init(h, err);
}

void http_give_handle(struct http *http, struct handle *h)
{
	handle_rest(h);
	pthread_mutex_lock(&http->lock);
	if (!http->spare)
		http->spare = calloc(SPARE_MAX, sizeof(*http->spare));
	if (http->spare && http->spares < SPARE_MAX) {
		http->spare[http->spares++] = *h;
		*h = (struct handle){ 0 };
	}
	pthread_mutex_unlock(&http->lock);
	handle_free(h);
}

/* ---- waiting requests ------------------------------------------------------------ */

static struct worker *take_worker(struct http *http, struct af_error *err)
{
	pthread_mutex_lock(&http->lock);
	struct worker *w = http->idle;
	if (w)
		http->idle = w->next;
	pthread_mutex_unlock(&http->lock);
	if (w)
		return w;
	w = calloc(1, sizeof(*w));
	if (w && (w->multi = curl_multi_init()) && !handle_init(&w->handle, err)) {
		curl_multi_setopt(w->multi, CURLMOPT_MAXCONNECTS, WORKER_CONNECTIONS);
		return w;
	}
	worker_free(w);
	error_nomem(err);
	return NULL;
}

static void give_worker(struct http *http, struct worker *w)
{
	handle_rest(&w->handle);
	pthread_mutex_lock(&http->lock);
	w->next = http->idle;
	http->idle = w;
	pthread_mutex_unlock(&http->lock);
}

static void wake_worker(void *multi)
{
	curl_multi_wakeup(multi);
}

/* Falling asleep and being woken takes longer than such a server needs: it is looked at again and again for a moment,
 * as long as it goes on like that. */
static CURLMcode look_for_a_moment(struct worker *w, int *running)
{
	int64_t until = clock_us() + QUICK_US;
	CURLMcode mc;

	do
		mc = curl_multi_perform(w->multi, running);
	while (!mc && *running && clock_us() < until);
	return mc;
}

/* Sleeps until something is to be done. */
static CURLMcode await_more(struct worker *w, const struct http_request *req, int64_t *ticked)
{
	CURLMcode mc = curl_multi_poll(w->multi, NULL, 0, TICK_MS, NULL);
	int64_t now = req->tick ? clock_ms() : 0;

	if (req->tick && now - *ticked >= TICK_MS) {
		*ticked = now;
		req->tick(req->tick_arg);
	}
	return mc;
}

/* Runs the transfer to its end; AF_ERR_CANCELLED leaves `verdict` alone. */
static af_code drive(struct worker *w, const struct http_request *req, CURLcode *verdict)
{
	struct cancel *cancel = req->cancel;
	int64_t ticked = req->tick ? clock_ms() : 0;
	struct cancel_waker waker = { .wake = wake_worker, .arg = w->multi };
	int running = 1, queued;
	CURLMcode mc = CURLM_OK;

	cancel_watch(cancel, &waker);
	if (w->quick)
		mc = look_for_a_moment(w, &running);
	while (!mc && running && !(mc = curl_multi_perform(w->multi, &running)) && running && !cancel_requested(cancel))
		mc = await_more(w, req, &ticked);
	cancel_unwatch(cancel, &waker);
	if (mc) {
		*verdict = CURLE_OUT_OF_MEMORY;
		return AF_OK;
	}
	if (running)
		return AF_ERR_CANCELLED;
	CURLMsg *msg = curl_multi_info_read(w->multi, &queued);
	*verdict = msg && msg->msg == CURLMSG_DONE ? msg->data.result : CURLE_RECV_ERROR;
	return AF_OK;
}

af_code http_perform(struct http *http, const struct http_request *req, struct http_response *resp,
		     struct af_error *err)
{
	struct exchange ex = { .req = *req, .resp = resp };
	CURLcode verdict = CURLE_OK;

	response_init(resp, req->max_body);
	af_code rc = cancel_check(req->cancel, err);
	if (rc)
		return rc;
	struct worker *w = take_worker(http, err);
	if (!w)
		return AF_ERR_NOMEM;
	rc = exchange_setup(&ex, &w->handle, err);
	if (!rc && curl_multi_add_handle(w->multi, w->handle.easy))
		rc = error_nomem(err);
	if (!rc) {
		if (drive(w, req, &verdict)) {
			/* For status, sent and times; the verdict is ours. */
			rc = exchange_finish(&ex, CURLE_ABORTED_BY_CALLBACK, NULL);
			rc = cancel_check(req->cancel, err);
		} else {
			rc = exchange_finish(&ex, verdict, err);
		}
		curl_multi_remove_handle(w->multi, w->handle.easy);
		w->quick = resp->status && resp->total_us <= QUICK_US;
	}
	exchange_free(&ex);
	give_worker(http, w);
	return rc;
}
