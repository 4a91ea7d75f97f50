/* `--plain`: what the dashboard shows, as lines. */
#ifndef UI_PLAIN_H
#define UI_PLAIN_H

#include "ui/app.h"

/* Waits for a first look and one round of samples, prints, returns. */
af_code plain_print(struct app *app, struct af_error *err) MUST_CHECK;

#endif
