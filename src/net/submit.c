/*
 * Submitted requests: the I/O thread drives them through curl_multi_socket_action.
 *
 * Two things were measured and shape this file:
 *   - libcurl walks the list of a host's connections for every request, so one multi handle gets slow
 *     with a thousand connections. Transfers are spread over shards of SHARD_SIZE.
 *   - libcurl asks to stop watching a socket after each request and to watch it again for the next.
 *     We leave the socket in the poller until it is closed; that saves two system calls per request.
 */
#include <string.h>

#include "loop/loop.h"
#include "net/net_priv.h"

#define SHARD_SIZE 32
/* Kept connections of a shard; must exceed its transfers or they are closed and made again all the time. */
#define SHARD_CONNECTIONS (4L * SHARD_SIZE)

struct shard {
	struct async *async;
	CURLM *multi;
	struct loop_timer *timer;
	int active;
	struct shard *next; /* in async->roomy while active < SHARD_SIZE */
	struct shard *all;
};

struct watched {
	struct async *async;
	struct shard *shard;
	struct loop_watch *watch;
	curl_socket_t fd;
	int want;  /* LOOP_READ, LOOP_WRITE as libcurl asked last; 0: it does not care now */
	bool ours; /* opened through open_socket, so that its closing is told once it was connected */
	bool connected;
};

struct async {
	struct loop *loop;
	struct shard *shards, *roomy;
	struct watched **sockets; /* by file descriptor */
	size_t size;
	struct http_transfer *running; /* list of all */
	bool stopping;
};

struct http_transfer {
	struct exchange ex;
	struct handle handle;
	struct http_response resp;
	struct http *http;
	struct shard *shard; /* NULL: not running */
	http_done_fn done;
	void *done_arg;
	atomic_int refs;
	atomic_bool cancelled;
	struct loop_task start, cancel;
	struct http_transfer *next, **link;
};

/* ---- sockets ------------------------------------------------------------------- */

static struct watched *socket_at(struct async *a, curl_socket_t fd)
{
	if ((size_t) fd >= a->size) {
		size_t size = MAX((size_t) fd + 1, a->size * 2);
		struct watched **sockets = realloc(a->sockets, size * sizeof(*sockets));
		if (!sockets)
			return NULL;
		memset(sockets + a->size, 0, (size - a->size) * sizeof(*sockets));
		a->sockets = sockets;
		a->size = size;
	}
	if (!a->sockets[fd]) {
		struct watched *s = a->sockets[fd] = calloc(1, sizeof(*s));
		if (s)
			*s = (struct watched){ .async = a, .fd = fd };
	}
	return a->sockets[fd];
}

static void forget_socket(struct async *a, curl_socket_t fd)
{
	if ((size_t) fd >= a->size || !a->sockets[fd])
		return;
	loop_watch_free(a->sockets[fd]->watch);
	free(a->sockets[fd]);
	a->sockets[fd] = NULL;
}

static curl_socket_t open_socket(void *arg, curlsocktype purpose UNUSED, struct curl_sockaddr *address)
{
	struct async *a = arg;
	curl_socket_t fd = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);

	if (fd == CURL_SOCKET_BAD)
		return fd;
	forget_socket(a, fd); /* one that was closed behind our back */
	struct watched *s = socket_at(a, fd);
	if (s)
		s->ours = true;
	return fd;
}

static int close_socket(void *arg, curl_socket_t fd)
{
	forget_socket(arg, fd);
	return close(fd);
}

static void collect(struct shard *shard);

static void socket_ready(void *arg, int events)
{
	struct watched *s = arg;
	struct shard *shard = s->shard;
	int running;

	if (!s->want) {
		/* An idle connection has something to say: it is being closed. libcurl looks before it reuses it. */
		loop_watch_set(s->watch, 0);
		return;
	}
	/* s may be gone after this. */
	curl_multi_socket_action(shard->multi, s->fd,
				 (events & LOOP_READ ? CURL_CSELECT_IN : 0) | (events & LOOP_WRITE ? CURL_CSELECT_OUT : 0),
				 &running);
	collect(shard);
}

/* libcurl closes a socket that never got that far without telling. */
static bool is_connected(struct watched *s)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (!s->connected)
		s->connected = getpeername(s->fd, (struct sockaddr *) &peer, &len) == 0;
	return s->connected;
}

