/* The pane of a result: what it shows, and its keys. See result.h. */
#include "ui/result.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/bytes.h"

void result_init(struct result *r)
{
	*r = (struct result){ .replica = -1, .found = SIZE_MAX, .page = 10 };
}

void result_clear(struct result *r)
{
	int page = r->page;

	result_free(r);
	result_init(r);
	r->page = page;
}

void result_free(struct result *r)
{
	result_tree_free(&r->tree);
	pager_free(&r->pager);
	table_free(&r->table);
	diff_free(&r->diff);
	free(r->environment);
	free(r->method);
	free(r->host);
	free(r->error);
	free(r->call_id);
	free(r->note);
	free(r->text);
	free(r->search);
}

void result_take_text(struct result *r, char *take_text, size_t len, const struct result_tree *take_tree)
{
	r->present = true;
	r->text = take_text;
	r->len = take_text ? len : 0;
	if (take_tree) {
		r->tree = *take_tree;
		r->json = true;
	} else if (take_text) {
		r->json = !json_check(take_text, len, NULL) &&
			  !result_tree_init(&r->tree, (struct json_span){ take_text, len }, NULL);
	}
	if (!r->whole_len)
		r->whole_len = (int64_t) len;
	/* Something plain: its only row is all there is. */
	r->mode = r->json ? RESULT_TREE : RESULT_RAW;
	if (take_text && !r->error)
		pager_set(&r->pager, r->text, r->len);
	else if (r->error)
		pager_set(&r->pager, r->error, strlen(r->error));
}

void result_take_diff(struct result *r, struct diff *take_diff)
{
	diff_free(&r->diff);
	r->diff = *take_diff;
	*take_diff = (struct diff){ 0 };
	r->mode = RESULT_DIFF;
	r->row = r->top = 0;
}

size_t result_rows(struct result *r)
{
	switch (r->mode) {
	case RESULT_TREE:
		return result_tree_rows(&r->tree);
	case RESULT_TABLE:
		return table_rows(&r->table);
	case RESULT_DIFF:
		return r->diff.count + r->diff.more;
	default:
		/* At least: it grows while one goes on. */
		return r->pager.count;
	}
}

/* ---- modes ---------------------------------------------------------------------------------------------- */

static int to_mode(struct result *r, enum result_mode mode)
{
	if (mode != RESULT_RAW && !r->json && mode != RESULT_DIFF)
		return REACT_HANDLED;
	if (mode == RESULT_TABLE && !table_find(&r->table, &r->tree, r->mode == RESULT_TREE ? r->row : 0))
		return REACT_HANDLED;
	r->mode = mode;
	r->row = r->top = 0;
	return REACT_REDRAW;
}

/* ---- searching --------------------------------------------------------------------------------------------- */

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
	if (r->json && r->mode != RESULT_RAW) {
		r->mode = RESULT_TREE;
		r->row = result_tree_reveal(&r->tree, offset);
	} else {
		r->row = pager_find(&r->pager, r->pager.width, offset);
	}
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
static int search_step(struct result *r, bool back)
{
	size_t before = r->row;

	for (int i = 0; r->search && i < MIN(r->matches, back ? 50 : MATCHES_MAX) && r->row == before; i++)
		go_to(r, back ? find_before(r, r->found) : find_behind(r, r->found));
	if (r->search)
		count_matches(r);
	return REACT_REDRAW;
}

/* ---- moving ---------------------------------------------------------------------------------------------------- */

static int move(struct result *r, int64_t rows)
{
	struct json_span span;

	if (rows < 0)
		r->row -= MIN(r->row, (size_t) -rows);
	else
		r->row += (size_t) rows;
	/* Rows of text are found on the way. */
	if (r->mode == RESULT_RAW)
		pager_row(&r->pager, r->pager.width, r->row, &span);
	size_t count = result_rows(r);
	if (r->row >= count)
		r->row = count ? count - 1 : 0;
	return REACT_REDRAW;
}

static int to_last(struct result *r)
{
	size_t count = r->mode == RESULT_RAW ? pager_all(&r->pager, r->pager.width) : result_rows(r);

	r->row = count ? count - 1 : 0;
	return REACT_REDRAW;
}

/* What comes to light is brought into sight, as far as the row itself stays there. */
static void unfold(struct result *r)
{
	size_t before = result_tree_rows(&r->tree);

	if (!result_tree_unfold(&r->tree, r->row))
		return;
	size_t last = r->row + (result_tree_rows(&r->tree) - before), page = (size_t) MAX(2, r->page - 1);
	if (last >= r->top + page)
		r->top = MIN(r->row, last - page + 1);
}

