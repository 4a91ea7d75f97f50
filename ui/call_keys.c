/* The call screen: keys of its parts. See call_view.h. */
#include <string.h>

#include "ui/call_view.h"

/* ---- keys of all parts ----------------------------------------------------------------------------------- */

static int focus(struct call_view *v, enum call_part part)
{
	call_view_focus(v, part);
	return REACT_REDRAW;
}

/* To the form; then out. What is in flight goes on: only ^C cancels. */
static int back(struct call_view *v)
{
	if (v->zoomed) {
		v->zoomed = false;
		return REACT_REDRAW;
	}
	return v->part == PART_FORM ? REACT_CLOSE : focus(v, PART_FORM);
}

static int toggle_json(struct call_view *v)
{
	if (v->form.method)
		form_toggle_json(&v->form);
	return focus(v, PART_FORM);
}

/* With the result before this one. */
static int diff(struct call_view *v)
{
	if (v->result.mode == RESULT_DIFF)
		result_set_mode(&v->result, v->result.json ? RESULT_TREE : RESULT_RAW);
	else if (v->result.id && v->result.json)
		call_history_get(v, HISTORY_BEFORE, v->result.id, PURPOSE_DIFF);
	else
		app_notice(v->app, NOTICE_INFO, "there is no earlier result to compare with");
	return REACT_REDRAW;
}

static int common_act(struct call_view *v, enum action action)
{
	switch (action) {
	case ACT_HISTORY:
		return focus(v, PART_HISTORY);
	case ACT_DIFF:
		return diff(v);
	case ACT_REPEAT:
		call_ask_repeat(v);
		return REACT_REDRAW;
	case ACT_CALL_LOGS:
		return call_show_logs(v, v->result.call_id);
	case ACT_SEND:
		call_send(v);
		return REACT_REDRAW;
	case ACT_EDIT_JSON:
		return toggle_json(v);
	case ACT_SAVE_CALL:
		call_ask_save(v);
		return REACT_REDRAW;
	case ACT_PANE_1:
	case ACT_PANE_2:
	case ACT_PANE_3:
		return focus(v, (enum call_part) (action - ACT_PANE_1));
	case ACT_NEXT_PANE:
		return focus(v, (enum call_part) ((v->part + 1) % PART_COUNT));
	case ACT_PREVIOUS_PANE:
		return focus(v, (enum call_part) ((v->part + PART_COUNT - 1) % PART_COUNT));
	case ACT_ZOOM:
		v->zoomed = !v->zoomed;
		return REACT_REDRAW;
	case ACT_CANCEL_JOB:
		return call_cancel_run(v) ? REACT_REDRAW : REACT_HANDLED;
	case ACT_BACK:
		return back(v);
	case ACT_QUIT:
		return REACT_CLOSE;
	default:
		return REACT_NONE;
	}
}

/* ---- the form ------------------------------------------------------------------------------------------------ */

/* Enter, by what has the focus. */
static int press(struct call_view *v)
{
	switch (form_focused(&v->form).kind) {
	case CONTROL_METHOD:
		call_ask_method(v);
		break;
	case CONTROL_TARGET:
		form_turn_target(&v->form, model_environment(&v->app->model, v->environment), 1);
		break;
	case CONTROL_SEND:
		call_send(v);
		break;
	case CONTROL_EDIT_JSON:
		return toggle_json(v);
	case CONTROL_SAVE:
		call_ask_save(v);
		break;
	default:
		form_step(&v->form, 1);
	}
	return REACT_REDRAW;
}

static int turn(struct call_view *v, int step)
{
	enum control_kind kind = form_focused(&v->form).kind;

	if (kind == CONTROL_TARGET)
		form_turn_target(&v->form, model_environment(&v->app->model, v->environment), step);
	else if (kind == CONTROL_METHOD)
		call_step_method(v, step);
	else if (kind >= CONTROL_SEND)
		form_step(&v->form, step);
	return REACT_REDRAW;
}

