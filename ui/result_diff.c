/* Differences of two JSON texts. See result.h. */
#include <string.h>

#include "ui/result.h"
#include "ui/result_align.h"

struct comparison {
	struct diff *d;
	struct strbuf path;
	struct af_error *err;
};

static int by_key(const void *a, const void *b)
{
	const struct json_span *x = &(*(struct member *const *) a)->key, *y = &(*(struct member *const *) b)->key;
	int order = memcmp(x->text, y->text, MIN(x->len, y->len));

	return order ? order : (x->len > y->len) - (x->len < y->len);
}

static void members_free(struct members *m)
{
	free(m->items);
	free(m->sorted);
}

static af_code members_read(struct json_span container, struct members *m, struct af_error *err)
{
	size_t size = 0;

	*m = (struct members){ 0 };
	for (struct json_iter it = json_iter(container); json_next(&it); m->count++) {
		if (m->count == size) {
			size = size ? size * 2 : 16;
			struct member *items = realloc(m->items, size * sizeof(*items));
			if (!items)
				return error_nomem(err);
			m->items = items;
		}
		m->items[m->count] = (struct member){ it.key, it.value };
	}
	m->sorted = calloc(m->count + 1, sizeof(*m->sorted));
	if (!m->sorted)
		return error_nomem(err);
	for (size_t i = 0; i < m->count; i++)
		m->sorted[i] = &m->items[i];
	if (m->count && m->items[0].key.len)
		qsort(m->sorted, m->count, sizeof(*m->sorted), by_key);
	return AF_OK;
}

static const struct member *find(const struct members *m, const struct member *wanted)
{
	struct member **found = m->count ? bsearch(&wanted, m->sorted, m->count, sizeof(*m->sorted), by_key) : NULL;

	return found ? *found : NULL;
}

static af_code add_line(struct comparison *c, char kind, struct json_span before, struct json_span after)
{
	struct diff *d = c->d;

	if (d->count == DIFF_MAX) {
		d->more = true;
		return AF_OK;
	}
	/* Grows by doubling: counts of 0, 1, 2, 4… */
	if ((d->count & (d->count - 1)) == 0) {
		struct diff_line *lines = realloc(d->lines, MAX(d->count * 2, (size_t) 1) * sizeof(*lines));
		if (!lines)
			return error_nomem(c->err);
		d->lines = lines;
	}
	char *path = str_dup(c->path.data, c->err);
	if (!path)
		return AF_ERR_NOMEM;
	d->lines[d->count++] = (struct diff_line){ kind, path, before, after };
	return AF_OK;
}

static af_code compare(struct comparison *c, struct json_span before, struct json_span after);

static af_code compare_one(struct comparison *c, const struct member *before, const struct member *after, size_t index)
{
	const struct member *named = after ? after : before;
	static const struct json_span nothing;
	size_t len = c->path.len;
	af_code rc;

	if (named->key.len)
		path_add_key(&c->path, named->key);
	else
		path_add_index(&c->path, index);
	if (!before)
		rc = add_line(c, '+', nothing, after->value);
	else if (!after)
		rc = add_line(c, '-', before->value, nothing);
	else
		rc = compare(c, before->value, after->value);
	strbuf_truncate(&c->path, len);
	return rc;
}

static af_code compare_objects(struct comparison *c, const struct members *before, const struct members *after)
{
	af_code rc = AF_OK;

	for (size_t i = 0; !rc && i < after->count && !c->d->more; i++)
		rc = compare_one(c, find(before, &after->items[i]), &after->items[i], i);
	for (size_t i = 0; !rc && i < before->count && !c->d->more; i++)
		if (!find(after, &before->items[i]))
			rc = compare_one(c, &before->items[i], NULL, i);
	return rc;
}

/* What of the older list has no match, up to `end`: it went from there. */
static af_code compare_gone(struct comparison *c, const struct members *before, const bool *matched, size_t *next, size_t end)
{
	af_code rc = AF_OK;

	for (; !rc && *next < end && !c->d->more; (*next)++)
		if (!matched[*next])
			rc = compare_one(c, &before->items[*next], NULL, *next);
	return rc;
}

/* Each item beside its match, in the order of the newer list; what went stands where it was. */
static af_code compare_lists(struct comparison *c, const struct members *before, const struct members *after)
{
	AUTO_FREE size_t *match = calloc(after->count + 1, sizeof(*match));
	AUTO_FREE bool *matched = calloc(before->count + 1, sizeof(*matched));
	size_t next = 0;

	if (!match || !matched)
		return error_nomem(c->err);
	lists_align(before, after, match);
	for (size_t i = 0; i < after->count; i++)
		if (match[i] != UNMATCHED)
			matched[match[i]] = true;
	af_code rc = AF_OK;
	for (size_t i = 0; !rc && i < after->count && !c->d->more; i++) {
		if (match[i] != UNMATCHED)
			rc = compare_gone(c, before, matched, &next, match[i]);
		if (!rc)
			rc = compare_one(c, match[i] == UNMATCHED ? NULL : &before->items[match[i]], &after->items[i], i);
	}
	return rc ? rc : compare_gone(c, before, matched, &next, before->count);
}

static af_code compare(struct comparison *c, struct json_span before, struct json_span after)
{
	enum json_type type = json_type(after);
	struct members old = { 0 }, new = { 0 };

	if (before.len == after.len && !memcmp(before.text, after.text, after.len))
		return AF_OK;
	if (json_type(before) != type || (type != JSON_OBJECT && type != JSON_ARRAY))
		return add_line(c, '~', before, after);
	af_code rc = members_read(before, &old, c->err);
	if (!rc)
		rc = members_read(after, &new, c->err);
	if (!rc)
		rc = type == JSON_OBJECT ? compare_objects(c, &old, &new) : compare_lists(c, &old, &new);
	members_free(&old);
	members_free(&new);
	return rc;
}

af_code diff_make(struct diff *d, char *take_before, char *take_after, struct af_error *err)
{
	struct comparison c = { .d = d, .path = STRBUF_INIT(STRBUF_TEXT), .err = err };

	*d = (struct diff){ .before = take_before, .after = take_after };
	strbuf_addc(&c.path, '$');
	af_code rc = compare(&c, (struct json_span){ take_before, strlen(take_before) },
			     (struct json_span){ take_after, strlen(take_after) });
	strbuf_free(&c.path);
	if (rc)
		diff_free(d);
	return rc;
}

void diff_free(struct diff *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->lines[i].path);
	free(d->lines);
	free(d->before);
	free(d->after);
	*d = (struct diff){ 0 };
}
