/*
 * Runs a command until a line comes out of it, interrupts it, and prints what it took:
 *
 *     until LINE COMMAND [ARGUMENT]…
 *
 * For commands that follow something and do not end by themselves. Their standard error is ours.
 */
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec + (double) t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
	return (double) t.tv_sec + (double) t.tv_usec / 1e6;
}

/* Reads until the line came; the line has to be the last for now, which saves looking for it everywhere. */
static bool read_until(int fd, const char *line)
{
	static char buf[1 << 20];
	size_t len = strlen(line), have = 0;

	for (;;) {
		ssize_t n = read(fd, buf + have, sizeof(buf) - have);
		if (n <= 0)
			return false;
		have += (size_t) n;
		if (have > len && buf[have - 1] == '\n' && !memcmp(buf + have - 1 - len, line, len))
			return true;
		if (have > len + 1) {
			memmove(buf, buf + have - len - 1, len + 1);
			have = len + 1;
		}
	}
}

int main(int argc, char **argv)
{
	posix_spawn_file_actions_t actions;
	struct rusage use;
	int pipes[2], status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: until LINE COMMAND [ARGUMENT]...\n");
		return 2;
	}
	if (pipe2(pipes, O_CLOEXEC))
		return 126;
	fcntl(pipes[0], F_SETPIPE_SZ, 1 << 20);
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_adddup2(&actions, pipes[1], STDOUT_FILENO);
	double began = now();
	int failed = posix_spawnp(&pid, argv[2], &actions, NULL, argv + 2, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(pipes[1]);
	if (failed) {
		fprintf(stderr, "until: %s: %s\n", argv[2], strerror(failed));
		return 127;
	}
	bool came = read_until(pipes[0], argv[1]);
	double took = now() - began;
	kill(pid, SIGINT);
	close(pipes[0]);
	if (wait4(pid, &status, 0, &use) != pid || !came) {
		fprintf(stderr, "until: %s ended before the line came\n", argv[2]);
		return 1;
	}
	printf("{\"seconds\": %.6f, \"cpu_s\": %.6f}\n", took, seconds(use.ru_utime) + seconds(use.ru_stime));
	return 0;
}
