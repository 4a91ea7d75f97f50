/*
 * The application on the UI thread: what views may ask of it.
 */
#ifndef UI_APP_H
#define UI_APP_H

#include "affinetes.h"
#include "base/json.h"
#include "ui/job.h"
#include "ui/keymap.h"
#include "ui/message.h"
#include "ui/model.h"
#include "ui/theme.h"
#include "ui/view.h"

struct feed;     /* feed.h: keeps the model fresh */
struct prompt;   /* prompt.h: the command line */
struct jobs;
struct methods;  /* methods.h: what environments offer */
struct drafts;     /* form_draft.h: forms that were left */
struct kept;       /* call_kept.h: results, and calls in flight, of call screens that were left */
struct candidates; /* candidates.h: what completion has to ask for */

struct options {
	bool readonly;     /* actions that change something are off */
	bool mouse;
	bool ascii;
	bool color;
	char *theme;        /* the one in use */
	char *theme_config; /* that of the config file */
	char *theme_chosen; /* here, or in an earlier session with this theme_config; NULL: none */
	bool theme_given;   /* on the command line: what was chosen does not count this time */
	int log_lines;     /* per view, default 100000 */
	int64_t log_bytes; /* default 64 MiB */
	int time_format;   /* logs: 0 off, 1 relative, 2 local, 3 UTC */
};

struct app {
	struct af *af;
	struct message_queue *queue;
	struct model model;
	struct feed *feed;
	struct jobs *jobs;
	struct methods *methods;
	struct candidates *candidates;
	struct drafts *drafts;
	struct kept *kept;
	struct prompt *prompt;
	struct keymap *keymap;
	struct theme theme;
	struct options options;
	struct frame *frame; /* frame.h: layout, panes, focus, overlays */
	const char *afs_path; /* the command, for what needs the real terminal */
	bool dirty;          /* something visible changed: a frame is due */
	bool quit;
	bool suspend;        /* ^Z: give the terminal back and stop */
	int64_t now_ms;      /* clock_ms() of this turn of the loop */
	int64_t stamp_ms;    /* wall clock of the last change worth telling: the header's time, so that it stands still
			      * while nothing happens */
};

/* A frame will be drawn (at most 30 a second). */
void app_redraw(struct app *app);

/* ---- what is selected ------------------------------------------------------------------------ */

/* The environment and replica under the cursor of pane 1; NULL: none (replica NULL: the environment's own row). */
const struct environment *app_selected_environment(struct app *app);
const struct replica *app_selected_replica(struct app *app);
/* Pane 1 tells that its selection moved: detail and logs follow. */
void app_selection_changed(struct app *app);

/* ---- panes and overlays ------------------------------------------------------------------------ */

enum pane { PANE_ENVS, PANE_DETAIL, PANE_LOGS, PANE_COUNT };
void app_focus(struct app *app, enum pane pane);
enum pane app_focused(const struct app *app);
void app_zoom(struct app *app, bool zoomed);
/* One pane has the whole screen, with so many rows at least: as of the last key, which may not be drawn yet. */
bool app_zoomed(const struct app *app, int rows);
struct view *app_pane(struct app *app, enum pane pane);
/* Where not all panes are seen at once: their names in the top line of the box over `a`. False: they are. */
bool app_draw_pane_tabs(struct app *app, const struct area *a, enum pane current);
bool app_has_pane_tabs(const struct app *app);
/* Puts a view over the panes (help, menu, jobs, the call screen); it gets all keys until it closes. Takes ownership. */
void app_push(struct app *app, struct view *take_view);

/* ---- talking to the user -------------------------------------------------------------------------- */

enum notice_kind { NOTICE_OK, NOTICE_INFO, NOTICE_WARN, NOTICE_ERROR };
/* One line in the notice row, kept in the list of notices. */
void app_notice(struct app *app, enum notice_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_notice_error(struct app *app, const struct af_error *err);
/* All that are kept, newest first, a row each. */
void notices_draw(struct app *app, const struct area *a);
int notices_count(const struct app *app);

/* Asks; Cancel is focused. `phrase` (may be NULL) has to be typed for "yes". yes() runs on the UI thread. */
void app_confirm(struct app *app, const char *question, const char *detail, const char *phrase,
		 void (*yes)(struct app *app, void *arg), void (*free_arg)(void *arg), void *arg);
/* A small menu; chosen(i) runs unless it is left with Esc. */
void app_menu(struct app *app, const char *title, const char *const *items, int count, int current,
	      void (*chosen)(struct app *app, int i, void *arg), void (*free_arg)(void *arg), void *arg);
/* The same for actions of pane 1: each is shown with its key, which works in the menu too. `actions` stay for ever. */
struct menu_action {
	enum action action;
	const char *text;
};
void app_action_menu(struct app *app, const char *title, const struct menu_action *actions, int count,
		     void (*chosen)(struct app *app, enum action action, void *arg), void *arg);
/* A one-line question in the prompt row (file name, search). `initial` may be NULL; `changed` (may be NULL) runs at each
 * edit, `done` at Enter with the text, or with NULL at Esc. */
void app_ask(struct app *app, const char *label, const char *initial,
	     void (*changed)(struct app *app, const char *text, void *arg),
	     void (*done)(struct app *app, const char *text, void *arg), void *arg);
/* While such a question is open, a remark behind it: how to answer, or what is wrong so far (NULL: nothing). */
void app_remark(struct app *app, bool wrong, const char *text);
/* Runs a command as a job; its equal `afs …` line goes to the notices first. Refused when readonly and the command changes
 * something. */
void app_run(struct app *app, const char *const *words, int count);

/* The call screen for what is selected; method NULL: choose there. */
void app_call(struct app *app, const char *method);

/* The theme from now on, and in later sessions. USAGE names lines of its file that make no sense; the others count. */
af_code app_choose_theme(struct app *app, const char *name, struct af_error *err) MUST_CHECK;

/* Clipboard by OSC 52 (bounded; says how much). */
void app_copy(struct app *app, const char *text, size_t len);
/* False: so many bytes are too much for it, which is said: what is long need not be put together for that. */
bool app_may_copy(struct app *app, size_t len);
/* Leaves the screen to a program (a shell in a replica, $EDITOR) and comes back: argv on the real terminal; blocks the UI
 * while it runs, as the user is in it. */
af_code app_foreground(struct app *app, const char *const *argv, int *status, struct af_error *err) MUST_CHECK;

#endif
