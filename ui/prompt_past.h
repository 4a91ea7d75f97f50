/*
 * What was typed before: readline's history is that of the commands, and while a question is open that of its answers. They
 * last as long as the session; the commands are kept in a file (prompt_history.c).
 */
#ifndef UI_PROMPT_PAST_H
#define UI_PROMPT_PAST_H

#include <stdbool.h>
#include <stdio.h>

#include <readline/history.h>

/* Questions whose answers are remembered, each for itself. */
#define PASTS_MAX 16

struct pasts {
	HISTORY_STATE commands; /* while a question is open */
	struct past {
		char *label;
		HISTORY_STATE answers;
	} questions[PASTS_MAX], *open; /* NULL: there was no room for it */
};

/* A question with that label is asked; it is over. */
void pasts_enter(struct pasts *p, const char *label);
void pasts_leave(struct pasts *p);
/* The answer, while it is open; blank ones are nothing to remember. */
void pasts_answered(struct pasts *p, const char *line);
/* To what is readline's history now; false: it is its newest already. */
bool pasts_add(const char *line);
void pasts_free(struct pasts *p);

#endif
