/* See history.h. */
#include "ui/history.h"

#include <pthread.h>
#include <string.h>

/* Calls that the list holds. */
#define LIST_MAX 500

struct item {
	struct message message; /* on the way back */
	struct history_request r;
	struct history *history;
	struct item *next;
};

struct history {
	struct app *app;
	void (*answered)(struct app *app, struct history_request *r, void *arg);
	void *arg;
	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t more;
	struct item *first, **last;
	bool closing;
	int refs; /* the owner, the thread, answers on their way */
};

static void item_free(struct item *it)
{
	struct history_request *r = &it->r;

	free(r->environment);
	free(r->text);
	saved_call_free(&r->saved);
	af_error_clear(&r->err);
	call_list_free(&r->calls);
	saved_list_free(&r->saved_calls);
	call_record_free(&r->record);
	free(it);
}

static void unref(struct history *h)
{
	pthread_mutex_lock(&h->lock);
	bool last = --h->refs == 0;
	pthread_mutex_unlock(&h->lock);
	if (!last)
		return;
	pthread_cond_destroy(&h->more);
	pthread_mutex_destroy(&h->lock);
	free(h);
}

/* ---- the thread -------------------------------------------------------------------------------------- */

static af_code list(struct store *s, struct history_request *r)
{
	struct call_query q = { .environment = r->environment, .text = r->text, .limit = LIST_MAX, .brief = true };
	af_code rc = store_list(s, &q, &r->calls, &r->err);

	if (!rc)
		rc = store_saved(s, r->environment, &r->saved_calls, &r->err);
	return rc ? rc : store_count(s, r->environment, &r->total, &r->err);
}

static af_code answer(struct store *s, struct history_request *r)
{
	int64_t count;

	switch (r->kind) {
	case HISTORY_LIST:
		return list(s, r);
	case HISTORY_GET:
		return store_get(s, r->id, &r->record, &r->err);
	case HISTORY_BEFORE:
		return store_get_before(s, r->id, &r->record, &r->err);
	case HISTORY_SAVE:
		return store_save(s, &r->saved, &r->err);
	case HISTORY_UNSAVE:
		return store_unsave(s, r->environment, r->text, &r->err);
	default:
		return store_forget(s, r->id, &count, &r->err);
	}
}

static void apply_answer(struct app *app, struct message *m)
{
	struct item *it = container_of(m, struct item, message);

	/* Only the UI thread closes. */
	if (!it->history->closing)
		it->history->answered(app, &it->r, it->history->arg);
}

static void discard_answer(struct message *m)
{
	struct item *it = container_of(m, struct item, message);

	unref(it->history);
	item_free(it);
}

static struct item *next_item(struct history *h)
{
	pthread_mutex_lock(&h->lock);
	while (!h->first && !h->closing)
		pthread_cond_wait(&h->more, &h->lock);
	struct item *it = h->first;
	if (it && !(h->first = it->next))
		h->last = &h->first;
	pthread_mutex_unlock(&h->lock);
	return it;
}

/* Nobody may be there to hear it: the queue of messages may be gone too. */
static void send_back(struct history *h, struct item *it)
{
	pthread_mutex_lock(&h->lock);
	bool wanted = !h->closing;
	if (wanted) {
		h->refs++;
		it->message = (struct message){ .apply = apply_answer, .discard = discard_answer };
		message_post(h->app->queue, &it->message);
	}
	pthread_mutex_unlock(&h->lock);
	if (!wanted)
		item_free(it);
}

static void *serve(void *arg)
{
	struct history *h = arg;
	struct store *s = NULL;

	for (struct item *it; (it = next_item(h));) {
		it->r.rc = s ? AF_OK : store_open(NULL, &s, &it->r.err);
		if (!it->r.rc)
			it->r.rc = answer(s, &it->r);
		send_back(h, it);
	}
	store_close(s);
	unref(h);
	return NULL;
}

/* ---- the owner ------------------------------------------------------------------------------------------ */

struct history *history_open(struct app *app, void (*answered)(struct app *app, struct history_request *r, void *arg), void *arg,
			     struct af_error *err)
{
	struct history *h = calloc(1, sizeof(*h));
	pthread_t thread;

	if (!h) {
		error_nomem(err);
		return NULL;
	}
	*h = (struct history){ .app = app, .answered = answered, .arg = arg, .refs = 2 };
	h->last = &h->first;
	pthread_mutex_init(&h->lock, NULL);
	pthread_cond_init(&h->more, NULL);
	int failed = pthread_create(&thread, NULL, serve, h);
	if (!failed) {
		pthread_detach(thread);
		return h;
	}
	error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	h->refs = 1;
	unref(h);
	return NULL;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	pthread_mutex_lock(&h->lock);
	h->closing = true;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
	unref(h);
}

struct history_request *history_request_new(enum history_kind kind)
{
	struct item *it = calloc(1, sizeof(*it));

	if (!it)
		return NULL;
	it->r.kind = kind;
	return &it->r;
}

void history_request_free(struct history_request *r)
{
	if (r)
		item_free(container_of(r, struct item, r));
}

void history_ask(struct history *h, struct history_request *take_r)
{
	struct item *it = container_of(take_r, struct item, r);

	it->history = h;
	it->next = NULL;
	pthread_mutex_lock(&h->lock);
	*h->last = it;
	h->last = &it->next;
	pthread_cond_signal(&h->more);
	pthread_mutex_unlock(&h->lock);
}
