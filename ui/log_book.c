/* Books. See log_book.h. */
#include "ui/log_book.h"

#include <string.h>

#include "base/clock.h"

/* More containers of one environment are not followed at once. */
#define FOLLOW_MAX 256
/* Containers that are remembered. One that is forgotten and comes back is read anew, which is seldom; that replicas are
 * replaced all day is not. */
#define SOURCES_MAX (2 * FOLLOW_MAX)
/* Of what a container printed while nobody looked, so much is read afterwards. */
#define CATCH_UP 20000
/* What is told late is put among so many lines. */
#define LATE_MAX 20000
/* For so long what comes may be what was printed before. */
#define HISTORY_MS 2000

static struct book_sum *sum_of(const struct log_book *b, int number)
{
	for (int i = 0; i < b->sum_count; i++)
		if (b->sums[i].number == number)
			return &b->sums[i];
	return NULL;
}

static void on_drop(void *arg, uint64_t row, uint32_t members)
{
	struct log_book *b = arg;
	const struct log_record *r = log_store_at(b->store, log_store_first(b->store));
	struct book_sum *sum = sum_of(b, r->replica);

	if (sum) {
		sum->lines -= MIN(sum->lines, 1 + (uint64_t) members);
		sum->errors -= r->level >= LEVEL_ERROR && sum->errors;
	}
	log_list_dropped(&b->list, row, members);
}

struct log_book *log_book_new(const char *environment, const struct options *options, struct log_filter *filter,
			      struct af_error *err)
{
	struct log_book *b = calloc(1, sizeof(*b));

	if (!b) {
		error_nomem(err);
		return NULL;
	}
	*b = (struct log_book){ .follow = true, .cursor = UINT64_MAX, .lag_ms = -1 };
	b->environment = str_dup(environment, err);
	b->store = log_store_new((size_t) options->log_lines, (size_t) options->log_bytes, err);
	if (!b->environment || !b->store) {
		free(b->environment);
		log_store_free(b->store);
		free(b);
		return NULL;
	}
	log_list_init(&b->list, b->store, filter);
	log_store_on_drop(b->store, on_drop, b);
	return b;
}

static void source_free(struct book_source *s)
{
	free(s->id);
	free(s->host);
	free(s->last_marker);
}

void log_book_free(struct log_book *b)
{
	if (!b)
		return;
	for (int i = 0; i < b->source_count; i++)
		source_free(&b->sources[i]);
	free(b->sources);
	free(b->sums);
	log_list_free(&b->list);
	log_store_free(b->store);
	free(b->environment);
	free(b);
}

/* ---- containers --------------------------------------------------------------------------------------- */

static bool has(const struct environment *e, const char *id)
{
	for (int i = 0; i < e->count; i++)
		if (!strcmp(e->replicas[i].id, id))
			return true;
	return false;
}

/* Makes room for another: of those that are gone and not followed the longest known is forgotten. */
static void forget_source(struct log_book *b, const struct environment *e)
{
	int i = 0;

	while (i < b->source_count && (b->sources[i].index >= 0 || has(e, b->sources[i].id)))
		i++;
	if (i == b->source_count)
		return;
	source_free(&b->sources[i]);
	memmove(b->sources + i, b->sources + i + 1, (size_t) (--b->source_count - i) * sizeof(*b->sources));
}

static bool add_sum(struct log_book *b, int number)
{
	struct book_sum *sums;

	if (sum_of(b, number))
		return true;
	if (!(sums = realloc(b->sums, (size_t) (b->sum_count + 1) * sizeof(*sums))))
		return false;
	b->sums = sums;
	b->sums[b->sum_count++] = (struct book_sum){ .number = number };
	return true;
}

static struct book_source *source_of(struct log_book *b, const struct environment *e, const struct replica *r)
{
	for (int i = 0; i < b->source_count; i++)
		if (!strcmp(b->sources[i].id, r->id))
			return &b->sources[i];
	if (b->source_count >= SOURCES_MAX)
		forget_source(b, e);
	if (!add_sum(b, r->number))
		return NULL;
	struct book_source *sources = realloc(b->sources, (size_t) (b->source_count + 1) * sizeof(*sources));
	if (!sources)
		return NULL;
	b->sources = sources;
	struct book_source *s = &b->sources[b->source_count];
	*s = (struct book_source){ .id = strdup(r->id), .host = strdup(r->host), .number = r->number, .index = -1 };
	if (!s->id || !s->host) {
		source_free(s);
		return NULL;
	}
	b->source_count++;
	return s;
}

