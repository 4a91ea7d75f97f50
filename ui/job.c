/* The list of jobs: starting, finding, cancelling them. See job.h. */
#include <string.h>

#include "command/words.h"
#include "ui/job_priv.h"

/* Jobs that are over and still listed. */
#define KEEP_OVER 50

struct jobs {
	struct job **items; /* newest first */
	size_t count, size;
	const struct job_row **rows; /* for job_list */
	int next_id;
};

static void forget_old(struct jobs *jobs)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < jobs->count; i++) {
		struct job *job = jobs->items[i];
		bool over = job->row.state != JOB_RUNNING;
		kept += over && !job->row.quiet;
		if (over && (job->row.quiet || kept > KEEP_OVER))
			job_unref(job);
		else
			jobs->items[n++] = job;
	}
	jobs->count = n;
}

static af_code enlist(struct jobs *jobs, struct job *job, struct af_error *err)
{
	forget_old(jobs);
	if (jobs->count + 2 > jobs->size) {
		size_t size = jobs->size ? jobs->size * 2 : 16;
		struct job **items = realloc(jobs->items, size * sizeof(*items));
		if (items)
			jobs->items = items;
		const struct job_row **rows = items ? realloc(jobs->rows, size * sizeof(*rows)) : NULL;
		if (!rows)
			return error_nomem(err);
		jobs->rows = rows;
		jobs->size = size;
	}
	memmove(jobs->items + 1, jobs->items, jobs->count * sizeof(*jobs->items));
	jobs->items[0] = job;
	jobs->count++;
	job->row.id = ++jobs->next_id;
	return AF_OK;
}

/* Takes the job; on failure it is gone. */
static af_code launch(struct app *app, struct job *job, int *id, struct af_error *err)
{
	af_code rc;

	if (!app->jobs && !(app->jobs = calloc(1, sizeof(*app->jobs))))
		rc = error_nomem(err);
	else
		rc = enlist(app->jobs, job, err);
	if (rc) {
		job_unref(job);
		return rc;
	}
	atomic_fetch_add(&job->refs, 1);
	int failed = pthread_create(&job->thread, NULL, job_thread, job);
	if (failed) {
		app->jobs->count--;
		memmove(app->jobs->items, app->jobs->items + 1, app->jobs->count * sizeof(*app->jobs->items));
		job_unref(job);
		job_unref(job);
		return error_errno(err, AF_ERR_FAILED, failed, "start a thread");
	}
	if (id)
		*id = job->row.id;
	app_redraw(app);
	return AF_OK;
}

/* ---- starting ------------------------------------------------------------------------------------------ */

/* The line for lists and notices: values of secret options do not appear. */
static char *masked_line(const struct command_spec *spec, const char *const *words, int count, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	char *out = NULL;

	words_join_masked(&sb, spec, words, count);
	return strbuf_steal(&sb, &out, err) ? NULL : out;
}

af_code job_start_words(struct app *app, const char *const *words, int count, job_done_fn done, void *arg, int *id,
			struct af_error *err)
{
	const struct command_spec *spec = count ? command_find(words[0]) : NULL;
	struct args *args = NULL;

	if (!spec) {
		const char *near = count ? command_nearest(words[0]) : NULL;
		error_set(err, AF_ERR_USAGE, "no command %s", count ? words[0] : "was given");
		if (near)
			error_hint(err, "did you mean %s?", near);
		return AF_ERR_USAGE;
	}
	af_code rc = args_parse(spec, count - 1, words + 1, &args, err);
	if (rc)
		return rc;
	struct job *job = job_new(app, masked_line(spec, words, count, err), err);
	if (!job) {
		args_free(args);
		return AF_ERR_NOMEM;
	}
	job->spec = spec;
	job->args = args;
	job->done = done;
	job->arg = arg;
	return launch(app, job, id, err);
}