int call_form_act(struct view *view, struct app *app UNUSED, enum action action)
{
	struct call_view *v = (struct call_view *) view;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		form_step(&v->form, action == ACT_UP ? -1 : 1);
		return REACT_REDRAW;
	case ACT_NEXT_PANE:
		return form_step(&v->form, 1) ? REACT_REDRAW : focus(v, PART_HISTORY);
	case ACT_PREVIOUS_PANE:
		return form_step(&v->form, -1) ? REACT_REDRAW : focus(v, PART_RESULT);
	case ACT_LEFT:
	case ACT_RIGHT:
		return turn(v, action == ACT_LEFT ? -1 : 1);
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		call_step_method(v, action == ACT_PAGE_UP ? -1 : 1);
		return REACT_REDRAW;
	case ACT_OPEN:
		return press(v);
	case ACT_EARLIER:
		call_ask_earlier(v);
		return REACT_REDRAW;
	case ACT_CANCEL_JOB:
		if (!call_cancel_run(v))
			form_clear_input(&v->form);
		return REACT_REDRAW;
	default:
		return common_act(v, action);
	}
}

bool call_form_wants_text(const struct view *view)
{
	return form_input(&((struct call_view *) view)->form) != NULL;
}

int call_form_raw_key(struct view *view, struct app *app UNUSED, keycode key)
{
	struct call_view *v = (struct call_view *) view;

	if (!form_key(&v->form, key))
		return REACT_NONE;
	v->touched = true;
	return REACT_REDRAW;
}

int call_form_pasted(struct view *view, struct app *app UNUSED, const char *text, size_t len)
{
	struct call_view *v = (struct call_view *) view;

	form_paste(&v->form, text, len);
	v->touched = true;
	return REACT_REDRAW;
}

/* ---- history and result -------------------------------------------------------------------------------------- */

int call_history_part_act(struct view *view, struct app *app UNUSED, enum action action)
{
	struct call_view *v = (struct call_view *) view;
	int reaction = call_history_act(v, action);

	return reaction ? reaction : common_act(v, action);
}

/* As far as the list tells, which has the newest calls. */
static bool has_earlier(const struct call_view *v)
{
	const struct result *r = &v->result;

	for (size_t i = 0; r->id && r->json && i < v->calls.count; i++) {
		const struct call_record *c = &v->calls.items[i];
		if (c->id < r->id && !c->code && c->result_len && !strcmp(c->method, r->method))
			return true;
	}
	return false;
}

/* What cannot be shown is passed over; the last tab leads to the log. */
static int next_tab(struct call_view *v, int step)
{
	const int logs = RESULT_DIFF + 1, count = logs + 1;
	struct result *r = &v->result;
	int from = (int) r->mode;

	for (int i = 1; i < count; i++) {
		int to = (from + (step + count) * i) % count;
		if (to == logs && !str_blank(r->call_id))
			return call_show_logs(v, r->call_id);
		if (to == RESULT_DIFF && has_earlier(v))
			return diff(v);
		if (to < RESULT_DIFF && result_set_mode(r, (enum result_mode) to))
			break;
	}
	return REACT_REDRAW;
}

int call_result_part_act(struct view *view, struct app *app, enum action action)
{
	struct call_view *v = (struct call_view *) view;

	switch (action) {
	case ACT_SEARCH:
		call_ask_search(v);
		return REACT_REDRAW;
	case ACT_PATH:
		call_ask_path(v);
		return REACT_REDRAW;
	case ACT_SAVE:
		call_ask_file(v);
		return REACT_REDRAW;
	case ACT_EDITOR:
		call_open_editor(v);
		return REACT_REDRAW;
	case ACT_TAB_NEXT:
	case ACT_TAB_PREVIOUS:
		return next_tab(v, action == ACT_TAB_NEXT ? 1 : -1);
	default:
		break;
	}
	int reaction = result_act(&v->result, app, action);
	return reaction ? reaction : common_act(v, action);
}