/* Folds what is unfolded, unfolds what is folded. */
static int toggle(struct result *r)
{
	struct result_row row;

	if (r->mode == RESULT_DIFF && r->row < r->diff.count) {
		const char *text = r->diff.lines[r->row].after.text;
		/* To the place in the tree, where this is the newer one. */
		if (text && r->json && !strcmp(r->diff.after, r->text)) {
			r->mode = RESULT_TREE;
			r->row = result_tree_reveal(&r->tree, (size_t) (text - r->diff.after));
		}
		return REACT_REDRAW;
	}
	if (r->mode != RESULT_TREE || !result_tree_row(&r->tree, r->row, &row))
		return REACT_HANDLED;
	if (row.kind == ROW_STRING || row.kind == ROW_CUT) {
		r->row = result_tree_parent(&r->tree, r->row);
		result_tree_fold(&r->tree, r->row);
	} else if (row.unfolded) {
		result_tree_fold(&r->tree, r->row);
	} else {
		unfold(r);
	}
	return REACT_REDRAW;
}

static int sideways(struct result *r, bool right)
{
	if (r->mode == RESULT_TABLE) {
		if (right && r->table.first + 1 < r->table.names.count)
			r->table.first++;
		else if (!right && r->table.first)
			r->table.first--;
		return REACT_REDRAW;
	}
	if (r->mode != RESULT_TREE)
		return REACT_HANDLED;
	if (right)
		unfold(r);
	else if (!result_tree_fold(&r->tree, r->row))
		r->row = result_tree_parent(&r->tree, r->row);
	return REACT_REDRAW;
}

/* ---- copying ------------------------------------------------------------------------------------------------------- */

static void add_plain(struct strbuf *out, struct json_span value)
{
	if (json_type(value) == JSON_STRING)
		json_add_decoded(out, value);
	else
		strbuf_add(out, value.text, value.len);
}

void result_value(struct result *r, struct strbuf *out)
{
	struct result_row row;
	struct json_span span;

	if (r->mode == RESULT_TREE && result_tree_row(&r->tree, r->row, &row) && row.value.text)
		add_plain(out, row.value);
	else if (r->mode == RESULT_DIFF && r->row < r->diff.count)
		add_plain(out, r->diff.lines[r->row].after.text ? r->diff.lines[r->row].after : r->diff.lines[r->row].before);
	else if (r->mode == RESULT_TABLE && table_rows(&r->table))
		strbuf_add(out, r->text, r->len);
	else if (r->mode == RESULT_RAW && !r->error && r->text)
		strbuf_add(out, r->text, r->len);
	else if (r->error)
		strbuf_adds(out, r->error);
	else if (pager_row(&r->pager, r->pager.width, r->row, &span))
		strbuf_add(out, span.text, span.len);
}

static int copy(struct result *r, struct app *app, bool path)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_HUGE);

	if (!path)
		result_value(r, &text);
	else if (r->mode == RESULT_DIFF && r->row < r->diff.count)
		strbuf_adds(&text, r->diff.lines[r->row].path);
	else if (r->mode == RESULT_TABLE && r->table.path)
		strbuf_addf(&text, "%s[%zu]", r->table.path, r->row);
	else if (r->json)
		result_tree_path(&r->tree, r->row, &text);
	app_copy(app, text.data, text.len);
	return REACT_HANDLED;
}

int result_act(struct result *r, struct app *app, enum action action)
{
	if (!r->present)
		return REACT_NONE;
	switch (action) {
	case ACT_UP:
		return move(r, -1);
	case ACT_DOWN:
		return move(r, 1);
	case ACT_PAGE_UP:
		return move(r, -MAX(1, r->page - 1));
	case ACT_PAGE_DOWN:
		return move(r, MAX(1, r->page - 1));
	case ACT_FIRST:
		r->row = 0;
		return REACT_REDRAW;
	case ACT_LAST:
		return to_last(r);
	case ACT_OPEN:
		return toggle(r);
	case ACT_LEFT:
	case ACT_RIGHT:
		return sideways(r, action == ACT_RIGHT);
	case ACT_RAW:
		return to_mode(r, r->mode == RESULT_RAW ? RESULT_TREE : RESULT_RAW);
	case ACT_TABLE:
		return to_mode(r, r->mode == RESULT_TABLE ? RESULT_TREE : RESULT_TABLE);
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		return search_step(r, action == ACT_SEARCH_PREVIOUS);
	case ACT_COPY:
	case ACT_COPY_ALT:
		return copy(r, app, action == ACT_COPY_ALT);
	default:
		return REACT_NONE;
	}
}

int result_mouse(struct result *r, int y, int what)
{
	if (!r->present)
		return REACT_HANDLED;
	if (what == MOUSE_WHEEL_UP || what == MOUSE_WHEEL_DOWN)
		return move(r, what == MOUSE_WHEEL_UP ? -3 : 3);
	/* The first row of these is the path's, or the headings'. */
	y -= r->mode == RESULT_TREE || r->mode == RESULT_TABLE;
	if (y < 0 || r->top + (size_t) y >= result_rows(r))
		return REACT_HANDLED;
	bool again = r->row == r->top + (size_t) y;
	r->row = r->top + (size_t) y;
	return what == MOUSE_DOUBLE || again ? toggle(r) : REACT_REDRAW;
}
