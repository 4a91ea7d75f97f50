/* See typed.h. */
#include "ui/typed.h"

#include <curses.h>
#include <limits.h>
#include <stdlib.h>

/* The last character goes whole. */
static void chop(struct strbuf *line)
{
	size_t len = line->len;

	while (len && ((unsigned char) line->data[--len] & 0xc0) == 0x80)
		;
	strbuf_truncate(line, len);
}

bool typed_key(struct strbuf *line, keycode key)
{
	char bytes[MB_LEN_MAX + 1];

	if (key == 0x7f || key == '\b' || key == KEY_SPECIAL + KEY_BACKSPACE) {
		chop(line);
		return true;
	}
	int n = key >= ' ' && key < KEY_SPECIAL ? wctomb(bytes, (wchar_t) key) : 0;
	if (n > 0)
		strbuf_add(line, bytes, (size_t) n);
	return n > 0;
}

enum typed_end typed_ends(keycode key)
{
	if (key == '\r' || key == '\n')
		return TYPED_DONE;
	return key == 27 || key == KEY_CTRL_C ? TYPED_CLEARED : TYPED_ON;
}
