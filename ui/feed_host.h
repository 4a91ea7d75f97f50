/* One host's feed: feed_host.c is its thread, feed_sample.c measures; feed.c has all of them. */
#ifndef UI_FEED_HOST_H
#define UI_FEED_HOST_H

#include <pthread.h>

#include "orchestrator/host.h"
#include "ui/app.h"
#include "ui/feed_priv.h"

/* Figures are measured this often. */
#define HOST_FEED_ROUND_MS 2000

/* What the thread remembers of a replica between rounds. */
struct memory {
	char *id;
	struct docker_stats stats; /* the sample before, for CPU */
	bool has_stats, has_cpu;
	enum instance_state state; /* when it was looked at */
	int64_t started_ns;        /* this run; 0: not known */
	bool inspected, visited;
	int tries;      /* looks since something happened to it */
	bool ended;     /* it does not run any more, though the list says that it does: dockerd tells of a death first */
	bool answered;  /* its server, since it was seen to start */
	int in_vain;    /* so often it did not */
	bool countless; /* it counts nothing, and is asked seldom: it may write down who asks */
	int64_t ask_ms; /* clock_ms() from which on, once it has answered */
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
	struct tally *tally;
	bool behind;      /* the list was, when it was compared: it shall be read anew */
	int64_t round_ms; /* clock_ms() from which on the next whole round is due */
};

/* ---- feed_events.c: an event of this host_feed's engine; on the I/O thread */
void host_feed_event(void *feed, const cJSON *event);

/* ---- feed_calls.c: what afs itself has called, for servers that count nothing; the thread's own */
struct tally;
/* Fills in the counts of a replica, from the history. False: it could not be read. */
bool tally_count(struct tally **tally, const struct instance *inst, struct sample *s);
void tally_free(struct tally *tally);

struct host_feed *host_feed_start(struct feed *feed, struct af_host *host, struct af_error *err);
/* It shall end; host_feed_free() waits for it. */
void host_feed_stop(struct host_feed *f);
void host_feed_free(struct host_feed *f);
/* Looks at once. id: the container that it is about, or NULL. Any thread. */
void host_feed_wake(struct host_feed *f, const char *id);

struct memory *host_feed_memory(const struct host_feed *f, const char *id);
/* Measures those that can be seen, and some of the others, when a round is due; before that those of which more is known
 * in a moment. Returns in how many milliseconds to come again. */
int64_t host_feed_sample(struct host_feed *f);

/* ---- feed.c */
/* Hosts that were named meanwhile get a feed. This machine's feed does that. */
void feed_find_hosts(struct feed *feed);
struct app *feed_app(const struct feed *feed);
/* Its figures are on the screen. Any thread. */
bool feed_wants(struct feed *feed, const char *id);

#endif
