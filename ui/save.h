/* Text into a file, as a job. */
#ifndef UI_SAVE_H
#define UI_SAVE_H

#include "ui/app.h"

/* Takes the text (it is empty afterwards) and writes it, mode 0600; "~/" is the home directory. What is there already stays
 * as it is. Says when it is done, or why not. */
void save_text(struct app *app, const char *path, struct strbuf *take_text);
/* The same of a text that is told by its lines, not by its bytes. */
void save_lines(struct app *app, const char *path, struct strbuf *take_text, uint64_t lines);

#endif
