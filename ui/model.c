/* The model: sums, series, look-ups. See model.h. */
#include "ui/model.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/bytes.h"

/* A replica is marked when its load is further off its siblings' mean than this, and the mean is worth comparing. */
#define UNEVEN_SHARE 0.25
#define UNEVEN_MIN_RATE 1.0

/* ---- series -------------------------------------------------------------------------- */

static void series_reset(struct series *s, int64_t second)
{
	for (int i = 0; i < SERIES_SIZE; i++)
		s->values[i] = NAN;
	s->second = second;
}

void series_put(struct series *s, int64_t now_ms, double value)
{
	int64_t second = now_ms / 1000;
	/* A sample stands for the seconds since the one before, unless that was long ago. */
	double between = second - s->second <= SERIES_HOLD ? value : NAN;

	if (!s->second || second - s->second >= SERIES_SIZE)
		series_reset(s, second);
	while (s->second < second)
		s->values[++s->second % SERIES_SIZE] = between;
	s->values[s->second % SERIES_SIZE] = value;
}

void series_last(const struct series *s, int64_t now_ms, double *out, int count)
{
	int64_t now = now_ms / 1000;

	for (int i = 0; i < count; i++) {
		int64_t second = now - (count - 1 - i);
		int64_t held = second > s->second && second - s->second <= SERIES_HOLD ? s->second : second;
		bool known = s->second && held <= s->second && held > s->second - SERIES_SIZE && second > 0;
		out[i] = known ? s->values[held % SERIES_SIZE] : NAN;
	}
}

/* ---- hosts ------------------------------------------------------------------------------ */

#define STALE_MS 6000

bool model_host_is_stale(const struct model_host *h, int64_t now_ms)
{
	return !h->reachable || now_ms - h->seen_ms > STALE_MS;
}

bool model_is_stale(const struct model *m, int64_t now_ms)
{
	for (int i = 0; i < m->host_count; i++)
		if (model_host_is_stale(&m->hosts[i], now_ms))
			return true;
	return false;
}

struct model_host *model_host(struct model *m, const char *name)
{
	for (int i = 0; i < m->host_count; i++)
		if (!strcmp(m->hosts[i].name, name))
			return &m->hosts[i];
	return NULL;
}

bool replica_is_stale(const struct model *m, const struct environment *e, const struct replica *r, int64_t now_ms)
{
	const struct model_host *h = model_host((struct model *) m, r->origin);

	return h && !strcmp(e->mode, "docker") && model_host_is_stale(h, now_ms);
}

bool environment_is_stale(const struct model *m, const struct environment *e, int64_t now_ms)
{
	bool stale = e->count > 0;

	for (int i = 0; i < e->count; i++)
		stale &= replica_is_stale(m, e, &e->replicas[i], now_ms);
	return stale;
}

/* ---- life ------------------------------------------------------------------------------ */

void replica_clear(struct replica *r)
{
	free(r->id);
	free(r->name);
	free(r->host);
	free(r->origin);
	free(r->image);
	free(r->status);
	for (int i = 0; i < r->method_count; i++)
		free(r->methods[i].name);
	free(r->methods);
}

static void environment_clear(struct environment *e)
{
	for (int i = 0; i < e->count; i++)
		replica_clear(&e->replicas[i]);
	free(e->replicas);
	free(e->name);
	free(e->image);
	free(e->mode);
	free(e->token);
	free(e->balance);
}

void model_free(struct model *m)
{
	for (int i = 0; i < m->count; i++)
		environment_clear(&m->environments[i]);
	for (int i = 0; i < m->host_count; i++) {
		free(m->hosts[i].name);
		free(m->hosts[i].error);
	}
	free(m->environments);
	free(m->hosts);
	*m = (struct model){ 0 };
}

/* ---- sums -------------------------------------------------------------------------------- */

static double plus(double sum, double value)
{
	return isnan(value) ? sum : isnan(sum) ? value : sum + value;
}

static void sum_environment(struct environment *e, int64_t now_ms)
{
	e->up = e->starting = e->down = 0;
	e->cpu_percent = e->rate = NAN;
	e->memory = -1;
	e->requests = e->errors = 0;
	for (int i = 0; i < e->count; i++) {
		const struct replica *r = &e->replicas[i];
		e->up += r->state == REPLICA_UP;
		e->starting += r->state == REPLICA_STARTING;
		e->down += r->state == REPLICA_DOWN;
		e->cpu_percent = plus(e->cpu_percent, r->cpu_percent);
		e->rate = plus(e->rate, r->rate);
		if (r->memory >= 0)
			e->memory = (e->memory < 0 ? 0 : e->memory) + r->memory;
		e->requests += r->requests;
		e->errors += r->errors;
	}
	if (!isnan(e->rate))
		series_put(&e->rates, now_ms, e->rate);
}

static void mark_uneven(struct environment *e)
{
	int known = 0;

	for (int i = 0; i < e->count; i++)
		known += e->replicas[i].state == REPLICA_UP && !isnan(e->replicas[i].rate);
	double mean = known > 1 ? e->rate / known : 0;
	for (int i = 0; i < e->count; i++) {
		struct replica *r = &e->replicas[i];
		r->uneven = mean >= UNEVEN_MIN_RATE && r->state == REPLICA_UP && !isnan(r->rate) &&
			    fabs(r->rate - mean) > UNEVEN_SHARE * mean;
	}
}

