/* Pane 2: shared by view_detail.c (tabs, keys) and a file for what each tab shows. */
#ifndef UI_DETAIL_PRIV_H
#define UI_DETAIL_PRIV_H

#include "ui/views.h"

enum detail_tab { TAB_OVERVIEW, TAB_LOGS, TAB_METHODS, TAB_CALLS, TAB_ENV, TAB_COUNT };

struct detail {
	struct view view;
	enum detail_tab tab;
	int tab_x[TAB_COUNT]; /* where tabs were drawn, for the mouse */
	char *shown;          /* the replica's id or the environment's name */
	int top;              /* first line of a tab that scrolls */
	int method;           /* the cursor in the list of methods */
	int64_t call;         /* and in that of calls: its number; 0: the newest */
	bool reveal;          /* values of variables that look secret are shown */
	/* the variables of a container, fetched when the tab is open */
	char *env_of, *env_error;
	struct strlist env;
	bool env_fetching;
	int64_t env_asked_ms;
};

void detail_draw_overview(struct app *app, const struct area *a, const struct environment *e, const struct replica *r);
/* "88 ms", "1.9 s" */
void detail_add_ms(struct strbuf *sb, double ms);

/* detail_counts.c */
/* All replicas of an environment as one. Names stay theirs; sum->methods is freed by the caller. */
void detail_sum_up(const struct environment *e, struct replica *sum);
/* From row y on. */
void detail_draw_methods(const struct area *a, int y, const struct replica *r);
void detail_draw_replicas(const struct area *a, int y, const struct environment *e);

void detail_draw_env(struct detail *d, struct app *app, const struct area *a, const struct environment *e,
		     const struct replica *r);
/* Does a variable of this name hold a secret? */
bool looks_secret(const char *name);

/* call_detail.c: calls made before, newest first, with a cursor. */
void detail_draw_calls(struct detail *d, struct app *app, const struct area *a, const struct environment *e, const struct replica *r,
		       bool focused);
void detail_move_call(struct detail *d, struct app *app, int by);
void detail_open_call(struct detail *d, struct app *app);

#endif
