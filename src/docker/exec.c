/* Commands in a container. See docker.h. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "docker/client.h"
#include "docker/demux.h"
#include "docker/tree.h"

/* The end of the stream comes a moment before the engine notes the exit code. */
#define EXIT_CODE_MS 5000

/* The terminal has its size from the start (API 1.42); older engines pass this over. */
static bool add_size(cJSON *config, const struct docker_exec_options *opt)
{
	const int size[] = { opt->rows, opt->cols };

	return !opt->tty || opt->rows <= 0 || opt->cols <= 0 || tree_add(config, "ConsoleSize", cJSON_CreateIntArray(size, 2));
}

static cJSON *exec_config(const struct docker_exec_options *opt)
{
	AUTO_CJSON *config = cJSON_CreateObject();

	if (!config || !tree_add(config, "AttachStdin", cJSON_CreateBool(opt->stdin_open)) ||
	    !tree_add(config, "AttachStdout", cJSON_CreateBool(true)) ||
	    !tree_add(config, "AttachStderr", cJSON_CreateBool(true)) ||
	    !tree_add(config, "Tty", cJSON_CreateBool(opt->tty)) || !tree_add_strings(config, "Cmd", opt->argv) ||
	    !tree_add_strings(config, "Env", opt->env) || !add_size(config, opt) ||
	    (opt->workdir && !tree_add_string(config, "WorkingDir", opt->workdir)))
		return NULL;
	return af_steal(config);
}

static af_code exec_create(struct docker *d, const char *container, const struct docker_exec_options *opt,
			   struct cancel *cancel, char **id, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_CJSON *config = exec_config(opt);
	AUTO_CJSON *answer = NULL;
	af_code rc;

	if (!config)
		return error_nomem(err);
	strbuf_adds(&path, "/containers/");
	url_add_escaped(&path, container);
	strbuf_adds(&path, "/exec");
	rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = docker_request(d, "POST", path.data, config, 0, cancel, &answer, err);
	if (rc != AF_OK)
		return rc;
	if (!tree_string(answer, "Id"))
		return error_set(err, AF_ERR_PROTOCOL, "exec: the engine at %s gave no id", docker_host(d));
	*id = str_dup(tree_string(answer, "Id"), err);
	return *id ? AF_OK : AF_ERR_NOMEM;
}

static af_code exec_attach(struct docker *d, const char *id, bool tty, struct cancel *cancel, struct http_pipe **pipe,
			   struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	struct engine_request req = {
		.method = "POST", .body = tty ? "{\"Detach\":false,\"Tty\":true}" : "{\"Detach\":false,\"Tty\":false}",
		.cancel = cancel,
	};
	af_code rc;

	strbuf_adds(&path, "/exec/");
	url_add_escaped(&path, id);
	strbuf_adds(&path, "/start");
	rc = strbuf_check(&path, err);
	req.path = path.data;
	return rc == AF_OK ? engine_upgrade(d, &req, pipe, err) : rc;
}

af_code docker_exec_start(struct docker *d, const char *container, const struct docker_exec_options *opt,
			  struct cancel *cancel, char **id, struct http_pipe **pipe, struct af_error *err)
{
	AUTO_FREE char *exec = NULL;
	struct http_pipe *stream = NULL;
	af_code rc = exec_create(d, container, opt, cancel, &exec, err);

	if (rc == AF_OK)
		rc = exec_attach(d, exec, opt->tty, cancel, &stream, err);
	if (rc != AF_OK)
		return error_wrap(err, rc, "exec in %.12s", container);
	/* Only now is there something to resize; a command that ended already has no size. */
	if (opt->tty && opt->rows > 0 && opt->cols > 0) {
		struct af_error ignored = AF_ERROR_INIT;

		if (docker_exec_resize(d, exec, opt->rows, opt->cols, &ignored) != AF_OK)
			af_error_clear(&ignored);
	}
	*id = af_steal(exec);
	*pipe = stream;
	return AF_OK;
}

af_code docker_exec_resize(struct docker *d, const char *id, int rows, int cols, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	af_code rc;

	strbuf_adds(&path, "/exec/");
	url_add_escaped(&path, id);
	strbuf_addf(&path, "/resize?h=%d&w=%d", rows, cols);
	rc = strbuf_check(&path, err);
	return rc == AF_OK ? docker_request(d, "POST", path.data, NULL, 0, NULL, NULL, err) : rc;
}

