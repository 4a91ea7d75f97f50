/* The call screen: the form, and the methods that it is made from. See call_view.h. */
#include <string.h>

#include "ui/call_kept.h"
#include "ui/call_view.h"
#include "ui/form_draft.h"
#include "ui/hints.h"
#include "ui/methods.h"

/* ---- methods -------------------------------------------------------------------------------------- */

static const struct method *find_method(struct call_view *v, const char *name)
{
	const struct method_list *methods = methods_of(v->app, v->environment);

	for (size_t i = 0; methods && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, name))
			return &methods->items[i];
	return NULL;
}

/* Each method comes with what it answered last; without that, what is shown stays. */
static void recall_result(struct call_view *v, const char *method)
{
	struct result last;

	result_init(&last);
	last.page = v->result.page;
	last.serial = v->result.serial;
	if (!kept_take(v->app, v->environment, method, &last))
		return;
	kept_put(v->app, v->environment, &v->result);
	result_free(&v->result);
	v->result = last;
}

void call_view_choose(struct call_view *v, const char *name)
{
	struct af_error err = AF_ERROR_INIT;

	draft_keep(v->app, v->environment, &v->form);
	if (form_set_method(&v->form, name, find_method(v, name), &err))
		app_notice_error(v->app, &err);
	else
		draft_recall(v->app, v->environment, &v->form);
	af_error_clear(&err);
	form_set_earlier(&v->form, &v->calls);
	if (!v->result.method || strcmp(v->result.method, name) != 0)
		recall_result(v, name);
	app_redraw(v->app);
}

/* What environments are there for, else the first. */
static const char *usual_method(const struct method_list *methods)
{
	for (size_t i = 0; i < methods->count; i++)
		if (!strcmp(methods->items[i].name, "evaluate"))
			return "evaluate";
	return methods->items[0].name;
}

/* The form's method is known by now. What was typed without that goes where it belongs; what cannot, since it is no
 * arguments yet, stays as text. */
static void make_anew(struct call_view *v)
{
	struct form *f = &v->form;
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE), typed = STRBUF_INIT(STRBUF_HUGE);
	AUTO_FREE char *name = str_dup(f->method, NULL);
	const struct control at = form_focused(f);
	const struct field *in = f->json ? &f->editor : f->count ? &f->fields[0].input : NULL;
	size_t cursor = in ? in->cursor : 0;
	bool json = f->json, right = json || form_arguments(f, &args);

	if (in)
		strbuf_add(&typed, in->text.data, in->text.len);
	if (!name)
		return;
	call_view_choose(v, name);
	/* The editor's text is there already, as in any form that is come back to. */
	if (right && !json)
		form_load(f, json_span_of(&args));
	if (right && !json)
		return;
	field_set(&f->editor, typed.data, typed.len);
	f->editor.cursor = cursor;
	f->json = true;
	form_focus(f, json ? at.kind : CONTROL_JSON, 0);
}

/* Methods come while the view is drawn. A form that was made before they were known is made anew. */
void call_follow_methods(struct call_view *v)
{
	const struct method_list *methods = methods_of(v->app, v->environment);

	if (!methods || !methods->count)
		return;
	if (!v->form.method) {
		const char *left = draft_method(v->app, v->environment);
		bool offered = left && find_method(v, left);
		AUTO_FREE char *name = str_dup(v->wanted ? v->wanted : offered ? left : usual_method(methods), NULL);
		if (name)
			call_view_choose(v, name);
	} else if (!v->form.text && find_method(v, v->form.method)) {
		make_anew(v);
	}
}

/* What stands where the fields would be; NULL: nothing is missing. */
static const char *message_of(struct call_view *v)
{
	const char *why = methods_error(v->app, v->environment);

	if (methods_of(v->app, v->environment))
		return NULL;
	return why ? why : "asking for the methods";
}

/* "evaluate  1 of 3 ▾" */
static void add_method(struct call_view *v, struct strbuf *sb)
{
	const struct method_list *methods = methods_of(v->app, v->environment);
	size_t at = 0;

	if (v->form.method)
		strbuf_adds(sb, v->form.method);
	for (size_t i = 0; methods && v->form.method && i < methods->count; i++)
		if (!strcmp(methods->items[i].name, v->form.method))
			at = i + 1;
	if (at)
		strbuf_addf(sb, "  %zu of %zu %s", at, methods->count, glyph(GLYPH_OPEN));
}

/* ---- drawing ------------------------------------------------------------------------------------------ */

/* "1 error", and where one is in a form that is longer than what is seen of it. */
static void add_place(const struct form *f, struct strbuf *sb)
{
	struct control c = form_focused(f);
	int errors = form_errors(f);

	if (errors)
		strbuf_addf(sb, "%d error%s", errors, errors == 1 ? "" : "s");
	if (f->rows <= f->height || f->json || f->count < 2)
		return;
	strbuf_adds(sb, errors ? " · " : "");
	if (c.kind == CONTROL_FIELD)
		strbuf_addf(sb, "field %d of %d", c.index + 1, f->count);
	else
		strbuf_addf(sb, "%d fields", f->count);
}

void call_form_draw(struct call_view *v, const struct area *a, bool focused)
{
	AUTO_STRBUF method = STRBUF_INIT(STRBUF_LINE);
	AF_AUTO(hints) struct hints hints = HINTS_INIT(v->app->keymap, " · ");
	AUTO_STRBUF place = STRBUF_INIT(STRBUF_LINE);
	const struct environment *env = model_environment(&v->app->model, v->environment);
	struct box box = { .focused = focused };

	area_clear(a, ROLE_TEXT);
	form_measure(&v->form, &(struct area){ a->y + 1, a->x + 1, a->h - 2, a->w - 2 }, env, message_of(v), focused);
	add_place(&v->form, &place);
	add_method(v, &method);
	hints_add(&hints, ACT_NEXT_PANE, "next field");
	hints_add(&hints, ACT_EARLIER, "earlier values");
	if (v->form.method && !v->form.json)
		hints_add(&hints, ACT_PAGE_DOWN, "next method");
	box.hints = &hints;
	box.title = "[1] Call form";
	box.right = method.data;
	box.bottom_right = place.data;
	struct area in = draw_box(a, &box);
	form_draw(&v->form, &in, v->app->keymap, env, message_of(v), focused);
}
