/* One host's feed: feed_host.c is its thread, feed_sample.c measures; feed.c has all of them. */
#ifndef UI_FEED_HOST_H
#define UI_FEED_HOST_H

#include <pthread.h>

#include "orchestrator/host.h"
#include "ui/app.h"
#include "ui/feed_priv.h"

/* What the thread remembers of a replica between rounds. */
struct memory {
	char *id;
	struct docker_stats stats; /* the sample before, for CPU */
	bool has_stats;
	enum instance_state state; /* when it was inspected */
	bool inspected, visited;
};

/* A thread of its own for each host: one that hangs delays nobody else's rows. */
struct host_feed {
	struct feed *feed;
	struct af_host *host; /* not owned */
	pthread_t thread;
	struct cancel *cancel;
	struct http_transfer *events;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool changed; /* the engine told of something, or somebody asks */
	bool stopping, events_ended;
	int64_t events_since_ms;
	struct strlist touched; /* ids of containers that events told of */

	/* the thread's own: */
	struct env_list list;
	struct memory *memories; /* of those in `list` */
	size_t memory_count, others_turn;
	int64_t retry_ms;
};

struct host_feed *host_feed_start(struct feed *feed, struct af_host *host, struct af_error *err);
/* It shall end; host_feed_free() waits for it. */
void host_feed_stop(struct host_feed *f);
void host_feed_free(struct host_feed *f);
/* Looks at once. id: the container that it is about, or NULL. Any thread. */
void host_feed_wake(struct host_feed *f, const char *id);

struct memory *host_feed_memory(const struct host_feed *f, const char *id);
/* Measures those that can be seen, and some of the others. True: some were never looked at, and that should not wait. */
bool host_feed_sample(struct host_feed *f);

/* ---- feed.c */
/* Hosts that were named meanwhile get a feed. This machine's feed does that. */
void feed_find_hosts(struct feed *feed);
struct app *feed_app(const struct feed *feed);
/* Its figures are on the screen. Any thread. */
bool feed_wants(struct feed *feed, const char *id);

#endif
