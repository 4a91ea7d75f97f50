/*
 * The supervisor of one replica of a process environment. It outlives the program that started it, restarts the server
 * when it ends, keeps its log, and leaves nothing behind.
 *
 *     affinetes-supervise NAME SOCKET LOG DIR MEMORY CPUS PROGRAM ARGUMENT…
 *
 * NAME names its control group; SOCKET.c is the supervisor's own socket (control.h); MEMORY is in bytes, CPUS may be a
 * fraction, 0 is no limit. PROGRAM gets the environment as it is: secrets come that way and stand in no command line. When
 * the socket listens the program goes to the background and the first process ends with 0.
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "supervisor/control.h"
#include "supervisor/keeper.h"
#include "supervisor/logfile.h"

/* Pauses before a restart, as an engine makes them; one that ran for a while begins anew. */
#define BACKOFF_MIN_MS 100
#define BACKOFF_MAX_MS 60000
#define RAN_WELL_MS 10000
#define STOP_GRACE_S 10
#define READ_SIZE 65536
#define LOOK_MS 5000

enum phase { CREATED, RUNNING, WAITING, EXITED };

struct supervisor {
	const char *name, *socket, *log_path;
	char *control_path;
	int64_t memory;
	double cpus;
	struct run_spec run;
	struct group group;

	struct control control;
	struct logfile log;
	struct logstream out, err;
	int out_fd, err_fd; /* reading ends */
	int signal_fd;

	enum phase phase;
	pid_t keeper, server;
	int report_fd;      /* -1: none */
	int status;         /* as waitpid says; of the run that ends */
	bool told;          /* the keeper told how it ended */
	bool stopping, again, quitting;
	int64_t looked_ms, kill_at, restart_at, started_ms, backoff_ms; /* clock_ms(); 0: none */

	int64_t started_us; /* wall clock */
	int exit_code;      /* -1: none ended yet */
	bool oom;
	int64_t oom_kills;
	int restarts, ends; /* runs that began again, that ended */
};

/* ---- runs ---------------------------------------------------------------------------------- */

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void run_ended(struct supervisor *s);

static void start_run(struct supervisor *s)
{
	s->restart_at = s->kill_at = 0;
	s->stopping = s->again = s->told = false;
	s->server = 0;
	s->oom_kills = group_oom_kills(&s->group);
	unlink(s->socket); /* of the run before */
	s->keeper = keeper_start(&s->run, &s->report_fd);
	s->started_ms = clock_ms();
	s->started_us = wall_us();
	s->phase = RUNNING;
	if (s->keeper < 0) {
		s->report_fd = -1;
		s->status = 126 << 8;
		run_ended(s);
	}
}

static void drain(struct logfile *log, struct logstream *stream, int fd)
{
	char buf[READ_SIZE];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		logfile_feed(log, stream, buf, (size_t) n);
}

static void drain_logs(struct supervisor *s)
{
	drain(&s->log, &s->out, s->out_fd);
	drain(&s->log, &s->err, s->err_fd);
}

static void note_end(struct supervisor *s)
{
	char line[64];

	drain_logs(s);
	logfile_finish(&s->log, &s->out);
	logfile_finish(&s->log, &s->err);
	int len = snprintf(line, sizeof(line), "exit %d", s->exit_code);
	logfile_line(&s->log, '=', line, (size_t) len);
	logfile_flush(&s->log);
}

