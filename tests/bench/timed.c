/*
 * Runs a command and writes to FILE what it took, as one JSON object:
 *
 *     timed FILE COMMAND [ARGUMENT]…
 *
 * A program of its own, because a process that is started counts the memory of the one that started it as its own
 * until it runs its program: from Python each would seem to need 20 MB.
 */
#include <spawn.h>
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

int main(int argc, char **argv)
{
	struct rusage use;
	int status;
	pid_t pid;

	if (argc < 3) {
		fprintf(stderr, "usage: timed FILE COMMAND [ARGUMENT]...\n");
		return 2;
	}
	double began = now();
	int failed = posix_spawn(&pid, argv[2], NULL, NULL, argv + 2, environ);
	if (failed) {
		fprintf(stderr, "timed: %s: %s\n", argv[2], strerror(failed));
		return 127;
	}
	if (wait4(pid, &status, 0, &use) != pid)
		return 126;
	double took = now() - began;
	FILE *f = fopen(argv[1], "w");
	if (!f)
		return 126;
	fprintf(f, "{\"seconds\": %.6f, \"cpu_s\": %.6f, \"rss\": %ld}\n", took,
		seconds(use.ru_utime) + seconds(use.ru_stime), use.ru_maxrss * 1024L);
	if (fclose(f))
		return 126;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
