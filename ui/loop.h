/* The loop: messages, keys, ticks, and then one frame if something visible changed. */
#ifndef UI_LOOP_H
#define UI_LOOP_H

#include "ui/app.h"
#include "ui/script.h"

/* Until app->quit. With a script there is no terminal: keys come from it. */
af_code loop_run(struct app *app, struct script *script, struct af_error *err) MUST_CHECK;

#endif
