/*
 * The history for the call screen: a thread of its own reads and writes the store, answers come as messages.
 *
 * history_close() returns at once: what was asked for is still written, but no answer comes any more.
 */
#ifndef UI_HISTORY_H
#define UI_HISTORY_H

#include "store/store.h"
#include "ui/app.h"
#include "ui/result_tree.h"

struct history;

enum history_kind {
	HISTORY_LIST,   /* an environment's calls, saved calls, how many there are at all */
	HISTORY_GET,    /* one call with its result */
	HISTORY_BEFORE, /* the result before it */
	HISTORY_SAVE,
	HISTORY_UNSAVE,
	HISTORY_FORGET,
};

/* A question and its answer. */
struct history_request {
	enum history_kind kind;
	int purpose;       /* the asker's own */
	char *environment; /* LIST, UNSAVE */
	char *text;        /* LIST: what is searched for, may be NULL; UNSAVE: the name */
	int64_t id;        /* GET, BEFORE, FORGET */
	struct saved_call saved; /* SAVE */
	/* The answer: */
	af_code rc;
	struct af_error err;
	struct call_list calls;
	struct saved_list saved_calls;
	int64_t total;
	struct call_record record; /* of GET and BEFORE: take what you need */
};

/* answered() runs on the UI thread, for each request once; it may take things out of it. */
struct history *history_open(struct app *app, void (*answered)(struct app *app, struct history_request *r, void *arg), void *arg,
			     struct af_error *err);
void history_close(struct history *h);
/* Fill it in and hand it over, or free it; NULL when out of memory. */
struct history_request *history_request_new(enum history_kind kind);
void history_request_free(struct history_request *r);
void history_ask(struct history *h, struct history_request *take_r);

#endif
