/* How replicas are doing now: from the engine, from their servers, all at the same time. */
#ifndef COMMAND_LIVE_H
#define COMMAND_LIVE_H

#include "orchestrator/orchestrator.h"

enum live_health { HEALTH_UNKNOWN, HEALTH_OK, HEALTH_BAD };
const char *live_health_name(enum live_health health); /* "ok", "bad"; NULL when unknown */

struct live {
	struct instance *inst;
	/* What its engine says; state is "" where it said nothing. */
	char state[24]; /* "running", "exited", "restarting", "removed", … */
	int exit_code;
	bool oom;
	int64_t restarts;   /* -1: unknown */
	int64_t started_ms; /* since 1970; 0: unknown */
	int64_t memory_limit; /* 0: none */

	enum live_health health;
	struct docker_stats usage; /* memory -1 and cpu_percent NAN where unknown */

	/* What the injected server counted, of any client's calls. */
	bool counted;
	int64_t since_ms;
	int64_t requests, errors, in_flight;
	double p50_ms, p95_ms, p99_ms; /* NAN: no call yet */
};

struct live_list {
	struct live *items; /* of all environments, in order */
	size_t count;
};

enum { LIVE_ENGINE = 1, LIVE_HEALTH = 2, LIVE_COUNTS = 4, LIVE_ALL = 7 };

/*
 * Looks at all instances of the environments, which must outlive the list. What cannot be learned is left unknown.
 * CPU takes two samples: with `before` (may be NULL; an earlier list) the first one comes from there where the container
 * is the same, otherwise they are 200 ms apart, or a second where only a distant engine can take them.
 */
af_code live_gather(struct af_env *const *envs, size_t count, int what, const struct live_list *before,
		    struct cancel *cancel, struct live_list *out, struct af_error *err) MUST_CHECK;
void live_free(struct live_list *list);
static inline void live_cleanup(struct live_list *list)
{
	live_free(list);
}

/* "up", "exited 137", "oom", "restarting": for people. */
void live_add_state(struct strbuf *sb, const struct live *l);
bool live_is_up(const struct live *l);

/* Pure: from what the engine and the server say. */
void live_take_detail(struct live *l, const struct instance_detail *detail);
void live_read_counts(struct live *l, const cJSON *stats);

#endif
