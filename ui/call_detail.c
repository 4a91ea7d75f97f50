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

/* Those that concern what is selected: of one replica its own. */
static bool concerns(const struct call_record *c, const struct replica *r)
{
	return !r || c->replica == r->number;
}

/* The one under the cursor, the newest where that is gone; NULL: there is none. *row is how many stand above it, *count how
 * many there are. */
static const struct call_record *current_call(const struct detail *d, const struct replica *r, int *row, int *count)
{
	const struct call_record *first = NULL, *found = NULL;

	*row = *count = 0;
	for (size_t i = 0; i < cache.calls.count; i++) {
		const struct call_record *c = &cache.calls.items[i];
		if (!concerns(c, r))
			continue;
		first = first ? first : c;
		if (c->id == d->call) {
			found = c;
			*row = *count;
		}
		++*count;
	}
	return found ? found : first;
}

void detail_move_call(struct detail *d, struct app *app, int by)
{
	const struct replica *r = app_selected_replica(app);
	int row, count;

	if (!current_call(d, r, &row, &count))
		return;
	row = MAX(0, MIN(row + by, count - 1));
	for (size_t i = 0; i < cache.calls.count; i++)
		if (concerns(&cache.calls.items[i], r) && row-- == 0)
			d->call = cache.calls.items[i].id;
}

void detail_open_call(struct detail *d, struct app *app)
{
	int row, count;
	const struct call_record *c = current_call(d, app_selected_replica(app), &row, &count);

	if (c)
		call_view_open(app, cache.environment, c->id);
}

void detail_draw_calls(struct detail *d, struct app *app, const struct area *a, const struct environment *e, const struct replica *r,
		       bool focused)
{
	int row, count, y = 1;

	ask(app, e->name);
	const struct call_record *current = current_call(d, r, &row, &count);
	if (!cache.loaded || !current) {
		draw_str(a, 1, 1, ROLE_DIM, !cache.loaded ? "reading the history" : cache.error ? cache.error :
			 "no calls by afs or afs-tui yet; c makes one");
		return;
	}
	call_heading_draw(a, 0);
	if (row < d->top)
		d->top = row;
	d->top = MAX(0, MIN(MAX(d->top, row - (a->h - 1) + 1), count - (a->h - 1)));
	int skip = d->top;
	for (size_t i = 0; i < cache.calls.count && y < a->h; i++) {
		const struct call_record *c = &cache.calls.items[i];
		if (!concerns(c, r) || skip-- > 0)
			continue;
		call_row_draw(a, y, c);
		if (c == current)
			draw_selected(a, y, focused ? ROLE_SELECTED : ROLE_SELECTED_IDLE);
		y++;
	}
}
