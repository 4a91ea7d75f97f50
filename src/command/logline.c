#include "command/logline.h"

#include <string.h>

#include "base/bytes.h"

/* Length of the SGR sequence at s, 0 if it is none. */
static size_t sgr_len(const char *s, size_t left)
{
	size_t n = 2;

	if (left < 3 || s[0] != '\x1b' || s[1] != '[')
		return 0;
	while (n < left && n < 64 && ((s[n] >= '0' && s[n] <= '9') || s[n] == ';' || s[n] == ':'))
		n++;
	return n < left && s[n] == 'm' ? n + 1 : 0;
}

static size_t plain_len(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && ((s[n] >= ' ' && s[n] < 0x7f) || s[n] == '\t'))
		n++;
	return n;
}

void log_add_safe(struct strbuf *sb, const char *text, size_t len, bool color)
{
	bool colored = false;

	while (len > 0) {
		size_t n = plain_len(text, len), sgr;

		strbuf_add(sb, text, n);
		text += n;
		len -= n;
		if (len == 0)
			break;
		sgr = sgr_len(text, len);
		n = sgr ? sgr : MAX(utf8_len(text, len), (size_t) 1);
		if (sgr && color) {
			strbuf_add(sb, text, sgr);
			colored = true;
		} else if (!sgr) {
			text_add_safe(sb, text, n, false);
		}
		text += n;
		len -= n;
	}
	if (colored)
		strbuf_adds(sb, "\x1b[0m");
}

static void add_number(struct strbuf *sb, int replica, bool color)
{
	static const int colors[] = { 36, 33, 32, 35, 34, 31 };

	if (color)
		strbuf_addf(sb, "\x1b[%dm%d |\x1b[0m ", colors[(size_t) replica % ARRAY_LEN(colors)], replica);
	else
		strbuf_addf(sb, "%d | ", replica);
}

void log_line_format(struct strbuf *sb, const struct log_style *style, int replica, const struct log_line *line)
{
	size_t skip = line->time_len ? line->time_len + 1 : 0;

	if (style->numbers)
		add_number(sb, replica, style->color);
	if (style->timestamps && line->time_len) {
		strbuf_add(sb, line->text, line->time_len);
		strbuf_addc(sb, ' ');
	}
	skip = MIN(skip, line->len);
	if (style->safe)
		log_add_safe(sb, line->text + skip, line->len - skip, style->color);
	else
		strbuf_add(sb, line->text + skip, line->len - skip);
	strbuf_addc(sb, '\n');
}
