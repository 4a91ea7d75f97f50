/* Pane 1: shared by view_envs.c (cursor, keys), envs_rows.c (what is listed), envs_draw.c and envs_act.c. */
#ifndef UI_ENVS_PRIV_H
#define UI_ENVS_PRIV_H

#include "ui/views.h"

enum envs_sort { SORT_NAME, SORT_UP, SORT_CPU, SORT_MEM, SORT_REQ, SORT_RATE, SORT_ERR, SORT_COUNT };

/* A row: an environment's own, or a replica's. Identities are "env:NAME" and the container's id. */
struct envs_row {
	const struct environment *env;
	const struct replica *replica; /* NULL: the environment's row */
	const char *id;                /* owned by `ids` */
};

/* The cells of a column's title, inside of the box; width 0: it is not shown. */
struct heading {
	int x, width;
};

struct envs {
	struct view view;
	struct list list;
	bool restored; /* the cursor stands where it stood in the last session */
	struct strlist folded; /* names of environments that are folded */
	struct strlist marked; /* identities */
	struct strbuf filter;
	bool filtering; /* the filter is being typed */
	enum envs_sort sort;
	bool reverse;

	struct envs_row *rows; /* as drawn last; rebuilt from the model before each use */
	struct strlist ids;
	int count, height;
	struct heading heading[SORT_COUNT];
	int shown_environments;
};

/* The first replica that is down after the current row, from the top again after the last; NULL: none. *env (may be NULL)
 * gets its environment. */
const struct replica *envs_next_down(struct envs *v, struct app *app, const struct environment **env);
/* Lists what the model holds now, filtered, sorted, folded. */
void envs_rebuild(struct envs *v, struct app *app);
const struct envs_row *envs_current(struct envs *v, struct app *app);
bool envs_is_marked(const struct envs *v, const char *id);
const char *envs_sort_name(enum envs_sort sort);

/* Below the rows: what is down, since when, and which keys help. Nothing where there is no room for it. */
void envs_draw_down(const struct envs *v, struct app *app, const struct area *a);

void envs_draw(struct view *view, struct app *app, const struct area *a, bool focused);

/* Stop, restart, remove and the like, for the marked rows or else the current one. */
int envs_action(struct envs *v, struct app *app, enum action action);
void envs_action_menu(struct envs *v, struct app *app);

#endif
