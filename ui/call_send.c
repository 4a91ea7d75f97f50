/* The call screen: sending, what comes back, comparing. See call_view.h. */
#include <string.h>

#include "base/clock.h"
#include "store/mask.h"
#include "ui/call_kept.h"
#include "ui/call_view.h"

/* Longer texts are compared on a thread of their own. */
#define COMPARE_HERE (512u * 1024)

/* ---- what a call was, in one line ------------------------------------------------------------------ */

/* Of the arguments, and of each value, so much is repeated: what the call answered matters more. */
#define ARGUMENTS_SHOWN 24
#define VALUE_SHOWN 28

/* "task_id=17 seed=1", secrets masked, cut. */
static void add_arguments(struct strbuf *sb, const char *args)
{
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_HUGE);
	size_t start = sb->len;

	if (args_mask((struct json_span){ args, strlen(args) }, &masked, NULL, NULL))
		return;
	for (struct json_iter it = json_iter(json_span_of(&masked)); json_next(&it);) {
		if (sb->len - start > ARGUMENTS_SHOWN) {
			strbuf_adds(sb, " …");
			return;
		}
		strbuf_addc(sb, ' ');
		json_add_decoded(sb, it.key);
		strbuf_addc(sb, '=');
		size_t fits = text_fit(it.value.text, MIN(it.value.len, (size_t) 1024), VALUE_SHOWN, NULL);
		strbuf_add(sb, it.value.text, fits);
		strbuf_adds(sb, fits < it.value.len ? "…" : "");
	}
}

/* "score 0.913", "42", or nothing that is worth saying. */
static void add_summary(struct strbuf *sb, const char *result, size_t len)
{
	static const char *const telling[] = { "score", "reward", "result", "success", "status" };
	struct json_span value = { result, len }, member;
	enum json_type type = json_type(value);

	if (type != JSON_OBJECT && type != JSON_ARRAY && len <= 40)
		strbuf_addf(sb, " → %.*s", (int) len, result);
	/* Not of megabytes: each look walks over the whole. */
	for (size_t i = 0; type == JSON_OBJECT && len < 65536 && i < ARRAY_LEN(telling); i++)
		if (json_member(value, telling[i], &member) && member.len <= 40 && !strchr("{[", *member.text)) {
			strbuf_addf(sb, " → %s %.*s", telling[i], (int) member.len, member.text);
			return;
		}
}

static void notice_of(struct app *app, const struct call_run *run, af_code rc, const struct af_error *err)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_LINE), took = STRBUF_INIT(64);

	strbuf_addf(&line, "call %s %s", run->environment, run->method);
	add_arguments(&line, run->args);
	if (run->count > 1) {
		strbuf_addf(&line, " × %d: ", run->count);
		call_run_tally(run, &line);
	} else if (rc) {
		strbuf_addf(&line, ": %s", err->message ? err->message : af_code_name(rc));
	} else if (run->result) {
		add_summary(&line, run->result, run->result_len);
		duration_format_us(&took, run->outcomes[0].took_us);
		strbuf_addf(&line, " (%s, replica %d)", took.data, run->outcomes[0].replica);
	}
	app_notice(app, rc == AF_ERR_CANCELLED ? NOTICE_WARN : rc ? NOTICE_ERROR : NOTICE_OK, "%s", line.data);
}

/* ---- coming back --------------------------------------------------------------------------------------- */

const char *call_host_of(struct app *app, const char *environment, int replica)
{
	const struct environment *env = model_environment(&app->model, environment);

	for (int i = 0; env && i < env->count; i++)
		if (env->replicas[i].number == replica)
			return env->replicas[i].host;
	return NULL;
}

static char *error_text(const struct af_error *err, af_code rc)
{
	const char *message = err && err->message ? err->message : af_code_name(rc);

	return err && err->hint ? str_format(NULL, "%s\n\n%s", message, err->hint) : str_dup(message, NULL);
}

static char *dup_or_null(const char *s)
{
	return s ? strdup(s) : NULL;
}

static int64_t total_us(const struct call_run *run)
{
	int64_t first = INT64_MAX, last = 0;

	for (int i = 0; i < run->count; i++)
		if (run->outcomes[i].started_ms) {
			first = MIN(first, run->outcomes[i].started_ms * 1000);
			last = MAX(last, run->outcomes[i].started_ms * 1000 + run->outcomes[i].took_us);
		}
	return last > first ? last - first : 0;
}

