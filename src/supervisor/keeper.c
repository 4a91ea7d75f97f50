/* The process between supervisor and server. See keeper.h. */
#include "supervisor/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(int fd, const char *what, const char *which)
{
	dprintf(fd, "affinetes: %s %s: %s\n", what, which, strerror(errno));
}

/* The server, between fork and exec. */
_Noreturn static void become_server(const struct run_spec *spec, pid_t keeper)
{
	const struct rlimit limit = { (rlim_t) spec->memory, (rlim_t) spec->memory };
	sigset_t none;

	setsid(); /* stopped as a whole */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != keeper)
		_exit(127);
	int null = open("/dev/null", O_RDONLY);
	dup2(null, STDIN_FILENO);
	dup2(spec->out_fd, STDOUT_FILENO);
	dup2(spec->err_fd, STDERR_FILENO);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	if (!group_join(spec->group))
		say(STDERR_FILENO, "join", "its control group");
	if (chdir(spec->dir) < 0) {
		say(STDERR_FILENO, "enter", spec->dir);
		_exit(127);
	}
	if (spec->memory && setrlimit(RLIMIT_DATA, &limit) < 0)
		say(STDERR_FILENO, "limit", "its memory");
	execv(spec->argv[0], spec->argv);
	say(STDERR_FILENO, "start", spec->argv[0]);
	_exit(127);
}

static void tell(int fd, int what, int value)
{
	struct keeper_word word = { what, value };
	ssize_t ignored = write(fd, &word, sizeof(word));

	(void) ignored;
}

_Noreturn static void keep(const struct run_spec *spec, pid_t supervisor, int report)
{
	pid_t self = getpid();
	int status = 0, number = 0;
	sigset_t set;

	prctl(PR_SET_NAME, "afs-keeper");
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	sigset_t all;
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (!adopt_orphans() || getppid() != supervisor)
		_exit(1);
	pid_t server = fork();
	if (server == 0)
		become_server(spec, self);
	if (server < 0)
		_exit(1);
	tell(report, KEEPER_STARTED, server);
	for (;;) {
		sigwait(&set, &number);
		if (number == SIGTERM)
			break;
		pid_t who;
		int how;
		bool over = false;
		while ((who = waitpid(-1, &how, WNOHANG)) > 0)
			if (who == server) {
				status = how;
				over = true;
			}
		if (over)
			break;
	}
	kill_everything_below(server, &status);
	tell(report, KEEPER_ENDED, status);
	/* Nobody else is left who could. */
	if (getppid() != supervisor)
		group_remove(spec->group);
	_exit(0);
}

pid_t keeper_start(const struct run_spec *spec, int *report)
{
	pid_t supervisor = getpid();
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return -1;
	pid_t pid = fork();
	if (pid == 0) {
		close(fds[0]);
		keep(spec, supervisor, fds[1]);
	}
	close(fds[1]);
	*report = fds[0];
	if (pid < 0)
		close(fds[0]);
	return pid;
}
