/*
 * The config file, ~/.config/affinetes/config:
 *
 *     # comment
 *     theme = dark
 *     log-lines = 200000
 *     key.stop = S
 *     host = ssh://me@gpu-a          (as often as there are hosts; afs reads these, too)
 *
 * One row per option gives its name, type, default and help.
 */
#ifndef UI_CONFIG_H
#define UI_CONFIG_H

#include "ui/app.h"

/* name, kind, default, help */
#define CONFIG_OPTIONS(X)                                                                                 \
	X("theme", CONFIG_TEXT, theme, "dark", "dark, light, high-contrast, deuteranopia, tritanopia, mono, or a file of yours") \
	X("readonly", CONFIG_BOOL, readonly, "false", "actions that change something are off")             \
	X("mouse", CONFIG_BOOL, mouse, "true", "the mouse works in the dashboard")                         \
	X("ascii", CONFIG_BOOL, ascii, "false", "draw with ASCII only")                                    \
	X("color", CONFIG_BOOL, color, "true", "colours; NO_COLOR turns them off too")                     \
	X("log-lines", CONFIG_COUNT, log_lines, "100000", "lines of a log that are kept")                  \
	X("log-bytes", CONFIG_SIZE, log_bytes, "64m", "bytes of a log that are kept")                      \
	X("time-format", CONFIG_TIME, time_format, "relative", "times in logs: off, relative, local, utc")

void config_defaults(struct options *options);
/* Reads the text over what is set. Lines that make no sense are left out, each with a message in `errors`. */
af_code config_parse(struct options *options, struct keymap *keymap, const char *file, const char *text,
		     struct strlist *errors, struct af_error *err) MUST_CHECK;
/* The user's file; none is no error. */
af_code config_load(struct options *options, struct keymap *keymap, struct strlist *errors, struct af_error *err) MUST_CHECK;
void options_free(struct options *options);

/* "key value" lines of views, kept across sessions in ~/.local/state/affinetes/tui. */
af_code state_save(struct app *app, struct af_error *err) MUST_CHECK;
void state_load(struct app *app);

#endif
