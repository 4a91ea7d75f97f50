/* Shared by the files that draw the form only. */
#ifndef UI_FORM_PRIV_H
#define UI_FORM_PRIV_H

#include "ui/form.h"

/* Where drawing is: y counts from the form's first row, above what is scrolled away. */
struct pen {
	struct form *f;
	struct area a; /* h == 0: nothing is drawn, only counted */
	int h;         /* the height that the layout is for */
	const struct keymap *keys;
	const struct environment *env;
	bool focused;
	int y, focus_y;
	int name_width, type_width;
	int doc_lines; /* as there is room for */
};

/* ---- form_draw.c ---- */
bool pen_has_focus(const struct pen *pen, enum control_kind kind, int index);
/* The row that is drawn now; marks it when it has the focus. */
int pen_row(struct pen *pen, bool current);
void pen_input(struct pen *pen, struct field *in, int y, int x, int width, bool current, const char *placeholder);

/* ---- form_draw_call.c: what stands below the fields ---- */
void pen_target(struct pen *pen);
void pen_numbers(struct pen *pen);
void pen_buttons(struct pen *pen);

#endif
