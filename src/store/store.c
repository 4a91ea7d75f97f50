/* Opening, tables, migrations. See store.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/path.h"
#include "store/store_priv.h"

/* Another process may be writing. */
#define BUSY_MS 250
/* From so many pages on (of 4 KiB) the log is copied back. Each process that is alone reads all of it first. */
#define LOG_PAGES 256
/* What memory SQLite may take for pages, in KiB. */
#define CACHE "-1024"

/* Each step leads from its index to the next version; PRAGMA user_version says how many were done. */
static const char *const migrations[] = {
	"CREATE TABLE calls (id INTEGER PRIMARY KEY AUTOINCREMENT, started_ms INTEGER NOT NULL, took_us INTEGER NOT NULL,"
	" environment TEXT NOT NULL, method TEXT NOT NULL, replica INTEGER NOT NULL, code INTEGER NOT NULL,"
	" result_len INTEGER NOT NULL, kept INTEGER NOT NULL, call_id TEXT, args TEXT NOT NULL, error TEXT);"
	"CREATE INDEX calls_of ON calls (environment, id);"
	/* Apart, so that lists need not read past them. */
	"CREATE TABLE results (id INTEGER PRIMARY KEY, text TEXT NOT NULL);"
	"CREATE TABLE saved (name TEXT PRIMARY KEY, environment TEXT NOT NULL, method TEXT NOT NULL, args TEXT NOT NULL,"
	" replica INTEGER NOT NULL, timeout_ms INTEGER NOT NULL, repeat INTEGER NOT NULL, concurrency INTEGER NOT NULL,"
	" saved_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL) WITHOUT ROWID;",
	/* A name is one of its environment: "smoke" of another must not take its place. */
	"CREATE TABLE saved_of (name TEXT NOT NULL, environment TEXT NOT NULL, method TEXT NOT NULL, args TEXT NOT NULL,"
	" replica INTEGER NOT NULL, timeout_ms INTEGER NOT NULL, repeat INTEGER NOT NULL, concurrency INTEGER NOT NULL,"
	" saved_ms INTEGER NOT NULL, used_ms INTEGER NOT NULL, PRIMARY KEY (environment, name)) WITHOUT ROWID;"
	"INSERT INTO saved_of SELECT * FROM saved; DROP TABLE saved; ALTER TABLE saved_of RENAME TO saved;",
};
#define SCHEMA ((int) ARRAY_LEN(migrations))

/* ---- small helpers of all files ------------------------------------------------------------------- */

static af_code hint_damaged(const struct store *s, struct af_error *err)
{
	error_hint(err, "the history is damaged; move %s away and a new one is begun", s->path);
	return AF_ERR_IO;
}

af_code store_error(struct store *s, const char *doing, struct af_error *err)
{
	int code = s->db ? sqlite3_errcode(s->db) : SQLITE_NOMEM;

	if (code == SQLITE_NOMEM)
		return error_nomem(err);
	error_set(err, AF_ERR_IO, "%s: %s: %s", s->path, doing, sqlite3_errmsg(s->db));
	return code == SQLITE_CORRUPT || code == SQLITE_NOTADB ? hint_damaged(s, err) : AF_ERR_IO;
}

af_code store_exec(struct store *s, const char *sql, struct af_error *err)
{
	return sqlite3_exec(s->db, sql, NULL, NULL, NULL) == SQLITE_OK ? AF_OK : store_error(s, "write", err);
}

af_code store_prepare(struct store *s, const char *sql, sqlite3_stmt **out, struct af_error *err)
{
	return sqlite3_prepare_v2(s->db, sql, -1, out, NULL) == SQLITE_OK ? AF_OK : store_error(s, "read", err);
}

af_code store_run(struct store *s, sqlite3_stmt *st, const char *doing, struct af_error *err)
{
	af_code rc = sqlite3_step(st) == SQLITE_DONE ? AF_OK : store_error(s, doing, err);

	sqlite3_finalize(st);
	return rc;
}

void bind_text(sqlite3_stmt *st, int index, const char *text)
{
	if (text)
		sqlite3_bind_text(st, index, text, -1, SQLITE_STATIC);
	else
		sqlite3_bind_null(st, index);
}

bool column_dup(sqlite3_stmt *st, int column, char **out)
{
	const char *text = (const char *) sqlite3_column_text(st, column);

	*out = text ? strdup(text) : NULL;
	return *out || sqlite3_column_type(st, column) == SQLITE_NULL;
}

/* ---- opening -------------------------------------------------------------------------------------- */

static af_code default_path(char **out, struct af_error *err)
{
	AUTO_FREE char *dir = path_home(HOME_STATE, err);

	if (!dir)
		return AF_ERR_NOMEM;
	/* Most often it is there. */
	af_code rc = path_is_dir(dir) ? AF_OK : path_mkdirs(dir, 0700, err);
	if (!rc)
		*out = path_join(dir, "history.db", err);
	return rc ? rc : *out ? AF_OK : AF_ERR_NOMEM;
}

