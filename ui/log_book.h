/*
 * The logs of one environment as the view knows them: lines, what is shown of them, where the reader stands. One replica's
 * log is the same book with the others hidden, so that going back and forth within a pool changes no stream. UI thread only.
 */
#ifndef UI_LOG_BOOK_H
#define UI_LOG_BOOK_H

#include "ui/log_feed.h"
#include "ui/log_list.h"
#include "ui/log_rates.h"

/* One container. */
struct book_source {
	char *id, *host;
	int number;
	int index; /* in the feed; < 0: not followed */
	struct log_grouping grouping;
	int64_t last_ns;
	unsigned last_same;
	char *last_marker; /* what was told last of it, and of when; NULL: nothing */
	int64_t marker_ns;
};

/* All containers that had this number. */
struct book_sum {
	int number;
	uint64_t lines, errors; /* in the store; a group's errors count once */
	struct log_rates rates;
	int behind; /* seconds that its lines' times are behind our clock when they come: another clock, or a slow reader */
};

struct log_book {
	char *environment;
	struct log_store *store;
	struct log_list list;
	unsigned generation; /* of the filter that the list is made with */
	struct book_source *sources; /* the longest known first; of those that are gone only some are remembered */
	int source_count;
	struct book_sum *sums;
	int sum_count;
	struct log_feed *feed; /* NULL: not followed */
	void (*on_insert)(void *arg, uint64_t line); /* other numbers of lines are to be moved */
	void *on_insert_arg;
	int64_t followed_ms; /* since then */
	int64_t lag_ms; /* of the newest line, from the container to here; -1: unknown */

	/* Where the reader stands. */
	bool follow;
	uint64_t top;    /* line at the top, when not following */
	int top_row;     /* rows of it that are scrolled out */
	uint64_t cursor; /* line; UINT64_MAX: none */
};

struct log_book *log_book_new(const char *environment, const struct options *options, struct log_filter *filter,
			      struct af_error *err);
/* Its feed must be gone. */
void log_book_free(struct log_book *b);

/* Takes the containers from the model; true: they are others than those that are followed. */
bool log_book_sync(struct log_book *b, const struct environment *e);
/* Starts following them where they were left; `tail` lines each of those never seen. */
af_code log_book_follow(struct log_book *b, struct app *app, int tail,
			void (*batch)(void *arg, struct log_feed *feed, const struct log_batch *batch), void *arg,
			struct af_error *err) MUST_CHECK;
/* The rows of lines [from, to] stay where they are for good: probes that come from now on stand in others. */
void log_book_cut(struct log_book *b, uint64_t from, uint64_t to);
/* Adds what came. */
void log_book_add(struct log_book *b, const struct log_batch *batch);
/* Sums over the replica (< 0: all that there were). */
uint64_t log_book_lines(const struct log_book *b, int replica);
uint64_t log_book_errors(const struct log_book *b, int replica);
/* As log_rates_last() and its sisters, over those sources. */
bool log_book_last(const struct log_book *b, int replica, int64_t now, int count, double *lines, uint32_t *errors);
int64_t log_book_until(const struct log_book *b, int replica, int64_t now);
double log_book_rate(const struct log_book *b, int replica, int64_t now);
/* How its streams are, or those of one replica: the worst that still matters. */
enum log_stream_state log_book_state(const struct log_book *b, int replica);
/* Is the replica followed, or are lines of it kept? */
bool log_book_has(const struct log_book *b, int number);
/* More than one is. */
bool log_book_several(const struct log_book *b);

#endif
