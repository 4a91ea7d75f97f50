/* The calls tab of the detail pane: what the history has of an environment, newest first. */
#include <string.h>

#include "ui/call_view.h"
#include "ui/detail_priv.h"

/* While the tab is open it is looked at anew so often. */
#define REFRESH_MS 2000

/* What was read last, for the one tab there is; UI thread. */
static struct {
	struct history *history;
	char *environment;
	struct call_list calls;
	bool loaded;
	char *error;
	int64_t asked_ms;
} cache;

static void answered(struct app *app, struct history_request *r, void *arg UNUSED)
{
	if (!cache.environment || strcmp(r->environment, cache.environment))
		return;
	free(af_steal(cache.error));
	if (r->rc) {
		cache.error = r->err.message ? strdup(r->err.message) : NULL;
	} else {
		call_list_free(&cache.calls);
		cache.calls = r->calls;
		r->calls = (struct call_list){ 0 };
	}
	cache.loaded = true;
	app_redraw(app);
}

static void ask(struct app *app, const char *environment)
{
	struct history_request *r;
	bool other = !cache.environment || strcmp(cache.environment, environment);

	if (!other && app->now_ms - cache.asked_ms < REFRESH_MS)
		return;
	if (other) {
		free(cache.environment);
		cache.environment = strdup(environment);
		call_list_free(&cache.calls);
		cache.loaded = false;
	}
	if (!cache.history)
		cache.history = history_open(app, answered, NULL, NULL);
	r = cache.history ? history_request_new(HISTORY_LIST) : NULL;
	if (!r)
		return;
	r->environment = strdup(environment);
	cache.asked_ms = app->now_ms;
	history_ask(cache.history, r);
}

void detail_draw_calls(struct app *app, const struct area *a, const char *environment, int top)
{
	int count = (int) cache.calls.count;

	ask(app, environment);
	if (!cache.loaded || !cache.calls.count) {
		draw_str(a, 1, 1, ROLE_DIM, !cache.loaded ? "reading the history" : cache.error ? cache.error :
			 "no calls by afs or afs-tui yet; c makes one");
		return;
	}
	call_heading_draw(a, 0);
	top = MAX(0, MIN(top, count - (a->h - 1)));
	for (int y = 1; y < a->h && top + y - 1 < count; y++)
		call_row_draw(a, y, &cache.calls.items[top + y - 1]);
}
