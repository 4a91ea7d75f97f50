/* Pane 2, Env: the variables of a container, secrets masked. */
#include <ctype.h>
#include <string.h>

#include "orchestrator/orchestrator.h"
#include "ui/detail_priv.h"

/* After a failure. */
#define RETRY_MS 3000

bool looks_secret(const char *name)
{
	static const char *const parts[] = { "KEY", "TOKEN", "SECRET", "PASSWORD", "PASSWD", "CREDENTIAL", "AUTH", "PRIVATE" };

	for (size_t i = 0; i < ARRAY_LEN(parts); i++)
		if (strcasestr(name, parts[i]))
			return true;
	return false;
}

struct fetch {
	struct app *app;
	char *id;
	struct strlist env;
};

static void fetch_free(void *arg)
{
	struct fetch *f = arg;

	strlist_free(&f->env);
	free(f->id);
	free(f);
}

static af_code fetch_run(void *arg, struct cancel *cancel, struct af_error *err)
{
	struct fetch *f = arg;
	AF_AUTO(env) struct af_env *env = NULL;
	AF_AUTO(instance_detail) struct instance_detail detail = { 0 };
	af_code rc = env_find(f->app->af, f->id, cancel, &env, err);

	if (!rc)
		rc = instance_detail(&env->instances[0], &detail, cancel, err);
	if (rc)
		return rc;
	f->env = detail.env;
	detail.env = (struct strlist){ 0 };
	strlist_sort(&f->env);
	return AF_OK;
}

/* The view may show another container by now, or be gone with the program. */
static void fetch_done(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct detail *d = (struct detail *) app_pane(app, PANE_DETAIL);
	struct fetch *f = arg;

	d->env_fetching = false;
	if (!d->env_of || strcmp(d->env_of, f->id) != 0)
		return;
	free(d->env_error);
	d->env_error = rc ? strdup(err->message ? err->message : "no answer") : NULL;
	strlist_free(&d->env);
	d->env = f->env;
	f->env = (struct strlist){ 0 };
	app_redraw(app);
}

static void want_env(struct detail *d, struct app *app, const char *id)
{
	bool retry = d->env_error && app->now_ms - d->env_asked_ms > RETRY_MS;

	if (d->env_fetching || (d->env_of && !strcmp(d->env_of, id) && !retry))
		return;
	d->env_asked_ms = app->now_ms;
	free(d->env_of);
	d->env_of = strdup(id);
	free(af_steal(d->env_error));
	strlist_free(&d->env);
	struct fetch *f = calloc(1, sizeof(*f));
	if (!f || !(f->id = strdup(id))) {
		free(f);
		return;
	}
	f->app = app;
	d->env_fetching = job_quiet(app, fetch_run, fetch_done, fetch_free, f) == AF_OK;
}

static void draw_variable(const struct detail *d, const struct app *app, const struct area *a, int y, const char *var)
{
	size_t len = strcspn(var, "=");
	AUTO_FREE char *name = str_ndup(var, len, NULL);

	if (!name)
		return;
	int x = 1 + draw_text(a, y, 1, ROLE_JSON_KEY, name, len, true);
	x += draw_str(a, y, x, ROLE_DIM, "=");
	const char *value = var + len + (var[len] == '=');
	char said[80];
	if (looks_secret(name) && !d->reveal)
		draw_str(a, y, x, ROLE_DIM, keymap_say(app->keymap, "***  ({reveal} shows it)", said, sizeof(said)));
	else
		draw_text(a, y, x, ROLE_TEXT, value, strlen(value), true);
}

void detail_draw_env(struct detail *d, struct app *app, const struct area *a, const struct environment *e,
		     const struct replica *r)
{
	if (!r && e->count)
		r = &e->replicas[0];
	if (!r) {
		draw_str(a, 0, 1, ROLE_DIM, "no replica");
		return;
	}
	want_env(d, app, r->id);
	if (d->env_error)
		draw_str(a, 0, 1, ROLE_ERROR, d->env_error);
	else if (d->env_fetching)
		draw_str(a, 0, 1, ROLE_DIM, "…");
	else if (!d->env.count)
		draw_str(a, 0, 1, ROLE_DIM, "no variables");
	d->top = MAX(0, MIN(d->top, (int) d->env.count - a->h));
	for (int y = 0; y < a->h && d->top + y < (int) d->env.count; y++)
		draw_variable(d, app, a, y, d->env.items[d->top + y]);
}
