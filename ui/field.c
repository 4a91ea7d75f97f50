/* Editing text. See field.h. */
#include "ui/field.h"

#include <curses.h>
#include <string.h>
#include <wchar.h>

#include "base/bytes.h"

#define CTRL(c) ((c) & 0x1f)

void field_init(struct field *f, bool lines)
{
	*f = (struct field){ .text = STRBUF_INIT(FIELD_MAX), .column = -1, .lines = lines };
}

void field_free(struct field *f)
{
	strbuf_free(&f->text);
}

/* ---- moving ------------------------------------------------------------------------------------------ */

static uint32_t decode(const char *s, size_t n)
{
	static const unsigned char first[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t c = (unsigned char) s[0] & first[n];

	for (size_t i = 1; i < n; i++)
		c = c << 6 | ((unsigned char) s[i] & 0x3f);
	return c;
}

/* Marks belong to the character before them: the cursor does not stop between. */
static bool is_mark(const struct field *f, size_t at)
{
	size_t n = utf8_len(f->text.data + at, f->text.len - at);

	return n > 1 && wcwidth((wchar_t) decode(f->text.data + at, n)) == 0;
}

static size_t next_char(const struct field *f, size_t at)
{
	if (at >= f->text.len)
		return f->text.len;
	do {
		size_t n = utf8_len(f->text.data + at, f->text.len - at);
		at += n ? n : 1;
	} while (at < f->text.len && is_mark(f, at));
	return at;
}

static size_t previous_char(const struct field *f, size_t at)
{
	while (at > 0) {
		do
			at--;
		while (at > 0 && ((unsigned char) f->text.data[at] & 0xc0) == 0x80);
		if (!is_mark(f, at))
			break;
	}
	return at;
}

static size_t line_start(const struct field *f, size_t at)
{
	while (at > 0 && f->text.data[at - 1] != '\n')
		at--;
	return at;
}

static size_t line_end(const struct field *f, size_t at)
{
	return at + strcspn(f->text.data + at, "\n");
}

static bool in_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char) c >= 0x80;
}

static size_t word_left(const struct field *f, size_t at)
{
	while (at > 0 && !in_word(f->text.data[at - 1]))
		at--;
	while (at > 0 && in_word(f->text.data[at - 1]))
		at--;
	return at;
}

static size_t word_right(const struct field *f, size_t at)
{
	while (at < f->text.len && !in_word(f->text.data[at]))
		at++;
	while (at < f->text.len && in_word(f->text.data[at]))
		at++;
	return at;
}

/* Up and down keep the column, also over shorter lines. */
static bool move_lines(struct field *f, int lines)
{
	size_t start = line_start(f, f->cursor);
	int column = f->column >= 0 ? f->column : text_width(f->text.data + start, f->cursor - start);

	for (; lines < 0 && start > 0; lines++)
		start = line_start(f, start - 1);
	for (; lines > 0 && f->text.data[line_end(f, start)]; lines--)
		start = line_end(f, start) + 1;
	size_t fits = text_fit(f->text.data + start, line_end(f, start) - start, column, NULL);
	f->cursor = start + fits;
	f->column = column;
	return true;
}

void field_position(const struct field *f, int *line, int *column)
{
	size_t start = line_start(f, f->cursor);

	*line = *column = 0;
	for (size_t i = 0; i < start; i++)
		*line += f->text.data[i] == '\n';
	for (size_t i = start; i < f->cursor; i = next_char(f, i))
		++*column;
}

/* ---- changing ----------------------------------------------------------------------------------------- */

static void insert(struct field *f, const char *text, size_t len)
{
	size_t before = f->text.len;

	strbuf_insert(&f->text, f->cursor, text, len);
	if (f->text.failed) { /* full: what was there stays */
		f->text.failed = AF_OK;
		return;
	}
	f->cursor += f->text.len - before;
}

static bool cut(struct field *f, size_t from, size_t to)
{
	strbuf_remove(&f->text, from, to - from);
	f->cursor = from;
	return true;
}

void field_set(struct field *f, const char *text, size_t len)
{
	strbuf_reset(&f->text);
	f->cursor = f->left = 0;
	f->column = -1;
	field_paste(f, text, len);
	if (f->lines)
		f->cursor = 0;
}

void field_paste(struct field *f, const char *text, size_t len)
{
	AUTO_STRBUF clean = STRBUF_INIT(FIELD_MAX);

	for (size_t i = 0; i < len;) {
		size_t n = utf8_len(text + i, len - i);
		if (n == 1 && (text[i] == '\n' || text[i] == '\r')) {
			n += text[i] == '\r' && i + 1 < len && text[i + 1] == '\n';
			strbuf_addc(&clean, f->lines ? '\n' : ' ');
		} else if (n == 1 && text[i] == '\t') {
			strbuf_adds(&clean, f->lines ? "  " : " ");
		} else if (n > 1 || (n == 1 && (unsigned char) text[i] >= ' ' && text[i] != 0x7f)) {
			strbuf_add(&clean, text + i, n);
		}
		i += n ? n : 1;
	}
	/* A single line that was copied with its end is still one line. */
	while (!f->lines && clean.len && clean.data[clean.len - 1] == ' ' && len && strchr("\r\n", text[len - 1]))
		strbuf_truncate(&clean, clean.len - 1);
	insert(f, clean.data, clean.len);
}

