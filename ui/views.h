/* The views, each in its file. The frame makes them; app_push() takes those that come and go. */
#ifndef UI_VIEWS_H
#define UI_VIEWS_H

#include "ui/app.h"

/* view_envs.c: pane 1, the tree of environments and replicas. */
struct view *envs_view_new(struct app *app, struct af_error *err);
/* What is under the cursor; either may be NULL. Valid until the next event. */
void envs_view_selection(const struct view *v, const char **environment, const char **replica_id);
/* Brings the cursor in line with what there is now, before anybody asks for it. */
void envs_view_update(struct view *v, struct app *app);
/* Moves the cursor there. */
void envs_view_select(struct view *v, struct app *app, const char *environment, const char *replica_id);

/* view_detail.c: pane 2, the tabs of what is selected. */
struct view *detail_view_new(struct app *app, struct af_error *err);
void detail_view_selection_changed(struct view *v, struct app *app);

/* view_logs.c: pane 3. Follows the selection: a replica's log, or all replicas of an environment merged. */
struct view *logs_view_new(struct app *app, struct af_error *err);
void logs_view_selection_changed(struct view *v, struct app *app);
/* Shows only the lines with this text (a call id, a task). */
void logs_view_trace(struct view *v, struct app *app, const char *text);
/* Stops its streams. */
void logs_view_stop(struct view *v);

/* view_call.c: the call screen, over the panes. replica < 0: auto; method NULL: choose. */
struct view *call_view_new(struct app *app, const char *environment, int replica, const char *method, struct af_error *err);
/* The screen with a call of the history. */
void call_view_open(struct app *app, const char *environment, int64_t id);
/* From the log of a call back to the screen that led there. False: none did, or one has gone on from there. */
bool call_view_again(struct app *app);

/* view_jobs.c: jobs and their output. view_help.c: the keys, by context of `for_view`. */
struct view *jobs_view_new(struct app *app, struct af_error *err);
struct view *help_view_new(struct app *app, const struct view *for_view, struct af_error *err);

#endif
