/* Keys and mouse of the logs view, and what it does once a second. */
#include <string.h>

#include "base/clock.h"
#include "ui/view_logs_priv.h"

static const enum key_context logs_contexts[] = { KEYS_LOGS, KEYS_LIST, KEYS_GLOBAL };

static const struct footer_hint footer_hints[] = {
	{ .action = ACT_FILTER }, { .action = ACT_FILTER_STACK, .what = "edit filters" }, { .action = ACT_SEARCH },
	{ .what = "0-9 replica on/off" }, { ACT_MINUTE_BACK, ACT_MINUTE_ON, ' ', "±1 min" }, { .action = ACT_PAUSE },
	{ .action = ACT_ZOOM }, { .action = ACT_BACK }, { .action = ACT_LEVEL, .what = "level" }, { .action = ACT_COMMAND },
	{ 0 }
};

static int toggle_open(struct logs_view *lv)
{
	uint64_t line = logs_current(lv);

	if (line == NO_LINE || !logs_can_open(lv, line))
		return REACT_HANDLED;
	log_store_at(lv->book->store, log_store_head(lv->book->store, line))->flags ^= LOG_OPEN;
	/* Who unfolds wants to read it. */
	logs_set_cursor(lv, logs_place(lv, line));
	return REACT_REDRAW;
}

static int next_level(struct logs_view *lv)
{
	static const enum log_level next[LEVEL_COUNT] = { LEVEL_INFO, LEVEL_INFO,  LEVEL_INFO, LEVEL_WARN,
							  LEVEL_ERROR, LEVEL_NONE, LEVEL_NONE };

	lv->filter->least = next[lv->filter->least];
	logs_refilter(lv);
	return REACT_REDRAW;
}

static int toggle_merge(struct logs_view *lv)
{
	lv->merge = !lv->merge;
	if (lv->selected < 0 && !lv->merge)
		app_notice(lv->app, NOTICE_INFO, "select a replica to see its lines alone");
	logs_update_only(lv);
	logs_refresh_list(lv);
	return REACT_REDRAW;
}

/* What Esc undoes first. */
static int back(struct logs_view *lv)
{
	if (lv->search)
		logs_set_search(lv, NULL);
	else if (log_filter_traced(lv->filter))
		logs_set_trace(lv, RULE_TRACE, NULL);
	else if (!call_view_again(lv->app))
		return REACT_NONE;
	return REACT_REDRAW;
}

static void copy_command(struct logs_view *lv)
{
	const struct log_rule *rule = log_filter_get(lv->filter, RULE_QUICK);
	AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);

	strbuf_addf(&sb, "afs logs %s --follow", lv->book->environment);
	if (lv->filter->only >= 0)
		strbuf_addf(&sb, " --replica %d", lv->filter->only);
	if (rule && !strchr(rule->text, '\''))
		strbuf_addf(&sb, " --grep '%s'", rule->text);
	app_copy(lv->app, sb.data, sb.len);
}

static int change_shape(struct logs_view *lv, enum action action)
{
	switch (action) {
	case ACT_WRAP:
		lv->wrap = !lv->wrap;
		lv->shift = 0;
		break;
	case ACT_TIME:
		lv->time = (lv->time + 1) % WHEN_COUNT;
		break;
	case ACT_JSON:
		lv->json = !lv->json;
		break;
	case ACT_LEFT:
		if (!lv->shift)
			return REACT_NONE;
		lv->shift = MAX(lv->shift - 16, 0);
		break;
	case ACT_RIGHT:
		lv->shift = lv->wrap ? 0 : MIN(lv->shift + 16, 60000);
		break;
	case ACT_PAUSE:
		if (lv->book->follow)
			logs_hold(lv);
		else
			logs_follow(lv);
		break;
	default:
		return REACT_NONE;
	}
	return REACT_REDRAW;
}

