/* The call screen: menus, questions, files. See call_view.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "command/words.h"
#include "ui/call_kept.h"
#include "ui/call_view.h"
#include "ui/methods.h"
#include "ui/save.h"
#include "ui/views.h"

/* ---- methods --------------------------------------------------------------------------------------- */

static void method_typed(struct app *app UNUSED, const char *text, void *arg)
{
	if (!str_blank(text))
		call_view_choose(arg, text);
}

static void method_chosen(struct app *app, int i, void *arg)
{
	struct call_view *v = arg;

	if ((size_t) i < v->offered.count)
		call_view_choose(v, v->offered.items[i]);
	else
		app_ask(app, "method", NULL, NULL, method_typed, v);
}

void call_ask_method(struct call_view *v)
{
	const struct method_list *methods = methods_of(v->app, v->environment);
	AUTO_STRLIST items = { 0 };
	int current = 0;

	if (!methods || !methods->count) {
		app_ask(v->app, "method", NULL, NULL, method_typed, v);
		return;
	}
	strlist_free(&v->offered);
	for (size_t i = 0; i < methods->count; i++) {
		const struct method *m = &methods->items[i];
		if (v->form.method && !strcmp(m->name, v->form.method))
			current = (int) i;
		if (strlist_add(&v->offered, m->name, NULL) ||
		    strlist_take(&items, str_format(NULL, "%s%.60s", m->name, m->signature), NULL))
			return;
	}
	if (strlist_add(&items, "another…", NULL))
		return;
	app_menu(v->app, "Method", (const char *const *) items.items, (int) items.count, current, method_chosen, NULL, v);
}

void call_step_method(struct call_view *v, int step)
{
	const struct method_list *methods = methods_of(v->app, v->environment);
	size_t at = 0;

	if (!methods || !methods->count)
		return;
	for (size_t i = 0; i < methods->count; i++)
		if (v->form.method && !strcmp(methods->items[i].name, v->form.method))
			at = i;
	at = (at + methods->count + (size_t) (step + (int) methods->count)) % methods->count;
	call_view_choose(v, methods->items[at].name);
}

/* ---- earlier values --------------------------------------------------------------------------------------- */

static void earlier_chosen(struct app *app UNUSED, int i, void *arg)
{
	struct call_view *v = arg;
	const char *value = (size_t) i < v->offered.count ? v->offered.items[i] : NULL;

	for (int n = 0; value && n < v->form.count; n++) {
		struct form_field *ff = &v->form.fields[n];
		if (!ff->p || strcmp(ff->p->name, v->offered_for))
			continue;
		field_set(&ff->input, value, strlen(value));
		free(af_steal(ff->error));
	}
}

void call_ask_earlier(struct call_view *v)
{
	struct control c = form_focused(&v->form);
	struct form_field *ff = c.kind == CONTROL_FIELD ? &v->form.fields[c.index] : NULL;

	if (!ff || !ff->p || !ff->earlier.count) {
		app_notice(v->app, NOTICE_INFO, "no earlier values of this field");
		return;
	}
	strlist_free(&v->offered);
	free(v->offered_for);
	v->offered_for = strdup(ff->p->name);
	for (size_t i = 0; i < ff->earlier.count; i++)
		if (!v->offered_for || strlist_add(&v->offered, ff->earlier.items[i], NULL))
			return;
	app_menu(v->app, v->offered_for, (const char *const *) v->offered.items, (int) v->offered.count, 0, earlier_chosen, NULL,
		 v);
}

/* ---- several times ------------------------------------------------------------------------------------------ */

/* "20", or "20 4": how often, and how many at the same time. */
static void repeat_typed(struct app *app, const char *text, void *arg)
{
	struct call_view *v = arg;
	char *end = NULL;

	if (str_blank(text))
		return;
	long repeat = strtol(text, &end, 10), concurrency = 1;
	if (*end == ' ')
		concurrency = strtol(end, &end, 10);
	if (*end || repeat < 1 || concurrency < 1 || repeat > REPEAT_MAX || concurrency > CONCURRENCY_MAX) {
		app_notice(app, NOTICE_WARN, "\"%.20s\" is no number of calls; 20 4 sends twenty, four at a time", text);
		return;
	}
	form_set_repeat(&v->form, (int) repeat, (int) concurrency);
	call_send(v);
}

void call_ask_repeat(struct call_view *v)
{
	app_ask(v->app, "how often (and how many at a time)", NULL, NULL, repeat_typed, v);
}

/* ---- saving a call ------------------------------------------------------------------------------------------ */

/* Takes down what the form holds; false: something is wrong there, and it says what. */
static bool take_down(struct call_view *v, struct saved_call *c)
{
	struct form *f = &v->form;
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);

	if (!f->method || !form_arguments(f, &args) || !form_numbers(f, &c->repeat, &c->concurrency, &c->timeout_ms)) {
		call_view_focus(v, PART_FORM);
		if (f->number_error)
			app_notice(v->app, NOTICE_WARN, "not saved: %s", f->number_error);
		return false;
	}
	c->replica = f->target;
	c->environment = strdup(v->environment);
	c->method = strdup(f->method);
	c->args = strdup(args.data);
	return c->environment && c->method && c->args;
}

/* The form may have changed since it was asked: an answer of the history can do that. */
static void save_named(struct app *app UNUSED, const char *text, void *arg)
{
	struct call_view *v = arg;
	struct history_request *r = str_blank(text) ? NULL : history_request_new(HISTORY_SAVE);

	if (r && take_down(v, &r->saved) && (r->saved.name = strdup(text)))
		history_ask(v->history, r);
	else
		history_request_free(r);
}

