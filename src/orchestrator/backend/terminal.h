/* The user's terminal while a program has it. */
#ifndef ORCHESTRATOR_BACKEND_TERMINAL_H
#define ORCHESTRATOR_BACKEND_TERMINAL_H

#include <stdbool.h>
#include <sys/ioctl.h>
#include <termios.h>

/* Rows and columns; false if it has none. */
static inline bool terminal_size(int fd, int *rows, int *cols)
{
	struct winsize size;

	if (fd < 0 || ioctl(fd, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		return false;
	*rows = size.ws_row;
	*cols = size.ws_col;
	return true;
}

/* Line editing, echo and signals go over to the terminal inside; false: nothing to restore. */
static inline bool terminal_make_raw(int fd, struct termios *saved)
{
	struct termios raw;

	if (fd < 0 || tcgetattr(fd, saved) < 0)
		return false;
	raw = *saved;
	cfmakeraw(&raw);
	return tcsetattr(fd, TCSADRAIN, &raw) == 0;
}

static inline void terminal_restore(int fd, const struct termios *saved)
{
	tcsetattr(fd, TCSADRAIN, saved);
}

#endif