static af_code exec_state(struct docker *d, const char *id, bool *running, int *code, struct af_error *err)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_LINE);
	AUTO_CJSON *state = NULL;
	af_code rc;

	strbuf_adds(&path, "/exec/");
	url_add_escaped(&path, id);
	strbuf_adds(&path, "/json");
	rc = strbuf_check(&path, err);
	if (rc == AF_OK)
		rc = docker_request(d, "GET", path.data, NULL, 0, NULL, &state, err);
	if (rc != AF_OK)
		return rc;
	*running = tree_bool(state, "Running");
	*code = (int) MAX(MIN(tree_int(state, "ExitCode", -1), INT64_C(65535)), INT64_C(-1));
	return AF_OK;
}

af_code docker_exec_exit_code(struct docker *d, const char *id, int *code, struct af_error *err)
{
	deadline end = deadline_in(EXIT_CODE_MS);
	bool running = true;
	af_code rc = AF_OK;

	for (int pause = 1; rc == AF_OK && running; pause = MIN(pause * 2, 100)) {
		rc = exec_state(d, id, &running, code, err);
		if (rc == AF_OK && running && !deadline_left(end))
			return error_set(err, AF_ERR_TIMEOUT, "the command has not ended");
		if (rc == AF_OK && running)
			cancel_sleep(NULL, pause);
	}
	return rc;
}

/* ---- to the end -------------------------------------------------------------------------- */

struct capture {
	struct strbuf *output, *errors;
	struct frames frames;
};

static bool on_piece(void *arg, enum docker_fd fd, bool first UNUSED, const char *data, size_t len)
{
	struct capture *c = arg;
	struct strbuf *to = fd == DOCKER_STDERR ? c->errors : c->output;

	if (!to)
		return true;
	strbuf_add(to, data, len);
	return strbuf_check(to, NULL) == AF_OK;
}

static void wake_fd(void *arg)
{
	uint64_t one = 1;

	/* It can fail only where it is readable already. */
	if (write(*(int *) arg, &one, sizeof(one)) < 0)
		return;
}

/* Reads until the stream ends; wake becomes readable when the job is cancelled. */
static af_code read_all(struct http_pipe *pipe, bool tty, struct capture *c, int wake, struct cancel *cancel,
			struct af_error *err)
{
	struct pollfd fds[2] = { { http_pipe_fd(pipe), POLLIN, 0 }, { wake, POLLIN, 0 } };
	char buf[16384];

	for (;;) {
		ssize_t n = http_pipe_read(pipe, buf, sizeof(buf));

		if (n == 0)
			return AF_OK;
		if (n == -2)
			return error_set(err, AF_ERR_LOST, "the connection to the engine broke");
		if (n > 0) {
			bool more = tty ? on_piece(c, DOCKER_STDOUT, false, buf, (size_t) n)
					: frames_feed(&c->frames, buf, (size_t) n, on_piece, c);

			if (!more)
				return c->frames.broken ? error_set(err, AF_ERR_PROTOCOL, "the engine's stream makes no sense")
							: AF_OK; /* a buffer is full: its owner reports it */
			continue;
		}
		poll(fds, 2, -1);
		if (cancel_requested(cancel))
			return cancel_check(cancel, err);
	}
}

static af_code capture_all(struct http_pipe *pipe, bool tty, struct capture *c, struct cancel *cancel,
			   struct af_error *err)
{
	AUTO_CLOSE int wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	struct cancel_waker waker = { .wake = wake_fd, .arg = &wake };
	af_code rc;

	if (wake < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "eventfd");
	cancel_watch(cancel, &waker);
	rc = read_all(pipe, tty, c, wake, cancel, err);
	cancel_unwatch(cancel, &waker);
	if (rc == AF_OK && c->output)
		rc = strbuf_check(c->output, err);
	if (rc == AF_OK && c->errors)
		rc = strbuf_check(c->errors, err);
	return rc;
}

af_code docker_exec_run(struct docker *d, const char *container, const struct docker_exec_options *opt,
			struct cancel *cancel, int *exit_code, struct strbuf *output, struct strbuf *errors,
			struct af_error *err)
{
	AUTO_FREE char *id = NULL;
	struct http_pipe *pipe = NULL;
	struct capture c = { .output = output, .errors = errors };
	af_code rc = docker_exec_start(d, container, opt, cancel, &id, &pipe, err);

	if (rc != AF_OK)
		return rc;
	rc = capture_all(pipe, opt->tty, &c, cancel, err);
	http_pipe_close(pipe);
	if (rc == AF_OK)
		rc = docker_exec_exit_code(d, id, exit_code, err);
	return rc == AF_OK ? rc : error_wrap(err, rc, "exec in %.12s", container);
}
