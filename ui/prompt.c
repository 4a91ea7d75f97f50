/* The command line over readline. See prompt.h. */
#include "ui/prompt.h"

#include <curses.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <wchar.h>

#include <readline/history.h>
#include <readline/readline.h>

#include "base/path.h"
#include "command/words.h"
#include "ui/app.h"
#include "ui/prompt_complete.h"
#include "ui/prompt_past.h"

#define HISTORY_MAX 2000
/* Keys become at most so many bytes each; a paste goes another way. */
#define QUEUE_SIZE 64
#define POPUP_ROWS 8

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
	char *remark; /* on a question */
	bool wrong;   /* it is about a mistake */
	struct pasts pasts;
	char *history_path;
};

/* readline keeps its state in globals, so there is one prompt. */
static struct prompt *the_prompt;

/* ---- readline's side --------------------------------------------------------------------------- */

static int next_byte(FILE *unused)
{
	(void) unused;
	return the_prompt->taken < the_prompt->queued ? the_prompt->queue[the_prompt->taken++] : EOF;
}

static int bytes_wait(void)
{
	return the_prompt->taken < the_prompt->queued;
}

static void mark_dirty(void)
{
	app_redraw(the_prompt->app);
}

static void on_line(char *line)
{
	free(the_prompt->line);
	the_prompt->line = line ? line : strdup("");
	rl_callback_handler_remove();
}

static char *no_matches(const char *text, int state)
{
	(void) text;
	(void) state;
	return NULL;
}

/* A completion key of the user's own must not list files, let alone write to the terminal. */
static char **no_completion(const char *text, int start, int end)
{
	(void) text;
	(void) start;
	(void) end;
	rl_attempted_completion_over = 1;
	return NULL;
}

static void nothing(int meta)
{
	(void) meta;
}

static void nothing_void(void)
{
}

/* Keys that readline knows only where the terminal's description names them, or the user's inputrc does. */
static void bind_more_keys(void)
{
	static const struct {
		const char *keys;
		rl_command_func_t *command;
	} rows[] = { { "\\e[3~", rl_delete },
		     { "\\e[1;5C", rl_forward_word },
		     { "\\e[1;5D", rl_backward_word } };

	rl_initialize(); /* reads inputrc, which goes first */
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		rl_bind_keyseq_if_unbound(rows[i].keys, rows[i].command);
}

static void start_readline(void)
{
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "w");
	rl_readline_name = "afs";
	rl_instream = stdin;
	rl_outstream = null;
	rl_catch_signals = 0;
	rl_catch_sigwinch = 0;
	rl_change_environment = 0;
	rl_prep_term_function = nothing;
	rl_deprep_term_function = nothing_void;
	rl_getc_function = next_byte;
	rl_input_available_hook = bytes_wait;
	rl_redisplay_function = mark_dirty;
	rl_attempted_completion_function = no_completion;
	rl_completion_entry_function = no_matches;
	using_history();
	bind_more_keys();
}

/* ^R ends where it is. */
static void end_search(void)
{
	if (RL_ISSTATE(RL_STATE_ISEARCH))
		rl_callback_sigcleanup();
}

/* ---- life ------------------------------------------------------------------------------------------ */

struct prompt *prompt_new(struct app *app, struct af_error *err)
{
	struct prompt *p = calloc(1, sizeof(*p));
	AUTO_FREE char *dir = path_home(HOME_STATE, NULL);

	if (!p) {
		error_nomem(err);
		return NULL;
	}
	p->app = app;
	p->popup_at = -1;
	strbuf_init(&p->last, STRBUF_TEXT);
	the_prompt = p;
	start_readline();
	p->history_path = dir ? path_join(dir, "tui_history", NULL) : NULL;
	stifle_history(HISTORY_MAX);
	if (p->history_path)
		read_history(p->history_path);
	return p;
}

void prompt_free(struct prompt *p)
{
	if (!p)
		return;
	end_search();
	if (p->mode != PROMPT_CLOSED)
		rl_callback_handler_remove();
	if (p->mode == PROMPT_ASK)
		pasts_leave(&p->pasts);
	pasts_save(p->history_path);
	pasts_free(&p->pasts);
	free(p->remark);
	completions_free(&p->popup);
	strbuf_free(&p->last);
	free(p->label);
	free(p->line);
	free(p->history_path);
	free(p);
	the_prompt = NULL;
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
}