/* Nothing of the run is left. */
static void run_ended(struct supervisor *s)
{
	char json[64];

	s->keeper = s->server = 0;
	s->kill_at = 0;
	s->exit_code = WIFSIGNALED(s->status) ? 128 + WTERMSIG(s->status) : WEXITSTATUS(s->status);
	s->oom = group_oom_kills(&s->group) > s->oom_kills;
	unlink(s->socket);
	note_end(s);
	s->ends++;
	s->phase = EXITED;
	snprintf(json, sizeof(json), "{\"code\":%d}", s->exit_code);
	control_answer_all(&s->control, COMMAND_WAIT, json);
	control_answer_all(&s->control, COMMAND_STOP, json);
	if (s->again) {
		start_run(s);
	} else if (!s->stopping) {
		if (clock_ms() - s->started_ms >= RAN_WELL_MS || !s->backoff_ms)
			s->backoff_ms = BACKOFF_MIN_MS;
		s->phase = WAITING;
		s->restart_at = clock_ms() + s->backoff_ms;
		s->backoff_ms = MIN(s->backoff_ms * 2, (int64_t) BACKOFF_MAX_MS);
	}
	/* Also where somebody else stopped it meanwhile: its state tells. */
	control_answer_all(&s->control, COMMAND_RESTART, "{}");
}

/* It, and all that it started. */
static void kill_run(struct supervisor *s)
{
	s->kill_at = 0;
	if (s->keeper)
		kill(s->keeper, SIGTERM);
}

static void stop_run(struct supervisor *s, int grace_s)
{
	s->stopping = true;
	s->again = false; /* the last word counts */
	s->restart_at = 0;
	s->backoff_ms = 0;
	if (s->phase != RUNNING) {
		s->phase = EXITED;
		return;
	}
	if (grace_s && s->server) {
		kill(-s->server, SIGTERM);
		kill(s->server, SIGTERM); /* between its fork and its own session */
		s->kill_at = clock_ms() + (int64_t) grace_s * 1000;
	} else {
		kill_run(s);
	}
}

static void take_report(struct supervisor *s)
{
	struct keeper_word word;
	ssize_t n;

	while ((n = read(s->report_fd, &word, sizeof(word))) == sizeof(word)) {
		if (word.what == KEEPER_STARTED)
			s->server = word.value;
		else
			s->status = word.value;
		s->told |= word.what == KEEPER_ENDED;
	}
	if (n < 0 && errno == EAGAIN)
		return;
	close(s->report_fd);
	s->report_fd = -1;
}

/* The keeper ended; killed before its time, it left everything to us. */
static void keeper_ended(struct supervisor *s)
{
	if (s->report_fd >= 0)
		take_report(s);
	if (s->report_fd >= 0)
		close(s->report_fd);
	s->report_fd = -1;
	if (!s->told)
		s->status = SIGKILL;
	kill_everything_below(s->server, s->told ? NULL : &s->status);
	run_ended(s);
}

static void reap_children(struct supervisor *s)
{
	pid_t who;
	int status;

	while ((who = waitpid(-1, &status, WNOHANG)) > 0)
		if (who == s->keeper)
			keeper_ended(s);
}

/* ---- requests --------------------------------------------------------------------------------- */

static const char *phase_name(enum phase phase)
{
	static const char *const names[] = { "created", "running", "restarting", "exited" };

	return names[phase];
}

static void answer_state(struct supervisor *s, struct client *client)
{
	int64_t memory = 0, cpu_ns = 0;
	char json[512];

	if (s->keeper)
		usage_below(s->keeper, &memory, &cpu_ns);
	snprintf(json, sizeof(json),
		 "{\"state\":\"%s\",\"pid\":%d,\"exit_code\":%d,\"oom\":%s,\"restarts\":%d,\"started_us\":%lld,"
		 "\"memory\":%lld,\"cpu_ns\":%lld,\"memory_limit\":%lld,\"memory_by\":\"%s\",\"cpu_limited\":%s}",
		 phase_name(s->phase), s->phase == RUNNING ? (int) s->server : 0, s->exit_code, s->oom ? "true" : "false",
		 s->restarts, (long long) s->started_us, (long long) memory, (long long) cpu_ns, (long long) s->memory,
		 !s->memory ? "" : s->group.memory_dir ? "cgroup" : "rlimit", s->group.cpu_dir ? "true" : "false");
	control_answer(client, 200, json);
}

