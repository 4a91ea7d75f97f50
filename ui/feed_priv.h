/* Between feed.c (the thread) and feed_apply.c (the UI thread). */
#ifndef UI_FEED_PRIV_H
#define UI_FEED_PRIV_H

#include "orchestrator/orchestrator.h"
#include "ui/message.h"
#include "ui/model.h"

/* What is there: environments and replicas with their states. Replaces the model's list; what was measured stays. */
struct listing {
	struct message message;
	struct model model; /* only what the engine lists */
	char *host;
	char *error; /* the host did not answer; NULL: it did */
	bool partial; /* in spite of that `model` has what others know; else it says nothing then */
};
struct listing *listing_new(const char *host, const struct af_error *error);
af_code listing_fill(struct listing *l, const struct env_list *list, struct af_error *err) MUST_CHECK;

/* What was measured of one replica. */
struct sample {
	char *id;
	bool taken;      /* somebody looked */
	bool has_detail; /* from inspect: */
	bool oom, running;
	int exit_code, restarts;
	int health_failures, health_retries;
	int64_t started_ms, ended_ms, memory_limit;
	bool has_stats; /* from the engine: */
	double cpu_percent;
	int64_t memory;
	bool addressed; /* the server can be asked */
	bool asked;     /* it was, this time */
	bool answered;  /* and it said something, so it is healthy */
	enum count_source source; /* who counted: */
	uint64_t requests, errors;
	int in_flight;
	double p50_ms, p95_ms, p99_ms;
	struct method_count *methods;
	int method_count;
};
struct samples {
	struct message message;
	struct sample *items;
	size_t count;
};
struct samples *samples_new(size_t count);

#endif
