/* Pane 1: what is down, below the rows when there is room. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/envs_priv.h"
#include "ui/hints.h"

/* So many of them are told of; the others are counted. */
#define DOWN_MAX 3

const struct replica *envs_next_down(struct envs *v, struct app *app, const struct environment **env)
{
	const struct envs_row *current = envs_current(v, app);
	const struct replica *first = NULL;
	bool after = false;

	for (int i = 0; i < v->count; i++) {
		const struct environment *e = v->rows[i].env;
		if (v->rows[i].replica)
			continue; /* its environment's row was there before, and a fold hides none */
		after |= current && current->env == e && !current->replica;
		for (int k = 0; k < e->count; k++) {
			const struct replica *r = &e->replicas[k];
			bool next = r->state == REPLICA_DOWN && (after || !first);
			if (next && env)
				*env = e;
			if (next && after)
				return r;
			if (next)
				first = r;
			after |= current && current->replica == r;
		}
	}
	return first;
}

/* The ones that went down last, newest first; returns how many there are. */
static int find_down(const struct envs *v, struct envs_row rows[DOWN_MAX])
{
	int count = 0;

	for (int i = 0; i < v->count; i++) {
		const struct environment *e = v->rows[i].env;
		for (int k = 0; !v->rows[i].replica && k < e->count; k++) {
			const struct replica *r = &e->replicas[k];
			if (r->state != REPLICA_DOWN)
				continue;
			int at = MIN(count, DOWN_MAX);
			for (; at > 0 && rows[at - 1].replica->ended_ms < r->ended_ms; at--)
				if (at < DOWN_MAX)
					rows[at] = rows[at - 1];
			if (at < DOWN_MAX)
				rows[at] = (struct envs_row){ .env = e, .replica = r };
			count++;
		}
	}
	return count;
}

/* Those for the current row, if it is one that is down: a hint that is clicked is about that row. */
static void draw_keys(const struct envs *v, struct app *app, const struct area *a, int y, int x)
{
	AF_AUTO(hints) struct hints h = HINTS_INIT(app->keymap, "   ");
	bool selected = false;

	for (int i = 0; i < v->count && v->list.selected && !v->list.gone; i++)
		selected |= v->rows[i].replica && v->rows[i].replica->state == REPLICA_DOWN &&
			    !strcmp(v->rows[i].id, v->list.selected);
	if (selected) {
		hints_add(&h, ACT_LOGS, "last log lines");
		hints_add(&h, ACT_RESTART, "restart");
		hints_add(&h, ACT_OPEN, "detail");
	} else {
		hints_add(&h, ACT_NEXT_DOWN, "go to it");
	}
	size_t fits = text_fit(h.text.data, h.text.len, a->w - x, NULL);
	if (fits < h.text.len)
		return;
	draw_text(a, y, x, ROLE_DIM, h.text.data, h.text.len, true);
	hints_place(&h, a, y, x, h.text.len);
}

void envs_draw_down(const struct envs *v, struct app *app, const struct area *a)
{
	struct envs_row rows[DOWN_MAX];
	int count = find_down(v, rows), x = 3;
	/* A row for the keys, and an empty one above if one is left. */
	int shown = MIN(MIN(count, DOWN_MAX), MAX(a->h - 2, a->h == 2)), top = a->h > 2;

	if (shown < 1)
		return;
	x += draw_fmt(a, top, x, ROLE_ERROR, "DOWN %d", count) + 2;
	for (int i = 0; i < shown; i++) {
		AUTO_STRBUF sb = STRBUF_INIT(STRBUF_LINE);
		strbuf_addf(&sb, "%s·%d ", rows[i].env->name, rows[i].replica->number);
		replica_add_end(&sb, rows[i].replica, wall_ms());
		if (rows[i].replica->oom && rows[i].replica->memory_limit > 0) {
			strbuf_adds(&sb, " (limit ");
			size_format(&sb, rows[i].replica->memory_limit);
			strbuf_addc(&sb, ')');
		}
		draw_text(a, top + i, x, environment_is_stale(&app->model, rows[i].env, app->now_ms) ? ROLE_DIM : ROLE_TEXT, sb.data,
			  sb.len, true);
	}
	draw_keys(v, app, a, top + shown, x);
}
