/* The history of commands. See prompt_priv.h. */
#include <string.h>

#include "base/path.h"
#include "command/words.h"
#include "ui/prompt_priv.h"

#define HISTORY_MAX 2000
#define HISTORY_BYTES (4u * 1024 * 1024)

void commands_read(struct prompt *p)
{
	AUTO_FREE char *dir = path_home(HOME_STATE, NULL);

	p->history_path = dir ? path_join(dir, "tui_history", NULL) : NULL;
	stifle_history(HISTORY_MAX);
	if (p->history_path)
		read_history(p->history_path);
}

/* Where there are too many lines, or long ones, the newest matter. */
static const char *newest_lines(const struct strbuf *all)
{
	const char *start = all->data + all->len;

	for (int lines = 0; start > all->data && lines < HISTORY_MAX; lines++) {
		const char *newline = memrchr(all->data, '\n', (size_t) (start - all->data) - 1);
		const char *line = newline ? newline + 1 : all->data;
		if ((size_t) (all->data + all->len - line) > HISTORY_BYTES)
			break;
		start = line;
	}
	return start;
}

/* Behind what stands in the file by now: another session may have ended meanwhile. */
void commands_write(struct prompt *p)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_HUGE);
	AUTO_FREE char *dir = path_home(HOME_STATE, NULL);

	if (!p->history_path || !dir || !p->entered.count || path_mkdirs(dir, 0700, NULL))
		return;
	if (file_read(p->history_path, &out, NULL))
		strbuf_reset(&out);
	if (out.len && out.data[out.len - 1] != '\n')
		strbuf_addc(&out, '\n');
	for (size_t i = 0; i < p->entered.count; i++)
		strbuf_addf(&out, "%s\n", p->entered.items[i]);
	const char *start = newest_lines(&out);
	if (file_write(p->history_path, start, out.len - (size_t) (start - out.data), 0600, NULL))
		return;
}

void commands_remember(struct prompt *p, const char *line, const char *const *words, int count)
{
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_TEXT);
	const struct command_spec *spec = count > 0 ? command_find(words[0]) : NULL;

	if (spec)
		words_join_masked(&masked, spec, words, count);
	bool again = !pasts_add(spec ? masked.data : line);
	if (spec && !again && strlist_add(&p->entered, masked.data, NULL))
		return;
}
