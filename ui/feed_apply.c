/* The feed's messages, made on its thread and applied to the model on the UI thread. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/app.h"
#include "ui/feed_priv.h"

/* A rate counts over at least this long, so that it does not jump. */
#define RATE_MS 4000

/* ---- the list ------------------------------------------------------------------------------- */

static void copy(char **to, const char *from)
{
	free(*to);
	*to = strdup(from ? from : "");
}

/* "Exited (137) 2 minutes ago" → 137, -1 if it does not say. */
static int exit_code_of(const char *status)
{
	const char *open = status ? strchr(status, '(') : NULL;
	int64_t code;

	if (!open || !str_starts(status, "Exited"))
		return -1;
	AUTO_FREE char *digits = str_ndup(open + 1, strcspn(open + 1, ")"), NULL);
	return digits && int_parse(digits, 0, 255, &code) ? (int) code : -1;
}

static enum replica_state state_of(enum instance_state state)
{
	return state == INSTANCE_UP ? REPLICA_UP : state == INSTANCE_STARTING ? REPLICA_STARTING : REPLICA_DOWN;
}

static void fill_replica(struct replica *r, const struct instance *inst, const char *origin)
{
	*r = (struct replica){ .number = inst->replica, .state = state_of(inst->state), .cpu_percent = NAN, .memory = -1,
			       .rate = NAN, .p50_ms = NAN, .p95_ms = NAN, .p99_ms = NAN, .running = inst->state == INSTANCE_UP,
			       .created_ms = inst->created * 1000, .exit_code = exit_code_of(inst->status) };
	copy(&r->id, inst->id);
	copy(&r->name, inst->name);
	copy(&r->host, inst->host);
	copy(&r->origin, origin);
	copy(&r->image, inst->image);
	copy(&r->status, inst->status);
	replica_settle(r, wall_ms());
}

af_code listing_fill(struct listing *l, const struct env_list *list, struct af_error *err)
{
	l->model.environments = calloc(list->count + 1, sizeof(*l->model.environments));
	if (!l->model.environments)
		return error_nomem(err);
	for (size_t i = 0; i < list->count; i++) {
		const struct af_env *env = list->items[i];
		struct environment *e = &l->model.environments[l->model.count++];
		*e = (struct environment){ .type = env->type, .planned = env->planned, .ours = env->ours };
		copy(&e->name, env->name);
		copy(&e->image, env->image);
		copy(&e->mode, env_mode(env));
		copy(&e->token, env->token);
		copy(&e->balance, af_balance_name(env->balance));
		e->replicas = calloc(env->count + 1, sizeof(*e->replicas));
		if (!e->replicas)
			return error_nomem(err);
		for (; e->count < (int) env->count; e->count++)
			fill_replica(&e->replicas[e->count], &env->instances[e->count], l->host);
	}
	return AF_OK;
}

/* What its server said in the run before says nothing of the next. */
static void begin_run(struct replica *r)
{
	r->answered = false;
	r->unanswered = r->health_failures = 0;
}

/* What it took says nothing any more; what was counted stays. */
static void end_run(struct replica *r)
{
	begin_run(r);
	r->cpu_percent = r->rate = r->p50_ms = r->p95_ms = r->p99_ms = NAN;
	r->in_flight = 0;
	r->memory = -1;
	r->healthy = false;
}

/* What was measured goes on with the replica. */
static void carry_over(struct replica *to, struct replica *from)
{
	struct replica fresh = *to;

	*to = *from;
	to->id = fresh.id;
	to->name = fresh.name;
	to->host = fresh.host;
	to->origin = fresh.origin;
	to->image = fresh.image;
	to->status = fresh.status;
	to->number = fresh.number;
	to->created_ms = fresh.created_ms;
	to->running = fresh.running;
	to->state = fresh.state;
	if (fresh.exit_code >= 0)
		to->exit_code = fresh.exit_code;
	if (!to->running)
		end_run(to);
	from->methods = NULL;
	from->method_count = 0;
	replica_settle(to, wall_ms());
}

