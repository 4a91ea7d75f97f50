/* Finding text and paths in a result. See result.h. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "ui/result.h"

/* Capital letters in what is searched for mean themselves, small ones any. */
static bool is_exact(const char *s)
{
	for (; *s; s++)
		if (isupper((unsigned char) *s))
			return true;
	return false;
}

/* The next place of either; each is looked for only once it was passed. */
static const char *find_any_case(const char *text, size_t len, const char *what, size_t n)
{
	int lower = tolower((unsigned char) *what), upper = toupper((unsigned char) *what);
	const char *end = text + len - MIN(n - 1, len), *a = NULL, *b = lower == upper ? end : NULL;

	for (const char *p = text; p < end; p++) {
		if ((!a || a < p) && !(a = memchr(p, lower, (size_t) (end - p))))
			a = end;
		if ((!b || b < p) && !(b = memchr(p, upper, (size_t) (end - p))))
			b = end;
		p = MIN(a, b);
		if (p < end && !strncasecmp(p, what, n))
			return p;
	}
	return NULL;
}

static size_t find_from(const struct result *r, size_t from)
{
	const struct pager *p = &r->pager;
	size_t n = strlen(r->search);
	const char *at = from > p->len ? NULL
			 : r->exact ? memmem(p->text + from, p->len - from, r->search, n)
					       : find_any_case(p->text + from, p->len - from, r->search, n);

	return at ? (size_t) (at - p->text) : SIZE_MAX;
}

static void count_matches(struct result *r)
{
	r->matches = r->match = 0;
	for (size_t at = find_from(r, 0); at != SIZE_MAX && r->matches < MATCHES_MAX; at = find_from(r, at + 1)) {
		r->matches++;
		r->match += at <= r->found;
	}
}

/* The byte of the text that stands at the cursor. */
static size_t offset_here(struct result *r)
{
	struct result_row row;
	struct json_span span;

	if (r->mode == RESULT_TREE && result_tree_row(&r->tree, r->row, &row) && row.value.text)
		return (size_t) ((row.key.len ? row.key.text : row.value.text) - r->tree.text.text);
	if (r->mode == RESULT_RAW && pager_row(&r->pager, r->pager.width, r->row, &span))
		return (size_t) (span.text - r->pager.text);
	return 0;
}

static void go_to(struct result *r, size_t offset)
{
	r->found = offset;
	if (r->json && r->mode != RESULT_RAW)
		result_show_tree(r, offset);
	else
		r->row = pager_find(&r->pager, r->pager.width, offset);
}

bool result_go_to_path(struct result *r, const char *path)
{
	struct json_span value = r->tree.text;

	if (!r->json || !result_path_find(&value, path))
		return false;
	result_show_tree(r, (size_t) (value.text - r->tree.text.text));
	return true;
}

bool result_search(struct result *r, const char *text)
{
	size_t from = r->found != SIZE_MAX && r->search ? r->found : offset_here(r);

	free(r->search);
	r->search = str_blank(text) ? NULL : strdup(text);
	r->exact = r->search && is_exact(r->search);
	if (!r->search || !r->pager.len) {
		r->found = SIZE_MAX;
		return true;
	}
	size_t at = find_from(r, from);
	if (at == SIZE_MAX)
		at = find_from(r, 0);
	r->found = at;
	count_matches(r);
	if (at != SIZE_MAX)
		go_to(r, at);
	return at != SIZE_MAX;
}

/* The match before the one at `at`; before the first one stands the last. */
static size_t find_before(const struct result *r, size_t at)
{
	size_t before = SIZE_MAX, last = SIZE_MAX;

	for (size_t m = find_from(r, 0); m != SIZE_MAX && (before == SIZE_MAX || m < at); m = find_from(r, m + 1)) {
		if (m < at)
			before = m;
		last = m;
	}
	return before != SIZE_MAX ? before : last;
}

static size_t find_behind(const struct result *r, size_t at)
{
	size_t next = find_from(r, at == SIZE_MAX ? 0 : at + 1);

	return next != SIZE_MAX ? next : find_from(r, 0);
}

/* Several matches may stand in one row: the next is on another one. */
void result_search_step(struct result *r, bool back)
{
	size_t before = r->row;

	for (int i = 0; r->search && i < MIN(r->matches, back ? 50 : MATCHES_MAX) && r->row == before; i++)
		go_to(r, back ? find_before(r, r->found) : find_behind(r, r->found));
	if (r->search)
		count_matches(r);
}
