/* See call_kept.h. */
#include "ui/call_kept.h"

#include <string.h>

#include "ui/call_run.h"
#include "ui/result.h"

struct kept {
	struct {
		char *environment;
		struct result result;
	} results[KEPT_RESULTS]; /* the newest first */
	int count;
	struct call_run *runs;
	struct call_behind behind;
};

static struct kept *kept_of(struct app *app)
{
	if (!app->kept)
		app->kept = calloc(1, sizeof(*app->kept));
	return app->kept;
}

/* ---- results ----------------------------------------------------------------------------------------- */

static bool is_of(const struct kept *k, int i, const char *environment, const char *method)
{
	const char *of = k->results[i].result.method;

	return !strcmp(k->results[i].environment, environment) && (!method || (of && !strcmp(of, method)));
}

static int find(const struct kept *k, const char *environment, const char *method)
{
	for (int i = 0; k && i < k->count; i++)
		if (is_of(k, i, environment, method))
			return i;
	return -1;
}

/* Out of the list, the result not freed. */
static struct result take(struct kept *k, int i)
{
	struct result r = k->results[i].result;

	free(k->results[i].environment);
	k->count--;
	memmove(&k->results[i], &k->results[i + 1], (size_t) (k->count - i) * sizeof(k->results[0]));
	return r;
}

static void drop(struct kept *k, int i)
{
	struct result r = take(k, i);

	result_free(&r);
}

static size_t weight(const struct result *r)
{
	return r->len + (r->diff.before ? strlen(r->diff.before) : 0) + (r->diff.after ? strlen(r->diff.after) : 0);
}

void kept_put(struct app *app, const char *environment, struct result *r)
{
	struct kept *k = r->present && r->method ? kept_of(app) : NULL;
	int i = k ? find(k, environment, r->method) : -1;

	/* What is older is not the last one any more, also where this one is too long. */
	if (i >= 0)
		drop(k, i);
	char *name = k && weight(r) <= KEPT_BYTES ? strdup(environment) : NULL;
	if (!name)
		return;
	if (k->count == KEPT_RESULTS)
		drop(k, KEPT_RESULTS - 1);
	memmove(&k->results[1], &k->results[0], (size_t) k->count++ * sizeof(k->results[0]));
	k->results[0].environment = name;
	k->results[0].result = *r;
	result_init(r);
}

bool kept_take(struct app *app, const char *environment, const char *method, struct result *r)
{
	int i = find(app->kept, environment, method), page = r->page;
	unsigned serial = r->serial;

	if (i < 0)
		return false;
	struct result found = take(app->kept, i);
	result_free(r);
	*r = found;
	r->page = page;
	r->serial = serial + 1;
	return true;
}

/* ---- in flight ----------------------------------------------------------------------------------------- */

void kept_run(struct app *app, struct call_run *run)
{
	struct kept *k = kept_of(app);

	if (!k)
		return;
	run->next = k->runs;
	k->runs = run;
}

void kept_run_over(struct app *app, const struct call_run *run)
{
	for (struct call_run **p = app->kept ? &app->kept->runs : NULL; p && *p; p = &(*p)->next)
		if (*p == run) {
			*p = run->next;
			return;
		}
}

struct call_run *kept_run_of(const struct app *app, const char *environment)
{
	struct call_run *run = app->kept ? app->kept->runs : NULL;

	while (run && strcmp(run->environment, environment) != 0)
		run = run->next;
	return run;
}

/* ---- behind the log -------------------------------------------------------------------------------------- */

void kept_behind(struct app *app, struct call_behind behind)
{
	struct kept *k = kept_of(app);

	if (!k) {
		free(behind.environment);
		return;
	}
	free(k->behind.environment);
	k->behind = behind;
}

bool kept_take_behind(struct app *app, struct call_behind *out)
{
	struct kept *k = app->kept;

	if (!k || !k->behind.environment)
		return false;
	*out = k->behind;
	k->behind = (struct call_behind){ 0 };
	/* Who made the panes small again, or went elsewhere, has left the call. */
	const struct environment *e = app_selected_environment(app);
	if (app_zoomed(app, 1) && app_focused(app) == PANE_LOGS && e && !strcmp(e->name, out->environment))
		return true;
	free(out->environment);
	return false;
}

void kept_forget_all(struct app *app)
{
	struct kept *k = app->kept;

	while (k && k->count)
		drop(k, k->count - 1);
	if (k)
		free(k->behind.environment);
	free(k);
	app->kept = NULL;
}