/* Takes the run's result. */
static void show_run(struct app *app, struct result *r, struct call_run *run, af_code rc, const struct af_error *err)
{
	const struct call_outcome *o = run->count ? &run->outcomes[0] : NULL;

	result_clear(r);
	r->environment = dup_or_null(run->environment);
	r->method = dup_or_null(run->method);
	r->code = rc;
	if (rc && !run->result)
		r->error = error_text(err, rc);
	if (o) {
		r->started_ms = o->started_ms;
		r->took_us = run->count > 1 ? total_us(run) : o->took_us;
		r->replica = run->count > 1 ? -1 : o->replica;
		r->host = dup_or_null(call_host_of(app, run->environment, r->replica));
		r->call_id = run->count > 1 ? NULL : dup_or_null(o->call_id);
		r->id = run->count > 1 ? 0 : o->id;
		r->status = run->count > 1 ? 0 : o->status;
	}
	if (run->count > 1) {
		AUTO_STRBUF tally = STRBUF_INIT(STRBUF_LINE);
		call_run_tally(run, &tally);
		r->note = str_format(NULL, "%d calls, %s%s", run->count, tally.data, run->dropped ? ", not all results shown" : "");
	}
	const struct result_tree *tree = run->result ? &run->tree : NULL;
	result_take_text(r, af_steal(run->result), run->result_len, tree);
	run->tree = (struct result_tree){ 0 };
}

void call_set_aside(struct call_view *v, const char *next)
{
	if (v->result.method && strcmp(v->result.method, next) != 0)
		kept_put(v->app, v->environment, &v->result);
}

static void run_over(struct app *app, struct call_run *run, af_code rc, const struct af_error *err)
{
	struct call_view *v = run->view;

	kept_run_over(app, run);
	notice_of(app, run, rc, err);
	if (!v) {
		/* For the one who comes back. */
		struct result r;
		result_init(&r);
		show_run(app, &r, run, rc, err);
		kept_put(app, run->environment, &r);
		result_free(&r);
		return;
	}
	v->run = NULL;
	call_set_aside(v, run->method);
	show_run(app, &v->result, run, rc, err);
	if (!v->touched && v->part == PART_FORM)
		call_view_focus(v, PART_RESULT);
	call_history_refresh(v);
	app_redraw(app);
}

/* ---- going out -------------------------------------------------------------------------------------------- */

/* What is sent equals this command. */
static void say_command(struct call_view *v, const struct call_run *run)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE);
	AUTO_STRBUF times = STRBUF_INIT(STRBUF_LINE);

	call_add_times(&times, run->repeat, run->concurrency);
	if (!call_command(run->environment, run->method, (struct json_span){ run->args, strlen(run->args) }, run->target,
			  run->timeout_ms, true, &line, NULL))
		app_notice(v->app, NOTICE_INFO, "%.300s%s", line.data, times.data);
}

static bool may_send(struct call_view *v)
{
	if (v->run) {
		app_notice(v->app, NOTICE_WARN, "a call is in flight; ^C cancels it");
		return false;
	}
	if (!v->form.method) {
		app_notice(v->app, NOTICE_WARN, "choose a method first");
		return false;
	}
	if (v->app->options.readonly) {
		app_notice(v->app, NOTICE_WARN, "read-only: calls are off");
		return false;
	}
	if (!model_environment(&v->app->model, v->environment)) {
		app_notice(v->app, NOTICE_ERROR, "%s is gone", v->environment);
		return false;
	}
	return true;
}

void call_send(struct call_view *v)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);
	struct af_error err = AF_ERROR_INIT;
	struct call_run *run;
	int repeat, concurrency;
	int64_t timeout_ms;

	if (!may_send(v))
		return;
	if (!form_arguments(&v->form, &args) || !form_numbers(&v->form, &repeat, &concurrency, &timeout_ms)) {
		call_view_focus(v, PART_FORM);
		return;
	}
	run = call_run_new(v->app, v->environment, v->form.method, args.data, &err);
	if (run) {
		run->target = v->form.target;
		run->repeat = repeat;
		run->concurrency = concurrency;
		run->timeout_ms = timeout_ms;
		run->done = run_over;
		run->view = v;
		say_command(v, run);
		v->run = run;
		v->touched = false;
		if (call_run_start(v->app, run, &err))
			v->run = NULL;
		else
			kept_run(v->app, run);
	}
	if (err.message)
		app_notice_error(v->app, &err);
	af_error_clear(&err);
}

