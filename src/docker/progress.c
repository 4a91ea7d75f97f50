/* Readable progress. See progress.h. */
#include "docker/progress.h"

#include <stdarg.h>
#include <string.h>

#include "base/bytes.h"
#include "docker/tree.h"

/* Of one line in an error. */
#define TAIL_LINE_MAX 2000

void progress_line(const struct docker_progress *p, const char *text, size_t len)
{
	if (p && p->line)
		p->line(p->arg, text, len);
}

void progress_linef(const struct docker_progress *p, const char *fmt, ...)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_TEXT);
	va_list ap;

	if (!p || !p->line)
		return;
	va_start(ap, fmt);
	strbuf_addv(&text, fmt, ap);
	va_end(ap);
	p->line(p->arg, text.data, text.len);
}

void progress_amount(const struct docker_progress *p, const char *label, int64_t done, int64_t total, bool bytes)
{
	if (p && p->amount)
		p->amount(p->arg, label, done, total, bytes);
}

/* ---- output as a person would see it ------------------------------------------------ */

/* Length of the escape sequence at s, whose first byte is ESC; it may be cut off. ECMA-48, 5.4 and 8.3. */
static size_t escape_len(const char *s, size_t len)
{
	size_t i = 2;

	if (len < 2)
		return len;
	if (s[1] == '[') { /* CSI: parameters, then one final byte */
		while (i < len && (unsigned char) s[i] >= 0x20 && (unsigned char) s[i] < 0x40)
			i++;
		return MIN(i + 1, len);
	}
	if (s[1] == ']') { /* OSC: to BEL or ESC \ */
		while (i < len && s[i] != '\a' && s[i] != '\x1b')
			i++;
		return MIN(i + (i < len && s[i] == '\x1b' ? 2 : 1), len);
	}
	while (i - 1 < len && (unsigned char) s[i - 1] >= 0x20 && (unsigned char) s[i - 1] < 0x30)
		i++;
	return MIN(i, len);
}

void progress_clean(struct strbuf *sb, const char *text, size_t len)
{
	const char *back;

	while (len && text[len - 1] == '\r')
		len--;
	back = memrchr(text, '\r', len);
	if (back) {
		len -= (size_t) (back + 1 - text);
		text = back + 1;
	}
	while (len) {
		const char *escape = memchr(text, '\x1b', len);
		size_t plain = escape ? (size_t) (escape - text) : len;

		text_add_safe(sb, text, plain, true);
		text += plain;
		len -= plain;
		plain = len ? escape_len(text, len) : 0;
		text += plain;
		len -= plain;
	}
}

/* ---- pulls and pushes ---------------------------------------------------------------- */

const char *progress_error(const cJSON *tree)
{
	const char *text = tree_string(tree_get(tree, "errorDetail"), "message");

	return text ? text : tree_string(tree, "error");
}

/* Lines for what happens once; amounts for what is counted. */
bool progress_status(const struct docker_progress *p, const cJSON *tree)
{
	AUTO_STRBUF text = STRBUF_INIT(STRBUF_LINE);
	const char *status = tree_string(tree, "status");
	const char *id = tree_string(tree, "id");
	const cJSON *detail = tree_get(tree, "progressDetail");

	if (!status)
		return false;
	if (tree_get(detail, "current")) {
		progress_clean(&text, status, strlen(status));
		if (id) {
			strbuf_addc(&text, ' ');
			progress_clean(&text, id, strlen(id));
		}
		progress_amount(p, text.data, tree_int(detail, "current", 0), tree_int(detail, "total", 0), true);
		return true;
	}
	if (id) {
		progress_clean(&text, id, strlen(id));
		strbuf_adds(&text, ": ");
	}
	progress_clean(&text, status, strlen(status));
	progress_line(p, text.data, text.len);
	return true;
}

/* ---- the last lines -------------------------------------------------------------------- */

void tail_init(struct tail *t)
{
	for (size_t i = 0; i < TAIL_LINES; i++)
		strbuf_init(&t->lines[i], STRBUF_LINE);
	t->next = 0;
}

void tail_reset(struct tail *t)
{
	t->next = 0;
}

void tail_free(struct tail *t)
{
	for (size_t i = 0; i < TAIL_LINES; i++)
		strbuf_free(&t->lines[i]);
}

void tail_add(struct tail *t, const char *text, size_t len)
{
	struct strbuf *line = &t->lines[t->next++ % TAIL_LINES];

	strbuf_reset(line);
	strbuf_add(line, text, MIN(len, (size_t) TAIL_LINE_MAX));
}

void tail_print(const struct tail *t, struct strbuf *sb)
{
	for (size_t i = t->next > TAIL_LINES ? t->next - TAIL_LINES : 0; i < t->next; i++) {
		const struct strbuf *line = &t->lines[i % TAIL_LINES];

		strbuf_adds(sb, "\n  ");
		strbuf_add(sb, line->data, line->len);
	}
}
