/* The user's terminal or streams, connected to a program in a container. */
#ifndef COMMAND_RELAY_H
#define COMMAND_RELAY_H

#include "command/command.h"
#include "docker/docker.h"

struct relay {
	struct command_context *cx;
	struct docker *engine;
	const char *exec_id;
	struct http_pipe *pipe;
	bool tty; /* io->tty_fd is the program's terminal: raw, and resized along */
};

/* Rows and columns of a terminal; false if it has none. */
bool terminal_size(int fd, int *rows, int *cols);

/* Blocks until the program's output ends. The terminal is as it was on every way out. */
af_code relay_run(struct relay *r, struct af_error *err) MUST_CHECK;

#endif
