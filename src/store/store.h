/*
 * What Docker cannot remember: calls that were made, and calls that were saved under a name.
 *
 * One SQLite file (0600, WAL) that afs and afs-tui share; any number of processes may have it open. Functions block
 * on the disk and, for BUSY_MS at most, on other writers: never call them on the UI thread. A store belongs to the
 * thread that opened it, or is handed from one to the next.
 *
 * Values of arguments whose names look like secrets are never written: see mask.h.
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/json.h"
#include "base/strbuf.h"

/* More calls than this, or more bytes of results, and the oldest are forgotten. */
#define STORE_MAX_CALLS 20000
#define STORE_MAX_BYTES (64ll * 1024 * 1024)
/* Longer results are kept up to here, and marked as cut. */
#define STORE_MAX_RESULT (1024 * 1024)

struct store;

/* path NULL: history.db in the state directory. Makes file and tables where there are none, brings older ones up to
 * date. UNAVAILABLE: a newer afs made it; IO: anything that the disk says. */
af_code store_open(const char *path, struct store **out, struct af_error *err) MUST_CHECK;
void store_close(struct store *s);
static inline void store_cleanup(struct store **s)
{
	store_close(*s);
}

/* ---- calls --------------------------------------------------------------------------------------- */

struct call_record {
	int64_t id;         /* from 1, in the order of recording */
	int64_t started_ms; /* wall clock */
	int64_t took_us;
	char *environment;
	char *method;
	int replica;        /* -1: none was reached */
	char *args;         /* JSON object, secrets as "***" */
	af_code code;       /* AF_OK: it succeeded */
	char *error;        /* message of a failed one, may have lines; else NULL */
	char *call_id;      /* its name with the server, in its log lines; may be NULL */
	char *result;       /* JSON text, or its beginning when `cut`; NULL where it was not asked for or there is none */
	int64_t result_len; /* bytes of the whole result; 0: none */
	bool cut;
	bool args_cut;      /* in a brief list: the arguments are too long for it, store_get() has them */
};
void call_record_free(struct call_record *r);

struct call_list {
	struct call_record *items;
	size_t count;
};
void call_list_free(struct call_list *list);
static inline void call_list_cleanup(struct call_list *list)
{
	call_list_free(list);
}

/* Masks secrets, then writes; r->id and r->cut are not looked at. *id may be NULL. */
af_code store_add(struct store *s, const struct call_record *r, int64_t *id, struct af_error *err) MUST_CHECK;

/* What is wanted, newest first; zero means all. */
struct call_query {
	const char *environment, *method;
	const char *text; /* stands in environment, method, arguments or error, in whatever case */
	bool failed;      /* only failed ones */
	int64_t since_ms;
	int64_t before;   /* only ids below: for the next page */
	int64_t limit;
	bool brief;       /* long arguments are left out, long errors cut: for lists that people look at */
};
/* From this length on. */
#define STORE_BRIEF_BYTES 16384
/* The results themselves are left out. */
af_code store_list(struct store *s, const struct call_query *q, struct call_list *out, struct af_error *err) MUST_CHECK;
/* For each, with its result; a failure of row() ends it. */
af_code store_each(struct store *s, const struct call_query *q,
		   af_code (*row)(void *arg, const struct call_record *r, struct af_error *err), void *arg,
		   struct af_error *err) MUST_CHECK;
/* One, with its result. NOT_FOUND. */
af_code store_get(struct store *s, int64_t id, struct call_record *out, struct af_error *err) MUST_CHECK;
/* The newest successful call of the same method that is older, with its result. NOT_FOUND. */
af_code store_get_before(struct store *s, int64_t id, struct call_record *out, struct af_error *err) MUST_CHECK;
/* id 0: all. *count gets how many there were. */
af_code store_forget(struct store *s, int64_t id, int64_t *count, struct af_error *err) MUST_CHECK;
/* environment NULL: of all. */
af_code store_count(struct store *s, const char *environment, int64_t *calls, struct af_error *err) MUST_CHECK;

/* Calls of a method that one replica answered. */
struct call_count {
	int replica;
	char *method;
	int64_t calls, errors; /* an error is whatever did not end with AF_OK */
	int64_t last_ms;       /* wall clock, when the newest began */
	double p50_ms, p95_ms, p99_ms;
};
struct call_counts {
	struct call_count *items; /* by replica, then by method */
	size_t count;
};
void call_counts_free(struct call_counts *counts);
/* Of an environment's calls that began at since_ms (wall clock) or later. */
af_code store_counts(struct store *s, const char *environment, int64_t since_ms, struct call_counts *out,
		     struct af_error *err) MUST_CHECK;
/* A number that changes when another connection has written. Cheap. */
af_code store_version(struct store *s, int64_t *version, struct af_error *err) MUST_CHECK;

/* ---- saved calls ---------------------------------------------------------------------------------- */

struct saved_call {
	char *name; /* unique in its environment */
	char *environment, *method;
	char *args; /* JSON object, secrets as "***" */
	int replica; /* -1: the balancer chooses; -2: all */
	int64_t timeout_ms;
	int repeat, concurrency;
	int64_t saved_ms, used_ms; /* wall clock */
};
void saved_call_free(struct saved_call *c);
struct saved_list {
	struct saved_call *items;
	size_t count;
};
void saved_list_free(struct saved_list *list);
static inline void saved_list_cleanup(struct saved_list *list)
{
	saved_list_free(list);
}
/* Masks secrets; replaces one of the same name. */
af_code store_save(struct store *s, const struct saved_call *c, struct af_error *err) MUST_CHECK;
/* By name; environment NULL: of all. */
af_code store_saved(struct store *s, const char *environment, struct saved_list *out, struct af_error *err) MUST_CHECK;
af_code store_unsave(struct store *s, const char *environment, const char *name, struct af_error *err) MUST_CHECK;

#endif
