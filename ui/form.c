/* The form's contents. See form.h. */
#include "ui/form.h"

#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "store/mask.h"

/* Earlier values per field; and how long arguments may be to be looked at for them. */
#define EARLIER_MAX 20
#define EARLIER_BYTES 65536

/* The further arguments of **kwargs, or all where nothing is known. */
static const struct parameter extra_parameter = { .type = VALUE_DICT, .nullable = false };

static const struct parameter *parameter_of(const struct form_field *ff)
{
	return ff->p ? ff->p : &extra_parameter;
}

void form_init(struct form *f)
{
	*f = (struct form){ .target = TARGET_AUTO, .page = 10 };
	field_init(&f->editor, true);
	field_init(&f->repeat, false);
	field_init(&f->concurrency, false);
	field_init(&f->timeout, false);
	form_set_numbers(f, 1, 1, CALL_TIMEOUT_MS);
}

static void fields_free(struct form *f)
{
	for (int i = 0; i < f->count; i++) {
		field_free(&f->fields[i].input);
		free(f->fields[i].error);
		strlist_free(&f->fields[i].earlier);
	}
	free(af_steal(f->fields));
	f->count = 0;
	signature_free(&f->sig);
	free(af_steal(f->json_error));
	free(af_steal(f->number_error));
}

void form_free(struct form *f)
{
	fields_free(f);
	field_free(&f->editor);
	field_free(&f->repeat);
	field_free(&f->concurrency);
	field_free(&f->timeout);
	free(f->method);
	free(f->text);
	free(f->doc);
}

static void add_field(struct form *f, const struct parameter *p)
{
	struct form_field *ff = &f->fields[f->count++];

	*ff = (struct form_field){ .p = p, .secret = p && name_is_secret(p->name, strlen(p->name)) };
	field_init(&ff->input, false);
}

static af_code read_signature(struct form *f, const struct method *m, struct af_error *err)
{
	const char *list = m ? m->parameters : NULL;

	if (!m)
		return AF_OK;
	if (list && !json_check(list, strlen(list), NULL) && json_type((struct json_span){ list, 1 }) == JSON_ARRAY)
		return signature_from_json((struct json_span){ list, strlen(list) }, &f->sig, err);
	return signature_parse(m->signature, strlen(m->signature), &f->sig, err);
}

af_code form_set_method(struct form *f, const char *name, const struct method *m, struct af_error *err)
{
	bool extra = !m || !strcmp(m->signature, "(...)");
	AUTO_FREE char *method = str_dup(name, err), *text = m ? str_dup(m->signature, err) : NULL;

	if (!method || (m && !text))
		return AF_ERR_NOMEM;
	fields_free(f);
	af_code rc = read_signature(f, m, err);
	if (rc)
		return rc;
	f->fields = calloc(f->sig.count + 1, sizeof(*f->fields));
	if (!f->fields)
		return error_nomem(err);
	free(f->method);
	free(f->text);
	f->method = af_steal(method);
	f->text = af_steal(text);
	free(f->doc);
	f->doc = m && !str_blank(m->doc) ? strdup(m->doc) : NULL;
	for (size_t i = 0; i < f->sig.count; i++) {
		if (f->sig.items[i].kind == PARAMETER_PLAIN)
			add_field(f, &f->sig.items[i]);
		extra |= f->sig.items[i].kind == PARAMETER_KEYWORDS;
	}
	if (extra)
		add_field(f, NULL);
	f->json = false;
	f->top = 0;
	f->focus = f->count ? 1 : 0;
	if (!f->count)
		form_focus(f, CONTROL_SEND, 0);
	return AF_OK;
}

/* ---- arguments out --------------------------------------------------------------------------------- */

static void set_error(char **place, const struct af_error *err)
{
	free(*place);
	*place = err && err->message ? strdup(err->message) : NULL;
}

/* Appends a field's member, or members, to an object that is being written. */
static af_code add_members(const struct form_field *ff, struct strbuf *out, struct af_error *err)
{
	AUTO_STRBUF value = STRBUF_INIT(STRBUF_HUGE);
	const struct strbuf *typed = &ff->input.text;

	if (!typed->len && ff->lost)
		return error_set(err, AF_ERR_USAGE, "secrets are not kept: type it again, or ^C to leave it out");
	if (!typed->len)
		return ff->p && ff->p->required ? error_set(err, AF_ERR_USAGE, "required") : AF_OK;
	af_code rc = value_read(parameter_of(ff), typed->data, typed->len, &value, err);
	if (rc)
		return rc;
	if (!ff->p) {
		struct json_span object = json_span_of(&value);
		for (struct json_iter it = json_iter(object); json_next(&it);)
			strbuf_addf(out, "%s%.*s: %.*s", out->len > 1 ? ", " : "", (int) it.key.len, it.key.text,
				    (int) it.value.len, it.value.text);
		return AF_OK;
	}
	strbuf_adds(out, out->len > 1 ? ", " : "");
	json_add_string(out, ff->p->name, strlen(ff->p->name));
	strbuf_adds(out, ": ");
	strbuf_add(out, value.data, value.len);
	return AF_OK;
}

