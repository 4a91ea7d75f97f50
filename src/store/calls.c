/* Calls in the store. See store.h. */
#include <string.h>

#include "store/mask.h"
#include "store/store_priv.h"

/* How many calls come between two looks at the size. */
#define PRUNE_EVERY 64

void call_record_free(struct call_record *r)
{
	free(r->environment);
	free(r->method);
	free(r->args);
	free(r->error);
	free(r->call_id);
	free(r->result);
	*r = (struct call_record){ 0 };
}

void call_list_free(struct call_list *list)
{
	for (size_t i = 0; i < list->count; i++)
		call_record_free(&list->items[i]);
	free(list->items);
	*list = (struct call_list){ 0 };
}

/* ---- writing ------------------------------------------------------------------------------------- */

/* What is written of one call: everything without its secrets. */
struct clean {
	struct strbuf args, error, result;
};

static void clean_free(struct clean *c)
{
	strbuf_free(&c->args);
	strbuf_free(&c->error);
	strbuf_free(&c->result);
}

/* No character is cut in two. */
static size_t kept_len(const char *text, size_t len)
{
	if (len <= STORE_MAX_RESULT)
		return len;
	len = STORE_MAX_RESULT;
	while (len > 0 && ((unsigned char) text[len] & 0xc0) == 0x80)
		len--;
	return len;
}

static af_code clean_up(const struct call_record *r, struct clean *c, struct af_error *err)
{
	AUTO_STRLIST secrets = { 0 };
	struct json_span args = { r->args, r->args ? strlen(r->args) : 0 };

	*c = (struct clean){ STRBUF_INIT(STRBUF_HUGE), STRBUF_INIT(STRBUF_TEXT), STRBUF_INIT(STRBUF_HUGE) };
	/* Arguments of such a size would soon push everything else out. */
	if (!args.len || args.len > STORE_MAX_RESULT || json_check(args.text, args.len, NULL))
		args = (struct json_span){ "{}", 2 };
	af_code rc = args_mask(args, &c->args, &secrets, err);
	if (rc)
		return rc;
	if (r->error)
		secrets_replace(&secrets, r->error, strlen(r->error), &c->error);
	if (r->result)
		secrets_replace(&secrets, r->result, kept_len(r->result, (size_t) r->result_len), &c->result);
	rc = strbuf_check(&c->result, err);
	return rc ? rc : strbuf_check(&c->error, err);
}

static af_code insert_call(struct store *s, const struct call_record *r, const struct clean *c, struct af_error *err)
{
	static const char sql[] = "INSERT INTO calls (started_ms, took_us, environment, method, replica, code, result_len,"
				  " kept, call_id, args, error) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
	sqlite3_stmt *st = NULL;
	af_code rc = store_prepare(s, sql, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, r->started_ms);
	sqlite3_bind_int64(st, 2, r->took_us);
	bind_text(st, 3, r->environment);
	bind_text(st, 4, r->method);
	sqlite3_bind_int(st, 5, r->replica);
	sqlite3_bind_int(st, 6, r->code);
	sqlite3_bind_int64(st, 7, r->result ? r->result_len : 0);
	sqlite3_bind_int64(st, 8, (int64_t) c->result.len);
	bind_text(st, 9, r->call_id);
	bind_text(st, 10, c->args.data);
	bind_text(st, 11, r->error ? c->error.data : NULL);
	return store_run(s, st, "record the call", err);
}

static af_code insert_result(struct store *s, int64_t id, const struct strbuf *text, struct af_error *err)
{
	sqlite3_stmt *st = NULL;
	af_code rc = text->len ? store_prepare(s, "INSERT OR REPLACE INTO results VALUES (?,?)", &st, err) : AF_OK;

	if (rc || !st)
		return rc;
	sqlite3_bind_int64(st, 1, id);
	sqlite3_bind_text64(st, 2, text->data, text->len, SQLITE_STATIC, SQLITE_UTF8);
	return store_run(s, st, "record the result", err);
}

/* Up to and with this id the calls go: what is over the number, and over the bytes counted from the newest. */
static af_code prune(struct store *s, struct af_error *err)
{
	static const char find[] = "SELECT max(id) FROM (SELECT id, row_number() OVER w AS n, sum(kept + length(args)) OVER w"
				   " AS bytes FROM calls WINDOW w AS (ORDER BY id DESC)) WHERE n > ? OR bytes > ?";
	AUTO_STATEMENT *st = NULL;
	af_code rc = store_prepare(s, find, &st, err);

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, STORE_MAX_CALLS);
	sqlite3_bind_int64(st, 2, STORE_MAX_BYTES);
	if (sqlite3_step(st) != SQLITE_ROW || sqlite3_column_type(st, 0) == SQLITE_NULL)
		return AF_OK;
	int64_t last = sqlite3_column_int64(st, 0);
	sqlite3_reset(st);
	static const char *const deletes[] = { "DELETE FROM results WHERE id <= ?", "DELETE FROM calls WHERE id <= ?" };
	for (size_t i = 0; !rc && i < ARRAY_LEN(deletes); i++) {
		sqlite3_stmt *gone = NULL;
		rc = store_prepare(s, deletes[i], &gone, err);
		if (rc)
			break;
		sqlite3_bind_int64(gone, 1, last);
		rc = store_run(s, gone, "forget old calls", err);
	}
	return rc;
}

