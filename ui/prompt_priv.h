/* Shared by the files of the command line only. */
#ifndef UI_PROMPT_PRIV_H
#define UI_PROMPT_PRIV_H

#include <stdio.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "command/command.h"
#include "ui/app.h"
#include "ui/prompt.h"
#include "ui/prompt_complete.h"
#include "ui/prompt_past.h"

/* Keys become at most so many bytes each; a paste goes another way. */
#define QUEUE_SIZE 64

enum prompt_mode { PROMPT_CLOSED, PROMPT_COMMAND, PROMPT_ASK };

struct prompt {
	struct app *app;
	enum prompt_mode mode;
	char *label; /* of a question */
	void (*changed)(struct app *app, const char *text, void *arg);
	void (*done)(struct app *app, const char *text, void *arg);
	void *arg;
	struct strbuf last; /* the text that `changed` has seen */

	unsigned char queue[QUEUE_SIZE];
	size_t queued, taken;
	char *line; /* what Enter gave, until the key is dealt with */

	struct completions popup;
	bool popup_open;
	int popup_at; /* chosen by Tab again; -1: none */
	char *awaited; /* the line before the cursor when Tab was pressed: what is found out later is about it; NULL: none */
	char *remark; /* on a question */
	bool wrong;   /* it is about a mistake */
	struct pasts pasts;
	char *history_path; /* NULL: there is no place for it */
	struct strlist entered; /* commands of this session, without their secrets: what goes to the file */
};

/* ---- prompt_readline.c: readline inside our loop; there is one prompt, since readline keeps its state in globals ---- */
void readline_start(struct prompt *p);
void readline_end(void);
/* A line to edit; `text` may be NULL. */
void readline_open(struct prompt *p, const char *text);
/* Gives it up. */
void readline_close(struct prompt *p);
void readline_clear(void);
/* Hands over the key as a terminal would have sent it; p->line is there when it was Enter. */
void readline_key(struct prompt *p, keycode key);
void readline_end_search(void);

/* ---- prompt_history.c: the commands of this session and of those before ---- */
void commands_read(struct prompt *p);
void commands_write(struct prompt *p);
/* A line that was entered, and its words from the command's name on, whose secrets are not kept. What is no command may
 * have them anywhere: it lasts as long as the session. */
void commands_remember(struct prompt *p, const char *line, const char *const *words, int count);

#endif
