/*
 * The terminal: makes it ours (raw, alternate screen, bracketed paste, mouse), reads keys, and gives it back as it was
 * in every case: at exit, at signals, at a crash, while another program has it. UI thread only.
 *
 *     poll() on STDIN_FILENO and terminal_signal_fd(); then terminal_next() until it says EVENT_NONE
 */
#ifndef UI_TERMINAL_H
#define UI_TERMINAL_H

#include "ui/view.h"

/* Called by canvas_start() and canvas_end(). FAILED: no terminal, or one that TERM does not describe. `color` also
 * decides whether true colour is asked for. */
af_code terminal_start(bool color, struct af_error *err) MUST_CHECK;
void terminal_end(void);

enum terminal_event_kind {
	EVENT_NONE,   /* nothing to read now */
	EVENT_KEY,    /* key */
	EVENT_PASTE,  /* text, len: valid until the next call; control bytes but \n and \t are gone */
	EVENT_MOUSE,  /* mouse, in cells of the screen */
	EVENT_RESIZE, /* the size changed, or we came back from ^Z: draw */
	EVENT_SIGNAL, /* signal: SIGTERM, SIGHUP, SIGINT or SIGQUIT: leave */
	EVENT_LOST,   /* the terminal is gone: leave */
};

struct terminal_event {
	enum terminal_event_kind kind;
	keycode key;
	const char *text;
	size_t len;
	bool truncated; /* a paste of more than 1 MiB */
	struct mouse mouse;
	int signal;
};

/* Never blocks for more than the 25 ms that tell Esc from a key that begins with it. */
enum terminal_event_kind terminal_next(struct terminal_event *event);
/* Readable when a signal came, also SIGWINCH, SIGTSTP and SIGCONT, which terminal_next() deals with itself. */
int terminal_signal_fd(void);

void terminal_mouse(bool on);
/* ^Z: gives the terminal back and stops; returns when it is continued, with everything to be drawn anew. */
void terminal_suspend(void);
/* Around a program that has the terminal meanwhile. ^C and ^\ are then its own. */
void terminal_leave(void);
void terminal_enter(void);
/* Sets the clipboard by OSC 52. False: longer than TERMINAL_COPY_MAX bytes; nothing was sent. */
#define TERMINAL_COPY_MAX 74994
bool terminal_copy(const char *text, size_t len);

/* Puts the terminal back with nothing but write() and tcsetattr(): from handlers of fatal signals. */
void terminal_restore(void);

#endif
