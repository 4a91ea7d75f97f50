/* See result_tree.h. */
#include <string.h>

#include "ui/result_priv.h"

/* Further children that one more row unfolds; doubling. */
#define MORE_SHOWN 100
/* What is unfolded at the start: no deeper, not more bytes or rows, and not in long lists. */
#define OPEN_DEPTH 2
#define OPEN_BYTES 65536
#define OPEN_ROWS 12
/* Such strings are seen whole as they are. */
#define SHORT_STRING 40

/* Something below `n` got `more` rows. */
static void add_rows(struct result_node *n, size_t more)
{
	for (; n; n = n->parent)
		n->rows += more;
}

/* Where in `open` a child is, or would be. */
static size_t open_place(const struct result_node *n, size_t at, bool *found)
{
	size_t low = 0, high = n->open_count;

	while (low < high) {
		size_t mid = (low + high) / 2;
		if (n->open[mid]->at < at)
			low = mid + 1;
		else
			high = mid;
	}
	*found = low < n->open_count && n->open[low]->at == at;
	return low;
}

static bool may_unfold(struct json_span value)
{
	enum json_type type = json_type(value);

	if (type == JSON_STRING)
		return value.len > SHORT_STRING || memmem(value.text, value.len, "\\n", 2);
	return (type == JSON_OBJECT || type == JSON_ARRAY) && value.len > 2;
}

static struct result_node *open_child(struct result_tree *t, struct result_node *n, size_t at)
{
	struct json_span key, value;
	bool found;
	size_t place = open_place(n, at, &found);

	if (found)
		return n->open[place];
	node_child(n, at, &key, &value);
	struct result_node *child = may_unfold(value) ? node_new(value, t->width) : NULL;
	struct result_node **open = child ? realloc(n->open, (n->open_count + 1) * sizeof(*open)) : NULL;
	if (!open) {
		node_free(child);
		return NULL;
	}
	n->open = open;
	memmove(open + place + 1, open + place, (n->open_count - place) * sizeof(*open));
	open[place] = child;
	n->open_count++;
	child->parent = n;
	child->at = at;
	add_rows(n, child->rows);
	return child;
}

static void close_child(struct result_node *n, size_t place)
{
	struct result_node *child = n->open[place];

	add_rows(n, (size_t) 0 - child->rows);
	memmove(n->open + place, n->open + place + 1, (n->open_count - place - 1) * sizeof(*n->open));
	n->open_count--;
	node_free(child);
}

static void show_more(struct result_node *n, size_t shown)
{
	size_t before = node_own_rows(n);

	n->shown = MIN(n->count, shown);
	add_rows(n, node_own_rows(n) - before);
}

/* ---- the tree ----------------------------------------------------------------------------------------------- */

static void open_short_ones(struct result_tree *t, struct result_node *n, int depth)
{
	for (size_t i = 0; depth < OPEN_DEPTH && i < n->shown; i++) {
		struct json_span key, value;
		node_child(n, i, &key, &value);
		if (!strchr("{[", *value.text) || value.len < 40 || value.len > OPEN_BYTES || n->count >= RESULT_ALIKE_FROM)
			continue;
		struct result_node *child = open_child(t, n, i);
		if (child && child->rows <= OPEN_ROWS)
			open_short_ones(t, child, depth + 1);
		else if (child)
			close_child(n, open_place(n, i, &(bool){ false }));
	}
}

af_code result_tree_init(struct result_tree *t, struct json_span text, struct af_error *err)
{
	*t = (struct result_tree){ .text = text, .width = 80 };
	if (text.len > UINT32_MAX)
		return error_set(err, AF_ERR_TOO_LARGE, "a result of more than 4 GiB");
	if (!may_unfold(text))
		return AF_OK;
	t->root = node_new(text, t->width);
	if (!t->root)
		return error_nomem(err);
	if (!t->root->is_string)
		open_short_ones(t, t->root, 0);
	return AF_OK;
}

void result_tree_free(struct result_tree *t)
{
	node_free(t->root);
	*t = (struct result_tree){ 0 };
}

size_t result_tree_rows(const struct result_tree *t)
{
	return 1 + (t->root ? t->root->rows : 0);
}

/* ---- finding rows ---------------------------------------------------------------------------------------------- */

/* What stands at a row: a child of `parent`, or part of an unfolded string. */
struct place {
	struct result_node *parent; /* NULL: the top itself */
	size_t at;                  /* child; == shown: the row for more; of a string: the line */
	struct result_node *node;   /* of that child, where it is unfolded */
	int depth;
};

/* `row` counts from the first row below n's heading. */
static void find_in(struct result_node *n, size_t row, int depth, struct place *p)
{
	for (;;) {
		struct result_node *within = NULL;
		size_t skipped = 0; /* rows below the headings of the unfolded ones before */
		bool found = false;
		for (size_t i = 0; i < n->open_count && !within && row > n->open[i]->at + skipped; i++) {
			if (row <= n->open[i]->at + skipped + n->open[i]->rows)
				within = n->open[i];
			else
				skipped += n->open[i]->rows;
		}
		size_t at = row - skipped, place = open_place(n, at, &found);
		if (!within) {
			*p = (struct place){ n, at, found ? n->open[place] : NULL, depth };
			return;
		}
		row -= within->at + skipped + 1;
		n = within;
		depth++;
	}
}

