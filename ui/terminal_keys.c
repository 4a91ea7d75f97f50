/*
 * Keys, pastes and the mouse from what the terminal sends. See terminal.h.
 *
 * ncurses reads the bytes and knows the keys of the terminal's description. Everything else that begins with Esc is read
 * here to its end, known or not: the rest of a sequence must never be taken for keys that somebody typed.
 */
#include <curses.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <term.h>
#include <wctype.h>

#include "base/clock.h"
#include "ui/terminal_priv.h"

#define ESC 27
#define WAIT_MS 25          /* for the rest of a sequence */
#define DOUBLE_CLICK_MS 400
#define PASTE_SILENCE_MS 1000
#define PASTE_MAX ((size_t) 1024 * 1024)
/* What we tell ncurses to call the ends of a paste; beyond its own keys. */
#define PASTE_BEGIN 0x4000
#define PASTE_END 0x4001

static struct {
	WINDOW *in; /* a pad: reading from a window would draw it */
	bool pasting;
	struct strbuf paste;
	bool paste_truncated;
	int64_t paste_ms; /* of its newest byte */
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
	define_key(NULL, KEY_MOUSE); /* read below: in each terminal the same way */
	strbuf_init(&keys.paste, PASTE_MAX);
	return AF_OK;
}

void keys_end(void)
{
	if (keys.in)
		delwin(af_steal(keys.in));
	strbuf_free(&keys.paste);
	keys.pasting = false;
}

/* OK, KEY_CODE_YES or ERR as wget_wch(). */
static int get(wint_t *c)
{
	return wget_wch(keys.in, c);
}

/* The next character of a sequence that has begun; 0 if none comes. */
static wint_t get_rest(void)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	wint_t c;
	int what = get(&c);

	if (what == ERR && poll(&fd, 1, WAIT_MS) > 0)
		what = get(&c);
	return what == OK ? c : 0;
}

/* ---- single keys ----------------------------------------------------------------------------------------------- */

static keycode special(int code)
{
	static const struct {
		int curses;
		keycode key;
	} rows[] = {
		{ KEY_ENTER, '\r' },
		{ KEY_SLEFT, KEY_SHIFT | (KEY_SPECIAL + KEY_LEFT) },
		{ KEY_SRIGHT, KEY_SHIFT | (KEY_SPECIAL + KEY_RIGHT) },
		{ KEY_SR, KEY_SHIFT | (KEY_SPECIAL + KEY_UP) },
		{ KEY_SF, KEY_SHIFT | (KEY_SPECIAL + KEY_DOWN) },
		{ KEY_SHOME, KEY_SHIFT | (KEY_SPECIAL + KEY_HOME) },
		{ KEY_SEND, KEY_SHIFT | (KEY_SPECIAL + KEY_END) },
		{ KEY_SPREVIOUS, KEY_SHIFT | (KEY_SPECIAL + KEY_PPAGE) },
		{ KEY_SNEXT, KEY_SHIFT | (KEY_SPECIAL + KEY_NPAGE) },
		{ KEY_SDC, KEY_SHIFT | (KEY_SPECIAL + KEY_DC) },
		{ KEY_SIC, KEY_SHIFT | (KEY_SPECIAL + KEY_IC) },
		{ KEY_FIND, KEY_SPECIAL + KEY_HOME },
		{ KEY_SELECT, KEY_SPECIAL + KEY_END },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].curses == code)
			return rows[i].key;
	return KEY_SPECIAL + code;
}

/* xterm's number for the keys that were held: 1 + shift 1 + alt 2 + ctrl 4. */
static keycode held(int number)
{
	int bits = number > 1 ? number - 1 : 0;

	return (bits & 1 ? KEY_SHIFT : 0) | (bits & 10 ? KEY_META : 0) | (bits & 4 ? KEY_CTRL : 0);
}

/* "kLFT5", as extended descriptions name Ctrl-Left; 0: unknown. */
static keycode extended(int code)
{
	static const struct {
		const char *name;
		int curses;
	} rows[] = {
		{ "kLFT", KEY_LEFT }, { "kRIT", KEY_RIGHT }, { "kUP", KEY_UP },     { "kDN", KEY_DOWN },
		{ "kHOM", KEY_HOME }, { "kEND", KEY_END },   { "kPRV", KEY_PPAGE }, { "kNXT", KEY_NPAGE },
		{ "kDC", KEY_DC },    { "kIC", KEY_IC },
	};
	const char *name = keyname(code);

	for (size_t i = 0; name && i < ARRAY_LEN(rows); i++) {
		size_t n = strlen(rows[i].name);
		if (strncmp(name, rows[i].name, n) != 0)
			continue;
		if (!name[n])
			return KEY_SHIFT | (KEY_SPECIAL + rows[i].curses); /* "kDN", "kUP" */
		if (name[n] >= '2' && name[n] <= '9' && !name[n + 1])
			return held(name[n] - '0') | (KEY_SPECIAL + rows[i].curses);
	}
	return 0;
}

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

