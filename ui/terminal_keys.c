/*
 * Keys, pastes and the mouse from what the terminal sends. See terminal.h.
 *
 * ncurses reads the bytes and knows the keys of the terminal's description. Everything else that begins with Esc is read
 * here to its end, known or not: the rest of a sequence must never be taken for keys that somebody typed.
 */
#include <curses.h>
#include <poll.h>
#include <sys/ioctl.h>

#include "base/clock.h"
#include "ui/terminal_priv.h"

#define ESC 27
#define WAIT_MS 25          /* for the rest of a sequence */
#define DOUBLE_CLICK_MS 400
/* What we tell ncurses to call the ends of a paste; beyond its own keys. */
#define PASTE_BEGIN 0x4000
#define PASTE_END 0x4001

static struct {
	WINDOW *in; /* a pad: reading from a window would draw it */
	struct strbuf rest; /* bytes behind a paste, read with it */
	size_t rest_pos;
	int64_t click_ms;
	int click_y, click_x;
} keys;

af_code keys_start(struct af_error *err)
{
	keys.in = newpad(1, 1);
	if (!keys.in)
		return error_nomem(err);
	keypad(keys.in, TRUE);
	nodelay(keys.in, TRUE);
	define_key("\033[200~", PASTE_BEGIN);
	define_key("\033[201~", PASTE_END);
	/* Terminals differ in these, and TERM is often another's. */
	static const char *const homes[] = { "\033[H", "\033OH", "\033[1~", "\033[7~" };
	static const char *const ends[] = { "\033[F", "\033OF", "\033[4~", "\033[8~" };
	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		define_key(homes[i], KEY_HOME);
		define_key(ends[i], KEY_END);
	}
	define_key(NULL, KEY_MOUSE); /* read below: in each terminal the same way */
	strbuf_init(&keys.rest, STRBUF_TEXT);
	return AF_OK;
}

void keys_end(void)
{
	if (keys.in)
		delwin(af_steal(keys.in));
	strbuf_free(&keys.rest);
	keys.rest_pos = 0;
	paste_forget();
}

/* ---- bytes ------------------------------------------------------------------------------------------------- */

/* A byte, a key of ncurses (> 255), or ERR. */
static int get_byte(void)
{
	if (keys.rest_pos < keys.rest.len)
		return (uint8_t) keys.rest.data[keys.rest_pos++];
	/* It is used up: what is put back from here on is not of it. */
	strbuf_reset(&keys.rest);
	keys.rest_pos = 0;
	return wgetch(keys.in);
}

static int get_byte_soon(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	int byte = get_byte();

	return byte == ERR && poll(&fd, 1, WAIT_MS) > 0 ? get_byte() : byte;
}

static void unget_byte(int byte)
{
	if (keys.rest_pos > 0)
		keys.rest_pos--;
	else
		ungetch(byte);
}

/* The character that begins with this byte; 0 if it is none. Not wget_wch(): it loses one that comes in two pieces. */
static wint_t finish_character(int byte)
{
	mbstate_t state = { 0 };
	char one = (char) byte;
	wchar_t c;
	size_t n;

	while ((n = mbrtowc(&c, &one, 1, &state)) == (size_t) -2) {
		byte = get_byte_soon();
		if (byte < 0 || byte > 255)
			return 0;
		one = (char) byte;
	}
	return n == (size_t) -1 ? 0 : (wint_t) c;
}

/* OK, KEY_CODE_YES or ERR as wget_wch(). */
static int get(wint_t *c)
{
	for (;;) {
		int byte = get_byte();
		if (byte == ERR)
			return ERR;
		*c = (wint_t) byte;
		if (byte > 255)
			return KEY_CODE_YES;
		if (byte < 0x80)
			return OK;
		*c = finish_character(byte);
		if (*c)
			return OK;
	}
}

/* The next byte of a sequence that has begun; 0 if none comes. */
static wint_t get_rest(void)
{
	int byte = get_byte_soon();

	return byte > 0 && byte < 256 ? (wint_t) byte : 0;
}

/* ---- single keys ----------------------------------------------------------------------------------------------- */

static keycode character(wint_t c)
{
	/* Which of the two the key sends is the terminal's; the other one is ^H. */
	if (c == 0x7f || (c == '\b' && erasechar() == '\b'))
		return KEY_SPECIAL + KEY_BACKSPACE;
	return (keycode) c;
}

/* ---- sequences ---------------------------------------------------------------------------------------------------- */

#define CSI_PARAMETERS 4

struct csi {
	char mark; /* '<' of the mouse, '?'; 0 */
	int parameters[CSI_PARAMETERS], count;
	char final; /* 0: it broke off */
};

static struct csi read_csi(void)
{
	struct csi out = { 0 };
	wint_t c;

	for (int i = 0; i < 64 && (c = get_rest()) >= 0x20 && c < 0x7f; i++) {
		if (c >= 0x40) {
			out.final = (char) c;
			break;
		}
		if (c >= '<')
			out.mark = (char) c;
		if (c == ';' && out.count < CSI_PARAMETERS - 1)
			out.count++;
		if (c >= '0' && c <= '9' && out.parameters[out.count] < 10000)
			out.parameters[out.count] = out.parameters[out.count] * 10 + (int) (c - '0');
	}
	out.count++;
	return out;
}

