#include "supervisor/logfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define LINE_MAX_BYTES (64u * 1024)

static bool reopen(struct logfile *log)
{
	struct stat st;

	log->fd = open(log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
	log->size = log->fd >= 0 && fstat(log->fd, &st) == 0 ? (long) st.st_size : 0;
	return log->fd >= 0;
}

bool logfile_open(struct logfile *log, const char *path)
{
	*log = (struct logfile){ .path = path, .batch = STRBUF_INIT(STRBUF_TEXT) };
	return reopen(log);
}

static void rotate(struct logfile *log)
{
	AUTO_FREE char *old = str_format(NULL, "%s.1", log->path);

	if (!old || rename(log->path, old) < 0)
		return;
	close(log->fd);
	reopen(log);
}

/* On a full disk lines are lost; the server does not wait for it. */
void logfile_flush(struct logfile *log)
{
	const char *p = log->batch.data;
	size_t left = log->batch.len;

	while (left && log->fd >= 0) {
		ssize_t n = write(log->fd, p, left);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		p += n;
		left -= (size_t) n;
		log->size += n;
	}
	strbuf_reset(&log->batch);
	if (log->size >= LOG_BYTES)
		rotate(log);
}

void logfile_line(struct logfile *log, char kind, const char *text, size_t len)
{
	struct timespec now;
	struct tm tm;
	char stamp[48];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	size_t at = strftime(stamp, sizeof(stamp), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(stamp + at, sizeof(stamp) - at, ".%09ldZ ", now.tv_nsec);
	strbuf_addc(&log->batch, kind);
	strbuf_addc(&log->batch, ' ');
	strbuf_adds(&log->batch, stamp);
	strbuf_add(&log->batch, text, len);
	strbuf_addc(&log->batch, '\n');
	if (log->batch.len > LINE_MAX_BYTES)
		logfile_flush(log);
}

void logfile_feed(struct logfile *log, struct logstream *s, const char *data, size_t len)
{
	const char *end = data + len;

	for (const char *nl; data < end && (nl = memchr(data, '\n', (size_t) (end - data))); data = nl + 1) {
		if (s->partial.len) {
			strbuf_add(&s->partial, data, (size_t) (nl - data));
			logfile_line(log, s->kind, s->partial.data, s->partial.len);
			strbuf_reset(&s->partial);
		} else {
			logfile_line(log, s->kind, data, (size_t) (nl - data));
		}
	}
	strbuf_add(&s->partial, data, (size_t) (end - data));
	if (s->partial.len > LINE_MAX_BYTES)
		logfile_finish(log, s);
}

void logfile_finish(struct logfile *log, struct logstream *s)
{
	if (s->partial.len)
		logfile_line(log, s->kind, s->partial.data, s->partial.len);
	strbuf_reset(&s->partial);
}
