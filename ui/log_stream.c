/* One container's log, read on a thread of its own; goes on after restarts and broken streams. See log_feed_priv.h. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "orchestrator/orchestrator.h"
#include "ui/log_feed_priv.h"

/* Lines that come one by one are left to gather for so long: then a busy log costs few wake-ups. */
#define GATHER_US 50000
/* What the engine has when a stream begins is wanted at once. */
#define HURRY_US 150000
/* A line that took longer than this had to be waited for. */
#define GAP_US 300
/* How often a container that does not run, or an engine that does not answer, is looked at. */
#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 2000

/* ---- lines ------------------------------------------------------------------------------------------ */

static bool add_marker(struct log_stream *s, int64_t ns, const char *text)
{
	struct log_entry e = { .ns = ns ? ns : wall_ms() * 1000000, .len = (uint32_t) strlen(text),
			       .source = (uint16_t) s->index, .meta = { .flags = LOG_MARKER } };

	return log_feed_add(s, &e, text);
}

/* The first line after a break tells whether the engine began where we had stopped: it gives that line once more. */
static void tell_resumed(struct log_stream *s, bool whole)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	s->resumed = false;
	if (!s->why.len && whole)
		return;
	const char *lost = whole ? "0 lines lost" : "lines before this may be lost";
	if (s->restarted)
		strbuf_addf(&text, "%s, log stream resumed, %s", s->why.data, lost);
	else if (s->why.len)
		strbuf_addf(&text, "replica %d: log stream resumed, %s (%s)", s->number, lost, s->why.data);
	else
		strbuf_addf(&text, "replica %d: lines before this were not read", s->number);
	add_marker(s, MAX(s->why_ns, s->at.last_ns), text.data);
	strbuf_reset(&s->why);
	s->restarted = false;
	s->why_ns = 0;
}

static void let_gather(struct log_stream *s)
{
	int64_t now = clock_us();

	if (now - s->line_us > GAP_US) {
		if (now - s->rest_us < GATHER_US && now - s->begun_us > HURRY_US)
			cancel_sleep(s->feed->cancel, (GATHER_US - (now - s->rest_us)) / 1000);
		now = s->rest_us = clock_us();
	}
	s->line_us = now;
}

static bool on_line(void *arg, enum docker_fd fd UNUSED, const char *text, size_t len)
{
	struct log_stream *s = arg;
	int64_t ns = s->at.last_ns;
	size_t time_len = rfc3339_parse(text, len, &ns);

	let_gather(s);
	if (time_len && time_len < len && text[time_len] != ' ')
		time_len = 0;
	/* The rest of a line that came in pieces has no time. */
	if (!time_len) {
		ns = s->at.last_ns;
	} else {
		unsigned skip = s->at.skip;
		if (!log_source_is_new(&s->at, ns)) {
			if (s->resumed && skip == 1)
				tell_resumed(s, true);
			return !cancel_requested(s->feed->cancel);
		}
		if (s->resumed)
			tell_resumed(s, skip == 0);
		time_len = MIN(time_len + 1, len);
	}
	strbuf_reset(&s->clean);
	bool sgr = log_clean(&s->clean, text + time_len, len - time_len);
	struct log_entry e = { .ns = ns, .len = (uint32_t) s->clean.len, .source = (uint16_t) s->index,
			       .timed = time_len > 0, .meta = log_parse(s->clean.data, s->clean.len, sgr) };
	return log_feed_add(s, &e, s->clean.data);
}

/* ---- the container ------------------------------------------------------------------------------------ */

struct standing {
	enum { RUNS, STOPPED, GONE, AWAY } what;
	bool tty, restarted;
	int exit_code;
	bool oom;
	bool never_ran;
	int64_t ended_ns, ran_ns; /* the end of the last run; the start of the one before, if it restarted */
};

static struct standing look(struct log_stream *s, struct af_error *err)
{
	AF_AUTO(instance_detail) struct instance_detail d = { 0 };
	af_code rc = s->env ? AF_OK : env_find(s->feed->app->af, s->id, s->feed->cancel, &s->env, err);

	if (!rc)
		rc = instance_detail(&s->env->instances[0], &d, s->feed->cancel, err);
	if (rc)
		return (struct standing){ .what = rc == AF_ERR_NOT_FOUND || rc == AF_ERR_UNAVAILABLE ? GONE : AWAY };
	struct standing now = { .what = d.running ? RUNS : STOPPED, .tty = d.tty, .oom = d.oom, .exit_code = d.exit_code,
				.ended_ns = d.ended_ns, .never_ran = !strcmp(d.state, "created") };
	now.restarted = s->started_ns && d.running && s->started_ns != d.started_ns;
	now.ran_ns = s->started_ns;
	if (d.running || !s->started_ns)
		s->started_ns = d.started_ns;
	return now;
}

/* It came and went too fast to be seen down: what the engine remembers of that. Leaves -1 if it does not. */
static int remembered_exit(struct log_stream *s, const struct standing *st)
{
	struct instance *inst = &s->env->instances[0];
	int code = -1;

	if (inst->backend->first_exit && inst->backend->first_exit(inst, st->ran_ns / 1000000, s->started_ns / 1000000 + 1,
								   s->feed->cancel, &code, NULL))
		return -1;
	return code;
}

