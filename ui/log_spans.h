/* Clean text with colours, taken apart: what is seen, and how it looks from which byte on. */
#ifndef UI_LOG_SPANS_H
#define UI_LOG_SPANS_H

#include "ui/log_line.h"
#include "ui/theme.h"

struct log_span {
	size_t from; /* byte of the text */
	bool coloured; /* else: as the rest of the view */
	struct look look;
};

struct log_spans {
	const char *text; /* without sequences; the caller's where there are none */
	size_t len;
	struct log_span *items; /* at least one, the first from 0; unused memory is kept for the next line */
	size_t count, size;
	struct strbuf plain;
};

void log_spans_init(struct log_spans *s);
void log_spans_free(struct log_spans *s);
void log_spans_read(struct log_spans *s, const char *clean, size_t len, bool sgr);

/* Changes the look as "ESC [ … m" says; `len` is that of the whole sequence. False: it is ordinary text again. */
bool log_sgr_apply(struct look *look, const char *sequence, size_t len);

#endif
