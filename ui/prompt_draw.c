/* How the command line looks. See prompt.h. */
#include <string.h>

#include "ui/prompt_priv.h"

#define POPUP_ROWS 8
/* What is suggested behind the line keeps so many columns beside the hints. */
#define GHOST_ROOM 20

static void draw_popup(const struct prompt *p, const struct area *above, int x)
{
	int count = (int) p->popup.matches.count, rows = MIN(count, MIN(POPUP_ROWS, above->h - 3)), width = 12;
	char place[32] = "";

	for (int i = 0; i < count; i++)
		width = MAX(width, text_width(p->popup.matches.items[i], strlen(p->popup.matches.items[i])));
	width = MIN(width, above->w - 4);
	/* Within the border of the pane that it covers. */
	struct area a = { above->y + above->h - rows - 3, MAX(1, MIN(x, above->w - width - 5)), rows + 2, width + 4 };
	struct box box = { .title = "Tab", .bottom_right = place };
	if (rows < 1)
		return;
	/* Not all are seen: how many there are. */
	if (rows < count && p->popup_at >= 0)
		snprintf(place, sizeof(place), "%d of %d", p->popup_at + 1, count);
	else if (rows < count)
		snprintf(place, sizeof(place), "%d", count);
	area_clear(&a, ROLE_DIALOG);
	struct area in = draw_box(&a, &box);
	int top = MAX(0, p->popup_at - rows + 1);
	for (int i = 0; i < rows && top + i < count; i++) {
		draw_str(&in, i, 1, ROLE_DIALOG, p->popup.matches.items[top + i]);
		if (top + i != p->popup_at)
			continue;
		draw_str(&in, i, 0, ROLE_KEY, glyph(GLYPH_CURSOR));
		draw_selected(&in, i, ROLE_SELECTED);
	}
}

/* What there is room for of "model=  seed=  ": whole arguments. */
static size_t whole_arguments(const struct strbuf *ghost, int width)
{
	size_t fits = text_fit(ghost->data, ghost->len, width, NULL);

	while (fits < ghost->len && fits > 0 && ghost->data[fits - 1] != ' ')
		fits--;
	return fits;
}

/* At the right end, as much as leaves the line and what may follow it alone. Returns the columns that are left. */
static int draw_keys(const struct area *field, int used)
{
	static const char *const hints[] = { "Tab complete · ^R history", "Tab complete" };

	for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
		int width = text_width(hints[i], strlen(hints[i])), x = field->w - width - 1;
		if (x < used + GHOST_ROOM)
			continue;
		draw_str(field, 0, x, ROLE_DIM, hints[i]);
		return x - 2;
	}
	return field->w;
}

static void draw_ghost(const struct prompt *p, const struct area *field, int used)
{
	AUTO_STRBUF ghost = STRBUF_INIT(STRBUF_TEXT);
	int end = draw_keys(field, used);

	complete_ghost(p->app, rl_line_buffer, &ghost);
	if (used < end)
		draw_text(field, 0, used, ROLE_GHOST, ghost.data, whole_arguments(&ghost, end - used), true);
}

/* The line scrolls so that the cursor is seen. */
static int draw_line(struct prompt *p, const struct area *row, const struct area *above, int x)
{
	struct area field = { row->y, row->x + x, 1, row->w - x - 1 };
	int cursor = text_width(rl_line_buffer, (size_t) rl_point);
	size_t skip = 0;
	int hidden = 0;

	if (cursor >= field.w)
		skip = text_fit(rl_line_buffer, (size_t) rl_point, cursor - field.w + 1, &hidden);
	while (cursor - hidden >= field.w && rl_line_buffer[skip]) {
		int w = 0;
		skip += MAX(text_fit(rl_line_buffer + skip, strlen(rl_line_buffer + skip), 2, &w), (size_t) 1);
		hidden += w;
	}
	int used = draw_text(&field, 0, 0, ROLE_TEXT, rl_line_buffer + skip, strlen(rl_line_buffer + skip), false);
	bool searching = RL_ISSTATE(RL_STATE_ISEARCH);
	if (p->mode == PROMPT_COMMAND && rl_point == rl_end && !searching)
		draw_ghost(p, &field, used);
	else if (p->mode == PROMPT_COMMAND && !searching)
		draw_keys(&field, used);
	if (p->popup_open)
		draw_popup(p, above, x + text_width(rl_line_buffer, p->popup.start) - 2);
	canvas_cursor(&field, 0, cursor - hidden);
	return x + MAX(used, cursor - hidden + 1);
}

/* What is wrong is said as far as there is room, the rest only where it is whole. */
static void draw_remark(const struct prompt *p, const struct area *row, int x)
{
	int width = text_width(p->remark, strlen(p->remark)), room = row->w - x - 3;

	if (p->wrong && room > 8)
		draw_text(&(struct area){ row->y, row->x, 1, row->w - 1 }, 0, row->w - 1 - MIN(width, room), ROLE_ERROR, p->remark,
			  strlen(p->remark), true);
	else if (!p->wrong && width <= room)
		draw_right(row, 0, x, row->w - x - 1, ROLE_DIM, p->remark);
}

void prompt_draw(struct prompt *p, const struct area *row, const struct area *above)
{
	char said[120];
	int x;

	if (p->mode == PROMPT_CLOSED) {
		draw_str(row, 0, 0, ROLE_DIM, "afs>");
		keymap_say(p->app->keymap, "{command} command · Tab complete · ^R history", said, sizeof(said));
		draw_right(row, 0, row->w - 52, 50, ROLE_DIM, said);
		canvas_spot(row, 0, 0, row->w, ACT_COMMAND);
		return;
	}
	/* During ^R readline tells what it searches for. */
	const char *label = RL_ISSTATE(RL_STATE_ISEARCH) && rl_display_prompt ? rl_display_prompt
			    : p->mode == PROMPT_ASK			      ? p->label
									      : "afs>";
	/* What is typed keeps half of the row. */
	struct area left = { row->y, row->x, 1, MAX(row->w / 2, 1) };
	x = draw_text(&left, 0, 0, ROLE_PROMPT, label, strlen(label), true) + 1;
	x = draw_line(p, row, above, x);
	if (p->mode == PROMPT_ASK && p->remark)
		draw_remark(p, row, x);
}
