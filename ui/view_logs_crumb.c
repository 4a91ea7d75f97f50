/* What the header says while the logs have the whole screen. */
#include <stdlib.h>
#include <time.h>

#include "base/bytes.h"
#include "ui/view_logs_priv.h"

/* Replicas below this number can be muted. */
#define MUTABLE 10

/* The replicas whose lines can be seen now, of all that the environment has. */
static void add_replicas(const struct logs_view *lv, const struct environment *e, struct strbuf *facts)
{
	int shown = 0;

	if (lv->filter->only >= 0) {
		strbuf_addf(facts, "replica %d of %d\n", lv->filter->only, e->count);
		return;
	}
	for (int i = 0; i < e->count; i++)
		shown += e->replicas[i].number >= MUTABLE || !(lv->filter->muted >> e->replicas[i].number & 1);
	strbuf_addf(facts, "%d of %d replica%s\n", shown, e->count, e->count == 1 ? "" : "s");
}

/* How far back one can scroll: "since 15m". */
static void add_since(const struct logs_view *lv, struct strbuf *facts)
{
	const struct log_store *store = lv->book->store;
	uint64_t first = log_store_first(store);

	if (first == log_store_end(store))
		return;
	int64_t s = MAX(lv->app->stamp_ms - log_store_at(store, first)->ns / 1000000, (int64_t) 0) / 1000;
	if (s < 60)
		strbuf_addf(facts, "since %llds\n", (long long) s);
	else if (s < 3600)
		strbuf_addf(facts, "since %lldm\n", (long long) s / 60);
	else if (s < 86400)
		strbuf_addf(facts, "since %lldh%02lldm\n", (long long) s / 3600, (long long) s / 60 % 60);
	else
		strbuf_addf(facts, "since %lldd%02lldh\n", (long long) s / 86400, (long long) s / 3600 % 24);
}

static void add_zone(const struct logs_view *lv, struct strbuf *facts)
{
	time_t now = (time_t) (lv->app->stamp_ms / 1000);
	struct tm tm;

	if (lv->time == WHEN_UTC)
		strbuf_adds(facts, "tz UTC\n");
	if (lv->time != WHEN_LOCAL)
		return;
	localtime_r(&now, &tm);
	long minutes = tm.tm_gmtoff / 60;
	strbuf_addf(facts, "tz local (UTC%c%02ld:%02ld)\n", minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
}

void logs_crumb(struct view *v, struct app *app, struct strbuf *path, struct strbuf *facts)
{
	const struct logs_view *lv = (const struct logs_view *) v;
	const struct environment *e = lv->book ? model_environment(&app->model, lv->book->environment) : NULL;

	if (lv->book)
		strbuf_addf(path, "%s › Logs", lv->book->environment);
	else
		strbuf_adds(path, "Logs");
	if (e)
		add_replicas(lv, e, facts);
	if (lv->book)
		add_since(lv, facts);
	add_zone(lv, facts);
}
