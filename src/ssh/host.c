/* One host: its connections are made, shared, and made again. */
#include <stdio.h>
#include <string.h>

#include "ssh/tunnel.h"

#define TICK_MS 100
#define BACKOFF_FIRST_MS 100
#define BACKOFF_MAX_MS 4000
/* Who has waited so long although the host is connected is worth one more connection, up to so many. */
#define CROWDED_MS 250
#define LINKS_MAX 16

/* ---- dialling -------------------------------------------------------------------------------------------- */

static void note_failure(struct ssh_host *h, struct dial_result *result)
{
	h->failures++;
	h->final = result->final;
	error_move(&h->why, &result->err);
	h->backoff_ms = MIN(MAX(h->backoff_ms * 2, BACKOFF_FIRST_MS), BACKOFF_MAX_MS);
	h->next_dial = clock_ms() + h->backoff_ms;
	if (!h->failed_posted)
		loop_post(h->ssh->loop, &h->failed);
	h->failed_posted = true;
}

static void note_success(struct ssh_host *h, struct dial_result *result)
{
	struct link *l = link_new(h, &result->connection);

	if (!l) {
		connection_close(&result->connection);
		error_nomem(&result->err);
		note_failure(h, result);
		return;
	}
	h->up++;
	h->broken_at = 0;
	h->backoff_ms = 0;
	af_error_clear(&h->why);
	loop_post(h->ssh->loop, &l->begin);
}

/* On the dial's thread. */
static void dialled(void *arg, struct dial_result *result)
{
	struct ssh_host *h = arg;

	pthread_mutex_lock(&h->lock);
	struct dial *over = af_steal(h->dial);
	if (result->rc)
		note_failure(h, result);
	else
		note_success(h, result);
	pthread_cond_broadcast(&h->changed);
	pthread_mutex_unlock(&h->lock);
	dial_release(over);
}

/* Under the lock. */
static void start_dial(struct ssh_host *h)
{
	struct dial_result result = { 0 };

	if (h->dial || clock_ms() < h->next_dial || h->ssh->closing)
		return;
	h->dial = dial_start(&h->url, h->ssh->vault, dialled, h, &result.err);
	if (!h->dial) {
		note_failure(h, &result);
		pthread_cond_broadcast(&h->changed);
	}
}

void host_want(struct ssh_host *h)
{
	pthread_mutex_lock(&h->lock);
	start_dial(h);
	pthread_mutex_unlock(&h->lock);
}

/* ---- waiting for a connection (tunnel thread) ------------------------------------------------------------- */

void host_tick(struct ssh_host *h)
{
	if (!h->ticking)
		loop_timer_start(h->tick, TICK_MS);
	h->ticking = true;
}

void host_wait_for_link(struct ssh_host *h, struct channel *ch, bool first)
{
	struct channel **slot = first ? &h->waiting : h->waiting_end;

	ch->stage = CHANNEL_WAITING;
	if (!h->waiting)
		slot = &h->waiting;
	channel_enlist(ch, slot);
	if (!ch->next)
		h->waiting_end = &ch->next;
	host_tick(h);
}

/* waiting_end stays right when the last one goes. */
static void leave_queue(struct ssh_host *h, struct channel *ch)
{
	if (!ch->next)
		h->waiting_end = ch->slot;
	channel_delist(ch);
}

static struct link *taker(const struct ssh_host *h, const struct channel *ch)
{
	for (struct link *l = h->links; l; l = l->next)
		if (link_takes(l, ch))
			return l;
	return NULL;
}

static bool all_busy(const struct ssh_host *h)
{
	for (const struct link *l = h->links; l; l = l->next)
		if (!l->lost && !l->opening)
			return false;
	return true;
}

/* One at a time for each connection; the next look comes with its progress. */
void host_dispatch(struct ssh_host *h)
{
	struct channel *next;

	for (struct channel *ch = h->waiting; ch && !all_busy(h); ch = next) {
		struct link *l = taker(h, ch);
		next = ch->next;
		if (l) {
			leave_queue(h, ch);
			link_open(l, ch);
		}
	}
}

static size_t count_links(const struct ssh_host *h)
{
	size_t n = 0;

	for (const struct link *l = h->links; l; l = l->next)
		n++;
	return n;
}

static void drop_waiting(struct ssh_host *h, int64_t older_than)
{
	struct channel *next;

	for (struct channel *ch = h->waiting; ch; ch = next) {
		next = ch->next;
		if (clock_ms() - ch->since >= older_than) {
			leave_queue(h, ch);
			channel_free(ch);
		}
	}
}

static void tick(void *arg)
{
	struct ssh_host *h = arg;

	h->ticking = false;
	drop_waiting(h, COMEBACK_MS);
	listeners_resume(h);
	if (!h->waiting)
		return;
	if (!h->links || (clock_ms() - h->waiting->since > CROWDED_MS && count_links(h) < LINKS_MAX))
		host_want(h);
	host_dispatch(h);
	host_tick(h);
}

