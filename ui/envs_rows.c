/* Pane 1: which rows there are, in which order. */
#include <math.h>
#include <string.h>

#include "ui/envs_priv.h"

const char *envs_sort_name(enum envs_sort sort)
{
	static const char *const names[SORT_COUNT] = { "NAME", "UP", "CPU", "MEM", "REQ", "REQ/s", "ERR" };

	return names[sort];
}

bool envs_is_marked(const struct envs *v, const char *id)
{
	return strlist_has(&v->marked, id);
}

static double error_share(const struct environment *e)
{
	return e->requests ? (double) e->errors / (double) e->requests : 0;
}

static double key_of(const struct environment *e, enum envs_sort sort)
{
	switch (sort) {
	case SORT_UP:
		return e->up;
	case SORT_CPU:
		return e->cpu_percent;
	case SORT_MEM:
		return (double) e->memory;
	case SORT_REQ:
		return (double) e->requests;
	case SORT_RATE:
		return e->rate;
	case SORT_ERR:
		return error_share(e);
	default:
		return 0;
	}
}

/* qsort_r hands the view through. Figures largest first, names from A; equal ones by name, so that rows stand still. */
static int compare(const void *a, const void *b, void *arg)
{
	const struct envs *v = arg;
	const struct environment *x = *(const struct environment *const *) a, *y = *(const struct environment *const *) b;
	int order = 0;

	if (v->sort != SORT_NAME) {
		double kx = key_of(x, v->sort), ky = key_of(y, v->sort);
		kx = isnan(kx) ? -1 : kx;
		ky = isnan(ky) ? -1 : ky;
		order = kx > ky ? -1 : kx < ky;
	}
	if (!order)
		return strcmp(x->name, y->name) * (v->sort == SORT_NAME && v->reverse ? -1 : 1);
	return v->reverse ? -order : order;
}

static bool passes(const struct envs *v, const struct environment *e)
{
	if (!v->filter.len || strcasestr(e->name, v->filter.data) || strcasestr(e->image, v->filter.data))
		return true;
	for (int i = 0; i < e->count; i++)
		if (strcasestr(e->replicas[i].host, v->filter.data) || strcasestr(e->replicas[i].word, v->filter.data))
			return true;
	return false;
}

static void add_row(struct envs *v, const struct environment *e, const struct replica *r, char *take_id)
{
	if (strlist_take(&v->ids, take_id, NULL))
		return;
	v->rows[v->count++] = (struct envs_row){ e, r, v->ids.items[v->ids.count - 1] };
}

/* Marks of what is gone would make actions mean nothing. */
static void forget_marks(struct envs *v, struct app *app)
{
	struct strlist *l = &v->marked;
	size_t kept = 0;

	for (size_t i = 0; i < l->count; i++) {
		const char *id = l->items[i];
		bool there = str_starts(id, "env:") ? model_environment(&app->model, id + strlen("env:")) != NULL
						    : model_replica(&app->model, id, NULL) != NULL;
		if (there)
			l->items[kept++] = l->items[i];
		else
			free(l->items[i]);
	}
	if (l->count)
		l->items[kept] = NULL;
	l->count = kept;
}

void envs_rebuild(struct envs *v, struct app *app)
{
	const struct model *m = &app->model;
	const struct environment **order = calloc((size_t) m->count + 1, sizeof(*order));
	struct envs_row *rows = realloc(v->rows, (size_t) (m->count + m->replicas + 1) * sizeof(*rows));

	if (rows)
		v->rows = rows;
	forget_marks(v, app);
	v->count = v->shown_environments = 0;
	strlist_free(&v->ids);
	for (int i = 0; order && rows && i < m->count; i++)
		if (passes(v, &m->environments[i]))
			order[v->shown_environments++] = &m->environments[i];
	if (v->shown_environments > 1)
		qsort_r(order, (size_t) v->shown_environments, sizeof(*order), compare, v);
	for (int i = 0; i < v->shown_environments; i++) {
		const struct environment *e = order[i];
		add_row(v, e, NULL, str_format(NULL, "env:%s", e->name));
		for (int k = 0; k < e->count && !strlist_has(&v->folded, e->name); k++)
			add_row(v, e, &e->replicas[k], str_dup(e->replicas[k].id, NULL));
	}
	free(order);
}

const struct envs_row *envs_current(struct envs *v, struct app *app)
{
	envs_rebuild(v, app);
	list_sync(&v->list, (const char *const *) v->ids.items, v->count, v->height);
	/* What was selected in the last session may be gone; that is no reason to select nothing. */
	if (v->restored && v->count) {
		v->restored = false;
		if (v->list.gone) {
			list_select(&v->list, v->ids.items[0]);
			list_sync(&v->list, (const char *const *) v->ids.items, v->count, v->height);
		}
	}
	for (int i = 0; v->list.selected && !v->list.gone && i < v->count; i++)
		if (!strcmp(v->rows[i].id, v->list.selected))
			return &v->rows[i];
	return NULL;
}
