/*
 * The lines that a filter lets through, and those of them that a search finds: found out newest first, a little at a time,
 * so that nobody waits for it; what arrives is looked at once. A group is one row (log_store_row). UI thread only.
 */
#ifndef UI_LOG_LIST_H
#define UI_LOG_LIST_H

#include "ui/log_filter.h"

/* Numbers of lines in ascending order, growing at both ends. */
struct log_numbers {
	uint64_t *items; /* item i stands at (start + i) & (size - 1) */
	size_t size, start, count;
};
static inline uint64_t log_number(const struct log_numbers *n, size_t i)
{
	return n->items[(n->start + i) & (n->size - 1)];
}
/* Index of the first that is not less than `line`; count if there is none. */
size_t log_numbers_place(const struct log_numbers *n, uint64_t line);
bool log_numbers_has(const struct log_numbers *n, uint64_t line);

struct log_list {
	struct log_store *store;
	struct log_filter *filter;
	struct log_pattern *search; /* not owned; NULL: none */
	struct log_numbers rows, hits;
	uint64_t lines;      /* in rows, members of groups too */
	uint64_t held;       /* lines from this on came since the view is held */
	uint64_t fresh;      /* so many of `lines` */
	uint64_t below;      /* lines >= this were looked at for rows */
	uint64_t hits_below; /* rows >= this were looked at for hits */
	struct strbuf plain;
};

void log_list_init(struct log_list *l, struct log_store *store, struct log_filter *filter);
void log_list_free(struct log_list *l);
/* The filter changed. */
void log_list_restart(struct log_list *l);
/* Searches for something else. */
void log_list_search(struct log_list *l, struct log_pattern *search);
/* What comes from now on is counted as fresh. */
void log_list_hold(struct log_list *l);
/* Goes on for some microseconds; true: there is more to do. */
bool log_list_step(struct log_list *l, int64_t budget_us);
bool log_list_done(const struct log_list *l);
/* A line was added to the store. True: it is shown. */
bool log_list_added(struct log_list *l, uint64_t line);
/* A line was inserted into the store; returns as log_list_added(). */
bool log_list_inserted(struct log_list *l, uint64_t line);
/* As log_store_on_drop() wants it; arg is the list. */
void log_list_dropped(void *arg, uint64_t row, uint32_t members);

#endif
