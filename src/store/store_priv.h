/* Shared by the files of store/ only. */
#ifndef STORE_STORE_PRIV_H
#define STORE_STORE_PRIV_H

#include <sqlite3.h>

#include "store/store.h"

struct store {
	sqlite3 *db;
	char *path;
};

/* What SQLite said last, as an error. */
af_code store_error(struct store *s, const char *doing, struct af_error *err);
af_code store_exec(struct store *s, const char *sql, struct af_error *err) MUST_CHECK;
af_code store_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct af_error *err) MUST_CHECK;
/* Runs a statement that has no rows, and finalizes it. */
af_code store_run(struct store *s, sqlite3_stmt *st, const char *doing, struct af_error *err) MUST_CHECK;

static inline void statement_cleanup(sqlite3_stmt **st)
{
	sqlite3_finalize(*st);
}
#define AUTO_STATEMENT AF_AUTO(statement) sqlite3_stmt

/* NULL is bound as NULL; the text has to outlive the statement's steps. */
void bind_text(sqlite3_stmt *st, int index, const char *text);
/* malloc'd copy, NULL for NULL. False when out of memory. */
bool column_dup(sqlite3_stmt *st, int column, char **out);

#endif
