/*
 * `--script FILE`: the dashboard without a terminal, driven by a file; for tests and for pictures in documents.
 *
 *     size 120x36
 *     wait affine          until the screen has this text; 15 s at most, then status 5
 *     gone affine          until it has not
 *     key Down             as in the config file
 *     type call calc       characters, one by one
 *     paste some text
 *     dump                 the screen, on stdout
 */
#ifndef UI_SCRIPT_H
#define UI_SCRIPT_H

#include "ui/app.h"

struct script;

af_code script_load(const char *path, struct script **out, struct af_error *err) MUST_CHECK;
void script_free(struct script *s);
/* The size in its first lines, else 120x36. */
void script_size(const struct script *s, int *rows, int *cols);
/* Does what can be done now, after a frame was drawn; sets app->quit at its end. TIMEOUT when a wait failed. */
af_code script_step(struct script *s, struct app *app, struct af_error *err) MUST_CHECK;

#endif