/* SQLite gives its side files the mode of the database: so that has to be right from its first moment. */
static af_code make_file(const char *path, struct af_error *err)
{
	AUTO_CLOSE int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	struct stat st;

	if (fd < 0)
		return error_errno(err, AF_ERR_IO, errno, "open %s", path);
	if (fstat(fd, &st) == 0 && (st.st_mode & 0077) && fchmod(fd, 0600))
		return error_errno(err, AF_ERR_IO, errno, "make %s private", path);
	return AF_OK;
}

static af_code version_of(struct store *s, int *version, struct af_error *err)
{
	AUTO_STATEMENT *st = NULL;
	af_code rc = store_prepare(s, "PRAGMA user_version", &st, err);

	if (rc)
		return rc;
	if (sqlite3_step(st) != SQLITE_ROW)
		return store_error(s, "read", err);
	*version = sqlite3_column_int(st, 0);
	if (*version >= 0)
		return AF_OK;
	/* Nobody has written that. */
	error_set(err, AF_ERR_IO, "%s: version %d", s->path, *version);
	return hint_damaged(s, err);
}

static af_code migrate(struct store *s, struct af_error *err)
{
	char set_version[40];
	int version = 0;
	af_code rc = store_exec(s, "BEGIN IMMEDIATE", err);

	if (rc)
		return rc;
	/* Another process may have done it in the meantime. */
	rc = version_of(s, &version, err);
	for (int i = version; !rc && i < SCHEMA; i++)
		rc = store_exec(s, migrations[i], err);
	sqlite3_snprintf(sizeof(set_version), set_version, "PRAGMA user_version = %d", SCHEMA);
	if (!rc && version < SCHEMA)
		rc = store_exec(s, set_version, err);
	if (!rc)
		rc = store_exec(s, "COMMIT", err);
	if (rc)
		sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
	return rc;
}

static af_code check_version(struct store *s, struct af_error *err)
{
	int version = 0;
	af_code rc = version_of(s, &version, err);

	if (rc || version == SCHEMA)
		return rc;
	if (version < SCHEMA) {
		rc = store_exec(s, "PRAGMA journal_mode = WAL", err);
		return rc ? rc : migrate(s, err);
	}
	error_set(err, AF_ERR_UNAVAILABLE, "%s was made by a newer afs (version %d, this one knows %d)", s->path, version,
		  SCHEMA);
	error_hint(err, "use the newer afs, or move the file away");
	return AF_ERR_UNAVAILABLE;
}

/*
 * SQLite's own way copies the log, but leaves it to the next writer to begin it anew, which knows nothing of that when
 * it is another process: the log would grow for ever, and be copied as a whole by each call.
 */
static int on_commit(void *arg UNUSED, sqlite3 *db, const char *name, int pages)
{
	if (pages < LOG_PAGES)
		return SQLITE_OK;
	sqlite3_busy_timeout(db, 0); /* somebody reads: the next one then */
	sqlite3_wal_checkpoint_v2(db, name, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
	sqlite3_busy_timeout(db, BUSY_MS);
	return SQLITE_OK;
}

static af_code open_db(struct store *s, struct af_error *err)
{
	if (sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return store_error(s, "open", err);
	sqlite3_busy_timeout(s->db, BUSY_MS);
	/* A process that makes one call must not end by copying the log back: that is done now and then, see on_commit. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	sqlite3_wal_hook(s->db, on_commit, NULL);
	/* Schemas may come from anybody who can write the file; trust nothing in them. */
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(s->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	/* With WAL, NORMAL may lose the last calls when the power fails, but never the file. */
	af_code rc = store_exec(s, "PRAGMA synchronous = NORMAL; PRAGMA cache_size = " CACHE "; PRAGMA foreign_keys = OFF", err);
	return rc ? rc : check_version(s, err);
}

af_code store_open(const char *path, struct store **out, struct af_error *err)
{
	struct store *s = calloc(1, sizeof(*s));
	af_code rc = AF_OK;

	if (!s)
		return error_nomem(err);
	if (!path)
		rc = default_path(&s->path, err);
	else if (!(s->path = str_dup(path, err)))
		rc = AF_ERR_NOMEM;
	if (!rc)
		rc = make_file(s->path, err);
	if (!rc)
		rc = open_db(s, err);
	if (rc)
		store_close(s);
	else
		*out = s;
	return rc ? error_wrap(err, rc, "history") : AF_OK;
}

void store_close(struct store *s)
{
	if (!s)
		return;
	sqlite3_close(s->db);
	free(s->path);
	free(s);
}