static keycode csi_tilde(int number)
{
	static const int codes[] = { 0, KEY_HOME, KEY_IC, KEY_DC, KEY_END, KEY_PPAGE, KEY_NPAGE, KEY_HOME, KEY_END };
	/* F1 to F20 lie between 11 and 34, with gaps as on a VT220. */
	static const char functions[] = { 1, 2, 3, 4, 5, 0, 6, 7, 8, 9, 10, 0, 11, 12, 13, 14, 0, 15, 16, 0, 17, 18, 19, 20 };

	if (number > 0 && number < (int) ARRAY_LEN(codes))
		return KEY_SPECIAL + codes[number];
	if (number >= 11 && number < 11 + (int) ARRAY_LEN(functions) && functions[number - 11])
		return KEY_SPECIAL + KEY_F(functions[number - 11]);
	return 0;
}

static keycode csi_letter(char final)
{
	static const struct {
		char final;
		int code;
	} rows[] = {
		{ 'A', KEY_UP },   { 'B', KEY_DOWN }, { 'C', KEY_RIGHT }, { 'D', KEY_LEFT }, { 'H', KEY_HOME },
		{ 'F', KEY_END },  { 'P', KEY_F(1) }, { 'Q', KEY_F(2) },  { 'R', KEY_F(3) }, { 'S', KEY_F(4) },
		{ 'Z', KEY_BTAB },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].final == final)
			return KEY_SPECIAL + rows[i].code;
	return 0;
}

/* "CSI code ; modifiers u": a character with what was held. */
static keycode csi_character(int c, int modifiers)
{
	keycode with = held(modifiers);

	if (c == 0x7f)
		return KEY_SPECIAL + KEY_BACKSPACE;
	if (with & KEY_CTRL && c >= '@' && c < 0x7f)
		c &= 0x1f;
	return c | (with & KEY_META);
}

static void paste_begin(void)
{
	strbuf_reset(&keys.paste);
	keys.pasting = true;
	keys.paste_truncated = false;
	keys.paste_ms = clock_ms();
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
		return key_event(event, csi_character(s.parameters[0], s.parameters[1]));
	case '~':
		if (s.parameters[0] == 200)
			paste_begin();
		key = csi_tilde(s.parameters[0]);
		break;
	default:
		key = csi_letter(s.final);
	}
	return key_event(event, key ? key | held(s.parameters[1]) : 0);
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
	wint_t c;
	int what = get(&c);

	if (what == OK)
		unget_wch((wchar_t) c);
	else if (what == KEY_CODE_YES)
		ungetch((int) c);
	return what != ERR;
}

static enum terminal_event_kind escape(struct terminal_event *event)
{
	wint_t c;
	int what = get(&c);

	if (what == ERR)
		return key_event(event, ESC);
	if (what == KEY_CODE_YES)
		return key_event(event, KEY_META | special((int) c));
	if (c == ESC) { /* Esc, and then something of its own */
		unget_wch(ESC);
		return key_event(event, ESC);
	}
	if (c && wcschr(L"[O]P_^X", (wchar_t) c) && more_waits()) {
		if (c == '[')
			return csi(event);
		if (c == 'O')
			return key_event(event, csi_letter((char) get_rest()));
		return skip_string();
	}
	return key_event(event, KEY_META | character(c));
}

/* ---- pastes ---------------------------------------------------------------------------------------------------- */

static void paste_add(wint_t c)
{
	mbstate_t state = { 0 };
	char bytes[16];

	if (c == '\r')
		c = '\n';
	if (c != '\n' && c != '\t' && iswcntrl(c))
		return;
	size_t n = wcrtomb(bytes, (wchar_t) c, &state);
	if (n == (size_t) -1)
		return;
	strbuf_add(&keys.paste, bytes, n);
	if (keys.paste.failed == AF_ERR_TOO_LARGE)
		keys.paste_truncated = true;
}

static enum terminal_event_kind paste_end(struct terminal_event *event)
{
	keys.pasting = false;
	event->text = keys.paste.data;
	event->len = keys.paste.len;
	event->truncated = keys.paste_truncated;
	return EVENT_PASTE;
}

/* Collects what is there of a paste; EVENT_NONE until its end. */
static enum terminal_event_kind paste_more(struct terminal_event *event)
{
	wint_t c;
	int what;

	while ((what = get(&c)) != ERR) {
		keys.paste_ms = clock_ms();
		if (what == KEY_CODE_YES && c == PASTE_END)
			return paste_end(event);
		if (what == OK && c == ESC && more_waits()) {
			/* The end when it came in two pieces; anything else is no text. */
			if (get(&c) == OK && c == '[' && read_csi().parameters[0] == 201)
				return paste_end(event);
		} else if (what == OK) {
			paste_add(c);
		}
	}
	/* Its end was lost: better the text than a program that does not hear any more. */
	return clock_ms() - keys.paste_ms > PASTE_SILENCE_MS ? paste_end(event) : EVENT_NONE;
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
		return key_event(event, c > KEY_MAX ? extended((int) c) : special((int) c));
	}
}

enum terminal_event_kind keys_next(struct terminal_event *event)
{
	for (;;) {
		enum terminal_event_kind kind;
		wint_t c;
		if (keys.pasting) {
			kind = paste_more(event);
			if (kind != EVENT_NONE || keys.pasting)
				return kind == EVENT_NONE && is_lost() ? EVENT_LOST : kind;
			continue;
		}
		int what = get(&c);
		if (what == ERR)
			return is_lost() ? EVENT_LOST : EVENT_NONE;
		kind = one_key(event, what, c);
		if (kind != EVENT_NONE)
			return kind;
	}
}