static void open_line(struct prompt *p, enum prompt_mode mode, const char *text)
{
	p->mode = mode;
	p->queued = p->taken = 0;
	rl_callback_handler_install("", on_line);
	if (text && *text)
		rl_insert_text(text);
	rl_point = rl_end;
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

static const struct {
	int code;
	const char *bytes;
} special_keys[] = {
	{ KEY_UP, "\033[A" },	  { KEY_DOWN, "\033[B" }, { KEY_RIGHT, "\033[C" },    { KEY_LEFT, "\033[D" },
	{ KEY_HOME, "\033[H" },	  { KEY_END, "\033[F" },  { KEY_DC, "\033[3~" },      { KEY_IC, "\033[2~" },
	{ KEY_BACKSPACE, "\177" }, { KEY_ENTER, "\r" },	  { KEY_PPAGE, "\033[5~" },   { KEY_NPAGE, "\033[6~" },
	{ KEY_BTAB, "\033[Z" },
};

/* The bytes that a terminal would have sent; 0: none. */
static size_t key_bytes(keycode key, unsigned char out[16])
{
	size_t n = 0;

	if (key & KEY_META)
		out[n++] = 033;
	bool ctrl = key & KEY_CTRL;
	key &= ~(KEY_META | KEY_CTRL | KEY_SHIFT);
	if (key < KEY_SPECIAL) {
		char bytes[MB_LEN_MAX];
		int len = wctomb(bytes, (wchar_t) key);
		if (len <= 0)
			return 0;
		memcpy(out + n, bytes, (size_t) len);
		return n + (size_t) len;
	}
	for (size_t i = 0; i < ARRAY_LEN(special_keys); i++) {
		const char *bytes = special_keys[i].bytes;
		if (key - KEY_SPECIAL != special_keys[i].code)
			continue;
		/* Ctrl with an arrow moves by words, as xterm says it. */
		if (ctrl && strlen(bytes) == 3 && strchr("ABCDHF", bytes[2]))
			return n + (size_t) snprintf((char *) out + n, 16 - n, "\033[1;5%c", bytes[2]);
		memcpy(out + n, bytes, strlen(bytes));
		return n + strlen(bytes);
	}
	return 0;
}

static void tell_changed(struct prompt *p)
{
	if (p->mode != PROMPT_ASK || !p->changed || !strcmp(p->last.data, rl_line_buffer))
		return;
	strbuf_reset(&p->last);
	strbuf_adds(&p->last, rl_line_buffer);
	p->changed(p->app, p->last.data, p->arg);
}

/* Secrets do not go into the history. */
static void remember(const char *line, const struct strlist *words, size_t first)
{
	AUTO_STRBUF masked = STRBUF_INIT(STRBUF_TEXT);
	const struct command_spec *spec = words->count > first ? command_find(words->items[first]) : NULL;

	if (spec)
		words_join_masked(&masked, spec, (const char *const *) words->items + first, (int) (words->count - first));
	pasts_add(spec ? masked.data : line);
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
			remember(line, &(struct strlist){ 0 }, 0);
		app_notice_error(p->app, &err);
		af_error_clear(&err);
		prompt_command(p, line);
		return;
	}
	/* As in a shell: "afs run …" is "run …". */
	size_t first = !strcmp(words.items[0], "afs") ? 1 : 0;
	if (words_lack_secret((const char *const *) words.items + first, (int) (words.count - first))) {
		app_notice(p->app, NOTICE_WARN, "*** stands for a secret that the history does not keep: type it in its place");
		prompt_command(p, line);
		return;
	}
	remember(line, &words, first);
	if (!strcmp(words.items[0], "quit") || !strcmp(words.items[0], "q"))
		p->app->quit = true;
	else
		app_run(p->app, (const char *const *) words.items + first, (int) (words.count - first));
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

	rl_callback_sigcleanup();
	rl_replace_line("", 0);
	rl_callback_handler_remove();
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

static void complete(struct prompt *p)
{
	if (p->popup_open) {
		/* Tab again: through the list. */
		p->popup_at = (p->popup_at + 1) % (int) p->popup.matches.count;
		const char *match = p->popup.matches.items[p->popup_at];
		replace_word(p, match, strlen(match));
		return;
	}
	close_popup(p);
	if (!complete_line(p->app, rl_line_buffer, (size_t) rl_point, &p->popup))
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
	end_search();
	close_popup(p);
	rl_replace_line("", 1);
	rl_point = rl_end;
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
	else if (key == '\t' && p->mode == PROMPT_COMMAND)
		complete(p);
	else
		return take_ghost(p, key);
	return true;
}

void prompt_key(struct prompt *p, keycode key)
{
	unsigned char bytes[16];

	/* During ^R readline has a state of its own, which Esc and Tab end. */
	if (!RL_ISSTATE(RL_STATE_ISEARCH) || key == 3) {
		if (own_key(p, key)) {
			tell_changed(p);
			return;
		}
	}
	close_popup(p);
	size_t n = key_bytes(key, bytes);
	if (RL_ISSTATE(RL_STATE_ISEARCH) && key == 27) {
		bytes[0] = 7; /* ^G: readline would keep a lone Esc as Meta */
		n = 1;
	}
	memcpy(p->queue, bytes, n);
	p->queued = n;
	p->taken = 0;
	while (p->taken < p->queued && !p->line)
		rl_callback_read_char();
	if (p->line)
		take_line(p);
	else
		tell_changed(p);
}

void prompt_paste(struct prompt *p, const char *text, size_t len)
{
	AUTO_STRBUF flat = STRBUF_INIT(STRBUF_TEXT);

	/* One line: pasted line ends must not run anything. */
	for (size_t i = 0; i < len; i++)
		strbuf_addc(&flat, (unsigned char) text[i] < ' ' || text[i] == 0x7f ? ' ' : text[i]);
	end_search();
	close_popup(p);
	if (flat.len)
		rl_insert_text(flat.data);
	tell_changed(p);
}

void prompt_resized(struct prompt *p UNUSED, int rows, int cols)
{
	rl_set_screen_size(rows, cols);
}

/* ---- drawing ---------------------------------------------------------------------------------------------- */

static void draw_popup(const struct prompt *p, const struct area *above, int x)
{
	int count = (int) p->popup.matches.count, rows = MIN(count, MIN(POPUP_ROWS, above->h - 2)), width = 12;

	for (int i = 0; i < count; i++)
		width = MAX(width, text_width(p->popup.matches.items[i], strlen(p->popup.matches.items[i])));
	width = MIN(width, above->w - 4);
	struct area a = { above->y + above->h - rows - 2, MIN(x, MAX(0, above->w - width - 4)), rows + 2, width + 4 };
	struct box box = { .title = "Tab" };
	if (rows < 1)
		return;
	area_clear(&a, ROLE_DIALOG);
	struct area in = draw_box(&a, &box);
	int top = MAX(0, p->popup_at - rows + 1);
	for (int i = 0; i < rows && top + i < count; i++) {
		draw_str(&in, i, 1, ROLE_DIALOG, p->popup.matches.items[top + i]);
		if (top + i == p->popup_at)
			draw_selected(&in, i, ROLE_SELECTED);
	}
}

/* The line scrolls so that the cursor is seen. */
static int draw_line(struct prompt *p, const struct area *row, const struct area *above, int x)
{
	struct area field = { row->y, row->x + x, 1, row->w - x - 1 };
	int cursor = text_width(rl_line_buffer, (size_t) rl_point);
	size_t skip = 0;
	int hidden = 0;

	if (cursor >= field.w)
		skip = text_fit(rl_line_buffer, (size_t) rl_point, cursor - field.w + 1, &hidden);
	while (cursor - hidden >= field.w && rl_line_buffer[skip]) {
		int w = 0;
		skip += MAX(text_fit(rl_line_buffer + skip, strlen(rl_line_buffer + skip), 2, &w), (size_t) 1);
		hidden += w;
	}
	int used = draw_text(&field, 0, 0, ROLE_TEXT, rl_line_buffer + skip, strlen(rl_line_buffer + skip), false);
	if (p->mode == PROMPT_COMMAND && rl_point == rl_end && used < field.w) {
		AUTO_STRBUF ghost = STRBUF_INIT(STRBUF_LINE);
		complete_ghost(p->app, rl_line_buffer, &ghost);
		draw_text(&field, 0, used, ROLE_GHOST, ghost.data, ghost.len, true);
	}
	if (p->popup_open)
		draw_popup(p, above, x + text_width(rl_line_buffer, p->popup.start) - 2);
	canvas_cursor(&field, 0, cursor - hidden);
	return x + MAX(used, cursor - hidden + 1);
}

/* What is wrong is said as far as there is room, the rest only where it is whole. */
static void draw_remark(const struct prompt *p, const struct area *row, int x)
{
	int width = text_width(p->remark, strlen(p->remark)), room = row->w - x - 3;

	if (p->wrong && room > 8)
		draw_text(&(struct area){ row->y, row->x, 1, row->w - 1 }, 0, row->w - 1 - MIN(width, room), ROLE_ERROR, p->remark,
			  strlen(p->remark), true);
	else if (!p->wrong && width <= room)
		draw_right(row, 0, x, row->w - x - 1, ROLE_DIM, p->remark);
}

void prompt_draw(struct prompt *p, const struct area *row, const struct area *above)
{
	char said[120];
	int x;

	if (p->mode == PROMPT_CLOSED) {
		draw_str(row, 0, 0, ROLE_DIM, "afs>");
		keymap_say(p->app->keymap, "{command} command · Tab complete · ^R history", said, sizeof(said));
		draw_right(row, 0, row->w - 52, 50, ROLE_DIM, said);
		canvas_spot(row, 0, 0, row->w, ACT_COMMAND);
		return;
	}
	/* During ^R readline tells what it searches for. */
	const char *label = RL_ISSTATE(RL_STATE_ISEARCH) && rl_display_prompt ? rl_display_prompt
			    : p->mode == PROMPT_ASK			      ? p->label
									      : "afs>";
	/* What is typed keeps half of the row. */
	struct area left = { row->y, row->x, 1, MAX(row->w / 2, 1) };
	x = draw_text(&left, 0, 0, ROLE_PROMPT, label, strlen(label), true) + 1;
	x = draw_line(p, row, above, x);
	if (p->mode == PROMPT_ASK && p->remark)
		draw_remark(p, row, x);
}