static int act_on_lines(struct logs_view *lv, enum action action)
{
	switch (action) {
	case ACT_SEARCH_NEXT:
		return logs_next_match(lv, 1);
	case ACT_SEARCH_PREVIOUS:
		return logs_next_match(lv, -1);
	case ACT_ERROR_NEXT:
		return logs_next_error(lv, 1);
	case ACT_ERROR_PREVIOUS:
		return logs_next_error(lv, -1);
	case ACT_MINUTE_BACK:
		return logs_minute(lv, -1);
	case ACT_MINUTE_ON:
		return logs_minute(lv, 1);
	case ACT_TRACE:
		return logs_trace_line(lv);
	case ACT_OPEN:
		return toggle_open(lv);
	case ACT_COPY:
		logs_copy(lv);
		return REACT_REDRAW;
	case ACT_COPY_ALT:
		copy_command(lv);
		return REACT_REDRAW;
	default:
		return change_shape(lv, action);
	}
}

static int logs_act(struct view *v, struct app *app, enum action action)
{
	struct logs_view *lv = (struct logs_view *) v;
	int reaction;

	if (action == ACT_BACK)
		return back(lv);
	if (!lv->book)
		return REACT_NONE;
	switch (action) {
	case ACT_SEARCH:
		logs_ask_search(lv);
		return REACT_REDRAW;
	case ACT_FILTER:
		logs_ask_filter(lv);
		return REACT_REDRAW;
	case ACT_FILTER_STACK:
		app_push(app, logs_filters_view_new(lv, NULL));
		return REACT_REDRAW;
	case ACT_SAVE:
		logs_ask_save(lv);
		return REACT_REDRAW;
	case ACT_LEVEL:
		return next_level(lv);
	case ACT_MERGE:
		return toggle_merge(lv);
	default:
		reaction = logs_move(lv, action);
		return reaction ? reaction : act_on_lines(lv, action);
	}
}

/* As the only pane the digits are the replicas', where there are several. */
static bool logs_wants_text(const struct view *v)
{
	const struct logs_view *lv = (const struct logs_view *) v;

	return app_zoomed(lv->app, LOGS_ZOOMED_ROWS) && lv->book && log_book_several(lv->book);
}

static int logs_key(struct view *v, struct app *app UNUSED, keycode key)
{
	struct logs_view *lv = (struct logs_view *) v;

	if (key < '0' || key > '9')
		return REACT_NONE;
	if (lv->filter->only >= 0) {
		lv->merge = true;
		logs_update_only(lv);
	}
	lv->filter->muted ^= 1u << (key - '0');
	logs_refilter(lv);
	return REACT_REDRAW;
}

static int logs_mouse(struct view *v, struct app *app UNUSED, const struct mouse *m)
{
	struct logs_view *lv = (struct logs_view *) v;
	int row = m->y - lv->screen_y;

	if (!lv->book)
		return REACT_NONE;
	if (m->what == MOUSE_WHEEL_UP || m->what == MOUSE_WHEEL_DOWN) {
		logs_scroll(lv, m->what == MOUSE_WHEEL_UP ? -3 : 3);
		return REACT_REDRAW;
	}
	if (row < 0 || row >= lv->screen_rows)
		return REACT_HANDLED;
	logs_point(lv, lv->screen_lines[row]);
	return m->what == MOUSE_DOUBLE ? toggle_open(lv) | REACT_REDRAW : REACT_REDRAW;
}

static bool logs_tick(struct view *v, struct app *app UNUSED, int64_t now_ms UNUSED)
{
	struct logs_view *lv = (struct logs_view *) v;

	logs_reap(lv);
	if (!lv->book)
		return false;
	logs_sync_feed(lv);
	if (!lv->shown)
		return false;
	if ((int64_t) (logs_rate(lv) + 0.5) != lv->rate_shown)
		return true;
	/* The graph moves on as long as lines come. */
	return lv->zoomed && log_book_until(lv->book, lv->filter->only, wall_ms() / 1000) != lv->graph_until;
}

const struct view_ops logs_ops = {
	.name = "logs",
	.contexts = logs_contexts,
	.hints = footer_hints,
	.free = logs_free,
	.crumb = logs_crumb,
	.draw = logs_draw,
	.act = logs_act,
	.wants_text = logs_wants_text,
	.key = logs_key,
	.mouse = logs_mouse,
	.tick = logs_tick,
	.save_state = logs_save_state,
	.load_state = logs_load_state,
};
