#include "cli/bar.h"

#include <string.h>
#include <sys/ioctl.h>

#include "base/bytes.h"
#include "base/clock.h"

#define REDRAW_MS 100
#define GAUGE_MIN 8
#define GAUGE_MAX 30
#define CLEAR_LINE "\r\x1b[K"

void bar_init(struct bar *b, int fd, bool utf8)
{
	*b = (struct bar){ .fd = fd, .utf8 = utf8, .drawn_at = -REDRAW_MS, .frame = STRBUF_INIT(STRBUF_LINE) };
}

void bar_free(struct bar *b)
{
	bar_end(b);
	strbuf_free(&b->frame);
}

/* ---- the line ---------------------------------------------------------------------- */

/* Appends text cut to `room` columns; returns the columns used. Without the locale's help every
 * character beyond ASCII counts as two columns, which may leave room but never breaks the line. */
static int add_cut(struct strbuf *sb, const char *text, int room, bool utf8)
{
	size_t left = strlen(text);
	int used = 0;

	while (left > 0) {
		size_t len = utf8_len(text, left);
		bool ascii = len == 1 && *text >= ' ' && *text != 0x7f;
		int width = len > 1 && utf8 ? 2 : 1;

		if (used + width > room)
			break;
		if (ascii || (len > 1 && utf8))
			strbuf_add(sb, text, len);
		else
			strbuf_addc(sb, '?');
		used += width;
		left -= MAX(len, 1u);
		text += MAX(len, 1u);
	}
	return used;
}

static void add_amount(struct strbuf *sb, int64_t amount, const char *unit)
{
	if (strcmp(unit, "B") == 0)
		size_format(sb, amount);
	else
		strbuf_addf(sb, "%lld", (long long) amount);
}

/* " 45%  12M of 30M": what stands behind label and gauge. */
static void add_numbers(struct strbuf *sb, const struct command_progress *p)
{
	const char *unit = p->unit ? p->unit : "";

	if (p->total > 0) {
		strbuf_addf(sb, " %3d%%  ", (int) (100.0 * (double) p->done / (double) p->total));
		add_amount(sb, p->done, unit);
		strbuf_adds(sb, " of ");
		add_amount(sb, p->total, unit);
	} else if (p->done > 0) {
		strbuf_adds(sb, "  ");
		add_amount(sb, p->done, unit);
	}
	if (strcmp(unit, "B") != 0 && *unit && (p->total > 0 || p->done > 0))
		strbuf_addf(sb, " %s", unit);
}

static void add_gauge(struct strbuf *sb, const struct command_progress *p, int width, bool utf8)
{
	int full = (int) ((double) width * (double) p->done / (double) p->total);

	strbuf_addc(sb, ' ');
	for (int i = 0; i < width; i++)
		if (utf8)
			strbuf_adds(sb, i < full ? "━" : "─");
		else
			strbuf_addc(sb, i < full ? '#' : '.');
}

void bar_format(struct strbuf *sb, const struct command_progress *given, int width, bool utf8)
{
	struct command_progress p = *given;
	AUTO_STRBUF numbers = STRBUF_INIT(STRBUF_LINE);
	int room = width - 1, used;

	p.done = MAX(p.done, 0);
	if (p.total > 0)
		p.done = MIN(p.done, p.total);
	add_numbers(&numbers, &p);
	if ((int) numbers.len > room)
		strbuf_reset(&numbers);
	used = add_cut(sb, p.label, room - (int) numbers.len, utf8);
	room -= used + (int) numbers.len + 1;
	if (p.total > 0 && numbers.len > 0 && room >= GAUGE_MIN)
		add_gauge(sb, &p, MIN(room, GAUGE_MAX), utf8);
	strbuf_add(sb, numbers.data, numbers.len);
}

/* ---- on the screen --------------------------------------------------------------------- */

static int terminal_width(int fd)
{
	struct winsize size;

	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

/* A terminal that is gone is no reason to fail: nobody looks. */
static void put(int fd, const char *text, size_t len)
{
	ssize_t ignored = write(fd, text, len);

	(void) ignored;
}

void bar_update(struct bar *b, const struct command_progress *p)
{
	int64_t now = clock_ms();
	bool same = b->label && strcmp(b->label, p->label) == 0;

	if (same && now - b->drawn_at < REDRAW_MS)
		return;
	if (!same) {
		free(b->label);
		b->label = str_dup(p->label, NULL);
	}
	strbuf_reset(&b->frame);
	strbuf_adds(&b->frame, CLEAR_LINE);
	bar_format(&b->frame, p, terminal_width(b->fd), b->utf8);
	b->drawn_at = now;
	bar_restore(b);
}

void bar_hide(struct bar *b)
{
	if (b->shown)
		put(b->fd, CLEAR_LINE, strlen(CLEAR_LINE));
	b->shown = false;
}

void bar_restore(struct bar *b)
{
	if (b->frame.len == 0)
		return;
	put(b->fd, b->frame.data, b->frame.len);
	b->shown = true;
}

void bar_end(struct bar *b)
{
	bar_hide(b);
	strbuf_reset(&b->frame);
	free(b->label);
	b->label = NULL;
}
