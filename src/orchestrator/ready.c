/* Readiness. See ready.h. */
#include "orchestrator/ready.h"

#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define LAST_LINES 20
/* For so long one that does not run may be between two runs: a restart from outside stops it first. */
#define DOWN_MS 1500
/* One health request; a server that is busy importing answers when it is done. */
#define HEALTH_MS 2000

/* ---- the exit of a container, told by the engine ---------------------------------------- */

/* The I/O thread and the waiting thread each hold it; the last one frees it. */
struct exit_watch {
	atomic_int refs;
	atomic_bool exited;
	atomic_int code;
	int64_t began_ms; /* wall clock, before the start */
	struct cancel *stop; /* fires at the exit, and with the caller's: ends a request to an address that is gone */
	struct http_transfer *transfer;
};

static void exit_watch_unref(struct exit_watch *w)
{
	if (atomic_fetch_sub(&w->refs, 1) != 1)
		return;
	cancel_free(w->stop);
	free(w);
}

static void on_exit_told(void *arg, int code)
{
	struct exit_watch *w = arg;

	/* -1: the wait itself broke off, which says nothing about the container. */
	if (code >= 0) {
		atomic_store(&w->code, code);
		atomic_store(&w->exited, true);
		cancel_trigger(w->stop);
	}
	exit_watch_unref(w);
}

static af_code exit_watch_new(struct instance *inst, struct exit_watch **out, struct af_error *err)
{
	struct exit_watch *w = calloc(1, sizeof(*w));

	if (!w || !(w->stop = cancel_new(err))) {
		free(w);
		return error_nomem(err);
	}
	atomic_init(&w->refs, 2);
	af_code rc = inst->backend->wait_exit(inst, on_exit_told, w, &w->transfer, err);
	if (!rc) {
		w->began_ms = wall_ms() - 1000;
		*out = w;
		return rc;
	}
	cancel_free(w->stop);
	free(w);
	return rc;
}

static void exit_watch_end(struct exit_watch *w)
{
	http_transfer_cancel(w->transfer);
	http_transfer_unref(w->transfer);
	exit_watch_unref(w);
}

/* ---- what is said of one that died --------------------------------------------------------- */

static bool add_line(void *arg, enum docker_fd fd UNUSED, const char *line, size_t len)
{
	struct strbuf *sb = arg;

	strbuf_adds(sb, "\n    ");
	text_add_safe(sb, line, len, true);
	return true;
}

/* Each of the last lines on a line of its own; empty if there are none. */
static void add_last_lines(struct strbuf *sb, struct instance *inst)
{
	struct docker_log_options opt = { .tail = LAST_LINES };

	if (instance_logs(inst, &opt, add_line, sb, NULL, NULL))
		return;
}

/* A wait's answer is read from the container's state, and after a quick restart that says 0 again. */
static int exit_code(struct instance *inst, struct exit_watch *w)
{
	int code = atomic_load(&w->code), remembered;

	if (code == 0 && inst->backend->first_exit &&
	    inst->backend->first_exit(inst, w->began_ms, wall_ms(), NULL, &remembered, NULL) == AF_OK)
		return remembered;
	return code;
}

static af_code died(struct instance *inst, int code, struct af_error *err)
{
	AUTO_STRBUF lines = STRBUF_INIT(STRBUF_LINE);
	AUTO_STRBUF why = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&why, "exit code %d", code);
	/* The engine knows of OOM. */
	if (instance_refresh(inst, NULL, NULL) == AF_OK && inst->ended && strstr(inst->ended, "OOM")) {
		strbuf_reset(&why);
		strbuf_adds(&why, inst->ended);
	}
	add_last_lines(&lines, inst);
	error_set(err, AF_ERR_FAILED, "%s died while starting, %s%s%s", inst->name, why.data,
		  lines.len ? "; its last lines:" : " and no output", lines.data);
	error_hint(err, "the lines above say why; mend env.py or the Dockerfile, build again, or give it more memory");
	return AF_ERR_FAILED;
}

static af_code too_slow(struct instance *inst, int64_t waited, const struct af_error *last, struct af_error *err)
{
	AUTO_STRBUF lines = STRBUF_INIT(STRBUF_LINE), time = STRBUF_INIT(64);

	duration_format(&time, waited);
	add_last_lines(&lines, inst);
	error_set(err, AF_ERR_TIMEOUT, "%s is not ready after %s of asking: %s%s%s", inst->name, time.data,
		  last->message ? last->message : "no answer", lines.len ? "; its last lines:" : "", lines.data);
	error_hint(err, "does its server listen on port %d, on 0.0.0.0? More time: --timeout SECONDS", inst->port);
	return AF_ERR_TIMEOUT;
}

/* ---- waiting ---------------------------------------------------------------------------------- */

/* Every few milliseconds first, when a start is a matter of tenths of a second; then more and more rarely. */
static int64_t pause_after(int64_t waited)
{
	return waited < 3000 ? 4 : waited < 15000 ? 25 : 200;
}

static af_code no_address(struct instance *inst, struct af_error *err)
{
	error_set(err, AF_ERR_FAILED, "%s has no address: its network gives it none", inst->name);
	error_hint(err, "use a network of the engine's bridge driver (the default)");
	return AF_ERR_FAILED;
}

