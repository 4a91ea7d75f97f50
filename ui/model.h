/*
 * What afs-tui knows: hosts, environments, replicas, with their recent past. Owned by the UI thread; changed only by
 * messages of the feed (feed.h). Views read it and keep identities (strings), never pointers or row numbers.
 */
#ifndef UI_MODEL_H
#define UI_MODEL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/envtype.h"
#include "base/strbuf.h"

/* The last SERIES_SIZE seconds, one value each, newest last; NAN where nothing was measured. A value counts for the
 * seconds around it too, as far as samples usually lie apart: so that a steady line has no gaps and stands still. */
#define SERIES_SIZE 120
#define SERIES_HOLD 6
struct series {
	double values[SERIES_SIZE];
	int64_t second; /* of the newest, clock_ms() / 1000 */
};
void series_put(struct series *s, int64_t now_ms, double value);
/* Copies the newest `count`, oldest first. */
void series_last(const struct series *s, int64_t now_ms, double *out, int count);

enum replica_state { REPLICA_UP, REPLICA_STARTING, REPLICA_DOWN };

/* Who counted the requests. */
enum count_source { COUNT_NONE, COUNT_SERVER, COUNT_CLIENT };

struct method_count {
	char *name;
	uint64_t calls, errors;
	bool divided; /* the server tells errors apart: */
	uint64_t errors_4xx, errors_5xx, timeouts;
	double p50_ms, p95_ms, p99_ms;
	int64_t last_ms; /* wall clock, of the newest call; 0: unknown */
};

struct replica {
	char *id;        /* the container's: its identity */
	char *name;      /* the container's name */
	int number;
	char *host;      /* "local", or where a URL leads */
	char *origin;    /* the host that told of it: a key of model.hosts */
	char *image;
	enum replica_state state;
	char word[16];   /* "up", "starting", "no answer", "unhealthy", "oom", "exit 137", "paused" */
	char *status;    /* the engine's sentence */
	bool healthy, oom;
	bool running;    /* says its host; STARTING until its server answers for the first time in this run */
	bool answered;   /* it did */
	int unanswered;  /* so many times it was asked since, and did not */
	int health_failures, health_retries; /* of the image's own health check, one after the other; retries 0: it has none */
	int exit_code, restarts;
	int64_t killed_ms, oom_ms;    /* clock_ms() of a signal, of a lack of memory that the engine told of; 0: none since it died */
	int64_t died_ms;              /* wall clock, of a death that the engine told of; 0: none was seen */
	bool died_of_memory;
	int64_t created_ms;           /* wall clock; 0 unknown */
	int64_t started_ms, ended_ms; /* wall clock, of its last run; 0 unknown */

	double cpu_percent; /* of one core; NAN unknown */
	int64_t memory, memory_limit; /* bytes; -1 unknown, limit 0: none */
	enum count_source source;
	uint64_t requests, errors;
	int in_flight;
	double rate;        /* requests/s over the last 5 s; NAN unknown */
	double p50_ms, p95_ms, p99_ms;
	bool uneven;        /* more than 25 % off its siblings' mean load */
	struct method_count *methods;
	int method_count;
	struct series rates, cpu, mem, p95;
	int64_t sampled_ms; /* clock_ms() of the newest sample; 0: never */
	uint64_t counted;   /* requests and clock_ms() of the sample that `rate` counts from */
	int64_t counted_ms;
};

struct environment {
	char *name;      /* its identity */
	char *image;
	enum env_type type;
	char *mode;      /* "docker", "process", "url" */
	char *token;     /* of the deployment: tells which replicas on several hosts belong together; "" unknown */
	char *balance;
	int planned;
	bool ours;
	struct replica *replicas;
	int count;
	/* sums and merges of the replicas, kept by model_update() */
	int up, starting, down;
	double cpu_percent, rate;
	int64_t memory;
	uint64_t requests, errors;
	struct series rates;
};

struct model_host {
	char *name;      /* "local", "gpu-a" */
	bool reachable;
	char *error;     /* why not; NULL */
	int64_t seen_ms; /* clock_ms() of its last word */
	bool lost;       /* that it went silent was told */
};

/* It does not answer, or has said nothing for so long that it may be hung: what is known of it may be wrong. */
bool model_host_is_stale(const struct model_host *h, int64_t now_ms);

struct model {
	struct environment *environments; /* by name */
	int count;
	struct model_host *hosts;
	int host_count;
	bool loaded; /* a first answer (or failure) came */
	/* totals over all rows */
	int replicas, up, starting, down;
	uint64_t requests, errors;
	double rate;
};

void model_free(struct model *m);
/* What a host lists now takes the place of what it listed before; replicas of other hosts stay. `fresh`: its environments,
 * whose replicas have this origin; what is in it afterwards is to be freed. only_registered: its engine said nothing, and
 * what is known of its containers stays. An environment of the same name that is another host's own gets a name with the
 * host behind it: "calc@gpu-a". */
void model_take(struct model *m, const char *origin, struct model *fresh, bool only_registered);
void replica_clear(struct replica *r);
/* Of one that is down: "OOM-killed 00:21:07", the time in UTC; longer than a day ago "11-24 00:21". */
void replica_add_end(struct strbuf *out, const struct replica *r, int64_t now_wall_ms);
/* Of one that runs again: "OOM 00:21:07", when it died last. Nothing was seen: nothing. */
void replica_add_death(struct strbuf *out, const struct replica *r, int64_t now_wall_ms);
/* What one that starts is waiting for, and for how long: "health 2/5 · 00:08", "no answer yet · 00:03", "created · 00:10". */
void replica_add_wait(struct strbuf *out, const struct replica *r, int64_t now_wall_ms);
/* Sets `state` and `word` by what is known. */
void replica_settle(struct replica *r, int64_t now_wall_ms);
/* Recomputes sums, totals and `uneven` after changes. */
void model_update(struct model *m, int64_t now_ms);
struct environment *model_environment(struct model *m, const char *name);
/* NULL: nobody has told of such a host. */
struct model_host *model_host(struct model *m, const char *name);
/* "7.2", "1525": in few cells. */
void rate_format(struct strbuf *out, double rate);
/* Is what is known of it old? Only an engine's replicas grow old. */
bool replica_is_stale(const struct model *m, const struct environment *e, const struct replica *r, int64_t now_ms);
/* All that there is of it. */
bool environment_is_stale(const struct model *m, const struct environment *e, int64_t now_ms);
/* Is any host's word old? */
bool model_is_stale(const struct model *m, int64_t now_ms);
/* By container id; *env (may be NULL) gets its environment. */
struct replica *model_replica(struct model *m, const char *id, struct environment **env);

#endif
