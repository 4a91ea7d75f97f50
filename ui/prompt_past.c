/* See prompt_past.h. */
#include "ui/prompt_past.h"

#include <stdlib.h>
#include <string.h>

#include "base/path.h"
#include "base/strbuf.h"

#define HISTORY_BYTES (4u * 1024 * 1024)

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

void pasts_add(const char *line)
{
	HIST_ENTRY *newest = history_length ? history_get(history_base + history_length - 1) : NULL;

	if (!newest || strcmp(newest->line, line) != 0)
		add_history(line);
}

void pasts_answered(struct pasts *p, const char *line)
{
	if (p->open && !str_blank(line))
		pasts_add(line);
}

void pasts_save(const char *path)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);
	AUTO_FREE char *dir = path_home(HOME_STATE, NULL);
	HIST_ENTRY **list = history_list();

	/* Where lines are long, the newest matter. */
	size_t first = (size_t) history_length, bytes = 0;
	while (list && first > 0 && (bytes += strlen(list[first - 1]->line) + 1) < HISTORY_BYTES)
		first--;
	for (; list && list[first]; first++)
		strbuf_addf(&out, "%s\n", list[first]->line);
	if (!path || !dir || !out.len || path_mkdirs(dir, 0700, NULL))
		return;
	if (file_write(path, out.data, out.len, 0600, NULL))
		return;
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
