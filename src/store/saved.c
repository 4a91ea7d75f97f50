/* Calls that were saved under a name. See store.h. */
#include <string.h>

#include "base/clock.h"
#include "store/mask.h"
#include "store/store_priv.h"

void saved_call_free(struct saved_call *c)
{
	free(c->name);
	free(c->environment);
	free(c->method);
	free(c->args);
	*c = (struct saved_call){ 0 };
}

void saved_list_free(struct saved_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		saved_call_free(&list->items[i]);
	free(list->items);
	*list = (struct saved_list){ 0 };
}

af_code store_save(struct store *s, const struct saved_call *c, struct af_error *err)
{
	AUTO_STRBUF args = STRBUF_INIT(STRBUF_HUGE);
	sqlite3_stmt *st = NULL;
	af_code rc = args_mask((struct json_span){ c->args, strlen(c->args) }, &args, NULL, err);

	if (!rc)
		rc = store_prepare(s, "INSERT OR REPLACE INTO saved VALUES (?,?,?,?,?,?,?,?,?,?)", &st, err);
	if (rc)
		return rc;
	bind_text(st, 1, c->name);
	bind_text(st, 2, c->environment);
	bind_text(st, 3, c->method);
	bind_text(st, 4, args.data);
	sqlite3_bind_int(st, 5, c->replica);
	sqlite3_bind_int64(st, 6, c->timeout_ms);
	sqlite3_bind_int(st, 7, c->repeat);
	sqlite3_bind_int(st, 8, c->concurrency);
	sqlite3_bind_int64(st, 9, c->saved_ms ? c->saved_ms : wall_ms());
	sqlite3_bind_int64(st, 10, c->used_ms);
	return store_run(s, st, "save the call", err);
}

static af_code add_row(sqlite3_stmt *st, struct saved_list *out, struct af_error *err)
{
	struct saved_call *items = realloc(out->items, (out->count + 1) * sizeof(*items));

	if (!items)
		return error_nomem(err);
	out->items = items;
	struct saved_call *c = &items[out->count++];
	*c = (struct saved_call){
		.replica = sqlite3_column_int(st, 4),
		.timeout_ms = sqlite3_column_int64(st, 5),
		.repeat = sqlite3_column_int(st, 6),
		.concurrency = sqlite3_column_int(st, 7),
		.saved_ms = sqlite3_column_int64(st, 8),
		.used_ms = sqlite3_column_int64(st, 9),
	};
	bool ok = column_dup(st, 0, &c->name) && column_dup(st, 1, &c->environment) && column_dup(st, 2, &c->method) &&
		  column_dup(st, 3, &c->args);
	return ok ? AF_OK : error_nomem(err);
}

af_code store_saved(struct store *s, const char *environment, struct saved_list *out, struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	af_code rc = store_prepare(s, "SELECT * FROM saved WHERE ?1 IS NULL OR environment = ?1 ORDER BY name, environment", &st, err);
	int step = SQLITE_DONE;

	*out = (struct saved_list){ 0 };
	if (rc)
		return rc;
	bind_text(st, 1, environment);
	while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW)
		rc = add_row(st, out, err);
	if (!rc && step != SQLITE_DONE)
		rc = store_error(s, "read", err);
	if (rc)
		saved_list_free(out);
	return rc;
}

af_code store_unsave(struct store *s, const char *environment, const char *name, struct af_error *err)
{
	sqlite3_stmt *st = NULL;
	af_code rc = store_prepare(s, "DELETE FROM saved WHERE environment = ? AND name = ?", &st, err);

	if (rc)
		return rc;
	bind_text(st, 1, environment);
	bind_text(st, 2, name);
	return store_run(s, st, "forget the saved call", err);
}
