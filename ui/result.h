/* The result of a call as it is looked at: tree, raw text, table, difference. */
#ifndef UI_RESULT_H
#define UI_RESULT_H

#include "ui/app.h"
#include "ui/result_tree.h"

/* ---- text in rows, found as far as they were looked at ------------------------------------------------ */

struct pager {
	const char *text; /* not owned */
	size_t len;
	int width;
	uint32_t *starts;
	size_t count, size; /* rows found so far; starts[count] is where the next begins */
	bool complete;
};
void pager_set(struct pager *p, const char *text, size_t len);
void pager_free(struct pager *p);
/* Row n at this width; false behind the end. */
bool pager_row(struct pager *p, int width, size_t n, struct json_span *row);
/* The row of an offset. */
size_t pager_find(struct pager *p, int width, size_t offset);
/* Finds all rows; how many. */
size_t pager_all(struct pager *p, int width);

/* ---- differences ---------------------------------------------------------------------------------------- */

#define DIFF_MAX 5000
struct diff_line {
	char kind; /* '+' only in the newer, '-' only in the older, '~' changed */
	char *path;
	struct json_span before, after; /* within the texts that were compared */
};
struct diff {
	char *before, *after; /* the texts, owned */
	struct diff_line *lines;
	size_t count;
	bool more; /* there are more than DIFF_MAX */
};
/* Structural, by path. Both are checked JSON; takes the texts. Any thread. */
af_code diff_make(struct diff *d, char *take_before, char *take_after, struct af_error *err) MUST_CHECK;
void diff_free(struct diff *d);

/* ---- tables ---------------------------------------------------------------------------------------------- */

struct table {
	struct result_node *list; /* of objects; NULL: there is none */
	char *path;
	struct strlist names;
	int *widths;
	bool *numbers; /* the column is one of numbers: to the right */
	size_t first;  /* column shown first */
};
/* Row i as JSON text, in the text of the tree. False behind the end. */
bool table_row(const struct table *t, size_t i, struct json_span *row);
/* Of the list that `row` of the tree is in or is, else of the first there is. False: there is none. */
bool table_find(struct table *t, struct result_tree *tree, size_t row);
void table_free(struct table *t);
size_t table_rows(const struct table *t);
void table_draw(const struct table *t, const struct area *a, size_t top, size_t current);

/* ---- the pane ---------------------------------------------------------------------------------------------- */

enum result_mode { RESULT_TREE, RESULT_RAW, RESULT_TABLE, RESULT_DIFF };

struct result {
	bool present;     /* a call ended, or one of the history was opened */
	unsigned serial;  /* another one with each result */
	int64_t id;       /* in the history; 0 unknown */
	char *environment, *method;
	int replica;
	char *host;       /* may be NULL */
	af_code code;
	char *error;      /* message of a failed one, with its hint */
	char *call_id;
	int64_t started_ms, took_us;
	long status;      /* of the answer, as HTTP has it; 0: none, or not known any more */
	int64_t whole_len; /* of the result; more than `len` where it was cut */
	char *note;       /* about several calls: "20 calls, 1 failed"; may be NULL */

	char *text;
	size_t len;
	bool json;        /* text is JSON and has a tree */
	struct result_tree tree;
	struct pager pager; /* of the text, or of the error */
	struct table table;
	struct diff diff;
	enum result_mode mode;
	size_t row, top;  /* in what the mode shows */
	struct {
		size_t row, top;
	} places[RESULT_DIFF + 1]; /* of the modes that are not shown */
	int page;         /* rows shown last */
	char *search;     /* NULL: none */
	bool exact;       /* it has capitals: they mean themselves */
	size_t found;     /* offset of the match under the cursor; SIZE_MAX: none */
	int matches;      /* how many, up to MATCHES_MAX */
	int match;        /* which one, from 1 */
};
#define MATCHES_MAX 9999

void result_init(struct result *r);
void result_free(struct result *r);
/* Empties it. What follows fills its public fields, then the text. */
void result_clear(struct result *r);
/* Takes the text and a tree of it (NULL: it is made now; for short texts). */
void result_take_text(struct result *r, char *take_text, size_t len, const struct result_tree *take_tree);
/* Shows it another way; each keeps the place where one was. False: it cannot be shown so. */
bool result_set_mode(struct result *r, enum result_mode mode);
/* To the value that the byte at `offset` is in. */
void result_show_tree(struct result *r, size_t offset);
/* To the value at a path; false: there is none. */
bool result_go_to_path(struct result *r, const char *path);
/* Takes a comparison and shows it. */
void result_take_diff(struct result *r, struct diff *take_diff);

void result_draw(struct result *r, struct app *app, const struct area *a, bool focused, const char *running);
/* Cursor, folding, modes, search, copying, path. REACT_NONE: not its. */
int result_act(struct result *r, struct app *app, enum action action);
/* On row y inside of the box. */
int result_mouse(struct result *r, int y, int what);
/* Goes to the first match at or behind the cursor; NULL or "": none. False: nothing matches. */
bool result_search(struct result *r, const char *text);
/* To the next match on another row, or the one before. */
void result_search_step(struct result *r, bool back);
/* What y copies: the value under the cursor, strings without quotes. */
void result_value(struct result *r, struct strbuf *out);
size_t result_rows(struct result *r);

#endif