/* The same, and the field says what is wrong with it. */
static bool field_out(struct form_field *ff, struct strbuf *out)
{
	struct af_error err = AF_ERROR_INIT;
	af_code rc = add_members(ff, out, &err);

	set_error(&ff->error, rc ? &err : NULL);
	af_error_clear(&err);
	return !rc;
}

/* The editor's text without the blanks around it; where there is none, no arguments. */
static struct json_span edited(const struct form *f)
{
	struct json_span s = json_span_of(&f->editor.text);

	while (s.len && strchr(" \n", *s.text)) {
		s.text++;
		s.len--;
	}
	while (s.len && strchr(" \n", s.text[s.len - 1]))
		s.len--;
	return s.len ? s : (struct json_span){ "{}", 2 };
}

void form_peek(const struct form *f, struct strbuf *out)
{
	if (f->json) {
		struct json_span object = edited(f);
		if (json_type(object) == JSON_OBJECT && !json_check(object.text, object.len, NULL))
			strbuf_add(out, object.text, object.len);
		else
			strbuf_adds(out, "{}");
		return;
	}
	strbuf_addc(out, '{');
	for (int i = 0; i < f->count; i++)
		if (f->fields[i].input.text.len && add_members(&f->fields[i], out, NULL))
			continue;
	strbuf_addc(out, '}');
}

static bool json_out(struct form *f, struct strbuf *out)
{
	struct af_error err = AF_ERROR_INIT;
	struct json_span object = edited(f);
	af_code rc = AF_OK;

	if (f->editor.text.data[strspn(f->editor.text.data, " \n")])
		rc = json_check(f->editor.text.data, f->editor.text.len, &err); /* the whole, so that lines count right */
	if (!rc && json_type(object) != JSON_OBJECT)
		rc = error_set(&err, AF_ERR_USAGE, "arguments have names: {\"task_id\": 10}");
	set_error(&f->json_error, rc ? &err : NULL);
	af_error_clear(&err);
	if (!rc && out)
		strbuf_add(out, object.text, object.len);
	return !rc;
}

bool form_arguments(struct form *f, struct strbuf *out)
{
	int wrong = -1;

	if (f->json) {
		if (!json_out(f, out)) {
			form_focus(f, CONTROL_JSON, 0);
			return false;
		}
		return true;
	}
	strbuf_addc(out, '{');
	for (int i = 0; i < f->count; i++)
		if (!field_out(&f->fields[i], out) && wrong < 0)
			wrong = i;
	strbuf_addc(out, '}');
	if (wrong >= 0)
		form_focus(f, CONTROL_FIELD, wrong);
	return wrong < 0 && !out->failed;
}

static bool number_out(struct form *f, const struct field *in, const char *what, enum control_kind kind, int64_t max, int *out)
{
	int64_t n;

	if (int_parse(in->text.data, 1, max, &n)) {
		*out = (int) n;
		return true;
	}
	free(f->number_error);
	f->number_error = str_format(NULL, "%s is a number from 1 to %lld", what, (long long) max);
	form_focus(f, kind, 0);
	return false;
}

bool form_numbers(struct form *f, int *repeat, int *concurrency, int64_t *timeout_ms)
{
	free(af_steal(f->number_error));
	if (!number_out(f, &f->repeat, "repeat", CONTROL_REPEAT, REPEAT_MAX, repeat) ||
	    !number_out(f, &f->concurrency, "concurrency", CONTROL_CONCURRENCY, CONCURRENCY_MAX, concurrency))
		return false;
	*timeout_ms = 0;
	if (!f->timeout.text.len || !duration_parse(f->timeout.text.data, timeout_ms, NULL))
		return true;
	f->number_error = str_dup("call timeout is in seconds, or 500ms, 10m", NULL);
	form_focus(f, CONTROL_TIMEOUT, 0);
	return false;
}

static void set_number(struct field *in, int64_t n)
{
	AUTO_FREE char *text = str_format(NULL, "%lld", (long long) n);

	if (text)
		field_set(in, text, strlen(text));
}