void model_update(struct model *m, int64_t now_ms)
{
	m->replicas = m->up = m->starting = m->down = 0;
	m->requests = m->errors = 0;
	m->rate = NAN;
	for (int i = 0; i < m->count; i++) {
		struct environment *e = &m->environments[i];
		sum_environment(e, now_ms);
		mark_uneven(e);
		m->replicas += e->count;
		m->up += e->up;
		m->starting += e->starting;
		m->down += e->down;
		m->requests += e->requests;
		m->errors += e->errors;
		m->rate = plus(m->rate, e->rate);
	}
}

/* ---- look-ups ------------------------------------------------------------------------------ */

struct environment *model_environment(struct model *m, const char *name)
{
	for (int i = 0; name && i < m->count; i++)
		if (!strcmp(m->environments[i].name, name))
			return &m->environments[i];
	return NULL;
}

struct replica *model_replica(struct model *m, const char *id, struct environment **env)
{
	for (int i = 0; id && i < m->count; i++)
		for (int k = 0; k < m->environments[i].count; k++)
			if (!strcmp(m->environments[i].replicas[k].id, id)) {
				if (env)
					*env = &m->environments[i];
				return &m->environments[i].replicas[k];
			}
	return NULL;
}

void rate_format(struct strbuf *out, double rate)
{
	strbuf_addf(out, rate < 99.95 ? "%.1f" : "%.0f", rate);
}

/* So long a server may take to answer for the first time: `afs run` waits as long. */
#define STARTING_MS 120000

void replica_settle(struct replica *r, int64_t now_wall_ms)
{
	bool silent = r->sampled_ms && !r->healthy;
	bool young = r->started_ms && now_wall_ms - r->started_ms < STARTING_MS;

	if (r->running)
		r->state = silent && !r->answered && young ? REPLICA_STARTING : REPLICA_UP;
	if (r->state == REPLICA_UP && silent)
		snprintf(r->word, sizeof(r->word), "no answer");
	else if (r->state == REPLICA_UP)
		snprintf(r->word, sizeof(r->word), strstr(r->status, "(unhealthy)") ? "unhealthy" : "up");
	else if (r->state == REPLICA_STARTING)
		snprintf(r->word, sizeof(r->word), "starting");
	else if (r->oom)
		snprintf(r->word, sizeof(r->word), "oom");
	else if (strstr(r->status, "(Paused)"))
		snprintf(r->word, sizeof(r->word), "paused");
	else if (r->exit_code >= 0)
		snprintf(r->word, sizeof(r->word), "exit %d", r->exit_code);
	else
		snprintf(r->word, sizeof(r->word), "%.14s", str_blank(r->status) ? "down" : r->status);
}

/* "00:08", "1:02:03" */
static void add_clock(struct strbuf *out, int64_t ms)
{
	long long s = MAX(ms, (int64_t) 0) / 1000;

	if (s >= 3600)
		strbuf_addf(out, "%lld:%02lld:%02lld", s / 3600, s / 60 % 60, s % 60);
	else
		strbuf_addf(out, "%02lld:%02lld", s / 60, s % 60);
}

void replica_add_wait(struct strbuf *out, const struct replica *r, int64_t now_wall_ms)
{
	int64_t since = r->running ? r->started_ms : r->created_ms;

	if (!r->running && str_starts(r->status, "Created"))
		strbuf_adds(out, "created");
	else if (!r->running)
		strbuf_adds(out, r->status);
	else if (r->health_retries)
		strbuf_addf(out, "health %d/%d", r->health_failures, r->health_retries);
	else
		strbuf_adds(out, "no answer yet");
	/* What restarts says itself since when. */
	if (since && (r->running || str_starts(r->status, "Created"))) {
		strbuf_adds(out, " · ");
		add_clock(out, now_wall_ms - since);
	}
}

/* " 00:21:07", longer than a day ago " 11-24 00:21" */
static void add_when(struct strbuf *out, int64_t wall_ms, int64_t now_wall_ms)
{
	time_t seconds = (time_t) (wall_ms / 1000);
	struct tm tm;
	char when[16];

	gmtime_r(&seconds, &tm);
	strftime(when, sizeof(when), now_wall_ms - wall_ms < 24 * 3600 * 1000LL ? "%H:%M:%S" : "%m-%d %H:%M", &tm);
	strbuf_addf(out, " %s", when);
}

void replica_add_end(struct strbuf *out, const struct replica *r, int64_t now_wall_ms)
{
	strbuf_adds(out, r->oom ? "OOM-killed" : r->word);
	if (r->ended_ms)
		add_when(out, r->ended_ms, now_wall_ms);
}

void replica_add_death(struct strbuf *out, const struct replica *r, int64_t now_wall_ms)
{
	if (!r->died_ms)
		return;
	strbuf_adds(out, r->died_of_memory ? "OOM" : "died");
	add_when(out, r->died_ms, now_wall_ms);
}