static void answer_wait(const struct supervisor *s, struct client *client)
{
	char json[64];

	snprintf(json, sizeof(json), "{\"code\":%d}", s->exit_code);
	control_answer(client, 200, json);
}

static void serve(void *arg, struct client *client, enum command command, int number)
{
	struct supervisor *s = arg;
	int grace_s = number < 0 ? STOP_GRACE_S : number;

	switch (command) {
	case COMMAND_NONE:
		break;
	case COMMAND_STATE:
		answer_state(s, client);
		break;
	case COMMAND_WAIT:
		client->waits_for = command;
		if (number >= 0 && s->ends > number)
			answer_wait(s, client);
		break;
	case COMMAND_START:
		if (s->phase != RUNNING && !s->quitting)
			start_run(s);
		control_answer(client, 200, "{}");
		break;
	case COMMAND_STOP:
		stop_run(s, grace_s);
		if (s->phase == RUNNING)
			client->waits_for = command;
		else
			control_answer(client, 200, "{}");
		break;
	case COMMAND_RESTART:
		if (s->quitting) { /* its state tells */
			control_answer(client, 200, "{}");
			break;
		}
		stop_run(s, grace_s);
		s->again = s->phase == RUNNING;
		client->waits_for = command;
		if (!s->again) {
			start_run(s);
			control_answer(client, 200, "{}");
		}
		break;
	case COMMAND_QUIT:
		s->quitting = true;
		client->waits_for = command;
		stop_run(s, grace_s);
		break;
	}
}

/* ---- the loop ----------------------------------------------------------------------------------- */

static void take_signals(struct supervisor *s)
{
	struct signalfd_siginfo info;

	while (read(s->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo == SIGCHLD) {
			reap_children(s);
		} else if (info.ssi_signo == SIGTERM && !s->quitting) {
			s->quitting = true;
			stop_run(s, STOP_GRACE_S);
		}
	}
}

static int timeout_of(const struct supervisor *s)
{
	int64_t until = s->kill_at;

	if (s->restart_at && (!until || s->restart_at < until))
		until = s->restart_at;
	return until ? (int) MIN(MAX(until - clock_ms(), (int64_t) 0), (int64_t) 1000000) : LOOK_MS;
}

/* Without its directory nobody could name it any more, nor stop it. */
static bool is_forgotten(const struct supervisor *s)
{
	AUTO_FREE char *dir = str_ndup(s->log_path, (size_t) (strrchr(s->log_path, '/') - s->log_path), NULL);

	return dir && access(dir, F_OK) < 0 && errno == ENOENT;
}

static void take_time(struct supervisor *s)
{
	int64_t now = clock_ms();

	if (!s->quitting && now - s->looked_ms >= LOOK_MS) {
		s->looked_ms = now;
		if (is_forgotten(s)) {
			s->quitting = true;
			stop_run(s, STOP_GRACE_S);
		}
	}

	if (s->kill_at && now >= s->kill_at)
		kill_run(s);
	if (s->restart_at && now >= s->restart_at) {
		s->restarts++;
		start_run(s);
	}
}

static void loop(struct supervisor *s)
{
	enum { SIGNAL, REPORT, OUT, ERR, OWN };

	while (!s->quitting || s->phase == RUNNING) {
		struct pollfd fds[OWN + CLIENTS_MAX + 1] = {
			[SIGNAL] = { s->signal_fd, POLLIN, 0 },
			[REPORT] = { s->report_fd, POLLIN, 0 },
			[OUT] = { s->out_fd, POLLIN, 0 },
			[ERR] = { s->err_fd, POLLIN, 0 },
		};
		int clients = control_poll(&s->control, fds + OWN);

		if (poll(fds, (nfds_t) (OWN + clients), timeout_of(s)) < 0)
			continue;
		if (fds[OUT].revents || fds[ERR].revents) {
			drain_logs(s);
			logfile_flush(&s->log);
		}
		if (fds[REPORT].revents)
			take_report(s);
		if (fds[SIGNAL].revents)
			take_signals(s);
		take_time(s);
		control_take(&s->control, fds + OWN, clients, serve, s);
	}
}

