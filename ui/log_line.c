/* Making bytes harmless. See log_line.h. */
#include "ui/log_line.h"

#include <string.h>
#include <wchar.h>

#include "base/bytes.h"

#define ESC '\x1b'
#define TAB 8
/* Longer ones are no colours. */
#define SGR_MAX 64
/* Only so much of a line is looked at for what it says about itself. */
#define LOOK_AT ((size_t) 512)

size_t log_sgr_len(const char *s, size_t left)
{
	size_t n = 2;

	if (left < 3 || s[0] != ESC || s[1] != '[')
		return 0;
	while (n < left && n < SGR_MAX && ((s[n] >= '0' && s[n] <= '9') || s[n] == ';' || s[n] == ':'))
		n++;
	return n < left && s[n] == 'm' ? n + 1 : 0;
}

/* ---- escape sequences ------------------------------------------------------------------------------ */

/* "ESC [ parameters intermediates final" behind its two first bytes; 0: it does not end here. */
static size_t csi_len(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && s[n] >= 0x20 && s[n] <= 0x3f)
		n++;
	return n < left && s[n] >= 0x40 && s[n] <= 0x7e ? n + 1 : 0;
}

/* OSC, DCS and the like, up to BEL or ST; 0: it does not end here. */
static size_t string_len(const char *s, size_t left)
{
	for (size_t n = 0; n < left; n++) {
		if (s[n] == '\a')
			return n + 1;
		if (s[n] == ESC && n + 1 < left && s[n + 1] == '\\')
			return n + 2;
	}
	return 0;
}

/* A whole sequence at s[0] == ESC; 0: there is none, and the byte is to be shown. */
static size_t escape_len(const char *s, size_t left)
{
	size_t n;

	if (left < 2)
		return 0;
	if (s[1] == '[')
		return (n = csi_len(s + 2, left - 2)) ? n + 2 : 0;
	if (strchr("]PX^_", s[1]) && s[1])
		return (n = string_len(s + 2, left - 2)) ? n + 2 : 0;
	if (strchr("()*+-./#% ", s[1]) && s[1] && left >= 3 && s[2] >= 0x20 && s[2] < 0x7f)
		return 3; /* character sets */
	return s[1] >= 0x30 && s[1] < 0x7f ? 2 : 0;
}

/* ---- bytes ------------------------------------------------------------------------------------------ */

static size_t plain_len(const char *s, size_t left)
{
	size_t n = 0;

	while (n < left && s[n] >= ' ' && s[n] < 0x7f)
		n++;
	return n;
}

/* Cells of one valid character, for tab stops only. */
static int cells(const char *s, size_t len)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (uint8_t) s[0] & first_bits[len];

	for (size_t i = 1; i < len; i++)
		c = c << 6 | ((uint8_t) s[i] & 0x3f);
	int width = wcwidth((wchar_t) c);
	return width < 0 ? 1 : width;
}

static void add_picture(struct strbuf *out, unsigned char c)
{
	char utf8[3] = { (char) 0xe2, (char) 0x90, (char) (0x80 + (c == 0x7f ? 0x21 : c)) };

	strbuf_add(out, utf8, sizeof(utf8));
}

/* One character that is not plain ASCII. Returns its bytes; *column moves on. */
static size_t add_character(struct strbuf *out, const char *s, size_t left, int *column)
{
	unsigned char c = (unsigned char) *s;
	size_t n = utf8_len(s, left);

	if (c == '\t') {
		int blanks = TAB - *column % TAB;
		strbuf_add(out, "        ", (size_t) blanks);
		*column += blanks;
		return 1;
	}
	if (n > 1 && !(c == 0xc2 && (unsigned char) s[1] < 0xa0)) {
		strbuf_add(out, s, n);
		*column += cells(s, n);
		return n;
	}
	if (c < 0x20 || c == 0x7f)
		add_picture(out, c);
	else
		strbuf_adds(out, "\xef\xbf\xbd");
	*column += 1;
	return n ? n : 1;
}

/* What a terminal would show in the end of text that went back to its beginning now and then. */
static size_t last_state(const char *text, size_t len)
{
	for (size_t i = len; i > 1; i--)
		if (text[i - 2] == '\r')
			return i - 1;
	return 0;
}

bool log_clean(struct strbuf *out, const char *text, size_t len)
{
	bool sgr = false;
	int column = 0;

	while (len && text[len - 1] == '\r')
		len--;
	if (memchr(text, '\r', len)) {
		size_t skip = last_state(text, len);
		add_picture(out, '\r');
		column++;
		text += skip;
		len -= skip;
	}
	while (len) {
		size_t n = plain_len(text, len), coloured = 0;
		strbuf_add(out, text, n);
		column += (int) n;
		if (n == len)
			break;
		text += n;
		len -= n;
		if (*text == ESC && (coloured = log_sgr_len(text, len))) {
			strbuf_add(out, text, coloured);
			sgr = true;
			n = coloured;
		} else if (*text != ESC || !(n = escape_len(text, len))) {
			n = add_character(out, text, len, &column);
		}
		text += n;
		len -= n;
	}
	return sgr;
}

