/* Waiting for a container's exit. See docker.h. */
#include <errno.h>
#include <pthread.h>
#include <time.h>

#include "base/bytes.h"
#include "docker/answer.h"
#include "docker/client.h"
#include "docker/tree.h"

/* Engines send the answer's head as soon as they watch; podman only with the answer itself. */
#define GRACE_MS 300

/* Shared by the thread that registers and the I/O thread; the last of the two frees it. */
struct exit_wait {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int refs;
	bool registered; /* the engine watches, as far as can be known: `done` is the way to report from here on */
	bool failed;     /* before that: rc and err are for the registering thread */
	af_code rc;
	struct af_error err;
	docker_exit_fn done;
	void *arg;
};

static struct exit_wait *wait_new(docker_exit_fn done, void *arg, struct af_error *err)
{
	struct exit_wait *w = calloc(1, sizeof(*w));
	pthread_condattr_t attr;

	if (!w) {
		error_nomem(err);
		return NULL;
	}
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&w->changed, &attr);
	pthread_condattr_destroy(&attr);
	pthread_mutex_init(&w->lock, NULL);
	w->refs = 2;
	w->done = done;
	w->arg = arg;
	return w;
}

static void wait_unref(struct exit_wait *w)
{
	pthread_mutex_lock(&w->lock);
	bool last = --w->refs == 0;
	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;
	af_error_clear(&w->err);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void on_wait_head(void *arg, const struct http_response *resp)
{
	struct exit_wait *w = arg;

	if (resp->status >= 400)
		return;
	pthread_mutex_lock(&w->lock);
	w->registered = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

static void on_wait_done(void *arg, af_code rc, struct http_response *resp, struct af_error *err)
{
	struct exit_wait *w = arg;
	AUTO_CJSON *answer = NULL;
	bool tell;

	if (rc == AF_OK)
		rc = answer_check(resp, err);
	if (rc == AF_OK)
		answer = tree_parse(resp->body.data, resp->body.len);
	pthread_mutex_lock(&w->lock);
	tell = w->registered || rc == AF_OK;
	if (tell) {
		w->registered = true;
	} else {
		w->failed = true;
		w->rc = rc;
		error_move(&w->err, err);
	}
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	if (tell)
		w->done(w->arg, rc == AF_OK ? (int) MAX(MIN(tree_int(answer, "StatusCode", -1), INT64_C(65535)), INT64_C(-1)) : -1);
	wait_unref(w);
}

/* Until the engine watches, or refuses, or the grace is over. */
static af_code await_registration(struct exit_wait *w, struct af_error *err)
{
	struct timespec until;
	af_code rc = AF_OK;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += GRACE_MS * 1000000L;
	if (until.tv_nsec >= 1000000000L) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000L;
	}
	pthread_mutex_lock(&w->lock);
	while (!w->registered && !w->failed)
		if (pthread_cond_timedwait(&w->changed, &w->lock, &until) == ETIMEDOUT)
			break;
	if (w->failed) {
		rc = w->rc;
		error_move(err, &w->err);
	} else {
		w->registered = true;
	}
	pthread_mutex_unlock(&w->lock);
	return rc;
}

af_code docker_container_wait(struct docker *d, const char *id, docker_exit_fn done, void *arg,
			      struct http_transfer **out, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = { .method = "POST", .on_head = on_wait_head };
	struct http_transfer *transfer = NULL;
	struct exit_wait *w;
	af_code rc;

	strbuf_adds(&path, "/containers/");
	url_add_escaped(&path, id);
	strbuf_adds(&path, "/wait?condition=next-exit");
	rc = strbuf_check(&path, err);
	if (rc != AF_OK)
		return rc;
	w = wait_new(done, arg, err);
	if (!w)
		return AF_ERR_NOMEM;
	req.path = path.data;
	req.arg = w;
	rc = engine_submit(d, &req, on_wait_done, w, &transfer, err);
	if (rc == AF_OK)
		rc = await_registration(w, err);
	else
		wait_unref(w); /* the I/O thread's: it will not come */
	wait_unref(w);
	if (rc != AF_OK) {
		http_transfer_unref(transfer);
		return error_wrap(err, rc, "wait for container %.12s", id);
	}
	*out = transfer;
	return AF_OK;
}
