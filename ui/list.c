/* A cursor in a list, by identity. See view.h. */
#include <string.h>

#include "ui/view.h"

void list_free(struct list *l)
{
	free(l->selected);
	*l = (struct list){ 0 };
}

static int find(const char *id, const char *const *ids, int count, int near)
{
	/* Mostly it has not moved. */
	if (near >= 0 && near < count && !strcmp(ids[near], id))
		return near;
	for (int i = 0; i < count; i++)
		if (!strcmp(ids[i], id))
			return i;
	return -1;
}

static int clamp(int n, int max)
{
	return n < 0 ? 0 : n > max ? max : n;
}

/* Keeps the cursor on the screen, and no empty rows below while there are some above. */
static void scroll(struct list *l, int count, int height)
{
	if (height < 1)
		height = 1;
	if (l->row < l->top)
		l->top = l->row;
	if (l->row >= l->top + height)
		l->top = l->row - height + 1;
	l->top = clamp(l->top, count > height ? count - height : 0);
}

void list_select(struct list *l, const char *id)
{
	char *copy = id ? strdup(id) : NULL;

	/* Without memory the cursor stays where it was. */
	if (id && !copy)
		return;
	free(l->selected);
	l->selected = copy;
	l->gone = false;
}

void list_sync(struct list *l, const char *const *ids, int count, int height)
{
	if (count <= 0) {
		/* What was selected may come back with the next answer. */
		l->gone = l->selected != NULL;
		l->row = l->top = 0;
		return;
	}
	int row = l->selected ? find(l->selected, ids, count, l->row) : -1;
	if (row >= 0) {
		l->row = row;
		l->gone = false;
	} else if (l->selected) {
		l->gone = true;
		l->row = clamp(l->row, count - 1);
	} else {
		l->row = clamp(l->row, count - 1);
		list_select(l, ids[l->row]);
	}
	scroll(l, count, height);
}

/* Where an action leads, -1: not an action of the cursor. */
static int target(const struct list *l, int count, int height, enum action action)
{
	int page = height > 2 ? height - 1 : 1;

	switch (action) {
	case ACT_UP:
		return clamp(l->row - 1, count - 1);
	case ACT_DOWN:
		/* What vanished left its place to the next one. */
		return clamp(l->gone ? l->row : l->row + 1, count - 1);
	case ACT_PAGE_UP:
		return clamp(l->row - page, count - 1);
	case ACT_PAGE_DOWN:
		return clamp(l->row + page, count - 1);
	case ACT_FIRST:
		return 0;
	case ACT_LAST:
		return count - 1;
	default:
		return -1;
	}
}

int list_act(struct list *l, const char *const *ids, int count, int height, enum action action)
{
	int to = count > 0 ? target(l, count, height, action) : -1;

	if (to < 0)
		return count > 0 || target(l, 1, height, action) < 0 ? REACT_NONE : REACT_HANDLED;
	if (to == l->row && !l->gone && l->selected)
		return REACT_HANDLED;
	l->row = to;
	list_select(l, ids[to]);
	scroll(l, count, height);
	return REACT_HANDLED | REACT_REDRAW;
}
