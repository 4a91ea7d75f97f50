/* Sums of calls. See store.h. */
#include <string.h>

#include "base/histogram.h"
#include "store/store_priv.h"

void call_counts_free(struct call_counts *counts)
{
	for (size_t i = 0; i < counts->count; i++)
		free(counts->items[i].method);
	free(counts->items);
	*counts = (struct call_counts){ 0 };
}

af_code store_version(struct store *s, int64_t *version, struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	af_code rc = store_prepare(s, "PRAGMA data_version", &st, err);

	if (rc)
		return rc;
	if (sqlite3_step(st) != SQLITE_ROW)
		return store_error(s, "read", err);
	*version = sqlite3_column_int64(st, 0);
	return AF_OK;
}

static bool same_group(const struct call_count *c, sqlite3_stmt *st)
{
	const char *method = (const char *) sqlite3_column_text(st, 1);

	return c->replica == sqlite3_column_int(st, 0) && method && !strcmp(c->method, method);
}

static struct call_count *append(struct call_counts *out, sqlite3_stmt *st)
{
	struct call_count *items = realloc(out->items, (out->count + 1) * sizeof(*items));

	if (!items)
		return NULL;
	out->items = items;
	struct call_count *c = &items[out->count];
	*c = (struct call_count){ .replica = sqlite3_column_int(st, 0) };
	if (!column_dup(st, 1, &c->method) || !c->method)
		return NULL;
	out->count++;
	return c;
}

static void finish(struct call_count *c, struct histogram *took)
{
	c->p50_ms = (double) histogram_percentile(took, 50) / 1e3;
	c->p95_ms = (double) histogram_percentile(took, 95) / 1e3;
	c->p99_ms = (double) histogram_percentile(took, 99) / 1e3;
	*took = (struct histogram){ 0 };
}

af_code store_counts(struct store *s, const char *environment, int64_t since_ms, struct call_counts *out, struct af_error *err)
{
	static const char sql[] = "SELECT replica, method, code, took_us, started_ms FROM calls WHERE environment = ?"
				  " AND started_ms >= ? AND replica >= 0 ORDER BY replica, method";
	AUTO_STATEMENT *st = NULL;
	struct histogram took = { 0 };
	struct call_count *c = NULL;
	int step;
	af_code rc = store_prepare(s, sql, &st, err);

	*out = (struct call_counts){ 0 };
	if (rc)
		return rc;
	bind_text(st, 1, environment);
	sqlite3_bind_int64(st, 2, since_ms);
	while ((step = sqlite3_step(st)) == SQLITE_ROW) {
		if (c && !same_group(c, st)) {
			finish(c, &took);
			c = NULL;
		}
		if (!c && !(c = append(out, st))) {
			call_counts_free(out);
			return error_nomem(err);
		}
		c->calls++;
		c->errors += sqlite3_column_int(st, 2) != 0;
		histogram_add(&took, sqlite3_column_int64(st, 3));
		if (sqlite3_column_int64(st, 4) > c->last_ms)
			c->last_ms = sqlite3_column_int64(st, 4);
	}
	if (c)
		finish(c, &took);
	if (step == SQLITE_DONE)
		return AF_OK;
	call_counts_free(out);
	return store_error(s, "read", err);
}
