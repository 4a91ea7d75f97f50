/* The cache of methods. See methods.h. */
#include "ui/methods.h"

#include <string.h>

#include "base/clock.h"
#include "orchestrator/orchestrator.h"
#include "ui/prompt.h"

/* After a failure, and in case an environment was replaced by another of its name. */
#define RETRY_MS 3000
#define REFRESH_MS 30000

struct methods {
	char *environment;
	struct method_list list;
	char *error;
	bool known, fetching;
	int64_t asked_ms;
	struct methods *next;
};

struct fetch {
	struct af *af;
	char *environment;
	struct method_list list;
};

static void fetch_free(void *arg)
{
	struct fetch *f = arg;

	method_list_free(&f->list);
	free(f->environment);
	free(f);
}

static af_code fetch_run(void *arg, struct cancel *cancel, struct af_error *err)
{
	struct fetch *f = arg;
	AF_AUTO(env) struct af_env *env = NULL;
	af_code rc = env_find(f->af, f->environment, cancel, &env, err);

	return rc ? rc : env_methods(env, cancel, &f->list, err);
}

static struct methods *entry(struct app *app, const char *environment)
{
	for (struct methods *m = app->methods; m; m = m->next)
		if (!strcmp(m->environment, environment))
			return m;
	return NULL;
}

static void fetch_done(struct app *app, void *arg, af_code rc, const struct af_error *err)
{
	struct fetch *f = arg;
	struct methods *m = entry(app, f->environment);

	if (!m)
		return;
	m->fetching = false;
	free(m->error);
	m->error = rc ? strdup(err->message ? err->message : "no answer") : NULL;
	if (!rc) {
		method_list_free(&m->list);
		m->list = f->list;
		f->list = (struct method_list){ 0 };
		m->known = true;
	}
	prompt_news(app->prompt);
	app_redraw(app);
}

static void fetch_start(struct app *app, struct methods *m)
{
	struct fetch *f = calloc(1, sizeof(*f));

	if (!f || !(f->environment = strdup(m->environment))) {
		free(f);
		return;
	}
	f->af = app->af;
	m->asked_ms = app->now_ms;
	m->fetching = job_quiet(app, fetch_run, fetch_done, fetch_free, f) == AF_OK;
}

static struct methods *wanted(struct app *app, const char *environment)
{
	struct methods *m = entry(app, environment);

	if (!m) {
		m = calloc(1, sizeof(*m));
		if (!m || !(m->environment = strdup(environment))) {
			free(m);
			return NULL;
		}
		m->next = app->methods;
		app->methods = m;
		fetch_start(app, m);
	} else if (!m->fetching && app->now_ms - m->asked_ms > (m->known ? REFRESH_MS : RETRY_MS)) {
		fetch_start(app, m);
	}
	return m;
}

const struct method_list *methods_of(struct app *app, const char *environment)
{
	struct methods *m = wanted(app, environment);

	return m && m->known ? &m->list : NULL;
}

const char *methods_error(struct app *app, const char *environment)
{
	struct methods *m = entry(app, environment);

	return m && !m->known ? m->error : NULL;
}

void methods_forget_all(struct app *app)
{
	for (struct methods *m = app->methods, *next; m; m = next) {
		next = m->next;
		method_list_free(&m->list);
		free(m->environment);
		free(m->error);
		free(m);
	}
	app->methods = NULL;
}

void signature_names(const char *signature, struct strlist *names)
{
	int depth = 0;
	char quote = 0;
	const char *start = NULL;

	for (const char *p = signature; *p; p++) {
		if (quote) {
			quote = *p == quote ? 0 : quote;
		} else if (*p == '\'' || *p == '"') {
			quote = *p;
		} else if (strchr("([{", *p)) {
			if (++depth == 1)
				start = p + 1;
		} else if (strchr(")]}", *p) || (*p == ',' && depth == 1)) {
			if (depth == 1 && start) {
				start += strspn(start, " ");
				AUTO_FREE char *name = str_ndup(start, strcspn(start, " :=,)"), NULL);
				if (name && *name && *name != '*' && strcmp(name, "/") != 0 && strlist_add(names, name, NULL))
					return;
				start = p + 1;
			}
			depth -= *p != ',';
			if (!depth)
				return;
		}
	}
}
