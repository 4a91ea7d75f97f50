/* How a log line is shown. */
#ifndef COMMAND_LOGLINE_H
#define COMMAND_LOGLINE_H

#include "command/logmerge.h"

struct log_style {
	bool numbers;    /* "1 | " before each line */
	bool timestamps; /* the engine's own */
	bool color;
	bool safe;       /* for a terminal: control bytes are made harmless, colours stay where `color` is set */
};

/* Appends the line with its newline. */
void log_line_format(struct strbuf *sb, const struct log_style *style, int replica, const struct log_line *line);

/* Appends untrusted text of one line for a terminal. Only SGR sequences ("ESC [ 1;31 m") act, and only with `color`;
 * they are undone at the end. */
void log_add_safe(struct strbuf *sb, const char *text, size_t len, bool color);

#endif
