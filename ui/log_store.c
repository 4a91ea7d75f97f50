/* Records and their bytes. See log_store.h. */
#include "ui/log_store.h"

#include <string.h>

/* Of ordinary chunks; a longer line gets one of its own. */
#define CHUNK ((size_t) 256 * 1024)

struct chunk {
	uint64_t last; /* the line whose text was added last */
	size_t size, used;
	char *data;
};

struct log_store {
	size_t max_lines, max_bytes;
	/* The record of a line stands at line & (size - 1). */
	struct log_record *records;
	size_t size;
	uint64_t first, end;
	/* Chunks by number: [chunk_first, chunk_end), the same way. */
	struct chunk *chunks;
	size_t chunks_size;
	uint32_t chunk_first, chunk_end;
	/* By head. */
	struct log_group *groups;
	size_t groups_size, group_first, group_end;
	size_t bytes; /* of all chunks */
	uint64_t dropped, errors;
	log_drop_fn *on_drop;
	void *on_drop_arg;
};

struct log_store *log_store_new(size_t max_lines, size_t max_bytes, struct af_error *err)
{
	struct log_store *s = calloc(1, sizeof(*s));

	if (!s) {
		error_nomem(err);
		return NULL;
	}
	s->max_lines = MAX(max_lines, (size_t) 1);
	s->max_bytes = MAX(max_bytes, CHUNK);
	return s;
}

void log_store_free(struct log_store *s)
{
	if (!s)
		return;
	for (uint32_t i = s->chunk_first; i != s->chunk_end; i++)
		free(s->chunks[i & (s->chunks_size - 1)].data);
	free(s->chunks);
	free(s->records);
	free(s->groups);
	free(s);
}

void log_store_on_drop(struct log_store *s, log_drop_fn *fn, void *arg)
{
	s->on_drop = fn;
	s->on_drop_arg = arg;
}

/* ---- reading ----------------------------------------------------------------------------------- */

uint64_t log_store_first(const struct log_store *s)
{
	return s->first;
}

uint64_t log_store_end(const struct log_store *s)
{
	return s->end;
}

struct log_record *log_store_at(const struct log_store *s, uint64_t line)
{
	return &s->records[line & (s->size - 1)];
}

static struct chunk *chunk_at(const struct log_store *s, uint32_t number)
{
	return &s->chunks[number & (s->chunks_size - 1)];
}

const char *log_store_text(const struct log_store *s, const struct log_record *r)
{
	return chunk_at(s, r->chunk)->data + r->offset;
}

uint64_t log_store_dropped(const struct log_store *s)
{
	return s->dropped;
}

size_t log_store_bytes(const struct log_store *s)
{
	return s->bytes;
}

uint64_t log_store_errors(const struct log_store *s)
{
	return s->errors;
}

size_t log_store_max_lines(const struct log_store *s)
{
	return s->max_lines;
}

/* ---- groups -------------------------------------------------------------------------------------- */

