/* Where the reader of logs stands, and how that changes. */
#include <string.h>

#include "ui/view_logs_priv.h"

static const struct log_numbers *rows_of(const struct logs_view *lv)
{
	return &lv->book->list.rows;
}

/* The row of a line, or of the first behind it that is shown, or the last. */
size_t logs_place(const struct logs_view *lv, uint64_t line)
{
	size_t i = log_numbers_place(rows_of(lv), line);

	return i && i == rows_of(lv)->count ? i - 1 : i;
}

uint64_t logs_current(const struct logs_view *lv)
{
	const struct log_numbers *rows = lv->book ? rows_of(lv) : NULL;

	if (!rows || !rows->count)
		return NO_LINE;
	if (lv->book->cursor != NO_LINE)
		return log_number(rows, logs_place(lv, lv->book->cursor));
	return log_number(rows, rows->count - 1);
}

/* Rows that fill `height` when they end with row `last`. */
static void fill_upwards(struct logs_view *lv, size_t last, int height, size_t *index, int *skip)
{
	int used = 0;

	for (*index = last;; --*index) {
		used += logs_layout(lv, log_number(rows_of(lv), *index));
		if (used >= height || !*index)
			break;
	}
	*skip = MAX(used - height, 0);
}

void logs_first_row(struct logs_view *lv, size_t *index, int *skip)
{
	const struct log_numbers *rows = rows_of(lv);
	size_t lowest;
	int lowest_skip;

	*index = 0;
	*skip = 0;
	if (!rows->count)
		return;
	fill_upwards(lv, rows->count - 1, lv->height, &lowest, &lowest_skip);
	*index = lowest;
	*skip = lowest_skip;
	if (lv->book->follow)
		return;
	size_t top = logs_place(lv, lv->book->top);
	int top_row = log_number(rows, top) == lv->book->top ? lv->book->top_row : 0;
	/* Nothing is left empty below while there is something above. */
	if (top < lowest || (top == lowest && top_row < lowest_skip)) {
		*index = top;
		*skip = MIN(top_row, MAX(logs_layout(lv, log_number(rows, top)) - 1, 0));
	}
}

/* What is in sight then stays there: a row of probes does not go on to the next one. */
static void set_top(struct logs_view *lv, size_t index, int skip)
{
	const struct log_numbers *rows = rows_of(lv);

	if (!rows->count)
		return;
	lv->book->top = log_number(rows, index);
	lv->book->top_row = skip;
	log_book_cut(lv->book, lv->book->top, log_number(rows, MIN(index + (size_t) MAX(lv->height, 1), rows->count) - 1));
}

/* The view stands still from now on. */
void logs_hold(struct logs_view *lv)
{
	size_t index;
	int skip;

	if (!lv->book->follow)
		return;
	logs_first_row(lv, &index, &skip);
	set_top(lv, index, skip);
	lv->book->follow = false;
	log_list_hold(&lv->book->list);
}

void logs_follow(struct logs_view *lv)
{
	lv->book->follow = true;
	lv->book->cursor = NO_LINE;
}

/* Moves the top so that the row is in sight. */
static void bring_in(struct logs_view *lv, size_t row)
{
	size_t index, lowest;
	int skip, lowest_skip;

	logs_first_row(lv, &index, &skip);
	if (row < index || (row == index && skip)) {
		set_top(lv, row, 0);
		return;
	}
	fill_upwards(lv, row, lv->height, &lowest, &lowest_skip);
	if (lowest > index || (lowest == index && lowest_skip > skip))
		set_top(lv, lowest, lowest < row ? lowest_skip : 0);
	else
		set_top(lv, index, skip);
}

/* What the reader looks at stays in sight. */
void logs_resized(struct logs_view *lv)
{
	if (lv->cursor_seen && lv->height && !lv->book->follow && lv->book->cursor != NO_LINE && rows_of(lv)->count)
		bring_in(lv, logs_place(lv, lv->book->cursor));
}

void logs_point(struct logs_view *lv, uint64_t line)
{
	logs_hold(lv);
	lv->book->cursor = line;
	log_book_cut(lv->book, line, line);
}

void logs_set_cursor(struct logs_view *lv, size_t row)
{
	logs_point(lv, log_number(rows_of(lv), row));
	bring_in(lv, row);
}

/* Jumps: with some lines around it. */
void logs_show(struct logs_view *lv, uint64_t line)
{
	size_t row = logs_place(lv, line), index;
	int skip, seen = 0;

	if (!rows_of(lv)->count)
		return;
	logs_point(lv, log_number(rows_of(lv), row));
	logs_first_row(lv, &index, &skip);
	for (size_t i = index; i <= row && seen - skip < lv->height; i++)
		seen += logs_layout(lv, log_number(rows_of(lv), i));
	if (row > index && seen - skip < lv->height)
		return;
	size_t margin = (size_t) MAX(lv->height / 3, 0);
	set_top(lv, row > margin ? row - margin : 0, 0);
	bring_in(lv, row);
}

