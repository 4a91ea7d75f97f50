/* One job: its thread, and what comes from there to the UI. See job_priv.h. */
#include <string.h>

#include "base/clock.h"
#include "ui/job_priv.h"

/* Of a job's notes and build output its end is kept. */
#define LOG_MAX (4u * 1024 * 1024)
#define OUTPUT_MAX (256u * 1024 * 1024)

void job_unref(struct job *job)
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

struct job *job_new(struct app *app, char *take_line, struct af_error *err)
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

/* ---- from the thread to the UI ----------------------------------------------------------------- */

struct job_message {
	struct message message;
	struct job *job;
};

/* Returns how much went. */
static size_t keep_end(struct strbuf *sb)
{
	size_t half = LOG_MAX / 2;

	if (sb->len <= LOG_MAX)
		return 0;
	const char *cut = memchr(sb->data + sb->len - half, '\n', half);
	size_t lost = cut ? (size_t) (cut - sb->data) + 1 : sb->len - half;
	strbuf_remove(sb, 0, lost);
	return lost;
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
	row->log_lost += job->lost + keep_end(&row->log);
	job->lost = 0;
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
	job->lost += keep_end(&job->log);
	post_news(job);
	pthread_mutex_unlock(&job->lock);
}

static void on_log_bytes(void *arg, const char *text, size_t len)
{
	struct job *job = arg;

	pthread_mutex_lock(&job->lock);
	strbuf_add(&job->log, text, len);
	job->lost += keep_end(&job->log);
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

void *job_thread(void *arg)
{
	struct job *job = arg;
	struct af_error err = AF_ERROR_INIT;
	af_code rc = job->spec ? run_command(job, &err) : job->run(job->arg, job->cancel, &err);

	pthread_mutex_lock(&job->lock);
	job->rc = rc;
	error_move(&job->err, &err);
	job->over = true;
	if (!job->left)
		post_news(job);
	pthread_mutex_unlock(&job->lock);
	job_unref(job);
	return NULL;
}