void log_strip(struct strbuf *out, const char *clean, size_t len)
{
	while (len) {
		const char *esc = memchr(clean, ESC, len);
		size_t n = esc ? (size_t) (esc - clean) : len;
		strbuf_add(out, clean, n);
		clean += n;
		len -= n;
		if (!len)
			break;
		n = log_sgr_len(clean, len);
		n = n ? n : 1;
		clean += n;
		len -= n;
	}
}

/* ---- what the line says ------------------------------------------------------------------------------- */

static bool begins(const char *text, size_t len, const char *with)
{
	size_t n = strlen(with);

	return len >= n && !memcmp(text, with, n);
}

/* The text between two tracebacks, or the closing words of one that was raised from another. */
static bool is_chain(const char *text, size_t len)
{
	return begins(text, len, "During handling of the above exception") ||
	       begins(text, len, "The above exception was the direct cause");
}

/* What an access log notes: "GET /health HTTP/1.1" 200, or without the version. */
struct access {
	const char *request; /* behind the quote */
	size_t len;
	int status;
};

static bool is_method(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] >= 'A' && text[n] <= 'Z')
		n++;
	return n >= 3 && n + 1 < len && text[n] == ' ' && text[n + 1] == '/';
}

static int status_of(const char *text, size_t len)
{
	int status = 0;

	if (len < 4 || text[0] != ' ' || (len > 4 && text[4] != ' '))
		return 0;
	for (int i = 1; i < 4; i++) {
		if (text[i] < '0' || text[i] > '9')
			return 0;
		status = status * 10 + text[i] - '0';
	}
	return status;
}

/* Status 0 if it is no line of an access log. */
static struct access find_access(const char *text, size_t len)
{
	const char *end = text + len, *open = text, *close;

	while ((open = memchr(open, '"', (size_t) (end - open))) && (close = memchr(open + 1, '"', (size_t) (end - open - 1)))) {
		struct access a = { open + 1, (size_t) (close - open - 1), status_of(close + 1, (size_t) (end - close - 1)) };
		if (a.status && is_method(a.request, a.len))
			return a;
		open = close;
	}
	return (struct access){ 0 };
}

/* What asks whether all is well, and was told so: not a word that only begins like that, such as /healthy-food. */
static bool is_probe(const struct access *a)
{
	static const char *const requests[] = { "GET /health", "HEAD /health", "GET /stats", "GET /metrics" };

	for (size_t i = 0; i < ARRAY_LEN(requests) && a->status && a->status < 400; i++) {
		size_t n = strlen(requests[i]);
		if (!begins(a->request, a->len, requests[i]))
			continue;
		n += n < a->len && a->request[n] == 'z'; /* /healthz */
		if (n == a->len || strchr(" ?/", a->request[n]))
			return true;
	}
	return false;
}

/* An object, and not that of another language: {'a': 1}. */
static bool looks_like_json(const char *text, size_t len)
{
	size_t first = 1;

	while (first < len && text[first] == ' ')
		first++;
	return len >= 2 && text[0] == '{' && text[len - 1] == '}' && (text[first] == '"' || text[first] == '}');
}

static void look_into(struct log_meta *m, const char *text, size_t len, size_t whole)
{
	size_t body = 0, look = MIN(len, LOOK_AT);
	size_t indent = 0;

	while (indent < look && text[indent] == ' ')
		indent++;
	if (indent || !len)
		m->flags |= LOG_INDENT;
	m->level = (uint8_t) log_level_find(text, look, &body);
	m->body = (uint16_t) body;
	if (len == whole && looks_like_json(text + body, len - body))
		m->flags |= LOG_JSON;
	struct access access = find_access(text, look);
	if (access.status && !m->level)
		m->level = access.status >= 500 ? LEVEL_ERROR : access.status >= 400 ? LEVEL_WARN : LEVEL_INFO;
	if (is_probe(&access))
		m->flags |= LOG_HEALTH;
	if (begins(text + body, len - body, "Traceback (most recent call last)") ||
	    begins(text + indent, len - indent, "+ Exception Group Traceback")) {
		m->flags |= LOG_TRACEBACK;
		m->level = MAX(m->level, (uint8_t) LEVEL_ERROR);
	}
	if (is_chain(text + indent, len - indent))
		m->flags |= LOG_CHAIN;
}

struct log_meta log_parse(const char *clean, size_t len, bool sgr)
{
	struct log_meta m = { .flags = sgr ? LOG_SGR : 0 };

	if (!sgr) {
		look_into(&m, clean, len, len);
		return m;
	}
	AUTO_STRBUF plain = STRBUF_INIT(STRBUF_LINE);
	size_t take = MIN(len, (size_t) 4096);
	log_strip(&plain, clean, take);
	look_into(&m, plain.data, plain.len, take == len ? plain.len : SIZE_MAX);
	/* Its colours begin in what would be left out. */
	m.body = 0;
	return m;
}
