/*
 * Jobs: commands of the shared table (src/command) on a thread each. A job has progress, full output, a result and can
 * be cancelled; it never touches the UI but through messages.
 */
#ifndef UI_JOB_H
#define UI_JOB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/cancel.h"
#include "base/strbuf.h"

struct app;
struct job;

enum job_state { JOB_RUNNING, JOB_DONE, JOB_FAILED, JOB_CANCELLED };

struct job_row {
	int id;
	bool quiet;              /* not listed */
	char *line;              /* the command as typed, secrets masked: "run affine:v2 --replicas 3" */
	enum job_state state;
	int64_t started_ms, ended_ms; /* clock_ms() */
	char *label;             /* what it does now: "step 4/7"; may be NULL */
	int64_t done, total;
	struct strbuf output;    /* result */
	struct strbuf log;       /* notes and build output, bounded: keeps its end */
	size_t log_lost;         /* bytes before that */
	char *error, *hint;      /* of a failed one */
	int exit_status;
};

/* Runs when the job is over, on the UI thread. */
typedef void (*job_done_fn)(struct app *app, const struct job_row *job, void *arg);

/* Parses the line with the same grammar as afs (shell-like quoting, no expansion) and starts it. USAGE errors come back
 * at once. `done` may be NULL. *id gets its number. */
af_code job_start(struct app *app, const char *line, job_done_fn done, void *arg, int *id, struct af_error *err) MUST_CHECK;
/* The same from words. */
af_code job_start_words(struct app *app, const char *const *words, int count, job_done_fn done, void *arg, int *id,
			struct af_error *err) MUST_CHECK;
/* Any work of the UI's own (not a command) on a job thread, e.g. fetching methods, writing a file: run(arg) there, then
 * done(app, arg, rc, err) on the UI thread, then free_arg. */
af_code job_work(struct app *app, const char *label, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		 void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err), void (*free_arg)(void *arg),
		 void *arg, int *id, struct af_error *err) MUST_CHECK;
/* job_work() for small look-ups that the list of jobs need not show. On failure free_arg was called. */
af_code job_quiet(struct app *app, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		  void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err),
		  void (*free_arg)(void *arg), void *arg) MUST_CHECK;
/* The same for what nothing can cancel, a file system that does not answer: at exit nobody waits for it. run() and
 * free_arg keep to the argument; free_arg may run on the thread. */
af_code job_loose(struct app *app, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		  void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err),
		  void (*free_arg)(void *arg), void *arg) MUST_CHECK;
void job_cancel(struct app *app, int id);
/* The newest that runs; 0: none. */
int job_newest_running(const struct app *app);
const struct job_row *job_find(const struct app *app, int id);
/* All, newest first; ends with NULL; valid until the next message. */
const struct job_row *const *job_list(const struct app *app);
/* Cancels all and waits for them, but the loose ones (at exit; deployments clean up after themselves). */
void job_end_all(struct app *app);

#endif