static struct model_host *host_named(struct model *m, const char *name)
{
	struct model_host *known = model_host(m, name), *hosts;

	if (known || !(hosts = realloc(m->hosts, (size_t) (m->host_count + 1) * sizeof(*hosts))))
		return known;
	m->hosts = hosts;
	hosts[m->host_count] = (struct model_host){ .name = strdup(name) };
	return &hosts[m->host_count++];
}

/* One host among several that goes or comes back is told once; of a single one the header says all. */
static void tell(struct app *app, struct model_host *host, const char *error)
{
	bool several = app->model.host_count > 1;

	if (error && !host->lost && several && host->seen_ms)
		app_notice(app, NOTICE_WARN, "%s is lost: %s; what it had is shown as it was, and it is tried again", host->name, error);
	else if (error && !host->lost && several)
		app_notice(app, NOTICE_WARN, "%s is away: %s; it is tried again", host->name, error);
	if (!error && host->lost && several)
		app_notice(app, NOTICE_OK, "%s is back", host->name);
	host->lost = error != NULL;
}

static void seen(struct app *app, const char *name, const char *error)
{
	struct model_host *host = host_named(&app->model, name);

	if (!host)
		return;
	tell(app, host, error);
	host->reachable = !error;
	free(host->error);
	host->error = error ? strdup(error) : NULL;
	if (!error)
		host->seen_ms = clock_ms();
}

static void apply_listing(struct app *app, struct message *message)
{
	struct listing *l = (struct listing *) message;
	struct model *m = &app->model;
	int before = m->count;

	seen(app, l->host, l->error);
	m->loaded = true;
	if (!l->error || l->partial) {
		for (int i = 0; i < l->model.count; i++)
			for (int k = 0; k < l->model.environments[i].count; k++) {
				struct replica *fresh = &l->model.environments[i].replicas[k];
				struct replica *old = model_replica(m, fresh->id, NULL);
				if (old)
					carry_over(fresh, old);
			}
		model_take(m, l->host, &l->model, l->error != NULL);
		if (before != m->count || !app->stamp_ms)
			app->stamp_ms = wall_ms();
		model_update(m, app->now_ms);
		app_selection_changed(app);
	}
	app_redraw(app);
}

static void discard_listing(struct message *message)
{
	struct listing *l = (struct listing *) message;

	model_free(&l->model);
	free(l->host);
	free(l->error);
	free(l);
}

struct listing *listing_new(const char *host, const struct af_error *error)
{
	struct listing *l = calloc(1, sizeof(*l));

	if (!l)
		return NULL;
	l->message = (struct message){ .apply = apply_listing, .discard = discard_listing };
	l->host = strdup(host);
	if (error)
		l->error = strdup(error->message ? error->message : "no answer");
	if (l->host && (l->error || !error))
		return l;
	discard_listing(&l->message);
	return NULL;
}

/* ---- samples ---------------------------------------------------------------------------------- */

static void count_rate(struct replica *r, const struct sample *s, int64_t now)
{
	/* Fewer than before: its server began anew. */
	if (!r->counted_ms || s->requests < r->counted) {
		r->counted = s->requests;
		r->counted_ms = now;
		r->rate = NAN; /* nobody knows yet */
		return;
	}
	if (now - r->counted_ms < RATE_MS / 4)
		return;
	r->rate = (double) (s->requests - r->counted) * 1000 / (double) (now - r->counted_ms);
	if (now - r->counted_ms >= RATE_MS) {
		r->counted = s->requests;
		r->counted_ms = now;
	}
}

