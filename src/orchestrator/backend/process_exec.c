/* A program in the directory of a process instance, with its variables, in the user's place. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/process.h"
#include "orchestrator/backend/process.h"
#include "orchestrator/backend/terminal.h"

/* How often it is looked whether it ended where no output tells, and what one that is hung up gets until it is killed. */
#define TICK_MS 20
#define HANGUP_MS 2000
#define PIECE 32768

struct child {
	const struct instance_program *program;
	struct cancel *cancel;
	pid_t pid;
	int out, err; /* our ends; -1: closed, or a terminal */
	int wake_fd;
	int status;
	deadline kill_at;
};

/* ---- starting ------------------------------------------------------------------------------ */

static int fill_actions(posix_spawn_file_actions_t *actions, const struct child *c, const char *dir, int out, int err)
{
	const struct instance_program *p = c->program;
	int in = p->tty_fd >= 0 ? p->tty_fd : p->in_fd;
	int rc = in >= 0 ? posix_spawn_file_actions_adddup2(actions, in, STDIN_FILENO)
			 : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);

	if (!rc)
		rc = posix_spawn_file_actions_adddup2(actions, out, STDOUT_FILENO);
	if (!rc)
		rc = posix_spawn_file_actions_adddup2(actions, err, STDERR_FILENO);
	return rc ? rc : posix_spawn_file_actions_addchdir_np(actions, dir);
}

/* A process group of its own, signals as in a fresh shell. */
static int fill_attributes(posix_spawnattr_t *attr)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	sigdelset(&all, SIGKILL);
	sigdelset(&all, SIGSTOP);
	int rc = posix_spawnattr_setsigmask(attr, &none);
	if (!rc)
		rc = posix_spawnattr_setsigdefault(attr, &all);
	if (!rc)
		rc = posix_spawnattr_setpgroup(attr, 0);
	return rc ? rc : posix_spawnattr_setflags(attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
							POSIX_SPAWN_SETSIGDEF);
}

static int spawn(struct child *c, const char *dir, char *const *argv, char *const *env, int out, int err)
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	int rc = posix_spawn_file_actions_init(&actions);

	if (rc)
		return rc;
	rc = posix_spawnattr_init(&attr);
	if (!rc) {
		rc = fill_actions(&actions, c, dir, out, err);
		if (!rc)
			rc = fill_attributes(&attr);
		if (!rc)
			rc = posix_spawnp(&c->pid, argv[0], &actions, &attr, argv, env);
		posix_spawnattr_destroy(&attr);
	}
	posix_spawn_file_actions_destroy(&actions);
	return rc;
}

/* ---- while it runs ----------------------------------------------------------------------------- */

/* Who is not in the foreground gets SIGTTOU for this, which is held off meanwhile. */
static void give_terminal(int tty, pid_t group)
{
	sigset_t set, before;

	sigemptyset(&set);
	sigaddset(&set, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &set, &before);
	tcsetpgrp(tty, group);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void pass_output(int *fd, void (*to)(void *arg, const char *data, size_t len), void *arg)
{
	char piece[PIECE];
	ssize_t n = read(*fd, piece, sizeof(piece));

	if (n > 0) {
		to(arg, piece, (size_t) n);
	} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
		close(*fd);
		*fd = -1;
	}
}

/* True once it is over. One that the user stopped (^Z) goes on: nobody could call it back. */
static bool has_ended(struct child *c)
{
	int status;
	pid_t who = waitpid(c->pid, &status, WNOHANG | WUNTRACED);

	if (who == c->pid && WIFSTOPPED(status)) {
		kill(-c->pid, SIGCONT);
		return false;
	}
	if (who == c->pid)
		c->status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return who == c->pid || (who < 0 && errno != EINTR);
}

static void look_at_token(struct child *c)
{
	if (!cancel_requested(c->cancel))
		return;
	if (c->kill_at == DEADLINE_NONE) {
		kill(-c->pid, SIGHUP);
		kill(-c->pid, SIGTERM);
		kill(-c->pid, SIGCONT);
		c->kill_at = deadline_in(HANGUP_MS);
	} else if (!deadline_left(c->kill_at)) {
		kill(-c->pid, SIGKILL);
	}
}

