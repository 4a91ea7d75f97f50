/* Jobs on threads of their own. See job.h. */
#include "ui/job.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#include "base/clock.h"
#include "command/words.h"
#include "ui/app.h"

/* Of a job's notes and build output its end is kept. */
#define LOG_MAX (1024u * 1024)
#define OUTPUT_MAX (256u * 1024 * 1024)
/* Jobs that are over and still listed. */
#define KEEP_OVER 50

struct job {
	struct job_row row; /* UI thread */
	struct app *app;
	pthread_t thread;
	struct cancel *cancel;
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
	struct strbuf output, log;
	char *label;
	int64_t amount, total;
	bool over;
	af_code rc;
	struct af_error err;
	int exit_status;
};

struct jobs {
	struct job **items; /* newest first */
	size_t count, size;
	const struct job_row **rows; /* for job_list */
	int next_id;
};

static void job_unref(struct job *job)
{
	if (atomic_fetch_sub(&job->refs, 1) != 1)
		return;
	if (job->free_arg)
		job->free_arg(job->arg);
	args_free(job->args);
	cancel_free(job->cancel);
	free(job->label);
	af_error_clear(&job->err);
	strbuf_free(&job->output);
	strbuf_free(&job->log);
	free(job->row.line);
	free(job->row.label);
	free(job->row.error);
	free(job->row.hint);
	strbuf_free(&job->row.output);
	strbuf_free(&job->row.log);
	pthread_mutex_destroy(&job->lock);
	free(job);
}

/* ---- from the thread to the UI ----------------------------------------------------------------- */

struct job_message {
	struct message message;
	struct job *job;
};

static void keep_end(struct strbuf *sb, size_t max)
{
	if (sb->len > max) {
		const char *cut = memchr(sb->data + sb->len - max / 2, '\n', max / 2);
		strbuf_remove(sb, 0, cut ? (size_t) (cut - sb->data) + 1 : sb->len - max / 2);
	}
}

static void set_text(char **field, const char *text)
{
	free(*field);
	*field = text ? strdup(text) : NULL;
}

static enum job_state state_after(af_code rc)
{
	return rc == AF_OK ? JOB_DONE : rc == AF_ERR_CANCELLED ? JOB_CANCELLED : JOB_FAILED;
}

/* Brings the row up to date; true when the job is over. */
static bool take_news(struct job *job)
{
	struct job_row *row = &job->row;

	pthread_mutex_lock(&job->lock);
	job->posted = false;
	strbuf_add(&row->output, job->output.data, job->output.len);
	strbuf_add(&row->log, job->log.data, job->log.len);
	strbuf_reset(&job->output);
	strbuf_reset(&job->log);
	keep_end(&row->log, LOG_MAX);
	set_text(&row->label, job->label);
	row->done = job->amount;
	row->total = job->total;
	bool over = job->over;
	if (over) {
		row->state = state_after(job->rc);
		row->ended_ms = clock_ms();
		row->exit_status = job->rc ? af_code_exit_status(job->rc) : job->exit_status;
		set_text(&row->error, job->err.message);
		set_text(&row->hint, job->err.hint);
	}
	pthread_mutex_unlock(&job->lock);
	return over;
}

static void apply_news(struct app *app, struct message *m)
{
	struct job *job = ((struct job_message *) m)->job;
	bool was_running = job->row.state == JOB_RUNNING;

	if (take_news(job) && was_running) {
		pthread_join(job->thread, NULL);
		if (job->work_done)
			job->work_done(app, job->arg, job->rc, &job->err);
		else if (job->done)
			job->done(app, &job->row, job->arg);
	}
	app_redraw(app);
}

static void discard_news(struct message *m)
{
	job_unref(((struct job_message *) m)->job);
	free(m);
}

/* With the lock held: at most one message is on its way. */
static void post_news(struct job *job)
{
	if (job->posted)
		return;
	struct job_message *m = calloc(1, sizeof(*m));
	if (!m)
		return; /* the next word brings it */
	m->message = (struct message){ .apply = apply_news, .discard = discard_news };
	m->job = job;
	job->posted = true;
	atomic_fetch_add(&job->refs, 1);
	message_post(job->app->queue, &m->message);
}

