/*
 * SIGINT, SIGTERM and SIGHUP become a cancellation, on a thread of their own:
 * they are blocked everywhere else, so no system call of a command is interrupted.
 * SIGWINCH is told to the terminal.
 */
#ifndef CLI_SIGNALS_H
#define CLI_SIGNALS_H

#include "cli/terminal.h"

struct signals {
	pthread_t thread;
	bool running;
	_Atomic bool stopping;
	int any; /* one of the awaited signals, 0: none */
	struct cancel *cancel;
	struct terminal *terminal;
};

/* Blocks the signals in this thread and those that it starts later, and waits for them in one of its own.
 * A signal that was ignored when the program started (nohup, a background job) stays ignored. */
af_code signals_start(struct signals *s, struct cancel *cancel, struct terminal *terminal,
		      struct af_error *err) MUST_CHECK;
void signals_stop(struct signals *s);

#endif
