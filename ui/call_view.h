/* The call screen, shared by its files: view_call.c and call_*.c. */
#ifndef UI_CALL_VIEW_H
#define UI_CALL_VIEW_H

#include "ui/call_run.h"
#include "ui/form.h"
#include "ui/history.h"
#include "ui/result.h"
#include "ui/view.h"

enum call_part { PART_FORM, PART_HISTORY, PART_RESULT, PART_COUNT };

/* For work that may outlive the view. */
struct call_link {
	struct call_view *view; /* NULL: it is gone; UI thread */
	atomic_int refs;
};

struct call_view {
	struct view view;
	struct app *app;
	struct call_link *link;
	char *environment;
	char *wanted;        /* the method to begin with; NULL: the first */
	struct form form;
	struct result result;
	enum call_part part; /* has the keys */
	struct area area;    /* where it was drawn last */
	bool zoomed;

	struct history *history;
	struct call_list calls; /* newest first */
	uint64_t counted;       /* requests of the environment when they were asked for */
	struct saved_list saved;
	int64_t total;
	bool loaded;         /* an answer of the history came */
	bool listing;        /* the list is asked for */
	bool list_again;     /* and has to be once more */
	char *filter;        /* what it is searched for */
	struct list list;    /* "s:name" and "c:id", saved calls first */
	int saved_top, calls_top, page;
	struct {
		int saved;          /* rows of saved calls, from the top */
		int calls_y, calls; /* where the calls are, and how many rows of them */
	} drawn;             /* for the mouse */
	struct strlist offered; /* by the menu that is open: what it was made from may have changed since */
	char *offered_for;   /* the field */

	struct call_run *run; /* in flight */
	bool touched;         /* a key came since it was sent: the focus stays */
	struct af_error error; /* of the last thing asked of the history */
};

/* ---- view_call.c ---- */
void call_view_focus(struct call_view *v, enum call_part part);

/* ---- call_form.c ---- */
/* Puts a method into the form. */
void call_view_choose(struct call_view *v, const char *name);
/* Methods come while the view is drawn: makes the form, or makes it anew, when they are there. */
void call_follow_methods(struct call_view *v);
void call_form_draw(struct call_view *v, const struct area *a, bool focused);

/* ---- call_keys.c: for the tables of view_call.c ---- */
int call_form_act(struct view *view, struct app *app, enum action action);
bool call_form_wants_text(const struct view *view);
int call_form_raw_key(struct view *view, struct app *app, keycode key);
int call_form_pasted(struct view *view, struct app *app, const char *text, size_t len);
int call_history_part_act(struct view *view, struct app *app, enum action action);
int call_result_part_act(struct view *view, struct app *app, enum action action);

/* ---- call_panes.c: menus and questions ---- */
void call_ask_method(struct call_view *v);
void call_step_method(struct call_view *v, int step);
void call_ask_earlier(struct call_view *v);
void call_ask_repeat(struct call_view *v);    /* how often, then sends */
void call_ask_save(struct call_view *v);      /* the form, under a name */
void call_ask_search(struct call_view *v);    /* in the result */
void call_ask_path(struct call_view *v);      /* to a place of the result */
void call_ask_filter(struct call_view *v);    /* the history */
void call_ask_file(struct call_view *v);      /* the result into a file */
void call_open_editor(struct call_view *v);
/* To the log lines of a call; REACT_CLOSE. */
int call_show_logs(struct call_view *v, const char *call_id);

/* ---- call_send.c ---- */
void call_send(struct call_view *v);
bool call_cancel_run(struct call_view *v);    /* false: nothing is in flight */
void call_follow_run(struct call_view *v);    /* the view comes: what is in flight for its environment is its own */
void call_forget_run(struct call_view *v);    /* the view goes; the calls go on */
/* "call affine evaluate  3/20" while something is in flight, else NULL; malloc'd. */
char *call_progress(const struct call_view *v);
/* A result of `next` comes: that of another method is kept. */
void call_set_aside(struct call_view *v, const char *next);
/* The result that is shown with an earlier one. */
void call_compare(struct call_view *v, char *take_before);
void call_link_drop(struct call_link *link);
/* Where a replica runs, as far as is known. */
const char *call_host_of(struct app *app, const char *environment, int replica);

/* ---- call_history.c ---- */
enum { PURPOSE_SHOW, PURPOSE_LOAD, PURPOSE_DIFF }; /* LOAD: into the form too */
void call_history_answered(struct app *app, struct history_request *r, void *arg);
void call_history_refresh(struct call_view *v);
/* The same where others may have made calls meanwhile: the environment has counted more requests. */
void call_history_follow(struct call_view *v);
int call_history_act(struct call_view *v, enum action action);
/* Row y inside of the box. */
int call_history_mouse(struct call_view *v, int y, int what);
/* Asks for one with its result. */
void call_history_get(struct call_view *v, enum history_kind kind, int64_t id, int purpose);
const struct call_record *call_history_selected(struct call_view *v);

/* ---- call_history_draw.c ---- */
void call_history_draw(struct call_view *v, const struct area *a, bool focused);
/* A row about one call, and the titles of its columns. */
void call_row_draw(const struct area *a, int y, const struct call_record *r);
void call_heading_draw(const struct area *a, int y);

#endif
