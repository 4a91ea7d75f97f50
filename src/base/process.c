#include "base/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/path.h"

extern char **environ;

enum {
	DEFAULT_OUTPUT = 1 << 20,
	GRACE_MS = 1000,    /* between SIGTERM and SIGKILL */
	REAP_TICK_MS = 20,  /* where the kernel has no pidfd */
	READ_CHUNK = 16384,
};

struct child {
	const struct process_spec *spec;
	struct process_result *result;
	size_t max;
	pid_t pid; /* 0: reaped */
	int in, out, err; /* our ends; -1 closed */
	int exited; /* pidfd, -1: none */
	int wake;   /* eventfd, written by the cancel token */
	size_t written;
	deadline deadline, kill_at;
	af_code stopped; /* why it was told to end; AF_OK: it was not */
};

/* ---- environment ---------------------------------------------------------- */

static bool same_key(const char *a, const char *b)
{
	size_t len = strcspn(a, "=");

	return strncmp(a, b, len) == 0 && (b[len] == '=' || b[len] == '\0');
}

static bool is_overridden(const char *entry, const char *const *over)
{
	for (; over && *over; over++)
		if (same_key(entry, *over))
			return true;
	return false;
}

af_code process_environment(const char *const *over, struct strlist *env, struct af_error *err)
{
	af_code rc = AF_OK;

	for (char **e = environ; e && *e && rc == AF_OK; e++)
		if (!is_overridden(*e, over))
			rc = strlist_add(env, *e, err);
	for (; over && *over && rc == AF_OK; over++)
		if (strchr(*over, '='))
			rc = strlist_add(env, *over, err);
	return rc;
}

/* ---- starting -------------------------------------------------------------- */

/* Our descriptors stay above stderr even in a program that was started without one,
 * so that dup2() to 0, 1 and 2 in the child cannot hit another of them. */
static int above_stderr(int fd)
{
	int moved;

	if (fd < 0 || fd > STDERR_FILENO)
		return fd;
	moved = fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	close(fd);
	return moved;
}

static af_code make_pair(bool input, int fds[2], struct af_error *err)
{
	/* stdin is a socket because writing to one can leave SIGPIPE out. */
	int rc = input ? socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) : pipe2(fds, O_CLOEXEC);

	if (rc < 0) {
		fds[0] = fds[1] = -1;
		return error_errno(err, AF_ERR_IO, errno, "pipe");
	}
	fds[0] = above_stderr(fds[0]);
	fds[1] = above_stderr(fds[1]);
	return fds[0] < 0 || fds[1] < 0 ? error_errno(err, AF_ERR_IO, errno, "pipe") : AF_OK;
}

static int fill_actions(posix_spawn_file_actions_t *actions, const struct process_spec *spec, int in, int out, int errfd)
{
	int rc = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)
			 : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (rc == 0)
		rc = posix_spawn_file_actions_adddup2(actions, errfd, STDERR_FILENO);
	if (rc == 0 && spec->cwd)
		rc = posix_spawn_file_actions_addchdir_np(actions, spec->cwd);
	return rc;
}

/* The caller's mask and ignored signals are its own affair: the child starts fresh. */
static int fill_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	rc = posix_spawnattr_setsigmask(attr, &none);
	if (rc == 0)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (rc == 0)
		rc = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	return rc;
}

static int spawn(const struct process_spec *spec, char *const *env, int in, int out, int errfd, pid_t *pid)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc != 0)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (rc == 0) {
		rc = fill_actions(&actions, spec, in, out, errfd);
		if (rc == 0)
			rc = fill_attributes(&attr);
		if (rc == 0)
			rc = posix_spawnp(pid, spec->argv[0], &actions, &attr, (char *const *) spec->argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int) syscall(SYS_pidfd_open, pid, 0);
#else
	(void) pid;
	return -1;
#endif
}

static af_code child_start(struct child *c, struct af_error *err)
{
	const struct process_spec *spec = c->spec;
	AUTO_STRLIST env = { 0 };
	int in[2] = { -1, -1 }, out[2] = { -1, -1 }, errs[2] = { -1, -1 };
	af_code rc = process_environment(spec->env, &env, err);
	int failed;

	if (rc == AF_OK && spec->input)
		rc = make_pair(true, in, err);
	if (rc == AF_OK)
		rc = make_pair(false, out, err);
	if (rc == AF_OK)
		rc = make_pair(false, errs, err);
	if (rc == AF_OK) {
		char *empty[] = { NULL };

		failed = spawn(spec, env.items ? env.items : empty, in[0], out[1], errs[1], &c->pid);
		if (failed) {
			c->pid = 0;
			rc = failed == ENOENT
				? error_set(err, AF_ERR_NOT_FOUND, "%s: no such program", spec->argv[0])
				: error_errno(err, AF_ERR_FAILED, failed, "start %s", spec->argv[0]);
		}
	}
	fd_cleanup(&in[0]);
	fd_cleanup(&out[1]);
	fd_cleanup(&errs[1]);
	c->in = in[1];
	c->out = out[0];
	c->err = errs[0];
	if (rc == AF_OK)
		c->exited = open_pidfd(c->pid);
	return rc;
}