af_code job_start(struct app *app, const char *line, job_done_fn done, void *arg, int *id, struct af_error *err)
{
	AUTO_STRLIST words = { 0 };
	af_code rc = words_split(line, &words, err);

	return rc ? rc : job_start_words(app, (const char *const *) words.items, (int) words.count, done, arg, id, err);
}

af_code job_work(struct app *app, const char *label, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		 void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err), void (*free_arg)(void *arg),
		 void *arg, int *id, struct af_error *err)
{
	struct job *job = job_new(app, str_dup(label, err), err);

	if (!job) {
		if (free_arg)
			free_arg(arg);
		return AF_ERR_NOMEM;
	}
	job->run = run;
	job->work_done = done;
	job->free_arg = free_arg;
	job->arg = arg;
	return launch(app, job, id, err);
}

static af_code start_quiet(struct app *app, bool loose, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
			   void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err),
			   void (*free_arg)(void *arg), void *arg)
{
	struct job *job = job_new(app, str_dup("", NULL), NULL);

	if (!job) {
		if (free_arg)
			free_arg(arg);
		return AF_ERR_NOMEM;
	}
	job->row.quiet = true;
	job->loose = loose;
	job->run = run;
	job->work_done = done;
	job->free_arg = free_arg;
	job->arg = arg;
	return launch(app, job, NULL, NULL);
}

af_code job_quiet(struct app *app, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		  void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err),
		  void (*free_arg)(void *arg), void *arg)
{
	return start_quiet(app, false, run, done, free_arg, arg);
}

af_code job_loose(struct app *app, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
		  void (*done)(struct app *app, void *arg, af_code rc, const struct af_error *err),
		  void (*free_arg)(void *arg), void *arg)
{
	return start_quiet(app, true, run, done, free_arg, arg);
}

/* ---- afterwards ------------------------------------------------------------------------------------------- */

static struct job *find(const struct app *app, int id)
{
	for (size_t i = 0; app->jobs && i < app->jobs->count; i++)
		if (app->jobs->items[i]->row.id == id)
			return app->jobs->items[i];
	return NULL;
}

void job_cancel(struct app *app, int id)
{
	struct job *job = find(app, id);

	if (job)
		cancel_trigger(job->cancel);
}

int job_newest_running(const struct app *app)
{
	for (size_t i = 0; app->jobs && i < app->jobs->count; i++)
		if (app->jobs->items[i]->row.state == JOB_RUNNING && !app->jobs->items[i]->row.quiet)
			return app->jobs->items[i]->row.id;
	return 0;
}

const struct job_row *job_find(const struct app *app, int id)
{
	struct job *job = find(app, id);

	return job ? &job->row : NULL;
}

const struct job_row *const *job_list(const struct app *app)
{
	static const struct job_row *const none[] = { NULL };
	struct jobs *jobs = app->jobs;

	if (!jobs)
		return none;
	size_t n = 0;
	for (size_t i = 0; i < jobs->count; i++)
		if (!jobs->items[i]->row.quiet)
			jobs->rows[n++] = &jobs->items[i]->row;
	jobs->rows[n] = NULL;
	return jobs->rows;
}

/* Waits for its thread, or lets go of it: then it says nothing any more. */
static void end_thread(struct job *job)
{
	if (!job->loose) {
		pthread_join(job->thread, NULL);
		return;
	}
	pthread_mutex_lock(&job->lock);
	job->left = true;
	pthread_mutex_unlock(&job->lock);
	pthread_detach(job->thread);
}

void job_end_all(struct app *app)
{
	struct jobs *jobs = app->jobs;

	if (!jobs)
		return;
	for (size_t i = 0; i < jobs->count; i++)
		if (jobs->items[i]->row.state == JOB_RUNNING)
			cancel_trigger(jobs->items[i]->cancel);
	for (size_t i = 0; i < jobs->count; i++) {
		if (jobs->items[i]->row.state == JOB_RUNNING)
			end_thread(jobs->items[i]);
		job_unref(jobs->items[i]);
	}
	free(jobs->items);
	free(jobs->rows);
	free(jobs);
	app->jobs = NULL;
}
