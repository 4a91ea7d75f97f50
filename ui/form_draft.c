/* See form_draft.h. */
#include "ui/form_draft.h"

#include <string.h>

#define KEPT 64

struct drafts {
	char *environment, *method;
	bool json;
	char *text;                  /* of the JSON editor; may be NULL */
	struct strlist names, texts; /* of fields that are not empty; "" is the extra one */
	struct strlist lost;         /* names of those whose secret has to be typed again */
	struct drafts *next;         /* the newest first */
};

static void draft_free(struct drafts *d)
{
	if (!d)
		return;
	free(d->environment);
	free(d->method);
	free(d->text);
	strlist_free(&d->names);
	strlist_free(&d->texts);
	strlist_free(&d->lost);
	free(d);
}

static const char *name_of(const struct form_field *ff)
{
	return ff->p ? ff->p->name : "";
}

static struct drafts **find(struct drafts **place, const char *environment, const char *method)
{
	while (*place && (strcmp((*place)->environment, environment) != 0 || strcmp((*place)->method, method) != 0))
		place = &(*place)->next;
	return place;
}

/* Out of the list. */
static struct drafts *take(struct drafts **place)
{
	struct drafts *d = *place;

	if (d)
		*place = d->next;
	return d;
}

static af_code write_down(struct drafts *d, const char *environment, const struct form *f)
{
	af_code rc = AF_OK;

	d->environment = strdup(environment);
	d->method = strdup(f->method);
	d->json = f->json;
	d->text = f->json ? strdup(f->editor.text.data) : NULL;
	for (int i = 0; !rc && i < f->count; i++) {
		const struct strbuf *typed = &f->fields[i].input.text;
		if (f->fields[i].lost)
			rc = strlist_add(&d->lost, name_of(&f->fields[i]), NULL);
		if (!rc && typed->len)
			rc = strlist_add(&d->names, name_of(&f->fields[i]), NULL);
		if (!rc && typed->len)
			rc = strlist_add(&d->texts, typed->data, NULL);
	}
	return rc || !d->environment || !d->method || (d->json && !d->text) ? AF_ERR_NOMEM : AF_OK;
}

void draft_keep(struct app *app, const char *environment, const struct form *f)
{
	struct drafts *d = f->method ? calloc(1, sizeof(*d)) : NULL, **place = &app->drafts;

	if (!d || write_down(d, environment, f)) {
		draft_free(d);
		return;
	}
	draft_free(take(find(&app->drafts, environment, f->method)));
	d->next = app->drafts;
	app->drafts = d;
	for (int i = 0; *place && i < KEPT; i++)
		place = &(*place)->next;
	while (*place)
		draft_free(take(place));
}

void draft_recall(struct app *app, const char *environment, struct form *f)
{
	const struct drafts *d = f->method ? *find(&app->drafts, environment, f->method) : NULL;

	if (!d)
		return;
	for (int i = 0; i < f->count; i++)
		f->fields[i].lost = strlist_has(&d->lost, name_of(&f->fields[i]));
	for (size_t n = 0; n < d->names.count; n++)
		for (int i = 0; i < f->count; i++)
			if (!strcmp(name_of(&f->fields[i]), d->names.items[n]))
				field_set(&f->fields[i].input, d->texts.items[n], strlen(d->texts.items[n]));
	if (!d->json)
		return;
	field_set(&f->editor, d->text, strlen(d->text));
	f->json = true;
	form_focus(f, CONTROL_JSON, 0);
}

const char *draft_method(const struct app *app, const char *environment)
{
	for (const struct drafts *d = app->drafts; d; d = d->next)
		if (!strcmp(d->environment, environment))
			return d->method;
	return NULL;
}

void drafts_forget_all(struct app *app)
{
	while (app->drafts)
		draft_free(take(&app->drafts));
}
