/* Pane 2, overview: what was counted, method by method, of a replica or of all that an environment has. */
#include <math.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/detail_priv.h"

/* ---- several as one ------------------------------------------------------------------------------ */

static struct method_count *method_named(struct replica *sum, const char *name)
{
	for (int i = 0; i < sum->method_count; i++)
		if (!strcmp(sum->methods[i].name, name))
			return &sum->methods[i];
	return NULL;
}

/* Counts of several replicas; of percentiles the worst, since they do not add up. */
static void add_method(struct replica *sum, const struct method_count *m)
{
	struct method_count *to = method_named(sum, m->name);

	if (!to) {
		sum->methods[sum->method_count++] = *m;
		return;
	}
	to->calls += m->calls;
	to->errors += m->errors;
	to->divided &= m->divided;
	to->errors_4xx += m->errors_4xx;
	to->errors_5xx += m->errors_5xx;
	to->timeouts += m->timeouts;
	to->p95_ms = fmax(to->p95_ms, m->p95_ms);
	to->last_ms = MAX(to->last_ms, m->last_ms);
}

void detail_sum_up(const struct environment *e, struct replica *sum)
{
	int methods = 0;

	*sum = (struct replica){ .state = e->up ? REPLICA_UP : e->starting ? REPLICA_STARTING : REPLICA_DOWN,
				 .cpu_percent = e->cpu_percent, .memory = e->memory, .rate = e->rate, .rates = e->rates,
				 .p50_ms = NAN, .p95_ms = NAN, .p99_ms = NAN };
	for (int i = 0; i < e->count; i++)
		methods += e->replicas[i].method_count;
	sum->methods = calloc((size_t) methods + 1, sizeof(*sum->methods));
	for (int i = 0; i < e->count; i++) {
		const struct replica *r = &e->replicas[i];
		sum->in_flight += r->in_flight;
		sum->source = MAX(sum->source, r->source);
		sum->p50_ms = fmax(sum->p50_ms, r->p50_ms);
		sum->p95_ms = fmax(sum->p95_ms, r->p95_ms);
		sum->p99_ms = fmax(sum->p99_ms, r->p99_ms);
		for (int k = 0; sum->methods && k < r->method_count; k++)
			add_method(sum, &r->methods[k]);
	}
}

/* ---- drawing --------------------------------------------------------------------------------------- */

/* Cells of the columns behind a method's name. */
enum { CALLS_CELLS = 9, SHARE_CELLS = 8, ERROR_CELLS = 5, P95_CELLS = 9, LAST_CELLS = 7 };
enum { METHOD_CELLS = CALLS_CELLS + SHARE_CELLS + ERROR_CELLS + P95_CELLS + LAST_CELLS + 1, NAME_LEAST = 10 };

/* Errors as the server tells them apart, where there is room for both. */
static bool draws_divided(const struct area *a, const struct replica *r)
{
	for (int i = 0; i < r->method_count; i++)
		if (!r->methods[i].divided)
			return false;
	return r->method_count && a->w >= METHOD_CELLS + ERROR_CELLS + NAME_LEAST;
}

static void add_errors(struct strbuf *sb, const struct method_count *m, bool divided)
{
	if (divided)
		strbuf_addf(sb, "%*llu%*llu", ERROR_CELLS, (unsigned long long) m->errors_4xx, ERROR_CELLS,
			    (unsigned long long) m->errors_5xx);
	else
		strbuf_addf(sb, "%*llu", ERROR_CELLS, (unsigned long long) m->errors);
}

static void draw_method(const struct area *a, int y, const struct method_count *m, int name_width, bool divided)
{
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE), calls = STRBUF_INIT(64), p95 = STRBUF_INIT(64), last = STRBUF_INIT(64);
	struct area name = { a->y, a->x, a->h, name_width };

	count_format(&calls, m->calls);
	detail_add_ms(&p95, m->p95_ms);
	if (m->last_ms)
		duration_format(&last, MAX(wall_ms() - m->last_ms, (int64_t) 0));
	draw_text(&name, y, 1, ROLE_TEXT, m->name, strlen(m->name), true);
	strbuf_addf(&sb, "%*s%*.1f%%", CALLS_CELLS, calls.data, SHARE_CELLS - 1,
		    m->calls ? 100.0 * (double) (m->calls - MIN(m->errors, m->calls)) / (double) m->calls : 100.0);
	add_errors(&sb, m, divided);
	draw_text(a, y, name_width, m->errors ? ROLE_WARN : ROLE_TEXT, sb.data, sb.len, false);
	draw_right(a, y, a->w - 1 - LAST_CELLS - P95_CELLS, P95_CELLS, ROLE_TEXT, p95.data);
	draw_right(a, y, a->w - 1 - LAST_CELLS, LAST_CELLS, ROLE_TEXT, last.len ? last.data : glyph(GLYPH_DASH));
}

void detail_draw_methods(const struct area *a, int y, const struct replica *r)
{
	bool divided = draws_divided(a, r);
	int name_width = MAX(a->w - METHOD_CELLS - ERROR_CELLS * divided, NAME_LEAST);

	if (y >= a->h)
		return;
	draw_str(a, y, 1, ROLE_COLUMN, r->source == COUNT_CLIENT ? "CALLED BY AFS" : "METHOD");
	draw_fmt(a, y, name_width, ROLE_COLUMN, "%*s%*s%*s%*s", CALLS_CELLS, "CALLS", SHARE_CELLS, "OK", ERROR_CELLS,
		 divided ? "4xx" : "ERR", divided ? ERROR_CELLS : 0, divided ? "5xx" : "");
	draw_right(a, y, a->w - 1 - LAST_CELLS - P95_CELLS, P95_CELLS, ROLE_COLUMN, "p95");
	draw_right(a, y++, a->w - 1 - LAST_CELLS, LAST_CELLS, ROLE_COLUMN, "last");
	if (r->source == COUNT_NONE && r->state == REPLICA_DOWN)
		draw_str(a, y, 1, ROLE_DIM, "not running; l shows its last lines");
	else if (r->source == COUNT_NONE && r->state == REPLICA_STARTING)
		draw_str(a, y, 1, ROLE_DIM, "its server does not answer yet; l shows its log");
	else if (!r->method_count)
		draw_str(a, y, 1, ROLE_DIM, "no calls yet; c makes one");
	for (int i = 0; i < r->method_count && y < a->h; i++, y++)
		if (y == a->h - 1 && i < r->method_count - 1)
			draw_fmt(a, y, 1, ROLE_DIM, "… and %d more; z has room", r->method_count - i);
		else
			draw_method(a, y, &r->methods[i], name_width, divided);
}

void detail_draw_replicas(const struct area *a, int y, const struct environment *e)
{
	if (y >= a->h)
		return;
	draw_str(a, y++, 1, ROLE_COLUMN, "REPLICA");
	for (int i = 0; i < e->count && y < a->h; i++, y++) {
		if (y == a->h - 1 && i < e->count - 1) {
			draw_fmt(a, y, 1, ROLE_DIM, "… and %d more", e->count - i);
			break;
		}
		const struct replica *r = &e->replicas[i];
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
		strbuf_addf(&sb, "%d %s  %s", r->number, r->host, r->status);
		draw_text(a, y, 1, r->state == REPLICA_DOWN ? ROLE_ERROR : ROLE_TEXT, sb.data, sb.len, true);
	}
}
