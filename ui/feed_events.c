/* What an engine tells of its containers as it happens: news for the list, deaths for the user. See feed_host.h. */
#include "ui/feed_host.h"

#include <string.h>

#include "base/bytes.h"

/* Between the signal that someone sends and the death that follows: a stop's grace, and some more. */
#define KILLED_MS 30000
/* Between a cgroup's word that there was no memory left and the death. */
#define OOM_MS 10000
#define JOB_MS 3000

struct fate {
	struct message message;
	enum { FATE_KILL, FATE_OOM, FATE_DIE } what;
	char *id;
	int code;
	int64_t wall_ms;
};

/* ---- on the UI thread --------------------------------------------------------------------------- */

/* A job says itself what it does; what the engine tells may come a moment later. */
static bool is_ours(struct app *app)
{
	for (const struct job_row *const *j = job_list(app); *j; j++)
		if ((*j)->state == JOB_RUNNING || app->now_ms - (*j)->ended_ms < JOB_MS)
			return true;
	return false;
}

static void tell_death(struct app *app, const struct environment *e, const struct replica *r, const struct fate *f)
{
	bool sent = r->killed_ms && app->now_ms - r->killed_ms < KILLED_MS;

	if (r->died_of_memory)
		app_notice(app, NOTICE_ERROR, "%s·%d OOM-killed (%d)", e->name, r->number, f->code);
	else if (!sent)
		app_notice(app, NOTICE_ERROR, "%s·%d died (exit %d)", e->name, r->number, f->code);
	else if (!is_ours(app))
		app_notice(app, NOTICE_INFO, "%s·%d was stopped (exit %d)", e->name, r->number, f->code);
}

static void apply_fate(struct app *app, struct message *message)
{
	const struct fate *f = (const struct fate *) message;
	struct environment *e = NULL;
	struct replica *r = model_replica(&app->model, f->id, &e);

	if (!r)
		return;
	if (f->what == FATE_KILL)
		r->killed_ms = app->now_ms;
	if (f->what == FATE_OOM)
		r->oom_ms = app->now_ms;
	if (f->what != FATE_DIE)
		return;
	r->died_of_memory = r->oom_ms && app->now_ms - r->oom_ms < OOM_MS;
	r->died_ms = f->wall_ms;
	tell_death(app, e, r, f);
	r->killed_ms = r->oom_ms = 0;
	app_redraw(app);
}

static void discard_fate(struct message *message)
{
	free(((struct fate *) message)->id);
	free(message);
}

/* ---- on the I/O thread ---------------------------------------------------------------------------- */

static void post_fate(struct host_feed *f, int what, const char *id, const cJSON *attributes, const cJSON *time)
{
	const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(attributes, "exitCode"));
	struct fate *fate = id ? calloc(1, sizeof(*fate)) : NULL;
	int64_t value = -1;

	if (!fate || !(fate->id = strdup(id))) {
		free(fate);
		return;
	}
	fate->message = (struct message){ .apply = apply_fate, .discard = discard_fate };
	fate->what = what;
	fate->code = code && int_parse(code, 0, 255, &value) ? (int) value : -1;
	if (cJSON_IsNumber(time) && time->valuedouble > 0 && time->valuedouble < 1e11)
		fate->wall_ms = (int64_t) (time->valuedouble * 1000);
	message_post(feed_app(f->feed)->queue, &fate->message);
}

void host_feed_event(void *arg, const cJSON *event)
{
	const char *action = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(event, "Action"));
	const cJSON *actor = cJSON_GetObjectItemCaseSensitive(event, "Actor");
	const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(actor, "Attributes");
	const cJSON *time = cJSON_GetObjectItemCaseSensitive(event, "time");
	const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(actor, "ID"));

	if (action && !strcmp(action, "kill"))
		post_fate(arg, FATE_KILL, id, attributes, time);
	else if (action && !strcmp(action, "oom"))
		post_fate(arg, FATE_OOM, id, attributes, time);
	else if (action && !strcmp(action, "die"))
		post_fate(arg, FATE_DIE, id, attributes, time);
	/* exec_… come with every exec and health check, a kill before the death that it may lead to: nothing changed yet. */
	if (!action || (strncmp(action, "exec_", 5) != 0 && strcmp(action, "kill") != 0))
		host_feed_wake(arg, id);
}
