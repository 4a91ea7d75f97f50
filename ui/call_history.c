/* The call screen: past and saved calls. See call_view.h. */
#include <string.h>

#include "base/clock.h"
#include "ui/call_view.h"

/* ---- the list ---------------------------------------------------------------------------------------- */

/* "s:name" for saved calls, then "c:id". */
static af_code ids_of(const struct call_view *v, struct strlist *ids)
{
	af_code rc = AF_OK;

	for (size_t i = 0; !rc && i < v->saved.count; i++)
		rc = strlist_take(ids, str_format(NULL, "s:%s", v->saved.items[i].name), NULL);
	for (size_t i = 0; !rc && i < v->calls.count; i++)
		rc = strlist_take(ids, str_format(NULL, "c:%lld", (long long) v->calls.items[i].id), NULL);
	return rc;
}

static void sync_list(struct call_view *v)
{
	AUTO_STRLIST ids = { 0 };

	if (ids_of(v, &ids))
		return;
	/* The newest call, until the cursor was moved. */
	if (!v->list.selected && v->calls.count)
		list_select(&v->list, ids.items[v->saved.count]);
	list_sync(&v->list, (const char *const *) ids.items, (int) ids.count, MAX(1, v->page));
}

static const struct saved_call *selected_saved(struct call_view *v)
{
	const char *id = v->list.selected;

	for (size_t i = 0; id && str_starts(id, "s:") && i < v->saved.count; i++)
		if (!strcmp(v->saved.items[i].name, id + 2))
			return &v->saved.items[i];
	return NULL;
}

const struct call_record *call_history_selected(struct call_view *v)
{
	const char *id = v->list.selected;
	long long number = id && str_starts(id, "c:") ? strtoll(id + 2, NULL, 10) : 0;

	for (size_t i = 0; number && i < v->calls.count; i++)
		if (v->calls.items[i].id == number)
			return &v->calls.items[i];
	return NULL;
}

/* ---- asking and answers ---------------------------------------------------------------------------------- */

void call_history_refresh(struct call_view *v)
{
	struct history_request *r = history_request_new(HISTORY_LIST);
	const struct environment *env = model_environment(&v->app->model, v->environment);

	/* The answer under way may be older than what is to be seen; but one more is enough, however often it is wanted. */
	if (!r || v->listing) {
		v->list_again = true;
		history_request_free(r);
		return;
	}
	v->listing = true;
	v->list_again = false;
	v->counted = env ? env->requests : 0;
	r->environment = strdup(v->environment);
	r->text = v->filter ? strdup(v->filter) : NULL;
	history_ask(v->history, r);
}

void call_history_get(struct call_view *v, enum history_kind kind, int64_t id, int purpose)
{
	struct history_request *r = history_request_new(kind);

	if (!r)
		return;
	r->id = id;
	r->purpose = purpose;
	history_ask(v->history, r);
}

void call_history_follow(struct call_view *v)
{
	const struct environment *env = model_environment(&v->app->model, v->environment);

	if (env && env->requests != v->counted && !v->run)
		call_history_refresh(v);
}

/* The cursor goes with the newest call, until it is moved elsewhere. */
static void follow_newest(struct call_view *v)
{
	const struct call_record *at = call_history_selected(v);

	if (v->part != PART_HISTORY && at && v->calls.count && at == &v->calls.items[0])
		list_select(&v->list, NULL);
}

static void take_list(struct call_view *v, struct history_request *r)
{
	follow_newest(v);
	call_list_free(&v->calls);
	saved_list_free(&v->saved);
	v->calls = r->calls;
	v->saved = r->saved_calls;
	v->total = r->total;
	v->loaded = true;
	r->calls = (struct call_list){ 0 };
	r->saved_calls = (struct saved_list){ 0 };
	form_set_earlier(&v->form, &v->calls);
	sync_list(v);
}

/* A call of the history in the result's pane. */
static void show_record(struct call_view *v, struct call_record *rec)
{
	struct result *r = &v->result;

	call_set_aside(v, rec->method);
	result_clear(r);
	r->id = rec->id;
	r->environment = af_steal(rec->environment);
	r->method = af_steal(rec->method);
	r->replica = rec->replica;
	const char *host = call_host_of(v->app, v->environment, rec->replica);
	r->host = host ? strdup(host) : NULL;
	r->code = rec->code;
	r->started_ms = rec->started_ms;
	r->took_us = rec->took_us;
	r->call_id = af_steal(rec->call_id);
	r->error = rec->code ? (rec->error ? af_steal(rec->error) : str_dup(af_code_name(rec->code), NULL)) : NULL;
	r->whole_len = rec->result_len;
	size_t len = rec->result ? strlen(rec->result) : 0;
	result_take_text(r, af_steal(rec->result), len, NULL);
}

static void load(struct call_view *v, const char *method, const char *args)
{
	struct json_span object = { args, strlen(args) };

	if (!v->form.method || strcmp(method, v->form.method))
		call_view_choose(v, method);
	if (!json_check(args, object.len, NULL) && json_type(object) == JSON_OBJECT)
		form_load(&v->form, object);
}

static void take_record(struct call_view *v, struct history_request *r)
{
	if (r->purpose == PURPOSE_LOAD)
		load(v, r->record.method, r->record.args);
	if (r->purpose == PURPOSE_DIFF)
		call_compare(v, af_steal(r->record.result));
	else
		show_record(v, &r->record);
}

