/* See result_align.h. */
#include "ui/result_align.h"

#include <string.h>

#include "base/bytes.h"

/* Lengths of the two lists, multiplied, up to which equal items are looked for: a table of so many numbers. */
#define TABLE_MAX ((size_t) 4 * 1024 * 1024)

static bool same(struct json_span a, struct json_span b)
{
	return a.len == b.len && !memcmp(a.text, b.text, a.len);
}

/* ---- by a name of their own -------------------------------------------------------------------------- */

struct named {
	struct json_span name;
	size_t index;
};

static int by_name(const void *a, const void *b)
{
	const struct json_span *x = &((const struct named *) a)->name, *y = &((const struct named *) b)->name;
	int order = memcmp(x->text, y->text, MIN(x->len, y->len));

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

/* The names of all, sorted. False: one has none, or two have the same. */
static bool names_of(const struct members *list, const char *key, struct named *out)
{
	for (size_t i = 0; i < list->count; i++) {
		struct json_span value = list->items[i].value;
		if (json_type(value) != JSON_OBJECT || !json_member(value, key, &out[i].name) ||
		    (json_type(out[i].name) != JSON_STRING && json_type(out[i].name) != JSON_NUMBER))
			return false;
		out[i].index = i;
	}
	qsort(out, list->count, sizeof(*out), by_name);
	for (size_t i = 1; i < list->count; i++)
		if (same(out[i - 1].name, out[i].name))
			return false;
	return true;
}

static bool align_by_name(const struct members *before, const struct members *after, size_t *match)
{
	static const char *const keys[] = { "id", "uuid", "key", "name", "task_id", "index" };
	AUTO_FREE struct named *old = calloc(before->count, sizeof(*old));
	AUTO_FREE struct named *new = calloc(after->count, sizeof(*new));

	for (size_t k = 0; old && new && k < ARRAY_LEN(keys); k++) {
		if (!names_of(before, keys[k], old) || !names_of(after, keys[k], new))
			continue;
		for (size_t i = 0; i < after->count; i++) {
			const struct named *found = bsearch(&new[i], old, before->count, sizeof(*old), by_name);
			match[new[i].index] = found ? found->index : UNMATCHED;
		}
		return true;
	}
	return false;
}

/* ---- by what they are ---------------------------------------------------------------------------------- */

/* From `from` on, n and m items of either. */
struct part {
	const struct member *before, *after;
	size_t from, n, m;
	size_t *match;
};

/* What is left between two matches goes by its place. */
static void pair_between(const struct part *p, size_t before, size_t before_end, size_t after, size_t after_end)
{
	while (before < before_end && after < after_end)
		p->match[p->from + after++] = p->from + before++;
}

/* The longest common subsequence: longest[i][j] is that of what begins with i and j. */
static bool align_equal(const struct part *p)
{
	size_t width = p->m + 1, last_i = 0, last_j = 0;
	AUTO_FREE uint16_t *longest = NULL;

	if (p->n >= UINT16_MAX || p->m >= UINT16_MAX || (p->n + 1) * width > TABLE_MAX)
		return false;
	longest = calloc((p->n + 1) * width, sizeof(*longest));
	if (!longest)
		return false;
	for (size_t i = p->n; i-- > 0;)
		for (size_t j = p->m; j-- > 0;)
			longest[i * width + j] = same(p->before[i].value, p->after[j].value)
						 ? (uint16_t) (longest[(i + 1) * width + j + 1] + 1)
						 : MAX(longest[(i + 1) * width + j], longest[i * width + j + 1]);
	for (size_t i = 0, j = 0; i < p->n && j < p->m;) {
		if (same(p->before[i].value, p->after[j].value)) {
			pair_between(p, last_i, i, last_j, j);
			p->match[p->from + j++] = p->from + i++;
			last_i = i;
			last_j = j;
		} else if (longest[(i + 1) * width + j] >= longest[i * width + j + 1]) {
			i++;
		} else {
			j++;
		}
	}
	pair_between(p, last_i, p->n, last_j, p->m);
	return true;
}

void lists_align(const struct members *before, const struct members *after, size_t *match)
{
	size_t least = MIN(before->count, after->count), head = 0, tail = 0;

	for (size_t i = 0; i < after->count; i++)
		match[i] = UNMATCHED;
	if (!least || align_by_name(before, after, match))
		return;
	/* Mostly both begin and end alike. */
	while (head < least && same(before->items[head].value, after->items[head].value))
		head++;
	while (tail < least - head &&
	       same(before->items[before->count - 1 - tail].value, after->items[after->count - 1 - tail].value))
		tail++;
	struct part middle = { before->items + head, after->items + head, head, before->count - head - tail,
			       after->count - head - tail, match };
	pair_between(&(struct part){ .match = match }, 0, head, 0, head);
	for (size_t i = 0; i < tail; i++)
		match[after->count - 1 - i] = before->count - 1 - i;
	if (!align_equal(&middle))
		pair_between(&middle, 0, middle.n, 0, middle.m);
}
