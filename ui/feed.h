/*
 * The feed: a thread that keeps the model fresh. The engine's events tell when something changed; figures are
 * sampled every two seconds for the replicas that can be seen, more rarely for the others. An engine that hangs or is gone is a
 * state of its host: what was known stays, grows stale, and the feed tries again by itself.
 */
#ifndef UI_FEED_H
#define UI_FEED_H

#include "base/error.h"

struct app;
struct feed;

struct feed *feed_start(struct app *app, struct af_error *err);
/* Ends the thread; waits at most for the request that is under way to be cut off. */
void feed_stop(struct feed *feed);
/* UI thread: the ids of containers whose figures are on the screen. */
void feed_want(struct feed *feed, const char *const *ids, int count);
/* Looks at once, e.g. after a job changed something. NULL is legal. */
void feed_refresh(struct feed *feed);

#endif
