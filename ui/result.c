/* What the pane of a result shows. See result.h. */
#include "ui/result.h"

#include <string.h>

void result_init(struct result *r)
{
	*r = (struct result){ .replica = -1, .found = SIZE_MAX, .page = 10 };
}

void result_clear(struct result *r)
{
	int page = r->page;
	unsigned serial = r->serial;

	result_free(r);
	result_init(r);
	r->page = page;
	r->serial = serial + 1;
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

static void leave_mode(struct result *r, enum result_mode mode)
{
	r->places[r->mode].row = r->row;
	r->places[r->mode].top = r->top;
	r->mode = mode;
	r->row = r->places[mode].row;
	r->top = r->places[mode].top;
}

void result_take_diff(struct result *r, struct diff *take_diff)
{
	diff_free(&r->diff);
	r->diff = *take_diff;
	*take_diff = (struct diff){ 0 };
	if (r->mode != RESULT_DIFF)
		leave_mode(r, RESULT_DIFF);
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

/* Of another list than before it begins at its top. */
static bool find_table(struct result *r)
{
	AUTO_FREE char *before = r->table.path ? str_dup(r->table.path, NULL) : NULL;

	if (!table_find(&r->table, &r->tree, r->mode == RESULT_TREE ? r->row : r->places[RESULT_TREE].row))
		return false;
	if (!before || strcmp(before, r->table.path) != 0)
		r->places[RESULT_TABLE].row = r->places[RESULT_TABLE].top = 0;
	return true;
}

bool result_set_mode(struct result *r, enum result_mode mode)
{
	if (mode == r->mode)
		return true;
	if ((mode != RESULT_RAW && mode != RESULT_DIFF && !r->json) || (mode == RESULT_TABLE && !find_table(r)))
		return false;
	leave_mode(r, mode);
	return true;
}

void result_show_tree(struct result *r, size_t offset)
{
	if (r->mode != RESULT_TREE)
		leave_mode(r, RESULT_TREE);
	r->row = result_tree_reveal(&r->tree, offset);
}
