/* A list of objects as a table. See result.h. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "ui/result.h"
#include "ui/result_priv.h"

/* Rows that columns and widths are taken from. */
#define SAMPLE 200
#define COLUMNS_MAX 64
#define WIDTH_MAX 40
/* Longer rows are not looked into at each frame. */
#define ROW_BYTES 65536

static bool is_table(struct json_span value)
{
	const char *end = value.text + value.len;

	return value.len > 2 && *value.text == '[' && *skip_blanks(value.text + 1, end) == '{';
}

/* The nearest list of objects that the row is, or is in. */
static bool around(struct result_tree *tree, size_t row, struct json_span *list, size_t *at)
{
	struct result_row r;

	for (;;) {
		if (!result_tree_row(tree, row, &r))
			return false;
		if (r.kind == ROW_VALUE && is_table(r.value)) {
			*list = r.value;
			*at = row;
			return true;
		}
		size_t up = result_tree_parent(tree, row);
		if (up == row)
			return false;
		row = up;
	}
}

/* The first among what is unfolded. */
static bool first_one(struct result_tree *tree, struct json_span *list, size_t *at)
{
	struct result_row r;
	size_t rows = MIN(result_tree_rows(tree), (size_t) 1000);

	for (size_t i = 0; i < rows && result_tree_row(tree, i, &r); i++)
		if (r.kind == ROW_VALUE && is_table(r.value)) {
			*list = r.value;
			*at = i;
			return true;
		}
	return false;
}

void table_free(struct table *t)
{
	node_free(t->list);
	strlist_free(&t->names);
	free(t->path);
	free(t->widths);
	free(t->numbers);
	*t = (struct table){ 0 };
}

/* How a cell is written. */
static void add_cell(struct strbuf *sb, struct json_span value)
{
	enum json_type type = json_type(value);

	if (type == JSON_OBJECT || type == JSON_ARRAY)
		result_preview(value, WIDTH_MAX, sb);
	else if (type == JSON_STRING)
		strbuf_add(sb, value.text + 1, MIN(value.len - 2, (size_t) 1024));
	else
		strbuf_add(sb, value.text, MIN(value.len, (size_t) 1024));
}

static int column_of(struct table *t, struct json_span key)
{
	AUTO_FREE char *name = str_ndup(key.text + 1, key.len - 2, NULL);

	for (size_t i = 0; name && i < t->names.count; i++)
		if (!strcmp(t->names.items[i], name))
			return (int) i;
	if (!name || t->names.count == COLUMNS_MAX || strlist_add(&t->names, name, NULL))
		return -1;
	int column = (int) t->names.count - 1;
	t->widths[column] = MIN(WIDTH_MAX, MAX(3, text_width(name, strlen(name))));
	t->numbers[column] = true;
	return column;
}

static bool row_of(const struct table *t, size_t i, struct json_span *row)
{
	struct json_span key;

	node_child(t->list, i, &key, row);
	return json_type(*row) == JSON_OBJECT && row->len <= ROW_BYTES;
}

static void sample(struct table *t, size_t i)
{
	struct json_span row;

	if (!row_of(t, i, &row))
		return;
	for (struct json_iter it = json_iter(row); json_next(&it);) {
		AUTO_STRBUF cell = STRBUF_INIT(STRBUF_TEXT);
		int column = column_of(t, it.key);
		if (column < 0)
			continue;
		add_cell(&cell, it.value);
		t->widths[column] = MIN(WIDTH_MAX, MAX(t->widths[column], text_width(cell.data, cell.len)));
		t->numbers[column] &= json_type(it.value) == JSON_NUMBER || json_type(it.value) == JSON_NULL;
	}
}

bool table_find(struct table *t, struct result_tree *tree, size_t row)
{
	AUTO_STRBUF path = STRBUF_INIT(STRBUF_TEXT);
	struct json_span list;
	size_t at;

	table_free(t);
	if (!around(tree, row, &list, &at) && !first_one(tree, &list, &at))
		return false;
	t->list = node_new(list, 80);
	t->widths = calloc(COLUMNS_MAX, sizeof(*t->widths));
	t->numbers = calloc(COLUMNS_MAX, sizeof(*t->numbers));
	result_tree_path(tree, at, &path);
	t->path = str_dup(path.data, NULL);
	if (!t->list || !t->widths || !t->numbers || !t->path) {
		table_free(t);
		return false;
	}
	for (size_t i = 0; i < MIN(t->list->count, (size_t) SAMPLE); i++)
		sample(t, i);
	return true;
}

bool table_row(const struct table *t, size_t i, struct json_span *row)
{
	struct json_span key;

	if (i >= table_rows(t))
		return false;
	node_child(t->list, i, &key, row);
	return true;
}

size_t table_rows(const struct table *t)
{
	return t->list ? t->list->count : 0;
}

/* ---- drawing --------------------------------------------------------------------------------------------- */

#define NUMBER_WIDTH 7

static int column_x(const struct table *t, size_t column)
{
	int x = NUMBER_WIDTH;

	for (size_t i = t->first; i < column; i++)
		x += t->widths[i] + 2;
	return x;
}

static void draw_cell(const struct table *t, const struct area *a, int y, size_t column, enum role role, const char *text,
		      size_t len)
{
	int x = column_x(t, column), width = MIN(t->widths[column], a->w - x);

	/* The last one has the rest. */
	if (column + 1 == t->names.count && !t->numbers[column])
		width = a->w - x;
	struct area cell = { a->y, a->x + x, a->h, width };

	if (column < t->first || width < 1)
		return;
	if (t->numbers[column])
		x = MAX(0, width - text_width(text, len));
	else
		x = 0;
	draw_text(&cell, y, x, role, text, len, true);
}

static void draw_row(const struct table *t, const struct area *a, int y, size_t i)
{
	struct json_span row;

	draw_fmt(a, y, 0, ROLE_DIM, "%*zu", NUMBER_WIDTH - 2, i);
	if (!row_of(t, i, &row)) {
		draw_text(a, y, NUMBER_WIDTH, ROLE_DIM, row.text, MIN(row.len, (size_t) 1024), true);
		return;
	}
	for (struct json_iter it = json_iter(row); json_next(&it);) {
		AUTO_STRBUF cell = STRBUF_INIT(STRBUF_TEXT);
		for (size_t c = t->first; c < t->names.count && column_x(t, c) < a->w; c++) {
			size_t len = strlen(t->names.items[c]);
			if (len + 2 != it.key.len || memcmp(it.key.text + 1, t->names.items[c], len))
				continue;
			add_cell(&cell, it.value);
			draw_cell(t, a, y, c, result_role(it.value, ROLE_DIM), cell.data, cell.len);
		}
	}
}

void table_draw(const struct table *t, const struct area *a, size_t top, size_t current)
{
	for (size_t c = t->first; c < t->names.count && column_x(t, c) < a->w; c++)
		draw_cell(t, a, 0, c, ROLE_COLUMN, t->names.items[c], strlen(t->names.items[c]));
	for (int y = 1; y < a->h && top + (size_t) y - 1 < table_rows(t); y++) {
		draw_row(t, a, y, top + (size_t) y - 1);
		if (top + (size_t) y - 1 != current)
			continue;
		draw_str(a, y, 0, ROLE_KEY, glyph(GLYPH_CURSOR));
		draw_selected(a, y, ROLE_SELECTED);
	}
}