static enum terminal_event_kind key_event(struct terminal_event *event, keycode key)
{
	event->key = key;
	return key ? EVENT_KEY : EVENT_NONE;
}

/* Button and position, from 1; `released` also for what drags. */
static enum terminal_event_kind mouse_event(struct terminal_event *event, int button, int x, int y, bool released)
{
	int which = button & ~(4 | 8 | 16); /* without shift, alt, ctrl */

	event->mouse = (struct mouse){ .y = y - 1, .x = x - 1, .what = MOUSE_CLICK };
	if (which == 64 || which == 65) {
		event->mouse.what = which == 64 ? MOUSE_WHEEL_UP : MOUSE_WHEEL_DOWN;
		return EVENT_MOUSE;
	}
	if (which != 0 || released)
		return EVENT_NONE;
	int64_t now = clock_ms();
	bool twice = now - keys.click_ms <= DOUBLE_CLICK_MS && keys.click_y == y && keys.click_x == x;
	if (twice)
		event->mouse.what = MOUSE_DOUBLE;
	/* A third click begins anew. */
	keys.click_ms = twice ? 0 : now;
	keys.click_y = y;
	keys.click_x = x;
	return EVENT_MOUSE;
}

static enum terminal_event_kind csi(struct terminal_event *event)
{
	struct csi s = read_csi();
	keycode key;

	if (s.mark == '<' && s.count >= 3 && (s.final == 'M' || s.final == 'm'))
		return mouse_event(event, s.parameters[0], s.parameters[1], s.parameters[2], s.final == 'm');
	if (s.mark)
		return EVENT_NONE;
	switch (s.final) {
	case 'M': { /* a terminal that does not know the newer way to report the mouse */
		int button = (int) get_rest() - 32, x = (int) get_rest() - 32, y = (int) get_rest() - 32;
		return button < 0 || x < 1 || y < 1 ? EVENT_NONE : mouse_event(event, button, x, y, (button & 3) == 3);
	}
	case 'u':
		return key_event(event, decode_character(s.parameters[0], s.parameters[1]));
	case '~':
		if (s.parameters[0] == 200)
			paste_begin();
		key = decode_tilde(s.parameters[0]);
		break;
	default:
		key = decode_letter(s.final);
	}
	return key_event(event, key ? key | decode_held(s.parameters[1]) : 0);
}

/* OSC, DCS and the like: answers to questions that we did not ask. To BEL or ST. */
static enum terminal_event_kind skip_string(void)
{
	wint_t c, before = 0;

	for (int i = 0; i < 65536 && (c = get_rest()); i++) {
		if (c == '\a' || (before == ESC && c == '\\'))
			break;
		before = c;
	}
	return EVENT_NONE;
}

static bool more_waits(void)
{
	int byte = get_byte();

	if (byte != ERR)
		unget_byte(byte);
	return byte != ERR;
}

static enum terminal_event_kind escape(struct terminal_event *event)
{
	wint_t c;
	int what = get(&c);

	if (what == ERR)
		return key_event(event, ESC);
	if (what == KEY_CODE_YES)
		return key_event(event, KEY_META | decode_special((int) c));
	if (c == ESC) { /* Esc, and then something of its own */
		unget_byte(ESC);
		return key_event(event, ESC);
	}
	if (c && wcschr(L"[O]P_^X", (wchar_t) c) && more_waits()) {
		if (c == '[')
			return csi(event);
		if (c == 'O')
			return key_event(event, decode_letter((char) get_rest()));
		return skip_string();
	}
	return key_event(event, KEY_META | character(c));
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

static bool is_lost(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	int bytes = 0;

	if (poll(&fd, 1, 0) <= 0)
		return false;
	if (fd.revents & (POLLHUP | POLLERR | POLLNVAL))
		return true;
	/* Readable, and nothing there to read: its end. */
	return fd.revents & POLLIN && ioctl(STDIN_FILENO, FIONREAD, &bytes) == 0 && bytes == 0;
}

static enum terminal_event_kind one_key(struct terminal_event *event, int what, wint_t c)
{
	if (what == OK)
		return c == ESC ? escape(event) : key_event(event, character(c));
	switch (c) {
	case PASTE_BEGIN:
		paste_begin();
		return EVENT_NONE;
	case PASTE_END:
		return EVENT_NONE;
	case KEY_RESIZE:
		return EVENT_RESIZE;
	default:
		return key_event(event, c > KEY_MAX ? decode_extended((int) c) : decode_special((int) c));
	}
}

enum terminal_event_kind keys_next(struct terminal_event *event)
{
	for (;;) {
		enum terminal_event_kind kind;
		wint_t c;
		if (paste_pending()) {
			strbuf_remove(&keys.rest, 0, keys.rest_pos);
			keys.rest_pos = 0;
			kind = paste_next(event, &keys.rest);
			return kind == EVENT_NONE && is_lost() ? EVENT_LOST : kind;
		}
		int what = get(&c);
		if (what == ERR)
			return is_lost() ? EVENT_LOST : EVENT_NONE;
		kind = one_key(event, what, c);
		if (kind != EVENT_NONE)
			return kind;
	}
}
