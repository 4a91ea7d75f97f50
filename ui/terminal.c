/* The terminal: ours, and given back. See terminal.h. */
#include "ui/terminal_priv.h"

#include <curses.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <termios.h>

#include "base/bytes.h"

static struct {
	bool started;     /* curses was set up */
	bool direct, own; /* true colour; -1 is a colour */
	bool mouse;
	bool resized;     /* an EVENT_RESIZE is due */
	struct termios before;
	char restore[256]; /* what puts the terminal back; ready before it is needed */
	size_t restore_len;
	volatile sig_atomic_t active; /* the terminal is in our state now */
} term;

static const char paste_on[] = "\033[?2004h", paste_off[] = "\033[?2004l";
/* Buttons, in coordinates that know no limit. */
static const char mouse_on[] = "\033[?1000h\033[?1006h", mouse_off[] = "\033[?1006l\033[?1000l";

void terminal_write(const char *data, size_t len)
{
	while (len > 0) {
		ssize_t n = write(STDOUT_FILENO, data, len);
		if (n < 0 && errno != EINTR)
			return;
		if (n > 0) {
			data += n;
			len -= (size_t) n;
		}
	}
}

bool terminal_true_color(void)
{
	return term.direct;
}

bool terminal_default_colors(void)
{
	return term.own;
}

/* ---- giving it back ------------------------------------------------------------------------------------- */

/* Appends a capability without its padding: "$<5>" is an order to wait. */
static void add_capability(const char *name)
{
	const char *s = tigetstr(name);

	if (!s || s == (const char *) -1)
		return;
	while (*s && term.restore_len < sizeof(term.restore)) {
		if (s[0] == '$' && s[1] == '<' && strchr(s, '>'))
			s = strchr(s, '>') + 1;
		else
			term.restore[term.restore_len++] = *s++;
	}
}

static void add_restore(const char *text)
{
	size_t n = strlen(text);

	if (term.restore_len + n <= sizeof(term.restore)) {
		memcpy(term.restore + term.restore_len, text, n);
		term.restore_len += n;
	}
}

static void prepare_restore(void)
{
	term.restore_len = 0;
	if (!terminal_is_old()) {
		add_restore(mouse_off);
		add_restore(paste_off);
	}
	add_capability("sgr0");
	add_capability("op");
	add_capability("cnorm");
	add_capability("rmkx");
	add_capability("rmcup");
}

void terminal_restore(void)
{
	if (!term.active)
		return;
	term.active = 0;
	terminal_write(term.restore, term.restore_len);
	terminal_write("\r", 1);
	tcsetattr(STDIN_FILENO, TCSANOW, &term.before);
}

static void modes(bool on)
{
	if (terminal_is_old())
		return;
	terminal_write(on ? paste_on : paste_off, strlen(paste_on));
	if (term.mouse)
		terminal_write(on ? mouse_on : mouse_off, strlen(mouse_on));
}

void terminal_leave(void)
{
	if (!term.started || !term.active)
		return;
	signals_away(true);
	modes(false);
	endwin();
	term.active = 0;
	/* Reports of the mouse that came meanwhile are no input of a shell. */
	if (term.mouse)
		tcflush(STDIN_FILENO, TCIFLUSH);
}

static bool take_size(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_row || !size.ws_col)
		return false;
	if (size.ws_row == getmaxy(stdscr) && size.ws_col == getmaxx(stdscr))
		return false;
	resize_term(size.ws_row, size.ws_col);
	return true;
}

void terminal_enter(void)
{
	if (!term.started || term.active)
		return;
	signals_away(false);
	reset_prog_mode();
	term.active = 1;
	take_size();
	modes(true);
	canvas_redraw(); /* with it curses takes the alternate screen again */
	term.resized = true;
}

void terminal_suspend(void)
{
	if (!term.started)
		return;
	terminal_leave();
	signals_stop();
	terminal_enter();
}

/* ---- start and end -------------------------------------------------------------------------------------------- */

static void set_modes(void)
{
	raw();
	noecho();
	nonl();
	set_escdelay(25);
	/* A frame is sent whole: half of one helps nobody who types. */
	typeahead(-1);
	scrollok(stdscr, FALSE);
	if (has_colors()) {
		start_color();
		term.own = use_default_colors() == OK;
	}
}

af_code terminal_start(bool color, struct af_error *err)
{
	static bool registered;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO) || tcgetattr(STDIN_FILENO, &term.before) < 0) {
		error_set(err, AF_ERR_FAILED, "standard input and output are no terminal");
		error_hint(err, "afs-tui --plain prints the same as lines");
		return AF_ERR_FAILED;
	}
	af_code rc = signals_start(err);
	if (rc)
		return rc;
	rc = terminal_open(color, &term.direct, err);
	if (!rc) {
		term.started = true;
		prepare_restore();
		term.active = 1;
		set_modes();
		rc = keys_start(err);
	}
	if (rc) {
		terminal_end();
		signals_end();
		return rc;
	}
	take_size();
	modes(true);
	if (!registered)
		atexit(terminal_end);
	registered = true;
	return AF_OK;
}

void terminal_end(void)
{
	if (!term.started)
		return;
	terminal_leave();
	keys_end();
	term.started = false;
	term.mouse = false;
	signals_end();
	terminal_close();
}

/* ---- events --------------------------------------------------------------------------------------------------- */

void terminal_mouse(bool on)
{
	if (term.started && on != term.mouse && !terminal_is_old())
		terminal_write(on ? mouse_on : mouse_off, strlen(mouse_on));
	term.mouse = on;
}

static void look_at_signals(struct terminal_event *event)
{
	struct signals_seen seen = signals_take();

	if (seen.stop) {
		terminal_suspend();
		seen.cont = false;
	} else if (seen.cont) {
		/* Stopped and continued from outside: who knows what happened to the screen. */
		terminal_leave();
		terminal_enter();
	}
	if (seen.resize) {
		/* Even where the size is the old one again: what it was meanwhile may have cost the terminal some cells. */
		take_size();
		canvas_redraw();
		term.resized = true;
	}
	if (seen.leave) {
		event->kind = EVENT_SIGNAL;
		event->signal = seen.leave;
	}
}

enum terminal_event_kind terminal_next(struct terminal_event *event)
{
	*event = (struct terminal_event){ .kind = EVENT_NONE };
	if (!term.started)
		return EVENT_NONE;
	look_at_signals(event);
	if (event->kind != EVENT_NONE)
		return event->kind;
	if (term.resized) {
		term.resized = false;
		return event->kind = EVENT_RESIZE;
	}
	return event->kind = keys_next(event);
}

/* ---- other ------------------------------------------------------------------------------------------------------ */

bool terminal_copy(const char *text, size_t len)
{
	AUTO_STRBUF out = STRBUF_INIT(STRBUF_TEXT);

	if (len > TERMINAL_COPY_MAX)
		return false;
	if (!term.started)
		return true;
	strbuf_adds(&out, "\033]52;c;");
	base64_add(&out, text, len, false);
	strbuf_adds(&out, "\a");
	if (out.failed)
		return false;
	terminal_write(out.data, out.len);
	return true;
}
