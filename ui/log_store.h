/*
 * The lines of one log: bytes in chunks, one record of fixed size for each line, the oldest dropped (and counted) once a
 * maximum of lines or bytes is reached. Lines are known by their number, which never changes. UI thread only.
 *
 * Lines that belong together, such as a traceback, are a group: the first is its head, the others point to it. It is shown
 * where its head stands or, if it is of probes, where the newest does.
 */
#ifndef UI_LOG_STORE_H
#define UI_LOG_STORE_H

#include "ui/log_line.h"

struct log_record {
	int64_t ns;       /* since 1970 */
	uint32_t chunk;   /* number of its chunk */
	uint32_t offset;
	uint32_t len;
	uint32_t head;    /* the head is so many lines before; 0: is none's, or a head itself */
	uint16_t replica; /* its number */
	uint16_t body;
	uint8_t level, flags;
};

/* A line was inserted before `from`: what a number of a line is then. */
static inline void log_moved(uint64_t *line, uint64_t from)
{
	*line += *line >= from && *line != UINT64_MAX;
}

struct log_group {
	uint64_t head, last, previous; /* lines; previous: the last one before `last` */
	uint32_t members;              /* without the head */
};

struct log_store;

struct log_store *log_store_new(size_t max_lines, size_t max_bytes, struct af_error *err);
void log_store_free(struct log_store *s);
/* Tells that the first line is about to be dropped, unless it is a member of a group: where it is shown, and how many members
 * go with it. */
typedef void log_drop_fn(void *arg, uint64_t row, uint32_t members);
void log_store_on_drop(struct log_store *s, log_drop_fn *fn, void *arg);

/* What groups lines of one source; starts as zeros. */
struct log_grouping {
	uint64_t head, probe; /* where the last group begins, and that of the probes */
	int64_t probe_ns;
	uint8_t kind, phase;
	bool probed;
};

/* Copies the text; returns the line's number, UINT64_MAX when out of memory. grouping NULL: stands alone. */
uint64_t log_store_add(struct log_store *s, struct log_grouping *g, int64_t ns, uint16_t replica, struct log_meta meta,
		       const char *text, size_t len);

/* Puts a line that stands alone where its time belongs, before `line`: that one and those behind it are known by the next
 * number from then on. False: out of memory. */
bool log_store_insert(struct log_store *s, uint64_t line, int64_t ns, uint16_t replica, struct log_meta meta, const char *text,
		      size_t len);
/* The line before which one of that time belongs; end: behind all. Looks at the last `most` only. */
uint64_t log_store_place(const struct log_store *s, int64_t ns, uint64_t most);

/* Lines are those of [first, end). */
uint64_t log_store_first(const struct log_store *s);
uint64_t log_store_end(const struct log_store *s);
/* Valid until the next addition. */
struct log_record *log_store_at(const struct log_store *s, uint64_t line);
const char *log_store_text(const struct log_store *s, const struct log_record *r);
/* Of the group that the line belongs to: its head; itself if there is none. Before first: it was dropped. */
static inline uint64_t log_store_head(const struct log_store *s, uint64_t line)
{
	return line - log_store_at(s, line)->head;
}
/* The line where its group is shown. */
uint64_t log_store_row(const struct log_store *s, uint64_t line);
/* The group of a head; NULL: it has no members. */
const struct log_group *log_store_group(const struct log_store *s, uint64_t head);
/* The next member behind `line` (which may be the head); 0: none. */
uint64_t log_store_next_member(const struct log_store *s, const struct log_group *g, uint64_t line);

uint64_t log_store_dropped(const struct log_store *s);
size_t log_store_bytes(const struct log_store *s);
/* Lines of level ERROR and worse, a group counted once. */
uint64_t log_store_errors(const struct log_store *s);
size_t log_store_max_lines(const struct log_store *s);

/* log_group.c: the head that a line about to get the number `line` belongs to; `line` itself: none. Those before `first`
 * are gone. */
uint64_t log_group_of(struct log_grouping *g, uint64_t first, uint64_t line, int64_t ns, struct log_meta meta, size_t len);

#endif
