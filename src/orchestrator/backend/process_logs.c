/* The log of a process instance, read from the files that its supervisor writes (supervisor/logfile.h). */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "orchestrator/backend/process.h"

#define READ_SIZE 65536
/* Where nothing tells of new lines; and how often it is looked whether the files are still there. */
#define POLL_MS 50
#define LOOK_MS 500

struct reader {
	const struct docker_log_options *opt;
	docker_line_fn fn;
	void *arg;
	struct cancel *cancel;
	char *path;
	int fd;
	struct strbuf text; /* read and not yet passed on */
	size_t skip;        /* so many lines more are older than what was asked for */
	bool live;          /* what was there at the beginning was passed on */
	bool over;          /* enough, or the run ended */
	int wake_fd, notify_fd;
};

/* ---- lines -------------------------------------------------------------------------------- */

/* "o 2026-01-02T03:04:05.123456789Z text"; what is none is passed over. */
static void pass_line(struct reader *r, const char *line, size_t len)
{
	int64_t ns = 0;
	size_t time_len = len > 2 && line[1] == ' ' ? rfc3339_parse(line + 2, len - 2, &ns) : 0;

	if (!time_len || len < time_len + 3)
		return;
	if (*line == '=') { /* the end of a run ends the stream, as an engine does it */
		r->over |= r->live;
		return;
	}
	if (r->skip) {
		r->skip--;
		return;
	}
	if (ns < r->opt->since_ns)
		return;
	const char *text = r->opt->timestamps ? line + 2 : line + 3 + time_len;
	r->over |= !r->fn(r->arg, *line == 'e' ? DOCKER_STDERR : DOCKER_STDOUT, text, (size_t) (line + len - text));
}

static void pass_lines(struct reader *r)
{
	const char *at = r->text.data, *end = at + r->text.len, *nl;

	for (; !r->over && (nl = memchr(at, '\n', (size_t) (end - at))); at = nl + 1)
		pass_line(r, at, (size_t) (nl - at));
	strbuf_remove(&r->text, 0, (size_t) (at - r->text.data));
}

/* To the end of what is there; true: something came. */
static bool read_more(struct reader *r, int fd)
{
	bool some = false;
	ssize_t n;

	while (strbuf_reserve(&r->text, READ_SIZE) && (n = read(fd, r->text.data + r->text.len, READ_SIZE)) > 0) {
		strbuf_advance(&r->text, (size_t) n);
		some = true;
		if (r->live)
			pass_lines(r);
	}
	return some;
}

static size_t count_lines(const struct strbuf *text)
{
	size_t count = 0;
	const char *line = text->data, *end = line + text->len;

	for (const char *nl; (nl = memchr(line, '\n', (size_t) (end - line))); line = nl + 1)
		count += *line != '=';
	return count;
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool same_file(int a, int b)
{
	struct stat one, two;

	return fstat(a, &one) == 0 && fstat(b, &two) == 0 && one.st_ino == two.st_ino && one.st_dev == two.st_dev;
}

static int open_log(const char *path)
{
	return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

/* What was written so far; both files are bounded. */
static af_code read_history(struct reader *r, struct af_error *err)
{
	AUTO_FREE char *older = str_format(err, "%s.1", r->path);
	AUTO_CLOSE int old = older ? open_log(older) : -1;

	if (!older)
		return AF_ERR_NOMEM;
	/* Renamed just now: then it is the one that is open already. */
	if (old >= 0 && !same_file(old, r->fd))
		read_more(r, old);
	read_more(r, r->fd);
	af_code rc = strbuf_check(&r->text, err);
	size_t lines = r->opt->tail >= 0 ? count_lines(&r->text) : 0;
	r->skip = r->opt->tail >= 0 && lines > (size_t) r->opt->tail ? lines - (size_t) r->opt->tail : 0;
	pass_lines(r);
	r->skip = 0;
	return rc;
}

/* A new file took the name. False: there is none any more. */
static bool follow_rename(struct reader *r)
{
	int fd = open_log(r->path);

	if (fd < 0)
		return false;
	if (same_file(fd, r->fd)) {
		close(fd);
		return true;
	}
	read_more(r, r->fd); /* what came before it was renamed */
	close(r->fd);
	r->fd = fd;
	read_more(r, r->fd);
	return true;
}

/* ---- following ---------------------------------------------------------------------------------- */

static void wake(void *arg)
{
	ssize_t ignored = write(((struct reader *) arg)->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

static void wait_for_more(struct reader *r)
{
	struct pollfd fds[] = { { r->wake_fd, POLLIN, 0 }, { r->notify_fd, POLLIN, 0 } };
	char events[4096];

	if (poll(fds, ARRAY_LEN(fds), r->notify_fd >= 0 ? LOOK_MS : POLL_MS) > 0 && fds[1].revents)
		while (read(r->notify_fd, events, sizeof(events)) > 0)
			;
}

static af_code follow(struct reader *r, struct af_error *err)
{
	struct cancel_waker waker = { .wake = wake, .arg = r };
	AUTO_FREE char *dir = str_ndup(r->path, (size_t) (strrchr(r->path, '/') - r->path), err);
	af_code rc = AF_OK;

	r->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	r->notify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (r->notify_fd >= 0 && (!dir || inotify_add_watch(r->notify_fd, dir, IN_MODIFY | IN_CREATE | IN_DELETE_SELF) < 0)) {
		close(r->notify_fd);
		r->notify_fd = -1;
	}
	cancel_watch(r->cancel, &waker);
	r->live = true;
	while (!r->over && !(rc = cancel_check(r->cancel, err))) {
		if (read_more(r, r->fd))
			continue;
		if (!follow_rename(r))
			break;
		if (!r->over)
			wait_for_more(r);
	}
	cancel_unwatch(r->cancel, &waker);
	if (r->notify_fd >= 0)
		close(r->notify_fd);
	if (r->wake_fd >= 0)
		close(r->wake_fd);
	return rc;
}

af_code process_logs(struct instance *inst, const struct docker_log_options *opt, docker_line_fn fn, void *arg,
		     struct cancel *cancel, struct af_error *err)
{
	struct reader r = { .opt = opt, .fn = fn, .arg = arg, .cancel = cancel, .text = STRBUF_INIT(STRBUF_HUGE) };

	r.path = process_log_path(inst, err);
	if (!r.path)
		return AF_ERR_NOMEM;
	r.fd = open_log(r.path);
	af_code rc = AF_OK;
	if (r.fd < 0)
		rc = error_errno(err, errno == ENOENT ? AF_ERR_NOT_FOUND : AF_ERR_IO, errno, "the log of %s", inst->name);
	if (!rc)
		rc = read_history(&r, err);
	if (!rc && opt->follow && !r.over)
		rc = follow(&r, err);
	if (r.fd >= 0)
		close(r.fd);
	strbuf_free(&r.text);
	free(r.path);
	return rc;
}
