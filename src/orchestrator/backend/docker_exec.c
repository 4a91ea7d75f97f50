#include "orchestrator/backend/docker_exec.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bytes.h"
#include "docker/demux.h"
#include "docker/tree.h"
#include "orchestrator/backend/terminal.h"
#include "orchestrator/orchestrator.h"

#define PIECE ((size_t) 32 * 1024)

/* In the program's environment and in that of all that it starts. */
#define MARK "AFFINETES_EXEC"
#define HANGUP_MS 2000

struct pump {
	struct instance *inst;
	const struct instance_program *io;
	struct cancel *cancel;
	const char *exec_id;
	struct http_pipe *pipe;
	int wake_fd;            /* the cancel token fired */
	struct frames frames;
	struct strbuf pending;  /* input that the engine did not take yet */
	bool input_over, output_over;
};

/* ---- output ------------------------------------------------------------------------------- */

static bool on_piece(void *arg, enum docker_fd fd, bool first UNUSED, const char *data, size_t len)
{
	const struct instance_program *io = ((struct pump *) arg)->io;

	(fd == DOCKER_STDERR ? io->out_err : io->out)(io->arg, data, len);
	return true;
}

/* All that is there. */
static af_code take_output(struct pump *p, struct af_error *err)
{
	char piece[PIECE];
	ssize_t n;

	while ((n = http_pipe_read(p->pipe, piece, sizeof(piece))) > 0) {
		if (p->io->tty_fd >= 0)
			p->io->out(p->io->arg, piece, (size_t) n);
		else if (!frames_feed(&p->frames, piece, (size_t) n, on_piece, p))
			return error_set(err, AF_ERR_PROTOCOL, "exec: the engine's stream makes no sense");
		if (cancel_requested(p->cancel))
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
	n = read(p->io->in_fd, p->pending.data + p->pending.len, PIECE);
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
		n = http_pipe_write(p->pipe, p->pending.data, p->pending.len);
		if (n > 0)
			strbuf_remove(&p->pending, 0, (size_t) n);
	}
	if (n == -2) {
		strbuf_reset(&p->pending);
		p->input_over = true;
	}
	if (p->input_over && !p->pending.len)
		http_pipe_shutdown(p->pipe);
}

static void take_resize(struct pump *p)
{
	const struct instance_program *io = p->io;
	uint64_t count;
	int rows, cols;

	if (read(io->resize_fd, &count, sizeof(count)) < 0)
		return;
	if (terminal_size(io->tty_fd, &rows, &cols) &&
	    docker_exec_resize(p->inst->engine, p->exec_id, rows, cols, NULL))
		return; /* it has ended just now */
}

/* ---- both ways --------------------------------------------------------------------------------- */

static af_code pump(struct pump *p, struct af_error *err)
{
	const struct instance_program *io = p->io;
	enum { ENGINE, INPUT, RESIZE, WAKE };
	af_code rc = take_output(p, err); /* what came along with the answer */

	while (!rc && !p->output_over) {
		struct pollfd fds[] = {
			[ENGINE] = { http_pipe_fd(p->pipe), (short) (POLLIN | (p->pending.len ? POLLOUT : 0)), 0 },
			[INPUT] = { p->input_over || p->pending.len ? -1 : io->in_fd, POLLIN, 0 },
			[RESIZE] = { io->tty_fd >= 0 ? io->resize_fd : -1, POLLIN, 0 },
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
			rc = cancel_check(p->cancel, err);
	}
	return rc;
}

static void wake(void *arg)
{
	ssize_t ignored = write(((struct pump *) arg)->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

static af_code relay(struct pump *p, struct af_error *err)
{
	struct cancel_waker waker = { .wake = wake, .arg = p };
	struct termios saved;

	p->wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->wake_fd < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "eventfd");
	if (p->input_over)
		http_pipe_shutdown(p->pipe);
	cancel_watch(p->cancel, &waker);
	bool raw = terminal_make_raw(p->io->tty_fd, &saved);
	af_code rc = pump(p, err);
	if (raw)
		terminal_restore(p->io->tty_fd, &saved);
	cancel_unwatch(p->cancel, &waker);
	strbuf_free(&p->pending);
	close(p->wake_fd);
	return rc;
}

/* ---- the program -------------------------------------------------------------------------------- */

static const char *const shell[] = {
	"/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi", NULL
};

/* An engine leaves the program running when nobody listens any more. Best effort, and it is not waited for. */
static void hang_up(const struct instance *inst, const char *mark)
{
	static const char script[] = "for p in /proc/[0-9]*; do"
				     " if tr '\\0' '\\n' <$p/environ | grep -qx \"$0\";"
				     " then kill -HUP ${p#/proc/}; kill -TERM ${p#/proc/}; fi; done 2>/dev/null";
	const char *const words[] = { "/bin/sh", "-c", script, mark, NULL };
	AUTO_FREE char *create = str_format(NULL, "/containers/%s/exec", inst->id), *start = NULL;
	AUTO_CJSON *config = cJSON_CreateObject(), *detached = cJSON_CreateObject(), *made = NULL;

	if (!create || !config || !tree_add_strings(config, "Cmd", words) || !detached ||
	    !tree_add(detached, "Detach", cJSON_CreateTrue()))
		return;
	if (docker_request(inst->engine, "POST", create, config, HANGUP_MS, NULL, &made, NULL) || !tree_string(made, "Id"))
		return;
	start = str_format(NULL, "/exec/%s/start", tree_string(made, "Id"));
	if (!start || docker_request(inst->engine, "POST", start, detached, HANGUP_MS, NULL, NULL, NULL))
		return;
}

static af_code new_mark(char **out, struct af_error *err)
{
	AUTO_STRBUF mark = STRBUF_INIT(STRBUF_LINE);
	af_code rc;

	strbuf_adds(&mark, MARK "=");
	rc = random_hex(&mark, 8, err);
	return rc ? rc : strbuf_steal(&mark, out, err);
}

static af_code connect_program(struct pump *p, const struct docker_exec_options *opt, int *status, struct af_error *err)
{
	struct docker *engine = p->inst->engine;
	AUTO_FREE char *id = NULL;
	af_code rc = docker_exec_start(engine, p->inst->id, opt, p->cancel, &id, &p->pipe, err);

	if (rc)
		return rc;
	p->exec_id = id;
	rc = relay(p, err);
	http_pipe_close(p->pipe);
	return rc ? rc : docker_exec_exit_code(engine, id, status, err);
}

af_code docker_backend_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel,
			    int *status, struct af_error *err)
{
	struct pump p = { .inst = inst, .io = program, .cancel = cancel, .pending = STRBUF_INIT(STRBUF_TEXT),
			  .input_over = program->in_fd < 0 };
	bool tty = program->tty_fd >= 0;
	AUTO_FREE char *term = str_format(err, "TERM=%s", getenv("TERM") ? getenv("TERM") : "xterm"), *mark = NULL;
	af_code rc = term ? new_mark(&mark, err) : AF_ERR_NOMEM;
	const char *env[] = { mark, tty ? term : NULL, NULL };
	struct docker_exec_options opt = {
		.argv = program->argv ? program->argv : shell,
		.env = env,
		.tty = tty,
		.stdin_open = true,
	};

	if (rc)
		return rc;
	if (!terminal_size(program->tty_fd, &opt.rows, &opt.cols))
		opt.rows = opt.cols = 0;
	rc = connect_program(&p, &opt, status, err);
	if (rc == AF_ERR_CANCELLED)
		hang_up(inst, mark);
	return rc;
}