static void wake(void *arg)
{
	ssize_t ignored = write(((struct child *) arg)->wake_fd, &(uint64_t){ 1 }, sizeof(uint64_t));

	(void) ignored;
}

static void attend(struct child *c)
{
	const struct instance_program *p = c->program;
	bool ended = false;

	while (!ended || c->out >= 0 || c->err >= 0) {
		struct pollfd fds[] = {
			{ c->out, POLLIN, 0 }, { c->err, POLLIN, 0 },
			{ c->kill_at == DEADLINE_NONE ? c->wake_fd : -1, POLLIN, 0 },
		};

		int n = poll(fds, ARRAY_LEN(fds), TICK_MS);
		if (fds[0].revents)
			pass_output(&c->out, p->out, p->arg);
		if (fds[1].revents)
			pass_output(&c->err, p->out_err, p->arg);
		/* What it left running may hold the pipes for ever. */
		if (ended && n == 0)
			return;
		ended = ended || has_ended(c);
		if (!ended)
			look_at_token(c);
	}
}

static void run(struct child *c)
{
	struct cancel_waker waker = { .wake = wake, .arg = c };
	int tty = c->program->tty_fd;
	struct termios saved;
	bool have = tty >= 0 && tcgetattr(tty, &saved) == 0;
	pid_t before = tty >= 0 ? tcgetpgrp(tty) : -1;

	if (tty >= 0) {
		give_terminal(tty, c->pid);
		kill(-c->pid, SIGCONT); /* it may have asked for the terminal before it had it */
	}
	cancel_watch(c->cancel, &waker);
	attend(c);
	cancel_unwatch(c->cancel, &waker);
	if (before > 0)
		give_terminal(tty, before);
	if (have)
		terminal_restore(tty, &saved);
}

/* ---- the whole ------------------------------------------------------------------------------------ */

static af_code not_started(int failed, const char *what, struct af_error *err)
{
	if (failed == ENOENT)
		return error_set(err, AF_ERR_NOT_FOUND, "%s: no such program", what);
	return error_errno(err, AF_ERR_FAILED, failed, "start %s", what);
}

static af_code start_and_run(struct child *c, const char *dir, const struct strlist *env, struct af_error *err)
{
	static const char *const shell[] = {
		"/bin/sh", "-c", "if command -v bash >/dev/null 2>&1; then exec bash; else exec sh; fi", NULL
	};
	const struct instance_program *p = c->program;
	char *const *argv = (char *const *) (p->argv ? p->argv : shell);
	int out[2] = { -1, p->tty_fd }, errs[2] = { -1, p->tty_fd };

	if (p->tty_fd < 0 && (pipe2(out, O_CLOEXEC) < 0 || pipe2(errs, O_CLOEXEC) < 0))
		return error_errno(err, AF_ERR_IO, errno, "pipe");
	int failed = spawn(c, dir, argv, env->items, out[1], errs[1]);
	c->out = out[0];
	c->err = errs[0];
	if (p->tty_fd < 0) {
		close(out[1]);
		close(errs[1]);
	}
	if (!failed)
		run(c);
	fd_cleanup(&c->out);
	fd_cleanup(&c->err);
	return failed ? not_started(failed, argv[0], err) : cancel_check(c->cancel, err);
}

af_code process_exec(struct instance *inst, const struct instance_program *program, struct cancel *cancel, int *status,
		     struct af_error *err)
{
	struct child c = { .program = program, .cancel = cancel, .kill_at = DEADLINE_NONE };
	AUTO_STRLIST over = { 0 }, env = { 0 };
	af_code rc = process_variables(inst, &over, err);

	if (!rc)
		rc = process_environment((const char *const *) over.items, &env, err);
	if (rc)
		return rc;
	c.wake_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (c.wake_fd < 0)
		return error_errno(err, AF_ERR_FAILED, errno, "eventfd");
	rc = start_and_run(&c, inst->env->registered->dir, &env, err);
	close(c.wake_fd);
	*status = c.status;
	return rc;
}