static bool insert_char(struct field *f, keycode key)
{
	char bytes[4];
	uint32_t c = (uint32_t) key;
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;

	if (n == 1) {
		bytes[0] = (char) c;
	} else {
		static const unsigned char first[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
		bytes[0] = (char) (first[n] | c >> (6 * (n - 1)));
		for (size_t i = 1; i < n; i++)
			bytes[i] = (char) (0x80 | ((c >> (6 * (n - 1 - i))) & 0x3f));
	}
	if (!utf8_len(bytes, n))
		return false;
	insert(f, bytes, n);
	return true;
}

static bool to(struct field *f, size_t at)
{
	f->cursor = at;
	return true;
}

static bool edit_key(struct field *f, keycode key)
{
	switch (key) {
	case KEY_SPECIAL + KEY_BACKSPACE:
	case 0x7f:
	case CTRL('H'):
		return cut(f, previous_char(f, f->cursor), f->cursor);
	case KEY_SPECIAL + KEY_DC:
	case CTRL('D'):
		return cut(f, f->cursor, next_char(f, f->cursor));
	case CTRL('K'):
		return cut(f, f->cursor, line_end(f, f->cursor));
	case CTRL('U'):
		return cut(f, line_start(f, f->cursor), f->cursor);
	case CTRL('W'):
	case KEY_META | 0x7f:
	case KEY_META | (KEY_SPECIAL + KEY_BACKSPACE):
		return cut(f, word_left(f, f->cursor), f->cursor);
	case KEY_META | 'd':
		return cut(f, f->cursor, word_right(f, f->cursor));
	default:
		return false;
	}
}

static bool move_key(struct field *f, keycode key)
{
	switch (key) {
	case KEY_SPECIAL + KEY_LEFT:
	case CTRL('B'):
		return to(f, previous_char(f, f->cursor));
	case KEY_SPECIAL + KEY_RIGHT:
	case CTRL('F'):
		return to(f, next_char(f, f->cursor));
	case KEY_SPECIAL + KEY_HOME:
	case CTRL('A'):
		return to(f, line_start(f, f->cursor));
	case KEY_SPECIAL + KEY_END:
	case CTRL('E'):
		return to(f, line_end(f, f->cursor));
	case KEY_META | 'b':
	case KEY_CTRL | (KEY_SPECIAL + KEY_LEFT):
		return to(f, word_left(f, f->cursor));
	case KEY_META | 'f':
	case KEY_CTRL | (KEY_SPECIAL + KEY_RIGHT):
		return to(f, word_right(f, f->cursor));
	default:
		return false;
	}
}

static bool lines_key(struct field *f, keycode key, int page)
{
	switch (key) {
	case KEY_SPECIAL + KEY_UP:
		return line_start(f, f->cursor) > 0 && move_lines(f, -1);
	case KEY_SPECIAL + KEY_DOWN:
		return f->text.data[line_end(f, f->cursor)] && move_lines(f, 1);
	case KEY_SPECIAL + KEY_PPAGE:
		return move_lines(f, -page);
	case KEY_SPECIAL + KEY_NPAGE:
		return move_lines(f, page);
	default:
		return false;
	}
}

bool field_key(struct field *f, keycode key, int page)
{
	if (f->lines && lines_key(f, key, page))
		return true;
	f->column = -1;
	if (f->lines && (key == '\r' || key == '\n')) {
		insert(f, "\n", 1);
		return true;
	}
	if (key >= ' ' && key != 0x7f && key < 0x110000)
		return insert_char(f, key);
	return edit_key(f, key) || move_key(f, key);
}

/* ---- drawing --------------------------------------------------------------------------------------------- */

/* The first byte that may be shown so that `width` cells end at the cursor. */
static size_t first_shown(const struct field *f, size_t from, int width)
{
	size_t at = f->cursor;

	for (int used = 0; at > from;) {
		size_t before = previous_char(f, at);
		used += text_width(f->text.data + before, at - before);
		if (used > width)
			break;
		at = before;
	}
	return at;
}

void field_draw(struct field *f, const struct area *a, int y, int x, int width, enum role role, bool focused)
{
	struct area box = { a->y + y, a->x + x, 1, MIN(width, a->w - x) };

	if (y < 0 || y >= a->h || box.w < 2)
		return;
	area_clear(&box, role);
	if (f->left > f->cursor)
		f->left = f->cursor;
	/* The cursor needs a cell of its own behind the last character. */
	f->left = first_shown(f, f->left, box.w - 1);
	if (!focused && f->left && !f->cursor)
		f->left = 0;
	draw_text(&box, 0, 0, role, f->text.data + f->left, f->text.len - f->left, !focused);
	if (focused)
		canvas_cursor(&box, 0, text_width(f->text.data + f->left, f->cursor - f->left));
}

/* Where line `number` starts; the last one if there are not so many. */
static size_t start_of(const struct field *f, size_t number)
{
	size_t at = 0;

	while (number-- && f->text.data[line_end(f, at)])
		at = line_end(f, at) + 1;
	return at;
}

void field_draw_lines(struct field *f, const struct area *a, enum role role, bool focused)
{
	int line, column, gutter = a->w > 40 ? 5 : 0, width = a->w - gutter - 1;

	area_clear(a, role);
	if (a->h < 1 || width < 4)
		return;
	field_position(f, &line, &column);
	if (f->left > (size_t) line)
		f->left = (size_t) line;
	if (line - (int) f->left >= a->h)
		f->left = (size_t) (line - a->h + 1);
	size_t at = start_of(f, f->left), current = line_start(f, f->cursor);
	for (int y = 0; y < a->h; y++) {
		size_t end = line_end(f, at);
		/* Only the line with the cursor is moved sideways. */
		size_t from = at == current ? first_shown(f, at, width - 1) : at;
		if (gutter)
			draw_fmt(a, y, 0, ROLE_DIM, "%4d ", (int) f->left + y + 1);
		draw_text(a, y, gutter, role, f->text.data + from, end - from, true);
		if (at == current && focused)
			canvas_cursor(a, y, gutter + text_width(f->text.data + from, f->cursor - from));
		if (!f->text.data[end])
			break;
		at = end + 1;
	}
}
