#include "cli/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "base/bytes.h"

#define READ_SIZE ((size_t) 64 * 1024)

/* ---- waiting ------------------------------------------------------------------------ */

static void wake(void *arg)
{
	struct terminal *t = arg;
	ssize_t ignored = write(t->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

/* Waits until fd is ready; false when the command was cancelled and it is not. */
static bool wait_for(struct terminal *t, int fd, short events)
{
	struct pollfd fds[] = { { .fd = fd, .events = events }, { .fd = t->wake_fd, .events = POLLIN } };

	while (poll(fds, ARRAY_LEN(fds), -1) < 0)
		if (errno != EINTR)
			return true; /* let the read or write say what is wrong */
	return fds[0].revents != 0;
}

/* ---- stdout ---------------------------------------------------------------------------- */

/* Returns 0 or an errno. PIPE_BUF bytes at a time go into a ready pipe without blocking. */
static int write_out(struct terminal *t, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n;

		if (t->poll_out && !wait_for(t, STDOUT_FILENO, POLLOUT)) {
			t->out_dropped = true;
			return 0;
		}
		n = write(STDOUT_FILENO, text, t->poll_out ? MIN(len, (size_t) PIPE_BUF) : len);
		if (n < 0 && errno == EAGAIN)
			t->poll_out = true; /* somebody made it non-blocking */
		else if (n < 0 && errno != EINTR)
			return errno;
		else if (n > 0) {
			text += n;
			len -= (size_t) n;
		}
	}
	return 0;
}

static void io_out(void *arg, const char *text, size_t len)
{
	struct terminal *t = arg;
	bool failed = false;

	pthread_mutex_lock(&t->lock);
	if (t->out_errno == 0 && !t->out_dropped) {
		bar_hide(&t->bar);
		t->out_errno = write_out(t, text, len);
		failed = t->out_errno != 0;
	}
	pthread_mutex_unlock(&t->lock);
	if (failed)
		cancel_trigger(t->cancel); /* what the command goes on to do, nobody gets to see */
}

static int io_width(void *arg UNUSED)
{
	struct winsize size;

	if (!isatty(STDOUT_FILENO))
		return 0;
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* ---- stdin ------------------------------------------------------------------------------- */

static af_code read_input(void *arg, struct strbuf *out, struct af_error *err)
{
	struct terminal *t = arg;

	if (isatty(STDIN_FILENO))
		terminal_note(t, "reading stdin, ^D on a line of its own ends it");
	for (;;) {
		ssize_t n;

		if (!wait_for(t, STDIN_FILENO, POLLIN))
			return cancel_check(t->cancel, err);
		if (!strbuf_reserve(out, READ_SIZE))
			return error_wrap(err, strbuf_check(out, err), "stdin");
		n = read(STDIN_FILENO, out->data + out->len, READ_SIZE);
		if (n == 0)
			return AF_OK;
		if (n > 0)
			strbuf_advance(out, (size_t) n);
		else if (errno != EINTR && errno != EAGAIN)
			return error_errno(err, AF_ERR_IO, errno, "stdin");
	}
}

/* ---- stderr -------------------------------------------------------------------------------- */

/* Whole lines in one write, so that lines of other processes do not get in between. */
static void put_stderr(const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDERR_FILENO, text, len);

		if (n < 0 && errno != EINTR)
			return; /* there is nowhere left to complain */
		if (n > 0) {
			text += n;
			len -= (size_t) n;
		}
	}
}

static void put_line(struct terminal *t, const char *line, bool dim)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_HUGE);

	if (dim)
		strbuf_adds(&sb, "\x1b[2m");
	text_add_safe(&sb, line, strlen(line), true);
	strbuf_adds(&sb, dim ? "\x1b[0m\n" : "\n");
	pthread_mutex_lock(&t->lock);
	bar_hide(&t->bar);
	put_stderr(sb.data, sb.len);
	bar_restore(&t->bar);
	pthread_mutex_unlock(&t->lock);
}

static void io_out_err(void *arg, const char *text, size_t len)
{
	struct terminal *t = arg;

	pthread_mutex_lock(&t->lock);
	bar_hide(&t->bar);
	put_stderr(text, len);
	pthread_mutex_unlock(&t->lock);
}

static void io_note(void *arg, const char *line)
{
	put_line(arg, line, false);
}

static void io_log(void *arg, const char *line)
{
	struct terminal *t = arg;

	if (!t->io.quiet)
		put_line(t, line, t->dim);
}

void terminal_note(struct terminal *t, const char *line)
{
	put_line(t, line, false);
}

/* Where no line can be taken back, each step is announced once. */
static void plain_progress(struct terminal *t, const struct command_progress *p)
{
	bool same;

	pthread_mutex_lock(&t->lock);
	same = p && t->plain_label && strcmp(t->plain_label, p->label) == 0;
	if (!same) {
		free(t->plain_label);
		t->plain_label = p ? str_dup(p->label, NULL) : NULL;
	}
	pthread_mutex_unlock(&t->lock);
	if (p && !same)
		put_line(t, p->label, false);
}