bool log_book_sync(struct log_book *b, const struct environment *e)
{
	bool changed = !b->feed && e->count > 0;
	int followed = 0;

	for (int i = 0; i < b->source_count; i++)
		followed += b->sources[i].index >= 0;
	for (int i = 0; i < e->count && i < FOLLOW_MAX; i++) {
		struct book_source *s = source_of(b, e, &e->replicas[i]);
		changed |= s && s->index < 0 && followed < FOLLOW_MAX;
	}
	/* The stream of one that is gone ends by itself, with a word about it; the next start leaves it out. */
	return changed;
}

af_code log_book_follow(struct log_book *b, struct app *app, int tail,
			void (*batch)(void *arg, struct log_feed *feed, const struct log_batch *batch), void *arg,
			struct af_error *err)
{
	const struct environment *e = model_environment(&app->model, b->environment);
	struct log_from from[FOLLOW_MAX];
	int count = 0;

	for (int i = 0; i < b->source_count; i++) {
		struct book_source *s = &b->sources[i];
		s->index = -1;
		if (count == FOLLOW_MAX || !e || !has(e, s->id))
			continue;
		s->index = count;
		from[count++] = (struct log_from){ s->id, s->number, s->last_ns ? CATCH_UP : tail, s->last_ns, s->last_same };
	}
	if (!count)
		return AF_OK;
	b->followed_ms = clock_ms();
	b->feed = log_feed_start(app, from, count, batch, arg, err);
	return b->feed ? AF_OK : AF_ERR_FAILED;
}

bool log_book_has(const struct log_book *b, int number)
{
	for (int i = 0; i < b->source_count; i++)
		if (b->sources[i].number == number && b->sources[i].index >= 0)
			return true;
	return log_book_lines(b, number) > 0;
}

bool log_book_several(const struct log_book *b)
{
	int count = 0;

	for (int i = 0; i < b->sum_count && count < 2; i++)
		count += log_book_has(b, b->sums[i].number);
	return count > 1;
}

enum log_stream_state log_book_state(const struct log_book *b, int replica)
{
	int counts[STREAM_GONE + 1] = { 0 };

	if (!b->feed)
		return STREAM_CONNECTING;
	for (int i = 0; i < b->source_count; i++)
		if (b->sources[i].index >= 0 && (replica < 0 || b->sources[i].number == replica))
			counts[log_feed_state(b->feed, b->sources[i].index)]++;
	if (counts[STREAM_AWAY])
		return STREAM_AWAY;
	if (counts[STREAM_LIVE])
		return STREAM_LIVE;
	if (counts[STREAM_CONNECTING])
		return STREAM_CONNECTING;
	return counts[STREAM_WAITING] ? STREAM_WAITING : STREAM_GONE;
}

/* ---- lines ----------------------------------------------------------------------------------------------- */

static struct book_source *source_at(struct log_book *b, int index)
{
	for (int i = 0; i < b->source_count; i++)
		if (b->sources[i].index == index)
			return &b->sources[i];
	return NULL;
}

/* A feed that begins anew tells once more how a container has ended. */
static bool was_told(struct book_source *s, const struct log_entry *e, const char *text)
{
	if (s->last_marker && s->marker_ns == e->ns && strlen(s->last_marker) == e->len && !memcmp(s->last_marker, text, e->len))
		return true;
	free(s->last_marker);
	s->last_marker = str_ndup(text, e->len, NULL);
	s->marker_ns = e->ns;
	return false;
}

static void count_line(struct log_book *b, const struct book_source *s, const struct log_entry *e, uint64_t line)
{
	const struct log_record *r = log_store_at(b->store, line);
	bool error = !r->head && r->level >= LEVEL_ERROR;
	struct book_sum *sum = sum_of(b, s->number);

	sum->lines++;
	sum->errors += error;
	if (!(e->meta.flags & LOG_MARKER))
		log_rates_add(&sum->rates, e->ns, error);
}

/* That a container has ended is known only when it does not come back: others have printed meanwhile. False: it belongs
 * behind all there is. */
static bool insert_marker(struct log_book *b, struct book_source *s, const struct log_entry *e, const char *text)
{
	uint64_t line = log_store_place(b->store, e->ns, LATE_MAX);

	if (line == log_store_end(b->store))
		return false;
	if (!log_store_insert(b->store, line, e->ns, (uint16_t) s->number, e->meta, text, e->len))
		return true;
	line = MAX(line, log_store_first(b->store));
	for (int i = 0; i < b->source_count; i++) {
		log_moved(&b->sources[i].grouping.head, line);
		log_moved(&b->sources[i].grouping.probe, line);
	}
	s->grouping.kind = 0; /* what follows explains nothing before */
	log_moved(&b->top, line);
	log_moved(&b->cursor, line);
	count_line(b, s, e, line);
	log_list_inserted(&b->list, line);
	if (b->on_insert)
		b->on_insert(b->on_insert_arg, line);
	return true;
}

