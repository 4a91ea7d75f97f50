/* The command line: what it is open for, and its keys. See prompt.h. */
#include <curses.h>
#include <string.h>

#include "command/words.h"
#include "ui/prompt_priv.h"

/* ---- life ------------------------------------------------------------------------------------------ */

struct prompt *prompt_new(struct app *app, struct af_error *err)
{
	struct prompt *p = calloc(1, sizeof(*p));

	if (!p) {
		error_nomem(err);
		return NULL;
	}
	p->app = app;
	p->popup_at = -1;
	strbuf_init(&p->last, STRBUF_TEXT);
	readline_start(p);
	commands_read(p);
	return p;
}

void prompt_free(struct prompt *p)
{
	if (!p)
		return;
	if (p->mode != PROMPT_CLOSED)
		readline_close(p);
	if (p->mode == PROMPT_ASK)
		pasts_leave(&p->pasts);
	commands_write(p);
	pasts_free(&p->pasts);
	free(p->remark);
	completions_free(&p->popup);
	strbuf_free(&p->last);
	strlist_free(&p->entered);
	free(p->label);
	free(p->line);
	free(p->awaited);
	free(p->history_path);
	free(p);
	readline_end();
}

bool prompt_open(const struct prompt *p)
{
	return p && p->mode != PROMPT_CLOSED;
}

static void close_popup(struct prompt *p)
{
	completions_free(&p->popup);
	p->popup_open = false;
	p->popup_at = -1;
	free(af_steal(p->awaited));
}

static void open_line(struct prompt *p, enum prompt_mode mode, const char *text)
{
	p->mode = mode;
	readline_open(p, text);
	strbuf_reset(&p->last);
	strbuf_adds(&p->last, rl_line_buffer);
	app_redraw(p->app);
}

/* The line is over or given up. */
static void close_line(struct prompt *p)
{
	if (p->mode == PROMPT_ASK)
		pasts_leave(&p->pasts);
	p->mode = PROMPT_CLOSED;
	close_popup(p);
	app_redraw(p->app);
}

void prompt_command(struct prompt *p, const char *text)
{
	if (p->mode == PROMPT_CLOSED)
		open_line(p, PROMPT_COMMAND, text);
}

void prompt_ask(struct prompt *p, const char *label, const char *initial,
		void (*changed)(struct app *app, const char *text, void *arg),
		void (*done)(struct app *app, const char *text, void *arg), void *arg)
{
	if (p->mode != PROMPT_CLOSED) {
		done(p->app, NULL, arg);
		return;
	}
	free(p->label);
	p->label = strdup(label);
	p->changed = changed;
	p->done = done;
	p->arg = arg;
	pasts_enter(&p->pasts, label);
	prompt_remark(p, false, NULL);
	open_line(p, PROMPT_ASK, initial);
}

void prompt_remark(struct prompt *p, bool wrong, const char *text)
{
	free(p->remark);
	p->remark = text ? strdup(text) : NULL;
	p->wrong = wrong;
}

/* ---- keys ---------------------------------------------------------------------------------------------- */

static void tell_changed(struct prompt *p)
{
	if (p->mode != PROMPT_ASK || !p->changed || !strcmp(p->last.data, rl_line_buffer))
		return;
	strbuf_reset(&p->last);
	strbuf_adds(&p->last, rl_line_buffer);
	p->changed(p->app, p->last.data, p->arg);
}

static void run_line(struct prompt *p, const char *line)
{
	AUTO_STRLIST words = { 0 };
	struct af_error err = AF_ERROR_INIT;

	line += strspn(line, " \t");
	if (!*line)
		return;
	if (words_split(line, &words, &err)) {
		/* Back to the one who has to close the quote. Nobody knows what is a secret in it. */
		if (!strchr(line, '='))
			commands_remember(p, line, NULL, 0);
		app_notice_error(p->app, &err);
		af_error_clear(&err);
		prompt_command(p, line);
		return;
	}
	/* As in a shell: "afs run …" is "run …". */
	int first = strcmp(words.items[0], "afs") ? 0 : 1, count = (int) words.count - first;
	const char *const *command = (const char *const *) words.items + first;
	if (words_lack_secret(command, count)) {
		app_notice(p->app, NOTICE_WARN, "*** stands for a secret that the history does not keep: type it in its place");
		prompt_command(p, line);
		return;
	}
	commands_remember(p, line, command, count);
	if (!strcmp(words.items[0], "quit") || !strcmp(words.items[0], "q"))
		p->app->quit = true;
	else
		app_run(p->app, command, count);
}

/* Enter was pressed: readline has handed the line over and let go. */
static void take_line(struct prompt *p)
{
	AUTO_FREE char *line = af_steal(p->line);
	enum prompt_mode mode = p->mode;

	if (mode == PROMPT_ASK)
		pasts_answered(&p->pasts, line);
	close_line(p);
	if (mode == PROMPT_COMMAND)
		run_line(p, line);
	else
		p->done(p->app, line, p->arg);
}