bool call_cancel_run(struct call_view *v)
{
	if (!v->run)
		return false;
	job_cancel(v->app, v->run->job);
	return true;
}

void call_follow_run(struct call_view *v)
{
	v->run = kept_run_of(v->app, v->environment);
	if (v->run)
		v->run->view = v;
}

void call_forget_run(struct call_view *v)
{
	char said[80];

	if (!v->run)
		return;
	app_notice(v->app, NOTICE_INFO, "call %s %s goes on; %s", v->run->environment, v->run->method,
		   keymap_say(v->app->keymap, "{call} shows it, {jobs} lists it", said, sizeof(said)));
	v->run->view = NULL;
	v->run = NULL;
}

char *call_progress(const struct call_view *v)
{
	const struct call_run *run = v->run;
	AUTO_STRBUF sb = STRBUF_INIT(256);
	const struct job_row *job = run ? job_find(v->app, run->job) : NULL;
	int planned, failed;
	char *out = NULL;

	if (!run)
		return NULL;
	planned = atomic_load(&run->planned);
	failed = atomic_load(&run->failed);
	strbuf_adds(&sb, run->method);
	if (planned > 1)
		strbuf_addf(&sb, "   %d/%d", atomic_load(&run->ended), planned);
	if (failed)
		strbuf_addf(&sb, "   %d failed", failed);
	if (job) {
		strbuf_adds(&sb, "   ");
		duration_format(&sb, (v->app->now_ms - job->started_ms) / 100 * 100);
	}
	return strbuf_steal(&sb, &out, NULL) ? NULL : out;
}

void call_link_drop(struct call_link *link)
{
	if (link && atomic_fetch_sub(&link->refs, 1) == 1)
		free(link);
}

/* ---- comparing ---------------------------------------------------------------------------------------------- */

struct comparison {
	char *before, *after;
	struct diff diff;
	struct call_link *link;
	unsigned serial; /* of the result that was shown then: another may be by now */
};

static af_code compare(void *arg, struct cancel *cancel, struct af_error *err)
{
	struct comparison *c = arg;
	af_code rc = json_check(c->before, strlen(c->before), NULL);

	if (rc)
		return error_set(err, AF_ERR_TOO_LARGE, "the earlier result was too long to be kept whole");
	rc = cancel_check(cancel, err);
	return rc ? rc : diff_make(&c->diff, af_steal(c->before), af_steal(c->after), err);
}

static void comparison_free(void *arg)
{
	struct comparison *c = arg;

	free(c->before);
	free(c->after);
	diff_free(&c->diff);
	call_link_drop(c->link);
	free(c);
}

static void compared(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct comparison *c = arg;
	struct call_view *v = c->link->view;

	if (rc) {
		app_notice_error(app, err);
	} else if (v && v->result.serial == c->serial) {
		result_take_diff(&v->result, &c->diff);
		call_view_focus(v, PART_RESULT);
	}
	app_redraw(app);
}

void call_compare(struct call_view *v, char *take_before)
{
	struct comparison *c = calloc(1, sizeof(*c));
	struct af_error err = AF_ERROR_INIT;

	if (!c || !v->result.json || !take_before || !(c->after = str_ndup(v->result.text, v->result.len, NULL))) {
		app_notice(v->app, NOTICE_INFO, "there are no two results to compare");
		free(take_before);
		free(c);
		return;
	}
	c->before = take_before;
	c->link = v->link;
	atomic_fetch_add(&c->link->refs, 1);
	c->serial = v->result.serial;
	if (v->result.len + strlen(take_before) > COMPARE_HERE) {
		if (job_work(v->app, "compare results", compare, compared, comparison_free, c, NULL, &err))
			app_notice_error(v->app, &err);
	} else {
		af_code rc = compare(c, NULL, &err);
		compared(v->app, c, rc, &err);
		comparison_free(c);
	}
	af_error_clear(&err);
}
