/*
 * Hints in the border of a box: "S save   y copy", with the keys as they are bound now. A click on one does it. Actions
 * that have no key are left out.
 */
#ifndef UI_HINTS_H
#define UI_HINTS_H

#include "base/strbuf.h"
#include "ui/canvas.h"
#include "ui/keymap.h"

#define HINTS_MAX 16

struct hints {
	const struct keymap *keys;
	const char *gap; /* between them: two blanks at least, or " · ", so that they can be left out one by one */
	struct strbuf text;
	struct hint_spot {
		size_t from, len; /* bytes of `text` */
		enum action action;
	} spots[HINTS_MAX];
	int count;
};

#define HINTS_INIT(keymap, between) { .keys = (keymap), .gap = (between), .text = STRBUF_INIT(STRBUF_LINE) }

void hints_free(struct hints *h);
/* For AF_AUTO(hints): */
static inline void hints_cleanup(struct hints *h)
{
	hints_free(h);
}
/* "S save" */
void hints_add(struct hints *h, enum action action, const char *what);
/* "n/N next/prev": each key means its own. */
void hints_add_two(struct hints *h, enum action one, enum action other, const char *what);
/* Of the hints drawn from cell x of row y on, the first `len` bytes: what is clicked there. */
void hints_place(const struct hints *h, const struct area *a, int y, int x, size_t len);

#endif