static void give_up(struct prompt *p)
{
	enum prompt_mode mode = p->mode;

	readline_close(p);
	close_line(p);
	if (mode == PROMPT_ASK)
		p->done(p->app, NULL, p->arg);
}

static void replace_word(struct prompt *p, const char *with, size_t len)
{
	AUTO_FREE char *text = str_ndup(with, len, NULL);

	if (!text)
		return;
	rl_begin_undo_group();
	rl_delete_text((int) p->popup.start, rl_point);
	rl_point = (int) p->popup.start;
	rl_insert_text(text);
	rl_end_undo_group();
}

/* What has to be asked for comes later, see prompt_news(). */
static void find_completions(struct prompt *p)
{
	close_popup(p);
	p->awaited = str_ndup(rl_line_buffer, (size_t) rl_point, NULL);
	complete_line(p->app, rl_line_buffer, (size_t) rl_point, &p->popup);
}

/* Tab again, or S-Tab: through the list. */
static void choose(struct prompt *p, int step)
{
	int count = (int) p->popup.matches.count;

	p->popup_at = p->popup_at < 0 ? (step > 0 ? 0 : count - 1) : (p->popup_at + step + count) % count;
	replace_word(p, p->popup.matches.items[p->popup_at], strlen(p->popup.matches.items[p->popup_at]));
}

static void complete(struct prompt *p)
{
	find_completions(p);
	if (!p->popup.matches.count)
		return;
	size_t typed = (size_t) rl_point - p->popup.start;
	if (p->popup.common > typed || p->popup.matches.count == 1)
		replace_word(p, p->popup.matches.items[0], p->popup.common);
	p->popup_open = p->popup.matches.count > 1;
}

/* → at the end of the line takes the ghost's first word. */
static bool take_ghost(struct prompt *p, keycode key)
{
	AUTO_STRBUF ghost = STRBUF_INIT(STRBUF_LINE);

	if ((key != KEY_SPECIAL + KEY_RIGHT && key != KEY_SPECIAL + KEY_END) || rl_point != rl_end ||
	    p->mode != PROMPT_COMMAND)
		return false;
	complete_ghost(p->app, rl_line_buffer, &ghost);
	strbuf_truncate(&ghost, strcspn(ghost.data, " "));
	if (ghost.len) {
		close_popup(p);
		rl_insert_text(ghost.data);
	}
	return ghost.len > 0;
}

static void clear_line(struct prompt *p)
{
	readline_end_search();
	close_popup(p);
	readline_clear();
}

/* Esc of somebody who edits as in vi: the first one leaves the insert mode. */
static bool is_vi_escape(keycode key)
{
	return key == 27 && rl_editing_mode == 0 && rl_get_keymap() == vi_insertion_keymap;
}

static bool own_key(struct prompt *p, keycode key)
{
	if (is_vi_escape(key))
		return false;
	if (key == 27 && p->popup_open)
		close_popup(p);
	else if (key == 27)
		give_up(p);
	else if (key == 3 && rl_end > 0)
		clear_line(p);
	else if (key == 3)
		give_up(p);
	else if (p->popup_open && (key == '\t' || key == KEY_SPECIAL + KEY_BTAB))
		choose(p, key == '\t' ? 1 : -1);
	else if (key == '\t' && p->mode == PROMPT_COMMAND)
		complete(p);
	else
		return take_ghost(p, key);
	return true;
}

void prompt_key(struct prompt *p, keycode key)
{
	/* During ^R readline has a state of its own, which Esc and Tab end. */
	if (!RL_ISSTATE(RL_STATE_ISEARCH) || key == 3) {
		if (own_key(p, key)) {
			tell_changed(p);
			return;
		}
	}
	close_popup(p);
	readline_key(p, key);
	if (p->line)
		take_line(p);
	else
		tell_changed(p);
}

void prompt_news(struct prompt *p)
{
	bool same = p && p->awaited && strlen(p->awaited) == (size_t) rl_point && !strncmp(p->awaited, rl_line_buffer, (size_t) rl_point);

	/* Tab was the last key, and nothing was chosen from the list yet. */
	if (!same || p->mode != PROMPT_COMMAND || p->popup_at >= 0)
		return;
	close_popup(p);
	complete(p);
}

void prompt_paste(struct prompt *p, const char *text, size_t len)
{
	AUTO_STRBUF flat = STRBUF_INIT(STRBUF_TEXT);

	/* One line: pasted line ends must not run anything. */
	for (size_t i = 0; i < len; i++)
		strbuf_addc(&flat, (unsigned char) text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
	readline_end_search();
	close_popup(p);
	if (flat.len)
		rl_insert_text(flat.data);
	tell_changed(p);
}
