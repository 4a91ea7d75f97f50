/* A line of text that is edited in place, and a text of several lines. Bytes are UTF-8; nothing else gets in. */
#ifndef UI_FIELD_H
#define UI_FIELD_H

#include "base/strbuf.h"
#include "ui/canvas.h"
#include "ui/keymap.h"

/* What one field may hold. */
#define FIELD_MAX (4u * 1024 * 1024)

struct field {
	struct strbuf text;
	size_t cursor; /* byte offset, at a character's first byte */
	size_t left;   /* first byte shown (one line), or first line shown (several) */
	int column;    /* where up and down want to be; -1: where the cursor is */
	bool lines;    /* several lines: Enter makes a new one */
};

void field_init(struct field *f, bool lines);
void field_free(struct field *f);
/* The cursor goes to the end of a line, to the start of a text. */
void field_set(struct field *f, const char *text, size_t len);
/* Characters, Backspace, Delete, arrows, Home, End, ^A ^E ^B ^F ^D ^K ^U ^W, M-b M-f M-d, C-Left C-Right; with several
 * lines Enter, PgUp, PgDn, and Up and Down, except from the first line up and from the last one down. False: the key
 * means nothing here. */
bool field_key(struct field *f, keycode key, int page);
/* Line ends become blanks in a single line; control bytes and what is no UTF-8 is dropped. */
void field_paste(struct field *f, const char *text, size_t len);

/* Draws it over [x, x + width) of row y and scrolls so that the cursor is seen; sets it when focused. */
void field_draw(struct field *f, const struct area *a, int y, int x, int width, enum role role, bool focused);
/* The whole area, with line numbers where there is room. */
void field_draw_lines(struct field *f, const struct area *a, enum role role, bool focused);
/* Where the cursor is, both from 0; the column in characters. */
void field_position(const struct field *f, int *line, int *column);

#endif