/* A dial that did not work out. What is beyond hope does not wait. */
static void failed(struct loop_task *task)
{
	struct ssh_host *h = container_of(task, struct ssh_host, failed);

	pthread_mutex_lock(&h->lock);
	h->failed_posted = false;
	bool hopeless = h->final && !h->up;
	pthread_mutex_unlock(&h->lock);
	if (hopeless)
		drop_waiting(h, 0);
}

void host_link_gone(struct ssh_host *h, struct link *link)
{
	for (struct link **p = &h->links; *p; p = &(*p)->next)
		if (*p == link) {
			*p = link->next;
			break;
		}
	pthread_mutex_lock(&h->lock);
	if (!--h->up) {
		h->broken_at = clock_ms();
		h->next_dial = 0;
		error_set(&h->why, AF_ERR_UNREACHABLE, "the connection broke");
		h->final = false;
		/* Most are needed again at once. */
		start_dial(h);
	}
	pthread_mutex_unlock(&h->lock);
	link_close(link);
}

/* ---- connecting (any thread) -------------------------------------------------------------------------------- */

/* With the lock held: until something changes or a moment has passed, in which cancellation is looked for. */
static void wait_a_moment(struct ssh_host *h)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += 50 * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_cond_timedwait(&h->changed, &h->lock, &until);
}

static af_code tell_why(struct ssh_host *h, struct af_error *err)
{
	af_code rc = h->why.code ? h->why.code : AF_ERR_UNREACHABLE;

	error_set(err, rc, "%s: %s", h->text, h->why.message ? h->why.message : "not reachable");
	if (h->why.hint)
		error_hint(err, "%s", h->why.hint);
	return rc;
}

af_code ssh_connect(struct ssh_host *h, struct cancel *cancel, struct af_error *err)
{
	af_code rc = AF_OK;

	pthread_mutex_lock(&h->lock);
	uint64_t failures = h->failures;
	while (!h->up && !(rc = cancel_check(cancel, err))) {
		int64_t now = clock_ms();
		bool broke = h->broken_at && now - h->broken_at < COMEBACK_MS;
		if (h->failures > failures && (h->final || !broke)) {
			rc = tell_why(h, err);
			break;
		}
		if (!broke && h->failures == failures)
			h->next_dial = MIN(h->next_dial, now); /* somebody asks: no backoff */
		start_dial(h);
		wait_a_moment(h);
	}
	pthread_mutex_unlock(&h->lock);
	return rc;
}

enum ssh_state ssh_host_state(struct ssh_host *h, char **why)
{
	pthread_mutex_lock(&h->lock);
	bool broke = h->broken_at && clock_ms() - h->broken_at < COMEBACK_MS && !h->final;
	enum ssh_state state = h->up ? SSH_UP : broke ? SSH_BROKEN : h->dial ? SSH_CONNECTING : h->failures ? SSH_DOWN : SSH_IDLE;
	if (why)
		*why = (state == SSH_BROKEN || state == SSH_DOWN) && h->why.message ? strdup(h->why.message) : NULL;
	pthread_mutex_unlock(&h->lock);
	return state;
}

/* ---- life ------------------------------------------------------------------------------------------------------ */

static void begin(struct loop_task *task)
{
	struct ssh_host *h = container_of(task, struct ssh_host, begin);

	h->tick = loop_timer_new(h->ssh->loop, tick, h, NULL);
}

struct ssh_host *host_new(struct ssh *ssh, const char *text, struct ssh_url *take_url, struct af_error *err)
{
	struct ssh_host *h = calloc(1, sizeof(*h));
	pthread_condattr_t attr;

	if (!h || !(h->text = str_dup(text, err))) {
		free(h);
		error_nomem(err);
		return NULL;
	}
	h->ssh = ssh;
	h->url = *take_url;
	memset(take_url, 0, sizeof(*take_url));
	h->waiting_end = &h->waiting;
	h->begin.run = begin;
	h->failed.run = failed;
	pthread_mutex_init(&h->lock, NULL);
	pthread_condattr_init(&attr);
	pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	pthread_cond_init(&h->changed, &attr);
	pthread_condattr_destroy(&attr);
	loop_post(ssh->loop, &h->begin);
	return h;
}

void host_close(struct ssh_host *h)
{
	for (struct listener *l = h->listeners; l; l = l->next)
		listener_close(l);
	while (h->links) {
		struct link *l = h->links;
		h->links = l->next;
		link_close(l);
	}
	while (h->waiting)
		channel_free(h->waiting);
	loop_timer_free(h->tick);
}

void host_free(struct ssh_host *h)
{
	while (h->listeners) {
		struct listener *l = h->listeners;
		h->listeners = l->next;
		listener_free(l);
	}
	af_error_clear(&h->why);
	ssh_url_free(&h->url);
	pthread_cond_destroy(&h->changed);
	pthread_mutex_destroy(&h->lock);
	free(h->text);
	free(h);
}
