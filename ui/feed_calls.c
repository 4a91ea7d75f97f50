/* Requests to servers that count none: those that afs made, from the history of calls. See feed_host.h. */
#include "ui/feed_host.h"

#include <math.h>
#include <string.h>

#include "store/store.h"

/* Of one environment, until somebody writes to the history. */
struct tally_entry {
	char *environment;
	int64_t since_ms;
	struct call_counts counts;
	struct tally_entry *next;
};

struct tally {
	struct store *store;
	int64_t version;
	struct tally_entry *entries;
};

static void forget(struct tally *t)
{
	for (struct tally_entry *e = t->entries, *next; e; e = next) {
		next = e->next;
		call_counts_free(&e->counts);
		free(e->environment);
		free(e);
	}
	t->entries = NULL;
}

void tally_free(struct tally *t)
{
	if (!t)
		return;
	forget(t);
	store_close(t->store);
	free(t);
}

static struct tally *opened(struct tally **tally)
{
	struct tally *t = *tally;
	int64_t version;

	if (!t) {
		t = *tally = calloc(1, sizeof(*t));
		if (t && store_open(NULL, &t->store, NULL)) {
			free(t);
			t = *tally = NULL;
		}
	}
	if (!t || store_version(t->store, &version, NULL))
		return NULL;
	if (version != t->version)
		forget(t);
	t->version = version;
	return t;
}

/* Since the first of its instances was made: before, another may have had the name. */
static int64_t begin_of(const struct af_env *env)
{
	int64_t first = env->count ? env->instances[0].created : 0;

	for (size_t i = 1; i < env->count; i++)
		first = MIN(first, env->instances[i].created);
	return first * 1000;
}

static const struct call_counts *counts_of(struct tally *t, const struct af_env *env)
{
	int64_t since = begin_of(env);

	for (struct tally_entry *e = t->entries; e; e = e->next)
		if (!strcmp(e->environment, env->name) && e->since_ms == since)
			return &e->counts;
	struct tally_entry *e = calloc(1, sizeof(*e));
	if (!e || !(e->environment = strdup(env->name)) || store_counts(t->store, env->name, since, &e->counts, NULL)) {
		if (e)
			free(e->environment);
		free(e);
		return NULL;
	}
	e->since_ms = since;
	e->next = t->entries;
	t->entries = e;
	return &e->counts;
}

static void add_count(struct sample *s, const struct call_count *c)
{
	struct method_count *m = &s->methods[s->method_count];

	*m = (struct method_count){ .name = strdup(c->method), .calls = (uint64_t) c->calls, .errors = (uint64_t) c->errors,
				    .p50_ms = c->p50_ms, .p95_ms = c->p95_ms, .p99_ms = c->p99_ms, .last_ms = c->last_ms };
	s->method_count += m->name != NULL;
	s->requests += (uint64_t) c->calls;
	s->errors += (uint64_t) c->errors;
	s->p50_ms = fmax(s->p50_ms, c->p50_ms);
	s->p95_ms = fmax(s->p95_ms, c->p95_ms);
	s->p99_ms = fmax(s->p99_ms, c->p99_ms);
}

bool tally_count(struct tally **tally, const struct instance *inst, struct sample *s)
{
	struct tally *t = opened(tally);
	const struct call_counts *counts = t ? counts_of(t, inst->env) : NULL;

	if (!counts)
		return false;
	s->source = COUNT_CLIENT;
	s->p50_ms = s->p95_ms = s->p99_ms = NAN;
	s->methods = calloc(counts->count + 1, sizeof(*s->methods));
	for (size_t i = 0; s->methods && i < counts->count; i++)
		if (counts->items[i].replica == inst->replica)
			add_count(s, &counts->items[i]);
	return true;
}
