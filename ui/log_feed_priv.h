/* What the reading and the merging half of a feed share. */
#ifndef UI_LOG_FEED_PRIV_H
#define UI_LOG_FEED_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "command/logsource.h"
#include "ui/log_feed.h"

/* Bytes of a source that wait to be merged; then its reader waits too. */
#define HELD_MAX ((size_t) 1024 * 1024)

struct log_stream {
	struct log_feed *feed;
	int index;
	int number;
	char *id;
	atomic_int state; /* enum log_stream_state */
	pthread_t thread;
	bool running;
	/* The reader's own: */
	struct af_env *env;     /* that replica alone; NULL: not found yet */
	struct log_source at;   /* only where it stands, and how it goes on */
	bool resumed;           /* the first line after a break is still to come */
	bool told;              /* what is known of its end is in `why` */
	bool complained;        /* that the log cannot be read */
	bool restarted;         /* the container did, and `why` says so: "replica 2 restarted (exit 137)" */
	struct strbuf why;      /* of the break */
	int64_t why_ns;
	int64_t started_ns;     /* of the run that was seen last */
	int64_t line_us, rest_us, begun_us; /* clock_us() of the last line, of the last wait for one, of the stream */
	struct strbuf clean, entry;
};

struct log_feed {
	struct app *app;
	void (*batch)(void *arg, struct log_feed *feed, const struct log_batch *batch);
	void *arg;
	struct cancel *cancel;
	pthread_t thread;
	atomic_bool over, stopped;
	atomic_int refs; /* the owner, a message on its way */
	struct log_stream *streams;
	int count;

	pthread_mutex_t lock; /* for what follows */
	pthread_cond_t come;  /* something for the merger */
	pthread_cond_t gone;  /* room for readers */
	struct logmerge *merge;
	size_t held;          /* bytes in it */
	bool idle;            /* the merger waits for `come` */
	bool in_flight;       /* a batch that was not applied yet */
};

/* log_stream.c: a reader's thread; arg is the stream. */
void *log_stream_run(void *arg);
/* log_feed.c: hands a line over; waits while there is no room. False: stopped. */
bool log_feed_add(struct log_stream *s, const struct log_entry *entry, const char *text);
/* The state is shown: the UI is woken when it changes. */
void log_feed_set_state(struct log_stream *s, enum log_stream_state state);

#endif
