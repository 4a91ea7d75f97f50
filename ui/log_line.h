/*
 * One line of a container's log: bytes from anywhere → text that can be kept, searched and drawn; and what it says about
 * itself. Pure; any thread.
 */
#ifndef UI_LOG_LINE_H
#define UI_LOG_LINE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/strbuf.h"

enum log_level { LEVEL_NONE, LEVEL_TRACE, LEVEL_DEBUG, LEVEL_INFO, LEVEL_WARN, LEVEL_ERROR, LEVEL_FATAL, LEVEL_COUNT };
/* "INFO", five cells at most; "" for NONE. */
const char *log_level_name(enum log_level level);
/* By its name in either case ("info"); NONE if it is none. */
enum log_level log_level_parse(const char *name);

enum log_flag {
	LOG_SGR = 1,       /* has colour sequences */
	LOG_JSON = 2,      /* looks like an object */
	LOG_TRACEBACK = 4, /* begins one */
	LOG_INDENT = 8,    /* begins with white space, or is empty: may belong to the line before */
	LOG_CHAIN = 16,    /* between two tracebacks of one failure */
	LOG_HEALTH = 32,   /* the access log's note of a probe that went well */
	LOG_MARKER = 64,   /* ours: the stream broke, the replica restarted */
	LOG_OPEN = 128,    /* unfolded by the user */
};

struct log_meta {
	uint8_t level, flags;
	uint16_t body; /* bytes of time and level at the front, which columns show */
};

/*
 * Appends the line as valid UTF-8 without control characters: of escape sequences only SGR ("ESC [ 1;31 m") stays, in one
 * piece; others vanish, controls are shown as pictures (␀), what is no UTF-8 as U+FFFD; tabs become blanks. Of a line that
 * was overwritten with carriage returns the last state is kept, behind a ␍. True if SGR sequences are in it.
 */
bool log_clean(struct strbuf *out, const char *text, size_t len);
/* Appends clean text without its SGR sequences. */
void log_strip(struct strbuf *out, const char *clean, size_t len);
/* Length of the SGR sequence at s, 0 if it is none. */
size_t log_sgr_len(const char *s, size_t left);

/* What a clean line says; `sgr` as log_clean() returned it. */
struct log_meta log_parse(const char *clean, size_t len, bool sgr);

/* log_level.c: the level that the text names; *body gets where the message begins behind time and level (0: at the front). */
enum log_level log_level_find(const char *text, size_t len, size_t *body);

#endif
