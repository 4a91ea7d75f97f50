/* What the tests of submitted requests share: one client, and what came back of its requests. */
#ifndef TEST_ANSWERS_H
#define TEST_ANSWERS_H

#include "fake_server.h"
#include "swarm.h"

#include "loop/loop.h"

static struct http *http;

UNUSED static int setup(void **state)
{
	(void) state;
	af_error_clear(&err);
	http = http_new(&err);
	return http ? 0 : -1;
}

UNUSED static int teardown(void **state)
{
	(void) state;
	http_free(http);
	return 0;
}

/* What came back. */
struct answers {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	int done, right, by_code[AF_ERR_CANCELLED + 1];
	bool off_loop; /* a done function ran elsewhere than on the I/O thread */
	bool sent;
	long status;
	char body[256], message[256];
};
#define ANSWERS_INIT { .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER }

UNUSED static void count(struct answers *a, af_code rc, const struct http_response *resp, const struct af_error *why)
{
	pthread_mutex_lock(&a->lock);
	a->by_code[rc]++;
	a->off_loop |= http && !loop_is_current(http_loop(http, NULL));
	a->right += rc == AF_OK && resp->status == 200 && !strcmp(resp->body.data, SWARM_ANSWER);
	a->status = resp->status;
	a->sent = resp->sent;
	snprintf(a->body, sizeof(a->body), "%s", resp->body.data);
	snprintf(a->message, sizeof(a->message), "%s", why->message ? why->message : "");
	a->done++;
	pthread_cond_broadcast(&a->changed);
	pthread_mutex_unlock(&a->lock);
}

UNUSED static void on_done(void *arg, af_code rc, struct http_response *resp, struct af_error *why)
{
	count(arg, rc, resp, why);
}

UNUSED static void await_done(struct answers *a, int wanted)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += PATIENCE_MS / 1000;
	pthread_mutex_lock(&a->lock);
	while (a->done < wanted && !pthread_cond_timedwait(&a->changed, &a->lock, &until))
		;
	int done = a->done;
	pthread_mutex_unlock(&a->lock);
	if (done != wanted)
		fail_msg("%d done instead of %d", done, wanted);
}

UNUSED static struct http_request call(const struct http_endpoint *to)
{
	return (struct http_request){ .endpoint = *to, .method = "POST", .path = "/call", .body = "{\"a\":1}", .body_len = 7 };
}

#endif