void logs_scroll(struct logs_view *lv, int by)
{
	const struct log_numbers *rows = rows_of(lv);
	size_t index, end;
	int skip, end_skip;

	if (!rows->count)
		return;
	logs_hold(lv);
	logs_first_row(lv, &index, &skip);
	fill_upwards(lv, rows->count - 1, lv->height, &end, &end_skip);
	skip += by;
	while (skip < 0 && index > 0)
		skip += logs_layout(lv, log_number(rows, --index));
	for (int n; skip > 0 && index + 1 < rows->count && skip >= (n = logs_layout(lv, log_number(rows, index))); index++)
		skip -= n;
	set_top(lv, index, MAX(skip, 0));
	/* At the end there is nothing to wait for. */
	if (by > 0 && (index > end || (index == end && skip >= end_skip)))
		logs_follow(lv);
}

/* Screen rows of the cursor's line that are out of sight above and below. */
static void cursor_overhang(struct logs_view *lv, size_t row, int *above, int *below)
{
	size_t index;
	int skip;

	logs_first_row(lv, &index, &skip);
	*above = row == index ? skip : 0;
	int y = -skip;
	for (size_t i = index; i < row; i++)
		y += logs_layout(lv, log_number(rows_of(lv), i));
	*below = MAX(y + logs_layout(lv, log_number(rows_of(lv), row)) - lv->height, 0);
}

static void step(struct logs_view *lv, int by)
{
	size_t row = logs_place(lv, logs_current(lv)), last = rows_of(lv)->count - 1;
	int above, below;

	if (lv->book->cursor == NO_LINE) {
		/* The first step shows where the cursor is. */
		if (by < 0)
			logs_set_cursor(lv, row);
		return;
	}
	cursor_overhang(lv, row, &above, &below);
	if ((by > 0 && below) || (by < 0 && above))
		logs_scroll(lv, by);
	else if (by > 0 && row == last)
		logs_follow(lv);
	else if (by > 0 || row > 0)
		logs_set_cursor(lv, by > 0 ? row + 1 : row - 1);
}

/* The screen row on which the row begins; before the first if it is out of sight above. */
static int screen_row(struct logs_view *lv, size_t row)
{
	size_t index;
	int skip, y;

	logs_first_row(lv, &index, &skip);
	y = -skip;
	for (size_t i = index; i < row && y < lv->height; i++)
		y += logs_layout(lv, log_number(rows_of(lv), i));
	return row < index ? -1 : y;
}

/* The cursor stays where it is on the screen, and what is taller than that is paged through. */
static void page(struct logs_view *lv, int by)
{
	const struct log_numbers *rows = rows_of(lv);
	int y = MAX(0, MIN(screen_row(lv, logs_place(lv, logs_current(lv))), lv->height - 1)), skip;
	size_t index;

	logs_scroll(lv, by * MAX(lv->height - 1, 1));
	if (lv->book->follow)
		return;
	logs_first_row(lv, &index, &skip);
	/* Nothing is left above: there the cursor has to go. */
	if (by < 0 && !index && !skip)
		y = 0;
	for (y += skip; index + 1 < rows->count && (y -= logs_layout(lv, log_number(rows, index))) >= 0;)
		index++;
	logs_point(lv, log_number(rows, index));
}

int logs_move(struct logs_view *lv, enum action action)
{
	bool any = rows_of(lv)->count > 0;

	switch (action) {
	case ACT_UP:
	case ACT_DOWN:
		if (any)
			step(lv, action == ACT_UP ? -1 : 1);
		break;
	case ACT_PAGE_UP:
	case ACT_PAGE_DOWN:
		if (any)
			page(lv, action == ACT_PAGE_UP ? -1 : 1);
		break;
	case ACT_FIRST:
		if (any)
			logs_set_cursor(lv, 0);
		break;
	case ACT_LAST:
		logs_follow(lv);
		break;
	default:
		return REACT_NONE;
	}
	return REACT_REDRAW;
}

int logs_next_error(struct logs_view *lv, int by)
{
	const struct log_numbers *rows = rows_of(lv);
	uint64_t current = logs_current(lv);
	size_t i = rows->count ? logs_place(lv, current) : 0;
	char said[80];

	/* From the end the newest error counts, also where it is the last line. */
	if (rows->count && by < 0 && lv->book->cursor == NO_LINE)
		i++;
	while (by < 0 ? i-- > 0 : ++i < rows->count) {
		uint64_t line = log_number(rows, i);
		if (log_store_at(lv->book->store, line)->level >= LEVEL_ERROR) {
			logs_show(lv, line);
			return REACT_REDRAW;
		}
	}
	app_notice(lv->app, NOTICE_INFO, "%s",
		   keymap_say(lv->app->keymap, by < 0 ? "no error before this" : "no error after this; {error-previous} goes back", said,
			      sizeof(said)));
	return REACT_REDRAW;
}

int logs_minute(struct logs_view *lv, int by)
{
	const struct log_numbers *rows = rows_of(lv);
	uint64_t current = logs_current(lv);

	if (current == NO_LINE)
		return REACT_HANDLED;
	int64_t wanted = log_store_at(lv->book->store, current)->ns + by * INT64_C(60000000000);
	size_t low = 0, high = rows->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (log_store_at(lv->book->store, log_number(rows, middle))->ns < wanted)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == rows->count)
		logs_follow(lv);
	else
		logs_show(lv, log_number(rows, low));
	return REACT_REDRAW;
}
