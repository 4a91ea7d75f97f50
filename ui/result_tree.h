/*
 * A JSON text as a tree that is folded and unfolded, without a tree of nodes for all of it: only what is unfolded is
 * indexed, as the offsets of its children. Ten megabytes open as fast as their outermost brackets can be walked.
 *
 * Rows are numbered from 0. Every unfolded container shows its first `shown` children and, where there are more, one
 * row that unfolds further ones. A string that is unfolded is laid out over several rows.
 */
#ifndef UI_RESULT_TREE_H
#define UI_RESULT_TREE_H

#include <stdbool.h>

#include "base/json.h"
#include "base/strbuf.h"

/* Of a string that is unfolded this much is laid out. */
#define RESULT_STRING_MAX (256u * 1024)

struct result_node; /* something unfolded */

struct result_tree {
	struct json_span text; /* checked JSON, not owned, one value without blanks around it */
	struct result_node *root; /* NULL: it is a plain value */
	int width; /* cells that unfolded strings are broken at */
};

/* Indexes the outermost container, unfolds what is short within it. Any thread. */
af_code result_tree_init(struct result_tree *t, struct json_span text, struct af_error *err) MUST_CHECK;
void result_tree_free(struct result_tree *t);

enum row_kind {
	ROW_VALUE,  /* a value on one row, or the heading of one that is unfolded */
	ROW_MORE,   /* "3 … 11: 9 more" */
	ROW_STRING, /* a line of an unfolded string */
	ROW_CUT,    /* the string goes on */
};
struct result_row {
	enum row_kind kind;
	int depth;
	struct json_span key;   /* raw, with quotes; empty in arrays */
	struct json_span value; /* of ROW_VALUE, ROW_STRING, ROW_CUT: the whole value */
	size_t index;           /* in its container; the first hidden one of ROW_MORE */
	size_t count;           /* ROW_MORE: hidden; else children, where unfolded */
	bool in_array, last;    /* no comma follows */
	bool unfolded;
	const char *line;       /* ROW_STRING */
	size_t line_len;
	struct result_node *parent; /* NULL at the top */
};
size_t result_tree_rows(const struct result_tree *t);
/* False behind the end. */
bool result_tree_row(struct result_tree *t, size_t number, struct result_row *out);

/* Unfolds, folds, or shows more of a container. True if something changed; out of memory nothing does. */
bool result_tree_unfold(struct result_tree *t, size_t row);
bool result_tree_fold(struct result_tree *t, size_t row);
/* The row of the container that this one is in; the row itself at the top. */
size_t result_tree_parent(struct result_tree *t, size_t row);
/* Unfolds all that the byte at `offset` of the text is in; returns the row of the innermost value (of the container,
 * for its brackets). */
size_t result_tree_reveal(struct result_tree *t, size_t offset);
/* "$.result.steps[2].action" */
void result_tree_path(struct result_tree *t, size_t row, struct strbuf *out);
/* Goes from `value` (checked JSON) along "$.steps[2].action", or jq's ".steps[2].action". False: it leads nowhere. */
bool result_path_find(struct json_span *value, const char *path);
/* A width for unfolded strings; they are laid out anew. */
void result_tree_set_width(struct result_tree *t, int width);

/* ---- pieces of checked text ---------------------------------------------------------------------------- */

/* Behind the value that begins at p; `end` bounds it. */
const char *json_skip(const char *p, const char *end);
/* One row about a container that is folded: "{ action, reward, obs }", "[1, 2, 3]", "[ 12 items ]". Looks at no more
 * than a few KiB of it. */
void result_preview(struct json_span value, int width, struct strbuf *out);
/* Appends a step of a path: .name, ["odd name"], [2]. */
void path_add_key(struct strbuf *out, struct json_span key);
void path_add_index(struct strbuf *out, size_t index);

#endif
