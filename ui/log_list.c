/* What is shown and found. See log_list.h. */
#include "ui/log_list.h"

#include "base/clock.h"

/* Lines between two looks at the clock. */
#define STRIDE 64

/* ---- numbers --------------------------------------------------------------------------------------- */

size_t log_numbers_place(const struct log_numbers *n, uint64_t line)
{
	size_t low = 0, high = n->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (log_number(n, middle) < line)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool log_numbers_has(const struct log_numbers *n, uint64_t line)
{
	size_t i = log_numbers_place(n, line);

	return i < n->count && log_number(n, i) == line;
}

static bool make_room(struct log_numbers *n)
{
	size_t size = MAX(n->size * 2, (size_t) 256);
	uint64_t *items;

	if (n->count < n->size)
		return true;
	items = malloc(size * sizeof(*items));
	if (!items)
		return false;
	for (size_t i = 0; i < n->count; i++)
		items[i] = log_number(n, i);
	free(n->items);
	*n = (struct log_numbers){ items, size, 0, n->count };
	return true;
}

static bool push_front(struct log_numbers *n, uint64_t line)
{
	if (!make_room(n))
		return false;
	n->start = (n->start - 1) & (n->size - 1);
	n->items[n->start] = line;
	n->count++;
	return true;
}

/* Lines come in order, or nearly so. */
static bool insert(struct log_numbers *n, uint64_t line)
{
	if (!make_room(n))
		return false;
	size_t i = n->count++;
	for (; i > 0 && log_number(n, i - 1) > line; i--)
		n->items[(n->start + i) & (n->size - 1)] = log_number(n, i - 1);
	n->items[(n->start + i) & (n->size - 1)] = line;
	return true;
}

/* Nearly always the first, or one of the last. */
static bool take_out(struct log_numbers *n, uint64_t line)
{
	size_t i = log_numbers_place(n, line);

	if (i == n->count || log_number(n, i) != line)
		return false;
	if (i == 0) {
		n->start = (n->start + 1) & (n->size - 1);
	} else {
		for (; i + 1 < n->count; i++)
			n->items[(n->start + i) & (n->size - 1)] = log_number(n, i + 1);
	}
	n->count--;
	return true;
}

static void clear(struct log_numbers *n)
{
	n->start = n->count = 0;
}

/* ---- the list -------------------------------------------------------------------------------------- */

void log_list_init(struct log_list *l, struct log_store *store, struct log_filter *filter)
{
	*l = (struct log_list){ .store = store, .filter = filter, .plain = STRBUF_INIT(STRBUF_TEXT) };
	log_list_restart(l);
}

void log_list_free(struct log_list *l)
{
	free(l->rows.items);
	free(l->hits.items);
	strbuf_free(&l->plain);
}

void log_list_restart(struct log_list *l)
{
	clear(&l->rows);
	clear(&l->hits);
	l->lines = l->fresh = 0;
	l->below = l->hits_below = log_store_end(l->store);
}

void log_list_search(struct log_list *l, struct log_pattern *search)
{
	clear(&l->hits);
	l->search = search;
	l->hits_below = log_store_end(l->store);
}

static bool rows_done(const struct log_list *l)
{
	return l->below <= log_store_first(l->store);
}

bool log_list_done(const struct log_list *l)
{
	return rows_done(l) && (!l->search || l->hits_below <= log_store_first(l->store));
}

static bool matches(struct log_list *l, uint64_t line)
{
	size_t len;
	const char *text = log_visible(l->store, log_store_at(l->store, line), &l->plain, &len);

	return log_pattern_find(l->search, text, len, 0, NULL, NULL);
}

static bool group_matches(struct log_list *l, uint64_t row)
{
	uint64_t head = log_store_head(l->store, row);

	if (matches(l, head))
		return true;
	const struct log_group *g = log_store_group(l->store, head);
	for (uint64_t member = head; g && (member = log_store_next_member(l->store, g, member));)
		if (matches(l, member))
			return true;
	return false;
}

/* Of the group in that row. */
static uint64_t lines_of(const struct log_list *l, uint64_t row)
{
	const struct log_group *g = log_store_group(l->store, log_store_head(l->store, row));

	return 1 + (g ? g->members : 0);
}

/* A member whose head was dropped is in none. */
static bool is_row(const struct log_list *l, uint64_t line)
{
	return log_store_head(l->store, line) >= log_store_first(l->store) && log_store_row(l->store, line) == line;
}

/* Those of them that came since the view is held. */
static uint64_t fresh_of(const struct log_list *l, uint64_t row)
{
	uint64_t head = log_store_head(l->store, row), count = 0;
	const struct log_group *g = log_store_group(l->store, head);

	if (head >= l->held)
		return lines_of(l, row);
	if (!g || g->last < l->held)
		return 0;
	for (uint64_t member = head; (member = log_store_next_member(l->store, g, member));)
		count += member >= l->held;
	return count;
}

void log_list_hold(struct log_list *l)
{
	l->held = log_store_end(l->store);
	l->fresh = 0;
}

static void count_row(struct log_list *l, uint64_t row)
{
	l->lines += lines_of(l, row);
	l->fresh += fresh_of(l, row);
}

static void count_line(struct log_list *l, uint64_t line)
{
	l->lines++;
	l->fresh += line >= l->held;
}

static void look_for_rows(struct log_list *l, int64_t until)
{
	for (int n = 1; !rows_done(l); n++) {
		uint64_t line = --l->below;
		if (is_row(l, line) && log_filter_passes_group(l->filter, l->store, log_store_head(l->store, line)) &&
		    push_front(&l->rows, line))
			count_row(l, line);
		if (n % STRIDE == 0 && clock_us() >= until)
			return;
	}
}

static void look_for_hits(struct log_list *l, int64_t until)
{
	size_t i = log_numbers_place(&l->rows, l->hits_below);

	for (int n = 1; i > 0; n++) {
		uint64_t line = log_number(&l->rows, --i);
		l->hits_below = line;
		if (group_matches(l, line))
			push_front(&l->hits, line);
		if (n % STRIDE == 0 && clock_us() >= until)
			return;
	}
	/* Before what is not filtered yet nothing was searched either. */
	l->hits_below = MIN(l->hits_below, l->below);
}

bool log_list_step(struct log_list *l, int64_t budget_us)
{
	int64_t until = clock_us() + budget_us;

	if (!rows_done(l))
		look_for_rows(l, until);
	if (l->search && l->hits_below > l->below && clock_us() < until)
		look_for_hits(l, until);
	return !log_list_done(l);
}

/* A probe: the row of its group moves on to it. */
static bool probe_added(struct log_list *l, uint64_t line, uint64_t head)
{
	uint64_t before = log_store_group(l->store, head)->previous;
	bool was_hit = take_out(&l->hits, before), known = take_out(&l->rows, before);

	if (!known && !(before < l->below ? log_filter_passes_group(l->filter, l->store, head)
					  : log_filter_passes(l->filter, l->store, log_store_at(l->store, line))))
		return false;
	if (!insert(&l->rows, line))
		return false;
	if (known)
		count_line(l, line);
	else
		count_row(l, line);
	/* Whether those before match is known only if they were searched. */
	if (l->search && line >= l->hits_below &&
	    (was_hit || (known && before >= l->hits_below ? matches(l, line) : group_matches(l, line))))
		insert(&l->hits, line);
	return true;
}

bool log_list_added(struct log_list *l, uint64_t line)
{
	const struct log_record *r = log_store_at(l->store, line);
	uint64_t head = log_store_head(l->store, line);

	if (r->head && r->flags & LOG_HEALTH)
		return probe_added(l, line, head);
	/* Its turn comes with its head's. */
	if (head < l->below && r->head)
		return false;
	bool known = r->head && log_numbers_has(&l->rows, head);
	if (known)
		count_line(l, line);
	else if (log_filter_passes(l->filter, l->store, r) && insert(&l->rows, head))
		count_row(l, head);
	else
		return false;
	/* Brought in by a member, the head was not searched yet. */
	if (l->search && head >= l->hits_below && !log_numbers_has(&l->hits, head) &&
	    (known ? matches(l, line) : group_matches(l, head)))
		insert(&l->hits, head);
	return true;
}

static void move_up(struct log_numbers *n, uint64_t line)
{
	for (size_t i = n->count; i-- > 0 && log_number(n, i) >= line;)
		n->items[(n->start + i) & (n->size - 1)]++;
}

bool log_list_inserted(struct log_list *l, uint64_t line)
{
	/* What was not looked at yet ends behind it: its turn comes. */
	bool later = l->below > line;

	move_up(&l->rows, line);
	move_up(&l->hits, line);
	l->below += later;
	l->hits_below += l->hits_below > line;
	l->held += l->held > line;
	return !later && log_list_added(l, line);
}

void log_list_dropped(void *arg, uint64_t row, uint32_t members)
{
	struct log_list *l = arg;

	if (take_out(&l->rows, row)) {
		l->lines -= 1 + members;
		l->fresh -= fresh_of(l, row);
	}
	take_out(&l->hits, row);
}
