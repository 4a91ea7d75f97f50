/* Which lines of a source belong together. See log_store.h. */
#include "ui/log_store.h"

/* A group does not reach further: its members have to be found again. */
#define SPAN_MAX 4096

/* Probes stand in one row for so long, whatever is printed between them; then in the next, so that where they still come
 * they are still seen to. */
#define PROBES_NS (INT64_C(300) * 1000000000)

enum kind { KIND_NONE, KIND_TRACEBACK, KIND_BLOCK };

/* Within a traceback. */
enum phase {
	PHASE_FRAMES, /* indented lines, until one says what was raised */
	PHASE_RAISED,
	PHASE_CHAIN,  /* "During handling of the above exception …" was read */
};

/* Does a line go on with the traceback? */
static bool goes_on(struct log_grouping *g, struct log_meta meta, size_t len)
{
	if (meta.flags & LOG_CHAIN) {
		g->phase = PHASE_CHAIN;
		return true;
	}
	if (meta.flags & LOG_INDENT)
		return len > 0 || g->phase != PHASE_FRAMES;
	if (g->phase == PHASE_CHAIN && meta.flags & LOG_TRACEBACK) {
		g->phase = PHASE_FRAMES;
		return true;
	}
	if (g->phase == PHASE_FRAMES && !(meta.flags & LOG_TRACEBACK)) {
		g->phase = PHASE_RAISED;
		return true;
	}
	return false;
}

static bool belongs(struct log_grouping *g, struct log_meta meta, size_t len)
{
	switch ((enum kind) g->kind) {
	case KIND_TRACEBACK:
		return goes_on(g, meta, len);
	case KIND_BLOCK:
		return meta.flags & LOG_INDENT && len > 0;
	case KIND_NONE:
		break;
	}
	return false;
}

/* Probes come from elsewhere, also between the lines of a traceback: they leave that as it is. */
static uint64_t probe_head(struct log_grouping *g, uint64_t first, uint64_t line, int64_t ns)
{
	bool old = !g->probed || g->probe < first || line - g->probe >= SPAN_MAX || ns - g->probe_ns >= PROBES_NS;

	if (old) {
		g->probed = true;
		g->probe = line;
		g->probe_ns = ns;
	}
	return g->probe;
}

uint64_t log_group_of(struct log_grouping *g, uint64_t first, uint64_t line, int64_t ns, struct log_meta meta, size_t len)
{
	if (meta.flags & LOG_HEALTH)
		return probe_head(g, first, line, ns);
	if (g->kind && g->head >= first && line - g->head < SPAN_MAX && belongs(g, meta, len))
		return g->head;
	g->head = line;
	g->kind = g->phase = 0;
	if (meta.flags & LOG_MARKER)
		g->kind = KIND_NONE;
	else if (meta.flags & LOG_TRACEBACK)
		g->kind = KIND_TRACEBACK;
	else if (meta.level >= LEVEL_ERROR)
		g->kind = KIND_BLOCK; /* what is indented under an error explains it */
	return line;
}
