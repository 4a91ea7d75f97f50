/* What views may ask of the application, apart from the frame's own. See app.h. */
#include "ui/app.h"

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "command/words.h"
#include "ui/feed.h"
#include "ui/frame.h"
#include "ui/prompt.h"
#include "ui/terminal.h"
#include "ui/views.h"

extern char **environ;

/* Cells of a call's answer that a notice shows, and bytes up to which it is looked into. */
#define ANSWER_SHOWN 48
#define ANSWER_READ (256u * 1024)

/* ---- commands ----------------------------------------------------------------------------------- */

/* Commands that only look. */
static bool only_looks(const char *const *words, int count)
{
	static const char *const names[] = { "ps", "methods", "logs", "stats", "doctor", "history" };
	bool looks = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		looks |= !strcmp(words[0], names[i]);
	/* history can forget. */
	for (int i = 1; i < count; i++)
		looks &= !str_starts(words[i], "--forget") && !str_starts(words[i], "--clear");
	return looks;
}

/* " → score 0.913", or the beginning of what a call answered. */
static void add_answer(struct strbuf *sb, const struct job_row *job)
{
	struct json_span result = json_span_of(&job->output), score;

	while (result.len && result.text[result.len - 1] == '\n')
		result.len--;
	if (!str_starts(job->line, "call ") || !result.len)
		return;
	/* A long one is not read here: nothing may keep the keys waiting. */
	bool readable = result.len <= ANSWER_READ && !json_check(result.text, result.len, NULL);
	if (readable && json_type(result) == JSON_OBJECT && json_member(result, "score", &score) && score.len <= ANSWER_SHOWN)
		strbuf_addf(sb, " → score %.*s", (int) score.len, score.text);
	else
		strbuf_addf(sb, " → %.*s%s", (int) text_fit(result.text, MIN(result.len, (size_t) 1024), ANSWER_SHOWN, NULL),
			    result.text, result.len > ANSWER_SHOWN ? "…" : "");
}

/* The first line of its error; what it was about to say in more lines, and its output, are with the job. */
static void job_failed(struct app *app, const struct job_row *job)
{
	const char *error = job->error ? job->error : "failed", *end = error + strcspn(error, "\n");
	char said[80];

	for (const char *p = end; p > error && end[-1] == ':'; p--)
		if (p[-1] == ';' || p[-1] == ',')
			end = p - 1;
	/* It begins with the command's words, as errors do that are read alone. */
	const char *words = job->line + (str_starts(job->line, "afs ") ? 4 : 0);
	size_t verb = strcspn(words, " ");
	if (!strncmp(error, words, verb) && error[verb] == ' ' && memchr(error, ':', (size_t) (end - error)))
		error = (const char *) memchr(error, ':', (size_t) (end - error)) + 1 + strspn(strchr(error, ':') + 1, " ");
	app_notice(app, NOTICE_ERROR, "%s: %.*s%s", job->line, (int) (end - error), error,
		   job->log.len || job->output.len || *end ? keymap_say(app->keymap, "  ({jobs}: all of it)", said, sizeof(said)) : "");
}

static void job_over(struct app *app, const struct job_row *job, void *arg UNUSED)
{
	AUTO_STRBUF took = STRBUF_INIT(64), answer = STRBUF_INIT(STRBUF_LINE);

	duration_format(&took, job->ended_ms - job->started_ms);
	if (job->state == JOB_DONE)
		add_answer(&answer, job);
	if (job->state == JOB_DONE)
		app_notice(app, NOTICE_OK, "%s%s  (%s)", job->line, answer.data, took.data);
	else if (job->state == JOB_CANCELLED)
		app_notice(app, NOTICE_WARN, "%s  cancelled (%s)", job->line, took.data);
	else
		job_failed(app, job);
	feed_refresh(app->feed);
}

/* `exec` wants the real terminal, which a job has not. */
static void run_on_terminal(struct app *app, const char *const *words, int count)
{
	const char **argv = calloc((size_t) count + 2, sizeof(*argv));
	struct af_error err = AF_ERROR_INIT;
	int status = 0;

	if (!argv)
		return;
	argv[0] = app->afs_path;
	for (int i = 0; i < count; i++)
		argv[i + 1] = words[i];
	if (app_foreground(app, argv, &status, &err))
		app_notice_error(app, &err);
	else
		app_notice(app, status ? NOTICE_WARN : NOTICE_OK, "afs %s ended with %d", words[0], status);
	af_error_clear(&err);
	free(argv);
}

