/* One line on a terminal that shows how far a long step is. Not locked: see terminal.c. */
#ifndef CLI_BAR_H
#define CLI_BAR_H

#include "command/command.h"

struct bar {
	int fd;
	bool utf8;        /* the terminal shows UTF-8 */
	bool shown;       /* the cursor is on its line */
	int64_t drawn_at; /* clock_ms */
	char *label;      /* of what was drawn last; NULL while nothing is shown */
	struct strbuf frame;
};

void bar_init(struct bar *b, int fd, bool utf8);
void bar_free(struct bar *b);
/* Draws unless the same label was drawn less than 100 ms ago. */
void bar_update(struct bar *b, const struct command_progress *p);
/* Takes the line away before other output; bar_restore() puts it back as it was. */
void bar_hide(struct bar *b);
void bar_restore(struct bar *b);
/* The step is over. */
void bar_end(struct bar *b);

/* Appends the line at a width, at most width - 1 columns. For bar_update and tests. */
void bar_format(struct strbuf *sb, const struct command_progress *p, int width, bool utf8);

#endif
