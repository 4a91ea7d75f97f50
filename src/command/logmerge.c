#include "command/logmerge.h"

#include <string.h>

/* What went out is cut off the buffer when it is at least this much and half of it. */
#define COMPACT ((size_t) 256 * 1024)

struct record {
	int64_t ns;
	int64_t arrived_ms;
	size_t time_len;
	size_t len; /* of the text that follows */
};

struct source {
	struct strbuf data; /* records, each followed by its text */
	size_t head;        /* where the first one begins */
	bool ended;
};

struct logmerge {
	int64_t window_ms;
	size_t count;
	struct source sources[];
};

struct logmerge *logmerge_new(size_t sources, int64_t window_ms, struct af_error *err)
{
	struct logmerge *m = calloc(1, sizeof(*m) + sources * sizeof(m->sources[0]));

	if (!m) {
		error_nomem(err);
		return NULL;
	}
	m->window_ms = window_ms;
	m->count = sources;
	for (size_t i = 0; i < sources; i++)
		strbuf_init(&m->sources[i].data, STRBUF_HUGE);
	return m;
}

void logmerge_free(struct logmerge *m)
{
	if (!m)
		return;
	for (size_t i = 0; i < m->count; i++)
		strbuf_free(&m->sources[i].data);
	free(m);
}

/* Records stand at any address. */
static bool peek(const struct source *s, struct record *r)
{
	if (s->head == s->data.len)
		return false;
	memcpy(r, s->data.data + s->head, sizeof(*r));
	return true;
}

static void compact(struct source *s)
{
	if (s->head == s->data.len) {
		strbuf_reset(&s->data);
		s->head = 0;
	} else if (s->head >= COMPACT && s->head >= s->data.len / 2) {
		strbuf_remove(&s->data, 0, s->head);
		s->head = 0;
	}
}

bool logmerge_add(struct logmerge *m, size_t source, const struct log_line *line, int64_t now_ms)
{
	struct source *s = &m->sources[source];
	struct record r = { line->ns, now_ms, line->time_len, line->len };

	compact(s);
	if (!strbuf_reserve(&s->data, sizeof(r) + line->len))
		return false;
	strbuf_add(&s->data, &r, sizeof(r));
	strbuf_add(&s->data, line->text, line->len);
	return true;
}

void logmerge_end(struct logmerge *m, size_t source)
{
	m->sources[source].ended = true;
}

size_t logmerge_held(const struct logmerge *m, size_t source)
{
	return m->sources[source].data.len - m->sources[source].head;
}

/* The earliest line; `silent` when a source that goes on has none. count when there is no line at all. */
static size_t earliest(const struct logmerge *m, struct record *first, bool *silent)
{
	size_t found = m->count;
	struct record r;

	*silent = false;
	for (size_t i = 0; i < m->count; i++) {
		const struct source *s = &m->sources[i];
		if (!peek(s, &r)) {
			*silent |= !s->ended;
		} else if (found == m->count || r.ns < first->ns) {
			*first = r;
			found = i;
		}
	}
	return found;
}

bool logmerge_next(struct logmerge *m, int64_t now_ms, size_t *source, struct log_line *line)
{
	struct record r;
	bool silent;
	size_t i = earliest(m, &r, &silent);

	if (i == m->count)
		return false;
	if (silent && (m->window_ms < 0 || now_ms - r.arrived_ms < m->window_ms))
		return false;
	*source = i;
	*line = (struct log_line){ r.ns, r.time_len, m->sources[i].data.data + m->sources[i].head + sizeof(r), r.len };
	m->sources[i].head += sizeof(r) + r.len;
	return true;
}

int64_t logmerge_due(const struct logmerge *m, int64_t now_ms)
{
	struct record r;
	bool silent;

	if (earliest(m, &r, &silent) == m->count || (silent && m->window_ms < 0))
		return -1;
	return silent ? MAX(m->window_ms - (now_ms - r.arrived_ms), (int64_t) 0) : 0;
}

bool logmerge_done(const struct logmerge *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (!m->sources[i].ended || m->sources[i].head < m->sources[i].data.len)
			return false;
	return true;
}
