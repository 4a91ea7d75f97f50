/* What the call screen is left with and finds again, in this session: results, calls that are in flight, and the screen
 * itself where one went from it to the log. In memory alone, on the UI thread. */
#ifndef UI_CALL_KEPT_H
#define UI_CALL_KEPT_H

#include "ui/app.h"

struct call_run;
struct result;

/* So many results, the newest; longer ones are in the history only. */
#define KEPT_RESULTS 8
#define KEPT_BYTES (16u * 1024 * 1024)

/* Takes what `r` shows, and empties it: one for each environment and method. */
void kept_put(struct app *app, const char *environment, struct result *r);
/* Gives it back, in place of what `r` shows; method NULL: the newest of the environment. False: there is none. */
bool kept_take(struct app *app, const char *environment, const char *method, struct result *r);

/* A run has begun, is over. */
void kept_run(struct app *app, struct call_run *run);
void kept_run_over(struct app *app, const struct call_run *run);
/* The one of an environment that is in flight; NULL: none. */
struct call_run *kept_run_of(const struct app *app, const char *environment);

/* The call screen that the log of a call is looked at from. */
struct call_behind {
	char *environment; /* NULL: none */
	int target, part;
	enum pane pane;    /* had the focus below it */
	bool zoomed;
};
/* Takes the environment's name. */
void kept_behind(struct app *app, struct call_behind behind);
/* The screen to go back to, if the log still has the whole screen; the caller frees the name. False: there is none. */
bool kept_take_behind(struct app *app, struct call_behind *out);

void kept_forget_all(struct app *app);

#endif