static void add_entry(struct log_book *b, const struct log_entry *e, const char *text)
{
	struct book_source *s = source_at(b, e->source);

	if (!s || (e->meta.flags & LOG_MARKER && was_told(s, e, text)))
		return;
	if (e->timed) {
		s->last_same = e->ns == s->last_ns ? s->last_same + 1 : 1;
		s->last_ns = e->ns;
	}
	if (e->meta.flags & LOG_MARKER && insert_marker(b, s, e, text))
		return;
	uint64_t line = log_store_add(b->store, &s->grouping, e->ns, (uint16_t) s->number, e->meta, text, e->len);
	if (line == UINT64_MAX)
		return;
	count_line(b, s, e, line);
	log_list_added(&b->list, line);
}

void log_book_cut(struct log_book *b, uint64_t from, uint64_t to)
{
	for (int i = 0; i < b->source_count; i++) {
		struct log_grouping *g = &b->sources[i].grouping;
		if (!g->probed || g->probe < log_store_first(b->store))
			continue;
		uint64_t row = log_store_row(b->store, g->probe);
		if (row >= from && row <= to)
			g->probed = false;
	}
}

/* The newest line of a source has come: how late is it? */
static void note_lag(struct log_book *b, const struct log_entry *e)
{
	struct book_source *s = source_at(b, e->source);
	struct book_sum *sum = s ? sum_of(b, s->number) : NULL;

	if (!sum || !e->timed || clock_ms() - b->followed_ms < HISTORY_MS)
		return;
	b->lag_ms = wall_ms() - e->ns / 1000000;
	sum->behind = (int) MAX(MIN(b->lag_ms / 1000, INT64_C(1000000)), INT64_C(-1000000));
}

void log_book_add(struct log_book *b, const struct log_batch *batch)
{
	struct log_entry e = { 0 };

	for (size_t pos = 0; pos < batch->len;) {
		memcpy(&e, batch->data + pos, sizeof(e));
		pos += sizeof(e);
		add_entry(b, &e, batch->data + pos);
		note_lag(b, &e);
		pos += e.len;
	}
}

/* ---- sums ---------------------------------------------------------------------------------------------- */

uint64_t log_book_lines(const struct log_book *b, int replica)
{
	const struct book_sum *sum = replica < 0 ? NULL : sum_of(b, replica);

	if (replica < 0)
		return log_store_end(b->store) - log_store_first(b->store);
	return sum ? sum->lines : 0;
}

uint64_t log_book_errors(const struct log_book *b, int replica)
{
	const struct book_sum *sum = replica < 0 ? NULL : sum_of(b, replica);

	if (replica < 0)
		return log_store_errors(b->store);
	return sum ? sum->errors : 0;
}

bool log_book_last(const struct log_book *b, int replica, int64_t now, int count, double *lines, uint32_t *errors)
{
	double one_lines[LOG_RATES_SIZE];
	uint32_t one_errors[LOG_RATES_SIZE];
	bool any = false;

	memset(lines, 0, (size_t) count * sizeof(*lines));
	memset(errors, 0, (size_t) count * sizeof(*errors));
	for (int i = 0; i < b->sum_count; i++) {
		const struct book_sum *s = &b->sums[i];
		if ((replica >= 0 && s->number != replica) || !log_rates_last(&s->rates, now - s->behind, count, one_lines, one_errors))
			continue;
		any = true;
		for (int j = 0; j < count; j++) {
			lines[j] += one_lines[j];
			errors[j] += one_errors[j];
		}
	}
	return any;
}

static int64_t until_of(const struct book_sum *s, int64_t now)
{
	int64_t until = log_rates_until(&s->rates, now - s->behind);

	return until ? until + s->behind : 0;
}

int64_t log_book_until(const struct log_book *b, int replica, int64_t now)
{
	int64_t until = 0;

	for (int i = 0; i < b->sum_count; i++)
		if (replica < 0 || b->sums[i].number == replica)
			until = MAX(until, until_of(&b->sums[i], now));
	return until;
}

double log_book_rate(const struct log_book *b, int replica, int64_t now)
{
	double sum = 0;

	for (int i = 0; i < b->sum_count; i++)
		if (replica < 0 || b->sums[i].number == replica)
			sum += log_rates_now(&b->sums[i].rates, now - b->sums[i].behind);
	return sum;
}
