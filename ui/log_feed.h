/*
 * Lines of several containers, merged by time: a thread for each container reads and cleans, one merges and hands batches
 * over to the UI thread, one at a time. When the UI is slow nothing is lost: readers wait, and the engine keeps the lines.
 */
#ifndef UI_LOG_FEED_H
#define UI_LOG_FEED_H

#include "ui/app.h"
#include "ui/log_line.h"

struct log_feed;

/* Where a container's log goes on. */
struct log_from {
	const char *id; /* the container's */
	int number;     /* the replica's */
	int tail;       /* lines from the end; < 0: all since then */
	int64_t last_ns;    /* time of the last line that was seen; 0: none */
	unsigned last_same; /* how many lines had that very time */
};

enum log_stream_state { STREAM_CONNECTING, STREAM_LIVE, STREAM_WAITING, STREAM_AWAY, STREAM_GONE };

/* A line, followed by its text. */
struct log_entry {
	int64_t ns;
	uint32_t len;
	uint16_t source; /* index of the feed's sources */
	uint16_t timed;  /* it has a time of its own: counts for log_from */
	struct log_meta meta;
};

struct log_batch {
	const char *data; /* entries; at any address: copy */
	size_t len;
	int lines;
};

/* Starts reading after a moment, as the cursor may only pass by. batch() runs on the UI thread until log_feed_stop(). */
struct log_feed *log_feed_start(struct app *app, const struct log_from *from, int count,
				void (*batch)(void *arg, struct log_feed *feed, const struct log_batch *batch), void *arg,
				struct af_error *err);
enum log_stream_state log_feed_state(const struct log_feed *f, int source);
/* Ends it without waiting: batch() does not run any more. */
void log_feed_stop(struct log_feed *f);
/* Its threads are over; true: log_feed_free() will not wait. */
bool log_feed_over(const struct log_feed *f);
/* Stops, and waits for its threads. */
void log_feed_free(struct log_feed *f);

#endif
