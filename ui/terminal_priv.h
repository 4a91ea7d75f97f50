/* Shared by terminal*.c and canvas_screen.c only. */
#ifndef UI_TERMINAL_PRIV_H
#define UI_TERMINAL_PRIV_H

#include "ui/terminal.h"

/* ---- terminal.c ------------------------------------------------------------------------------------ */

bool terminal_true_color(void);     /* colours are 0–255 and 0xrrggbb */
bool terminal_default_colors(void); /* -1 is the terminal's own */
void terminal_write(const char *data, size_t len);

/* ---- terminal_signals.c: handlers, and what came since -------------------------------------------------- */

struct signals_seen {
	bool resize, stop, cont;
	int leave; /* the signal; 0: none */
};
af_code signals_start(struct af_error *err) MUST_CHECK;
void signals_end(void);
struct signals_seen signals_take(void);
/* While another program has the terminal, its ^C, ^\ and ^Z are not for us. */
void signals_away(bool away);
/* Stops the process group as ^Z does in a shell; returns when continued. */
void signals_stop(void);

/* ---- terminal_keys.c ---------------------------------------------------------------------------------- */

/* After newterm(). */
af_code keys_start(struct af_error *err) MUST_CHECK;
void keys_end(void);
enum terminal_event_kind keys_next(struct terminal_event *event);

/* ---- terminal_decode.c: numbers to keys; 0: none ---------------------------------------------------------- */

/* KEY_ codes of curses: as they are, or as what they are with Shift. */
keycode decode_special(int code);
/* Codes beyond those, which extended descriptions name "kLFT5" for Ctrl-Left. */
keycode decode_extended(int code);
/* xterm's number for the keys that were held: 1 + shift 1 + alt 2 + ctrl 4. */
keycode decode_held(int number);
/* "CSI number ~", "CSI letter" and "SS3 letter", "CSI character ; held u". */
keycode decode_tilde(int number);
keycode decode_letter(char final);
keycode decode_character(int c, int modifiers);

/* ---- terminal_paste.c --------------------------------------------------------------------------------- */

/* Its beginning was read: what comes belongs to it. */
void paste_begin(void);
bool paste_pending(void);
void paste_forget(void);
/* Reads what is there, first of `rest`; EVENT_PASTE with its end. What was read behind it is then in `rest`. */
enum terminal_event_kind paste_next(struct terminal_event *event, struct strbuf *rest);

/* ---- terminal_info.c ------------------------------------------------------------------------------------ */

/* Sets up curses for $TERM, or for what comes nearest if there is no description of it. With `true_color`, where the
 * terminal says that it has it, colours are 0xrrggbb too (*direct). FAILED: it cannot be used; nothing was sent to it. */
af_code terminal_open(bool true_color, bool *direct, struct af_error *err) MUST_CHECK;
void terminal_close(void);
/* Of an age without UTF-8, and without the modes for pastes and mice; it might print what asks for them. */
bool terminal_is_old(void);

#endif