static int watch_socket(CURL *easy UNUSED, curl_socket_t fd, int what, void *arg, void *unused UNUSED)
{
	struct shard *shard = arg;
	struct async *a = shard->async;

	if (what == CURL_POLL_REMOVE) {
		struct watched *s = (size_t) fd < a->size ? a->sockets[fd] : NULL;
		if (s && s->ours && is_connected(s))
			s->want = 0;
		else
			forget_socket(a, fd);
		return 0;
	}
	struct watched *s = socket_at(a, fd);
	if (s && !s->watch)
		s->watch = loop_watch_new(a->loop, fd, socket_ready, s, NULL);
	if (!s || !s->watch)
		return -1;
	s->shard = shard;
	s->want = (what & CURL_POLL_IN ? LOOP_READ : 0) | (what & CURL_POLL_OUT ? LOOP_WRITE : 0);
	loop_watch_set(s->watch, s->want);
	return 0;
}

/* ---- shards -------------------------------------------------------------------- */

static void timer_fired(void *arg)
{
	struct shard *shard = arg;
	int running;

	curl_multi_socket_action(shard->multi, CURL_SOCKET_TIMEOUT, 0, &running);
	collect(shard);
}

static int set_timer(CURLM *multi UNUSED, long ms, void *arg)
{
	struct shard *shard = arg;

	if (ms < 0)
		loop_timer_stop(shard->timer);
	else
		loop_timer_start(shard->timer, ms);
	return 0;
}

static struct shard *shard_new(struct async *a)
{
	struct shard *shard = calloc(1, sizeof(*shard));

	if (!shard)
		return NULL;
	shard->async = a;
	shard->timer = loop_timer_new(a->loop, timer_fired, shard, NULL);
	shard->multi = curl_multi_init();
	if (!shard->timer || !shard->multi) {
		loop_timer_free(shard->timer);
		curl_multi_cleanup(shard->multi);
		free(shard);
		return NULL;
	}
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETFUNCTION, watch_socket);
	curl_multi_setopt(shard->multi, CURLMOPT_SOCKETDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERFUNCTION, set_timer);
	curl_multi_setopt(shard->multi, CURLMOPT_TIMERDATA, shard);
	curl_multi_setopt(shard->multi, CURLMOPT_MAXCONNECTS, SHARD_CONNECTIONS);
	curl_multi_setopt(shard->multi, CURLMOPT_PIPELINING, (long) CURLPIPE_NOTHING);
	shard->all = a->shards;
	a->shards = shard;
	shard->next = a->roomy;
	a->roomy = shard;
	return shard;
}

static struct shard *shard_with_room(struct async *a)
{
	struct shard *shard = a->roomy ? a->roomy : shard_new(a);

	if (shard && ++shard->active == SHARD_SIZE)
		a->roomy = shard->next;
	return shard;
}

static void shard_leave(struct shard *shard)
{
	if (shard->active-- == SHARD_SIZE) {
		shard->next = shard->async->roomy;
		shard->async->roomy = shard;
	}
}

/* ---- transfers ------------------------------------------------------------------- */

void http_transfer_unref(struct http_transfer *t)
{
	if (!t || atomic_fetch_sub(&t->refs, 1) != 1)
		return;
	exchange_free(&t->ex);
	http_response_free(&t->resp);
	free(t);
}

static void finish(struct http_transfer *t, af_code rc, struct af_error *err)
{
	if (t->shard) {
		curl_multi_remove_handle(t->shard->multi, t->ex.easy);
		shard_leave(t->shard);
		t->shard = NULL;
		*t->link = t->next;
		if (t->next)
			t->next->link = t->link;
	}
	http_give_handle(t->http, &t->handle);
	t->done(t->done_arg, rc, &t->resp, err);
	af_error_clear(err);
	http_transfer_unref(t);
}

/* Reports what libcurl says is over. A done function may submit more: that is posted, not nested. */
static void collect(struct shard *shard)
{
	int queued;
	CURLMsg *msg;

	while ((msg = curl_multi_info_read(shard->multi, &queued))) {
		struct af_error err = AF_ERROR_INIT;
		struct exchange *ex = NULL;
		if (msg->msg != CURLMSG_DONE)
			continue;
		CURLcode verdict = msg->data.result;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **) &ex);
		struct http_transfer *t = container_of(ex, struct http_transfer, ex);
		finish(t, exchange_finish(ex, verdict, &err), &err);
	}
}