/* Where the group of `head` stands, or would. */
static size_t group_place(const struct log_store *s, uint64_t head)
{
	size_t low = s->group_first, high = s->group_end;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (s->groups[middle].head < head)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct log_group *group_find(const struct log_store *s, uint64_t head)
{
	size_t i = group_place(s, head);

	return i < s->group_end && s->groups[i].head == head ? &s->groups[i] : NULL;
}

const struct log_group *log_store_group(const struct log_store *s, uint64_t head)
{
	return group_find(s, head);
}

uint64_t log_store_row(const struct log_store *s, uint64_t line)
{
	uint64_t head = log_store_head(s, line);
	const struct log_group *g = log_store_at(s, line)->flags & LOG_HEALTH ? group_find(s, head) : NULL;

	return g ? g->last : head;
}

uint64_t log_store_next_member(const struct log_store *s, const struct log_group *g, uint64_t line)
{
	while (++line <= g->last)
		if (log_store_at(s, line)->head == line - g->head)
			return line;
	return 0;
}

static struct log_group *group_new(struct log_store *s, uint64_t head)
{
	if (s->group_end == s->groups_size && s->group_first > s->groups_size / 2) {
		memmove(s->groups, s->groups + s->group_first, (s->group_end - s->group_first) * sizeof(*s->groups));
		s->group_end -= s->group_first;
		s->group_first = 0;
	}
	if (s->group_end == s->groups_size) {
		size_t size = MAX(s->groups_size * 2, (size_t) 64);
		struct log_group *groups = realloc(s->groups, size * sizeof(*groups));
		if (!groups)
			return NULL;
		s->groups = groups;
		s->groups_size = size;
	}
	/* Nearly always the last: another source may have begun a later one. */
	size_t i = group_place(s, head);
	memmove(s->groups + i + 1, s->groups + i, (s->group_end - i) * sizeof(*s->groups));
	s->group_end++;
	s->groups[i] = (struct log_group){ .head = head, .last = head };
	return &s->groups[i];
}

/* ---- dropping ------------------------------------------------------------------------------------- */

static void drop_chunks(struct log_store *s)
{
	while (s->chunk_first != s->chunk_end && chunk_at(s, s->chunk_first)->last < s->first) {
		struct chunk *c = chunk_at(s, s->chunk_first++);
		s->bytes -= c->size;
		free(c->data);
		c->data = NULL;
	}
}

static void drop_first(struct log_store *s)
{
	struct log_record *r = log_store_at(s, s->first);
	struct log_group *g = r->head ? NULL : group_find(s, s->first);

	if (!r->head) {
		s->errors -= r->level >= LEVEL_ERROR;
		if (s->on_drop)
			s->on_drop(s->on_drop_arg, g && r->flags & LOG_HEALTH ? g->last : s->first, g ? g->members : 0);
	}
	/* Groups of heads dropped before are gone, so this is the first. */
	if (g)
		s->group_first++;
	s->first++;
	s->dropped++;
}

static void make_room(struct log_store *s)
{
	while (s->end - s->first >= s->max_lines)
		drop_first(s);
	drop_chunks(s);
	/* Whole chunks go. */
	while (s->bytes > s->max_bytes && s->chunk_end - s->chunk_first > 1) {
		uint64_t last = chunk_at(s, s->chunk_first)->last;
		while (s->first <= last)
			drop_first(s);
		drop_chunks(s);
	}
}

/* ---- adding ------------------------------------------------------------------------------------------ */

static bool grow_records(struct log_store *s)
{
	size_t size = MAX(s->size * 2, (size_t) 1024);
	struct log_record *records;

	if (s->end - s->first < s->size)
		return true;
	records = malloc(size * sizeof(*records));
	if (!records)
		return false;
	for (uint64_t i = s->first; i < s->end; i++)
		records[i & (size - 1)] = *log_store_at(s, i);
	free(s->records);
	s->records = records;
	s->size = size;
	return true;
}

static bool grow_chunks(struct log_store *s)
{
	size_t size = MAX(s->chunks_size * 2, (size_t) 16);
	struct chunk *chunks;

	if (s->chunk_end - s->chunk_first < s->chunks_size)
		return true;
	chunks = malloc(size * sizeof(*chunks));
	if (!chunks)
		return false;
	for (uint32_t i = s->chunk_first; i != s->chunk_end; i++)
		chunks[i & (size - 1)] = *chunk_at(s, i);
	free(s->chunks);
	s->chunks = chunks;
	s->chunks_size = size;
	return true;
}

/* The chunk that the next `len` bytes go into. */
static struct chunk *chunk_for(struct log_store *s, size_t len)
{
	struct chunk *c = s->chunk_first == s->chunk_end ? NULL : chunk_at(s, s->chunk_end - 1);

	if (c && c->size - c->used >= len)
		return c;
	size_t size = MAX(len, CHUNK);
	char *data = grow_chunks(s) ? malloc(size) : NULL;
	if (!data)
		return NULL;
	c = chunk_at(s, s->chunk_end++);
	*c = (struct chunk){ .size = size, .data = data };
	s->bytes += size;
	return c;
}

/* Makes the line a member of its head's group; false if it is the head, or alone. */
static bool join(struct log_store *s, struct log_record *r, uint64_t line, uint64_t head)
{
	struct log_group *g;

	if (head == line)
		return false;
	if (!(g = group_find(s, head)) && !(g = group_new(s, head)))
		return false;
	g->members++;
	g->previous = g->last;
	g->last = line;
	r->head = (uint32_t) (line - head);
	r->level = log_store_at(s, head)->level;
	return true;
}

uint64_t log_store_add(struct log_store *s, struct log_grouping *g, int64_t ns, uint16_t replica, struct log_meta meta,
		       const char *text, size_t len)
{
	uint64_t line = s->end;
	struct chunk *c;

	make_room(s);
	if (!grow_records(s) || !(c = chunk_for(s, len)))
		return UINT64_MAX;
	memcpy(c->data + c->used, text, len);
	struct log_record *r = log_store_at(s, line);
	*r = (struct log_record){ .ns = ns, .chunk = s->chunk_end - 1, .offset = (uint32_t) c->used, .len = (uint32_t) len,
				  .replica = replica, .body = meta.body, .level = meta.level, .flags = meta.flags };
	c->used += len;
	c->last = line;
	s->end++;
	if (!g || !join(s, r, line, log_group_of(g, s->first, line, ns, meta, len)))
		s->errors += r->level >= LEVEL_ERROR;
	return line;
}

/* ---- inserting --------------------------------------------------------------------------------------- */

uint64_t log_store_place(const struct log_store *s, int64_t ns, uint64_t most)
{
	uint64_t line = s->end, first = s->end - s->first > most ? s->end - most : s->first;

	while (line > first && log_store_at(s, line - 1)->ns > ns)
		line--;
	return line;
}

static void move_numbers(struct log_store *s, uint64_t line)
{
	for (size_t i = s->group_first; i < s->group_end; i++) {
		log_moved(&s->groups[i].head, line);
		log_moved(&s->groups[i].last, line);
		log_moved(&s->groups[i].previous, line);
	}
	for (uint32_t i = s->chunk_end; i-- != s->chunk_first;)
		log_moved(&chunk_at(s, i)->last, line);
}

bool log_store_insert(struct log_store *s, uint64_t line, int64_t ns, uint16_t replica, struct log_meta meta, const char *text,
		      size_t len)
{
	uint64_t end = log_store_add(s, NULL, ns, replica, meta, text, len);

	if (end == UINT64_MAX)
		return false;
	/* Room may have been made meanwhile. */
	line = MAX(line, s->first);
	struct log_record own = *log_store_at(s, end);
	for (uint64_t i = end; i > line; i--) {
		struct log_record *r = log_store_at(s, i);
		*r = *log_store_at(s, i - 1);
		/* Its head stays where it is. */
		r->head += r->head && i - 1 - r->head < line;
	}
	*log_store_at(s, line) = own;
	move_numbers(s, line);
	/* Its own text was the last that came. */
	chunk_at(s, s->chunk_end - 1)->last = end;
	return true;
}