static void add_exit(struct strbuf *sb, const struct standing *st)
{
	strbuf_addf(sb, "exit %d%s", st->exit_code, st->oom ? " OOM" : "");
}

/* The first reason is kept, until it turns out that the container has restarted. */
static void note_reason(struct log_stream *s, const struct af_error *err)
{
	const char *text = err->message ? err->message : "the stream broke";

	if (!s->why.len)
		log_clean(&s->why, text, strcspn(text, "\n"));
}

/* Notes what the container says of a stream that ended. */
static void note_break(struct log_stream *s, const struct standing *st, const struct af_error *why)
{
	if (st->what == STOPPED && !s->told) {
		strbuf_reset(&s->why);
		strbuf_addf(&s->why, "replica %d restarted (", s->number);
		add_exit(&s->why, st);
		strbuf_addc(&s->why, ')');
		s->told = s->restarted = true;
	} else if (st->what == AWAY) {
		note_reason(s, why);
	} else if (st->restarted && !s->restarted) {
		strbuf_reset(&s->why);
		strbuf_addf(&s->why, "replica %d restarted", s->number);
		int code = remembered_exit(s, st);
		if (code >= 0)
			strbuf_addf(&s->why, " (exit %d)", code);
		s->restarted = true;
	}
	if (st->restarted)
		s->why_ns = s->started_ns;
}

/* Says so when it does not come back by itself. */
static void tell_exit(struct log_stream *s, const struct standing *st)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);

	if (st->never_ran)
		return;
	strbuf_addf(&text, "replica %d exited (", s->number);
	add_exit(&text, st);
	strbuf_addc(&text, ')');
	/* Its last lines may be read a moment after its end was noted. */
	add_marker(s, MAX(st->ended_ns, s->at.last_ns), text.data);
}

/* Waits until the container runs: its tty; or is gone, or we are: false. */
static bool wait_for_container(struct log_stream *s, bool ended, bool *tty)
{
	int64_t pause = PAUSE_MIN_MS;

	for (int round = 0; !cancel_requested(s->feed->cancel); round++) {
		struct af_error err = AF_ERROR_INIT;
		struct standing st = look(s, &err);
		if (ended)
			note_break(s, &st, &err);
		af_error_clear(&err);
		*tty = st.tty;
		/* What an exited one has left is read once. */
		if (st.what == RUNS || (st.what == STOPPED && !ended))
			return true;
		if (st.what == GONE)
			break;
		log_feed_set_state(s, st.what == AWAY ? STREAM_AWAY : STREAM_WAITING);
		if (st.what == STOPPED && round == 6)
			tell_exit(s, &st);
		cancel_sleep(s->feed->cancel, pause);
		pause = MIN(pause * 2, (int64_t) PAUSE_MAX_MS);
	}
	return false;
}

/* Reads until the stream ends. */
static void stream(struct log_stream *s, bool tty)
{
	struct docker_log_options opt = { .follow = true, .tail = s->at.tail, .since_ns = s->at.since_ns, .timestamps = true,
					  .tty = tty };
	struct af_error err = AF_ERROR_INIT;

	s->begun_us = clock_us();
	af_code rc = instance_logs(&s->env->instances[0], &opt, on_line, s, s->feed->cancel, &err);
	if (rc && rc != AF_ERR_CANCELLED && rc != AF_ERR_NOT_FOUND) {
		note_reason(s, &err);
		/* Such as a log driver that cannot be read. */
		if (!s->at.last_ns && !s->complained && rc != AF_ERR_LOST && rc != AF_ERR_UNREACHABLE)
			s->complained = add_marker(s, 0, s->why.data);
	}
	af_error_clear(&err);
}

void *log_stream_run(void *arg)
{
	struct log_stream *s = arg;
	bool tty = false, ended = false;
	int64_t pause = PAUSE_MIN_MS;

	while (wait_for_container(s, ended, &tty)) {
		int64_t seen = s->at.last_ns;
		log_feed_set_state(s, STREAM_LIVE);
		s->told = false;
		stream(s, tty);
		if (cancel_requested(s->feed->cancel))
			return NULL;
		ended = true;
		/* From here on nothing may be left out. */
		s->at.tail = -1;
		log_source_resume(&s->at);
		s->resumed = true;
		/* How it ended is known for a moment only, until it runs again: no pause before that is looked at. */
		if (s->at.last_ns != seen) {
			pause = PAUSE_MIN_MS;
			continue;
		}
		pause = MIN(pause * 2, (int64_t) PAUSE_MAX_MS);
		cancel_sleep(s->feed->cancel, pause);
	}
	if (!cancel_requested(s->feed->cancel)) {
		log_feed_set_state(s, STREAM_GONE);
		if (ended) {
			AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
			strbuf_addf(&text, "replica %d was removed", s->number);
			add_marker(s, MAX(s->at.last_ns, wall_ms() * 1000000), text.data);
		}
	}
	return NULL;
}
