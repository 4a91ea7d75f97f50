/* See prompt_past.h. */
#include "ui/prompt_past.h"

#include <stdlib.h>
#include <string.h>

#include "base/strbuf.h"

/* Takes readline's history as it is now. */
static void keep_history(HISTORY_STATE *kept)
{
	HISTORY_STATE *state = history_get_history_state();

	if (state)
		*kept = *state;
	free(state);
}

void pasts_leave(struct pasts *p)
{
	if (p->open)
		keep_history(&p->open->answers);
	else
		clear_history();
	p->open = NULL;
	history_set_history_state(&p->commands);
}

void pasts_enter(struct pasts *p, const char *label)
{
	HISTORY_STATE none = { 0 };
	int i = 0;

	keep_history(&p->commands);
	while (i < PASTS_MAX && p->questions[i].label && strcmp(p->questions[i].label, label) != 0)
		i++;
	if (i < PASTS_MAX && !p->questions[i].label)
		p->questions[i].label = strdup(label);
	p->open = i < PASTS_MAX && p->questions[i].label ? &p->questions[i] : NULL;
	history_set_history_state(p->open ? &p->open->answers : &none);
	using_history();
}

bool pasts_add(const char *line)
{
	HIST_ENTRY *newest = history_length ? history_get(history_base + history_length - 1) : NULL;
	bool again = newest && !strcmp(newest->line, line);

	if (!again)
		add_history(line);
	return !again;
}

void pasts_answered(struct pasts *p, const char *line)
{
	if (p->open && !str_blank(line))
		pasts_add(line);
}

static void forget(HISTORY_STATE *kept)
{
	history_set_history_state(kept);
	clear_history();
	keep_history(kept);
	free(kept->entries);
}

void pasts_free(struct pasts *p)
{
	keep_history(&p->commands);
	forget(&p->commands);
	for (int i = 0; i < PASTS_MAX && p->questions[i].label; i++) {
		forget(&p->questions[i].answers);
		free(p->questions[i].label);
	}
	history_set_history_state(&(HISTORY_STATE){ 0 });
}