af_code store_add(struct store *s, const struct call_record *r, int64_t *id, struct af_error *err)
{
	struct clean c;
	int64_t row = 0;
	af_code rc = clean_up(r, &c, err);

	if (!rc)
		rc = store_exec(s, "BEGIN IMMEDIATE", err);
	if (rc) {
		clean_free(&c);
		return rc;
	}
	rc = insert_call(s, r, &c, err);
	if (!rc) {
		row = sqlite3_last_insert_rowid(s->db);
		rc = insert_result(s, row, &c.result, err);
	}
	if (!rc && row % PRUNE_EVERY == 0)
		rc = prune(s, err);
	if (!rc)
		rc = store_exec(s, "COMMIT", err);
	if (rc)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	else if (id)
		*id = row;
	clean_free(&c);
	return rc;
}

/* ---- reading -------------------------------------------------------------------------------------- */

#define FIXED "calls.id, started_ms, took_us, environment, method, replica, code, result_len, kept, call_id, "
#define COLUMNS FIXED "args, error"
#define STRINGIFY(x) #x
#define TEXT(x) STRINGIFY(x)
#define BRIEF FIXED "CASE WHEN length(args) > " TEXT(STORE_BRIEF_BYTES) " THEN NULL ELSE args END," \
		    " substr(error, 1, " TEXT(STORE_BRIEF_BYTES) ")"

/* A code of a newer afs is just a failure. */
static af_code code_from(int value)
{
	return value >= 0 && value <= AF_ERR_CANCELLED ? (af_code) value : AF_ERR_FAILED;
}

static af_code read_row(sqlite3_stmt *st, bool with_result, struct call_record *r, struct af_error *err)
{
	*r = (struct call_record){
		.id = sqlite3_column_int64(st, 0),
		.started_ms = sqlite3_column_int64(st, 1),
		.took_us = sqlite3_column_int64(st, 2),
		.replica = sqlite3_column_int(st, 5),
		.code = code_from(sqlite3_column_int(st, 6)),
		.result_len = sqlite3_column_int64(st, 7),
	};
	r->cut = sqlite3_column_int64(st, 8) < r->result_len && r->result_len > STORE_MAX_RESULT;
	if (column_dup(st, 3, &r->environment) && column_dup(st, 4, &r->method) && column_dup(st, 9, &r->call_id) &&
	    column_dup(st, 10, &r->args) && column_dup(st, 11, &r->error) &&
	    (!with_result || column_dup(st, 12, &r->result))) {
		r->args_cut = !r->args;
		if (r->args || (r->args = str_dup("{}", err)))
			return AF_OK;
	}
	call_record_free(r);
	return error_nomem(err);
}

/* % and _ mean themselves in what is searched for. */
static char *like_pattern(const char *text, struct af_error *err)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_TEXT);
	char *out = NULL;

	strbuf_addc(&sb, '%');
	for (; *text; text++) {
		if (strchr("%_\\", *text))
			strbuf_addc(&sb, '\\');
		strbuf_addc(&sb, *text);
	}
	strbuf_addc(&sb, '%');
	return strbuf_steal(&sb, &out, err) ? NULL : out;
}

static const char list_tail[] = " WHERE (?1 IS NULL OR environment = ?1) AND (?2 IS NULL OR method = ?2)"
				" AND (NOT ?3 OR code <> 0) AND started_ms >= ?4 AND (?5 = 0 OR calls.id < ?5)"
				" AND (?6 IS NULL OR environment LIKE ?6 ESCAPE '\\' OR method LIKE ?6 ESCAPE '\\'"
				" OR args LIKE ?6 ESCAPE '\\' OR error LIKE ?6 ESCAPE '\\')"
				" ORDER BY calls.id DESC LIMIT ?7";

static af_code query(struct store *s, const struct call_query *q, bool with_result,
		     af_code (*row)(void *arg, struct call_record *take_r, struct af_error *err), void *arg,
		     struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	AUTO_FREE char *pattern = str_blank(q->text) ? NULL : like_pattern(q->text, err);
	AUTO_FREE char *sql = str_format(err, "SELECT %s%s FROM calls%s%s", q->brief ? BRIEF : COLUMNS, with_result ? ", text" : "",
					 with_result ? " LEFT JOIN results USING (id)" : "", list_tail);
	af_code rc = !sql || (!pattern && !str_blank(q->text)) ? AF_ERR_NOMEM : store_prepare(s, sql, &st, err);
	struct call_record r;
	int step;

	if (rc)
		return rc;
	bind_text(st, 1, q->environment);
	bind_text(st, 2, q->method);
	sqlite3_bind_int(st, 3, q->failed);
	sqlite3_bind_int64(st, 4, q->since_ms);
	sqlite3_bind_int64(st, 5, q->before);
	bind_text(st, 6, pattern);
	sqlite3_bind_int64(st, 7, q->limit > 0 ? q->limit : -1);
	while (!rc && (step = sqlite3_step(st)) == SQLITE_ROW) {
		rc = read_row(st, with_result, &r, err);
		if (!rc)
			rc = row(arg, &r, err);
	}
	return rc || step == SQLITE_DONE ? rc : store_error(s, "read", err);
}

