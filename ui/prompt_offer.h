/* The candidates for one word of the command line, by what may stand there. For prompt_complete.c alone. */
#ifndef UI_PROMPT_OFFER_H
#define UI_PROMPT_OFFER_H

#include "command/command.h"
#include "ui/prompt_complete.h"

struct offering {
	struct app *app;
	const struct command_spec *spec; /* NULL: the command itself is wanted */
	const struct strlist *words;     /* before the word, the command first */
	const struct strlist *operands;  /* of these words, without the command */
	const char *word;                /* what is typed of it */
	struct strlist *matches;
};

void offer_commands(struct offering *o);
void offer_options(struct offering *o);
/* Values of an option, or an operand, of this kind. */
void offer_kind(struct offering *o, enum word_kind kind, const char *choices);
/* Numbers of the replicas of the environment among the operands. */
void offer_replicas(struct offering *o);
/* "name=" of the method's parameters that are not given yet; behind "name=" the values that it had before. */
void offer_arguments(struct offering *o);

#endif