void call_history_answered(struct app *app, struct history_request *r, void *arg)
{
	struct call_view *v = arg;

	af_error_clear(&v->error);
	if (r->kind == HISTORY_LIST)
		v->listing = false;
	if (r->rc == AF_ERR_NOT_FOUND && r->kind == HISTORY_BEFORE) {
		app_notice(app, NOTICE_INFO, "there is no earlier result to compare with");
	} else if (r->rc) {
		error_move(&v->error, &r->err);
		v->loaded = true;
		if (r->kind != HISTORY_LIST && v->error.message)
			app_notice_error(app, &v->error);
	} else if (r->kind == HISTORY_LIST) {
		take_list(v, r);
	} else if (r->kind == HISTORY_GET || r->kind == HISTORY_BEFORE) {
		take_record(v, r);
	} else {
		if (r->kind == HISTORY_SAVE)
			app_notice(app, NOTICE_OK, "saved as %s", r->saved.name);
		call_history_refresh(v);
	}
	if (r->kind == HISTORY_LIST && v->list_again)
		call_history_refresh(v);
	app_redraw(app);
}

/* ---- keys --------------------------------------------------------------------------------------------------- */

/* False: nothing is under the cursor, or it is still read. */
static bool load_selected(struct call_view *v)
{
	const struct saved_call *saved = selected_saved(v);
	const struct call_record *call = call_history_selected(v);

	if (saved) {
		load(v, saved->method, saved->args);
		v->form.target = saved->replica;
		form_set_numbers(&v->form, saved->repeat, saved->concurrency, saved->timeout_ms);
	} else if (call && call->args_cut) {
		call_history_get(v, HISTORY_GET, call->id, PURPOSE_LOAD);
		return false;
	} else if (call) {
		load(v, call->method, call->args);
	}
	return saved || call;
}

static int open_selected(struct call_view *v)
{
	const struct call_record *call = call_history_selected(v);

	if (!load_selected(v))
		return REACT_HANDLED;
	if (call && !v->run)
		call_history_get(v, HISTORY_GET, call->id, PURPOSE_SHOW);
	call_view_focus(v, PART_FORM);
	return REACT_REDRAW;
}

static int forget_selected(struct call_view *v)
{
	const struct saved_call *saved = selected_saved(v);
	const struct call_record *call = call_history_selected(v);
	struct history_request *r = saved ? history_request_new(HISTORY_UNSAVE) : call ? history_request_new(HISTORY_FORGET) : NULL;

	if (!r)
		return REACT_HANDLED;
	if (saved) {
		r->environment = strdup(v->environment);
		r->text = strdup(saved->name);
		app_notice(v->app, NOTICE_INFO, "%s is forgotten", saved->name);
	} else {
		r->id = call->id;
	}
	history_ask(v->history, r);
	return REACT_REDRAW;
}

static int copy_command(struct call_view *v)
{
	const struct saved_call *saved = selected_saved(v);
	const struct call_record *call = call_history_selected(v);
	const char *args = saved ? saved->args : call ? call->args : NULL;
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE);

	if (args && !json_check(args, strlen(args), NULL) &&
	    !call_command(v->environment, saved ? saved->method : call->method, (struct json_span){ args, strlen(args) },
			  saved ? saved->replica : TARGET_AUTO, saved ? saved->timeout_ms : CALL_TIMEOUT_MS, true, &line, NULL))
		app_copy(v->app, line.data, line.len);
	return REACT_HANDLED;
}

static int copy_form(struct call_view *v)
{
	AUTO_STRBUF line = STRBUF_INIT(STRBUF_HUGE);

	if (!form_command(&v->form, v->environment, &line, NULL))
		app_copy(v->app, line.data, line.len);
	return REACT_HANDLED;
}

static int diff_selected(struct call_view *v)
{
	const struct call_record *call = call_history_selected(v);

	if (!v->result.json)
		app_notice(v->app, NOTICE_INFO, "open a result first; d compares it with the selected one");
	else if (call && call->id == v->result.id)
		call_history_get(v, HISTORY_BEFORE, call->id, PURPOSE_DIFF);
	else if (call)
		call_history_get(v, HISTORY_GET, call->id, PURPOSE_DIFF);
	return REACT_HANDLED;
}

static int move(struct call_view *v, enum action action)
{
	AUTO_STRLIST ids = { 0 };

	if (ids_of(v, &ids))
		return REACT_HANDLED;
	return list_act(&v->list, (const char *const *) ids.items, (int) ids.count, MAX(1, v->page), action) | REACT_REDRAW;
}

int call_history_act(struct call_view *v, enum action action)
{
	const struct call_record *call = call_history_selected(v);

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
	case ACT_FIRST:
	case ACT_LAST:
		return move(v, action);
	case ACT_OPEN:
		return open_selected(v);
	case ACT_RERUN:
		if (load_selected(v))
			call_send(v);
		return REACT_REDRAW;
	case ACT_STAR:
	case ACT_SAVE_CALL:
		if (load_selected(v))
			call_ask_save(v);
		return REACT_REDRAW;
	case ACT_DELETE:
		return forget_selected(v);
	case ACT_DIFF:
		return diff_selected(v);
	case ACT_COPY:
		return copy_command(v);
	case ACT_COPY_ALT:
		return copy_form(v);
	case ACT_SEARCH:
		call_ask_filter(v);
		return REACT_HANDLED;
	case ACT_CALL_LOGS:
		return call_show_logs(v, call ? call->call_id : NULL);
	default:
		return REACT_NONE;
	}
}