/* The address of a container that runs, also after a restart. */
static af_code locate(struct instance *inst, struct cancel *cancel, struct af_error *err)
{
	af_code rc = instance_refresh(inst, cancel, err);

	if (rc)
		return rc;
	if (!inst->base && inst->state == INSTANCE_UP)
		return no_address(inst, err);
	return AF_OK;
}

/* It runs as far as is known; does it answer? */
static af_code check_health(struct instance *inst, int64_t limit_ms, struct cancel *cancel, struct af_error *err)
{
	struct server s = instance_server(inst);

	if (!s.endpoint.base)
		return error_set(err, AF_ERR_UNAVAILABLE, "%s has no address yet", inst->name);
	/* Time may have run out since it was looked at; 0 would be no limit at all. */
	return server_health(&s, MAX(MIN(limit_ms, (int64_t) HEALTH_MS), (int64_t) 1), cancel, err);
}

static af_code is_down(struct instance *inst, struct patrol *p, struct af_error *err)
{
	int64_t now = clock_ms();

	if (!p->down_since)
		p->down_since = now;
	error_set(err, AF_ERR_NOT_FOUND, "%s does not run (%s)", inst->name,
		  str_blank(inst->status) ? "unknown" : inst->status);
	return p->patient && now - p->down_since < DOWN_MS ? AF_ERR_UNAVAILABLE : AF_ERR_NOT_FOUND;
}

af_code instance_look(struct instance *inst, struct patrol *p, struct cancel *cancel, struct af_error *err)
{
	af_code rc = instance_refresh(inst, cancel, err);

	if (rc == AF_ERR_NOT_FOUND || rc == AF_ERR_CANCELLED)
		return rc;
	if (!rc && inst->state == INSTANCE_DOWN && inst->vitals.dead)
		return is_down(inst, p, err);
	p->down_since = 0;
	if (!rc && (inst->state != INSTANCE_UP || inst->vitals.unwell))
		return error_set(err, AF_ERR_UNAVAILABLE, "%s is %s", inst->name,
				 inst->vitals.unwell ? "unhealthy" : str_blank(inst->status) ? "starting" : inst->status);
	if (err)
		af_error_clear(err);
	return check_health(inst, HEALTH_MS, cancel, err);
}

/* One that was just started: its exit is told at once, its readiness is asked for. */
static af_code wait_started(struct instance *inst, struct exit_watch *watch, deadline until, struct cancel *cancel,
			    struct af_error *err)
{
	struct af_error last = AF_ERROR_INIT;
	int64_t start = clock_ms();
	af_code rc = AF_OK;

	for (;;) {
		int64_t waited = clock_ms() - start;
		if (atomic_load(&watch->exited))
			rc = died(inst, exit_code(inst, watch), err);
		else if (!(rc = cancel_check(cancel, err)) && !deadline_left(until))
			rc = too_slow(inst, waited, &last, err);
		if (rc)
			break;
		af_error_clear(&last);
		if (check_health(inst, deadline_left(until), watch->stop, &last) == AF_OK)
			break;
		rc = inst->base ? AF_OK : locate(inst, cancel, err);
		if (rc)
			break;
		cancel_sleep(watch->stop, pause_after(waited));
	}
	af_error_clear(&last);
	if (!rc)
		pool_mark(inst, INSTANCE_UP);
	return rc;
}

af_code instance_wait_ready(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err)
{
	struct patrol patrol = { .patient = true };
	struct af_error last = AF_ERROR_INIT;
	int64_t start = clock_ms();
	af_code rc;

	for (;;) {
		af_error_clear(&last);
		rc = instance_look(inst, &patrol, cancel, &last);
		if (rc == AF_OK || rc == AF_ERR_NOT_FOUND || (rc = cancel_check(cancel, err)))
			break;
		int64_t waited = clock_ms() - start;
		if (!deadline_left(until)) {
			rc = too_slow(inst, waited, &last, err);
			break;
		}
		cancel_sleep(cancel, pause_after(waited));
	}
	if (rc == AF_ERR_NOT_FOUND)
		rc = error_set(err, AF_ERR_UNREACHABLE, "%s", last.message ? last.message : inst->name);
	af_error_clear(&last);
	if (!rc)
		pool_mark(inst, INSTANCE_UP);
	return rc;
}

af_code instance_start(struct instance *inst, deadline until, struct cancel *cancel, struct af_error *err)
{
	struct cancel_waker link = { .wake = cancel_wake_token };
	struct exit_watch *watch = NULL;
	af_code rc = exit_watch_new(inst, &watch, err);

	if (rc)
		return error_wrap(err, rc, "watch %s", inst->name);
	link.arg = watch->stop;
	cancel_watch(cancel, &link);
	rc = inst->backend->start(inst, NULL, err);
	if (rc)
		error_wrap(err, rc, "start %s", inst->name);
	else
		rc = locate(inst, cancel, err);
	if (!rc)
		rc = wait_started(inst, watch, until, cancel, err);
	cancel_unwatch(cancel, &link);
	exit_watch_end(watch);
	return rc;
}
