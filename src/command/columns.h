/* Tables for people: aligned columns, cut to a width. */
#ifndef COMMAND_COLUMNS_H
#define COMMAND_COLUMNS_H

#include "base/strbuf.h"

struct column {
	const char *title;
	bool right; /* numbers */
	int least;  /* may be cut to this many columns with an ellipsis; 0: never */
	int drop;   /* left out altogether where nothing can be cut any more, the highest first; 0: never */
};

/* Rows of cells, added one after the other, as many per row as there are columns. */
struct columns {
	const struct column *spec; /* ends with title == NULL */
	size_t count;
	struct strlist cells;
	af_code failed; /* sticks until columns_print() */
};

void columns_init(struct columns *c, const struct column *spec);
/* Untrusted text is made harmless; NULL or "" is shown as "-". */
void columns_add(struct columns *c, const char *text);
void columns_addf(struct columns *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Appends titles and rows. width: of the terminal; 0: nothing is cut. */
af_code columns_print(struct columns *c, struct strbuf *out, int width, struct af_error *err) MUST_CHECK;
void columns_free(struct columns *c);
static inline void columns_cleanup(struct columns *c)
{
	columns_free(c);
}

/* How many columns of a terminal UTF-8 text takes: wide characters two, combining ones none. */
int column_width(const char *s, size_t len);
/* Appends text cut to `width` columns, the last of them an ellipsis if something is missing. */
void text_add_cut(struct strbuf *sb, const char *s, int width);

#endif
