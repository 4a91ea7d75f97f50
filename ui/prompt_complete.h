/* Completion for the command line: from the command table and the model. Never blocks; what has to be asked for is fetched
 * in the background and there at the next key. */
#ifndef UI_PROMPT_COMPLETE_H
#define UI_PROMPT_COMPLETE_H

#include "ui/app.h"

struct completions {
	struct strlist matches; /* what may stand in place of the word */
	size_t start;           /* where the word begins, in bytes */
	size_t common;          /* bytes that all matches share */
};
/* For the word that ends at `point`. False: there is nothing. */
bool complete_line(struct app *app, const char *line, size_t point, struct completions *out);
void completions_free(struct completions *c);

/* What could be typed behind the line: the rest of a command's name, the next arguments of a method. Empty: nothing. */
void complete_ghost(struct app *app, const char *line, struct strbuf *out);

#endif