static void io_progress(void *arg, const struct command_progress *p)
{
	struct terminal *t = arg;

	if (t->io.quiet)
		return;
	if (!t->live) {
		plain_progress(t, p);
		return;
	}
	pthread_mutex_lock(&t->lock);
	if (p)
		bar_update(&t->bar, p);
	else
		bar_end(&t->bar);
	pthread_mutex_unlock(&t->lock);
}

/* ---- errors ---------------------------------------------------------------------------------- */

/* Appends text line by line, each further line indented. */
static void add_lines(struct strbuf *sb, const char *text, const char *indent)
{
	for (;;) {
		size_t len = strcspn(text, "\n");

		text_add_safe(sb, text, len, false);
		strbuf_addc(sb, '\n');
		text += len;
		if (!*text || !text[1])
			return;
		text++;
		strbuf_adds(sb, indent);
	}
}

void terminal_format_error(struct strbuf *sb, const struct af_error *err)
{
	strbuf_adds(sb, "afs: ");
	add_lines(sb, err->message ? err->message : af_code_name(err->code), "  ");
	if (!err->hint)
		return;
	strbuf_adds(sb, "  hint: ");
	add_lines(sb, err->hint, "        ");
}

void terminal_resized(struct terminal *t)
{
	ssize_t ignored = write(t->resize_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

void terminal_error(struct terminal *t, const struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);

	terminal_format_error(&sb, err);
	pthread_mutex_lock(&t->lock);
	bar_end(&t->bar);
	put_stderr(sb.data, sb.len);
	pthread_mutex_unlock(&t->lock);
}

af_code terminal_finish(struct terminal *t, struct af_error *err)
{
	pthread_mutex_lock(&t->lock);
	bar_end(&t->bar);
	pthread_mutex_unlock(&t->lock);
	if (t->out_errno)
		return error_errno(err, AF_ERR_IO, t->out_errno, "the result could not be written to stdout");
	if (t->out_dropped)
		return cancel_check(t->cancel, err);
	return AF_OK;
}

/* ---- set-up -------------------------------------------------------------------------------------- */

void terminal_claim_streams(void)
{
	/* Else the next open() would get such a number, and take what is meant for the user. stdout is
	 * opened for reading only, so that losing a result is still an error. */
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF)
			if (open("/dev/null", fd == STDERR_FILENO ? O_WRONLY : O_RDONLY) != fd)
				return;
}

static bool set(const char *variable)
{
	return !str_blank(getenv(variable));
}

/* By the variables alone: setlocale() would cost more than all of `afs --help`. */
static bool locale_is_utf8(void)
{
	const char *locale = set("LC_ALL") ? getenv("LC_ALL") : set("LC_CTYPE") ? getenv("LC_CTYPE") : getenv("LANG");

	return locale && (strcasestr(locale, "UTF-8") || strcasestr(locale, "utf8"));
}

af_code terminal_init(struct terminal *t, struct cancel *cancel, struct af_error *err)
{
	const char *term = getenv("TERM");
	bool capable = !str_blank(term) && strcmp(term, "dumb") != 0, color = capable && !set("NO_COLOR");
	bool out_tty = isatty(STDOUT_FILENO), err_tty = isatty(STDERR_FILENO);
	struct stat st;

	*t = (struct terminal){ .cancel = cancel };
	t->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	t->resize_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->wake_fd < 0 || t->resize_fd < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "eventfd");
	pthread_mutex_init(&t->lock, NULL);
	t->io = (struct command_io){ .arg = t, .color = out_tty && color, .interactive = out_tty, .out = io_out,
				     .note = io_note, .log = io_log, .progress = io_progress,
				     .read_input = read_input, .width = io_width, .out_err = io_out_err,
				     .in_fd = STDIN_FILENO, .resize_fd = t->resize_fd,
				     .tty_fd = out_tty && isatty(STDIN_FILENO) ? STDIN_FILENO : -1 };
	t->live = t->io.live = err_tty && capable;
	t->dim = err_tty && color;
	t->poll_out = fstat(STDOUT_FILENO, &st) == 0 && !S_ISREG(st.st_mode);
	bar_init(&t->bar, STDERR_FILENO, locale_is_utf8());
	t->waker = (struct cancel_waker){ .wake = wake, .arg = t };
	cancel_watch(cancel, &t->waker);
	return AF_OK;
}

void terminal_free(struct terminal *t)
{
	cancel_unwatch(t->cancel, &t->waker);
	bar_free(&t->bar);
	free(t->plain_label);
	pthread_mutex_destroy(&t->lock);
	close(t->wake_fd);
	close(t->resize_fd);
}
