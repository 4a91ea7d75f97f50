/*
 * The afs process's standard streams as a struct command_io: results to stdout,
 * written fully or reported; notes, logs and progress to stderr.
 */
#ifndef CLI_TERMINAL_H
#define CLI_TERMINAL_H

#include <pthread.h>

#include "cli/bar.h"
#include "command/command.h"

struct terminal {
	struct command_io io;
	struct cancel *cancel;
	struct cancel_waker waker; /* ends waits for a reader or a writer that does not come */
	int wake_fd;
	int resize_fd; /* an eventfd: signals.c writes to it */
	pthread_mutex_t lock;
	bool live;         /* stderr is a terminal that can take a line back */
	bool dim;          /* and may be coloured */
	bool poll_out;     /* stdout may block */
	int out_errno;     /* of the first write to stdout that failed */
	bool out_dropped;  /* nobody read stdout when the command was cancelled */
	char *plain_label; /* not live: the step that was announced last */
	struct bar bar;
};

/* After this stdin, stdout and stderr are open, if only to fail. To be called before any other open(). */
void terminal_claim_streams(void);

af_code terminal_init(struct terminal *t, struct cancel *cancel, struct af_error *err) MUST_CHECK;
void terminal_free(struct terminal *t);

/* Ends the progress line. An error when not all of the result reached stdout. */
af_code terminal_finish(struct terminal *t, struct af_error *err) MUST_CHECK;
/* "afs: message", and the hint below. Text from outside is made harmless. */
void terminal_error(struct terminal *t, const struct af_error *err);
/* A line on stderr, from any thread. */
void terminal_note(struct terminal *t, const char *line);

/* The size of the terminal changed. Any thread. */
void terminal_resized(struct terminal *t);

/* Appends what terminal_error() prints. */
void terminal_format_error(struct strbuf *sb, const struct af_error *err);

#endif