/* ---- the beginning and the end --------------------------------------------------------------------- */

static int fail(const char *what, const char *which)
{
	fprintf(stderr, "%s %s: %s\n", what, which, strerror(errno));
	return 1;
}

static bool make_pipe(int *read_end, int *write_end)
{
	int fds[2];

	/* The server's own end blocks, as everybody's does. */
	if (pipe2(fds, O_CLOEXEC) < 0 || fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0)
		return false;
	*read_end = fds[0];
	*write_end = fds[1];
	return true;
}

static bool watch_signals(struct supervisor *s)
{
	sigset_t all, watched;

	sigfillset(&all);
	sigemptyset(&watched);
	sigaddset(&watched, SIGCHLD);
	sigaddset(&watched, SIGTERM);
	s->signal_fd = signalfd(-1, &watched, SFD_CLOEXEC | SFD_NONBLOCK);
	return s->signal_fd >= 0 && sigprocmask(SIG_SETMASK, &all, NULL) == 0;
}

static void detach(void)
{
	int null = open("/dev/null", O_RDWR);

	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
}

static int supervise(struct supervisor *s, int ready_fd)
{
	detach();
	close(ready_fd);
	if (!adopt_orphans() || !watch_signals(s))
		return 1;
	group_make(&s->group, s->name, s->memory, s->cpus);
	s->run.memory = s->group.memory_dir ? 0 : s->memory;
	loop(s);
	unlink(s->socket);
	group_remove(&s->group);
	unlink(s->control_path);
	control_answer_all(&s->control, COMMAND_QUIT, "{}");
	logfile_flush(&s->log);
	return 0;
}

/* Whoever started us kills what is left in the session when the first process ends: so that waits for the second to be
 * in one of its own. */
static int go_to_background(struct supervisor *s)
{
	int ready[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return fail("make", "pipes");
	pid_t pid = fork();
	if (pid < 0)
		return fail("go to", "the background");
	/* Without the cleanup of a normal exit: the other one has all of this. */
	if (pid == 0) {
		close(ready[0]);
		_exit(supervise(s, ready[1]));
	}
	close(ready[1]);
	while (read(ready[0], &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

int main(int argc, char **argv)
{
	struct supervisor s = { .exit_code = -1, .report_fd = -1, .out = { 'o', STRBUF_INIT(STRBUF_TEXT) },
				.err = { 'e', STRBUF_INIT(STRBUF_TEXT) } };

	if (argc < 8 || *argv[3] != '/' || !int_parse(argv[5], 0, INT64_MAX, &s.memory) || !double_parse(argv[6], &s.cpus)) {
		fprintf(stderr, "usage: affinetes-supervise NAME SOCKET LOG DIR MEMORY CPUS PROGRAM [ARGUMENT]…\n"
				"It is started by afs run --mode process.\n");
		return 2;
	}
	umask(077);
	closefrom(STDERR_FILENO + 1); /* whoever started it may have left some open */
	s.name = argv[1];
	s.socket = argv[2];
	s.log_path = argv[3];
	s.run = (struct run_spec){ .argv = argv + 7, .dir = argv[4], .group = &s.group };
	s.control_path = str_format(NULL, "%s.c", s.socket);
	if (!s.control_path || !logfile_open(&s.log, s.log_path))
		return fail("write", s.log_path);
	if (!make_pipe(&s.out_fd, &s.run.out_fd) || !make_pipe(&s.err_fd, &s.run.err_fd))
		return fail("make", "pipes");
	if (control_open(&s.control, s.control_path) < 0)
		return fail("listen on", s.control_path);
	return go_to_background(&s);
}
