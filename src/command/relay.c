#include "command/relay.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "docker/demux.h"

#define PIECE ((size_t) 32 * 1024)

struct pump {
	struct relay *relay;
	int wake_fd;            /* the command was cancelled */
	struct frames frames;
	struct strbuf pending;  /* input that the engine did not take yet */
	bool input_over, output_over;
};

bool terminal_size(int fd, int *rows, int *cols)
{
	struct winsize size;

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		return false;
	*rows = size.ws_row;
	*cols = size.ws_col;
	return true;
}

/* ---- output ------------------------------------------------------------------------------- */

static bool on_piece(void *arg, enum docker_fd fd, bool first UNUSED, const char *data, size_t len)
{
	struct command_context *cx = ((struct pump *) arg)->relay->cx;

	if (fd == DOCKER_STDERR)
		cx->io->out_err(cx->io->arg, data, len);
	else
		command_out(cx, data, len);
	return true;
}

/* All that is there. */
static af_code take_output(struct pump *p, struct af_error *err)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = http_pipe_read(p->relay->pipe, piece, sizeof(piece))) > 0) {
		if (p->relay->tty)
			command_out(p->relay->cx, piece, (size_t) n);
		else if (!frames_feed(&p->frames, piece, (size_t) n, on_piece, p))
			return error_set(err, AF_ERR_PROTOCOL, "exec: the engine's stream makes no sense");
		if (cancel_requested(p->relay->cx->cancel))
			return AF_OK;
	}
	if (n == -2)
		return error_set(err, AF_ERR_LOST, "exec: the connection to the engine broke");
	p->output_over = n == 0;
	return AF_OK;
}

/* ---- input ---------------------------------------------------------------------------------- */

static void take_input(struct pump *p)
{
	ssize_t n;

	if (!strbuf_reserve(&p->pending, PIECE))
		return;
	n = read(p->relay->cx->io->in_fd, p->pending.data + p->pending.len, PIECE);
	if (n > 0)
		strbuf_advance(&p->pending, (size_t) n);
	else if (n == 0 || (errno != EINTR && errno != EAGAIN))
		p->input_over = true;
}

/* A program that reads no more is none of our errors: its output tells the end. */
static void give_input(struct pump *p)
{
	ssize_t n = 1;

	while (p->pending.len && n > 0) {
		n = http_pipe_write(p->relay->pipe, p->pending.data, p->pending.len);
		if (n > 0)
			strbuf_remove(&p->pending, 0, (size_t) n);
	}
	if (n == -2) {
		strbuf_reset(&p->pending);
		p->input_over = true;
	}
	if (p->input_over && !p->pending.len)
		http_pipe_shutdown(p->relay->pipe);
}

static void take_resize(struct pump *p)
{
	const struct command_io *io = p->relay->cx->io;
	uint64_t count;
	int rows, cols;

	if (read(io->resize_fd, &count, sizeof(count)) < 0)
		return;
	if (p->relay->tty && terminal_size(io->tty_fd, &rows, &cols) &&
	    docker_exec_resize(p->relay->engine, p->relay->exec_id, rows, cols, NULL))
		return; /* it has ended just now */
}

/* ---- both ways --------------------------------------------------------------------------------- */

static af_code pump(struct pump *p, struct af_error *err)
{
	const struct command_io *io = p->relay->cx->io;
	enum { ENGINE, INPUT, RESIZE, WAKE };
	af_code rc = take_output(p, err); /* what came along with the answer */

	while (!rc && !p->output_over) {
		struct pollfd fds[] = {
			[ENGINE] = { http_pipe_fd(p->relay->pipe), (short) (POLLIN | (p->pending.len ? POLLOUT : 0)), 0 },
			[INPUT] = { p->input_over || p->pending.len ? -1 : io->in_fd, POLLIN, 0 },
			[RESIZE] = { p->relay->tty ? io->resize_fd : -1, POLLIN, 0 },
			[WAKE] = { p->wake_fd, POLLIN, 0 },
		};

		if (poll(fds, ARRAY_LEN(fds), -1) < 0 && errno != EINTR)
			return error_errno(err, AF_ERR_FAILED, errno, "poll");
		if (fds[INPUT].revents)
			take_input(p);
		if (fds[INPUT].revents || (fds[ENGINE].revents & POLLOUT))
			give_input(p);
		if (fds[RESIZE].revents)
			take_resize(p);
		if (fds[ENGINE].revents & (POLLIN | POLLHUP | POLLERR))
			rc = take_output(p, err);
		if (!rc)
			rc = cancel_check(p->relay->cx->cancel, err);
	}
	return rc;
}

static void wake(void *arg)
{
	ssize_t ignored = write(((struct pump *) arg)->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

/* The terminal's own line editing, echo and signals go over to the one inside. */
static bool make_raw(int fd, struct termios *saved)
{
	struct termios raw;

	if (tcgetattr(fd, saved) < 0)
		return false;
	raw = *saved;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

af_code relay_run(struct relay *r, struct af_error *err)
{
	struct pump p = { .relay = r, .pending = STRBUF_INIT(STRBUF_TEXT), .input_over = r->cx->io->in_fd < 0 };
	struct cancel_waker waker = { .wake = wake, .arg = &p };
	struct termios saved;
	bool raw;
	af_code rc;

	p.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p.wake_fd < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "eventfd");
	if (p.input_over)
		http_pipe_shutdown(r->pipe);
	cancel_watch(r->cx->cancel, &waker);
	raw = r->tty && make_raw(r->cx->io->tty_fd, &saved);
	rc = pump(&p, err);
	if (raw)
		tcsetattr(r->cx->io->tty_fd, TCSADRAIN, &saved);
	cancel_unwatch(r->cx->cancel, &waker);
	strbuf_free(&p.pending);
	close(p.wake_fd);
	return rc;
}
