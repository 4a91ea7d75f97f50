/*
 * Lines of several logs in the order of their times. Pure: no threads, no clock.
 *
 * A line may go out when no earlier one can come any more: when every other source has a later line to show
 * or has ended; or, with a window, when it has waited that long for silent sources.
 * Lines of the same source never change places.
 */
#ifndef COMMAND_LOGMERGE_H
#define COMMAND_LOGMERGE_H

#include <stdint.h>

#include "base/strbuf.h"

struct log_line {
	int64_t ns;      /* since 1970 */
	size_t time_len; /* the text begins with its time in so many bytes and a space; 0: it does not */
	const char *text;
	size_t len;
};

struct logmerge;

/* window_ms < 0: waits for every source, however long. */
struct logmerge *logmerge_new(size_t sources, int64_t window_ms, struct af_error *err);
void logmerge_free(struct logmerge *m);

/* Copies the line. False when out of memory. */
bool logmerge_add(struct logmerge *m, size_t source, const struct log_line *line, int64_t now_ms);
/* Nothing comes from there any more. */
void logmerge_end(struct logmerge *m, size_t source);
/* Bytes that wait in a source. */
size_t logmerge_held(const struct logmerge *m, size_t source);

/* Takes the next line out; its text is valid until the next call of any function here. */
bool logmerge_next(struct logmerge *m, int64_t now_ms, size_t *source, struct log_line *line);
/* ms until a line may go out with nothing more coming in; -1: none ever. */
int64_t logmerge_due(const struct logmerge *m, int64_t now_ms);
/* All sources ended and all lines went out. */
bool logmerge_done(const struct logmerge *m);

#endif
