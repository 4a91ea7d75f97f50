/*
 * The command line: GNU readline inside our loop. Nothing else in the program touches readline.
 *
 * ncurses reads the keys; they are handed to readline as bytes. readline never writes to the terminal: the frame draws the
 * line, the ghost text behind it and the completions above it.
 */
#ifndef UI_PROMPT_H
#define UI_PROMPT_H

#include "ui/canvas.h"
#include "ui/keymap.h"

struct app;
struct prompt;

struct prompt *prompt_new(struct app *app, struct af_error *err);
/* Writes the history. */
void prompt_free(struct prompt *p);

/* Opens the command line with `text` in it. */
void prompt_command(struct prompt *p, const char *text);
/* Asks for one line instead; see app_ask(). */
void prompt_ask(struct prompt *p, const char *label, const char *initial,
		void (*changed)(struct app *app, const char *text, void *arg),
		void (*done)(struct app *app, const char *text, void *arg), void *arg);
/* While a question is open, what is said of it at the end of the row: how to answer, or what is wrong with the answer so
 * far; NULL: nothing. */
void prompt_remark(struct prompt *p, bool wrong, const char *text);
/* While it is open all keys are its. */
bool prompt_open(const struct prompt *p);
/* A key or a paste while it is open. Enter runs the command line by job_start(); Esc closes; ^C clears, and closes when
 * it is empty. */
void prompt_key(struct prompt *p, keycode key);
void prompt_paste(struct prompt *p, const char *text, size_t len);
/* Something that completion may have asked for has come. p may be NULL. */
void prompt_news(struct prompt *p);
/* The prompt row, and the completions popup above it (inside `above`). Sets the cursor when open. */
void prompt_draw(struct prompt *p, const struct area *row, const struct area *above);

#endif