void app_run(struct app *app, const char *const *words, int count)
{
	struct af_error err = AF_ERROR_INIT;

	if (app->options.readonly && count && !only_looks(words, count)) {
		app_notice(app, NOTICE_WARN, "read-only: %s is off", words[0]);
		return;
	}
	if (count && !strcmp(words[0], "exec") && isatty(STDOUT_FILENO)) {
		run_on_terminal(app, words, count);
		return;
	}
	if (job_start_words(app, words, count, job_over, NULL, NULL, &err)) {
		app_notice_error(app, &err);
		af_error_clear(&err);
		return;
	}
	app_notice(app, NOTICE_INFO, "afs %s", job_list(app)[0]->line);
}

void app_ask(struct app *app, const char *label, const char *initial,
	     void (*changed)(struct app *app, const char *text, void *arg),
	     void (*done)(struct app *app, const char *text, void *arg), void *arg)
{
	prompt_ask(app->prompt, label, initial, changed, done, arg);
	app_redraw(app);
}

void app_remark(struct app *app, bool wrong, const char *text)
{
	prompt_remark(app->prompt, wrong, text);
}

void app_call(struct app *app, const char *method)
{
	const struct environment *e = app_selected_environment(app);
	const struct replica *r = app_selected_replica(app);
	struct af_error err = AF_ERROR_INIT;

	if (!e) {
		app_notice(app, NOTICE_INFO, "select an environment first");
		return;
	}
	if (app->options.readonly) {
		app_notice(app, NOTICE_WARN, "read-only: calls are off");
		return;
	}
	struct view *v = call_view_new(app, e->name, r ? r->number : -1, method, &err);
	if (!v)
		app_notice_error(app, &err);
	af_error_clear(&err);
	app_push(app, v);
}

af_code app_choose_theme(struct app *app, const char *name, struct af_error *err)
{
	struct theme theme = { 0 };
	char *now = str_dup(name, err), *chosen = str_dup(name, err);
	af_code rc = now && chosen ? theme_load(&theme, name, err) : AF_ERR_NOMEM;

	if (rc && rc != AF_ERR_USAGE) {
		theme_free(&theme);
		free(now);
		free(chosen);
		return rc;
	}
	theme_free(&app->theme);
	app->theme = theme;
	free(app->options.theme);
	app->options.theme = now;
	free(app->options.theme_chosen);
	app->options.theme_chosen = chosen;
	canvas_set_theme(&app->theme);
	app_redraw(app);
	return rc;
}

/* ---- the terminal ---------------------------------------------------------------------------------- */

bool app_may_copy(struct app *app, size_t len)
{
	AUTO_STRBUF size = STRBUF_INIT(32);
	char said[80];

	if (len <= TERMINAL_COPY_MAX)
		return true;
	size_format(&size, (int64_t) len);
	app_notice(app, NOTICE_WARN, "%s is too much for the clipboard; %s", size.data,
		   keymap_say(app->keymap, "{save} saves it to a file", said, sizeof(said)));
	return false;
}

void app_copy(struct app *app, const char *text, size_t len)
{
	AUTO_STRBUF size = STRBUF_INIT(32);

	size_format(&size, (int64_t) len);
	if (app_may_copy(app, len) && terminal_copy(text, len))
		app_notice(app, NOTICE_OK, "copied %s", size.data);
}

/* Signals as a program expects to find them. */
static af_code spawn_plain(const char *const *argv, pid_t *pid, struct af_error *err)
{
	posix_spawnattr_t attr;
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	int failed = posix_spawnp(pid, argv[0], NULL, &attr, (char *const *) argv, environ);
	posix_spawnattr_destroy(&attr);
	if (!failed)
		return AF_OK;
	return error_errno(err, failed == ENOENT ? AF_ERR_NOT_FOUND : AF_ERR_FAILED, failed, "start %s", argv[0]);
}

/* What a key does is shown first: here where its output will be. */
static void tell_command(const char *const *argv)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	for (int i = 1; argv[i]; i++) {
		strbuf_addc(&sb, ' ');
		text_add_safe(&sb, argv[i], strlen(argv[i]), false);
	}
	printf("afs%s\n", sb.data);
	fflush(stdout);
}

af_code app_foreground(struct app *app, const char *const *argv, int *status, struct af_error *err)
{
	pid_t pid;
	int how = 0;

	terminal_leave();
	if (argv[0] == app->afs_path)
		tell_command(argv);
	af_code rc = spawn_plain(argv, &pid, err);
	if (!rc)
		while (waitpid(pid, &how, 0) < 0 && errno == EINTR)
			;
	terminal_enter();
	app_redraw(app);
	if (!rc && status)
		*status = WIFEXITED(how) ? WEXITSTATUS(how) : 128 + WTERMSIG(how);
	return rc;
}