static void on_out(void *arg, const char *text, size_t len)
{
	struct job *job = arg;

	pthread_mutex_lock(&job->lock);
	strbuf_add(&job->output, text, len);
	post_news(job);
	pthread_mutex_unlock(&job->lock);
}

static void on_note(void *arg, const char *line)
{
	struct job *job = arg;

	pthread_mutex_lock(&job->lock);
	strbuf_adds(&job->log, line);
	strbuf_addc(&job->log, '\n');
	keep_end(&job->log, LOG_MAX);
	post_news(job);
	pthread_mutex_unlock(&job->lock);
}

static void on_log_bytes(void *arg, const char *text, size_t len)
{
	struct job *job = arg;

	pthread_mutex_lock(&job->lock);
	strbuf_add(&job->log, text, len);
	keep_end(&job->log, LOG_MAX);
	post_news(job);
	pthread_mutex_unlock(&job->lock);
}

static void on_progress(void *arg, const struct command_progress *p)
{
	struct job *job = arg;

	pthread_mutex_lock(&job->lock);
	set_text(&job->label, p ? p->label : NULL);
	job->amount = p ? p->done : 0;
	job->total = p ? p->total : 0;
	post_news(job);
	pthread_mutex_unlock(&job->lock);
}

static af_code no_input(void *arg UNUSED, struct strbuf *out UNUSED, struct af_error *err)
{
	return error_set(err, AF_ERR_USAGE, "there is no standard input here; write the JSON out");
}

/* ---- the thread ------------------------------------------------------------------------------------ */

static af_code run_command(struct job *job, struct af_error *err)
{
	struct command_io io = { .arg = job, .live = true, .out = on_out, .note = on_note, .log = on_note, .progress = on_progress,
				 .read_input = no_input, .out_err = on_log_bytes, .in_fd = -1, .tty_fd = -1,
				 .resize_fd = -1 };
	struct command_context cx = { .af = job->app->af, .io = &io, .cancel = job->cancel };
	af_code rc = job->spec->run(&cx, job->args, err);

	job->exit_status = cx.exit_status;
	return rc;
}

static void *job_thread(void *arg)
{
	struct job *job = arg;
	struct af_error err = AF_ERROR_INIT;
	af_code rc = job->spec ? run_command(job, &err) : job->run(job->arg, job->cancel, &err);

	pthread_mutex_lock(&job->lock);
	job->rc = rc;
	error_move(&job->err, &err);
	job->over = true;
	post_news(job);
	pthread_mutex_unlock(&job->lock);
	job_unref(job);
	return NULL;
}

static struct job *job_new(struct app *app, char *take_line, struct af_error *err)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job || !take_line || !(job->cancel = cancel_new(err))) {
		free(take_line);
		free(job);
		error_nomem(err);
		return NULL;
	}
	job->app = app;
	job->row = (struct job_row){ .line = take_line, .started_ms = clock_ms(), .output = STRBUF_INIT(OUTPUT_MAX),
				     .log = STRBUF_INIT(2 * LOG_MAX) };
	strbuf_init(&job->output, OUTPUT_MAX);
	strbuf_init(&job->log, 2 * LOG_MAX);
	pthread_mutex_init(&job->lock, NULL);
	atomic_init(&job->refs, 1);
	return job;
}

static void forget_old(struct jobs *jobs)
{
	size_t n = 0, kept = 0;

	for (size_t i = 0; i < jobs->count; i++) {
		struct job *job = jobs->items[i];
		bool over = job->row.state != JOB_RUNNING;
		kept += over;
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

af_code job_quiet(struct app *app, af_code (*run)(void *arg, struct cancel *cancel, struct af_error *err),
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
	job->run = run;
	job->work_done = done;
	job->free_arg = free_arg;
	job->arg = arg;
	return launch(app, job, NULL, NULL);
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
			pthread_join(jobs->items[i]->thread, NULL);
		job_unref(jobs->items[i]);
	}
	free(jobs->items);
	free(jobs->rows);
	free(jobs);
	app->jobs = NULL;
}
