/*
 * A bracketed paste, from its beginning to its end, as one text. See terminal_priv.h.
 *
 * It is read by blocks past ncurses, which would take a system call for each byte; ncurses holds none back when the
 * beginning has just been read.
 */
#include <poll.h>
#include <string.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "ui/terminal_priv.h"

#define PASTE_MAX ((size_t) 1024 * 1024)
#define SILENCE_MS 5000
static const char end[] = "\033[201~";
#define END_LEN (sizeof(end) - 1)

static struct {
	bool pending, truncated;
	struct strbuf text;
	size_t matched; /* bytes of `end` that the last ones were */
	int64_t ms;     /* when the newest came */
} paste;

void paste_begin(void)
{
	if (!paste.text.data)
		strbuf_init(&paste.text, PASTE_MAX);
	strbuf_reset(&paste.text);
	paste.pending = true;
	paste.truncated = false;
	paste.matched = 0;
	paste.ms = clock_ms();
}

bool paste_pending(void)
{
	return paste.pending;
}

void paste_forget(void)
{
	paste.pending = false;
	if (paste.text.data)
		strbuf_free(&paste.text);
}

static void add(const char *bytes, size_t len)
{
	size_t room = PASTE_MAX - paste.text.len;

	if (len > room)
		paste.truncated = true;
	strbuf_add(&paste.text, bytes, MIN(len, room));
}

/* Takes bytes up to the end of the paste; returns how many. paste.matched tells whether it was there. */
static size_t take(const char *bytes, size_t len)
{
	size_t from = 0, pos = 0;

	for (; pos < len && paste.matched < END_LEN; pos++) {
		if (bytes[pos] == end[paste.matched]) {
			if (!paste.matched++)
				add(bytes + from, pos - from);
			from = pos + 1;
		} else if (paste.matched) {
			/* It was none: the text gets what was held back. Only an Esc begins anew. */
			add(end, paste.matched);
			paste.matched = bytes[pos] == end[0];
			from = pos + paste.matched;
		}
	}
	if (!paste.matched)
		add(bytes + from, pos - from);
	return pos;
}

/* Line ends as \n; no control bytes but that and tabs; UTF-8 only. In place: it only gets shorter. */
static void clean(struct strbuf *text)
{
	size_t to = 0;

	for (size_t pos = 0, n; pos < text->len; pos += n) {
		n = utf8_len(text->data + pos, text->len - pos);
		unsigned char c = (unsigned char) text->data[pos];
		bool c1 = n == 2 && c == 0xc2 && (unsigned char) text->data[pos + 1] < 0xa0;
		if (!n) {
			n = 1;
		} else if (c == '\r') {
			if (pos + 1 == text->len || text->data[pos + 1] != '\n')
				text->data[to++] = '\n';
		} else if ((c >= ' ' && c != 0x7f && !c1) || c == '\n' || c == '\t') {
			memmove(text->data + to, text->data + pos, n);
			to += n;
		}
	}
	strbuf_truncate(text, to);
}

static enum terminal_event_kind finish(struct terminal_event *event)
{
	paste.pending = false;
	clean(&paste.text);
	event->text = paste.text.data;
	event->len = paste.text.len;
	event->truncated = paste.truncated;
	return EVENT_PASTE;
}

/* True when the end was among them; `rest` is then what follows it. */
static bool take_bytes(const char *bytes, size_t len, struct strbuf *rest)
{
	size_t taken = take(bytes, len);

	if (paste.matched < END_LEN)
		return false;
	strbuf_reset(rest);
	strbuf_add(rest, bytes + taken, len - taken);
	return true;
}

enum terminal_event_kind paste_next(struct terminal_event *event, struct strbuf *rest)
{
	struct pollfd fd = { .fd = STDIN_FILENO, .events = POLLIN };
	char bytes[4096];

	/* Of a paste that follows right upon another one. */
	AUTO_STRBUF before = *rest;
	*rest = STRBUF_INIT(before.max);
	if (before.len && take_bytes(before.data, before.len, rest))
		return finish(event);
	while (poll(&fd, 1, 0) > 0) {
		ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (n <= 0)
			break;
		paste.ms = clock_ms();
		if (take_bytes(bytes, (size_t) n, rest))
			return finish(event);
	}
	/* Its end was lost: better the text than a program that does not hear any more. */
	return clock_ms() - paste.ms > SILENCE_MS ? finish(event) : EVENT_NONE;
}
