/* readline's side of the command line. See prompt_priv.h. */
#include <curses.h>
#include <limits.h>
#include <string.h>
#include <wchar.h>

#include "ui/prompt_priv.h"

static struct prompt *the_prompt;

/* ---- what readline calls ------------------------------------------------------------------------- */

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

/* The keys of a line that is given up: whatever inputrc says, one ends it. */
static Keymap end_keys(void)
{
	static Keymap keys;

	if (!keys) {
		keys = rl_make_bare_keymap();
		rl_bind_key_in_map('\r', rl_newline, keys);
	}
	return keys;
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
	/* What was entered stays what it was: a secret that was typed into an earlier line is not to stand there. */
	rl_variable_bind("revert-all-at-newline", "on");
}

void readline_start(struct prompt *p)
{
	static FILE *null;

	the_prompt = p;
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

void readline_end(void)
{
	the_prompt = NULL;
}

/* ---- keys ------------------------------------------------------------------------------------------ */

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

/* An earlier line that was edited, left and come back to has its changes up to then. What is done since must be among
 * them: where readline forgets all changes at once, as at the first Esc of vi, it knows the line by the newest only. */
static void join_changes(void)
{
	HIST_ENTRY *at = RL_ISSTATE(RL_STATE_ISEARCH | RL_STATE_NSEARCH) ? NULL : current_history();

	if (!at || !at->data || at->data == (histdata_t) rl_undo_list)
		return;
	at = replace_history_entry(where_history(), rl_line_buffer, (histdata_t) rl_undo_list);
	if (at)
		free_history_entry(at);
}

void readline_key(struct prompt *p, keycode key)
{
	unsigned char bytes[16];
	size_t n = key_bytes(key, bytes);

	join_changes();
	if (RL_ISSTATE(RL_STATE_ISEARCH) && key == 27) {
		bytes[0] = 7; /* ^G: readline would keep a lone Esc as Meta */
		n = 1;
	}
	memcpy(p->queue, bytes, n);
	p->queued = n;
	p->taken = 0;
	while (p->taken < p->queued && !p->line)
		rl_callback_read_char();
}

/* ^R ends where it is. */
void readline_end_search(void)
{
	if (RL_ISSTATE(RL_STATE_ISEARCH))
		rl_callback_sigcleanup();
}

void readline_open(struct prompt *p, const char *text)
{
	p->queued = p->taken = 0;
	rl_callback_handler_install("", on_line);
	if (text && *text)
		rl_insert_text(text);
	rl_point = rl_end;
}

void readline_close(struct prompt *p)
{
	Keymap keys = rl_get_keymap();

	rl_callback_sigcleanup();
	/* Only its own end takes back what the lines of the history have of it: else they keep what is freed with the next. */
	rl_set_keymap(end_keys());
	readline_key(p, '\r');
	rl_set_keymap(keys);
	free(af_steal(p->line));
}

/* With a way back: readline could not put an earlier line right that was edited, if its changes were forgotten. */
void readline_clear(void)
{
	rl_begin_undo_group();
	rl_delete_text(0, rl_end);
	rl_end_undo_group();
	rl_point = rl_end;
}
