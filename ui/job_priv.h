/* Shared by the files of jobs only. */
#ifndef UI_JOB_PRIV_H
#define UI_JOB_PRIV_H

#include <pthread.h>
#include <stdatomic.h>

#include "command/command.h"
#include "ui/app.h"
#include "ui/job.h"

struct job {
	struct job_row row; /* UI thread */
	struct app *app;
	pthread_t thread;
	struct cancel *cancel;
	bool loose; /* nobody waits for it at the end */
	atomic_int refs; /* the UI's list, the thread, a message on its way */

	/* a command: */
	const struct command_spec *spec;
	struct args *args;
	/* or the UI's own work: */
	af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err);
	void (*work_done)(struct app *app, void *arg, af_code rc, const struct af_error *err);
	void (*free_arg)(void *arg);
	job_done_fn done;
	void *arg;

	/* What the thread has said and the UI not yet seen. */
	pthread_mutex_t lock;
	bool posted; /* a message is on its way */
	bool left;   /* by the app: there is nobody to tell */
	struct strbuf output, log;
	size_t lost; /* bytes of the log that had no room */
	char *label;
	int64_t amount, total;
	bool over;
	af_code rc;
	struct af_error err;
	int exit_status;
};

/* Not running yet. Takes the line; NULL: out of memory. */
struct job *job_new(struct app *app, char *take_line, struct af_error *err);
void job_unref(struct job *job);
/* What runs on the job's thread, which has a reference of its own; the argument is the job. */
void *job_thread(void *arg);

#endif
