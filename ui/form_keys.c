/* Moving through the form. See form.h. */
#include <string.h>

#include "ui/form.h"

static const enum control_kind behind[] = { CONTROL_TARGET,  CONTROL_REPEAT, CONTROL_CONCURRENCY, CONTROL_TIMEOUT,
					    CONTROL_SEND, CONTROL_EDIT_JSON, CONTROL_SAVE };

/* Fields, or the one editor. */
static int inputs(const struct form *f)
{
	return f->json ? 1 : f->count;
}

int form_controls(const struct form *f)
{
	return !f->method ? 1 : 1 + inputs(f) + (int) ARRAY_LEN(behind);
}

struct control form_control(const struct form *f, int i)
{
	if (i <= 0)
		return (struct control){ CONTROL_METHOD, 0 };
	if (--i < inputs(f))
		return (struct control){ f->json ? CONTROL_JSON : CONTROL_FIELD, i };
	i = MIN(i - inputs(f), (int) ARRAY_LEN(behind) - 1);
	return (struct control){ behind[i], 0 };
}

struct control form_focused(const struct form *f)
{
	return form_control(f, f->focus);
}

void form_focus(struct form *f, enum control_kind kind, int index)
{
	for (int i = 0; i < form_controls(f); i++) {
		struct control c = form_control(f, i);
		if (c.kind == kind && c.index == index)
			f->focus = i;
	}
}

/* What was typed is looked at when the field is left; that it is empty, only at the end. */
static void check_left(struct form *f)
{
	struct control c = form_focused(f);
	struct form_field *ff = c.kind == CONTROL_FIELD ? &f->fields[c.index] : NULL;
	AUTO_STRBUF ignored = STRBUF_INIT(STRBUF_HUGE);
	struct af_error err = AF_ERROR_INIT;

	if (!ff)
		return;
	free(af_steal(ff->error));
	struct parameter any = { .type = VALUE_DICT };
	if (ff->input.text.len &&
	    value_read(ff->p ? ff->p : &any, ff->input.text.data, ff->input.text.len, &ignored, &err))
		ff->error = strdup(err.message ? err.message : "wrong");
	af_error_clear(&err);
}

bool form_step(struct form *f, int step)
{
	int next = f->focus + step;

	check_left(f);
	if (next < 0 || next >= form_controls(f))
		return false;
	f->focus = next;
	return true;
}

struct field *form_input(struct form *f)
{
	struct control c = form_focused(f);

	switch (c.kind) {
	case CONTROL_FIELD:
		return &f->fields[c.index].input;
	case CONTROL_JSON:
		return &f->editor;
	case CONTROL_REPEAT:
		return &f->repeat;
	case CONTROL_CONCURRENCY:
		return &f->concurrency;
	case CONTROL_TIMEOUT:
		return &f->timeout;
	default:
		return NULL;
	}
}

/* Typing takes back what was said about it. */
static void forget_error(struct form *f)
{
	struct control c = form_focused(f);

	if (c.kind == CONTROL_FIELD) {
		free(af_steal(f->fields[c.index].error));
		f->fields[c.index].lost = false;
	} else if (c.kind == CONTROL_JSON) {
		free(af_steal(f->json_error));
	} else {
		free(af_steal(f->number_error));
	}
}

/* A number, or a duration: other letters are keys there as elsewhere. */
static bool is_of_number(keycode key, enum control_kind kind)
{
	return key < ' ' || key >= 0x110000 || (key >= '0' && key <= '9') ||
	       (kind == CONTROL_TIMEOUT && strchr(".msh", (char) key) && key < 0x80);
}

static bool is_number(enum control_kind kind)
{
	return kind == CONTROL_REPEAT || kind == CONTROL_CONCURRENCY || kind == CONTROL_TIMEOUT;
}

bool form_key(struct form *f, keycode key)
{
	struct field *in = form_input(f);
	enum control_kind kind = form_focused(f).kind;

	if (!in || (is_number(kind) && !is_of_number(key, kind)) || !field_key(in, key, f->page))
		return false;
	forget_error(f);
	return true;
}

void form_paste(struct form *f, const char *text, size_t len)
{
	struct field *in = form_input(f);

	if (!in)
		return;
	field_paste(in, text, len);
	forget_error(f);
}

void form_clear_input(struct form *f)
{
	struct field *in = form_input(f);

	if (!in)
		return;
	field_set(in, "", 0);
	forget_error(f);
}

/* auto, each replica, all */
void form_turn_target(struct form *f, const struct environment *env, int step)
{
	int count = env ? env->count : 0, at = 0;

	for (int i = 0; i < count; i++)
		if (env->replicas[i].number == f->target)
			at = i + 1;
	if (f->target == TARGET_ALL)
		at = count + 1;
	at = (at + step + count + 2) % (count + 2);
	f->target = at == 0 ? TARGET_AUTO : at > count ? TARGET_ALL : env->replicas[at - 1].number;
}
