/*
 * One run of the server: a keeper process, and below it the server with all that it starts.
 *
 * The keeper adopts what loses its parent, so that everything stays below it. When the server ends, when the supervisor
 * says so (SIGTERM), or when the supervisor is killed, it kills all of that and ends. When the keeper itself is killed,
 * what it had falls to the supervisor, which adopts in the same way.
 */
#ifndef SUPERVISOR_KEEPER_H
#define SUPERVISOR_KEEPER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervisor/group.h"

struct run_spec {
	char *const *argv; /* argv[0] is an absolute path; ends with NULL */
	const char *dir;   /* where it runs */
	int out_fd, err_fd;
	struct group *group;
	int64_t memory;    /* bytes for RLIMIT_DATA; 0: none */
};

/* What the keeper tells, in this order: the server's pid once it was started, and how it ended (as waitpid says). */
struct keeper_word {
	enum { KEEPER_STARTED, KEEPER_ENDED } what;
	int value;
};

/* Starts a run; *report is the reading end of a pipe with its words, at whose end the keeper is gone. -1 and errno. */
pid_t keeper_start(const struct run_spec *spec, int *report);

/* Kills and reaps all that is below this process, however often it forks meanwhile. `status` (may be NULL) gets that
 * of `pid` if it was among them. */
void kill_everything_below(pid_t pid, int *status);
/* So that it can: to be called once by a process that wants to adopt. */
bool adopt_orphans(void);

/* Memory in bytes and CPU time in ns of all below `pid`, itself left out. */
void usage_below(pid_t pid, int64_t *memory, int64_t *cpu_ns);

#endif