/* ---- running --------------------------------------------------------------- */

static void close_end(int *fd)
{
	fd_cleanup(fd);
	*fd = -1;
}

/* stdout keeps its beginning: what is parsed must not lose its head. */
static void keep_head(struct child *c, const char *data, size_t len)
{
	size_t room = c->max - c->result->out.len;

	strbuf_add(&c->result->out, data, MIN(len, room));
	c->result->truncated |= len > room;
}

/* stderr keeps its end, where the reason for a failure stands. */
static void keep_tail(struct child *c, const char *data, size_t len)
{
	struct strbuf *sb = &c->result->err;

	strbuf_add(sb, data, len);
	if (sb->len > c->max * 2) {
		strbuf_remove(sb, 0, sb->len - c->max);
		c->result->truncated = true;
	}
}

/* True while there may be more. */
static bool child_read(struct child *c, int *fd, int number)
{
	char buf[READ_CHUNK];
	ssize_t n = read(*fd, buf, sizeof(buf));

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return errno == EINTR;
	if (n <= 0) {
		close_end(fd);
		return false;
	}
	if (c->spec->on_output)
		c->spec->on_output(c->spec->arg, number, buf, (size_t) n);
	if (number == STDOUT_FILENO)
		keep_head(c, buf, (size_t) n);
	else
		keep_tail(c, buf, (size_t) n);
	return true;
}

static void child_write(struct child *c)
{
	const char *data = c->spec->input;
	ssize_t n = send(c->in, data + c->written, c->spec->input_len - c->written, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0)
		c->written += (size_t) n;
	/* One that does not read its input is judged by its exit status. */
	if (n < 0 || c->written == c->spec->input_len)
		close_end(&c->in);
}

/* Once, politely; kill_at makes it final. */
static void child_stop(struct child *c, af_code why)
{
	if (c->stopped != AF_OK)
		return;
	c->stopped = why;
	c->kill_at = deadline_in(GRACE_MS);
	kill(-c->pid, SIGTERM);
}

/* True once it has exited. What it left running holds neither us nor the pipes: its session is
 * killed, and that before its id is given back, so that nobody else can have it. */
static bool child_reap(struct child *c)
{
	siginfo_t info = { .si_pid = 0 };
	int rc;

	do
		rc = waitid(P_PID, (id_t) c->pid, &info, WEXITED | WNOHANG | WNOWAIT);
	while (rc < 0 && errno == EINTR);
	if (rc == 0 && info.si_pid == 0)
		return false;
	kill(-c->pid, SIGKILL);
	/* An error is ECHILD: the program ignores SIGCHLD, so that the kernel kept no status for us. */
	if (rc == 0) {
		c->result->status = info.si_code == CLD_EXITED ? info.si_status : 128 + info.si_status;
		waitpid(c->pid, NULL, WNOHANG);
	}
	c->pid = 0;
	return true;
}

static int child_poll_timeout(const struct child *c)
{
	deadline until = c->stopped == AF_OK ? c->deadline : c->kill_at;
	int64_t left = until == DEADLINE_NONE ? INT64_MAX : deadline_left(until);

	if (c->exited < 0)
		left = MIN(left, REAP_TICK_MS);
	return left >= INT32_MAX ? -1 : (int) left;
}

/* Looks at the clock and the token. */
static void child_check(struct child *c)
{
	if (c->stopped == AF_OK && cancel_requested(c->spec->cancel))
		child_stop(c, AF_ERR_CANCELLED);
	else if (c->stopped == AF_OK && deadline_left(c->deadline) == 0)
		child_stop(c, AF_ERR_TIMEOUT);
	if (c->stopped != AF_OK && deadline_left(c->kill_at) == 0) {
		c->kill_at = DEADLINE_NONE;
		kill(-c->pid, SIGKILL);
	}
}

static void set_nonblocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

