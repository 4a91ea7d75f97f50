/*
 * The log of one replica: lines "KIND TIME TEXT", with an RFC 3339 time to the nanosecond and a kind of o (stdout),
 * e (stderr) or = (not the server's: the end of a run). The file is renamed to NAME.1 when it has grown to LOG_BYTES, and
 * the one that had this name before is gone.
 */
#ifndef SUPERVISOR_LOGFILE_H
#define SUPERVISOR_LOGFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/strbuf.h"

#define LOG_BYTES (8L * 1024 * 1024)

struct logfile {
	const char *path;
	int fd;
	long size;
	struct strbuf batch;
};

struct logstream {
	char kind;
	struct strbuf partial; /* a line whose end has not come yet */
};

bool logfile_open(struct logfile *log, const char *path);
/* Cuts into lines; longer than 64 KiB come in pieces. */
void logfile_feed(struct logfile *log, struct logstream *s, const char *data, size_t len);
/* What there is of an unfinished line. */
void logfile_finish(struct logfile *log, struct logstream *s);
/* One line, at once. */
void logfile_line(struct logfile *log, char kind, const char *text, size_t len);
void logfile_flush(struct logfile *log);

#endif
