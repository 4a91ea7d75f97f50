/* The keys of a result's pane. See result.h. */
#include <string.h>

#include "ui/result.h"

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
	struct json_span value;

	if (r->mode == RESULT_DIFF && r->row < r->diff.count) {
		const char *text = r->diff.lines[r->row].after.text;
		/* To the place in the tree, where this is the newer one. */
		if (text && r->json && !strcmp(r->diff.after, r->text))
			result_show_tree(r, (size_t) (text - r->diff.after));
		return REACT_REDRAW;
	}
	if (r->mode == RESULT_TABLE && table_row(&r->table, r->row, &value)) {
		result_show_tree(r, (size_t) (value.text - r->tree.text.text));
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

/* ---- modes ------------------------------------------------------------------------------------------------ */

static int to_mode(struct result *r, struct app *app, enum result_mode mode)
{
	if (!result_set_mode(r, mode) && mode == RESULT_TABLE)
		app_notice(app, NOTICE_INFO, "there is no list of objects in this result");
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
	else if (r->mode == RESULT_TABLE && table_row(&r->table, r->row, &span))
		strbuf_add(out, span.text, span.len);
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
		return to_mode(r, app, r->mode == RESULT_RAW ? RESULT_TREE : RESULT_RAW);
	case ACT_TABLE:
		return to_mode(r, app, r->mode == RESULT_TABLE ? RESULT_TREE : RESULT_TABLE);
	case ACT_SEARCH_NEXT:
	case ACT_SEARCH_PREVIOUS:
		result_search_step(r, action == ACT_SEARCH_PREVIOUS);
		return REACT_REDRAW;
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