void call_ask_save(struct call_view *v)
{
	struct saved_call now = { 0 };
	bool right = take_down(v, &now);

	saved_call_free(&now);
	if (!right)
		return;
	app_ask(v->app, "save the call as", v->form.method, NULL, save_named, v);
}

/* ---- searching ------------------------------------------------------------------------------------------------ */

static void search_changed(struct app *app, const char *text, void *arg)
{
	result_search(&((struct call_view *) arg)->result, text);
	app_redraw(app);
}

static void search_done(struct app *app, const char *text, void *arg)
{
	struct call_view *v = arg;

	if (!result_search(&v->result, text))
		app_notice(app, NOTICE_INFO, "\"%s\" does not stand in the result", text);
}

void call_ask_search(struct call_view *v)
{
	v->result.found = SIZE_MAX;
	app_ask(v->app, "/", NULL, search_changed, search_done, v);
}

static void path_typed(struct app *app, const char *text, void *arg)
{
	struct call_view *v = arg;

	if (!str_blank(text) && !result_go_to_path(&v->result, text))
		app_notice(app, NOTICE_INFO, "the path %s leads nowhere", text);
}

void call_ask_path(struct call_view *v)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);

	if (!v->result.json)
		return;
	if (v->result.mode == RESULT_TREE)
		result_tree_path(&v->result.tree, v->result.row, &path);
	app_ask(v->app, "path", path.data, NULL, path_typed, v);
}

static void filter_done(struct app *app UNUSED, const char *text, void *arg)
{
	struct call_view *v = arg;

	if (!text)
		return;
	free(v->filter);
	v->filter = *text ? strdup(text) : NULL;
	call_history_refresh(v);
}

void call_ask_filter(struct call_view *v)
{
	app_ask(v->app, "search the history", v->filter, NULL, filter_done, v);
}

/* ---- into a file ------------------------------------------------------------------------------------------------ */

/* The result and a newline, as it came. */
static void whole(const struct result *r, struct strbuf *out)
{
	if (r->error)
		strbuf_adds(out, r->error);
	else
		strbuf_add(out, r->text ? r->text : "", r->len);
	strbuf_addc(out, '\n');
}

static void save_to(struct app *app, const char *path, void *arg)
{
	struct call_view *v = arg;
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	if (str_blank(path))
		return;
	whole(&v->result, &text);
	save_text(app, path, &text);
}

void call_ask_file(struct call_view *v)
{
	time_t when = (time_t) (v->result.started_ms / 1000);
	struct tm tm;
	char stamp[32] = "";

	if (!v->result.present)
		return;
	if (gmtime_r(&when, &tm))
		strftime(stamp, sizeof(stamp), "%Y%m%d-%H%M%S", &tm);
	AUTO_FREE char *name = str_format(NULL, "%s-%s.%s", v->result.method ? v->result.method : "result", stamp,
					  v->result.json ? "json" : "txt");
	app_ask(v->app, "save the result to", name, NULL, save_to, v);
}

/* ---- $EDITOR ------------------------------------------------------------------------------------------------------- */

static af_code write_all(int fd, const struct strbuf *text, struct af_error *err)
{
	for (size_t done = 0; done < text->len;) {
		ssize_t n = write(fd, text->data + done, text->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return error_errno(err, AF_ERR_IO, errno, "write a temporary file");
		done += (size_t) n;
	}
	return AF_OK;
}

static af_code edit_file(struct call_view *v, const char *path, struct af_error *err)
{
	const char *editor = getenv("VISUAL");
	AUTO_STRLIST words = { 0 };
	int status;

	if (str_blank(editor))
		editor = getenv("EDITOR");
	af_code rc = words_split(str_blank(editor) ? "vi" : editor, &words, err);
	if (!rc)
		rc = strlist_add(&words, path, err);
	return rc ? rc : app_foreground(v->app, (const char *const *) words.items, &status, err);
}

void call_open_editor(struct call_view *v)
{
	const struct result *r = &v->result;
	const char *dir = getenv("TMPDIR");
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);
	struct af_error err = AF_ERROR_INIT;

	if (!r->present)
		return;
	AUTO_FREE char *path = str_format(NULL, "%s/afs-result-XXXXXX.%s", str_blank(dir) ? "/tmp" : dir, r->json ? "json" : "text");
	if (!path)
		return;
	if (r->json)
		json_add_pretty(&text, r->tree.text, 2);
	else
		whole(r, &text);
	/* mkostemps makes it 0600. */
	AUTO_CLOSE int fd = mkostemps(path, 5, O_CLOEXEC);
	af_code rc = fd < 0 ? error_errno(&err, AF_ERR_IO, errno, "make %s", path) : write_all(fd, &text, &err);
	if (!rc)
		rc = edit_file(v, path, &err);
	if (fd >= 0)
		unlink(path);
	if (rc)
		app_notice_error(v->app, &err);
	af_error_clear(&err);
}

/* ---- logs ------------------------------------------------------------------------------------------------------------ */

int call_show_logs(struct call_view *v, const char *call_id)
{
	struct app *app = v->app;

	if (str_blank(call_id)) {
		app_notice(app, NOTICE_INFO, "no single call is shown");
		return REACT_HANDLED;
	}
	kept_behind(app, (struct call_behind){ str_dup(v->environment, NULL), v->form.target, (int) v->part, app_focused(app),
					       app_zoomed(app, 1) });
	envs_view_select(app_pane(app, PANE_ENVS), app, v->environment, NULL);
	app_focus(app, PANE_LOGS);
	app_zoom(app, true);
	logs_view_trace(app_pane(app, PANE_LOGS), app, call_id);
	return REACT_CLOSE;
}