static bool find_row(struct result_tree *t, size_t row, struct place *p)
{
	if (row >= result_tree_rows(t))
		return false;
	if (row == 0)
		*p = (struct place){ NULL, 0, t->root, 0 };
	else
		find_in(t->root, row - 1, 1, p);
	return true;
}

/* The row of a node's heading. */
static size_t row_of_child(const struct result_node *n, size_t at)
{
	size_t row = at + 1;

	for (size_t i = 0; i < n->open_count && n->open[i]->at < at; i++)
		row += n->open[i]->rows;
	return row;
}

static size_t row_of(const struct result_node *n)
{
	size_t row = 0;

	for (; n->parent; n = n->parent)
		row += row_of_child(n->parent, n->at);
	return row;
}

static void describe_string(const struct place *p, struct result_row *out)
{
	const struct result_node *n = p->parent;

	out->kind = p->at < n->line_count ? ROW_STRING : ROW_CUT;
	out->value = n->value;
	if (out->kind == ROW_CUT)
		return;
	out->line = n->text.data + n->lines[p->at];
	out->line_len = n->lines[p->at + 1] - n->lines[p->at];
	if (out->line_len && out->line[out->line_len - 1] == '\n')
		out->line_len--;
}

bool result_tree_row(struct result_tree *t, size_t number, struct result_row *out)
{
	struct place p;

	if (!find_row(t, number, &p))
		return false;
	*out = (struct result_row){ .depth = p.depth, .index = p.at, .parent = p.parent, .unfolded = p.node != NULL,
				    .count = p.node ? p.node->count : 0 };
	if (!p.parent) {
		out->value = t->text;
		out->last = true;
		return true;
	}
	if (p.parent->is_string) {
		describe_string(&p, out);
		return true;
	}
	out->in_array = *p.parent->value.text == '[';
	if (p.at >= p.parent->shown) {
		out->kind = ROW_MORE;
		out->count = p.parent->count - p.parent->shown;
		return true;
	}
	node_child(p.parent, p.at, &out->key, &out->value);
	out->last = p.at + 1 == p.parent->count;
	return true;
}

/* ---- folding ------------------------------------------------------------------------------------------------------ */

bool result_tree_unfold(struct result_tree *t, size_t row)
{
	struct place p;

	if (!find_row(t, row, &p))
		return false;
	if (!p.parent) {
		if (t->root || !may_unfold(t->text))
			return false;
		t->root = node_new(t->text, t->width);
		return t->root != NULL;
	}
	if (p.parent->is_string || p.node)
		return false;
	if (p.at >= p.parent->shown) {
		show_more(p.parent, MAX(p.parent->shown * 2, p.parent->shown + MORE_SHOWN));
		return true;
	}
	return open_child(t, p.parent, p.at) != NULL;
}

bool result_tree_fold(struct result_tree *t, size_t row)
{
	struct place p;
	bool found;

	if (!find_row(t, row, &p) || !p.node)
		return false;
	if (!p.parent) {
		node_free(af_steal(t->root));
		return true;
	}
	size_t place = open_place(p.parent, p.at, &found);
	if (found)
		close_child(p.parent, place);
	return found;
}

size_t result_tree_parent(struct result_tree *t, size_t row)
{
	struct place p;

	return find_row(t, row, &p) && p.parent ? row_of(p.parent) : row;
}

size_t result_tree_reveal(struct result_tree *t, size_t offset)
{
	const char *at = t->text.text + offset;

	if (!t->root && (!may_unfold(t->text) || !(t->root = node_new(t->text, t->width))))
		return 0;
	struct result_node *n = t->root;
	while (!n->is_string && n->count && at >= n->value.text + n->starts[0]) {
		size_t i = node_child_at(n, (size_t) (at - n->value.text));
		struct json_span key, value;
		node_child(n, i, &key, &value);
		if (i >= n->shown)
			show_more(n, i + MORE_SHOWN);
		/* Within a container below: further down. The row itself, for its key, its brackets and plain values. */
		if (!strchr("{[", *value.text) || at <= value.text || at >= value.text + value.len - 1)
			return row_of(n) + row_of_child(n, i);
		struct result_node *child = open_child(t, n, i);
		if (!child)
			return row_of(n) + row_of_child(n, i);
		n = child;
	}
	return row_of(n);
}

static void set_width(struct result_tree *t, struct result_node *n)
{
	for (size_t i = 0; i < n->open_count; i++)
		set_width(t, n->open[i]);
	if (!n->is_string)
		return;
	size_t before = node_own_rows(n);
	if (!node_lay_out(n, t->width))
		n->line_count = 0;
	add_rows(n, node_own_rows(n) - before);
}

void result_tree_set_width(struct result_tree *t, int width)
{
	if (t->width == width)
		return;
	t->width = width;
	if (t->root)
		set_width(t, t->root);
}

/* ---- paths ------------------------------------------------------------------------------------------------------------ */

static void add_path(const struct result_node *n, size_t at, struct strbuf *out)
{
	struct json_span key, value;

	if (n->parent)
		add_path(n->parent, n->at, out);
	node_child(n, at, &key, &value);
	if (key.len)
		path_add_key(out, key);
	else
		path_add_index(out, at);
}

void result_tree_path(struct result_tree *t, size_t row, struct strbuf *out)
{
	struct place p;

	strbuf_addc(out, '$');
	if (!find_row(t, row, &p) || !p.parent)
		return;
	if (!p.parent->is_string && p.at < p.parent->shown)
		add_path(p.parent, p.at, out);
	else if (p.parent->parent)
		add_path(p.parent->parent, p.parent->at, out);
}
