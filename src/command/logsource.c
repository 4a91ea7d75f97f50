#include "command/logsource.h"

#include <string.h>

#include "base/clock.h"

/* How often a container that does not run is looked at, and how long an engine may be away. */
#define PAUSE_MIN_MS 50
#define PAUSE_MAX_MS 500
#define AWAY_MS 30000

/* ---- lines ------------------------------------------------------------------------------ */

bool log_source_is_new(struct log_source *s, int64_t ns)
{
	if (ns < s->resume_ns)
		return false;
	if (ns == s->resume_ns && s->skip > 0) {
		s->skip--;
		return false;
	}
	s->last_same = ns == s->last_ns ? s->last_same + 1 : 1;
	s->last_ns = ns;
	return true;
}

/* The engine gives lines of `since` itself once more. */
void log_source_resume(struct log_source *s)
{
	if (!s->last_ns)
		return;
	s->resume_ns = s->since_ns = s->last_ns;
	s->skip = s->last_same;
}

static bool on_line(void *arg, enum docker_fd fd UNUSED, const char *text, size_t len)
{
	struct log_source *s = arg;
	struct log_line line = { .text = text, .len = len };

	if (s->timestamps) {
		line.time_len = rfc3339_parse(text, len, &line.ns);
		if (line.time_len && line.time_len < len && text[line.time_len] != ' ')
			line.time_len = 0;
		/* The rest of a line that came in pieces has none. */
		if (!line.time_len)
			line.ns = s->last_ns;
		else if (!log_source_is_new(s, line.ns))
			return true;
	}
	s->enough = !s->on_line(s->arg, &line);
	return !s->enough;
}

/* ---- the stream ------------------------------------------------------------------------------ */

enum standing { GOES_ON, STOPPED, GONE, AWAY };

/* What became of the container. Once it exists it says whether it has a tty. */
static enum standing look(struct log_source *s, bool *tty, struct af_error *err)
{
	AF_AUTO(instance_detail) struct instance_detail detail = { 0 };
	struct af_error why = AF_ERROR_INIT;
	af_code rc = instance_detail(s->inst, &detail, s->cancel, &why);

	if (rc == AF_OK) {
		*tty = detail.tty;
		return detail.running ? GOES_ON : STOPPED;
	}
	if (rc == AF_ERR_NOT_FOUND) {
		af_error_clear(&why);
		return GONE;
	}
	if (err)
		af_error_clear(err);
	error_move(err, &why);
	return AWAY;
}

static af_code stream(struct log_source *s, bool tty, struct af_error *err)
{
	struct docker_log_options opt = { .follow = s->follow, .tail = s->tail, .since_ns = s->since_ns,
					  .timestamps = s->timestamps, .tty = tty };
	af_code rc = instance_logs(s->inst, &opt, on_line, s, s->cancel, err);

	return s->enough ? error_set(err, AF_ERR_CANCELLED, "interrupted") : rc;
}

/* Waits until the container runs again: AF_OK; NOT_FOUND when it is gone for good. */
static af_code wait_for_return(struct log_source *s, bool *tty, int64_t *pause, struct af_error *err)
{
	deadline away = deadline_in(AWAY_MS);

	for (;;) {
		cancel_sleep(s->cancel, *pause);
		*pause = MIN(*pause * 2, (int64_t) PAUSE_MAX_MS);
		af_code rc = cancel_check(s->cancel, err);
		if (rc)
			return rc;
		switch (look(s, tty, err)) {
		case GOES_ON:
			return AF_OK;
		case GONE:
			return AF_ERR_NOT_FOUND;
		case STOPPED:
			away = deadline_in(AWAY_MS);
			break;
		case AWAY:
			if (deadline_left(away) == 0)
				return err ? err->code : AF_ERR_UNREACHABLE;
		}
	}
}

static af_code follow(struct log_source *s, bool tty, struct af_error *err)
{
	struct af_error why = AF_ERROR_INIT;
	int64_t pause = PAUSE_MIN_MS;
	af_code rc;

	do {
		int64_t seen = s->last_ns;

		rc = stream(s, tty, &why);
		if (rc == AF_ERR_CANCELLED)
			break;
		if (s->last_ns != seen)
			pause = PAUSE_MIN_MS;
		af_error_clear(&why);
		/* Nothing came and nothing old was wanted: what comes from now on is new. */
		if (s->tail == 0 && !s->last_ns && !s->since_ns)
			s->since_ns = wall_ms() * 1000000;
		s->tail = -1;
		log_source_resume(s);
		rc = wait_for_return(s, &tty, &pause, &why);
	} while (!rc);
	if (rc == AF_ERR_NOT_FOUND) {
		af_error_clear(&why);
		return AF_OK;
	}
	error_move(err, &why);
	return rc;
}

af_code log_source_run(struct log_source *s, struct af_error *err)
{
	bool tty = false;

	if (!s->inst->backend->logs)
		return instance_logs(s->inst, NULL, NULL, NULL, NULL, err);
	s->timestamps |= s->follow;
	switch (look(s, &tty, err)) {
	case GONE:
		return error_set(err, AF_ERR_NOT_FOUND, "%s is gone", s->inst->name);
	case AWAY:
		return err ? err->code : AF_ERR_UNREACHABLE;
	case GOES_ON:
	case STOPPED:
		break;
	}
	return s->follow ? follow(s, tty, err) : stream(s, tty, err);
}
