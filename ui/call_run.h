/*
 * Calls that the form sends, on a job's thread: one or several, to one replica, any or all, some at the same time.
 * Each is recorded in the history when it ends. The view that sent them may be gone by then.
 */
#ifndef UI_CALL_RUN_H
#define UI_CALL_RUN_H

#include <stdatomic.h>

#include "orchestrator/orchestrator.h"
#include "ui/app.h"
#include "ui/result_tree.h"

/* Results of a run are kept together up to here; further ones are only in the history. */
#define CALL_RUN_BYTES (64u * 1024 * 1024)

struct call_outcome {
	int64_t id;           /* in the history; 0: it could not be recorded */
	af_code rc;
	char *message, *hint; /* of a failed one */
	int replica;          /* -1: none was reached */
	int64_t started_ms, took_us;
	long status;          /* of the answer, as HTTP has it; 0: none came */
	char call_id[33];
	size_t result_len;
};

struct call_run {
	/* What to do. */
	char *environment, *method, *args; /* args: checked JSON object */
	int target;                        /* TARGET_AUTO, TARGET_ALL, or a replica */
	int repeat, concurrency;
	int64_t timeout_ms;
	/* How far it is; any thread. */
	atomic_int planned, ended, failed, cancelled; /* cancelled ones are no failures */
	/* Afterwards. */
	struct call_outcome *outcomes;
	int count;
	char *result; /* JSON of the one call, or a list of {replica, took_ms, result or error} of several; NULL: it failed */
	size_t result_len;
	struct result_tree tree; /* of `result` */
	bool dropped; /* results that were too many are not in it */
	struct af *af;
	void (*done)(struct app *app, struct call_run *run, af_code rc, const struct af_error *err); /* NULL: nobody waits */
	void *view;   /* for done(); NULL when the view is gone */
	int job;
	struct call_run *next; /* call_kept.c's */
};

/* Starts it; `run` is the job's from here on and freed after done(), also when this fails. */
af_code call_run_start(struct app *app, struct call_run *take_run, struct af_error *err) MUST_CHECK;
struct call_run *call_run_new(struct app *app, const char *environment, const char *method, const char *args,
			      struct af_error *err);
void call_run_free(void *run);
/* "0 failed", "15 cancelled, 5 not sent": of several that are over. */
void call_run_tally(const struct call_run *run, struct strbuf *sb);

#endif