void form_set_repeat(struct form *f, int repeat, int concurrency)
{
	set_number(&f->repeat, MAX(repeat, 1));
	set_number(&f->concurrency, MAX(concurrency, 1));
}

void form_set_numbers(struct form *f, int repeat, int concurrency, int64_t timeout_ms)
{
	form_set_repeat(f, repeat, concurrency);
	if (timeout_ms % 1000 == 0) {
		set_number(&f->timeout, timeout_ms / 1000);
		return;
	}
	AUTO_FREE char *text = str_format(NULL, "%lldms", (long long) timeout_ms);
	if (text)
		field_set(&f->timeout, text, strlen(text));
}

int form_errors(const struct form *f)
{
	int errors = (f->json && f->json_error) + (f->number_error != NULL);

	for (int i = 0; i < f->count && !f->json; i++)
		errors += f->fields[i].error != NULL;
	return errors;
}

/* ---- arguments in ------------------------------------------------------------------------------------ */

static struct form_field *field_of_key(struct form *f, struct json_span key)
{
	for (int i = 0; i < f->count; i++)
		if (f->fields[i].p && json_key_is(key, f->fields[i].p->name))
			return &f->fields[i];
	return NULL;
}

static void type_in(struct form_field *ff, struct json_span value)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	value_write(parameter_of(ff), value, &text);
	ff->lost = !strcmp(text.data, MASKED);
	if (ff->lost)
		strbuf_reset(&text);
	field_set(&ff->input, text.data, text.len);
}

static void to_editor(struct form *f, struct json_span args)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	json_add_pretty(&text, args, 2);
	field_set(&f->editor, text.data, text.len);
	free(af_steal(f->json_error));
	f->json = true;
	form_focus(f, CONTROL_JSON, 0);
}

void form_load(struct form *f, struct json_span args)
{
	AUTO_STRBUF rest = STRBUF_INIT(STRBUF_HUGE);
	struct form_field *extra = f->count && !f->fields[f->count - 1].p ? &f->fields[f->count - 1] : NULL;

	for (int i = 0; i < f->count; i++) {
		field_set(&f->fields[i].input, "", 0);
		f->fields[i].lost = false;
		free(af_steal(f->fields[i].error));
	}
	f->json = false;
	strbuf_addc(&rest, '{');
	for (struct json_iter it = json_iter(args); json_next(&it);) {
		struct form_field *ff = field_of_key(f, it.key);
		if (ff)
			type_in(ff, it.value);
		else
			strbuf_addf(&rest, "%s%.*s: %.*s", rest.len > 1 ? ", " : "", (int) it.key.len, it.key.text,
				    (int) it.value.len, it.value.text);
	}
	strbuf_addc(&rest, '}');
	if (rest.len > 2 && extra)
		type_in(extra, json_span_of(&rest));
	else if (rest.len > 2)
		to_editor(f, args);
}

bool form_toggle_json(struct form *f)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);

	if (f->json) {
		if (!json_out(f, &args))
			return false;
		form_load(f, json_span_of(&args));
		if (!f->json)
			form_focus(f, f->count ? CONTROL_FIELD : CONTROL_SEND, 0);
		return !f->json;
	}
	strbuf_addc(&args, '{');
	/* What is wrong stays behind: text that is no JSON cannot be shown as such. */
	for (int i = 0; i < f->count; i++)
		field_out(&f->fields[i], &args);
	strbuf_addc(&args, '}');
	to_editor(f, json_span_of(&args));
	return true;
}

/* ---- earlier values ------------------------------------------------------------------------------------- */

static void note_value(struct form_field *ff, struct json_span value)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);

	value_write(parameter_of(ff), value, &text);
	if (!text.len || text.len > 4096 || ff->earlier.count >= EARLIER_MAX || !strcmp(text.data, MASKED) ||
	    strlist_has(&ff->earlier, text.data))
		return;
	if (strlist_add(&ff->earlier, text.data, NULL))
		return;
}

void form_set_earlier(struct form *f, const struct call_list *calls)
{
	for (int i = 0; i < f->count; i++)
		strlist_free(&f->fields[i].earlier);
	for (size_t i = 0; f->method && i < calls->count; i++) {
		const struct call_record *r = &calls->items[i];
		struct json_span args = { r->args, strlen(r->args) };
		if (strcmp(r->method, f->method) || args.len > EARLIER_BYTES || json_check(args.text, args.len, NULL))
			continue;
		for (struct json_iter it = json_iter(args); json_next(&it);) {
			struct form_field *ff = field_of_key(f, it.key);
			if (ff)
				note_value(ff, it.value);
		}
	}
}