static void start(struct loop_task *task)
{
	struct http_transfer *t = container_of(task, struct http_transfer, start);
	struct async *a = t->http->async;
	struct af_error err = AF_ERROR_INIT;

	if (a->stopping || atomic_load(&t->cancelled)) {
		finish(t, error_set(&err, AF_ERR_CANCELLED, "interrupted"), &err);
		return;
	}
	struct shard *shard = shard_with_room(a);
	if (!shard) {
		finish(t, error_nomem(&err), &err);
		return;
	}
	curl_easy_setopt(t->ex.easy, CURLOPT_OPENSOCKETFUNCTION, open_socket);
	curl_easy_setopt(t->ex.easy, CURLOPT_OPENSOCKETDATA, a);
	curl_easy_setopt(t->ex.easy, CURLOPT_CLOSESOCKETFUNCTION, close_socket);
	curl_easy_setopt(t->ex.easy, CURLOPT_CLOSESOCKETDATA, a);
	if (curl_multi_add_handle(shard->multi, t->ex.easy)) {
		shard_leave(shard);
		finish(t, error_nomem(&err), &err);
		return;
	}
	t->shard = shard;
	t->next = a->running;
	t->link = &a->running;
	if (t->next)
		t->next->link = &t->next;
	a->running = t;
}

static void cancel_now(struct http_transfer *t)
{
	struct af_error err = AF_ERROR_INIT;

	if (!t->shard)
		return;
	/* Fills in status, sent and times; its verdict does not matter. */
	af_code rc = exchange_finish(&t->ex, CURLE_ABORTED_BY_CALLBACK, NULL);
	rc = error_set(&err, AF_ERR_CANCELLED, "interrupted");
	finish(t, rc, &err);
}

static void cancel_task(struct loop_task *task)
{
	struct http_transfer *t = container_of(task, struct http_transfer, cancel);

	cancel_now(t);
	http_transfer_unref(t);
}

void http_transfer_cancel(struct http_transfer *t)
{
	if (atomic_exchange(&t->cancelled, true))
		return;
	atomic_fetch_add(&t->refs, 1);
	loop_post(t->http->loop, &t->cancel);
}

af_code http_submit(struct http *http, const struct http_request *req, http_done_fn done, void *done_arg,
		    struct http_transfer **out, struct af_error *err)
{
	if (atomic_load(&http->closing))
		return error_set(err, AF_ERR_CANCELLED, "interrupted");
	struct loop *loop = http_loop(http, err);
	if (!loop)
		return err ? err->code : AF_ERR_FAILED;
	struct http_transfer *t = calloc(1, sizeof(*t));
	if (!t)
		return error_nomem(err);
	t->http = http;
	t->done = done;
	t->done_arg = done_arg;
	t->start.run = start;
	t->cancel.run = cancel_task;
	t->ex.req = *req;
	t->ex.resp = &t->resp;
	atomic_init(&t->refs, out ? 2 : 1);
	response_init(&t->resp, req->max_body);
	af_code rc = http_take_handle(http, &t->handle, err);
	if (!rc && (rc = exchange_setup(&t->ex, &t->handle, err)))
		http_give_handle(http, &t->handle);
	if (rc) {
		atomic_store(&t->refs, 1);
		http_transfer_unref(t);
		return rc;
	}
	if (out)
		*out = t;
	loop_post(loop, &t->start);
	return AF_OK;
}

/* ---- life ------------------------------------------------------------------------- */

struct async *async_new(struct loop *loop, struct af_error *err)
{
	struct async *a = calloc(1, sizeof(*a));

	if (!a)
		error_nomem(err);
	else
		a->loop = loop;
	return a;
}

struct stop_task {
	struct loop_task task;
	struct async *async;
	pthread_mutex_t lock;
	pthread_cond_t cond;
	bool over;
};

static void stop_now(struct loop_task *task)
{
	struct stop_task *stop = container_of(task, struct stop_task, task);
	struct async *a = stop->async;

	a->stopping = true;
	while (a->running)
		cancel_now(a->running);
	for (struct shard *s = a->shards, *next; s; s = next) {
		next = s->all;
		/* Connections close here, through close_socket; the timer must outlive that. */
		curl_multi_cleanup(s->multi);
		loop_timer_free(s->timer);
		free(s);
	}
	a->shards = a->roomy = NULL;
	for (size_t fd = 0; fd < a->size; fd++)
		forget_socket(a, (curl_socket_t) fd);
	pthread_mutex_lock(&stop->lock);
	stop->over = true;
	pthread_cond_signal(&stop->cond);
	pthread_mutex_unlock(&stop->lock);
}

void async_stop(struct async *a)
{
	struct stop_task stop = { .task.run = stop_now, .async = a, .lock = PTHREAD_MUTEX_INITIALIZER,
				  .cond = PTHREAD_COND_INITIALIZER };

	loop_post(a->loop, &stop.task);
	pthread_mutex_lock(&stop.lock);
	while (!stop.over)
		pthread_cond_wait(&stop.cond, &stop.lock);
	pthread_mutex_unlock(&stop.lock);
}

void async_free(struct async *a)
{
	free(a->sockets);
	free(a);
}