/* Where the server does not tell when each method was called last: when it was seen to be called. */
static void note_last_calls(const struct replica *r, struct sample *s)
{
	for (int i = 0; i < s->method_count; i++) {
		struct method_count *now = &s->methods[i];
		if (now->last_ms)
			continue;
		for (int k = 0; k < r->method_count; k++)
			if (!strcmp(r->methods[k].name, now->name))
				now->last_ms = now->calls > r->methods[k].calls ? wall_ms() : r->methods[k].last_ms;
	}
}

static void take_counts(struct replica *r, struct sample *s, int64_t now)
{
	struct method_count *methods = r->methods;
	int count = r->method_count;

	note_last_calls(r, s);
	count_rate(r, s, now);
	r->source = s->source;
	r->requests = s->requests;
	r->errors = s->errors;
	r->in_flight = s->in_flight;
	r->p50_ms = s->p50_ms;
	r->p95_ms = s->p95_ms;
	r->p99_ms = s->p99_ms;
	r->methods = s->methods;
	r->method_count = s->method_count;
	s->methods = methods; /* freed with the message */
	s->method_count = count;
	series_put(&r->rates, now, r->rate);
	series_put(&r->p95, now, r->p95_ms);
}

static void apply_sample(struct replica *r, struct sample *s, int64_t now)
{
	if (s->has_detail) {
		if (r->started_ms != s->started_ms)
			begin_run(r);
		r->health_failures = s->health_failures;
		r->health_retries = s->health_retries;
		r->oom = s->oom;
		r->exit_code = s->running ? -1 : s->exit_code;
		r->restarts = s->restarts;
		r->started_ms = s->started_ms;
		r->ended_ms = s->ended_ms;
		r->memory_limit = s->memory_limit;
	}
	/* Before the list has it. */
	if (s->has_detail && !s->running && r->running) {
		r->running = false;
		r->state = REPLICA_DOWN;
		end_run(r);
	}
	if (s->has_stats) {
		r->cpu_percent = s->cpu_percent;
		r->memory = s->memory;
		series_put(&r->cpu, now, r->cpu_percent);
		series_put(&r->mem, now, (double) r->memory);
	}
	/* Where there is nothing to ask, running is all there is to know. */
	if (s->asked || !s->addressed)
		r->healthy = s->asked ? s->answered : r->running;
	if (s->asked && r->running) {
		r->answered |= s->answered;
		r->unanswered = s->answered ? 0 : r->unanswered + 1;
	}
	if (s->source != COUNT_NONE)
		take_counts(r, s, now);
	r->sampled_ms = now;
	replica_settle(r, wall_ms());
}

static void apply_samples(struct app *app, struct message *message)
{
	struct samples *all = (struct samples *) message;

	for (size_t i = 0; i < all->count; i++) {
		struct sample *s = &all->items[i];
		struct environment *env = NULL;
		struct replica *r = model_replica(&app->model, s->id, &env);
		if (!s->taken)
			continue;
		if (r && s->source != COUNT_NONE && s->requests != r->requests)
			app->stamp_ms = wall_ms();
		if (r)
			apply_sample(r, s, app->now_ms);
		if (r && (s->has_stats || s->has_detail) && !strcmp(env->mode, "docker"))
			seen(app, r->origin, NULL);
	}
	model_update(&app->model, app->now_ms);
	app_redraw(app);
}

static void discard_samples(struct message *message)
{
	struct samples *all = (struct samples *) message;

	for (size_t i = 0; i < all->count; i++) {
		free(all->items[i].id);
		for (int k = 0; k < all->items[i].method_count; k++)
			free(all->items[i].methods[k].name);
		free(all->items[i].methods);
	}
	free(all->items);
	free(all);
}

struct samples *samples_new(size_t count)
{
	struct samples *all = calloc(1, sizeof(*all));

	if (!all)
		return NULL;
	all->message = (struct message){ .apply = apply_samples, .discard = discard_samples };
	all->items = calloc(count, sizeof(*all->items));
	all->count = count;
	if (all->items)
		return all;
	free(all);
	return NULL;
}
