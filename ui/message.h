/*
 * Messages: the only way from other threads into the UI thread.
 *
 * A message carries what changed and the function that applies it to the model.
 * Any thread posts; the UI thread applies all that is there once per turn of its
 * loop, and draws at most one frame afterwards.
 */
#ifndef UI_MESSAGE_H
#define UI_MESSAGE_H

#include <stdbool.h>

#include "base/error.h"

struct app;

/* Embedded at the start of what is posted. */
struct message {
	void (*apply)(struct app *app, struct message *m); /* UI thread; must not free */
	void (*discard)(struct message *m);                /* frees; always called, also if it was never applied */
	struct message *next;
};

struct message_queue;

struct message_queue *message_queue_new(struct af_error *err);
/* Discards what was not applied. Nobody may post any more. */
void message_queue_free(struct message_queue *q);
/* Any thread. Never blocks, never fails; takes ownership. */
void message_post(struct message_queue *q, struct message *m);
/* Any thread: how many wait. */
size_t message_queue_length(struct message_queue *q);
/* Readable when messages wait; for poll(). */
int message_queue_fd(const struct message_queue *q);
/* UI thread: applies and discards all that wait now. True if there were any. */
bool message_apply_all(struct message_queue *q, struct app *app);

#endif