/* Until it has exited; then what the pipes still hold. */
static void child_run(struct child *c)
{
	bool over = false;

	set_nonblocking(c->out);
	set_nonblocking(c->err);
	while (!over) {
		struct pollfd p[] = {
			{ .fd = c->out, .events = POLLIN },
			{ .fd = c->err, .events = POLLIN },
			{ .fd = c->in, .events = POLLOUT },
			{ .fd = c->exited, .events = POLLIN },
			{ .fd = c->stopped == AF_OK ? c->wake : -1, .events = POLLIN },
		};

		if (poll(p, ARRAY_LEN(p), child_poll_timeout(c)) < 0 && errno != EINTR)
			child_stop(c, AF_ERR_IO);
		child_check(c);
		if (p[0].revents)
			child_read(c, &c->out, STDOUT_FILENO);
		if (p[1].revents)
			child_read(c, &c->err, STDERR_FILENO);
		if (p[2].revents)
			child_write(c);
		if (c->exited < 0 || p[3].revents)
			over = child_reap(c);
	}
	while (c->out >= 0 && child_read(c, &c->out, STDOUT_FILENO))
		;
	while (c->err >= 0 && child_read(c, &c->err, STDERR_FILENO))
		;
}

/* ---- the whole --------------------------------------------------------------- */

static void wake_up(void *arg)
{
	const struct child *c = arg;
	uint64_t one = 1;
	ssize_t n UNUSED = write(c->wake, &one, sizeof(one));
}

static af_code child_outcome(struct child *c, struct af_error *err)
{
	const struct process_spec *spec = c->spec;
	af_code rc = AF_OK;

	if (c->result->err.len > c->max) {
		strbuf_remove(&c->result->err, 0, c->result->err.len - c->max);
		c->result->truncated = true;
	}
	if (c->stopped == AF_ERR_CANCELLED)
		return error_set(err, AF_ERR_CANCELLED, "interrupted");
	if (c->stopped == AF_ERR_TIMEOUT)
		return error_set(err, AF_ERR_TIMEOUT, "%s did not end within %.3g s", spec->argv[0],
				 (double) spec->timeout_ms / 1000);
	if (c->stopped != AF_OK)
		return error_set(err, c->stopped, "lost touch with %s", spec->argv[0]);
	rc = strbuf_check(&c->result->out, err);
	if (rc == AF_OK)
		rc = strbuf_check(&c->result->err, err);
	return rc;
}

af_code process_run(const struct process_spec *spec, struct process_result *result, struct af_error *err)
{
	struct child c = {
		.spec = spec, .result = result, .max = spec->max_output ? spec->max_output : DEFAULT_OUTPUT,
		.in = -1, .out = -1, .err = -1, .exited = -1, .wake = -1,
		.deadline = deadline_in(spec->timeout_ms), .kill_at = DEADLINE_NONE,
	};
	struct cancel_waker waker = { .wake = wake_up, .arg = &c };
	af_code rc;

	*result = (struct process_result){ .out = STRBUF_INIT(c.max), .err = STRBUF_INIT(c.max * 2 + READ_CHUNK) };
	rc = cancel_check(spec->cancel, err);
	if (rc == AF_OK && spec->cwd && !path_is_dir(spec->cwd))
		rc = error_set(err, AF_ERR_NOT_FOUND, "%s: no such directory", spec->cwd);
	if (rc == AF_OK && (c.wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) < 0)
		rc = error_errno(err, AF_ERR_IO, errno, "eventfd");
	if (rc == AF_OK)
		rc = child_start(&c, err);
	if (rc == AF_OK) {
		cancel_watch(spec->cancel, &waker);
		child_run(&c);
		cancel_unwatch(spec->cancel, &waker);
		rc = child_outcome(&c, err);
	}
	close_end(&c.in);
	close_end(&c.out);
	close_end(&c.err);
	close_end(&c.exited);
	close_end(&c.wake);
	return rc;
}

void process_result_free(struct process_result *result)
{
	strbuf_free(&result->out);
	strbuf_free(&result->err);
}

char *process_last_line(const struct strbuf *text, struct af_error *err)
{
	static const char white[] = " \t\r\n\v\f";
	const char *end = text->data + text->len;
	const char *start;

	while (end > text->data && memchr(white, end[-1], sizeof(white) - 1))
		end--;
	start = end;
	while (start > text->data && start[-1] != '\n')
		start--;
	while (start < end && memchr(white, *start, sizeof(white) - 1))
		start++;
	return str_ndup(start, (size_t) (end - start), err);
}