static af_code append(void *arg, struct call_record *take_r, struct af_error *err)
{
	struct call_list *list = arg;

	/* Grows by doubling: counts of 1, 2, 4… */
	if ((list->count & (list->count - 1)) == 0) {
		size_t size = MAX(list->count * 2, (size_t) 1);
		struct call_record *items = realloc(list->items, size * sizeof(*items));
		if (!items) {
			call_record_free(take_r);
			return error_nomem(err);
		}
		list->items = items;
	}
	list->items[list->count++] = *take_r;
	return AF_OK;
}

af_code store_list(struct store *s, const struct call_query *q, struct call_list *out, struct af_error *err)
{
	af_code rc;

	*out = (struct call_list){ 0 };
	rc = query(s, q, false, append, out, err);
	if (rc)
		call_list_free(out);
	return rc;
}

struct each {
	af_code (*row)(void *arg, const struct call_record *r, struct af_error *err);
	void *arg;
};

static af_code hand_on(void *arg, struct call_record *take_r, struct af_error *err)
{
	struct each *each = arg;
	af_code rc = each->row(each->arg, take_r, err);

	call_record_free(take_r);
	return rc;
}

af_code store_each(struct store *s, const struct call_query *q,
		   af_code (*row)(void *arg, const struct call_record *r, struct af_error *err), void *arg,
		   struct af_error *err)
{
	struct each each = { row, arg };

	return query(s, q, true, hand_on, &each, err);
}

static af_code get_one(struct store *s, const char *where, int64_t id, struct call_record *out, struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	AUTO_FREE char *sql = str_format(err, "SELECT " COLUMNS ", text FROM calls LEFT JOIN results USING (id) WHERE %s",
					 where);
	af_code rc = sql ? store_prepare(s, sql, &st, err) : AF_ERR_NOMEM;

	if (rc)
		return rc;
	sqlite3_bind_int64(st, 1, id);
	int step = sqlite3_step(st);
	if (step == SQLITE_ROW)
		return read_row(st, true, out, err);
	if (step != SQLITE_DONE)
		return store_error(s, "read", err);
	return AF_ERR_NOT_FOUND;
}

af_code store_get(struct store *s, int64_t id, struct call_record *out, struct af_error *err)
{
	af_code rc = get_one(s, "calls.id = ?", id, out, err);

	if (rc != AF_ERR_NOT_FOUND)
		return rc;
	error_set(err, rc, "the history has no call %lld", (long long) id);
	error_hint(err, "`afs history` lists the calls with their numbers");
	return rc;
}

af_code store_get_before(struct store *s, int64_t id, struct call_record *out, struct af_error *err)
{
	af_code rc = get_one(s,
			     "calls.id < ?1 AND code = 0 AND kept > 0 AND (environment, method) ="
			     " (SELECT environment, method FROM calls WHERE id = ?1) ORDER BY calls.id DESC LIMIT 1",
			     id, out, err);

	return rc == AF_ERR_NOT_FOUND ? error_set(err, rc, "the history has no earlier result of this method") : rc;
}

af_code store_forget(struct store *s, int64_t id, int64_t *count, struct af_error *err)
{
	static const char *const deletes[] = { "DELETE FROM results WHERE ?1 = 0 OR id = ?1",
					       "DELETE FROM calls WHERE ?1 = 0 OR id = ?1" };
	af_code rc = store_exec(s, "BEGIN IMMEDIATE", err);

	if (rc)
		return rc;
	for (size_t i = 0; !rc && i < ARRAY_LEN(deletes); i++) {
		sqlite3_stmt *st = NULL;
		rc = store_prepare(s, deletes[i], &st, err);
		if (rc)
			break;
		sqlite3_bind_int64(st, 1, id);
		rc = store_run(s, st, "forget", err);
	}
	*count = sqlite3_changes(s->db);
	if (!rc)
		rc = store_exec(s, "COMMIT", err);
	if (rc)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

af_code store_count(struct store *s, const char *environment, int64_t *calls, struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	/* Two, so that the index is used. */
	af_code rc = store_prepare(s, environment ? "SELECT count(*) FROM calls WHERE environment = ?" : "SELECT count(*) FROM calls",
				   &st, err);

	if (rc)
		return rc;
	if (environment)
		bind_text(st, 1, environment);
	if (sqlite3_step(st) != SQLITE_ROW)
		return store_error(s, "read", err);
	*calls = sqlite3_column_int64(st, 0);
	return AF_OK;
}
